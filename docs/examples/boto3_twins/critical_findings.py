"""Print the images of a registry with critical findings."""

import boto3

client = boto3.client("ecr")
repositories = client.get_paginator("describe_repositories")
images = client.get_paginator("describe_images")
not_reported = 0
for repository_page in repositories.paginate(PaginationConfig={"PageSize": 1000}):
    for repository in repository_page["repositories"]:
        name = repository["repositoryName"]
        try:
            for page in images.paginate(
                repositoryName=name, PaginationConfig={"PageSize": 1000}
            ):
                for detail in page["imageDetails"]:
                    summary = detail.get("imageScanFindingsSummary", {})
                    counts = summary.get("findingSeverityCounts")
                    if counts is None:
                        not_reported += 1
                    elif critical := counts.get("CRITICAL", 0):
                        tags = detail.get("imageTags", [])
                        print(name, detail["imageDigest"], critical, *tags)
        except client.exceptions.RepositoryNotFoundException:
            pass  # Deleted since it was listed.
print(f"{not_reported} images without reported findings, which does not mean clean")
