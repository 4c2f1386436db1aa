"""Pushes on the public socket: tickers, book, trades, candles. State per topic, shared by all sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from ..clock import Clock
from ..engine.ledger import Ledger
from ..engine.model import Events, Execution, PublicTrade
from ..engine.numbers import fixed, plain
from ..engine.specs import SPECS
from ..engine.spot_specs import MARKETS, SPOT
from ..market.candles import Bar
from ..market.feed import Feed
from ..market.intervals import INTERVALS, end_of, start_of
from ..tickers import level_rows, spot_ticker_row, ticker_row
from .connection import Connection
from .hub import Frame, Hub

DEPTHS = ("1", "50", "200", "1000")
# The book is pushed this long (s) after an order changed it, so that a burst makes one frame.
_BOOK_PAUSE = 0.02
Side = dict[str, str]


class PublicStream:
    """The public topics of all symbols of a category. Inside they go by the keys of their markets."""

    def __init__(
        self, ledger: Ledger, feeds: dict[str, Feed], hub: Hub, clock: Clock, category: str = "linear"
    ) -> None:
        self._ledger, self._feeds, self._hub, self._clock = ledger, feeds, hub, clock
        self.category = category
        specs = (SPOT if category == "spot" else SPECS).values()
        self._keys = {spec.symbol: spec.key for spec in specs}
        self._versions = {spec.key: 1 for spec in specs}
        self._tickers: dict[str, dict[str, str]] = {}
        self._books: dict[str, tuple[Side, Side]] = {}
        self._bars: dict[str, Bar] = {}
        self._dirty: set[str] = set()

    def known(self, topic: str) -> bool:
        """Whether there is such a topic."""
        *head, symbol = topic.split(".")
        if symbol not in self._keys:
            return False
        match head:
            case ["tickers"] | ["publicTrade"]:
                return True
            case ["allLiquidation"]:
                return self.category == "linear"
            case ["orderbook", depth]:
                return depth in DEPTHS
            case ["kline", interval]:
                return interval in INTERVALS
            case _:
                return False

    def book_version(self, symbol: str) -> int:
        """The number `u` of a market's book."""
        return self._versions[symbol]

    def first_frame(self, connection: Connection, topic: str) -> None:
        """The snapshot that a new subscriber starts from; trades and liquidations have none."""
        head, _, name = topic.rpartition(".")
        symbol = self._keys[name]
        if head == "tickers":
            row = self._tickers.setdefault(topic, self._ticker(symbol))
            self._hub.push(connection, self._ticker_frame(topic, "snapshot", row))
        elif head.startswith("orderbook"):
            depth = int(head.split(".")[1])
            sides = self._books.setdefault(topic, self._sides(symbol, depth))
            self._hub.push(connection, self._book_frame(topic, "snapshot", sides))
        elif head.startswith("kline"):
            bar = self._bars.setdefault(topic, self._bar(topic))
            self._hub.push(connection, self._kline_frame(topic, bar, confirm=False))

    def tick(self) -> None:
        """A tick has passed: tickers, books and candles go out."""
        for topic in self._watched():
            head, _, name = topic.rpartition(".")
            if head == "tickers":
                self._push_ticker(topic, self._keys[name])
            elif head.startswith("kline"):
                self._push_kline(topic, self._keys[name])
        self._push_books(set(self._versions))

    def publish(self, events: Events) -> None:
        """What users did: their trades at once, the book they changed a moment later."""
        for symbol in {trade.symbol for trade in events.trades} & self._versions.keys():
            self._push_trades(symbol, [trade for trade in events.trades if trade.symbol == symbol])
        for execution in events.liquidations if self.category == "linear" else ():
            self._push_liquidation(execution)
        books = events.books & self._versions.keys()
        if books and not self._dirty:
            asyncio.get_running_loop().call_later(_BOOK_PAUSE, self._push_dirty)
        self._dirty |= books

    def _watched(self) -> set[str]:
        """The topics that somebody is subscribed to; what nobody watches is forgotten."""
        topics = {topic for connection in self._listening() for topic in connection.topics}
        for state in (self._tickers, self._books, self._bars):
            for topic in set(state) - topics:
                del state[topic]
        return topics

    def _listening(self) -> Iterator[Connection]:
        return (each for each in self._hub.of("public") if each.category == self.category)

    def _send(self, topic: str, frame: Frame) -> None:
        for connection in self._listening():
            if topic in connection.topics:
                self._hub.push(connection, frame)

    def _push_dirty(self) -> None:
        dirty, self._dirty = self._dirty, set()
        self._push_books(dirty)

    # Tickers

    def _ticker(self, symbol: str) -> dict[str, str]:
        feed, book, now_ms = self._feeds[symbol], self._ledger.books[symbol], self._clock.now().ms
        if self.category == "spot":
            spot = spot_ticker_row(feed, book, now_ms)
            return {name: value for name, value in spot.items() if not name.startswith(("bid1", "ask1"))}
        row = ticker_row(feed, book, now_ms)
        tape = self._feeds[symbol].tape
        direction = tape[-1].direction if tape else "ZeroPlusTick"
        return {"symbol": symbol, "tickDirection": direction, **row}

    def _push_ticker(self, topic: str, symbol: str) -> None:
        old, new = self._tickers.get(topic), self._ticker(symbol)
        self._tickers[topic] = new
        if old is None:
            return
        changed = {name: value for name, value in new.items() if old.get(name) != value}
        if changed and self.category == "spot":
            self._send(topic, self._ticker_frame(topic, "snapshot", new))
        elif changed:
            self._send(topic, self._ticker_frame(topic, "delta", {"symbol": symbol, **changed}))

    def _ticker_frame(self, topic: str, kind: str, row: dict[str, str]) -> Frame:
        now_ms, seq = self._clock.now().ms, self._ledger.seq
        return {"topic": topic, "type": kind, "data": row, "cs": seq, "ts": now_ms}

    # Order book

    def _sides(self, symbol: str, depth: int) -> tuple[Side, Side]:
        book = self._ledger.books[symbol]
        bids, asks = level_rows(book, "Buy", depth), level_rows(book, "Sell", depth)
        return {row[0]: row[1] for row in bids}, {row[0]: row[1] for row in asks}

    def _push_books(self, symbols: set[str]) -> None:
        topics = [topic for topic in self._watched() if topic.startswith("orderbook.")]
        for symbol in symbols:
            self._versions[symbol] += 1
            for topic in topics:
                _, depth, name = topic.split(".")
                if self._keys[name] == symbol:
                    self._push_book(topic, symbol, int(depth))

    def _push_book(self, topic: str, symbol: str, depth: int) -> None:
        old, new = self._books.get(topic), self._sides(symbol, depth)
        self._books[topic] = new
        if old is None:
            return
        if depth == 1:
            self._send(topic, self._book_frame(topic, "snapshot", new))
            return
        delta = (_delta(old[0], new[0]), _delta(old[1], new[1]))
        if delta[0] or delta[1]:
            self._send(topic, self._book_frame(topic, "delta", delta))

    def _book_frame(self, topic: str, kind: str, sides: tuple[Side, Side]) -> Frame:
        symbol, now_ms = topic.rpartition(".")[2], self._clock.now().ms
        data = {
            "s": symbol, "b": [[price, size] for price, size in sides[0].items()],
            "a": [[price, size] for price, size in sides[1].items()],
            "u": self._versions[self._keys[symbol]],
            "seq": self._ledger.seq,
        }  # fmt: skip
        return {"topic": topic, "type": kind, "ts": now_ms, "data": data, "cts": now_ms}

    # Candles

    def _bar(self, topic: str) -> Bar:
        _, interval, symbol = topic.split(".")
        return self._feeds[self._keys[symbol]].candles.candle(
            interval, start_of(interval, self._clock.now().ms)
        )

    def _push_kline(self, topic: str, symbol: str) -> None:
        bar, start = self._bars.get(topic), start_of(topic.split(".")[1], self._clock.now().ms)
        if bar is None or bar.start_ms != start:
            if bar is not None:
                self._send(topic, self._kline_frame(topic, bar, confirm=True))
            self._bars[topic] = bar = self._bar(topic)
        else:
            price, volume = self._feeds[symbol].quote.last, self._feeds[symbol].volume()
            bar.add(Bar(start, price, price, price, price, volume, volume * price))
        self._send(topic, self._kline_frame(topic, bar, confirm=False))

    def _kline_frame(self, topic: str, bar: Bar, confirm: bool) -> Frame:
        _, interval, symbol = topic.split(".")
        tick, now_ms = MARKETS[self._keys[symbol]].tick, self._clock.now().ms
        row = {
            "start": bar.start_ms, "end": end_of(interval, bar.start_ms) - 1, "interval": interval,
            "open": fixed(bar.open, tick), "close": fixed(bar.close, tick), "high": fixed(bar.high, tick),
            "low": fixed(bar.low, tick), "volume": plain(bar.volume), "turnover": plain(bar.turnover),
            "confirm": confirm, "timestamp": now_ms,
        }  # fmt: skip
        return {"topic": topic, "data": [row], "ts": now_ms, "type": "snapshot"}

    # Trades

    def _push_trades(self, symbol: str, trades: list[PublicTrade]) -> None:
        spec = MARKETS[symbol]
        topic = f"publicTrade.{spec.symbol}"
        data = [
            {
                "T": trade.at_ms, "s": spec.symbol, "S": trade.side, "v": fixed(trade.qty, spec.step),
                "p": fixed(trade.price, spec.tick), "L": trade.direction, "i": trade.exec_id, "BT": False,
                "RPI": False, "seq": trade.seq,
            }
            for trade in trades
        ]  # fmt: skip
        now_ms = self._clock.now().ms
        self._send(topic, {"topic": topic, "type": "snapshot", "ts": now_ms, "data": data})

    def _push_liquidation(self, execution: Execution) -> None:
        topic, spec, now_ms = (
            f"allLiquidation.{execution.symbol}",
            SPECS[execution.symbol],
            self._clock.now().ms,
        )
        row = {
            "T": execution.at_ms, "s": execution.symbol,
            "S": "Buy" if execution.side == "Sell" else "Sell", "v": fixed(execution.qty, spec.step),
            "p": fixed(execution.price, spec.tick),
        }  # fmt: skip
        self._send(topic, {"topic": topic, "type": "snapshot", "ts": now_ms, "data": [row]})


def _delta(old: Side, new: Side) -> Side:
    """What changed between two states of a side; size "0" deletes a level."""
    gone = {price: "0" for price in old if price not in new}
    return {**gone, **{price: size for price, size in new.items() if old.get(price) != size}}
