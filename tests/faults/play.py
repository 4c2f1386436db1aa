"""What the fault tests have in common: sending through a fault, and what every ambiguous answer must come to."""

import os
import signal
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from tests.conftest import Stack, wait_for
from tests.house.orders import body, until

CREATE = "/v5/order/create"
CANCEL = "/v5/order/cancel"
# Resting orders of one test are small, so that many fit.
SMALL = "0.002"
Answer = dict[str, Any]


def send(stack: Stack, order: dict[str, Any], **fault: Any) -> requests.Response:
    """Places an order whose one create meets this fault."""
    stack.paper.fault(endpoint=CREATE, count=1, **fault)
    return stack.api("POST", "/orders", order)


def quietly(stack: Stack, order: dict[str, Any]) -> None:
    """Places an order; that the house dies meanwhile is the test."""
    try:
        stack.api("POST", "/orders", order)
    except requests.RequestException:
        return


def in_background(stack: Stack, order: dict[str, Any]) -> threading.Thread:
    thread = threading.Thread(target=quietly, args=(stack, order), daemon=True)
    thread.start()
    return thread


def creates(stack: Stack, order: dict[str, Any]) -> int:
    return len(stack.paper.journal(order["id"]))


def ends_as_bybit_has_it(
    stack: Stack, order: dict[str, Any], answer: requests.Response, **fault: Any
) -> None:
    """Carried out and not proven: never called refused, found, and placed once whatever is tapped after it."""
    # The private stream may overtake the missing answer: then the order is known already.
    assert answer.status_code in (201, 202), f"{fault}: {answer.text}"
    assert answer.json()["state"] in ("unknown", "working"), fault
    until(stack, order["id"], "working", seconds=12)
    assert stack.api("POST", "/orders", order).status_code == 200
    assert creates(stack, order) == 1
    assert stack.api("DELETE", f"/orders/{order['id']}").status_code == 200
    until(stack, order["id"], "cancelled")


def resting(stack: Stack, **changes: Any) -> dict[str, Any]:
    """An order of ours that rests at the exchange."""
    order = body(stack, **changes)

    def taken() -> list[requests.Response]:
        # As its refusal asks: somebody was killed just before, and the record may still be catching up.
        answer = stack.api("POST", "/orders", order)
        return [] if "not_reconciled" in answer.text else [answer]

    [answer] = wait_for(taken, what="a record that has caught up")
    assert answer.status_code == 201, answer.text
    until(stack, order["id"], "working")
    return order


def external(stack: Stack, **changes: Any) -> str:
    """An order made in the exchange's own app; its id there."""
    wish = body(stack)
    made = stack.paper.control(
        "external",
        {
            "category": "linear",
            "symbol": "BTCUSDT",
            "side": "Buy",
            "orderType": "Limit",
            "qty": "0.01",
            "price": wish["price"],
            "positionIdx": 0,
            **changes,
        },
    )
    return str(made["orderId"])


def adopted(stack: Stack, order_id: str, seconds: float = 10) -> dict[str, Any]:
    """Our row of an order with this id at Bybit."""

    def look() -> Any:
        items = stack.api("GET", "/orders?state=all").json()["items"]
        return next((item for item in items if item["exchange_order_id"] == order_id), None)

    found: dict[str, Any] = wait_for(look, seconds, "the adopted order")
    return found


def new_id() -> str:
    return str(uuid.uuid4())


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """SIGSTOP, and SIGCONT whatever happens."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def killed(stack: Stack, name: str, seconds: float = 30) -> None:
    """kill -9 of one process of the house, and its successor."""
    pid = stack.children()[name]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: stack.children().get(name, pid) != pid, seconds, f"a new {name}")


@contextmanager
def without_stream(stack: Stack, seconds: float = 60) -> Iterator[None]:
    """The private socket is away; the account says so before the block begins."""
    stack.paper.fault(stream="private", do="refuse", ms=int(seconds * 1000))
    stack.paper.fault(stream="private", do="abort")
    wait_for(lambda: not stack.live(), 15, "the stream to be away")
    try:
        yield
    finally:
        stack.paper.clear()
        wait_for(stack.live, 40, "the stream to come back")
