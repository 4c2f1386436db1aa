"""Round trips: what was entered, left, paid and won from flat to flat: the fold of positions.book, by trip. Pure.

A fill that flips a position ends one trip and begins the next; its fee is shared by size. Spot is never short: what is
sold beyond what the record saw bought is counted as `uncovered` and realises nothing, for its cost is not known.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from bybit.decimals import EXACT
from positions.book import Book, Trade, step

ZERO = Decimal(0)
FEE_PLACES = Decimal(1).scaleb(-18)
# Far below any coin's smallest part, and above the rounding of an average: so that sums of results are exact.
RESULT_PLACES = Decimal(1).scaleb(-30)
# (time in ms, Bybit's cross sequence, execId): the order in which executions are folded.
Key = tuple[int, int, str]
START: Key = (0, -1, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One execution as the journal sees it. `qty` (base coin) and `price` are above zero; `fee` above zero was paid, in
    `coin`. Funding carries its amount in `fee`. `fee_in_base`: the fee is taken from the coin that is bought (spot)."""

    key: Key
    kind: Literal["trade", "funding", "other"]
    side: str
    qty: Decimal
    price: Decimal
    fee: Decimal
    coin: str
    fee_in_base: bool = False


@dataclass(slots=True, kw_only=True)
class Trip:
    """One round trip. `side` is its opening's. Values in the quote coin; `realised` is before fees and funding."""

    side: str
    first: Key
    last: Key
    fills: int = 0
    most: Decimal = ZERO
    entered_qty: Decimal = ZERO
    entered_value: Decimal = ZERO
    left_qty: Decimal = ZERO
    left_value: Decimal = ZERO
    realised: Decimal = ZERO
    uncovered: Decimal = ZERO
    funding: Decimal = ZERO
    fees: dict[str, Decimal] = field(default_factory=dict)
    ended: bool = False
    flipped: bool = False

    def pay(self, coin: str, fee: Decimal) -> None:
        if fee:
            self.fees[coin] = self.fees.get(coin, ZERO) + fee


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What one fill closed: how much, what that realised before fees, and the trip that it belongs to."""

    key: Key
    qty: Decimal
    realised: Decimal
    trip: Trip


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Amounts of the holding that is open, in its settle coin; fees and funding above zero were paid."""

    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO


class Fold:
    """The fold of one place (market and position index). `trips` gathers every trip it touched, oldest first."""

    def __init__(self, *, spot: bool, book: Book | None = None, trip: Trip | None = None) -> None:
        self.book = book or Book()
        self.trip = trip
        self.trips: list[Trip] = [] if trip is None else [trip]
        self.last: Key = START
        self._spot = spot

    def take(self, fact: Fact) -> Closing | None:
        """One more execution, in the order of their keys. Returns what it closed."""
        self.last = fact.key
        if fact.kind != "trade":
            if self.trip is not None:
                self._pass(fact)
            return None
        signed = fact.qty if fact.side == "Buy" else -fact.qty
        held = self.book.size
        if held == 0 or (held > 0) == (signed > 0):
            if self._spot and signed < 0:
                return self._sell_uncovered(fact, fact.qty)
            self._enter(fact, fact.qty, fact.fee)
            return None
        closed = min(abs(held), fact.qty)
        return self._leave(fact, closed, EXACT.subtract(fact.qty, closed))

    def _pass(self, fact: Fact) -> None:
        trip = self.trip
        assert trip is not None  # noqa: S101  # the caller has just looked
        trip.last, trip.fills = fact.key, trip.fills + 1
        if fact.kind == "funding":
            trip.funding += fact.fee
        else:
            trip.pay(fact.coin, fact.fee)

    def _enter(self, fact: Fact, qty: Decimal, fee: Decimal) -> None:
        trip = self.trip
        if trip is None:
            trip = self.trip = Trip(side=fact.side, first=fact.key, last=fact.key)
            self.trips.append(trip)
        got = qty
        if fact.fee_in_base:
            # What Bybit keeps as its fee never arrives, and makes the rest dearer.
            got = EXACT.subtract(qty, fee)
        self.book = step(self.book, Trade(fact.side, got, _cost_price(fact.price, qty, got)))
        trip.last, trip.fills = fact.key, trip.fills + 1
        trip.entered_qty += got
        trip.entered_value += EXACT.multiply(qty, fact.price)
        trip.most = max(trip.most, abs(self.book.size))
        trip.pay(fact.coin, fee)

    def _leave(self, fact: Fact, closed: Decimal, rest: Decimal) -> Closing:
        trip, before = self.trip, self.book.realised
        assert trip is not None  # noqa: S101  # a size that is not zero was entered
        share = fact.fee
        if rest:
            share = EXACT.divide(EXACT.multiply(fact.fee, closed), fact.qty).quantize(
                FEE_PLACES, context=EXACT
            )
        self.book = step(self.book, Trade(fact.side, closed, fact.price))
        realised = EXACT.subtract(self.book.realised, before).quantize(RESULT_PLACES, context=EXACT)
        trip.last, trip.fills = fact.key, trip.fills + 1
        trip.left_qty += closed
        trip.left_value += EXACT.multiply(closed, fact.price)
        trip.realised += realised
        trip.pay(fact.coin, share)
        if self.book.size == 0:
            trip.ended, trip.flipped, self.trip = True, bool(rest), None
        if rest and self._spot:
            trip.uncovered += rest
            trip.pay(fact.coin, fact.fee - share)
        elif rest:
            self._enter(fact, rest, fact.fee - share)
        return Closing(key=fact.key, qty=closed, realised=realised, trip=trip)

    def _sell_uncovered(self, fact: Fact, qty: Decimal) -> Closing:
        """Coins that came from elsewhere are sold: a trip of its own, whose cost the record does not know."""
        trip = Trip(side="Buy", first=fact.key, last=fact.key, fills=1, ended=True, uncovered=qty)
        trip.left_qty, trip.left_value = qty, EXACT.multiply(qty, fact.price)
        trip.pay(fact.coin, fact.fee)
        self.trips.append(trip)
        return Closing(key=fact.key, qty=ZERO, realised=ZERO, trip=trip)


def _cost_price(price: Decimal, qty: Decimal, got: Decimal) -> Decimal:
    return price if got == qty else EXACT.divide(EXACT.multiply(price, qty), got)


def trips_of(facts: Iterable[Fact], *, spot: bool = False) -> list[Trip]:
    """All trips of one place, oldest first; the last may still be open."""
    fold = Fold(spot=spot)
    for fact in facts:
        fold.take(fact)
    return fold.trips
