"""Conditional orders as a trader makes and changes them, until they fire."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from . import checks
from .brackets import check_brackets
from .checks import Ticket
from .errors import Refusal, bad_parameter
from .ledger import Ledger
from .model import Brackets, Moment, Order, Quote, Trigger
from .numbers import plain
from .orders import make_order
from .protection import RISES
from .specs import Spec

# Bybit takes this many conditional orders of an account in a symbol.
MAX_CONDITIONAL = 10


def take(ledger: Ledger, ticket: Ticket, trigger: Trigger, qty: Decimal, now: Moment) -> Order:
    """Takes a conditional order. Refuses with 110092/110093 (trigger on the wrong side), 110009 (too many),
    110094, 10001 with nothing changed. Its margin is looked at when it fires."""
    book = ledger.books[ticket.symbol]
    check_trigger(book.spec, book.quote, trigger)
    if not ticket.is_market:
        checks.check_price(book.spec, ticket.price)
    expected = trigger.price if ticket.is_market else ticket.price
    if not ticket.reduce_only:
        checks.check_notional(book.spec, qty, expected)
    check_brackets(book.spec, ticket.side, ticket.brackets, expected)
    _check_count(ledger, ticket)
    order = make_order(ledger, ticket, qty, ticket.price, now)
    order.status = "Untriggered"
    ledger.register(order)
    ledger.wait(order)
    ledger.report(order)
    return order


def check_trigger(spec: Spec, quote: Quote, trigger: Trigger) -> None:
    """Refuses with 110092 a rise to a price that is there already, with 110093 such a fall."""
    checks.check_price(spec, trigger.price)
    current = quote.by(trigger.by)
    wanted, there = plain(trigger.price), plain(current)
    if trigger.direction == RISES and trigger.price <= current:
        raise Refusal(110092, f"expect Rising, but trigger_price[{wanted}] <= current[{there}]??{trigger.by}")
    if trigger.direction != RISES and trigger.price >= current:
        raise Refusal(
            110093, f"expect Falling, but trigger_price[{wanted}] >= current[{there}]??{trigger.by}"
        )


def _check_count(ledger: Ledger, ticket: Ticket) -> None:
    waiting = ledger.waiting.get(ticket.symbol, {}).values()
    if (
        sum(order.account == ticket.account and order.stop_type == "Stop" for order in waiting)
        >= MAX_CONDITIONAL
    ):
        raise Refusal(110009, "The number of stop orders exceeds maximum allowable limit")


def amend_waiting(
    ledger: Ledger, order: Order, qty: Decimal, price: Decimal, trigger: Trigger | None,
    brackets: Brackets | None, now: Moment,
) -> Order:  # fmt: skip
    """Changes an order that waits for its trigger. Refuses as `take` does."""
    book = ledger.books[order.symbol]
    market = order.order_type == "Market"
    if trigger is None or trigger.distance:
        raise bad_parameter("params error: a trailing stop is changed by position/trading-stop")
    if qty != order.qty and (order.stop_type in ("TakeProfit", "StopLoss")):
        raise bad_parameter("params error: this take-profit or stop-loss is about the whole position")
    checks.check_qty(book.spec, qty, market)
    if not market:
        checks.check_price(book.spec, price)
    if trigger != order.trigger:
        check_trigger(book.spec, book.quote, trigger)
    check_brackets(book.spec, order.side, brackets, trigger.price if market else price)
    order.qty, order.price, order.trigger, order.brackets = qty, price, trigger, brackets
    order.updated_ms = now.ms
    ledger.report(order)
    return order


def new_trigger(order: Order, price: Decimal | None, by: str | None) -> Trigger | None:
    """The trigger of an order as an amend wants it."""
    if order.trigger is None or not order.is_waiting:
        return order.trigger
    return replace(order.trigger, price=price or order.trigger.price, by=by or order.trigger.by)
