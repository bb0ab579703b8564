"""How many requests may be in flight while a service throttles: no I/O, no clock of its own.

ECR does not publish its rate limits, which hold for an account and region as a whole. So the number of requests in
flight is halved when one is throttled, all pause, and the number creeps up again with each that is not.
"""

from __future__ import annotations

__all__ = ["Gate"]

# A service saves up the requests that are not made, a second's worth as a rule: a longer pause would waste some.
_PAUSE = (0.25, 0.75)
_BETWEEN_HALVINGS = 1.0
# A page that was throttled for so long, while all others were, fails: some other program uses the whole rate.
_PATIENCE = 60.0
# Requests are made only while the caller asks for images: more time between two responses is the caller's own.
_LONGEST_GAP = 5.0


class Gate:
    """The permits of one registry listing.

    Args:
        max_in_flight: The most requests at a time.
    """

    def __init__(self, max_in_flight: int) -> None:
        self._max = max_in_flight
        self._permits = float(max_in_flight)
        self._halved_at = float("-inf")
        self._open_at = float("-inf")
        self._responded_at = float("-inf")
        # In this time and the two after it, the time that the caller takes does not count.
        self._requesting_time = 0.0
        self._passed_at = float("-inf")
        self._throttled_since: dict[object, float] = {}

    def permits(self, now: float) -> int:
        """Return how many requests may be in flight now: none in a pause."""
        return 0 if now < self._open_at else int(self._permits)

    def pause_left(self, now: float) -> float | None:
        """Return how many seconds the pause still lasts. None if there is none."""
        return self._open_at - now if now < self._open_at else None

    def passed(self, key: object, now: float) -> None:
        """Take note of a request that was not throttled."""
        self._throttled_since.pop(key, None)
        self._passed_at = self._time_requesting(now)
        self._permits = min(self._max, self._permits + 1 / self._permits)

    def throttled(self, key: object, now: float) -> float | None:
        """Take note of a request that was throttled.

        Args:
            key: What was requested: the same when it is requested again.
            now: The time, in seconds.

        Returns:
            None to make the same request again after the pause. If the service has let nothing through for too long
            since this was first throttled: for how many seconds.
        """
        time = self._time_requesting(now)
        # While others are let through, this one may just have waited for its turn.
        seconds = time - max(self._throttled_since.setdefault(key, time), self._passed_at)
        if seconds >= _PATIENCE:
            del self._throttled_since[key]
            return seconds
        if now - self._halved_at >= _BETWEEN_HALVINGS:
            self._permits = max(1.0, self._permits / 2)
            self._halved_at = now
        # Not imported before a service throttles.
        import random

        self._open_at = max(self._open_at, now + random.uniform(*_PAUSE))
        return None

    def _time_requesting(self, now: float) -> float:
        self._requesting_time += min(now - self._responded_at, _LONGEST_GAP)
        self._responded_at = now
        return self._requesting_time
