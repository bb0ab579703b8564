from __future__ import annotations

import ast
import inspect
import re
from types import ModuleType

import pytest
from samples import SERVICE, needs_image_status

from ecrimages import _enums, _errors, _image_id, _models, _uri


def attribute_docstrings(module: ModuleType) -> dict[str, str | None]:
    """Return the docstring of each field, member and annotated attribute of a module's public classes."""
    docstrings = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for statement, following in zip(node.body, [*node.body[1:], None], strict=True):
                if isinstance(statement, (ast.AnnAssign, ast.Assign)):
                    target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
                    docstrings[f"{node.name}.{ast.unparse(target)}"] = _docstring(following)
    return {name: text for name, text in docstrings.items() if "._" not in name}


def _docstring(statement: ast.stmt | None) -> str | None:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return str(statement.value.value)
    return None


@pytest.mark.parametrize("module", [_enums, _models, _image_id, _uri])
def test_every_field_and_member_has_a_docstring(module: ModuleType) -> None:
    """Editors and the reference can tell what each field of a record and each value means."""
    docstrings = attribute_docstrings(module)

    assert docstrings
    assert [name for name, text in docstrings.items() if not text] == []


def test_every_attribute_of_an_error_has_a_docstring() -> None:
    """Editors and the reference can tell what each error carries, where it is not the parent's to say."""
    docstrings = attribute_docstrings(_errors)
    inherited = {"ServerError.retryable", "ThrottlingError.retryable", "TransportError.fmt"}

    assert len(docstrings) > 10
    assert {name for name, text in docstrings.items() if not text} <= inherited


@needs_image_status
@pytest.mark.parametrize(
    ("record", "shape"),
    [
        ("Image", "ImageDetail"),
        ("ImageId", "ImageIdentifier"),
        ("ImageScanFindingsSummary", "ImageScanFindingsSummary"),
        ("ImageScanStatus", "ImageScanStatus"),
    ],
)
def test_every_field_tells_the_name_that_ecr_gives_it(record: str, shape: str) -> None:
    """Each docstring ends with ECR's name of the field, and together they have each name of the shape once."""
    model = SERVICE.shape_for(shape)
    docstrings = {
        name: text or ""
        for module in (_models, _image_id)
        for name, text in attribute_docstrings(module).items()
        if name.startswith(f"{record}.") and not name.endswith(".extra")
    }

    names = [re.findall(r"ECR:\s+`(\w+)`\.$", text) for text in docstrings.values()]

    assert sorted(names) == sorted([name] for name in model.members)
