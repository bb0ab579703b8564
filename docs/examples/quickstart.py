"""List the images of an Amazon ECR repository: the newest of them, and totals over all.

Without arguments this needs no AWS account: a `FakeECR`, which speaks to boto3 over HTTP as ECR does, holds
a repository of a few thousand images. With `--repository team/app` it lists one of yours, with the
credentials that boto3 finds.
"""

from __future__ import annotations

import argparse
import heapq
import os
import sys
from datetime import datetime, timedelta, timezone

from invented_repository import invented_images

import ecrimages
from ecrimages import Image, SeverityCounts
from ecrimages.testing import FakeECR

SHOWN = 12


def list_images(repository: str, registry_id: str | None = None) -> None:
    """Print the images of a repository that were pushed last, and totals over all of them."""
    images = size = untagged = critical = 0
    newest: list[tuple[datetime, str, Image]] = []

    for image in ecrimages.describe_images(repository, registry_id=registry_id):
        images += 1
        size += image.size_in_bytes or 0
        untagged += not image.tags
        critical += severity_counts(image).critical > 0
        heapq.heappush(newest, (image.pushed_at, image.digest, image))
        if len(newest) > SHOWN:
            heapq.heappop(newest)

    print(f"{'digest':<14}{'tags':<18}{'size':>10}{'age':>9}   findings")
    for _, _, image in sorted(newest, reverse=True):
        digest = image.digest.removeprefix("sha256:")[:12]
        tags = ", ".join(image.tags) or "-"
        print(f"{digest:<14}{tags:<18}{in_units(image.size_in_bytes):>10}{age(image):>9}   {findings(image)}")
    totals = f"{untagged:,} untagged, {critical:,} with critical findings"
    print(f"\n{images:,} images, {in_units(size)}, {totals}")


def severity_counts(image: Image) -> SeverityCounts:
    """Return how many findings there are of each severity; none if the image was not scanned."""
    summary = image.scan_findings_summary
    return (summary and summary.severity_counts) or SeverityCounts()


def findings(image: Image) -> str:
    """Say what the scan of an image found."""
    if image.scan_findings_summary is None:
        return "not scanned"
    counts = severity_counts(image)
    return ", ".join(f"{count} {severity.lower()}" for severity, count in counts.items()) or "none"


def age(image: Image) -> str:
    """Say how long ago an image was pushed."""
    passed = datetime.now(timezone.utc) - image.pushed_at
    for unit, length in (("d", timedelta(days=1)), ("h", timedelta(hours=1))):
        if passed >= length:
            return f"{passed // length} {unit}"
    return f"{passed // timedelta(minutes=1)} min"


def in_units(size: int | None) -> str:
    """Say a number of bytes as people do."""
    if size is None:
        return "?"
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def main() -> None:
    """Read the arguments, and list a repository of the caller's or an invented one."""
    parser = argparse.ArgumentParser(description="List the newest images of an Amazon ECR repository.")
    parser.add_argument(
        "--repository", help="a repository of yours, as in team/app; without it: an invented one"
    )
    parser.add_argument("--registry-id", help="the AWS account that owns the registry; without it: your own")
    parser.add_argument("--region", help="the AWS region; without it: that of the AWS configuration")
    parser.add_argument("--profile", help="a profile of the AWS configuration")
    options = parser.parse_args()

    if options.repository is None:
        with FakeECR() as ecr:
            ecr.add_images(invented_images("team/app"))
            # A profile of the environment would be looked for, though none is needed.
            for variable in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
                os.environ.pop(variable, None)
            os.environ.update(ecr.environment())
            list_images("team/app")
            print(f"{len(ecr.requests)} requests to an ECR of this machine; --repository asks the real one")
        return

    # ecrimages makes its boto3 client from boto3's default session, which looks here.
    for variable, value in (("AWS_DEFAULT_REGION", options.region), ("AWS_PROFILE", options.profile)):
        if value is not None:
            os.environ[variable] = value
    try:
        list_images(options.repository, options.registry_id)
    except (ecrimages.ECRImagesError, ValueError) as error:
        sys.exit(f"quickstart: {error}")


if __name__ == "__main__":
    main()
