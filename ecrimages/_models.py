"""The records: what ECR says of an image, frozen.

Each field documents the meaning, the unit, what None means and ECR's own name. The rules of the wire
stand apart, in `_members` and `_wire`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, cast, final

import attrs

from ecrimages._enums import ImageStatus, ScanStatus
from ecrimages._mappings import FrozenMapping, SeverityCounts, freeze

__all__ = ["Image", "ImageId", "ImagePage", "ImageScanFindingsSummary", "ImageScanStatus"]

# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageIdentifier.html gives a tag 1 to
# 300 characters. The characters below are in no tag of the OCI grammar: whoever sends them has passed
# a whole image reference, and "does not exist" would be the wrong answer.
_TAG = re.compile(r"[^\s:/@]{1,300}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

# Of a field with a converter, editors that ask pyright show the type of the default: hence the casts.
_NO_TIME = cast("datetime | None", None)
_NO_TAGS = cast("tuple[str, ...]", ())
# What an image without unknown members has in `extra`: one object for all of them.
_NOTHING = cast("Mapping[str, Any]", FrozenMapping())


def _utc(value: datetime) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(f"a time must be an aware datetime, not {value!r}")
    if value.utcoffset() is None:
        raise ValueError(f"a time must be an aware datetime, but {value!r} has no time zone")
    try:
        return value.astimezone(timezone.utc)
    except OverflowError:
        raise ValueError(f"a time must be between the years 1 and 9999 in UTC, not {value!r}") from None


def _tags(value: Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        raise TypeError(f"tags must be an iterable of strings, not the string {value!r}")
    return tuple(value)


def _optional_utc(value: datetime | None) -> datetime | None:
    return None if value is None else _utc(value)


def _said(record: Any) -> str:
    # A record of sixteen fields is readable only without those of which ECR said nothing.
    fields = ((field.name, getattr(record, field.name)) for field in attrs.fields(type(record)) if field.repr)
    said = ", ".join(f"{name}={value!r}" for name, value in fields if value is not None)
    return f"{type(record).__name__}({said})"


# order=False is the default of attrs, but mypy takes it for True, and lets sorted() take records.


@final
@attrs.frozen(kw_only=True, order=False, repr=False, weakref_slot=False)
class ImageId:
    """Names one image of a repository, by tag or by digest.

    With both, ECR answers only if the tag is on the image with that digest. ECR's name:
    `ImageIdentifier` (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageIdentifier.html).

    Raises:
        TypeError: `tag` or `digest` is not a string.
        ValueError: Neither is given; the tag is empty, longer than 300 characters, or holds white
            space, ':', '/' or '@'; the digest is not 'sha256:' and 64 lower-case hex digits.
    """

    tag: str | None = attrs.field(default=None)
    """A tag, without the repository's name. None if the image is named by digest. ECR: `imageTag`."""
    digest: str | None = attrs.field(default=None)
    """A manifest digest, `sha256:…`. None if the image is named by tag. ECR: `imageDigest`."""

    @tag.validator
    def _check_tag(self, attribute: attrs.Attribute[str | None], value: str | None) -> None:
        _check_matches("tag", value, _TAG, "1 to 300 characters without white space, ':', '/' or '@'")

    @digest.validator
    def _check_digest(self, attribute: attrs.Attribute[str | None], value: str | None) -> None:
        _check_matches("digest", value, _DIGEST, "'sha256:' and 64 lower-case hex digits")

    def __attrs_post_init__(self) -> None:
        if self.tag is None and self.digest is None:
            raise ValueError("an ImageId needs a tag or a digest, such as ImageId(tag='v1')")

    def __repr__(self) -> str:
        return _said(self)


def _check_matches(name: str, value: object, pattern: re.Pattern[str], allowed: str) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {value!r}")
    if not pattern.fullmatch(value):
        raise ValueError(f"{name} must be {allowed}, not {value!r}")


# The records have no slot for weak references, which would cost each image eight bytes.


@final
@attrs.frozen(kw_only=True, order=False, repr=False, weakref_slot=False)
class ImageScanStatus:
    """The state of an image's vulnerability scan.

    ECR's name: `imageScanStatus`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanStatus.html).
    """

    status: ScanStatus | None = attrs.field(
        default=cast("ScanStatus | None", None), converter=attrs.converters.optional(ScanStatus)
    )
    """The state. None if ECR did not say. ECR: `status`."""
    description: str | None = attrs.field(default=None)
    """The state in words. None if ECR did not say, as it does while a scan runs. ECR: `description`."""
    extra: Mapping[str, Any] = attrs.field(default=_NOTHING, converter=freeze, eq=False, repr=False)
    """Members that this version does not know, by ECR's own names. Empty if there are none. No part of
    equality, hash and repr."""

    def __repr__(self) -> str:
        return _said(self)


@final
@attrs.frozen(kw_only=True, order=False, repr=False, weakref_slot=False)
class ImageScanFindingsSummary:
    """What an image's last vulnerability scan found, in numbers.

    ECR's name: `imageScanFindingsSummary`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanFindingsSummary.html).
    """

    scan_completed_at: datetime | None = attrs.field(default=_NO_TIME, converter=_optional_utc)
    """When the scan ended, in UTC. None if ECR did not say. ECR: `imageScanCompletedAt`."""
    vulnerability_source_updated_at: datetime | None = attrs.field(default=_NO_TIME, converter=_optional_utc)
    """How old the scanner's data was: their last update, in UTC. None if ECR did not say. ECR:
    `vulnerabilitySourceUpdatedAt`."""
    severity_counts: SeverityCounts | None = attrs.field(
        default=cast("SeverityCounts | None", None), converter=attrs.converters.optional(SeverityCounts)
    )
    """Number of findings by severity; empty if the scan found nothing. None if ECR did not say. ECR:
    `findingSeverityCounts`."""
    extra: Mapping[str, Any] = attrs.field(default=_NOTHING, converter=freeze, eq=False, repr=False)
    """Members that this version does not know, by ECR's own names. Empty if there are none. No part of
    equality, hash and repr."""

    def __repr__(self) -> str:
        return _said(self)


@final
@attrs.frozen(kw_only=True, order=False, repr=False, weakref_slot=False)
class Image:
    """One image of an Amazon ECR repository: one manifest, with all that DescribeImages tells of it.

    Frozen, hashable, picklable, and equal to another with the same fields. A multi-architecture push
    makes several: the index, which carries the tags, and its members, which carry none.

    ECR's name: `ImageDetail`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageDetail.html).
    """

    registry_id: str
    """The AWS account that owns the registry, 12 digits. ECR: `registryId`."""
    repository_name: str
    """The repository, without the registry's host name. ECR: `repositoryName`."""
    digest: str
    """The digest of the image's manifest, `sha256:…`, which names the image for good. ECR:
    `imageDigest`."""
    pushed_at: datetime = attrs.field(converter=_utc)
    """When this manifest was first pushed, in UTC. Another tag put on it later does not change it. ECR:
    `imagePushedAt`."""
    tags: tuple[str, ...] = attrs.field(default=_NO_TAGS, converter=_tags)
    """The tags, in ECR's order, which means nothing; `()` if the image is untagged. ECR: `imageTags`."""
    size_in_bytes: int | None = None
    """Size in the registry, in compressed bytes; of an index, the size of its largest member. None if
    ECR did not say. ECR: `imageSizeInBytes`."""
    scan_status: ImageScanStatus | None = None
    """The state of the vulnerability scan. None if the image was never scanned, or ECR did not say. ECR:
    `imageScanStatus`."""
    scan_findings_summary: ImageScanFindingsSummary | None = None
    """What the last scan found, in numbers. None if there was no scan, or ECR did not say; with counts
    that are empty, the scan found nothing. ECR: `imageScanFindingsSummary`."""
    manifest_media_type: str | None = None
    """The media type of the manifest, which tells an image from an index. None if ECR did not say. ECR:
    `imageManifestMediaType`."""
    artifact_media_type: str | None = None
    """The media type of the config, which tells an image from a Helm chart or a signature. None on an
    index, or if ECR did not say. ECR: `artifactMediaType`."""
    last_recorded_pull_time: datetime | None = attrs.field(default=_NO_TIME, converter=_optional_utc)
    """When ECR last recorded a pull, in UTC; it does so at least once in 24 hours. None if the image was
    never pulled. ECR: `lastRecordedPullTime`."""
    subject_manifest_digest: str | None = None
    """For a signature, an SBOM or another referrer, the digest of the image that it is about. None for
    all others, or if ECR did not say. ECR: `subjectManifestDigest`."""
    status: ImageStatus | None = attrs.field(
        default=cast("ImageStatus | None", None), converter=attrs.converters.optional(ImageStatus)
    )
    """The storage class: ACTIVE, ARCHIVED or ACTIVATING. None if ECR did not say. ECR: `imageStatus`."""
    last_archived_at: datetime | None = attrs.field(default=_NO_TIME, converter=_optional_utc)
    """When the image was last moved to the archive, in UTC. None if it never was, or ECR did not say. ECR:
    `lastArchivedAt`."""
    last_activated_at: datetime | None = attrs.field(default=_NO_TIME, converter=_optional_utc)
    """When the image last came back from the archive, in UTC. None if it never did, or ECR did not say.
    ECR: `lastActivatedAt`."""
    extra: Mapping[str, Any] = attrs.field(default=_NOTHING, converter=freeze, eq=False, repr=False)
    """Members that this version does not know, by ECR's own names, in wire form. Empty if there are none.
    No part of equality, hash and repr."""

    def __repr__(self) -> str:
        return _said(self)

    # The rules of the wire live one floor up, where they can be changed without touching the records;
    # people look for these two here. Hence the imports inside, which run once.

    @classmethod
    def from_dict(cls, detail: Mapping[str, Any]) -> Image:
        """Build an image from a member of `imageDetails`.

        Args:
            detail: The member in wire form (times are epoch seconds) or in boto3's (times are aware
                datetimes), with ECR's own names. Members that are None count as absent, unknown ones
                go into `extra`.

        Returns:
            The image. Later changes to `detail` do not show in it.

        Raises:
            MalformedResponseError: A member that every image has is missing, or one is of a wrong
                type or out of range; `path` names it.
        """
        from ecrimages import _members

        return _members.image_from_dict(detail)

    def to_dict(self, *, wire: bool = False) -> dict[str, Any]:
        """Give ECR's own names back: the inverse of `from_dict()`.

        Args:
            wire: False for boto3's form, in which times are datetimes (here in UTC). True for the
                form that ECR sends, in which they are epoch seconds: it can be stored as JSON, and is
                exact to the microsecond until the year 2242.

        Returns:
            A new dict, without the members of which ECR said nothing, and with those in `extra`.
        """
        from ecrimages import _members

        return _members.image_to_dict(self, wire=wire)


def _images(value: Iterable[Image]) -> tuple[Image, ...]:
    return tuple(value)


@final
@attrs.frozen(kw_only=True, order=False, weakref_slot=False)
class ImagePage:
    """One answer of DescribeImages.

    ECR's name: `DescribeImagesResponse`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html).
    """

    images: tuple[Image, ...] = attrs.field(converter=_images, repr=lambda images: f"<{len(images)} images>")
    """The images, in ECR's order, which is not documented. `()` only if the repository, or what the
    filters leave of it, ends here. ECR: `imageDetails`."""
    next_token: str | None = None
    """Where the next page begins: for `start_token=`. None on the last page. ECR: `nextToken`."""
    request_id: str | None = None
    """What AWS support asks for: the id of the request that was answered. None if the answer had none.
    ECR: the header `x-amzn-RequestId`."""
