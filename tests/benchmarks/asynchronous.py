"""What asyncio costs: 60 pages of 1000 images, by the synchronous client and by the asynchronous one."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from statistics import median
from typing import Any

from contenders import ACCESS_KEY, PAGE_SIZE, REGION, SECRET_KEY, boto3_client
from growth import serve_growing
from processes import Process, Timing

from ecrimages import AsyncClient, Client

__all__ = ["asynchronous"]

_COUNT = 60 * PAGE_SIZE
_REPOSITORY = f"images/{_COUNT}"
_PROBES_EVERY = 0.001


def asynchronous(rounds: int) -> Iterator[str]:
    """Give the lines of a table: CPU and wall time, and the most CPU time of the loop's thread between two turns."""
    with Process(serve_growing) as server:
        url = server.ask("url")
        contenders: dict[str, Callable[[], tuple[Timing, float]]] = {
            "Client": lambda: _synchronous(url),
            "AsyncClient, boto3": lambda: asyncio.run(_awaited(_over_boto3(url))),
        }
        if importlib.util.find_spec("aiobotocore"):
            contenders["AsyncClient, aiobotocore"] = lambda: asyncio.run(_awaited(_over_aiobotocore(url)))
        for measure in contenders.values():
            measure()
        figures: dict[str, list[tuple[Timing, float]]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, measure in contenders.items():
                figures[name].append(measure())
        yield f"{'':<26}{'CPU s':>8}{'ratio':>8}{'wall s':>8}{'ratio':>8}{'blocked ms':>12}"
        for name, measured in figures.items():
            line = f"{name:<26}"
            for figure in ("cpu", "wall"):
                values = [getattr(timing, figure) for timing, _ in measured]
                theirs = [getattr(timing, figure) for timing, _ in figures["Client"]]
                ratio = median(a / b for a, b in zip(values, theirs, strict=True))
                line += f"{median(values):>8.3f}{ratio:>8.2f}"
            blocked = median(blocked for _, blocked in measured)
            yield line + (f"{1000 * blocked:>12.1f}" if blocked else "")


def _synchronous(url: str) -> tuple[Timing, float]:
    client = Client(boto3_client(url))
    next(client.describe_images(_REPOSITORY, limit=1))
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    count = 0
    for image in client.describe_images(_REPOSITORY):
        _ = image.digest, image.tags, image.size_in_bytes, image.pushed_at
        count += 1
    timing = Timing(time.process_time() - cpu, time.perf_counter() - wall)
    _check(count)
    return timing, 0.0


async def _awaited(opened: AbstractAsyncContextManager[AsyncClient]) -> tuple[Timing, float]:
    async with opened as client:
        await anext(client.describe_images(_REPOSITORY, limit=1))
        gc.collect()
        timing = await _read(client)
        gaps: list[float] = []
        probe = asyncio.create_task(_probe(gaps))
        # A collection of all objects takes longer than a page, in any program.
        gc.disable()
        await _read(client)
        gc.enable()
        probe.cancel()
        return timing, max(gaps)


async def _read(client: AsyncClient) -> Timing:
    wall, cpu = time.perf_counter(), time.process_time()
    count = 0
    async for image in client.describe_images(_REPOSITORY):
        _ = image.digest, image.tags, image.size_in_bytes, image.pushed_at
        count += 1
    timing = Timing(time.process_time() - cpu, time.perf_counter() - wall)
    _check(count)
    return timing


async def _probe(gaps: list[float]) -> None:
    while True:
        # CPU time of the loop's thread, which other programs do not disturb.
        before = time.thread_time()
        await asyncio.sleep(_PROBES_EVERY)
        gaps.append(time.thread_time() - before)


@asynccontextmanager
async def _over_boto3(url: str) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(boto3_client(url)) as client:
        yield client


@asynccontextmanager
async def _over_aiobotocore(url: str) -> AsyncIterator[AsyncClient]:
    session: Any = importlib.import_module("aiobotocore.session").get_session()
    keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
    async with session.create_client("ecr", region_name=REGION, endpoint_url=url, **keys) as ecr:
        yield AsyncClient(ecr)


def _check(count: int) -> None:
    if count != _COUNT:
        raise ValueError(f"of {_COUNT} images {count} came")
