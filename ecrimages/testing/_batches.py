"""The batch operations on images: BatchDeleteImage and BatchGetImage."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ecrimages.testing._manifests import manifest
from ecrimages.testing._patterns import DIGEST, matches
from ecrimages.testing._registry import Registry
from ecrimages.testing._repository import Repository, StoredImage

__all__ = ["batch_delete_image", "batch_get_image"]


class _FailedIdError(Exception):
    """One id of a batch fails; the others do not."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def batch_get_image(registry: Registry, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifests of images."""
    repository = registry.repository(parameters)
    images, failures = [], []
    for image_id in parameters["imageIds"]:
        try:
            stored = _accessible(_resolve(repository, image_id))
        except _FailedIdError as failure:
            failures.append(_failure_fields(image_id, failure))
            continue
        content = manifest(stored, repository)
        image = {
            "registryId": stored.image.registry_id,
            "repositoryName": stored.image.repository_name,
            "imageId": {**image_id, "imageDigest": stored.image.digest},
            "imageManifest": json.dumps(content),
            "imageManifestMediaType": content["mediaType"],
        }
        images.append(image)
    return {"images": images, "failures": failures}


def batch_delete_image(registry: Registry, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Delete tags and images."""
    repository = registry.repository(parameters)
    resolved: list[tuple[dict[str, str], str]] = []
    failures = []
    # Two ids may delete the same image or tag: both are valid if it is there at the beginning.
    for image_id in parameters["imageIds"]:
        try:
            resolved.append((image_id, _resolve(repository, image_id).image.digest))
        except _FailedIdError as failure:
            failures.append(_failure_fields(image_id, failure))
    deleted: list[dict[str, str]] = []
    for image_id, digest in resolved:
        try:
            deleted += _delete(repository, digest, image_id.get("imageTag"))
        except _FailedIdError as failure:
            failures.append(_failure_fields(image_id, failure))
    return {"imageIds": deleted, "failures": failures}


def _delete(repository: Repository, digest: str, tag: str | None) -> list[dict[str, str]]:
    stored = repository.get(digest)
    if stored is None or (tag is not None and tag not in stored.image.tags):
        return []
    tags = stored.image.tags
    # An image is deleted with its last tag.
    if tag is None or tags == (tag,):
        if indexes := repository.indexes_of(digest):
            reason = f"Requested image referenced by manifest list: [{', '.join(indexes)}]"
            raise _FailedIdError("ImageReferencedByManifestList", reason)
        repository.remove(digest)
    else:
        tags = (tag,)
        repository.remove_tag(tag)
    return [{"imageDigest": digest, "imageTag": name} for name in tags] or [{"imageDigest": digest}]


def _resolve(repository: Repository, image_id: Mapping[str, str]) -> StoredImage:
    digest = image_id.get("imageDigest")
    if not image_id:
        reason = "Invalid request parameters: both tag and digest cannot be null"
        raise _FailedIdError("MissingDigestAndTag", reason)
    if digest is not None and not matches(DIGEST, digest):
        reason = f"Invalid request parameters: image digest should satisfy the regex '{DIGEST.pattern}'"
        raise _FailedIdError("InvalidImageDigest", reason)
    if (stored := repository.find(image_id)) is not None:
        return stored
    if digest is not None and "imageTag" in image_id and repository.find({"imageTag": image_id["imageTag"]}):
        reason = "Invalid request parameters: given tag does not map to the given digest"
        raise _FailedIdError("ImageTagDoesNotMatchDigest", reason)
    raise _FailedIdError("ImageNotFound", "Requested image not found")


def _accessible(stored: StoredImage) -> StoredImage:
    # An archived image cannot be pulled.
    if stored.image.status == "ARCHIVED":
        raise _FailedIdError("ImageInaccessible", "Requested image is archived")
    return stored


def _failure_fields(image_id: Mapping[str, str], failure: _FailedIdError) -> dict[str, Any]:
    return {"imageId": image_id, "failureCode": failure.code, "failureReason": failure.reason}
