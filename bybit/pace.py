"""How often each endpoint is asked. Commands never wait here; the resolver does, so that it leaves them their half."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Pace:
    """Counts requests per endpoint over the last second, and lets the patient ones wait for their turn."""

    def __init__(self) -> None:
        self._sent: dict[str, deque[float]] = {}
        self._lock = threading.Lock()
        self._mine = threading.local()

    @contextmanager
    def slow(self, per_second: int) -> Iterator[None]:
        """Within it, this thread asks an endpoint only while fewer than `per_second` requests went there in the last
        second."""
        before = getattr(self._mine, "limit", None)
        self._mine.limit = per_second
        try:
            yield
        finally:
            self._mine.limit = before

    def room(self, name: str, cap: int, seconds: float) -> bool:
        """Takes one of `cap` places a second, waiting at most `seconds` for it. Returns whether it got one."""
        deadline = time.monotonic() + seconds
        while True:
            with self._lock:
                pause = self._take(name, cap)
            if pause is None or time.monotonic() + pause > deadline:
                return pause is None
            time.sleep(max(pause, 0.001))

    def _take(self, name: str, limit: int | None) -> float | None:
        """Notes one request when fewer than `limit` went there in the last second, else says how long to wait."""
        now = time.monotonic()
        sent = self._sent.setdefault(name, deque())
        while sent and sent[0] <= now - 1:
            sent.popleft()
        if limit is not None and len(sent) >= limit:
            return sent[0] + 1 - now
        sent.append(now)
        return None

    def wait(self, endpoint: str) -> None:
        """Notes one request, after waiting for its turn if this thread is patient."""
        limit = getattr(self._mine, "limit", None)
        while True:
            with self._lock:
                pause = self._take(endpoint, limit)
            if pause is None:
                return
            time.sleep(max(pause, 0.001))
