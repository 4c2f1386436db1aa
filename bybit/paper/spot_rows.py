"""What rows of spot say otherwise than those of contracts."""

from __future__ import annotations

from typing import Any

from .engine.model import Execution, Order
from .engine.numbers import fixed, plain
from .engine.specs import SETTLE_COIN, Spec

Row = dict[str, Any]


def adapt_order(row: Row, order: Order, spec: Spec) -> Row:
    """An order's row as spot has it: no createType, no tpslMode, sizes in the unit they were given in."""
    for name in ("createType", "tpslMode"):
        del row[name]
    coin = spec.base_coin if order.side == "Buy" else SETTLE_COIN
    row.update(
        isLeverage="0", positionIdx=0, lastPriceOnCreated="", marketUnit=order.market_unit,
        basePrice=fixed(order.last_on_created, spec.tick),
        cumFeeDetail={coin: plain(order.cum_fee)} if order.cum_qty else {},
    )  # fmt: skip
    if order.budget:
        row["qty"] = fixed(order.budget, spec.quote_step)
        if order.is_waiting:
            row["leavesQty"] = row["qty"]
    return row


def adapt_execution(row: Row, execution: Execution) -> Row:
    """A fill's row as spot has it."""
    del row["createType"]
    row.update(feeCurrency=execution.fee_coin, closedSize="", markPrice="")
    return row
