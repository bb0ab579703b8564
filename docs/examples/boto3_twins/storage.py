"""Print the storage of each repository of a registry, the largest first."""

from collections import Counter

import boto3

INDEXES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}

client = boto3.client("ecr")
repositories = client.get_paginator("describe_repositories")
images = client.get_paginator("describe_images")
sizes: Counter[str] = Counter()
for repository_page in repositories.paginate(PaginationConfig={"PageSize": 1000}):
    for repository in repository_page["repositories"]:
        name = repository["repositoryName"]
        try:
            for page in images.paginate(
                repositoryName=name,
                filter={"imageStatus": "ANY"},
                PaginationConfig={"PageSize": 1000},
            ):
                for detail in page["imageDetails"]:
                    # The size of an index is that of a child manifest.
                    if detail.get("imageManifestMediaType") not in INDEXES:
                        sizes[name] += detail.get("imageSizeInBytes", 0)
        except client.exceptions.RepositoryNotFoundException:
            pass  # Deleted since it was listed.
for name, size in sizes.most_common():
    print(f"{size / 1e9:9.2f} GB  {name}")
