"""The part of `FakeECR` that adds repositories and images."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal, get_args

import attrs

from ecrimages._models import Image, ImageScanFindingsSummary, ImageScanStatus
from ecrimages.testing._images import (
    INDEX_MEDIA_TYPES,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    check_digest,
    check_image,
    check_registry_id,
    check_repository_name,
    check_tag,
    make_image,
    scan_fields,
)
from ecrimages.testing._registry import Registry
from ecrimages.testing._repository import StoredImage

__all__ = ["Contents"]

_Mutability = Literal["MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION"]


class Contents:
    """Adds repositories and images to a registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._image_numbers = itertools.count(1)

    def add_repository(
        self,
        repository_name: str,
        *,
        registry_id: str | None = None,
        image_tag_mutability: _Mutability = "MUTABLE",
        scan_on_push: bool = False,
    ) -> None:
        """Add a repository, or change the settings of an existing one.

        `add_image()` adds missing repositories.

        Args:
            repository_name: The name, such as `team/app`.
            registry_id: The account that owns it. None for the account of the callers.
            image_tag_mutability: Reported by DescribeRepositories, without effect on tags.
            scan_on_push: Reported by DescribeRepositories, without effect on images.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is malformed.
        """
        registry_id = self._registry.registry_id if registry_id is None else registry_id
        check_registry_id(registry_id)
        check_repository_name(repository_name)
        if image_tag_mutability not in get_args(_Mutability):
            allowed = ", ".join(get_args(_Mutability))
            raise ValueError(f"image_tag_mutability must be one of {allowed}, not {image_tag_mutability!r}")
        if not isinstance(scan_on_push, bool):
            raise TypeError(f"scan_on_push must be a bool, not {scan_on_push!r}")
        with self._registry.lock:
            repository = self._registry.add_repository(registry_id, repository_name)
            repository.image_tag_mutability = image_tag_mutability
            repository.scan_on_push = scan_on_push

    def add_image(
        self,
        repository_name: str,
        *,
        tags: Iterable[str] = (),
        digest: str | None = None,
        pushed_at: datetime | None = None,
        size_in_bytes: int | None = 30_000_000,
        manifest_media_type: str | None = OCI_MANIFEST,
        artifact_media_type: str | None = OCI_CONFIG,
        status: str | None = "ACTIVE",
        scan_status: ImageScanStatus | None = None,
        scan_findings_summary: ImageScanFindingsSummary | None = None,
        findings: Mapping[str, int] | None = None,
        basic_scan_findings: Mapping[str, int] | None = None,
        last_recorded_pull_time: datetime | None = None,
        subject_manifest_digest: str | None = None,
        last_archived_at: datetime | None = None,
        last_activated_at: datetime | None = None,
        registry_id: str | None = None,
    ) -> Image:
        """Add an image, by default one that looks like the result of `docker push`.

        As in ECR, a tag of another image moves to this one. An image with the same digest is replaced. A
        field that is None is absent from the response.

        Args:
            repository_name: The repository, which is added if it does not exist.
            tags: The tags. `()` for an untagged image.
            digest: The digest of the manifest: `sha256:` and 64 lower-case hex digits. None to generate one.
            pushed_at: When it was pushed, an aware datetime. None for now.
            size_in_bytes: The size.
            manifest_media_type: The media type of the manifest.
            artifact_media_type: The media type of the config. An index has none: the default is then None.
            status: The storage class, an `ImageStatus` or its string.
            scan_status: The state of the scan.
            scan_findings_summary: The result of the scan.
            findings: The number of findings by severity, such as `{"CRITICAL": 1}`: sets `scan_status` to
                COMPLETE, and `scan_findings_summary`.
            basic_scan_findings: The same for AWS-native basic scanning, which only DescribeImageScanFindings
                reports: DescribeImages returns neither of the two scan fields.
            last_recorded_pull_time: When it was last pulled, an aware datetime.
            subject_manifest_digest: For a referrer, such as a signature, the digest of its subject.
            last_archived_at: When it was last archived, an aware datetime.
            last_activated_at: When it was last restored from the archive, an aware datetime.
            registry_id: The account that owns the repository. None for the account of the callers.

        Returns:
            The image, equal to the one that a client lists.

        Raises:
            TypeError: An argument has the wrong type, or more than one was given of `findings`,
                `basic_scan_findings`, and the two scan fields.
            ValueError: An argument is malformed or out of range.
        """
        if manifest_media_type in INDEX_MEDIA_TYPES and artifact_media_type == OCI_CONFIG:
            artifact_media_type = None
        given = [findings, basic_scan_findings, scan_status or scan_findings_summary]
        if len(given) - given.count(None) > 1:
            names = "findings, basic_scan_findings, and scan_status with scan_findings_summary"
            raise TypeError(f"{names} exclude each other")
        image = make_image(
            tags,
            registry_id=self._registry.registry_id if registry_id is None else registry_id,
            repository_name=repository_name,
            digest=self._new_digest() if digest is None else digest,
            pushed_at=datetime.now(UTC) if pushed_at is None else pushed_at,
            size_in_bytes=size_in_bytes,
            manifest_media_type=manifest_media_type,
            artifact_media_type=artifact_media_type,
            status=status,
            scan_status=scan_status,
            scan_findings_summary=scan_findings_summary,
            last_recorded_pull_time=last_recorded_pull_time,
            subject_manifest_digest=subject_manifest_digest,
            last_archived_at=last_archived_at,
            last_activated_at=last_activated_at,
        )
        scanned = None
        if findings is not None:
            image = attrs.evolve(image, **scan_fields("findings", findings, image.pushed_at))
        if basic_scan_findings is not None:
            fields = scan_fields("basic_scan_findings", basic_scan_findings, image.pushed_at)
            scanned = attrs.evolve(image, **fields)
        self._add(StoredImage(image, scanned=scanned))
        return image

    def add_index(
        self,
        repository_name: str,
        children: Iterable[Image | str],
        *,
        tags: Iterable[str] = (),
        digest: str | None = None,
        pushed_at: datetime | None = None,
        manifest_media_type: str = OCI_INDEX,
        status: str | None = "ACTIVE",
        last_recorded_pull_time: datetime | None = None,
        registry_id: str | None = None,
    ) -> Image:
        """Add an index (a multi-architecture image) of images that were added to the same repository.

        Its size is that of the largest child manifest, as ECR reports it. BatchGetImage returns the digests
        of the child manifests, and BatchDeleteImage refuses to delete these while the index exists.

        Args:
            repository_name: The repository.
            children: The child manifests, one or more: images, or their digests.
            tags: The tags of the index.
            digest: As for `add_image()`.
            pushed_at: As for `add_image()`.
            manifest_media_type: The media type of an OCI index or of a Docker manifest list.
            status: As for `add_image()`.
            last_recorded_pull_time: As for `add_image()`.
            registry_id: As for `add_image()`.

        Returns:
            The index, equal to the image that a client lists.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is malformed, or a child manifest is not in the repository.
        """
        if isinstance(children, (str, Image)) or not isinstance(children, Iterable):
            raise TypeError(f"children must be an iterable of images or digests, not {children!r}")
        if manifest_media_type not in INDEX_MEDIA_TYPES:
            allowed = " or ".join(sorted(INDEX_MEDIA_TYPES))
            raise ValueError(f"manifest_media_type must be {allowed}, not {manifest_media_type!r}")
        registry_id = self._registry.registry_id if registry_id is None else registry_id
        child_digests: list[str] = []
        sizes: list[int | None] = []
        for item in children:
            child_digest = item.digest if isinstance(item, Image) else item
            check_digest("each of children", child_digest)
            stored = self._stored(registry_id, repository_name, child_digest)
            child_digests.append(child_digest)
            sizes.append(stored.image.size_in_bytes)
        if not child_digests:
            raise ValueError("children must not be empty")
        image = make_image(
            tags,
            registry_id=registry_id,
            repository_name=repository_name,
            digest=self._new_digest() if digest is None else digest,
            pushed_at=datetime.now(UTC) if pushed_at is None else pushed_at,
            size_in_bytes=max((size for size in sizes if size is not None), default=None),
            manifest_media_type=manifest_media_type,
            status=status,
            last_recorded_pull_time=last_recorded_pull_time,
        )
        self._add(StoredImage(image, children=tuple(child_digests)))
        return image

    def add_images(self, images: Iterable[Image]) -> None:
        """Add images to the registries and repositories that they name. Suitable for 100,000 images.

        Args:
            images: The images.

        Raises:
            TypeError: An element is not an `Image`, or one of its fields has the wrong type. The images before it
                were added.
            ValueError: A field of an image is malformed. The images before it were added.
        """
        for image in images:
            check_image(image)
            self._add(StoredImage(image))

    def tag_image(self, repository_name: str, tag: str, digest: str, *, registry_id: str | None = None) -> None:
        """Put a tag on an image, and take it from the image that has it.

        Args:
            repository_name: The repository.
            tag: The tag.
            digest: The digest of an image in the repository.
            registry_id: The account that owns the repository. None for the account of the callers.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is malformed, or the repository has no image with the digest.
        """
        check_tag("tag", tag)
        check_digest("digest", digest)
        registry_id = self._registry.registry_id if registry_id is None else registry_id
        with self._registry.lock:
            self._stored(registry_id, repository_name, digest)
            self._registry.add_repository(registry_id, repository_name).move_tag(tag, digest)

    def _new_digest(self) -> str:
        content = f"image {next(self._image_numbers)}"
        return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"

    def _add(self, stored: StoredImage) -> None:
        image = stored.image
        with self._registry.lock:
            self._registry.add_repository(image.registry_id, image.repository_name).add(stored)

    def _stored(self, registry_id: str, repository_name: str, digest: str) -> StoredImage:
        check_registry_id(registry_id)
        check_repository_name(repository_name)
        with self._registry.lock:
            repository = self._registry.find_repository(registry_id, repository_name)
            stored = repository and repository.get(digest)
        if not stored:
            raise ValueError(f"the repository {repository_name!r} has no image with the digest {digest!r}")
        return stored
