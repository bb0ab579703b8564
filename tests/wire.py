"""A boto3 client without a network: a function responds to its requests."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

__all__ = ["Wire"]


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
    """

    def __init__(self, respond: Callable[[dict[str, Any]], bytes], *, status: int = 200) -> None:
        once = Config(retries={"total_max_attempts": 1})
        self.client: Any = boto3.Session("testing", "testing", region_name="us-east-1").client("ecr", config=once)
        self._respond = respond
        self._status = status
        self.client.meta.events.register("before-send.ecr", self._send)

    def _send(self, request: Any, **_: object) -> AWSResponse:
        body = self._respond(json.loads(request.body))
        return AWSResponse(request.url, self._status, {"x-amzn-requestid": "id"}, _Raw(body))
