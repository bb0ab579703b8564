"""A client whose methods are coroutines, without aiobotocore: awaited, with events or without."""

from __future__ import annotations

import asyncio
import copy
import gc
import json
import types
from typing import Any
from unittest.mock import AsyncMock

import pytest
from waiting import until, workers

from ecrimages import AsyncClient, Client, MalformedResponseError
from ecrimages.testing import FakeECR

from .connections import digests


class Coroutines:
    """Wraps a boto3 client; each call takes a few turns of the event loop."""

    def __init__(self, ecr: Any) -> None:
        self.meta = ecr.meta
        self._ecr = ecr
        self.calls = 0

    async def describe_images(self, **request: Any) -> Any:
        """Return a page of images."""
        return await self._call(self._ecr.describe_images, request)

    async def describe_repositories(self, **request: Any) -> Any:
        """Return a page of repositories."""
        return await self._call(self._ecr.describe_repositories, request)

    async def _call(self, method: Any, request: dict[str, Any]) -> Any:
        self.calls += 1
        await asyncio.sleep(0)
        return method(**request)


@pytest.fixture
def wrapped(ecr: FakeECR) -> Any:
    """A wrapper of a boto3 client for the FakeECR."""
    return Coroutines(ecr.client())


async def test_it_is_awaited(wrapped: Any, expected: list[str]) -> None:
    """Every kind of call works, and no thread is started."""
    async with AsyncClient(wrapped) as client:
        assert await digests(client.describe_images("team/app", page_size=3)) == expected
        assert (await client.get_image("team/app", "v1")).tags == ("v1",)
        assert [name async for name in client.repository_names()] == ["team/app", "team/builds", "team/empty"]
        assert len(await digests(client.registry_images(page_size=100))) == 19
        assert workers() == []


async def test_a_registry_leaves_no_task(wrapped: Any) -> None:
    """Whether it is closed or dropped; what it has requested is not waited for."""
    client = AsyncClient(wrapped)
    async with client.registry_images(page_size=1) as images:
        await anext(images)
        pages = images.pages()
        assert repr(pages) == f"<pages of {images!r}>"
        await anext(pages)
        assert len(asyncio.all_tasks()) > 1
    assert asyncio.all_tasks() == {asyncio.current_task()}

    images = client.registry_images(page_size=1)
    await anext(images)
    assert len(asyncio.all_tasks()) > 1
    del images, pages
    gc.collect()
    await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})


def test_tasks_of_a_loop_that_has_ended_are_made_again(wrapped: Any) -> None:
    """An iterator resumes in another event loop where its client does; dropped, it leaves the old loop alone."""
    client = AsyncClient(wrapped)
    images, dropped = client.registry_images(page_size=2), [client.registry_images(page_size=2)]

    async def begin() -> str:
        await anext(dropped[0])
        return (await anext(images)).digest

    async def end() -> list[str]:
        return await digests(images)

    first = asyncio.run(begin())
    dropped.clear()

    assert len({first, *asyncio.run(end())}) == 19


def test_the_synchronous_client_refuses_it(wrapped: Any) -> None:
    """`Client()` names the class to use."""
    with pytest.raises(TypeError, match=r"Use ecrimages\.AsyncClient"):
        Client(wrapped)


def test_what_is_to_be_opened_is_refused() -> None:
    """An asynchronous context manager that gives a client is no client yet."""

    class Creator:
        async def __aenter__(self) -> None:
            """Open a client."""

        async def __aexit__(self, *_: object) -> None:
            """Close it."""

    creator: Any = Creator()
    with pytest.raises(TypeError, match=r"async with session\.create_client\('ecr'\) as ecr"):
        AsyncClient(creator)


class Emitter:
    """An emitter whose `emit()` is a coroutine, as aiobotocore's."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def emit(self, event_name: str, **_: Any) -> list[Any]:
        """Take note of an event."""
        self.seen.append(event_name)
        return []


def with_events(ecr: Any, body: bytes) -> Any:
    """Return a client of botocore's classes whose DescribeImages is a coroutine, awaits its events, and has a body."""

    async def describe_images(self: Any, **_: Any) -> dict[str, Any]:
        response = {"body": body, "status_code": 200, "headers": {"content-length": str(len(body))}}
        parsed: dict[str, Any] = {}
        await self.meta.events.emit(
            "before-parse.ecr.DescribeImages",
            operation_model=self.meta.service_model.operation_model("DescribeImages"),
            response_dict=response,
            customized_response_dict=parsed,
        )
        parsed["ResponseMetadata"] = {"RequestId": "id"}
        await self.meta.events.emit("after-call.ecr.DescribeImages", parsed=parsed)
        return parsed

    client_class = types.new_class(
        "ECR", (type(ecr),), exec_body=lambda names: names.update(describe_images=describe_images)
    )
    client: Any = object.__new__(client_class)
    client.__dict__.update(vars(ecr))
    client.meta = copy.copy(ecr.meta)
    client.meta.events = Emitter()
    return client


async def test_its_events_are_awaited(ecr: FakeECR) -> None:
    """The body is decoded before the parser, after the application's handlers; a malformed one is an error."""
    image = ecr.add_image("team/app", tags=["v8"])
    body = json.dumps({"imageDetails": [image.to_dict(wire=True)]}).encode()
    good, malformed = with_events(ecr.client(), body), with_events(ecr.client(), body[:-1])

    assert [each async for each in AsyncClient(good).describe_images("team/app")] == [image]
    assert good.meta.events.seen == ["before-parse.ecr.DescribeImages", "after-call.ecr.DescribeImages"]
    with pytest.raises(MalformedResponseError, match="not JSON, or truncated"):
        await digests(AsyncClient(malformed).describe_images("team/app"))


async def test_a_mock_without_more_responses(wrapped: Any) -> None:
    """The StopAsyncIteration of a mock is not the end of the images."""
    wrapped.describe_images = AsyncMock(side_effect=[])

    async with AsyncClient(wrapped) as client:
        with pytest.raises(RuntimeError, match="raised StopAsyncIteration, as a mock"):
            await digests(client.describe_images("team/app"))
        with pytest.raises(RuntimeError, match="raised StopAsyncIteration, as a mock"):
            await digests(client.registry_images(["team/app"]))
