"""The documentation covers every public name, and every module."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

import ecrimages
import ecrimages.testing

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / "reference.md", *(DOCS / "reference").glob("*.md")]
DIRECTIVE = re.compile(r"^\.\. (?:autoclass|autoexception|py:function|py:data):: (.+(?:\n {17}.+)*)", re.MULTILINE)


@pytest.mark.parametrize("package", [ecrimages, ecrimages.testing], ids=lambda package: package.__name__)
def test_the_reference_has_each_public_name_once(package: ModuleType) -> None:
    """Every name of `__all__` is in the reference exactly once, and nothing else is."""
    signatures = [
        line.strip()
        for page in PAGES
        for found in DIRECTIVE.findall(page.read_text("utf-8"))
        for line in found.splitlines()
    ]
    names = [signature.partition("(")[0].rpartition(".") for signature in signatures]

    assert sorted(name for path, _, name in names if path == package.__name__) == sorted(package.__all__)
