"""The commands of a trader: create, amend, cancel, cancel-all, set-leverage."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from . import checks, conditional
from .brackets import NOTHING, LegChange, amended, check_brackets
from .checks import Ticket
from .endings import withdraw
from .errors import Refusal, bad_parameter
from .ledger import Ledger
from .matching import fill_resting, match
from .model import Moment, Order
from .modes import fitted
from .numbers import ZERO, on_step
from .orders import make_order

# Bybit cancels at most this many orders with one cancel-all.
CANCEL_ALL_CAP = 500


class Change(NamedTuple):
    """What an amend asks for: the new total quantity, the new prices, the new protection; None leaves them."""

    qty: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    trigger_by: str | None = None
    profit: LegChange = NOTHING
    loss: LegChange = NOTHING
    mode: str = ""


def place(ledger: Ledger, ticket: Ticket, now: Moment) -> Order:
    """Takes an order and matches it. Raises Refusal (110072, 10001, 1100xx) with nothing changed."""
    ticket = fitted(ledger, ticket)
    qty, price = check(ledger, ticket)
    if ticket.trigger is not None:
        return conditional.take(ledger, ticket, ticket.trigger, qty, now)
    order = make_order(ledger, ticket, qty, price, now)
    ledger.register(order)
    match(ledger, order, now)
    return order


def check(ledger: Ledger, ticket: Ticket) -> tuple[Decimal, Decimal]:
    """The quantity and price that a ticket (already in its position mode) comes to. Refuses as `place` does."""
    if ticket.link_id and (ticket.account, ticket.link_id) in ledger.links:
        raise Refusal(110072, "OrderLinkedID is duplicate")
    book = ledger.books[ticket.symbol]
    checks.check_live(book.spec, ticket.reduce_only)
    if ticket.brackets is not None and ticket.reduce_only:
        raise bad_parameter("params error: a reduce-only order has no take-profit or stop-loss")
    qty = _checked_qty(ledger, ticket)
    if ticket.trigger is not None:
        return qty, ticket.price
    price = _checked_price(ledger, ticket)
    checks.check_open_count(ledger, ticket.account, ticket.symbol)
    if not ticket.reduce_only:
        reference = checks.reference_price(book, ticket.side, price, ticket.is_market)
        checks.check_notional(book.spec, qty, reference)
        checks.check_margin(ledger, ticket.place, ticket.side, qty, reference)
        check_brackets(
            book.spec, ticket.side, ticket.brackets, book.quote.last if ticket.is_market else price
        )
    return qty, price


def expected_value(ledger: Ledger, ticket: Ticket) -> Decimal:
    """What a ticket is worth in USDT, at the price it can expect."""
    book = ledger.books[ticket.symbol]
    return ticket.qty * checks.reference_price(book, ticket.side, ticket.price, ticket.is_market)


def _checked_qty(ledger: Ledger, ticket: Ticket) -> Decimal:
    spec = ledger.books[ticket.symbol].spec
    whole = ticket.qty == 0 and ticket.reduce_only and ticket.close_on_trigger
    if not whole:
        checks.check_qty(spec, ticket.qty, ticket.is_market)
    if not ticket.reduce_only:
        return ticket.qty
    held = checks.held_against(ledger, ticket.place, ticket.side, ticket.qty)
    if ticket.trigger is not None and not whole:
        return ticket.qty
    return min(held, spec.max_market_qty if ticket.is_market else spec.max_qty)


def _checked_price(ledger: Ledger, ticket: Ticket) -> Decimal:
    book = ledger.books[ticket.symbol]
    if ticket.is_market:
        return checks.market_limit(book, ticket.side, ticket.slippage_type, ticket.slippage)
    checks.check_price(book.spec, ticket.price)
    refuse = ledger.accounts[ticket.account].reject_beyond_band
    return checks.within_band(book, ticket.side, ticket.price, refuse)


def amend(ledger: Ledger, order: Order | None, change: Change, now: Moment) -> Order:
    """Changes an open order. A new price or a larger quantity costs a resting one its place in the queue.

    Refuses with 110001 (gone), 110064 (quantity not above what is filled), 10001 (nothing changes), 110007.
    """
    if order is None or not order.is_open:
        raise Refusal(110001, "order not exists or too late to replace")
    qty = order.qty if change.qty is None else change.qty
    price = order.price if change.price is None or order.order_type == "Market" else change.price
    trigger = conditional.new_trigger(order, change.trigger_price, change.trigger_by)
    brackets = amended(order.brackets, change.profit, change.loss, change.mode)
    if (qty, price, trigger, brackets) == (order.qty, order.price, order.trigger, order.brackets):
        raise bad_parameter("The order remains unchanged as the parameters entered match the existing ones.")
    if brackets is not None and order.reduce_only:
        raise bad_parameter("params error: a reduce-only order has no take-profit or stop-loss")
    if order.is_waiting:
        return conditional.amend_waiting(ledger, order, qty, price, trigger, brackets, now)
    book = ledger.books[order.symbol]
    checks.check_qty(book.spec, qty, market=False)
    checks.check_price(book.spec, price)
    if qty <= order.cum_qty:
        raise Refusal(110064, "The order amount to be amended is not larger than the amount already filled")
    price = checks.within_band(book, order.side, price, ledger.accounts[order.account].reject_beyond_band)
    _check_amend(ledger, order, qty, price)
    check_brackets(book.spec, order.side, brackets, price)
    order.brackets = brackets
    _apply_amend(ledger, order, qty, price, now)
    return order


def _check_amend(ledger: Ledger, order: Order, qty: Decimal, price: Decimal) -> None:
    if order.reduce_only:
        size = ledger.position(*order.place).size
        if qty - order.cum_qty > abs(size):
            raise Refusal(110017, "Reduce-only rule not satisfied: more than is held")
        return
    checks.check_notional(ledger.books[order.symbol].spec, qty, price)
    ledger.count(order, -1)
    try:
        checks.check_margin(ledger, order.place, order.side, qty - order.cum_qty, price)
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


def lose_race(ledger: Ledger, order: Order, now: Moment) -> Order:
    """A cancel that was taken on, and then the fill came first: the order is reported filled, and once more with
    the reason why nothing was cancelled."""
    fill_resting(ledger, order, order.leaves, ledger.next_seq(), now)
    late = order.snapshot()
    late.cancel_type, late.reject_reason = "CancelByUser", "EC_OrigClOrdIDDoesNotExist"
    ledger.events.orders.append(late)
    return order


def cancel_all(ledger: Ledger, account: str, chosen: Callable[[Order], bool], now: Moment) -> list[Order]:
    """Cancels up to 500 open orders of the account that are chosen, and returns them."""
    orders = [order for order in ledger.open_orders.get(account, {}).values() if chosen(order)]
    if len(orders) > CANCEL_ALL_CAP:
        # Which ones, Bybit does not say; ids are digests, so their order is no order.
        orders = sorted(orders, key=lambda order: order.order_id)[:CANCEL_ALL_CAP]
    return [cancel(ledger, order, now) for order in orders]


def set_leverage(
    ledger: Ledger, account: str, symbol: str, leverage: Decimal, now: Moment, short: Decimal | None = None
) -> None:
    """Sets the leverage of a symbol; of the short leg alone with `short`, in hedge mode under isolated margin. Refuses
    with 110043 unchanged, 10001 out of range, 110013 beyond the risk tier of what is held, 110007 when the margin
    would not be covered, 110038 under portfolio margin."""
    spec, holder = ledger.symbol_book(symbol).spec, ledger.accounts[account]
    if holder.margin_mode == "PORTFOLIO_MARGIN":
        raise Refusal(110038, "Not allowed to change leverage due to portfolio mode")
    wanted = {0: leverage, 1: leverage, 2: leverage if short is None else short}
    if any(
        not 1 <= each <= spec.max_leverage or not on_step(each, Decimal("0.01")) for each in wanted.values()
    ):
        raise bad_parameter("leverage invalid")
    apart = holder.margin_mode == "ISOLATED_MARGIN" and ledger.is_hedged(account, symbol)
    if wanted[1] != wanted[2] and not apart:
        raise bad_parameter("params error: buyLeverage and sellLeverage must be equal")
    legs = ledger.legs(account, symbol)
    if all(leg.position.leverage == wanted[leg.position.idx] for leg in legs):
        raise Refusal(110043, "leverage not modified")
    for leg in legs:
        value = abs(leg.position.size) * leg.mark
        if wanted[leg.position.idx] > spec.tier(value).max_leverage:
            raise Refusal(110013, "cannot set leverage due to risk limit")
    previous = _lever(ledger, account, symbol, wanted)
    margin = ledger.margin(account)
    if margin.equity - margin.position_initial - margin.order_initial < ZERO:
        _lever(ledger, account, symbol, previous)
        raise Refusal(110007, "ab not enough for new leverage")
    for leg in legs:
        leg.position.updated_ms = now.ms
        ledger.touch((account, symbol, leg.position.idx))


def _lever(ledger: Ledger, account: str, symbol: str, wanted: dict[int, Decimal]) -> dict[int, Decimal]:
    """Gives every leg its leverage; gives back what they had."""
    held = [position for position in ledger.positions_of[account] if position.symbol == symbol]
    previous = {position.idx: position.leverage for position in held}
    for position in held:
        position.leverage = wanted[position.idx]
    return previous
