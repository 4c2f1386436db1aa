"""From a ticket to an order of the ledger."""

from __future__ import annotations

from decimal import Decimal

from .checks import Ticket
from .ledger import Ledger
from .model import Moment, Order


def make_order(ledger: Ledger, ticket: Ticket, qty: Decimal, price: Decimal, now: Moment) -> Order:
    """The order of a ticket, with an id of its own, known to nobody yet."""
    order_id = ledger.next_id()
    return Order(
        order_id=order_id, link_id=ticket.link_id, account=ticket.account, symbol=ticket.symbol,
        side=ticket.side, order_type=ticket.order_type, qty=qty, price=price, tif=ticket.tif,
        reduce_only=ticket.reduce_only, close_on_trigger=ticket.close_on_trigger, smp_type=ticket.smp_type,
        slippage_type=ticket.slippage_type, slippage=ticket.slippage, create_type=ticket.create_type,
        last_on_created=ledger.books[ticket.symbol].quote.last, created_ms=now.ms, updated_ms=now.ms,
        serial=ledger.serial, rank=ledger.serial, position_idx=ticket.position_idx, trigger=ticket.trigger,
        brackets=ticket.brackets, category=ticket.category, market_unit=ticket.market_unit,
    )  # fmt: skip
