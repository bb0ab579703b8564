"""What a comparison says: a table, the same in words, and JSON. Nothing here knows who should win."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from statistics import median
from typing import Any, NamedTuple

import botocore
from comparison import REFERENCE, Figures, ratio
from contenders import OURS

__all__ = ["document", "in_words", "table", "versions"]


class _Figure(NamedTuple):
    title: str
    unit: str
    value: Callable[[Figures, int], float]
    """Takes the figures and the number of images."""
    relative: Callable[[Figures, Figures], float]
    """Takes the figures of one contender and those of another."""


_FIGURES = (
    _Figure(
        "CPU time",
        "µs/image",
        lambda figures, count: median(timing.cpu for timing in figures.timings) / count * 1e6,
        lambda ours, theirs: ratio(ours, theirs, lambda timing: timing.cpu),
    ),
    _Figure(
        "wall time",
        "µs/image",
        lambda figures, count: median(timing.wall for timing in figures.timings) / count * 1e6,
        lambda ours, theirs: ratio(ours, theirs, lambda timing: timing.wall),
    ),
    _Figure(
        "peak memory",
        "MB",
        lambda figures, _: figures.peak / 1e6,
        lambda ours, theirs: ours.peak / theirs.peak,
    ),
    _Figure(
        "memory of a list",
        "bytes/image",
        lambda figures, count: figures.held / count,
        lambda ours, theirs: ours.held / theirs.held,
    ),
    _Figure(
        "requests",
        "",
        lambda figures, _: figures.requests,
        lambda ours, theirs: ours.requests / theirs.requests,
    ),
)


def versions() -> str:
    """Say what was measured with."""
    return f"Python {platform.python_version()}, botocore {botocore.__version__}"


def table(results: Mapping[str, Figures], count: int) -> Iterator[str]:
    """Give the lines of the table: each figure, and how many times that of the reference it is."""
    rounds = len(results[REFERENCE].timings)
    yield f"{count:,} images, medians of {rounds} rounds; ratios are to {REFERENCE}. {versions()}"
    yield ""
    yield " " * 22 + "".join(f"{figure.title:>24}" for figure in _FIGURES)
    yield " " * 22 + "".join(f"{figure.unit:>16}{'ratio':>8}" for figure in _FIGURES)
    for name, figures in results.items():
        cells = (
            f"{figure.value(figures, count):>16,.{0 if figure.unit in {'', 'bytes/image'} else 2}f}"
            f"{figure.relative(figures, results[REFERENCE]):>8.2f}"
            for figure in _FIGURES
        )
        yield f"{name:<22}" + "".join(cells)


def in_words(results: Mapping[str, Figures]) -> Iterator[str]:
    """Say how the library stands to each contender, and then where it is behind."""
    ours = results[OURS]
    others = {name: figures for name, figures in results.items() if name != OURS}
    for figure in _FIGURES[:-1]:
        stands = (f"{figure.relative(ours, theirs):.2f} of {name}" for name, theirs in others.items())
        yield f"{figure.title} of {OURS}: {', '.join(stands)}"
    yield ""
    behind = [
        f"in {figure.title}, {figure.relative(ours, theirs):.2f} times that of {name}"
        for figure in _FIGURES
        for name, theirs in others.items()
        if figure.relative(ours, theirs) > 1
    ]
    yield f"{OURS} is behind: {'; '.join(behind) or 'nowhere'}"


def document(results: Mapping[str, Figures], count: int) -> dict[str, Any]:
    """Return all figures, and the ratios to the reference, as JSON has them."""
    return {
        "images": count,
        "python": platform.python_version(),
        "botocore": botocore.__version__,
        "reference": REFERENCE,
        "contenders": {
            name: {
                "cpu_seconds": [timing.cpu for timing in figures.timings],
                "wall_seconds": [timing.wall for timing in figures.timings],
                "peak_bytes": figures.peak,
                "held_bytes": figures.held,
                "requests": figures.requests,
                "relative": {figure.title: figure.relative(figures, results[REFERENCE]) for figure in _FIGURES},
            }
            for name, figures in results.items()
        },
    }
