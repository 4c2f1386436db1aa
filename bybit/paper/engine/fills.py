"""Booking one fill: order, position, wallet and fee together, exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from .closing import Closure, add, new_record
from .ledger import Ledger
from .model import Execution, Moment, Order, Position, PublicTrade
from .numbers import CENT8, EXACT, FINE, ZERO, money
from .specs import MAKER_FEE, TAKER_FEE
from .spot_fills import book_spot_fill


class Deal(NamedTuple):
    """What was agreed: price (USDT), quantity (base coin), whether this side was resting, how it came. `rate` is
    the fee rate where it is not the usual one."""

    price: Decimal
    qty: Decimal
    is_maker: bool
    seq: int
    exec_type: str = "Trade"
    rate: Decimal | None = None


def book_fill(ledger: Ledger, order: Order, deal: Deal, now: Moment) -> Execution:
    """Books a fill of an order that is not counted as resting at this moment. The order's state follows."""
    if order.is_spot:
        return book_spot_fill(ledger, order, deal.price, deal.qty, deal.is_maker, deal.seq, now)
    value = deal.price * deal.qty
    rate = deal.rate if deal.rate is not None else MAKER_FEE if deal.is_maker else TAKER_FEE
    fee = money(value * rate)
    position = ledger.position(*order.place)
    closure = _move(position, order.side, deal, fee, now)
    book = ledger.books[order.symbol]
    purse = ledger.accounts[order.account].purse(book.spec.settle_coin)
    purse.realised += closure.pnl
    purse.fees += fee
    order.cum_qty += deal.qty
    order.cum_value += value
    order.cum_fee += fee
    order.closed_pnl += closure.pnl
    order.status = "Filled" if order.cum_qty == order.qty else "PartiallyFilled"
    order.updated_ms = now.ms
    quote = book.quote
    execution = Execution(
        exec_id=ledger.next_id(), account=order.account, symbol=order.symbol, order_id=order.order_id,
        link_id=order.link_id, side=order.side, order_price=order.price, order_qty=order.qty,
        leaves=order.leaves, create_type=order.create_type, order_type=order.order_type,
        exec_type=deal.exec_type, price=deal.price, qty=deal.qty, value=value, fee=fee, fee_rate=rate,
        is_maker=deal.is_maker, mark=quote.mark, index=quote.index, closed=closure.qty, pnl=closure.pnl, seq=deal.seq,
        at_ms=now.ms, at_ns=now.ns, stop_type=order.stop_type or "UNKNOWN",
        position_idx=order.position_idx, fee_coin=book.spec.settle_coin,
    )  # fmt: skip
    ledger.record(execution)
    if closure.qty:
        _note_closing(ledger, order, position, closure, execution)
    ledger.touch(order.place)
    return execution


def print_trade(ledger: Ledger, order: Order, deal: Deal, taker_side: str, now: Moment) -> None:
    """Puts a fill on the public tape."""
    last = ledger.books[order.symbol].quote.last
    direction = "PlusTick" if deal.price > last else "MinusTick" if deal.price < last else "ZeroPlusTick"
    ledger.events.trades.append(
        PublicTrade(
            order.symbol, ledger.next_id(), taker_side, deal.price, deal.qty, now.ms, deal.seq, direction
        )
    )
    ledger.events.books.add(order.symbol)


def _note_closing(
    ledger: Ledger, order: Order, position: Position, closure: Closure, execution: Execution
) -> None:
    records = ledger.closed_pnl.setdefault(order.account, {})
    record = records.get(order.order_id)
    if record is None:
        record = new_record(order, position.leverage, execution.exec_type, execution.at_ms)
        records[order.order_id] = record
    add(record, closure, execution)
    ledger.events.closings[order.order_id] = order.account


def _move(position: Position, side: str, deal: Deal, fee: Decimal, now: Moment) -> Closure:
    """Applies a fill to a position: what was closed, and what that realised before fees."""
    sign = 1 if side == "Buy" else -1
    held = abs(position.size)
    closed = min(held, deal.qty) if position.size * sign < 0 else ZERO
    opened = deal.qty - closed
    closure = _close(position, sign, closed, deal, fee) if closed else _NOTHING
    position.current_pnl += closure.pnl - closure.close_fee
    if opened and closed == held:
        # What was closed belongs to the holding before this one.
        position.opened_ms = now.ms
        position.created_ms = position.created_ms or now.ms
        position.current_pnl, position.adl_rank = ZERO, 0
    position.size += sign * deal.qty
    position.cost += sign * opened * deal.price
    position.exact = EXACT.add(position.exact, sign * opened * deal.price)
    position.open_fees += fee - closure.close_fee
    position.current_pnl -= fee - closure.close_fee
    position.total_pnl += closure.pnl - fee
    position.updated_ms, position.seq = now.ms, deal.seq
    return closure


_NOTHING = Closure()


def _close(position: Position, sign: int, closed: Decimal, deal: Deal, fee: Decimal) -> Closure:
    """Takes the closed part's share of cost and opening fees out of the position. What stays is booked as the exact
    cost of what is still held, in eight decimals; what goes is the difference. So nothing ever adds up to more than
    half of the last decimal, and the last part takes all that is left."""
    held = abs(position.size)
    left, fees_left = ZERO, ZERO
    if closed != held:
        share = EXACT.divide(EXACT.multiply(position.exact, held - closed), held)
        position.exact = share.quantize(FINE, context=EXACT)
        left = position.exact.quantize(CENT8, context=EXACT)
        fees_left = (position.open_fees * (held - closed) / held).quantize(CENT8)
    else:
        position.exact = ZERO
    removed, open_fee = position.cost - left, position.open_fees - fees_left
    position.cost, position.open_fees = left, fees_left
    close_fee = fee if closed == deal.qty else (fee * closed / deal.qty).quantize(CENT8)
    return Closure(closed, -sign * closed * deal.price - removed, abs(removed), open_fee, close_fee)
