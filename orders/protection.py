"""What protects each position at Bybit, and what protects nothing any more. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bybit.decimals import to_wire
from orders import states
from orders.models import Order
from positions.models import Position
from positions.services import position_id

ZERO = Decimal(0)
TAKES = frozenset({"TakeProfit", "PartialTakeProfit"})
STOPS = frozenset({"StopLoss", "PartialStopLoss"})
TRAILING = frozenset({"TrailingStop"})


@dataclass(slots=True)
class Pair:
    """A take-profit and a stop-loss that belong together; one of them may be missing."""

    take_profit: Order | None = None
    stop_loss: Order | None = None


@dataclass(slots=True)
class Guard:
    """All that protects one position: pairs, a trailing stop, and plain reduce-only conditional orders.
    `unprotected` is the part of the position that no stop covers."""

    position: Position
    pairs: list[Pair] = field(default_factory=list)
    trailing: list[Order] = field(default_factory=list)
    others: list[Order] = field(default_factory=list)

    @property
    def unprotected(self) -> Decimal:
        stops = [pair.stop_loss for pair in self.pairs if pair.stop_loss] + self.trailing
        stops += [order for order in self.others if order.trigger_price is not None]
        covered = sum((_left(self.position, order) for order in stops), ZERO)
        return max(self.position.size - covered, ZERO)


@dataclass(frozen=True, slots=True)
class Orphan:
    """A protective order that no longer protects anything as it stands, and why."""

    order: Order
    reason: str


def look(account_id: str) -> tuple[list[Guard], list[Orphan]]:
    """The open positions of an account with what protects each, and the orphans."""
    held = {row.pk: Guard(row) for row in Position.objects.filter(account_id=account_id).exclude(size=0)}
    orphans = []
    for order in _protective(account_id):
        guard = held.get(position_id(account_id, order.category, order.symbol, order.position_idx))
        reason = _orphaned(guard, order)
        if reason:
            orphans.append(Orphan(order, reason))
        elif guard is not None:
            _sort_in(guard, order)
    return list(held.values()), orphans


def _protective(account_id: str) -> Sequence[Order]:
    """Open orders that can only reduce: TP/SL of Bybit's making, trailing stops, reduce-only triggers of people's."""
    found = Order.objects.filter(account_id=account_id, state__in=states.OPEN).exclude(category="spot")
    return [row for row in found.order_by("created_at", "id") if _kind(row) or _reduces(row)]


def _kind(order: Order) -> str:
    return str(order.terms.get("stop_order_type") or "") if _is_named(order) else ""


def _is_named(order: Order) -> bool:
    return order.terms.get("stop_order_type") in TAKES | STOPS | TRAILING


def _reduces(order: Order) -> bool:
    return order.reduce_only and order.trigger_price is not None


def _orphaned(guard: Guard | None, order: Order) -> str:
    if guard is None:
        return "Its position is flat: if one is opened there, this order would act on it."
    position = guard.position
    if order.side == position.side:
        long = "long" if position.side == "Buy" else "short"
        return f"The position is {long} now, and this order is on the same side: it protects nothing."
    # A whole-position leg always follows the position's size.
    if order.terms.get("stop_order_type") not in ("TakeProfit", "StopLoss", "TrailingStop"):
        left = order.qty - order.cum_exec_qty
        if left > position.size:
            return (
                f"It is for {to_wire(left)}, and the position holds {to_wire(position.size)}: Bybit will reduce "
                "what it can."
            )
    return ""


def _sort_in(guard: Guard, order: Order) -> None:
    kind = _kind(order)
    if kind in TRAILING:
        guard.trailing.append(order)
    elif kind in TAKES | STOPS:
        _pair(guard, order, "take_profit" if kind in TAKES else "stop_loss")
    else:
        guard.others.append(order)


def _pair(guard: Guard, order: Order, leg: str) -> None:
    """Puts a leg beside its other one: the same whole position, or the same part by parent, size and birth."""
    for pair in guard.pairs:
        other = pair.stop_loss if leg == "take_profit" else pair.take_profit
        if getattr(pair, leg) is None and other is not None and _mark(other) == _mark(order):
            setattr(pair, leg, order)
            return
    pair = Pair()
    setattr(pair, leg, order)
    guard.pairs.append(pair)


def _mark(order: Order) -> tuple[object, ...]:
    if order.terms.get("stop_order_type") in ("TakeProfit", "StopLoss"):
        return ("whole",)
    return order.terms.get("parent_order_link_id"), order.qty, order.exchange_created_ms


def _left(position: Position, order: Order) -> Decimal:
    """How much of the position an order covers."""
    if order.terms.get("stop_order_type") in ("StopLoss", "TrailingStop"):
        return position.size
    return min(order.qty - order.cum_exec_qty, position.size)
