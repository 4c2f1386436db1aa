"""What the gateway asks of the markets: rules, prices, books, candles, trades, funding, fees. All are reads and may be
repeated. Pages and chores ask patiently, each endpoint at most half as often as Bybit allows."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

from bybit import answers, market_parse
from bybit.errors import NotSent, Refused, Unknown
from bybit.fields import Malformed
from bybit.market_types import (
    BookView,
    Candle,
    FundingRate,
    InstrumentInfo,
    PublicTrade,
    RiskTierInfo,
    Ticker,
)
from bybit.pace import Pace
from bybit.types import Page

Json = dict[str, Any]
FEES_HELD_SECONDS = 3600
# Bybit allows 5 a second; demo accounts have none.
FEES_PER_SECOND = 2
FEES_WAIT_SECONDS = 1.5


class MarketCalls(ABC):
    """The market half of the gateway. Safe to share between threads."""

    _http: Any
    _pace: Pace

    def __init__(self) -> None:
        self._fees: dict[tuple[str, str], tuple[float, tuple[Decimal, Decimal]]] = {}

    @abstractmethod
    def _call(self, method: Callable[..., Any], **params: Any) -> Json:
        """One request. Raises BybitError."""

    @abstractmethod
    def patiently(self) -> AbstractContextManager[None]:
        """Within it, this thread leaves half of Bybit's limit to others."""

    def _read(self, method: Callable[..., Any], **params: Any) -> Json:
        with self.patiently():
            return self._call(method, **params)

    def instruments(
        self, *, category: str, symbol: str | None = None, status: str | None = None, cursor: str = ""
    ) -> Page[InstrumentInfo]:
        """One page (up to 1,000) of GET /v5/market/instruments-info, or one market. Without a status Bybit lists what
        is trading."""
        answer = self._call(
            self._http.get_instruments_info,
            category=category,
            symbol=symbol,
            status=status,
            limit=1000,
            cursor=cursor or None,
        )
        return answers.page(answer, market_parse.instrument, category)

    def risk_tiers(self, *, category: str, symbol: str | None = None, cursor: str = "") -> Page[RiskTierInfo]:
        """One page of GET /v5/market/risk-limit (15 markets), or the tiers of one market. Contracts only."""
        answer = self._read(
            self._http.get_risk_limit, category=category, symbol=symbol, cursor=cursor or None
        )
        return answers.page(answer, market_parse.risk_tier, category)

    def ticker(self, *, category: str, symbol: str) -> Ticker:
        """GET /v5/market/tickers of one market: its last, mark and index price now."""
        answer = self._call(self._http.get_tickers, category=category, symbol=symbol)
        try:
            return market_parse.ticker(answers.rows(answer)[0], int(answer.get("time") or 0))
        except (IndexError, ValueError) as error:
            raise Unknown("Bybit's prices could not be read", type(error).__name__) from None

    def ticker_rows(self, *, category: str) -> tuple[list[Json], int]:
        """GET /v5/market/tickers of all markets of a category, as Bybit's rows and its time (ms): they are kept in
        Redis before they are read (market_parse.ticker)."""
        answer = self._read(self._http.get_tickers, category=category)
        at_ms = answer.get("time")
        if not isinstance(at_ms, int):
            raise Unknown("Bybit told no time", "unreadable")
        return answers.rows(answer), at_ms

    def order_book(self, *, category: str, symbol: str, limit: int) -> BookView:
        """GET /v5/market/orderbook: the best `limit` levels of each side."""
        answer = self._read(self._http.get_orderbook, category=category, symbol=symbol, limit=limit)
        found = answers.result(answer)
        try:
            return market_parse.book(found, int(found.get("ts") or 0))
        except (ValueError, TypeError) as error:
            raise Unknown("Bybit's book could not be read", type(error).__name__) from None

    def candles(
        self,
        *,
        category: str,
        symbol: str,
        interval: str,
        start_ms: int | None,
        end_ms: int | None,
        limit: int,
    ) -> tuple[Candle, ...]:
        """GET /v5/market/kline, newest first as Bybit has them: candles that start within the two times; with a start
        alone counted from there on."""
        answer = self._read(
            self._http.get_kline,
            category=category,
            symbol=symbol,
            interval=interval,
            start=start_ms,
            end=end_ms,
            limit=limit,
        )
        found = answers.result(answer).get("list")
        if not isinstance(found, list):
            raise Unknown("Bybit's answer has no list", "unreadable")
        try:
            return tuple(market_parse.candle_row(row) for row in found)
        except Malformed as error:
            raise Unknown(f"A candle of Bybit's could not be read: {error}", "malformed") from None

    def public_trades(self, *, category: str, symbol: str, limit: int) -> tuple[PublicTrade, ...]:
        """GET /v5/market/recent-trade, newest first; spot knows the last 60."""
        most = min(limit, 60) if category == "spot" else limit
        answer = self._read(self._http.get_public_trade_history, category=category, symbol=symbol, limit=most)
        return answers.page(answer, market_parse.public_trade).items

    def funding_history(self, *, category: str, symbol: str, limit: int) -> tuple[FundingRate, ...]:
        """GET /v5/market/funding/history, newest first (at most 200). Contracts only."""
        answer = self._read(
            self._http.get_funding_rate_history, category=category, symbol=symbol, limit=limit
        )
        return answers.page(answer, market_parse.funding).items

    def fee_rate(self, *, category: str, symbol: str) -> tuple[Decimal, Decimal]:
        """(maker, taker) of this account in a market, as fractions of the value, at most an hour old. GET
        /v5/account/fee-rate. Raises Refused on demo accounts, which have no fee rates to ask for, NotSent when too many
        were asked for just now, or another BybitError."""
        if self._http.demo:
            raise Refused("Bybit tells no fee rates of demo accounts", "demo")
        held = self._fees.get((category, symbol))
        if held and time.monotonic() - held[0] < FEES_HELD_SECONDS:
            return held[1]
        if not self._pace.room("fee rates", FEES_PER_SECOND, FEES_WAIT_SECONDS):
            raise NotSent("Fee rates were asked for too often just now", "pace")
        answer = self._call(self._http.get_fee_rates, category=category, symbol=symbol)
        try:
            found = market_parse.fees(answers.rows(answer), symbol)
        except Malformed as error:
            raise Unknown(f"Bybit's fee rates could not be read: {error}", "malformed") from None
        self._fees[category, symbol] = time.monotonic(), found
        return found
