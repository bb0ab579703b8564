"""The images of a registry, asynchronously: several requests at a time, in order."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from forking import in_child
from samples import digest
from waiting import held_until, until, workers

from ecrimages import (
    AsyncClient,
    AsyncRegistryIterator,
    ECRImagesError,
    Image,
    RepositoryNotFoundError,
    ServerError,
    _gate,
)
from ecrimages.testing import FakeECR, Fault

from .connections import Connect, cancel_in_flight, digests, take_all


@pytest.fixture
def ecr() -> Iterator[FakeECR]:
    """A FakeECR with eight repositories of zero to four images."""
    with FakeECR() as ecr:
        for number in range(8):
            ecr.add_repository(f"team/app-{number:02}")
            for tag in range(number % 5):
                ecr.add_image(f"team/app-{number:02}", tags=[f"v{tag}"], digest=digest(10 * number + tag))
        yield ecr


@pytest.fixture
def expected(ecr: FakeECR) -> list[str]:
    """The digests of all images, in the order of the service."""
    return [digest(10 * number + tag) for number in range(8) for tag in range(number % 5)]


async def test_all_images_come_in_order(connect: Connect, expected: list[str]) -> None:
    """Repository by repository, in each in the service's order, with pages of any size."""
    async with connect() as client:
        several: list[dict[str, Any]] = [{}, {"page_size": 1}, {"page_size": 2, "max_workers": 3}, {"max_workers": 1}]
        for arguments in several:
            async with client.registry_images(**arguments) as images:
                assert isinstance(images, AsyncRegistryIterator)
                assert await digests(images) == expected


async def test_nothing_starts_before_the_first_image(ecr: FakeECR, connect: Connect) -> None:
    """To make the iterator costs no request, no thread and no task."""
    async with connect() as client:
        images = client.registry_images()
        images.pages()
        await asyncio.sleep(0.01)

        assert repr(images) == "<AsyncRegistryIterator: 0 images yielded, 0 failures, not started>"
        assert ecr.requests == ()
        assert workers() == []
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_given_names_are_read_as_they_are_needed(connect: Connect) -> None:
    """The order is that of the names, and an iterator of them is not read ahead without need."""
    read: list[int] = []

    def names() -> Iterator[str]:
        for number in reversed(range(8)):
            read.append(number)
            yield f"team/app-{number:02}"

    async with connect() as client, client.registry_images(names(), max_workers=1) as images:
        first = await anext(images)
        assert len(read) < 6

        others = [image.repository_name async for image in images]

    assert first.repository_name == "team/app-07"
    assert others == sorted(others, reverse=True)


async def test_pages(connect: Connect, expected: list[str]) -> None:
    """A page tells its repository; one without images has one empty page; the rest of a page comes as a page."""
    async with connect() as client, client.registry_images(page_size=3) as images:
        first = await anext(images)

        pages = [page async for page in images.pages()]

    assert [first.digest, *(image.digest for page in pages for image in page.images)] == expected
    assert "team/app-05" in {page.repository_name for page in pages}
    assert all(image.repository_name == page.repository_name for page in pages for image in page.images)


async def test_errors_come_in_turn_and_the_iterator_resumes(
    ecr: FakeECR, connect: Connect, expected: list[str]
) -> None:
    """After a retryable error the same page is requested again."""
    ecr.inject_faults(*[Fault.server_error(), None, Fault.truncated(), None, Fault.reset()] * 3)
    errors: list[ECRImagesError] = []
    came: list[Image] = []
    async with connect() as client, client.registry_images(page_size=2) as images:
        while True:
            try:
                await take_all(images, came)
                break
            except ECRImagesError as error:
                errors.append(error)

        assert images.failures == {}
    assert [image.digest for image in came] == expected
    assert len(errors) == 9
    assert all(error.retryable for error in errors)


async def test_failed_repositories_are_skipped(ecr: FakeECR, connect: Connect) -> None:
    """With `failed="skip"` the error is in `failures`, and the others come; else it is raised in its turn."""
    names = ["team/app-01", "team/none", "team/app-02"]
    ecr.inject_faults(Fault.server_error(), repository_name="team/app-01")
    async with connect() as client:
        async with client.registry_images(names, failed="skip") as images:
            assert {image.repository_name async for image in images} == {"team/app-02"}
            assert {name: type(error) for name, error in images.failures.items()} == {
                "team/app-01": ServerError,
                "team/none": RepositoryNotFoundError,
            }
            assert repr(images) == "<AsyncRegistryIterator: 2 images yielded, 2 failures, finished>"
        async with client.registry_images(names) as images:
            assert (await anext(images)).repository_name == "team/app-01"
            with pytest.raises(RepositoryNotFoundError):
                await anext(images)
            assert [image.repository_name async for image in images] == ["team/app-02"] * 2


async def test_throttled_requests_are_made_again(
    ecr: FakeECR, connect: Connect, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Throttling fails no repository: fewer requests are in flight, and all images come."""
    monkeypatch.setattr(_gate, "_PAUSE", (0.01, 0.02))
    ecr.inject_faults(*[Fault.throttling()] * 5)
    async with connect() as client, client.registry_images() as images:
        assert await digests(images) == expected

        assert images.failures == {}


async def test_requests_are_made_at_the_same_time(ecr: FakeECR, connect: Connect, expected: list[str]) -> None:
    """As many as `max_workers`."""
    ecr.inject_faults(*[held_until(lambda: len(ecr.requests) >= 6)] * 6)
    async with connect() as client:
        names = [f"team/app-{number:02}" for number in range(8)]
        async with client.registry_images(names, max_workers=6) as images:
            assert await digests(images) == expected


async def time_out(ecr: FakeECR, images: AsyncRegistryIterator) -> None:
    """Wait in vain for an image."""
    may_respond = threading.Event()
    ecr.inject_faults(held_until(may_respond.is_set))
    async with images:
        try:
            async with asyncio.timeout(0.02):
                await anext(images)
        finally:
            may_respond.set()


@pytest.mark.parametrize("how", ["aclose", "break", "drop", "timeout"])
async def test_no_task_and_no_thread_is_left(ecr: FakeECR, connect: Connect, how: str) -> None:
    """However the reading of a registry ends, what it has started ends too."""
    async with connect() as client:
        await client.get_image("team/app-01", "v0")
        await client.aclose()
        images = client.registry_images(page_size=1)
        if how == "timeout":
            with pytest.raises(TimeoutError):
                await time_out(ecr, images)
        elif how == "drop":
            await anext(images)
            del images
            gc.collect()
        else:
            async with images:
                async for _ in images:
                    break
                if how == "aclose":
                    await images.aclose()
            with pytest.raises(RuntimeError, match="this AsyncRegistryIterator is closed"):
                await digests(images)
            assert repr(images) == "<AsyncRegistryIterator: 1 images yielded, 0 failures, closed>"

        if how != "drop":
            assert workers() == []
            assert len(asyncio.all_tasks()) == 1
        await until(lambda: not workers() and len(asyncio.all_tasks()) == 1)


async def test_second_task_is_refused(ecr: FakeECR, connect: Connect) -> None:
    """Two tasks cannot await one iterator at a time."""
    may_respond = threading.Event()
    ecr.inject_faults(held_until(may_respond.is_set))
    async with connect() as client, client.registry_images() as images:
        first = asyncio.ensure_future(anext(images))
        await until(lambda: ecr.requests)
        with pytest.raises(RuntimeError, match="one iterator for each task"):
            await anext(images)
        may_respond.set()

        assert (await first).repository_name == "team/app-01"


async def test_closing_it_ends_the_wait_of_another_task(ecr: FakeECR, connect: Connect) -> None:
    """The task gets an error that says why."""
    may_respond = threading.Event()
    ecr.inject_faults(held_until(may_respond.is_set))
    async with connect() as client:
        images = client.registry_images()
        waiting = asyncio.ensure_future(anext(images))
        await until(lambda: ecr.requests)
        closing = asyncio.ensure_future(images.aclose())
        await asyncio.sleep(0)
        may_respond.set()
        await closing

        with pytest.raises(RuntimeError, match="this AsyncRegistryIterator is closed"):
            await waiting


def test_an_iterator_resumes_in_another_event_loop(ecr: FakeECR, expected: list[str]) -> None:
    """Over boto3; over aiobotocore the client belongs to its loop."""
    client = AsyncClient(ecr.client())
    images = client.registry_images(page_size=2)
    came: list[str] = []

    async def take_one() -> None:
        came.append((await anext(images)).digest)

    async def take_the_rest() -> None:
        async with client, images:
            came.extend(await digests(images))

    asyncio.run(take_one())
    asyncio.run(take_one())
    asyncio.run(take_the_rest())

    assert came == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_closes_what_its_parent_has_begun(ecr: FakeECR) -> None:
    """It does not wait for requests of its parent's threads, which never end there."""
    client = AsyncClient(ecr.client())
    images = client.registry_images(page_size=2)
    may_respond = threading.Event()
    ecr.inject_faults(held_until(may_respond.is_set))

    async def close() -> None:
        async with asyncio.timeout(60):
            await images.aclose()

    asyncio.run(cancel_in_flight(ecr, anext(images)))

    assert in_child(lambda: asyncio.run(close())) is None
    may_respond.set()
    asyncio.run(close())
