"""The checks that ECR makes of a request before it looks anything up, with its texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ecrimages._models import Image

__all__ = ["Refusal", "check_image", "check_name", "checked_batch_delete", "checked_listing"]

_DEFAULT_PAGE_SIZE = 100
_REPOSITORY_NAME = "(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
_DIGEST = "[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+"
_REGISTRY_ID = "[0-9]{12}"
# https://github.com/opencontainers/distribution-spec/blob/main/spec.md has the characters, ECR the length.
_TAG = "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,299}"

_LISTING = {"registryId", "repositoryName", "imageIds", "nextToken", "maxResults", "filter"}
_REPOSITORIES = {"registryId", "repositoryNames", "nextToken", "maxResults"}
_TAG_STATUSES = ("TAGGED", "UNTAGGED", "ANY")
_IMAGE_STATUSES = ("ACTIVE", "ARCHIVED", "ACTIVATING", "ANY")


class Refusal(Exception):
    """ECR answers with an error."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def check_name(argument: str, name: object) -> None:
    """Raise ValueError unless ECR may have a repository, or a registry, of that name."""
    pattern = {"repository_name": _REPOSITORY_NAME, "registry_id": _REGISTRY_ID}[argument]
    if not isinstance(name, str) or not re.fullmatch(pattern, name):
        raise ValueError(f"{argument} must match {pattern}, not {name!r}")


def check_image(image: object) -> None:
    """Raise TypeError or ValueError unless ECR may have such an image."""
    if not isinstance(image, Image):
        raise TypeError(f"images must be Image objects, not {image!r}")
    check_name("repository_name", image.repository_name)
    check_name("registry_id", image.registry_id)
    names: tuple[object, ...] = (image.digest, *image.tags)
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"digest and tags must be strings, not {names!r}")
    if not re.fullmatch(_DIGEST, image.digest):
        raise ValueError(f"digest must be such as 'sha256:' and 64 hex digits, not {image.digest!r}")
    if not all(re.fullmatch(_TAG, tag) for tag in image.tags):
        raise ValueError(f"tags must match {_TAG}, not {image.tags!r}")
    if len(set(image.tags)) < len(image.tags):
        raise ValueError(f"tags must differ, not {image.tags!r}")


def checked_listing(parameters: Mapping[str, Any]) -> tuple[int, Callable[[Mapping[str, Any]], bool]]:
    """Check the parameters of DescribeImages; return the page's size, and the filter on its images."""
    _check_repository(parameters, _LISTING)
    if "imageIds" in parameters:
        _check_image_ids(parameters["imageIds"])
        for name in ("nextToken", "maxResults"):
            if name in parameters:
                raise _invalid(name, "Member must not be combined with imageIds")
    return _checked_page_size(parameters), _filter(parameters.get("filter", {}))


def checked_batch_delete(parameters: Mapping[str, Any]) -> None:
    """Check the parameters of BatchDeleteImage."""
    _check_repository(parameters, {"registryId", "repositoryName", "imageIds"})
    _check_image_ids(parameters.get("imageIds"))


def checked_repositories(parameters: Mapping[str, Any]) -> int:
    """Check the parameters of DescribeRepositories; return the page's size."""
    _check_known(parameters, _REPOSITORIES)
    if "repositoryNames" in parameters:
        names = parameters["repositoryNames"]
        if not isinstance(names, list) or not 1 <= len(names) <= 100:
            raise _invalid("repositoryNames", "Member must have length between 1 and 100")
        for name in names:
            _check_matches("repositoryNames", name, _REPOSITORY_NAME)
        for other in ("nextToken", "maxResults"):
            if other in parameters:
                raise _invalid(other, "Member must not be combined with repositoryNames")
    return _checked_page_size(parameters)


def _checked_page_size(parameters: Mapping[str, Any]) -> int:
    limit = parameters.get("maxResults", _DEFAULT_PAGE_SIZE)
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise _invalid("maxResults", "Member must be an integer")
    if limit < 1:
        raise _invalid("maxResults", "Member must have value greater than or equal to 1")
    if limit > 1000:
        raise _invalid("maxResults", "Member must have value less than or equal to 1000")
    if not isinstance(parameters.get("nextToken", ""), str):
        raise _invalid("nextToken", "Member must be a string")
    return limit


def _filter(asked: Any) -> Callable[[Mapping[str, Any]], bool]:
    if not isinstance(asked, dict) or asked.keys() - {"tagStatus", "imageStatus"}:
        raise _invalid("filter", "Member must have tagStatus and imageStatus only")
    tag_status = _one_of("filter.tagStatus", asked.get("tagStatus", "ANY"), _TAG_STATUSES)
    # Unset means ACTIVE, not ANY: an archived image is not listed unless it is asked for.
    image_status = _one_of("filter.imageStatus", asked.get("imageStatus", "ACTIVE"), _IMAGE_STATUSES)

    def wanted(detail: Mapping[str, Any]) -> bool:
        tagged = tag_status == "ANY" or (tag_status == "TAGGED") == ("imageTags" in detail)
        return tagged and (image_status == "ANY" or image_status == detail.get("imageStatus", "ACTIVE"))

    return wanted


def _one_of(path: str, value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise _invalid(path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
    return str(value)


def _check_repository(parameters: Mapping[str, Any], known: set[str]) -> None:
    _check_known(parameters, known)
    repository_name = parameters.get("repositoryName")
    if repository_name is None:
        raise _invalid("repositoryName", "Member must not be null")
    _check_matches("repositoryName", repository_name, _REPOSITORY_NAME)
    if not 2 <= len(repository_name) <= 256:
        raise _invalid("repositoryName", "Member must have length between 2 and 256")


def _check_known(parameters: Mapping[str, Any], known: set[str]) -> None:
    for name in parameters.keys() - known:
        raise _invalid(name, "Member is not known")
    if "registryId" in parameters:
        _check_matches("registryId", parameters["registryId"], _REGISTRY_ID)


def _check_image_ids(image_ids: Any) -> None:
    if not isinstance(image_ids, list) or not image_ids:
        raise _invalid("imageIds", "Member must have length greater than or equal to 1")
    if len(image_ids) > 100:
        raise _invalid("imageIds", "Member must have length less than or equal to 100")
    for image_id in image_ids:
        if not isinstance(image_id, dict) or not {"imageTag", "imageDigest"} >= image_id.keys() > set():
            raise _invalid("imageIds", "Member must have imageTag or imageDigest")
        if "imageDigest" in image_id:
            _check_matches("imageDigest", image_id["imageDigest"], _DIGEST)
        if "imageTag" in image_id and not (isinstance(image_id["imageTag"], str) and image_id["imageTag"]):
            raise _invalid("imageTag", "Member must have length greater than or equal to 1")


def _check_matches(path: str, value: Any, pattern: str) -> None:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise _invalid(path, f"must satisfy regular expression '{pattern}'")


def _invalid(path: str, constraint: str) -> Refusal:
    message = f"Invalid parameter at '{path}' failed to satisfy constraint: '{constraint}'"
    return Refusal("InvalidParameterException", message)
