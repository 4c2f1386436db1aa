"""How long reads remember what."""

from __future__ import annotations

from ..control.faults import Faults
from ..engine.model import Order

_DAY_MS = 86_400_000
# Bybit keeps orders, executions, closed results and the transaction log for two years.
KEPT_MS = 2 * 365 * _DAY_MS


def kept(at_ms: int, now_ms: int, faults: Faults) -> bool:
    """Whether something of that moment is young enough to be shown at all."""
    return now_ms - faults.aged(at_ms) <= KEPT_MS


def remembered(order: Order, now_ms: int, faults: Faults) -> bool:
    """Whether history still shows a final order: for a day when nothing of it was filled, else for two years."""
    if not order.cum_qty and now_ms - faults.aged(order.updated_ms) >= _DAY_MS:
        return False
    return kept(order.created_ms, now_ms, faults)
