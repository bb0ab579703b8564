"""The images of a repository, page after page: what comes next, and where to go on after an error.

Iterators here are classes. A generator ends with the first exception that passes through it; a class goes on
from where it stood.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from operator import length_hint
from typing import Any, final

import attrs

from ecrimages._errors import RepeatedTokenError
from ecrimages._models import Image, ImagePage

__all__ = ["BufferedImages", "Describe", "ImageIterator"]

Describe = Callable[[Mapping[str, Any]], ImagePage]
"""One call of DescribeImages: the parameters by ECR's own names to the page that came."""


class BufferedImages(Iterator[Image], ABC):
    """Hands out images one by one from what is fetched many at a time."""

    def __init__(self) -> None:
        self._buffer: Iterator[Image] = iter(())
        self._fetched = 0

    def __next__(self) -> Image:
        # A loop over the buffer costs less than next(), and this runs once an image.
        for image in self._buffer:
            return image
        while (images := self._fetch()) is not None:
            self._fetched += len(images)
            self._buffer = iter(images)
            for image in self._buffer:
                return image
        raise StopIteration

    @property
    def _yielded(self) -> int:
        return self._fetched - length_hint(self._buffer)

    @abstractmethod
    def _fetch(self) -> tuple[Image, ...] | None:
        """Return the next images, or None after the last."""


@final
class ImageIterator(BufferedImages):
    """The images of a repository, fetched page by page as they are asked for.

    Made by `describe_images()`. An iterator of `Image` in ECR's order, which is not documented. It is
    one-shot: a second `for` goes on where the first stopped. After an exception it goes on too: the page that
    failed is asked for again, no image comes twice and none is left out. To hold one page in memory is all it
    needs. Threads may not share an iterator; they may share the images.

    Raises:
        ServiceError: From `next()`: ECR answered with an error. The subclass says which.
        TransportError: From `next()`: there was no usable answer.
        MalformedResponseError: From `next()`: the answer makes no sense. No image of its page was handed out.
        RepeatedTokenError: From `next()`: the answer leads back to a page that was fetched already.
    """

    def __init__(
        self, describe: Describe, request: Mapping[str, Any], *, page_size: int, limit: int | None
    ) -> None:
        super().__init__()
        self._describe = describe
        self._request = {name: value for name, value in request.items() if name != "nextToken"}
        self._page_size = page_size
        self._to_fetch = limit
        self._next_token: str | None = request.get("nextToken")
        self._requested_tokens = {_fingerprint(self._next_token)} if self._next_token else set()
        self._is_at_end = limit == 0
        self._page: ImagePage | None = None

    @property
    def next_token(self) -> str | None:
        """The token of the first page not yet fetched, for `start_token=`.

        None before the first page, and after the last: `repr()` tells which. Images of the page at hand
        that were not asked for yet lie before the token; to lose none, save it between the pages that
        `pages()` gives. ECR: `nextToken`.
        """
        return self._next_token

    def pages(self) -> Iterator[ImagePage]:
        """Iterate by page instead of by image.

        Both ways share one position: what has come by page does not come by image again. If some images of
        a page were taken one by one, the rest of it comes first, as a page of its own.

        Returns:
            An iterator of `ImagePage` that goes on after an error, as this one does. An empty page comes
            only if it is the last.
        """
        return _Pages(self, self._next_page)

    def __iter__(self) -> ImageIterator:
        return self

    def __repr__(self) -> str:
        if self._page is None and not self._is_at_end:
            state = "not started"
        elif length_hint(self._buffer) or not self._is_at_end:
            state = "more to come"
        else:
            state = "limit reached" if self._to_fetch == 0 else "all read"
        return (
            f"<ImageIterator of {self._request['repositoryName']!r}: {self._yielded} images yielded, {state}>"
        )

    def _next_page(self) -> ImagePage | None:
        rest = tuple(self._buffer)
        if rest and self._page is not None:
            return attrs.evolve(self._page, images=rest)
        page = self._fetch_page()
        if page is not None:
            self._fetched += len(page.images)
        return page

    def _fetch(self) -> tuple[Image, ...] | None:
        page = self._fetch_page()
        return None if page is None else page.images

    def _fetch_page(self) -> ImagePage | None:
        while not self._is_at_end:
            request = dict(self._request, maxResults=self._page_size)
            if self._to_fetch is not None:
                request["maxResults"] = min(self._page_size, self._to_fetch)
            if self._next_token is not None:
                request["nextToken"] = self._next_token
            page = self._advance(self._describe(request))
            # The images are in the buffer, or with whoever asked for the page: held here as well, they would
            # be in memory until the next page has come.
            self._page = attrs.evolve(page, images=())
            # ECR may send an empty page that leads on, when a filter leaves nothing of what it has read.
            if page.images or self._is_at_end:
                return page
        return None

    def _advance(self, page: ImagePage) -> ImagePage:
        # Nothing may change before the page is known to be good: who calls again after an error wants it.
        if page.next_token is not None:
            fingerprint = _fingerprint(page.next_token)
            if fingerprint in self._requested_tokens:
                raise RepeatedTokenError(page.next_token, request_id=page.request_id)
            self._requested_tokens.add(fingerprint)
        if self._to_fetch is not None and len(page.images) > self._to_fetch:
            # ECR keeps to maxResults, emulators do not. A token now would pass over the surplus.
            page = attrs.evolve(page, images=page.images[: self._to_fetch], next_token=self._next_token)
        self._next_token = page.next_token
        if self._to_fetch is not None:
            self._to_fetch -= len(page.images)
        self._is_at_end = page.next_token is None or self._to_fetch == 0
        return page


class _Pages(Iterator[ImagePage]):
    def __init__(self, images: ImageIterator, next_page: Callable[[], ImagePage | None]) -> None:
        self._images = images
        self._next_page = next_page

    def __repr__(self) -> str:
        return f"<pages of {self._images!r}>"

    def __next__(self) -> ImagePage:
        page = self._next_page()
        if page is None:
            raise StopIteration
        return page


def _fingerprint(token: str) -> bytes:
    # Tokens can be long and there may be one for each image.
    return hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=16).digest()
