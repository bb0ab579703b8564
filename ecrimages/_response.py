"""From a response to a page of records: pure functions, no network.

msgspec decodes the usual body straight into structs, from which the records are built. What it refuses, such as an
unknown field, a null in a list or a wrong type, is read by the table of `from_dict()`, which knows what is allowed and
what is wrong where. A test holds both ways equal.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any, NoReturn

import attrs
import msgspec

from ecrimages._errors import MalformedResponseError
from ecrimages._image_dict import RecordField, fields_of, is_enum, record_from_dict, record_to_dict, times
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

# A secret that begins in the first 50 characters is in there as a whole, and recognised.
_BEGINNING = 10_000
# What the fast path raises about a body that it does not understand. The table says what is wrong, if anything.
# Not OSError: a signal handler of the application's may raise a TimeoutError in the middle of a page.
_FALLBACK_ERRORS = (msgspec.MsgspecError, OverflowError, RecursionError, ValueError)


@attrs.frozen(eq=False, repr=False)
class DecodedImages:
    """What the body of a 200 holds."""

    images: tuple[Image, ...]
    next_token: str | None
    details: list[dict[str, Any]]
    """The same images as boto3 returns them, to be given away."""


def decoded_images(body: bytes) -> DecodedImages:
    """Return what the body of a response of DescribeImages holds.

    Raises:
        MalformedResponseError: It is not a JSON object, or a field is missing, of a wrong type or out of range.
    """
    try:
        response = _decoder().decode(body)
        records, details = _build()(response.imageDetails)
        return DecodedImages(tuple(records), response.nextToken, details)
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
        first: dict[str, Image] = {}
        for image in images:
            first.setdefault(image.digest, image)
        images = tuple(first.values())
    # An empty token, sent back, would start over at the first page.
    return ImagePage(images=images, next_token=next_token or None, repository_name=request.get("repositoryName"))


def names_from_parsed(response: Mapping[str, Any]) -> tuple[tuple[str, ...], str | None]:
    """Return the repository names, each once, and the token, in a response of DescribeRepositories.

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
    return tuple(dict.fromkeys(names)), _token_in(response)


def json_document(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body.

    Raises:
        MalformedResponseError: There is none. Retryable: a broken connection or a proxy leaves such a body.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        beginning = excerpt(redacted(body[:_BEGINNING].decode("utf-8", "replace"))[:50])
        problem = f"the response is not JSON, or truncated: {len(body)} bytes, starting with {beginning}"
    else:
        if isinstance(document, dict):
            return document
        problem = f"the response is not a JSON object but {excerpt(document)}"
    # Not in the except, whose error has the whole body and would be the context.
    raise MalformedResponseError(problem, retryable=True)


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


def _refuse_others(images: tuple[Image, ...], name: str, wire_name: str, wanted: str) -> NoReturn:
    values = map(attrgetter(name), images)
    index, found = next((index, value) for index, value in enumerate(values) if value != wanted)
    problem = f"expected {wanted!r}, which was asked for, not {excerpt(found)}"
    raise MalformedResponseError(problem, path=f"imageDetails[{index}].{wire_name}")


# The fast path. One function is generated from the fields of the records: in straight-line code it builds from each
# struct the record, and the dict that boto3 would return. A call for each field would take most of the time.

_WIRE_TYPES: Mapping[Any, Any] = {
    tuple[str, ...]: list[str],
    SeverityCounts: dict[str, int],
}
# The code for a value: the record's field, and the same in the dict.
_SAME = "{field} = {item} = {value}"
# By type, the code for what can be changed in the dict, which is given away: the record must not refer to it.
_CODE: Mapping[Any, str] = {
    tuple[str, ...]: "{field} = tuple({value}); {item} = {value}",
    SeverityCounts: (
        "counts = {field} = SeverityCountsDraft(); counts._items = {value}.copy(); "
        "counts.__class__ = SeverityCounts; {item} = {value}"
    ),
}


@functools.cache
def _decoder() -> msgspec.json.Decoder[Any]:
    response = msgspec.defstruct(
        "DescribeImagesResponse",
        [("imageDetails", list[_struct_of(Image)]), ("nextToken", str | None, None)],  # type: ignore[misc]
        forbid_unknown_fields=True,
    )
    return msgspec.json.Decoder(response)


@functools.cache
def _struct_of(record_class: Any) -> type[msgspec.Struct]:
    fields: list[Any] = []
    for field in sorted(fields_of(record_class), key=lambda field: not field.is_required):
        wire_type = _WIRE_TYPES.get(field.type, field.type)
        if field.is_time:
            wire_type = float | int
        elif attrs.has(field.type):
            wire_type = _struct_of(field.type)
        elif is_enum(field.type):
            wire_type = str
        fields.append((field.wire, wire_type) if field.is_required else (field.wire, wire_type | None, None))
    return msgspec.defstruct(record_class.__name__, fields, forbid_unknown_fields=True, frozen=True, gc=False)


@functools.cache
def _build() -> Callable[[list[Any]], tuple[list[Image], list[dict[str, Any]]]]:
    """Return the function that builds the records from the structs of a page, and the dicts that boto3 would return."""
    names: dict[str, Any] = {"no_extra": NO_EXTRA, "times": times, **_draft_names(SeverityCounts)}
    columns = dict(_columns(Image, "struct", "record"))
    lines = [
        "def build(structs):",
        "    records, details, known, intern = [], [], {}, {}.setdefault",
        *(f"    {name} = times([{value} for struct in structs])" for name, value in columns.items()),
        f"    for struct, {', '.join(columns)} in zip(structs, {', '.join(columns)}):",
        *(f"        {line}" for line in _code_of_record(Image, "struct", "record", "detail", names)),
        "        records.append(record); details.append(detail)",
        "    return records, details",
    ]
    exec("\n".join(lines), names)  # noqa: S102
    build: Callable[[list[Any]], tuple[list[Image], list[dict[str, Any]]]] = names["build"]
    return build


def _columns(record_class: Any, struct: str, record: str) -> Iterator[tuple[str, str]]:
    """Yield the variables of the times of a record, each with its expression."""
    for field in fields_of(record_class):
        variable, value = f"{record}_{field.name}", f"{struct}.{field.wire}"
        if field.is_time:
            yield variable, f"{struct} and {value}"
        elif attrs.has(field.type):
            yield from _columns(field.type, value, f"{variable}_record")


def _code_of_record(record_class: Any, struct: str, record: str, detail: str, names: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that build a record and a dict from a struct; the arguments are names of variables."""
    names |= _draft_names(record_class)
    yield f"{record} = {record_class.__name__}Draft(); {record}.extra = no_extra; {detail} = {{}}"
    for field in fields_of(record_class):
        value = f"{record}_{field.name}"
        if not field.is_time:
            yield f"{value} = {struct}.{field.wire}"
        places = {"field": f"{record}.{field.name}", "item": f"{detail}[{field.wire!r}]", "value": value}
        lines = _code_of_field(field, places, names)
        if field.is_required:
            yield from lines
        else:
            yield f"if {value} is None: {record}.{field.name} = {field.default!r}"
            yield "else:"
            yield from (f"    {line}" for line in lines)
    yield f"{record}.__class__ = {record_class.__name__}"


def _code_of_field(field: RecordField, places: Mapping[str, str], names: dict[str, Any]) -> Iterator[str]:
    value = places["value"]
    if attrs.has(field.type):
        record, detail = f"{value}_record", f"{value}_detail"
        lines = _code_of_record(field.type, value, record, detail, names)
        if field.repeats:
            # Equal structs share a record, and have a dict each.
            yield f"if ({value}_both := known.get({value})) is None:"
            yield from (f"    {line}" for line in lines)
            yield f"    {value}_both = known[{value}] = {record}, {detail}"
            yield f"{places['field']} = {value}_both[0]; {places['item']} = {value}_both[1].copy()"
        else:
            yield from lines
            yield f"{places['field']} = {record}; {places['item']} = {detail}"
    elif is_enum(field.type):
        # Bounded: the enumerations are open.
        names[f"member_{field.type.__name__}"] = functools.lru_cache(64)(field.type)
        yield f"{places['field']} = member_{field.type.__name__}({value}); {places['item']} = {value}"
    else:
        if field.repeats:
            # Of equal strings the first is kept, so that a page holds each once.
            yield f"{value} = intern({value}, {value})"
        yield _CODE.get(field.type, _SAME).format(**places)


def _draft_names(record_class: Any) -> dict[str, Any]:
    # The __init__ of a frozen class sets each field by a call, which takes five times as long as this: a draft is a
    # record whose fields can be set, and becomes a frozen one by a change of its class.
    name = record_class.__name__
    unfrozen = {name: getattr(object, name) for name in ("__init__", "__setattr__", "__delattr__")}
    return {
        name: record_class,
        f"{name}Draft": type(f"{name}Draft", (record_class,), {"__slots__": (), **unfrozen}),
    }
