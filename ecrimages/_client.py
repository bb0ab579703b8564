"""The facade: what an application calls. The only module that imports boto3, and only to make a client."""

from __future__ import annotations

import heapq
import inspect
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast, final, overload

from ecrimages._enums import ImageStatusFilter, TagStatus
from ecrimages._errors import ImageNotFoundError
from ecrimages._iterator import ImageIterator
from ecrimages._lookup import ImageLookup
from ecrimages._models import Image, ImageId, ImagePage
from ecrimages._request import (
    IMAGES_PER_PAGE,
    check_int,
    check_registry_id,
    listing_request,
    repository_request,
)
from ecrimages._version import __version__

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

    from ecrimages._transport import Transport

    # What boto3.client("ecr") is to a type checker depends on the stubs that are installed:
    # docs/decisions/0001-the-type-of-the-injected-client.md has what was measured.

    class OtherECRClient(Protocol):
        """A boto3 ECR client by other stubs than mypy-boto3-ecr, such as types-boto3-ecr.

        EC2 and ECR Public describe images too, but ECR alone has the other method.
        """

        @property
        def describe_images(self) -> Callable[..., Any]: ...
        @property
        def describe_image_scan_findings(self) -> Callable[..., Any]: ...
        def close(self) -> None: ...

    class UntypedClient(Protocol):
        """A boto3 client of which nothing tells the service: it would take any paginator's name."""

        def get_paginator(self, operation_name: str) -> Any: ...
        def get_waiter(self, waiter_name: str) -> Any: ...


__all__ = ["Client"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# boto3's default session makes clients in one thread at a time only.
_making_a_client = threading.Lock()


@final
class Client:
    """Tells what an Amazon ECR registry holds, through a boto3 client.

    Threads may share it, as they may share the boto3 client. What else is done with the boto3 client is
    not touched.

    Args:
        ecr: A boto3 ECR client: its region, credentials, retries, time-outs and TLS settings are those of
            the calls. None to have one made from boto3's default session on first use, with standard
            retries and 8 attempts.
        registry_id: The AWS account whose registry is meant where a call does not say, 12 digits. None for
            the caller's own.

    Raises:
        TypeError: `ecr` is no boto3 ECR client, or `registry_id` no string.
        ValueError: `registry_id` is not 12 digits.
    """

    def __init__(
        self,
        ecr: ECRClient | OtherECRClient | UntypedClient | None = None,
        *,
        registry_id: str | None = None,
    ) -> None:
        _check_client(ecr)
        check_registry_id(registry_id)
        self._ecr = cast("ECRClient | None", ecr)
        self._registry_id = registry_id
        self._transport: Transport | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        region = "region to be found" if self._ecr is None else f"region {self._ecr.meta.region_name!r}"
        registry = "" if self._registry_id is None else f", registry {self._registry_id!r}"
        return f"<Client: {region}{registry}>"

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

        No request is made before the first image is asked for, and none for a page before it is needed.
        Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html

        Args:
            repository_name: The repository, without the registry's host name, as in `team/app`.
            tag_status: `"TAGGED"` or `"UNTAGGED"` images only. None for both.
            image_status: Images of this storage class only, or `"ANY"`. **None lists the ACTIVE ones only,
                as ECR does.**
            page_size: Images a request, 1 to 1000. ECR's name: `maxResults`.
            limit: Stop after this many images. None for all.
            start_token: The `next_token` of an earlier listing with the same arguments, to go on there. None
                to begin at the first image.
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's.

        Returns:
            An iterator of `Image`, in ECR's order, which is not documented; `.pages()` gives `ImagePage`
            instead. A repository without images gives none.

        Raises:
            TypeError: An argument is of a wrong type.
            ValueError: An argument cannot be right.
            RepositoryNotFoundError: While iterating: there is no such repository.
            AccessDeniedError: While iterating: the caller may not do `ecr:DescribeImages`.
            ServiceError: While iterating: ECR answered with another error; the subclass says which.
            TransportError: While iterating: there was no usable answer.
            ResponseError: While iterating: the answer makes no sense.
        """
        check_int("page_size", page_size, 1, IMAGES_PER_PAGE)
        if limit is not None:
            check_int("limit", limit, 0)
        request = listing_request(
            repository_name,
            tag_status=tag_status,
            image_status=image_status,
            start_token=start_token,
            registry_id=self._registry_id if registry_id is None else registry_id,
        )
        return ImageIterator(self._describe, request, page_size=page_size, limit=limit)

    @overload
    def get_image(self, repository_name: str, *, tag: str, registry_id: str | None = None) -> Image: ...

    @overload
    def get_image(self, repository_name: str, *, digest: str, registry_id: str | None = None) -> Image: ...

    def get_image(
        self,
        repository_name: str,
        *,
        tag: str | None = None,
        digest: str | None = None,
        registry_id: str | None = None,
    ) -> Image:
        """Return one image, by tag or by digest.

        Args:
            repository_name: The repository, without the registry's host name, as in `team/app`.
            tag: A tag of the image, as in `v1.2.3`. This or `digest`.
            digest: The digest of its manifest, `sha256:…`. This or `tag`.
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's.

        Returns:
            The image. Of a multi-architecture image, a tag names the index.

        Raises:
            TypeError: Both of `tag` and `digest` are given or none, or an argument is of a wrong type.
            ValueError: An argument cannot be right.
            ImageNotFoundError: There is no such image in the repository; `image_id` tells which.
            RepositoryNotFoundError: There is no such repository.
            ServiceError: ECR answered with another error; the subclass says which.
            TransportError: There was no usable answer.
            ResponseError: The answer makes no sense.
        """
        image_id = _tag_or_digest(tag, digest)
        return next(self._look_up(repository_name, [image_id], "raise", registry_id))

    def get_images(
        self,
        repository_name: str,
        image_ids: Iterable[ImageId | str],
        *,
        missing: Literal["raise", "skip"] = "raise",
        registry_id: str | None = None,
    ) -> Iterator[Image]:
        """Return the images with certain ids, any number of them.

        ECR is asked for 100 at a time, when they are needed.

        Args:
            repository_name: The repository, without the registry's host name, as in `team/app`.
            image_ids: `ImageId`, or strings: `sha256:…` is a digest, all else a tag. An iterator is read a
                hundred at a time.
            missing: What to do about an image that is not there: `"raise"` ImageNotFoundError or `"skip"` it.
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's.

        Returns:
            An iterator of `Image`, batch by batch, within a batch in ECR's order, which is not documented.
            An id that comes twice, or two ids of one image, give it once if they are in the same batch. It
            goes on after an error: after ImageNotFoundError with the ids that are left, after any other with
            the same request.

        Raises:
            TypeError: An argument is of a wrong type. While iterating: an id is.
            ValueError: An argument cannot be right. While iterating: an id cannot, such as an empty tag or a
                malformed digest. Ids in a list, tuple or set are all checked at the call.
            ImageNotFoundError: While iterating, with `missing="raise"`: an image is not there; `image_id`
                tells which.
            RepositoryNotFoundError: While iterating: there is no such repository.
            ServiceError: While iterating: ECR answered with another error; the subclass says which.
            TransportError: While iterating: there was no usable answer.
            ResponseError: While iterating: the answer makes no sense.
        """
        return self._look_up(repository_name, image_ids, missing, registry_id)

    @overload
    def image_exists(self, repository_name: str, *, tag: str, registry_id: str | None = None) -> bool: ...

    @overload
    def image_exists(self, repository_name: str, *, digest: str, registry_id: str | None = None) -> bool: ...

    def image_exists(
        self,
        repository_name: str,
        *,
        tag: str | None = None,
        digest: str | None = None,
        registry_id: str | None = None,
    ) -> bool:
        """Tell whether there is an image with this tag or digest.

        Args:
            repository_name: The repository, without the registry's host name, as in `team/app`.
            tag: A tag, as in `v1.2.3`. This or `digest`.
            digest: The digest of a manifest, `sha256:…`. This or `tag`.
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's.

        Returns:
            False if ECR says that there is no such image in the repository, and for nothing else. A missing
            repository, a missing permission or a broken connection is an error.

        Raises:
            TypeError: Both of `tag` and `digest` are given or none, or an argument is of a wrong type.
            ValueError: An argument cannot be right.
            RepositoryNotFoundError: There is no such repository.
            ServiceError: ECR answered with another error; the subclass says which.
            TransportError: There was no usable answer.
            ResponseError: The answer makes no sense.
        """
        image_id = _tag_or_digest(tag, digest)
        try:
            next(self._look_up(repository_name, [image_id], "raise", registry_id))
        except ImageNotFoundError:
            return False
        return True

    def newest_images(
        self,
        repository_name: str,
        count: int = 1,
        *,
        tag_status: TagStatus | Literal["TAGGED", "UNTAGGED", "ANY"] | None = None,
        image_status: ImageStatusFilter | Literal["ACTIVE", "ARCHIVED", "ACTIVATING", "ANY"] | None = None,
        page_size: int = 1000,
        registry_id: str | None = None,
    ) -> list[Image]:
        """Return the images that were pushed last.

        ECR does not sort, so every page is read; memory holds one page and `count` images. "Newest" goes by
        `Image.pushed_at`, when the manifest was first pushed: a tag that moved to an older image since does
        not make it newer.

        Args:
            repository_name: The repository, without the registry's host name, as in `team/app`.
            count: How many, at most.
            tag_status: `"TAGGED"` or `"UNTAGGED"` images only. None for both: the members of a
                multi-architecture image are untagged, and as new as their index.
            image_status: Images of this storage class only, or `"ANY"`. **None means the ACTIVE ones only,
                as in ECR.**
            page_size: Images a request, 1 to 1000. ECR's name: `maxResults`.
            registry_id: The AWS account that owns the registry, 12 digits. None for the client's.

        Returns:
            The images, newest first; of those pushed at the same time, the lower digest first. Fewer than
            `count` if there are no more.

        Raises:
            TypeError: An argument is of a wrong type.
            ValueError: An argument cannot be right.
            RepositoryNotFoundError: There is no such repository.
            ServiceError: ECR answered with another error; the subclass says which.
            TransportError: There was no usable answer.
            ResponseError: The answer makes no sense.
        """
        check_int("count", count, 0)
        images = self.describe_images(
            repository_name,
            tag_status=tag_status,
            image_status=image_status,
            page_size=page_size,
            registry_id=registry_id,
        )
        return heapq.nsmallest(count, images, key=_newest_first)

    def _look_up(
        self,
        repository_name: str,
        image_ids: Iterable[ImageId | str],
        missing: Literal["raise", "skip"],
        registry_id: str | None,
    ) -> ImageLookup:
        registry_id = self._registry_id if registry_id is None else registry_id
        request = repository_request(repository_name, registry_id=registry_id)
        return ImageLookup(self._describe, request, image_ids, missing=missing)

    def _describe(self, request: Mapping[str, Any]) -> ImagePage:
        transport = self._transport
        if transport is None:
            with self._lock:
                transport = self._transport = self._transport or self._make_transport()
        return transport.describe_images(request)

    def _make_transport(self) -> Transport:
        # botocore takes half a second to import, which who only handles records need not pay.
        from ecrimages._transport import Transport, translated_errors

        if self._ecr is None:
            with translated_errors():
                self._ecr = _default_ecr()
        return Transport(self._ecr)


def _default_ecr() -> ECRClient:
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"mode": "standard", "total_max_attempts": 8}, user_agent_extra=f"ecrimages/{__version__}"
    )
    with _making_a_client:
        return boto3.client("ecr", config=config)


def _check_client(ecr: Any) -> None:
    if ecr is None:
        return
    service = getattr(getattr(getattr(ecr, "meta", None), "service_model", None), "service_name", "ecr")
    describe_images = getattr(ecr, "describe_images", None)
    if (
        not callable(describe_images)
        or (isinstance(service, str) and service != "ecr")
        # Of the same method, but no boto3 clients: one of this class, and one for asyncio.
        or isinstance(ecr, Client)
        or inspect.iscoroutinefunction(describe_images)
    ):
        raise TypeError(f"ecr must be a boto3 ECR client, such as boto3.client('ecr'), not {ecr!r}")


def _tag_or_digest(tag: str | None, digest: str | None) -> ImageId:
    if (tag is None) == (digest is None):
        given = "none" if tag is None else "both"
        raise TypeError(f"give tag or digest, as in tag='v1'; {given} of them came")
    return ImageId(tag=tag, digest=digest)


def _newest_first(image: Image) -> tuple[timedelta, str]:
    return _EPOCH - image.pushed_at, image.digest
