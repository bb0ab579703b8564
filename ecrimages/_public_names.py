"""The module under which people know what the private modules define."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["publish"]


def publish(module: str, names: Mapping[str, object]) -> None:
    """Make tracebacks, reprs, pickles and the documentation show classes as those of `module`."""
    for value in names.values():
        if isinstance(value, type):
            value.__module__ = module
