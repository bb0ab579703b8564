"""Looks for a body that becomes neither a page nor a MalformedResponseError, or not the same without the fast path.

`nox -s fuzz`, or with arguments of libFuzzer after `--`, such as `-max_total_time=600` or `-runs=100000`.
"""

from __future__ import annotations

import copy
import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

sys.path.append(str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["ecrimages"]):
    import samples

    from ecrimages import Image, ImagePage, MalformedResponseError
    from ecrimages._response import decoded_images, json_document, page_from_parsed, page_of

# The first byte of an input says what the others are: a body, or what to make JSON from.
BODY, CHOICES = b"\0", b"\1"

DETAIL: dict[str, Any] = {**samples.DETAIL, "lastActivatedAt": None, "newField": {"deep": [1, None, "x"]}}
BARE = samples.UNTAGGED
SEEDS = [
    BODY + json.dumps({"imageDetails": [DETAIL, BARE], "nextToken": "token"}).encode(),
    BODY + json.dumps({"nextToken": None, "imageDetails": [BARE] * 3}, separators=(",", ":")).encode(),
    BODY + json.dumps({"imageDetails": []}, indent=1).encode(),
    BODY + json.dumps({"x": {"imageDetails": [BARE]}, "imageDetails": None}).encode(),
    BODY + json.dumps([{"imageDetails": [BARE]}]).encode("utf-16"),
    BODY + b"<html><body>Bad Gateway</body></html>",
    CHOICES + bytes(range(256)),
    CHOICES + bytes(reversed(range(256))) * 2,
]

NAMES = [*DETAIL, "imageDetails", "nextToken", "status", "description", "findingSeverityCounts", "HIGH", ""]
PLAIN = [True, False, 0, -1, 1768230146, 1.5e9, 2**63, 10**30, 253402300800, 1e300, float("nan"), [], {}]


def value(data: Any, depth: int) -> Any:
    """Return a JSON value, chosen by the input."""
    kind = data.ConsumeIntInRange(0, 6 if depth else 4)
    if kind == 6:
        return {name(data): value(data, depth - 1) for _ in range(data.ConsumeIntInRange(0, 4))}
    if kind == 5:
        return [value(data, depth - 1) for _ in range(data.ConsumeIntInRange(0, 3))]
    if kind == 4:
        return data.ConsumeUnicode(data.ConsumeIntInRange(0, 40))
    return [data.PickValueInList(PLAIN), data.ConsumeRegularFloat(), data.ConsumeInt(8), None][kind]


def name(data: Any) -> Any:
    """Return the name of a field, mostly one of ECR's own."""
    return data.PickValueInList(NAMES) if data.ConsumeIntInRange(0, 7) else data.ConsumeUnicode(8)


def document(data: Any) -> Any:
    """Return a response: an image of ECR's with some fields changed, among others."""
    details = []
    for _ in range(data.ConsumeIntInRange(0, 3)):
        detail = dict(DETAIL if data.ConsumeBool() else BARE)
        for _ in range(data.ConsumeIntInRange(0, 3)):
            detail[name(data)] = value(data, 3)
        details.append(value(data, 2) if data.ConsumeProbability() > 0.9 else detail)
    response = {"imageDetails": details, "nextToken": data.PickValueInList([None, "token"])}
    if data.ConsumeBool():
        response[name(data)] = value(data, 3)
    return response


def body_of(content: bytes) -> bytes:
    """Return the body that an input stands for."""
    if content[:1] != CHOICES:
        return content[1:]
    data = atheris.FuzzedDataProvider(content[1:])
    return json.dumps(document(data), ensure_ascii=data.ConsumeBool()).encode("utf-8", "surrogatepass")


def check_page(page: ImagePage) -> None:
    """Check that a page and its images can be copied, written and read."""
    twin = pickle.loads(pickle.dumps(page))
    assert twin == page == copy.deepcopy(page)
    assert hash(twin) == hash(page)
    assert page.next_token is None or page.next_token != ""
    for image in page.images:
        repr(image)
        assert Image.from_dict(image.to_dict()) == image
        # Epoch seconds, as floats, have no microseconds for a time in words that is centuries away.
        wire = image.to_dict(wire=True)
        assert Image.from_dict(wire).to_dict(wire=True) == wire


def check_error(error: MalformedResponseError) -> None:
    """Check that an error can be printed and copied."""
    assert str(error).isprintable(), str(error)
    assert len(str(error)) < 3000, str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def by_fast_path(body: bytes) -> ImagePage:
    """Return the page in a body."""
    decoded = decoded_images(body)
    return page_of(decoded.images, decoded.next_token, {})


def by_table(body: bytes) -> ImagePage:
    """Return the page in a body, read without the fast path."""
    return page_from_parsed(json_document(body), {})


def outcome(read: Callable[[bytes], ImagePage], body: bytes) -> str:
    """Return what reading a body brings, as text: NaN differs from itself."""
    try:
        page = read(body)
    except MalformedResponseError as error:
        check_error(error)
        return f"{error!r}, {error.retryable}"
    check_page(page)
    return repr([page.next_token, [image.to_dict() for image in page.images]])


def fuzz(content: bytes) -> None:
    """Read one body in both ways."""
    body = body_of(content)
    fast, expected = outcome(by_fast_path, body), outcome(by_table, body)
    assert fast == expected, f"{fast} != {expected}"


def main() -> None:
    """Write the seeds into the directory that is named first, and begin there."""
    corpus = Path(sys.argv[1])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS):
        (corpus / f"seed-{number}").write_bytes(seed)
    atheris.Setup(sys.argv, fuzz)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
