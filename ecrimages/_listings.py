"""What is listed: the images of a repository, and the repositories of a registry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ecrimages._models import Image
from ecrimages._pagination import Listing
from ecrimages._parameters import IMAGES_PER_PAGE, check_int, check_registry_id, listing_request

__all__ = ["image_listing", "name_listing", "newest_first"]

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
