"""One market's order book out of Bybit's snapshots and deltas. Pure.

The rules (https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook): a snapshot replaces everything, any
later one too; in a delta size 0 deletes a level, an unknown price inserts one, a known price changes it; `u` counts on
by one. A book of which a delta is missing, or whose sides cross, is not a book: `view` gives nothing until the next
snapshot, and `broken` asks for one.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bybit.fields import Malformed, integer
from bybit.market_parse import Levels, levels
from bybit.market_types import BookView


class Book:
    """Starts without a snapshot: nothing to show, and nothing broken yet."""

    def __init__(self) -> None:
        self._bids: dict[Decimal, Decimal] = {}
        self._asks: dict[Decimal, Decimal] = {}
        self._u: int | None = None
        self._at_ms = 0
        self.broken = False

    def take(self, kind: str, data: Mapping[str, Any], at_ms: int) -> bool:
        """Takes one message of the `orderbook` topic in; True when the book has changed by it. `broken` may be set."""
        try:
            u = integer(data, "u")
            bids, asks = levels(data.get("b")), levels(data.get("a"))
        except Malformed:
            self._break()
            return False
        if kind == "snapshot":
            self._bids, self._asks, self.broken = {}, {}, False
        elif self._u is None or u <= self._u:
            # Nothing to add to, or news that the snapshot has already (a repetition).
            return False
        elif u != self._u + 1:
            self._break()
            return False
        _merge(self._bids, bids)
        _merge(self._asks, asks)
        self._u, self._at_ms = u, at_ms
        if self._bids and self._asks and max(self._bids) >= min(self._asks):
            self._break()
            return False
        return True

    def _break(self) -> None:
        self._bids, self._asks, self._u, self.broken = {}, {}, None, True

    def view(self, depth: int) -> BookView | None:
        """The best `depth` levels of each side; None while there is no whole book."""
        if self._u is None:
            return None
        bids = sorted(self._bids.items(), reverse=True)[:depth]
        return BookView(bids=tuple(bids), asks=tuple(sorted(self._asks.items())[:depth]), at_ms=self._at_ms)


def _merge(side: dict[Decimal, Decimal], changes: Levels) -> None:
    for price, size in changes:
        if size > 0:
            side[price] = size
        else:
            side.pop(price, None)
