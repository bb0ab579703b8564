from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "promises.md"
TEXT = PAGE.read_text("utf-8")
NAMED = re.findall(r"`(tests/\w+\.py)::(\w+)`", TEXT)


@pytest.mark.parametrize(("file", "test"), sorted(set(NAMED)))
def test_a_promise_is_held_by_a_test(file: str, test: str) -> None:
    """Each test that the page names is a function in that file."""
    module = ast.parse((ROOT / file).read_text("utf-8"))

    assert test in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}


def test_each_promise_names_its_test() -> None:
    """No promise stands on the page without a test."""
    promises = re.split(r"\n(?=- |#)", TEXT)

    assert [text for text in promises if text.startswith("- ") and "::test_" not in text] == []
    assert len(NAMED) == TEXT.count("::")
