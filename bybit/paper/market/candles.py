"""Candles: recorded minute by minute since the exchange first started, derived from the path before that."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from ..engine.numbers import ZERO
from ..engine.specs import Spec
from .intervals import MINUTE_MS, before, end_of, start_of
from .path import PricePath, noise

# How many prices inside a candle of the past decide its high and low.
_SAMPLES = 5


@dataclass(slots=True)
class Bar:
    """Open, high, low, close (USDT), volume (base coin) and turnover (USDT) since `start_ms`."""

    start_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO
    turnover: Decimal = ZERO

    def add(self, other: Bar) -> None:
        """Takes in a bar that follows."""
        self.high, self.low = max(self.high, other.high), min(self.low, other.low)
        self.close = other.close
        self.volume += other.volume
        self.turnover += other.turnover


class Candles:
    """One symbol's candles. Tick 0 was at `genesis_ms`, which begins a minute; a tick takes `tick_ms`."""

    def __init__(self, seed: int, path: PricePath, spec: Spec, genesis_ms: int, tick_ms: int) -> None:
        self.seed, self.path, self.spec = seed, path, spec
        self.genesis_ms, self.tick_ms = genesis_ms, tick_ms
        self.minutes: list[Bar] = []
        self._starts: list[int] = []
        self._past = lru_cache(maxsize=20_000)(self._derive)

    def restore(self, bars: list[Bar]) -> None:
        """Takes up the recorded minutes of an earlier run, oldest first."""
        self.minutes, self._starts = bars, [bar.start_ms for bar in bars]

    def record(self, price: Decimal, volume: Decimal, at_ms: int) -> Bar:
        """Notes a price and what traded at it; gives back the minute that holds it."""
        start = start_of("1", max(at_ms, self.genesis_ms))
        tick = Bar(start, price, price, price, price, volume, volume * price)
        if self.minutes and self.minutes[-1].start_ms >= start:
            self.minutes[-1].add(tick)
        else:
            self.minutes.append(tick)
            self._starts.append(start)
        return self.minutes[-1]

    def candle(self, interval: str, start_ms: int) -> Bar:
        """The candle of an interval that starts there; minutes without a record are flat."""
        end = end_of(interval, start_ms)
        if end <= self.genesis_ms:
            return self._past(start_ms, end)
        low = bisect_left(self._starts, max(start_ms, self.genesis_ms))
        recorded = self.minutes[low : bisect_left(self._starts, end)]
        if start_ms < self.genesis_ms:
            bar = _copy(self._past(start_ms, self.genesis_ms), start_ms)
        elif recorded:
            bar = _copy(recorded.pop(0), start_ms)
        else:
            price = self.close_before(start_ms)
            return Bar(start_ms, price, price, price, price)
        for minute in recorded:
            bar.add(minute)
        return bar

    def close_before(self, at_ms: int) -> Decimal:
        """The last price before a moment."""
        position = bisect_right(self._starts, at_ms - 1)
        if at_ms > self.genesis_ms and position > 0:
            return self.minutes[position - 1].close
        return self._price(min(at_ms, self.genesis_ms) - 1)

    def last(self, interval: str, start_ms: int | None, end_ms: int, limit: int) -> list[Bar]:
        """Up to `limit` candles starting within [start_ms, end_ms], newest first, none before the launch."""
        bars: list[Bar] = []
        at = start_of(interval, end_ms)
        floor = max(self.spec.launch_ms, start_ms or 0)
        while at >= floor and len(bars) < limit:
            bars.append(self.candle(interval, at))
            at = before(interval, at)
        return bars

    def _derive(self, start_ms: int, end_ms: int) -> Bar:
        step = (end_ms - start_ms) // _SAMPLES
        prices = [self._price(start_ms - 1)]
        prices += [self._price(start_ms + step * number - 1) for number in range(1, _SAMPLES)]
        prices.append(self._price(end_ms - 1))
        minutes = (end_ms - start_ms) // MINUTE_MS
        lots = int(self.spec.depth / self.spec.step) * minutes
        draw = noise(self.seed, f"{self.spec.symbol}.volume", start_ms // MINUTE_MS)
        volume = (lots * (50 + draw % 100) // 20 or 1) * self.spec.step
        return Bar(start_ms, prices[0], max(prices), min(prices), prices[-1], volume, volume * prices[-1])

    def _price(self, at_ms: int) -> Decimal:
        return self.path.price((at_ms - self.genesis_ms) // self.tick_ms)


def _copy(bar: Bar, start_ms: int) -> Bar:
    return Bar(start_ms, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.turnover)
