"""What the ledger holds. Sizes of positions are signed inside the engine: above zero is long."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import ROUND_CEILING, Decimal
from operator import attrgetter
from typing import NamedTuple

from .numbers import CENT10, ZERO

OPEN_STATUSES = frozenset({"New", "PartiallyFilled", "Untriggered", "Triggered"})
# Account, symbol, positionIdx (0 one-way, 1 and 2 the long and the short leg of hedge mode).
PositionKey = tuple[str, str, int]


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

    def by(self, name: str) -> Decimal:
        """The price that a triggerBy names; the last one unless it says otherwise."""
        return {"MarkPrice": self.mark, "IndexPrice": self.index}.get(name, self.last)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a conditional order waits for: that a price (`by`: LastPrice, MarkPrice, IndexPrice) rises (direction
    1) or falls (2) to `price`. `kind` is Bybit's stopOrderType, `partner` the order that goes when this one fires.

    A trailing stop (`distance` in USDT above zero) waits for `activation` first; from then on (`running`) its
    price follows the best one seen.
    """

    price: Decimal
    direction: int
    by: str
    kind: str
    partner: str = ""
    distance: Decimal = ZERO
    activation: Decimal = ZERO
    running: bool = False


@dataclass(frozen=True, slots=True)
class Leg:
    """One half of a take-profit / stop-loss pair: trigger price (USDT; 0: none), which price is watched, and how
    it closes (`limit` is the price of a Limit one)."""

    price: Decimal = ZERO
    by: str = "LastPrice"
    order_type: str = "Market"
    limit: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Brackets:
    """The take-profit and stop-loss attached to an order. `mode`: Full (of the position) or Partial (of its fills)."""

    mode: str
    profit: Leg
    loss: Leg


@dataclass(slots=True)
class Order:
    """An order. Quantities in the base coin, values and fees in USDT (spot buys pay theirs in the base coin), times
    in ms of the exchange's clock. `budget`: the size in USDT of a spot market order that is given so; `qty` is then
    what that comes to. `symbol` is the key of its market."""

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
    position_idx: int = 0
    parent_link: str = ""
    trigger: Trigger | None = None
    brackets: Brackets | None = None
    category: str = "linear"
    market_unit: str = ""
    budget: Decimal = ZERO

    @property
    def is_spot(self) -> bool:
        """Whether it trades coins and not a contract."""
        return self.category == "spot"

    @property
    def cancelled_status(self) -> str:
        """What an order that ends unfilled, or partly filled, is called."""
        return "PartiallyFilledCanceled" if self.is_spot and self.cum_qty else "Cancelled"

    def snapshot(self) -> Order:
        """A copy of its present state."""
        return Order(*_state_of(self))

    def spot_need(self, base_coin: str) -> tuple[str, Decimal]:
        """The coin that an open spot order may spend, and how much of it."""
        price = self.price or (self.trigger.price if self.trigger is not None else ZERO)
        if self.side == "Buy":
            return "USDT", self.budget or self.leaves * price
        if not self.budget:
            return base_coin, self.leaves
        return base_coin, (self.budget / price).quantize(CENT10, ROUND_CEILING)

    @property
    def is_open(self) -> bool:
        """Whether it may still trade, now or once its trigger is hit."""
        return self.status in OPEN_STATUSES

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for its trigger, outside of the book."""
        return self.status == "Untriggered"

    @property
    def stop_type(self) -> str:
        """Bybit's stopOrderType; "" for an ordinary order."""
        return self.trigger.kind if self.trigger is not None else ""

    @property
    def place(self) -> PositionKey:
        """The position that it moves."""
        return self.account, self.symbol, self.position_idx

    @property
    def leaves(self) -> Decimal:
        """What is still to be filled; nothing once the order is final."""
        return self.qty - self.cum_qty if self.is_open else ZERO


_state_of = attrgetter(*(each.name for each in fields(Order)))


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
    stop_type: str = "UNKNOWN"
    position_idx: int = 0
    category: str = "linear"
    fee_coin: str = "USDT"


@dataclass(slots=True)
class Position:
    """A position, or one leg of it in hedge mode. `exact` is the signed sum of what was paid for what is held, in forty
    decimals, `cost` the same in the eight that are booked, `open_fees` the fees that went with it. `adl_rank`: an
    operator's rank in the queue of auto-deleveraging; 0 when it follows from the result."""

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
    idx: int = 0
    open_fees: Decimal = ZERO
    exact: Decimal = ZERO
    adl_rank: int = 0


@dataclass(frozen=True, slots=True)
class Transfer:
    """An amount of a coin that came in (above zero) or went out (below)."""

    transfer_id: str
    account: str
    coin: str
    amount: Decimal
    seq: int
    at_ms: int


@dataclass(slots=True)
class Purse:
    """What is had of one settle coin: wallet = deposits + realised - fees - funding + traded, always and exactly.
    `deposits` are transfers in less transfers out, `traded` what spot trades brought and cost."""

    deposits: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    traded: Decimal = ZERO

    @property
    def wallet(self) -> Decimal:
        """The balance, without unrealised results."""
        return self.deposits + self.realised - self.fees - self.funding + self.traded


@dataclass(slots=True, kw_only=True)
class Account(Purse):
    """A unified account. Its own figures are those of USDT; `coins` is what spot trades and transfers left of coins
    that no contract is settled in. Limit prices beyond the band are moved to its edge, in spot refused, unless
    `reject_beyond_band` and `moves_spot_prices` say otherwise."""

    id: str
    uid: int
    created_ms: int
    reject_beyond_band: bool = False
    modes: dict[str, int] = field(default_factory=dict)
    margin_mode: str = "REGULAR_MARGIN"
    changed_ms: int = 0
    moves_spot_prices: bool = False
    coins: dict[str, Decimal] = field(default_factory=dict)
    usdc: Purse = field(default_factory=Purse)

    def purse(self, coin: str) -> Purse:
        """The figures of a settle coin."""
        return self.usdc if coin == "USDC" else self

    def hedged(self, symbol: str, coin: str) -> bool:
        """Whether a symbol is in hedge mode: by its own setting, else by that of its settle coin."""
        return self.modes.get(symbol, self.modes.get(coin, 0)) == 3


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
    """What one step changed, in the order in which it happened; the publisher empties it.

    `kept` are orders of which something changed that is stored and not pushed, `closings` orders (and whose)
    that closed something, `transfers` coins that came or went, `contracts` symbols whose filters or status changed.
    """

    orders: list[Order] = field(default_factory=list)
    kept: list[Order] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    closings: dict[str, str] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    contracts: dict[str, None] = field(default_factory=dict)
    positions: dict[PositionKey, None] = field(default_factory=dict)
    accounts: dict[str, None] = field(default_factory=dict)
    trades: list[PublicTrade] = field(default_factory=list)
    liquidations: list[Execution] = field(default_factory=list)
    books: set[str] = field(default_factory=set)
