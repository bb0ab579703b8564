"""What an ECR holds, and what it answers: no network, no HTTP.

Texts and codes are ECR's own where they are known. Limits:
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
"""

from __future__ import annotations

import base64
import binascii
import itertools
import json
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ecrimages._models import Image
from ecrimages.testing._parameters import (
    Refusal,
    checked_batch_delete,
    checked_listing,
    checked_repositories,
)

__all__ = ["Registry"]


class _Repository:
    """The images of one repository, as ECR would send them, by digest."""

    def __init__(self) -> None:
        self.created_at = datetime.now(UTC)
        self._details: dict[str, dict[str, Any]] = {}
        self._digests_by_tag: dict[str, str] = {}
        self._order: list[str] | None = None

    def put(self, detail: dict[str, Any]) -> None:
        digest = detail["imageDigest"]
        if digest in self._details:
            self.delete({"imageDigest": digest})
        for tag in detail.get("imageTags", ()):
            # A tag is on one image only: it moves.
            self.delete({"imageTag": tag})
        self._details[digest] = detail
        self._digests_by_tag.update(dict.fromkeys(detail.get("imageTags", ()), digest))
        self._order = None

    def find(self, image_id: Mapping[str, str]) -> dict[str, Any] | None:
        tag, digest = image_id.get("imageTag"), image_id.get("imageDigest")
        tagged = self._digests_by_tag.get(tag) if tag is not None else digest
        if tagged is None or (digest is not None and digest != tagged):
            return None
        return self._details.get(tagged)

    def delete(self, image_id: Mapping[str, str]) -> None:
        """Take a tag from its image, or an image from the repository."""
        detail = self.find(image_id)
        if detail is None:
            return
        tag = image_id.get("imageTag")
        gone = detail.get("imageTags", []) if tag is None else [tag]
        for name in gone:
            del self._digests_by_tag[name]
        if tag is None:
            del self._details[detail["imageDigest"]]
            self._order = None
            return
        left = [name for name in detail["imageTags"] if name != tag]
        # ECR leaves the member out when there is no tag.
        changed = {name: value for name, value in detail.items() if name != "imageTags"}
        self._details[detail["imageDigest"]] = {**changed, "imageTags": left} if left else changed

    def after(self, digest: str) -> Iterator[dict[str, Any]]:
        # By digest, which is no order that anyone could lean on, as ECR's is none; and what is added
        # or deleted while a listing runs moves no other image to another page.
        if self._order is None:
            self._order = sorted(self._details)
        for index in range(bisect_right(self._order, digest), len(self._order)):
            yield self._details[self._order[index]]


class Registry:
    """Repositories by account and name, and the operations on them."""

    def __init__(self, registry_id: str, region_name: str = "us-east-1") -> None:
        self._registry_id = registry_id
        self._region_name = region_name
        self._repositories: dict[tuple[str, str], _Repository] = {}
        self._token_numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._operations: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "DescribeImages": self._describe_images,
            "BatchDeleteImage": self._batch_delete_image,
            "DescribeRepositories": self._describe_repositories,
        }

    def add_repository(self, repository_name: str, registry_id: str) -> None:
        """Make a repository, unless it is there."""
        with self._lock:
            if (registry_id, repository_name) not in self._repositories:
                self._repositories[registry_id, repository_name] = _Repository()

    def add_image(self, image: Image) -> None:
        """Put an image into its repository, which is made if it is not there."""
        detail = image.to_dict(wire=True)
        self.add_repository(image.repository_name, image.registry_id)
        with self._lock:
            self._repositories[image.registry_id, image.repository_name].put(detail)

    def answer(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a request, or raise a Refusal."""
        if operation not in self._operations:
            raise Refusal("UnknownOperationException", f"This ECR does not know the operation {operation!r}")
        # A member that is null is one that is not there.
        parameters = {name: value for name, value in parameters.items() if value is not None}
        with self._lock:
            return self._operations[operation](parameters)

    def token_for_the_same_page(self, parameters: Mapping[str, Any]) -> str:
        """Return a new token for the page that a request has asked for."""
        token = parameters.get("nextToken")
        return self._token("" if token is None else _position(token))

    def _describe_images(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        limit, wanted = checked_listing(parameters)
        repository = self._repository(parameters)
        if "imageIds" in parameters:
            return {"imageDetails": self._found(repository, parameters)}
        token = parameters.get("nextToken")
        details: list[dict[str, Any]] = []
        for detail in repository.after("" if token is None else _position(token)):
            if wanted(detail):
                if len(details) == limit:
                    return {
                        "imageDetails": details,
                        "nextToken": self._token(details[-1]["imageDigest"]),
                    }
                details.append(detail)
        return {"imageDetails": details}

    def _found(self, repository: _Repository, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        # An image that is named twice comes once.
        found: dict[str, dict[str, Any]] = {}
        for image_id in parameters["imageIds"]:
            detail = repository.find(image_id)
            if detail is None:
                raise self._image_not_found(image_id, parameters)
            found[detail["imageDigest"]] = detail
        return list(found.values())

    def _batch_delete_image(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        checked_batch_delete(parameters)
        repository = self._repository(parameters)
        deleted, failures = [], []
        for image_id in parameters["imageIds"]:
            detail = repository.find(image_id)
            if detail is None:
                failure = {"failureCode": "ImageNotFound", "failureReason": "Requested image not found"}
                failures.append({"imageId": image_id, **failure})
                continue
            tags = [image_id["imageTag"]] if "imageTag" in image_id else detail.get("imageTags", [])
            digest = {"imageDigest": detail["imageDigest"]}
            deleted += [{**digest, "imageTag": tag} for tag in tags] or [digest]
            repository.delete(image_id)
            if "imageTag" in image_id and (left := repository.find(digest)) and "imageTags" not in left:
                # With its last tag the image goes.
                repository.delete(digest)
        return {"imageIds": deleted, "failures": failures}

    def _describe_repositories(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        limit = checked_repositories(parameters)
        registry_id = parameters.get("registryId", self._registry_id)
        if "repositoryNames" in parameters:
            names = dict.fromkeys(parameters["repositoryNames"])
            return {"repositories": [self._repository_detail(registry_id, name) for name in names]}
        token = parameters.get("nextToken")
        last = "" if token is None else _position(token)
        left = sorted(name for owner, name in self._repositories if owner == registry_id and name > last)
        page = [self._repository_detail(registry_id, name) for name in left[:limit]]
        if len(left) > limit:
            return {"repositories": page, "nextToken": self._token(left[limit - 1])}
        return {"repositories": page}

    def _repository_detail(self, registry_id: str, name: str) -> dict[str, Any]:
        repository = self._repository({"registryId": registry_id, "repositoryName": name})
        return {
            "repositoryArn": f"arn:aws:ecr:{self._region_name}:{registry_id}:repository/{name}",
            "registryId": registry_id,
            "repositoryName": name,
            "repositoryUri": f"{registry_id}.dkr.ecr.{self._region_name}.amazonaws.com/{name}",
            "createdAt": repository.created_at.timestamp(),
            "imageTagMutability": "MUTABLE",
            "imageScanningConfiguration": {"scanOnPush": False},
            "encryptionConfiguration": {"encryptionType": "AES256"},
        }

    def _repository(self, parameters: Mapping[str, Any]) -> _Repository:
        registry_id = parameters.get("registryId", self._registry_id)
        name = parameters["repositoryName"]
        repository = self._repositories.get((registry_id, name))
        if repository is None:
            raise Refusal(
                "RepositoryNotFoundException",
                f"The repository with name '{name}' does not exist in the registry with id '{registry_id}'",
            )
        return repository

    def _image_not_found(self, image_id: Mapping[str, str], parameters: Mapping[str, Any]) -> Refusal:
        digest, tag = image_id.get("imageDigest", "null"), image_id.get("imageTag", "null")
        return Refusal(
            "ImageNotFoundException",
            f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the "
            f"repository with name '{parameters['repositoryName']}' in the registry with id "
            f"'{parameters.get('registryId', self._registry_id)}'",
        )

    def _token(self, position: str) -> str:
        # With a number, for ECR's tokens differ though they lead to the same page.
        content = json.dumps([position, next(self._token_numbers)])
        return base64.b64encode(content.encode()).decode()


def _position(token: str) -> str:
    try:
        position, _ = json.loads(base64.b64decode(token, validate=True))
        return str(position)
    except (binascii.Error, TypeError, ValueError):
        raise Refusal("InvalidParameterException", "Invalid parameter at 'nextToken'") from None
