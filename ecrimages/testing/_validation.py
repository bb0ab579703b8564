"""Validation of requests, which ECR does before it looks anything up, with its texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ecrimages.testing._patterns import DIGEST, REGISTRY_ID, REPOSITORY_NAME, matches

__all__ = ["ServiceError", "check_request", "page_size", "wanted_statuses"]

_DEFAULT_PAGE_SIZE = 100
_ANYTHING = re.compile(".*", re.DOTALL)
_TAG_STATUSES = ("TAGGED", "UNTAGGED", "ANY")
_IMAGE_STATUSES = ("ACTIVE", "ARCHIVED", "ACTIVATING", "ANY")
_PAGING = {"nextToken", "maxResults"}
_REPOSITORY = {"registryId", "repositoryName"}

_PARAMETERS: Mapping[str, set[str]] = {
    "BatchDeleteImage": _REPOSITORY | {"imageIds"},
    "BatchGetImage": _REPOSITORY | {"imageIds", "acceptedMediaTypes"},
    "DescribeImageScanFindings": _REPOSITORY | {"imageId"} | _PAGING,
    "DescribeImages": _REPOSITORY | {"imageIds", "filter"} | _PAGING,
    "DescribeRepositories": {"registryId", "repositoryNames"} | _PAGING,
    "ListImages": _REPOSITORY | {"filter"} | _PAGING,
}


class ServiceError(Exception):
    """An error response of ECR."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def check_request(operation: str, parameters: Mapping[str, Any]) -> None:
    """Raise InvalidParameterException unless the parameters of an operation are valid."""
    known = _PARAMETERS[operation]
    for name in parameters.keys() - known:
        raise _invalid(name, "Member is not known")
    if "registryId" in parameters:
        _check_matches("registryId", parameters["registryId"], REGISTRY_ID)
    if "repositoryName" in known:
        _check_repository_name("repositoryName", parameters.get("repositoryName"))
    if "repositoryNames" in parameters:
        _check_list("repositoryNames", parameters["repositoryNames"])
        for name in parameters["repositoryNames"]:
            _check_repository_name("repositoryNames", name)
        _check_not_combined(parameters, "repositoryNames")
    if operation in {"BatchDeleteImage", "BatchGetImage"} or "imageIds" in parameters:
        _check_list("imageIds", parameters.get("imageIds"))
        for image_id in parameters["imageIds"]:
            _check_image_id(image_id, is_batch=operation.startswith("Batch"))
        _check_not_combined(parameters, "imageIds")
    if "imageId" in known:
        _check_image_id(parameters.get("imageId"))
    page_size(parameters)
    wanted_statuses(parameters)


def page_size(parameters: Mapping[str, Any]) -> int:
    """Return the number of items in a page."""
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


def wanted_statuses(parameters: Mapping[str, Any]) -> tuple[str, str]:
    """Return the tag status and the image status that a request asks for."""
    fields = parameters.get("filter", {})
    if not isinstance(fields, dict) or fields.keys() - {"tagStatus", "imageStatus"}:
        raise _invalid("filter", "Member must have tagStatus and imageStatus only")
    tag_status = _one_of("filter.tagStatus", fields.get("tagStatus", "ANY"), _TAG_STATUSES)
    # Unset means ACTIVE, not ANY: an archived image is not listed unless it is asked for.
    image_status = _one_of("filter.imageStatus", fields.get("imageStatus", "ACTIVE"), _IMAGE_STATUSES)
    return tag_status, image_status


def _one_of(path: str, value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise _invalid(path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
    return str(value)


def _check_repository_name(path: str, name: Any) -> None:
    if name is None:
        raise _invalid(path, "Member must not be null")
    _check_matches(path, name, REPOSITORY_NAME)
    if not 2 <= len(name) <= 256:
        raise _invalid(path, "Member must have length between 2 and 256")


def _check_list(path: str, items: Any) -> None:
    if not isinstance(items, list) or not items:
        raise _invalid(path, "Member must have length greater than or equal to 1")
    if len(items) > 100:
        raise _invalid(path, "Member must have length less than or equal to 100")


def _check_not_combined(parameters: Mapping[str, Any], path: str) -> None:
    for name in sorted(_PAGING & parameters.keys()):
        raise _invalid(name, f"Member must not be combined with {path}")


def _check_image_id(image_id: Any, *, is_batch: bool = False) -> None:
    # A batch operation reports an empty id, or a malformed digest, as a failure of that id only.
    is_id = isinstance(image_id, dict) and not image_id.keys() - {"imageTag", "imageDigest"}
    if not is_id or not (image_id or is_batch):
        raise _invalid("imageIds", "Member must have imageTag or imageDigest")
    if "imageTag" in image_id and not (isinstance(image_id["imageTag"], str) and image_id["imageTag"]):
        raise _invalid("imageTag", "Member must have length greater than or equal to 1")
    if "imageDigest" in image_id:
        _check_matches("imageDigest", image_id["imageDigest"], _ANYTHING if is_batch else DIGEST)


def _check_matches(path: str, value: Any, pattern: re.Pattern[str]) -> None:
    if not matches(pattern, value):
        raise _invalid(path, f"must satisfy regular expression '{pattern.pattern}'")


def _invalid(path: str, constraint: str) -> ServiceError:
    message = f"Invalid parameter at '{path}' failed to satisfy constraint: '{constraint}'"
    return ServiceError("InvalidParameterException", message)
