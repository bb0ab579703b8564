"""The examples of README.md and docs/ run as tests.

The blocks of a page run in order and share a namespace, which is empty at first. A page that uses a `FakeECR` shows
how it is made. Without one, `boto3.client("ecr")`, `ecrimages.Client()` and the functions of `ecrimages` reach the
reader's account: a `FakeECR` that `readers_account` fills, in the environment of each page. The profiles `prod` and
`audit` exist, and the working directory is empty.

- `python` blocks run. The output after a `>>>` prompt is compared; `...` matches anything.
- A `python` block that begins with a comment such as `# report.py` is written to that file and not run. One that
  begins with `# report.py (continued)` is appended to it.
- A file that has tests is run by pytest, without the reader's account.
- A `sh` block with one line such as `python report.py team/app` runs a file that the page has written.
- The first `text` block after a block that prints has its output.
- `% invisible-code-block: python`, with `% ` before each line, holds assertions about what the page shows. It does
  not prepare anything.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from contextlib import ExitStack, redirect_stdout
from doctest import ELLIPSIS, OutputChecker
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from readers_account import AWS_CONFIG, fill
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser

from ecrimages.testing import FakeECR

__all__ = ["collect_pages"]

_FILE_COMMENT = re.compile(r"# (\w+\.py)( \(continued\))?\n")
_TEST = re.compile(r"^(async )?def test_", re.MULTILINE)


class _Page:
    """The environment of a page's examples."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.output: str | None = None

    def set_up(self, namespace: dict[str, Any]) -> None:
        """Create the reader's account and an empty working directory."""
        self._stack = ExitStack()
        patch = self._stack.enter_context(pytest.MonkeyPatch.context())
        directory = Path(self._stack.enter_context(TemporaryDirectory()))
        ecr = self._stack.enter_context(FakeECR())
        fill(ecr)
        self._stack.enter_context(ecr.activated())
        config, work = directory / "config", directory / "work"
        config.write_text(AWS_CONFIG, encoding="utf-8")
        work.mkdir()
        patch.setenv("AWS_CONFIG_FILE", str(config))
        # Retries do not wait.
        patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
        patch.chdir(work)
        self.output = None

    def tear_down(self, namespace: dict[str, Any]) -> None:
        """Restore the environment."""
        namespace.clear()
        self._stack.close()


class _PythonParser(PythonCodeBlockParser):
    def __init__(self) -> None:
        super().__init__(doctest_optionflags=ELLIPSIS)
        self.codeblock_parser = self.codeblock_parser_class("python", _run_python)


_run_in_namespace = PythonEvaluator()


def _run_python(example: Example) -> str | None:
    source = str(example.parsed)
    if named := _FILE_COMMENT.match(source):
        file = Path(named[1])
        if named[2]:
            source = f"{file.read_text(encoding='utf-8')}\n\n{source[named.end() :]}"
        file.write_text(source, encoding="utf-8")
        return _run_tests(file) if _TEST.search(source) else None
    if _TEST.search(source):
        file = Path("test_example.py")
        file.write_text(source, encoding="utf-8")
        return _run_tests(file)
    with redirect_stdout(StringIO()) as output:
        _run_in_namespace(example)
    page.output = output.getvalue() or None
    return None


def _run_tests(file: Path) -> str | None:
    # Plugins that happen to be installed take more time than the tests.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    arguments = ["-W", "error", "-m", "pytest", "--quiet", "-p", "no:cacheprovider", str(file)]
    status, output = _run(arguments, environment)
    return output if status else None


def _run_command(example: Example) -> str | None:
    program, *arguments = shlex.split(str(example.parsed))
    if program != "python" or not Path(arguments[0]).is_file():
        return None
    status, page.output = _run(arguments, dict(os.environ))
    return page.output if status else None


def _compare_output(example: Example) -> str | None:
    expected, (actual, page.output) = str(example.parsed), (page.output, None)
    if actual is None or OutputChecker().check_output(expected, actual, ELLIPSIS):
        return None
    return f"expected:\n{expected}\nactual:\n{actual}"


def _run(arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
    run = subprocess.run(  # noqa: S603
        [sys.executable, *arguments],
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout


page = _Page()

collect_pages = Sybil(
    parsers=[
        _PythonParser(),
        CodeBlockParser("sh", _run_command),
        CodeBlockParser("text", _compare_output),
        SkipParser(),
    ],
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    # Relative to the root of the project, whose conftest.py imports this module.
    path=str(Path(__file__).parents[2]),
    setup=page.set_up,
    teardown=page.tear_down,
).pytest()
