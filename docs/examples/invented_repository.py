"""An invented repository: two years of builds, the same in each run but for dates."""

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import attrs

from ecrimages import (
    Image,
    ImageScanFindingsSummary,
    ImageScanStatus,
    ScanStatus,
    SeverityCounts,
)

__all__ = ["invented_images"]

BUILDS = 2_400
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"


def invented_images(repository_name: str) -> Iterator[Image]:
    """Yield the images of all builds, oldest first."""
    chance = random.Random(2026)
    ages = sorted(chance.uniform(0.01, 700.0) for _ in range(BUILDS))
    for build, age in enumerate(reversed(ages), start=1):
        image = Image(
            registry_id="123456789012",
            repository_name=repository_name,
            digest=_digest(f"image {build}"),
            pushed_at=datetime.now(UTC) - timedelta(days=age),
            size_in_bytes=chance.randrange(58_000_000, 64_000_000) + 9_000 * build,
            manifest_media_type=MANIFEST,
            artifact_media_type=CONFIG,
        )
        if build % 20 == 0:
            yield from _release(image, build, chance)
        elif chance.random() < 0.3:
            # Untagged: a later build of the same commit took over the tag.
            yield _scanned(image, build, chance)
        else:
            commit = _digest(f"commit {build}").removeprefix("sha256:")
            yield _scanned(
                attrs.evolve(image, tags=[f"main-{commit[:7]}"]), build, chance
            )


def _release(image: Image, build: int, chance: random.Random) -> Iterator[Image]:
    # For two architectures: the index has the tags, its child manifests are scanned.
    for platform in ("amd64", "arm64"):
        child = attrs.evolve(image, digest=_digest(f"{platform} {build}"))
        yield _scanned(child, build, chance)
    tags = [
        f"v{build // 400}.{build % 400 // 20}.0",
        *(["latest"] if build == BUILDS else []),
    ]
    yield attrs.evolve(
        image, tags=tags, manifest_media_type=INDEX, artifact_media_type=None
    )


def _scanned(image: Image, build: int, chance: random.Random) -> Image:
    if chance.random() < 0.05:
        # Scanned by AWS-native basic scanning, say: DescribeImages reports nothing.
        return image
    # The older an image, the more vulnerabilities have become known since.
    many = 12 * (1 - build / BUILDS)
    found = {
        "CRITICAL": many / 12 + 0.9,
        "HIGH": many / 2 + 2,
        "MEDIUM": many + 3,
        "LOW": many + 4,
    }
    counts = {
        severity: int(chance.uniform(0, most)) for severity, most in found.items()
    }
    return attrs.evolve(
        image,
        scan_status=ImageScanStatus(status=ScanStatus.COMPLETE),
        scan_findings_summary=ImageScanFindingsSummary(
            scan_completed_at=image.pushed_at + timedelta(minutes=2),
            severity_counts=SeverityCounts(
                {severity: count for severity, count in counts.items() if count}
            ),
        ),
    )


def _digest(name: str) -> str:
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"
