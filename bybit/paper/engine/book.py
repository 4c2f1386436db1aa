"""One symbol's book: the users' resting orders in price-time order, and the synthetic levels of this tick."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from .model import Order, Quote
from .numbers import ZERO
from .specs import Spec

Levels = list[tuple[Decimal, Decimal]]
LadderSource = Callable[[], tuple[Levels, Levels]]
_Key = tuple[Decimal, int, str]


class Offer(NamedTuple):
    """The best that stands against a taker: a user's order, or (order None) a synthetic level."""

    price: Decimal
    qty: Decimal
    order: Order | None


class Book:
    """The book of one symbol. At one price users come first: the synthetic levels are renewed at every tick,
    so they are always the youngest."""

    def __init__(self, spec: Spec, quote: Quote) -> None:
        self.spec = spec
        self.quote = quote
        self.orders: dict[str, Order] = {}
        self._keys: dict[str, list[_Key]] = {"Buy": [], "Sell": []}
        self._source: LadderSource = lambda: ([], [])
        self._ladder: dict[str, Levels] | None = None

    def renew(self, quote: Quote, source: LadderSource) -> None:
        """A new tick: new prices, and new synthetic levels as soon as somebody looks at them."""
        self.quote, self._source, self._ladder = quote, source, None

    def add(self, order: Order) -> None:
        """Puts a resting order in its place."""
        self.orders[order.order_id] = order
        insort(self._keys[order.side], self._key(order))

    def remove(self, order: Order) -> None:
        """Takes a resting order out; one that is not there is left alone."""
        if self.orders.pop(order.order_id, None) is None:
            return
        keys = self._keys[order.side]
        del keys[bisect_left(keys, self._key(order))]

    def resting(self, side: str) -> Iterator[Order]:
        """The users' orders of a side, best first."""
        for key in list(self._keys[side]):
            if key[2] in self.orders:
                yield self.orders[key[2]]

    def synthetic(self, side: str) -> Levels:
        """The synthetic levels of a side, best first."""
        if self._ladder is None:
            bids, asks = self._source()
            self._ladder = {"Buy": bids, "Sell": asks}
        return self._ladder[side]

    def best(self, side: str) -> Offer | None:
        """The best offer of a side, or None when there is none at all."""
        keys, levels = self._keys[side], self.synthetic(side)
        if keys:
            order = self.orders[keys[0][2]]
            if not levels or not _better(side, levels[0][0], order.price):
                return Offer(order.price, order.leaves, order)
        return Offer(levels[0][0], levels[0][1], None) if levels else None

    def consume(self, side: str, qty: Decimal) -> None:
        """Takes `qty` from the best synthetic level; the next tick brings it back."""
        levels = self.synthetic(side)
        price, size = levels[0]
        if size > qty:
            levels[0] = (price, size - qty)
        else:
            del levels[0]

    def reachable(self, side: str, limit: Decimal, enough: Decimal) -> Decimal:
        """How much of a side can be had at `limit` or better; counting stops at `enough`."""
        total = ZERO
        for order in self.resting(side):
            if total >= enough or _better(side, limit, order.price):
                break
            total += order.leaves
        for price, size in self.synthetic(side):
            if total >= enough or _better(side, limit, price):
                break
            total += size
        return total

    def depth(self, side: str, count: int) -> Levels:
        """The aggregated public book of a side: price and total size, best first."""
        sizes = dict(self.synthetic(side))
        for order in self.orders.values():
            if order.side == side:
                sizes[order.price] = sizes.get(order.price, ZERO) + order.leaves
        return sorted(sizes.items(), reverse=side == "Buy")[:count]

    @staticmethod
    def _key(order: Order) -> _Key:
        return (-order.price if order.side == "Buy" else order.price, order.rank, order.order_id)


def _better(side: str, first: Decimal, second: Decimal) -> bool:
    """Whether a resting order of this side at `first` comes strictly before one at `second`."""
    return first > second if side == "Buy" else first < second


def opposite(side: str) -> str:
    """The other side."""
    return "Sell" if side == "Buy" else "Buy"
