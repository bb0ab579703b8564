"""From the `imageDetails` of a body to records, fast: pure functions, no network.

`_read_straight()` takes what ECR sends nearly always, in wire form with nothing odd about it, several times
as fast as the tables of `_members` do. Of anything else it lets go, and they decide. A test holds the two
ways equal.
"""

from __future__ import annotations

from datetime import datetime, timezone
from enum import Enum
from typing import Any

from ecrimages._enums import ImageStatus, ScanStatus
from ecrimages._mappings import FrozenMapping, SeverityCounts
from ecrimages._members import image_from_dict
from ecrimages._models import Image, ImageScanFindingsSummary, ImageScanStatus

__all__ = ["images_from_details"]


def images_from_details(details: list[Any]) -> tuple[Image, ...]:
    """Return the images in `imageDetails` as it came out of a body; the details are used up.

    Raises:
        MalformedResponseError: A member is missing, of a wrong type or out of range.
    """
    shared = _Shared()
    images: list[Image] = []
    # Each detail is let go as soon as it is read: its memory is there for the next image, and in the cache.
    details.reverse()
    while details:
        detail = details.pop()
        try:
            image = _read_straight(detail, shared)
        except _LET_GO:
            image = image_from_dict(detail, f"imageDetails[{len(images)}]")
        images.append(image)
    return tuple(images)


class _Interned(dict[Any, str]):
    """Strings that repeat, such as media types: each is checked, and kept in memory, once a page."""

    def __missing__(self, value: object) -> str:
        if type(value) is not str:
            raise _Odd
        self[value] = value
        return value


class _Members(dict[Any, Any]):
    """The members of an open enumeration, by their values."""

    def __init__(self, enumeration: type[Enum]) -> None:
        super().__init__()
        self._enumeration = enumeration

    def __missing__(self, value: object) -> Enum:
        if type(value) is not str:
            raise _Odd
        self[value] = member = self._enumeration(value)
        return member


class _Shared:
    """What the images of one page have in common."""

    __slots__ = ("image_statuses", "scan_status_records", "scan_statuses", "strings")

    def __init__(self) -> None:
        self.strings = _Interned()
        self.image_statuses = _Members(ImageStatus)
        self.scan_statuses = _Members(ScanStatus)
        self.scan_status_records: dict[tuple[str, str | None], ImageScanStatus] = {}


class _Odd(Exception):
    """An image has something about it that takes the careful way."""


# What _read_straight() runs into on anything odd. The careful way says what is wrong with it, if anything.
_LET_GO = (_Odd, AttributeError, KeyError, OSError, OverflowError, TypeError, ValueError)


def _draft_of(record_class: type) -> Any:
    # The __init__ of a frozen class sets each field by a call, and takes four times as long as this: a
    # draft has the slots of the record, which can be set, and becomes the record by a change of its
    # class. Python allows that between classes of the same layout.
    return type(f"{record_class.__name__}Draft", (), {"__slots__": record_class.__slots__})  # type: ignore[attr-defined]


_ImageDraft = _draft_of(Image)
_SummaryDraft = _draft_of(ImageScanFindingsSummary)
_set_counts = FrozenMapping.__dict__["_items"].__set__
_NOTHING: FrozenMapping[Any] = FrozenMapping()
_UTC = timezone.utc
_from_timestamp = datetime.fromtimestamp


def _read_straight(detail: Any, shared: _Shared) -> Image:
    # One branch a member, in line: calls are what the other way spends its time on. `known` counts the
    # members that were read, so that a null or an unknown one is noticed.
    get = detail.get
    image = _ImageDraft()
    strings = shared.strings
    image.registry_id = strings[detail["registryId"]]
    image.repository_name = strings[detail["repositoryName"]]
    image.digest = digest = detail["imageDigest"]
    pushed_at = detail["imagePushedAt"]
    if type(digest) is not str or (type(pushed_at) is not float and type(pushed_at) is not int):
        raise _Odd
    image.pushed_at = _from_timestamp(pushed_at, _UTC)
    known = 4

    tags = get("imageTags")
    if tags is None:
        image.tags = ()
    else:
        # join() takes nothing but strings.
        if type(tags) is not list or "".join(tags) is None:
            raise _Odd
        image.tags = tuple(tags)
        known += 1

    image.size_in_bytes = size = get("imageSizeInBytes")
    if size is not None:
        if type(size) is not int:
            raise _Odd
        known += 1

    image.manifest_media_type = media_type = get("imageManifestMediaType")
    if media_type is not None:
        image.manifest_media_type = strings[media_type]
        known += 1

    image.artifact_media_type = media_type = get("artifactMediaType")
    if media_type is not None:
        image.artifact_media_type = strings[media_type]
        known += 1

    image.last_recorded_pull_time = time = get("lastRecordedPullTime")
    if time is not None:
        if type(time) is not float and type(time) is not int:
            raise _Odd
        image.last_recorded_pull_time = _from_timestamp(time, _UTC)
        known += 1

    image.status = status = get("imageStatus")
    if status is not None:
        image.status = shared.image_statuses[status]
        known += 1

    image.scan_status = scan_status = get("imageScanStatus")
    if scan_status is not None:
        image.scan_status = _read_scan_status(scan_status, shared)
        known += 1

    image.scan_findings_summary = summary = get("imageScanFindingsSummary")
    if summary is not None:
        image.scan_findings_summary = _read_scan_findings_summary(summary)
        known += 1

    if known == len(detail):
        image.subject_manifest_digest = image.last_archived_at = image.last_activated_at = None
    else:
        _read_rare(image, detail, known)

    image.extra = _NOTHING
    image.__class__ = Image
    return image  # type: ignore[no-any-return]


def _read_rare(image: Any, detail: dict[str, Any], known: int) -> None:
    image.subject_manifest_digest = digest = detail.get("subjectManifestDigest")
    if digest is not None:
        if type(digest) is not str:
            raise _Odd
        known += 1
    image.last_archived_at = archived_at = _read_time(detail.get("lastArchivedAt"))
    image.last_activated_at = activated_at = _read_time(detail.get("lastActivatedAt"))
    if known + (archived_at is not None) + (activated_at is not None) != len(detail):
        raise _Odd


def _read_time(seconds: Any) -> datetime | None:
    if seconds is None:
        return None
    if type(seconds) is not float and type(seconds) is not int:
        raise _Odd
    return _from_timestamp(seconds, _UTC)


def _read_scan_status(detail: Any, shared: _Shared) -> ImageScanStatus:
    status, description = detail["status"], detail.get("description")
    known = shared.scan_status_records.get((status, description))
    if known is None:
        if type(description) is not str and description is not None:
            raise _Odd
        known = ImageScanStatus(status=shared.scan_statuses[status], description=description)
        shared.scan_status_records[status, description] = known
    if len(detail) != (1 if description is None else 2):
        raise _Odd
    return known


def _read_scan_findings_summary(detail: Any) -> ImageScanFindingsSummary:
    get = detail.get
    summary = _SummaryDraft()
    known = 0
    summary.scan_completed_at = time = get("imageScanCompletedAt")
    if time is not None:
        if type(time) is not float and type(time) is not int:
            raise _Odd
        summary.scan_completed_at = _from_timestamp(time, _UTC)
        known += 1
    summary.vulnerability_source_updated_at = time = get("vulnerabilitySourceUpdatedAt")
    if time is not None:
        if type(time) is not float and type(time) is not int:
            raise _Odd
        summary.vulnerability_source_updated_at = _from_timestamp(time, _UTC)
        known += 1
    summary.severity_counts = counts = get("findingSeverityCounts")
    if counts is not None:
        for count in counts.values():
            if type(count) is not int:
                raise _Odd
        # The dict came out of the body and nobody else holds it: it needs no copy.
        summary.severity_counts = frozen = SeverityCounts.__new__(SeverityCounts)
        _set_counts(frozen, counts)
        known += 1
    if known != len(detail):
        raise _Odd
    summary.extra = _NOTHING
    summary.__class__ = ImageScanFindingsSummary
    return summary  # type: ignore[no-any-return]
