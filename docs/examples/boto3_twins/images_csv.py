"""Write the images of a repository as CSV: `images_csv.py team/app > images.csv`."""

import csv
import sys
from datetime import UTC

import boto3

table = csv.writer(sys.stdout)
table.writerow(["digest", "tags", "pushed_at", "size_in_bytes", "critical"])
paginator = boto3.client("ecr").get_paginator("describe_images")
for page in paginator.paginate(
    repositoryName=sys.argv[1], PaginationConfig={"PageSize": 1000}
):
    for detail in page["imageDetails"]:
        tags = " ".join(detail.get("imageTags", []))
        pushed_at = detail["imagePushedAt"].astimezone(UTC).isoformat()
        size = detail.get("imageSizeInBytes")
        summary = detail.get("imageScanFindingsSummary", {})
        counts = summary.get("findingSeverityCounts")
        # None, an empty cell, if the findings are not reported.
        critical = None if counts is None else counts.get("CRITICAL", 0)
        table.writerow([detail["imageDigest"], tags, pushed_at, size, critical])
