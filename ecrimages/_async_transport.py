"""Calls that are awaited: on a boto3 client in threads, and on an aiobotocore client as it is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Protocol, TypeAlias

from ecrimages._operations import Operation
from ecrimages._own_client import TransportSource
from ecrimages._threads import Threads
from ecrimages._transport import AnyTransport, CallEvents, PreparedCall

__all__ = ["AnyFuture", "AsyncCall", "AwaitedCalls", "ThreadedCalls", "until_all_ended", "until_one_ended"]

AnyFuture: TypeAlias = "Future[Any] | asyncio.Future[Any]"
"""Of a thread or of a task."""


class AsyncCall(Protocol):
    """The calls of one iterator: the parameters by ECR's own names to the page that came."""

    async def __call__(self, request: Mapping[str, Any]) -> Any:
        """Make a call. A call that was cancelled can be made again at once."""


class ThreadedCalls:
    """Calls on a boto3 client, in threads of their own.

    Args:
        source: Where the boto3 client is from. It is made in a thread, too.
        max_workers: The most threads. No more are used than the client has connections.
    """

    def __init__(self, source: TransportSource, max_workers: int) -> None:
        self.source = source
        self._threads = Threads(min(max_workers, source.connections or max_workers))
        self._in_flight: set[Future[Any]] = set()
        self._process_id = os.getpid()

    def of_one_iterator(self, operation: Operation) -> AsyncCall:
        """Return the calls of one iterator, which makes one at a time."""
        return _ResumableCall(lambda request: self._start(self.call, operation, request))

    def call(self, operation: Operation, request: Mapping[str, Any], *, retries_throttling: bool = True) -> Any:
        """Make a call, in the thread where this is called."""
        return self.source.transport().call(operation, request, retries_throttling=retries_throttling)

    async def open(self) -> None:
        """Make the boto3 client, unless it is made already."""
        if self.source.existing is None:
            made = self._start(self.source.transport)
            await until_one_ended([made])
            made.result()

    async def close(self) -> None:
        """Wait for the calls that are under way, end the threads, and close the boto3 client if it was made here."""
        try:
            await until_all_ended(self._under_way)
        finally:
            self._threads.stop(waits=not self._under_way)
            self.source.close()

    def _start(self, call: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future = self._threads.start(call, *arguments)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return future

    @property
    def _under_way(self) -> set[Future[Any]]:
        if self._process_id != os.getpid():
            # A forked child has no threads, and what was in flight never ends there.
            self._in_flight, self._process_id = set(), os.getpid()
        return self._in_flight


class _ResumableCall:
    """The calls of one iterator in threads.

    A thread cannot be interrupted. So the request of a task that is cancelled stays in flight, and the next call of the
    iterator, which is for the same page, gets its response.
    """

    def __init__(self, start: Callable[[Mapping[str, Any]], Future[Any]]) -> None:
        self._start = start
        self._in_flight: tuple[tuple[int, Mapping[str, Any]], Future[Any]] | None = None

    async def __call__(self, request: Mapping[str, Any]) -> Any:
        # In a forked child, the threads of the parent do not exist.
        key = os.getpid(), request
        if self._in_flight is None or self._in_flight[0] != key:
            self._in_flight = key, self._start(request)
        future = self._in_flight[1]
        try:
            await until_one_ended([future])
        except BaseException:
            # If no thread has begun with it, nothing is to be awaited.
            if future.cancel():
                self._in_flight = None
            raise
        self._in_flight = None
        return future.result()


class _AwaitedEvents(CallEvents):
    """The emitter of one call: aiobotocore awaits what its emitter returns."""

    async def emit(self, event_name: str, **arguments: Any) -> Any:
        """Emit an event, as aiobotocore does."""
        is_for_all = self._exchange.before(event_name, arguments)
        responses = await self._events.emit(event_name, **arguments) if is_for_all else []
        return self._exchange.after(event_name, arguments, responses)


class AwaitedCalls(AnyTransport):
    """Calls on an aiobotocore client. Cancelled, a request is given up; the next call makes it again."""

    events_class = _AwaitedEvents

    def of_one_iterator(self, operation: Operation) -> AsyncCall:
        """Return the calls of one iterator, which makes one at a time."""
        return lambda request: self.call(operation, request)

    async def call(self, operation: Operation, request: Mapping[str, Any], *, retries_throttling: bool = True) -> Any:
        """Make a call, as `Transport.call()` does."""
        call = PreparedCall(self, operation, request, retries_throttling)
        with call.translated_errors():
            response = await call.make()
        return call.page(response)

    async def open(self) -> None:
        """Leave it to the application to open the client."""

    async def close(self) -> None:
        """Leave the client open: it is the application's."""


async def until_one_ended(futures: Collection[AnyFuture], timeout: float | None = None) -> None:
    """Wait until one of some futures has ended, however it did, or for the time-out. None of them is cancelled."""
    loop = asyncio.get_running_loop()
    waiter = loop.create_future()

    def end_waiting() -> None:
        if not waiter.done():
            waiter.set_result(None)

    def wake(_: object) -> None:
        # Nobody waits any more if the loop is closed.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(end_waiting)

    for future in futures:
        future.add_done_callback(wake)
    await asyncio.wait([waiter], timeout=timeout if futures or timeout is not None else 0)


async def until_all_ended(futures: Collection[AnyFuture]) -> None:
    """Wait until all futures of a collection have ended, those included that are added meanwhile."""
    # A copy, since threads take theirs out.
    while pending := [future for future in list(futures) if not future.done()]:
        await until_one_ended(pending)
