"""The only reader of the machine's clock. The exchange's own time may be set apart from it."""

from __future__ import annotations

import time

from .engine.model import Moment


class Clock:
    """Time in ms (exchange) and ns (machine)."""

    def __init__(self) -> None:
        self.skew_ms = 0

    def now(self) -> Moment:
        """Both clocks, read once."""
        ns = time.time_ns()
        return Moment(ns // 1_000_000 + self.skew_ms, ns)
