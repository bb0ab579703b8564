"""A body can be read in several ways, and all of them are equal.

The fast path over msgspec, its fallback, the table of `from_dict()`, and what botocore has parsed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, strategies as st
from samples import DETAIL, PUSHED, SERVICE, UNTAGGED, body_of, detail
from strategies import JSON, OUTPUT, bodies
from wire import Wire

from ecrimages import Client, ECRImagesError, Image, ImagePage, MalformedResponseError
from ecrimages._response import decoded_images, page_from_parsed

REQUEST = {"repositoryName": "team/app"}
# What an old botocore knows of an image.
KNOWN = {name: value for name, value in DETAIL.items() if name in SERVICE.shape_for("ImageDetail").members}


class Canned(Wire):
    """Responds with one body, and has what boto3 itself makes of it."""

    def __init__(self) -> None:
        super().__init__(lambda _: self.body)
        self.body = b""

    def raw(self, body: bytes) -> dict[str, Any]:
        """Return what boto3 itself makes of a body."""
        self.body = body
        response: dict[str, Any] = self.client.describe_images(**REQUEST)
        return response


WIRE = Canned()


def outcome(read: Callable[[], Any]) -> Any:
    """Return what reading a page brings: images with `extra` and token, or the path and text of the error."""
    try:
        page = read()
    except MalformedResponseError as error:
        return error.path, error.args, error.retryable
    images = page.images if isinstance(page, ImagePage) else page[0]
    token = page.next_token if isinstance(page, ImagePage) else page[1]
    return [(image, parts(image)) for image in images], token or None


def parts(record: Any) -> list[Any]:
    """Return the types and `extra` of a record and of the records in it, which equality leaves out."""
    nested = [getattr(record, name, None) for name in ("scan_status", "scan_findings_summary")]
    values = [getattr(record, name, None) for name in ("status", "tags", "severity_counts", "pushed_at")]
    return [
        repr(record.extra),
        [type(value) for value in values],
        [parts(value) for value in nested if value is not None],
    ]


def of_body(body: bytes) -> Any:
    """Return the outcome of the fast path or its fallback."""
    return outcome(lambda: ((decoded := decoded_images(body)).images, decoded.next_token))


def of_document(document: Any) -> Any:
    """Return the outcome of the table of `from_dict()`, item by item, as a page of any repository."""

    def read() -> Any:
        if not isinstance(document, dict):
            raise MalformedResponseError("not an object")
        page = page_from_parsed(document, {})
        # A page has an image once, however often the document has it.
        details = [item for item in document["imageDetails"] if item is not None]
        assert len(page.images) <= len(details)
        return [Image.from_dict(item) for item in details], page.next_token

    return outcome(read)


@given(bodies())
@example({"imageDetails": [DETAIL, UNTAGGED, DETAIL]})
@example({"imageDetails": [{**DETAIL, "imageSizeInBytes": 2**64}]})
@example({"imageDetails": [{**DETAIL, "imageSizeInBytes": 3.0e9}]})
@example({"imageDetails": [{**UNTAGGED, "imagePushedAt": -0.0}]})
@example({"imageDetails": [{**UNTAGGED, "imagePushedAt": 1705072146.9999999}]})
@example({"imageDetails": [{**UNTAGGED, "imagePushedAt": -62_135_596_800}]})
@example({"imageDetails": [{**UNTAGGED, "imagePushedAt": 253_402_300_799.9999999}]})
@example({"imageDetails": [{**DETAIL, "imageScanStatus": {}}, {**DETAIL, "imageScanFindingsSummary": {}}]})
@example({"imageDetails": [detail(imageTags=["\ud800"])]})
def test_a_body_is_read_as_its_document(body: dict[str, Any]) -> None:
    """Fast path and table have the same images, `extra`, types and tokens, and the same errors."""
    assert of_body(json.dumps(body).encode()) == of_document(body)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ('{"imageDetails": [], "imageDetails": [%s]}', 1),
        ('{"imageDetails": [%s], "imageDetails": []}', 0),
        ('{"nextToken": 1, "imageDetails": [%s], "nextToken": null}', 1),
        (' {"imageDetails" :\r\n\t[ %s ] } ', 1),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-be"])
def test_what_json_allows(text: str, number: int, encoding: str) -> None:
    """Duplicate keys, white space, a byte order mark and other encodings are read as Python's json reads them."""
    item = json.dumps(detail(1))[:-1] + ', "imageTags": ["other"], "imageTags": ["v1"]}'
    body = (text % item).encode(encoding)

    decoded = decoded_images(body)

    assert [image.tags for image in decoded.images] == [("v1",)] * number
    assert decoded.next_token is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"imageDetails": [%s, ]}',
        b'{"imageDetails": [%s]} x',
        b'{"imageDetails": [%s]',
        b"{'imageDetails': [%s]}",
        b'{"imageDetails": [%s, {"imageDigest": "\xff"}]}',
        b'{"imageDetails": [%s], "x": 01}',
        b'{"imageDetails": [%s], "x": "\n"}',
    ],
)
def test_what_is_no_json(body: bytes) -> None:
    """What Python's json refuses is no page, and neither is an image of it one."""
    with pytest.raises(MalformedResponseError, match="not JSON, or truncated") as caught:
        decoded_images(body % json.dumps(detail(1)).encode())

    assert (caught.value.path, caught.value.retryable) == ("", True)


def as_instants(value: Any) -> Any:
    """Return boto3's form with the times in UTC, to compare instants."""
    if isinstance(value, dict):
        return {name: as_instants(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_instants(item) for item in value]
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def types_in(value: Any) -> Any:
    """Return the types in a value, dicts and lists included."""
    if isinstance(value, dict):
        return {name: types_in(item) for name, item in value.items()}
    return [types_in(item) for item in value] if isinstance(value, list) else type(value)


@given(bodies(is_as_modelled=True))
@example({"imageDetails": [KNOWN, UNTAGGED], "nextToken": "t"})
@example({"imageDetails": [{**KNOWN, "imageTags": []}]})
@example({"imageDetails": [{**KNOWN, "imageScanStatus": {}}, {**KNOWN, "imageScanFindingsSummary": {}}]})
def test_others_see_what_boto3_returns(body: dict[str, Any]) -> None:
    """The response that is given to hooks, recorders and caches is the one that boto3 makes itself."""
    seen: list[Any] = []
    raw = WIRE.raw(json.dumps(body).encode())
    WIRE.client.meta.events.register("after-call.ecr", lambda parsed, **_: seen.append(parsed), unique_id="see")

    images = next(Client(WIRE.client).describe_images("team/app").pages()).images
    WIRE.client.meta.events.unregister("after-call.ecr", unique_id="see")

    for response in (raw, *seen):
        response["ResponseMetadata"] = {**response["ResponseMetadata"], "RetryAttempts": 0}
    assert [as_instants(response) for response in seen] == [as_instants(raw)]
    assert [types_in(response) for response in seen] == [types_in(raw)]
    assert [image.digest for image in images] == list(
        dict.fromkeys(item["imageDigest"] for item in body["imageDetails"])
    )


@given(bodies(is_as_modelled=True))
@example({"imageDetails": [KNOWN, UNTAGGED], "nextToken": "t"})
def test_a_parsed_response_is_read_as_its_body(body: dict[str, Any]) -> None:
    """From what boto3 has parsed, as of a stub or another protocol, come the same images, but for the lost digits."""
    from_boto3 = page_from_parsed(WIRE.raw(json.dumps(body).encode()), REQUEST)

    from_body = page_from_parsed(body, REQUEST)

    assert len(from_boto3.images) == len(from_body.images)
    for ours, theirs in zip(from_body.images, from_boto3.images, strict=True):
        # botocore rounds a fraction of a second in its own way.
        assert abs(ours.pushed_at - theirs.pushed_at).total_seconds() < 0.001
        assert {name: value for name, value in ours.to_dict().items() if not is_time(name)} == {
            name: value for name, value in theirs.to_dict().items() if not is_time(name)
        }
    assert from_boto3.next_token == from_body.next_token


def is_time(name: str) -> bool:
    """Whether a field holds a time, here or below it."""
    return name in {
        "imagePushedAt",
        "lastRecordedPullTime",
        "lastArchivedAt",
        "lastActivatedAt",
        "imageScanFindingsSummary",
    }


def test_a_parsed_sample_is_read_as_its_body() -> None:
    """With times as ECR sends them, both are equal to the last digit."""
    body = body_of(KNOWN, {**UNTAGGED, "imageDigest": "other"})

    assert page_from_parsed(WIRE.raw(body), REQUEST).images == decoded_images(body).images


def test_nulls_and_unknown_fields_are_not_shown_to_others() -> None:
    """boto3 drops what its model does not know; the records keep it, and others see what boto3 returns."""
    seen: list[Any] = []
    body = body_of(None, detail(1, newField=[1], imageScanStatus=None))
    WIRE.client.meta.events.register("after-call.ecr", lambda parsed, **_: seen.append(parsed), unique_id="see")
    WIRE.body = body

    [image] = Client(WIRE.client).describe_images("team/app")
    WIRE.client.meta.events.unregister("after-call.ecr", unique_id="see")

    assert image.extra == {"newField": (1,)}
    assert seen[0]["imageDetails"] == [{**detail(1), "imagePushedAt": PUSHED}]


@given(st.binary(max_size=40) | JSON.map(json.dumps).map(str.encode) | bodies().map(json.dumps).map(str.encode))
def test_whatever_the_body_the_errors_are_the_librarys(body: bytes) -> None:
    """A body is a page or one of the library's errors, with a short and printable message."""
    WIRE.body = body
    try:
        list(next(Client(WIRE.client).describe_images("team/app").pages()).images)
    except StopIteration:
        raise AssertionError(body) from None
    except ECRImagesError as error:
        assert str(error).isprintable()  # noqa: PT017
        assert len(str(error)) < 800  # noqa: PT017
        str(error).encode()


@pytest.mark.parametrize("name", sorted(OUTPUT.members))
def test_every_field_of_a_response_is_read(name: str) -> None:
    """Each field that the model has of a response is looked at: a wrong type is noticed."""
    with pytest.raises(MalformedResponseError) as caught:
        decoded_images(json.dumps({"imageDetails": [], name: 1}).encode())

    assert caught.value.path == name


def test_a_page_holds_each_string_once() -> None:
    """Equal strings and records of a page are one object, which saves memory."""
    images = decoded_images(
        body_of(*[{**DETAIL, "imageDigest": f"sha256:{number:064x}"} for number in range(3)])
    ).images

    for name in ("registry_id", "repository_name", "manifest_media_type", "scan_status", "status"):
        assert len({id(getattr(image, name)) for image in images}) == 1


def test_images_share_no_dict() -> None:
    """In what others see, two images with an equal scan status have a dict each, as from boto3."""
    first, second = decoded_images(body_of(DETAIL, {**DETAIL, "imageDigest": "other"})).details
    first["imageScanStatus"].clear()

    assert second["imageScanStatus"] == DETAIL["imageScanStatus"]


def test_a_response_may_be_any_mapping() -> None:
    """An extended client need not return dicts."""

    class Response(Mapping[str, Any]):
        def __init__(self, items: dict[str, Any]) -> None:
            self._items = items

        def __getitem__(self, key: str) -> Any:
            return self._items[key]

        def __iter__(self) -> Any:
            return iter(self._items)

        def __len__(self) -> int:
            return len(self._items)

    response = Response({"imageDetails": [Response(detail(1))]})

    assert page_from_parsed(response, REQUEST).images == (Image.from_dict(detail(1)),)
