"""Amazon ECR's DescribeImages as typed objects, on top of boto3.

Example::

    import ecrimages

    for image in ecrimages.describe_images("team/app", tag_status="TAGGED"):
        print(image.digest, image.tags, image.size_in_bytes, image.pushed_at)

The functions use one `Client` that makes its boto3 client itself, from boto3's default session; for any
other, make a `Client` of your own. All errors are an `ECRImagesError`. `ecrimages.testing` has an ECR for
tests.
"""

from ecrimages import _names
from ecrimages._client import Client
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
from ecrimages._functions import describe_images, get_image, get_images, image_exists, newest_images
from ecrimages._iterator import ImageIterator
from ecrimages._mappings import SeverityCounts
from ecrimages._models import Image, ImageId, ImagePage, ImageScanFindingsSummary, ImageScanStatus
from ecrimages._version import __version__

__all__ = [
    "AccessDeniedError",
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
    "InvalidParameterError",
    "MalformedResponseError",
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
    "newest_images",
]

_names.publish(__name__, {name: globals()[name] for name in __all__})


def __dir__() -> list[str]:
    # The private modules are attributes as well, and nobody who asks at the prompt means them.
    return sorted(name for name in globals() if name in __all__ or not name.startswith("_"))
