"""Booking one spot fill: coins change hands, the fee is paid in the coin received."""

from __future__ import annotations

from decimal import Decimal

from .ledger import Ledger
from .model import Execution, Moment, Order
from .numbers import CENT10, ZERO
from .specs import SETTLE_COIN
from .spot_specs import SPOT_FEE


def book_spot_fill(
    ledger: Ledger, order: Order, price: Decimal, qty: Decimal, is_maker: bool, seq: int, now: Moment
) -> Execution:
    """Books `qty` (base coin) of an order that is not counted as resting at this moment. Its state follows."""
    book, account = ledger.books[order.symbol], ledger.accounts[order.account]
    value, buys, base = price * qty, order.side == "Buy", book.spec.base_coin
    fee = ((qty if buys else value) * SPOT_FEE).quantize(CENT10)
    before = account.coins.get(base, ZERO)
    account.coins[base] = before + qty - fee if buys else before - qty
    account.traded += -value if buys else value - fee
    order.cum_qty += qty
    order.cum_value += value
    order.cum_fee += fee
    order.status = "Filled" if order.cum_qty == order.qty else "PartiallyFilled"
    order.updated_ms = now.ms
    execution = Execution(
        exec_id=ledger.next_number(), account=order.account, symbol=order.symbol, order_id=order.order_id,
        link_id=order.link_id, side=order.side, order_price=order.price, order_qty=order.qty,
        leaves=order.leaves, create_type="", order_type=order.order_type, exec_type="Trade", price=price,
        qty=qty, value=value, fee=fee, fee_rate=SPOT_FEE, is_maker=is_maker, mark=book.quote.mark,
        index=book.quote.index, closed=ZERO, pnl=ZERO, seq=seq, at_ms=now.ms, at_ns=now.ns,
        stop_type=order.stop_type, category="spot", fee_coin=base if buys else SETTLE_COIN,
    )  # fmt: skip
    ledger.record(execution)
    ledger.touch(order.place)
    return execution
