"""What `ecr` may be, for type checkers and for users' annotations.

What `boto3.client("ecr")` is to a type checker depends on the stubs that are installed:
docs/decisions/0001-the-type-of-the-injected-client.md has what was measured.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

__all__ = [
    "AnyAsyncECRClient",
    "AnyECRClient",
    "check_async_client",
    "check_client",
    "is_async",
    "refuse_unknown",
]


class TypedECRClient(Protocol):
    """A boto3 ECR client by any stubs: mypy-boto3-ecr, types-boto3-ecr or boto3-stubs.

    EC2 and ECR Public describe images too, but ECR alone has the other method.
    """

    @property
    def describe_images(self) -> Callable[..., Any]:
        """The method for DescribeImages."""

    @property
    def describe_image_scan_findings(self) -> Callable[..., Any]:
        """The method for DescribeImageScanFindings."""

    def close(self) -> None:
        """Close the client."""


class TypedAsyncECRClient(Protocol):
    """An aiobotocore ECR client by any stubs."""

    @property
    def describe_images(self) -> Callable[..., Any]:
        """The method for DescribeImages."""

    @property
    def describe_image_scan_findings(self) -> Callable[..., Any]:
        """The method for DescribeImageScanFindings."""

    async def close(self) -> None:
        """Close the client."""


class UntypedClient(Protocol):
    """A client whose stubs do not say of which service it is: its `get_paginator()` takes any name."""

    def get_paginator(self, operation_name: str) -> Any:
        """Return a paginator."""

    def get_waiter(self, waiter_name: str) -> Any:
        """Return a waiter."""


AnyECRClient: TypeAlias = TypedECRClient | UntypedClient
"""What `Client()` takes: a boto3 ECR client, whatever stubs are installed."""
AnyAsyncECRClient: TypeAlias = TypedECRClient | TypedAsyncECRClient | UntypedClient
"""What `AsyncClient()` takes: a boto3 or aiobotocore ECR client, whatever stubs are installed."""


def check_client(ecr: Any) -> None:
    """Raise TypeError unless `ecr` is a boto3 ECR client, or None."""
    if ecr is None:
        return
    if is_async(ecr):
        raise TypeError(f"Client() takes a boto3 client. Use ecrimages.AsyncClient for an asynchronous one: {ecr!r}")
    _check_ecr_client(ecr, "a boto3 ECR client, such as boto3.client('ecr')")


def check_async_client(ecr: Any) -> None:
    """Raise TypeError unless `ecr` is a boto3 or aiobotocore ECR client, or None."""
    if hasattr(type(ecr), "__aenter__") and not hasattr(ecr, "describe_images"):
        # What aiobotocore's create_client() returns.
        raise TypeError(
            f"ecr must be the client itself: async with session.create_client('ecr') as ecr: ..., not {ecr!r}"
        )
    if ecr is not None:
        _check_ecr_client(ecr, "a boto3 or aiobotocore ECR client, such as boto3.client('ecr')")


def refuse_unknown(arguments: Mapping[str, object], class_name: str) -> None:
    """Raise TypeError for keyword arguments that belong to boto3's client."""
    if arguments:
        # boto3.client() does not accept a profile.
        maker = "boto3.Session(profile_name=...)" if "profile_name" in arguments else "boto3"
        settings = ["'ecr'", *(f"{name}=..." for name in arguments if name != "profile_name")]
        what, which = ("arguments", "them") if len(arguments) > 1 else ("argument", "it")
        raise TypeError(
            f"{class_name}() got unexpected keyword {what} {', '.join(map(repr, arguments))}. Set {which} on the boto3 "
            f"client: {class_name}({maker}.client({', '.join(settings)}))"
        )


def is_async(ecr: Any) -> bool:
    """Whether a client's methods return awaitables, as aiobotocore's do."""
    # aiobotocore's methods are plain functions that return coroutines: the class tells. A mock has every method.
    return inspect.iscoroutinefunction(getattr(ecr, "describe_images", None)) or (
        hasattr(type(ecr), "__aenter__") and not _is_mock(ecr)
    )


def _check_ecr_client(ecr: Any, expected: str) -> None:
    meta = getattr(ecr, "meta", None)
    service = getattr(getattr(meta, "service_model", None), "service_name", "ecr")
    is_of_this_library = type(ecr).__module__.partition(".")[0] == "ecrimages"
    if (
        is_of_this_library
        or meta is None
        or not callable(getattr(ecr, "describe_images", None))
        or (isinstance(service, str) and service != "ecr")
    ):
        raise TypeError(f"ecr must be {expected}, not {ecr!r}")


def _is_mock(value: object) -> bool:
    return any(base.__module__ == "unittest.mock" for base in type(value).__mro__)
