"""The example programs: each prints what its twin in plain boto3 prints, and is no longer."""

from __future__ import annotations

import ast
import re
import runpy
import sys
import tokenize
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from samples import needs_image_status

from ecrimages.testing import FakeECR, Fault

pytestmark = needs_image_status

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = DOCS / "examples"
RECIPES = (DOCS / "recipes.md").read_text(encoding="utf-8")
PROGRAMS = {
    "newest_image": ["team/app"],
    "tag_in_accounts": ["team/app", "v1.2.0"],
    "critical_findings": [],
    "lambda_resume": [],
    "images_csv": ["team/app"],
    "delete_untagged": ["team/app", "--delete"],
    "storage": [],
    "list_asyncio": ["team/app", "team/base"],
    "not_pulled": ["team/app"],
    "registry_listing": [],
}
EXPECTED = {
    "newest_image": r"123456789012\.dkr\.ecr\.us-east-1\.amazonaws\.com/team/app@sha256:0{63}3\n",
    "tag_in_accounts": r"123456789012 yes\n210987654321 no\n345678901234 RepositoryNotFoundException\n",
    "critical_findings": r"team/app sha256:0{63}1 2 v1\.0\.0\nteam/base sha256:\w{64} 1\n4 images without .*\n",
    "lambda_resume": r"(sha256:\w{64} \d+\n){2500}",
    "images_csv": r"digest,tags,(.*\r\n)+sha256:0{63}1,v1\.0\.0,20[-\d]+T[\d:.]+\+00:00,30000000,2\r\n(.*\r\n)+",
    "delete_untagged": r"sha256:0{63}2\n",
    "storage": r" +2\.50 GB  team/builds\n +0\.18 GB  team/app\n +0\.03 GB  team/base\n",
    "list_asyncio": r"team/app 7\nteam/base 1\n",
    "not_pulled": r"[-\d]{10} sha256:0{63}1 v1\.0\.0\n",
    "registry_listing": r"(team/app sha256:.*\n){7}team/base sha256:\w{64}\n",
}


class Context:
    """The context of an invocation whose time is up after the first page."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds that remain."""
        return 20_000


@pytest.fixture
def ecr() -> Iterator[FakeECR]:
    """Return a registry that boto3's default session reaches."""
    with FakeECR() as ecr, ecr.activated():
        now = datetime.now(UTC)

        def add(number: int, *tags: str, days: int, **fields: Any) -> str:
            digest, pushed_at = f"sha256:{number:064}", now - timedelta(days=days)
            return ecr.add_image("team/app", digest=digest, tags=tags, pushed_at=pushed_at, **fields).digest

        add(1, "v1.0.0", days=200, findings={"CRITICAL": 2, "LOW": 1})
        add(2, days=150)
        children = [add(number, days=30, findings={"HIGH": 1}) for number in (4, 5)]
        digest = f"sha256:{3:064}"
        pushed_at = now - timedelta(days=29)
        ecr.add_index("team/app", children, digest=digest, tags=["v1.2.0", "latest"], pushed_at=pushed_at)
        add(6, days=28, subject_manifest_digest=digest, artifact_media_type="application/vnd.cncf.notary.signature")
        # The child manifest of an index that is being pushed.
        add(7, days=0)
        ecr.add_image("team/base", findings={"CRITICAL": 1})
        ecr.add_repository("team/app", registry_id="210987654321")
        yield ecr


def run(path: Path, arguments: list[str]) -> dict[str, Any]:
    """Run a program as `python path …` does; return its names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(path), *arguments])
        return runpy.run_path(str(path), run_name="__main__")


def lines_of_code(path: Path) -> int:
    """Return how many lines have code: not empty, no comment and no docstring."""
    source = path.read_text(encoding="utf-8")
    documentation: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            documentation.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    ignored = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    with path.open(encoding="utf-8") as file:
        tokens = [token for token in tokenize.generate_tokens(file.readline) if token.type not in ignored]
    lines = {line for token in tokens if token.string for line in range(token.start[0], token.end[0] + 1)}
    return len(lines - documentation)


def test_every_program_is_tested_and_documented() -> None:
    """Each program has a twin, stands on the page of recipes beside it, and is run here."""
    twins = {path.stem for path in (EXAMPLES / "boto3_twins").glob("[!_]*.py")}
    documented = re.findall(r"\{literalinclude\} examples/(?!boto3_twins/)(\w+)\.py", RECIPES)

    assert documented == list(PROGRAMS)
    assert twins == set(PROGRAMS)
    assert re.findall(r"\{literalinclude\} examples/boto3_twins/(\w+)\.py", RECIPES) == documented


def test_no_program_is_longer_than_its_twin() -> None:
    """The typed way is the short way, and the page of recipes has the right numbers."""
    ours = [lines_of_code(EXAMPLES / f"{name}.py") for name in PROGRAMS]
    twins = [lines_of_code(EXAMPLES / "boto3_twins" / f"{name}.py") for name in PROGRAMS]
    counts = list(zip(ours, twins, strict=True))

    assert [pair for pair in counts if pair[0] > pair[1]] == []
    assert re.findall(r"\| (\d+) \| (\d+) \|$", RECIPES, re.MULTILINE) == [(str(a), str(b)) for a, b in counts]
    assert [int(lines) for lines in re.findall(r":caption: ecrimages, (\d+) lines", RECIPES)] == ours
    assert [int(lines) for lines in re.findall(r":caption: boto3, (\d+) lines", RECIPES)] == twins


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_programs_print_the_same(name: str, ecr: FakeECR, capsys: pytest.CaptureFixture[str]) -> None:
    """A program and its twin do the same job."""
    if name in {"lambda_resume", "storage"}:
        for number in range(2500):
            ecr.add_image("team/builds", tags=[f"build-{number}"], size_in_bytes=1_000_000)
    if name == "registry_listing":
        ecr.add_repository("team/broken")
    outputs = []

    for path in (EXAMPLES / f"{name}.py", EXAMPLES / "boto3_twins" / f"{name}.py"):
        if name == "delete_untagged":
            # Both find the image that the other one deletes.
            day = timedelta(days=150)
            ecr.add_image("team/app", digest=f"sha256:{2:064}", pushed_at=datetime.now(UTC) - day)
        if name == "registry_listing":
            ecr.inject_faults(Fault.access_denied(), repository_name="team/broken")
        names = run(path, PROGRAMS[name])
        if name == "lambda_resume":
            run_to_the_end(names["handler"])
        output, errors = capsys.readouterr()
        assert ("team/broken: " in errors) is (name == "registry_listing")
        outputs.append(output)

    assert outputs[0] == outputs[1]
    assert re.fullmatch(EXPECTED[name], outputs[0])


@pytest.mark.parametrize("fault", [Fault.truncated(), Fault.html(status=200)], ids=lambda fault: fault.name)
@pytest.mark.parametrize("name", [name for name in PROGRAMS if name not in {"lambda_resume", "registry_listing"}])
def test_an_unusable_response_does_not_change_what_is_printed(
    name: str, fault: Fault, ecr: FakeECR, capsys: pytest.CaptureFixture[str], delays: list[float]
) -> None:
    """The request is repeated. In plain boto3 the program fails without a reason, or takes an image to exist."""
    twin = EXAMPLES / "boto3_twins" / f"{name}.py"
    ecr.inject_faults(fault, operation="DescribeImages")
    if name == "tag_in_accounts":
        # The image does not exist. Of the truncated error, only the HTTP status is left.
        run(twin, ["team/app", "v9"])
        assert capsys.readouterr().out.startswith("123456789012 yes\n" if fault.name == "html" else "123456789012 400")
    else:
        with pytest.raises(KeyError, match="imageDetails"):
            run(twin, PROGRAMS[name])
        capsys.readouterr()
    ecr.inject_faults(fault, operation="DescribeImages")

    run(EXAMPLES / f"{name}.py", PROGRAMS[name])

    assert len(delays) == 1
    output = capsys.readouterr().out
    if name == "storage":
        output = f"     2.50 GB  team/builds\n{output}"
    assert re.fullmatch(EXPECTED[name], output)


def run_to_the_end(handler: Any) -> None:
    """Invoke a Lambda function until it is done, as a state machine does."""
    event = {"repository": "team/builds", "token": None}
    invocations = 0
    while not event.get("done"):
        event = handler(event, Context())
        invocations += 1
    assert invocations == 3


def test_untagged_images_are_deleted_on_request_only(ecr: FakeECR, capsys: pytest.CaptureFixture[str]) -> None:
    """Without `--delete` the program prints what it would delete."""
    run(EXAMPLES / "delete_untagged.py", ["team/app"])

    assert capsys.readouterr().out == f"sha256:{2:064}\n"
    assert {request.operation for request in ecr.requests} == {"DescribeImages", "BatchGetImage"}


def test_nothing_is_deleted_if_an_index_cannot_be_read(ecr: FakeECR) -> None:
    """The manifest of an archived index cannot be read, so its children are not known."""
    ecr.add_index("team/app", [f"sha256:{2:064}"], status="ARCHIVED")

    with pytest.raises(SystemExit, match="cannot read every index"):
        run(EXAMPLES / "delete_untagged.py", ["team/app", "--delete"])
