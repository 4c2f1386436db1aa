"""What Bybit tells us, as typed objects. Field names follow Bybit's V5 documentation; times are milliseconds
since the epoch, as on the wire; an unknown number is None. Pure."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar, get_args

T = TypeVar("T")
Category = Literal["linear", "spot"]
CATEGORIES: tuple[Category, ...] = ("linear", "spot")
Side = Literal["Buy", "Sell"]
Interval = Literal["1", "3", "5", "15", "30", "60", "120", "240", "360", "720", "D", "W", "M"]
# https://bybit-exchange.github.io/docs/v5/enum#interval
INTERVALS: tuple[Interval, ...] = get_args(Interval)

# https://bybit-exchange.github.io/docs/v5/enum#orderstatus
STATUS_RANK = {
    "Untriggered": 0,
    "Triggered": 1,
    "New": 2,
    "PartiallyFilled": 3,
    "Filled": 4,
    "Cancelled": 4,
    "PartiallyFilledCanceled": 4,
    "Rejected": 4,
    "Deactivated": 4,
}
FINAL_STATUSES = frozenset(name for name, rank in STATUS_RANK.items() if rank == 4)

# What else an order may carry, by Bybit's parameter and by our name. All are text but for the direction (1 rising,
# 2 falling) and close_on_trigger. https://bybit-exchange.github.io/docs/v5/order/create-order
ORDER_TERMS = {
    "triggerBy": "trigger_by",
    "triggerDirection": "trigger_direction",
    "closeOnTrigger": "close_on_trigger",
    "tpslMode": "tpsl_mode",
    "tpTriggerBy": "tp_trigger_by",
    "slTriggerBy": "sl_trigger_by",
    "tpOrderType": "tp_order_type",
    "slOrderType": "sl_order_type",
    "tpLimitPrice": "tp_limit_price",
    "slLimitPrice": "sl_limit_price",
    "slippageToleranceType": "slippage_tolerance_type",
    "slippageTolerance": "slippage_tolerance",
    "marketUnit": "market_unit",
    "orderFilter": "order_filter",
}
# What only Bybit says of an order.
REPORTED_TERMS = {
    "stopOrderType": "stop_order_type",
    "parentOrderLinkId": "parent_order_link_id",
    "createType": "create_type",
}
# Bybit repeats these in no row, or not in every kind of row: they stay as they were asked for.
ASKED_TERMS = frozenset(
    {"tp_order_type", "sl_order_type", "slippage_tolerance_type", "slippage_tolerance", "order_filter"}
)
Terms = dict[str, Any]
# https://bybit-exchange.github.io/docs/v5/enum#exectype
# Delivery and Settle close a position without an order: the contract ended.
TRADES = frozenset({"Trade", "AdlTrade", "BustTrade", "BlockTrade", "Delivery", "Settle"})
NO_TRADES = frozenset(
    {"Funding", "SessionSettlePnL", "MovePosition", "FutureSpread", "CorporateAction"} | {"UNKNOWN"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport:
    """One row of `order` (socket), `order/realtime` or `order/history` (REST)."""

    category: str
    symbol: str
    order_id: str
    order_link_id: str
    side: str
    order_type: str
    status: str
    price: Decimal | None
    qty: Decimal
    cum_exec_qty: Decimal
    avg_price: Decimal | None
    time_in_force: str
    trigger_price: Decimal | None
    take_profit: Decimal | None
    stop_loss: Decimal | None
    reduce_only: bool
    position_idx: int
    stop_order_type: str
    cancel_type: str
    reject_reason: str
    created_ms: int
    updated_ms: int
    # What of ORDER_TERMS and REPORTED_TERMS has a value, by our names.
    terms: Terms = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One row of `execution` (socket) or `execution/list` (REST). `fee` > 0 was paid, < 0 received."""

    category: str
    symbol: str
    exec_id: str
    exec_type: str
    order_id: str
    order_link_id: str
    side: str
    price: Decimal
    qty: Decimal
    value: Decimal | None
    fee: Decimal | None
    fee_currency: str
    is_maker: bool
    closed_size: Decimal | None
    order_qty: Decimal | None
    order_type: str
    exec_ms: int
    seq: int | None

    @property
    def is_trade(self) -> bool:
        """Funding and settlements stand in the same list but fill no order."""
        return self.exec_type in TRADES

    @property
    def is_known(self) -> bool:
        """False for a kind of execution that is newer than this code."""
        return self.exec_type in TRADES or self.exec_type in NO_TRADES


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionReport:
    """One row of `position` (socket) or `position/list` (REST). `side` is "" when flat."""

    category: str
    symbol: str
    position_idx: int
    side: str
    size: Decimal
    entry_price: Decimal | None
    mark_price: Decimal | None
    liq_price: Decimal | None
    leverage: Decimal | None
    margin: Decimal | None
    unrealised_pnl: Decimal | None
    cur_realised_pnl: Decimal | None
    take_profit: Decimal | None
    stop_loss: Decimal | None
    trailing_stop: Decimal | None
    updated_ms: int
    seq: int
    maintenance_margin: Decimal | None = None
    position_value: Decimal | None = None
    break_even_price: Decimal | None = None
    cum_realised_pnl: Decimal | None = None
    # 1 (last in the queue) to 5 (next to be deleveraged); 0 when flat.
    adl_rank: int | None = None
    position_status: str = ""
    is_reduce_only: bool = False
    open_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletReport:
    """The unified account: totals in USD, coins as Bybit lists them. The rates are fractions of the margin balance.
    In isolated margin the totals but equity mean nothing."""

    total_equity: Decimal | None
    available: Decimal | None
    coins: tuple["WalletCoin", ...]
    wallet_balance: Decimal | None = None
    margin_balance: Decimal | None = None
    unrealised_pnl: Decimal | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    im_rate: Decimal | None = None
    mm_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletCoin:
    """One coin of the wallet, in that coin but for `usd_value`. `available` is what is bound by nothing."""

    coin: str
    equity: Decimal | None
    wallet_balance: Decimal | None
    available: Decimal | None
    usd_value: Decimal | None = None
    unrealised_pnl: Decimal | None = None
    cum_realised_pnl: Decimal | None = None
    locked: Decimal | None = None
    order_margin: Decimal | None = None
    position_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    borrowed: Decimal | None = None
    interest: Decimal | None = None
    is_collateral: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInfo:
    """`margin_mode` is REGULAR_MARGIN (cross), ISOLATED_MARGIN or PORTFOLIO_MARGIN."""

    margin_mode: str


@dataclass(frozen=True, slots=True)
class Margins:
    """The account's initial and maintenance margin rates before and after an order, as fractions (0.003 is 0.3 %)."""

    im_before: Decimal
    mm_before: Decimal
    im_after: Decimal
    mm_after: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedRow:
    """One row of position/closed-pnl: what an order closed. `closed_pnl` has the fees taken off."""

    category: str
    symbol: str
    order_id: str
    side: str
    order_type: str
    exec_type: str
    qty: Decimal | None
    closed_size: Decimal | None
    avg_entry_price: Decimal | None
    avg_exit_price: Decimal | None
    cum_entry_value: Decimal | None
    cum_exit_value: Decimal | None
    closed_pnl: Decimal
    open_fee: Decimal | None
    close_fee: Decimal | None
    leverage: Decimal | None
    fill_count: int
    created_ms: int
    updated_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CashRow:
    """One row of account/transaction-log. `funding` above zero was received, `fee` above zero paid."""

    log_id: str
    kind: str
    category: str
    symbol: str
    side: str
    coin: str
    qty: Decimal | None
    price: Decimal | None
    funding: Decimal | None
    fee: Decimal | None
    cash_flow: Decimal | None
    change: Decimal | None
    balance: Decimal | None
    trade_id: str
    order_id: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """What is sent to `order/create`. `order_link_id` is the order's UUID."""

    category: str
    symbol: str
    side: str
    order_type: str
    qty: Decimal
    price: Decimal | None
    time_in_force: str
    reduce_only: bool
    position_idx: int
    order_link_id: str
    trigger_price: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    terms: Terms = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRef:
    """Which order a cancel or an amend is about: by Bybit's id where it is known, else by ours. `order_filter` is
    spot's: its conditional and TP/SL orders are only found with it."""

    category: str
    symbol: str
    order_id: str
    order_link_id: str
    order_filter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """What is sent to `position/trading-stop`; None leaves as it is, 0 removes."""

    category: str
    symbol: str
    position_idx: int
    values: Terms


@dataclass(frozen=True, slots=True)
class Answer:
    """Bybit's answer to one order of a batch: its id, or why not."""

    order_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `cursor` is "" on the last."""

    items: tuple[T, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What Bybit says of an API key. `ips` is empty for a key that works from anywhere; `expires_at_ms` is None for one
    that does not end."""

    read_only: bool
    permissions: dict[str, tuple[str, ...]]
    ips: tuple[str, ...]
    expires_at_ms: int | None
    user_id: str
    parent_id: str
