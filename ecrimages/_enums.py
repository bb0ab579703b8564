"""The enumerations of DescribeImages: closed for arguments, open for what ECR returns."""

from enum import StrEnum
from typing import Self

__all__ = ["FindingSeverity", "ImageStatus", "ImageStatusFilter", "ScanStatus", "TagStatus"]


class _OpenStrEnum(StrEnum):
    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        # AWS adds values without notice. An unknown one is accepted, and equals its string. It is not
        # registered, so that untrusted input cannot make the class grow.
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member

    def __reduce_ex__(self, protocol: object) -> tuple[type[Self], tuple[str]]:
        # Some versions of Python pickle an enum by its name, which an unknown value has not.
        return type(self), (self._value_,)


class TagStatus(StrEnum):
    """Which images to list, by whether they have a tag.

    An argument of `describe_images()`: an enum value, or its string. To convert text, such as a command-line
    argument, use `TagStatus(text)`. ECR's name: `filter.tagStatus`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImagesFilter.html).
    """

    TAGGED = "TAGGED"
    """Images with at least one tag."""
    UNTAGGED = "UNTAGGED"
    """Images without a tag: replaced ones, and the child manifests of multi-architecture images."""
    ANY = "ANY"
    """Both. The same as no filter."""


class ImageStatusFilter(StrEnum):
    """Which images to list, by storage class.

    An argument of `describe_images()`: an enum value, or its string. **Without it, ECR lists ACTIVE images
    only.** ECR's name: `filter.imageStatus`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImagesFilter.html).
    """

    ACTIVE = "ACTIVE"
    """Images that can be pulled. The same as no filter."""
    ARCHIVED = "ARCHIVED"
    """Images in the archive storage class. They must be activated before they can be pulled."""
    ACTIVATING = "ACTIVATING"
    """Images that are being restored from the archive."""
    ANY = "ANY"
    """All images."""


class ImageStatus(_OpenStrEnum):
    """The storage class of an image, as ECR returns it.

    Open: a value that this version does not know is accepted, and equals its string, so end a `match`
    with `case _:`. ECR's name: `imageStatus`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageDetail.html).
    """

    ACTIVE = "ACTIVE"
    """The image can be pulled."""
    ARCHIVED = "ARCHIVED"
    """The image is in the archive storage class and cannot be pulled."""
    ACTIVATING = "ACTIVATING"
    """The image is being restored from the archive."""


class ScanStatus(_OpenStrEnum):
    """The state of a vulnerability scan, as ECR returns it.

    Open: a value that this version does not know is accepted, and equals its string, so end a `match`
    with `case _:`. ECR's name: `imageScanStatus.status`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanStatus.html).
    """

    IN_PROGRESS = "IN_PROGRESS"
    """The scan is running."""
    COMPLETE = "COMPLETE"
    """The scan has finished, and its findings are available."""
    FAILED = "FAILED"
    """The scan failed. `ImageScanStatus.description` may give the reason."""
    UNSUPPORTED_IMAGE = "UNSUPPORTED_IMAGE"
    """The scanner does not support this kind of image."""
    ACTIVE = "ACTIVE"
    """Enhanced scanning monitors the image continuously."""
    PENDING = "PENDING"
    """The scan was requested and has not started."""
    SCAN_ELIGIBILITY_EXPIRED = "SCAN_ELIGIBILITY_EXPIRED"
    """The image is older than the registry's scan settings allow."""
    FINDINGS_UNAVAILABLE = "FINDINGS_UNAVAILABLE"
    """No findings are available."""
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    """A limit of the scanner was exceeded."""
    IMAGE_ARCHIVED = "IMAGE_ARCHIVED"
    """The image is archived, and archived images are not scanned."""
    IMAGE_SIZE_EXCEEDED = "IMAGE_SIZE_EXCEEDED"
    """The image is too large for the scanner."""


class FindingSeverity(_OpenStrEnum):
    """The severity of a scan finding: a key of `SeverityCounts`.

    Open: a value that this version does not know is accepted, and equals its string. ECR's name:
    `FindingSeverity`, the keys of `findingSeverityCounts`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanFindingsSummary.html).
    """

    INFORMATIONAL = "INFORMATIONAL"
    """Informational; no action needed."""
    LOW = "LOW"
    """Low severity."""
    MEDIUM = "MEDIUM"
    """Medium severity."""
    HIGH = "HIGH"
    """High severity."""
    CRITICAL = "CRITICAL"
    """Critical severity."""
    UNDEFINED = "UNDEFINED"
    """No severity is assigned."""
