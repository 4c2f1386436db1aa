"""What closing a position brought: one record for each order that closed something."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .model import Execution, Order
from .numbers import ZERO


@dataclass(slots=True)
class ClosedPnl:
    """What one order closed. Quantities in the base coin; values, fees and `pnl` (fees taken off) in the settle
    coin."""

    order_id: str
    account: str
    symbol: str
    side: str
    order_type: str
    exec_type: str
    order_price: Decimal
    qty: Decimal
    leverage: Decimal
    created_ms: int
    updated_ms: int
    serial: int
    closed: Decimal = ZERO
    entry_value: Decimal = ZERO
    exit_value: Decimal = ZERO
    open_fee: Decimal = ZERO
    close_fee: Decimal = ZERO
    pnl: Decimal = ZERO
    fills: int = 0


@dataclass(frozen=True, slots=True)
class Closure:
    """What one fill closed: the base coin, the result before fees, what had been paid for it, and both fees."""

    qty: Decimal = ZERO
    pnl: Decimal = ZERO
    entry_value: Decimal = ZERO
    open_fee: Decimal = ZERO
    close_fee: Decimal = ZERO


def new_record(order: Order, leverage: Decimal, exec_type: str, at_ms: int) -> ClosedPnl:
    """The empty record of an order that is about to close something."""
    return ClosedPnl(
        order.order_id, order.account, order.symbol, order.side, order.order_type, exec_type, order.price,
        order.qty, leverage, at_ms, at_ms, order.serial,
    )  # fmt: skip


def add(record: ClosedPnl, closure: Closure, execution: Execution) -> None:
    """Adds a fill to the record of its order."""
    record.closed += closure.qty
    record.entry_value += closure.entry_value
    record.exit_value += closure.qty * execution.price
    record.open_fee += closure.open_fee
    record.close_fee += closure.close_fee
    record.pnl += closure.pnl - closure.open_fee - closure.close_fee
    record.fills += 1
    record.updated_ms = execution.at_ms
