"""Show what an Amazon ECR repository holds: its newest images, findings and storage.

Without arguments this needs no AWS account: it lists an invented repository of a few
thousand images on a local fake of ECR. With `--repository team/app` it lists one of
yours, with the credentials that boto3 finds.
"""

import argparse
import heapq
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import boto3
from botocore.exceptions import BotoCoreError

import ecrimages
from ecrimages import Image
from ecrimages.testing import FakeECR
from invented_repository import invented_images

NEWEST = 10
FINDINGS = ["critical", "high", "lower only", "none found", "not reported"]
AGES = {"30 days": 30, "90 days": 90, "1 year": 365, "older": 100_000}
NOT_REPORTED = """
Not reported does not mean clean. AWS-native basic scanning reports nothing to
DescribeImages, only to DescribeImageScanFindings; and an index (a multi-architecture
image) is not scanned itself, its child manifests are."""


def show(repository_name: str, registry_id: str | None = None) -> int:
    """Print the newest images, and totals over all; return how many there are."""
    now = datetime.now(UTC)
    newest: list[tuple[bool, datetime, str, Image]] = []
    findings: Counter[str] = Counter()
    storage: Counter[str] = Counter()
    images = untagged = 0

    for image in ecrimages.describe_images(repository_name, registry_id=registry_id):
        images += 1
        untagged += not image.tags
        findings[worst_finding(image)] += 1
        if not image.is_index:  # Its size is that of a child manifest.
            storage[age_group(image, now)] += image.size_in_bytes or 0
        # The tagged ones are listed first.
        heapq.heappush(newest, (bool(image.tags), image.pushed_at, image.digest, image))
        if len(newest) > NEWEST:
            heapq.heappop(newest)

    print(f"{'TAGS':<18}{'DIGEST':<14}{'PUSHED':>9}{'SIZE':>11}   FINDINGS")
    for _, pushed_at, digest, image in sorted(newest, reverse=True):
        tags, short = ", ".join(image.tags) or "-", digest.removeprefix("sha256:")[:12]
        age, size = in_words(now - pushed_at), in_units(image.size_in_bytes)
        print(f"{tags:<18}{short:<14}{age:>9}{size:>11}   {counts(image)}")

    total = in_units(sum(storage.values()))
    print(f"\n{images:,} images, {untagged:,} untagged, {total}")
    bars(
        "Worst finding",
        [(name, findings[name], f"{findings[name]:,}") for name in FINDINGS],
    )
    bars(
        "Storage by age",
        [(name, storage[name], in_units(storage[name])) for name in AGES],
    )
    if findings["not reported"]:
        print(NOT_REPORTED)
    return images


def worst_finding(image: Image) -> str:
    """Return the group of an image by its worst finding."""
    if image.severity_counts is None:
        return "not reported"
    for severity in ("critical", "high"):
        if getattr(image.severity_counts, severity):
            return severity
    return "lower only" if image.severity_counts.total else "none found"


def age_group(image: Image, now: datetime) -> str:
    """Return the group of an image by its age."""
    days = (now - image.pushed_at).days
    return next(name for name, limit in AGES.items() if days < limit or name == "older")


def counts(image: Image) -> str:
    """Return the number of findings by severity, as text."""
    if image.severity_counts is None:
        return "not reported" if not image.is_index else "not reported (index)"
    found = [f"{count} {name.lower()}" for name, count in image.severity_counts.items()]
    return ", ".join(found) or "none found"


def bars(title: str, rows: list[tuple[str, int, str]]) -> None:
    """Print a bar chart."""
    block = "█" if (sys.stdout.encoding or "").lower().startswith("utf") else "#"
    largest = max(value for _, value, _ in rows) or 1
    print(f"\n{title}")
    for name, value, text in rows:
        bar = block * (value * 40 // largest or min(value, 1))
        print(f"  {name:<14}{bar} {text}")


def in_words(age: timedelta) -> str:
    """Return an age, such as `3 d`."""
    for unit, length in (("d", timedelta(days=1)), ("h", timedelta(hours=1))):
        if age >= length:
            return f"{age // length} {unit}"
    return f"{age // timedelta(minutes=1)} min"


def in_units(size: int | None) -> str:
    """Return a number of bytes, such as `58.1 MB`."""
    if size is None:
        return "?"
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def main() -> None:
    """List the repository of the arguments, or an invented one."""
    parser = argparse.ArgumentParser(
        description="Show what an Amazon ECR repository holds."
    )
    parser.add_argument(
        "--repository", help="a repository, such as team/app; default: an invented one"
    )
    parser.add_argument(
        "--registry-id",
        help="the AWS account that owns the registry; default: your own",
    )
    parser.add_argument(
        "--region", help="the AWS region; default: that of the AWS configuration"
    )
    parser.add_argument("--profile", help="a profile of the AWS configuration")
    options = parser.parse_args()

    if options.repository is None:
        with FakeECR() as ecr, ecr.activated():
            ecr.add_images(invented_images("team/app"))
            started_at = time.perf_counter()
            images = show("team/app")
            seconds = time.perf_counter() - started_at
            how = f"{len(ecr.requests)} requests, {seconds:.1f} s"
            print(f"\n{images:,} images, {how}, from a local fake ECR.")
            print("Pass --repository to list a real one.")
        return

    try:
        # Without a client, ecrimages uses boto3's default session.
        boto3.setup_default_session(
            profile_name=options.profile, region_name=options.region
        )
        show(options.repository, options.registry_id)
    except (ecrimages.ECRImagesError, BotoCoreError, ValueError) as error:
        sys.exit(f"quickstart: {error}")


if __name__ == "__main__":
    main()
