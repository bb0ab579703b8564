"""What is listed: the images of a repository, and the repositories of a registry."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from ecrimages._image_id import ImageId
from ecrimages._lookup import Lookup
from ecrimages._models import Image
from ecrimages._operations import DESCRIBE_IMAGES, DESCRIBE_REPOSITORIES
from ecrimages._pagination import Listing
from ecrimages._parameters import (
    IMAGES_PER_PAGE,
    check_int,
    check_registry_id,
    check_start_token,
    check_where,
    listing_filter,
    repository_request,
)
from ecrimages._registry_schedule import RegistrySchedule

__all__ = [
    "Newest",
    "image_listing",
    "image_lookup",
    "name_listing",
    "registry_schedule",
]

_WORKERS = 8
# With half of that, one page at the head that waits for a throttled request doubles the time.
_PAGES_PER_WORKER = 4

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def image_listing(
    repository_name: str,
    *,
    tag_status: str | None,
    image_status: str | None,
    page_size: int,
    limit: int | None,
    start_token: str | None,
    registry_id: str | None,
) -> Listing[Image]:
    """Return the listing of a repository's images.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is malformed or out of range.
    """
    check_int("page_size", page_size, 1, IMAGES_PER_PAGE)
    if limit is not None:
        check_int("limit", limit, 0)
    request = repository_request(repository_name, registry_id=registry_id)
    request |= listing_filter(tag_status=tag_status, image_status=image_status)
    check_start_token(start_token)
    return Listing(request, page_size=page_size, limit=limit, token=start_token, operation=DESCRIBE_IMAGES)


def name_listing(registry_id: str | None) -> Listing[str]:
    """Return the listing of a registry's repositories, by name.

    Raises:
        TypeError: `registry_id` is not a string.
        ValueError: `registry_id` is not 12 digits.
    """
    check_registry_id(registry_id)
    request = {} if registry_id is None else {"registryId": registry_id}
    # https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html: 1000 at most.
    return Listing(request, page_size=1000, operation=DESCRIBE_REPOSITORIES)


def image_lookup(
    repository_name: str,
    image_ids: Iterable[ImageId | str],
    missing: Literal["raise", "skip"],
    registry_id: str | None,
) -> Lookup:
    """Return the look-up of images by their ids.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is malformed.
    """
    return Lookup(repository_request(repository_name, registry_id=registry_id), image_ids, missing)


class Newest:
    """The images that were pushed last, of all that are added.

    Args:
        count: How many of them.
        where: Only images for which this returns true. None for all.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: `count` is negative.
    """

    def __init__(self, count: int, where: Callable[[Image], object] | None) -> None:
        check_int("count", count, 0)
        check_where(where)
        self._candidates: list[Image] = []
        self._count = count
        self._where = where

    def add(self, images: Iterable[Image]) -> None:
        """Add images in any order."""
        where = self._where
        # Not filter(), which would take a StopIteration of the caller's function for the end of the images.
        wanted = (image for image in images if where(image)) if where else images
        self._candidates.extend(wanted)
        # Not for each page: with a large count, the time would grow with the square of the number of images.
        if len(self._candidates) >= 2 * self._count:
            self._candidates = self.images()

    def images(self) -> list[Image]:
        """Return the newest first; of those pushed at the same time, the lower digest first."""
        return heapq.nsmallest(self._count, self._candidates, key=_newest_first)


def _newest_first(image: Image) -> tuple[timedelta, str]:
    return _EPOCH - image.pushed_at, image.digest


def registry_schedule(
    repository_names: Iterable[str] | None,
    *,
    tag_status: str | None,
    image_status: str | None,
    page_size: int,
    registry_id: str | None,
    failed: Literal["raise", "skip"],
    max_workers: int | None,
    connections: int | None,
) -> RegistrySchedule:
    """Return the schedule of a registry's listing.

    Args:
        repository_names: The names of the repositories, or None for all of the registry.
        tag_status: As for `image_listing()`.
        image_status: As for `image_listing()`.
        page_size: As for `image_listing()`.
        registry_id: The registry.
        failed: Whether a repository's error is raised.
        max_workers: The most requests at a time. None for the default.
        connections: The size of the client's connection pool. None if it is not known.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is malformed or out of range.
    """
    check_int("page_size", page_size, 1, IMAGES_PER_PAGE)
    check_registry_id(registry_id)
    parameters = listing_filter(tag_status=tag_status, image_status=image_status)

    def listing_of(name: str) -> Listing[Image]:
        request = repository_request(name, registry_id=registry_id) | parameters
        return Listing(request, page_size=page_size, operation=DESCRIBE_IMAGES)

    names = name_listing(registry_id) if repository_names is None else _given_names(repository_names)
    workers = _worker_count(max_workers, connections)
    return RegistrySchedule(
        listing_of,
        names,
        failed=failed,
        max_workers=workers,
        max_waiting=_PAGES_PER_WORKER * workers,
    )


def _given_names(repository_names: Iterable[str]) -> Iterator[str]:
    if isinstance(repository_names, str) or not isinstance(repository_names, Iterable):
        raise TypeError(f"repository_names must be an iterable of strings, or None for all, not {repository_names!r}")
    if isinstance(repository_names, Collection):
        for name in repository_names:
            repository_request(name, registry_id=None)
    return iter(repository_names)


def _worker_count(max_workers: int | None, connections: int | None) -> int:
    if max_workers is None:
        return _WORKERS if connections is None else min(_WORKERS, connections)
    check_int("max_workers", max_workers, 1)
    if connections is not None and max_workers > connections:
        raise ValueError(
            f"max_workers must be at most {connections}, the size of the boto3 client's connection pool, not "
            f"{max_workers}: make the client with config=Config(max_pool_connections={max_workers})"
        )
    return max_workers
