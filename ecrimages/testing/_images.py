"""Images that a repository can hold: construction and validation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from ecrimages._enums import FindingSeverity, ImageStatus
from ecrimages._models import Image, ImageScanFindingsSummary, ImageScanStatus
from ecrimages.testing._patterns import IMAGE_DIGEST, REGISTRY_ID, REPOSITORY_NAME, TAG, matches

__all__ = [
    "DOCKER_MANIFEST",
    "INDEX_MEDIA_TYPES",
    "OCI_CONFIG",
    "OCI_INDEX",
    "OCI_MANIFEST",
    "check_digest",
    "check_image",
    "check_registry_id",
    "check_repository_name",
    "check_tag",
    "make_image",
    "scan_fields",
]

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX_MEDIA_TYPES = frozenset({OCI_INDEX, "application/vnd.docker.distribution.manifest.list.v2+json"})

_REQUIRED = frozenset({"registry_id", "repository_name", "digest", "pushed_at"})
_TIME = (datetime, "an aware datetime")
_STRING = (str, "a string")
_TYPES: Mapping[str, tuple[type, str]] = {
    "registry_id": _STRING,
    "repository_name": _STRING,
    "digest": _STRING,
    "pushed_at": _TIME,
    "size_in_bytes": (int, "an int"),
    "scan_status": (ImageScanStatus, "an ImageScanStatus"),
    "scan_findings_summary": (ImageScanFindingsSummary, "an ImageScanFindingsSummary"),
    "manifest_media_type": _STRING,
    "artifact_media_type": _STRING,
    "last_recorded_pull_time": _TIME,
    "subject_manifest_digest": _STRING,
    "status": (str, "an ImageStatus or a string"),
    "last_archived_at": _TIME,
    "last_activated_at": _TIME,
}


def make_image(tags: Iterable[str], **fields: Any) -> Image:
    """Return an image with fields of the right types."""
    if isinstance(tags, str) or not isinstance(tags, Iterable):
        raise TypeError(f"tags must be an iterable of strings, not {tags!r}")
    _check_types(fields)
    for name, value in fields.items():
        if isinstance(value, datetime) and value.utcoffset() is None:
            raise ValueError(f"{name} must be an aware datetime, but {value!r} has no time zone")
    image = Image(tags=tags, **fields)
    check_image(image)
    return image


def check_image(image: object) -> None:
    """Raise TypeError or ValueError unless a repository can hold the image."""
    if not isinstance(image, Image):
        raise TypeError(f"images must be Image objects, not {image!r}")
    _check_types({name: getattr(image, name) for name in _TYPES})
    check_registry_id(image.registry_id)
    check_repository_name(image.repository_name)
    check_digest("digest", image.digest)
    for tag in image.tags:
        check_tag("each of tags", tag)
    if len(set(image.tags)) < len(image.tags):
        raise ValueError(f"tags must differ, not {image.tags!r}")
    if image.size_in_bytes is not None and image.size_in_bytes < 0:
        raise ValueError(f"size_in_bytes must not be negative, not {image.size_in_bytes!r}")
    if image.status is not None:
        _check_case("status", image.status.value, ImageStatus)
    if image.subject_manifest_digest is not None:
        check_digest("subject_manifest_digest", image.subject_manifest_digest)


def check_registry_id(registry_id: object) -> None:
    """Raise TypeError or ValueError unless this is an account id."""
    _check_matches("registry_id", registry_id, REGISTRY_ID, "12 digits")


def check_repository_name(repository_name: object) -> None:
    """Raise TypeError or ValueError unless a repository can have the name."""
    right = f"2 to 256 characters that match {REPOSITORY_NAME.pattern}"
    _check_matches("repository_name", repository_name, REPOSITORY_NAME, right)
    if not 2 <= len(str(repository_name)) <= 256:
        raise ValueError(f"repository_name must be {right}, not {repository_name!r}")


def check_digest(name: str, digest: object) -> None:
    """Raise TypeError or ValueError unless this is a digest that clients accept."""
    _check_matches(name, digest, IMAGE_DIGEST, "'sha256:' and 64 lower-case hex digits")


def check_tag(name: str, tag: object) -> None:
    """Raise TypeError or ValueError unless an image can have the tag."""
    _check_matches(name, tag, TAG, f"1 to 300 characters that match {TAG.pattern}")


def scan_fields(name: str, counts: Mapping[str, int], completed_at: datetime) -> dict[str, Any]:
    """Return the fields of an image after a completed scan."""
    if not isinstance(counts, Mapping):
        raise TypeError(f"{name} must be a mapping such as {{'CRITICAL': 1}}, not {counts!r}")
    summary = ImageScanFindingsSummary(
        scan_completed_at=completed_at,
        vulnerability_source_updated_at=completed_at,
        severity_counts=counts,
    )
    for severity in counts:
        _check_case(f"a severity in {name}", severity, FindingSeverity)
    if any(count < 0 for count in counts.values()):
        raise ValueError(f"{name} must not be negative, not {counts!r}")
    status = ImageScanStatus(status="COMPLETE", description="The scan was completed successfully.")
    return {"scan_status": status, "scan_findings_summary": summary}


def _check_types(fields: Mapping[str, object]) -> None:
    for name, value in fields.items():
        expected, right = _TYPES[name]
        if type(value) is expected or (value is None and name not in _REQUIRED):
            continue
        if not isinstance(value, expected) or isinstance(value, bool):
            raise TypeError(f"{name} must be {right}, not {value!r}")


def _check_case(name: str, value: str, known: type[StrEnum]) -> None:
    # A value that this version does not know may be a newer one, unless it only differs in case.
    if value not in list(known) and value.upper() in list(known):
        raise ValueError(f"{name} must be {value.upper()!r}, not {value!r}")


def _check_matches(name: str, value: object, pattern: re.Pattern[str], right: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {value!r}")
    if not matches(pattern, value):
        raise ValueError(f"{name} must be {right}, not {value!r}")
