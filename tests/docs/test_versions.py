"""The supported versions are the same wherever they are written."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PYTHONS = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
LOWEST = dict(dependency.split(">=") for dependency in PROJECT["dependencies"])


def test_the_readme_has_the_supported_versions() -> None:
    """The README names the oldest and newest Python, and the lowest boto3."""
    text = " ".join((ROOT / "README.md").read_text("utf-8").split())

    boto3 = LOWEST["boto3"].removesuffix(".0")
    assert f"Python {PYTHONS[0]} to {PYTHONS[-1]} and boto3 {boto3} or later" in text


def test_the_installation_page_has_the_supported_versions() -> None:
    """The page on installation has the Pythons, and the lowest version of every dependency."""
    text = (ROOT / "docs" / "installation.md").read_text("utf-8")

    rows = dict(re.findall(r"^\| ([\w-]+) \| ([\w.]+(?: to [\d.]+)?)", text, re.MULTILINE))

    assert rows["Python"] == f"{PYTHONS[0]} to {PYTHONS[-1]}"
    assert {name: rows.get(name) for name in LOWEST} == LOWEST
