"""Between a member of `imageDetails` and its record, in either form, by tables: pure functions.

The wire's form has times in epoch seconds, boto3's has datetimes. A null is an absent member. A member that
no table knows goes into `extra`, and a wrong one raises an error that says what is wrong where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from enum import Enum
from reprlib import Repr
from typing import Any, NamedTuple

import attrs

from ecrimages._enums import ImageStatus, ScanStatus
from ecrimages._errors import MalformedResponseError, redacted
from ecrimages._mappings import SeverityCounts, thaw
from ecrimages._models import Image, ImageScanFindingsSummary, ImageScanStatus

__all__ = ["excerpt", "image_from_dict", "image_to_dict"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

_LONGEST_EXCERPT = 200


class _Excerpts(Repr):
    def repr_str(self, x: str, level: int) -> str:
        # A string that is cut first may have lost what a secret is known by, and kept some of the secret.
        return super().repr_str(redacted(x), level)


_excerpts = _Excerpts()
_excerpts.maxstring = _excerpts.maxother = 60


def excerpt(value: object) -> str:
    """Return the repr of what an answer held, short enough for a message and without secrets."""
    try:
        text = str(redacted(_excerpts.repr(value)))
    except ValueError:
        # Python does not print an int of more than 4,300 digits.
        return f"a very long {type(value).__name__}"
    # Lists in lists are long though each is cut.
    return text if len(text) <= _LONGEST_EXCERPT else f"{text[:_LONGEST_EXCERPT]}..."


def image_from_dict(detail: object, path: str = "") -> Image:
    """Return the image in a member of `imageDetails`; `path` is where the member stands in the answer.

    Raises:
        MalformedResponseError: A member is missing, of a wrong type or out of range.
    """
    try:
        return _image(detail)
    except _Unreadable as unreadable:
        problem, place = str(unreadable), path + unreadable.path
    except RecursionError:
        problem, place = "nested too deeply", path
    raise MalformedResponseError(problem, path=place.lstrip("."))


def image_to_dict(image: Image, *, wire: bool) -> dict[str, Any]:
    """Return an image as a member of `imageDetails`, in the wire's form or in boto3's."""
    return _members_of(image, wire)


class _Unreadable(Exception):
    """A member is not what it should be: says what is wrong, and where below it the fault is."""

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(problem)
        self.path = path


def _expected(what: str, value: object, path: str = "") -> _Unreadable:
    return _Unreadable(f"expected {what}, not {excerpt(value)}", path)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise _expected("a string", value)
    return value


def _integer(value: object) -> int:
    # JSON has one kind of number, and 3.7E9 is how some encoders write a long.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _expected("an integer", value)
    return value


def _time(value: object) -> datetime:
    if isinstance(value, str):
        value = _time_in_words(value)
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise _expected("a time with its zone", value)
    elif not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _expected("a time in epoch seconds, or an aware datetime", value)
    try:
        if isinstance(value, datetime):
            return value.astimezone(timezone.utc)
        # fromtimestamp() rounds as the straight way does, but takes no negative numbers on Windows.
        if value >= 0:
            return datetime.fromtimestamp(value, timezone.utc)
        return _EPOCH + timedelta(seconds=value)
    except (ValueError, OverflowError, OSError):
        raise _expected("a time between the years 1 and 9999", value) from None


def _time_in_words(value: str) -> datetime:
    # The AWS CLI prints times so, and what it printed is often what was kept. Python 3.10 wants the
    # letter Z spelled out.
    try:
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        raise _expected("a time in epoch seconds, or in ISO 8601", value) from None


def _tags(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise _expected("a list of strings", value)
    for index, tag in enumerate(value):
        if not isinstance(tag, str):
            raise _expected("a string", tag, f"[{index}]")
    return tuple(value)


def _severity_counts(value: object) -> SeverityCounts:
    if not isinstance(value, Mapping):
        raise _expected("an object of severities and counts", value)
    counts: dict[str, int] = {}
    for severity, count in value.items():
        if not isinstance(severity, str):
            raise _expected("strings as severities", severity)
        try:
            counts[severity] = _integer(count)
        except _Unreadable as unreadable:
            unreadable.path = f".{severity:.60}"
            raise
    return SeverityCounts(counts)


def _scan_status(value: object) -> ImageScanStatus:
    return ImageScanStatus(**_fields(value, _SCAN_STATUS))


def _scan_findings_summary(value: object) -> ImageScanFindingsSummary:
    return ImageScanFindingsSummary(**_fields(value, _SCAN_FINDINGS_SUMMARY))


def _image(value: object) -> Image:
    fields = _fields(value, _IMAGE)
    for name in _REQUIRED:
        if _IMAGE[name].field not in fields:
            raise _Unreadable("missing", f".{name}")
    return Image(**fields)


class _Member(NamedTuple):
    field: str
    read: Callable[[Any], Any]


_SCAN_STATUS: Mapping[str, _Member] = {
    "status": _Member("status", lambda value: ScanStatus(_string(value))),
    "description": _Member("description", _string),
}
_SCAN_FINDINGS_SUMMARY: Mapping[str, _Member] = {
    "imageScanCompletedAt": _Member("scan_completed_at", _time),
    "vulnerabilitySourceUpdatedAt": _Member("vulnerability_source_updated_at", _time),
    "findingSeverityCounts": _Member("severity_counts", _severity_counts),
}
_IMAGE: Mapping[str, _Member] = {
    "registryId": _Member("registry_id", _string),
    "repositoryName": _Member("repository_name", _string),
    "imageDigest": _Member("digest", _string),
    "imageTags": _Member("tags", _tags),
    "imageSizeInBytes": _Member("size_in_bytes", _integer),
    "imagePushedAt": _Member("pushed_at", _time),
    "imageScanStatus": _Member("scan_status", _scan_status),
    "imageScanFindingsSummary": _Member("scan_findings_summary", _scan_findings_summary),
    "imageManifestMediaType": _Member("manifest_media_type", _string),
    "artifactMediaType": _Member("artifact_media_type", _string),
    "lastRecordedPullTime": _Member("last_recorded_pull_time", _time),
    "subjectManifestDigest": _Member("subject_manifest_digest", _string),
    "imageStatus": _Member("status", lambda value: ImageStatus(_string(value))),
    "lastArchivedAt": _Member("last_archived_at", _time),
    "lastActivatedAt": _Member("last_activated_at", _time),
}
_TABLES: Mapping[type, Mapping[str, _Member]] = {
    Image: _IMAGE,
    ImageScanStatus: _SCAN_STATUS,
    ImageScanFindingsSummary: _SCAN_FINDINGS_SUMMARY,
}

_fields_of_image = attrs.fields_dict(Image)
_REQUIRED = [
    name for name, member in _IMAGE.items() if _fields_of_image[member.field].default is attrs.NOTHING
]


def _fields(value: object, members: Mapping[str, _Member]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _expected("an object", value)
    fields: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, item in value.items():
        # ECR leaves a member out where it has nothing to say; some encoders send null instead.
        if item is None:
            continue
        if name not in members:
            extra[name] = item
            continue
        member = members[name]
        try:
            fields[member.field] = member.read(item)
        except _Unreadable as unreadable:
            unreadable.path = f".{name}{unreadable.path}"
            raise
    if extra:
        fields["extra"] = extra
    return fields


def _members_of(record: Any, wire: bool) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, member in _TABLES[type(record)].items():
        value = getattr(record, member.field)
        # ECR has no empty list of tags: an untagged image has no such member.
        if value is not None and value != ():
            members[name] = _member(value, wire)
    return {**members, **thaw(record.extra)}


def _member(value: Any, wire: bool) -> Any:
    if type(value) in _TABLES:
        return _members_of(value, wire)
    if isinstance(value, datetime):
        return _epoch_seconds(value) if wire else value
    if isinstance(value, Enum):
        return value.value
    return thaw(value)


def _epoch_seconds(time: datetime) -> int | float:
    seconds = (time - _EPOCH).total_seconds()
    return int(seconds) if seconds.is_integer() else seconds
