"""Faults: changes to a response before it is sent."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, final

import attrs

__all__ = ["Fault", "Response", "check_is_number"]

# The list in a page, by operation.
_LISTS = {"DescribeImages": "imageDetails", "DescribeRepositories": "repositories", "ListImages": "imageIds"}


@attrs.define(kw_only=True)
class Response:
    """A response before it is sent, with everything that a fault can change."""

    operation: str
    parameters: Mapping[str, Any]
    body: bytes = b""
    status: int = 200
    content_type: str = "application/x-amz-json-1.1"
    delay: float = 0.0
    sent_fraction: float = 1.0
    is_reset: bool = False
    new_token_for_same_page: Callable[[], str] = str
    denial: Callable[[], str] = str

    def set_error(self, code: str, message: str, status: int = 400) -> None:
        """Make this an error response of the JSON protocol."""
        self.body = json.dumps({"__type": code, "message": message}).encode()
        self.status = status

    def update(self, **fields: Any) -> None:
        """Set top-level fields of the document in the body, unless this is an error response."""
        if self.status == 200:
            self.body = json.dumps({**json.loads(self.body), **fields}).encode()


@final
@attrs.frozen
class Fault:
    """A fault in one response of a `FakeECR`, for `FakeECR.inject_faults()`.

    Create faults with the static methods below. The same fault can be injected any number of times, and works
    with every operation.
    """

    name: str
    """What kind of fault it is, such as `truncated`, or the error code."""
    _apply: Callable[[Response], object] = attrs.field(repr=False)

    @staticmethod
    def error(code: str, message: str = "", *, status: int = 400) -> Fault:
        """Return an error response.

        Args:
            code: The error code, such as `"OptInRequired"`. A prefix as in `"com.amazonaws.ecr#Code"` is sent
                unchanged.
            message: The error message.
            status: The HTTP status, 200 to 599.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: `status` is out of range.
        """
        for name, value in (("code", code), ("message", message)):
            if not isinstance(value, str):
                raise TypeError(f"{name} must be a string, not {value!r}")
        _check_status(status)
        return Fault(code, lambda response: response.set_error(code, message, status))

    @staticmethod
    def throttling() -> Fault:
        """Return `ThrottlingException` with ECR's text, `Rate exceeded`."""
        return Fault.error("ThrottlingException", "Rate exceeded")

    @staticmethod
    def server_error() -> Fault:
        """Return `ServerException`, HTTP 500."""
        # ECR's own spelling.
        return Fault.error("ServerException", "An internal server error has occured", status=500)

    @staticmethod
    def expired_token() -> Fault:
        """Return `ExpiredTokenException`: the credentials have expired."""
        return Fault.error("ExpiredTokenException", "The security token included in the request is expired")

    @staticmethod
    def access_denied(*, status: int = 400) -> Fault:
        """Return `AccessDeniedException` for the operation and the repository of the request.

        As in ECR, the message blames the policies of the caller, and those of the repository if it belongs to
        another account.

        Args:
            status: The HTTP status. ECR uses 400 and 403.

        Raises:
            TypeError: `status` is not an int.
            ValueError: `status` is out of range.
        """
        _check_status(status)
        code = "AccessDeniedException"
        return Fault(code, lambda response: response.set_error(code, response.denial(), status))

    @staticmethod
    def html(*, status: int = 502) -> Fault:
        """Return an HTML page, as proxies do.

        Args:
            status: The HTTP status. boto3 reads a page with status 200 as an empty list.

        Raises:
            TypeError: `status` is not an int.
            ValueError: `status` is out of range.
        """
        _check_status(status)
        page = b"<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
        return Fault("html", lambda response: _replace(response, page, status, "text/html"))

    @staticmethod
    def body(body: bytes, *, status: int = 200) -> Fault:
        """Return a body of your own.

        Args:
            body: The bytes to send.
            status: The HTTP status, 200 to 599.

        Raises:
            TypeError: `body` is not bytes, or `status` is not an int.
            ValueError: `status` is out of range.
        """
        if not isinstance(body, bytes):
            raise TypeError(f"body must be bytes, not {body!r}")
        _check_status(status)
        return Fault("body", lambda response: _replace(response, body, status, response.content_type))

    @staticmethod
    def edit(change: Callable[[dict[str, Any]], object]) -> Fault:
        """Change the JSON document of the response.

        If `change` raises an exception, the client gets an HTTP 500 response, and the end of the `with`
        statement of the `FakeECR` raises a RuntimeError with that exception as its cause.

        Args:
            change: Called with the document, a dict with ECR's own field names, to change it in place. The
                return value is ignored.

        Raises:
            TypeError: `change` is not callable.
        """
        if not callable(change):
            raise TypeError(f"change must be a function that takes the document, not {change!r}")

        def edit(response: Response) -> None:
            document = json.loads(response.body)
            change(document)
            response.body = json.dumps(document).encode()

        return Fault("edit", edit)

    @staticmethod
    def truncated(fraction: float = 0.5) -> Fault:
        """Return only the beginning of the body, with a `Content-Length` that matches it.

        Args:
            fraction: How much of the body is sent, from 0.0 to less than 1.0.

        Raises:
            TypeError: `fraction` is not a number.
            ValueError: `fraction` is out of range.
        """
        _check_fraction(fraction)

        def truncate(response: Response) -> None:
            response.body = response.body[: int(len(response.body) * fraction)]

        return Fault("truncated", truncate)

    @staticmethod
    def closed(fraction: float = 0.5) -> Fault:
        """Close the connection within the body, before `Content-Length` bytes were sent.

        Args:
            fraction: How much of the body is sent, from 0.0 to less than 1.0.

        Raises:
            TypeError: `fraction` is not a number.
            ValueError: `fraction` is out of range.
        """
        _check_fraction(fraction)
        return Fault("closed", lambda response: setattr(response, "sent_fraction", fraction))

    @staticmethod
    def reset() -> Fault:
        """Reset the connection without a response."""
        return Fault("reset", lambda response: setattr(response, "is_reset", True))

    @staticmethod
    def delay(seconds: float) -> Fault:
        """Delay the response, in addition to the latency of the `FakeECR`.

        Args:
            seconds: How long to wait before the response is sent.

        Raises:
            TypeError: `seconds` is not a number.
            ValueError: `seconds` is negative or not finite.
        """
        check_is_number("seconds", seconds)
        if not 0 <= seconds < math.inf:
            raise ValueError(f"seconds must be finite and not negative, not {seconds!r}")
        return Fault("delay", lambda response: setattr(response, "delay", response.delay + seconds))

    @staticmethod
    def empty_page() -> Fault:
        """Return an empty page with a new token for the same page, as ECR may do when a filter is set.

        Applies to DescribeImages, DescribeRepositories and ListImages. Error responses stay as they are.
        """

        def empty(response: Response) -> None:
            if response.operation in _LISTS and response.status == 200:
                page = {_LISTS[response.operation]: [], "nextToken": response.new_token_for_same_page()}
                response.update(**page)

        return Fault("empty_page", empty)

    @staticmethod
    def repeated_token() -> Fault:
        """Return the token of the request as the next token.

        The response to a request without a token, the one for a first page, stays as it is.
        """

        def repeat(response: Response) -> None:
            if "nextToken" in response.parameters:
                response.update(nextToken=response.parameters["nextToken"])

        return Fault("repeated_token", repeat)


def _replace(response: Response, body: bytes, status: int, content_type: str) -> None:
    response.body = body
    response.status = status
    response.content_type = content_type


def _check_status(status: object) -> None:
    if not isinstance(status, int) or isinstance(status, bool):
        raise TypeError(f"status must be an int from 200 to 599, not {status!r}")
    if not 200 <= status <= 599:
        raise ValueError(f"status must be an int from 200 to 599, not {status!r}")


def check_is_number(name: str, value: object) -> None:
    """Raise TypeError unless an argument is a number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, not {value!r}")


def _check_fraction(fraction: float) -> None:
    check_is_number("fraction", fraction)
    if not 0 <= fraction < 1:
        raise ValueError(f"fraction must be 0.0 to less than 1.0, not {fraction!r}")
