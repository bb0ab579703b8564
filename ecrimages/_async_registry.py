"""The images of many repositories, over threads or tasks, in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from typing import Any, Protocol, Self, final

from ecrimages._async_iterators import AsyncPages, OneTask
from ecrimages._async_transport import until_all_ended, until_one_ended
from ecrimages._models import Image, ImagePage
from ecrimages._registry_cursor import RegistryCursor, Workers
from ecrimages._registry_schedule import Fetch, RegistrySchedule
from ecrimages._threads import Threads

__all__ = ["AsyncRegistryIterator", "AsyncThreadWorkers", "AsyncWorkers", "TaskWorkers"]


class AsyncWorkers(Workers, Protocol):
    """What fetches pages at the same time, in an event loop."""

    async def aclose(self) -> None:
        """Stop fetching, and wait for the workers to end."""


@final
class AsyncRegistryIterator(RegistryCursor["AsyncWorkers"], AsyncIterator[Image]):
    """The images of a registry's repositories, fetched several pages at a time.

    Returned by `AsyncClient.registry_images()`. An asynchronous iterator of `Image`: repository by repository, each in
    ECR's order. It is one-shot, resumes after an exception and after cancellation as `AsyncImageIterator` does, and
    makes no request before the first `anext()`. Use it in an `async with` statement, or call `aclose()`, if you might
    stop early. One task at a time may await its next image.

    Raises:
        ServiceError: From `anext()`: ECR returned an error for the repository whose turn it is, or for the list of
            repositories. The subclass says which.
        TransportError: From `anext()`, likewise: there was no usable response.
        ResponseError: From `anext()`, likewise: the response is malformed.
        RuntimeError: From `anext()`: another task is awaiting the next image, or the iterator is closed.
    """

    def __init__(self, make_workers: Callable[[], AsyncWorkers], schedule: RegistrySchedule) -> None:
        super().__init__(make_workers, schedule)
        self._one_task = OneTask()

    async def __anext__(self) -> Image:
        while True:
            # fmt: off
            for image in self._state.items: return image  # noqa: E701
            # fmt: on
            if not await self._advance():
                raise StopAsyncIteration

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    def pages(self) -> AsyncIterator[ImagePage]:
        """Iterate by page instead of by image; `ImagePage.repository_name` has the repository.

        Both share one position: the images of a returned page are not returned again one by one.

        Returns:
            An asynchronous iterator of `ImagePage` that resumes as this one does. A repository without images has one
            empty page.
        """
        return AsyncPages(self, self._take_page)

    async def aclose(self) -> None:
        """Stop fetching, and wait for the requests in flight. Afterwards `anext()` raises RuntimeError."""
        self._close()
        await self._workers.aclose()

    async def _advance(self) -> bool:
        """Bring the next page to hand; return whether there is one."""
        with self._one_task:
            before = self._state.page
            for pause in self._pauses():
                await until_one_ended([future for _, future in self._workers.in_flight.values()], pause)
            return self._state.page is not before

    async def _take_page(self) -> ImagePage:
        while True:
            page, after = self._schedule.rest(self._state)
            if page is not None:
                # fmt: off
                self._state = after; return page  # noqa: E702
                # fmt: on
            if not await self._advance():
                raise StopAsyncIteration


class AsyncThreadWorkers:
    """The threads of one iterator, and what they fetch."""

    def __init__(self, call: Callable[[Fetch], Any], count: int) -> None:
        self.in_flight: dict[int, tuple[Fetch, Future[Any]]] = {}
        self._call = call
        self._threads = Threads(count)

    def start(self, fetch: Fetch) -> None:
        """Start a fetch."""
        self.in_flight[fetch.number] = fetch, self._threads.start(self._call, fetch)

    def release(self) -> None:
        """Let the threads end when their fetches have, and be made again when needed."""
        self._threads.stop(waits=not self.in_flight)

    async def aclose(self) -> None:
        """Stop fetching, and wait for the threads to end."""
        under_way = [future for _, future in self.in_flight.values() if not future.cancel()]
        self.in_flight.clear()
        try:
            await until_all_ended(under_way)
        finally:
            self._threads.stop(waits=all(future.done() for future in under_way))


class TaskWorkers:
    """The tasks of one iterator, and what they fetch."""

    def __init__(self, call: Callable[[Fetch], Awaitable[Any]]) -> None:
        self.in_flight: dict[int, tuple[Fetch, asyncio.Task[Any]]] = {}
        self._call = call

    def __del__(self) -> None:
        # The iterator was dropped, perhaps in another thread. Interrupted while it was made, it has no attributes.
        for _, task in vars(self).get("in_flight", {}).values():
            if not task.done() and not task.get_loop().is_closed():
                task.get_loop().call_soon_threadsafe(task.cancel)

    def start(self, fetch: Fetch) -> None:
        """Start a fetch."""
        task: asyncio.Task[Any] = asyncio.ensure_future(self._call(fetch))
        # asyncio would log an error that nobody retrieves, as after the iterator was dropped.
        task.add_done_callback(lambda task: task.cancelled() or task.exception())
        self.in_flight[fetch.number] = fetch, task

    def release(self) -> None:
        """Leave the tasks alone: they end by themselves."""

    async def aclose(self) -> None:
        """Cancel the tasks, and wait for them to end."""
        under_way = [task for _, task in self.in_flight.values()]
        self.in_flight.clear()
        for task in under_way:
            task.cancel()
        await until_all_ended(under_way)
