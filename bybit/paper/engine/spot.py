"""The commands of a spot trader: create, amend, cancel."""

from __future__ import annotations

from dataclasses import replace

from . import spot_checks
from .checks import Ticket
from .endings import withdraw
from .errors import Refusal
from .ledger import Ledger
from .matching import match
from .model import Moment, Order
from .numbers import ZERO
from .orders import make_order
from .trading import Change


def place(ledger: Ledger, ticket: Ticket, now: Moment) -> Order:
    """Takes a spot order and matches it, or lets it wait for its trigger. Raises Refusal (170xxx) with nothing
    changed. A tpslOrder locks its funds at once, a StopOrder needs them when it fires."""
    if ticket.link_id and (ticket.account, ticket.link_id) in ledger.links:
        raise Refusal(170141, "Duplicate clientOrderId.")
    book = ledger.books[ticket.symbol]
    spot_checks.check_ticket(book, ticket)
    spot_checks.check_counts(ledger, ticket.account, ticket.symbol, ticket.trigger)
    order = _draft(ledger, ticket, now)
    if order.trigger is not None:
        order.trigger = spot_checks.directed(book.quote, order.trigger)
        if order.stop_type == "tpslOrder":
            spot_checks.check_funds(ledger, order)
        order.order_id = ledger.next_number()
        ledger.register(order)
        ledger.wait(order)
        ledger.report(order)
        return order
    order.qty, order.price = spot_checks.settled(ledger, order)
    spot_checks.check_funds(ledger, order)
    order.order_id = ledger.next_number()
    ledger.register(order)
    match(ledger, order, now)
    return order


def _draft(ledger: Ledger, ticket: Ticket, now: Moment) -> Order:
    """The order of a ticket, still without its id."""
    in_quote = ticket.is_market and ticket.market_unit == "quoteCoin"
    order = make_order(ledger, ticket, ZERO if in_quote else ticket.qty, ticket.price, now)
    order.budget = ticket.qty if in_quote else ZERO
    order.status = "Untriggered" if ticket.trigger is not None else "New"
    return order


def filter_of(order: Order) -> str:
    """The orderFilter under which an order is found; one that has fired and is in the book is an active one."""
    if order.trigger is None or (order.is_open and not order.is_waiting):
        return "Order"
    return "tpslOrder" if order.stop_type == "tpslOrder" else "StopOrder"


def cancel(ledger: Ledger, order: Order | None, order_filter: str, now: Moment) -> Order:
    """Cancels an open order of the filter. Refuses with 170213 (none such), 170139 (filled), 170142 (cancelled)."""
    order = _open(order)
    if filter_of(order) != order_filter:
        raise Refusal(170213, "Order does not exist.")
    withdraw(ledger, order, "CancelByUser", "EC_PerCancelRequest", now)
    return order


def _open(order: Order | None) -> Order:
    if order is None:
        raise Refusal(170213, "Order does not exist.")
    if not order.is_open:
        filled = order.status == "Filled"
        raise Refusal(170139 if filled else 170142, f"Order has been {'filled' if filled else 'canceled'}.")
    return order


def amend(ledger: Ledger, order: Order | None, change: Change, now: Moment) -> Order:
    """Changes quantity, price or trigger of an open order. Refuses as `cancel` and `place` do, with 170313 when
    the quantity is not above what is filled."""
    order = _open(order)
    wanted = order.snapshot()
    _apply(ledger, wanted, change)
    if (wanted.qty, wanted.price, wanted.budget, wanted.trigger) == (
        order.qty, order.price, order.budget, order.trigger,
    ):  # fmt: skip
        raise Refusal(10001, "The order remains unchanged as the parameters entered match the existing ones.")
    if wanted.qty <= order.cum_qty and not wanted.budget:
        raise Refusal(170313, "The amended quantity is not larger than what is filled.")
    _take_out(ledger, order)
    try:
        if not order.is_waiting or order.stop_type == "tpslOrder":
            spot_checks.check_funds(ledger, wanted)
    except Refusal:
        (ledger.wait if order.is_waiting else ledger.rest)(order)
        raise
    moved = wanted.price != order.price or wanted.qty > order.qty
    order.qty, order.price, order.budget, order.trigger = (
        wanted.qty,
        wanted.price,
        wanted.budget,
        wanted.trigger,
    )
    order.updated_ms = now.ms
    _put_back(ledger, order, now, again=moved)
    return order


def _apply(ledger: Ledger, order: Order, change: Change) -> None:
    """Puts what is asked for into (a copy of) the order, checked as a new one's."""
    book = ledger.books[order.symbol]
    spec, market = book.spec, order.order_type == "Market"
    if change.trigger_price is not None and order.trigger is not None and order.is_waiting:
        spot_checks.check_price(spec, change.trigger_price)
        order.trigger = spot_checks.directed(book.quote, replace(order.trigger, price=change.trigger_price))
    if change.price is not None and not market:
        spot_checks.check_price(spec, change.price)
        order.price = change.price if order.is_waiting else spot_checks.banded(ledger, order, change.price)
    if change.qty is None:
        return
    if order.budget:
        spot_checks.check_amount(spec, change.qty)
        order.budget = change.qty
        return
    spot_checks.check_qty(spec, change.qty, spec.max_market_qty if market else spec.max_qty)
    spot_checks.check_amount(spec, change.qty * (order.price or book.quote.last))
    order.qty = change.qty


def _take_out(ledger: Ledger, order: Order) -> None:
    (ledger.unwait if order.is_waiting else ledger.unrest)(order)


def _put_back(ledger: Ledger, order: Order, now: Moment, again: bool) -> None:
    """Where it was; `again`: a resting one gives up its place and may trade at once."""
    if order.is_waiting:
        ledger.wait(order)
        ledger.report(order)
    elif again:
        ledger.serial += 1
        order.rank = ledger.serial
        match(ledger, order, now)
    else:
        ledger.rest(order)
        ledger.report(order)
