"""The time windows of list reads: seven days at most, the last seven when nothing is said."""

from __future__ import annotations

from typing import NamedTuple

from ..control.faults import Faults
from ..engine.errors import Refusal
from .call import Context
from .retention import KEPT_MS

_WEEK_MS = 7 * 86_400_000
_FAR = 1 << 60


class Window(NamedTuple):
    """From and to, in ms, both included, and from when on anything is shown at all. `rolling`: the window is counted
    back from now, so that what has grown old may have left it."""

    start: int
    end: int
    oldest: int
    faults: Faults
    rolling: bool = False

    def holds(self, at_ms: int) -> bool:
        """Whether something of that moment lies in it."""
        aged = self.faults.aged(at_ms)
        return self.oldest <= aged and self.start <= (aged if self.rolling else at_ms) <= self.end


def window(context: Context, default_ms: int = _WEEK_MS) -> Window:
    """The window of a read; without any the last `default_ms`. Refuses with 10001 when it is longer than seven
    days or ends before it begins."""
    start = context.whole("startTime", -1, 0, _FAR)
    end = context.whole("endTime", -1, 0, _FAR)
    oldest, faults = context.now.ms - KEPT_MS, context.venue.faults
    if start < 0 and end < 0:
        return Window(context.now.ms - default_ms, _FAR, oldest, faults, rolling=True)
    if end < 0:
        return Window(start, start + _WEEK_MS, oldest, faults)
    if start < 0:
        return Window(end - _WEEK_MS, end, oldest, faults)
    if end < start:
        raise Refusal(10001, "The start time cannot be later than the end time")
    if end - start > _WEEK_MS:
        raise Refusal(10001, "The time range between startTime and endTime cannot exceed 7 days")
    return Window(start, end, oldest, faults)
