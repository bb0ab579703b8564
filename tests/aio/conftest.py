"""Runs tests that are coroutines, and gives them clients of both kinds."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

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
    deadline = time.monotonic() + 10
    while left := [thread.name for thread in threading.enumerate() if thread.name.startswith("ecrimages")]:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)
    return True


@pytest.fixture
def ecr() -> Iterator[FakeECR]:
    """A FakeECR with seven images in `team/app`, none in `team/empty`, and 250 in `team/builds`."""
    with FakeECR() as ecr:
        for number in range(7):
            ecr.add_image("team/app", tags=[f"v{number}"])
        ecr.add_repository("team/empty")
        for number in range(250):
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
    details: Any = ecr.client().describe_images(repositoryName="team/app")["imageDetails"]
    ecr_digests = [detail["imageDigest"] for detail in details]
    assert len(ecr_digests) == 7
    return ecr_digests
