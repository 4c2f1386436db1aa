"""What the exchange does to positions by itself: takes them over, reduces them, settles them, charges funding."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from .endings import withdraw
from .fills import Deal, book_fill
from .ledger import Ledger
from .matching import trim
from .model import Execution, Moment, Order, Position
from .numbers import ZERO, money
from .protection import follow_fill


def take_over(ledger: Ledger, position: Position, price: Decimal, now: Moment) -> None:
    """Liquidation: all of it goes at this price (USDT), with an order of the exchange's own."""
    order = _order(ledger, position, abs(position.size), price, "CreateByLiq", now)
    ledger.events.liquidations.append(_fill(ledger, order, "BustTrade", None, now))


def deleverage(ledger: Ledger, position: Position, qty: Decimal, price: Decimal, now: Moment) -> None:
    """Auto-deleveraging: `qty` (base coin) of it goes at this price (USDT), free of fees."""
    order = _order(ledger, position, qty, price, "CreateByAdl_PassThrough", now)
    _fill(ledger, order, "AdlTrade", ZERO, now)


def settle(ledger: Ledger, symbol: str, price: Decimal, now: Moment) -> None:
    """The end of a contract: open orders go, positions are closed at this price (USDT) by trades that belong to
    no order."""
    for orders in ledger.open_orders.values():
        for order in [order for order in orders.values() if order.symbol == symbol]:
            if order.is_open:
                withdraw(ledger, order, "CancelBySettle", "EC_NoError", now)
    for position in [held for held in ledger.positions.values() if held.symbol == symbol and held.size]:
        order = _order(ledger, position, abs(position.size), price, "CreateBySettle", now)
        _fill(ledger, order, "Settle", ZERO, now, hidden=True)


def fund(ledger: Ledger, position: Position, rate: Decimal, now: Moment) -> None:
    """Funding of a position at the mark price: a long one pays a rate above zero, a short one receives it."""
    quote = ledger.books[position.symbol].quote
    fee = money(position.size * quote.mark * rate)
    coin = ledger.books[position.symbol].spec.settle_coin
    ledger.accounts[position.account].purse(coin).funding += fee
    position.current_pnl -= fee
    position.total_pnl -= fee
    position.updated_ms, seq = now.ms, ledger.next_seq()
    size = abs(position.size)
    execution = Execution(
        exec_id=ledger.next_id(), account=position.account, symbol=position.symbol, order_id=ledger.next_id(),
        link_id="", side="Buy" if position.size > 0 else "Sell", order_price=ZERO, order_qty=ZERO, leaves=ZERO,
        create_type="", order_type="UNKNOWN", exec_type="Funding", price=quote.mark, qty=size,
        value=size * quote.mark, fee=fee, fee_rate=rate if position.size > 0 else -rate, is_maker=False,
        mark=quote.mark, index=quote.index, closed=ZERO, pnl=ZERO, seq=seq, at_ms=now.ms, at_ns=now.ns,
        position_idx=position.idx, fee_coin=coin,
    )  # fmt: skip
    ledger.record(execution)
    ledger.touch((position.account, position.symbol, position.idx))


def fund_all(ledger: Ledger, symbol: str, rate: Decimal, now: Moment, account: str | None = None) -> int:
    """Funding of every position in a symbol, or of those of one account. Returns how many there were."""
    held = [
        position for position in ledger.positions.values()
        if position.symbol == symbol and position.size and account in (None, position.account)
    ]  # fmt: skip
    for position in held:
        fund(ledger, position, rate, now)
    return len(held)


def _order(
    ledger: Ledger, position: Position, qty: Decimal, price: Decimal, create_type: str, now: Moment
) -> Order:
    order_id = ledger.next_id()
    return Order(
        order_id=order_id, link_id="", account=position.account, symbol=position.symbol,
        side="Sell" if position.size > 0 else "Buy", order_type="Market", qty=qty, price=price, tif="IOC",
        reduce_only=True, close_on_trigger=False, smp_type="None", slippage_type="UNKNOWN", slippage="0",
        create_type=create_type, last_on_created=ledger.books[position.symbol].quote.last,
        created_ms=now.ms, updated_ms=now.ms, serial=ledger.serial, rank=ledger.serial,
        position_idx=position.idx,
    )  # fmt: skip


def _fill(
    ledger: Ledger, order: Order, exec_type: str, rate: Decimal | None, now: Moment, hidden: bool = False
) -> Execution:
    """Fills it whole. A `hidden` order is shown to nobody: only the trade is."""
    if not hidden:
        ledger.register(order)
    deal = Deal(order.price, order.qty, False, ledger.next_seq(), exec_type, rate)
    execution = book_fill(ledger, order, deal, now)
    if not hidden:
        ledger.close(order, now.ms)
        ledger.report(order)
    follow_fill(ledger, order, execution, now)
    trim(ledger, order.place, now)
    return execution


def change_filters(ledger: Ledger, symbol: str, changes: dict[str, object]) -> None:
    """Other filters or another status of a contract from now on."""
    book = ledger.books[symbol]
    book.spec = replace(book.spec, **changes)  # type: ignore[arg-type]
    ledger.events.contracts[symbol] = None
