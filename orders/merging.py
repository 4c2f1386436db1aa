"""Bybit's public frames merged into the messages that pages are told. Pure: no clock, no socket, no Redis.

Each message is JSON text without a seq: latest wins. `at` is the exchange's time, an unknown number is null. Spot's
messages carry `"category":"spot"`; a linear one has no category.
"""

import json
import logging
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bybit import market_parse
from bybit.books import Book
from bybit.decimals import to_wire
from bybit.forms import time_text
from bybit.market_types import BookView, Candle, PublicTrade, Ticker
from bybit.stream import Message
from orders.marks import BEST_TOPIC, BOOK_TOPIC, kind_of, symbol_of

log = logging.getLogger("tradepost.prices")

LEVELS = 25
# A burst of more trades than that between two messages shows its newest.
MOST_TRADES = 100
Json = dict[str, Any]
_NUMBERS = (
    "last", "mark", "bid", "ask", "index", "bid_size", "ask_size", "change_24h", "high_24h", "low_24h", "volume",
    "turnover", "open_interest", "funding_rate",
)  # fmt: skip


class Merged:
    """The state of one category's markets as the frames of one feed made it. A new feed starts a new one."""

    def __init__(self, category: str) -> None:
        self._spot = category == "spot"
        self._rows: dict[str, Json] = {}
        self._at: dict[str, int] = {}
        self._books: dict[str, Book] = {}
        self._fresh: dict[str, list[PublicTrade]] = {}
        self._tape: dict[str, deque[PublicTrade]] = {}
        self._candles: dict[str, dict[int, tuple[Candle, int]]] = {}
        # What has changed since it was last asked for, by mark.
        self._due: set[str] = set()
        # Topics whose state is known, and those that must be subscribed to anew to get one.
        self.heard: set[str] = set()
        self.broken: set[str] = set()

    def take(self, item: Message) -> None:
        """Takes one frame in. What cannot be read makes its topic start anew: the next delta would hide the loss."""
        head, _, symbol = item.topic.rpartition(".")
        try:
            if head == "tickers":
                self._ticker(symbol, item)
            elif head == BEST_TOPIC:
                self._best(symbol, item)
            elif head == BOOK_TOPIC:
                self._book(symbol, item)
            elif head == "publicTrade":
                self._trades(symbol, item)
            elif head.startswith("kline."):
                self._candle(f"candle.{head.removeprefix('kline.')}.{symbol}", item)
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            log.warning("%s could not be read (%s)", item.topic, error)
            self.forget([item.topic])
            self.broken.add(item.topic)

    def _ticker(self, symbol: str, item: Message) -> None:
        """Deltas, in which a missing field is unchanged. (pybit's own merge shares one object between callbacks.)"""
        if item.kind != "snapshot" and "symbol" not in self._rows.get(symbol, {}):
            return
        kept = self._rows.get(symbol, {})
        if item.kind == "snapshot":
            kept = {name: value for name, value in kept.items() if self._spot and name in _BEST}
        row = kept | item.data
        market_parse.ticker(row, item.at_ms)
        self._rows[symbol], self._at[symbol] = row, item.at_ms
        self._whole(item.topic)
        self._due |= {f"ticker.{symbol}", f"focus.{symbol}"}

    def _best(self, symbol: str, item: Message) -> None:
        best = dict.fromkeys(_BEST, "")
        for side, name in (("b", "bid1"), ("a", "ask1")):
            for price, size in market_parse.levels(item.data[side][:1]):
                best |= {f"{name}Price": to_wire(price), f"{name}Size": to_wire(size)}
        self._rows[symbol] = self._rows.get(symbol, {}) | best
        self._at[symbol] = max(item.at_ms, self._at.get(symbol, 0))
        self._whole(item.topic)
        self._due |= {f"ticker.{symbol}", f"focus.{symbol}"}

    def _book(self, symbol: str, item: Message) -> None:
        book = self._books.setdefault(symbol, Book())
        if book.take(item.kind, item.data, item.at_ms):
            self._due.add(f"book.{symbol}")
        if book.broken:
            self._due.discard(f"book.{symbol}")
            self.heard.discard(item.topic)
            self.broken.add(item.topic)
        elif item.kind == "snapshot":
            self._whole(item.topic)

    def _whole(self, topic: str) -> None:
        self.heard.add(topic)
        self.broken.discard(topic)

    def _trades(self, symbol: str, item: Message) -> None:
        news = [market_parse.trade_news(row) for row in item.data]
        self._fresh[symbol] = [*self._fresh.get(symbol, ()), *news][-MOST_TRADES:]
        self._tape.setdefault(symbol, deque(maxlen=MOST_TRADES)).extend(news)
        self._at[f"trades.{symbol}"] = item.at_ms
        self._whole(item.topic)
        self._due.add(f"trades.{symbol}")

    def _candle(self, mark: str, item: Message) -> None:
        """The candle as it is now, by its start: one that has ended is told although the next has begun."""
        for row in item.data:
            candle = market_parse.candle(row)
            self._candles.setdefault(mark, {})[candle.start_ms] = candle, item.at_ms
        self._whole(item.topic)
        self._due.add(mark)

    def forget(self, topics: Iterable[str]) -> None:
        """Drops what is no longer followed."""
        for topic in topics:
            head, _, symbol = topic.rpartition(".")
            self.heard.discard(topic)
            self.broken.discard(topic)
            if head == "tickers":
                self._rows.pop(symbol, None)
            elif head == BOOK_TOPIC:
                self._books.pop(symbol, None)
            elif head == "publicTrade":
                self._fresh.pop(symbol, None)
                self._tape.pop(symbol, None)
            elif head.startswith("kline."):
                self._candles.pop(f"candle.{topic.removeprefix('kline.')}", None)

    def changed(self, kind: str, wanted: Iterable[str]) -> list[tuple[str, str, str]]:
        """(mark, message, message to hold) of each wanted mark of a kind that has changed since the last call. What is
        held is what a page that begins to watch is told at once."""
        due = sorted(mark for mark in wanted if kind_of(mark) == kind and mark in self._due)
        self._due -= set(due)
        make: Callable[[str], list[tuple[str, str]]] = {
            "book": self._book_texts,
            "trades": self._trade_texts,
            "candle": self._candle_texts,
        }.get(kind, self._ticker_texts)
        return [(mark, text, held) for mark in due for text, held in make(mark)]

    def _ticker_texts(self, mark: str) -> list[tuple[str, str]]:
        symbol = symbol_of(mark)
        if "symbol" not in self._rows.get(symbol, {}):
            return []
        text = self._text(ticker_body(market_parse.ticker(self._rows[symbol], self._at[symbol])))
        return [(text, text)]

    def _book_texts(self, mark: str) -> list[tuple[str, str]]:
        symbol = symbol_of(mark)
        view = self._books[symbol].view(LEVELS) if symbol in self._books else None
        if view is None:
            return []
        text = self._text({"type": "book", "symbol": symbol, **book_body(view)})
        return [(text, text)]

    def _trade_texts(self, mark: str) -> list[tuple[str, str]]:
        symbol = symbol_of(mark)
        fresh = self._fresh.pop(symbol, [])
        if not fresh:
            return []
        told, held = (
            self._text(
                {
                    "type": "trades",
                    "symbol": symbol,
                    "items": [trade_body(trade) for trade in reversed(trades)],
                    "at": moment(self._at[mark]),
                }
            )
            for trades in (fresh, list(self._tape[symbol]))
        )
        return [(told, held)]

    def _candle_texts(self, mark: str) -> list[tuple[str, str]]:
        _, interval, symbol = mark.split(".")
        head = {"type": "candle", "symbol": symbol, "interval": interval}
        known = self._candles.pop(mark, {})
        texts = [
            self._text({**head, **candle_body(candle), "at": moment(at_ms)})
            for _, (candle, at_ms) in sorted(known.items())
        ]
        return [(text, text) for text in texts]

    def _text(self, body: Json) -> str:
        return json.dumps({**body, "category": "spot"} if self._spot else body, separators=(",", ":"))


_BEST = frozenset({"bid1Price", "bid1Size", "ask1Price", "ask1Size"})


def moment(at_ms: int) -> str:
    """The API's form of a time on the wire."""
    return time_text(datetime.fromtimestamp(at_ms / 1000, UTC))


def _number(value: Decimal | None) -> str | None:
    return None if value is None else to_wire(value)


def ticker_body(ticker: Ticker) -> Json:
    """The socket's `ticker` message."""
    body: Json = {"type": "ticker", "symbol": ticker.symbol}
    body |= {name: _number(getattr(ticker, name)) for name in _NUMBERS}
    at_ms = ticker.next_funding_ms
    return {**body, "next_funding_at": None if at_ms is None else moment(at_ms), "at": moment(ticker.at_ms)}


def book_body(view: BookView) -> Json:
    """Both sides as [price, size], best first."""
    sides = {"bids": view.bids, "asks": view.asks}
    shown = {
        name: [[to_wire(price), to_wire(size)] for price, size in levels] for name, levels in sides.items()
    }
    return {**shown, "at": moment(view.at_ms)}


def trade_body(trade: PublicTrade) -> Json:
    """One trade; `side` is the taker's."""
    return {
        "exec_id": trade.exec_id,
        "price": to_wire(trade.price),
        "qty": to_wire(trade.qty),
        "side": trade.side,
        "at": moment(trade.at_ms),
    }


def candle_body(candle: Candle) -> Json:
    """One candle, its start as a time."""
    names = ("open", "high", "low", "close", "volume", "turnover")
    return {
        "start": moment(candle.start_ms),
        **{name: _number(getattr(candle, name)) for name in names},
        "confirmed": candle.confirmed,
    }
