"""The candle intervals of Bybit and where their candles begin (UTC)."""

from __future__ import annotations

from datetime import UTC, datetime

MINUTE_MS = 60_000
DAY_MS = 86_400_000
# 1970-01-01 was a Thursday; weeks begin on Monday.
_MONDAY_MS = 4 * DAY_MS
FIXED_MS = {
    name: int(name) * MINUTE_MS for name in ("1", "3", "5", "15", "30", "60", "120", "240", "360", "720")
}
INTERVALS = (*FIXED_MS, "D", "W", "M")


def start_of(interval: str, at_ms: int) -> int:
    """The start (ms) of the candle that contains the moment."""
    if interval == "M":
        day = datetime.fromtimestamp(at_ms / 1000, UTC)
        return int(datetime(day.year, day.month, 1, tzinfo=UTC).timestamp()) * 1000
    if interval == "W":
        return at_ms - (at_ms - _MONDAY_MS) % (7 * DAY_MS)
    return at_ms - at_ms % (DAY_MS if interval == "D" else FIXED_MS[interval])


def end_of(interval: str, start_ms: int) -> int:
    """The start (ms) of the candle after the one that starts here."""
    if interval == "M":
        return start_of("M", start_ms + 32 * DAY_MS)
    if interval == "W":
        return start_ms + 7 * DAY_MS
    return start_ms + (DAY_MS if interval == "D" else FIXED_MS[interval])


def before(interval: str, start_ms: int) -> int:
    """The start (ms) of the candle before the one that starts here."""
    return start_of(interval, start_ms - 1)
