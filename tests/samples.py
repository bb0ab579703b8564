"""Samples that the tests share: what ECR sends about images, and what is known of it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest

from ecrimages import Image

__all__ = [
    "COMPLETED",
    "DETAIL",
    "PUSHED",
    "REGISTRY",
    "SERVICE",
    "UNTAGGED",
    "body_of",
    "detail",
    "digest",
    "image",
    "needs_image_status",
    "one_by_one",
    "parsed",
]

REGISTRY = "123456789012"
PUSHED = datetime(2026, 1, 12, 15, 2, 26, tzinfo=UTC)
COMPLETED = datetime(2026, 1, 13, 4, 5, 6, 789000, tzinfo=UTC)

# botocore's model of ECR. boto3 neither sends nor returns what the model does not have.
SERVICE: Any = botocore.session.get_session().get_service_model("ecr")
needs_image_status = pytest.mark.skipif(
    "ImageStatus" not in SERVICE.shape_names, reason="this botocore is older than 1.41.0 and has no imageStatus"
)


def digest(number: int) -> str:
    """Return the digest of the image of a number. Digests sort like their numbers."""
    return f"sha256:{number:064x}"


# An item of `imageDetails` with every field, as recorded responses have them.
DETAIL: dict[str, Any] = {
    "registryId": REGISTRY,
    "repositoryName": "team/app",
    "imageDigest": digest(1),
    "imageTags": ["v1", "latest"],
    "imageSizeInBytes": 3_000_000_000,
    "imagePushedAt": PUSHED.timestamp(),
    "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed successfully."},
    "imageScanFindingsSummary": {
        "imageScanCompletedAt": COMPLETED.timestamp(),
        "vulnerabilitySourceUpdatedAt": PUSHED.timestamp(),
        "findingSeverityCounts": {"HIGH": 3, "CRITICAL": 1, "UNTRIAGED": 2},
    },
    "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
    "artifactMediaType": "application/vnd.oci.image.config.v1+json",
    "lastRecordedPullTime": COMPLETED.timestamp(),
    "subjectManifestDigest": digest(2),
    "imageStatus": "ARCHIVED",
    "lastArchivedAt": COMPLETED.timestamp(),
    "lastActivatedAt": PUSHED.timestamp(),
}
# An untagged image, of which ECR reports little.
UNTAGGED: dict[str, Any] = {
    name: DETAIL[name] for name in ("registryId", "repositoryName", "imageDigest", "imagePushedAt")
}


def detail(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return an item of `imageDetails`, with the fields that every image has and those that are given."""
    return {**UNTAGGED, "imageDigest": digest(number), "imageTags": [f"v{number}"], **fields}


def image(number: int = 1, **fields: Any) -> Image:
    """Return the record of `detail()`."""
    return Image.from_dict(detail(number, **fields))


def parsed(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return an item of `imageDetails` as boto3 returns it."""
    return detail(number, imagePushedAt=PUSHED, **fields)


def body_of(*details: Any, **fields: Any) -> bytes:
    """Return the body of a response of DescribeImages."""
    return json.dumps({"imageDetails": details, **fields}).encode()


def one_by_one(*choices: Iterable[Any]) -> list[Any]:
    """Return the product of some choices as parameters of a test.

    Each value is combined with the first values of the other choices. All other combinations are slow tests.
    """
    lists = [list(values) for values in choices]
    cases = []
    for case in itertools.product(*lists):
        others = sum(value is not values[0] for value, values in zip(case, lists, strict=True))
        cases.append(pytest.param(*case, marks=pytest.mark.slow if others > 1 else ()))
    return cases
