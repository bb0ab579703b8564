from __future__ import annotations

import itertools
import json
import pickle
import threading
from typing import Any

import pytest
from botocore.config import Config
from botocore.retries.quota import RetryQuota
from waiting import held_until

from ecrimages import Client, ThrottlingError, _gate
from ecrimages._gate import Gate
from ecrimages.testing import FakeECR, Fault

# boto3's default mode, with a retry quota that throttled requests would use up.
RETRIES = {"mode": "standard", "total_max_attempts": 8}


class Clock:
    """A clock that only pauses move: requests take no time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of listings and of the fake's rate limit."""
    clock = Clock()
    for module in ("_registry", "_registry_cursor", "testing._rate_limit"):
        monkeypatch.setattr(f"ecrimages.{module}.time", clock)
    return clock


@pytest.fixture
def acquired(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What was taken from botocore's retry quotas."""
    amounts: list[int] = []
    acquire = RetryQuota.acquire

    def recorded(quota: RetryQuota, amount: int) -> bool:
        amounts.append(amount)
        return bool(acquire(quota, amount))

    monkeypatch.setattr(RetryQuota, "acquire", recorded)
    return amounts


@pytest.fixture
def throttled(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The throttled requests that the library has seen."""
    keys: list[object] = []
    note = Gate.throttled

    def recorded(gate: Gate, key: object, now: float) -> float | None:
        keys.append(key)
        return note(gate, key, now)

    monkeypatch.setattr(Gate, "throttled", recorded)
    return keys


def client_of(ecr: FakeECR) -> Client:
    """Return a client with retries."""
    return Client(ecr.client(Config(max_pool_connections=32, retries=RETRIES)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rate", "repositories", "max_workers"),
    [
        *((10, 40, max_workers) for max_workers in (1, 8, 32)),
        *(pytest.param(20, 400, max_workers, marks=pytest.mark.slow) for max_workers in (8, 16, 32)),
        *(pytest.param(5, 100, max_workers, marks=pytest.mark.slow) for max_workers in (8, 16, 32)),
    ],
)
def test_nothing_is_lost_where_a_service_throttles(
    acquired: list[int], throttled: list[object], clock: Clock, rate: int, repositories: int, max_workers: int
) -> None:
    """All images come in order, in little more than the time that the limit allows, whatever becomes of errors.

    Each throttled request is made again, that for the list too, and not by botocore, whose quota is untouched.
    """
    with FakeECR(rate_limit=rate, burst=rate) as ecr:
        expected = [ecr.add_image(f"team/app-{number:03}") for number in range(repositories)]
        ecr.inject_faults(Fault.throttling(), operation="DescribeRepositories")
        begin = clock.now
        images = client_of(ecr).registry_images(max_workers=max_workers, failed="raise" if max_workers == 1 else "skip")

        assert list(images) == expected

    assert not images.failures
    # The list of repositories is a request too.
    assert len(throttled) == len(ecr.requests) - repositories - 1 > 1
    assert acquired == []
    # The last requests may be throttled, and pause for a second, though the limit would allow them by then.
    assert clock.now - begin < 1.2 * (repositories + 2 - rate) / rate + 2


@pytest.fixture
def two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of this length instead of a random one."""
    monkeypatch.setattr(_gate, "_PAUSE", (2.0, 2.0))


@pytest.mark.usefixtures("two_seconds")
def test_a_page_that_is_throttled_for_ever_fails_its_repository(ecr: FakeECR, clock: Clock) -> None:
    """After a minute. The error says for how long it was tried; no other repository is lost."""
    for name in ("team/a", "team/b", "team/c"):
        ecr.add_image(name)
    ecr.inject_faults(*[Fault.throttling()] * 100, repository_name="team/b")
    images, begin = client_of(ecr).registry_images(failed="skip"), clock.now

    assert [image.repository_name for image in images] == ["team/a", "team/c"]

    assert 60 <= clock.now - begin <= 64
    [error] = images.failures.values()
    assert isinstance(error, ThrottlingError)
    assert (error.repository_name, error.retryable) == ("team/b", True)
    assert str(error).startswith("Rate exceeded (DescribeImages: ThrottlingException")
    assert str(error).endswith(". Every request was throttled for 60 s. Try again later")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.usefixtures("two_seconds")
def test_a_program_may_resume_after_that(ecr: FakeECR, clock: Clock) -> None:
    """With failed="raise" the error is retryable: the page is requested again, as patiently as before."""
    expected = ecr.add_image("team/a")
    ecr.inject_faults(*[Fault.throttling()] * (31 + 31 + 5))
    images, times = client_of(ecr).registry_images(), [clock.now]

    for _ in range(2):
        with pytest.raises(ThrottlingError) as caught:
            next(images)
        assert caught.value.retryable
        assert caught.value.repository_name is None
        times.append(clock.now)

    assert list(images) == [expected]
    assert [after - before for before, after in itertools.pairwise(times)] == [60, 60]


@pytest.mark.usefixtures("two_seconds")
def test_a_pause_that_ends_between_two_looks_at_the_clock(
    ecr: FakeECR, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The throttled request is made again then, and not when the slow one beside it has its response."""
    expected = [ecr.add_image(name) for name in ("team/a", "team/b")]
    requested: list[str] = []
    boto3_client: Any = ecr.client()

    def note(params: Any, **_: object) -> None:
        requested.append(json.loads(params["body"])["repositoryName"])

    boto3_client.meta.events.register("before-call.ecr.DescribeImages", note)
    ecr.inject_faults(held_until(lambda: requested.count("team/b") == 2), repository_name="team/a")
    ecr.inject_faults(Fault.throttling(), repository_name="team/b")

    def look() -> float:
        clock.sleep(1)
        return clock.now

    monkeypatch.setattr(clock, "monotonic", look)

    assert list(Client(boto3_client).registry_images(["team/a", "team/b"], max_workers=4)) == expected
