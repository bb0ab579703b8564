"""Waiting for what other threads do, for as long as it takes: a test that fails is the only one that waits in vain."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

from ecrimages.testing import Fault

__all__ = ["held_until", "until", "wait_until", "workers"]

_ONLY_A_HANG_TAKES_LONGER = 60.0
_POLL_INTERVAL = 0.002


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + _ONLY_A_HANG_TAKES_LONGER
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(_POLL_INTERVAL)


async def until(condition: Callable[[], object]) -> None:
    """Wait in an event loop until something is true."""
    async with asyncio.timeout(_ONLY_A_HANG_TAKES_LONGER):
        while not condition():
            await asyncio.sleep(_POLL_INTERVAL)


def held_until(condition: Callable[[], object]) -> Fault:
    """Return a fault that holds a good response back until something is true."""
    return Fault.edit(lambda _: wait_until(condition))


def workers() -> list[str]:
    """Return the names of the library's threads."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("ecrimages")]
