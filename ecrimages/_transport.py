"""One call on a boto3 client."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from ecrimages._client_view import ClientView, secrets_of
from ecrimages._error_mapping import translated_errors
from ecrimages._exchange import CallOptions, Exchange
from ecrimages._operations import Operation

__all__ = ["AnyTransport", "CallEvents", "PreparedCall", "Transport"]

_log = logging.getLogger("ecrimages")
_log.addHandler(logging.NullHandler())

# What botocore does where the client's configuration does not say:
# https://botocore.amazonaws.com/v1/documentation/api/latest/guide/retries.html
_DEFAULT_ATTEMPTS = 3
_DEFAULT_ATTEMPTS_LEGACY = 5


class CallEvents:
    """The emitter of one call: the client's own, with the call's part before and after its handlers."""

    def __init__(self, events: Any, exchange: Exchange) -> None:
        self._events = events
        self._exchange = exchange

    def __getattr__(self, name: str) -> Any:
        return getattr(self._events, name)

    def emit(self, event_name: str, **arguments: Any) -> Any:
        """Emit an event, as botocore does."""
        is_for_all = self._exchange.before(event_name, arguments)
        responses = self._events.emit(event_name, **arguments) if is_for_all else []
        return self._exchange.after(event_name, arguments, responses)


class PreparedCall:
    """One call that is ready to be made, on a client of boto3 or aiobotocore.

    Args:
        transport: Makes the call.
        operation: The operation.
        request: The parameters, by ECR's own names.
        retries_throttling: Whether botocore retries a throttled request.
    """

    def __init__(
        self, transport: AnyTransport, operation: Operation, request: Mapping[str, Any], retries_throttling: bool
    ) -> None:
        is_observed = functools.partial(transport.view.is_observed, operation.name)
        options = CallOptions(transport.attempts, is_observed, retries_throttling)
        exchange = Exchange(operation, request, options, lambda: secrets_of(transport.ecr))
        self._client = transport.view.with_events(lambda events: transport.events_class(events, exchange))
        self._operation = operation
        self._request = request
        self._exchange = exchange

    def make(self) -> Any:
        """Make the call; return the response, or what it comes from when awaited."""
        return getattr(self._client, self._operation.method)(**self._request)

    def translated_errors(self) -> AbstractContextManager[None]:
        """Raise this library's errors for those of the call."""
        return translated_errors(self._exchange.facts)

    def page(self, response: Any) -> Any:
        """Return the page in the response.

        Raises:
            MalformedResponseError: The response is malformed.
        """
        page = self._exchange.page(response)
        _log_page(self._operation, self._request, page)
        return page


class AnyTransport:
    """Calls operations on one client."""

    events_class: type[CallEvents] = CallEvents

    def __init__(self, ecr: Any) -> None:
        self.ecr = ecr
        self.view = ClientView(ecr)
        self.attempts = attempts_of(ecr)


class Transport(AnyTransport):
    """Calls operations on one boto3 client. Threads may share it, as they may share the client."""

    def call(self, operation: Operation, request: Mapping[str, Any], *, retries_throttling: bool = True) -> Any:
        """Make one call, with the retries that the client is configured for, and return its page.

        Args:
            operation: The operation.
            request: The parameters, by ECR's own names.
            retries_throttling: Whether botocore retries a throttled request.

        Raises:
            ServiceError: The service returned an error.
            TransportError: There was no usable response.
            MalformedResponseError: The response is malformed.
        """
        call = PreparedCall(self, operation, request, retries_throttling)
        with call.translated_errors():
            response = call.make()
        return call.page(response)


def attempts_of(ecr: Any) -> int:
    """Return how often a client makes a request, retries included."""
    # Config() takes `max_attempts` too, and passes it on as `total_max_attempts`.
    retries = getattr(getattr(getattr(ecr, "meta", None), "config", None), "retries", None)
    if not isinstance(retries, dict):
        return _DEFAULT_ATTEMPTS
    default = _DEFAULT_ATTEMPTS_LEGACY if retries.get("mode", "legacy") == "legacy" else _DEFAULT_ATTEMPTS
    return int(retries.get("total_max_attempts", default))


def _log_page(operation: Operation, request: Mapping[str, Any], page: Any) -> None:
    # No token, and no part of the response but its size.
    _log.debug(
        "%s of %s: %d %s, request id %s, %s",
        operation.name,
        request.get("repositoryName", "the registry"),
        len(getattr(page, operation.items_name)),
        operation.items_name,
        page.request_id,
        "the last page" if page.next_token is None else "more pages follow",
    )
