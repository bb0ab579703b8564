"""One call of DescribeImages on a boto3 client: its body read past botocore's parser, its errors translated.

botocore spends most of its time on an answer in time zones and in walks over the service's model, drops
what it does not know, and takes a body that it cannot read for an empty one. So a handler on the event
`before-parse` reads the body of a 200 and leaves an empty one to the parser, and a handler on `needs-retry`
has a body that was cut short asked for again. They are on the client that the application handed in, and do
nothing but for a request made here: what the client returns to others stays as it is, be it in other threads
or in an event handler of the application, in the middle of a call made here.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from ecrimages._error_tables import service_error, transport_error
from ecrimages._errors import MalformedResponseError, redacted
from ecrimages._models import ImagePage
from ecrimages._wire import page_from_body, page_from_parsed, readable_error_body

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

__all__ = ["Transport", "translated_errors"]

_log = logging.getLogger("ecrimages")
_log.addHandler(logging.NullHandler())

# What botocore does when the client's configuration does not say:
# https://botocore.amazonaws.com/v1/documentation/api/latest/guide/retries.html
_DEFAULT_ATTEMPTS: Final = {"legacy": 5}
_DEFAULT_ATTEMPTS_OTHERWISE: Final = 3
_LONGEST_DELAY: Final = 20


class _Call:
    """What came of one call so far: the page in the last body, or what is wrong with it."""

    __slots__ = ("attempts", "context", "fault", "page")

    def __init__(self, attempts: int) -> None:
        self.attempts = attempts
        # botocore's own dict for the call, which goes with most of its events.
        self.context: object = None
        self.page: ImagePage | None = None
        self.fault: MalformedResponseError | None = None


class _OtherCall:
    """A call of somebody else's in the middle of one made here, as an event handler may make."""

    __slots__ = ("context", "outer")

    def __init__(self, context: object, outer: _Call | _OtherCall) -> None:
        self.context = context
        self.outer = outer


_current_call: ContextVar[_Call | _OtherCall | None] = ContextVar("ecrimages_current_call", default=None)
_registering = threading.Lock()


class Transport:
    """Calls DescribeImages on one boto3 client. Threads may share it, as they may share the client."""

    def __init__(self, ecr: ECRClient) -> None:
        self._ecr = ecr
        self._attempts = _attempts(ecr)
        _register_handlers(ecr.meta.events)

    def describe_images(self, request: Mapping[str, Any]) -> ImagePage:
        """Make one call, with the retries that the client is configured for.

        Args:
            request: The parameters, by ECR's own names.

        Raises:
            ServiceError: The service answered with an error.
            TransportError: There was no usable answer.
            MalformedResponseError: The answer makes no sense.
        """
        call = _Call(self._attempts)
        token = _current_call.set(call)
        try:
            with translated_errors(request):
                response = self._ecr.describe_images(**request)
        finally:
            _current_call.reset(token)
        if call.fault is not None:
            raise call.fault
        # Without a page of our own the event did not come: a Stubber has answered.
        page = page_from_parsed(response) if call.page is None else call.page
        _log.debug(
            "DescribeImages of %s: %d images, request id %s, %s",
            request["repositoryName"],
            len(page.images),
            page.request_id,
            "the last page" if page.next_token is None else "a token for the next page",
        )
        return page


@contextmanager
def translated_errors(request: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Turn what botocore raises into this library's errors, and keep it as their cause."""
    try:
        yield
    except ClientError as error:
        _redact(error)
        raise service_error(error, request or {}) from error
    except BotoCoreError as error:
        _redact(error)
        translated = transport_error(error)
        if translated is error:
            raise
        raise translated from error


def _redact(error: ClientError | BotoCoreError) -> None:
    # The cause of an error is printed with it.
    error.args = tuple(redacted(list(error.args)))
    for name in vars(error):
        setattr(error, name, redacted(getattr(error, name)))


def _attempts(ecr: ECRClient) -> int:
    # Config() takes `max_attempts` too, and hands it on as `total_max_attempts`.
    config: Any = ecr.meta.config
    retries: Mapping[str, Any] = config.retries or {}
    default = _DEFAULT_ATTEMPTS.get(retries.get("mode", "legacy"), _DEFAULT_ATTEMPTS_OTHERWISE)
    return int(retries.get("total_max_attempts", default))


def _register_handlers(events: Any) -> None:
    first, last = events.register_first, events.register_last
    # One registration a client, however many objects of this library share it, and in whatever threads.
    with _registering:
        first("provide-client-params.ecr.DescribeImages", _recognise_call, unique_id="ecrimages-recognise")
        first("request-created.ecr.DescribeImages", _stand_aside, unique_id="ecrimages-stand-aside")
        # The application's own handlers see the body, and may change it, as in any other call.
        last("before-parse.ecr.DescribeImages", _read_body, unique_id="ecrimages-read-body")
        last("needs-retry.ecr.DescribeImages", _retry_cut_body, unique_id="ecrimages-retry")
        first("after-call.ecr.DescribeImages", _come_back, unique_id="ecrimages-come-back")
        first("after-call-error.ecr.DescribeImages", _come_back, unique_id="ecrimages-come-back-error")


def _recognise_call(context: object, **_: object) -> None:
    call = _current_call.get()
    if call is not None and call.context is None:
        call.context = context


def _stand_aside(request: Any, **_: object) -> None:
    call = _current_call.get()
    if call is not None and call.context is not request.context:
        _current_call.set(_OtherCall(request.context, call))


def _come_back(context: object, **_: object) -> None:
    call = _current_call.get()
    if isinstance(call, _OtherCall) and call.context is context:
        _current_call.set(call.outer)


def _read_body(response_dict: dict[str, Any], **_: object) -> None:
    call = _current_call.get()
    if not isinstance(call, _Call):
        return
    # What an earlier attempt brought is of no account any more.
    call.page = call.fault = None
    body, status = response_dict["body"], response_dict["status_code"]
    if status >= 300:
        response_dict["body"] = readable_error_body(body)
        return
    try:
        call.page = page_from_body(body, response_dict["headers"])
    except MalformedResponseError as fault:
        call.fault = fault
    response_dict["body"] = b"{}"


def _retry_cut_body(response: object, attempts: int, **_: object) -> float | None:
    call = _current_call.get()
    if not isinstance(call, _Call) or response is None or call.fault is None:
        return None
    if not call.fault.retryable or attempts >= call.attempts:
        return None
    # The same exponential backoff with jitter as botocore's standard mode.
    return random.random() * min(2.0 ** (attempts - 1), _LONGEST_DELAY)
