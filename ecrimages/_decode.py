"""From the `imageDetails` of a body to records, fast: pure functions, no network.

`_read_straight()` takes what ECR sends nearly always, in wire form with nothing odd about it, several times
as fast as the tables of `_members` do. Of anything else it lets go, and they decide. A test holds the two
ways equal.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any

from ecrimages._enums import ImageStatus, ScanStatus
from ecrimages._mappings import FrozenMapping, SeverityCounts
from ecrimages._members import image_from_dict
from ecrimages._models import Image, ImageScanFindingsSummary, ImageScanStatus

__all__ = ["images_from_details", "images_from_text"]

# How many characters of JSON are parsed at once: enough to share the work on the members' names, and few
# enough for the processor's cache.
_CHUNK = 1 << 15
_next_image = re.compile(r"}[ \t\n\r]*,[ \t\n\r]*(?={)").search
_parse = json.JSONDecoder().raw_decode


def images_from_details(details: list[Any]) -> tuple[Image, ...]:
    """Return the images in `imageDetails` as it came out of a body; the details are used up.

    Raises:
        MalformedResponseError: A member is missing, of a wrong type or out of range.
    """
    images: list[Image] = []
    _read_details(details, images, _Shared())
    return tuple(images)


def images_from_text(text: str, position: int) -> tuple[tuple[Image, ...], int]:
    """Return the images in a JSON list, and where it ends in the text.

    A part of the list is parsed and read before the next, so that the page is not in memory twice.

    Args:
        text: The text that the list is in.
        position: Where it begins, after the bracket.

    Raises:
        RecursionError, ValueError: It is not JSON, or cannot be read in parts.
        MalformedResponseError: A member is missing, of a wrong type or out of range.
    """
    shared = _Shared()
    images: list[Image] = []
    while found := _next_image(text, position + _CHUNK):
        part = f"[{text[position : found.start() + 1]}]"
        details, end = _parse(part)
        # What is cut at another comma than one between two images is no list, or a list and more.
        if end != len(part):
            raise ValueError
        _read_details(details, images, shared)
        position = found.end()
    details, end = _parse(f"[{text[position:]}")
    _read_details(details, images, shared)
    return tuple(images), position + end - 1


def _read_details(details: list[Any], images: list[Image], shared: _Shared) -> None:
    # Each detail is let go as soon as it is read: its memory is there for the next image, and in the cache.
    details.reverse()
    while details:
        detail = details.pop()
        try:
            image = _read_straight(detail, shared)
        except _LET_GO:
            image = image_from_dict(detail, f"imageDetails[{len(images)}]")
        images.append(image)


class _Interned(dict[Any, str]):
    """Strings that repeat, such as media types: each is checked, and kept in memory, once a page."""

    def __missing__(self, value: object) -> str:
        if type(value) is not str:
            raise _Odd
        self[value] = value
        return value


class _Times(dict[Any, datetime]):
    """Times that repeat, such as the date of the scanner's database, by their epoch seconds."""

    def __missing__(self, seconds: float) -> datetime:
        self[seconds] = time = datetime.fromtimestamp(seconds, timezone.utc)
        return time


class _Shared:
    """What the images of one page have in common.

    What the image before had is most often what the next one has. To compare costs less than to look it up,
    for which a new string or dict has to be hashed.
    """

    __slots__ = (
        "artifact_media_type",
        "image_status",
        "manifest_media_type",
        "registry_id",
        "repository_name",
        "scan_detail",
        "scan_status",
        "scan_status_records",
        "source_times",
        "status",
        "strings",
    )

    def __init__(self) -> None:
        self.strings = _Interned()
        self.source_times = _Times()
        self.scan_status_records: dict[tuple[str, str | None], ImageScanStatus] = {}
        self.registry_id = self.repository_name = ""
        self.manifest_media_type = self.artifact_media_type = ""
        self.status: Any = None
        self.image_status: Any = None
        self.scan_detail: Any = None
        self.scan_status: ImageScanStatus | None = None


class _Odd(Exception):
    """An image has something about it that takes the careful way."""


# What _read_straight() runs into on anything odd. The careful way says what is wrong with it, if anything.
_LET_GO = (_Odd, AttributeError, KeyError, OSError, OverflowError, TypeError, ValueError)


def _draft_of(record_class: type) -> Any:
    # The __init__ of a frozen class sets each field by a call, and takes four times as long as this: a
    # draft is a record whose fields can be set, and becomes a frozen one by a change of its class. Python
    # allows that between classes of the same layout.
    namespace = {name: getattr(object, name) for name in ("__init__", "__setattr__", "__delattr__")}
    return type(f"{record_class.__name__}Draft", (record_class,), {"__slots__": (), **namespace})


_ImageDraft = _draft_of(Image)
_SummaryDraft = _draft_of(ImageScanFindingsSummary)
_CountsDraft = _draft_of(SeverityCounts)
_NOTHING: FrozenMapping[Any] = FrozenMapping()
_UTC = timezone.utc
_from_timestamp = datetime.fromtimestamp


def _read_straight(detail: Any, shared: _Shared) -> Image:
    # One branch a member, in line: calls are what the other way spends its time on. `known` counts the
    # members that were read, so that a null or an unknown one is noticed.
    get = detail.get
    image = _ImageDraft()

    registry_id = detail["registryId"]
    if registry_id != shared.registry_id:
        shared.registry_id = shared.strings[registry_id]
    image.registry_id = shared.registry_id

    repository_name = detail["repositoryName"]
    if repository_name != shared.repository_name:
        shared.repository_name = shared.strings[repository_name]
    image.repository_name = shared.repository_name

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

    media_type = get("imageManifestMediaType")
    if media_type is None:
        image.manifest_media_type = None
    else:
        if media_type != shared.manifest_media_type:
            shared.manifest_media_type = shared.strings[media_type]
        image.manifest_media_type = shared.manifest_media_type
        known += 1

    media_type = get("artifactMediaType")
    if media_type is None:
        image.artifact_media_type = None
    else:
        if media_type != shared.artifact_media_type:
            shared.artifact_media_type = shared.strings[media_type]
        image.artifact_media_type = shared.artifact_media_type
        known += 1

    image.last_recorded_pull_time = time = get("lastRecordedPullTime")
    if time is not None:
        if type(time) is not float and type(time) is not int:
            raise _Odd
        image.last_recorded_pull_time = _from_timestamp(time, _UTC)
        known += 1

    status = get("imageStatus")
    if status is None:
        image.status = None
    else:
        if status != shared.status:
            shared.image_status = ImageStatus(status)
            shared.status = status
        image.status = shared.image_status
        known += 1

    scan_detail = get("imageScanStatus")
    if scan_detail is None:
        image.scan_status = None
    else:
        if scan_detail != shared.scan_detail:
            shared.scan_status = _read_scan_status(scan_detail, shared)
            shared.scan_detail = scan_detail
        image.scan_status = shared.scan_status
        known += 1

    summary = get("imageScanFindingsSummary")
    if summary is None:
        image.scan_findings_summary = None
    else:
        image.scan_findings_summary = _read_scan_findings_summary(summary, shared)
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
        known = ImageScanStatus(status=ScanStatus(status), description=description)
        shared.scan_status_records[status, description] = known
    if len(detail) != (1 if description is None else 2):
        raise _Odd
    return known


def _read_scan_findings_summary(detail: Any, shared: _Shared) -> ImageScanFindingsSummary:
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
        summary.vulnerability_source_updated_at = shared.source_times[time]
        known += 1
    summary.severity_counts = counts = get("findingSeverityCounts")
    if counts is not None:
        for count in counts.values():
            if type(count) is not int:
                raise _Odd
        # The dict came out of the body and nobody else holds it: it needs no copy.
        summary.severity_counts = frozen = _CountsDraft()
        frozen._items = counts
        frozen.__class__ = SeverityCounts
        known += 1
    if known != len(detail):
        raise _Odd
    summary.extra = _NOTHING
    summary.__class__ = ImageScanFindingsSummary
    return summary  # type: ignore[no-any-return]
