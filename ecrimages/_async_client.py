"""The asynchronous facade: what an application awaits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Literal, Never, NoReturn, Self, overload

from ecrimages._any_client import AnyClient
from ecrimages._async_iterators import AsyncImageIterator, AsyncImageLookup, AsyncNameIterator
from ecrimages._async_registry import AsyncRegistryIterator, AsyncThreadWorkers, AsyncWorkers, TaskWorkers
from ecrimages._async_transport import AwaitedCalls, ThreadedCalls
from ecrimages._client_types import AnyAsyncECRClient, check_async_client, is_async, refuse_unknown
from ecrimages._enums import ImageStatusFilter, TagStatus
from ecrimages._errors import ImageNotFoundError
from ecrimages._image_id import ImageId
from ecrimages._listings import Newest, image_listing, image_lookup, name_listing, registry_schedule
from ecrimages._models import Image
from ecrimages._operations import DESCRIBE_IMAGES, DESCRIBE_REPOSITORIES
from ecrimages._parameters import check_int, one_image_id
from ecrimages._registry_schedule import Fetch, RegistrySchedule

__all__ = ["AsyncClient"]


class AsyncClient(AnyClient):
    """Reads image metadata from an Amazon ECR registry, for asyncio.

    Has the methods of `Client`: those that list return asynchronous iterators, the others are coroutines. A boto3
    client is called in threads that belong to this object, not in asyncio's default executor; an aiobotocore client is
    awaited. The event loop is blocked for no longer than it takes to decode a page: a few milliseconds for 1000 images
    with aiobotocore, less with threads. Tasks may share it. Other uses of the same client are unaffected.

    Args:
        ecr: A boto3 ECR client, or an aiobotocore one: its region, credentials, retries, time-outs and TLS settings
            apply. None creates a boto3 client from boto3's default session, in a thread, on `async with` or on first
            use, with standard retries and 8 attempts unless the environment or the profile configures retries.
        registry_id: Default registry: a 12-digit AWS account ID. None means the caller's account.
        max_workers: The maximum number of threads for calls on a boto3 client, 1 or more, and no more than the client
            has connections. Threads start as they are needed. No effect with aiobotocore.

    Raises:
        TypeError: `ecr` is not an ECR client of boto3 or aiobotocore, or another argument has the wrong type.
        ValueError: `registry_id` is not 12 digits, or `max_workers` is less than 1.
    """

    def __init__(
        self,
        ecr: AnyAsyncECRClient | None = None,
        *,
        registry_id: str | None = None,
        max_workers: int = 8,
        **unknown: Never,
    ) -> None:
        refuse_unknown(unknown, "AsyncClient")
        check_async_client(ecr)
        check_int("max_workers", max_workers, 1)
        super().__init__(ecr, registry_id)
        self._calls: AwaitedCalls | ThreadedCalls = (
            AwaitedCalls(ecr) if is_async(ecr) else ThreadedCalls(self._source, max_workers)
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError("an AsyncClient cannot be pickled or copied: create one in the worker")

    async def __aenter__(self) -> Self:
        await self._calls.open()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Wait for the requests that are running in threads, and end the threads.

        Closes the boto3 client if this `AsyncClient` created it. A client that you passed in stays open. A later call
        starts threads again.
        """
        await self._calls.close()

    @property
    def region_name(self) -> str:
        """The AWS region of the client, such as `eu-west-1`.

        Raises RuntimeError in an event loop if the boto3 client does not exist yet, since creating it would block the
        loop for half a second: `async with AsyncClient() as client` creates it in a thread.
        """
        region_name: str = self._ecr().meta.region_name
        return region_name

    @property
    def registry_id(self) -> str | None:
        """The default registry: a 12-digit AWS account ID. None means the caller's account."""
        return self._registry_id

    def describe_images(
        self,
        repository_name: str,
        *,
        tag_status: TagStatus | Literal["TAGGED", "UNTAGGED", "ANY"] | None = None,
        image_status: ImageStatusFilter | Literal["ACTIVE", "ARCHIVED", "ACTIVATING", "ANY"] | None = None,
        page_size: int = 1000,
        limit: int | None = None,
        start_token: str | None = None,
        registry_id: str | None = None,
    ) -> AsyncImageIterator:
        """List the images of a repository.

        Pages are requested as they are needed, the first one by the first `anext()`.
        Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html

        Args:
            repository_name: The repository, without the registry's host name, such as `team/app`.
            tag_status: `"TAGGED"` or `"UNTAGGED"` images only. None for both.
            image_status: Images of this storage class only, or `"ANY"`. **None lists the ACTIVE ones only, as ECR
                does.**
            page_size: Images per request, 1 to 1000. ECR: `maxResults`.
            limit: Stop after this many images. None for all.
            start_token: The `next_token` of an earlier listing with the same arguments, to resume there. None to
                start at the first image.
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's default.

        Returns:
            An asynchronous iterator of `Image` in ECR's order, which is not documented; `.pages()` returns `ImagePage`
            instead. Empty if the repository has no images.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is malformed or out of range.
            RepositoryNotFoundError: While iterating: the repository does not exist.
            AccessDeniedError: While iterating: the caller lacks `ecr:DescribeImages`.
            ServiceError: While iterating: ECR returned another error; the subclass says which.
            TransportError: While iterating: there was no usable response (network, time-out, credentials).
            ResponseError: While iterating: the response is malformed.
        """
        listing = image_listing(
            repository_name,
            tag_status=tag_status,
            image_status=image_status,
            page_size=page_size,
            limit=limit,
            start_token=start_token,
            registry_id=self._registry_or_default(registry_id),
        )
        return AsyncImageIterator(self._calls.of_one_iterator(DESCRIBE_IMAGES), listing)

    @overload
    async def get_image(
        self, repository_name: str, image_id: ImageId | str, *, registry_id: str | None = None
    ) -> Image: ...

    @overload
    async def get_image(self, repository_name: str, *, tag: str, registry_id: str | None = None) -> Image: ...

    @overload
    async def get_image(self, repository_name: str, *, digest: str, registry_id: str | None = None) -> Image: ...

    async def get_image(
        self,
        repository_name: str,
        image_id: ImageId | str | None = None,
        *,
        tag: str | None = None,
        digest: str | None = None,
        registry_id: str | None = None,
    ) -> Image:
        """Return one image, by tag or by digest.

        Args:
            repository_name: The repository, without the registry's host name, such as `team/app`.
            image_id: An `ImageId`, or a string: `sha256:…` is a digest, anything else a tag. Exactly one of this,
                `tag` and `digest` is required.
            tag: A tag of the image, such as `v1.2.3`.
            digest: The digest of its manifest, `sha256:…`.
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's default.

        Returns:
            The image. The tag of a multi-architecture image identifies its index. Archived images are found too.

        Raises:
            TypeError: No id or more than one is given, or an argument has the wrong type.
            ValueError: An argument is malformed.
            ImageNotFoundError: The image does not exist in the repository; `image_id` has its id.
            RepositoryNotFoundError: The repository does not exist.
            ServiceError: ECR returned another error; the subclass says which.
            TransportError: There was no usable response (network, time-out, credentials).
            ResponseError: The response is malformed.
        """
        return await anext(self._look_up(repository_name, [one_image_id(image_id, tag, digest)], "raise", registry_id))

    def get_images(
        self,
        repository_name: str,
        image_ids: Iterable[ImageId | str],
        *,
        missing: Literal["raise", "skip"] = "raise",
        registry_id: str | None = None,
    ) -> AsyncIterator[Image]:
        """Return images by id, any number of them.

        They are requested 100 at a time, as they are needed.

        Args:
            repository_name: The repository, without the registry's host name, such as `team/app`.
            image_ids: `ImageId` objects, or strings: `sha256:…` is a digest, anything else a tag. An iterator is read
                100 at a time.
            missing: What to do if an image does not exist: `"raise"` ImageNotFoundError, or `"skip"` it.
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's default.

        Returns:
            An asynchronous iterator of `Image`, batch by batch, within a batch in ECR's order, which is not documented.
            An image is returned once per batch, even if several ids match it. The iterator resumes after an error or
            cancellation: after ImageNotFoundError with the remaining ids, else with the same request.

        Raises:
            TypeError: An argument has the wrong type, or, while iterating, an id.
            ValueError: An argument is malformed, or, while iterating, an id. The ids of a list, tuple or set are all
                checked at the call.
            ImageNotFoundError: While iterating, with `missing="raise"`: an image does not exist; `image_id` has its
                id.
            RepositoryNotFoundError: While iterating: the repository does not exist.
            ServiceError: While iterating: ECR returned another error; the subclass says which.
            TransportError: While iterating: there was no usable response (network, time-out, credentials).
            ResponseError: While iterating: the response is malformed.
        """
        return self._look_up(repository_name, image_ids, missing, registry_id)

    @overload
    async def image_exists(
        self, repository_name: str, image_id: ImageId | str, *, registry_id: str | None = None
    ) -> bool: ...

    @overload
    async def image_exists(self, repository_name: str, *, tag: str, registry_id: str | None = None) -> bool: ...

    @overload
    async def image_exists(self, repository_name: str, *, digest: str, registry_id: str | None = None) -> bool: ...

    async def image_exists(
        self,
        repository_name: str,
        image_id: ImageId | str | None = None,
        *,
        tag: str | None = None,
        digest: str | None = None,
        registry_id: str | None = None,
    ) -> bool:
        """Return whether an image with this tag or digest exists.

        An archived image exists, although it cannot be pulled: check `get_image(…).status`.

        Args:
            repository_name: The repository, without the registry's host name, such as `team/app`.
            image_id: An `ImageId`, or a string: `sha256:…` is a digest, anything else a tag. Exactly one of this,
                `tag` and `digest` is required.
            tag: A tag, such as `v1.2.3`.
            digest: The digest of a manifest, `sha256:…`.
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's default.

        Returns:
            False only if ECR reports that the image does not exist in the repository. A missing repository, a missing
            permission or a broken connection raises an error.

        Raises:
            TypeError: No id or more than one is given, or an argument has the wrong type.
            ValueError: An argument is malformed.
            RepositoryNotFoundError: The repository does not exist.
            ServiceError: ECR returned another error; the subclass says which.
            TransportError: There was no usable response (network, time-out, credentials).
            ResponseError: The response is malformed.
        """
        try:
            await anext(self._look_up(repository_name, [one_image_id(image_id, tag, digest)], "raise", registry_id))
        except ImageNotFoundError:
            return False
        return True

    async def newest_images(
        self,
        repository_name: str,
        count: int = 1,
        *,
        where: Callable[[Image], object] | None = None,
        tag_status: TagStatus | Literal["TAGGED", "UNTAGGED", "ANY"] | None = None,
        image_status: ImageStatusFilter | Literal["ACTIVE", "ARCHIVED", "ACTIVATING", "ANY"] | None = None,
        page_size: int = 1000,
        registry_id: str | None = None,
    ) -> list[Image]:
        """Return the images that were pushed last.

        ECR does not sort, so every page is read; memory holds a page and at most twice `count` images. "Newest" goes by
        `Image.pushed_at`, when the manifest was first pushed: moving a tag to an older image does not make it newer.

        Args:
            repository_name: The repository, without the registry's host name, such as `team/app`.
            count: The maximum number of images, 0 or more.
            where: Only images for which this returns true, such as `lambda image: "v1" in image.tags`. Signatures,
                SBOMs and build caches are images too, and are often the newest. None for all.
            tag_status: `"TAGGED"` or `"UNTAGGED"` images only. None for both: the child manifests of a
                multi-architecture image are untagged, and as new as their index.
            image_status: Images of this storage class only, or `"ANY"`. **None lists the ACTIVE ones only, as ECR
                does.**
            page_size: Images per request, 1 to 1000. ECR: `maxResults`.
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's default.

        Returns:
            The images, newest first; of those pushed at the same time, the lower digest first. Fewer than `count`
            if there are no more.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is malformed or out of range.
            RepositoryNotFoundError: The repository does not exist.
            ServiceError: ECR returned another error; the subclass says which.
            TransportError: There was no usable response (network, time-out, credentials).
            ResponseError: The response is malformed.
        """
        newest = Newest(count, where)
        images = self.describe_images(
            repository_name,
            tag_status=tag_status,
            image_status=image_status,
            page_size=page_size,
            registry_id=registry_id,
        )
        async for page in images.pages():
            newest.add(page.images)
        return newest.images()

    def repository_names(self, *, registry_id: str | None = None) -> AsyncIterator[str]:
        """List the names of the repositories of a registry.

        No request is made before the first `anext()`. A truncated response raises an error; it never shortens the list.
        Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html

        Args:
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's default.

        Returns:
            An asynchronous iterator of `str`, in ECR's order, which is not documented. It resumes after an error or
            cancellation with the page that failed.

        Raises:
            TypeError: `registry_id` is not a string.
            ValueError: `registry_id` is not 12 digits.
            AccessDeniedError: While iterating: the caller lacks `ecr:DescribeRepositories`.
            ServiceError: While iterating: ECR returned another error; the subclass says which.
            TransportError: While iterating: there was no usable response (network, time-out, credentials).
            ResponseError: While iterating: the response is malformed.
        """
        listing = name_listing(self._registry_or_default(registry_id))
        return AsyncNameIterator(self._calls.of_one_iterator(DESCRIBE_REPOSITORIES), listing)

    def registry_images(
        self,
        repository_names: Iterable[str] | None = None,
        *,
        tag_status: TagStatus | Literal["TAGGED", "UNTAGGED", "ANY"] | None = None,
        image_status: ImageStatusFilter | Literal["ACTIVE", "ARCHIVED", "ACTIVATING", "ANY"] | None = None,
        page_size: int = 1000,
        max_workers: int | None = None,
        failed: Literal["raise", "skip"] = "raise",
        registry_id: str | None = None,
    ) -> AsyncRegistryIterator:
        """List the images of many repositories, several requests at a time.

        No request is made before the first `anext()`. Throttled requests are repeated, with fewer at a time; a
        repository fails only if one of its pages is throttled for a minute.

        Args:
            repository_names: The repositories, in the order in which to list them. An iterator is read ahead of the
                images, as far as pages are requested. None for all repositories of the registry.
            tag_status: `"TAGGED"` or `"UNTAGGED"` images only. None for both.
            image_status: Images of this storage class only, or `"ANY"`. **None lists the ACTIVE ones only, as ECR
                does.**
            page_size: Images per request, 1 to 1000. ECR: `maxResults`.
            max_workers: The maximum number of requests at a time, 1 or more. None for 8, or the size of the client's
                connection pool if that is less. At most four times as many pages are buffered.
            failed: What to do if a repository fails: `"raise"` the error when its turn comes, or `"skip"` the
                repository and keep the error in `failures`. After a raised error, the iterator resumes with the same
                page if the error is retryable, or else with the next repository. An error in the list of repositories
                itself is raised in both cases.
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's default.

        Returns:
            An asynchronous iterator of `Image`, repository by repository, each in ECR's order. A repository that was
            deleted since it was listed has no images. Use the iterator in an `async with` statement unless you read it
            to the end.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is malformed or out of range, or, while iterating, a name.
            RepositoryNotFoundError: While iterating: a repository of `repository_names` does not exist.
            AccessDeniedError: While iterating: the caller lacks `ecr:DescribeImages`, or `ecr:DescribeRepositories`.
            ServiceError: While iterating: ECR returned another error; the subclass says which.
            TransportError: While iterating: there was no usable response (network, time-out, credentials).
            ResponseError: While iterating: the response is malformed.
        """
        schedule = registry_schedule(
            repository_names,
            tag_status=tag_status,
            image_status=image_status,
            page_size=page_size,
            registry_id=self._registry_or_default(registry_id),
            failed=failed,
            max_workers=max_workers,
            connections=self._source.connections,
        )
        return AsyncRegistryIterator(self._workers_of(schedule), schedule)

    def image_uri(self, image: Image, *, tag: str | None = None) -> str:
        """Return the pull URI of an image.

        Args:
            image: An image of this client's region.
            tag: One of its tags, for a URI that ends in `:<tag>`. None for `@<digest>`, which always identifies this
                image.

        Returns:
            `<registry>.dkr.ecr.<region>.<DNS suffix>/<repository>@<digest>`, with the DNS suffix of the client's
            partition: `amazonaws.com`, `amazonaws.com.cn` in China, and so on.

        Raises:
            TypeError: `image` is not an `Image`.
            ValueError: The image does not have the tag.
            RuntimeError: The boto3 client does not exist yet, as for `region_name`.
        """
        return self._image_uri(image, tag)

    def _ecr(self) -> Any:
        if self._source.existing is None and _is_in_an_event_loop():
            raise RuntimeError(
                "the boto3 client does not exist yet, and creating it would block the event loop: use 'async with "
                "AsyncClient() as client', or await another call of the client first"
            )
        return super()._ecr()

    def _look_up(
        self,
        repository_name: str,
        image_ids: Iterable[ImageId | str],
        missing: Literal["raise", "skip"],
        registry_id: str | None,
    ) -> AsyncImageLookup:
        lookup = image_lookup(repository_name, image_ids, missing, self._registry_or_default(registry_id))
        return AsyncImageLookup(self._calls.of_one_iterator(DESCRIBE_IMAGES), lookup)

    def _workers_of(self, schedule: RegistrySchedule) -> Callable[[], AsyncWorkers]:
        calls = self._calls

        def fetched(fetch: Fetch) -> Any:
            return calls.call(fetch.listing.operation, fetch.request, retries_throttling=False)

        if isinstance(calls, AwaitedCalls):
            return lambda: TaskWorkers(fetched)
        return lambda: AsyncThreadWorkers(fetched, schedule.max_workers)


def _is_in_an_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
