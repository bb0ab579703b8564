"""The iterators of the synchronous client: they make the calls that the cursors ask for.

They are classes. A generator ends with the first exception that passes through it; a class resumes where it
stopped. To stop at any point without a loss, what is handed out and the state that goes with it change on one line:
an interrupt falls before it or after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import length_hint
from typing import Any, Generic, TypeAlias, TypeVar, final

from ecrimages._cursors import ImageCursor, LookupCursor, NameCursor, PageCursor, Request
from ecrimages._errors import ImageNotFoundError
from ecrimages._lookup import Lookup
from ecrimages._models import Image, ImagePage
from ecrimages._pagination import Listing

__all__ = ["Call", "ImageIterator", "ImageLookup", "NameIterator", "Pages"]

_T = TypeVar("_T")
_S = TypeVar("_S")

Call: TypeAlias = Callable[[Request], Any]
"""One call of an operation: the parameters by ECR's own names to the page that came."""


class _Items(Iterator[_T], Generic[_T, _S]):
    """What makes a cursor an iterator."""

    _position: Any
    _prepare: Callable[[], None]
    _due_error: Callable[[], tuple[Exception, Any] | None]
    _request: Callable[[], Request | None]
    _after: Callable[[Any, Any], Any]

    def __init__(self, call: Call, source: _S) -> None:
        # The constructor of the cursor, which is the next base class.
        super().__init__(source)  # type: ignore[call-arg]
        self._call = call

    def __next__(self) -> _T:
        while True:
            # fmt: off
            for item in self._position.items: return item  # type: ignore[no-any-return]  # noqa: E701
            # fmt: on
            self._position = self._next_position()

    def _next_position(self) -> Any:
        """Make the next request, and return the position after it."""
        self._prepare()
        if due := self._due_error():
            error, after = due
            # fmt: off
            self._position = after; raise error  # noqa: E702
            # fmt: on
        before, request = self._position, self._request()
        if request is None:
            raise StopIteration
        try:
            outcome = self._call(request)
        except ImageNotFoundError as error:
            outcome = error
        return self._after(before, outcome)


@final
class ImageIterator(_Items[Image, Listing[Image]], ImageCursor):
    """The images of a repository, fetched page by page as they are needed.

    Returned by `describe_images()`. An iterator of `Image` in ECR's order, which is not documented. It is one-shot: a
    second `for` resumes where the first stopped. It also resumes after an exception, even a KeyboardInterrupt: the page
    that failed is requested again, and no image is lost or repeated. It holds at most one page in memory.
    Threads may not share an iterator; they may share the images.

    Raises:
        ServiceError: From `next()`: ECR returned an error. The subclass says which.
        TransportError: From `next()`: there was no usable response.
        MalformedResponseError: From `next()`: the response is malformed. None of its images was returned.
        RepeatedTokenError: From `next()`: the response leads back to a page that was fetched before.
    """

    def pages(self) -> Iterator[ImagePage]:
        """Iterate by page instead of by image.

        Both share one position: the images of a returned page are not returned again one by one. If some images of a
        page were already returned one by one, the first page here has the rest of them.

        Returns:
            An iterator of `ImagePage` that resumes after an exception, as this one does. A page is empty only if it
            is the last.
        """
        return Pages(self, self._take_page)

    def _take_page(self) -> ImagePage:
        while True:
            position = self._position
            if not length_hint(position.items):
                position = self._next_position()
            page, after = self._page(position)
            if page is not None:
                # fmt: off
                self._position = after; return page  # type: ignore[no-any-return]  # noqa: E702
                # fmt: on
            self._position = after


class Pages(PageCursor, Iterator[ImagePage]):
    """The same images by page."""

    def __next__(self) -> ImagePage:
        return self._take()  # type: ignore[no-any-return]


@final
class NameIterator(_Items[str, Listing[str]], NameCursor):
    """The names of the repositories of a registry, fetched page by page as they are needed.

    Returned by `repository_names()`. It is one-shot, and resumes after an exception, as `ImageIterator` does.
    """


@final
class ImageLookup(_Items[Image, Lookup], LookupCursor):
    """The images with certain ids, fetched a batch at a time; it resumes after an exception with the ids left."""
