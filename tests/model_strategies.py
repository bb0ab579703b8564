"""What DescribeImages may answer, at random: drawn from botocore's own model of ECR."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import botocore.session
from hypothesis import settings, strategies as st

__all__ = [
    "IMAGE_DETAIL",
    "JSON",
    "OUTPUT",
    "SERVICE",
    "WITHOUT_DEADLINE",
    "Place",
    "alike_image_details",
    "image_details",
    "odd_image_details",
    "places_in",
    "replaced",
]

SERVICE: Any = botocore.session.get_session().get_service_model("ecr")
OUTPUT: Any = SERVICE.operation_model("DescribeImages").output_shape
IMAGE_DETAIL: Any = SERVICE.shape_for("ImageDetail")

# How long an example takes depends on the machine.
WITHOUT_DEADLINE = settings(deadline=None)

# The model calls all members optional. These every image has, and these every image of ECR's own.
_REQUIRED = {"ImageDetail": ["registryId", "repositoryName", "imageDigest", "imagePushedAt"]}
_PLAIN = {**_REQUIRED, "ImageScanStatus": ["status"]}

Place = tuple["str | int", ...]

_TEXT = st.text(max_size=12)
_LONG = st.integers(min_value=-1, max_value=2**63 - 1)
# From the year 2 to 9998: in the years at the ends, a local time may be out of Python's range.
_OLDEST, _NEWEST = -62_104_060_800, 253_370_764_799
_TIME = (
    st.integers(_OLDEST, _NEWEST)
    | st.floats(_OLDEST, _NEWEST)
    | st.integers(0, 4_000_000_000_000).map(lambda milliseconds: milliseconds / 1000)
)

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda value: st.lists(value, max_size=3) | st.dictionaries(_TEXT, value, max_size=3),
    max_leaves=6,
)
_UNKNOWN = st.dictionaries(_TEXT.map("new".__add__), JSON, max_size=2)


def _string(shape: Any) -> st.SearchStrategy[Any]:
    # ECR adds values to its enumerations without notice.
    return st.sampled_from(shape.enum) | _TEXT if shape.enum else _TEXT


_SCALARS: Mapping[str, Callable[[Any], st.SearchStrategy[Any]]] = {
    "integer": lambda _: _LONG,
    "long": lambda _: _LONG,
    "string": _string,
    "timestamp": lambda _: _TIME,
}


def _values(shape: Any, plain: bool) -> st.SearchStrategy[Any]:
    if shape.type_name == "structure":
        return _structures(shape, plain)
    if shape.type_name == "list":
        return st.lists(_values(shape.member, plain), max_size=3)
    if shape.type_name == "map":
        return st.dictionaries(_values(shape.key, plain), _values(shape.value, plain), max_size=3)
    return _SCALARS[shape.type_name](shape)


def _structures(shape: Any, plain: bool) -> st.SearchStrategy[dict[str, Any]]:
    optional = {name: _values(member, plain) for name, member in shape.members.items()}
    always = (_PLAIN if plain else _REQUIRED).get(shape.name, [])
    required = {name: optional.pop(name) for name in always}
    structures = st.fixed_dictionaries(required, optional=optional)
    if plain:
        return structures
    nulls = st.dictionaries(st.sampled_from(sorted(optional)), st.none(), max_size=2)
    return st.builds(dict.__or__, structures, st.just({}) | nulls | _UNKNOWN)


def image_details(*, plain: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    """Return members of `imageDetails` in wire form; if not plain, some have nulls and unknown members."""
    return _structures(IMAGE_DETAIL, plain)


@st.composite
def odd_image_details(draw: st.DrawFn) -> Any:
    """Return members of `imageDetails` of which one value, somewhere, is replaced by another."""
    detail = draw(image_details())
    return replaced(detail, draw(st.sampled_from(list(places_in(detail)))), draw(JSON))


@st.composite
def alike_image_details(draw: st.DrawFn) -> list[Any]:
    """Return a few members of `imageDetails`: one and the same, but for a value or two here and there."""
    details = [draw(image_details(plain=True))]
    for _ in range(draw(st.integers(1, 4))):
        like = draw(st.sampled_from(details))
        place = draw(st.sampled_from([place for place in places_in(like) if place]))
        value = draw(st.none() | _TEXT | _TIME | JSON)
        details.append(draw(st.sampled_from([like, replaced(like, place, value)])))
    return details


def places_in(value: Any, place: Place = ()) -> Iterator[Place]:
    """Return the way to each value in JSON-like data, the whole included."""
    yield place
    if isinstance(value, dict):
        for name, item in value.items():
            yield from places_in(item, (*place, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places_in(item, (*place, index))


def replaced(value: Any, place: Place, item: Any) -> Any:
    """Return a copy of JSON-like data that has `item` in one place."""
    if not place:
        return item
    value = copy.deepcopy(value)
    parent = value
    for step in place[:-1]:
        parent = parent[step]
    parent[place[-1]] = item
    return value
