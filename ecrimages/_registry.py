"""The images of many repositories, over threads."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Self, final

from ecrimages._iterators import Pages
from ecrimages._models import Image, ImagePage
from ecrimages._registry_cursor import RegistryCursor
from ecrimages._registry_schedule import Fetch, RegistrySchedule
from ecrimages._threads import FedThreads

__all__ = ["RegistryIterator", "ThreadWorkers"]


@final
class RegistryIterator(RegistryCursor["ThreadWorkers"], Iterator[Image]):
    """The images of a registry's repositories, fetched several pages at a time.

    Returned by `registry_images()`. An iterator of `Image`: repository by repository, each in ECR's order. It is
    one-shot, resumes after an exception as `ImageIterator` does, and makes no request before the first `next()`. Use it
    in a `with` statement, or call `close()`, if you might stop early. Threads may not share it.

    Raises:
        ServiceError: From `next()`: ECR returned an error for the repository whose turn it is, or for the list of
            repositories. The subclass says which.
        TransportError: From `next()`, likewise: there was no usable response.
        ResponseError: From `next()`, likewise: the response is malformed.
    """

    def __init__(self, call: Callable[[Fetch], Any], schedule: RegistrySchedule) -> None:
        super().__init__(lambda: ThreadWorkers(call, schedule.max_workers), schedule)

    def __next__(self) -> Image:
        while True:
            # fmt: off
            for image in self._state.items: return image  # noqa: E701
            # fmt: on
            if not self._advance():
                raise StopIteration

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def pages(self) -> Iterator[ImagePage]:
        """Iterate by page instead of by image; `ImagePage.repository_name` has the repository.

        Both share one position: the images of a returned page are not returned again one by one.

        Returns:
            An iterator of `ImagePage` that resumes after an exception, as this one does. A repository without
            images has one empty page.
        """
        return Pages(self, self._take_page)

    def close(self) -> None:
        """Stop fetching, and wait for the requests in flight. Afterwards `next()` raises RuntimeError."""
        self._close()
        self._workers.close()

    def _advance(self) -> bool:
        """Bring the next page to hand; return whether there is one."""
        before = self._state.page
        for pause in self._pauses():
            self._workers.wait(pause)
        return self._state.page is not before

    def _take_page(self) -> ImagePage:
        while True:
            page, after = self._schedule.rest(self._state)
            if page is not None:
                # fmt: off
                self._state = after; return page  # noqa: E702
                # fmt: on
            if not self._advance():
                raise StopIteration


class ThreadWorkers:
    """The threads of one iterator, and what they fetch.

    The caller's thread waits for a queue, and looks at no `Future`, for the reason that `FedThreads` has.
    """

    def __init__(self, call: Callable[[Fetch], Any], count: int) -> None:
        self.in_flight: dict[int, tuple[Fetch, _Outcome]] = {}
        self._call = call
        self._threads = FedThreads(count)
        self._ended: SimpleQueue[None] = SimpleQueue()

    def start(self, fetch: Fetch) -> None:
        """Start a fetch, in a copy of the caller's context (tracing)."""
        outcome, calls = _Outcome(), self._threads.calls()
        call = contextvars.copy_context().run, _make, self._call, fetch, [outcome], self._ended
        # fmt: off
        calls.put(call); self.in_flight[fetch.number] = fetch, outcome  # noqa: E702
        # fmt: on

    def wait(self, timeout: float | None) -> None:
        """Wait until a fetch has ended, or for the time-out."""
        if self.in_flight:
            with suppress(Empty):
                self._ended.get(timeout=timeout)
                # Those that have ended meanwhile need no wait of their own.
                while True:
                    self._ended.get_nowait()
        else:
            time.sleep(timeout or 0)

    def release(self) -> None:
        """Let the threads end when their fetches have, and be made again when needed."""
        self._threads.stop(waits=not self.in_flight)

    def close(self) -> None:
        """Stop fetching, and wait for the threads to end."""
        self._threads.stop(waits=True)
        self.in_flight.clear()


class _Outcome:
    """What a fetch in a thread has brought. No lock guards it, and nothing cancels it."""

    def __init__(self) -> None:
        self.page: Any = None
        self.error: BaseException | None = None
        self.is_done = False

    def done(self) -> bool:
        """Return whether the fetch has ended."""
        return self.is_done

    def cancelled(self) -> bool:
        """Return False."""
        return False

    def exception(self) -> BaseException | None:
        """Return what it has raised, if it did."""
        return self.error

    def result(self) -> Any:
        """Return the page that it has brought."""
        return self.page


def _make(call: Callable[[Fetch], Any], fetch: Fetch, outcomes: list[_Outcome], ended: SimpleQueue[None]) -> None:
    """Make a fetch, in a thread."""
    # Taken out: an error refers to the frames of this thread, and they to the arguments. It would be a cycle.
    outcome = outcomes.pop()
    try:
        outcome.page = call(fetch)
    except BaseException as error:  # noqa: BLE001 - the caller's thread raises it.
        outcome.error = error
    outcome.is_done = True
    del outcome
    ended.put(None)
