"""Every public name of the asynchronous client as a caller would use it: checked by type checkers, never run."""

# pyright: strict

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import assert_type

from mypy_boto3_ecr import ECRClient

import ecrimages
from ecrimages import (
    AsyncClient,
    AsyncImageIterator,
    AsyncRegistryIterator,
    ECRImagesError,
    Image,
    ImageId,
    ImagePage,
    ImageStatusFilter,
    TagStatus,
)
from ecrimages.testing import FakeECR

client = AsyncClient()
assert_type(client, AsyncClient)
AsyncClient(None, registry_id=None)
AsyncClient(registry_id="123456789012", max_workers=4)
assert_type(client.region_name, str)
assert_type(client.registry_id, str | None)


def over_boto3(ecr: ECRClient, optional: ECRClient | None) -> None:
    assert_type(AsyncClient(ecr), AsyncClient)
    AsyncClient(ecr=optional, registry_id="123456789012")
    with FakeECR() as fake:
        AsyncClient(fake.client())


async def listing() -> None:
    async with AsyncClient() as opened:
        assert_type(opened, AsyncClient)
    async for image in client.describe_images("team/app"):
        assert_type(image, Image)
    images = client.describe_images(
        repository_name="team/app",
        tag_status="TAGGED",
        image_status="ANY",
        page_size=100,
        limit=10,
        start_token="token",
        registry_id="123456789012",
    )
    assert_type(images, AsyncImageIterator)
    assert_type(aiter(images), AsyncIterator[Image])
    assert_type(await anext(images), Image)
    assert_type([image async for image in images], list[Image])
    assert_type(images.next_token, str | None)
    assert_type(images.pages(), AsyncIterator[ImagePage])
    async for page in images.pages():
        assert_type(page, ImagePage)
    any_iterator(images)
    client.describe_images("team/app", tag_status=TagStatus.ANY, image_status=ImageStatusFilter.ARCHIVED, limit=None)
    async for name in client.repository_names(registry_id=None):
        assert_type(name, str)
    await client.aclose()


def any_iterator(images: AsyncIterator[Image]) -> None: ...


async def registry() -> None:
    async with client.registry_images(tag_status="TAGGED", failed="skip", max_workers=4) as images:
        assert_type(images, AsyncRegistryIterator)
        async for image in images:
            assert_type(image, Image)
        async for page in images.pages():
            assert_type(page, ImagePage)
        assert_type(images.failures, Mapping[str, ECRImagesError])
        await images.aclose()
    any_iterator(client.registry_images(["team/app"]))
    client.registry_images((name for name in ("team/app",)), failed="raise", image_status=None)


async def by_ids() -> None:
    assert_type(await client.get_image("team/app", "v1"), Image)
    assert_type(await client.get_image("team/app", ImageId(tag="v1")), Image)
    assert_type(await client.get_image("team/app", tag="v1", registry_id=None), Image)
    assert_type(await client.get_image(repository_name="team/app", digest="sha256:0f"), Image)
    assert_type(await client.image_exists("team/app", "v1"), bool)
    assert_type(await client.image_exists("team/app", tag="v1"), bool)
    assert_type(client.get_images("team/app", ["v1", ImageId(tag="v2")], missing="skip"), AsyncIterator[Image])
    async for image in client.get_images("team/app", {"v1"}):
        assert_type(image, Image)
        assert_type(client.image_uri(image), str)
        assert_type(client.image_uri(image, tag="v1"), str)


async def newest() -> None:
    assert_type(await client.newest_images("team/app"), list[Image])
    await client.newest_images("team/app", 5, where=lambda image: "v1" in image.tags, tag_status="TAGGED")


ecr: ecrimages.AnyAsyncECRClient
