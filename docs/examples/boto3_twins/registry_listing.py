"""Print every image of a registry; a repository that fails loses no other."""

import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from mypy_boto3_ecr.type_defs import ImageDetailTypeDef

config = Config(retries={"mode": "adaptive", "total_max_attempts": 8})
client = boto3.client("ecr", config=config)
repositories = client.get_paginator("describe_repositories")
images = client.get_paginator("describe_images")


def listed(name: str) -> list[ImageDetailTypeDef] | Exception:
    """Return the images of a repository, or the error."""
    pages = images.paginate(repositoryName=name, PaginationConfig={"PageSize": 1000})
    try:
        return [detail for page in pages for detail in page["imageDetails"]]
    except client.exceptions.RepositoryNotFoundException:
        return []  # Deleted since it was listed.
    except (BotoCoreError, ClientError) as error:
        return error


names = [
    repository["repositoryName"]
    for page in repositories.paginate(PaginationConfig={"PageSize": 1000})
    for repository in page["repositories"]
]
failures = {}
with ThreadPoolExecutor(8) as pool:
    for name, result in zip(names, pool.map(listed, names), strict=True):
        if isinstance(result, Exception):
            failures[name] = result
            continue
        for detail in result:
            print(name, detail["imageDigest"], *detail.get("imageTags", []))
for name, error in failures.items():
    print(f"{name}: {error}", file=sys.stderr)
