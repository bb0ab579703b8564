from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from ecrimages import FindingSeverity, ImageStatus, ImageStatusFilter, ScanStatus, TagStatus

OPEN = [FindingSeverity, ImageStatus, ScanStatus]
CLOSED = [ImageStatusFilter, TagStatus]


@pytest.mark.parametrize("enumeration", [*OPEN, *CLOSED])
def test_a_value_is_its_string(enumeration: Any) -> None:
    """A member equals, prints, formats and serialises as the string that ECR has for it."""
    for member in enumeration:
        assert member == str(member) == f"{member}" == json.loads(json.dumps(member)) == member.name
        assert enumeration(member.value) is member
        assert member.__doc__


@pytest.mark.parametrize("enumeration", OPEN)
@pytest.mark.parametrize("text", ["NEW_VALUE", "", "ü", "new value\n"])
def test_an_unknown_value_is_a_member_that_equals_its_string(enumeration: Any, text: str) -> None:
    """What ECR adds without notice can be compared, hashed, matched and printed, and does not grow the class."""
    member = enumeration(text)

    assert (member, str(member), hash(member), member.value, member.name) == (text, text, hash(text), text, text)
    assert isinstance(member, enumeration)
    assert member not in list(enumeration)


@pytest.mark.parametrize("enumeration", OPEN)
@pytest.mark.parametrize("text", ["ACTIVE", "NEW_VALUE"])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_value_survives_a_pickle_and_a_copy(enumeration: Any, text: str, protocol: int) -> None:
    """Known or not, a member comes out of a pickle and a copy equal and of its class, on every Python."""
    member = enumeration(text)

    for twin in (pickle.loads(pickle.dumps(member, protocol)), copy.copy(member), copy.deepcopy(member)):
        assert twin == member
        assert type(twin) is enumeration


@pytest.mark.parametrize("enumeration", [*OPEN, *CLOSED])
@pytest.mark.parametrize("value", [1, None, b"ACTIVE"])
def test_what_is_no_string_is_no_value(enumeration: Any, value: object) -> None:
    """The enumerations are open for strings only."""
    with pytest.raises(ValueError, match="is not a valid"):
        enumeration(value)


@pytest.mark.parametrize("enumeration", CLOSED)
def test_arguments_are_closed(enumeration: Any) -> None:
    """An argument that ECR does not have is an error."""
    with pytest.raises(ValueError, match="'NEW_VALUE' is not a valid"):
        enumeration("NEW_VALUE")
