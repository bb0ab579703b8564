"""Forked children of the process that runs the tests."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable

__all__ = ["in_child"]


def in_child(work: Callable[[], object], seconds: int = 60) -> object:
    """Return what a function returns in a forked child; a child that hangs is ended."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(seconds)
        try:
            result: object = work()
        except BaseException as error:  # noqa: BLE001
            result = repr(error)
        os.write(writer, pickle.dumps(result))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        data = pipe.read()
    os.waitpid(pid, 0)
    return pickle.loads(data)
