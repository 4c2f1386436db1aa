"""The public routes for charts: candles and funding history."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..engine.errors import bad_parameter
from ..engine.numbers import fixed, plain
from ..market.candles import Bar
from ..market.feed import FUNDING_MS
from ..market.intervals import INTERVALS, end_of, start_of
from .call import Context, Route
from .market_routes import linear_symbol, one_symbol

_FAR = 1 << 60


def kline(context: Context) -> dict[str, Any]:
    """GET /v5/market/kline: price, volume and turnover, newest first."""
    return _candles(context, with_volume=True)


def price_kline(context: Context) -> dict[str, Any]:
    """GET /v5/market/mark-price-kline and index-price-kline: both follow the last price closely here."""
    return _candles(context, with_volume=False)


def premium_kline(context: Context) -> dict[str, Any]:
    """GET /v5/market/premium-index-price-kline: there is no premium here."""
    document = _candles(context, with_volume=False)
    document["list"] = [[row[0], "0", "0", "0", "0"] for row in document["list"]]
    return document


def _candles(context: Context, with_volume: bool) -> dict[str, Any]:
    if context.text("category") == "":
        context.params["category"] = "linear"
    name, interval = one_symbol(context), context.text("interval")
    if interval not in INTERVALS:
        raise bad_parameter("params error: interval invalid")
    start, end = context.whole("start", -1, 0, _FAR), context.whole("end", -1, 0, _FAR)
    limit = context.whole("limit", 200, 1, 1000)
    if 0 <= end < start:
        raise bad_parameter("params error: start is after end")
    feed = context.venue.feeds[name]
    if end < 0 <= start:
        end = _last_start(interval, start, limit)
    last = context.now.ms if end < 0 else min(end, context.now.ms)
    bars = feed.candles.last(interval, start if start >= 0 else None, last, limit)
    shown = [_row(bar, feed.spec.tick, with_volume) for bar in bars]
    return {"symbol": feed.spec.symbol, "category": context.text("category"), "list": shown}


def _last_start(interval: str, start: int, limit: int) -> int:
    """Where the last of `limit` candles from `start` on begins: without an end Bybit counts forward."""
    at = start_of(interval, start)
    for _ in range(limit if at < start else limit - 1):
        at = end_of(interval, at)
    return at


def _row(bar: Bar, tick: Decimal, with_volume: bool) -> list[str]:
    prices = [fixed(price, tick) for price in (bar.open, bar.high, bar.low, bar.close)]
    more = [plain(bar.volume), plain(bar.turnover)] if with_volume else []
    return [str(bar.start_ms), *prices, *more]


def funding_history(context: Context) -> dict[str, Any]:
    """GET /v5/market/funding/history, newest first. startTime alone is an error, as on Bybit."""
    name, limit = linear_symbol(context), context.whole("limit", 200, 1, 200)
    start, end = context.whole("startTime", -1, 0, _FAR), context.whole("endTime", -1, 0, _FAR)
    if start >= 0 and end < 0:
        raise bad_parameter("params error: endTime is required with startTime")
    feed = context.venue.feeds[name]
    newest = context.now.ms if end < 0 else min(end, context.now.ms)
    newest -= newest % FUNDING_MS
    times = [at for at in range(newest, newest - FUNDING_MS * limit, -FUNDING_MS) if at >= max(start, 0)]
    rows = [
        {"symbol": name, "fundingRate": plain(feed.funding_rate(at - 1)), "fundingRateTimestamp": str(at)}
        for at in times
    ]
    return {"category": context.text("category"), "list": rows}


ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/v5/market/kline"): Route(kline, private=False),
    ("GET", "/v5/market/mark-price-kline"): Route(price_kline, private=False),
    ("GET", "/v5/market/index-price-kline"): Route(price_kline, private=False),
    ("GET", "/v5/market/premium-index-price-kline"): Route(premium_kline, private=False),
    ("GET", "/v5/market/funding/history"): Route(funding_history, private=False),
}
