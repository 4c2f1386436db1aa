"""The commands of a trader: create, amend, cancel, cancel-all, set-leverage."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from . import checks
from .checks import Ticket
from .errors import Refusal, bad_parameter
from .ledger import Ledger
from .matching import match, withdraw
from .model import Moment, Order
from .numbers import ZERO, on_step

# Bybit cancels at most this many orders with one cancel-all.
CANCEL_ALL_CAP = 500


class Change(NamedTuple):
    """What an amend asks for: the new total quantity and the new price; None leaves it."""

    qty: Decimal | None
    price: Decimal | None


def place(ledger: Ledger, ticket: Ticket, now: Moment) -> Order:
    """Takes an order and matches it. Raises Refusal (110072, 10001, 1100xx) with nothing changed."""
    if ticket.link_id and (ticket.account, ticket.link_id) in ledger.links:
        raise Refusal(110072, "OrderLinkedID is duplicate")
    book = ledger.symbol_book(ticket.symbol)
    qty = _checked_qty(ledger, ticket)
    price = _checked_price(ledger, ticket)
    reference = checks.reference_price(book, ticket.side, price, ticket.is_market)
    checks.check_open_count(ledger, ticket.account, ticket.symbol)
    if not ticket.reduce_only:
        checks.check_notional(book.spec, qty, reference)
        checks.check_margin(ledger, ticket.account, ticket.symbol, ticket.side, qty, reference)
    order = _order(ledger, ticket, qty, price, now)
    ledger.register(order)
    match(ledger, order, now)
    return order


def _checked_qty(ledger: Ledger, ticket: Ticket) -> Decimal:
    spec = ledger.books[ticket.symbol].spec
    whole = ticket.qty == 0 and ticket.reduce_only and ticket.close_on_trigger
    if not whole:
        checks.check_qty(spec, ticket.qty, ticket.is_market)
    if not ticket.reduce_only:
        return ticket.qty
    qty = checks.reducible(ledger, ticket)
    return min(qty, spec.max_market_qty if ticket.is_market else spec.max_qty)


def _checked_price(ledger: Ledger, ticket: Ticket) -> Decimal:
    book = ledger.books[ticket.symbol]
    if ticket.is_market:
        return checks.market_limit(book, ticket)
    checks.check_price(book.spec, ticket.price)
    refuse = ledger.accounts[ticket.account].reject_beyond_band
    return checks.within_band(book, ticket.side, ticket.price, refuse)


def _order(ledger: Ledger, ticket: Ticket, qty: Decimal, price: Decimal, now: Moment) -> Order:
    order_id = ledger.next_id()
    return Order(
        order_id=order_id, link_id=ticket.link_id, account=ticket.account, symbol=ticket.symbol,
        side=ticket.side, order_type=ticket.order_type, qty=qty, price=price, tif=ticket.tif,
        reduce_only=ticket.reduce_only, close_on_trigger=ticket.close_on_trigger, smp_type=ticket.smp_type,
        slippage_type=ticket.slippage_type, slippage=ticket.slippage, create_type=ticket.create_type,
        last_on_created=ledger.books[ticket.symbol].quote.last, created_ms=now.ms, updated_ms=now.ms,
        serial=ledger.serial, rank=ledger.serial,
    )  # fmt: skip


def amend(ledger: Ledger, order: Order | None, change: Change, now: Moment) -> Order:
    """Changes a resting order. A new price or a larger quantity costs it its place in the queue.

    Refuses with 110001 (gone), 110064 (quantity not above what is filled), 10001 (nothing changes), 110007.
    """
    if order is None or not order.is_open:
        raise Refusal(110001, "order not exists or too late to replace")
    qty = order.qty if change.qty is None else change.qty
    price = order.price if change.price is None else change.price
    if qty == order.qty and price == order.price:
        raise bad_parameter("The order remains unchanged as the parameters entered match the existing ones.")
    book = ledger.books[order.symbol]
    checks.check_qty(book.spec, qty, market=False)
    checks.check_price(book.spec, price)
    if qty <= order.cum_qty:
        raise Refusal(110064, "The order amount to be amended is not larger than the amount already filled")
    price = checks.within_band(book, order.side, price, ledger.accounts[order.account].reject_beyond_band)
    _check_amend(ledger, order, qty, price)
    _apply_amend(ledger, order, qty, price, now)
    return order


def _check_amend(ledger: Ledger, order: Order, qty: Decimal, price: Decimal) -> None:
    if order.reduce_only:
        size = ledger.position(order.account, order.symbol).size
        if qty - order.cum_qty > abs(size):
            raise Refusal(110017, "Reduce-only rule not satisfied: more than is held")
        return
    checks.check_notional(ledger.books[order.symbol].spec, qty, price)
    ledger.count(order, -1)
    try:
        checks.check_margin(ledger, order.account, order.symbol, order.side, qty - order.cum_qty, price)
    finally:
        ledger.count(order, 1)


def _apply_amend(ledger: Ledger, order: Order, qty: Decimal, price: Decimal, now: Moment) -> None:
    keeps_place = price == order.price and qty <= order.qty
    ledger.unrest(order)
    order.qty, order.price, order.updated_ms = qty, price, now.ms
    if keeps_place:
        ledger.rest(order)
        ledger.report(order)
        return
    ledger.serial += 1
    order.rank = ledger.serial
    match(ledger, order, now)


def cancel(ledger: Ledger, order: Order | None, now: Moment) -> Order:
    """Cancels a resting order. Refuses with 110001 when there is none."""
    if order is None or not order.is_open:
        raise Refusal(110001, "order not exists or too late to cancel")
    withdraw(ledger, order, "CancelByUser", "EC_PerCancelRequest", now)
    return order


def cancel_all(ledger: Ledger, account: str, symbols: set[str], now: Moment) -> list[Order]:
    """Cancels up to 500 open orders of the account in these symbols and returns them."""
    orders = [order for order in ledger.open_orders.get(account, {}).values() if order.symbol in symbols]
    return [cancel(ledger, order, now) for order in orders[:CANCEL_ALL_CAP]]


def set_leverage(ledger: Ledger, account: str, symbol: str, leverage: Decimal, now: Moment) -> None:
    """Sets the leverage of a symbol. Refuses with 110043 unchanged, 10001 out of range, 110013 beyond the
    risk tier of what is held, 110007 when the margin would not be covered."""
    spec = ledger.symbol_book(symbol).spec
    if not 1 <= leverage <= spec.max_leverage or not on_step(leverage, Decimal("0.01")):
        raise bad_parameter("leverage invalid")
    position = ledger.position(account, symbol)
    if position.leverage == leverage:
        raise Refusal(110043, "leverage not modified")
    holding = ledger.holding(account, symbol)
    if leverage > spec.tier(abs(position.size) * holding.mark).max_leverage:
        raise Refusal(110013, "cannot set leverage due to risk limit")
    previous, position.leverage = position.leverage, leverage
    margin = ledger.margin(account)
    if margin.equity - margin.position_initial - margin.order_initial < ZERO:
        position.leverage = previous
        raise Refusal(110007, "ab not enough for new leverage")
    position.updated_ms = now.ms
    ledger.touch(account, symbol)
