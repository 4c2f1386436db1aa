"""Rows of Bybit's public wire into typed objects. Pure. Raises Malformed for a row that cannot be trusted."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bybit.fields import Malformed, Row, flag, integer, maybe, number, positive, text
from bybit.market_types import (
    BookView,
    Candle,
    FundingRate,
    InstrumentInfo,
    PublicTrade,
    RiskTierInfo,
    Ticker,
)

Levels = tuple[tuple[Decimal, Decimal], ...]


def instrument(row: Row, category: str) -> InstrumentInfo:
    """A row of market/instruments-info, linear or spot (which names its filters differently).
    https://bybit-exchange.github.io/docs/v5/market/instrument
    """
    lot, price = row.get("lotSizeFilter"), row.get("priceFilter")
    if not (isinstance(lot, dict) and isinstance(price, dict)):
        raise Malformed("filters are missing")
    if category == "spot":
        return _spot_instrument(row, lot, price)
    leverage = _object(row, "leverageFilter")
    return InstrumentInfo(
        category=category,
        symbol=text(row, "symbol"),
        status=text(row, "status"),
        base_coin=text(row, "baseCoin"),
        quote_coin=text(row, "quoteCoin"),
        settle_coin=text(row, "settleCoin", ""),
        tick_size=number(price, "tickSize"),
        qty_step=number(lot, "qtyStep"),
        min_qty=number(lot, "minOrderQty"),
        max_qty=maybe(lot, "maxOrderQty"),
        max_market_qty=maybe(lot, "maxMktOrderQty"),
        min_notional=maybe(lot, "minNotionalValue"),
        max_leverage=maybe(leverage, "maxLeverage"),
        contract_type=text(row, "contractType", ""),
        funding_interval_min=_whole(row, "fundingInterval"),
        launch_ms=_whole(row, "launchTime"),
        min_leverage=maybe(leverage, "minLeverage"),
        leverage_step=maybe(leverage, "leverageStep"),
        min_price=maybe(price, "minPrice"),
        max_price=maybe(price, "maxPrice"),
        price_limit_ratio_x=maybe(_object(row, "riskParameters"), "priceLimitRatioX"),
        price_limit_ratio_y=maybe(_object(row, "riskParameters"), "priceLimitRatioY"),
    )


def _spot_instrument(row: Row, lot: Row, price: Row) -> InstrumentInfo:
    return InstrumentInfo(
        category="spot",
        symbol=text(row, "symbol"),
        status=text(row, "status"),
        base_coin=text(row, "baseCoin"),
        quote_coin=text(row, "quoteCoin"),
        settle_coin=text(row, "quoteCoin"),
        tick_size=number(price, "tickSize"),
        qty_step=number(lot, "basePrecision"),
        min_qty=maybe(lot, "minOrderQty") or Decimal(0),
        max_qty=maybe(lot, "maxLimitOrderQty"),
        max_market_qty=maybe(lot, "maxMarketOrderQty"),
        min_notional=maybe(lot, "minOrderAmt"),
        max_leverage=None,
        quote_step=number(lot, "quotePrecision"),
        price_limit_ratio_x=maybe(_object(row, "riskParameters"), "priceLimitRatioX"),
        price_limit_ratio_y=maybe(_object(row, "riskParameters"), "priceLimitRatioY"),
    )


def _object(row: Row, name: str) -> Row:
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def _whole(row: Row, name: str) -> int | None:
    """A whole number, where "" and 0 mean that there is none (times, intervals)."""
    return integer(row, name) or None if row.get(name) not in (None, "") else None


def risk_tier(row: Row, category: str) -> RiskTierInfo:
    """A row of market/risk-limit, which Bybit documents with numbers and shows with texts.
    https://bybit-exchange.github.io/docs/v5/market/risk-limit
    """
    plain = {name: _as_text(value) for name, value in row.items()}
    return RiskTierInfo(
        category=category,
        symbol=text(plain, "symbol"),
        tier=integer(row, "id"),
        risk_limit=number(plain, "riskLimitValue"),
        maintenance_margin=number(plain, "maintenanceMargin"),
        initial_margin=maybe(plain, "initialMargin"),
        max_leverage=maybe(plain, "maxLeverage"),
        mm_deduction=maybe(plain, "mmDeduction"),
    )


def _as_text(value: object) -> object:
    """A JSON number as the text it was: Python writes a float's shortest form, which is what Bybit wrote."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return format(Decimal(repr(value)), "f")


def ticker(data: Row, at_ms: int) -> Ticker:
    """The merged state of the `tickers` topic, or a row of market/tickers. A price of "0" is none.
    https://bybit-exchange.github.io/docs/v5/market/tickers
    """
    return Ticker(
        symbol=text(data, "symbol"),
        last=positive(data, "lastPrice"),
        mark=positive(data, "markPrice"),
        bid=positive(data, "bid1Price"),
        ask=positive(data, "ask1Price"),
        at_ms=at_ms,
        index=positive(data, "indexPrice"),
        bid_size=maybe(data, "bid1Size"),
        ask_size=maybe(data, "ask1Size"),
        change_24h=maybe(data, "price24hPcnt"),
        high_24h=positive(data, "highPrice24h"),
        low_24h=positive(data, "lowPrice24h"),
        volume=maybe(data, "volume24h"),
        turnover=maybe(data, "turnover24h"),
        open_interest=maybe(data, "openInterest"),
        funding_rate=maybe(data, "fundingRate"),
        next_funding_ms=_whole(data, "nextFundingTime"),
    )


def levels(rows: Any) -> Levels:
    """Levels of a book as [price, size] texts, in Bybit's order."""
    if not isinstance(rows, list):
        raise Malformed("a book's side is not a list")
    return tuple(_level(row) for row in rows)


def _level(row: Any) -> tuple[Decimal, Decimal]:
    if not isinstance(row, list) or len(row) < 2:
        raise Malformed("a level is not price and size")
    level = {"price": row[0], "size": row[1]}
    return number(level, "price"), number(level, "size")


def book(data: Row, at_ms: int) -> BookView:
    """The answer of market/orderbook, best first on both sides.
    https://bybit-exchange.github.io/docs/v5/market/orderbook
    """
    bids, asks = sorted(levels(data.get("b")), reverse=True), sorted(levels(data.get("a")))
    if bids and asks and bids[0][0] >= asks[0][0]:
        raise Malformed("the book is crossed")
    return BookView(bids=tuple(bids), asks=tuple(asks), at_ms=at_ms)


_CANDLE = ("start", "open", "high", "low", "close", "volume", "turnover")


def candle_row(values: Any) -> Candle:
    """A row of market/kline, which is a list without names.
    https://bybit-exchange.github.io/docs/v5/market/kline
    """
    if not isinstance(values, list) or len(values) < len(_CANDLE):
        raise Malformed("a candle is not a list of seven")
    return candle(dict(zip(_CANDLE, values, strict=False)))


def candle(row: Row) -> Candle:
    """A row of the `kline` topic."""
    return Candle(
        start_ms=integer(row, "start"),
        open=number(row, "open"),
        high=number(row, "high"),
        low=number(row, "low"),
        close=number(row, "close"),
        volume=maybe(row, "volume"),
        turnover=maybe(row, "turnover"),
        confirmed=flag(row, "confirm") if "confirm" in row else None,
    )


def public_trade(row: Row) -> PublicTrade:
    """A row of market/recent-trade.
    https://bybit-exchange.github.io/docs/v5/market/recent-trade
    """
    return PublicTrade(
        exec_id=text(row, "execId", ""),
        price=number(row, "price"),
        qty=number(row, "size"),
        side=text(row, "side", ""),
        at_ms=integer(row, "time"),
    )


def trade_news(row: Row) -> PublicTrade:
    """A row of the `publicTrade` topic.
    https://bybit-exchange.github.io/docs/v5/websocket/public/trade
    """
    return PublicTrade(
        exec_id=text(row, "i", ""),
        price=number(row, "p"),
        qty=number(row, "v"),
        side=text(row, "S", ""),
        at_ms=integer(row, "T"),
    )


def funding(row: Row) -> FundingRate:
    """A row of market/funding/history.
    https://bybit-exchange.github.io/docs/v5/market/history-fund-rate
    """
    return FundingRate(rate=number(row, "fundingRate"), at_ms=integer(row, "fundingRateTimestamp"))


def fees(rows: Sequence[Row], symbol: str) -> tuple[Decimal, Decimal]:
    """(maker, taker) of a market in the answer of account/fee-rate, as fractions of the value.
    https://bybit-exchange.github.io/docs/v5/account/fee-rate
    """
    for row in rows:
        if row.get("symbol") == symbol:
            return number(row, "makerFeeRate"), number(row, "takerFeeRate")
    raise Malformed(f"no fees of {symbol}")
