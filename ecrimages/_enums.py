"""The enumerations of DescribeImages: closed for what is asked, open for what ECR answers."""

from __future__ import annotations

from enum import Enum

__all__ = ["FindingSeverity", "ImageStatus", "ImageStatusFilter", "ScanStatus", "TagStatus"]


class _StrEnum(str, Enum):
    # enum.StrEnum, which prints a member as its value, comes with Python 3.11 only.
    __str__ = str.__str__


class _OpenEnum(_StrEnum):
    @classmethod
    def _missing_(cls, value: object) -> _OpenEnum | None:
        # AWS adds values without notice. An unknown one becomes a member that equals its string; it
        # is not registered, so that strange input cannot grow the class.
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member


class TagStatus(_StrEnum):
    """Which images to list, by whether they carry a tag.

    An argument of `describe_images()`: the member, or its string. ECR's name: `filter.tagStatus`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImagesFilter.html).
    """

    TAGGED = "TAGGED"
    """Images with one tag or more."""
    UNTAGGED = "UNTAGGED"
    """Images with no tag: replaced ones, and the members of multi-architecture images."""
    ANY = "ANY"
    """Both, which is also what ECR does when nothing is asked for."""


class ImageStatusFilter(_StrEnum):
    """Which images to list, by their storage class.

    An argument of `describe_images()`: the member, or its string. **When nothing is asked for, ECR
    lists the ACTIVE images only.** ECR's name: `filter.imageStatus`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImagesFilter.html).
    """

    ACTIVE = "ACTIVE"
    """Images that can be pulled. What ECR lists when nothing is asked for."""
    ARCHIVED = "ARCHIVED"
    """Images in the archive storage class; they must be activated before they can be pulled."""
    ACTIVATING = "ACTIVATING"
    """Images on their way back from the archive."""
    ANY = "ANY"
    """All of them."""


class ImageStatus(_OpenEnum):
    """The storage class of an image, as ECR sends it.

    Open: a value that this version does not know becomes a member that equals its string. ECR's
    name: `imageStatus`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageDetail.html).
    """

    ACTIVE = "ACTIVE"
    """The image can be pulled."""
    ARCHIVED = "ARCHIVED"
    """The image is in the archive storage class and cannot be pulled."""
    ACTIVATING = "ACTIVATING"
    """The image is on its way back from the archive."""


class ScanStatus(_OpenEnum):
    """The state of a vulnerability scan, as ECR sends it.

    Open: a value that this version does not know becomes a member that equals its string. ECR's
    name: `imageScanStatus.status`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanStatus.html).
    """

    IN_PROGRESS = "IN_PROGRESS"
    """The scan runs."""
    COMPLETE = "COMPLETE"
    """The scan has ended; its findings are there."""
    FAILED = "FAILED"
    """The scan has failed; `ImageScanStatus.description` may say why."""
    UNSUPPORTED_IMAGE = "UNSUPPORTED_IMAGE"
    """The scanner does not know this kind of image."""
    ACTIVE = "ACTIVE"
    """Enhanced scanning watches the image continuously."""
    PENDING = "PENDING"
    """The scan has been asked for and has not begun."""
    SCAN_ELIGIBILITY_EXPIRED = "SCAN_ELIGIBILITY_EXPIRED"
    """The image is too old for the registry's scan settings."""
    FINDINGS_UNAVAILABLE = "FINDINGS_UNAVAILABLE"
    """There are no findings to be had."""
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    """A limit of the scanner was reached."""
    IMAGE_ARCHIVED = "IMAGE_ARCHIVED"
    """The image is archived and is not scanned."""
    IMAGE_SIZE_EXCEEDED = "IMAGE_SIZE_EXCEEDED"
    """The image is too large for the scanner."""


class FindingSeverity(_OpenEnum):
    """The severity of a scan finding: a key of `SeverityCounts`.

    Open: a value that this version does not know becomes a member that equals its string. ECR's
    name: `FindingSeverity`, the keys of `findingSeverityCounts`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanFindingsSummary.html).
    """

    INFORMATIONAL = "INFORMATIONAL"
    """Worth knowing; no action needed."""
    LOW = "LOW"
    """Low severity."""
    MEDIUM = "MEDIUM"
    """Medium severity."""
    HIGH = "HIGH"
    """High severity."""
    CRITICAL = "CRITICAL"
    """Critical severity."""
    UNDEFINED = "UNDEFINED"
    """No severity has been assigned."""
