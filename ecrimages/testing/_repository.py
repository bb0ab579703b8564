"""The images of one repository."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import attrs

from ecrimages._models import Image

__all__ = ["Repository", "StoredImage"]


@attrs.define(eq=False)
class StoredImage:
    """An image of a repository, and what DescribeImages does not report of it."""

    image: Image
    children: tuple[str, ...] = ()
    """The digests of the child manifests of an index."""
    scanned: Image | None = None
    """The image with its scan, if only DescribeImageScanFindings reports the scan."""
    json: str = attrs.field(init=False)
    """The image in ECR's wire form, which is cheaper to keep than to encode for each listing."""

    def __attrs_post_init__(self) -> None:
        self.json = json.dumps(self.image.to_dict(wire=True))

    def set_tags(self, tags: tuple[str, ...]) -> None:
        """Replace the tags."""
        self.image = attrs.evolve(self.image, tags=tags)
        self.__attrs_post_init__()


@attrs.define(eq=False)
class Repository:
    """The settings and the images of a repository. Not thread-safe."""

    image_tag_mutability: str = "MUTABLE"
    scan_on_push: bool = False
    created_at: datetime = attrs.field(factory=lambda: datetime.now(UTC))
    _images: dict[str, StoredImage] = attrs.field(factory=dict, init=False)
    _digests_by_tag: dict[str, str] = attrs.field(factory=dict, init=False)
    _indexes_by_child: dict[str, list[str]] = attrs.field(factory=dict, init=False)
    _order: list[str] | None = attrs.field(default=None, init=False)

    def add(self, stored: StoredImage) -> None:
        """Add an image, instead of one with the same digest; its tags move to it."""
        digest = stored.image.digest
        self.remove(digest)
        for tag in stored.image.tags:
            self.remove_tag(tag)
            self._digests_by_tag[tag] = digest
        for child in stored.children:
            self._indexes_by_child.setdefault(child, []).append(digest)
        self._images[digest] = stored
        self._order = None

    def get(self, digest: str) -> StoredImage | None:
        """Return the image with a digest."""
        return self._images.get(digest)

    def find(self, image_id: Mapping[str, str]) -> StoredImage | None:
        """Return the image with a tag, a digest, or both."""
        tag, digest = image_id.get("imageTag"), image_id.get("imageDigest")
        if tag is not None:
            tagged = self._digests_by_tag.get(tag)
            digest = tagged if digest in {None, tagged} else None
        return None if digest is None else self._images.get(digest)

    def move_tag(self, tag: str, digest: str) -> None:
        """Put a tag on an image of the repository."""
        self.remove_tag(tag)
        stored = self._images[digest]
        stored.set_tags((*stored.image.tags, tag))
        self._digests_by_tag[tag] = digest

    def remove_tag(self, tag: str) -> None:
        """Take a tag from its image, if there is one."""
        digest = self._digests_by_tag.pop(tag, None)
        if digest is not None:
            stored = self._images[digest]
            stored.set_tags(tuple(other for other in stored.image.tags if other != tag))

    def remove(self, digest: str) -> None:
        """Remove an image with its tags, if it is there."""
        stored = self._images.pop(digest, None)
        if stored is None:
            return
        for tag in stored.image.tags:
            del self._digests_by_tag[tag]
        for child in stored.children:
            self._indexes_by_child[child].remove(digest)
        if self._order is not None:
            del self._order[bisect_left(self._order, digest)]

    def indexes_of(self, digest: str) -> list[str]:
        """Return the digests of the indexes that have an image as a child manifest."""
        return self._indexes_by_child.get(digest, [])

    def images(self, *, after: str = "", tag_status: str, image_status: str) -> Iterator[StoredImage]:
        """Iterate over the images with a digest greater than `after`, by digest."""
        # An order by digest is unrelated to any order that ECR might have, and no image moves to another page
        # when others are added or deleted during a listing.
        if self._order is None:
            self._order = sorted(self._images)
        for index in range(bisect_right(self._order, after), len(self._order)):
            stored = self._images[self._order[index]]
            image = stored.image
            if tag_status != "ANY" and (tag_status == "TAGGED") != bool(image.tags):
                continue
            if image_status in {"ANY", image.status or "ACTIVE"}:
                yield stored
