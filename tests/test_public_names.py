"""The public names: what is there, resolves at run time, and works with attrs' own ecosystem."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import cattrs
import pytest
from botocore.config import Config
from samples import DETAIL, UNTAGGED, detail

import ecrimages
import ecrimages.testing
from ecrimages import Client, Image, ImageId, ImagePage, ImageScanFindingsSummary, ImageScanStatus, SeverityCounts

MODULES = [ecrimages, ecrimages.testing]
NAMES = [(module, name) for module in MODULES for name in module.__all__]
CLASSES = [getattr(module, name) for module, name in NAMES if inspect.isclass(getattr(module, name))]
RECORDS = [Image, ImageScanStatus, ImageScanFindingsSummary, ImagePage, ImageId, ecrimages.ImageURI]


@pytest.mark.parametrize("module", MODULES)
def test_all_is_sorted_and_whole(module: Any) -> None:
    """`__all__` has each public name once, in order, and nothing else is offered at the prompt."""
    there = {name for name, value in vars(module).items() if not name.startswith("_") and not inspect.ismodule(value)}
    names = [getattr(module, name) for name in module.__all__]

    assert module.__all__ == sorted(set(module.__all__))
    assert there - {"annotations", "TYPE_CHECKING", "Any"} <= set(module.__all__)
    assert all(value is not None for value in names)
    assert set(module.__all__) <= set(dir(module))


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The error for a missing name is the one that any module raises."""
    with pytest.raises(AttributeError, match="module 'ecrimages' has no attribute 'describe_image'"):
        _ = ecrimages.describe_image  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", CLASSES, ids=lambda value: value.__name__)
def test_a_class_is_known_by_its_public_module(value: type) -> None:
    """Tracebacks, pickles and documentation name the module that people import from."""
    assert value.__module__ in {"ecrimages", "ecrimages.testing"}
    assert value.__doc__


def callables_of(value: Any) -> Iterator[Callable[..., Any]]:
    """Yield a function, or the methods and properties that a class defines."""
    if not inspect.isclass(value):
        if callable(value) and not typing.get_origin(value):
            yield value
        return
    for name, attribute in vars(value).items():
        if name.startswith("_") and name not in {"__init__", "__iter__", "__next__", "__enter__", "__anext__"}:
            continue
        function = attribute.fget if isinstance(attribute, property) else getattr(attribute, "__func__", attribute)
        if inspect.isfunction(function):
            yield function


@pytest.mark.parametrize(("module", "name"), NAMES, ids=lambda value: value if isinstance(value, str) else "")
def test_the_types_of_public_names_resolve(module: Any, name: str) -> None:
    """typing.get_type_hints() works on each public class, function, method and property."""
    value = getattr(module, name)

    if inspect.isclass(value):
        typing.get_type_hints(value)
    for function in callables_of(value):
        # The fake imports boto3 for its client() only.
        typing.get_type_hints(function, localns={"Config": Config, "ECRClient": object})


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_attrs_resolves_the_types_of_records(record: type) -> None:
    """attrs.resolve_types() works, and leaves no type as a string."""
    attrs.resolve_types(record)

    assert [field.name for field in attrs.fields(record) if isinstance(field.type, str)] == []


@pytest.mark.parametrize("item", [DETAIL, UNTAGGED, detail(newField=[1])], ids=["full", "bare", "new"])
def test_cattrs_structures_records(item: dict[str, Any]) -> None:
    """A record survives cattrs' JSON converter, which applications write their own classes with."""
    from cattrs.preconf.json import make_converter

    converter = make_converter()
    converter.register_structure_hook(SeverityCounts, lambda value, _: SeverityCounts(value))
    image = Image.from_dict(item)

    twin = converter.loads(converter.dumps(image), Image)

    assert twin == image
    assert cattrs.structure(cattrs.unstructure(ImageId(tag="v1")), ImageId) == ImageId(tag="v1")


def test_a_default_converter_unstructures_an_image() -> None:
    """The default converter of cattrs makes plain data of an image."""
    plain = cattrs.unstructure(Image.from_dict(DETAIL))

    assert plain["digest"] == DETAIL["imageDigest"]
    assert plain["scan_status"]["status"] == "COMPLETE"


def test_users_can_write_the_type_of_a_client() -> None:
    """AnyECRClient is what Client() takes, for the annotations of applications."""
    hints = typing.get_type_hints(Client.__init__)

    assert set(typing.get_args(hints["ecr"])) - {type(None)} == set(typing.get_args(ecrimages.AnyECRClient))
