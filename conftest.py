"""The examples of README.md and docs/ run as tests: each fenced `python` block, in order, a namespace a page.

A page finds a `FakeECR` as `ecr`, which holds what `fill()` puts in, and to which the environment leads:
`ecrimages.describe_images()`, `Client()` and `boto3.client("ecr")` all reach it. Its working directory is
empty and its own. Shown output (`>>>`) must be what comes out. A block that begins with a comment such as
`# test_report.py` is also written to that file; one that has tests is run by a pytest of its own. Blocks that
readers do not need to see are MyST comments: `% invisible-code-block: python`, with `% ` before each line.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from doctest import ELLIPSIS
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# pytest has put this directory first on the path, to import this file. The tests are to import the package as
# it is installed, which may be from here all the same.
if sys.path[0] == str(Path(__file__).parent):
    del sys.path[0]

import boto3
import pytest
from hypothesis import settings
from sybil import Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

from ecrimages import ImageScanFindingsSummary, ImageScanStatus, ScanStatus, SeverityCounts, _functions
from ecrimages.testing import FakeECR

settings.register_profile("short", max_examples=25)
settings.register_profile("slow", max_examples=2_000)

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
EMPTY_CONFIG = "application/vnd.oci.empty.v1+json"
RELEASED = datetime(2026, 3, 2, 9, 30, tzinfo=timezone.utc)

OTHER_ACCOUNT = "210987654321"
AWS_CONFIG = """
[profile prod]
region = eu-west-1
aws_access_key_id = testing
aws_secret_access_key = testing

[profile audit]
region = eu-west-1
role_arn = arn:aws:iam::210987654321:role/image-reader
source_profile = prod
"""

_FILE_NAME = re.compile(r"# (\w+\.py)\n")
_TEST = re.compile(r"^def test_", re.MULTILINE)


def fill(ecr: FakeECR) -> None:
    """Put into an ECR what the examples speak of."""
    add_application(ecr)
    ecr.add_image("team/base", tags=["2026-03"], pushed_at=RELEASED, **found(CRITICAL=1))
    for number in reversed(range(250)):
        pushed_at = RELEASED + timedelta(hours=number)
        ecr.add_image("team/builds", tags=[f"build-{number}"], pushed_at=pushed_at, size_in_bytes=1_000_000)
    ecr.add_image("shared/runtime", tags=["v7"], pushed_at=RELEASED, registry_id=OTHER_ACCOUNT)


def add_application(ecr: FakeECR) -> None:
    """Put the repository `team/app` into an ECR, with an image of every kind."""

    def add(*tags: str, days: float = 0, **fields: Any) -> str:
        fields = {"manifest_media_type": MANIFEST, "artifact_media_type": CONFIG, **fields}
        return ecr.add_image(
            "team/app", tags=tags, pushed_at=RELEASED + timedelta(days=days), **fields
        ).digest

    add("v1.0.0", days=-400, size_in_bytes=51_200_000, status="ARCHIVED", last_archived_at=RELEASED)
    add("v1.1.0", days=-90, size_in_bytes=58_100_000, **found(CRITICAL=2, HIGH=7))
    # Its tag went to a later build.
    add(days=-60, size_in_bytes=58_300_000, **found(CRITICAL=1, HIGH=4, LOW=9))
    add("v1.2.2", days=-30, size_in_bytes=59_000_000, **found(HIGH=3))
    # A multi-architecture push: two members, what the build attests of each, and the index with the tags.
    add(size_in_bytes=60_200_000, **found(HIGH=1, MEDIUM=2))
    add(size_in_bytes=58_900_000, **found())
    add(size_in_bytes=24_000)
    add(size_in_bytes=23_000)
    index: dict[str, Any] = {"manifest_media_type": INDEX, "artifact_media_type": None}
    pulled = RELEASED + timedelta(days=20)
    tags = ("v1.2.3", "v1", "latest")
    digest = add(*tags, days=0.001, size_in_bytes=60_200_000, last_recorded_pull_time=pulled, **index)
    sbom: dict[str, Any] = {"artifact_media_type": EMPTY_CONFIG, "subject_manifest_digest": digest}
    add(days=0.01, size_in_bytes=310_000, **sbom)
    # A correction of an old version: pushed last, and not the latest.
    add("v1.1.1", days=10, size_in_bytes=58_100_000, **found(HIGH=2))


def found(**counts: int) -> dict[str, Any]:
    """Return the fields of an image in which a scan has found so much."""
    completed_at = datetime(2026, 3, 15, tzinfo=timezone.utc)
    return {
        "scan_status": ImageScanStatus(status=ScanStatus.COMPLETE),
        "scan_findings_summary": ImageScanFindingsSummary(
            scan_completed_at=completed_at, severity_counts=SeverityCounts(counts)
        ),
    }


class Page:
    """What the examples of a page have around them."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def set_up(self, namespace: dict[str, Any]) -> None:
        """Make an ECR, and lead boto3 and ecrimages to it."""
        self._stack = ExitStack()
        patch = self._stack.enter_context(pytest.MonkeyPatch.context())
        directory = Path(self._stack.enter_context(TemporaryDirectory()))
        namespace["ecr"] = ecr = self._stack.enter_context(FakeECR())
        fill(ecr)
        config, work = directory / "config", directory / "work"
        config.write_text(AWS_CONFIG, encoding="utf-8")
        work.mkdir()
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        files = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(directory / "none")}
        for name, value in {**ecr.environment(), **files}.items():
            patch.setenv(name, value)
        # Both remember the clients that they have made.
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        patch.setattr(_functions._client, "_ecr", None)
        patch.setattr(_functions._client, "_transport", None)
        self._stack.callback(os.chdir, Path.cwd())
        os.chdir(work)

    def tear_down(self, namespace: dict[str, Any]) -> None:
        """Leave nothing to the next page."""
        namespace.clear()
        self._stack.close()


class BlockParser(PythonCodeBlockParser):
    """Finds the blocks, and the shown output in those that begin with a prompt."""

    def __init__(self) -> None:
        super().__init__(doctest_optionflags=ELLIPSIS)
        self.codeblock_parser = self.codeblock_parser_class("python", run_block)


run_python = PythonEvaluator()


def run_block(example: Example) -> str | None:
    """Run a block in the namespace of its page, files and tests as the reader would; return what is wrong."""
    source = str(example.parsed)
    named = _FILE_NAME.match(source)
    file = Path(named[1] if named else "test_example.py")
    if named or _TEST.search(source):
        file.write_text(source, encoding="utf-8")
    if _TEST.search(source):
        return run_tests(file)
    if file.name != "conftest.py":
        run_python(example)
    return None


def run_tests(file: Path) -> str | None:
    """Run the tests of a file in a process of their own; return its output if they fail."""
    command = [sys.executable, "-W", "error", "-m", "pytest", "--quiet", "-p", "no:cacheprovider", str(file)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # The plugins that happen to be installed would take more time than the tests.
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    run = subprocess.run(  # noqa: S603
        command, env=environment, capture_output=True, text=True, check=False
    )
    return None if run.returncode == 0 else run.stdout + run.stderr


page = Page()

pytest_collect_file = Sybil(
    parsers=[BlockParser(), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    setup=page.set_up,
    teardown=page.tear_down,
).pytest()
