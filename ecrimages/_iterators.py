"""The iterators of the synchronous client: they make the calls that the state machines ask for.

They are classes. A generator ends with the first exception that passes through it; a class resumes where it
stopped. To stop at any point without a loss, what is handed out and the state that goes with it change on one line:
an interrupt falls before it or after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import length_hint
from typing import Any, Generic, NoReturn, TypeVar, final

from ecrimages._errors import ImageNotFoundError
from ecrimages._lookup import Lookup
from ecrimages._models import Image, ImagePage
from ecrimages._pagination import Listing, Position

__all__ = ["Call", "ImageIterator", "ImageLookup", "NameIterator", "OneShot", "check_not_moved"]

_T = TypeVar("_T")

Call = Callable[[Mapping[str, Any]], Any]
"""One call of an operation: the parameters by ECR's own names to the page that came."""


class OneShot:
    """An iterator that cannot be copied: two copies would share what is left."""

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be copied or pickled; call the method again, or use list()")


def check_not_moved(before: object, now: object) -> None:
    """Raise RuntimeError if an iterator was moved by someone else while it waited for a response."""
    if before is not now:
        raise RuntimeError(
            "next() was called again while it waited for a response: by an event handler, or in another thread. "
            "Use one iterator for each"
        )


class _ListingIterator(OneShot, Iterator[_T], Generic[_T]):
    """The items of a listing, fetched page by page as they are needed."""

    def __init__(self, call: Call, listing: Listing[_T]) -> None:
        self._call = call
        self._listing = listing
        self._position: Position[_T] = listing.start

    def __next__(self) -> _T:
        while True:
            # fmt: off
            for item in self._position.items: return item  # noqa: E701
            # fmt: on
            before = self._position = self._listing.without_page(self._position)
            _, after = self._next_page(before)
            check_not_moved(before, self._position)
            self._position = after

    @property
    def next_token(self) -> str | None:
        """The token of the first page that was not fetched yet, for `start_token=`.

        None before the first page, and after the last: `repr()` tells which. What is left of the page at hand
        lies before the token; to lose nothing, save it between the pages of `pages()`. ECR: `nextToken`.
        """
        return self._position.next_token

    def _next_page(self, position: Position[_T]) -> tuple[Any, Position[_T]]:
        if position.is_last:
            raise StopIteration
        page = self._call(self._listing.request(position))
        after = self._listing.after(position, page)
        return after.page, after

    @property
    def _state(self) -> str:
        position = self._position
        if not position.is_last:
            return "not started" if position.pages_fetched == 0 else "more to come"
        if length_hint(position.items):
            return "more to come"
        return "limit reached" if position.remaining == 0 else "finished"


@final
class NameIterator(_ListingIterator[str]):
    """The names of the repositories of a registry, fetched page by page as they are needed.

    Made by `repository_names()`. It is one-shot, and resumes after an exception, as `ImageIterator` does.
    """

    def __repr__(self) -> str:
        return f"<NameIterator: {self._position.items_yielded} names yielded, {self._state}>"


@final
class ImageIterator(_ListingIterator[Image]):
    """The images of a repository, fetched page by page as they are needed.

    Made by `describe_images()`. An iterator of `Image` in ECR's order, which is not documented. It is one-shot: a
    second `for` resumes where the first stopped. It also resumes after an exception, an interrupt included: the page
    that failed is requested again, no image comes twice and none is lost. It holds at most one page in memory.
    Threads may not share an iterator; they may share the images.

    Raises:
        ServiceError: From `next()`: ECR returned an error. The subclass says which.
        TransportError: From `next()`: there was no usable response.
        MalformedResponseError: From `next()`: the response is malformed. None of its images was returned.
        RepeatedTokenError: From `next()`: the response leads back to a page that was fetched before.
    """

    def pages(self) -> Iterator[ImagePage]:
        """Iterate by page instead of by image.

        Both share one position: what has come by page does not come by image again. If some images of a page were
        taken one by one, the rest of it comes first, as a page of its own.

        Returns:
            An iterator of `ImagePage` that resumes after an exception, as this one does. A page is empty only if it
            is the last.
        """
        return _Pages(self)

    def __repr__(self) -> str:
        repository_name = self._listing.parameters["repositoryName"]
        count = self._position.items_yielded
        return f"<ImageIterator of {repository_name!r}: {count} images yielded, {self._state}>"


class _Pages(OneShot, Iterator[ImagePage]):
    def __init__(self, images: ImageIterator) -> None:
        self._images = images

    def __repr__(self) -> str:
        return f"<pages of {self._images!r}>"

    def __next__(self) -> ImagePage:
        images = self._images
        while True:
            before = images._position
            if not length_hint(before.items):
                before = images._position = images._listing.without_page(before)
                _, before_rest = images._next_page(before)
            else:
                before_rest = before
            page, after = images._listing.rest(before_rest)
            check_not_moved(before, images._position)
            if page.images or after.is_last:
                # fmt: off
                images._position = after; return page  # type: ignore[no-any-return]  # noqa: E702
                # fmt: on
            images._position = after


@final
class ImageLookup(OneShot, Iterator[Image]):
    """The images with certain ids, fetched a batch at a time; it resumes after an exception with the ids left."""

    def __init__(self, call: Call, lookup: Lookup) -> None:
        self._call = call
        self._lookup = lookup
        self._position = lookup.start

    def __repr__(self) -> str:
        repository_name = self._lookup.parameters["repositoryName"]
        return f"<ImageLookup in {repository_name!r}: {self._position.items_yielded} images yielded>"

    def __next__(self) -> Image:
        while True:
            # fmt: off
            for image in self._position.items: return image  # noqa: E701
            # fmt: on
            before = self._position
            state = self._lookup.prepared(before)
            if state.errors:
                error, after = self._lookup.first_error(state)
                # fmt: off
                self._position = after; raise error  # noqa: E702
                # fmt: on
            if state.is_last:
                raise StopIteration
            try:
                page = self._call(self._lookup.request(state))
            except ImageNotFoundError as error:
                after = self._lookup.after_not_found(state, error)
            else:
                after = self._lookup.after(state, page)
            check_not_moved(before, self._position)
            self._position = after
