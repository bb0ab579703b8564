"""The images of many repositories, over threads: the shell of `RegistrySchedule`.

Pull, never push: a thread fetches one page and ends, and only `next()` starts fetches and takes what they brought. So
no thread can wait for a consumer that has gone, and the state belongs to one thread.
"""

from __future__ import annotations

import contextvars
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from operator import length_hint
from types import MappingProxyType, TracebackType
from typing import Any, Self, final

from ecrimages._errors import ECRImagesError, ThrottlingError
from ecrimages._gate import Gate
from ecrimages._iterators import OneShot, check_not_moved
from ecrimages._models import Image, ImagePage
from ecrimages._registry_schedule import Fetch, RegistrySchedule, RegistryState

__all__ = ["RegistryIterator", "after_outcome"]


@final
class RegistryIterator(OneShot, Iterator[Image]):
    """The images of a registry's repositories, fetched several pages at a time.

    Made by `registry_images()`. An iterator of `Image`: repository by repository, in each in ECR's order. It is
    one-shot, resumes after an exception as `ImageIterator` does, and starts nothing before the first `next()`. Use it
    in a `with`, or call `close()`, if you may not read it to its end. Threads may not share it.

    Raises:
        ServiceError: From `next()`: ECR returned an error for a repository, whose turn has come, or for the list of
            repositories. The subclass says which.
        TransportError: From `next()`, likewise: there was no usable response.
        ResponseError: From `next()`, likewise: the response is malformed.
    """

    def __init__(
        self,
        fetch: Callable[[Fetch], Any],
        schedule: RegistrySchedule,
        given_names: Iterator[str] | None,
        *,
        max_workers: int,
    ) -> None:
        self._fetch = fetch
        self._schedule = schedule
        self._given_names = given_names
        self._max_workers = max_workers
        self._gate = Gate(max_workers)
        self._state = schedule.start
        self._workers: _Workers | None = None
        self._is_closed = False

    def __next__(self) -> Image:
        while True:
            # fmt: off
            for image in self._state.items: return image  # noqa: E701
            # fmt: on
            self._advance()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = self._state
        if self._is_closed:
            how = "closed"
        elif self._schedule.is_finished(state) and state.opened:
            how = "more to come" if length_hint(state.items) else "finished"
        else:
            how = "more to come" if state.opened else "not started"
        return f"<RegistryIterator: {state.items_yielded} images yielded, {len(state.failures)} failures, {how}>"

    @property
    def failures(self) -> Mapping[str, ECRImagesError]:
        """The errors that `failed="skip"` has passed over, by repository name."""
        return MappingProxyType(dict(self._state.failures))

    def pages(self) -> Iterator[ImagePage]:
        """Iterate by page instead of by image; `ImagePage.repository_name` tells whose it is.

        Both share one position: what has come by page does not come by image again.

        Returns:
            An iterator of `ImagePage` that resumes after an exception, as this one does. A repository without
            images has one empty page.
        """
        return _RegistryPages(self)

    def close(self) -> None:
        """Stop fetching, and wait for the requests that are under way. Then `next()` is an error."""
        self._is_closed = True
        if (workers := self._workers) is not None:
            workers.stop(waits=True)
            self._workers = None

    def _advance(self) -> None:
        """Bring the next page to hand."""
        if self._is_closed:
            raise RuntimeError("this RegistryIterator is closed")
        while True:
            workers = self._running_workers()
            self._collect(workers)
            self._start_fetches(workers)
            before = self._state
            if after := self._schedule.next_page(before):
                self._state = after
                if after.page is not before.page:
                    return
            elif due := self._schedule.due_error(before):
                error, after = due
                # The threads would outlive a program that does not go on.
                workers.stop()
                # fmt: off
                self._state = after; raise error  # noqa: E702
                # fmt: on
            elif self._schedule.is_finished(before) and not workers.in_flight:
                workers.stop(waits=True)
                raise StopIteration
            else:
                workers.wait(self._gate.pause_left(time.monotonic()))
                check_not_moved(before, self._state)

    def _running_workers(self) -> _Workers:
        # In a forked child there are no threads, and what was in flight is fetched again.
        if self._workers is None or self._workers.process_id != os.getpid():
            self._workers = _Workers(self._max_workers)
        return self._workers

    def _collect(self, workers: _Workers) -> None:
        for number, (fetch, future) in list(workers.in_flight.items()):
            if future.done():
                self._state = after_outcome(self._schedule, self._gate, self._state, fetch, future)
                # Interrupted here, the fetch is taken for stale when it is seen again.
                workers.in_flight.pop(number, None)

    def _start_fetches(self, workers: _Workers) -> None:
        while len(workers.in_flight) < self._gate.permits(time.monotonic()):
            if self._given_names is not None and self._schedule.wants_names(self._state, workers.in_flight):
                # extend() runs in C: a name that was read is in the list, whatever is raised.
                self._state.names.extend(islice(self._given_names, 1))
                if not self._state.names:
                    self._state = self._schedule.without_further_names(self._state)
            self._state, fetch = self._schedule.next_fetch(self._state, workers.in_flight)
            if fetch is None:
                return
            workers.start(fetch, self._fetch)


class _Workers:
    """The threads of one iterator, and what they fetch."""

    def __init__(self, count: int) -> None:
        self.process_id = os.getpid()
        self.in_flight: dict[int, tuple[Fetch, Future[Any]]] = {}
        self._count = count
        self._executor: ThreadPoolExecutor | None = None

    def start(self, fetch: Fetch, call: Callable[[Fetch], Any]) -> None:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._count, thread_name_prefix="ecrimages")
        # A copy of the caller's context, for tracing.
        run = contextvars.copy_context().run
        self.in_flight[fetch.number] = fetch, self._executor.submit(run, call, fetch)

    def wait(self, timeout: float | None) -> None:
        """Wait until a fetch has ended, or for the time-out."""
        if self.in_flight:
            wait([future for _, future in self.in_flight.values()], timeout, FIRST_COMPLETED)
        elif timeout is not None:
            time.sleep(timeout)

    def stop(self, *, waits: bool = False) -> None:
        """Let the threads end when their fetches have, and be made again when needed."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=waits, cancel_futures=waits)


def after_outcome(
    schedule: RegistrySchedule, gate: Gate, state: RegistryState, fetch: Fetch, future: Any
) -> RegistryState:
    """Return the state after a fetch has ended, however it did."""
    error = future.exception()
    if isinstance(error, ThrottlingError):
        seconds = gate.throttled(fetch.number, time.monotonic())
        if seconds is None:
            return state
        error.args = (f"{error}. The request was throttled again and again for {seconds:.0f} s",)
    if error is None:
        gate.succeeded(fetch.number)
        try:
            return schedule.received(state, fetch, future.result())
        except ECRImagesError as malformed:
            error = malformed
    return schedule.failed(state, fetch, error)


class _RegistryPages(OneShot, Iterator[ImagePage]):
    def __init__(self, images: RegistryIterator) -> None:
        self._images = images

    def __repr__(self) -> str:
        return f"<pages of {self._images!r}>"

    def __next__(self) -> ImagePage:
        images = self._images
        while True:
            page, after = images._schedule.rest(images._state)
            if page is not None:
                # fmt: off
                images._state = after; return page  # noqa: E702
                # fmt: on
            images._advance()
