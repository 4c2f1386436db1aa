"""F23 to F29: fills ahead of their order, without their order, in part; cancels that race; orders made elsewhere.
F22 is tests/orders/test_news.py."""

import threading
from decimal import Decimal

import pytest

from tests.conftest import Stack, wait_for
from tests.faults.play import (
    CANCEL,
    CREATE,
    SMALL,
    adopted,
    creates,
    external,
    in_background,
    new_id,
    resting,
)
from tests.house.orders import flatten, market, until


def test_f23_a_fill_that_overtakes_the_answer_is_booked_at_once(stack: Stack) -> None:
    flatten(stack)
    order = market(qty=SMALL)
    stack.paper.fault(endpoint=CREATE, accept="before", reply="ok", ms=1500, count=1)
    waiting = in_background(stack, order)
    found = until(stack, order["id"], "filled", seconds=5)
    assert waiting.is_alive()
    assert found["acked_at"] is None
    waiting.join(10)
    assert stack.order(order["id"])["acked_at"] is not None
    flatten(stack)


def test_f24_filled_is_said_at_once_and_its_missing_fills_are_never_invented(stack: Stack) -> None:
    """The execution frame is lost and the list is behind: the status is right, the fills come later."""
    flatten(stack)
    order = resting(stack)
    stack.paper.fault(lag={"executions": 2500})
    stack.paper.fault(stream="private", do="drop", ms=700)
    stack.paper.control("fill", {"orderLinkId": order["id"]})
    provisional = until(stack, order["id"], "filled", seconds=7)
    assert (provisional["filled_qty"], provisional["fills_complete"]) == ("0.01", False)
    assert provisional["fills"] == []
    wait_for(lambda: stack.order(order["id"])["fills_complete"], 10, "the fills")
    stack.paper.clear()
    flatten(stack)


def test_f25_filled_in_part_and_then_cancelled_keeps_its_fills(stack: Stack) -> None:
    flatten(stack)
    order = resting(stack)
    stack.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.003"})
    assert stack.api("DELETE", f"/orders/{order['id']}").status_code == 200
    ended = until(stack, order["id"], "cancelled")
    assert (ended["filled_qty"], len(ended["fills"])) == ("0.003", 1)
    held = wait_for(lambda: stack.api("GET", "/positions").json()["items"], 5)
    assert held[0]["size"] == "0.003"
    flatten(stack)


@pytest.mark.parametrize("dropped", [True, False])
def test_f26_a_cancel_that_comes_too_late_finds_the_fill(stack: Stack, dropped: bool) -> None:
    flatten(stack)
    order = resting(stack)
    if dropped:
        stack.paper.fault(stream="private", do="drop", ms=1500)
    stack.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.01"})
    answer = stack.api("DELETE", f"/orders/{order['id']}")
    assert (answer.status_code, answer.json()["state"]) == (200, "filled")
    stack.paper.clear()
    flatten(stack)


@pytest.mark.parametrize("code", [110001, 110008, 110010, 170142, 170213])
def test_f26_already_gone_is_a_reason_to_read_and_no_end(stack: Stack, code: int) -> None:
    order = resting(stack, qty=SMALL)
    stack.paper.fault(endpoint=CANCEL, accept="never", reply="ret", code=code, count=1)
    assert stack.api("DELETE", f"/orders/{order['id']}").status_code == 202
    assert stack.order(order["id"])["state"] == "working"
    assert stack.api("DELETE", f"/orders/{order['id']}").status_code == 200
    until(stack, order["id"], "cancelled")


def test_f26_a_fill_and_a_cancel_in_one_instant_end_as_bybit_says(stack: Stack) -> None:
    flatten(stack)
    orders = [resting(stack, qty=SMALL) for _ in range(6)]
    for order in orders:
        wish = threading.Thread(target=stack.api, args=("DELETE", f"/orders/{order['id']}"), daemon=True)
        wish.start()
        try:
            stack.paper.control("fill", {"orderLinkId": order["id"]})
        except AssertionError as error:
            assert "110001" in str(error) or "no longer open" in str(error)
        wish.join(10)
    told = {row["orderLinkId"]: row["orderStatus"] for row in stack.paper.truth()["orders"]}
    for order in orders:
        ended = until(stack, order["id"], "filled", "cancelled")
        assert ended["exchange_status"] == told[order["id"]]
    flatten(stack)


@pytest.mark.parametrize("accept", ["never", "before"])
@pytest.mark.parametrize("reply", ["rst", "hang"])
def test_f27_a_cancel_without_an_answer_ends_nothing_and_may_be_repeated(
    stack: Stack, accept: str, reply: str
) -> None:
    order = resting(stack, qty=SMALL)
    stack.paper.fault(endpoint=CANCEL, accept=accept, reply=reply, ms=30_000, count=1)
    assert stack.api("DELETE", f"/orders/{order['id']}").status_code == 202
    if accept == "never":
        assert stack.order(order["id"])["state"] == "working"
    assert stack.api("DELETE", f"/orders/{order['id']}").status_code == 200
    until(stack, order["id"], "cancelled", seconds=7)
    assert creates(stack, order) == 1


def test_f29_an_order_made_elsewhere_is_shown_cancelled_and_never_claimed_as_ours(stack: Stack) -> None:
    ours = resting(stack)
    twin = external(stack, qty="0.01", price=ours["price"])
    row = adopted(stack, twin)
    assert (row["source"], row["state"]) == ("external", "working")
    assert row["id"] != ours["id"]
    assert stack.order(ours["id"])["exchange_order_id"] != twin
    assert stack.api("DELETE", f"/orders/{row['id']}").status_code == 200
    until(stack, row["id"], "cancelled")
    flatten(stack)


def test_f29_an_order_filled_elsewhere_while_the_stream_loses_frames_is_adopted_with_its_fill(
    stack: Stack,
) -> None:
    flatten(stack)
    stack.paper.fault(stream="private", do="drop", ms=1000)
    row = adopted(stack, external(stack, orderType="Market", price="", qty=SMALL), 12)
    assert (row["state"], Decimal(row["filled_qty"]), row["source"]) == ("filled", Decimal(SMALL), "external")
    wait_for(lambda: stack.order(row["id"])["fills_complete"], 5)
    stack.paper.clear()
    flatten(stack)


def test_f25_a_close_tapped_twice_closes_once(stack: Stack) -> None:
    flatten(stack)
    stack.api("POST", "/orders", market(qty=SMALL))
    position = wait_for(lambda: stack.api("GET", "/positions").json()["items"], 10)[0]
    close = {"id": new_id()}
    address = f"/positions/{position['id']}/close"
    assert stack.api("POST", address, close).status_code == 201
    assert stack.api("POST", address, close).status_code == 200
    assert creates(stack, close) == 1
    flatten(stack)
