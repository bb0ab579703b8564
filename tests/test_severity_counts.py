from __future__ import annotations

import copy
import pickle
from typing import Any

import attrs
import pytest

from ecrimages import FindingSeverity, SeverityCounts

COUNTS = SeverityCounts({"HIGH": 3, FindingSeverity.CRITICAL: 1, "UNTRIAGED": 2})


def test_it_is_a_mapping() -> None:
    """It holds what ECR returned, and nothing else, by plain strings and by enum values."""
    assert COUNTS == {"HIGH": 3, "CRITICAL": 1, "UNTRIAGED": 2}
    assert dict(COUNTS) == {"HIGH": 3, "CRITICAL": 1, "UNTRIAGED": 2}
    assert COUNTS[FindingSeverity.HIGH] == COUNTS["HIGH"] == 3
    assert {type(key) for key in COUNTS} == {str}
    assert len(COUNTS) == 3
    assert COUNTS.get("LOW") is None
    with pytest.raises(KeyError):
        COUNTS["LOW"]


def test_documented_severities_are_attributes() -> None:
    """An attribute is 0 where the response had no count, and the total has unknown severities too."""
    every = SeverityCounts({str(severity): number for number, severity in enumerate(FindingSeverity, 1)})

    assert [getattr(every, severity.lower()) for severity in FindingSeverity] == [1, 2, 3, 4, 5, 6]
    assert (COUNTS.critical, COUNTS.high, COUNTS.medium, COUNTS.low) == (1, 3, 0, 0)
    assert (COUNTS.informational, COUNTS.undefined) == (0, 0)
    assert COUNTS.total == 6
    assert SeverityCounts().total == 0


def test_it_cannot_be_changed() -> None:
    """It has its own copy of the counts, and refuses to be changed."""
    counts: Any = dict(COUNTS)
    frozen: Any = SeverityCounts(counts)
    counts.clear()

    assert frozen == COUNTS
    with pytest.raises(TypeError):
        frozen["HIGH"] = 0
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        frozen.high = 0
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del frozen._items


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_it_can_be_hashed_copied_and_pickled(duplicate: Any) -> None:
    """The order of the counts is not a part of the value."""
    reordered = SeverityCounts({"UNTRIAGED": 2, "CRITICAL": 1, "HIGH": 3})

    assert hash(reordered) == hash(COUNTS)
    assert reordered == COUNTS == duplicate(COUNTS)
    assert repr(duplicate(COUNTS)) == "SeverityCounts({'HIGH': 3, 'CRITICAL': 1, 'UNTRIAGED': 2})"


@pytest.mark.parametrize("counts", [{1: 1}, {"HIGH": "3"}, {"HIGH": True}, {"HIGH": None}, {"HIGH": 1.0}])
def test_wrong_types_are_refused(counts: Any) -> None:
    """A severity is a string and a count an int."""
    with pytest.raises(TypeError, match="severity"):
        SeverityCounts(counts)


@pytest.mark.parametrize("counts", [[("HIGH", 1)], "HIGH", 0, False, ()])
def test_only_a_mapping_is_taken(counts: Any) -> None:
    """Falsy values are refused too, except for None."""
    with pytest.raises(TypeError, match=r"^counts must be a mapping of severity to count"):
        SeverityCounts(counts)
