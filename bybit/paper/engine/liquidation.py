"""Liquidation: when an account's equity no longer covers its maintenance margin, all of it is closed."""

from __future__ import annotations

from .endings import withdraw
from .forced import take_over
from .ledger import Ledger
from .margin import bankruptcy_price
from .model import Moment


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
        take_over(ledger, holding.position, bankruptcy_price(ledger.margin(account), holding), now)
