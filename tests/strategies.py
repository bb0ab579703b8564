"""Responses of DescribeImages at random, drawn from botocore's own model of ECR."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from samples import SERVICE

__all__ = ["JSON", "OUTPUT", "SERVICE", "bodies", "details"]

OUTPUT: Any = SERVICE.operation_model("DescribeImages").output_shape

# The model calls all fields optional. These every image has.
_REQUIRED = {"ImageDetail": ["registryId", "repositoryName", "imageDigest", "imagePushedAt"]}
_TEXT = st.text(max_size=8)
_LONG = st.integers(min_value=-1, max_value=2**63 - 1)
# The years 2 to 9998: at the ends, a local time may be out of Python's range.
_OLDEST, _NEWEST = -62_104_060_800, 253_370_764_799
# ECR sends milliseconds. Half a microsecond is rounded up, where boto3 rounds it to the even one.
_TIME = st.integers(_OLDEST, _NEWEST) | st.integers(-4 * 10**15, 4 * 10**15).map(
    lambda microseconds: microseconds / 10**6
)
# What stands where something else should: text in the form of numbers and times, numbers that are none or too large,
# lone surrogates.
_STRANGE: st.SearchStrategy[Any] = st.sampled_from(
    [
        "123",
        "1705072146",
        "2026-01-12T15:02:26Z",
        "2026-01-12T15:02:26.123456789+05:30",
        "Mon, 12 Jan 2026 15:02:26 GMT",
        "\ud800",
        "\u2028\x00",
        float("nan"),
        float("inf"),
        -float("inf"),
        0.5,
        3.0e9,
        -0.0,
        10**25,
        2**64,
        True,
        None,
        [],
        {},
        [None],
    ]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda value: st.lists(value, max_size=3) | st.dictionaries(_TEXT, value, max_size=3),
    max_leaves=6,
)


def _values(shape: Any) -> st.SearchStrategy[Any]:
    match shape.type_name:
        case "structure":
            return _structures(shape)
        case "list":
            return st.lists(_values(shape.member), max_size=3)
        case "map":
            return st.dictionaries(_values(shape.key), _values(shape.value), max_size=3)
        case "string":
            # ECR adds values to its enumerations without notice.
            return st.sampled_from(shape.enum) | _TEXT if shape.enum else _TEXT
        case "timestamp":
            return _TIME
        case "integer" | "long":
            return _LONG
    raise AssertionError(shape.type_name)


def _structures(shape: Any) -> st.SearchStrategy[dict[str, Any]]:
    optional = {name: _values(field) for name, field in shape.members.items()}
    required = {name: optional.pop(name) for name in _REQUIRED.get(shape.name, [])}
    return st.fixed_dictionaries(required, optional=optional)


def details() -> st.SearchStrategy[dict[str, Any]]:
    """Return items of `imageDetails` in wire form, as the model has them."""
    return _structures(SERVICE.shape_for("ImageDetail"))


@st.composite
def bodies(draw: st.DrawFn, *, is_as_modelled: bool = False) -> dict[str, Any]:
    """Return responses: as the model has them, or with a value or two that is something else."""
    items = draw(st.lists(details(), min_size=1, max_size=3))
    for item in items:
        # A page is of one repository, and has an image once.
        item["repositoryName"] = "team/app"
    body = {"imageDetails": items, **draw(st.fixed_dictionaries({}, optional={"nextToken": _TEXT}))}
    if is_as_modelled:
        return body
    for _ in range(draw(st.integers(0, 2))):
        parent, key = draw(st.sampled_from([*_places(body)]))
        parent[key] = copy.deepcopy(draw(_STRANGE | JSON))
    for _ in range(draw(st.integers(0, 1))):
        parent = draw(st.sampled_from([parent for parent, _ in _places(body) if isinstance(parent, dict)]))
        parent[f"new{draw(_TEXT)}"] = draw(JSON)
    return body


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in list(children):
        yield value, key
        yield from _places(child)
