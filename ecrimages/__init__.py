"""Amazon ECR's DescribeImages as typed objects, on top of boto3.

Example::

    import ecrimages

    for image in ecrimages.describe_images("team/app", tag_status="TAGGED"):
        print(image.digest, image.tags, image.size_in_bytes, image.pushed_at)

The functions share one `Client`, which creates its boto3 client from boto3's default session. To use another boto3
client, create a `Client` with it. Every error is an `ECRImagesError`. `ecrimages.testing` has a local fake of ECR for
tests.
"""

from typing import TYPE_CHECKING, Any

from ecrimages import _public_names
from ecrimages._api import (
    describe_images,
    get_image,
    get_images,
    image_exists,
    image_uri,
    newest_images,
    registry_images,
    repository_names,
)
from ecrimages._client import Client
from ecrimages._client_types import AnyAsyncECRClient, AnyECRClient
from ecrimages._enums import FindingSeverity, ImageStatus, ImageStatusFilter, ScanStatus, TagStatus
from ecrimages._errors import (
    AccessDeniedError,
    AuthenticationError,
    ConfigurationError,
    CredentialsError,
    ECRImagesError,
    ImageNotFoundError,
    InvalidParameterError,
    MalformedResponseError,
    RepeatedTokenError,
    RepositoryNotFoundError,
    RequestTimeoutError,
    ResponseError,
    ServerError,
    ServiceError,
    ThrottlingError,
    TransportError,
)
from ecrimages._image_id import ImageId
from ecrimages._iterators import ImageIterator
from ecrimages._mappings import SeverityCounts
from ecrimages._models import Image, ImagePage, ImageScanFindingsSummary, ImageScanStatus
from ecrimages._registry import RegistryIterator
from ecrimages._uri import ImageURI
from ecrimages._version import __version__

if TYPE_CHECKING:
    from ecrimages._async_client import AsyncClient
    from ecrimages._async_iterators import AsyncImageIterator
    from ecrimages._async_registry import AsyncRegistryIterator

__all__ = [
    "AccessDeniedError",
    "AnyAsyncECRClient",
    "AnyECRClient",
    "AsyncClient",
    "AsyncImageIterator",
    "AsyncRegistryIterator",
    "AuthenticationError",
    "Client",
    "ConfigurationError",
    "CredentialsError",
    "ECRImagesError",
    "FindingSeverity",
    "Image",
    "ImageId",
    "ImageIterator",
    "ImageNotFoundError",
    "ImagePage",
    "ImageScanFindingsSummary",
    "ImageScanStatus",
    "ImageStatus",
    "ImageStatusFilter",
    "ImageURI",
    "InvalidParameterError",
    "MalformedResponseError",
    "RegistryIterator",
    "RepeatedTokenError",
    "RepositoryNotFoundError",
    "RequestTimeoutError",
    "ResponseError",
    "ScanStatus",
    "ServerError",
    "ServiceError",
    "SeverityCounts",
    "TagStatus",
    "ThrottlingError",
    "TransportError",
    "__version__",
    "describe_images",
    "get_image",
    "get_images",
    "image_exists",
    "image_uri",
    "newest_images",
    "registry_images",
    "repository_names",
]

# Imported on first use: asyncio takes longer to import than the rest of this package.
_ASYNC = ("AsyncClient", "AsyncImageIterator", "AsyncRegistryIterator")
_public_names.publish(__name__, [globals()[name] for name in __all__ if name not in _ASYNC])


if not TYPE_CHECKING:  # pragma: no branch
    # Type checkers would take every name for one of the module's.

    def __getattr__(name: str) -> Any:
        if name not in _ASYNC:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from ecrimages._async_client import AsyncClient
        from ecrimages._async_iterators import AsyncImageIterator
        from ecrimages._async_registry import AsyncRegistryIterator

        classes = dict(zip(_ASYNC, (AsyncClient, AsyncImageIterator, AsyncRegistryIterator), strict=True))
        _public_names.publish(__name__, classes.values())
        globals().update(classes)
        return classes[name]


def __dir__() -> list[str]:
    # The private modules are attributes as well, and completion at the prompt should not offer them.
    return sorted(__all__)
