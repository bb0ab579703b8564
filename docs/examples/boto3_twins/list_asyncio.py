"""Count the images of several repositories at once: `list_asyncio.py team/app …`."""

import asyncio
import sys

import boto3


async def main() -> None:
    """List all repositories concurrently."""
    paginator = boto3.client("ecr").get_paginator("describe_images")

    def count(name: str) -> int:
        pages = paginator.paginate(
            repositoryName=name, PaginationConfig={"PageSize": 1000}
        )
        return sum(len(page["imageDetails"]) for page in pages)

    # The threads cannot be cancelled: they hold the program until they end.
    tasks = [asyncio.to_thread(count, name) for name in sys.argv[1:]]
    counts = await asyncio.gather(*tasks)
    for name, images in zip(sys.argv[1:], counts, strict=True):
        print(name, images)


asyncio.run(main())
