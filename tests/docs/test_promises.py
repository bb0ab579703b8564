"""docs/promises.md names a test for each promise."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "promises.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)


@pytest.mark.parametrize(("file", "test"), sorted(set(NAMED)))
def test_a_named_test_exists(file: str, test: str) -> None:
    """Each test that the page names is a function in that file."""
    module = ast.parse((ROOT / file).read_text("utf-8"))

    assert test in {node.name for node in module.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


def test_each_promise_names_its_test() -> None:
    """Every item of the page's lists has a test."""
    items = [text for text in re.split(r"\n(?=- |#)", TEXT) if text.startswith("- ")]

    assert len(items) > 20
    assert [text for text in items if "::test_" not in text] == []
    assert len(NAMED) == TEXT.count("::")
