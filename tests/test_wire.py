from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import botocore.parsers
import pytest
from hypothesis import example, given, strategies as st
from model_strategies import JSON, OUTPUT, SERVICE, WITHOUT_DEADLINE, odd_image_details
from test_models import BARE, BOTO3, FULL, WIRE

from ecrimages import ImagePage, MalformedResponseError
from ecrimages._wire import page_from_body, page_from_parsed, readable_error_body

HEADERS = {"x-amzn-requestid": "request-1"}
BARE_WIRE = BARE.to_dict(wire=True)
BODY = json.dumps({"imageDetails": [WIRE, BARE_WIRE], "nextToken": "token"}).encode()
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
SECRET = "FwoGZXIvYXdzEPlanted/Secret+AQ=="
PASSWORD = "planted-password-of-a-proxy"
DEEP = 100_000

NOT_LISTS: list[Any] = [True, False, 0, 1.5, "", "image", {}, {"registryId": "1"}]
NOT_TOKENS: list[Any] = [True, False, 0, 1, [], ["token"], {}]

PARSER: Any = botocore.parsers.create_parser("json")
ERRORS = st.dictionaries(st.sampled_from(["__type", "message", "Message", "code"]), JSON)
ERROR_SHAPES: list[Any] = SERVICE.operation_model("DescribeImages").error_shapes


def error_of(body: bytes, headers: Mapping[str, str] = HEADERS) -> MalformedResponseError:
    """Return the error that a body ends in."""
    with pytest.raises(MalformedResponseError) as caught:
        page_from_body(body, headers)
    assert caught.value.request_id == headers.get("x-amzn-requestid")
    return caught.value


def page_or_error(body: bytes, headers: Mapping[str, str]) -> ImagePage | MalformedResponseError:
    """Return what comes of a body, if it is nothing else."""
    try:
        return page_from_body(body, headers)
    except MalformedResponseError as error:
        return error


def assert_read_as_parsed(body: bytes) -> None:
    """Check that a body ends as it does when it is parsed first, in an equal page or the same error."""
    read = page_or_error(body, {})
    try:
        document = json.loads(body)
        parsed: Any = page_from_parsed(document)
    except MalformedResponseError as error:
        parsed = error
    except (AttributeError, ValueError):
        # botocore hands out nothing but objects.
        assert isinstance(read, MalformedResponseError)
        assert (read.path, read.retryable) == ("", True)
        return
    assert type(read) is type(parsed)
    assert repr(read) == repr(parsed)
    assert getattr(read, "images", None) == getattr(parsed, "images", None)
    assert getattr(read, "path", None) == getattr(parsed, "path", None)


def error_of_parsed(response: dict[str, Any]) -> MalformedResponseError:
    """Return the error that a parsed answer ends in."""
    with pytest.raises(MalformedResponseError) as caught:
        page_from_parsed({**response, "ResponseMetadata": {"RequestId": "request-1"}})
    assert caught.value.request_id == "request-1"
    assert caught.value.retryable is False
    return caught.value


def parsed_error(body: bytes, status: int, headers: Mapping[str, str] = HEADERS) -> dict[str, str]:
    """Return code and message, and what of a modelled error botocore's parser makes of a body."""
    response = {"body": body, "headers": headers, "status_code": status}
    # botocore parses an error a second time, by its own shape.
    for shape in ERROR_SHAPES:
        PARSER.parse(response, shape)
    error = PARSER.parse(response, OUTPUT)["Error"]
    return {"Code": error["Code"], "Message": error["Message"]}


def test_a_page() -> None:
    """A body gives its images, the token and the id of the request."""
    page = page_from_body(BODY, HEADERS)

    assert page == ImagePage(images=(FULL, BARE), next_token="token", request_id="request-1")
    assert [image.extra for image in page.images] == [FULL.extra, {}]


def test_a_parsed_page() -> None:
    """An answer in boto3's form gives the same page."""
    response = {
        "imageDetails": [BOTO3, BARE.to_dict()],
        "nextToken": "token",
        "ResponseMetadata": {"RequestId": "request-1"},
    }

    page = page_from_parsed(response)

    assert page == page_from_body(BODY, HEADERS)


def test_a_page_without_a_request_id() -> None:
    """An answer from a stub or an emulator may have no request id."""
    assert page_from_body(BODY, {}).request_id is None
    assert page_from_parsed({"imageDetails": []}).request_id is None
    assert page_from_parsed({"imageDetails": [], "ResponseMetadata": {}}).request_id is None
    assert error_of(b"", {}).request_id is None


@pytest.mark.parametrize("rest", [{}, {"nextToken": None}, {"nextToken": ""}])
def test_the_last_page(rest: dict[str, Any]) -> None:
    """No token, null and an empty one all mean that this was the last page."""
    document = {"imageDetails": [], **rest}

    assert page_from_body(json.dumps(document).encode(), {}) == ImagePage(images=())
    assert page_from_parsed(document) == ImagePage(images=())


@pytest.mark.parametrize("token", ["token", " ", "\u00e9\ud800", "x" * 100_000])
def test_tokens_are_opaque(token: str) -> None:
    """A token is handed on as it came."""
    document = {"imageDetails": [], "nextToken": token}

    assert page_from_body(json.dumps(document).encode(), {}).next_token == token
    assert page_from_parsed(document).next_token == token


def test_unknown_members_beside_the_images_are_ignored() -> None:
    """A later version of the service may answer with more than images and a token."""
    document = {"imageDetails": [], "newMember": {"deep": [1]}}

    assert page_from_body(json.dumps(document).encode(), {}) == ImagePage(images=())


def test_a_body_that_is_cut_anywhere() -> None:
    """Cut behind any of its bytes but the last, a body is an error that may be tried again: never a page."""
    for length in range(len(BODY)):
        error = error_of(BODY[:length])

        assert error.retryable is True
        assert error.path == ""
        assert f"is not JSON, or was cut short: {length} bytes that begin with " in str(error)


def test_a_body_that_is_shorter_than_announced() -> None:
    """A body that lacks bytes is an error that may be tried again, even if what came is JSON."""
    for length in (0, 2, len(BODY) - 1):
        error = error_of((BODY + b" " * 9)[:length], {**HEADERS, "content-length": str(len(BODY))})

        assert error.retryable is True
        assert error.path == ""
        assert str(error).startswith(f"the answer was cut short: {length} of {len(BODY)} bytes came")

    assert error_of(b'{"imageDetails": []}', {"content-length": "21"}).retryable is True


@pytest.mark.parametrize(
    "headers",
    [
        {"content-length": str(len(BODY))},
        {"content-length": str(len(BODY) - 1)},
        {"content-length": str(len(BODY) + 1), "content-encoding": "gzip"},
        {"content-length": ""},
        {"content-length": "-1"},
        {"content-length": "many"},
        {"content-length": "9" * 5000},
        {"content-length": f"{len(BODY) + 1}, {len(BODY) + 1}"},
    ],
)
def test_a_body_that_lacks_nothing(headers: dict[str, str]) -> None:
    """A length that fits, that counts compressed bytes, or that makes no sense is no reason for an error."""
    assert page_from_body(BODY, headers).images == (FULL, BARE)


@pytest.mark.parametrize(
    "body",
    [b"", b" ", HTML, b"OK", b"{", b"{'imageDetails': []}", b'{"imageDetails": []}}', b"\x00", b"\xff"],
)
def test_a_body_that_is_not_json(body: bytes) -> None:
    """The error says so, shows the beginning, and may be tried again: a proxy may be in the way."""
    error = error_of(body)

    assert error.retryable is True
    assert error.path == ""
    assert isinstance(error.__cause__, ValueError)
    assert str(error) == (
        f"the answer is not JSON, or was cut short: {len(body)} bytes that begin with "
        f"{body.decode('utf-8', 'replace')[:50]!r} (DescribeImages, request id request-1)"
    )


def test_a_long_body_that_is_not_json() -> None:
    """The message shows the beginning of the body alone, without its secrets."""
    body = f"X-Amz-Security-Token: {SECRET} http://user:{PASSWORD}@proxy {'x' * 100_000}".encode()

    message = str(error_of(body, {}))

    assert message == (
        f"the answer is not JSON, or was cut short: {len(body)} bytes that begin with "
        "'X-Amz-Security-Token: [redacted] http://[redacted]'"
    )


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "", "image", [], [{"imageDetails": []}]])
def test_a_body_that_is_no_object(value: Any) -> None:
    """JSON that is no object comes from something else than ECR, and may be tried again."""
    error = error_of(json.dumps(value).encode(), {})

    assert error.retryable is True
    assert error.path == ""
    assert str(error) == f"the answer is not a JSON object but {value!r}"


def test_invalid_utf_8_is_not_json() -> None:
    """A broken byte is not replaced in silence."""
    error = error_of(b'{"imageDetails": [], "nextToken": "\xff"}')

    assert error.retryable is True
    assert 'begin with \'{"imageDetails": [], "nextToken": "\ufffd"}\'' in str(error)


@pytest.mark.parametrize("document", [{}, {"imageDetails": None}, {"nextToken": "token"}, {"Error": {}}])
def test_an_answer_without_images(document: dict[str, Any]) -> None:
    """A missing list is an error and no empty repository, also in what botocore made of a broken body."""
    for error in (error_of(json.dumps(document).encode()), error_of_parsed(document)):
        assert error.path == "imageDetails"
        assert error.retryable is False
        assert str(error) == "imageDetails: missing (DescribeImages, request id request-1)"


@pytest.mark.parametrize("value", NOT_LISTS)
def test_images_that_are_no_list(value: Any) -> None:
    """The error names the member, and shows what came instead of a list."""
    document = {"imageDetails": value}

    for error in (error_of(json.dumps(document).encode()), error_of_parsed(document)):
        assert error.path == "imageDetails"
        assert error.retryable is False
        assert str(error).startswith(f"imageDetails: expected a list, not {value!r} (")


@pytest.mark.parametrize("value", [None, True, 0, "image", []])
def test_an_image_that_is_no_object(value: Any) -> None:
    """The error tells which image of the page it is."""
    document = {"imageDetails": [BARE_WIRE, value]}

    for error in (error_of(json.dumps(document).encode()), error_of_parsed(document)):
        assert error.path == "imageDetails[1]"
        assert error.retryable is False
        assert str(error).startswith(f"imageDetails[1]: expected an object, not {value!r} (")


@pytest.mark.parametrize("value", NOT_TOKENS)
def test_a_token_that_is_no_string(value: Any) -> None:
    """A token that cannot be sent back is an error: the images after this page would be lost."""
    document = {"imageDetails": [], "nextToken": value}

    for error in (error_of(json.dumps(document).encode()), error_of_parsed(document)):
        assert error.path == "nextToken"
        assert error.retryable is False
        assert str(error).startswith(f"nextToken: expected a string, not {value!r} (")


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("name", ["imagePushedAt", "imageSizeInBytes", "lastArchivedAt"])
def test_numbers_that_json_does_not_have(literal: str, name: str) -> None:
    """Python reads NaN and the infinities; where a time or a size belongs, they are an error."""
    body = json.dumps({"imageDetails": [{**WIRE, name: float(literal)}]}).encode()

    error = error_of(body)

    assert literal.encode() in body
    assert error.path == f"imageDetails[0].{name}"


def test_numbers_that_json_does_not_have_elsewhere() -> None:
    """In a member that this version does not know, NaN is kept."""
    body = b'{"imageDetails": [' + json.dumps({**WIRE, "newMember": float("inf")}).encode() + b"]}"

    assert page_from_body(body, {}).images[0].extra == {"newMember": float("inf")}


@pytest.mark.parametrize(
    "around",
    ["%s", '{"imageDetails": %s}', '{"imageDetails": [%s]}', '{"imageDetails": [], "nextToken": %s}'],
)
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"deep": ', "}")])
@pytest.mark.parametrize("depth", [300, DEEP])
def test_an_answer_that_is_nested_deeply(around: str, opening: str, closing: str, depth: int) -> None:
    """However deep an answer is, it ends in an error of this library."""
    error = error_of((around % (opening * depth + "0" + closing * depth)).encode())

    assert len(str(error)) < 400


def test_an_unknown_member_that_is_nested_deeply() -> None:
    """What is too deep for Python is an error, and what is not is kept."""
    detail = json.dumps(WIRE)[:-1].encode()
    kept, refused = (
        b'{"imageDetails": [' + detail + b', "deep": ' + b"[" * depth + b"]" * depth + b"}]}"
        for depth in (50, DEEP)
    )

    assert page_from_body(kept, {}).images == (FULL,)
    assert error_of(refused).path in {"", "imageDetails[0]"}


@WITHOUT_DEADLINE
@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()), st.sampled_from([{}, HEADERS]))
def test_any_bytes_are_an_error_or_a_page(body: bytes, headers: dict[str, str]) -> None:
    """Whatever a body is, nothing but a page or a MalformedResponseError comes of it."""
    assert page_or_error(body, headers).request_id == headers.get("x-amzn-requestid")


@WITHOUT_DEADLINE
@given(st.integers(0, len(BODY) - 1), st.binary(max_size=2), st.integers(0, 3))
def test_a_damaged_body_is_an_error_or_a_page(place: int, damage: bytes, length: int) -> None:
    """A body in which a few bytes are changed, added or lost is a page or a MalformedResponseError."""
    damaged = BODY[:place] + damage + BODY[place + length :]

    assert page_or_error(damaged, HEADERS).request_id == "request-1"


@WITHOUT_DEADLINE
@given(
    st.lists(odd_image_details(), max_size=2) | JSON,
    st.none() | st.text() | JSON,
    st.sampled_from([(", ", ": "), (",", ":"), (" , ", " : ")]),
    st.sampled_from([None, 0, 2]),
    st.booleans(),
)
def test_any_document_ends_alike_both_ways(
    details: Any, token: Any, separators: tuple[str, str], indent: int | None, token_first: bool
) -> None:
    """Whatever stands for images and token, body and parsed answer end in equal pages or the same error."""
    document = {"imageDetails": details, "nextToken": token, "imageCount": {"imageDetails": details}}
    if token_first:
        document = dict(reversed(document.items()))
    body = json.dumps(document, separators=separators, indent=indent).encode()

    assert_read_as_parsed(body)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be"])
def test_encodings_of_json(encoding: str) -> None:
    """A body in any encoding that JSON can be in is read, with a byte order mark or without."""
    text = json.dumps({"imageDetails": [{**WIRE, "imageTags": ["v\u00e9"]}]}, ensure_ascii=False)

    page = page_from_body(text.encode(encoding), {})

    assert [image.tags for image in page.images] == [("v\u00e9",)]


@pytest.mark.parametrize(
    "text",
    [
        '{"imageDetails": [%s], "imageDetails": []}',
        '{"imageDetails": [], "imageDetails": [%s]}',
        '{"imageDetails": null, "imageDetails": [%s]}',
        '{"imageDetails": [%s], "imageDetails": null}',
        '{"new": {"imageDetails": [%s]}, "imageDetails": []}',
        '{"new": {"imageDetails": [%s]}}',
        '{"new": "\\"imageDetails\\": [", "imageDetails": [%s]}',
        '{"new\\"imageDetails": [%s], "imageDetails": []}',
        '{"new\\"imageDetails": [%s]}',
        '{"image\\u0044etails": [%s]}',
        '{"imageDetails": [%s], "nextToken": "token", "imageCount": 1}',
        ' {\n"imageDetails"\t:\r\n[ %s ]\n}\n',
        '[{"imageDetails": [%s]}]',
        '[{"imageDetails": [%s]}, 1]',
        '"imageDetails": [%s]',
    ],
)
def test_where_the_images_are(text: str) -> None:
    """The images are those that JSON says: not of another member, another level or a repeated name."""
    for details in (
        json.dumps(WIRE),
        f"{json.dumps(BARE_WIRE)}, {json.dumps(WIRE)}",
        '{"imageDetails": []}',
        "",
    ):
        assert_read_as_parsed((text % details).encode())


@pytest.mark.parametrize(
    "end", ["", "]", "}", "]]}", "}}", "]}}", "]}, 1", ",]}", ", 1}", "];}", "],}", "] 1}"]
)
def test_a_list_of_images_with_a_wrong_end(end: str) -> None:
    """What follows the last image has to be JSON too."""
    error = error_of(f'{{"imageDetails": [{json.dumps(WIRE)}{end}'.encode())

    assert error.retryable is True
    assert error.path == ""


def test_an_error_is_readable_as_it_is() -> None:
    """Code and message of an error come through."""
    error = {"__type": "com.amazonaws.ecr#ThrottlingException", "message": "Rate exceeded \u00e9"}

    body = readable_error_body(json.dumps(error).encode())

    assert json.loads(body) == error
    assert parsed_error(body, 400) == {"Code": "ThrottlingException", "Message": "Rate exceeded \u00e9"}


def test_a_page_of_a_proxy_is_left_to_botocore() -> None:
    """An HTML body stays as it is: botocore knows what to make of one."""
    assert readable_error_body(HTML) == HTML
    assert parsed_error(HTML, 502) == {"Code": "502", "Message": "Bad Gateway"}


@pytest.mark.parametrize("body", [b"", b"no JSON", b"\xff", b'{"message": "\xff"', b"\xef\xbb\xbf{}"])
def test_an_error_that_is_not_json(body: bytes) -> None:
    """The text of an error that is not JSON is kept as its message, broken bytes replaced."""
    text = body.decode("utf-8", "replace")

    assert readable_error_body(body) == text.encode()
    assert parsed_error(readable_error_body(body), 400) == {"Code": "400", "Message": text}


def test_broken_bytes_in_an_error_do_not_hide_its_code() -> None:
    """A message that is not UTF-8 is readable but for the broken bytes."""
    body = readable_error_body(b'{"__type": "ThrottlingException", "message": "Rate \xff exceeded"}')

    assert parsed_error(body, 400) == {"Code": "ThrottlingException", "Message": "Rate \ufffd exceeded"}


@pytest.mark.parametrize("value", [None, True, 0, 1.5, [], {}, ["text"], {"deep": 1}])
@pytest.mark.parametrize("status", [400, 500])
def test_what_is_no_string_in_an_error_is_left_out(value: Any, status: int) -> None:
    """A member of a wrong type does not hide the others."""
    coded = {"__type": "ThrottlingException", "message": value, "Message": value, "newMember": value}
    worded = {"__type": value, "message": "Rate exceeded"}

    assert parsed_error(readable_error_body(json.dumps(coded).encode()), status) == {
        "Code": "ThrottlingException",
        "Message": "",
    }
    assert parsed_error(readable_error_body(json.dumps(worded).encode()), status) == {
        "Code": str(status),
        "Message": "Rate exceeded",
    }


@pytest.mark.parametrize("value", [None, True, 0, "text", [], ["text"]])
@pytest.mark.parametrize("status", [400, 500])
def test_an_error_that_is_no_object(value: Any, status: int) -> None:
    """Of JSON that is no object the status is left."""
    body = readable_error_body(json.dumps(value).encode())

    assert parsed_error(body, status) == {"Code": str(status), "Message": ""}


@pytest.mark.parametrize("opening", [b"[", b'{"deep": '])
def test_an_error_that_is_nested_deeply(opening: bytes) -> None:
    """Of an error too deep for Python the status is left."""
    closing = b"]" if opening == b"[" else b"}"

    body = readable_error_body(opening * DEEP + b"0" + closing * DEEP)

    assert parsed_error(body, 400) == {"Code": "400", "Message": ""}


@WITHOUT_DEADLINE
@given(
    st.binary() | (JSON | ERRORS).map(lambda value: json.dumps(value).encode()),
    st.sampled_from([400, 403, 404, 500, 503]),
    st.sampled_from([{}, {**HEADERS, "x-amzn-query-error": "Code;Sender"}]),
)
@example(b'{"__type": "\\ud800", "message": "\\ud800"}', 400, {})
@example(b"<html>\xff", 500, {})
def test_botocore_can_parse_any_error(body: bytes, status: int, headers: dict[str, str]) -> None:
    """Whatever the body of an error is, botocore's parser makes code and message of it, both strings."""
    error = parsed_error(readable_error_body(body), status, headers)

    assert {type(text) for text in error.values()} == {str}
