from __future__ import annotations

import pickle
import time
from typing import Any

import pytest
from botocore.config import Config
from botocore.retries.quota import RetryQuota

from ecrimages import Client, ThrottlingError, _gate
from ecrimages._gate import Gate
from ecrimages.testing import FakeECR, Fault

# boto3's default mode, with a retry quota that throttled requests would use up.
RETRIES = {"mode": "standard", "total_max_attempts": 8}


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


def check_listing(ecr: FakeECR, repositories: int, max_workers: int) -> float:
    """List that many repositories of an image each; check that all come; return how long it took."""
    for number in range(repositories):
        ecr.add_image(f"team/app-{number:03}", tags=["v1"])
    images = client_of(ecr).registry_images(max_workers=max_workers, failed="skip")
    begin = time.monotonic()

    names = [image.repository_name for image in images]

    assert names == [f"team/app-{number:03}" for number in range(repositories)]
    assert not images.failures
    return time.monotonic() - begin


@pytest.mark.parametrize("max_workers", [1, 8, 32])
def test_nothing_is_lost_where_a_service_throttles(
    acquired: list[int], throttled: list[object], max_workers: int
) -> None:
    """All images come in order; each throttled request is made again, and not by botocore, whose quota is untouched."""
    with FakeECR(rate_limit=40, burst=20) as ecr:
        check_listing(ecr, 60, max_workers)

    assert len(throttled) == len(ecr.requests) - 61
    assert throttled or max_workers == 1
    assert acquired == []


@pytest.mark.slow
@pytest.mark.parametrize("max_workers", [8, 16, 32])
@pytest.mark.parametrize(("rate", "repositories"), [(20, 400), (5, 100)])
def test_a_throttled_listing_takes_the_time_that_the_limit_allows(
    acquired: list[int], throttled: list[object], rate: int, repositories: int, max_workers: int
) -> None:
    """Nothing is lost, in at most 1.5 times that time, with 100 ms a request; botocore's quota is untouched."""
    with FakeECR(rate_limit=rate, burst=rate, latency=0.1) as ecr:
        seconds = check_listing(ecr, repositories, max_workers)

    # The list of repositories is a request too.
    assert seconds < 1.5 * (repositories + 1 - rate) / rate
    assert len(throttled) == len(ecr.requests) - repositories - 1
    assert acquired == []


def check_endless_throttling(ecr: FakeECR) -> ThrottlingError:
    """List three repositories of which one is throttled for ever; return its error."""
    for name in ("team/a", "team/b", "team/c"):
        ecr.add_image(name)
    ecr.inject_faults(*[Fault.throttling()] * 1000, repository_name="team/b")
    images = client_of(ecr).registry_images(failed="skip")

    names = [image.repository_name for image in images]

    assert names == ["team/a", "team/c"]
    [error] = images.failures.values()
    assert isinstance(error, ThrottlingError)
    assert (error.repository_name, error.retryable) == ("team/b", True)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    return error


def test_a_page_that_is_throttled_for_ever_fails_its_repository(ecr: FakeECR, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says for how long it was tried; no other repository is lost. Here, patience ends after a second."""
    monkeypatch.setattr(_gate, "_PATIENCE", 1.0)
    monkeypatch.setattr(_gate, "_PAUSE", (0.05, 0.1))

    error = check_endless_throttling(ecr)

    assert str(error).startswith("Rate exceeded (DescribeImages: ThrottlingException")
    assert str(error).endswith(". Every request was throttled for 1 s. Try again later")


def test_a_program_may_resume_after_that(ecr: FakeECR, monkeypatch: pytest.MonkeyPatch) -> None:
    """With failed="raise" the error is retryable: the page is requested again, as patiently as before."""
    monkeypatch.setattr(_gate, "_PATIENCE", 0.5)
    monkeypatch.setattr(_gate, "_PAUSE", (0.05, 0.1))
    ecr.add_image("team/a")
    ecr.inject_faults(*[Fault.throttling()] * 25)
    images, errors, came = client_of(ecr).registry_images(), list[Any](), list[Any]()
    begin = time.monotonic()

    while not came:
        try:
            came.append(next(images))
        except ThrottlingError as error:
            errors.append((round(time.monotonic() - begin, 1), error.repository_name))

    assert 1 <= len(errors) <= 4
    assert errors[0][0] >= 0.5
    assert {name for _, name in errors} == {None}


@pytest.mark.slow
def test_patience_is_a_minute(ecr: FakeECR) -> None:
    """The same with the real minute."""
    begin = time.monotonic()

    error = check_endless_throttling(ecr)

    assert 60 <= time.monotonic() - begin < 65
    assert "Every request was throttled for 6" in str(error)
