from __future__ import annotations

import re
import runpy
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ecrimages.testing import FakeECR

QUICKSTART = Path(__file__).parents[1] / "docs" / "examples" / "quickstart.py"
ROW = re.compile(r"\S.*? +[0-9a-f]{12} +\d+ (?:min|h|d) +\d+\.\d MB   \S.*")


def run_quickstart(*arguments: str) -> None:
    """Run the example as `python quickstart.py …` does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(QUICKSTART), *arguments])
        patch.syspath_prepend(QUICKSTART.parent)
        runpy.run_path(str(QUICKSTART), run_name="__main__")


@pytest.mark.usefixtures("bare_environment")
def test_the_demo_needs_no_account(capsys: pytest.CaptureFixture[str]) -> None:
    """Without arguments the newest of a few thousand invented images are listed, with totals."""
    run_quickstart()

    output, errors = capsys.readouterr()
    table, totals, findings, storage, explanation, requests = output.split("\n\n")
    head, *rows = table.splitlines()
    assert errors == ""
    assert head.split() == ["TAGS", "DIGEST", "PUSHED", "SIZE", "FINDINGS"]
    assert [row for row in rows if not ROW.fullmatch(row)] == []
    assert len(rows) == 10
    assert rows[0].startswith("v6.0.0, latest ")
    assert re.fullmatch(r"2,640 images, \d+ untagged, \d+\.\d GB", totals)
    assert re.findall(r"^  (\S.*?)  +(?:█|#)+ [\d,]+$", findings, re.MULTILINE) == [
        "critical",
        "high",
        "lower only",
        "none found",
        "not reported",
    ]
    assert len(re.findall(r"(?:█|#) \d+\.\d GB$", storage, re.MULTILINE)) == 4
    assert explanation.startswith("Not reported does not mean clean.")
    assert re.fullmatch(r"2,640 images, 3 requests, \d+\.\d s, from a local fake ECR\.\n.*\n", requests)


def test_the_demo_lists_a_repository_of_the_users(capsys: pytest.CaptureFixture[str]) -> None:
    """With `--repository` the credentials and settings of the environment are used."""
    with FakeECR() as ecr, ecr.activated():
        ecr.add_image("my/own", tags=["v1"], size_in_bytes=1_500_000, pushed_at=datetime.now(UTC))

        run_quickstart("--repository", "my/own")

    output, errors = capsys.readouterr()
    assert errors == ""
    assert re.search(r"^v1 +[0-9a-f]{12} +0 min +1\.5 MB   not reported$", output, re.MULTILINE)
    assert "\n1 images, 0 untagged, 1.5 MB\n" in output
    assert re.search(r"^  not reported  +(?:█|#){40} 1$", output, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--repository", "gone"],
            "quickstart: The repository with name 'gone' does not exist in the registry",
        ),
        (["--repository", "My App"], "quickstart: repository_name must be "),
        (["--repository", "app", "--profile", "none"], "quickstart: The config profile (none) could not be"),
    ],
)
def test_the_demo_says_in_one_line_what_is_wrong(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error ends the program with one line, and no traceback."""
    with FakeECR() as ecr, ecr.activated(), pytest.raises(SystemExit) as caught:
        run_quickstart(*arguments)

    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert capsys.readouterr() == ("", "")
