from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

import ecrimages
from ecrimages import (
    Image,
    ImageId,
    ImagePage,
    ImageScanFindingsSummary,
    ImageScanStatus,
    ImageStatus,
    MalformedResponseError,
    ScanStatus,
    SeverityCounts,
)

DIGEST = "sha256:" + "0f" * 32
SUBJECT = "sha256:" + "a1" * 32
PUSHED = datetime(2026, 1, 12, 15, 2, 26, 500000, tzinfo=timezone.utc)
SCANNED = datetime(2026, 1, 12, 15, 4, tzinfo=timezone.utc)
INDIA = timezone(timedelta(hours=5, minutes=30))
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)

# One image with every member there is, in the form that ECR sends and in boto3's.
WIRE: dict[str, Any] = {
    "registryId": "123456789012",
    "repositoryName": "team/app",
    "imageDigest": DIGEST,
    "imageTags": ["v1", "latest"],
    "imageSizeInBytes": 3_000_000_000,
    "imagePushedAt": 1768230146.5,
    "imageScanStatus": {"status": "COMPLETE", "description": "done", "newMember": [1]},
    "imageScanFindingsSummary": {
        "imageScanCompletedAt": 1768230240,
        "vulnerabilitySourceUpdatedAt": 1768230240,
        "findingSeverityCounts": {"HIGH": 2, "APOCALYPTIC": 1},
        "newMember": {"deep": [1]},
    },
    "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
    "artifactMediaType": "application/vnd.oci.image.config.v1+json",
    "lastRecordedPullTime": 1768230240,
    "subjectManifestDigest": SUBJECT,
    "imageStatus": "ACTIVE",
    "lastArchivedAt": 1768230240,
    "lastActivatedAt": 1768230240,
    "newMember": {"deep": [{"deeper": [1, 2]}]},
}
BOTO3: dict[str, Any] = {
    **WIRE,
    "imagePushedAt": PUSHED,
    "imageScanFindingsSummary": {
        **WIRE["imageScanFindingsSummary"],
        "imageScanCompletedAt": SCANNED,
        "vulnerabilitySourceUpdatedAt": SCANNED,
    },
    "lastRecordedPullTime": SCANNED,
    "lastArchivedAt": SCANNED,
    "lastActivatedAt": SCANNED,
}
REQUIRED = ("registryId", "repositoryName", "imageDigest", "imagePushedAt")

FULL = Image.from_dict(WIRE)
BARE = Image(registry_id="123456789012", repository_name="team/app", digest=DIGEST, pushed_at=PUSHED)
RECORDS = [
    FULL,
    BARE,
    ImageId(tag="v1"),
    ImageId(tag="v1", digest=DIGEST),
    ImageScanStatus(status=ScanStatus.FAILED, description="why", extra={"newMember": [1]}),
    ImageScanFindingsSummary(scan_completed_at=SCANNED, severity_counts=SeverityCounts({"HIGH": 1})),
    ImagePage(images=(FULL, BARE), next_token="token", request_id="id"),
]


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_cannot_be_changed(record: Any) -> None:
    """No field can be set or deleted, and no attribute added."""
    before = repr(record)

    for field in attrs.fields(type(record)):
        with pytest.raises(AttributeError):
            setattr(record, field.name, None)
        with pytest.raises(AttributeError):
            delattr(record, field.name)
    with pytest.raises(AttributeError):
        record.new = 1

    assert repr(record) == before
    assert not hasattr(record, "__dict__")


@pytest.mark.parametrize("record", RECORDS)
def test_what_a_record_holds_cannot_be_changed(record: Any) -> None:
    """All the way down a record holds neither a list nor a dict that somebody could get at."""
    seen: list[Any] = [record]
    for value in seen:
        if attrs.has(type(value)):
            seen += attrs.astuple(value, recurse=False)
        elif isinstance(value, tuple):
            seen += value
        elif isinstance(value, Mapping):
            seen += value.values()

    assert [value for value in seen if isinstance(value, (list, dict, set))] == []
    hash(record)


@pytest.mark.parametrize(
    "record_class", [Image, ImageId, ImagePage, ImageScanFindingsSummary, ImageScanStatus]
)
def test_a_record_takes_keywords_only(record_class: type) -> None:
    """Fields are given by name, so that a later version may have more of them."""
    with pytest.raises(TypeError, match="positional argument"):
        record_class("v1")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("record", RECORDS)
def test_a_record_survives_pickle(record: Any, protocol: int) -> None:
    """A pickled record comes back equal in all fields, with its hash and its `extra`."""
    twin = pickle.loads(pickle.dumps(record, protocol))

    assert twin == record
    assert hash(twin) == hash(record)
    assert repr(twin) == repr(record)
    assert getattr(twin, "extra", None) == getattr(record, "extra", None)


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_can_be_copied(record: Any) -> None:
    """A copy, deep or not, is equal, and has the same hash and `extra`."""
    for twin in (copy.copy(record), copy.deepcopy(record), attrs.evolve(record)):
        assert twin == record
        assert hash(twin) == hash(record)
        assert getattr(twin, "extra", None) == getattr(record, "extra", None)


def test_nested_extra_survives_pickle_and_copy() -> None:
    """Unknown members inside of members are kept too."""
    twin: Any
    for twin in (pickle.loads(pickle.dumps(FULL)), copy.deepcopy(FULL)):
        assert twin.scan_status.extra == {"newMember": (1,)}
        assert twin.scan_findings_summary.extra == {"newMember": {"deep": (1,)}}


def test_records_with_the_same_fields_are_equal() -> None:
    """Images are values: two that say the same are one in a set."""
    again: Any = Image.from_dict(copy.deepcopy(WIRE))

    assert again == FULL
    assert again is not FULL
    assert {again, FULL} == {FULL}
    assert again != attrs.evolve(again, tags=())
    assert again != BARE
    assert again != WIRE


def test_extra_counts_neither_for_equality_nor_hash_nor_repr() -> None:
    """An image is the same whether or not this version knows all that ECR says of it."""
    other = attrs.evolve(BARE, extra={"newMember": 1})

    assert other == BARE
    assert hash(other) == hash(BARE)
    assert repr(other) == repr(BARE)
    assert other.extra == {"newMember": 1}


def test_images_have_no_order() -> None:
    """Neither oldest nor smallest first goes without saying, so that `sorted()` needs a key."""
    with pytest.raises(TypeError, match="not supported between instances"):
        sorted([FULL, BARE])  # type: ignore[type-var]


def test_extra_keeps_nothing_of_its_source() -> None:
    """Later changes to what an image was made of do not show in it."""
    detail = copy.deepcopy(WIRE)
    image = Image.from_dict(detail)

    detail["newMember"]["deep"][0]["deeper"].append(3)
    detail["imageTags"].append("v2")
    detail["imageScanFindingsSummary"]["findingSeverityCounts"]["HIGH"] = 99
    detail["imageScanStatus"]["newMember"].append(2)

    assert image.extra == {"newMember": {"deep": ({"deeper": (1, 2)},)}}
    assert image.tags == ("v1", "latest")
    assert image.scan_findings_summary is not None
    assert image.scan_findings_summary.severity_counts == SeverityCounts({"HIGH": 2, "APOCALYPTIC": 1})
    assert image.scan_status is not None
    assert image.scan_status.extra == {"newMember": (1,)}


def test_a_bare_image_says_none() -> None:
    """What ECR did not say is None; tags and `extra` are empty."""
    values = attrs.asdict(BARE, recurse=False)

    always = {"registry_id", "repository_name", "digest", "pushed_at"}
    assert values.pop("tags") == ()
    assert values.pop("extra") == {}
    assert {name for name, value in values.items() if value is not None} == always


def test_the_repr_says_what_ecr_said() -> None:
    """The repr has the fields that are there, and leaves out those that are None."""
    assert repr(BARE) == (
        "Image(registry_id='123456789012', repository_name='team/app', "
        f"digest='{DIGEST}', pushed_at={PUSHED!r}, tags=())"
    )
    assert repr(ImageId(tag="v1")) == "ImageId(tag='v1')"
    assert repr(ImageScanStatus(status="FAILED")) == f"ImageScanStatus(status={ScanStatus.FAILED!r})"
    assert repr(ImageScanFindingsSummary(severity_counts=SeverityCounts())) == (
        "ImageScanFindingsSummary(severity_counts=SeverityCounts({}))"
    )


def test_the_repr_of_a_page_is_short() -> None:
    """A page tells how many images it has, not all about each of a thousand."""
    page = ImagePage(images=[FULL] * 1000, next_token="token", request_id="id")

    assert repr(page) == "ImagePage(images=<1000 images>, next_token='token', request_id='id')"


def test_a_page_holds_a_tuple() -> None:
    """The images of a page are a tuple, whatever they were given as."""
    page = ImagePage(images=iter([FULL, BARE]))

    assert page.images == (FULL, BARE)
    assert page.next_token is None
    assert page.request_id is None


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (BARE, "pushed_at"),
        (BARE, "last_recorded_pull_time"),
        (BARE, "last_archived_at"),
        (BARE, "last_activated_at"),
        (ImageScanFindingsSummary(), "scan_completed_at"),
        (ImageScanFindingsSummary(), "vulnerability_source_updated_at"),
    ],
)
def test_times_are_in_utc(record: Any, field: str) -> None:
    """A time of another zone becomes the same moment in UTC."""
    there = datetime(2026, 1, 12, 20, 32, 26, tzinfo=INDIA)

    here = getattr(attrs.evolve(record, **{field: there}), field)

    assert here == there
    assert here.tzinfo is timezone.utc


def test_a_naive_time_is_refused() -> None:
    """A time without a zone could be a day off; the error says so."""
    time = datetime(2026, 1, 12)  # noqa: DTZ001

    with pytest.raises(ValueError, match=r"must be an aware datetime, but datetime.* has no time zone"):
        attrs.evolve(BARE, pushed_at=time)
    with pytest.raises(ValueError, match="has no time zone"):
        ImageScanFindingsSummary(scan_completed_at=time)


def test_a_time_that_utc_does_not_have_is_refused() -> None:
    """A time in the year 1 or 9999 may lie in another year in UTC, which Python has no datetime for."""
    time = datetime(1, 1, 1, tzinfo=INDIA)

    with pytest.raises(ValueError, match=r"^a time must be between the years 1 and 9999 in UTC, not "):
        attrs.evolve(BARE, pushed_at=time)


@pytest.mark.parametrize("time", [1768230146, "2026-01-12T15:02:26Z"])
def test_a_time_that_is_no_datetime_is_refused(time: Any) -> None:
    """Numbers and strings are for `from_dict()`, which knows what ECR means by them."""
    with pytest.raises(TypeError, match=r"^a time must be an aware datetime, not "):
        attrs.evolve(BARE, pushed_at=time)


def test_tags_become_a_tuple() -> None:
    """Tags can be given as any iterable of strings but a string."""
    assert attrs.evolve(BARE, tags=["v1", "v2"]).tags == ("v1", "v2")
    with pytest.raises(TypeError, match=r"must be an iterable of strings, not the string 'v1'$"):
        attrs.evolve(BARE, tags="v1")


def test_strings_become_members() -> None:
    """The states can be given as strings, those among them that this version does not know too."""
    image = attrs.evolve(BARE, status="FROZEN", scan_status=ImageScanStatus(status="COMPLETE"))

    assert image.status == "FROZEN"
    assert isinstance(image.status, ImageStatus)
    assert image.scan_status == ImageScanStatus(status=ScanStatus.COMPLETE)


def test_severity_counts_can_be_a_dict() -> None:
    """The counts can be given as any mapping."""
    summary = ImageScanFindingsSummary(severity_counts={"HIGH": 1})

    assert isinstance(summary.severity_counts, SeverityCounts)
    assert summary.severity_counts.high == 1


@pytest.mark.parametrize("tag", ["v1", "1", "_", "v1.2.3-rc.1", "x" * 300])
def test_an_image_can_be_named_by_tag(tag: str) -> None:
    """Each tag that ECR could hold is taken as it is."""
    image_id = ImageId(tag=tag)

    assert (image_id.tag, image_id.digest) == (tag, None)


@pytest.mark.parametrize("tag", ["", " ", "v 1", "v1\n", "team/app", "app:v1", "app@sha256", "x" * 301])
def test_what_cannot_be_a_tag_is_refused(tag: str) -> None:
    """The error tells what a tag may be and what it was."""
    with pytest.raises(ValueError, match=r"^tag must be 1 to 300 characters without .*, not '"):
        ImageId(tag=tag)


@pytest.mark.parametrize(
    "digest", ["", "0f" * 32, DIGEST[:-1], DIGEST + "0", DIGEST.upper(), "sha512:" + "0" * 64]
)
def test_what_cannot_be_a_digest_is_refused(digest: str) -> None:
    """The error tells what a digest may be and what it was."""
    with pytest.raises(ValueError, match=r"^digest must be 'sha256:' and 64 lower-case hex digits, not '"):
        ImageId(digest=digest)


@pytest.mark.parametrize("name", ["tag", "digest"])
@pytest.mark.parametrize("value", [1, b"v1", ["v1"]])
def test_an_id_takes_strings_only(name: str, value: Any) -> None:
    """The error tells which of the two is no string."""
    with pytest.raises(TypeError, match=rf"^{name} must be a string, not "):
        ImageId(**{name: value})


def test_an_id_names_something() -> None:
    """An id has a tag, a digest, or both."""
    with pytest.raises(ValueError, match=r"^an ImageId needs a tag or a digest"):
        ImageId()

    assert ImageId(tag="v1", digest=DIGEST) != ImageId(tag="v1")
    assert len({ImageId(tag="v1"), ImageId(tag="v1"), ImageId(digest=DIGEST)}) == 2


@pytest.mark.parametrize("detail", [WIRE, BOTO3])
def test_from_dict_takes_every_member(detail: dict[str, Any]) -> None:
    """Each member of ECR's, in the form of the wire and in boto3's, is a field."""
    image = Image.from_dict(detail)

    assert image == Image(
        registry_id="123456789012",
        repository_name="team/app",
        digest=DIGEST,
        pushed_at=PUSHED,
        tags=("v1", "latest"),
        size_in_bytes=3_000_000_000,
        scan_status=ImageScanStatus(status=ScanStatus.COMPLETE, description="done"),
        scan_findings_summary=ImageScanFindingsSummary(
            scan_completed_at=SCANNED,
            vulnerability_source_updated_at=SCANNED,
            severity_counts=SeverityCounts({"HIGH": 2, "APOCALYPTIC": 1}),
        ),
        manifest_media_type="application/vnd.oci.image.manifest.v1+json",
        artifact_media_type="application/vnd.oci.image.config.v1+json",
        last_recorded_pull_time=SCANNED,
        subject_manifest_digest=SUBJECT,
        status=ImageStatus.ACTIVE,
        last_archived_at=SCANNED,
        last_activated_at=SCANNED,
    )
    assert image.extra == {"newMember": {"deep": ({"deeper": (1, 2)},)}}


def test_from_dict_and_to_dict_are_inverses() -> None:
    """What came in either form goes out in either form, unknown members included."""
    for detail in (WIRE, BOTO3):
        image = Image.from_dict(detail)

        assert image.to_dict(wire=True) == WIRE
        assert image.to_dict() == BOTO3


def test_to_dict_of_a_bare_image_has_what_ecr_said() -> None:
    """Members of which ECR said nothing are left out; an untagged image has no `imageTags`."""
    detail = BARE.to_dict()

    assert detail == {name: BOTO3[name] for name in REQUIRED}
    assert Image.from_dict(detail) == BARE


def test_to_dict_gives_plain_values() -> None:
    """The form of the wire can be stored as JSON, and what is read back is the same image."""
    stored = json.dumps(FULL.to_dict(wire=True))

    image = Image.from_dict(json.loads(stored))

    assert image == FULL
    assert image.extra == FULL.extra


def test_to_dict_is_new_each_time() -> None:
    """Changes to the dict do not show in the image."""
    detail = FULL.to_dict()
    detail["imageTags"].append("v2")
    detail["newMember"]["deep"].clear()
    detail["imageScanFindingsSummary"]["findingSeverityCounts"].clear()

    assert FULL.to_dict() == BOTO3


@pytest.mark.parametrize("seconds", [0, 1768230146, 1768230146.5, 1768230146.123456, 1.705072146e9, -1.5])
def test_times_are_exact_to_the_microsecond(seconds: float) -> None:
    """A time goes through record and dict without losing a digit."""
    image = Image.from_dict({**WIRE, "imagePushedAt": seconds})

    assert image.to_dict(wire=True)["imagePushedAt"] == seconds
    assert Image.from_dict(image.to_dict()) == image


@pytest.mark.parametrize("name", REQUIRED)
def test_from_dict_wants_what_every_image_has(name: str) -> None:
    """Without one of the four members that ECR always sends there is no image."""
    for detail in ({**WIRE, name: None}, {key: value for key, value in WIRE.items() if key != name}):
        with pytest.raises(MalformedResponseError, match=rf"^{name}: missing$") as caught:
            Image.from_dict(detail)

        assert caught.value.path == name


def test_from_dict_takes_null_as_absent() -> None:
    """A member that is null is one that was not sent."""
    detail = {name: value if name in REQUIRED else None for name, value in WIRE.items()}

    image = Image.from_dict(detail)

    assert image == BARE
    assert image.extra == {}


@pytest.mark.parametrize("record", RECORDS)
def test_records_are_public(record: object) -> None:
    """Each record can be imported from the package, and says so."""
    record_class = type(record)

    assert getattr(ecrimages, record_class.__name__) is record_class
    assert record_class.__module__ == "ecrimages"
