"""Rate limits: a rolling second per account and endpoint, and 600 requests in five seconds per address."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

_SECOND_NS = 1_000_000_000
_IP_REQUESTS, _IP_WINDOW_NS = 600, 5 * _SECOND_NS
_UNLIMITED = 1_000_000


class Verdict(NamedTuple):
    """Whether the request may pass, with the figures for the headers; `reset_ns` is when the next one may."""

    allowed: bool
    limit: int
    left: int
    reset_ns: int


class Limits:
    """Counts requests. `scale` multiplies every limit; None takes them away."""

    def __init__(self) -> None:
        self.scale: float | None = 1
        self._hits: dict[tuple[str, str], deque[int]] = {}

    def check(self, account: str, path: str, limit: int, now_ns: int) -> Verdict:
        """Counts a signed request on an endpoint."""
        return self._count((account, path), limit, _SECOND_NS, now_ns)

    def check_peer(self, peer: str, now_ns: int) -> Verdict:
        """Counts any request of an address."""
        return self._count((peer, ""), _IP_REQUESTS, _IP_WINDOW_NS, now_ns)

    def _count(self, key: tuple[str, str], limit: int, window_ns: int, now_ns: int) -> Verdict:
        if self.scale is None:
            return Verdict(True, _UNLIMITED, _UNLIMITED - 1, now_ns)
        cap = max(int(limit * self.scale), 1)
        hits = self._hits.setdefault(key, deque())
        while hits and hits[0] <= now_ns - window_ns:
            hits.popleft()
        if len(hits) >= cap:
            return Verdict(False, cap, 0, hits[0] + window_ns)
        hits.append(now_ns)
        return Verdict(True, cap, cap - len(hits), now_ns)
