"""The images that are listed: what ECR sends of a repository that is built into daily, always the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import attrs

from ecrimages import (
    Image,
    ImageScanFindingsSummary,
    ImageScanStatus,
    ImageStatus,
    ScanStatus,
    SeverityCounts,
)

__all__ = ["CORPORA", "REGISTRY_ID", "REPOSITORY", "images"]

REGISTRY_ID = "123456789012"
REPOSITORY = "team/service-api"

_BEGINNING = datetime(2024, 3, 1, tzinfo=UTC)
_OCI = "application/vnd.oci.image"
_SCANNED = ImageScanStatus(status=ScanStatus.COMPLETE, description="The scan was completed successfully.")


def images(count: int, corpus: str = "daily") -> Iterator[Image]:
    """Give that many images of a corpus."""
    return CORPORA[corpus](count)


def _daily(count: int) -> Iterator[Image]:
    """Two of three with tags, most of those scanned, half of all pulled."""
    chance = random.Random(count)
    for number in range(count):
        # A third of the times has no fraction of a second, and is an integer on the wire.
        milliseconds = chance.choice((0, chance.randrange(1000), chance.randrange(1000)))
        pushed_at = _BEGINNING + timedelta(seconds=97 * number, milliseconds=milliseconds)
        is_tagged = number % 3 != 0
        is_index = number % 12 == 1
        is_scanned = is_tagged and not is_index and chance.random() < 0.9
        yield Image(
            registry_id=REGISTRY_ID,
            repository_name=REPOSITORY,
            digest=f"sha256:{chance.getrandbits(256):064x}",
            pushed_at=pushed_at,
            tags=_tags(number, chance) if is_tagged else (),
            size_in_bytes=chance.randrange(20_000_000, 3_000_000_000),
            scan_status=_SCANNED if is_scanned else None,
            scan_findings_summary=_findings(pushed_at, chance) if is_scanned else None,
            manifest_media_type=f"{_OCI}.index.v1+json" if is_index else f"{_OCI}.manifest.v1+json",
            artifact_media_type=None if is_index else f"{_OCI}.config.v1+json",
            last_recorded_pull_time=pushed_at + timedelta(days=chance.random()) if number % 2 else None,
            status=ImageStatus.ACTIVE,
        )


def _varied(count: int) -> Iterator[Image]:
    """A fourth untagged, a third scanned at times that never repeat, a fifth restored from the archive, all pulled."""
    chance = random.Random(count)
    for number, image in enumerate(_daily(count)):
        is_restored = number % 5 == 0
        summary = ImageScanFindingsSummary(
            scan_completed_at=image.pushed_at + timedelta(seconds=chance.random() * 1e6),
            vulnerability_source_updated_at=image.pushed_at + timedelta(seconds=chance.random() * 1e5),
            severity_counts=SeverityCounts({"HIGH": chance.randrange(50), "LOW": chance.randrange(50)}),
        )
        yield attrs.evolve(
            image,
            # Unique: a tag that comes again would move to the later image.
            tags=[] if number % 4 == 0 else [f"build-{number}"],
            scan_status=_SCANNED if number % 3 == 0 else None,
            scan_findings_summary=summary if number % 3 == 0 else None,
            last_recorded_pull_time=image.pushed_at + timedelta(days=chance.random() * 100),
            last_archived_at=image.pushed_at + timedelta(days=1 + chance.random()) if is_restored else None,
            last_activated_at=image.pushed_at + timedelta(days=chance.random()) if is_restored else None,
            subject_manifest_digest=image.digest if is_restored else None,
        )


def _tags(number: int, chance: random.Random) -> list[str]:
    tags = [f"main-{chance.getrandbits(28):07x}"]
    return tags if number % 4 else [*tags, f"v1.{number // 100}.{number}"]


def _findings(pushed_at: datetime, chance: random.Random) -> ImageScanFindingsSummary:
    most = {"CRITICAL": 3, "HIGH": 12, "MEDIUM": 30, "LOW": 40, "INFORMATIONAL": 9}
    counts = {severity: chance.randrange(upper) for severity, upper in most.items()}
    return ImageScanFindingsSummary(
        scan_completed_at=pushed_at + timedelta(minutes=3),
        vulnerability_source_updated_at=pushed_at.replace(hour=0, minute=0, second=0, microsecond=0),
        severity_counts=SeverityCounts({severity: count for severity, count in counts.items() if count}),
    )


CORPORA = {"daily": _daily, "varied": _varied}
"""What is listed, by name: functions of the number of images."""
