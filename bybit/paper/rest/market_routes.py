"""The public routes: time, contracts, prices, book, tape, risk tiers, status."""

from __future__ import annotations

from typing import Any

from ..engine.checks import band
from ..engine.errors import bad_parameter
from ..engine.model import PublicTrade
from ..engine.numbers import fixed, plain
from ..engine.specs import SPECS, Spec
from ..engine.spot_specs import MARKETS
from ..tickers import level_rows, spot_ticker_row, ticker_row
from .call import Context, Route
from .order_routes import require_category, selected_symbols
from .spot_routes import spot_instrument

OPEN_INTEREST_MS = {
    "5min": 300_000,
    "15min": 900_000,
    "30min": 1_800_000,
    "1h": 3_600_000,
    "4h": 14_400_000,
    "1d": 86_400_000,
}


def server_time(context: Context) -> dict[str, Any]:
    """GET /v5/market/time."""
    nano = context.now.ns + context.venue.clock.skew_ms * 1_000_000
    return {"timeSecond": str(nano // 1_000_000_000), "timeNano": str(nano)}


def instruments(context: Context) -> dict[str, Any]:
    """GET /v5/market/instruments-info."""
    require_category(context)
    symbols, status = _public_symbols(context), context.text("status", "Trading")
    specs = (book.spec for book in context.venue.ledger.books.values())
    shown = [
        spot_instrument(spec) if spec.is_spot else _instrument(spec)
        for spec in specs if spec.key in symbols and spec.status == status
    ]  # fmt: skip
    return {"category": context.text("category"), "list": shown, "nextPageCursor": ""}


def _instrument(spec: Spec) -> dict[str, Any]:
    return {
        "symbol": spec.symbol, "symbolId": spec.symbol_id, "contractType": "LinearPerpetual",
        "status": spec.status, "baseCoin": spec.base_coin, "quoteCoin": spec.settle_coin,
        "settleCoin": spec.settle_coin,
        "symbolType": "", "launchTime": str(spec.launch_ms), "deliveryTime": "0", "deliveryFeeRate": "",
        "priceScale": str(spec.price_scale), "fundingInterval": 480, "unifiedMarginTrade": True,
        "copyTrading": "both", "upperFundingRate": "0.005", "lowerFundingRate": "-0.005",
        "displayName": "", "isPreListing": False, "preListingInfo": None, "forbidUplWithdrawal": False,
        "leverageFilter": {
            "minLeverage": "1", "maxLeverage": str(spec.max_leverage), "leverageStep": "0.01",
        },
        "priceFilter": {
            "minPrice": str(spec.min_price), "maxPrice": str(spec.max_price), "tickSize": str(spec.tick),
        },
        "lotSizeFilter": {
            "minOrderQty": str(spec.min_qty), "qtyStep": str(spec.step), "maxOrderQty": str(spec.max_qty),
            "maxMktOrderQty": str(spec.max_market_qty), "minNotionalValue": str(spec.min_notional),
            "postOnlyMaxOrderQty": str(spec.max_qty),
        },
        "riskParameters": {"priceLimitRatioX": str(spec.ratio_x), "priceLimitRatioY": str(spec.ratio_y)},
    }  # fmt: skip


def tickers(context: Context) -> dict[str, Any]:
    """GET /v5/market/tickers."""
    require_category(context)
    symbols, venue = _public_symbols(context), context.venue
    shown = [
        (spot_ticker_row if spec.is_spot else ticker_row)(
            venue.feeds[name], venue.ledger.books[name], context.now.ms
        )
        for name, spec in MARKETS.items()
        if name in symbols
    ]
    return {"category": context.text("category"), "list": shown}


def orderbook(context: Context) -> dict[str, Any]:
    """GET /v5/market/orderbook."""
    name, venue = one_symbol(context), context.venue
    book = venue.ledger.books[name]
    depth = context.whole("limit", 1 if book.spec.is_spot else 25, 1, 1000)
    return {
        "s": book.spec.symbol, "b": level_rows(book, "Buy", depth), "a": level_rows(book, "Sell", depth),
        "ts": context.now.ms, "u": venue.public[book.spec.category].book_version(name),
        "seq": venue.ledger.seq, "cts": context.now.ms,
    }  # fmt: skip


def recent_trades(context: Context) -> dict[str, Any]:
    """GET /v5/market/recent-trade, newest first."""
    name = one_symbol(context)
    most = 60 if MARKETS[name].is_spot else 1000
    limit = context.whole("limit", min(500, most), 1, most)
    tape = list(context.venue.feeds[name].tape)[-limit:]
    return {"category": context.text("category"), "list": [_trade(trade) for trade in reversed(tape)]}


def _trade(trade: PublicTrade) -> dict[str, Any]:
    spec = MARKETS[trade.symbol]
    return {
        "execId": trade.exec_id, "symbol": spec.symbol, "price": fixed(trade.price, spec.tick),
        "size": fixed(trade.qty, spec.step), "side": trade.side, "time": str(trade.at_ms),
        "isBlockTrade": False, "isRPITrade": False, "seq": str(trade.seq),
    }  # fmt: skip


def risk_limit(context: Context) -> dict[str, Any]:
    """GET /v5/market/risk-limit."""
    require_category(context)
    symbols = _public_symbols(context)
    shown = [
        {
            "id": tier.id, "symbol": spec.symbol, "riskLimitValue": plain(tier.limit),
            "maintenanceMargin": plain(tier.maintenance), "initialMargin": plain(1 / tier.max_leverage)[:8],
            "isLowestRisk": int(tier.id == 1), "maxLeverage": fixed(tier.max_leverage, spec.max_leverage),
            "mmDeduction": plain(tier.deduction) if tier.deduction else "",
        }
        for spec in SPECS.values() if spec.symbol in symbols for tier in spec.tiers
    ]  # fmt: skip
    return {"category": context.text("category"), "list": shown, "nextPageCursor": ""}


def price_limit(context: Context) -> dict[str, Any]:
    """GET /v5/market/price-limit."""
    name = one_symbol(context)
    book = context.venue.ledger.books[name]
    limits, tick = band(book.spec, book.quote), book.spec.tick
    buy, sell = fixed(limits.buy, tick), fixed(limits.sell, tick)
    return {"symbol": book.spec.symbol, "buyLmt": buy, "sellLmt": sell, "ts": str(context.now.ms)}


def open_interest(context: Context) -> dict[str, Any]:
    """GET /v5/market/open-interest, newest first."""
    name, limit = linear_symbol(context), context.whole("limit", 50, 1, 200)
    width = OPEN_INTEREST_MS.get(context.text("intervalTime"))
    if width is None:
        raise bad_parameter("params error: intervalTime invalid")
    feed, last = context.venue.feeds[name], context.now.ms - context.now.ms % width
    values = [(at, feed.open_interest(at)) for at in range(last, last - width * limit, -width)]
    return {
        "symbol": name, "category": context.text("category"), "nextPageCursor": "",
        "list": [
            {"openInterest": plain(value), "singleOpenInterest": plain(value / 2), "timestamp": str(at)}
            for at, value in values
        ],
    }  # fmt: skip


def system_status(context: Context) -> dict[str, Any]:
    """GET /v5/system/status: the maintenance that is going on, if any."""
    since = context.venue.faults.maintenance_since_ms
    if since is None:
        return {"list": []}
    item = {
        "id": "paper-maintenance", "title": "Maintenance", "state": "ongoing", "begin": str(since),
        "end": "0", "href": "", "serviceTypes": [1, 2, 3, 4], "product": [1], "uidSuffix": list(range(10)),
        "maintainType": "2", "env": "1",
    }  # fmt: skip
    return {"list": [item]}


def one_symbol(context: Context) -> str:
    """The symbol that a public read must name. Refuses with 10001 when it is missing or unknown."""
    require_category(context)
    found = _public_symbols(context) if context.text("symbol") else set()
    if not found:
        raise bad_parameter("params error: Symbol Invalid")
    return found.pop()


def linear_symbol(context: Context) -> str:
    """The contract that a read must name. Refuses with 10001 what is none."""
    name = one_symbol(context)
    if MARKETS[name].is_spot:
        raise bad_parameter("params error: category invalid")
    return name


def _public_symbols(context: Context) -> set[str]:
    return selected_symbols(context, required=False)


ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/v5/market/time"): Route(server_time, private=False),
    ("GET", "/v5/market/instruments-info"): Route(instruments, private=False),
    ("GET", "/v5/market/tickers"): Route(tickers, private=False),
    ("GET", "/v5/market/orderbook"): Route(orderbook, private=False),
    ("GET", "/v5/market/recent-trade"): Route(recent_trades, private=False),
    ("GET", "/v5/market/risk-limit"): Route(risk_limit, private=False),
    ("GET", "/v5/market/price-limit"): Route(price_limit, private=False),
    ("GET", "/v5/market/open-interest"): Route(open_interest, private=False),
    ("GET", "/v5/system/status"): Route(system_status, private=False, success=""),
}
