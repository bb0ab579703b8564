"""The module under which people know what the private modules define."""

from __future__ import annotations

import typing
from collections.abc import Iterable

__all__ = ["publish"]


def publish(module: str, values: Iterable[object]) -> None:
    """Make tracebacks, reprs, pickles and the documentation show classes as those of `module`."""
    for value in values:
        if isinstance(value, type):
            if any(isinstance(annotation, str) for annotation in value.__annotations__.values()):
                # They would be evaluated in the namespace of `module`, which lacks what the private one imports.
                value.__annotations__ = typing.get_type_hints(value)
            value.__module__ = module
