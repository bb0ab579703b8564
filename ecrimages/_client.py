"""The synchronous facade: what an application calls."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, Never, Self, overload

from ecrimages._any_client import AnyClient
from ecrimages._client_types import AnyECRClient, check_client, refuse_unknown
from ecrimages._enums import ImageStatusFilter, TagStatus
from ecrimages._errors import ImageNotFoundError
from ecrimages._image_id import ImageId
from ecrimages._iterators import ImageIterator, ImageLookup, NameIterator
from ecrimages._listings import Newest, image_listing, image_lookup, name_listing, registry_schedule
from ecrimages._models import Image
from ecrimages._operations import DESCRIBE_IMAGES, DESCRIBE_REPOSITORIES
from ecrimages._own_client import HandedInClient
from ecrimages._parameters import one_image_id
from ecrimages._registry import RegistryIterator
from ecrimages._registry_schedule import Fetch

__all__ = ["Client"]


class Client(AnyClient):
    """Reads image metadata from an Amazon ECR registry through a boto3 client.

    Threads may share it, as they may share the boto3 client. Other uses of the same boto3 client are unaffected. A
    `Client()` that creates its own boto3 client can be pickled, and creates a new one in a forked child.

    Args:
        ecr: A boto3 ECR client, such as `boto3.client("ecr", region_name="eu-west-1")`: its region, credentials,
            retries, time-outs and TLS settings apply. None creates one from boto3's default session on first use,
            with standard retries and 8 attempts unless the environment or the profile configures retries.
        registry_id: Default registry: a 12-digit AWS account ID. None means the caller's account.

    Raises:
        TypeError: `ecr` is not a boto3 ECR client, or `registry_id` is not a string.
        ValueError: `registry_id` is not 12 digits.
    """

    def __init__(self, ecr: AnyECRClient | None = None, *, registry_id: str | None = None, **unknown: Never) -> None:
        refuse_unknown(unknown, "Client")
        check_client(ecr)
        super().__init__(ecr, registry_id)

    def __reduce__(self) -> str | tuple[Any, ...]:
        if isinstance(self._source, HandedInClient):
            raise TypeError(
                "a Client around a boto3 client cannot be pickled or copied: create the boto3 client in the worker, "
                "or pass a Client() that creates its own"
            )
        return functools.partial(type(self), registry_id=self._registry_id), ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the boto3 client if this `Client` created it. A client that you passed in stays open."""
        self._source.close()

    @property
    def region_name(self) -> str:
        """The AWS region of the boto3 client, such as `eu-west-1`."""
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
    ) -> ImageIterator:
        """List the images of a repository.

        Pages are requested as they are needed, the first one by the first `next()`.
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
            An iterator of `Image` in ECR's order, which is not documented; `.pages()` returns `ImagePage` instead.
            Empty if the repository has no images.

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
        return ImageIterator(self._describe_images, listing)

    @overload
    def get_image(self, repository_name: str, image_id: ImageId | str, *, registry_id: str | None = None) -> Image: ...

    @overload
    def get_image(self, repository_name: str, *, tag: str, registry_id: str | None = None) -> Image: ...

    @overload
    def get_image(self, repository_name: str, *, digest: str, registry_id: str | None = None) -> Image: ...

    def get_image(
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
        return next(self._look_up(repository_name, [one_image_id(image_id, tag, digest)], "raise", registry_id))

    def get_images(
        self,
        repository_name: str,
        image_ids: Iterable[ImageId | str],
        *,
        missing: Literal["raise", "skip"] = "raise",
        registry_id: str | None = None,
    ) -> Iterator[Image]:
        """Return images by id, any number of them.

        They are requested 100 at a time, as they are needed.

        Args:
            repository_name: The repository, without the registry's host name, such as `team/app`.
            image_ids: `ImageId` objects, or strings: `sha256:…` is a digest, anything else a tag. An iterator is read
                100 at a time.
            missing: What to do if an image does not exist: `"raise"` ImageNotFoundError, or `"skip"` it.
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's default.

        Returns:
            An iterator of `Image`, batch by batch, within a batch in ECR's order, which is not documented. An image
            is returned once per batch, even if several ids match it. The iterator resumes after an error: after
            ImageNotFoundError with the remaining ids, after any other with the same request.

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
    def image_exists(
        self, repository_name: str, image_id: ImageId | str, *, registry_id: str | None = None
    ) -> bool: ...

    @overload
    def image_exists(self, repository_name: str, *, tag: str, registry_id: str | None = None) -> bool: ...

    @overload
    def image_exists(self, repository_name: str, *, digest: str, registry_id: str | None = None) -> bool: ...

    def image_exists(
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
            next(self._look_up(repository_name, [one_image_id(image_id, tag, digest)], "raise", registry_id))
        except ImageNotFoundError:
            return False
        return True

    def newest_images(
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
        for page in images.pages():
            newest.add(page.images)
        return newest.images()

    def repository_names(self, *, registry_id: str | None = None) -> Iterator[str]:
        """List the names of the repositories of a registry.

        No request is made before the first `next()`. A truncated response raises an error; it never shortens the list.
        Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html

        Args:
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's default.

        Returns:
            An iterator of `str`, in ECR's order, which is not documented. It resumes after an error with the page
            that failed.

        Raises:
            TypeError: `registry_id` is not a string.
            ValueError: `registry_id` is not 12 digits.
            AccessDeniedError: While iterating: the caller lacks `ecr:DescribeRepositories`.
            ServiceError: While iterating: ECR returned another error; the subclass says which.
            TransportError: While iterating: there was no usable response (network, time-out, credentials).
            ResponseError: While iterating: the response is malformed.
        """
        return NameIterator(self._describe_repositories, name_listing(self._registry_or_default(registry_id)))

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
    ) -> RegistryIterator:
        """List the images of many repositories, several requests at a time.

        No request is made before the first `next()`. Throttled requests are repeated, with fewer at a time; a
        repository fails only if one of its pages is throttled for a minute.

        Args:
            repository_names: The repositories, in the order in which to list them. An iterator is read ahead of the
                images, as far as pages are requested. None for all repositories of the registry.
            tag_status: `"TAGGED"` or `"UNTAGGED"` images only. None for both.
            image_status: Images of this storage class only, or `"ANY"`. **None lists the ACTIVE ones only, as ECR
                does.**
            page_size: Images per request, 1 to 1000. ECR: `maxResults`.
            max_workers: The maximum number of requests at a time, 1 or more. None for 8, or the size of the boto3
                client's connection pool if that is less. At most four times as many pages are buffered.
            failed: What to do if a repository fails: `"raise"` the error when its turn comes, or `"skip"` the
                repository and keep the error in `failures`. After a raised error, the iterator resumes with the same
                page if the error is retryable, or else with the next repository. An error in the list of repositories
                itself is raised in both cases.
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's default.

        Returns:
            An iterator of `Image`, repository by repository, each in ECR's order. A repository that was deleted since
            it was listed has no images. Use the iterator in a `with` statement unless you read it to the end.

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
        return RegistryIterator(self._fetch, schedule)

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
        """
        return self._image_uri(image, tag)

    def _look_up(
        self,
        repository_name: str,
        image_ids: Iterable[ImageId | str],
        missing: Literal["raise", "skip"],
        registry_id: str | None,
    ) -> ImageLookup:
        lookup = image_lookup(repository_name, image_ids, missing, self._registry_or_default(registry_id))
        return ImageLookup(self._describe_images, lookup)

    def _describe_images(self, request: Mapping[str, Any]) -> Any:
        return self._source.transport().call(DESCRIBE_IMAGES, request)

    def _describe_repositories(self, request: Mapping[str, Any]) -> Any:
        return self._source.transport().call(DESCRIBE_REPOSITORIES, request)

    def _fetch(self, fetch: Fetch) -> Any:
        return self._source.transport().call(fetch.listing.operation, fetch.request, retries_throttling=False)
