from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, strategies as st
from model_strategies import JSON, WITHOUT_DEADLINE, image_details
from test_models import BARE, WIRE

from ecrimages import ImagePage, MalformedResponseError, _decode, _wire
from ecrimages._wire import page_from_body

BARE_WIRE = BARE.to_dict(wire=True)
DOCUMENT = {"imageDetails": [WIRE, BARE_WIRE], "nextToken": "token"}
BODY = json.dumps(DOCUMENT).encode()

# In parts of so many characters a list is read: of one image, of some, and all of it at once.
CHUNKS = [1, 1200, 1 << 15]

LAYOUTS: list[dict[str, Any]] = [
    {"separators": (",", ":")},
    {"separators": (", ", ": ")},
    {"separators": (" ,\t", "\r\n: ")},
    {"indent": 1},
]

Outcome = tuple[Any, ...]


def outcome(body: bytes) -> Outcome:
    """Return what comes of a body: all that the page says, or else what the error does."""
    try:
        page = page_from_body(body, {})
    except MalformedResponseError as error:
        return error.path, str(error), error.retryable
    return page, repr(page.images), [repr(image.extra) for image in page.images]


def outcome_of_both_ways(body: bytes, chunk: int) -> tuple[Outcome, Outcome]:
    """Return what comes of a body whose images are read part by part, and of the same parsed as a whole."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_decode, "_CHUNK", chunk)
        in_parts = outcome(body)
        patch.setattr(_wire, "_read_straight", lambda _: None)
        return in_parts, outcome(body)


def page_without_json_of_the_whole(body: bytes, monkeypatch: pytest.MonkeyPatch) -> ImagePage:
    """Return the page in a body, and fail if the body is parsed as a whole."""

    def refuse(body: bytes) -> Any:
        raise AssertionError(f"parsed as a whole: {body!r}")

    monkeypatch.setattr(_wire, "_document", refuse)
    return page_from_body(body, {})


@pytest.mark.parametrize("chunk", CHUNKS)
@WITHOUT_DEADLINE
@given(
    st.tuples(
        st.lists(image_details(), max_size=3),
        st.none() | st.text(),
        st.dictionaries(st.text(), JSON, max_size=1),
    ),
    st.permutations([("imageDetails", 0), ("nextToken", 1), ("more", 2)]),
    st.sampled_from(LAYOUTS),
)
def test_parts_equal_the_whole(
    chunk: int, members: tuple[Any, ...], order: list[tuple[str, int]], layout: dict[str, Any]
) -> None:
    """Whatever the order of the members and the white space between them, the same page comes of a body."""
    body = json.dumps({name: members[number] for name, number in order}, **layout).encode()

    in_parts, as_a_whole = outcome_of_both_ways(body, chunk)

    assert in_parts == as_a_whole


@pytest.mark.parametrize("chunk", CHUNKS)
@WITHOUT_DEADLINE
@given(st.integers(0, len(BODY)), st.text('[]{},:" \\n1x', max_size=3).map(str.encode), st.integers(0, 3))
def test_a_damaged_body_ends_alike_both_ways(chunk: int, place: int, damage: bytes, length: int) -> None:
    """A body with a comma too many or a bracket too few is the error, or the page, that json makes of it."""
    in_parts, as_a_whole = outcome_of_both_ways(BODY[:place] + damage + BODY[place + length :], chunk)

    assert in_parts == as_a_whole


@pytest.mark.parametrize("end", range(0, len(BODY), 7))
def test_a_body_cut_anywhere_is_an_error(end: int) -> None:
    """Of a body that was cut short no image is handed out, wherever the cut is."""
    with pytest.raises(MalformedResponseError) as caught:
        page_from_body(BODY[:end], {})

    assert caught.value.retryable


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize(
    "body",
    [
        b"[" + BODY + b"]",
        b'{"imageDetails": null, "more": ' + BODY + b"}",
        b'{"more": ' + BODY + b"}",
        BODY[:-1] + b', "more": [{}, {}, {}]}',
        BODY[:-1] + b', "imageDetails": []}',
        BODY[:-1] + b', "imageDetails": null}',
        BODY + b"{}",
        BODY.replace(b"[{", b"[,{"),
        BODY.replace(b"}, {", b"},, {"),
        BODY.replace(b"}, {", b"} {"),
        json.dumps(DOCUMENT).encode("utf-16"),
        json.dumps(DOCUMENT).encode("utf-8-sig"),
        json.dumps({"imageDetails": [{**WIRE, "more": [{"deep": [{}, {}]}, {}]}, WIRE]}).encode(),
        json.dumps({"more": '"imageDetails": [', **DOCUMENT}).encode(),
        json.dumps({"more": DOCUMENT, "imageDetails": "read already"}).encode(),
    ],
)
def test_odd_documents_end_alike_both_ways(body: bytes, chunk: int) -> None:
    """Lists of images in other places, twice, or not quite JSON, are what json makes of them."""
    in_parts, as_a_whole = outcome_of_both_ways(body, chunk)

    assert in_parts == as_a_whole


def test_what_stands_for_the_list_cannot_be_guessed() -> None:
    """Each process has a word of its own for a list that it has read."""
    command = [sys.executable, "-c", "from ecrimages import _wire; print(_wire._READ['imageDetails'])"]

    words = {subprocess.check_output(command, text=True) for _ in range(2)}  # noqa: S603

    assert len(words) == 2
    assert min(map(len, words)) > 30


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("chunk", CHUNKS)
def test_a_usual_body_is_never_parsed_as_a_whole(
    layout: dict[str, Any], chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page is read in parts, however it is laid out, so that it is not in memory twice."""
    details = [{name: value for name, value in WIRE.items() if name != "newMember"}, BARE_WIRE] * 3
    body = json.dumps({"imageDetails": details, "nextToken": "token"}, **layout).encode()
    monkeypatch.setattr(_decode, "_CHUNK", chunk)

    page = page_without_json_of_the_whole(body, monkeypatch)

    assert [image.to_dict(wire=True) for image in page.images] == details
    assert page.next_token == "token"
