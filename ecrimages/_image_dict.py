"""Between an item of `imageDetails` and its record: `from_dict()` and `to_dict()`, derived from the fields.

A record's field carries its wire name in its metadata, and its type in its annotation. All else follows from
these: how a value is read from a dict and written to one, and the structs of the fast path in `_response`. A
null means the same as an absent field, and an unknown field goes into `extra`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, get_args, get_origin

import attrs

from ecrimages._errors import MalformedResponseError
from ecrimages._mappings import SeverityCounts, thaw
from ecrimages._redaction import excerpt, printable, redacted

__all__ = [
    "TIME_TYPES",
    "RecordField",
    "fields_of",
    "is_enum",
    "record_from_dict",
    "record_to_dict",
    "times",
    "wire",
]

_T = TypeVar("_T")
# While freezegun freezes the time of a test, `datetime` is a subclass, in every module and for those imported then, and
# msgspec takes only the class itself. In a tuple it is not replaced.
TIME_TYPES: Final[tuple[type[datetime]]] = (next(base for base in datetime.__mro__ if base.__module__ == "datetime"),)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ]((?:[01]\d|2[0-3]):\d\d:\d\d)(?:(\.\d{1,6})\d*)?(Z|[+-]\d\d:?\d\d)", re.ASCII
)


def wire(name: str, *, repeats: bool = False) -> dict[str, Any]:
    """Return the metadata of a record's field.

    Args:
        name: ECR's own name.
        repeats: Whether the images of a repository have few different values: each is then converted, and kept
            in memory, once a page.
    """
    return {"wire": name, "repeats": repeats}


@attrs.frozen(eq=False, repr=False)
class RecordField:
    """What is known of a record's field."""

    name: str
    """The attribute of the record."""
    wire: str
    """ECR's own name."""
    type: Any
    """What the attribute holds, if it is not None."""
    is_required: bool
    default: Any
    """What an absent field means."""
    repeats: bool
    """Whether few different values are expected in a page."""
    read: Callable[[Any], Any]
    """From the value in a dict, in wire form or boto3's; raises `_UnreadableError`."""

    @property
    def is_time(self) -> bool:
        """Whether the attribute holds a time."""
        return self.read is _time


@functools.cache
def fields_of(record_class: Any) -> tuple[RecordField, ...]:
    """Return the fields of a record class that ECR has a name for."""
    attrs.resolve_types(record_class)
    return tuple(
        RecordField(
            name=field.name,
            wire=field.metadata["wire"],
            type=(value_type := _without_none(field.type)),
            is_required=field.default is attrs.NOTHING,
            default=field.default,
            repeats=field.metadata["repeats"],
            read=_reader_of(value_type),
        )
        for field in attrs.fields(record_class)
        if field.metadata
    )


def record_from_dict(record_class: type[_T], item: object, path: str = "") -> _T:
    """Return the record in a dict; `path` is where the dict stands in the response.

    Raises:
        MalformedResponseError: A field is missing, of a wrong type or out of range.
    """
    try:
        record: _T = _record(record_class, item)
    except _UnreadableError as unreadable:
        problem, place = str(unreadable), path + unreadable.path
    except RecursionError:
        problem, place = "nested too deeply", path
    else:
        return record
    raise MalformedResponseError(problem, path=place.lstrip("."))


def record_to_dict(record: Any, *, wire: bool = False, with_extra: bool = True) -> dict[str, Any]:
    """Return a record as a dict with ECR's own names, in wire form or in boto3's."""
    written: dict[str, Any] = {}
    for field in fields_of(record.__class__):
        value = getattr(record, field.name)
        # ECR has no empty list of tags: an untagged image has no such field.
        if value is None or value == ():
            continue
        if attrs.has(type(value)):
            value = record_to_dict(value, wire=wire, with_extra=with_extra)
        elif isinstance(value, datetime):
            value = _epoch_seconds(value) if wire else value
        else:
            value = value.value if isinstance(value, Enum) else thaw(value)
        written[field.wire] = value
    if not with_extra:
        return written
    extra = thaw(record.extra)
    return {**written, **(_in_wire_form(extra) if wire else extra)}


def _time(value: object) -> datetime:
    if isinstance(value, str):
        # The AWS CLI prints times in ISO 8601, and its output is often what was saved.
        value = _iso_time(value)
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise _expected("a time with its zone", value)
    elif not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _expected("a time in epoch seconds, or an aware datetime", value)
    try:
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        [time] = times([value])
    except (ValueError, OverflowError):
        raise _expected("a time between the years 1 and 9999", value) from None
    return time


def times(seconds: list[float]) -> list[datetime]:
    """Return the times in epoch seconds; a None stays None. One call for many is four times as fast as one for each.

    Raises:
        ValueError: One is not between the years 1 and 9999.
    """
    # Not imported before it is needed.
    from msgspec import MsgspecError, convert

    try:
        found: list[datetime] = convert(seconds, list[TIME_TYPES[0] | None], strict=False)  # type: ignore[valid-type]
    except MsgspecError as error:
        # In older versions, it is not a ValueError.
        raise ValueError(str(error)) from None
    return found


class _UnreadableError(Exception):
    """A value is not what it should be: says what is wrong, and where below it."""

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(problem)
        self.path = path


def _expected(what: str, value: object) -> _UnreadableError:
    return _UnreadableError(f"expected {what}, not {excerpt(value)}")


def _iso_time(text: str) -> datetime:
    if found := _ISO_TIME.fullmatch(text):
        date, clock, fraction, zone = found.groups(default="")
        with suppress(ValueError):
            return TIME_TYPES[0].fromisoformat(f"{date}T{clock}{fraction}{zone}")
    raise _expected("a time in epoch seconds, or in ISO 8601 with its zone", text)


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) is not UnionType:
        return annotation
    [value_type] = [item for item in get_args(annotation) if item is not NoneType]
    return value_type


def _reader_of(value_type: Any) -> Callable[[Any], Any]:
    if attrs.has(value_type):
        return functools.partial(_record, value_type)
    if is_enum(value_type):
        return lambda value: value_type(_string(value))
    return _READERS[value_type]


def is_enum(value_type: Any) -> bool:
    """Whether the values of a field belong to an enumeration."""
    return isinstance(value_type, type) and issubclass(value_type, Enum)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise _expected("a string", value)
    return value


def _integer(value: object) -> int:
    # JSON has one kind of number, and some encoders write a long as 3.7E9.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _expected("an integer", value)
    return value


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise _expected("a list of strings", value)
    return tuple(_located(f"[{index}]", _string, item) for index, item in enumerate(value) if item is not None)


def _severity_counts(value: object) -> SeverityCounts:
    if not isinstance(value, Mapping):
        raise _expected("an object of severities and counts", value)
    return SeverityCounts(
        {_string(severity): _count(severity, count) for severity, count in value.items() if count is not None}
    )


def _count(severity: str, value: object) -> int:
    try:
        return _integer(value)
    except _UnreadableError as unreadable:
        # Only now: what removes secrets from it takes longer than all else.
        unreadable.path = f".{printable(redacted(severity), 60)}"
        raise


_READERS: Mapping[Any, Callable[[Any], Any]] = {
    str: _string,
    int: _integer,
    datetime: _time,
    tuple[str, ...]: _strings,
    SeverityCounts: _severity_counts,
}


def _located(place: str, read: Callable[[Any], _T], value: object) -> _T:
    try:
        return read(value)
    except _UnreadableError as unreadable:
        unreadable.path = place + unreadable.path
        raise


def _record(record_class: Any, item: object) -> Any:
    if not isinstance(item, Mapping):
        raise _expected("an object", item)
    fields = {field.wire: field for field in fields_of(record_class)}
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in item.items():
        if value is None:
            continue
        if field := fields.get(name):
            values[field.name] = _located(f".{name}", field.read, value)
        else:
            extra[name] = value
    for field in fields.values():
        if field.is_required and field.name not in values:
            raise _UnreadableError(_why_missing(field.wire, extra), f".{field.wire}")
    return record_class(**values, **({"extra": extra} if extra else {}))


def _why_missing(name: str, extra: Mapping[str, Any]) -> str:
    if "imageDetails" in extra:
        return "missing: this is a whole response; take the items of its 'imageDetails' one by one"
    for other in extra:
        if str(other).replace("_", "").lower() == name.lower():
            return f"missing: ECR's own name is {name!r}, not {excerpt(other)}"
    return "missing"


def _in_wire_form(value: Any) -> Any:
    """Return plain data with epoch seconds for times, which an unknown field has in boto3's form."""
    if isinstance(value, dict):
        return {key: _in_wire_form(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_wire_form(item) for item in value]
    return _epoch_seconds(value) if isinstance(value, datetime) and value.utcoffset() is not None else value


def _epoch_seconds(time: datetime) -> int | float:
    seconds = (time - _EPOCH).total_seconds()
    return int(seconds) if seconds.is_integer() else seconds
