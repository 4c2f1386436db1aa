"""What the exchange refuses of a spot order before it takes it, in Bybit's 170xxx codes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from . import checks, funds
from .book import Book, opposite
from .checks import Ticket
from .errors import Refusal
from .ledger import Ledger
from .model import Order, Quote, Trigger
from .numbers import on_step, plain
from .specs import Spec

MAX_OPEN, MAX_WAITING = 500, 30


def check_qty(spec: Spec, qty: Decimal, most: Decimal) -> None:
    """Lot filters of a quantity in the base coin: 170137, 170136, 170124."""
    if not on_step(qty, spec.step):
        raise Refusal(170137, "Order volume decimal too long.")
    if qty < spec.min_qty:
        raise Refusal(170136, "Order quantity lower than the minimum.")
    if qty > most:
        raise Refusal(170124, "Order amount too large.")


def check_amount(spec: Spec, amount: Decimal) -> None:
    """The least that an order must be worth, in USDT: 170140."""
    if amount < spec.min_notional:
        raise Refusal(170140, "Order value exceeded lower limit.")


def check_price(spec: Spec, price: Decimal) -> None:
    """Tick and range: 170134, 170132, 170133."""
    if not on_step(price, spec.tick):
        raise Refusal(170134, "Order price decimal too long.")
    if price > spec.max_price:
        raise Refusal(170132, "Order price too high.")
    if price < spec.min_price:
        raise Refusal(170133, "Order price lower than the minimum.")


def banded(ledger: Ledger, order: Order, price: Decimal) -> Decimal:
    """A limit price inside the band. Beyond it spot refuses (170193, 170194), or moves the price to the edge if the
    account asked so."""
    book = ledger.books[order.symbol]
    inside = checks.within_band(book, order.side, price, refuse=False)
    if inside == price or ledger.accounts[order.account].moves_spot_prices:
        return inside
    if order.side == "Buy":
        raise Refusal(170193, f"Buy order price cannot be higher than {plain(inside)}.")
    raise Refusal(170194, f"Sell order price cannot be lower than {plain(inside)}.")


def check_ticket(book: Book, ticket: Ticket) -> None:
    """All filters that depend on nothing but the order itself and the market."""
    spec = book.spec
    if spec.status != "Trading":
        raise Refusal(170151, "This trading pair is not open yet.")
    if not ticket.is_market:
        check_price(spec, ticket.price)
        check_qty(spec, ticket.qty, spec.max_qty)
        check_amount(spec, ticket.qty * ticket.price)
    elif ticket.market_unit == "quoteCoin":
        if not on_step(ticket.qty, spec.quote_step):
            raise Refusal(170148, "Market order amount decimal too long.")
        check_amount(spec, ticket.qty)
    else:
        check_qty(spec, ticket.qty, spec.max_market_qty)
        check_amount(spec, ticket.qty * book.quote.last)


def check_counts(ledger: Ledger, account: str, symbol: str, trigger: Trigger | None) -> None:
    """170810 above 500 open orders, or 30 of one kind of waiting ones in a symbol."""
    mine = [order for order in ledger.open_orders.get(account, {}).values() if order.is_spot]
    kinds = [order.stop_type for order in mine if order.is_waiting and order.symbol == symbol]
    if len(mine) >= MAX_OPEN or (trigger is not None and kinds.count(trigger.kind) >= MAX_WAITING):
        raise Refusal(170810, "Cannot exceed maximum of 500 conditional, TP/SL and active orders.")


def check_funds(ledger: Ledger, order: Order) -> None:
    """170131 when the account cannot pay for what the order may trade."""
    book = ledger.books[order.symbol]
    coin, amount = order.spot_need(book.spec.base_coin)
    if order.order_type == "Market" and not order.is_waiting and order.side == "Buy":
        levels = funds.offers(book, opposite(order.side), order.price, _own(order))
        amount = order.budget or funds.cost_of(levels, order.qty)
    elif order.order_type == "Market" and not order.is_waiting:
        amount = order.qty
    if amount > funds.available(ledger, order.account, coin):
        raise Refusal(170131, "Insufficient balance.")


def settled(ledger: Ledger, order: Order) -> tuple[Decimal, Decimal]:
    """The quantity (base coin) and the limit with which an order goes into the market as it stands."""
    book = ledger.books[order.symbol]
    if order.order_type == "Limit":
        return order.qty, banded(ledger, order, order.price)
    limit = checks.market_limit(book, order.side, order.slippage_type, order.slippage)
    if not order.budget:
        return order.qty, limit
    levels = funds.offers(book, opposite(order.side), limit, _own(order))
    return funds.base_for(levels, order.budget, book.spec.step), limit


def _own(order: Order) -> str:
    """Whose resting orders will not be traded with: they are cancelled instead."""
    return order.account if order.smp_type in ("CancelMaker", "CancelBoth") else ""


def directed(quote: Quote, trigger: Trigger) -> Trigger:
    """The trigger with the direction that its price has from here. Refuses with 170130 a price that is there."""
    if trigger.price == quote.last:
        raise Refusal(170130, "Data sent for parameter triggerPrice is not valid.")
    return replace(trigger, direction=1 if trigger.price > quote.last else 2, by="LastPrice")
