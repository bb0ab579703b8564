"""Threads of this library's own, for calls on a boto3 client that are not to be waited for one by one."""

from __future__ import annotations

import contextvars
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["Threads"]


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

    def stop(self, *, waits: bool = False, cancels: bool = False) -> None:
        """Let the threads end when their calls have.

        Args:
            waits: Whether to wait for that.
            cancels: Whether calls that wait for a thread are cancelled.
        """
        made, self._made = self._made, None
        if made is not None and made[0] == os.getpid():
            made[1].shutdown(wait=waits, cancel_futures=cancels)
