"""Price-time matching: an incoming order against the book, and the book against a market that has moved."""

from __future__ import annotations

from decimal import Decimal

from .book import Book, LadderSource, Offer, opposite
from .endings import withdraw
from .fills import Deal, book_fill, print_trade
from .ledger import Ledger
from .model import Execution, Moment, Order, PositionKey, Quote
from .numbers import ZERO
from .protection import follow_fill


def match(ledger: Ledger, taker: Order, now: Moment) -> None:
    """Runs a new order against the book, lets the rest of it rest or lapse, and reports its state."""
    book = ledger.books[taker.symbol]
    if not _refused_at_once(book, taker):
        _take(ledger, book, taker, now)
    _lapse(taker)
    if taker.is_open:
        ledger.rest(taker)
    else:
        ledger.close(taker, now.ms)
    ledger.report(taker)


def _lapse(taker: Order) -> None:
    """What does not stay in the book ends here; so does the rest of an amount that buys no further step."""
    if taker.is_open and (taker.order_type == "Market" or taker.tif in ("IOC", "FOK")):
        taker.status, taker.reject_reason = taker.cancelled_status, "EC_NoImmediateQtyToFill"
    elif taker.budget > taker.cum_value and taker.status == "Filled":
        taker.status, taker.reject_reason = taker.cancelled_status, "EC_CancelByOrderValueZero"


def _refused_at_once(book: Book, taker: Order) -> bool:
    """PostOnly that would trade and FOK that cannot be filled whole are cancelled before anything happens."""
    against = opposite(taker.side)
    if taker.tif == "PostOnly":
        offer = book.best(against)
        if offer is None or not crosses(taker, offer.price):
            return False
        taker.status, taker.reject_reason = "Cancelled", "EC_PostOnlyWillTakeLiquidity"
        return True
    if taker.tif == "FOK" and book.reachable(against, taker.price, taker.leaves) < taker.leaves:
        taker.status, taker.reject_reason = "Cancelled", "EC_CancelForNoFullFill"
        return True
    return False


def crosses(order: Order, price: Decimal) -> bool:
    """Whether the order would trade at that price."""
    return order.price >= price if order.side == "Buy" else order.price <= price


def _take(ledger: Ledger, book: Book, taker: Order, now: Moment) -> None:
    against = opposite(taker.side)
    while taker.leaves > 0:
        offer = book.best(against)
        if offer is None or not crosses(taker, offer.price):
            return
        if offer.order is not None and _same_owner(ledger, taker, offer.order, now):
            continue
        _trade(ledger, book, taker, offer, now)


def _trade(ledger: Ledger, book: Book, taker: Order, offer: Offer, now: Moment) -> None:
    qty = min(taker.leaves, offer.qty)
    seq = ledger.next_seq()
    if offer.order is None:
        book.consume(opposite(taker.side), qty)
    else:
        fill_resting(ledger, offer.order, qty, seq, now)
    deal = Deal(offer.price, qty, is_maker=False, seq=seq)
    execution = book_fill(ledger, taker, deal, now)
    print_trade(ledger, taker, deal, taker.side, now)
    follow_fill(ledger, taker, execution, now)
    trim(ledger, taker.place, now)


def _same_owner(ledger: Ledger, taker: Order, maker: Order, now: Moment) -> bool:
    """Self-match prevention: True when one of the two was cancelled instead of traded."""
    if taker.smp_type == "None" or taker.account != maker.account:
        return False
    if taker.smp_type in ("CancelMaker", "CancelBoth"):
        maker.smp_order_id = taker.order_id
        withdraw(ledger, maker, "CancelBySmp", "EC_BySelfMatch", now)
    if taker.smp_type in ("CancelTaker", "CancelBoth"):
        taker.status = taker.cancelled_status
        taker.cancel_type, taker.reject_reason = "CancelBySmp", "EC_BySelfMatch"
        taker.smp_order_id = maker.order_id
    return True


def fill_resting(ledger: Ledger, order: Order, qty: Decimal, seq: int, now: Moment) -> Execution:
    """Fills (part of) a resting order as maker at its own price, and reports it."""
    ledger.unrest(order)
    execution = book_fill(ledger, order, Deal(order.price, qty, is_maker=True, seq=seq), now)
    if order.is_open:
        ledger.rest(order)
    else:
        ledger.close(order, now.ms)
    ledger.report(order)
    follow_fill(ledger, order, execution, now)
    trim(ledger, order.place, now)
    return execution


def trim(ledger: Ledger, place: PositionKey, now: Moment) -> None:
    """Keeps reduce-only orders within what is held: too large ones shrink, pointless ones are cancelled."""
    orders = ledger.reducing.get(place)
    if not orders:
        return
    size = ledger.position(*place).size
    for order in list(orders.values()):
        held = -size if order.side == "Buy" else size
        if held <= 0:
            withdraw(ledger, order, "CancelByReduceOnly", "EC_NoError", now)
        elif order.leaves > held:
            order.qty, order.updated_ms = order.cum_qty + held, now.ms
            ledger.report(order)


def move(
    ledger: Ledger,
    symbol: str,
    quote: Quote,
    source: LadderSource,
    now: Moment,
    through: Decimal | None = None,
) -> None:
    """The market moves: new prices and levels; resting orders that the new book crosses are filled as makers.

    `through`: also fill everything that stands at this price exactly (an operator's price has traded there).
    """
    book = ledger.books[symbol]
    book.renew(quote, source)
    for side in ("Buy", "Sell"):
        for order in book.resting(side):
            if not order.is_open or order.order_id not in book.orders:
                continue
            if not _reached(book, order, through):
                break
            _fill_by_market(ledger, order, now)


def _reached(book: Book, order: Order, through: Decimal | None) -> bool:
    if through is not None and crosses(order, through):
        return True
    levels = book.synthetic(opposite(order.side))
    return bool(levels) and crosses(order, levels[0][0])


def _fill_by_market(ledger: Ledger, order: Order, now: Moment) -> None:
    qty, side = order.leaves, opposite(order.side)
    if qty > ZERO:
        seq = ledger.next_seq()
        fill_resting(ledger, order, qty, seq, now)
        print_trade(ledger, order, Deal(order.price, qty, is_maker=True, seq=seq), side, now)
