"""Pushes on the private socket: execution, order, position and wallet, as Bybit frames them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from .. import rows
from ..clock import Clock
from ..engine.ledger import Ledger
from ..engine.model import Events, Order, PositionKey
from ..wallet_rows import wallet_row
from .hub import Frame, Hub

BASE_TOPICS = ("order", "execution", "execution.fast", "position", "wallet", "greeks", "dcp")
CATEGORIES = ("linear", "inverse", "spot", "option", "future")
TOPICS = {
    *BASE_TOPICS,
    *(
        f"{base}.{category}"
        for base in BASE_TOPICS
        if base not in ("wallet", "greeks")
        for category in CATEGORIES
    ),
}
Rows = list[rows.Row]


class PrivateStream:
    """Turns what changed in the ledger into frames for the accounts it belongs to."""

    def __init__(self, ledger: Ledger, hub: Hub, clock: Clock) -> None:
        self._ledger, self._hub, self._clock = ledger, hub, clock
        self._frames = 0

    def publish(self, events: Events) -> None:
        """Pushes one step's changes to everyone concerned: fills, orders, positions, wallet."""
        for account in {connection.account for connection in self._hub.of("private")} - {""}:
            self._publish_to(account, events)

    def _publish_to(self, account: str, events: Events) -> None:
        fills = [row for row in events.executions if row.account == account]
        orders = [row for row in events.orders if row.account == account]
        places = [place for place in events.positions if place[0] == account]
        trades = [row for row in fills if row.exec_type == "Trade"]
        if fills:
            self._push(account, "execution", lambda: [rows.execution_push(row) for row in fills])
        if trades:
            self._push(account, "execution.fast", lambda: [rows.execution_fast_push(row) for row in trades])
        for batch in _successive(orders):
            self._push(account, "order", partial(_order_rows, batch))
        if places:
            self._push(account, "position", lambda: self._positions(account, places))
        if account in events.accounts:
            self._push(account, "wallet", lambda: [wallet_row(self._ledger, account)])

    def _positions(self, account: str, places: list[PositionKey]) -> Rows:
        ledger = self._ledger
        margin = ledger.margin(account)
        return [
            rows.position_push(ledger.holding(*place), margin, ledger.protecting(place)) for place in places
        ]

    def _push(self, account: str, base: str, make: Callable[[], Rows]) -> None:
        """Builds the rows only when somebody listens; a topic of one category gets the rows of that."""
        data: Rows | None = None
        for connection in self._hub.of("private"):
            if connection.account != account:
                continue
            for category in ("", "linear", "spot"):
                topic = f"{base}.{category}" if category else base
                if topic not in connection.topics:
                    continue
                data = make() if data is None else data
                chosen = [row for row in data if row["category"] == category] if category else data
                if chosen:
                    self._hub.push(connection, self._frame(topic, chosen))

    def _frame(self, topic: str, data: Rows) -> Frame:
        self._frames += 1
        now = self._clock.now()
        frame: Frame = {"topic": topic, "creationTime": now.ms, "data": data}
        return frame if topic.startswith("execution.fast") else {"id": f"{now.ns}_{self._frames}", **frame}


def _successive(orders: list[Order]) -> list[list[Order]]:
    """The reports in as many parts as it takes for none to tell of one order twice: each goes in a frame."""
    parts: list[list[Order]] = []
    told: set[str] = set()
    for order in orders:
        if not parts or order.order_id in told:
            parts.append([])
            told.clear()
        parts[-1].append(order)
        told.add(order.order_id)
    return parts


def _order_rows(orders: list[Order]) -> Rows:
    return [rows.order_push(order) for order in orders]
