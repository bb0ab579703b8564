"""Immutable mappings that can be copied and pickled."""

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, TypeVar

from attrs.exceptions import FrozenInstanceError

__all__ = ["FrozenMapping", "SeverityCounts", "freeze", "thaw"]

_V_co = TypeVar("_V_co", covariant=True)


class FrozenMapping(Mapping[str, _V_co]):
    """A read-only dict. `types.MappingProxyType` would do, if it could be pickled and copied."""

    __slots__ = ("_items",)

    _items: dict[str, _V_co]

    def __init__(self, items: Mapping[str, _V_co] | None = None) -> None:
        object.__setattr__(self, "_items", dict(items or {}))

    def __getitem__(self, key: str) -> _V_co:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items!r})"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError

    def __reduce__(self) -> tuple[type, tuple[dict[str, _V_co]]]:
        # The default would set the slot by name, which __setattr__ forbids.
        return type(self), (self._items,)


class SeverityCounts(FrozenMapping[int]):
    """Number of scan findings by severity.

    An immutable, hashable `Mapping` from severity to count, as ECR returned it: sparse, in no particular order,
    and empty if the scan found nothing. The documented severities are also attributes, which are 0 where the
    response had no count. A severity that this version does not know is a key like any other.

    ECR's name: `findingSeverityCounts`
    (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanFindingsSummary.html).

    Args:
        counts: Severity (a string or a `FindingSeverity`) to number of findings.

    Raises:
        TypeError: `counts` is not a mapping, a severity is not a string, or a count is not an int.
    """

    __slots__ = ()

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        counts = {} if counts is None else counts
        if not isinstance(counts, Mapping):
            raise TypeError(f"counts must be a mapping of severity to count, such as {{'HIGH': 1}}, not {counts!r}")
        super().__init__({_severity(key): _count(key, value) for key, value in counts.items()})

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    @property
    def total(self) -> int:
        """Number of findings of all severities."""
        return sum(self._items.values())

    @property
    def critical(self) -> int:
        """Number of CRITICAL findings; 0 if not reported."""
        return self._items.get("CRITICAL", 0)

    @property
    def high(self) -> int:
        """Number of HIGH findings; 0 if not reported."""
        return self._items.get("HIGH", 0)

    @property
    def medium(self) -> int:
        """Number of MEDIUM findings; 0 if not reported."""
        return self._items.get("MEDIUM", 0)

    @property
    def low(self) -> int:
        """Number of LOW findings; 0 if not reported."""
        return self._items.get("LOW", 0)

    @property
    def informational(self) -> int:
        """Number of INFORMATIONAL findings; 0 if not reported."""
        return self._items.get("INFORMATIONAL", 0)

    @property
    def undefined(self) -> int:
        """Number of findings of UNDEFINED severity; 0 if not reported."""
        return self._items.get("UNDEFINED", 0)


def _severity(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a severity must be a string, such as 'HIGH', not {key!r}")
    # str() turns a FindingSeverity into the plain string that ECR sends.
    return str(key)


def _count(key: object, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"the count of severity {str(key)!r} must be an int, not {value!r}")
    return value


def freeze(value: Any) -> Any:
    """Return a copy of JSON-like data in which nothing can be changed."""
    if isinstance(value, FrozenMapping):
        return value
    if isinstance(value, Mapping):
        return FrozenMapping({key: freeze(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return tuple(freeze(item) for item in value)
    return value


def thaw(value: Any) -> Any:
    """Return frozen JSON-like data as plain dicts and lists."""
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [thaw(item) for item in value]
    return value
