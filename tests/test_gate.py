from __future__ import annotations

import heapq
import random
from typing import NamedTuple

import pytest

from ecrimages._gate import Gate


class Outcome(NamedTuple):
    """What has come of a simulated listing."""

    seconds: float
    throttled: int
    lost: int


LATENCY = 0.1


def simulated(workers: int, pages: int, rate: float, burst: int) -> Outcome:
    """List repositories of a page each behind a gate, from a service with a token bucket, in no time."""
    gate = Gate(workers)
    now, tokens, refilled_at = 0.0, float(burst), 0.0
    waiting = list(range(pages))
    in_flight: list[tuple[float, int, bool]] = []
    throttled = lost = 0
    while waiting or in_flight:
        while waiting and len(in_flight) < gate.permits(now):
            tokens, refilled_at = min(tokens + (now - refilled_at) * rate, burst), now
            is_allowed = tokens >= 1
            tokens -= is_allowed
            # As in a listing, the earlier page is requested first.
            heapq.heappush(in_flight, (now + LATENCY * random.uniform(1, 1.3), heapq.heappop(waiting), is_allowed))
        pause = gate.pause_left(now)
        ends_at = in_flight[0][0] if in_flight else float("inf")
        if pause is not None and now + pause < ends_at:
            now += pause
            continue
        now, page, is_allowed = heapq.heappop(in_flight)
        if is_allowed:
            gate.passed(page, now)
        else:
            throttled += 1
            if gate.throttled(page, now) is None:
                heapq.heappush(waiting, page)
            else:
                lost += 1
    return Outcome(now, throttled, lost)


@pytest.mark.parametrize("workers", [4, 8, 16, 32])
@pytest.mark.parametrize(("pages", "rate"), [(400, 20), (100, 5), (60, 2)])
def test_a_throttled_listing_takes_the_time_that_the_rate_allows(workers: int, pages: int, rate: int) -> None:
    """Nothing is lost, and the rate of the service is used, whatever the number of workers."""
    ideal = (pages - rate) / rate
    for seed in range(10):
        random.seed(seed)
        seconds, throttled, lost = simulated(workers, pages, rate, rate)

        assert lost == 0
        assert seconds < 1.2 * ideal
        assert throttled < 2 * pages + 4 * workers


def test_a_listing_that_is_not_throttled_is_not_slowed_down() -> None:
    """All workers are used all the time."""
    seconds, throttled, lost = simulated(16, 1600, 1e6, 10**6)

    assert (throttled, lost) == (0, 0)
    assert seconds < 100 * 0.13


def test_a_small_burst_takes_longer_and_loses_nothing() -> None:
    """A service that lets two requests a second through, and saves none up, gets its pages listed too."""
    seconds, _, lost = simulated(32, 40, 2, 1)

    assert lost == 0
    assert seconds < 120


def test_the_permits_are_halved_and_creep_up() -> None:
    """Throttled requests of a second halve the permits once; each success adds less than one, up to the maximum."""
    gate = Gate(16)
    assert gate.permits(0) == 16
    for key in range(16):
        assert gate.throttled(key, 0.5 + key / 100) is None

    after = [gate.permits(10)]
    for key in range(200):
        gate.passed(key, 10)
        after.append(gate.permits(10))

    assert after[:9] == [8] * 9
    assert after[10:] == sorted(after[10:])
    assert after[-1] == 16


def test_a_throttled_request_pauses_all() -> None:
    """Nothing is started in the pause, which is shorter than a second; one request at least follows."""
    gate = Gate(1)
    gate.throttled("page", 100.0)

    pause = gate.pause_left(100.0)

    assert pause is not None
    assert 0.2 < pause < 1
    assert gate.permits(100.0) == gate.permits(100.0 + 0.99 * pause) == 0
    assert gate.permits(100.1 + pause) == 1
    assert gate.pause_left(100.1 + pause) is None


def test_patience_ends_after_a_minute() -> None:
    """The page that is throttled for a minute fails, and is patient again when it is requested after that."""
    gate = Gate(8)

    since = [gate.throttled("page", float(second)) for second in range(61)]

    assert since == [None] * 60 + [60.0]
    assert gate.throttled("page", 61.0) is None


def test_a_success_shows_that_the_service_lets_pages_through() -> None:
    """A page that was throttled once and has waited behind others for minutes does not fail at the second time."""
    gate = Gate(8)
    gate.throttled("late", 0.0)
    for second in range(300):
        gate.passed("early", float(second))

    since = [gate.throttled("late", float(second)) for second in range(300, 360)]

    assert since == [None] * 59 + [60.0]


def test_the_time_that_the_caller_takes_is_not_counted() -> None:
    """A page that was throttled before and after a long pause of the caller's does not fail."""
    gate = Gate(8)

    assert [gate.throttled("page", 100.0 * visit) for visit in range(12)] == [None] * 12
