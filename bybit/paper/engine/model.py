"""What the ledger holds. Sizes of positions are signed inside the engine: above zero is long."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from .numbers import ZERO

OPEN_STATUSES = frozenset({"New", "PartiallyFilled"})


class Moment(NamedTuple):
    """One reading of the clocks: `ms` the exchange's own time, `ns` the machine's (for measurements)."""

    ms: int
    ns: int


@dataclass(frozen=True, slots=True)
class Quote:
    """The three prices of a symbol, in USDT."""

    last: Decimal
    mark: Decimal
    index: Decimal


@dataclass(slots=True)
class Order:
    """An order. Quantities in the base coin, values and fees in USDT, times in ms of the exchange's clock."""

    order_id: str
    link_id: str
    account: str
    symbol: str
    side: str
    order_type: str
    qty: Decimal
    price: Decimal
    tif: str
    reduce_only: bool
    close_on_trigger: bool
    smp_type: str
    slippage_type: str
    slippage: str
    create_type: str
    last_on_created: Decimal
    created_ms: int
    updated_ms: int
    serial: int
    rank: int
    status: str = "New"
    cum_qty: Decimal = ZERO
    cum_value: Decimal = ZERO
    cum_fee: Decimal = ZERO
    closed_pnl: Decimal = ZERO
    cancel_type: str = "UNKNOWN"
    reject_reason: str = "EC_NoError"
    smp_order_id: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it may still trade."""
        return self.status in OPEN_STATUSES

    @property
    def leaves(self) -> Decimal:
        """What is still to be filled; nothing once the order is final."""
        return self.qty - self.cum_qty if self.is_open else ZERO


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill of one order. `closed` is how much of it reduced a position, `pnl` what that realised."""

    exec_id: str
    account: str
    symbol: str
    order_id: str
    link_id: str
    side: str
    order_price: Decimal
    order_qty: Decimal
    leaves: Decimal
    create_type: str
    order_type: str
    exec_type: str
    price: Decimal
    qty: Decimal
    value: Decimal
    fee: Decimal
    fee_rate: Decimal
    is_maker: bool
    mark: Decimal
    index: Decimal
    closed: Decimal
    pnl: Decimal
    seq: int
    at_ms: int
    at_ns: int


@dataclass(slots=True)
class Position:
    """A position in one-way mode. `cost` is the signed sum of what was paid for what is held."""

    account: str
    symbol: str
    leverage: Decimal
    size: Decimal = ZERO
    cost: Decimal = ZERO
    current_pnl: Decimal = ZERO
    total_pnl: Decimal = ZERO
    created_ms: int = 0
    updated_ms: int = 0
    opened_ms: int = 0
    seq: int = -1
    status: str = "Normal"


@dataclass(slots=True)
class Account:
    """A unified account in USDT. wallet = deposits + realised - fees, always and exactly."""

    id: str
    uid: int
    deposits: Decimal
    created_ms: int
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    reject_beyond_band: bool = False

    @property
    def wallet(self) -> Decimal:
        """The balance, without unrealised results."""
        return self.deposits + self.realised - self.fees


@dataclass(frozen=True, slots=True)
class PublicTrade:
    """A print on the tape; `side` is the taker's."""

    symbol: str
    exec_id: str
    side: str
    price: Decimal
    qty: Decimal
    at_ms: int
    seq: int
    direction: str


@dataclass(slots=True)
class Events:
    """What one step changed, in the order in which it happened; the publisher empties it."""

    orders: list[Order] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    positions: dict[tuple[str, str], None] = field(default_factory=dict)
    accounts: dict[str, None] = field(default_factory=dict)
    trades: list[PublicTrade] = field(default_factory=list)
    liquidations: list[Execution] = field(default_factory=list)
    books: set[str] = field(default_factory=set)
