"""Where a `Client` gets its boto3 client from: handed in, or made here from boto3's default session."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from ecrimages._version import __version__

if TYPE_CHECKING:
    from ecrimages._transport import Transport

__all__ = ["HandedInClient", "OwnClient", "TransportSource"]

_CONNECTIONS = 32
_ATTEMPTS = 8
# botocore's 60 seconds, eight times, would be eight minutes in a network without a route to ECR.
_CONNECT_TIMEOUT = 10


class _Process:
    """This process: a forked child has another one, in which no lock is held."""

    def __init__(self) -> None:
        # boto3's default session makes clients in one thread at a time only. A signal handler may need a client
        # while its thread makes one: the lock is re-entrant.
        self.making_a_client = threading.RLock()


_process = _Process()


def _after_fork() -> None:
    global _process  # noqa: PLW0603
    _process = _Process()


if hasattr(os, "register_at_fork"):  # pragma: no branch
    os.register_at_fork(after_in_child=_after_fork)


class TransportSource(Protocol):
    """Gives the transport for a call."""

    @property
    def region_name(self) -> str | None:
        """The region of the boto3 client. None if it is not made yet."""

    @property
    def connections(self) -> int | None:
        """The size of the boto3 client's connection pool. None if it is not known."""

    @property
    def existing(self) -> Transport | None:
        """The transport for the next call, if it is there without making a boto3 client."""

    def transport(self) -> Transport:
        """Return the transport for the next call."""

    def close(self) -> None:
        """Close the boto3 client, if it was made here."""


class HandedInClient:
    """The application's own boto3 client, which is not closed here."""

    def __init__(self, ecr: Any) -> None:
        self._ecr = ecr
        self._transport: Transport | None = None

    @property
    def region_name(self) -> str | None:
        """The region of the boto3 client."""
        region_name: str | None = getattr(self._ecr.meta, "region_name", None)
        return region_name

    @property
    def connections(self) -> int | None:
        """The size of the boto3 client's connection pool. None if it is not known."""
        size = getattr(getattr(self._ecr.meta, "config", None), "max_pool_connections", None)
        # A queue of size 0, as urllib3 has it, holds any number of connections.
        return size if isinstance(size, int) and size > 0 else None

    @property
    def existing(self) -> Transport:
        """The transport for the next call."""
        return self.transport()

    def transport(self) -> Transport:
        """Return the transport for the next call."""
        if self._transport is None:
            from ecrimages._transport import Transport

            self._transport = Transport(self._ecr)
        return self._transport

    def close(self) -> None:
        """Leave the client open: it is the application's."""


@attrs.frozen(eq=False, repr=False)
class _Made:
    transport: Transport
    process: _Process
    session: object


class OwnClient:
    """A boto3 client made on first use, and made anew in a forked child.

    A child that used its parent's connections would get the responses to its siblings' requests.

    Args:
        follows_default_session: Whether to make another one after `boto3.setup_default_session()`.
    """

    def __init__(self, *, follows_default_session: bool = False) -> None:
        self._follows = follows_default_session
        self._made: _Made | None = None

    @property
    def region_name(self) -> str | None:
        """The region of the boto3 client. None if it is not made yet."""
        transport = self.existing
        region_name: str | None = None if transport is None else transport.ecr.meta.region_name
        return region_name

    @property
    def connections(self) -> int | None:
        """The size of the boto3 client's connection pool."""
        return _CONNECTIONS

    @property
    def existing(self) -> Transport | None:
        """The transport that the next call will use, if it was made before."""
        made = self._made
        if made is None or made.process is not _process:
            return None
        return made.transport if not self._follows or made.session is _default_session() else None

    def transport(self) -> Transport:
        """Return the transport for the next call.

        Raises:
            CredentialsError: The credentials could not be loaded.
            ConfigurationError: The AWS configuration is unusable.
        """
        if transport := self.existing:
            return transport
        process = _process
        with process.making_a_client:
            if (transport := self.existing) is None:
                before, self._made = self._made, _make(process)
                transport = self._made.transport
                if before is not None and before.process is process:
                    # Of another session. A request that is under way keeps its connection to its end.
                    before.transport.ecr.close()
            return transport

    def close(self) -> None:
        """Close the boto3 client. The next call makes another."""
        made, self._made = self._made, None
        if made is not None and made.process is _process:
            made.transport.ecr.close()


def _default_session() -> object:
    import boto3

    return boto3.DEFAULT_SESSION


def _make(process: _Process) -> _Made:
    # botocore takes 0.5 s to import, and code that only handles records does not need it.
    import boto3
    from botocore.config import Config

    from ecrimages._error_mapping import CallFacts, translated_errors
    from ecrimages._transport import Transport

    with translated_errors(CallFacts("making the boto3 client", {})):
        if boto3.DEFAULT_SESSION is None:
            boto3.setup_default_session()
        session: Any = boto3.DEFAULT_SESSION
        # What the environment or the profile says of retries holds.
        configured = {*os.environ, *session._session.get_scoped_config()}
        retries: dict[str, Any] = {}
        if configured.isdisjoint(("AWS_RETRY_MODE", "retry_mode")):
            retries["mode"] = "standard"
        if configured.isdisjoint(("AWS_MAX_ATTEMPTS", "max_attempts")):
            retries["total_max_attempts"] = _ATTEMPTS
        config = Config(retries=retries, connect_timeout=_CONNECT_TIMEOUT)  # type: ignore[arg-type]
        if (of_session := session._session.get_default_client_config()) is not None:
            # What the application has configured for all clients of its session holds, too.
            config = config.merge(of_session)
        config = config.merge(Config(max_pool_connections=_CONNECTIONS, user_agent_extra=f"ecrimages/{__version__}"))
        ecr = session.client("ecr", config=config)
    return _Made(Transport(ecr), process, session)
