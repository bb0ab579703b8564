"""Asynchronous clients of both kinds, and what is done with their iterators."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

import pytest
from waiting import until

from ecrimages import AsyncClient, Image
from ecrimages.testing import FakeECR

BOTO3 = "boto3"
AIOBOTOCORE = "aiobotocore"

Connect: TypeAlias = Callable[..., AbstractAsyncContextManager[AsyncClient]]


def connecting(ecr: FakeECR, kind: str) -> Connect:
    """Return a function that opens an `AsyncClient` of a kind, with the arguments that it is called with."""

    @asynccontextmanager
    async def connect(**arguments: Any) -> AsyncIterator[AsyncClient]:
        if kind == BOTO3:
            async with AsyncClient(ecr.client(), **arguments) as client:
                yield client
        else:
            async with aiobotocore_client(ecr) as wrapped, AsyncClient(wrapped, **arguments) as client:
                yield client

    return connect


def aiobotocore_client(ecr: FakeECR, *, attempts: int = 1, **arguments: Any) -> Any:
    """Return what opens an aiobotocore client for a FakeECR, without a proxy.

    The arguments are those of `AioConfig` and of `create_client()`.
    """
    session: Any = importlib.import_module("aiobotocore.session").get_session()
    names = ("read_timeout", "proxies", "http_session_cls")
    settings = {name: arguments.pop(name) for name in names if name in arguments}
    retries = {"mode": "standard", "total_max_attempts": attempts}
    config = importlib.import_module("aiobotocore.config").AioConfig(retries=retries, **{"proxies": {}, **settings})
    defaults = {
        "endpoint_url": ecr.endpoint_url,
        "aws_access_key_id": "testing",
        "aws_secret_access_key": "testing",
    }
    return session.create_client("ecr", region_name=ecr.region_name, config=config, **{**defaults, **arguments})


async def digests(images: AsyncIterator[Image]) -> list[str]:
    """Return the digests of images."""
    return [image.digest async for image in images]


async def take_all(items: AsyncIterator[Any], into: list[Any]) -> None:
    """Append items to a list one by one, so that it has those before an error."""
    async for item in items:
        into.append(item)  # noqa: PERF401


class Suspended:
    """A coroutine, and something that is done when it is suspended for the nth time.

    Args:
        coroutine: The coroutine, to be awaited through this.
        number: At which `await` of the event loop, from 0.
        action: Called then. What it returns, if anything, is raised at the `await`.
    """

    def __init__(
        self, coroutine: Coroutine[Any, Any, Any], number: int, action: Callable[[], BaseException | None]
    ) -> None:
        self._steps = coroutine.__await__()
        self._left = number
        self._action = action

    def __await__(self) -> Generator[Any, Any, Any]:
        error: BaseException | None = None
        while True:
            try:
                future = self._steps.send(None) if error is None else self._steps.throw(error)
            except StopIteration as end:
                return end.value
            error = self._action() if self._left == 0 else None
            self._left -= 1
            if error is None:
                try:
                    yield future
                except BaseException as thrown:  # noqa: BLE001
                    error = thrown

    @property
    def was_reached(self) -> bool:
        """Whether the coroutine was suspended so many times."""
        return self._left < 0


def cancel_current_task() -> None:
    """Cancel the current task, as somebody else would."""
    task = asyncio.current_task()
    assert task
    task.cancel()


async def cancel_in_flight(ecr: FakeECR, awaitable: Awaitable[Any]) -> None:
    """Await something in a task, which is cancelled when its request has been received."""
    requests = len(ecr.requests)
    task = asyncio.ensure_future(awaitable)
    await until(lambda: len(ecr.requests) > requests)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
