"""The AWS account that the documentation's examples list: a `FakeECR` with one image of every kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ecrimages import ImageScanFindingsSummary, ImageScanStatus, ScanStatus, SeverityCounts
from ecrimages.testing import FakeECR

__all__ = ["AWS_CONFIG", "fill"]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
EMPTY_CONFIG = "application/vnd.oci.empty.v1+json"
RELEASED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

OTHER_ACCOUNT = "210987654321"
AWS_CONFIG = """
[default]

[profile prod]
region = eu-west-1
aws_access_key_id = testing
aws_secret_access_key = testing

[profile audit]
region = eu-west-1
role_arn = arn:aws:iam::210987654321:role/image-reader
source_profile = prod
"""


def fill(ecr: FakeECR) -> None:
    """Add the repositories `team/app`, `team/base` and `team/builds`, and `shared/runtime` of another account."""
    _add_application(ecr)
    ecr.add_image("team/base", tags=["2026-03"], pushed_at=RELEASED, **_findings(CRITICAL=1))
    for number in reversed(range(250)):
        pushed_at = RELEASED + timedelta(hours=number)
        ecr.add_image("team/builds", tags=[f"build-{number}"], pushed_at=pushed_at, size_in_bytes=1_000_000)
    ecr.add_image("shared/runtime", tags=["v7"], pushed_at=RELEASED, registry_id=OTHER_ACCOUNT)


def _add_application(ecr: FakeECR) -> None:
    def add(*tags: str, days: float = 0, **fields: Any) -> str:
        fields = {"manifest_media_type": MANIFEST, "artifact_media_type": CONFIG, **fields}
        pushed_at = RELEASED + timedelta(days=days)
        return ecr.add_image("team/app", tags=tags, pushed_at=pushed_at, **fields).digest

    add("v1.0.0", days=-400, size_in_bytes=51_200_000, status="ARCHIVED", last_archived_at=RELEASED)
    add("v1.1.0", days=-90, size_in_bytes=58_100_000, **_findings(CRITICAL=2, HIGH=7))
    # Untagged: a later build took over the tag.
    add(days=-60, size_in_bytes=58_300_000, **_findings(CRITICAL=1, HIGH=4, LOW=9))
    add("v1.2.2", days=-30, size_in_bytes=59_000_000, **_findings(HIGH=3))
    # A multi-architecture push: two images, the build's attestation of each, and the index, which has the tags.
    add(size_in_bytes=60_200_000, **_findings(HIGH=1, MEDIUM=2))
    add(size_in_bytes=58_900_000, **_findings())
    add(size_in_bytes=24_000)
    add(size_in_bytes=23_000)
    index: dict[str, Any] = {"manifest_media_type": INDEX, "artifact_media_type": None}
    pulled = RELEASED + timedelta(days=20)
    tags = ("v1.2.3", "v1", "latest")
    digest = add(*tags, days=0.001, size_in_bytes=60_200_000, last_recorded_pull_time=pulled, **index)
    sbom: dict[str, Any] = {"artifact_media_type": EMPTY_CONFIG, "subject_manifest_digest": digest}
    add(days=0.01, size_in_bytes=310_000, **sbom)
    # A fix of an old version: the newest image, and not the latest version.
    add("v1.1.1", days=10, size_in_bytes=58_100_000, **_findings(HIGH=2))


def _findings(**counts: int) -> dict[str, Any]:
    summary = ImageScanFindingsSummary(
        scan_completed_at=datetime(2026, 3, 15, tzinfo=UTC), severity_counts=SeverityCounts(counts)
    )
    return {"scan_status": ImageScanStatus(status=ScanStatus.COMPLETE), "scan_findings_summary": summary}
