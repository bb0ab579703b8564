"""The records: what ECR returns about an image, frozen.

Each field documents its meaning, unit, what None means, and ECR's own name; its metadata has that name for the
code.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Self, cast, final

import attrs

from ecrimages._enums import ImageStatus, ScanStatus
from ecrimages._image_dict import record_from_dict, record_to_dict, wire
from ecrimages._mappings import FrozenMapping, SeverityCounts, freeze
from ecrimages._record_repr import repr_without_none, rich_repr

__all__ = ["NO_EXTRA", "Image", "ImagePage", "ImageScanFindingsSummary", "ImageScanStatus"]

# https://github.com/opencontainers/image-spec/blob/main/media-types.md, and Docker's own.
_INDEX_MEDIA_TYPES = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)

# pyright shows a field that has a converter with the type of its default: hence the casts.
_NO_TIME = cast("datetime | None", None)
_NO_TAGS = cast("tuple[str, ...]", ())
# The `extra` of a record without unknown fields: one object for all of them.
NO_EXTRA = cast("Mapping[str, Any]", FrozenMapping())


def _utc(value: datetime) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(f"a time must be an aware datetime, not {value!r}")
    if value.utcoffset() is None:
        raise ValueError(f"a time must be an aware datetime, but {value!r} has no time zone")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"a time must be between the years 1 and 9999 in UTC, not {value!r}") from None


def _tags(value: Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"tags must be an iterable of strings, not {value!r}")
    return tuple(value)


def _optional_utc(value: datetime | None) -> datetime | None:
    return None if value is None else _utc(value)


# The records have no slot for weak references, which would cost each image eight bytes. attrs has order=False by
# default, but mypy assumes True, and would let sorted() take records.


@final
@attrs.frozen(kw_only=True, order=False, repr=False, weakref_slot=False)
class ImageScanStatus:
    """The state of an image's vulnerability scan.

    ECR's name: `imageScanStatus`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanStatus.html).
    """

    status: ScanStatus | None = attrs.field(
        default=cast("ScanStatus | None", None),
        converter=attrs.converters.optional(ScanStatus),
        metadata=wire("status"),
    )
    """The state. None if not reported. ECR: `status`."""
    description: str | None = attrs.field(default=None, metadata=wire("description"))
    """The state in words. None if not reported, as while a scan is running. ECR: `description`."""
    extra: Mapping[str, Any] = attrs.field(default=NO_EXTRA, converter=freeze, eq=False, repr=False)
    """Fields that this version does not know, by ECR's own names. Ignored by equality, hash and repr."""

    __repr__ = repr_without_none
    __rich_repr__ = rich_repr


@final
@attrs.frozen(kw_only=True, order=False, repr=False, weakref_slot=False)
class ImageScanFindingsSummary:
    """The number of findings of an image's last vulnerability scan.

    AWS-native basic scanning, the default of new registries, does not fill it: a missing summary does not mean
    that the image was not scanned.

    ECR's name: `imageScanFindingsSummary`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanFindingsSummary.html).
    """

    scan_completed_at: datetime | None = attrs.field(
        default=_NO_TIME, converter=_optional_utc, metadata=wire("imageScanCompletedAt")
    )
    """When the scan finished, in UTC. None if not reported. ECR: `imageScanCompletedAt`."""
    vulnerability_source_updated_at: datetime | None = attrs.field(
        default=_NO_TIME, converter=_optional_utc, metadata=wire("vulnerabilitySourceUpdatedAt")
    )
    """When the scanner's vulnerability data was last updated, in UTC. None if not reported. ECR:
    `vulnerabilitySourceUpdatedAt`."""
    severity_counts: SeverityCounts | None = attrs.field(
        default=cast("SeverityCounts | None", None),
        converter=attrs.converters.optional(SeverityCounts),
        metadata=wire("findingSeverityCounts"),
    )
    """Number of findings by severity; empty if the scan found nothing. None if not reported. ECR:
    `findingSeverityCounts`."""
    extra: Mapping[str, Any] = attrs.field(default=NO_EXTRA, converter=freeze, eq=False, repr=False)
    """Fields that this version does not know, by ECR's own names. Ignored by equality, hash and repr."""

    __repr__ = repr_without_none
    __rich_repr__ = rich_repr


@final
@attrs.frozen(kw_only=True, order=False, repr=False, weakref_slot=False)
class Image:
    """One image of an Amazon ECR repository: one manifest, with everything that DescribeImages returns about it.

    Frozen, hashable, picklable, and equal to another image with the same fields. A multi-architecture push
    creates several: the index, which has the tags, and its child manifests, which have none.

    ECR's name: `ImageDetail`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageDetail.html).
    """

    registry_id: str = attrs.field(metadata=wire("registryId", repeats=True))
    """The AWS account that owns the registry, 12 digits. ECR: `registryId`."""
    repository_name: str = attrs.field(metadata=wire("repositoryName", repeats=True))
    """The repository, without the registry's host name. ECR: `repositoryName`."""
    digest: str = attrs.field(metadata=wire("imageDigest"))
    """The digest of the image's manifest, `sha256:…`, which identifies the image forever. ECR:
    `imageDigest`."""
    pushed_at: datetime = attrs.field(converter=_utc, metadata=wire("imagePushedAt"))
    """When this manifest was first pushed, in UTC. Tagging it again later does not change it. ECR:
    `imagePushedAt`."""
    tags: tuple[str, ...] = attrs.field(default=_NO_TAGS, converter=_tags, metadata=wire("imageTags"))
    """The tags, in no particular order; `()` if the image is untagged. ECR: `imageTags`."""
    size_in_bytes: int | None = attrs.field(default=None, metadata=wire("imageSizeInBytes"))
    """Size in the registry, in compressed bytes; of an index, the size of its largest child. None if not
    reported. ECR: `imageSizeInBytes`."""
    scan_status: ImageScanStatus | None = attrs.field(default=None, metadata=wire("imageScanStatus", repeats=True))
    """The state of the vulnerability scan. None if not reported, as always with AWS-native
    basic scanning. ECR: `imageScanStatus`."""
    scan_findings_summary: ImageScanFindingsSummary | None = attrs.field(
        default=None, metadata=wire("imageScanFindingsSummary")
    )
    """The number of findings of the last scan. None if not reported: the image may still have been
    scanned, as by AWS-native basic scanning. ECR: `imageScanFindingsSummary`."""
    manifest_media_type: str | None = attrs.field(default=None, metadata=wire("imageManifestMediaType", repeats=True))
    """The media type of the manifest, which distinguishes an image from an index. None if not reported. ECR:
    `imageManifestMediaType`."""
    artifact_media_type: str | None = attrs.field(default=None, metadata=wire("artifactMediaType", repeats=True))
    """The media type of the config, which distinguishes an image from a Helm chart or a signature. None for an
    index, or if not reported. ECR: `artifactMediaType`."""
    last_recorded_pull_time: datetime | None = attrs.field(
        default=_NO_TIME, converter=_optional_utc, metadata=wire("lastRecordedPullTime")
    )
    """When ECR last recorded a pull, in UTC; it does so at least once in 24 hours. None if the image was never
    pulled. ECR: `lastRecordedPullTime`."""
    subject_manifest_digest: str | None = attrs.field(default=None, metadata=wire("subjectManifestDigest"))
    """For a referrer, such as a signature or an SBOM, the digest of the image that it refers to. None for all
    others, or if not reported. ECR: `subjectManifestDigest`."""
    status: ImageStatus | None = attrs.field(
        default=cast("ImageStatus | None", None),
        converter=attrs.converters.optional(ImageStatus),
        metadata=wire("imageStatus", repeats=True),
    )
    """The storage class: ACTIVE, ARCHIVED or ACTIVATING. None if not reported. ECR: `imageStatus`."""
    last_archived_at: datetime | None = attrs.field(
        default=_NO_TIME, converter=_optional_utc, metadata=wire("lastArchivedAt")
    )
    """When the image was last archived, in UTC. None if it never was, or not reported. ECR:
    `lastArchivedAt`."""
    last_activated_at: datetime | None = attrs.field(
        default=_NO_TIME, converter=_optional_utc, metadata=wire("lastActivatedAt")
    )
    """When the image was last restored from the archive, in UTC. None if it never was, or not reported. ECR:
    `lastActivatedAt`."""
    extra: Mapping[str, Any] = attrs.field(default=NO_EXTRA, converter=freeze, eq=False, repr=False)
    """Fields that this version does not know, by ECR's own names, in wire form. Ignored by equality, hash and
    repr."""

    __repr__ = repr_without_none
    __rich_repr__ = rich_repr

    @property
    def severity_counts(self) -> SeverityCounts | None:
        """Number of findings by severity; empty if the last scan found nothing.

        None if the response has no counts, **which says nothing about whether the image was scanned**:
        AWS-native basic scanning reports only through `DescribeImageScanFindings`.
        """
        return self.scan_findings_summary and self.scan_findings_summary.severity_counts

    @property
    def is_index(self) -> bool:
        """Whether the manifest is an OCI index or a Docker manifest list, as of a multi-architecture image."""
        return self.manifest_media_type in _INDEX_MEDIA_TYPES

    @classmethod
    def from_dict(cls, detail: Mapping[str, Any]) -> Self:
        """Build an image from an item of `imageDetails`.

        Args:
            detail: The item with ECR's own names, in wire form (times in epoch seconds) or in boto3's form
                (times as aware datetimes). Times may also be text in ISO 8601, as the AWS CLI prints them.
                A field that is None counts as absent, and an unknown one goes into `extra`.

        Returns:
            The image. Later changes to `detail` do not affect it.

        Raises:
            MalformedResponseError: A required field is missing, or a field has the wrong type or is out of
                range; `path` names it.
        """
        return record_from_dict(cls, detail)

    def to_dict(self, *, wire: bool = False) -> dict[str, Any]:
        """Return the image with ECR's own names: the inverse of `from_dict()`.

        Args:
            wire: False for boto3's form, in which times are datetimes (here in UTC). True for the form that
                ECR sends, in which they are epoch seconds: it can be stored as JSON, and is exact to the
                microsecond until the year 2242.

        Returns:
            A new dict, without the fields that were not reported, and with those in `extra`.
        """
        return record_to_dict(self, wire=wire)


def _images(value: Iterable[Image]) -> tuple[Image, ...]:
    return tuple(value)


@final
@attrs.frozen(kw_only=True, order=False, weakref_slot=False)
class ImagePage:
    """One page of a listing: one response of DescribeImages.

    ECR's name: `DescribeImagesResponse`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html).
    """

    images: tuple[Image, ...] = attrs.field(converter=_images, repr=lambda images: f"<{len(images)} images>")
    """The images, in ECR's order, which is not documented. ECR: `imageDetails`."""
    next_token: str | None = None
    """The token of the next page, for `start_token=`. None on the last page. ECR: `nextToken`."""
    request_id: str | None = None
    """The id that AWS support asks for. None if the response had none. ECR: the header `x-amzn-RequestId`."""
    repository_name: str | None = None
    """The repository that was listed. None in a page that a program made without one."""
