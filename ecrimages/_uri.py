"""`ImageURI`: the URI by which a deployed image is known."""

import re
from typing import Self, final

import attrs

from ecrimages._image_id import ImageId
from ecrimages._models import Image
from ecrimages._record_repr import repr_without_none, rich_repr

__all__ = ["IMAGE_HOST", "REPOSITORY_NAME", "ImageURI", "check_image", "image_uri"]

# The pattern of the service's model: ECR refuses other names, or returns "does not exist".
REPOSITORY_NAME = re.compile(r"(?:[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*/)*[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*")
# The DNS suffixes of AWS's partitions, and those of the dual-stack hosts.
_DNS_SUFFIXES = (
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "c2s.ic.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
    "on.amazonwebservices.com.cn",
    "on.aws",
    "sc2s.sgov.gov",
)
_SUFFIX = "|".join(map(re.escape, _DNS_SUFFIXES))
IMAGE_HOST = re.compile(
    rf"(?P<registry_id>[0-9]{{12}})\.dkr[.-]ecr(?:-fips)?\.(?P<region_name>[a-z0-9-]{{1,63}})\.(?:{_SUFFIX})(?![\w.])"
)
_URI = re.compile(
    rf"(?P<host>{IMAGE_HOST.pattern})/(?P<repository_name>[^:@]{{2,256}})"
    r"(?::(?P<tag>[^@]{1,300}))?(?:@(?P<digest>.{1,100}))?"
)


@final
@attrs.frozen(kw_only=True, order=False, repr=False, weakref_slot=False)
class ImageURI:
    """The parts of an image's URI: `<registry>.dkr.ecr.<region>.<DNS suffix>/<repository>:<tag>@<digest>`.

    Returned by `ImageURI.parse()`. `str()` returns the text that was parsed. `Client.image_uri()` returns the URI
    of an `Image`.
    """

    registry_id: str
    """The AWS account that owns the registry, 12 digits."""
    region_name: str
    """The AWS region, such as `eu-west-1`."""
    repository_name: str
    """The repository, without the registry's host name."""
    tag: str | None = None
    """The tag. None if the URI has none."""
    digest: str | None = None
    """The manifest digest, `sha256:…`. None if the URI has none."""
    _host: str = attrs.field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the URI of an image, as in a task definition, a Pod or a Lambda function.

        Args:
            text: The URI, with any host name of ECR: plain, FIPS or dual-stack, in every partition.

        Returns:
            Its parts.

        Raises:
            TypeError: `text` is not a string.
            ValueError: It is not the URI of an image in Amazon ECR.
        """
        if not isinstance(text, str):
            raise TypeError(f"the URI of an image must be a string, not {text!r}")
        found = _URI.fullmatch(text)
        if not found or not REPOSITORY_NAME.fullmatch(found["repository_name"]):
            raise ValueError(
                "expected the URI of an image in Amazon ECR, such as "
                f"'123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app:v1', not {text!r}"
            )
        if found["tag"] or found["digest"]:
            ImageId(tag=found["tag"], digest=found["digest"])  # Raises ValueError for a malformed one.
        return cls(**found.groupdict())

    @property
    def image_id(self) -> ImageId:
        """The tag and digest, for `get_image()`; the tag `latest` if the URI has neither, as container tools do."""
        if self.tag is None and self.digest is None:
            return ImageId(tag="latest")
        return ImageId(tag=self.tag, digest=self.digest)

    def __str__(self) -> str:
        tag = "" if self.tag is None else f":{self.tag}"
        digest = "" if self.digest is None else f"@{self.digest}"
        return f"{self._host}/{self.repository_name}{tag}{digest}"

    __repr__ = repr_without_none
    __rich_repr__ = rich_repr


def check_image(image: object, tag: object) -> None:
    """Raise an error unless there is a URI for an image with a tag, or by its digest.

    Raises:
        TypeError: `image` is not an `Image`.
        ValueError: The image does not have the tag.
    """
    if not isinstance(image, Image):
        raise TypeError(f"image must be an Image, such as get_image() returns, not {image!r}")
    if tag is not None and tag not in image.tags:
        raise ValueError(f"tag must be one of the image's tags {image.tags}, not {tag!r}")


def image_uri(image: Image, *, region_name: str, dns_suffix: str, tag: str | None) -> str:
    """Return the URI of an image, by one of its tags or by its digest."""
    host = f"{image.registry_id}.dkr.ecr.{region_name}.{dns_suffix}"
    return f"{host}/{image.repository_name}{f'@{image.digest}' if tag is None else f':{tag}'}"
