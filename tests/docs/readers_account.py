"""The AWS account that the documentation's examples list: a `FakeECR` with one image of every kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ecrimages.testing import FakeECR

__all__ = ["AWS_CONFIG", "fill"]

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
    """Add `team/app`, `team/base` and `team/builds`, and `shared/runtime` of another account."""
    _add_application(ecr, "team/app")
    # Scanned by AWS-native basic scanning, which DescribeImages does not report.
    ecr.add_image("team/base", tags=["2026-03"], pushed_at=RELEASED, basic_scan_findings={"CRITICAL": 1})
    for number in reversed(range(250)):
        pushed_at = RELEASED + timedelta(hours=number)
        ecr.add_image("team/builds", tags=[f"build-{number}"], pushed_at=pushed_at, size_in_bytes=1_000_000)
    ecr.add_image("shared/runtime", tags=["v7"], pushed_at=RELEASED, registry_id=OTHER_ACCOUNT)


def _add_application(ecr: FakeECR, name: str) -> None:
    def day(number: float) -> datetime:
        return RELEASED + timedelta(days=number)

    ecr.add_image(
        name,
        tags=["v1.0.0"],
        pushed_at=day(-400),
        size_in_bytes=51_200_000,
        status="ARCHIVED",
        last_archived_at=RELEASED,
    )
    ecr.add_image(
        name, tags=["v1.1.0"], pushed_at=day(-90), size_in_bytes=58_100_000, findings={"CRITICAL": 2, "HIGH": 7}
    )
    # Untagged: a later build took over the tag.
    ecr.add_image(name, pushed_at=day(-60), size_in_bytes=58_300_000, findings={"CRITICAL": 1, "HIGH": 4, "LOW": 9})
    ecr.add_image(name, tags=["v1.2.2"], pushed_at=day(-30), size_in_bytes=59_000_000, findings={"HIGH": 3})
    # A multi-architecture push: two images, the build's attestation of each, and the index, which has the tags.
    children = [
        ecr.add_image(name, pushed_at=day(0), size_in_bytes=60_200_000, findings={"HIGH": 1, "MEDIUM": 2}),
        ecr.add_image(name, pushed_at=day(0), size_in_bytes=58_900_000, findings={}),
        ecr.add_image(name, pushed_at=day(0), size_in_bytes=24_000),
        ecr.add_image(name, pushed_at=day(0), size_in_bytes=23_000),
    ]
    index = ecr.add_index(
        name,
        children,
        tags=["v1.2.3", "v1", "latest"],
        pushed_at=day(0) + timedelta(minutes=2),
        last_recorded_pull_time=day(20),
    )
    ecr.add_image(
        name,
        pushed_at=day(0) + timedelta(minutes=5),
        size_in_bytes=310_000,
        artifact_media_type=EMPTY_CONFIG,
        subject_manifest_digest=index.digest,
    )
    # A fix of an old version: the newest image, and not the latest version.
    ecr.add_image(name, tags=["v1.1.1"], pushed_at=day(10), size_in_bytes=58_100_000, findings={"HIGH": 2})
