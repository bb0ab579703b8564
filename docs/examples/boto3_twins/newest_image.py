"""Print the pull URI of the newest release: `newest_image.py team/app`."""

import re
import sys

import boto3

RELEASE = re.compile(r"v\d+\.\d+\.\d+")

client = boto3.client("ecr")
pages = client.get_paginator("describe_images").paginate(
    repositoryName=sys.argv[1], PaginationConfig={"PageSize": 1000}
)
releases = [
    detail
    for page in pages
    for detail in page["imageDetails"]
    if any(map(RELEASE.fullmatch, detail.get("imageTags", [])))
]
if releases:
    newest = max(releases, key=lambda detail: detail["imagePushedAt"])
    # The host name depends on the partition: ask for it.
    response = client.describe_repositories(repositoryNames=[sys.argv[1]])
    uri = response["repositories"][0]["repositoryUri"]
    print(f"{uri}@{newest['imageDigest']}")
