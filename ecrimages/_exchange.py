"""What one call sees of its own events, and changes in them: no network, the same for boto3 and aiobotocore.

botocore spends most of its time on a response in time zones and in walks over the service's model, drops what its
model does not know, and treats a body that it cannot read as an empty repository. So the body is decoded here, the
parser gets an empty one, and `customized_response_dict`, which botocore merges over what it has parsed, gives the
images back in boto3's form to whoever looks at the response after that.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

import attrs
import msgspec

from ecrimages._error_mapping import CallFacts, applications_own, is_throttling
from ecrimages._errors import CredentialsError, MalformedResponseError
from ecrimages._image_dict import TIME_TYPES
from ecrimages._operations import DESCRIBE_IMAGES, NamesPage, Operation
from ecrimages._redaction import excerpt, printable, redacted, removing
from ecrimages._response import (
    DecodedImages,
    decoded_images,
    json_document,
    names_from_parsed,
    page_from_parsed,
    page_of,
)

__all__ = ["CallOptions", "Exchange"]

_LONGEST_DELAY: Final = 20
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")
_UUID = re.compile(r"[0-9a-fA-F-]{36}")
_SIGNATURE = re.compile(r"Signature=([0-9a-f]{64})")


@attrs.frozen(eq=False, repr=False)
class CallOptions:
    """How calls on a client are made."""

    attempts: int
    """How often a request is made, retries included."""
    is_observed: Callable[[], bool]
    """Returns whether the application's own code may see, and change, the parsed response."""
    retries_throttling: bool
    """False: a throttled request is an error at once, and takes nothing from botocore's retry quota."""


class Exchange:
    """One call: the events of its attempts, and the page that comes of them."""

    def __init__(
        self,
        operation: Operation,
        request: Mapping[str, Any],
        options: CallOptions,
        secrets: Callable[[], Iterable[str]],
    ) -> None:
        self.facts = CallFacts(operation.name, request, [*secrets()])
        self._operation = operation
        self._request = request
        self._options = options
        self._client_secrets = secrets
        self._truncation: MalformedResponseError | None = None
        self._problem: MalformedResponseError | None = None
        self._decoded: DecodedImages | None = None
        self._kept: list[dict[str, Any]] | None = None
        """What was given away, to see whether it was changed. None if nobody can have changed it."""

    def before(self, event_name: str, arguments: dict[str, Any]) -> bool:
        """Take note of an event; return whether the client's own handlers are to be called."""
        match event_name.partition(".")[0]:
            case "request-created":
                # An attempt may end without a response: that of an earlier one says nothing about it.
                self._problem = self._decoded = None
            case "before-parse":
                # Before they are called: a handler may change the body, its length too.
                self._truncation = _truncation(arguments["response_dict"])
            case "needs-retry":
                if applications_own(arguments.get("caught_exception"), sys.exception()):
                    return False
                response = arguments.get("response")
                return self._options.retries_throttling or not (response and is_throttling(response[1]))
        return True

    def after(self, event_name: str, arguments: dict[str, Any], responses: Any) -> Any:
        """Do the call's own part of an event, after the client's handlers; return what botocore gets."""
        match event_name.partition(".")[0]:
            case "request-created":
                self._check_signed(arguments["request"].headers)
            case "before-parse":
                with removing(self.facts.secrets):
                    self._read(**arguments)
            case "needs-retry" if all(response is None for _, response in responses or ()):
                return [*(responses or ()), (self, self._delay(arguments["attempts"]))]
            case "after-call":
                self.facts.parsed = arguments["parsed"]
        return responses

    def page(self, response: Any) -> Any:
        """Return the page in what the client has returned.

        Raises:
            MalformedResponseError: The response is malformed.
        """
        metadata = response.get("ResponseMetadata") if isinstance(response, Mapping) else None
        request_id = metadata.get("RequestId") if isinstance(metadata, Mapping) else None
        try:
            with removing(self.facts.secrets):
                if isinstance(request_id, str) and not _UUID.fullmatch(request_id):
                    # It is shown and logged, and comes from whatever has responded.
                    request_id = printable(redacted(request_id), 100)
                page = self._page(response)
        except MalformedResponseError as error:
            raise self._described(error, request_id) from None
        return attrs.evolve(page, request_id=request_id)

    def _described(self, error: MalformedResponseError, request_id: str | None) -> MalformedResponseError:
        # What the parser made of a broken body says less than what is wrong with the body. It is kept no longer: its
        # traceback will refer to this object, and what is in a cycle stays until the garbage collector runs.
        problem, self._problem = self._problem, None
        if problem is None or error.path not in _LISTS:
            problem = error
        problem.request_id, problem.operation_name = request_id, self._operation.name
        problem.repository_name = self._request.get("repositoryName")
        return problem

    def _page(self, response: Any) -> Any:
        if not isinstance(response, Mapping):
            raise MalformedResponseError(f"the client returned no dict but {excerpt(response)}")
        decoded = self._decoded
        # The client may be wrapped or extended, and return less, or other images. What it returns counts.
        if decoded is not None and (response.get("nextToken") or None) == decoded.next_token:
            details = response.get("imageDetails")
            if details is decoded.details if self._kept is None else details == self._kept:
                return page_of(decoded.images, decoded.next_token, self._request)
        if self._operation is DESCRIBE_IMAGES:
            return page_from_parsed(response, self._request)
        return NamesPage(*names_from_parsed(response))

    def _decode(self, body: bytes) -> DecodedImages | None:
        """Return what a body holds; None leaves it to botocore's parser, once it is known to be good."""
        if self._operation is DESCRIBE_IMAGES:
            return decoded_images(body)
        names_from_parsed(json_document(body))
        return None

    def _check_signed(self, headers: Mapping[str, Any]) -> None:
        signed = [str(headers.get(name) or "") for name in ("X-Amz-Security-Token", "Authorization")]
        # Again for each attempt: the credentials may be new ones.
        secrets = [*self._client_secrets()]
        self.facts.secrets = [*secrets, *_SIGNATURE.findall(signed[1]), signed[0]]
        if any(map(_CONTROL_CHARACTER.search, [*signed, *secrets])):
            raise CredentialsError(
                "The credentials contain a newline or another control character, as when they are read from a "
                "file. Strip the access key id, the secret access key and the session token"
            )

    def _read(
        self,
        operation_model: Any,
        response_dict: dict[str, Any],
        customized_response_dict: dict[str, Any],
        **_: object,
    ) -> None:
        service = operation_model.service_model
        if getattr(service, "resolved_protocol", None) not in (None, "json"):
            return
        body, status = response_dict["body"], response_dict["status_code"]
        if status >= 300:
            response_dict["body"] = _readable_error_body(body)
            if status == 300:
                # botocore raises an error for it, and its parser takes it for a success.
                message = response_dict["body"].decode()
                with suppress(ValueError):
                    message = json.loads(message).get("message", "")
                response_dict["body"] = b"{}"
                customized_response_dict["Error"] = {"Code": "300", "Message": message}
            return
        try:
            self._decoded = self._decode(body)
        except MalformedResponseError as problem:
            # A whole document was not truncated, whatever length was announced: a recorder may have changed it. Without
            # the reference to this frame and its callers', which would keep the body for as long as the error.
            self._problem = problem.with_traceback(None) if problem.path or not self._truncation else self._truncation
        if self._problem is not None:
            response_dict["body"] = b"{}"
        elif self._decoded is not None:
            response_dict["body"] = b"{}"
            # What a handler has put there comes before what the parser would find.
            customized_response_dict.setdefault("imageDetails", self._decoded.details)
            # Not before: a handler of an earlier event may have registered one for a later event.
            if self._options.is_observed():
                self._kept = msgspec.to_builtins(self._decoded.details, builtin_types=TIME_TYPES)
            if self._decoded.next_token is not None:
                customized_response_dict.setdefault("nextToken", self._decoded.next_token)

    def _delay(self, attempts: int) -> float | None:
        """Return how long to wait before the request is made again; None if it is not."""
        if self._problem is None or not self._problem.retryable or attempts >= self._options.attempts:
            return None
        # The same exponential backoff with jitter as botocore's standard mode.
        return random.random() * min(2.0 ** (attempts - 1), _LONGEST_DELAY)


_LISTS = ("imageDetails", "repositories")


def _truncation(response_dict: Mapping[str, Any]) -> MalformedResponseError | None:
    body, headers = response_dict["body"], response_dict["headers"]
    # A response that a handler of before-send made up may have a number.
    announced = str(headers.get("content-length", ""))
    # With a transfer encoding the length does not count (RFC 9112, 6.3). Python makes no int of many digits.
    if (
        not announced.isdecimal()
        or len(announced) > 19
        or not {"content-encoding", "transfer-encoding"}.isdisjoint(name.lower() for name in headers)
    ):
        return None
    if response_dict["status_code"] >= 300 or len(body) >= int(announced):
        return None
    problem = f"the response is truncated: {len(body)} of {announced} bytes were received"
    return MalformedResponseError(problem, retryable=True)


def _readable_error_body(body: bytes) -> bytes:
    """Return the body of an error as botocore's parser can read it: a JSON object of strings, in UTF-8."""
    try:
        error = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace").encode()
    except RecursionError:
        # botocore's parser would raise it as well.
        error = {"message": body.decode("utf-8", "replace")}
    texts = {name: value for name, value in error.items() if isinstance(value, str)} if isinstance(error, dict) else {}
    if error and not texts:
        # Such as {"errors": [...]}, which a registry's endpoint returns.
        texts = {"message": f"{excerpt(error)}: this is not an error of ECR's API. Check the endpoint URL"}
    return json.dumps(texts).encode()
