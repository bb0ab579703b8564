"""`ImageId`: the id of one image, by tag or by digest."""

import re
from typing import Any, final

import attrs

from ecrimages._record_repr import repr_without_none, rich_repr

__all__ = ["ImageId"]

# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageIdentifier.html allows tags of 1 to 300
# characters. The characters below are in no tag of the OCI grammar: a string that has them is a whole image
# reference, and "does not exist" would be the wrong response to it.
_TAG = re.compile(r"[^\s:/@]{1,300}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


# attrs has order=False by default, but mypy assumes True, and would let sorted() take records.
@final
@attrs.frozen(kw_only=True, order=False, repr=False, weakref_slot=False)
class ImageId:
    """The id of one image of a repository: a tag, a digest, or both.

    With both, ECR finds the image only if the tag is on the image with that digest. ECR's name:
    `ImageIdentifier` (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageIdentifier.html).

    Raises:
        TypeError: `tag` or `digest` is not a string.
        ValueError: Neither is given; the tag is empty, longer than 300 characters, or contains white space,
            ':', '/' or '@'; the digest is not 'sha256:' and 64 lower-case hex digits.
    """

    tag: str | None = attrs.field(default=None)
    """A tag, without the repository name. None if the image is identified by digest. ECR: `imageTag`."""
    digest: str | None = attrs.field(default=None)
    """A manifest digest, `sha256:…`. None if the image is identified by tag. ECR: `imageDigest`."""

    @tag.validator
    def _check_tag(self, attribute: Any, value: str | None) -> None:
        _check_matches(
            "tag",
            value,
            _TAG,
            "1 to 300 characters without white space, ':', '/' or '@' (only 'sha256:…' is a digest)",
        )

    @digest.validator
    def _check_digest(self, attribute: Any, value: str | None) -> None:
        _check_matches("digest", value, _DIGEST, "'sha256:' and 64 lower-case hex digits")

    def __attrs_post_init__(self) -> None:
        if self.tag is None and self.digest is None:
            raise ValueError("an ImageId needs a tag or a digest, such as ImageId(tag='v1')")

    __repr__ = repr_without_none
    __rich_repr__ = rich_repr


def _check_matches(name: str, value: object, pattern: re.Pattern[str], allowed: str) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {value!r}")
    if not pattern.fullmatch(value):
        raise ValueError(f"{name} must be {allowed}, not {value!r}")
