"""What can go wrong with an answer, on demand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, final

import attrs

__all__ = ["Answer", "Fault"]


@attrs.define(kw_only=True)
class Answer:
    """An answer on its way: what a fault can change of it."""

    document: Any
    parameters: Mapping[str, Any] = attrs.field(factory=dict)
    token_for_the_same_page: Callable[[], str] = str
    status: int = 200
    content_type: str = "application/x-amz-json-1.1"
    body: bytes | None = None
    delay: float = 0.0
    sent_share: float = 1.0
    is_reset: bool = False

    def encoded(self) -> bytes:
        """Return the body to send."""
        return json.dumps(self.document).encode() if self.body is None else self.body


@final
@attrs.frozen
class Fault:
    """Something that goes wrong with one answer of a `FakeECR`: for `FakeECR.play()`.

    Made by the methods below. A fault can be played any number of times.
    """

    name: str
    """What it is, as in `throttling`."""
    _change: Callable[[Answer], object] = attrs.field(repr=False)

    @staticmethod
    def error(code: str, message: str = "", *, status: int = 400) -> Fault:
        """Answer with an error, whatever was asked.

        Args:
            code: The error code, as in `"OptInRequired"`; with a prefix, as in `"com.amazonaws.ecr#Code"`,
                it is sent as it is.
            message: The text.
            status: The HTTP status.
        """
        body = json.dumps({"__type": code, "message": message}).encode()
        return Fault(code, lambda answer: _replace(answer, body, status))

    @staticmethod
    def throttling() -> Fault:
        """Answer with `ThrottlingException`: too many requests."""
        return Fault.error("ThrottlingException", "Rate exceeded")

    @staticmethod
    def server_error() -> Fault:
        """Answer with `ServerException`, HTTP 500."""
        # The text is spelled so.
        return Fault.error("ServerException", "An internal server error has occured", status=500)

    @staticmethod
    def expired_token() -> Fault:
        """Answer with `ExpiredTokenException`: the credentials are too old."""
        text = "The security token included in the request is expired"
        return Fault.error("ExpiredTokenException", text)

    @staticmethod
    def access_denied(*, status: int = 400) -> Fault:
        """Answer with `AccessDeniedException`.

        Args:
            status: The HTTP status: ECR sends 400 and 403.
        """
        text = (
            "User: arn:aws:iam::123456789012:user/someone is not authorized to perform: ecr:DescribeImages "
            "on resource: arn:aws:ecr:us-east-1:123456789012:repository/team/app because no identity-based "
            "policy allows the ecr:DescribeImages action"
        )
        return Fault.error("AccessDeniedException", text, status=status)

    @staticmethod
    def html(*, status: int = 502) -> Fault:
        """Answer with an HTML page, as a proxy does.

        Args:
            status: The HTTP status. With 200, boto3 takes the page for an empty repository.
        """
        body = b"<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
        return Fault("html", lambda answer: _replace(answer, body, status, "text/html"))

    @staticmethod
    def body(body: bytes, *, status: int = 200) -> Fault:
        """Answer with a body of your own.

        Args:
            body: The bytes to send.
            status: The HTTP status.
        """
        return Fault("body", lambda answer: _replace(answer, body, status))

    @staticmethod
    def edit(change: Callable[[dict[str, Any]], object]) -> Fault:
        """Change the answer before it is sent.

        Args:
            change: Called with the answer, as a dict of ECR's own names that is the caller's to change;
                what it returns is of no account.
        """

        def edit(answer: Answer) -> None:
            # The images in it are the registry's own, which stay as they are.
            answer.document = json.loads(json.dumps(answer.document))
            change(answer.document)

        return Fault("edit", edit)

    @staticmethod
    def cut_body(share: float = 0.5) -> Fault:
        """Answer with the beginning of the body, as if it were all: with its own `Content-Length`.

        Args:
            share: How much of the body is sent, 0.0 to less than 1.0.

        Raises:
            ValueError: `share` is out of its bounds.
        """
        _check_share(share)

        def cut(answer: Answer) -> None:
            whole = answer.encoded()
            answer.body = whole[: int(len(whole) * share)]

        return Fault("cut_body", cut)

    @staticmethod
    def closed(share: float = 0.5) -> Fault:
        """Close the connection in the middle of the body, which is shorter than its `Content-Length` then.

        Args:
            share: How much of the body is sent before, 0.0 to less than 1.0.

        Raises:
            ValueError: `share` is out of its bounds.
        """
        _check_share(share)
        return Fault("closed", lambda answer: setattr(answer, "sent_share", share))

    @staticmethod
    def reset() -> Fault:
        """Reset the connection instead of an answer."""
        return Fault("reset", lambda answer: setattr(answer, "is_reset", True))

    @staticmethod
    def delay(seconds: float) -> Fault:
        """Answer late.

        Args:
            seconds: How long to wait before the answer is sent.
        """
        return Fault("delay", lambda answer: setattr(answer, "delay", seconds))

    @staticmethod
    def empty_page() -> Fault:
        """Answer with no image, and a new token for the same page, as ECR may when a filter is set.

        An error stays an error.
        """

        def empty(answer: Answer) -> None:
            if answer.status == 200:
                answer.document = {"imageDetails": [], "nextToken": answer.token_for_the_same_page()}

        return Fault("empty_page", empty)

    @staticmethod
    def repeated_token() -> Fault:
        """Send the token that the request came with as the next one.

        From the second page on, that is: a request without a token is answered well.
        """

        def repeat(answer: Answer) -> None:
            if "nextToken" in answer.parameters:
                answer.document = {**answer.document, "nextToken": answer.parameters["nextToken"]}

        return Fault("repeated_token", repeat)


def _replace(answer: Answer, body: bytes, status: int, content_type: str | None = None) -> None:
    answer.body = body
    answer.status = status
    answer.content_type = content_type or answer.content_type


def _check_share(share: float) -> None:
    if not 0 <= share < 1:
        raise ValueError(f"share must be 0.0 to less than 1.0, not {share!r}")
