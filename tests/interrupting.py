"""Exceptions at any line of the package, as of a signal handler, and a service in this process to try them with."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, Self

from botocore.exceptions import ClientError
from samples import parsed

import ecrimages

__all__ = ["Interrupt", "Lines", "Service", "is_of_the_package", "traced"]

_PACKAGE = str(Path(ecrimages.__file__).parent)


class Interrupt(BaseException):
    """What is raised at a line."""


def is_of_the_package(frame: FrameType) -> bool:
    """Whether a frame is one of the package's, and not of the fake."""
    name = frame.f_code.co_filename
    # The redaction of texts has no state, and a thousand lines for each error.
    return name.startswith(_PACKAGE) and "testing" not in name and not name.endswith("_redaction.py")


@contextlib.contextmanager
def traced(trace: Callable[[FrameType, str, Any], Any]) -> Iterator[None]:
    """Trace this thread, and afterwards let whoever traced it before go on: coverage, a debugger."""
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


class Lines:
    """Counts the lines of the package that this thread executes, and raises an exception before one of them.

    Args:
        number: Before which one, from 1. None for none.
        exception: What is raised.
        are_traced: Whether the lines of a frame count.
    """

    def __init__(
        self,
        number: int | None = None,
        exception: type[BaseException] = Interrupt,
        are_traced: Callable[[FrameType], bool] = is_of_the_package,
    ) -> None:
        self.count = 0
        self._number = number
        self._exception = exception
        self._are_traced = are_traced

    def __enter__(self) -> Self:
        self._traced = traced(self._trace_call)
        self._traced.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._traced.__exit__(None, None, None)

    def _trace_call(self, frame: FrameType, _event: str, _argument: object) -> Any:
        return self._trace_line if self._are_traced(frame) else None

    def _trace_line(self, _frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            self.count += 1
            if self.count == self._number:
                raise self._exception
        return self._trace_line


class Service:
    """Stands in for a boto3 client, with stable tokens and two repositories a page.

    Args:
        counts: The repositories, and how many images each has: numbered, with the tags `v0`, `v1` and so on.
        errors: Codes of errors that come once, in the place of the page of a repository that starts at an image.
        names_missing_ids: Whether an error names the image that is missing.
    """

    meta = SimpleNamespace(region_name="us-east-1")

    def __init__(
        self,
        counts: Mapping[str, int],
        *,
        errors: Mapping[tuple[str, int], str] | None = None,
        names_missing_ids: bool = True,
    ) -> None:
        self._counts = counts
        self._errors = dict(errors or {})
        self._names_missing_ids = names_missing_ids

    def describe_images(self, **request: Any) -> dict[str, Any]:
        """Return a page, or the images with certain ids."""
        name, start = request["repositoryName"], int(request.get("nextToken", 0))
        if code := self._errors.pop((name, start), None):
            raise _error(code)
        if "imageIds" in request:
            return {"imageDetails": [parsed(number) for number in self._numbers(name, request["imageIds"])]}
        numbers = range(self._counts[name])[start : start + request["maxResults"]]
        token = {"nextToken": str(numbers.stop)} if numbers.stop < self._counts[name] else {}
        return {"imageDetails": [parsed(number, repositoryName=name) for number in numbers], **token}

    def describe_repositories(self, **request: Any) -> dict[str, Any]:
        """Return a page of names."""
        start = int(request.get("nextToken", 0))
        names = list(self._counts)
        token = {"nextToken": str(start + 2)} if start + 2 < len(names) else {}
        return {"repositories": [{"repositoryName": name} for name in names[start : start + 2]], **token}

    def _numbers(self, name: str, image_ids: list[dict[str, str]]) -> list[int]:
        tags = [image_id["imageTag"] for image_id in image_ids]
        there = {f"v{number}": number for number in range(self._counts[name])}
        for tag in tags:
            if tag not in there:
                text = f"The image with imageId {{imageDigest:'null', imageTag:'{tag}'}} does not exist"
                raise _error("ImageNotFoundException", text if self._names_missing_ids else "gone")
        return [there[tag] for tag in dict.fromkeys(tags)]


def _error(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeImages")
