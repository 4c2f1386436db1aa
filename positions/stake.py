"""What was at risk when a trip began, and its result in multiples of that (R). Pure.

R is the result after fees and funding, divided by what would have been lost, before fees, had the first stop been
met. The first stop is the one that stood when the trip was opened or came within five minutes; it is held against
everything that was entered within the same five minutes. A stop at which nothing would be lost is passed over. Where
no stop is known there is no R.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bybit.decimals import EXACT

ZERO = Decimal(0)
SOON_MS = 5 * 60_000
R_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Entry:
    """A fill that opened or added: Bybit's time in ms, size in the base coin, price in the quote coin."""

    at_ms: int
    qty: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop's trigger price, and from when on it stood (Bybit's time in ms)."""

    at_ms: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Stake:
    """The first stop, and what was at risk at it: above zero, in the quote coin."""

    stop: Decimal
    at_risk: Decimal

    def multiple(self, net: Decimal) -> Decimal:
        """R of a result in the same coin, to four places."""
        return EXACT.divide(net, self.at_risk).quantize(R_PLACES)


def stake(side: str, entries: Sequence[Entry], stops: Iterable[Stop]) -> Stake | None:
    """The stake of a trip of this side; `entries` oldest first. None where no stop stood in time on the losing side."""
    if not entries:
        return None
    until_ms = entries[0].at_ms + SOON_MS
    early = [entry for entry in entries if entry.at_ms <= until_ms]
    qty = sum((entry.qty for entry in early), ZERO)
    value = sum((EXACT.multiply(entry.qty, entry.price) for entry in early), ZERO)
    for stop in sorted(stops, key=lambda stop: stop.at_ms):
        away = value - EXACT.multiply(qty, stop.price)
        at_risk = away if side == "Buy" else -away
        if stop.at_ms <= until_ms and at_risk > 0:
            return Stake(stop.price, at_risk)
    return None
