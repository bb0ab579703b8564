"""Runs tests that are coroutines, and gives them clients of both kinds."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator

import pytest
from samples import digest
from waiting import wait_until, workers

from ecrimages.testing import FakeECR

from .connections import AIOBOTOCORE, BOTO3, Connect, connecting

_TIMEOUT = 60.0


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine. It must leave no task and no thread behind."""
    test = pyfuncitem.obj
    if not inspect.iscoroutinefunction(test):
        return None

    async def run() -> None:
        async with asyncio.timeout(_TIMEOUT):
            await test(**{name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames})
        # A task that was cancelled ends in the next turn of the loop.
        for _ in range(10):
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())
    wait_until(lambda: not workers())
    return True


@pytest.fixture
def ecr() -> Iterator[FakeECR]:
    """A FakeECR with seven images in `team/app`, none in `team/empty`, and twelve in `team/builds`."""
    with FakeECR() as ecr:
        for number in range(7):
            ecr.add_image("team/app", tags=[f"v{number}"], digest=digest(number))
        ecr.add_repository("team/empty")
        for number in range(12):
            ecr.add_image("team/builds", tags=[f"b{number}"])
        yield ecr


@pytest.fixture(params=[BOTO3, pytest.param(AIOBOTOCORE, marks=pytest.mark.aiobotocore)])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of client that is wrapped."""
    if request.param == AIOBOTOCORE:
        pytest.importorskip("aiobotocore")
    return str(request.param)


@pytest.fixture
def connect(ecr: FakeECR, kind: str) -> Connect:
    """A function that opens an `AsyncClient` of each kind for the FakeECR; used with `async with`."""
    return connecting(ecr, kind)


@pytest.fixture
def expected(ecr: FakeECR) -> list[str]:
    """The digests in `team/app`, in the order of the service."""
    return [digest(number) for number in range(7)]
