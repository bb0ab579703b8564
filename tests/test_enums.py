from __future__ import annotations

import copy
import json
import pickle
from enum import Enum
from typing import Any

import botocore.session
import pytest

import ecrimages
from ecrimages import FindingSeverity, ImageStatus, ImageStatusFilter, ScanStatus, TagStatus

ENUMS: list[type[Enum]] = [FindingSeverity, ImageStatus, ImageStatusFilter, ScanStatus, TagStatus]
CLOSED: list[type[Enum]] = [ImageStatusFilter, TagStatus]
OPEN: list[type[Enum]] = [FindingSeverity, ImageStatus, ScanStatus]


@pytest.mark.parametrize(
    ("enum", "shape"),
    [
        (FindingSeverity, "FindingSeverity"),
        (ImageStatus, "ImageStatus"),
        (ImageStatusFilter, "ImageStatusFilter"),
        (ScanStatus, "ScanStatus"),
        (TagStatus, "TagStatus"),
    ],
)
def test_every_value_of_the_service_model_is_a_member(enum: type[Enum], shape: str) -> None:
    """An enumeration has each value that botocore's model of ECR knows."""
    model: Any = botocore.session.get_session().get_service_model("ecr").shape_for(shape)

    members = {member.value for member in enum}

    assert set(model.enum) - members == set()


@pytest.mark.parametrize("enum", ENUMS)
def test_a_member_is_its_string(enum: type[Enum]) -> None:
    """A member equals, hashes, prints and formats as the string that ECR uses."""
    member: Any
    for member in enum:
        string = member.name

        assert member == string
        assert member.value == string
        assert hash(member) == hash(string)
        assert str(member) == string
        assert f"{member}" == string
        assert f"{member:>30}" == f"{string:>30}"
        assert json.dumps([member]) == json.dumps([string])
        assert enum(string) is member


@pytest.mark.parametrize("enum", OPEN)
def test_an_unknown_value_of_an_answer_becomes_a_member(enum: Any) -> None:
    """A value that this version does not know is a member that equals its string, and no error."""
    member = enum("NEW_VALUE")

    assert type(member) is enum
    assert member == "NEW_VALUE"
    assert hash(member) == hash("NEW_VALUE")
    assert member == enum("NEW_VALUE")
    assert (member.name, member.value, str(member)) == ("NEW_VALUE", "NEW_VALUE", "NEW_VALUE")
    assert repr(member) == f"<{enum.__name__}.NEW_VALUE: 'NEW_VALUE'>"


@pytest.mark.parametrize("enum", OPEN)
def test_unknown_values_leave_no_trace(enum: type[Enum]) -> None:
    """Unknown values are not kept in the class, which would grow for ever on strange input."""
    before = list(enum)

    enum("NEW_VALUE")

    assert list(enum) == before
    assert "NEW_VALUE" not in enum.__members__


@pytest.mark.parametrize("enum", OPEN)
@pytest.mark.parametrize("value", [None, 1, b"ACTIVE", ["ACTIVE"]])
def test_an_open_enumeration_takes_strings_only(enum: type[Enum], value: object) -> None:
    """What is no string is no value of an open enumeration either."""
    with pytest.raises(ValueError, match="is not a valid"):
        enum(value)


@pytest.mark.parametrize("enum", CLOSED)
def test_an_unknown_argument_is_refused(enum: type[Enum]) -> None:
    """The enumerations of arguments are closed: a misspelt value is an error."""
    with pytest.raises(ValueError, match="'tagged' is not a valid"):
        enum("tagged")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("enum", ENUMS)
def test_members_survive_pickle(enum: type[Enum], protocol: int) -> None:
    """A pickled member comes back as the very same object."""
    for member in enum:
        assert pickle.loads(pickle.dumps(member, protocol)) is member


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("enum", OPEN)
def test_unknown_members_survive_pickle_and_copy(enum: type[Enum], protocol: int) -> None:
    """An unknown member comes back from pickle and copy equal, and of its class."""
    member = enum("NEW_VALUE")

    for twin in (pickle.loads(pickle.dumps(member, protocol)), copy.copy(member), copy.deepcopy(member)):
        assert twin == member
        assert type(twin) is enum


def test_enumerations_are_public() -> None:
    """Each enumeration can be imported from the package, and says so."""
    for enum in ENUMS:
        assert getattr(ecrimages, enum.__name__) is enum
        assert enum.__module__ == "ecrimages"
