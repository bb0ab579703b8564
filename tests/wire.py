"""A boto3 client without a network: a function responds to its requests."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

__all__ = ["Wire", "session"]


@functools.cache
def session() -> Any:
    """Return a session for all tests: a new one would read ECR's model again, which takes longer than all else."""
    return boto3.Session("testing", "testing", region_name="us-east-1")


class _Raw(io.BytesIO):
    """The raw part of a response."""

    def stream(self, **_: object) -> Iterator[bytes]:
        """Yield the body."""
        yield self.read()


class Wire:
    """A boto3 client whose requests a function responds to, in the thread that makes them.

    Args:
        respond: Called with the parameters of a request; returns the body of the response.
        status: The HTTP status.
        **headers: HTTP headers of the responses, with underscores for hyphens.
    """

    def __init__(self, respond: Callable[[dict[str, Any]], bytes], *, status: int = 200, **headers: str) -> None:
        once = Config(retries={"total_max_attempts": 1})
        self.client: Any = session().client("ecr", config=once)
        self._respond = respond
        self._status = status
        self._headers: Any = {
            "x-amzn-requestid": "id",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        self.client.meta.events.register("before-send.ecr", self.send)

    def send(self, request: Any, **_: object) -> AWSResponse:
        """Respond to a request: the handler of `before-send`."""
        body = self._respond(json.loads(request.body))
        return AWSResponse(request.url, self._status, self._headers, _Raw(body))
