"""The operations of ECR that are called."""

from __future__ import annotations

import attrs

__all__ = ["DESCRIBE_IMAGES", "DESCRIBE_REPOSITORIES", "NamesPage", "Operation"]


@attrs.frozen(eq=False, repr=False)
class Operation:
    """An operation that lists something."""

    name: str
    method: str
    """The name of the client's method."""
    items_name: str
    """The attribute of a page that has its items."""


@attrs.frozen(eq=False, repr=False)
class NamesPage:
    """One page of the names of a registry's repositories."""

    names: tuple[str, ...]
    next_token: str | None
    request_id: str | None = None


DESCRIBE_IMAGES = Operation("DescribeImages", "describe_images", "images")
DESCRIBE_REPOSITORIES = Operation("DescribeRepositories", "describe_repositories", "names")
