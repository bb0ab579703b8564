"""The parameters of DescribeImages, checked before any request: pure functions.

Limits: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

from ecrimages._enums import ImageStatusFilter, TagStatus
from ecrimages._models import ImageId

__all__ = [
    "IMAGES_PER_PAGE",
    "IMAGE_IDS_PER_REQUEST",
    "check_int",
    "check_registry_id",
    "image_id_members",
    "image_id_of",
    "listing_request",
    "repository_request",
]

IMAGE_IDS_PER_REQUEST = 100
IMAGES_PER_PAGE = 1000

# The pattern of the service's model: ECR refuses, or says "does not exist", outside of it.
_REPOSITORY_NAME = re.compile(
    r"(?:[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*/)*[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
)
_REGISTRY_ID = re.compile(r"[0-9]{12}")


def listing_request(
    repository_name: str,
    *,
    tag_status: str | None,
    image_status: str | None,
    start_token: str | None,
    registry_id: str | None,
) -> dict[str, Any]:
    """Return the parameters of the first page to list, but for its size.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: An argument cannot be right.
    """
    request = repository_request(repository_name, registry_id=registry_id)
    wanted = {
        "tagStatus": _member("tag_status", tag_status, TagStatus),
        "imageStatus": _member("image_status", image_status, ImageStatusFilter),
    }
    chosen = {name: value for name, value in wanted.items() if value is not None}
    if chosen:
        request["filter"] = chosen
    if start_token is not None:
        if not isinstance(start_token, str):
            raise TypeError(f"start_token must be a string or None, not {start_token!r}")
        if not start_token:
            raise ValueError(
                "start_token must be a token of an earlier listing, or None for the first page, not ''"
            )
        request["nextToken"] = start_token
    return request


def image_id_of(value: ImageId | str) -> ImageId:
    """Return the id that a caller has named: an `ImageId`, a digest (`sha256:…`) or else a tag.

    Raises:
        TypeError: It is none of them.
        ValueError: The tag or the digest cannot be right.
    """
    if isinstance(value, ImageId):
        return value
    if not isinstance(value, str):
        raise TypeError(f"an image id must be an ImageId, a tag or a digest, not {value!r}")
    # A tag holds no colon: what has one is meant as a digest, and its error says what a digest is.
    return ImageId(digest=value) if ":" in value else ImageId(tag=value)


def image_id_members(image_id: ImageId) -> dict[str, str]:
    """Return an id as ECR takes it, a member of `imageIds`."""
    named = {"imageDigest": image_id.digest, "imageTag": image_id.tag}
    return {name: value for name, value in named.items() if value is not None}


def check_int(name: str, value: object, lowest: int, highest: int | None = None) -> None:
    """Raise TypeError or ValueError unless `value` is an int within the bounds."""
    allowed = f"an int from {lowest} to {highest}" if highest is not None else f"an int of {lowest} or more"
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be {allowed}, not {value!r}")
    if value < lowest or (highest is not None and value > highest):
        raise ValueError(f"{name} must be {allowed}, not {value!r}")


def check_registry_id(value: object) -> None:
    """Raise TypeError or ValueError unless `value` is an AWS account id, or None."""
    if value is None:
        return
    if not isinstance(value, str):
        raise TypeError(f"registry_id must be a string of 12 digits, not {value!r}")
    if not _REGISTRY_ID.fullmatch(value):
        raise ValueError(f"registry_id must be an AWS account id, 12 digits, not {value!r}")


def repository_request(repository_name: str, *, registry_id: str | None) -> dict[str, Any]:
    """Return the parameters that every request has.

    Raises:
        TypeError: An argument is of a wrong type.
        ValueError: An argument cannot be right.
    """
    if not isinstance(repository_name, str):
        raise TypeError(f"repository_name must be a string, such as 'team/app', not {repository_name!r}")
    if not 2 <= len(repository_name) <= 256 or not _REPOSITORY_NAME.fullmatch(repository_name):
        raise ValueError(
            "repository_name must be 2 to 256 lower-case letters and digits with '/', '.', '_' or '-' "
            f"between them, without registry, tag and digest, such as 'team/app', not {repository_name!r}"
        )
    check_registry_id(registry_id)
    request = {"repositoryName": repository_name}
    if registry_id is not None:
        request["registryId"] = registry_id
    return request


def _member(name: str, value: object, enumeration: type[Enum]) -> str | None:
    if value is None:
        return None
    values = [str(member.value) for member in enumeration]
    allowed = f"{enumeration.__name__} or one of {', '.join(map(repr, values))}"
    if not isinstance(value, str):
        raise TypeError(f"{name} must be {allowed}, not {value!r}")
    if value not in values:
        raise ValueError(f"{name} must be {allowed}, not {value!r}")
    return values[values.index(value)]
