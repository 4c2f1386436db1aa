"""What Bybit tells everybody of its markets, typed: rules, risk tiers, prices, candles, trades, funding, books."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentInfo:
    """The trading rules of a market, from `market/instruments-info`."""

    category: str
    symbol: str
    status: str
    base_coin: str
    quote_coin: str
    settle_coin: str
    tick_size: Decimal
    qty_step: Decimal
    min_qty: Decimal
    max_qty: Decimal | None
    max_market_qty: Decimal | None
    min_notional: Decimal | None
    max_leverage: Decimal | None
    # Spot only: the step of a size given in the quote coin.
    quote_step: Decimal | None = None
    # Contracts only, down to max_price.
    contract_type: str = ""
    funding_interval_min: int | None = None
    launch_ms: int | None = None
    min_leverage: Decimal | None = None
    leverage_step: Decimal | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    # How far a limit price may lie from mark and index, as fractions (Bybit's X and Y).
    price_limit_ratio_x: Decimal | None = None
    price_limit_ratio_y: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTierInfo:
    """One risk tier of a contract, from `market/risk-limit`. Rates are fractions of the position's value; the limit and
    the deduction are in the settle coin. `mm_deduction` is None on the lowest tier, which has none.
    https://bybit-exchange.github.io/docs/v5/market/risk-limit
    """

    category: str
    symbol: str
    tier: int
    risk_limit: Decimal
    maintenance_margin: Decimal
    initial_margin: Decimal | None
    max_leverage: Decimal | None
    mm_deduction: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """The latest prices of a market. `at_ms` is the exchange's own time of the message; change is a fraction, volume in
    the base coin, turnover in the quote coin, open interest in the base coin."""

    symbol: str
    last: Decimal | None
    mark: Decimal | None
    bid: Decimal | None
    ask: Decimal | None
    at_ms: int
    index: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    change_24h: Decimal | None = None
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    volume: Decimal | None = None
    turnover: Decimal | None = None
    open_interest: Decimal | None = None
    funding_rate: Decimal | None = None
    next_funding_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """One candle. Volume in the base coin, turnover in the quote coin. `confirmed`: it has ended; REST does not say."""

    start_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    turnover: Decimal | None
    confirmed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicTrade:
    """A trade of anybody's; `side` is the taker's."""

    exec_id: str
    price: Decimal
    qty: Decimal
    side: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingRate:
    """What was charged at a moment, as a fraction of the position's value; longs pay when it is above zero."""

    rate: Decimal
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookView:
    """The order book's best levels as (price, size), best first on both sides."""

    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]
    at_ms: int
