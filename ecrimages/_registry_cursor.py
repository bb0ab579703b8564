"""What the registry iterators of both clients have in common: what they fetch at the same time. No I/O.

Pull, never push: a worker fetches one page and ends, and only the iterator starts fetches and takes what they brought.
So no worker can wait for a consumer that has gone, and the state belongs to one thread or task.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from operator import length_hint
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

from ecrimages._cursors import OneShot, check_not_moved
from ecrimages._errors import ECRImagesError, ThrottlingError
from ecrimages._gate import Gate
from ecrimages._registry_schedule import Fetch, RegistrySchedule, RegistryState

__all__ = ["Outcome", "RegistryCursor", "Workers"]


class Outcome(Protocol):
    """A fetch that is under way or has ended: a future of a thread, or a task."""

    def done(self) -> bool:
        """Return whether the fetch has ended."""

    def cancelled(self) -> bool:
        """Return whether it was cancelled."""

    def exception(self) -> BaseException | None:
        """Return what it has raised, if it did."""

    def result(self) -> Any:
        """Return the page that it has brought."""


class Workers(Protocol):
    """What fetches pages at the same time."""

    in_flight: dict[int, tuple[Fetch, Any]]
    """The fetches, each with its `Outcome`, by their numbers."""

    def start(self, fetch: Fetch) -> None:
        """Start a fetch."""

    def release(self) -> None:
        """Leave no worker behind that has nothing to fetch."""


_W = TypeVar("_W", bound=Workers)


class RegistryCursor(OneShot, Generic[_W]):
    """How far the iterator of a registry's images has come.

    Args:
        make_workers: Returns what fetches the pages.
        schedule: What is listed.
    """

    def __init__(self, make_workers: Callable[[], _W], schedule: RegistrySchedule) -> None:
        self._schedule = schedule
        self._make_workers = make_workers
        self._made: tuple[int, _W] | None = None
        self._gate = Gate(schedule.max_workers)
        self._state = schedule.start
        self._is_closed = False

    def __repr__(self) -> str:
        state = self._state
        if self._is_closed:
            how = "closed"
        elif self._schedule.is_finished(state) and not length_hint(state.items):
            how = "finished"
        else:
            how = "more to come" if state.opened else "not started"
        name, yielded = type(self).__name__, state.items_yielded
        return f"<{name}: {yielded} images yielded, {len(state.failures)} failures, {how}>"

    @property
    def failures(self) -> Mapping[str, ECRImagesError]:
        """The errors of skipped repositories (`failed="skip"`), by repository name."""
        return MappingProxyType(dict(self._state.failures))

    @property
    def _workers(self) -> _W:
        """What fetches the pages. In a forked child there are others, and what was in flight is fetched again."""
        made = self._made
        if made is None or made[0] != os.getpid():
            self._made = made = os.getpid(), self._make_workers()
        return made[1]

    def _close(self) -> None:
        self._is_closed = True
        self._state = self._schedule.closed(self._state)

    def _pauses(self) -> Iterator[float | None]:
        """Bring the next page to hand; yield, when a fetch has to end first, for how long to wait at most.

        At the end there is no page at hand.
        """
        while True:
            self._collect()
            # Before the fetches start: if the pause ends meanwhile, it is not missed.
            pause = self._gate.pause_left(time.monotonic())
            self._start_fetches()
            # After that: if a signal handler closes the iterator meanwhile, what has started may never end.
            if self._is_closed:
                raise RuntimeError(f"this {type(self).__name__} is closed")
            before = self._state
            if after := self._schedule.next_page(before):
                self._state = after
                if after.page is not before.page:
                    return
            elif due := self._schedule.due_error(before):
                # They would outlive a program that does not resume.
                self._workers.release()
                try:
                    # fmt: off
                    self._state = due[1]; raise due[0]  # noqa: E702
                # fmt: on
                finally:
                    # The error refers to this frame. A cycle would keep the threads when the iterator is dropped.
                    del due, before
            elif self._schedule.is_finished(before) and not self._workers.in_flight:
                self._workers.release()
                return
            else:
                yield pause
                if not self._is_closed:
                    check_not_moved(before, self._state)

    def _collect(self) -> None:
        in_flight = self._workers.in_flight
        for number, (fetch, outcome) in list(in_flight.items()):
            if outcome.done():
                if not outcome.cancelled():
                    self._state = self._after_outcome(fetch, outcome)
                # Interrupted here, the fetch is taken for stale when it is seen again.
                in_flight.pop(number, None)

    def _after_outcome(self, fetch: Fetch, outcome: Outcome) -> RegistryState:
        error = outcome.exception()
        if isinstance(error, ThrottlingError):
            seconds = self._gate.throttled(fetch.number, time.monotonic())
            if seconds is None:
                return self._state
            error._set_duration(seconds)
        else:
            self._gate.passed(fetch.number, time.monotonic())
        if error is None:
            try:
                return self._schedule.received(self._state, fetch, outcome.result())
            except ECRImagesError as malformed:
                # Without the reference to this frame, for the same reason.
                error = malformed.with_traceback(None)
        return self._schedule.failed(self._state, fetch, error)

    def _start_fetches(self) -> None:
        while not self._is_closed and len(self._workers.in_flight) < self._gate.permits(time.monotonic()):
            before = self._state
            after = self._schedule.with_names(before, self._workers.in_flight)
            # The caller's iterator of names may have asked for the next image.
            check_not_moved(before, self._state)
            self._state, fetch = self._schedule.next_fetch(after, self._workers.in_flight)
            if fetch is not None:
                self._workers.start(fetch)
            elif self._state.opened == before.opened:
                return
