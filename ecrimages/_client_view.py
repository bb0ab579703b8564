"""A view of a boto3 client for one call: the same client, with an event emitter of the call's own.

The only module that touches private attributes of botocore: where a client has its emitter. A client that lacks
them, such as a mock or a wrapper object, is called as it is, and its parsed responses are read.
"""

from __future__ import annotations

import copy
import functools
import itertools
import os
import types
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from ecrimages._errors import ConfigurationError

__all__ = ["ClientView", "dns_suffix", "secrets_of"]


# The methods of client and endpoint that the parsed response passes through.
_CLIENT_METHODS = ("_make_api_call", "_make_request")
_ENDPOINT_METHODS = ("make_request", "_send_request", "_get_response", "_do_get_response")


def _is_botocores(function: Any) -> bool:
    # A wrapper may have all the attributes of what it wraps, its class included, but not its type; and a function
    # may have them from another, but not its globals.
    if type(function) is types.MethodType:
        function = function.__func__
    is_function = type(function) is types.FunctionType
    module = function.__globals__.get("__name__") if is_function else type(function).__module__
    return str(module).startswith(("aiobotocore.", "botocore."))


def _has_only_botocores(instance: Any, methods: Iterable[str]) -> bool:
    return not any(
        name in instance.__dict__ or not _is_botocores(getattr(type(instance), name, None)) for name in methods
    )


class ClientView:
    """Makes views of one client. Nothing is registered on the client, and nothing of it is changed.

    Args:
        client: A client of boto3 or aiobotocore, or anything that is used like one.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._class: Any = None
        bases = {base.__module__ for base in type(client).__mro__}
        if not bases.isdisjoint(("botocore.client", "aiobotocore.client")) and hasattr(client, "_endpoint"):
            # The slots hide the two attributes of the client that a view has its own of; all others are shared.
            name, slots = type(client).__name__, {"__slots__": ("_endpoint", "meta")}
            self._class = types.new_class(name, (type(client),), exec_body=lambda body: body.update(slots))

    def is_observed(self, operation_name: str) -> bool:
        """Return whether the application's own code may see, and change, a parsed response before it is returned.

        That is so if the client or its endpoint is extended or wrapped, or has handlers on the events after the parser.
        """
        client = self._client
        classes = type(client).__mro__
        if not {base.__module__ for base in classes} <= {"aiobotocore.client", "botocore.client", "builtins"}:
            return True
        events = [f"{event}.ecr.{operation_name}" for event in ("response-received", "needs-retry", "after-call")]
        try:
            if not _has_only_botocores(client, _CLIENT_METHODS):
                return True
            if not _has_only_botocores(client._endpoint, _ENDPOINT_METHODS):
                return True
            search = client.meta.events._emitter._handlers.prefix_search
            return not all(map(_is_botocores, itertools.chain.from_iterable(map(search, events))))
        except AttributeError:
            return True

    def with_events(self, wrap_events: Any) -> Any:
        """Return the client as it is to be called.

        Args:
            wrap_events: Called with the client's emitter; returns the one that the call's events go through.
        """
        client = self._client
        if self._class is None:
            return client
        view = object.__new__(self._class)
        view.__dict__ = client.__dict__
        events = wrap_events(client.meta.events)
        view.meta = copy.copy(client.meta)
        view.meta.events = events
        view._endpoint = copy.copy(client._endpoint)
        view._endpoint._event_emitter = events
        return view


def secrets_of(client: Any) -> Iterator[str]:
    """Yield the secret values that a client signs and sends requests with, as far as they are loaded."""
    credentials = getattr(getattr(client, "_request_signer", None), "_credentials", None)
    # Not by their properties, which would refresh them.
    for name, value in getattr(credentials, "__dict__", {}).items():
        if name.removeprefix("_") in ("secret_key", "token") and isinstance(value, str):
            yield value
    meta = getattr(client, "meta", None)
    proxies = getattr(getattr(meta, "config", None), "proxies", None)
    # By the names: each value that is read is decoded.
    environment = [os.environ[name] for name in os.environ if name[-6:].lower() == "_proxy"]
    urls = [getattr(meta, "endpoint_url", None), *environment]
    for url in [*urls, *(proxies.values() if isinstance(proxies, dict) else ())]:
        if isinstance(url, str) and "@" in url:
            # Not by urlsplit(), which raises an error for some URLs.
            user, _, password = url.rpartition("@")[0].rpartition("//")[2].partition(":")
            yield from (password, unquote(password), f"{user}:{password}", unquote(f"{user}:{password}"))


@functools.cache
def dns_suffix(partition: str) -> str:
    """Return the DNS suffix of a partition, such as `amazonaws.com.cn` of `aws-cn`, from botocore's own data."""
    from botocore.loaders import Loader

    # "endpoints", which has it too, takes a hundred times as long to load.
    partitions = Loader().load_data("partitions")["partitions"]
    suffixes: dict[str, str] = {each["id"]: each["outputs"]["dnsSuffix"] for each in partitions}
    if partition not in suffixes:
        raise ConfigurationError(f"the client's partition is unknown to the installed botocore: {partition!r}")
    return suffixes[partition]
