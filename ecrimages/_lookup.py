"""Images by their ids: a hundred a request, whatever is missing.

ECR refuses a request as a whole if one of its ids is missing, and names that one in the text of the error.
Some emulators answer with the images that are there instead. Both are met here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Literal, final

from ecrimages._errors import ImageNotFoundError, MalformedResponseError
from ecrimages._iterator import BufferedImages, Describe
from ecrimages._models import Image, ImageId, ImagePage
from ecrimages._request import IMAGE_IDS_PER_REQUEST, image_id_members, image_id_of

__all__ = ["ImageLookup"]


@final
class ImageLookup(BufferedImages):
    """The images with certain ids, batch by batch; after an error it goes on with the ids that are left."""

    def __init__(
        self,
        describe: Describe,
        request: Mapping[str, Any],
        image_ids: Iterable[ImageId | str],
        *,
        missing: Literal["raise", "skip"],
    ) -> None:
        super().__init__()
        self._describe = describe
        self._request = request
        self._source = _checked(image_ids)
        self._raises = _raises(missing)
        self._gathered: list[ImageId] = []
        self._batches: deque[list[ImageId]] = deque()
        self._given_digests: set[str] = set()
        self._not_found: deque[ImageNotFoundError] = deque()

    def __iter__(self) -> ImageLookup:
        return self

    def __repr__(self) -> str:
        return f"<ImageLookup in {self._request['repositoryName']!r}: {self._yielded} images yielded>"

    def _fetch(self) -> tuple[Image, ...] | None:
        while True:
            if self._not_found:
                raise self._not_found.popleft()
            batch = self._next_batch()
            if batch is None:
                return None
            request = {**self._request, "imageIds": [image_id_members(image_id) for image_id in batch]}
            try:
                page = self._describe(request)
            except ImageNotFoundError as error:
                if self._set_aside(batch, error) and self._raises:
                    raise
                continue
            images, left_out = _compared(page, batch)
            self._batches.popleft()
            if self._raises:
                self._not_found.extend(_not_found(image_id, page, request) for image_id in left_out)
            # Halves may ask for one image by two ids, and give it twice where the whole would not have.
            images = [image for image in images if image.digest not in self._given_digests]
            self._given_digests.update(image.digest for image in images)
            if images:
                return tuple(images)

    def _next_batch(self) -> list[ImageId] | None:
        if not self._batches:
            # What was gathered stays when the source, or the check of an id, raises.
            while len(self._gathered) < IMAGE_IDS_PER_REQUEST:
                try:
                    self._gathered.append(next(self._source))
                except StopIteration:
                    break
            if not self._gathered:
                return None
            self._batches.append(list(dict.fromkeys(self._gathered)))
            self._gathered = []
            self._given_digests = set()
        return self._batches[0]

    def _set_aside(self, batch: list[ImageId], error: ImageNotFoundError) -> bool:
        """Take the missing id out of the batch, or halve it; return whether the id is known."""
        self._batches.popleft()
        missing = batch[0] if len(batch) == 1 else _told(error, batch)
        if missing is None:
            # The text does not tell which one is missing: the halves will.
            middle = len(batch) // 2
            self._batches.extendleft([batch[middle:], batch[:middle]])
            return False
        if error.image_id is None or _as_text(error.image_id) == _as_text(missing):
            error.image_id = missing
        if len(batch) > 1:
            self._batches.appendleft([image_id for image_id in batch if image_id != missing])
        return True


def _told(error: ImageNotFoundError, batch: list[ImageId]) -> ImageId | None:
    """Return the id that the text of an error means, if it can mean one only."""
    told = error.image_id
    if told is None:
        return None
    alike = [image_id for image_id in batch if _as_text(image_id) == _as_text(told)]
    if not alike:
        # It may tell both parts where one was asked for.
        alike = [
            image_id
            for image_id in batch
            if image_id.tag in (None, told.tag) and image_id.digest in (None, told.digest)
        ]
    return alike[0] if len(alike) == 1 else None


def _as_text(image_id: ImageId) -> tuple[str, str]:
    # In the text, a part that was not asked for looks like a tag that is called so.
    return image_id.digest or "null", image_id.tag or "null"


def _checked(image_ids: Iterable[ImageId | str]) -> Iterator[ImageId]:
    if isinstance(image_ids, (str, ImageId, Mapping)) or not isinstance(image_ids, Iterable):
        raise TypeError(f"image_ids must be an iterable of ImageId, tags and digests, not {image_ids!r}")
    if isinstance(image_ids, Collection):
        # What is all there can be checked at once, before any request.
        return iter([image_id_of(value) for value in image_ids])
    return map(image_id_of, image_ids)


def _raises(missing: object) -> bool:
    if missing not in ("raise", "skip"):
        raise ValueError(f"missing must be 'raise' or 'skip', not {missing!r}")
    return missing == "raise"


def _compared(page: ImagePage, batch: list[ImageId]) -> tuple[list[Image], list[ImageId]]:
    """Return what an answer holds of what was asked for, and the ids that it leaves out.

    Raises:
        MalformedResponseError: It holds something else.
    """
    if page.next_token is not None:
        raise _unasked_for(page, "nextToken", "ECR does not page images that are asked for by id")
    # A digest holds a colon, and a tag does not: one dict can hold both.
    named = {name: image for image in page.images for name in (image.digest, *image.tags)}
    left_out, halfway = [], set()
    answered = set()
    for image_id in batch:
        image = named.get(image_id.digest or image_id.tag or "")
        if image is None or (image_id.tag is not None and image_id.tag not in image.tags):
            left_out.append(image_id)
            if image_id.tag is not None and image_id.digest is not None:
                halfway |= {image_id.tag, image_id.digest}
        else:
            answered.add(image.digest)
    for index, image in enumerate(page.images):
        # Emulators may look at one part of an id only, and answer though the tag has moved.
        if image.digest not in answered and halfway.isdisjoint((image.digest, *image.tags)):
            raise _unasked_for(page, f"imageDetails[{index}]", f"{image.digest} was not asked for")
    return [image for image in page.images if image.digest in answered], left_out


def _unasked_for(page: ImagePage, path: str, problem: str) -> MalformedResponseError:
    error = MalformedResponseError(problem, path=path)
    error.request_id = page.request_id
    return error


def _not_found(image_id: ImageId, page: ImagePage, request: Mapping[str, Any]) -> ImageNotFoundError:
    asked = f"imageDigest:'{image_id.digest or 'null'}', imageTag:'{image_id.tag or 'null'}'"
    response = {
        "Error": {
            "Code": "ImageNotFoundException",
            "Message": f"The image with imageId {{{asked}}} was left out of the answer",
        },
        "ResponseMetadata": {"RequestId": page.request_id, "HTTPStatusCode": 200},
    }
    error = ImageNotFoundError(response, "DescribeImages", request)
    error.image_id = image_id
    return error
