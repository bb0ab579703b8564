"""Repositories by account and name, and the tokens of their listings."""

from __future__ import annotations

import functools
import json
import re
import secrets
import threading
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from ecrimages.testing._repository import Repository
from ecrimages.testing._validation import ServiceError

__all__ = ["Registry"]


class Registry:
    """All repositories of a `FakeECR`. Hold `lock` while using it."""

    def __init__(self, registry_id: str, region_name: str) -> None:
        self.registry_id = registry_id
        self.region_name = region_name
        self.lock: threading.RLock = threading.RLock()
        self._repositories: dict[tuple[str, str], Repository] = {}
        self._sorted_names: dict[str, list[str]] = {}
        self._tokens: dict[str, tuple[str, Any]] = {}

    def add_repository(self, registry_id: str, repository_name: str) -> Repository:
        """Return a repository, which is created if it does not exist."""
        key = registry_id, repository_name
        if key not in self._repositories:
            self._repositories[key] = Repository()
            self._sorted_names.pop(registry_id, None)
        return self._repositories[key]

    def find_repository(self, registry_id: str, repository_name: str) -> Repository | None:
        """Return a repository, if it exists."""
        return self._repositories.get((registry_id, repository_name))

    def repository(self, parameters: Mapping[str, Any], name: str | None = None) -> Repository:
        """Return the repository of a request, or raise RepositoryNotFoundException."""
        registry_id = self.registry_id_of(parameters)
        repository_name = str(name or parameters["repositoryName"])
        repository = self.find_repository(registry_id, repository_name)
        if repository is None:
            raise ServiceError(
                "RepositoryNotFoundException",
                f"The repository with name '{repository_name}' does not exist in the registry with id '{registry_id}'",
            )
        return repository

    def registry_id_of(self, parameters: Mapping[str, Any]) -> str:
        """Return the account whose registry a request is about."""
        return str(parameters.get("registryId", self.registry_id))

    def repository_names(self, registry_id: str, after: str = "") -> list[str]:
        """Return the sorted names of the repositories that follow a name."""
        if registry_id not in self._sorted_names:
            self._sorted_names[registry_id] = sorted(name for owner, name in self._repositories if owner == registry_id)
        names = self._sorted_names[registry_id]
        return names[bisect_right(names, after) :]

    def repository_arn(self, registry_id: str, repository_name: str) -> str:
        """Return the ARN of a repository."""
        return f"arn:{self.partition[0]}:ecr:{self.region_name}:{registry_id}:repository/{repository_name}"

    def new_token(self, operation: str, parameters: Mapping[str, Any], position: Any) -> str:
        """Return a new token with which the listing of a request continues after a position."""
        token = secrets.token_urlsafe(48)
        self._tokens[token] = (self._listing(operation, parameters), position)
        return token

    def position(self, operation: str, parameters: Mapping[str, Any], start: Any) -> Any:
        """Return the position that a request continues after, or raise InvalidParameterException."""
        token = parameters.get("nextToken")
        if token is None:
            return start
        listing, position = self._tokens.get(token, (None, None))
        if listing != self._listing(operation, parameters):
            raise ServiceError("InvalidParameterException", "Invalid parameter at 'nextToken'")
        return position

    def _listing(self, operation: str, parameters: Mapping[str, Any]) -> str:
        # A token is valid for the listing that it was sent for, whatever the page size.
        fields = {name: value for name, value in parameters.items() if name not in {"nextToken", "maxResults"}}
        fields["registryId"] = self.registry_id_of(parameters)
        fields["filter"] = {"tagStatus": "ANY", "imageStatus": "ACTIVE", **parameters.get("filter", {})}
        return json.dumps([operation, fields], sort_keys=True)

    @functools.cached_property
    def partition(self) -> tuple[str, str]:
        """The partition of the region and its DNS suffix, such as `aws` and `amazonaws.com`."""
        # Imported lazily: botocore is not needed to add images.
        from botocore.session import Session

        partitions = Session().get_data("partitions")["partitions"]
        region = self.region_name
        found = (data for data in partitions if region in data["regions"] or re.match(data["regionRegex"], region))
        partition = next(found, partitions[0])
        return partition["id"], partition["outputs"]["dnsSuffix"]
