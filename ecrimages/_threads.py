"""Threads of this library's own, for calls on a boto3 client that are not to be waited for one by one."""

from __future__ import annotations

import contextvars
import os
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["FedThreads", "Threads"]


class Threads:
    """A number of threads: started as they are needed, again after `stop()`, and again in a forked child.

    Args:
        count: The most threads.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        # With the process that it belongs to: its threads do not exist in a forked child.
        self._made: tuple[int, ThreadPoolExecutor] | None = None

    def start(self, call: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Call something in a thread, in a copy of the caller's context (tracing)."""
        made = self._made
        if made is None or made[0] != os.getpid():
            from concurrent.futures import ThreadPoolExecutor

            self._made = made = os.getpid(), ThreadPoolExecutor(self._count, thread_name_prefix="ecrimages")
        return made[1].submit(contextvars.copy_context().run, call, *arguments)

    def stop(self, *, waits: bool = False) -> None:
        """Let the threads end when their calls have.

        Args:
            waits: Whether to wait for that.
        """
        made, self._made = self._made, None
        if made is not None and made[0] == os.getpid():
            made[1].shutdown(wait=waits)


class FedThreads:
    """The same, for a caller that may be interrupted at any point, as the main thread is by a signal handler.

    A lock that is written in Python, as an executor has, may stay locked after an interrupt, and whoever needs it then
    waits for ever. So the caller writes to a queue, which is written in C, and a thread feeds the executor from it.

    Args:
        count: The most threads, besides the one that feeds them.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._feed: _Feed | None = None

    def calls(self) -> SimpleQueue[Any]:
        """Return the queue of what to call: each item has the arguments of an executor's `submit()`."""
        feed = self._feed
        if feed is None:
            self._feed = feed = _Feed(self._count)
        return feed.calls

    def stop(self, *, waits: bool = False) -> None:
        """Let the threads end when their calls have.

        Args:
            waits: Whether to wait for that.
        """
        feed, self._feed = self._feed, None
        # A program that ends has waited for the executor's threads, and the other one runs no more.
        if waits and feed is not None and not sys.is_finalizing():
            feed.calls.put(None)
            feed.ended.get()


class _Feed:
    """The queue of the calls. When it is dropped, as by an interrupt while it is made, the threads end."""

    def __init__(self, count: int) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self.calls: SimpleQueue[Any] = SimpleQueue()
        self.ended: SimpleQueue[None] = SimpleQueue()
        executor = ThreadPoolExecutor(count, thread_name_prefix="ecrimages")
        # Not __del__(), in which Python ignores an interrupt.
        dropped = weakref.ref(self, self.calls.put)
        arguments = self.calls, executor, self.ended, dropped
        # A daemon, which does not keep a program from its end. The executor's threads do, while they work.
        threading.Thread(target=_pass_on, args=arguments, name="ecrimages", daemon=True).start()


def _pass_on(
    calls: SimpleQueue[Any], executor: ThreadPoolExecutor, ended: SimpleQueue[None], dropped: weakref.ref[_Feed]
) -> None:
    with executor:
        while (call := calls.get()) not in (None, dropped):
            try:
                executor.submit(*call)
            except RuntimeError:
                # The main thread has ended, and with it the executor; another thread may still iterate. Or Python can
                # start no more threads, and one of the executor's may have taken the call from its queue.
                with suppress(IndexError, RuntimeError):
                    call[0](*call[1:])
            del call
    ended.put(None)
