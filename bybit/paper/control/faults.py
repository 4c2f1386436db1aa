"""Which faults are asked for, and which of them is due."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

ACCEPTS = ("before", "never", "late")
REPLIES = ("ok", "drop", "rst", "hang", "drip", "status", "garbage", "truncate", "html", "ret")
STREAMS = ("private", "public", "trade")
AT_ONCE = ("close", "abort", "unknown_topic", "bad_json")
LASTING = (
    "silent", "refuse", "accept_then_close", "auth_fail", "sub_fail", "dup", "reorder", "delay", "drop",
    "new_enum",
)  # fmt: skip
LAGS = ("realtime", "history", "executions")


@dataclass(slots=True)
class RestFault:
    """A fault of one endpoint ("*" at the end matches any rest). `count` None lasts until cleared."""

    endpoint: str
    accept: str = "before"
    reply: str = "ok"
    code: int | None = None
    ms: int | None = None
    count: int | None = None

    def matches(self, path: str) -> bool:
        """Whether the fault is about this path."""
        if self.endpoint.endswith("*"):
            return path.startswith(self.endpoint[:-1])
        return path == self.endpoint


@dataclass(slots=True)
class StreamFault:
    """A fault of one kind of socket, until `until_ns` (monotonic; None: until cleared) or `count` times."""

    stream: str
    do: str
    ms: int | None = None
    count: int | None = None
    until_ns: int | None = None

    def over(self) -> bool:
        """Whether it has run out."""
        spent = self.count is not None and self.count <= 0
        return spent or (self.until_ns is not None and time.monotonic_ns() >= self.until_ns)


@dataclass(slots=True)
class Faults:
    """All faults there are. Lags are in ms. Whatever happened up to `grown_at_ms` counts as `age_ms` older than it
    is; the next `cancel_races` cancels come too late."""

    rest: list[RestFault] = field(default_factory=list)
    streams: list[StreamFault] = field(default_factory=list)
    lag: dict[str, int] = field(default_factory=dict)
    maintenance_since_ms: int | None = None
    age_ms: int = 0
    grown_at_ms: int = 0
    cancel_races: int = 0

    def aged(self, at_ms: int) -> int:
        """When something of that moment (ms) happened, if history has grown old since."""
        return at_ms - self.age_ms if at_ms <= self.grown_at_ms else at_ms

    def take(self, path: str) -> RestFault | None:
        """The first fault that matches the path, one of its count used up."""
        for fault in self.rest:
            if fault.matches(path):
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self.rest.remove(fault)
                return fault
        return None

    def take_stream(self, stream: str, do: str, use: bool = True) -> StreamFault | None:
        """The first fault of that kind that is not over, one of its count used up when `use`."""
        self.streams = [fault for fault in self.streams if not fault.over()]
        for fault in self.streams:
            if fault.stream == stream and fault.do == do:
                if use and fault.count is not None:
                    fault.count -= 1
                return fault
        return None

    def clear(self) -> None:
        """Ends all of them."""
        self.rest, self.streams, self.lag = [], [], {}
        self.maintenance_since_ms = None
        self.age_ms, self.cancel_races = 0, 0
