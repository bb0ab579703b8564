from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable, Iterable
from typing import Any

import botocore.parsers
import pytest
from hypothesis import given, strategies as st
from model_strategies import (
    OUTPUT,
    WITHOUT_DEADLINE,
    Place,
    alike_image_details,
    image_details,
    odd_image_details,
    places_in,
    replaced,
)
from test_models import REQUIRED, WIRE

from ecrimages import (
    Image,
    ImageScanFindingsSummary,
    ImageScanStatus,
    ImageStatus,
    MalformedResponseError,
    ScanStatus,
    SeverityCounts,
    _decode,
)
from ecrimages._decode import images_from_details, images_from_text
from ecrimages._members import image_from_dict
from ecrimages._wire import page_from_body, page_from_parsed

# The same as WIRE, with nothing in it that this version does not know.
KNOWN: dict[str, Any] = {
    **{name: value for name, value in WIRE.items() if name != "newMember"},
    "imageScanStatus": {"status": "COMPLETE", "description": "done"},
    "imageScanFindingsSummary": {
        **{name: value for name, value in WIRE["imageScanFindingsSummary"].items() if name != "newMember"}
    },
}
BARE = {name: WIRE[name] for name in REQUIRED}

# What a body may hold in place of what belongs there.
ODD_VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    -1.5,
    1e9,
    1768230146.5,
    10**18,
    10**400,
    253402300800,
    -62135596801,
    float("nan"),
    float("inf"),
    float("-inf"),
    "",
    "COMPLETE",
    "2026-01-12T15:02:26Z",
    "2026-01-12T15:02:26",
    "0001-01-01T00:00:00+05:00",
    "\ud800",
    [],
    [None],
    ["v1"],
    ["v1", 1],
    [["v1"]],
    {},
    {"status": None},
    {"status": "COMPLETE", "description": 1},
    {"status": "COMPLETE", "description": None},
    {"HIGH": None},
    {"HIGH": 1.0},
    {"HIGH": True},
    {"findingSeverityCounts": {"HIGH": "1"}},
    {"findingSeverityCounts": ["HIGH"]},
    {"newMember": {"deep": [1]}},
]


def told(image: Image) -> tuple[Any, ...]:
    """Return all that an image says, `extra` on every level included."""
    assert type(image) is Image
    return image, repr(image), hash(image), image.to_dict(wire=True), repr(image.extra)


def outcome(read: Callable[[], Iterable[Image]]) -> Any:
    """Return all that images say, or else what the error does."""
    try:
        return [told(image) for image in read()]
    except MalformedResponseError as error:
        return type(error), error.path, str(error), error.retryable


def by_tables(details: list[Any]) -> Any:
    """Return what comes of details that the tables read, one by one."""
    return outcome(
        lambda: [image_from_dict(detail, f"imageDetails[{index}]") for index, detail in enumerate(details)]
    )


def fast(details: list[Any]) -> Any:
    """Return what comes of details that are read as one page."""
    return outcome(lambda: images_from_details(copy.deepcopy(details)))


def images_without_tables(details: list[Any], monkeypatch: pytest.MonkeyPatch) -> tuple[Image, ...]:
    """Return the images in details, and fail if one of them takes the slow way."""

    def refuse(detail: Any, path: str) -> Image:
        raise AssertionError(f"{path} went by the tables: {detail}")

    with monkeypatch.context() as patch:
        patch.setattr(_decode, "image_from_dict", refuse)
        return images_from_details(copy.deepcopy(details))


@WITHOUT_DEADLINE
@given(st.lists(image_details(), max_size=3))
def test_the_fast_way_equals_the_tables(details: list[dict[str, Any]]) -> None:
    """Whatever ECR's model allows, fast or by the tables the same images come of it."""
    assert fast(details) == by_tables(details)


@WITHOUT_DEADLINE
@given(st.lists(odd_image_details(), min_size=1, max_size=2))
def test_the_fast_way_fails_as_the_tables_do(details: list[Any]) -> None:
    """One value replaced by any other gives the same image, or the same error, fast or by the tables."""
    assert fast(details) == by_tables(details)


@WITHOUT_DEADLINE
@given(alike_image_details())
def test_images_of_a_page_do_not_rub_off(details: list[Any]) -> None:
    """In a page of images that differ in a value or two each has its own values, and its own error."""
    assert fast(details) == by_tables(details)


@pytest.mark.parametrize("place", list(places_in(KNOWN)), ids=str)
def test_an_odd_value_in_any_place(place: Place) -> None:
    """Each member, with each kind of odd value in its place, ends as it does by the tables."""
    for value in ODD_VALUES:
        odd = replaced(KNOWN, place, value)

        for details in ([odd], [KNOWN, odd, KNOWN], [odd, odd, KNOWN], [BARE, odd]):
            assert fast(details) == by_tables(details), value


@pytest.mark.parametrize(
    ("beside", "above"),
    [(BARE, ()), (KNOWN, ()), (KNOWN, ("imageScanStatus",)), (KNOWN, ("imageScanFindingsSummary",))],
)
@pytest.mark.parametrize("value", [None, 1, {"deep": [1]}])
def test_a_member_too_many(beside: dict[str, Any], above: Place, value: Any) -> None:
    """An unknown member on any level goes into `extra`, and a null one nowhere, as by the tables."""
    details = [beside, replaced(beside, (*above, "newMember"), value), beside]

    assert fast(details) == by_tables(details)


@pytest.mark.parametrize("place", [place for place in places_in(KNOWN) if place], ids=str)
def test_a_member_left_out(place: Place) -> None:
    """Without any one of its members an image ends as it does by the tables."""
    *above, name = place
    detail = copy.deepcopy(KNOWN)
    parent: Any = detail
    for step in above:
        parent = parent[step]
    del parent[name]

    for details in ([detail], [KNOWN, detail, KNOWN]):
        assert fast(details) == by_tables(details)


def test_what_ecr_sends_takes_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """An image with nothing odd about it, be it with every member or few, needs no tables."""

    @WITHOUT_DEADLINE
    @given(image_details(plain=True))
    def check(detail: dict[str, Any]) -> None:
        (image,) = images_without_tables([detail], monkeypatch)

        assert told(image) == told(image_from_dict(detail))

    check()


@WITHOUT_DEADLINE
@given(st.lists(image_details(), max_size=3), st.none() | st.text(min_size=1))
def test_botocores_parser_gives_the_same_page(details: list[dict[str, Any]], token: str | None) -> None:
    """A body read here, and the same body parsed by botocore, make equal pages but for `extra`."""
    body = json.dumps({"imageDetails": details, "nextToken": token}).encode()
    headers = {"x-amzn-requestid": "request-1"}
    response: Any = {"body": body, "headers": headers, "status_code": 200}
    parsed = botocore.parsers.create_parser("json").parse(response, OUTPUT)

    fast, slow = page_from_body(body, headers), page_from_parsed(parsed)

    assert fast == slow
    assert repr(fast.images) == repr(slow.images)
    assert fast.request_id == "request-1"


def test_the_index_of_the_image_is_in_the_path() -> None:
    """The error tells which image of the page is wrong."""
    details = [copy.deepcopy(KNOWN), copy.deepcopy(BARE), {**KNOWN, "imageTags": ["v1", 2]}]

    with pytest.raises(MalformedResponseError) as caught:
        images_from_details(details)

    assert caught.value.path == "imageDetails[2].imageTags[1]"
    assert str(caught.value) == "imageDetails[2].imageTags[1]: expected a string, not 2"


@pytest.mark.parametrize("detail", [KNOWN, BARE, WIRE])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_record_built_fast_is_as_good_as_any(detail: dict[str, Any], protocol: int) -> None:
    """A record that the fast way built pickles, copies and hashes as one that was made by its class."""
    (image,) = images_from_details([copy.deepcopy(detail)])
    made = image_from_dict(detail)

    for twin in (pickle.loads(pickle.dumps(image, protocol)), copy.copy(image), copy.deepcopy(image)):
        assert told(twin) == told(made)
    assert {image, made} == {made}


def test_records_built_fast_are_of_their_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Image, scan status, summary and counts are instances of exactly the public classes."""
    (image,) = images_without_tables([KNOWN], monkeypatch)
    summary = image.scan_findings_summary

    assert type(image) is Image
    assert type(image.scan_status) is ImageScanStatus
    assert type(image.scan_status.status) is ScanStatus
    assert type(image.status) is ImageStatus
    assert type(summary) is ImageScanFindingsSummary
    assert type(summary.severity_counts) is SeverityCounts


def test_records_built_fast_are_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither an image that was built fast nor what it holds can be changed."""
    (image,) = images_without_tables([KNOWN], monkeypatch)
    record: Any
    for record, field in (
        (image, "tags"),
        (image.scan_status, "status"),
        (image.scan_findings_summary, "severity_counts"),
    ):
        with pytest.raises(AttributeError):
            setattr(record, field, None)
        with pytest.raises(AttributeError):
            delattr(record, field)
        with pytest.raises(AttributeError):
            record.new = 1

    assert told(image) == told(image_from_dict(KNOWN))


@pytest.mark.parametrize("before", ["[", "[ \r\n\t"])
@pytest.mark.parametrize("between", [",", ", ", " ,", ",\n  ", "\t\r\n , "])
@pytest.mark.parametrize("after", ["]", "\n ]", "] ", "] \n}"])
def test_a_list_in_a_text(before: str, between: str, after: str) -> None:
    """Images are read out of a JSON list however it is laid out, up to its end."""
    details = [KNOWN, BARE, WIRE, KNOWN]
    text = before + between.join(map(json.dumps, details)) + after

    images, end = images_from_text(text, len(before))

    assert [told(image) for image in images] == by_tables(details)
    assert text[:end].endswith("]")
    assert text[end:].strip() in {"", "}"}


@pytest.mark.parametrize("after", ["", ",", ",]", ", ]", "}", ";", "{}]", ", {", ",{]", ", nothing"])
def test_a_list_in_a_text_that_is_not_json(after: str) -> None:
    """A list that does not end as JSON's do is an error, whatever was read before."""
    text = json.dumps(KNOWN) + after

    with pytest.raises((IndexError, ValueError)):
        images_from_text(text, 0)


@WITHOUT_DEADLINE
@given(alike_image_details())
def test_a_list_in_a_text_is_read_as_by_the_tables(details: list[Any]) -> None:
    """What a text gives is what the tables give, or an error if theirs is one."""
    expected = by_tables(json.loads(json.dumps(details)))

    try:
        images, _ = images_from_text(json.dumps(details), 1)
    except MalformedResponseError as error:
        read: Any = type(error)
    else:
        read = [told(image) for image in images]

    assert repr(read) == repr(expected if isinstance(expected, list) else expected[0])


def test_what_repeats_in_a_page_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand images hold one object each for what they have in common, as they come from a body."""
    details = json.loads(json.dumps([KNOWN, KNOWN]))

    first, second = images_without_tables(details, monkeypatch)

    assert first.registry_id is second.registry_id
    assert first.repository_name is second.repository_name
    assert first.manifest_media_type is second.manifest_media_type
    assert first.artifact_media_type is second.artifact_media_type
    assert first.status is second.status
    assert first.scan_status is second.scan_status
    assert first.extra is second.extra


def test_unknown_states_are_one_object_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state that this version does not know is an open member, made once and told from others."""
    strange = {**KNOWN, "imageStatus": "FROZEN", "imageScanStatus": {"status": "PAUSED"}}
    stranger = {**KNOWN, "imageStatus": "MELTED", "imageScanStatus": {"status": "PAUSED", "description": ""}}

    images = images_without_tables([strange, strange, stranger], monkeypatch)

    assert [image.status for image in images] == ["FROZEN", "FROZEN", "MELTED"]
    assert images[0].status is images[1].status
    assert images[0].scan_status is images[1].scan_status
    assert [image.scan_status and image.scan_status.status for image in images] == ["PAUSED"] * 3
    assert [image.scan_status and image.scan_status.description for image in images] == [None, None, ""]


def test_the_details_are_used_up() -> None:
    """The details are let go as they are read, so that a page is not in memory twice."""
    details = [copy.deepcopy(KNOWN), copy.deepcopy(WIRE)]

    images = images_from_details(details)

    assert details == []
    assert [told(image) for image in images] == [told(image_from_dict(detail)) for detail in (KNOWN, WIRE)]


def test_no_details_are_no_images() -> None:
    """An empty list gives an empty tuple."""
    assert images_from_details([]) == ()
