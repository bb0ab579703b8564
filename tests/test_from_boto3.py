from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import botocore.session
import pytest
from botocore.model import ListShape, OperationModel, Shape, StructureShape

import ecrimages

GUIDE = Path(__file__).parents[1] / "docs" / "guides" / "from-boto3.md"


@pytest.fixture(scope="module")
def operation() -> OperationModel:
    """The operation, as botocore describes it."""
    return botocore.session.get_session().get_service_model("ecr").operation_model("DescribeImages")


def rows(heading: str) -> list[list[str]]:
    """Return the rows of the table under a heading, without the head."""
    _, _, after = GUIDE.read_text("utf-8").partition(f"\n## {heading}\n")
    section, _, _ = after.partition("\n## ")
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(heading: str) -> list[str]:
    """Return the first column of the table under a heading."""
    return [row[0].strip("`") for row in rows(heading)]


def members(shape: Shape | None, prefix: str = "") -> Iterator[str]:
    """Give the members of a shape and of those within it, by their paths."""
    if isinstance(shape, ListShape):
        # A list of strings has no members of its own.
        if isinstance(shape.member, StructureShape):
            yield from members(shape.member, prefix.removesuffix(".") + "[].")
    elif isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            # Which is nothing but its members.
            if name != "filter":
                yield prefix + name
            yield from members(member, prefix + name + ".")


def test_every_member_of_a_request_is_in_the_table(operation: OperationModel) -> None:
    """The table of the request has what botocore's model has, and nothing else."""
    assert sorted(names("Request")) == sorted(members(operation.input_shape))


def test_every_member_of_an_answer_is_in_the_table(operation: OperationModel) -> None:
    """The table of the answer has what botocore's model has, and nothing else."""
    assert sorted(names("Answer")) == sorted(members(operation.output_shape))


def test_every_error_is_in_the_table(operation: OperationModel) -> None:
    """The table of the errors has what botocore's model has, and nothing else."""
    assert sorted(names("Errors")) == sorted(shape.name for shape in operation.error_shapes)


@pytest.mark.parametrize("heading", ["Answer", "Errors"])
def test_the_names_here_exist(heading: str) -> None:
    """What the tables say is here can be imported, and fields are fields of their records."""
    for row in rows(heading):
        record, _, field = row[1].strip("`").partition(".")

        known = getattr(ecrimages, record)

        assert not field or field in {attribute.name for attribute in attrs.fields(known)}


def test_what_a_missing_member_becomes_is_true() -> None:
    """The third column says what a record has where ECR said nothing."""
    for _, here, missing in rows("Answer"):
        record, _, field = here.strip("`").partition(".")
        default = getattr(attrs.fields(getattr(ecrimages, record)), field).default

        is_required = default is attrs.NOTHING

        assert missing.strip("`") == ("MalformedResponseError" if is_required else repr(default))
