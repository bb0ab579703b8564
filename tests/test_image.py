from __future__ import annotations

import copy
import gc
import json
import pickle
import pprint
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from samples import COMPLETED, DETAIL, PUSHED, REGISTRY, UNTAGGED, detail, digest, image

from ecrimages import (
    Image,
    ImagePage,
    ImageScanFindingsSummary,
    ImageScanStatus,
    ImageStatus,
    MalformedResponseError,
    ScanStatus,
    SeverityCounts,
)

FULL = Image.from_dict(DETAIL)
KATHMANDU = timezone(timedelta(hours=5, minutes=45))


def refused(**fields: Any) -> MalformedResponseError:
    """Return the error of a dict with these fields."""
    with pytest.raises(MalformedResponseError) as caught:
        Image.from_dict({**DETAIL, **fields})
    return caught.value


def test_from_dict_reads_every_field() -> None:
    """Each field of an item of imageDetails is an attribute of the record."""
    expected = Image(
        registry_id=REGISTRY,
        repository_name="team/app",
        digest=digest(1),
        pushed_at=PUSHED,
        tags=("v1", "latest"),
        size_in_bytes=3_000_000_000,
        scan_status=ImageScanStatus(status=ScanStatus.COMPLETE, description="The scan was completed successfully."),
        scan_findings_summary=ImageScanFindingsSummary(
            scan_completed_at=COMPLETED,
            vulnerability_source_updated_at=PUSHED,
            severity_counts=SeverityCounts({"HIGH": 3, "CRITICAL": 1, "UNTRIAGED": 2}),
        ),
        manifest_media_type="application/vnd.oci.image.manifest.v1+json",
        artifact_media_type="application/vnd.oci.image.config.v1+json",
        last_recorded_pull_time=COMPLETED,
        subject_manifest_digest=digest(2),
        status=ImageStatus.ARCHIVED,
        last_archived_at=COMPLETED,
        last_activated_at=PUSHED,
    )

    assert expected == FULL
    assert FULL.extra == {}


def test_what_is_not_reported_is_none() -> None:
    """An untagged image, of which ECR reports four fields, has no tags, and None for the rest."""
    read = Image.from_dict(UNTAGGED)

    assert read.tags == ()
    assert {name for name, value in attrs.asdict(read, recurse=False).items() if value is None} == {
        field.name for field in attrs.fields(Image)
    } - {"registry_id", "repository_name", "digest", "pushed_at", "tags", "extra"}
    assert read.severity_counts is None


def test_unknown_fields_are_kept() -> None:
    """A field newer than this release is in `extra`, where nothing can change it, and in no comparison."""
    nested = {"deep": [{"list": [1, None]}]}
    scan: dict[str, Any] = {"imageScanStatus": {"status": "ACTIVE", "scanner": "new"}}

    read = Image.from_dict(detail(newField=nested, **scan))
    nested["deep"].clear()

    assert read.extra == {"newField": {"deep": ({"list": (1, None)},)}}
    assert read.scan_status is not None
    assert read.scan_status.extra == {"scanner": "new"}
    assert read == Image.from_dict(detail(imageScanStatus={"status": "ACTIVE"}))
    assert hash(read) == hash(Image.from_dict(detail(imageScanStatus={"status": "ACTIVE"})))
    assert "newField" not in repr(read)
    with pytest.raises(TypeError):
        read.extra["newField"] = 1  # type: ignore[index]


@pytest.mark.parametrize("wire", [False, True])
@pytest.mark.parametrize(
    "item", [DETAIL, UNTAGGED, detail(newField={"deep": [1, {"x": None}]})], ids=["full", "bare", "new"]
)
def test_to_dict_is_the_inverse(item: dict[str, Any], wire: bool) -> None:
    """from_dict(to_dict()) is the same image, in wire form and in boto3's."""
    read = Image.from_dict(item)

    written = read.to_dict(wire=wire)

    assert Image.from_dict(written) == read
    assert Image.from_dict(written).extra == read.extra
    assert written == item if wire else written["imagePushedAt"] == PUSHED
    assert not wire or json.loads(json.dumps(written)) == written


def test_the_wire_form_has_no_datetime() -> None:
    """Nor in a field that this version does not know, of which a newer boto3 makes a datetime: it is stored as JSON."""
    time = datetime(2026, 1, 12, tzinfo=UTC)
    item = {**DETAIL, "newTime": time, "newList": [{"at": time}], "imageScanStatus": {"newTime": time}}

    written = json.loads(json.dumps(Image.from_dict(item).to_dict(wire=True)))

    assert written["newTime"] == written["newList"][0]["at"] == written["imageScanStatus"]["newTime"] == 1768176000
    assert Image.from_dict(item).to_dict()["newTime"] == time


def test_to_dict_returns_plain_types() -> None:
    """An enum is a plain string in the dict, and counts are a plain dict, both the caller's own to change."""
    written = FULL.to_dict()

    assert type(written["imageStatus"]) is str
    assert type(written["imageScanFindingsSummary"]["findingSeverityCounts"]) is dict
    written["imageScanFindingsSummary"]["findingSeverityCounts"].clear()
    assert FULL.severity_counts == SeverityCounts({"HIGH": 3, "CRITICAL": 1, "UNTRIAGED": 2})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1768230146, PUSHED),
        (1.768230146e9, PUSHED),
        (1768230146.789, PUSHED.replace(microsecond=789000)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (-62_135_596_800, datetime(1, 1, 1, tzinfo=UTC)),
        (PUSHED.astimezone(KATHMANDU), PUSHED),
        ("2026-01-12T15:02:26Z", PUSHED),
        ("2026-01-12T20:47:26+05:45", PUSHED),
        ("2026-01-12T10:02:26-0500", PUSHED),
        ("2026-01-12 15:02:26+00:00", PUSHED),
        ("2026-01-12T15:02:26.12Z", PUSHED.replace(microsecond=120_000)),
        ("2026-01-12T15:02:26.1234567Z", PUSHED.replace(microsecond=123_456)),
        ("2026-01-12T15:02:26.123456789Z", PUSHED.replace(microsecond=123_456)),
    ],
)
def test_times(value: object, expected: datetime) -> None:
    """Epoch seconds, aware datetimes and ISO 8601 with a zone are read alike on every Python, as UTC."""
    pushed_at = Image.from_dict({**UNTAGGED, "imagePushedAt": value}).pushed_at

    assert pushed_at == expected
    assert pushed_at.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        True,
        "yesterday",
        "1505774543.0",
        "2026-01-12",
        "2026-01-12T15:02:26",
        "2026-01-12T15:02",
        "2026-01-12T15:02:26123Z",
        "2026-01-12T24:00:00Z",
        "2026-01-32T15:02:26Z",
        "2026-W03-1T15:02:26Z",
        "2026-01-12T15:02:26+99:00",
        "0001-01-01T00:00:00+05:00",
        "/Date(1591713363000)/",
        datetime(2026, 1, 12),
        {"__class__": "datetime", "year": 2026},
        [1768230146],
        1_768_230_146_000,
        float("nan"),
        float("inf"),
        10**400,
    ],
    ids=repr,
)
def test_what_is_no_time(value: object) -> None:
    """A time without a zone, out of range or of another format is refused, with the path of the field."""
    error = refused(imagePushedAt=value)

    assert error.path == "imagePushedAt"
    assert str(error).startswith("imagePushedAt: expected a time")
    assert len(str(error)) < 300


@pytest.mark.parametrize(
    ("fields", "path", "problem"),
    [
        ({"registryId": None}, "registryId", "missing"),
        ({"imageDigest": 7}, "imageDigest", "expected a string, not 7"),
        ({"imageDigest": 10**5000}, "imageDigest", "expected a string, not a very long int"),
        ({"imageSizeInBytes": "123"}, "imageSizeInBytes", "expected an integer, not '123'"),
        ({"imageSizeInBytes": True}, "imageSizeInBytes", "expected an integer, not True"),
        ({"imageSizeInBytes": 0.5}, "imageSizeInBytes", "expected an integer, not 0.5"),
        ({"imageTags": {"v1"}}, "imageTags", "expected a list of strings, not {'v1'}"),
        ({"imageTags": ["v1", 2]}, "imageTags[1]", "expected a string, not 2"),
        ({"imageStatus": 1}, "imageStatus", "expected a string, not 1"),
        ({"imageScanStatus": "ACTIVE"}, "imageScanStatus", "expected an object, not 'ACTIVE'"),
        ({"imageScanStatus": {"description": []}}, "imageScanStatus.description", "expected a string, not []"),
        (
            {"imageScanFindingsSummary": {"findingSeverityCounts": []}},
            "imageScanFindingsSummary.findingSeverityCounts",
            "expected an object of severities and counts, not []",
        ),
        (
            {"imageScanFindingsSummary": {"findingSeverityCounts": {"HIGH": "3"}}},
            "imageScanFindingsSummary.findingSeverityCounts.HIGH",
            "expected an integer, not '3'",
        ),
        (
            {"imageScanFindingsSummary": {"imageScanCompletedAt": "x"}},
            "imageScanFindingsSummary.imageScanCompletedAt",
            "expected a time in epoch seconds, or in ISO 8601 with its zone, not 'x'",
        ),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], path: str, problem: str) -> None:
    """The error tells the field, by ECR's own names, what it holds and what it should."""
    error = refused(**fields)

    assert (error.path, str(error)) == (path, f"{path}: {problem}")
    assert error.retryable is False


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ([], "expected an object, not []"),
        ({"imageDetails": [DETAIL]}, "registryId: missing: this is a whole response"),
        ({**UNTAGGED, "registryId": None, "RegistryId": REGISTRY}, "ECR's own name is 'registryId', not 'RegistryId'"),
        ({"other": 1, "registryid": None}, "registryId: missing"),
        ({"registry_id": REGISTRY}, "ECR's own name is 'registryId', not 'registry_id'"),
    ],
)
def test_what_is_no_detail(item: Any, problem: str) -> None:
    """A whole response, or the names of another language's SDK, is recognised as what it is."""
    with pytest.raises(MalformedResponseError) as caught:
        Image.from_dict(item)

    assert problem in str(caught.value)


def test_nulls_are_absent() -> None:
    """A null field, a null tag and a null count, as some encoders write them, count as absent."""
    summary = {"findingSeverityCounts": {"HIGH": 1, "LOW": None}, "imageScanCompletedAt": None}
    nulls = dict.fromkeys(DETAIL.keys() - UNTAGGED.keys()) | {"newField": None}

    read = Image.from_dict({**nulls, **UNTAGGED, "imageTags": ["v1", None], "imageScanFindingsSummary": summary})

    assert read == Image.from_dict(
        {**UNTAGGED, "imageTags": ["v1"], "imageScanFindingsSummary": read.to_dict()["imageScanFindingsSummary"]}
    )
    assert read.severity_counts == SeverityCounts({"HIGH": 1})
    assert read.extra == {}


def test_a_float_without_a_fraction_is_an_integer() -> None:
    """Some encoders write a long as 3.0E9."""
    assert Image.from_dict({**DETAIL, "imageSizeInBytes": 3.0e9}) == FULL


def test_a_dict_nested_too_deeply_is_refused() -> None:
    """Data that exceeds Python's recursion limit is an error of this library."""
    nested: Any = []
    for _ in range(20_000):
        nested = [nested]

    with pytest.raises(MalformedResponseError, match="nested too deeply"):
        Image.from_dict({**UNTAGGED, "newField": nested})
    while nested:
        nested = nested.pop()


def test_is_index() -> None:
    """The media type tells an index, of OCI's kind or of Docker's, from an image."""
    types = (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        None,
    )

    assert [image(imageManifestMediaType=name).is_index for name in types] == [True, True, False, False]


def test_a_record_is_frozen_hashable_and_ordered_by_nothing() -> None:
    """Records are values: equal by their fields, without a dict, and not sortable."""
    again = Image.from_dict(DETAIL)

    assert {again, FULL} == {FULL}
    assert not hasattr(FULL, "__dict__")
    assert attrs.evolve(FULL, tags=()) != FULL
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        FULL.tags = ()  # type: ignore[misc]
    with pytest.raises(TypeError):
        sorted([FULL, again])  # type: ignore[type-var]


@pytest.mark.parametrize(
    "record",
    [FULL, FULL.scan_status, FULL.scan_findings_summary, ImagePage(images=[FULL]), image(newField=[1])],
    ids=["image", "scan status", "summary", "page", "with extra"],
)
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda record: pickle.loads(pickle.dumps(record))])
def test_a_duplicate_is_equal(record: Any, duplicate: Any) -> None:
    """Pickled or copied, a record is equal, with the same hash, repr and `extra`."""
    twin = duplicate(record)

    assert (twin, hash(twin), repr(twin)) == (record, hash(record), repr(record))
    assert getattr(twin, "extra", None) == getattr(record, "extra", None)


def test_repr_leaves_out_what_is_not_reported() -> None:
    """The repr has the fields that ECR reported, as the constructor takes them."""
    assert repr(image()) == (
        f"Image(registry_id='{REGISTRY}', repository_name='team/app', digest='{digest(1)}', "
        "pushed_at=datetime.datetime(2026, 1, 12, 15, 2, 26, tzinfo=datetime.timezone.utc), tags=('v1',))"
    )
    assert repr(ImagePage(images=[FULL], next_token="t")) == (
        "ImagePage(images=<1 images>, next_token='t', request_id=None, repository_name=None)"
    )


def test_rich_prints_the_same_fields() -> None:
    """Rich's pretty printer is given the fields that are not None, and no `extra`."""
    shown = dict(FULL.__rich_repr__())

    names = [field.name for field in attrs.fields(Image) if field.name != "extra"]
    assert shown == {name: getattr(FULL, name) for name in names if getattr(FULL, name) is not None}


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"pushed_at": "2026"}, TypeError, "a time must be an aware datetime, not '2026'"),
        ({"pushed_at": datetime(2026, 1, 12)}, ValueError, "has no time zone"),
        ({"pushed_at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))}, ValueError, "1 and 9999"),
        ({"tags": "v1"}, TypeError, "tags must be an iterable of strings, not 'v1'"),
        ({"tags": 1}, TypeError, "tags must be an iterable of strings, not 1"),
        ({"status": 1}, ValueError, "1 is not a valid ImageStatus"),
    ],
)
def test_a_record_of_your_own_is_checked(fields: dict[str, Any], error: type[Exception], message: str) -> None:
    """Times without a zone, and a string for tags, are refused where a record is made by hand."""
    with pytest.raises(error, match=message):
        attrs.evolve(FULL, **fields)


def test_a_record_of_your_own_is_converted() -> None:
    """Lists, strings and dicts become what the fields hold, and times become UTC."""
    made = attrs.evolve(
        FULL,
        tags=["v1", "latest"],
        status="ARCHIVED",
        pushed_at=PUSHED.astimezone(KATHMANDU),
        scan_findings_summary=ImageScanFindingsSummary(
            scan_completed_at=COMPLETED,
            vulnerability_source_updated_at=PUSHED,
            severity_counts={"HIGH": 3, "CRITICAL": 1, "UNTRIAGED": 2},
        ),
    )

    assert made == FULL
    assert made.pushed_at.tzinfo is UTC
    assert type(made.status) is ImageStatus


def test_records_are_small() -> None:
    """The garbage collector tracks no dict for a record, and records without unknown fields share one `extra`."""
    first, second = image(1), image(2)

    assert first.extra is second.extra
    assert not any(isinstance(part, dict) for part in gc.get_referents(first))


def test_pprint_prints_a_field_a_line() -> None:
    """As it does for a dataclass, and without the fields that are None."""
    lines = pprint.pformat(FULL).splitlines()

    assert lines[0] == f"Image(registry_id={FULL.registry_id!r},"
    assert f"      digest={FULL.digest!r}," in lines
