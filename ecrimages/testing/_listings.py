"""The operations that list: DescribeImages, ListImages and DescribeRepositories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

from ecrimages.testing._registry import Registry
from ecrimages.testing._repository import Repository, StoredImage
from ecrimages.testing._validation import ServiceError, page_size, wanted_statuses

__all__ = ["describe_images", "describe_repositories", "image_not_found", "image_text", "list_images"]


def describe_images(registry: Registry, parameters: Mapping[str, Any]) -> str:
    """Return the JSON of a page of images, or of the images with the given ids."""
    repository = registry.repository(parameters)
    if "imageIds" in parameters:
        found = _images_by_id(registry, repository, parameters)
        return f'{{"imageDetails": [{", ".join(stored.json for stored in found)}]}}'
    after = registry.position("DescribeImages", parameters, "")
    images = _listed(repository, parameters, after)
    page = list(islice(images, page_size(parameters)))
    body = f'{{"imageDetails": [{", ".join([stored.json for stored in page])}]'
    if next(images, None) is None:
        return body + "}"
    token = registry.new_token("DescribeImages", parameters, page[-1].image.digest)
    return f'{body}, "nextToken": "{token}"}}'


def list_images(registry: Registry, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of image ids: one for each tag, and one for each untagged image."""
    repository = registry.repository(parameters)
    digest, tag = registry.position("ListImages", parameters, ("", ""))
    # The page may continue with another tag of the same image.
    first = repository.get(digest)
    rest = _ids(first, after=tag) if first and tag else iter(())
    ids = chain(rest, chain.from_iterable(map(_ids, _listed(repository, parameters, digest))))
    page = list(islice(ids, page_size(parameters)))
    if next(ids, None) is None:
        return {"imageIds": page}
    position = page[-1]["imageDigest"], page[-1].get("imageTag", "")
    return {"imageIds": page, "nextToken": registry.new_token("ListImages", parameters, position)}


def describe_repositories(registry: Registry, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of repositories, or the repositories with the given names."""
    registry_id = registry.registry_id_of(parameters)
    if "repositoryNames" in parameters:
        names = dict.fromkeys(parameters["repositoryNames"])
        return {"repositories": [_repository_fields(registry, registry_id, name) for name in names]}
    limit = page_size(parameters)
    after = registry.position("DescribeRepositories", parameters, "")
    remaining = registry.repository_names(registry_id, after)
    page = [_repository_fields(registry, registry_id, name) for name in remaining[:limit]]
    if len(remaining) <= limit:
        return {"repositories": page}
    token = registry.new_token("DescribeRepositories", parameters, remaining[limit - 1])
    return {"repositories": page, "nextToken": token}


def image_text(image_id: Mapping[str, str]) -> str:
    """Return an image id as ECR's messages have it."""
    digest, tag = image_id.get("imageDigest", "null"), image_id.get("imageTag", "null")
    return f"{{imageDigest:'{digest}', imageTag:'{tag}'}}"


def image_not_found(registry: Registry, parameters: Mapping[str, Any], image_id: Mapping[str, str]) -> ServiceError:
    """Return the error for an image id without an image."""
    return ServiceError(
        "ImageNotFoundException",
        f"The image with imageId {image_text(image_id)} does not exist within the repository with name "
        f"'{parameters['repositoryName']}' in the registry with id '{registry.registry_id_of(parameters)}'",
    )


def _images_by_id(registry: Registry, repository: Repository, parameters: Mapping[str, Any]) -> list[StoredImage]:
    # Two ids of one image return it once.
    found: dict[str, StoredImage] = {}
    for image_id in parameters["imageIds"]:
        stored = repository.find(image_id)
        if stored is None:
            raise image_not_found(registry, parameters, image_id)
        found[stored.image.digest] = stored
    return list(found.values())


def _listed(repository: Repository, parameters: Mapping[str, Any], after: str) -> Iterator[StoredImage]:
    tag_status, image_status = wanted_statuses(parameters)
    return repository.images(after=after, tag_status=tag_status, image_status=image_status)


def _ids(stored: StoredImage, after: str = "") -> Iterator[dict[str, str]]:
    digest = {"imageDigest": stored.image.digest}
    if not stored.image.tags:
        yield digest
    for tag in sorted(stored.image.tags):
        if tag > after:
            yield {**digest, "imageTag": tag}


def _repository_fields(registry: Registry, registry_id: str, name: str) -> dict[str, Any]:
    repository = registry.repository({"registryId": registry_id}, name)
    _, dns_suffix = registry.partition
    return {
        "repositoryArn": registry.repository_arn(registry_id, name),
        "registryId": registry_id,
        "repositoryName": name,
        "repositoryUri": f"{registry_id}.dkr.ecr.{registry.region_name}.{dns_suffix}/{name}",
        "createdAt": repository.created_at.timestamp(),
        "imageTagMutability": repository.image_tag_mutability,
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }
