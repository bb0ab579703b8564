"""Many repositories: the time by number of workers, and what is lost when ECR throttles."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import attrs
from botocore.exceptions import ClientError
from chart import bars
from contenders import ACCESS_KEY, REGION, SECRET_KEY
from images import images
from processes import Process, respond

from ecrimages import Client

__all__ = ["registries", "serve_registry"]

_WORKERS = (4, 8, 16, 32)


class _Size(NamedTuple):
    repositories: int
    per_repository: int
    latency: float
    rate_limit: int | None


_FAST = _Size(200, 500, 0.05, None)
_THROTTLED = _Size(400, 1, 0.1, 20)


def registries(svg_file: Path | None) -> Iterator[str]:
    """Yield the lines of two tables; draw the first one as a chart."""
    with Process(serve_registry, _FAST) as server:
        url = server.ask("url")
        total = _FAST.repositories * _FAST.per_repository
        yield f"{_FAST.repositories} repositories, {total:,} images, {_FAST.latency:.3f} s per request"
        seconds = {"describe_images(), one by one": _timed(partial(_one_by_one, url), total)}
        for workers in _WORKERS[:3]:
            name = f"registry_images(max_workers={workers})" if workers != 8 else "registry_images(), 8 workers"
            seconds[name] = _timed(partial(_with_workers, url, workers), total)
        for name, value in seconds.items():
            yield f"{name:<34}{value:>8.2f} s"
    if svg_file:
        title, subtitle = "Seconds to list 200 repositories", "Less is better. 100,000 images, 50 ms per request."
        highlighted = "registry_images(), 8 workers"
        svg = bars("registry", title, subtitle, seconds, highlighted=highlighted, value_format="{:.1f} s")
        svg_file.write_text(svg, "utf-8")
    yield ""
    yield f"{_THROTTLED.repositories} repositories, {_THROTTLED.rate_limit} requests per second: lost, seconds"
    yield f"{'workers':>8}{'boto3, 3 attempts':>22}{'boto3, 8 attempts':>22}{'registry_images()':>22}"
    for workers in _WORKERS:
        cells = []
        for run in (_boto3_threads(3), _boto3_threads(8), _with_workers):
            # A new server each time: its rate limit has a burst.
            with Process(serve_registry, _THROTTLED) as server:
                url, begin = server.ask("url"), time.perf_counter()
                lost = _THROTTLED.repositories - run(url, workers)
                cells.append(f"{lost:>10} {time.perf_counter() - begin:>9.1f} s")
        yield f"{workers:>8}{''.join(cells)}"


def serve_registry(connection: Connection, size: _Size) -> None:
    """Be a FakeECR with many repositories."""
    from ecrimages.testing import FakeECR

    with FakeECR(latency=size.latency, rate_limit=size.rate_limit, burst=size.rate_limit) as ecr:
        for number in range(size.repositories):
            name = f"team/{number:04}"
            ecr.add_images(attrs.evolve(image, repository_name=name) for image in images(size.per_repository))
        respond(connection, {"url": lambda: ecr.endpoint_url})


def _timed(run: Callable[[], int], expected: int) -> float:
    begin = time.perf_counter()
    if (found := run()) != expected:
        raise ValueError(f"{found} of {expected} images were found")
    return time.perf_counter() - begin


def _boto3(url: str, attempts: int) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(retries={"mode": "standard", "total_max_attempts": attempts}, max_pool_connections=max(_WORKERS))
    return boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION).client("ecr", endpoint_url=url, config=config)


def _one_by_one(url: str) -> int:
    client = Client(_boto3(url, 8))
    return sum(1 for name in client.repository_names() for _ in client.describe_images(name))


def _with_workers(url: str, workers: int) -> int:
    with Client(_boto3(url, 8)).registry_images(max_workers=workers) as found:
        return sum(1 for _ in found)


def _boto3_threads(attempts: int) -> Callable[[str, int], int]:
    def run(url: str, workers: int) -> int:
        ecr = _boto3(url, attempts)

        def count(name: str) -> int:
            try:
                return len(ecr.describe_images(repositoryName=name, maxResults=1000)["imageDetails"])
            except ClientError:
                return 0

        pages = ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 1000})
        names = [repository["repositoryName"] for page in pages for repository in page["repositories"]]
        with ThreadPoolExecutor(workers) as executor:
            return sum(executor.map(count, names))

    return run
