"""The iterators of the asynchronous client: they await the calls that the cursors ask for.

A task can be cancelled at any `await`. The position of an iterator is replaced after the last one of a turn, so the
iterator resumes with the same page.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Generic, TypeVar, final

from ecrimages._async_transport import AsyncCall
from ecrimages._cursors import ImageCursor, LookupCursor, NameCursor, OneShot, Turn
from ecrimages._errors import ImageNotFoundError
from ecrimages._lookup import Lookup
from ecrimages._models import Image, ImagePage
from ecrimages._pagination import Listing

__all__ = ["AsyncImageIterator", "AsyncImageLookup", "AsyncNameIterator", "OneTask"]

_T = TypeVar("_T")
_R = TypeVar("_R")


class OneTask:
    """Lets one task at a time into a `with` statement that awaits something."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Any] | None = None

    def __enter__(self) -> None:
        task = asyncio.current_task()
        # Not a flag: a task that was interrupted on its way out must not lock out the next.
        if self._task is not None and self._task is not task and not self._task.done():
            raise RuntimeError("another task awaits the next item of the same iterator. Use one iterator for each task")
        self._task = task

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._task = None


class _AsyncItems(AsyncIterator[_T], Generic[_T]):
    """What makes a cursor an asynchronous iterator."""

    _position: Any
    _turn: Callable[[], Turn[Any]]

    def __init__(self, call: AsyncCall, source: Any) -> None:
        # Of the cursor, next in the order of the bases.
        super().__init__(source)  # type: ignore[call-arg]
        self._call = call
        self._one_task = OneTask()

    async def __anext__(self) -> _T:
        while True:
            # fmt: off
            for item in self._position.items: return item  # type: ignore[no-any-return]  # noqa: E701
            # fmt: on
            move = await self._taken(self._turn)
            if move is None:
                raise StopAsyncIteration
            after, error = move
            if error is not None:
                # fmt: off
                self._position = after; raise error  # noqa: E702
                # fmt: on
            self._position = after

    async def _taken(self, make_turn: Callable[[], Turn[_R]]) -> _R:
        """Take a turn: make its request, if any, and return what it leads to."""
        with self._one_task:
            turn = make_turn()
            if turn.request is None:
                return turn.received(None)
            try:
                page = await self._call(turn.request)
            except ImageNotFoundError as error:
                return turn.not_found(error)
            return turn.received(page)


@final
class AsyncImageIterator(_AsyncItems[Image], ImageCursor):
    """The images of a repository, fetched page by page as they are needed.

    Made by `AsyncClient.describe_images()`. An asynchronous iterator of `Image` in ECR's order, which is not
    documented. It is one-shot: a second `async for` resumes where the first stopped. It also resumes after an
    exception, and after its task was cancelled at any `await`: no image comes twice and none is lost. It holds at most
    one page in memory. One task at a time may await its next image.

    Raises:
        ServiceError: From `anext()`: ECR returned an error. The subclass says which.
        TransportError: From `anext()`: there was no usable response.
        MalformedResponseError: From `anext()`: the response is malformed. None of its images was returned.
        RepeatedTokenError: From `anext()`: the response leads back to a page that was fetched before.
        RuntimeError: From `anext()`: another task awaits the next image.
    """

    def __init__(self, call: AsyncCall, listing: Listing[Image]) -> None:
        super().__init__(call, listing)

    def pages(self) -> AsyncIterator[ImagePage]:
        """Iterate by page instead of by image.

        Both share one position: what has come by page does not come by image again. If some images of a page were
        taken one by one, the rest of it comes first, as a page of its own.

        Returns:
            An asynchronous iterator of `ImagePage` that resumes as this one does. A page is empty only if it is the
            last.
        """
        return _AsyncPages(self)


class _AsyncPages(OneShot, AsyncIterator[ImagePage]):
    def __init__(self, images: AsyncImageIterator) -> None:
        self._images = images

    def __repr__(self) -> str:
        return f"<pages of {self._images!r}>"

    async def __anext__(self) -> ImagePage:
        images = self._images
        while move := await images._taken(images._page_turn):
            page, after = move
            if page is not None:
                # fmt: off
                images._position = after; return page  # type: ignore[no-any-return]  # noqa: E702
                # fmt: on
            images._position = after
        raise StopAsyncIteration


@final
class AsyncNameIterator(_AsyncItems[str], NameCursor):
    """The names of the repositories of a registry, fetched page by page as they are needed.

    Made by `AsyncClient.repository_names()`. It is one-shot, and resumes as `AsyncImageIterator` does.
    """

    def __init__(self, call: AsyncCall, listing: Listing[str]) -> None:
        super().__init__(call, listing)


@final
class AsyncImageLookup(_AsyncItems[Image], LookupCursor):
    """The images with certain ids, fetched a batch at a time; it resumes after an exception with the ids left."""

    def __init__(self, call: AsyncCall, lookup: Lookup) -> None:
        super().__init__(call, lookup)
