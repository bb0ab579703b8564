"""A task can be cancelled at any `await`, and the iterator resumes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from types import FrameType
from typing import Any

import pytest
from interrupting import Interrupt, Lines
from waiting import held_until, until

from ecrimages import AsyncClient, Image, ImageNotFoundError
from ecrimages.testing import FakeECR

from .connections import Connect, Suspended, cancel_current_task, cancel_in_flight, digests, take_all

START: dict[str, Callable[[AsyncClient], AsyncIterator[Any]]] = {
    "images": lambda client: client.describe_images("team/app", page_size=2),
    "pages": lambda client: client.describe_images("team/app", page_size=2).pages(),
    "limit": lambda client: client.describe_images("team/app", page_size=2, limit=5),
    "look-up": lambda client: client.get_images("team/builds", (f"b{number}" for number in range(7))),
    "missing": lambda client: client.get_images("team/app", ["v1", "none", "v2", "v3", "nope"], missing="skip"),
    "missing, raised": lambda client: client.get_images("team/app", ["v1", "none", "v2", "v3", "nope"]),
    "names": lambda client: client.repository_names(),
    "registry": lambda client: client.registry_images(["team/app", "team/empty"], page_size=4, max_workers=2),
    "registry pages": lambda client: client.registry_images(page_size=10).pages(),
}


@pytest.fixture(autouse=True)
def three_ids_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches, so that there are several."""
    monkeypatch.setattr("ecrimages._lookup.IMAGE_IDS_PER_REQUEST", 3)


@pytest.fixture
def may_respond(ecr: FakeECR) -> threading.Event:
    """An event until which the response to the first request is held back."""
    event = threading.Event()
    ecr.inject_faults(held_until(event.is_set))
    return event


@pytest.mark.parametrize(
    ("what", "action"),
    [
        *((what, cancel_current_task) for what in START),
        *((what, asyncio.CancelledError) for what in ("images", "missing", "registry")),
    ],
)
async def test_cancelled_at_each_await_in_turn(
    connect: Connect, what: str, action: Callable[[], BaseException | None]
) -> None:
    """Whichever `await` the task is cancelled at, or has it thrown in, the rest comes once from the same iterator."""
    async with connect() as client:
        expected: list[Any] = []
        await take_everything(START[what](client), expected)

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


@pytest.mark.parametrize("step", [61, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize("what", START)
async def test_interrupted_at_each_line_in_turn(connect: Connect, what: str, step: int) -> None:
    """Whichever line of an iterator is interrupted, the rest comes from the same iterator, nothing twice."""
    async with connect() as client:
        expected: list[Any] = []
        await take_everything(START[what](client), expected)

        for number in range(1, 10_000, step):
            items, came, lines = START[what](client), list[Any](), Lines(number, are_traced=_is_of_an_iterator)
            task = asyncio.ensure_future(interrupted(items, came, lines))
            await asyncio.wait([task])
            was_reached = lines.count >= number
            assert isinstance(task.exception(), Interrupt) == was_reached
            await take_everything(items, came)

            assert _plain(came) == _plain(expected)
            if not was_reached:
                break

        assert number > 1


async def test_request_in_flight_is_awaited_by_the_next_call(
    ecr: FakeECR, connect: Connect, kind: str, may_respond: threading.Event
) -> None:
    """A thread's request cannot be interrupted: the next call of any task gets its response."""
    async with connect() as client:
        images = client.describe_images("team/app")
        await cancel_in_flight(ecr, anext(images))
        may_respond.set()

        assert len(await digests(images)) == 7

    # Cancelled, a request of aiobotocore is given up.
    assert len(ecr.requests) == (1 if kind == "boto3" else 2)


async def test_timeout_around_a_loop(ecr: FakeECR, connect: Connect, expected: list[str]) -> None:
    """`asyncio.timeout()` around a loop ends it; a loop over the same iterator brings the rest."""
    has_ended = threading.Event()
    ecr.inject_faults(None, held_until(has_ended.is_set))

    async def with_timeout_inside(images: AsyncIterator[Image], into: list[str]) -> None:
        async with asyncio.timeout(None) as timeout:
            async for image in images:
                into.append(image.digest)
                if len(into) == 3:
                    timeout.reschedule(asyncio.get_running_loop().time() + 0.01)

    async with connect() as client:
        images, came = client.describe_images("team/app", page_size=3), list[str]()
        with pytest.raises(TimeoutError):
            await with_timeout_inside(images, came)
        has_ended.set()
        assert came == expected[:3]

        came += await digests(images)

    assert came == expected
    assert len(ecr.requests) <= 4


async def test_cancelled_call_that_waits_for_a_thread_is_withdrawn(ecr: FakeECR, may_respond: threading.Event) -> None:
    """A request that no thread has begun with is not made if its task is cancelled."""
    async with AsyncClient(ecr.client(), max_workers=1) as client:
        slow = asyncio.ensure_future(client.get_image("team/app", tag="v1"))
        await until(lambda: ecr.requests)
        images = client.describe_images("team/app", page_size=7)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await anext(images)
        may_respond.set()
        assert (await slow).tags == ("v1",)
        assert len(ecr.requests) == 1

        assert len(await digests(images)) == 7
        assert len(ecr.requests) == 2


async def test_failure_of_a_request_in_flight_is_raised_by_the_next_call(
    ecr: FakeECR, connect: Connect, may_respond: threading.Event
) -> None:
    """What becomes of a request while nobody awaits it is not lost either, and is not logged."""
    async with connect() as client:
        images = client.get_images("team/app", ["none", "v1"])
        await cancel_in_flight(ecr, anext(images))
        may_respond.set()
        # It waits for the request.
        await client.aclose()

        with pytest.raises(ImageNotFoundError):
            await anext(images)

        assert [image.tags async for image in images] == [("v1",)]


async def test_cancelled_look_up_leaves_nothing(ecr: FakeECR, connect: Connect, may_respond: threading.Event) -> None:
    """A coroutine of the client that is cancelled leaves no task, and its thread ends with the request."""
    async with connect() as client:
        await cancel_in_flight(ecr, client.get_image("team/app", tag="v1"))

        assert asyncio.all_tasks() == {asyncio.current_task()}
        may_respond.set()


async def test_second_task_is_refused(ecr: FakeECR, connect: Connect, may_respond: threading.Event) -> None:
    """Two tasks cannot await one iterator at a time: the second gets an error, the first all images."""
    async with connect() as client:
        images = client.describe_images("team/app")
        first = asyncio.ensure_future(digests(images))
        await until(lambda: ecr.requests)

        for second in (images, images.pages()):
            with pytest.raises(RuntimeError, match="one iterator for each task"):
                await anext(second)
        may_respond.set()

        assert len(await first) == 7


def test_iterator_outlives_its_event_loop(ecr: FakeECR, expected: list[str]) -> None:
    """Over boto3, an iterator can resume in another event loop, with the request that is still in flight."""
    client = AsyncClient(ecr.client())
    images = client.describe_images("team/app", page_size=4)

    async def begin() -> str:
        return (await anext(images)).digest

    came = [asyncio.run(begin()) for _ in range(4)]
    may_respond = threading.Event()
    ecr.inject_faults(held_until(may_respond.is_set))
    asyncio.run(cancel_in_flight(ecr, anext(images)))
    may_respond.set()

    async def end() -> list[str]:
        async with client:
            return await digests(images)

    assert [*came, *asyncio.run(end())] == expected
    assert len(ecr.requests) == 2


@pytest.mark.parametrize("what", ["images", "registry"])
def test_task_that_a_closed_event_loop_has_left_locks_out_no_other(ecr: FakeECR, what: str) -> None:
    """As after an interrupt of `run_until_complete()`: the task is suspended for ever, and the iterator resumes."""
    client = AsyncClient(ecr.client())
    images, loop = START[what](client), asyncio.new_event_loop()
    task: Any = asyncio.ensure_future(anext(images), loop=loop)
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    # asyncio would log that it is destroyed.
    task._log_destroy_pending = False
    del task

    async def end() -> list[str]:
        async with client:
            return await digests(images)

    assert len(asyncio.run(end())) == 7


# Of callbacks of the event loop, not of the task.
_CALLBACKS = ("end_waiting", "wake", "discard", "<lambda>", "__del__")
_MODULES = ("_async_iterators", "_async_registry", "_cursors", "_pagination", "_registry_cursor", "_lookup")


def _is_of_an_iterator(frame: FrameType) -> bool:
    """Whether a frame is one of the iterators' code."""
    module = str(frame.f_globals.get("__name__")).removeprefix("ecrimages.")
    return module in _MODULES and frame.f_code.co_name not in _CALLBACKS


async def interrupted(items: AsyncIterator[Any], into: list[Any], lines: Lines) -> None:
    """Read an iterator to its end, or to the interrupt."""
    with lines:
        await take_everything(items, into)


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
