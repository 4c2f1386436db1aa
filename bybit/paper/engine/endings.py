"""How an order ends before it is filled."""

from __future__ import annotations

from .ledger import Ledger
from .model import Moment, Order


def withdraw(ledger: Ledger, order: Order, cancel_type: str, reason: str, now: Moment) -> None:
    """Cancels a resting order, or deactivates one that still waits for its trigger, and reports it."""
    if order.is_waiting:
        ledger.unwait(order)
        status = "Deactivated"
    else:
        ledger.unrest(order)
        status = order.cancelled_status
    conclude(ledger, order, status, cancel_type, reason, now)


def conclude(ledger: Ledger, order: Order, status: str, cancel_type: str, reason: str, now: Moment) -> None:
    """Gives an order that is nowhere any more its final status, files and reports it."""
    order.status, order.cancel_type, order.reject_reason = status, cancel_type, reason
    ledger.close(order, now.ms)
    ledger.report(order)
