"""What is listed: the images of a repository, and the repositories of a registry."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from ecrimages._models import Image
from ecrimages._pagination import Listing
from ecrimages._parameters import (
    IMAGES_PER_PAGE,
    check_int,
    check_registry_id,
    listing_filter,
    listing_request,
    repository_request,
)
from ecrimages._registry_schedule import RegistrySchedule

__all__ = [
    "given_names",
    "image_listing",
    "name_listing",
    "newest_first",
    "registry_schedule",
    "worker_count",
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
    registry_id: str | None,
    limit: int | None = None,
    start_token: str | None = None,
) -> Listing[Image]:
    """Return the listing of a repository's images.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: An argument is malformed or out of range.
    """
    check_int("page_size", page_size, 1, IMAGES_PER_PAGE)
    if limit is not None:
        check_int("limit", limit, 0)
    request = listing_request(
        repository_name,
        tag_status=tag_status,
        image_status=image_status,
        start_token=start_token,
        registry_id=registry_id,
    )
    return Listing(request, page_size=page_size, limit=limit, items_name="images")


def name_listing(registry_id: str | None) -> Listing[str]:
    """Return the listing of a registry's repositories, by name.

    Raises:
        TypeError: `registry_id` is not a string.
        ValueError: `registry_id` is not 12 digits.
    """
    check_registry_id(registry_id)
    request = {} if registry_id is None else {"registryId": registry_id}
    # https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html: 1000 at most.
    return Listing(request, page_size=1000, items_name="names")


def newest_first(image: Image) -> tuple[timedelta, str]:
    """Return the key that sorts images by the time of the push, the newest first."""
    return _EPOCH - image.pushed_at, image.digest


def registry_schedule(
    names: Listing[str] | None,
    *,
    tag_status: str | None,
    image_status: str | None,
    page_size: int,
    registry_id: str | None,
    failed: Literal["raise", "skip"],
    max_workers: int,
) -> RegistrySchedule:
    """Return the schedule of a registry's listing; `names` is None if the caller gives the names.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: An argument is malformed or out of range.
    """
    check_int("page_size", page_size, 1, IMAGES_PER_PAGE)
    check_registry_id(registry_id)
    parameters = listing_filter(tag_status=tag_status, image_status=image_status)

    def listing_of(name: str) -> Listing[Image]:
        request = repository_request(name, registry_id=registry_id) | parameters
        return Listing(request, page_size=page_size, items_name="images")

    return RegistrySchedule(listing_of, names, failed=failed, max_waiting=_PAGES_PER_WORKER * max_workers)


def given_names(repository_names: Iterable[str] | None) -> Iterator[str] | None:
    """Return the names that a caller has given, or None for all repositories of the registry.

    Raises:
        TypeError: They are not an iterable of strings.
        ValueError: One of a collection is malformed.
    """
    if repository_names is None:
        return None
    if isinstance(repository_names, str) or not isinstance(repository_names, Iterable):
        raise TypeError(f"repository_names must be an iterable of strings, or None for all, not {repository_names!r}")
    if isinstance(repository_names, Collection):
        for name in repository_names:
            repository_request(name, registry_id=None)
    return iter(repository_names)


def worker_count(max_workers: int | None, connections: int | None) -> int:
    """Return how many requests are made at a time.

    Args:
        max_workers: What the caller wants. None for the default.
        connections: The size of the boto3 client's connection pool. None if it is not known.

    Raises:
        TypeError: `max_workers` is not an int.
        ValueError: It is less than 1, or more than the client has connections.
    """
    if max_workers is None:
        return _WORKERS if connections is None else min(_WORKERS, connections)
    check_int("max_workers", max_workers, 1)
    if connections is not None and max_workers > connections:
        raise ValueError(
            f"max_workers must be at most {connections}, the size of the boto3 client's connection pool, not "
            f"{max_workers}: make the client with config=Config(max_pool_connections={max_workers})"
        )
    return max_workers
