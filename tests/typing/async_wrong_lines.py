"""Mistakes with the asynchronous client, one a line: a type checker must report each marked line, and no other."""

# pyright: strict

from __future__ import annotations

import boto3

import ecrimages
from ecrimages import AsyncClient, AsyncImageIterator

client = AsyncClient()

AsyncClient("ecr")  # wrong
AsyncClient(42)  # wrong
AsyncClient(object())  # wrong
AsyncClient(ecrimages.Client())  # wrong
AsyncClient(client)  # wrong
AsyncClient(boto3.client("s3"))  # wrong
AsyncClient(boto3.client("ecr-public"))  # wrong
AsyncClient(boto3.Session())  # wrong
AsyncClient(None, "123456789012")  # wrong
AsyncClient(registry_id=123456789012)  # wrong
AsyncClient(region_name="eu-central-1")  # wrong
AsyncClient(max_workers="8")  # wrong
AsyncClient(max_workers=None)  # wrong

with AsyncClient():  # wrong
    pass

for _ in client.describe_images("team/app"):  # wrong
    pass
for _ in client.describe_images("team/app").pages():  # wrong
    pass
for _ in client.repository_names():  # wrong
    pass
list(client.describe_images("team/app"))  # wrong
next(client.describe_images("team/app"))  # wrong
list(client.registry_images())  # wrong
list(client.get_images("team/app", ["v1"]))  # wrong


async def calls() -> None:
    client.describe_images()  # wrong
    client.describe_images(None)  # wrong
    client.describe_images("team/app", "TAGGED")  # wrong
    client.describe_images("team/app", tag_status="tagged")  # wrong
    client.describe_images("team/app", image_status=ecrimages.ImageStatus.ARCHIVED)  # wrong
    client.describe_images("team/app", page_size="1")  # wrong
    client.describe_images("team/app", max_results=100)  # wrong
    await client.describe_images("team/app")  # wrong
    await client.get_images("team/app", ["v1"])  # wrong
    await client.get_image("team/app")  # wrong
    await client.get_image("team/app", "v1", tag="v1")  # wrong
    await client.get_image("team/app", tag="v1", digest="sha256:0f")  # wrong
    await client.get_image("team/app", tag=1)  # wrong
    await client.image_exists("team/app")  # wrong
    client.get_images("team/app", [1])  # wrong
    client.get_images("team/app", ["v1"], missing="maybe")  # wrong
    await client.newest_images("team/app", "5")  # wrong
    await client.newest_images("team/app", where="v1")  # wrong
    client.registry_images([1])  # wrong
    client.registry_images(max_workers="8")  # wrong
    client.registry_images(failed="ignore")  # wrong
    client.describe_image("team/app")  # wrong
    client.close()  # wrong
    client.get_image("team/app", tag="v1").digest  # wrong
    with client.registry_images():  # wrong
        pass


async def iterators(images: AsyncImageIterator) -> None:
    images[0]  # wrong
    len(images)  # wrong
    images.next_token = "token"  # wrong
    (await anext(images.pages())).digest  # wrong
    async for image in images:
        image.diggest  # wrong
        await image  # wrong


class MyClient(AsyncClient): ...
