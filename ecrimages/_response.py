"""From a response to a page of records: pure functions, no network.

msgspec decodes the usual body straight into structs, from which the records are built field by field. What it
refuses, such as an unknown field, a null in a list or a wrong type, is read by the table of `from_dict()`, which
knows what is allowed and what is wrong where. A test holds both ways equal.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from operator import attrgetter
from typing import Any

import attrs
import msgspec
from msgspec.structs import astuple

from ecrimages._errors import MalformedResponseError
from ecrimages._image_dict import RecordField, fields_of, record_from_dict, record_to_dict
from ecrimages._mappings import SeverityCounts
from ecrimages._models import NO_EXTRA, Image, ImagePage
from ecrimages._redaction import excerpt, redacted

__all__ = [
    "DecodedImages",
    "decoded_images",
    "json_document",
    "names_from_parsed",
    "page_from_parsed",
    "page_of",
]

# What the fast path raises about a body that it does not understand. The table says what is wrong, if anything.
_FALLBACK_ERRORS = (msgspec.MsgspecError, OSError, OverflowError, RecursionError, ValueError)


@attrs.frozen
class DecodedImages:
    """What the body of a 200 holds."""

    images: tuple[Image, ...]
    next_token: str | None
    details: list[dict[str, Any]]
    """The same images as boto3 returns them: new dicts, which nothing here refers to."""


def decoded_images(body: bytes) -> DecodedImages:
    """Return what the body of a response of DescribeImages holds.

    Raises:
        MalformedResponseError: It is not a JSON object, or a field is missing, of a wrong type or out of range.
    """
    try:
        response = _decoder().decode(body)
        details: list[dict[str, Any]] = msgspec.to_builtins(response.imageDetails)
        images = tuple(_records(Image, response.imageDetails, details))
        return DecodedImages(images, response.nextToken, details)
    except _FALLBACK_ERRORS:
        document = json_document(body)
        images = _images_in(document)
        details = [record_to_dict(image, with_extra=False) for image in images]
        return DecodedImages(images, _token_in(document), details)


def page_from_parsed(response: Mapping[str, Any], request: Mapping[str, Any]) -> ImagePage:
    """Return the page in a response that botocore has parsed.

    Raises:
        MalformedResponseError: A field is missing, of a wrong type or out of range, or an image is of another
            repository. botocore makes an empty dict of a body that it cannot read, which is no page either.
    """
    return page_of(_images_in(response), _token_in(response), request)


def page_of(images: tuple[Image, ...], next_token: str | None, request: Mapping[str, Any]) -> ImagePage:
    """Return the page with these images, each once.

    Raises:
        MalformedResponseError: An image is not of the repository, or the registry, that was asked for.
    """
    for wire_name, name in (("repositoryName", "repository_name"), ("registryId", "registry_id")):
        wanted = request.get(wire_name)
        if wanted is not None and not {wanted}.issuperset(map(attrgetter(name), images)):
            _refuse_others(images, name, wire_name, wanted)
    if len(set(map(attrgetter("digest"), images))) < len(images):
        images = tuple({image.digest: image for image in reversed(images)}.values())[::-1]
    # An empty token, sent back, would start over at the first page.
    return ImagePage(images=images, next_token=next_token or None, repository_name=request.get("repositoryName"))


def names_from_parsed(response: Mapping[str, Any]) -> tuple[tuple[str, ...], str | None]:
    """Return the repository names, and the token, in a response of DescribeRepositories.

    Raises:
        MalformedResponseError: A field is missing or of a wrong type.
    """
    names = []
    for index, item in enumerate(_list_in(response, "repositories")):
        name = item.get("repositoryName") if isinstance(item, Mapping) else None
        if not isinstance(name, str):
            path = f"repositories[{index}].repositoryName"
            raise MalformedResponseError(f"expected a string, not {excerpt(name)}", path=path)
        names.append(name)
    return tuple(names), _token_in(response)


def json_document(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body.

    Raises:
        MalformedResponseError: There is none. Retryable: a broken connection or a proxy leaves such a body.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        beginning = excerpt(redacted(body[:1000].decode("utf-8", "replace"))[:50])
        problem = f"the response is not JSON, or truncated: {len(body)} bytes that begin with {beginning}"
        raise MalformedResponseError(problem, retryable=True) from error
    if not isinstance(document, dict):
        problem = f"the response is not a JSON object but {excerpt(document)}"
        raise MalformedResponseError(problem, retryable=True)
    return document


def _images_in(document: Mapping[str, Any]) -> tuple[Image, ...]:
    items = enumerate(_list_in(document, "imageDetails"))
    # A null in the list says nothing about any image.
    return tuple([record_from_dict(Image, item, f"imageDetails[{index}]") for index, item in items if item is not None])


def _list_in(document: Mapping[str, Any], name: str) -> list[Any]:
    items = document.get(name)
    if items is None:
        raise MalformedResponseError("missing", path=name, retryable=not document.keys() - {"ResponseMetadata"})
    if not isinstance(items, list):
        raise MalformedResponseError(f"expected a list, not {excerpt(items)}", path=name)
    return items


def _token_in(document: Mapping[str, Any]) -> str | None:
    token = document.get("nextToken")
    if token is not None and not isinstance(token, str):
        raise MalformedResponseError(f"expected a string, not {excerpt(token)}", path="nextToken")
    return token or None


def _refuse_others(images: tuple[Image, ...], name: str, wire_name: str, wanted: str) -> None:
    for index, image in enumerate(images):
        if (found := getattr(image, name)) != wanted:
            problem = f"expected {wanted!r}, which was asked for, not {excerpt(found)}"
            raise MalformedResponseError(problem, path=f"imageDetails[{index}].{wire_name}")


# The fast path. A page is converted column by column, so that what repeats is converted once, and most loops over the
# images run in C.

_WIRE_TYPES: Mapping[Any, Any] = {
    datetime: float | int,
    tuple[str, ...]: list[str],
    SeverityCounts: dict[str, int],
}


@functools.cache
def _decoder() -> msgspec.json.Decoder[Any]:
    # An unknown field at the top of the response is none of an image, and is ignored.
    response = msgspec.defstruct(
        "DescribeImagesResponse",
        [("imageDetails", list[_struct_of(Image)]), ("nextToken", str | None, None)],  # type: ignore[misc]
    )
    return msgspec.json.Decoder(response)


@functools.cache
def _struct_of(record_class: Any) -> type[msgspec.Struct]:
    return msgspec.defstruct(
        record_class.__name__,
        [
            (field.wire, wire_type) if field.is_required else (field.wire, wire_type | None, None)
            for field in _wire_order(record_class)
            for wire_type in [_wire_type_of(field.type)]
        ],
        forbid_unknown_fields=True,
        omit_defaults=True,
        frozen=True,
        gc=False,
    )


def _wire_type_of(value_type: Any) -> Any:
    if attrs.has(value_type):
        return _struct_of(value_type)
    return str if _is_enum(value_type) else _WIRE_TYPES.get(value_type, value_type)


def _is_enum(value_type: Any) -> bool:
    return isinstance(value_type, type) and issubclass(value_type, Enum)


def _records(record_class: Any, structs: list[Any], details: list[dict[str, Any]]) -> list[Any]:
    """Return the records of structs, and make boto3's form of the dicts that msgspec made of the same structs."""
    columns: list[Any] = []
    for field, values in zip(_wire_order(record_class), zip(*map(astuple, structs), strict=True), strict=False):
        column: Any = values
        if field.type is datetime:
            column = _times(values, field.repeats)
            for detail, time in zip(details, column, strict=True):
                if time is not None:
                    detail[field.wire] = time
        elif attrs.has(field.type):
            column = _nested(field, values, details)
        elif field.type not in (str, int):
            column = map(_converter_of(field.type), values)
        elif field.repeats:
            # Of equal strings the first is kept, so that a page holds each once.
            column = map({}.setdefault, values, values)
        columns.append(column)
    return _filler_of(record_class)(zip(*columns, strict=True))


def _wire_order(record_class: type) -> list[RecordField]:
    # A struct has its required fields first.
    return sorted(fields_of(record_class), key=lambda field: not field.is_required)


@functools.cache
def _filler_of(record_class: Any) -> Callable[[Iterable[tuple[Any, ...]]], list[Any]]:
    # The __init__ of a frozen class sets each field by a call, which takes five times as long as this: a draft is a
    # record whose fields can be set, and becomes a frozen one by a change of its class.
    unfrozen = {name: getattr(object, name) for name in ("__setattr__", "__delattr__")}
    draft = type(f"{record_class.__name__}Draft", (record_class,), {"__slots__": (), **unfrozen})
    targets = ", ".join(f"draft.{field.name}" for field in _wire_order(record_class))
    lines = (
        "def fill(rows):",
        "    records = []",
        "    for row in rows:",
        "        draft = new(draft_class)",
        f"        ({targets},) = row",
        "        draft.extra = no_extra",
        "        draft.__class__ = record_class",
        "        records.append(draft)",
        "    return records",
    )
    namespace: dict[str, Any] = {
        "new": object.__new__,
        "draft_class": draft,
        "record_class": record_class,
        "no_extra": NO_EXTRA,
    }
    exec("\n".join(lines), namespace)  # noqa: S102
    fill: Callable[[Iterable[tuple[Any, ...]]], list[Any]] = namespace["fill"]
    return fill


def _times(values: tuple[float | None, ...], repeats: bool) -> list[datetime | None]:
    from_timestamp = datetime.fromtimestamp
    if repeats:
        times = {value: None if value is None else from_timestamp(value, UTC) for value in set(values)}
        return [*map(times.__getitem__, values)]
    return [None if value is None else from_timestamp(value, UTC) for value in values]


def _nested(field: RecordField, values: tuple[Any, ...], details: list[dict[str, Any]]) -> list[Any]:
    present = [value for value in values if value is not None]
    if field.repeats:
        distinct = set(present)
        records = dict(zip(distinct, _records(field.type, [*distinct], [{} for _ in distinct]), strict=True))
        return [*map(records.get, values)]
    nested_details = [detail[field.wire] for detail in details if field.wire in detail]
    built = iter(_records(field.type, present, nested_details))
    return [None if value is None else next(built) for value in values]


@functools.cache
def _converter_of(value_type: Any) -> Callable[[Any], Any]:
    if _is_enum(value_type):
        # As many entries as ECR has values: the enumerations are small.
        return functools.lru_cache(64)(lambda value: None if value is None else value_type(value))
    return _CONVERTERS[value_type]


def _severity_counts(counts: dict[str, int] | None) -> SeverityCounts | None:
    if counts is None:
        return None
    # The dict came out of the body and nobody else holds it: it needs no copy.
    record = object.__new__(SeverityCounts)
    SeverityCounts._items.__set__(record, counts)  # type: ignore[attr-defined, misc]
    return record


_CONVERTERS: Mapping[Any, Callable[[Any], Any]] = {
    tuple[str, ...]: lambda values: () if values is None else tuple(values),
    SeverityCounts: _severity_counts,
}
