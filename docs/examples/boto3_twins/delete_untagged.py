"""Delete untagged images, but none that an index refers to.

`delete_untagged.py team/app` prints them, `delete_untagged.py team/app --delete`
deletes them.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
from mypy_boto3_ecr.type_defs import ImageIdentifierTypeDef

INDEXES = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
]


def batches(digests: list[str]) -> Iterator[list[ImageIdentifierTypeDef]]:
    """Split into batches of 100, ECR's limit."""
    for start in range(0, len(digests), 100):
        yield [{"imageDigest": digest} for digest in digests[start : start + 100]]


name = sys.argv[1]
client = boto3.client("ecr")
pages = client.get_paginator("describe_images").paginate(
    repositoryName=name,
    filter={"imageStatus": "ANY"},
    PaginationConfig={"PageSize": 1000},
)
details = [detail for page in pages for detail in page["imageDetails"]]

children: set[str] = set()
indexes = [
    detail["imageDigest"]
    for detail in details
    if detail.get("imageManifestMediaType") in INDEXES
]
for ids in batches(indexes):
    manifests = client.batch_get_image(
        repositoryName=name, imageIds=ids, acceptedMediaTypes=INDEXES
    )
    if manifests["failures"]:
        sys.exit(f"cannot read every index: {manifests['failures']}")
    for index in manifests["images"]:
        manifest = json.loads(index["imageManifest"])
        children.update(child["digest"] for child in manifest["manifests"])

# A push sends the child manifests first: leave those alone whose index may follow.
yesterday = datetime.now(UTC) - timedelta(days=1)
unused = [
    detail["imageDigest"]
    for detail in details
    if not detail.get("imageTags")
    and detail["imagePushedAt"] < yesterday
    and detail.get("subjectManifestDigest") is None
    and detail["imageDigest"] not in children
]
print(*unused, sep="\n")
if "--delete" in sys.argv:
    for ids in batches(unused):
        response = client.batch_delete_image(repositoryName=name, imageIds=ids)
        for failure in response["failures"]:
            print("not deleted:", failure)
