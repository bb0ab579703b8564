"""The iterators of the asynchronous client: they await the calls that the cursors ask for.

A task can be cancelled at any `await`. The position of an iterator is replaced after the last one of a turn, so the
iterator resumes with the same page.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from operator import length_hint
from typing import Any, Generic, TypeVar, final

from ecrimages._async_transport import AsyncCall
from ecrimages._cursors import ImageCursor, LookupCursor, NameCursor, PageCursor, Request
from ecrimages._errors import ImageNotFoundError
from ecrimages._lookup import Lookup
from ecrimages._models import Image, ImagePage
from ecrimages._pagination import Listing

__all__ = ["AsyncImageIterator", "AsyncImageLookup", "AsyncNameIterator", "AsyncPages", "OneTask"]

_T = TypeVar("_T")
_S = TypeVar("_S")


class OneTask:
    """Lets one task at a time into a `with` statement that awaits something."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Any] | None = None

    def __enter__(self) -> None:
        task = asyncio.current_task()
        # Not a flag: a task that was interrupted on its way out, or whose event loop was, must not lock out the next.
        if self._task not in (None, task) and not self._task.done() and not self._task.get_loop().is_closed():
            raise RuntimeError("another task is awaiting this iterator. Use one iterator for each task")
        self._task = task

    def __exit__(self, *exception: object) -> None:
        self._task = None


class _AsyncItems(AsyncIterator[_T], Generic[_T, _S]):
    """What makes a cursor an asynchronous iterator."""

    _position: Any
    _prepare: Callable[[], None]
    _due_error: Callable[[], tuple[Exception, Any] | None]
    _request: Callable[[], Request | None]
    _after: Callable[[Any, Any], Any]

    def __init__(self, call: AsyncCall, source: _S) -> None:
        # The constructor of the cursor, which is the next base class.
        super().__init__(source)  # type: ignore[call-arg]
        self._call = call
        self._one_task = OneTask()

    async def __anext__(self) -> _T:
        while True:
            # fmt: off
            for item in self._position.items: return item  # type: ignore[no-any-return]  # noqa: E701
            # fmt: on
            self._position = await self._next_position()

    async def _next_position(self) -> Any:
        """Make the next request, and return the position after it."""
        with self._one_task:
            self._prepare()
            if (due := self._due_error()) is None:
                before, request = self._position, self._request()
                if request is None:
                    raise StopAsyncIteration
                try:
                    outcome = await self._call(request)
                except ImageNotFoundError as error:
                    outcome = error
                return self._after(before, outcome)
        due_error, after = due
        # fmt: off
        self._position = after; raise due_error  # noqa: E702
        # fmt: on


@final
class AsyncImageIterator(_AsyncItems[Image, Listing[Image]], ImageCursor):
    """The images of a repository, fetched page by page as they are needed.

    Returned by `AsyncClient.describe_images()`. An asynchronous iterator of `Image` in ECR's order, which is not
    documented. It is one-shot: a second `async for` resumes where the first stopped. It also resumes after an
    exception, and after its task was cancelled at any `await`: no image is lost or repeated. It holds at most one page
    in memory. One task at a time may await its next image.

    Raises:
        ServiceError: From `anext()`: ECR returned an error. The subclass says which.
        TransportError: From `anext()`: there was no usable response.
        MalformedResponseError: From `anext()`: the response is malformed. None of its images was returned.
        RepeatedTokenError: From `anext()`: the response leads back to a page that was fetched before.
        RuntimeError: From `anext()`: another task is awaiting the next image.
    """

    def pages(self) -> AsyncIterator[ImagePage]:
        """Iterate by page instead of by image.

        Both share one position: the images of a returned page are not returned again one by one. If some images of a
        page were already returned one by one, the first page here has the rest of them.

        Returns:
            An asynchronous iterator of `ImagePage` that resumes as this one does. A page is empty only if it is the
            last.
        """
        return AsyncPages(self, self._take_page)

    async def _take_page(self) -> ImagePage:
        while True:
            position = self._position
            if not length_hint(position.items):
                position = await self._next_position()
            page, after = self._page(position)
            if page is not None:
                # fmt: off
                self._position = after; return page  # type: ignore[no-any-return]  # noqa: E702
                # fmt: on
            self._position = after


class AsyncPages(PageCursor, AsyncIterator[ImagePage]):
    """The same images by page."""

    async def __anext__(self) -> ImagePage:
        return await self._take()  # type: ignore[no-any-return]


@final
class AsyncNameIterator(_AsyncItems[str, Listing[str]], NameCursor):
    """The names of the repositories of a registry, fetched page by page as they are needed.

    Returned by `AsyncClient.repository_names()`. It is one-shot, and resumes as `AsyncImageIterator` does.
    """


@final
class AsyncImageLookup(_AsyncItems[Image, Lookup], LookupCursor):
    """The images with certain ids, fetched a batch at a time; it resumes after an exception with the ids left."""
