"""One symbol's market as it stands: tick, prices, tape, candles, the figures of its ticker."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal

from ..engine.book import Levels
from ..engine.model import PublicTrade, Quote
from ..engine.numbers import ZERO, down
from ..engine.specs import Spec
from .candles import Bar, Candles
from .ladder import ladder
from .path import noise

_HOUR_MS = 3_600_000
FUNDING_MS = 8 * _HOUR_MS
_TAPE = 1_000
_HUNDRED_THOUSAND = 100_000


@dataclass(frozen=True, slots=True)
class DayStats:
    """The last 24 hours, as of the beginning of this minute."""

    minute_ms: int
    previous: Decimal
    previous_hour: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    turnover: Decimal


class Feed:
    """A symbol's own movement: a function of (seed, tick), scaled by what an operator's price left behind."""

    def __init__(self, seed: int, spec: Spec, candles: Candles) -> None:
        self.seed, self.spec, self.candles = seed, spec, candles
        self.tick = 0
        self.scale = (1, 1)
        self.quote = self._quote()
        self.tape: deque[PublicTrade] = deque(maxlen=_TAPE)
        self._day: DayStats | None = None

    def resume(self, tick: int, scale: tuple[int, int], quote: Quote | None = None) -> None:
        """Goes to a tick, with the scale (and the very prices) of an earlier run."""
        self.tick, self.scale = tick, scale
        self.quote = quote or self._quote()

    def advance(self) -> Quote:
        """Goes one tick on."""
        self.resume(self.tick + 1, self.scale)
        return self.quote

    def pin(self, price: Decimal) -> Quote:
        """An operator's price: last, mark and index go there, and the path goes on from there."""
        path = self.candles.path.price(self.tick)
        self.scale = (int(price / self.spec.tick), int(path / self.spec.tick))
        self.quote = Quote(price, price, price)
        return self.quote

    def levels(self) -> tuple[Levels, Levels]:
        """The synthetic book of this tick, fresh."""
        return ladder(self.seed, self.spec, self.tick, self.quote.last)

    def volume(self) -> Decimal:
        """What trades at this tick, in the base coin."""
        draw = noise(self.seed, f"{self.spec.symbol}.traded", self.tick)
        lots = int(self.spec.depth / self.spec.step) * (draw % 100) // 4_000
        return max(lots, 1) * self.spec.step

    def taker_side(self) -> str:
        """The side of the taker of this tick's trade."""
        return "Buy" if noise(self.seed, f"{self.spec.symbol}.taker", self.tick) & 1 else "Sell"

    def funding_rate(self, at_ms: int) -> Decimal:
        """The rate of the funding interval that contains the moment, in [-0.0001, 0.0003)."""
        draw = noise(self.seed, f"{self.spec.symbol}.funding", at_ms // FUNDING_MS)
        return Decimal(draw % 4_000 - 1_000) / Decimal(10_000_000)

    def open_interest(self, at_ms: int) -> Decimal:
        """Open interest in the base coin: synthetic, drifting by the hour."""
        draw = noise(self.seed, f"{self.spec.symbol}.interest", at_ms // _HOUR_MS)
        return down(self.spec.depth * (100_000 + draw % 10_000), self.spec.step)

    def day(self, now_ms: int) -> DayStats:
        """The 24 h figures; computed once a minute, with today's extremes kept current."""
        minute = now_ms - now_ms % 60_000
        if self._day is None or self._day.minute_ms != minute:
            self._day = self._measure(minute)
        return self._day

    def _measure(self, minute: int) -> DayStats:
        hours = [
            self.candles.candle("60", minute - minute % _HOUR_MS - _HOUR_MS * back) for back in range(24)
        ]
        return DayStats(
            minute_ms=minute,
            previous=hours[-1].open,
            previous_hour=self.candles.close_before(minute - _HOUR_MS),
            high=max(bar.high for bar in hours),
            low=min(bar.low for bar in hours),
            volume=sum((bar.volume for bar in hours), ZERO),
            turnover=sum((bar.turnover for bar in hours), ZERO),
        )

    def record(self, now_ms: int) -> Bar:
        """Puts this tick's price and volume into the candles; gives back the minute."""
        return self.candles.record(self.quote.last, self.volume(), now_ms)

    def _quote(self) -> Quote:
        above, below = self.scale
        path = self.candles.path.price(self.tick)
        steps = max(int(path / self.spec.tick) * above // below, 1)
        last = min(max(steps * self.spec.tick, self.spec.min_price), self.spec.max_price)
        return Quote(last, self._near(last, "mark", 1), self._near(last, "index", 2))

    def _near(self, last: Decimal, name: str, width: int) -> Decimal:
        """A price within `width` hundredths of a per mille of the last one, at its own pace of 16 ticks."""
        draw = noise(self.seed, f"{self.spec.symbol}.{name}", self.tick // 16)
        parts = draw % (2 * width + 1) - width
        near = last * (_HUNDRED_THOUSAND + parts) / _HUNDRED_THOUSAND
        return max(down(near, self.spec.tick), self.spec.tick)


class SpotFeed(Feed):
    """The market of a spot pair: its price is the index of the contract of the same name."""

    def __init__(self, seed: int, spec: Spec, candles: Candles, twin: Feed) -> None:
        self.twin = twin
        super().__init__(seed, spec, candles)

    def follow(self) -> Quote:
        """Goes to the twin's tick and price."""
        self.resume(self.twin.tick, self.scale)
        return self.quote

    def advance(self) -> Quote:
        """Goes one tick on, after the twin."""
        return self.follow()

    def _quote(self) -> Quote:
        price = max(down(self.twin.quote.index, self.spec.tick), self.spec.tick)
        return Quote(price, price, price)
