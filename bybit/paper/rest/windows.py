"""The time windows of list reads: seven days at most, the last seven when nothing is said."""

from __future__ import annotations

from typing import NamedTuple

from ..engine.errors import Refusal
from .call import Context

_WEEK_MS = 7 * 86_400_000
_FAR = 1 << 60


class Window(NamedTuple):
    """From and to, in ms, both included."""

    start: int
    end: int


def window(context: Context) -> Window:
    """The window of a read. Refuses with 10001 when it is longer than seven days or ends before it begins."""
    start = context.whole("startTime", -1, 0, _FAR)
    end = context.whole("endTime", -1, 0, _FAR)
    if start < 0 and end < 0:
        return Window(context.now.ms - _WEEK_MS, _FAR)
    if end < 0:
        return Window(start, start + _WEEK_MS)
    if start < 0:
        return Window(end - _WEEK_MS, end)
    if end < start:
        raise Refusal(10001, "The start time cannot be later than the end time")
    if end - start > _WEEK_MS:
        raise Refusal(10001, "The time range between startTime and endTime cannot exceed 7 days")
    return Window(start, end)
