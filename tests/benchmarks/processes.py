"""The processes of a measurement: the server in one, and each contender in one of its own.

So no contender pays for the modules of another when the garbage collector runs, and none for the server.
"""

from __future__ import annotations

import gc
import multiprocessing
import time
import tracemalloc
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, Self

from contenders import CONTENDERS, Facts
from images import images

__all__ = ["Process", "Timing", "respond", "serve", "traced", "work"]

_spawn = multiprocessing.get_context("spawn")


class Timing(NamedTuple):
    """What it took to read all images once, in seconds."""

    cpu: float
    wall: float


class Process:
    """A process that answers one question after the other, and ends with the `with` block.

    Args:
        target: What runs in it: a function of a connection and `args`.
        args: What else the function takes.
    """

    def __init__(self, target: Callable[..., None], *args: Any) -> None:
        self._connection, theirs = _spawn.Pipe()
        self._process = _spawn.Process(target=target, args=(theirs, *args), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, *exception: object) -> None:
        with suppress(OSError):
            self._connection.send("end")
        self._process.join()

    def ask(self, question: str) -> Any:
        """Return the answer to a question; raise EOFError if the process has died."""
        self._connection.send(question)
        while not self._connection.poll(0.1):
            if not self._process.is_alive():
                raise EOFError(f"the process that was asked for {question!r} has died")
        return self._connection.recv()


def serve(connection: Connection, count: int, corpus: str) -> None:
    """Be a FakeECR with that many images."""
    from ecrimages.testing import FakeECR

    with FakeECR() as ecr:
        ecr.add_images(images(count, corpus))
        respond(connection, {"url": lambda: ecr.endpoint_url, "requests": lambda: len(ecr.requests)})


def work(connection: Connection, name: str, url: str) -> None:
    """Be a contender."""
    contender = CONTENDERS[name]
    read = contender.open(url)

    def facts() -> list[Facts]:
        return [contender.facts(image) for image in read()]

    def timing() -> Timing:
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        contender.use(read())
        return Timing(time.process_time() - cpu, time.perf_counter() - wall)

    def peak() -> int:
        return traced(lambda: contender.use(read()))[1]

    def held() -> int:
        return traced(lambda: list(read()))[0]

    respond(connection, {"facts": facts, "timing": timing, "peak": peak, "held": held})


def traced(run: Callable[[], object]) -> tuple[int, int]:
    """Return how many bytes more are in use while the result is held, and how many were at most."""
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    result = run()
    gc.collect()
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del result
    return after - before, peak - before


def respond(connection: Connection, answers: Mapping[str, Callable[[], object]]) -> None:
    """Send the result of each question that arrives, until it is `end`."""
    while (question := connection.recv()) != "end":
        connection.send(answers[question]())
