"""Booking one fill: order, position, wallet and fee together, exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from .closing import Closure, add, new_record
from .ledger import Ledger
from .model import Execution, Moment, Order, Position, PublicTrade
from .numbers import CENT10, ZERO, money
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
    account = ledger.accounts[order.account]
    account.realised += closure.pnl
    account.fees += fee
    order.cum_qty += deal.qty
    order.cum_value += value
    order.cum_fee += fee
    order.closed_pnl += closure.pnl
    order.status = "Filled" if order.cum_qty == order.qty else "PartiallyFilled"
    order.updated_ms = now.ms
    quote = ledger.books[order.symbol].quote
    execution = Execution(
        exec_id=ledger.next_id(), account=order.account, symbol=order.symbol, order_id=order.order_id,
        link_id=order.link_id, side=order.side, order_price=order.price, order_qty=order.qty,
        leaves=order.leaves, create_type=order.create_type, order_type=order.order_type,
        exec_type=deal.exec_type, price=deal.price, qty=deal.qty, value=value, fee=fee, fee_rate=rate,
        is_maker=deal.is_maker, mark=quote.mark, index=quote.index, closed=closure.qty, pnl=closure.pnl, seq=deal.seq,
        at_ms=now.ms, at_ns=now.ns, stop_type=order.stop_type or "UNKNOWN",
        position_idx=order.position_idx,
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
    if opened and closed == held:
        position.opened_ms = now.ms
        position.created_ms = position.created_ms or now.ms
        position.current_pnl = ZERO
    position.size += sign * deal.qty
    position.cost += sign * opened * deal.price
    position.open_fees += fee - closure.close_fee
    position.current_pnl += closure.pnl - fee
    position.total_pnl += closure.pnl - fee
    position.updated_ms, position.seq = now.ms, deal.seq
    return closure


_NOTHING = Closure()


def _close(position: Position, sign: int, closed: Decimal, deal: Deal, fee: Decimal) -> Closure:
    """Takes the closed part's share of cost and opening fees out of the position. The last part takes all that is
    left, so that no rounding stays behind."""
    held = abs(position.size)
    removed, open_fee = position.cost, position.open_fees
    if closed != held:
        removed = (removed * closed / held).quantize(CENT10)
        open_fee = (open_fee * closed / held).quantize(CENT10)
    position.cost -= removed
    position.open_fees -= open_fee
    close_fee = fee if closed == deal.qty else (fee * closed / deal.qty).quantize(CENT10)
    return Closure(closed, -sign * closed * deal.price - removed, abs(removed), open_fee, close_fee)
