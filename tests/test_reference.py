from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

import ecrimages
import ecrimages.testing

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [DOCS / "reference.md", *(DOCS / "reference").glob("*.md")]
DIRECTIVE = re.compile(r"^\.\. (?:auto(?:class|exception|function)|py:data):: ([\w.]+)", re.MULTILINE)


def documented(package: str) -> list[str]:
    """Return the names of a package that the reference has, as often as it has them."""
    names = [name for page in PAGES for name in DIRECTIVE.findall(page.read_text("utf-8"))]
    return sorted(name.rpartition(".")[2] for name in names if name.rpartition(".")[0] == package)


@pytest.mark.parametrize("package", [ecrimages, ecrimages.testing], ids=lambda package: package.__name__)
def test_the_reference_has_each_public_name_once(package: ModuleType) -> None:
    """Whatever can be imported is in the reference, once, and nothing else is."""
    names = documented(package.__name__)

    assert names == sorted(package.__all__)
