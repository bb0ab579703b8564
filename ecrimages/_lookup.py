"""Images by their ids, without I/O: which ids to request next, and what a response means.

ECR refuses a request as a whole if one of its ids is missing, and names that one in the text of the error. Some
emulators return the images that exist instead. Both are handled here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from operator import length_hint
from typing import Any, Literal

import attrs

from ecrimages._error_mapping import image_not_found
from ecrimages._errors import ImageNotFoundError, MalformedResponseError
from ecrimages._image_id import ImageId
from ecrimages._models import Image, ImagePage
from ecrimages._parameters import IMAGE_IDS_PER_REQUEST, check_choice, image_id_fields, image_id_of

__all__ = ["Lookup", "LookupState"]

_Batch = tuple[ImageId, ...]


@attrs.frozen(eq=False, repr=False)
class LookupState:
    """How far a look-up has come. Replaced as a whole, in one assignment."""

    items: Iterator[Image] = attrs.field(factory=lambda: iter(()))
    values: list[Any] = attrs.field(factory=list)
    """What was read from the caller's ids and is in no batch yet."""
    batches: tuple[_Batch, ...] = ()
    """The ids to request, the next first."""
    found: frozenset[str] = frozenset()
    """The digests that the batch, of which these are parts, has brought so far."""
    errors: tuple[Exception, ...] = ()
    """What is to be raised before anything else."""
    items_fetched: int = 0
    is_last: bool = False

    @property
    def items_yielded(self) -> int:
        """How many images were handed out."""
        return self.items_fetched - length_hint(self.items)


class Lookup:
    """What is the same throughout a look-up.

    Args:
        parameters: The parameters that every request has.
        image_ids: The ids, any number of them; read a batch at a time unless it is a collection.
        missing: Whether an image that does not exist is an error.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is malformed.
    """

    def __init__(
        self,
        parameters: Mapping[str, Any],
        image_ids: Iterable[ImageId | str],
        missing: Literal["raise", "skip"],
    ) -> None:
        if isinstance(image_ids, (str, bytes, ImageId, Mapping)) or not isinstance(image_ids, Iterable):
            raise TypeError(f"image_ids must be an iterable of ImageId, tags and digests, not {image_ids!r}")
        check_choice("missing", missing, ("raise", "skip"))
        self.parameters = parameters
        self._raises = missing == "raise"
        if isinstance(image_ids, Collection):
            # A collection can be checked as a whole, before any request.
            image_ids = [image_id_of(value) for value in image_ids]
        self._source = iter(image_ids)
        self.start = LookupState()

    def prepared(self, state: LookupState) -> LookupState:
        """Return a state with an error to raise, a batch to request, or that is the last.

        Raises:
            Exception: What the caller's iterator of ids raises. No id that it gave before is lost.
        """
        if state.errors or state.batches:
            return state
        # extend() runs in C: what was read is in the list, whatever is raised.
        state.values.extend(islice(self._source, IMAGE_IDS_PER_REQUEST - len(state.values)))
        values = list(state.values)
        if not values:
            return attrs.evolve(state, is_last=True)
        image_ids: dict[ImageId, None] = {}
        for index, value in enumerate(values):
            try:
                image_ids[image_id_of(value)] = None
            except (TypeError, ValueError) as error:
                rest = values[:index] + values[index + 1 :]
                return attrs.evolve(state, values=rest, errors=(error,))
        return attrs.evolve(state, values=[], batches=(tuple(image_ids),), found=frozenset())

    def first_error(self, state: LookupState) -> tuple[Exception, LookupState]:
        """Return the error to raise, and the state after that."""
        return state.errors[0], attrs.evolve(state, errors=state.errors[1:])

    def request(self, state: LookupState) -> dict[str, Any]:
        """Return the parameters of the request for the next batch."""
        return {**self.parameters, "imageIds": [image_id_fields(image_id) for image_id in state.batches[0]]}

    def after(self, state: LookupState, page: ImagePage) -> LookupState:
        """Return the state after a batch has come.

        Raises:
            MalformedResponseError: It holds images that were not requested.
        """
        batch, *rest = state.batches
        images, missing = _compared(page, batch)
        # Halves of a batch may have two ids of one image, and bring it twice where the whole would not have.
        images = [image for image in images if image.digest not in state.found]
        errors = [image_not_found(image_id, self.parameters, page.request_id) for image_id in missing]
        return attrs.evolve(
            state,
            items=iter(images),
            batches=tuple(rest),
            found=state.found.union(image.digest for image in images),
            errors=tuple(errors) if self._raises else (),
            items_fetched=state.items_fetched + len(images),
        )

    def after_not_found(self, state: LookupState, error: ImageNotFoundError) -> LookupState:
        """Return the state after a batch was refused: without the missing id, or halved if it is not known."""
        batch, *rest = state.batches
        missing = batch[0] if len(batch) == 1 else _missing_id(error, batch)
        if missing is None:
            middle = len(batch) // 2
            return attrs.evolve(state, batches=(batch[:middle], batch[middle:], *rest))
        if error.image_id is None or _in_text(error.image_id) == _in_text(missing):
            error.image_id = missing
        left = tuple(image_id for image_id in batch if image_id != missing)
        return attrs.evolve(
            state, batches=(left, *rest) if left else tuple(rest), errors=(error,) if self._raises else ()
        )


def _missing_id(error: ImageNotFoundError, batch: _Batch) -> ImageId | None:
    """Return the id that the text of an error means, if it can mean one only."""
    named = error.image_id
    if named is None:
        return None
    candidates = [image_id for image_id in batch if _in_text(image_id) == _in_text(named)]
    if not candidates:
        # It may name both parts where one was requested.
        candidates = [
            image_id
            for image_id in batch
            if image_id.tag in (None, named.tag) and image_id.digest in (None, named.digest)
        ]
    return candidates[0] if len(candidates) == 1 else None


def _in_text(image_id: ImageId) -> tuple[str, str]:
    # In the text, a part that was not requested looks like a tag of that name.
    return image_id.digest or "null", image_id.tag or "null"


def _compared(page: ImagePage, batch: _Batch) -> tuple[list[Image], list[ImageId]]:
    """Return the images of a response that were requested, and the ids that are missing from it.

    Raises:
        MalformedResponseError: It holds others.
    """
    if page.next_token is not None:
        raise _unrequested(page, "nextToken", "ECR does not page images that are requested by id")
    # A digest holds a colon, and a tag does not: one dict can hold both.
    by_name = {name: image for image in page.images for name in (image.digest, *image.tags)}
    missing: list[ImageId] = []
    partly_matched: set[str] = set()
    matched: set[str] = set()
    for image_id in batch:
        image = by_name.get(image_id.digest or image_id.tag or "")
        if image is not None and (image_id.tag is None or image_id.tag in image.tags):
            matched.add(image.digest)
            continue
        missing.append(image_id)
        if image_id.tag is not None and image_id.digest is not None:
            partly_matched |= {image_id.tag, image_id.digest}
    for index, image in enumerate(page.images):
        # Emulators may look at one part of an id only, and return an image though the tag has moved.
        if image.digest not in matched and partly_matched.isdisjoint((image.digest, *image.tags)):
            raise _unrequested(page, f"imageDetails[{index}]", f"{image.digest} was not requested")
    return [image for image in page.images if image.digest in matched], missing


def _unrequested(page: ImagePage, path: str, problem: str) -> MalformedResponseError:
    error = MalformedResponseError(problem, path=path)
    error.request_id, error.repository_name = page.request_id, page.repository_name
    return error
