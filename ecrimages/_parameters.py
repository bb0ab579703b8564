"""The parameters of a request, checked before it is made: pure functions.

Limits: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from ecrimages._enums import ImageStatusFilter, TagStatus
from ecrimages._image_id import ImageId
from ecrimages._models import Image
from ecrimages._uri import IMAGE_HOST, REPOSITORY_NAME

__all__ = [
    "IMAGES_PER_PAGE",
    "IMAGE_IDS_PER_REQUEST",
    "check_choice",
    "check_int",
    "check_registry_id",
    "check_start_token",
    "check_where",
    "image_id_fields",
    "image_id_of",
    "listing_filter",
    "one_image_id",
    "repository_request",
]

IMAGE_IDS_PER_REQUEST = 100
IMAGES_PER_PAGE = 1000

_REGISTRY_ID = re.compile(r"[0-9]{12}")


def listing_filter(*, tag_status: str | None, image_status: str | None) -> dict[str, Any]:
    """Return the parameter that filters a listing, or nothing.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is none of the enumeration.
    """
    wanted = {
        "tagStatus": _enum_value("tag_status", tag_status, TagStatus),
        "imageStatus": _enum_value("image_status", image_status, ImageStatusFilter),
    }
    chosen = {name: value for name, value in wanted.items() if value is not None}
    return {"filter": chosen} if chosen else {}


def repository_request(repository_name: str, *, registry_id: str | None) -> dict[str, Any]:
    """Return the parameters that every request about a repository has.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is malformed.
    """
    if not isinstance(repository_name, str):
        raise TypeError(f"repository_name must be a string, such as 'team/app', not {repository_name!r}")
    _check_no_host_name(repository_name)
    if not 2 <= len(repository_name) <= 256 or not REPOSITORY_NAME.fullmatch(repository_name):
        raise ValueError(
            "repository_name must be 2 to 256 lower-case letters and digits with '/', '.', '_' or '-' between them, "
            f"without registry, tag or digest, such as 'team/app', not {repository_name!r}"
        )
    check_registry_id(registry_id)
    return {"repositoryName": repository_name} | ({} if registry_id is None else {"registryId": registry_id})


def image_id_of(value: object) -> ImageId:
    """Return the id that a caller has given: an `ImageId`, a digest (`sha256:…`) or else a tag.

    Raises:
        TypeError: It is none of them.
        ValueError: The tag or the digest is malformed.
    """
    if isinstance(value, ImageId):
        return value
    if not isinstance(value, str):
        what = "an Image: pass its digest" if isinstance(value, Image) else repr(value)
        raise TypeError(f"an image id must be an ImageId, a tag or a digest, not {what}")
    return ImageId(digest=value) if value.startswith("sha256:") else ImageId(tag=value)


def one_image_id(image_id: ImageId | str | None, tag: str | None, digest: str | None) -> ImageId:
    """Return the id of one image from the three ways to give it.

    Raises:
        TypeError: Not exactly one is given, or it has the wrong type.
        ValueError: It is malformed.
    """
    given = [name for name, value in (("image_id", image_id), ("tag", tag), ("digest", digest)) if value is not None]
    if len(given) != 1:
        got = " and ".join(map(repr, given)) or "none"
        raise TypeError(f"exactly one of an image id, 'tag' and 'digest' is required, got {got}")
    return ImageId(tag=tag, digest=digest) if image_id is None else image_id_of(image_id)


def image_id_fields(image_id: ImageId) -> dict[str, str]:
    """Return an id as an item of `imageIds`."""
    fields = {"imageDigest": image_id.digest, "imageTag": image_id.tag}
    return {name: value for name, value in fields.items() if value is not None}


def check_int(name: str, value: object, lowest: int, highest: int | None = None) -> None:
    """Raise TypeError or ValueError unless `value` is an int within the limits."""
    allowed = f"an int from {lowest} to {highest}" if highest is not None else f"an int of {lowest} or more"
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be {allowed}, not {value!r}")
    if value < lowest or (highest is not None and value > highest):
        raise ValueError(f"{name} must be {allowed}, not {value!r}")


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless `value` is one of the choices."""
    if value not in choices:
        raise ValueError(f"{name} must be {' or '.join(map(repr, choices))}, not {value!r}")


def check_where(where: Callable[[Any], object] | None) -> None:
    """Raise TypeError unless `where` is None or can be called with an image."""
    if where is not None and not callable(where):
        raise TypeError(
            f"where must be a function that takes an Image, such as lambda image: image.tags, not {where!r}"
        )


def check_start_token(value: object) -> None:
    """Raise TypeError or ValueError unless `value` may be the token of a page, or None."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"start_token must be a string or None, not {value!r}")
    if value == "":
        raise ValueError("start_token must be the next_token of an earlier listing, or None for the first page, not ''")


def check_registry_id(value: object) -> None:
    """Raise TypeError or ValueError unless `value` is an AWS account ID, or None."""
    if value is None:
        return
    if not isinstance(value, str):
        raise TypeError(f"registry_id must be a string of 12 digits, not {value!r}")
    if not _REGISTRY_ID.fullmatch(value):
        raise ValueError(f"registry_id must be an AWS account ID, 12 digits, not {value!r}")


def _enum_value(name: str, value: object, enumeration: type[StrEnum]) -> str | None:
    if value is None:
        return None
    allowed = f"{enumeration.__name__} or one of {', '.join(repr(str(member)) for member in enumeration)}"
    if not isinstance(value, str):
        raise TypeError(f"{name} must be {allowed}, not {value!r}")
    if value not in list(enumeration):
        raise ValueError(f"{name} must be {allowed}, not {value!r}")
    return str(enumeration(value))


def _check_no_host_name(repository_name: str) -> None:
    # The pattern of repository names allows host names, and ECR would return "does not exist".
    if repository_name.startswith("public.ecr.aws"):
        raise ValueError(f"repository_name is in ECR Public, which is another service: {repository_name!r}")
    uri = repository_name.removeprefix("https://")
    if found := IMAGE_HOST.match(uri):
        name = re.split("[:@]", uri[found.end() :], maxsplit=1)[0].strip("/") or "..."
        raise ValueError(
            f"repository_name must not have the registry's host name: use repository_name={name!r} with "
            f"registry_id={found['registry_id']!r}, not {repository_name!r}"
        )
