"""What may import what: each module knows those below it, and boto3 is met in one place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import ecrimages

PACKAGE = Path(ecrimages.__file__).parent

# From the ground up; a module may import those of its own floor and below.
FLOORS = [
    {"_version", "_names", "_enums", "_mappings", "_models", "_errors", "_error_tables"},
    {"_members", "_decode", "_wire", "_request"},
    {"_transport"},
    {"_iterator", "_lookup"},
    {"_client"},
    {"_functions"},
    {"__init__"},
]
FLOOR = {module: number for number, floor in enumerate(FLOORS) for module in floor}
# `Image.from_dict()` is where people look for it; what it does is written one floor up.
UPWARDS = {("_models", "_members")}
OUTSIDE = {
    "_errors": {"botocore.exceptions"},
    "_error_tables": {"botocore.exceptions"},
    "_transport": {"botocore.exceptions"},
    "_client": {"boto3", "botocore.config"},
}


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
            # `from ecrimages import _members` names a module, `from attrs.exceptions import …` does not.
            module = node.module or ""
            names |= {f"{module}.{alias.name}" if module == "ecrimages" else module for alias in node.names}
    return names


@pytest.mark.parametrize("module", sorted(FLOOR))
def test_a_module_imports_what_is_below_it(module: str) -> None:
    """No module imports one of a floor above it."""
    imported = {
        name.partition(".")[2] for name in imports_of(PACKAGE / f"{module}.py") if "ecrimages" in name
    }

    above = {name for name in imported if FLOOR[name] > FLOOR[module] and (module, name) not in UPWARDS}

    assert above == set()


@pytest.mark.parametrize("module", sorted(FLOOR))
def test_boto3_is_met_in_few_places(module: str) -> None:
    """Only the facade imports boto3, and botocore is known for its exceptions."""
    imported = imports_of(PACKAGE / f"{module}.py")

    boto = {name for name in imported if name.partition(".")[0] in {"boto3", "botocore"}}

    assert boto == OUTSIDE.get(module, set())


def test_each_module_has_its_floor() -> None:
    """No module of the package stands outside of the order."""
    assert {path.stem for path in PACKAGE.glob("*.py")} == set(FLOOR)


def test_the_fake_knows_the_records_only() -> None:
    """`ecrimages.testing` shares nothing with what it is to test but the records."""
    imported = set()
    for path in (PACKAGE / "testing").glob("*.py"):
        imported |= {name for name in imports_of(path) if name.startswith("ecrimages.")}

    shared = {name for name in imported if not name.startswith("ecrimages.testing.")}

    assert shared == {"ecrimages._models", "ecrimages._names"}
