"""Amazon ECR's DescribeImages as typed objects, on top of boto3.

import ecrimages

for image in ecrimages.describe_images("team/app", tag_status="TAGGED"):
print(image.digest, image.tags, image.size_in_bytes, image.pushed_at)
"""

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
from ecrimages._names import publish
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

publish(__name__, {name: globals()[name] for name in __all__})
