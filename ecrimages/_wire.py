"""From the body of an answer to a page of records: pure functions, no network."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from ecrimages._decode import images_from_details, images_from_text
from ecrimages._errors import MalformedResponseError, redacted
from ecrimages._members import excerpt, image_from_dict
from ecrimages._models import Image, ImagePage

__all__ = ["page_from_body", "page_from_parsed", "readable_error_body"]

# A string cannot hold this: the quotes in it would be escaped.
_list_of_images = re.compile(r'"imageDetails"[ \t\n\r]*:[ \t\n\r]*\[').search
# Stands for the list once that is read. Nobody can send it who has not seen it.
_READ = {"imageDetails": os.urandom(16).hex()}


def page_from_body(body: bytes, headers: Mapping[str, str]) -> ImagePage:
    """Return the page in the body of a 200.

    Raises:
        MalformedResponseError: The body is cut short, or is no JSON object: retryable, since that is what
            a broken connection or a proxy in the way makes of an answer. Or a member is missing, of a
            wrong type or out of range: `path` tells which.
    """
    request_id = headers.get("x-amzn-requestid")
    try:
        _check_length(body, headers)
        read = _read_straight(body)
        if read is None:
            document = _document(body)
            read = document, images_from_details(_details(document))
        return _page(*read, request_id)
    except MalformedResponseError as error:
        error.request_id = request_id
        raise


def page_from_parsed(response: Mapping[str, Any]) -> ImagePage:
    """Return the page in an answer that botocore has parsed, as under `Stubber`.

    Raises:
        MalformedResponseError: A member is missing, of a wrong type or out of range. botocore makes an
            empty dict of a body that it cannot read, which is therefore no page either.
    """
    request_id = response.get("ResponseMetadata", {}).get("RequestId")
    try:
        details = enumerate(_details(response))
        images = tuple([image_from_dict(detail, f"imageDetails[{index}]") for index, detail in details])
        return _page(response, images, request_id)
    except MalformedResponseError as error:
        error.request_id = request_id
        raise


def readable_error_body(body: bytes) -> bytes:
    """Return the body of an error as botocore's parser can read it.

    The parser dies with an error of Python's own of a body that is not UTF-8, or is JSON but no object of
    strings, and with it the service's answer would be lost.
    """
    text = body.decode("utf-8", "replace")
    try:
        error = json.loads(text)
    except ValueError:
        return text.encode()
    except RecursionError:
        return b""
    if not isinstance(error, dict):
        return b"{}"
    return json.dumps({name: value for name, value in error.items() if isinstance(value, str)}).encode()


def _check_length(body: bytes, headers: Mapping[str, str]) -> None:
    announced = headers.get("content-length", "")
    # Python makes no int of more than 4,300 digits.
    is_length = announced.isdecimal() and len(announced) < 20
    if is_length and len(body) < int(announced) and "content-encoding" not in headers:
        problem = f"the answer was cut short: {len(body)} of {announced} bytes came"
        raise MalformedResponseError(problem, retryable=True)


def _read_straight(body: bytes) -> tuple[dict[str, Any], tuple[Image, ...]] | None:
    """Return the document without its images, and the images; or None if anything is odd about it."""
    try:
        text = body.decode()
        found = _list_of_images(text)
        if found is None:
            return None
        images, end = images_from_text(text, found.end())
        # With a word in place of the list, the rest of the document is small, and json checks it.
        document = json.loads(text[: found.start()] + json.dumps(_READ)[1:-1] + text[end:])
    except (MalformedResponseError, RecursionError, ValueError):
        return None
    if not isinstance(document, dict) or document.get("imageDetails") != _READ["imageDetails"]:
        return None
    return document, images


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        beginning = excerpt(redacted(body[:1000].decode("utf-8", "replace"))[:50])
        problem = f"the answer is not JSON, or was cut short: {len(body)} bytes that begin with {beginning}"
        raise MalformedResponseError(problem, retryable=True) from error
    if not isinstance(document, dict):
        problem = f"the answer is not a JSON object but {excerpt(document)}"
        raise MalformedResponseError(problem, retryable=True)
    return document


def _details(document: Mapping[str, Any]) -> list[Any]:
    details = document.get("imageDetails")
    if details is None:
        raise MalformedResponseError("missing", path="imageDetails")
    if not isinstance(details, list):
        raise MalformedResponseError(f"expected a list, not {excerpt(details)}", path="imageDetails")
    return details


def _page(document: Mapping[str, Any], images: tuple[Image, ...], request_id: str | None) -> ImagePage:
    token = document.get("nextToken")
    if token is not None and not isinstance(token, str):
        raise MalformedResponseError(f"expected a string, not {excerpt(token)}", path="nextToken")
    # To send an empty token back would begin again at the first page.
    return ImagePage(images=images, next_token=token or None, request_id=request_id)
