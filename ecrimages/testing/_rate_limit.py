"""A token bucket."""

from __future__ import annotations

import threading
import time

__all__ = ["TokenBucket"]


class TokenBucket:
    """Allows `rate` requests per second, and `burst` requests at once after a pause."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._updated_at = time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take a token; return whether there was one."""
        with self._lock:
            now = time.monotonic()
            refilled = self._tokens + (now - self._updated_at) * self._rate
            self._tokens = min(refilled, self._burst)
            self._updated_at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True
