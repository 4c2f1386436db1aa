"""What the routes of the markets answer with. Money is text, times are UTC, an unknown number is null."""

from datetime import UTC, datetime

from ninja import Schema

from bybit.forms import Money, Time
from bybit.market_types import Candle, FundingRate, PublicTrade, Ticker
from bybit.models import Favourite, Instrument


def moment(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC)


class MarketOut(Schema):
    symbol: str
    category: str
    # Bybit's, or Gone when Bybit no longer lists it.
    status: str
    base_coin: str
    quote_coin: str
    settle_coin: str
    contract_type: str
    launch_at: Time | None
    tick_size: Money
    qty_step: Money
    quote_step: Money | None
    min_qty: Money
    max_qty: Money | None
    max_market_qty: Money | None
    min_notional: Money | None
    min_price: Money | None
    max_price: Money | None
    min_leverage: Money | None
    max_leverage: Money | None
    leverage_step: Money | None
    price_limit_ratio_x: Money | None
    price_limit_ratio_y: Money | None
    last: Money | None
    mark: Money | None
    index: Money | None
    bid: Money | None
    ask: Money | None
    change_24h: Money | None
    high_24h: Money | None
    low_24h: Money | None
    # In the base coin and in the quote coin, of 24 hours.
    volume: Money | None
    turnover: Money | None
    open_interest: Money | None
    funding_rate: Money | None
    next_funding_at: Time | None
    funding_interval_min: int | None
    favourite: bool
    # The exchange's time of the prices.
    at: Time | None

    @classmethod
    def of(cls, row: Instrument, price: Ticker | None, *, favourite: bool) -> "MarketOut":
        named = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        prices = {name: getattr(price, name, None) for name in cls.model_fields if name in _PRICES}
        return cls.model_construct(
            **named,
            **prices,
            launch_at=moment(row.launch_ms),
            next_funding_at=moment(price.next_funding_ms if price else None),
            favourite=favourite,
            at=moment(price.at_ms if price else None),
        )


_PRICES = frozenset(Ticker.__dataclass_fields__) - {"symbol"}


class MarketList(Schema):
    items: list[MarketOut]
    next: str | None


class CandleOut(Schema):
    start: Time
    open: Money
    high: Money
    low: Money
    close: Money
    volume: Money | None
    turnover: Money | None

    @classmethod
    def of(cls, candle: Candle) -> "CandleOut":
        values = {name: getattr(candle, name) for name in cls.model_fields if name != "start"}
        return cls.model_construct(start=moment(candle.start_ms), **values)


class CandleList(Schema):
    """Oldest first. `next` is null: older ones are asked for with `end`."""

    category: str
    symbol: str
    interval: str
    items: list[CandleOut]
    next: None


class BookOut(Schema):
    """[price, size], best first on both sides."""

    category: str
    symbol: str
    bids: list[tuple[Money, Money]]
    asks: list[tuple[Money, Money]]
    at: Time


class TradeOut(Schema):
    exec_id: str
    price: Money
    qty: Money
    # The taker's.
    side: str
    at: Time

    @classmethod
    def of(cls, trade: PublicTrade) -> "TradeOut":
        return cls.model_construct(
            exec_id=trade.exec_id,
            price=trade.price,
            qty=trade.qty,
            side=trade.side,
            at=moment(trade.at_ms),
        )


class TradeList(Schema):
    """Newest first. `next` is null: Bybit keeps only the latest."""

    items: list[TradeOut]
    next: None


class FundingOut(Schema):
    rate: Money
    at: Time

    @classmethod
    def of(cls, row: FundingRate) -> "FundingOut":
        return cls.model_construct(rate=row.rate, at=moment(row.at_ms))


class FundingList(Schema):
    """What was charged, newest first, and what comes next. Longs pay a rate above zero, shorts one below."""

    symbol: str
    funding_rate: Money | None
    next_funding_at: Time | None
    funding_interval_min: int | None
    items: list[FundingOut]
    next: None


class FavouriteOut(Schema):
    category: str
    symbol: str

    @classmethod
    def of(cls, row: Favourite) -> "FavouriteOut":
        return cls(category=row.category, symbol=row.symbol)


class FavouriteList(Schema):
    """In the user's own order; at most 200."""

    items: list[FavouriteOut]
    next: None
