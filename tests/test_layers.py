"""Which module may import which: those of its own layer and below, and boto3 in few places."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import ecrimages

PACKAGE = Path(ecrimages.__file__).parent

# The documentation has the table of layers.
TABLE = (Path(__file__).parents[1] / "docs" / "how-it-works.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d), \w+ \| (.+?) \|", TABLE, re.MULTILINE)
PLACES = [(module, int(number)) for number, modules in ROWS for module in re.findall(r"`(\w+)`", modules)]
LAYER = dict(PLACES)
# By layer, beside the standard library; botocore's exceptions are the bases of the library's own.
FOREIGN = [
    {"attrs", "botocore.exceptions", "msgspec"},
    {"attrs", "botocore", "msgspec"},
    {"attrs"},
    {"attrs", "boto3", "botocore", "msgspec"},
    set(),
    set(),
]


def imports_of(path: Path) -> set[str]:
    """Return the modules that a module imports, at any depth, but for those that only types need."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # `from ecrimages import _errors` names a module, `from attrs.exceptions import …` does not.
            module = node.module or ""
            names |= {f"{module}.{alias.name}" if module == "ecrimages" else module for alias in node.names}
    return names


@pytest.mark.parametrize("module", sorted(LAYER))
def test_a_module_imports_what_is_below_it(module: str) -> None:
    """No module imports one of a layer above, or a library that its layer does not need."""
    imported = imports_of(PACKAGE / f"{module}.py")

    own = {name.removeprefix("ecrimages.") for name in imported if name.startswith("ecrimages.")}
    foreign = {name for name in imported if name.partition(".")[0] not in {"ecrimages", *sys.stdlib_module_names}}

    assert {name for name in own if LAYER[name] > LAYER[module]} == set()
    allowed = FOREIGN[LAYER[module]]
    assert {name for name in foreign if name not in allowed and name.partition(".")[0] not in allowed} == set()


def test_each_module_has_its_layer() -> None:
    """No module stands outside of the order, or twice in it."""
    assert sorted(path.stem for path in PACKAGE.glob("*.py")) == sorted(module for module, _ in PLACES)


@pytest.mark.parametrize("module", sorted(LAYER))
def test_a_module_does_one_job(module: str) -> None:
    """No module is long, but for those whose lines are the documentation of a public class."""
    lines = (PACKAGE / f"{module}.py").read_text("utf-8").splitlines()

    assert len(lines) < (600 if module in {"_client", "_async_client"} else 400)


def test_the_fake_shares_only_the_records() -> None:
    """The fake is not built from the code that is tested with it."""
    imported = set().union(*(imports_of(path) for path in (PACKAGE / "testing").glob("*.py")))

    shared = {name for name in imported if name.startswith("ecrimages.") and not name.startswith("ecrimages.testing.")}

    assert shared <= {"ecrimages._enums", "ecrimages._mappings", "ecrimages._models", "ecrimages._public_names"}
