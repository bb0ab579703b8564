"""Print tagged images that were not pulled for 90 days: `not_pulled.py team/app`."""

import sys
from datetime import UTC, datetime, timedelta

import boto3

limit = datetime.now(UTC) - timedelta(days=90)
paginator = boto3.client("ecr").get_paginator("describe_images")
for page in paginator.paginate(
    repositoryName=sys.argv[1],
    filter={"tagStatus": "TAGGED"},
    PaginationConfig={"PageSize": 1000},
):
    for detail in page["imageDetails"]:
        last_used = detail.get("lastRecordedPullTime", detail["imagePushedAt"])
        if last_used < limit:
            date = f"{last_used.astimezone(UTC):%Y-%m-%d}"
            print(date, detail["imageDigest"], *detail.get("imageTags", []))
