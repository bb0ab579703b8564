"""Runs four type checkers: each must report the lines that are marked `# wrong`, and no others.

Usage: python tests/typing/check.py FILE...
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

Line = tuple[str, int]


def of_mypy(output: str) -> Iterator[Line]:
    # Without errors, the one line is a text.
    for message in map(json.loads, (line for line in output.splitlines() if line.startswith("{"))):
        if message["severity"] == "error":
            yield message["file"], message["line"]


def of_pyright(output: str) -> Iterator[Line]:
    for message in json.loads(output)["generalDiagnostics"]:
        yield message["file"], message["range"]["start"]["line"] + 1


def of_ty(output: str) -> Iterator[Line]:
    for message in json.loads(output):
        yield message["location"]["path"], message["location"]["positions"]["begin"]["line"]


def of_pyrefly(output: str) -> Iterator[Line]:
    for message in json.loads(output)["errors"]:
        yield message["path"], message["line"]


# The arguments of each checker, and what reads its output.
CHECKERS: dict[str, tuple[list[str], Callable[[str], Iterator[Line]]]] = {
    "mypy": (["--strict", "--config-file=", "--no-incremental", "--output=json"], of_mypy),
    "pyright": (["--outputjson", "--pythonpath", sys.executable], of_pyright),
    "ty": (["check", "--output-format=gitlab", "--python", sys.prefix], of_ty),
    "pyrefly": (
        ["check", "--preset=strict", "--output-format=json", "--python-interpreter-path", sys.executable],
        of_pyrefly,
    ),
}


def wrong_lines(files: list[Path]) -> set[Line]:
    """Return the lines that a checker must report."""
    return {
        (file.name, number)
        for file in files
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if line.endswith("# wrong")
    }


def reported_lines(checker: str, directory: Path) -> set[Line]:
    """Return the lines that a checker reports of the files in a directory."""
    arguments, lines = CHECKERS[checker]
    command = [checker, *arguments, *sorted(file.name for file in directory.iterdir())]
    environment = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    done = subprocess.run(  # noqa: S603
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    # 0 stands for nothing to report and 1 for something; the rest is trouble of the checker's own.
    if done.returncode not in (0, 1):
        sys.exit(f"{checker} failed: {done.stdout}{done.stderr}")
    return {(Path(file).name, number) for file, number in lines(done.stdout)}


def main(files: list[Path]) -> None:
    """Run all checkers; exit with what is not as it should be."""
    wrong = wrong_lines(files)
    complaints: list[str] = []
    # Elsewhere, so that the package is the installed one, and no settings are found.
    with tempfile.TemporaryDirectory() as directory:
        for file in files:
            shutil.copy(file, directory)
        for checker in CHECKERS:
            reported = reported_lines(checker, Path(directory))
            complaints += [f"{name}:{line}: {checker} reports it" for name, line in sorted(reported - wrong)]
            complaints += [f"{name}:{line}: {checker} passes it" for name, line in sorted(wrong - reported)]
    if complaints:
        sys.exit("\n".join(complaints))
    print(f"{', '.join(CHECKERS)} report the {len(wrong)} wrong lines, and no others")  # noqa: T201


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
