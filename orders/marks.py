"""What a page may watch of a market, how often it is told, and which of Bybit's topics that needs. Pure.

A mark is text: `ticker.BTCUSDT` (4 Hz), `focus.BTCUSDT` (the same price, 10 Hz), `book.BTCUSDT` (5 Hz),
`trades.BTCUSDT` and `candle.5.BTCUSDT` (4 Hz). Marks of linear and of spot are kept apart by their category.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bybit.types import CATEGORIES, INTERVALS

# Seconds between two messages of a kind: whatever came in between is told by the later one.
EVERY = {"focus": 0.1, "ticker": 0.25, "book": 0.2, "trades": 0.25, "candle": 0.25}
MOST_SYMBOLS = 50
# Followed at depth 50: of Bybit's depths the smallest that holds what is shown.
BOOK_TOPIC = "orderbook.50"
# Spot's tickers have no best bid and ask; its one-level book has.
BEST_TOPIC = "orderbook.1"
_SYMBOL = re.compile(r"[A-Za-z0-9-]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Watch:
    """What one page watches of one category from now on."""

    category: str
    marks: frozenset[str]


def watch_of(message: dict[str, Any]) -> Watch | None:
    """A page's `watch` message; None when it does not fit. A page that names one symbol and says nothing of a focus
    looks at that one."""
    category, symbols = message.get("category", "linear"), message.get("symbols", [])
    if category not in CATEGORIES or not isinstance(symbols, list) or len(symbols) > MOST_SYMBOLS:
        return None
    names = {name for name in symbols if _is_symbol(name)}
    focus = message.get("focus", next(iter(names)) if len(names) == 1 else None)
    marks = {f"ticker.{name}" for name in names if name != focus}
    marks |= {f"{kind}.{message[kind]}" for kind in ("book", "trades") if _is_symbol(message.get(kind))}
    if _is_symbol(focus):
        marks.add(f"focus.{focus}")
    candles = message.get("candles")
    if (
        isinstance(candles, dict)
        and _is_symbol(candles.get("symbol"))
        and candles.get("interval") in INTERVALS
    ):
        marks.add(f"candle.{candles['interval']}.{candles['symbol']}")
    return Watch(category, frozenset(marks))


def _is_symbol(value: Any) -> bool:
    return isinstance(value, str) and _SYMBOL.fullmatch(value) is not None


def kind_of(mark: str) -> str:
    return mark.partition(".")[0]


def symbol_of(mark: str) -> str:
    return mark.rpartition(".")[2]


def topics_of(mark: str, category: str) -> list[str]:
    """The topics of Bybit's that a mark needs."""
    kind, rest = kind_of(mark), mark.partition(".")[2]
    if kind == "book":
        return [f"{BOOK_TOPIC}.{rest}"]
    if kind == "trades":
        return [f"publicTrade.{rest}"]
    if kind == "candle":
        return [f"kline.{rest}"]
    topics = [f"tickers.{rest}"]
    return [*topics, f"{BEST_TOPIC}.{rest}"] if category == "spot" else topics


def all_topics(marks: Iterable[str], category: str) -> set[str]:
    """The topics that these marks need together."""
    return {topic for mark in marks for topic in topics_of(mark, category)}


def held_as(mark: str) -> str:
    """The mark under which the last message is kept: the focused price is the same price."""
    return f"ticker.{symbol_of(mark)}" if kind_of(mark) == "focus" else mark
