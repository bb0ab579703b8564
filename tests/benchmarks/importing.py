"""What the import costs: whole processes, one after the other in each round."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from statistics import median

__all__ = ["importing"]

_NOTHING = "pass"
_OURS = "import ecrimages"
_BOTO3 = "import boto3"


def importing(rounds: int) -> Iterator[str]:
    """Give lines that say what `import ecrimages` costs beside `import boto3`, in CPU time."""
    with tempfile.TemporaryDirectory() as caches:
        # Compiled files there are, as wherever something was imported before.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = caches
        statements = (_NOTHING, _OURS, _BOTO3)
        seconds: dict[str, list[float]] = {statement: [] for statement in statements}
        for number in range(rounds + 1):
            for statement in statements[:: -1 if number % 2 else 1]:
                measured = _cpu_time(statement, environment)
                if number:
                    seconds[statement].append(measured)
    for statement in statements:
        yield f"{statement:<20}{median(seconds[statement]) * 1000:>10.1f} ms of CPU time, the process and all"
    whole, alone = [], []
    for nothing, ours, boto3 in zip(*seconds.values(), strict=True):
        whole.append(ours / boto3)
        alone.append((ours - nothing) / (boto3 - nothing))
    yield f"{_OURS} costs {median(alone):.2f} of {_BOTO3}, and {median(whole):.2f} with the start of Python"


def _cpu_time(statement: str, environment: dict[str, str]) -> float:
    code = f"{statement}\nimport time\nprint(time.process_time())"
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    return float(run.stdout)
