"""Who takes how much: all contenders at the same images, one after the other in each round."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from statistics import median
from typing import NamedTuple

from contenders import CONTENDERS, Facts
from images import images
from processes import Process, Timing, serve, work

from ecrimages import Image

__all__ = ["REFERENCE", "Figures", "compare", "ratio"]

REFERENCE = "boto3"


class Figures(NamedTuple):
    """What was measured of one contender."""

    timings: list[Timing]
    """One a round, in seconds for all images."""
    peak: int
    """Bytes in use at most, while no image is kept."""
    held: int
    """Bytes in use while all images are kept in a list."""
    requests: int
    """Requests for all images."""


def compare(count: int, rounds: int, corpus: str, say: Callable[[str], object]) -> dict[str, Figures]:
    """Measure all contenders that are installed.

    Args:
        count: Images in the repository.
        rounds: How often each contender reads all of them.
        corpus: Which images.
        say: Takes a line about how far it is.

    Raises:
        ValueError: A contender does not return the images that are there.
    """
    present = [name for name, contender in CONTENDERS.items() if all(map(_is_installed, contender.needs))]
    for name in CONTENDERS.keys() - present:
        say(f"{name} is not installed, and left out")
    with ExitStack() as stack:
        server = stack.enter_context(Process(serve, count, corpus))
        url = server.ask("url")
        workers = {name: stack.enter_context(Process(work, name, url)) for name in present}
        say(f"{count:,} images; all contenders have to agree on them")
        requests = _requests_if_all_agree(images(count, corpus), server, workers)
        timings: dict[str, list[Timing]] = {name: [] for name in present}
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            for name in _order(present, number):
                timings[name].append(workers[name].ask("timing"))
        say("memory")
        return {
            name: Figures(timings[name], worker.ask("peak"), worker.ask("held"), requests[name])
            for name, worker in workers.items()
        }


def ratio(ours: Figures, theirs: Figures, figure: Callable[[Timing], float]) -> float:
    """Return the median of the ratios of the rounds, in each of which both had the same machine."""
    return median(figure(a) / figure(b) for a, b in zip(ours.timings, theirs.timings, strict=True))


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _order(names: list[str], number: int) -> list[str]:
    # Each begins in turn, and in every other round it goes backwards.
    start = number % len(names)
    order = names[start:] + names[:start]
    return order[::-1] if number % 2 else order


def _requests_if_all_agree(listed: Iterable[Image], server: Process, workers: Mapping[str, Process]) -> dict[str, int]:
    there: list[Facts] = sorted(
        (image.digest, image.tags, image.size_in_bytes or 0, image.pushed_at.timestamp()) for image in listed
    )
    requests = {}
    for name, worker in workers.items():
        before = server.ask("requests")
        if worker.ask("facts") != there:
            raise ValueError(f"{name} does not return the images that are there, and is not timed")
        requests[name] = server.ask("requests") - before
    return requests
