"""Manifests of images, as BatchGetImage returns them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ecrimages.testing._images import (
    DOCKER_MANIFEST,
    INDEX_MEDIA_TYPES,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
)
from ecrimages.testing._repository import Repository, StoredImage

__all__ = ["manifest"]

_CONFIG_SIZE = 1_000
_MANIFEST_SIZE = 500


def manifest(stored: StoredImage, repository: Repository) -> dict[str, Any]:
    """Return the manifest of an image, whose layers add up to its size, or of an index.

    Its SHA-256 is not the digest of the image, which a test may have chosen.
    """
    image = stored.image
    if stored.children or image.manifest_media_type in INDEX_MEDIA_TYPES:
        media_type = image.manifest_media_type or OCI_INDEX
        content: dict[str, Any] = {"manifests": [_child(digest, repository) for digest in stored.children]}
    else:
        media_type = image.manifest_media_type or OCI_MANIFEST
        layer = (
            "application/vnd.docker.image.rootfs.diff.tar.gzip"
            if media_type == DOCKER_MANIFEST
            else "application/vnd.oci.image.layer.v1.tar+gzip"
        )
        config = _descriptor(image.artifact_media_type or OCI_CONFIG, f"config {image.digest}", _CONFIG_SIZE)
        size = max((image.size_in_bytes or 0) - _CONFIG_SIZE, 0)
        content = {"config": config, "layers": [_descriptor(layer, f"layer {image.digest}", size)]}
    if image.subject_manifest_digest is not None:
        subject = {"mediaType": OCI_MANIFEST, "digest": image.subject_manifest_digest, "size": _MANIFEST_SIZE}
        content["subject"] = subject
    return {"schemaVersion": 2, "mediaType": media_type, **content}


def _child(digest: str, repository: Repository) -> Mapping[str, Any]:
    stored = repository.get(digest)
    media_type = stored.image.manifest_media_type if stored else None
    return {"mediaType": media_type or OCI_MANIFEST, "digest": digest, "size": _MANIFEST_SIZE}


def _descriptor(media_type: str, content: str, size: int) -> Mapping[str, Any]:
    digest = hashlib.sha256(content.encode()).hexdigest()
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}
