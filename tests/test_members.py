from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from model_strategies import JSON, WITHOUT_DEADLINE, Place, image_details, replaced
from test_models import REQUIRED, WIRE

from ecrimages import FindingSeverity, Image, ImageStatus, MalformedResponseError, ScanStatus, SeverityCounts
from ecrimages._members import excerpt, image_from_dict

SECRET = "FwoGZXIvYXdzEPlanted/Secret+AQ=="
PASSWORD = "planted-password-of-a-proxy"
INDIA = timezone(timedelta(hours=5, minutes=30))

SUMMARY = "imageScanFindingsSummary"
COUNTS = f"{SUMMARY}.findingSeverityCounts"
STRINGS = [
    "registryId",
    "repositoryName",
    "imageDigest",
    "imageScanStatus.status",
    "imageScanStatus.description",
    "imageManifestMediaType",
    "artifactMediaType",
    "subjectManifestDigest",
    "imageStatus",
]
TIMES = [
    "imagePushedAt",
    f"{SUMMARY}.imageScanCompletedAt",
    f"{SUMMARY}.vulnerabilitySourceUpdatedAt",
    "lastRecordedPullTime",
    "lastArchivedAt",
    "lastActivatedAt",
]
INTEGERS = ["imageSizeInBytes", f"{COUNTS}.HIGH"]
OBJECTS = ["imageScanStatus", SUMMARY]


def place_of(path: str) -> Place:
    """Return the way to a member that is named as errors name it."""
    return tuple(path.split("."))


def error_of(path: str, value: Any) -> MalformedResponseError:
    """Return the error that an image ends in if one of its members has this value."""
    with pytest.raises(MalformedResponseError) as caught:
        Image.from_dict(replaced(WIRE, place_of(path), value))
    return caught.value


def pushed_at(value: Any) -> datetime:
    """Return the time that comes of a value."""
    return Image.from_dict({**WIRE, "imagePushedAt": value}).pushed_at


@pytest.mark.parametrize("path", STRINGS)
@pytest.mark.parametrize("value", [True, 0, 1.5, [], ["a"], {}, b"a"])
def test_what_should_be_a_string(path: str, value: Any) -> None:
    """A member that is no string is an error that names it, says what it should be and what it was."""
    error = error_of(path, value)

    assert error.path == path
    assert str(error) == f"{path}: expected a string, not {value!r}"
    assert error.retryable is False


@pytest.mark.parametrize("path", INTEGERS)
@pytest.mark.parametrize("value", [True, False, 1.5, math.nan, math.inf, "1", [], {}])
def test_what_should_be_an_integer(path: str, value: Any) -> None:
    """A size or a count that is no whole number is an error that names it."""
    error = error_of(path, value)

    assert error.path == path
    assert str(error) == f"{path}: expected an integer, not {value!r}"


def test_a_null_count_is_an_error() -> None:
    """A severity is either counted or left out: null is no number of findings."""
    error = error_of(f"{COUNTS}.HIGH", None)

    assert str(error) == f"{COUNTS}.HIGH: expected an integer, not None"


@pytest.mark.parametrize("value", [0, 3_000_000_000, 2**63, -1, 3.7e9, 1768230146.0])
def test_integers_in_any_notation(value: float) -> None:
    """A whole number is an int, be it above 2**31 or written with a fraction or an exponent."""
    image = Image.from_dict(
        replaced({**WIRE, "imageSizeInBytes": value}, place_of(f"{COUNTS}.HIGH"), value),
    )
    counts = image.scan_findings_summary and image.scan_findings_summary.severity_counts

    assert image.size_in_bytes == value
    assert type(image.size_in_bytes) is int
    assert counts == SeverityCounts({"HIGH": int(value), "APOCALYPTIC": 1})


@pytest.mark.parametrize("path", OBJECTS)
@pytest.mark.parametrize("value", [True, 0, "COMPLETE", [], ["a"]])
def test_what_should_be_an_object(path: str, value: Any) -> None:
    """A member that is no object is an error that names it."""
    error = error_of(path, value)

    assert error.path == path
    assert str(error) == f"{path}: expected an object, not {value!r}"


@pytest.mark.parametrize("value", [None, True, 0, "image", [], ["registryId"]])
def test_an_image_that_is_no_object(value: Any) -> None:
    """What is no object is no image; the path is that of the image, empty if there is nothing around it."""
    with pytest.raises(MalformedResponseError) as alone:
        Image.from_dict(value)
    with pytest.raises(MalformedResponseError) as listed:
        image_from_dict(value, "imageDetails[3]")

    assert (alone.value.path, str(alone.value)) == ("", f"expected an object, not {value!r}")
    assert listed.value.path == "imageDetails[3]"
    assert str(listed.value) == f"imageDetails[3]: expected an object, not {value!r}"


@pytest.mark.parametrize("value", [True, 1, [], "HIGH", [1]])
def test_counts_that_are_no_object(value: Any) -> None:
    """Counts by severity are an object; the error names the member and shows what came."""
    error = error_of(COUNTS, value)

    assert error.path == COUNTS
    assert str(error) == f"{COUNTS}: expected an object of severities and counts, not {value!r}"


def test_a_severity_that_is_no_string() -> None:
    """JSON has strings for names, but `from_dict()` may be given a dict that has not: the error says so."""
    error = error_of(COUNTS, {"HIGH": 1, 2: 3})

    assert error.path == COUNTS
    assert str(error) == f"{COUNTS}: expected strings as severities, not 2"


def test_a_severity_may_be_a_member_of_its_enumeration() -> None:
    """A `FindingSeverity` is the string that it stands for."""
    image = Image.from_dict(replaced(WIRE, place_of(COUNTS), {FindingSeverity.LOW: 3}))

    assert image.to_dict()[SUMMARY]["findingSeverityCounts"] == {"LOW": 3}
    assert error_of(COUNTS, {FindingSeverity.LOW: "3"}).path == f"{COUNTS}.LOW"


@pytest.mark.parametrize("value", [True, 1, "v1", {}, {"v1": 1}])
def test_tags_that_are_no_list(value: Any) -> None:
    """A string is not taken for a list of its letters."""
    error = error_of("imageTags", value)

    assert error.path == "imageTags"
    assert str(error) == f"imageTags: expected a list of strings, not {value!r}"


@pytest.mark.parametrize("value", [None, True, 1, ["v1"]])
def test_a_tag_that_is_no_string(value: Any) -> None:
    """The error tells which of the tags it is."""
    error = error_of("imageTags", ["v1", "v2", value, None])

    assert error.path == "imageTags[2]"
    assert str(error) == f"imageTags[2]: expected a string, not {value!r}"


@pytest.mark.parametrize("tags", [[], (), ["v2", "v1"], ("v2", "v1")])
def test_tags_may_be_a_list_or_a_tuple(tags: Any) -> None:
    """Tags keep ECR's order, and an empty list is an untagged image."""
    assert Image.from_dict({**WIRE, "imageTags": tags}).tags == tuple(tags)


@pytest.mark.parametrize("path", TIMES)
@pytest.mark.parametrize("value", [True, False, [], {}, b"2026"])
def test_what_should_be_a_time(path: str, value: Any) -> None:
    """A member that is no time is an error that names it and says what a time is."""
    error = error_of(path, value)

    assert error.path == path
    assert str(error) == f"{path}: expected a time in epoch seconds, or an aware datetime, not {value!r}"


@pytest.mark.parametrize("path", TIMES)
@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, 253402300800, -62135596801, 1_515_693_600_000, 1e300, 10**400],
)
def test_a_time_that_no_datetime_can_hold(path: str, value: Any) -> None:
    """NaN, infinity and the year 50,000, such as of milliseconds taken for seconds, are errors."""
    error = error_of(path, value)

    assert error.path == path
    assert str(error).startswith(f"{path}: expected a time between the years 1 and 9999, not ")
    assert str(error).endswith(excerpt(value))


@pytest.mark.parametrize(
    "value",
    [
        datetime(1, 1, 1, tzinfo=INDIA),
        datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=1))),
        "0001-01-01T00:00:00+05:30",
        "9999-12-31T23:00:00-01:00",
    ],
)
def test_a_time_that_is_out_of_range_in_utc_alone(value: Any) -> None:
    """A time that another zone has and UTC has not is out of range like any other."""
    error = error_of("imagePushedAt", value)

    assert str(error).startswith("imagePushedAt: expected a time between the years 1 and 9999, not ")


@pytest.mark.parametrize("value", [datetime(2026, 1, 12), "2026-01-12T15:02:26", "2026-01-12"])  # noqa: DTZ001
def test_a_time_without_a_zone(value: Any) -> None:
    """A time without a zone may be hours off: it is an error that says what is missing."""
    error = error_of("imagePushedAt", value)

    assert str(error).startswith("imagePushedAt: expected a time with its zone, not datetime.datetime(2026, ")


@pytest.mark.parametrize("value", ["", "yesterday", "1768230146", "2026-13-01T00:00:00Z", "\ud800", "Z"])
def test_words_that_are_no_time(value: str) -> None:
    """A string that is not in ISO 8601 is an error that shows it."""
    error = error_of("imagePushedAt", value)

    assert str(error) == f"imagePushedAt: expected a time in epoch seconds, or in ISO 8601, not {value!r}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, datetime(1970, 1, 1, tzinfo=timezone.utc)),
        (0.0, datetime(1970, 1, 1, tzinfo=timezone.utc)),
        (-0.0, datetime(1970, 1, 1, tzinfo=timezone.utc)),
        (1768230146, datetime(2026, 1, 12, 15, 2, 26, tzinfo=timezone.utc)),
        (1.768230146e9, datetime(2026, 1, 12, 15, 2, 26, tzinfo=timezone.utc)),
        (1768230146.123, datetime(2026, 1, 12, 15, 2, 26, 123000, tzinfo=timezone.utc)),
        (1768230146.123456, datetime(2026, 1, 12, 15, 2, 26, 123456, tzinfo=timezone.utc)),
        (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=timezone.utc)),
        (-0.25, datetime(1969, 12, 31, 23, 59, 59, 750000, tzinfo=timezone.utc)),
        (-62135596800, datetime(1, 1, 1, tzinfo=timezone.utc)),
        (253402300799, datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)),
        ("2026-01-12T15:02:26Z", datetime(2026, 1, 12, 15, 2, 26, tzinfo=timezone.utc)),
        ("2026-01-12T15:02:26.123000+00:00", datetime(2026, 1, 12, 15, 2, 26, 123000, tzinfo=timezone.utc)),
        ("2026-01-12T20:32:26+05:30", datetime(2026, 1, 12, 15, 2, 26, tzinfo=timezone.utc)),
        (
            datetime(2026, 1, 12, 20, 32, 26, tzinfo=INDIA),
            datetime(2026, 1, 12, 15, 2, 26, tzinfo=timezone.utc),
        ),
    ],
)
def test_times_in_all_forms(value: Any, expected: datetime) -> None:
    """Epoch seconds, what the AWS CLI prints, and boto3's datetimes are the same moments, in UTC."""
    time = pushed_at(value)

    assert time == expected
    assert time.tzinfo is timezone.utc


@pytest.mark.parametrize("path", [*REQUIRED])
def test_a_missing_member(path: str) -> None:
    """An image without one of the members that each has is an error, with the place of the image."""
    detail = {name: value for name, value in WIRE.items() if name != path}

    with pytest.raises(MalformedResponseError) as caught:
        image_from_dict(detail, "imageDetails[7]")

    assert caught.value.path == f"imageDetails[7].{path}"
    assert str(caught.value) == f"imageDetails[7].{path}: missing"


@pytest.mark.parametrize(
    "path",
    [
        *OBJECTS,
        COUNTS,
        "imageTags",
        *(path for path in (*STRINGS, *TIMES, *INTEGERS[:1]) if path not in REQUIRED),
    ],
)
def test_null_is_absent(path: str) -> None:
    """A member that is null is one that was not sent, on every level."""
    place = place_of(path)
    without = copy.deepcopy(WIRE)
    parent: Any = without
    for name in place[:-1]:
        parent = parent[name]
    del parent[place[-1]]

    image = Image.from_dict(replaced(WIRE, place, None))

    assert image == Image.from_dict(without)
    assert image != Image.from_dict(WIRE)
    assert image.to_dict(wire=True) == without


def test_a_null_unknown_member_is_absent_too() -> None:
    """`extra` does not fill up with nulls."""
    detail = replaced(replaced(WIRE, ("newMember",), None), ("imageScanStatus", "newMember"), None)

    image = Image.from_dict(detail)

    assert image.extra == {}
    assert image.scan_status is not None
    assert image.scan_status.extra == {}


def test_unknown_members_go_into_extra() -> None:
    """What this version does not know is kept where it was found, on each of the three levels."""
    detail = copy.deepcopy(WIRE)
    detail["newMember"] = {"deep": [1, None]}
    detail["imageScanStatus"]["newMember"] = "new"
    detail[SUMMARY]["newMember"] = [{"deep": 1}]

    image = Image.from_dict(detail)

    assert image.extra == {"newMember": {"deep": (1, None)}}
    assert image.scan_status is not None
    assert image.scan_status.extra == {"newMember": "new"}
    assert image.scan_findings_summary is not None
    assert image.scan_findings_summary.extra == {"newMember": ({"deep": 1},)}
    assert image.to_dict(wire=True) == detail


@WITHOUT_DEADLINE
@given(JSON)
def test_unknown_members_of_any_kind_come_back(value: Any) -> None:
    """`to_dict()` gives back any JSON that was in an unknown member."""
    image = Image.from_dict({**WIRE, "newMember": value})

    assert image.to_dict(wire=True) == {
        name: item for name, item in {**WIRE, "newMember": value}.items() if item is not None
    }


@WITHOUT_DEADLINE
@given(image_details())
def test_to_dict_is_the_inverse(detail: dict[str, Any]) -> None:
    """Whatever ECR's model allows, the image of an image's dict is the same, in either form."""
    image = Image.from_dict(detail)

    again = Image.from_dict(image.to_dict())

    assert again == image
    assert again.extra == image.extra


def test_unknown_states_are_open() -> None:
    """A state that this version does not know is a member that equals its string."""
    image = Image.from_dict({**WIRE, "imageStatus": "FROZEN", "imageScanStatus": {"status": "PAUSED"}})

    assert image.status == "FROZEN"
    assert type(image.status) is ImageStatus
    assert image.scan_status is not None
    assert image.scan_status.status == "PAUSED"
    assert type(image.scan_status.status) is ScanStatus
    assert image.to_dict()["imageStatus"] == "FROZEN"


def test_any_mapping_is_an_object() -> None:
    """`from_dict()` takes mappings that are no dicts, all the way down."""
    detail: Mapping[str, Any] = MappingProxyType(
        {name: MappingProxyType(value) if isinstance(value, dict) else value for name, value in WIRE.items()}
    )

    assert Image.from_dict(detail) == Image.from_dict(WIRE)


def test_what_is_nested_too_deeply() -> None:
    """An unknown member that nobody could look at without a RecursionError is an error of ours."""
    value: Any = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(MalformedResponseError) as caught:
        image_from_dict({**WIRE, "newMember": value}, "imageDetails[1]")

    assert caught.value.path == "imageDetails[1]"
    assert str(caught.value) == "imageDetails[1]: nested too deeply"


@pytest.mark.parametrize("path", ["imageSizeInBytes", "imageTags", COUNTS, "imagePushedAt", "imageStatus"])
def test_a_wrong_member_that_is_nested_deeply(path: str) -> None:
    """To say what came, the error needs no more than its beginning."""
    value: Any = "end"
    for _ in range(100_000):
        value = {"deep": value}

    if path == COUNTS:
        path, value = f"{COUNTS}.deep", value["deep"]
        error = error_of(COUNTS, {"deep": value})
    elif path == "imageTags":
        path = "imageTags[0]"
        error = error_of("imageTags", [value])
    else:
        error = error_of(path, value)

    assert error.path == path
    assert "not {'deep': {'deep': {" in str(error)
    assert len(str(error)) < 300


@pytest.mark.parametrize(
    "value",
    [
        "x" * 1_000_000,
        ["x" * 1_000] * 1_000,
        [[[["x" * 1_000] * 10] * 10] * 10] * 10,
        {f"name {number}": "x" * 1_000 for number in range(1_000)},
        b"x" * 1_000_000,
        10**1_000,
        10**10_000,
        [10**10_000],
    ],
    ids=[
        "string",
        "list",
        "nested list",
        "dict",
        "bytes",
        "int",
        "int that Python does not print",
        "list of such",
    ],
)
@pytest.mark.parametrize("path", ["imageDigest", "imagePushedAt", "imageScanStatus"])
def test_an_excerpt_is_short(path: str, value: Any) -> None:
    """However long a wrong value is, the message shows a little of it."""
    error = error_of(path, [value])

    assert error.path == path
    assert len(str(error)) < 300


def test_a_long_severity_is_cut() -> None:
    """The path stays short too, if what it is made of is not."""
    error = error_of(COUNTS, {"x" * 1_000_000: "1"})

    assert error.path == f"{COUNTS}.{'x' * 60}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("short", "'short'"),
        ("x" * 58, repr("x" * 58)),
        (["a", 1, None], "['a', 1, None]"),
        ("ab" * 100, "'" + "ab" * 13 + "a" + "..." + "ab" * 14 + "'"),
        (float("nan"), "nan"),
        ("\ud800", "'\\ud800'"),
    ],
)
def test_excerpts(value: Any, shown: str) -> None:
    """What is short is shown whole, and what is long by its beginning and its end."""
    assert excerpt(value) == shown


@pytest.mark.parametrize("padding", range(0, 80, 7))
def test_an_excerpt_has_no_secrets(padding: int) -> None:
    """A token in what ECR quotes is redacted, wherever the excerpt is cut, and so is a password in a URL."""
    token = f"{'x' * padding} X-Amz-Security-Token:{SECRET} {'x' * (80 - padding)}"
    url = f"{'x' * padding} https://user:{PASSWORD}@proxy.example {'x' * (80 - padding)}"

    for value in (token, url, [token, url], {"headers": {"quoted": token}}, {"x-amz-security-token": SECRET}):
        shown = excerpt(value)

        for secret in (SECRET, PASSWORD):
            assert not any(secret[start : start + 6] in shown for start in range(len(secret) - 5))


def test_a_secret_is_redacted_in_the_error() -> None:
    """The message of an error can be logged."""
    error = error_of("imageTags", f"X-Amz-Security-Token: {SECRET}")

    assert str(error) == "imageTags: expected a list of strings, not 'X-Amz-Security-Token: [redacted]'"


def test_the_error_has_no_trail_of_signals() -> None:
    """The error stands alone: how the tables found out is nobody's concern."""
    error = error_of("imageTags", 1)

    assert error.__cause__ is None
    assert error.__context__ is None
