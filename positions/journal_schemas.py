"""How the journal looks outside. Amounts are of the coin that is named; fees and funding above zero were paid."""

from datetime import date
from decimal import Decimal
from typing import Any

from ninja import Schema

from bybit.forms import Money, Time
from positions.models import ClosedPnl, Note, Trip
from positions.schemas import PLACES


class NoteOut(Schema):
    kind: str
    key: str
    text: str
    tags: list[str]
    updated_at: Time

    @classmethod
    def of(cls, row: Note) -> "NoteOut":
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class NoteList(Schema):
    items: list[NoteOut]
    next: str | None


class TripOut(Schema):
    """One round trip, from flat to flat. `net` is what it brought after fees in its coin and funding; fees in other
    coins stand beside. `uncovered`: spot only, coins sold that this record did not see bought."""

    id: int
    account: str
    category: str
    symbol: str
    position_idx: int
    side: str
    open: bool
    flipped: bool
    opened_at: Time
    closed_at: Time | None
    fills: int
    max_size: Money
    entered_qty: Money
    left_qty: Money
    avg_entry: Money | None
    avg_exit: Money | None
    coin: str
    realised: Money
    fees: Money
    funding: Money
    net: Money
    other_fees: dict[str, str]
    uncovered: Money
    note: NoteOut | None

    @classmethod
    def of(cls, row: Trip, note: Note | None = None) -> "TripOut":
        return cls(**trip_values(row, note))


_TRIP_SAME = (
    *("id", "category", "symbol", "position_idx", "side", "flipped", "opened_at", "closed_at", "fills"),
    *("coin", "other_fees"),
)


def trip_values(row: Trip, note: Note | None) -> dict[str, Any]:
    """A trip's fields as shown."""
    amounts = ("entered_qty", "left_qty", "realised", "fees", "funding", "uncovered")
    values: dict[str, Any] = {name: getattr(row, name) for name in _TRIP_SAME}
    values |= {name: shown(getattr(row, name)) for name in amounts}
    return values | {
        "account": row.account_id,
        "open": row.closed_at is None,
        "max_size": row.most,
        "avg_entry": shown(row.entered_value / row.entered_qty) if row.entered_qty else None,
        "avg_exit": shown(row.left_value / row.left_qty) if row.left_qty else None,
        "net": shown(row.realised - row.fees - row.funding),
        "note": None if note is None else NoteOut.of(note),
    }


def shown(value: Decimal) -> Decimal:
    """A sum as the API shows it: to eighteen places."""
    return value.quantize(PLACES)


class TripList(Schema):
    items: list[TripOut]
    next: str | None


class ClosedPnlOut(Schema):
    """Bybit's own record of what an order closed. `closed_pnl` has opening and closing fees taken off, in the settle
    coin; funding is not in it."""

    account: str
    category: str
    symbol: str
    order_id: str
    side: str
    order_type: str
    exec_type: str
    qty: Money | None
    closed_size: Money | None
    avg_entry_price: Money | None
    avg_exit_price: Money | None
    closed_pnl: Money | None
    open_fee: Money | None
    close_fee: Money | None
    leverage: Money | None
    fill_count: int
    created_ms: int
    updated_ms: int

    @classmethod
    def of(cls, row: ClosedPnl) -> "ClosedPnlOut":
        names = (name for name in cls.model_fields if name != "account")
        return cls(account=row.account_id, **{name: getattr(row, name) for name in names})


class ClosedPnlList(Schema):
    items: list[ClosedPnlOut]
    next: str | None


class FigureOut(Schema):
    """What a day, a week, a month or a market brought, in one coin. `trips` ended in it, `wins` of them with a profit
    after fees and funding. `key` is the first day, or the market's symbol; `category` is the market's, and null of a
    day."""

    key: str
    category: str | None
    coin: str
    realised: Money
    fees: Money
    funding: Money
    net: Money
    volume: Money
    fills: int
    trips: int
    wins: int


class FigureList(Schema):
    """`time_zone` is the one whose days these are."""

    time_zone: str
    items: list[FigureOut]
    next: str | None


class CurvePoint(Schema):
    """A day's end in one coin. `total` adds up what all days up to it brought; `balance` is Bybit's own at the end of
    the day (null on days without an entry in its log), `transfers` what came in or went out without trading."""

    day: date
    coin: str
    net: Money
    total: Money
    balance: Money | None
    transfers: Money


class EquityPoint(Schema):
    """The account's equity in USD at the end of an hour, open positions included, as Bybit's wallet told it."""

    hour: Time
    equity: Money | None


class Curve(Schema):
    time_zone: str
    days: list[CurvePoint]
    equity: list[EquityPoint]


class ProgressOut(Schema):
    """How much of the past that Bybit still has is in the record. `done` is in thousandths."""

    account: str
    complete: bool
    done: int
    rows: int
    since: Time | None


class ProgressList(Schema):
    items: list[ProgressOut]
    next: str | None


class HoldingMarket(Schema):
    """What our spot fills of one market add up to."""

    symbol: str
    qty: Money
    avg_cost: Money | None
    realised: Money
    cost_coin: str


class HoldingOut(Schema):
    """A coin that is held. `balance` and `usd_value` are Bybit's; `ours` is what our spot fills add up to."""

    account: str
    coin: str
    balance: Money | None
    locked: Money | None
    available: Money | None
    usd_value: Money | None
    ours: Money
    diff: str | None
    markets: list[HoldingMarket]


class HoldingList(Schema):
    items: list[HoldingOut]
    next: str | None
