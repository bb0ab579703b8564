"""What the images of a registry take: `registry_images()`, one thread, and threads as programs use them.

Two registries, each in a process of its own. One has 200 repositories with 1 to 2,600 images, about 100,000 together,
and takes 50 ms for a response. The other has 400 repositories of an image each, takes 100 ms and throttles.
"""

from __future__ import annotations

import gc
import hashlib
import random
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from statistics import median
from typing import Any, NamedTuple

import attrs
from chart import bars
from contenders import ACCESS_KEY, REGION, SECRET_KEY
from images import images
from processes import Process, respond

__all__ = [
    "Listing",
    "Throttled",
    "chart_of",
    "document_of",
    "listings",
    "listings_table",
    "throttled",
    "throttled_table",
]

_LATENCY = 0.05
_REPOSITORIES = 200
_MOST_IMAGES = 2600
_WORKERS = (4, 8, 16, 32)
# How a program looks at a thousand images at a time, and takes its time.
_SLOW_SECONDS = 0.2

_THROTTLED_REPOSITORIES = 400
_RATE = 20
_THROTTLED_LATENCY = 0.1
# The burst comes at once, and the list of repositories is a request too.
_IDEAL_SECONDS = (_THROTTLED_REPOSITORIES + 1 - _RATE) / _RATE
_MODES: Mapping[str, Mapping[str, Any] | None] = {
    "boto3, default": {},
    "boto3, 8 attempts": {"mode": "standard", "total_max_attempts": 8},
    "boto3, adaptive, 8": {"mode": "adaptive", "total_max_attempts": 8},
    "registry_images()": None,
}


class Listing(NamedTuple):
    """What it took to list the registry."""

    wall: float
    cpu: float
    first: float
    """After how many seconds the first image came."""
    peak: int
    peak_slow: int
    """The same with a slow consumer."""
    order: str
    """A digest of the images in the order in which they came."""


class Throttled(NamedTuple):
    """What it took to list the registry that throttles."""

    seconds: float
    lost: int
    throttled: int


def _one_thread(client: Any, _: Any, __: int) -> Iterator[Any]:
    for name in client.repository_names():
        yield from client.describe_images(name)


def _lists_in_threads(client: Any, _: Any, workers: int) -> Iterator[Any]:
    with ThreadPoolExecutor(workers) as pool:
        for found in pool.map(lambda name: list(client.describe_images(name)), client.repository_names()):
            yield from found


def _boto3_lists_in_threads(_: Any, ecr: Any, workers: int) -> Iterator[Any]:
    with ThreadPoolExecutor(workers) as pool:
        for found in pool.map(lambda name: _boto3_images(ecr, name), _boto3_names(ecr)):
            yield from found


def _registry_images(client: Any, _: Any, workers: int) -> Iterator[Any]:
    yield from client.registry_images(max_workers=workers)


_WAYS: Mapping[str, Callable[[Any, Any, int], Iterator[Any]]] = {
    "one thread": _one_thread,
    "boto3, ThreadPoolExecutor.map": _boto3_lists_in_threads,
    "ThreadPoolExecutor.map": _lists_in_threads,
    "registry_images()": _registry_images,
}


def _boto3_names(ecr: Any) -> list[str]:
    pages = ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 1000})
    return [repository["repositoryName"] for page in pages for repository in page["repositories"]]


def _boto3_images(ecr: Any, name: str) -> list[Any]:
    pages = ecr.get_paginator("describe_images").paginate(repositoryName=name, PaginationConfig={"PageSize": 1000})
    return [detail for page in pages for detail in page["imageDetails"]]


def listings(rounds: int) -> dict[tuple[str, int], Listing]:
    """Measure each way to list the registry, with each number of workers."""
    contenders = [
        ("one thread", 1),
        ("boto3, ThreadPoolExecutor.map", 16),
        *((name, workers) for name in list(_WAYS)[2:] for workers in _WORKERS),
    ]
    found: dict[tuple[str, int], list[Listing]] = {contender: [] for contender in contenders}
    with Process(serve_registry) as server:
        url = server.ask("url")
        for number in range(rounds):
            for contender in contenders:
                with Process(_list, *contender, url, number == 0) as process:
                    found[contender].append(process.ask("listing"))
    return {contender: _medians(measured) for contender, measured in found.items()}


def _medians(measured: list[Listing]) -> Listing:
    first = measured[0]
    walls, cpus, firsts = (list(column) for column in zip(*(listing[:3] for listing in measured), strict=True))
    return first._replace(wall=median(walls), cpu=median(cpus), first=median(firsts))


def throttled() -> dict[tuple[str, int], Throttled]:
    """Measure each retry mode with each number of workers on the registry that throttles, four at a time."""
    contenders = [(mode, workers) for mode in _MODES for workers in _WORKERS]
    with ThreadPoolExecutor(len(_WORKERS)) as pool:
        return dict(zip(contenders, pool.map(lambda contender: _throttled(*contender), contenders), strict=True))


def _throttled(mode: str, workers: int) -> Throttled:
    with Process(serve_throttled) as server, Process(_list_throttled, mode, workers, server.ask("url")) as process:
        seconds, came = process.ask("listing")
        return Throttled(seconds, _THROTTLED_REPOSITORIES - came, server.ask("throttled"))


def serve_registry(connection: Connection) -> None:
    """Be the registry with about 100,000 images."""
    from ecrimages.testing import FakeECR

    # Most repositories are small: half of them have less than 150 images, a fifth more than a page.
    counts = [1 + round((_MOST_IMAGES - 1) * (n / (_REPOSITORIES - 1)) ** 4.2) for n in range(_REPOSITORIES)]
    random.Random(0).shuffle(counts)
    corpus = list(images(_MOST_IMAGES))
    with FakeECR(latency=_LATENCY) as ecr:
        for number, count in enumerate(counts):
            name = f"team/service-{number:03}"
            ecr.add_images(attrs.evolve(image, repository_name=name) for image in corpus[:count])
        respond(connection, {"url": lambda: ecr.endpoint_url})


def serve_throttled(connection: Connection) -> None:
    """Be the registry that throttles."""
    from ecrimages.testing import FakeECR

    with FakeECR(latency=_THROTTLED_LATENCY, rate_limit=_RATE, burst=_RATE) as ecr:
        for number in range(_THROTTLED_REPOSITORIES):
            ecr.add_image(f"team/service-{number:03}", tags=["v1"])
        throttling = {"throttled": lambda: _throttled_of(ecr)}
        respond(connection, {"url": lambda: ecr.endpoint_url, **throttling})


def _throttled_of(ecr: Any) -> int:
    # Each repository, and the list, can be requested successfully once.
    served = {request.parameters.get("repositoryName") for request in ecr.requests}
    return len(ecr.requests) - len(served)


def _boto3_client(url: str, workers: int, retries: Mapping[str, Any]) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(max_pool_connections=max(workers, 10), retries=dict(retries) or None)  # type: ignore[arg-type]
    return boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION).client("ecr", endpoint_url=url, config=config)


def _list(connection: Connection, name: str, workers: int, url: str, with_memory: bool) -> None:
    from ecrimages import Client

    ecr = _boto3_client(url, workers, {})
    client = Client(ecr)
    # Whatever is imported and loaded once.
    next(client.repository_names())

    def listing() -> Listing:
        def read() -> Iterator[Any]:
            return _WAYS[name](client, ecr, workers)

        gc.collect()
        begin, cpu, first = time.perf_counter(), time.process_time(), 0.0
        for _ in read():
            first = first or time.perf_counter() - begin
        wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
        if not with_memory:
            return Listing(wall, cpu, first, 0, 0, "")
        (peak, order), (peak_slow, _) = _peak(read(), 0), _peak(read(), _SLOW_SECONDS)
        return Listing(wall, cpu, first, peak, peak_slow, order)

    respond(connection, {"listing": listing})


def _peak(found: Iterable[Any], seconds: float) -> tuple[int, str]:
    """Return the peak memory, and a digest of which images came in which order."""
    gc.collect()
    order = hashlib.sha256()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number, image in enumerate(found):
        is_dict = isinstance(image, dict)
        name = image["repositoryName"] if is_dict else image.repository_name
        order.update(f"{name}@{image['imageDigest'] if is_dict else image.digest}\n".encode())
        # Not after the buffers are as full as they get, or it would take a minute.
        if seconds and number < 20_000 and number % 1000 == 0:
            time.sleep(seconds)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak - before, order.hexdigest()


def _list_throttled(connection: Connection, mode: str, workers: int, url: str) -> None:
    from botocore.exceptions import ClientError

    from ecrimages import Client

    retries = _MODES[mode]
    ecr = _boto3_client(url, workers, retries or {})

    def count(name: str) -> int:
        try:
            return len(_boto3_images(ecr, name))
        except ClientError:
            return 0

    def listing() -> tuple[float, int]:
        begin = time.perf_counter()
        if retries is None:
            came = sum(1 for _ in Client(ecr).registry_images(max_workers=workers, failed="skip"))
        else:
            with ThreadPoolExecutor(workers) as pool:
                came = sum(pool.map(count, _boto3_names(ecr)))
        return time.perf_counter() - begin, came

    respond(connection, {"listing": listing})


def listings_table(found: Mapping[tuple[str, int], Listing]) -> Iterator[str]:
    """Give the lines of a table: each way to list the registry, and how many times as fast as one thread it is."""
    reference = found["one thread", 1]
    yield (
        f"{'':<32}{'workers':>8}{'wall s':>8}{'speed':>7}{'CPU s':>7}{'first s':>9}"
        f"{'peak MB':>9}{'slow MB':>9}{'in order':>10}"
    )
    for (name, workers), listing in found.items():
        yield (
            f"{name:<32}{workers:>8}{listing.wall:>8.2f}{reference.wall / listing.wall:>7.1f}{listing.cpu:>7.2f}"
            f"{listing.first:>9.2f}{listing.peak / 1e6:>9.1f}{listing.peak_slow / 1e6:>9.1f}"
            f"{'yes' if listing.order == reference.order else 'no':>10}"
        )


def throttled_table(found: Mapping[tuple[str, int], Throttled]) -> Iterator[str]:
    """Give the lines of a table: what is lost in each retry mode, by workers."""
    yield f"At {_RATE} requests a second, which allow {_IDEAL_SECONDS:.1f} s: lost / seconds (requests throttled)"
    yield f"{'workers':>8}" + "".join(f"{mode:>24}" for mode in _MODES)
    for workers in _WORKERS:
        cells = [found[mode, workers] for mode in _MODES]
        yield f"{workers:>8}" + "".join(f"{f'{c.lost} / {c.seconds:.1f} ({c.throttled})':>24}" for c in cells)


def chart_of(found: Mapping[tuple[str, int], Listing], subtitle: str) -> str:
    """Return a chart of the wall times, as an SVG."""
    labels = {
        ("registry_images()", 32): "registry_images(), 32 workers",
        ("registry_images()", 16): "registry_images(), 16 workers",
        ("registry_images()", 8): "registry_images(), 8 workers",
        ("ThreadPoolExecutor.map", 16): "describe_images() in 16 threads",
        ("boto3, ThreadPoolExecutor.map", 16): "boto3's paginators in 16 threads",
        ("one thread", 1): "describe_images(), one thread",
    }
    ordered = sorted(labels, key=lambda contender: found[contender].wall)
    return bars(
        "registry",
        "Time to list 200 repositories",
        subtitle,
        {labels[contender]: found[contender].wall for contender in ordered},
        highlighted=labels["registry_images()", 8],
        value_format="{:.1f} s",
        notes={
            labels[contender]: f"first image {found[contender].first:.2f} s, {found[contender].peak / 1e6:.0f} MB"
            for contender in ordered
        },
    )


def document_of(
    found: Mapping[tuple[str, int], Listing], found_throttled: Mapping[tuple[str, int], Throttled]
) -> dict[str, Any]:
    """Return all figures as JSON has them."""
    return {
        "listings": [
            {"name": name, "workers": workers, **listing._asdict()} for (name, workers), listing in found.items()
        ],
        "throttled": [
            {"name": name, "workers": workers, **result._asdict()}
            for (name, workers), result in found_throttled.items()
        ],
        "throttled_ideal_seconds": _IDEAL_SECONDS,
    }
