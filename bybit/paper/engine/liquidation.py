"""Liquidation: when an account's equity no longer covers its maintenance margin, all of it is closed."""

from __future__ import annotations

from .endings import withdraw
from .fills import Deal, book_fill
from .ledger import Ledger
from .margin import bankruptcy_price
from .model import Moment, Order, Position


def liquidate_fallen(ledger: Ledger, symbol: str, now: Moment) -> None:
    """Liquidates every account that holds the symbol and no longer covers its maintenance margin."""
    for account in {key[0]: None for key, held in ledger.positions.items() if key[1] == symbol and held.size}:
        margin = ledger.margin(account)
        if margin.equity < margin.maintenance:
            liquidate(ledger, account, now)


def liquidate(ledger: Ledger, account: str, now: Moment) -> None:
    """Cancels all orders, then hands every position over at its bankruptcy price, the largest first."""
    for order in list(ledger.open_orders.get(account, {}).values()):
        withdraw(ledger, order, "CancelAllBeforeLiq", "EC_NoError", now)
    held = [holding for holding in ledger.holdings(account) if holding.position.size != 0]
    for holding in sorted(held, key=lambda each: each.maintenance, reverse=True):
        price = bankruptcy_price(ledger.margin(account), holding)
        _take_over(
            ledger, holding.position, Deal(price, abs(holding.position.size), False, 0, "BustTrade"), now
        )


def _take_over(ledger: Ledger, position: Position, deal: Deal, now: Moment) -> None:
    side = "Sell" if position.size > 0 else "Buy"
    order = Order(
        order_id=ledger.next_id(), link_id="", account=position.account, symbol=position.symbol, side=side,
        order_type="Market", qty=deal.qty, price=deal.price, tif="IOC", reduce_only=True,
        close_on_trigger=False, smp_type="None", slippage_type="UNKNOWN", slippage="0",
        create_type="CreateByLiq", last_on_created=ledger.books[position.symbol].quote.last,
        created_ms=now.ms, updated_ms=now.ms, serial=ledger.serial, rank=ledger.serial,
        position_idx=position.idx,
    )  # fmt: skip
    ledger.register(order)
    execution = book_fill(ledger, order, deal._replace(seq=ledger.next_seq()), now)
    ledger.events.liquidations.append(execution)
    ledger.close(order, now.ms)
    ledger.report(order)
