from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

import ecrimages
from ecrimages import FindingSeverity, SeverityCounts
from ecrimages._mappings import FrozenMapping, freeze, thaw

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
MAPPINGS: list[Mapping[str, Any]] = [
    FrozenMapping({"a": 1, "b": (1, 2)}),
    SeverityCounts({"HIGH": 2, "LOW": 3}),
]


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_a_mapping_reads_as_a_dict(mapping: Mapping[str, Any]) -> None:
    """It has the items, the length, the order and the equality of the dict that it was made of."""
    plain = dict(mapping)

    assert mapping == plain
    assert list(mapping) == list(plain)
    assert len(mapping) == 2
    assert mapping.get("absent", 7) == 7
    assert "absent" not in mapping
    assert isinstance(mapping, Mapping)
    with pytest.raises(KeyError, match="absent"):
        mapping["absent"]


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_a_mapping_cannot_be_changed(mapping: Any) -> None:
    """Neither an item nor an attribute can be set or deleted."""
    before = dict(mapping)

    with pytest.raises(TypeError):
        mapping["a"] = 2
    with pytest.raises(TypeError):
        del mapping["a"]
    for name in ("_items", "new"):
        with pytest.raises(AttributeError):
            setattr(mapping, name, {})
        with pytest.raises(AttributeError):
            delattr(mapping, name)
    for name in ("clear", "pop", "popitem", "setdefault", "update"):
        assert not hasattr(mapping, name)

    assert dict(mapping) == before


def test_a_mapping_keeps_nothing_of_its_source() -> None:
    """A later change to the dict that it was made of does not show."""
    source = {"HIGH": 1}
    mappings = [FrozenMapping(source), SeverityCounts(source)]

    source["HIGH"] = 2

    assert [dict(mapping) for mapping in mappings] == [{"HIGH": 1}, {"HIGH": 1}]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("mapping", MAPPINGS)
def test_a_mapping_survives_pickle(mapping: Mapping[str, Any], protocol: int) -> None:
    """A pickled mapping comes back equal, and of its class."""
    twin = pickle.loads(pickle.dumps(mapping, protocol))

    assert twin == mapping
    assert type(twin) is type(mapping)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_a_mapping_can_be_copied(mapping: Mapping[str, Any]) -> None:
    """A copied mapping is equal, and of its class."""
    for twin in (copy.copy(mapping), copy.deepcopy(mapping)):
        assert twin == mapping
        assert type(twin) is type(mapping)


def test_repr_shows_what_is_in_it() -> None:
    """The repr is what one would write to make it."""
    counts = SeverityCounts({"CRITICAL": 1, "LOW": 2})

    assert repr(counts) == "SeverityCounts({'CRITICAL': 1, 'LOW': 2})"
    assert repr(FrozenMapping()) == "FrozenMapping({})"


def test_documented_severities_are_attributes() -> None:
    """Each severity that ECR documents is an attribute with its count."""
    counts = SeverityCounts({severity: number for number, severity in enumerate(FindingSeverity, start=1)})

    numbers = {severity: getattr(counts, severity.name.lower()) for severity in FindingSeverity}

    assert numbers == dict(counts)
    assert list(numbers.values()) == [1, 2, 3, 4, 5, 6]


def test_severities_that_were_not_sent_are_zero() -> None:
    """An attribute is 0 where ECR sent no count, though the mapping has no such key."""
    counts = SeverityCounts()

    numbers = [getattr(counts, severity.name.lower()) for severity in FindingSeverity]

    assert numbers == [0] * 6
    assert dict(counts) == {}
    assert not counts


def test_an_unknown_severity_is_kept() -> None:
    """A severity that this version does not know is a key like the others."""
    counts = SeverityCounts({"APOCALYPTIC": 1})

    assert counts["APOCALYPTIC"] == 1
    assert sum(counts.values()) == 1


def test_severities_are_plain_strings() -> None:
    """A FindingSeverity as a key is found by its string, is stored as a string, and finds it."""
    counts = SeverityCounts({FindingSeverity.HIGH: 1})

    assert [type(key) for key in counts] == [str]
    assert counts["HIGH"] == counts[FindingSeverity.HIGH] == 1
    assert json.dumps(dict(counts)) == '{"HIGH": 1}'


def test_equal_counts_have_equal_hashes() -> None:
    """The order in which ECR sent the counts means nothing."""
    one = SeverityCounts({"HIGH": 1, "LOW": 2})
    other = SeverityCounts({"LOW": 2, "HIGH": 1})

    assert one == other
    assert hash(one) == hash(other)
    assert one != SeverityCounts({"HIGH": 1})
    assert len({one, other, SeverityCounts()}) == 2


@pytest.mark.parametrize("count", [None, "1", 1.5, True])
def test_a_count_that_is_no_int_is_refused(count: Any) -> None:
    """The error says which severity, and what was wrong with its count."""
    with pytest.raises(TypeError, match=r"^the count of severity 'HIGH' must be an int, not "):
        SeverityCounts({"HIGH": count})


@pytest.mark.parametrize("severity", [None, 1, b"HIGH"])
def test_a_severity_that_is_no_string_is_refused(severity: Any) -> None:
    """The error says what was wrong with the severity."""
    with pytest.raises(TypeError, match=r"^a severity must be a string, such as 'HIGH', not "):
        SeverityCounts({severity: 1})


def test_freeze_goes_all_the_way_down() -> None:
    """Objects and lists inside of each other cannot be changed either."""
    frozen = freeze({"a": [{"b": [1, "x", None]}], "c": MappingProxyType({"d": 1.5})})

    assert frozen == {"a": ({"b": (1, "x", None)},), "c": {"d": 1.5}}
    assert isinstance(frozen, FrozenMapping)
    assert isinstance(frozen["a"], tuple)
    assert isinstance(frozen["a"][0], FrozenMapping)
    assert isinstance(frozen["a"][0]["b"], tuple)
    assert isinstance(frozen["c"], FrozenMapping)


@pytest.mark.parametrize("value", [{"a": [{"b": [1, [2]]}], "c": {}}, [], [[]], "abc", 1, None, True])
def test_thaw_is_the_inverse_of_freeze(value: Any) -> None:
    """What was frozen comes back as plain dicts and lists, which are new ones."""
    thawed = thaw(freeze(value))

    assert thawed == value
    assert json.dumps(thawed) == json.dumps(value)
    assert thawed is not value or not isinstance(value, (dict, list))


def test_severity_counts_is_public() -> None:
    """The class can be imported from the package, and says so."""
    assert ecrimages.SeverityCounts is SeverityCounts
    assert SeverityCounts.__module__ == "ecrimages"
