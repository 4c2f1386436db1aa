"""How long order/history remembers what."""

from __future__ import annotations

from ..control.faults import Faults
from ..engine.model import Order

_DAY_MS = 86_400_000


def remembered(order: Order, now_ms: int, faults: Faults) -> bool:
    """Whether history still shows a final order: for a day when nothing of it was filled, else always."""
    return bool(order.cum_qty) or now_ms - faults.aged(order.updated_ms) < _DAY_MS
