"""The tables of the guide "Coming from boto3" are complete and right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from botocore.model import ListShape, Shape, StructureShape
from samples import SERVICE, needs_image_status

import ecrimages

OPERATION = SERVICE.operation_model("DescribeImages")
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "from-boto3.md"


def rows(heading: str) -> list[list[str]]:
    """Return the rows of the table under a heading, without the header."""
    _, _, after = GUIDE.read_text("utf-8").partition(f"\n## {heading}\n")
    section, _, _ = after.partition("\n## ")
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(heading: str) -> list[str]:
    """Return the first column of the table under a heading."""
    return [row[0].strip("`") for row in rows(heading)]


def paths(shape: Shape | None, prefix: str = "") -> Iterator[str]:
    """Yield the paths of the fields of a shape, nested ones included."""
    if isinstance(shape, ListShape):
        # A list of strings has no fields.
        if isinstance(shape.member, StructureShape):
            yield from paths(shape.member, prefix.removesuffix(".") + "[].")
    elif isinstance(shape, StructureShape):
        for name, field in shape.members.items():
            # `filter` only groups its fields.
            if name != "filter":
                yield prefix + name
            yield from paths(field, prefix + name + ".")


@needs_image_status
def test_every_request_field_is_in_the_table() -> None:
    """The table of the request has the fields of botocore's model, and no others."""
    assert sorted(names("Request")) == sorted(paths(OPERATION.input_shape))


@needs_image_status
def test_every_response_field_is_in_the_table() -> None:
    """The table of the response has the fields of botocore's model, and no others."""
    assert sorted(names("Response")) == sorted(paths(OPERATION.output_shape))


@needs_image_status
def test_every_error_is_in_the_table() -> None:
    """The table of the errors has those of botocore's model, and no others."""
    assert sorted(names("Errors")) == sorted(shape.name for shape in OPERATION.error_shapes)


@pytest.mark.parametrize("heading", ["Response", "Errors"])
def test_the_names_of_this_library_exist(heading: str) -> None:
    """Records and errors can be imported, and fields are fields of their records."""
    for row in rows(heading):
        record, _, field = row[1].strip("`").partition(".")

        known = getattr(ecrimages, record)

        assert not field or field in {attribute.name for attribute in attrs.fields(known)}


def test_the_defaults_of_absent_fields_are_right() -> None:
    """The third column has the default of the field, or the error if it has none."""
    for _, name, absent in rows("Response"):
        record, _, field = name.strip("`").partition(".")

        default = getattr(attrs.fields(getattr(ecrimages, record)), field).default

        is_required = default is attrs.NOTHING
        assert absent.strip("`") == ("MalformedResponseError" if is_required else repr(default))
