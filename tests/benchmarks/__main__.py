"""What it costs to list a repository, beside other ways: `python -m nox -s benchmark`.

Times wobble with the machine; the ratios do so far less, for in each round all contenders have the same
machine. No test depends on either.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from asynchronous import asynchronous
from chart import bars
from comparison import REFERENCE, compare, ratio
from contenders import OURS
from growth import growth
from images import CORPORA
from importing import importing
from registry import chart_of, document_of, listings, listings_table, throttled, throttled_table
from report import document, in_words, table, versions


def main() -> None:
    """Measure what the arguments ask for, and say what came of it."""
    parser = argparse.ArgumentParser(prog="nox -s benchmark --", description=__doc__)
    parser.add_argument("--images", type=int, default=20_000, help="images in the repository (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="how often each reads them (%(default)s)")
    parser.add_argument("--corpus", choices=CORPORA, default="daily", help="which images (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw a chart there")
    parser.add_argument("--growth", action="store_true", help="instead: a thousand to a million images")
    parser.add_argument("--import", action="store_true", dest="imports", help="instead: the cost of the import")
    parser.add_argument("--async", action="store_true", dest="asynchronous", help="instead: the cost of asyncio")
    parser.add_argument("--registry", action="store_true", help="instead: the repositories of a registry, by workers")
    options = parser.parse_args()
    if options.growth:
        _print(growth())
    if options.imports:
        _print(importing(options.rounds))
    if options.asynchronous:
        _print(asynchronous(options.rounds))
    if options.registry:
        _registry(options)
    if not (options.growth or options.imports or options.asynchronous or options.registry):
        _compare(options)


def _compare(options: argparse.Namespace) -> None:
    count, rounds, json_file, svg_file = options.images, options.rounds, options.json, options.svg
    results = compare(count, rounds, options.corpus, lambda line: sys.stderr.write(f"{line}\n"))
    _print(["", *table(results, count), "", *in_words(results)])
    if json_file:
        json_file.write_text(json.dumps(document(results, count), indent=2) + "\n", "utf-8")
    if svg_file:
        reference = results[REFERENCE]
        values = {name: ratio(figures, reference, lambda timing: timing.cpu) for name, figures in results.items()}
        notes = {
            name: f"{median(timing.cpu for timing in figures.timings) / count * 1e6:.1f} µs CPU, "
            f"wall {ratio(figures, reference, lambda timing: timing.wall):.2f}, "
            f"memory {figures.peak / reference.peak:.2f}"
            for name, figures in results.items()
        }
        title = f"CPU time per image, {REFERENCE} = 1"
        subtitle = f"Less is better. {count:,} images, {versions()}."
        ordered = dict(sorted(values.items(), key=lambda item: item[1]))
        svg = bars("benchmark", title, subtitle, ordered, highlighted=OURS, notes=notes)
        svg_file.write_text(svg, "utf-8")


def _registry(options: argparse.Namespace) -> None:
    found = listings(options.rounds)
    _print([*listings_table(found), ""])
    if options.svg:
        options.svg.write_text(chart_of(found, f"Less is better. 50 ms per request, {versions()}."), "utf-8")
    found_throttled = throttled()
    _print(throttled_table(found_throttled))
    if options.json:
        options.json.write_text(json.dumps(document_of(found, found_throttled), indent=2) + "\n", "utf-8")


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
