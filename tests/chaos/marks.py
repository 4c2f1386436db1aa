"""How long the record takes to catch up with what happened at the exchange while something was broken."""

import threading
import time
from dataclasses import dataclass, field

import psycopg
import requests

from tests.conftest import Stack

PATIENCE_SECONDS = 60.0


@dataclass
class Mark:
    """Things done at the exchange, to be found in the record."""

    orders: dict[str, str] = field(default_factory=dict)
    fills: list[str] = field(default_factory=list)


def leave(stack: Stack, resting: str | None) -> Mark:
    """An order filled and one left open in the exchange's own app, and a partial fill of one of ours. What the
    exchange refuses, or is too dead to take, is left out."""
    mark = Mark()
    last = stack.paper.last("ETHUSDT")
    away = format(float(last) * 0.9, ".1f")
    for body in (
        {"orderType": "Market", "side": "Buy" if time.monotonic_ns() % 2 else "Sell"},
        {"orderType": "Limit", "side": "Buy", "price": away},
    ):
        made = requests.post(
            f"{stack.paper_url}/_paper/external",
            json={"symbol": "ETHUSDT", "qty": "0.02", "positionIdx": 0, **body},
            timeout=3,
        )
        if made.ok:
            mark.orders[made.json()["orderId"]] = made.json()["orderStatus"]
    if resting:
        filled = requests.post(
            f"{stack.paper_url}/_paper/fill", json={"orderLinkId": resting, "qty": "0.001"}, timeout=3
        )
        if filled.ok:
            mark.fills.append(filled.json()["execId"])
    return mark


def _found(base: "psycopg.Connection[tuple[object, ...]]", mark: Mark) -> bool:
    rows = base.execute(
        "SELECT exchange_order_id, exchange_status FROM orders_order WHERE exchange_order_id = ANY(%s)",
        [list(mark.orders)],
    ).fetchall()
    statuses = {str(order_id): str(status) for order_id, status in rows}
    # A resting one may have gone further meanwhile, by a cancel-all.
    open_or_further = all(
        statuses.get(order_id) == status or (status == "New" and order_id in statuses)
        for order_id, status in mark.orders.items()
    )
    fills = base.execute("SELECT count(*) FROM orders_fill WHERE exec_id = ANY(%s)", [mark.fills]).fetchone()
    return open_or_further and fills is not None and fills[0] == len(mark.fills)


def caught_up(dsn: str, mark: Mark, since: float) -> float | None:
    """Seconds from `since` until the record held all of the mark; None when it never did."""
    pause = threading.Event()
    while time.monotonic() - since < PATIENCE_SECONDS:
        try:
            with psycopg.connect(dsn, autocommit=True) as base:
                while time.monotonic() - since < PATIENCE_SECONDS:
                    if _found(base, mark):
                        return time.monotonic() - since
                    pause.wait(0.05)
        except psycopg.Error:
            pause.wait(0.1)
    return None
