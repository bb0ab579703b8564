"""A task can be cancelled at any `await`, and the iterator resumes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from types import FrameType
from typing import Any

import pytest

from ecrimages import AsyncClient, Image, ImageNotFoundError
from ecrimages.testing import FakeECR, Fault

from .connections import Connect, Suspended, cancel_current_task, digests, take_all

START: dict[str, Callable[[AsyncClient], AsyncIterator[Any]]] = {
    "images": lambda client: client.describe_images("team/app", page_size=2),
    "pages": lambda client: client.describe_images("team/app", page_size=2).pages(),
    "limit": lambda client: client.describe_images("team/app", page_size=2, limit=5),
    "look-up": lambda client: client.get_images("team/builds", (f"b{number}" for number in range(110))),
    "missing": lambda client: client.get_images("team/app", ["v1", "none", "v2", "v3", "nope"], missing="skip"),
    "missing, raised": lambda client: client.get_images("team/app", ["v1", "none", "v2", "v3", "nope"]),
    "names": lambda client: client.repository_names(),
    "registry": lambda client: client.registry_images(["team/app", "team/empty"], page_size=2, max_workers=2),
    "registry pages": lambda client: client.registry_images(page_size=100).pages(),
}


@pytest.mark.parametrize("how", ["cancelled by another", "thrown in"])
@pytest.mark.parametrize("what", START)
async def test_cancelled_at_each_await_in_turn(connect: Connect, what: str, how: str) -> None:
    """Whichever `await` the task is cancelled at, the rest comes from the same iterator, nothing twice."""
    async with connect() as client:
        expected: list[Any] = []
        await take_everything(START[what](client), expected)
        action = cancel_current_task if how == "cancelled by another" else asyncio.CancelledError

        for number in range(1000):
            items, came = START[what](client), list[Any]()
            suspended = Suspended(take_everything(items, came), number, action)
            task = asyncio.ensure_future(_awaited(suspended))
            await asyncio.wait([task])
            assert task.cancelled() == suspended.was_reached
            await take_everything(items, came)

            assert _plain(came) == _plain(expected)
            if not suspended.was_reached:
                break

        assert number > 0


@pytest.mark.parametrize("what", START)
async def test_interrupted_at_each_line_in_turn(connect: Connect, what: str) -> None:
    """Whichever line of an iterator is interrupted, the rest comes from the same iterator, nothing twice."""
    async with connect() as client:
        expected: list[Any] = []
        await take_everything(START[what](client), expected)

        for number in range(0, 10_000, 13):
            items, came = START[what](client), list[Any]()
            interrupts = Interrupts(number)
            task = asyncio.ensure_future(interrupts.run(items, came))
            await asyncio.wait([task])
            assert isinstance(task.exception(), Interrupt) == interrupts.was_reached
            await take_everything(items, came)

            assert _plain(came) == _plain(expected)
            if not interrupts.was_reached:
                break

        assert number > 0


async def test_request_in_flight_is_awaited_by_the_next_call(ecr: FakeECR, connect: Connect, kind: str) -> None:
    """A thread's request cannot be interrupted: the next call gets its response, and does not repeat it."""
    ecr.inject_faults(Fault.delay(0.5))
    async with connect() as client:
        images = client.describe_images("team/app")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await anext(images)

        came = await digests(images)

    assert len(came) == 7
    # Cancelled, a request of aiobotocore is given up, perhaps before it was sent.
    assert len(ecr.requests) <= (1 if kind == "boto3" else 2)


async def test_timeout_around_a_loop(ecr: FakeECR, connect: Connect, expected: list[str]) -> None:
    """`asyncio.timeout()` around a loop ends it; a loop over the same iterator brings the rest."""
    requests_before = len(ecr.requests)
    ecr.inject_faults(None, Fault.delay(1))

    async def with_timeout_inside(images: AsyncIterator[Image], into: list[str]) -> None:
        async with asyncio.timeout(0.5):
            async for image in images:
                into.append(image.digest)  # noqa: PERF401

    async with connect() as client:
        images, came = client.describe_images("team/app", page_size=3), list[str]()
        with pytest.raises(TimeoutError):
            await with_timeout_inside(images, came)
        assert came == expected[:3]

        came += await digests(images)

    assert came == expected
    assert len(ecr.requests) - requests_before <= 4


async def test_cancelled_call_that_waits_for_a_thread_is_withdrawn(ecr: FakeECR) -> None:
    """A request that no thread has begun with is not made if its task is cancelled."""
    ecr.inject_faults(Fault.delay(0.4))
    async with AsyncClient(ecr.client(), max_workers=1) as client:
        slow = asyncio.ensure_future(client.get_image("team/app", tag="v1"))
        await asyncio.sleep(0.1)
        images = client.describe_images("team/app", page_size=7)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(images)
        assert (await slow).tags == ("v1",)
        assert len(ecr.requests) == 1

        assert len(await digests(images)) == 7
        assert len(ecr.requests) == 2


async def test_failure_of_a_request_in_flight_is_raised_by_the_next_call(ecr: FakeECR, connect: Connect) -> None:
    """What becomes of a request while nobody awaits it is not lost either, and is not logged."""
    async with connect() as client:
        ecr.inject_faults(Fault.delay(0.2))
        images = client.get_images("team/app", ["none", "v1"])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(images)
        await asyncio.sleep(0.3)

        with pytest.raises(ImageNotFoundError):
            await anext(images)

        assert [image.tags async for image in images] == [("v1",)]


async def test_cancelled_look_up_leaves_nothing(ecr: FakeECR, connect: Connect) -> None:
    """A coroutine of the client that is cancelled leaves no task, and its thread ends with the request."""
    ecr.inject_faults(Fault.delay(0.3))
    async with connect() as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.get_image("team/app", tag="v1")

        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_second_task_is_refused(ecr: FakeECR, connect: Connect) -> None:
    """Two tasks cannot await one iterator at a time: the second gets an error, the first all images."""
    ecr.inject_faults(Fault.delay(0.5))
    async with connect() as client:
        images = client.describe_images("team/app")
        first = asyncio.ensure_future(digests(images))
        await asyncio.sleep(0.05)

        for second in (images, images.pages()):
            with pytest.raises(RuntimeError, match="one iterator for each task"):
                await anext(second)

        assert len(await first) == 7


async def test_cancelled_second_task_does_not_disturb_the_first(ecr: FakeECR, connect: Connect) -> None:
    """After a task was cancelled, another one may await the iterator at once."""
    ecr.inject_faults(Fault.delay(0.3))
    async with connect() as client:
        images = client.describe_images("team/app")
        first = asyncio.ensure_future(anext(images))
        await asyncio.sleep(0.05)
        first.cancel()
        await asyncio.wait([first])

        assert len(await digests(images)) == 7


def test_iterator_outlives_its_event_loop(ecr: FakeECR, expected: list[str]) -> None:
    """Over boto3, an iterator can resume in another event loop, with the request that is still in flight."""
    client = AsyncClient(ecr.client())
    images = client.describe_images("team/app", page_size=4)
    requests_before = len(ecr.requests)

    async def begin() -> str:
        return (await anext(images)).digest

    async def give_up() -> None:
        await asyncio.wait_for(digests(images), 0.05)

    first = asyncio.run(begin())
    for _ in range(3):
        assert asyncio.run(begin()) in expected
    ecr.inject_faults(Fault.delay(0.3))
    with pytest.raises(TimeoutError):
        asyncio.run(give_up())

    async def end() -> list[str]:
        async with client:
            return await digests(images)

    assert [first, *asyncio.run(end())] == [expected[0], *expected[4:]]
    assert len(ecr.requests) - requests_before == 2


class Interrupt(BaseException):
    """What a signal handler raises."""


class Interrupts:
    """Raises `Interrupt` in the code of the iterators, before a line of it is run for the nth time."""

    # Of callbacks of the event loop, not of the task.
    _NOT_IN = ("end_waiting", "wake", "discard", "<lambda>", "__del__")
    _MODULES = ("_async_iterators", "_async_registry", "_cursors", "_pagination", "_registry_cursor", "_lookup")

    def __init__(self, number: int) -> None:
        self._left = number

    @property
    def was_reached(self) -> bool:
        """Whether so many lines were run."""
        return self._left < 0

    async def run(self, items: AsyncIterator[Any], into: list[Any]) -> None:
        """Read an iterator to its end, or to the interrupt."""
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            await take_everything(items, into)
        finally:
            sys.settrace(before)

    def _trace(self, frame: FrameType, event: str, _: object) -> Any:
        module = str(frame.f_globals.get("__name__")).removeprefix("ecrimages.")
        if module not in self._MODULES or frame.f_code.co_name in self._NOT_IN:
            return None
        if event == "line":
            self._left -= 1
            if self._left == -1:
                raise Interrupt
        return self._trace


async def take_everything(items: AsyncIterator[Any], into: list[Any]) -> None:
    """Append items to a list, and the ids of missing images, one by one."""
    while True:
        try:
            await take_all(items, into)
        except ImageNotFoundError as error:
            into.append(error.image_id)
        else:
            return


def _plain(items: list[Any]) -> list[Any]:
    """Return what makes items equal: pages have ids of their requests, and break where they were interrupted."""
    return [each for item in items for each in (item.images if hasattr(item, "images") else [item])]


async def _awaited(suspended: Suspended) -> Any:
    return await suspended
