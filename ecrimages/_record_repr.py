"""How a record is shown: at the prompt, by rich and by pprint."""

from __future__ import annotations

from collections.abc import Iterator
from pprint import PrettyPrinter
from typing import Any

import attrs

__all__ = ["repr_without_none", "rich_repr"]


def repr_without_none(record: Any) -> str:
    """Return the repr of a record without the fields that are None: sixteen fields are hard to read."""
    return f"{type(record).__name__}({', '.join(f'{name}={value!r}' for name, value in rich_repr(record))})"


def rich_repr(record: Any) -> Iterator[tuple[str, Any]]:
    """Yield the name and value of each field that is shown, as rich's protocol has them."""
    for field in attrs.fields(type(record)):
        if field.repr and (value := getattr(record, field.name)) is not None:
            yield field.name, value


def _pretty_print(  # noqa: PLR0917
    printer: Any, record: Any, stream: Any, indent: int, allowance: int, context: object, level: int
) -> None:
    name = type(record).__name__
    stream.write(f"{name}(")
    items = list(rich_repr(record))
    printer._format_namespace_items(items, stream, indent + len(name) + 1, allowance, context, level)
    stream.write(")")


# pprint has no public way to be told of a class. It finds its own classes in this table, by their __repr__.
if hasattr(PrettyPrinter, "_dispatch") and hasattr(PrettyPrinter, "_format_namespace_items"):  # pragma: no branch
    PrettyPrinter._dispatch[repr_without_none] = _pretty_print
