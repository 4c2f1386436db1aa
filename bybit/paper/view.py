"""What reads may see: the ledger as it is, or as it was when a read lag is asked for."""

from __future__ import annotations

from .control.faults import Faults
from .engine.ledger import Ledger
from .engine.model import Events, Execution, Order


class View:
    """Reads of orders and executions, late by what the faults ask for."""

    def __init__(self, ledger: Ledger, faults: Faults) -> None:
        self._ledger = ledger
        self._faults = faults
        # Order id to its states and when (machine ns) they began; kept only while a lag is asked for.
        self._states: dict[str, list[tuple[int, Order]]] | None = None

    def begin(self) -> None:
        """From now on keeps the states that a lag needs; those of open orders as they are now."""
        if self._states is None:
            everything = [order for orders in self._ledger.open_orders.values() for order in orders.values()]
            self._states = {order.order_id: [(0, order.snapshot())] for order in everything}

    def end(self) -> None:
        """The lag is over."""
        self._states = None

    def note(self, events: Events, at_ns: int) -> None:
        """Notes new states of orders while a lag is asked for."""
        if self._states is not None:
            for order in events.orders:
                self._states.setdefault(order.order_id, []).append((at_ns, order))

    def open_orders(self, account: str, now_ns: int) -> list[Order]:
        """Open orders, as order/realtime may see them."""
        if self._lag("realtime") == 0:
            return list(self._ledger.open_orders.get(account, {}).values())
        return [order for order in self._as_of(self._all(account), "realtime", now_ns) if order.is_open]

    def recent_closed(self, account: str, now_ns: int) -> list[Order]:
        """The latest closed orders, of all categories, that order/realtime still remembers."""
        kinds = (self._ledger.recent_closed.get((account, kind), ()) for kind in ("linear", "spot"))
        recent = [order for orders in kinds for order in orders]
        return [order for order in self._as_of(recent, "realtime", now_ns) if not order.is_open]

    def in_realtime(self, order: Order | None, now_ns: int) -> list[Order]:
        """An order asked for by id: open, or closed and still remembered."""
        if order is None:
            return []
        recent = self._ledger.recent_closed.get((order.account, order.category), ())
        if not order.is_open and not any(order is other for other in recent):
            return []
        return self._as_of([order], "realtime", now_ns)

    def closed(self, orders: list[Order], now_ns: int) -> list[Order]:
        """Those of the orders that order/history may see: final ones."""
        return [order for order in self._as_of(orders, "history", now_ns) if not order.is_open]

    def executions(self, executions: list[Execution], now_ns: int) -> list[Execution]:
        """Those of the fills that execution/list may see."""
        lag = self._lag("executions")
        return [row for row in executions if row.at_ns <= now_ns - lag] if lag else executions

    def _lag(self, name: str) -> int:
        return self._faults.lag.get(name, 0) * 1_000_000

    def _all(self, account: str) -> list[Order]:
        opened = self._ledger.open_orders.get(account, {}).values()
        return [*opened, *self._ledger.closed_orders.get(account, [])]

    def _as_of(self, orders: list[Order], name: str, now_ns: int) -> list[Order]:
        lag = self._lag(name)
        if lag == 0 or self._states is None:
            return orders
        seen: list[Order] = []
        for order in orders:
            states = self._states.get(order.order_id, [(0, order)])
            known = [state for at, state in states if at <= now_ns - lag]
            seen += known[-1:]
        return seen
