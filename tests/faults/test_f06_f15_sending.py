"""F06 to F15: late refusals, limits, clocks, kills around the send, reads that lag, a venue that hangs."""

import os
import signal
import threading
import time
import uuid
from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.conftest import Stack, answers, daily, wait_for
from tests.faults.play import (
    CREATE,
    SMALL,
    creates,
    in_background,
    new_id,
    resting,
    send,
    without_stream,
)
from tests.house.orders import body, flatten, market, until


def test_f06_taken_and_then_cancelled_by_bybit_was_never_shown_as_working_from_the_answer(
    stack: Stack,
) -> None:
    crossing = format(Decimal(stack.paper.last("BTCUSDT")) + 50, "f")
    order = body(stack, price=crossing, time_in_force="PostOnly")
    answer = stack.api("POST", "/orders", order)
    assert answer.json()["state"] in ("acked", "cancelled")
    ended = until(stack, order["id"], "cancelled", seconds=2)
    reasons = [event["body"].get("rejectReason") for event in ended["events"]]
    assert "EC_PostOnlyWillTakeLiquidity" in reasons


def test_f06_an_ioc_that_fills_in_part_keeps_its_fills(stack: Stack) -> None:
    flatten(stack)
    price = format(Decimal(stack.paper.last("BTCUSDT")) + 1, "f")
    order = body(stack, price=price, qty="5", time_in_force="IOC")
    assert stack.api("POST", "/orders", order).status_code == 201
    ended = until(stack, order["id"], "cancelled", "filled", seconds=5)
    filled = sum((Decimal(fill["qty"]) for fill in ended["fills"]), Decimal(0))
    assert filled == Decimal(ended["filled_qty"])
    flatten(stack)


@pytest.mark.parametrize("reset_ms", daily(3_600_000, long=(-5_000,)))
def test_f07_a_rate_limit_blocks_nobody_and_resends_nothing(stack: Stack, reset_ms: int) -> None:
    """pybit itself would crash on a stamp in the past and sleep for an hour on one in the future."""
    order = body(stack, qty=SMALL)
    start = time.monotonic()
    answer = send(stack, order, accept="never", reply="ret", code=10006, ms=reset_ms)
    assert (answer.status_code, answer.json()["state"]) == (202, "unknown")
    assert time.monotonic() - start < 5
    after = market()
    assert stack.api("POST", "/orders", after).status_code == 201
    until(stack, after["id"], "filled")
    until(stack, order["id"], "rejected", seconds=25)
    assert creates(stack, order) == 1
    flatten(stack)


def test_f08_a_refused_timestamp_is_proof_and_is_said_as_clock(stack: Stack) -> None:
    order = body(stack)
    answer = send(stack, order, accept="never", reply="ret", code=10002)
    assert (answer.json()["state"], answer.json()["reject_code"]) == ("rejected", "clock")
    assert creates(stack, order) == 1


@pytest.mark.parametrize("skew_ms", [1500, -6000])
def test_f08_a_clock_apart_is_measured_shown_and_signed_away(stack: Stack, skew_ms: int) -> None:
    stack.paper.fault(skew_ms=skew_ms)
    try:
        order = body(stack, qty=SMALL)
        # A refusal for the time places nothing and is never repeated; but it is enough to sign the next one right.
        state = stack.api("POST", "/orders", order).json()["state"]
        assert state in ("acked", "working", "rejected")
        assert creates(stack, order) == 1
        assert _taken(stack)

        def measured() -> bool:
            offset = stack.api("GET", "/status").json()["items"][0]["clock_offset_ms"]
            return offset is not None and abs(offset - skew_ms) < 300

        wait_for(measured, 10, "the clock to be measured")
    finally:
        stack.paper.fault(skew_ms=0)
    wait_for(lambda: abs(stack.api("GET", "/status").json()["items"][0]["clock_offset_ms"]) < 300, 10)
    wait_for(lambda: _taken(stack), 10, "an order that is taken")
    flatten(stack)


def _taken(stack: Stack) -> bool:
    answer = stack.api("POST", "/orders", body(stack, qty=SMALL))
    return answer.status_code == 201 and answer.json()["state"] in ("acked", "working")


@pytest.mark.parametrize("code", daily(110072, long=(170141,)))
def test_f09_an_id_that_bybit_knows_is_adopted_and_not_called_refused(stack: Stack, code: int) -> None:
    order = body(stack, qty=SMALL)
    answer = send(stack, order, accept="before", reply="ret", code=code)
    assert answer.json()["state"] in ("unknown", "working")
    until(stack, order["id"], "working", seconds=12)
    assert creates(stack, order) == 1
    flatten(stack)


@pytest.mark.parametrize("point", ["after_intent_commit", "after_claim"])
def test_f10_killed_between_the_commit_and_the_send_is_never_sent(stack: Stack, point: str) -> None:
    order = body(stack, qty=SMALL)
    stack.trap(f"{point}=kill")
    in_background(stack, order)
    wait_for(stack.sprung, 10, point)
    wait_for(stack.ready, 30, "web to come back")
    ended = until(stack, order["id"], "rejected", seconds=25)
    assert ended["reject_code"] in ("never_sent", "never_arrived")
    assert creates(stack, order) == 0
    assert stack.api("POST", "/orders", order).status_code == 200
    assert creates(stack, order) == 0


@pytest.mark.parametrize("point", daily("before_answer_commit", long=("after_answer", "after_answer_commit")))
def test_f11_killed_after_bybit_took_it_is_found_and_not_sent_again(stack: Stack, point: str) -> None:
    order = body(stack, qty=SMALL)
    stack.trap(f"{point}=kill")
    in_background(stack, order)
    wait_for(stack.sprung, 10, point)
    wait_for(stack.ready, 30, "web to come back")
    until(stack, order["id"], "working", seconds=20)
    assert creates(stack, order) == 1
    flatten(stack)


def test_f11_web_killed_while_bybit_holds_the_answer(stack: Stack) -> None:
    """I1 seen from a second connection: the row was committed before the first byte arrived."""
    order = body(stack, qty=SMALL)
    stack.paper.fault(endpoint=CREATE, accept="before", reply="hang", ms=2500, count=1)
    in_background(stack, order)
    wait_for(lambda: stack.paper.journal(order["id"]), 10, "the create at the exchange")
    held = stack.witness.story()
    assert order["id"] in {str(row["id"]) for row in held.ours["orders"]}
    os.kill(stack.children()["web"], signal.SIGKILL)
    wait_for(stack.ready, 30, "web to come back")
    until(stack, order["id"], "working", seconds=20)
    assert creates(stack, order) == 1
    flatten(stack)


def test_f12_not_found_right_after_a_create_ends_nothing(stack: Stack) -> None:
    """The answer lost, the stream away, all three reads behind: never called absent at any sampled moment."""
    with without_stream(stack):
        stack.paper.fault(lag={"realtime": 2500, "history": 3500, "executions": 3500})
        order = body(stack, qty=SMALL)
        seen: set[str] = set()
        answer = send(stack, order, accept="before", reply="drop")
        assert answer.status_code == 202, answer.text

        def found() -> bool:
            seen.add(stack.order(order["id"])["state"])
            return "working" in seen

        wait_for(found, 15, "the order to be found")
        assert seen <= {"unknown", "working"}
        assert creates(stack, order) == 1
    flatten(stack)


@pytest.mark.parametrize("failing", daily(1, long=(3,)))
def test_f13_a_read_that_failed_is_not_a_read_that_found_nothing(stack: Stack, failing: int) -> None:
    """One failing source of three is enough to prove nothing."""
    order = body(stack, qty=SMALL)
    for path in ("/v5/order/history", "/v5/order/realtime", "/v5/execution/list")[:failing]:
        stack.paper.fault(endpoint=path, accept="never", reply="status", code=503)
    assert send(stack, order, accept="never", reply="rst").status_code == 202
    deadline = time.monotonic() + stack.settle_seconds + 1.5
    wait_for(lambda: time.monotonic() > deadline or stack.order(order["id"])["state"] != "unknown", 30)
    found = stack.order(order["id"])
    assert found["state"] == "unknown"
    assert not [event for event in found["events"] if event["kind"] == "query"]
    stack.paper.clear()
    ended = until(stack, order["id"], "rejected", seconds=20)
    assert (ended["reject_code"], creates(stack, order)) == ("never_arrived", 1)


@pytest.mark.parametrize(("late_ms", "state"), [(2000, "working"), (4500, "rejected")])
def test_f13_a_late_arrival_is_adopted_within_its_life_and_void_after_it(
    stack: Stack, late_ms: int, state: str
) -> None:
    order = body(stack, qty=SMALL)
    assert send(stack, order, accept="late", reply="drop", ms=late_ms).status_code in (201, 202)
    ended = until(stack, order["id"], "working", "rejected", seconds=20)
    assert ended["state"] == state
    assert creates(stack, order) == 1
    flatten(stack)


def test_f14_a_dripping_exchange_starves_nobody(stack: Stack) -> None:
    """A byte a second on every path, twenty tickets at once: each is given up in time, and others still answer."""
    order = resting(stack, qty=SMALL)
    stack.paper.fault(endpoint="/v5/*", accept="before", reply="drip")
    tickets = [market(qty="0.001") for _ in range(20)]
    start = time.monotonic()
    waiting = [in_background(stack, ticket) for ticket in tickets]
    quick = []
    while any(thread.is_alive() for thread in waiting):
        at = time.monotonic()
        assert answers(f"{stack.url}/api/v1/health")
        assert stack.api("GET", f"/orders/{order['id']}").ok
        assert requests.get(f"{stack.url}/api/v1/session", timeout=5).ok
        quick.append(time.monotonic() - at)
        assert time.monotonic() - start < 12
    assert max(quick) < 1, max(quick)
    stack.paper.clear()
    for ticket in tickets:
        until(stack, ticket["id"], "filled", seconds=15)
        assert creates(stack, ticket) == 1
    flatten(stack)


def test_f15_a_batch_answers_each_item_and_a_refused_one_takes_no_other_along(stack: Stack) -> None:
    flatten(stack)
    good = [body(stack, qty=SMALL) for _ in range(4)]
    bad = [body(stack, qty="0.0001"), {**body(stack), "symbol": "NOPEUSDT"}, {"id": new_id()}]
    items = [good[0], bad[0], good[1], bad[1], good[2], bad[2], good[3]]
    answer = stack.api("POST", "/orders/batch", {"items": items})
    assert [item["status"] for item in answer.json()["items"]] == [201, 422, 201, 422, 201, 422, 201]
    ended = stack.api("POST", "/orders/cancel-all", {"account": "paper"})
    assert ended.ok, ended.text
    done = ended.json()["items"]
    assert {item["order"]["id"] for item in done} == {order["id"] for order in good}
    assert {item["result"] for item in done} == {"cancelled"}


def test_f15_cancel_all_tells_what_it_could_not_do(stack: Stack) -> None:
    """The whole request fails without an answer: no order is called cancelled, none is called failed."""
    orders = [resting(stack, qty=SMALL) for _ in range(3)]
    stack.paper.fault(endpoint="/v5/order/cancel-all", accept="never", reply="rst")
    done = stack.api("POST", "/orders/cancel-all", {"account": "paper"}).json()["items"]
    assert {item["result"] for item in done} == {"unknown"}
    stack.paper.clear()
    assert {stack.order(order["id"])["state"] for order in orders} == {"working"}
    flatten(stack)


def test_f15_cancel_all_that_cannot_look_again_tells_of_each_order_all_the_same(stack: Stack) -> None:
    """Bybit takes it, and refuses the reads after it: what has become of each order is told, not that it failed."""
    orders = [resting(stack, qty=SMALL) for _ in range(3)]
    stack.paper.fault(endpoint="/v5/order/cancel-all", accept="before", reply="hang", ms=1500, count=1)
    told: list[requests.Response] = []
    wish = {"account": "paper", "category": "linear"}
    asking = threading.Thread(
        target=lambda: told.append(stack.api("POST", "/orders/cancel-all", wish)), daemon=True
    )
    asking.start()
    for order in orders:
        until(stack, order["id"], "cancelled")
    assert not told
    stack.paper.fault(endpoint="/v5/order/realtime", accept="never", reply="status", code=503)
    asking.join(20)
    [answer] = told
    assert answer.ok, answer.text
    assert {item["order"]["id"]: item["result"] for item in answer.json()["items"]} == {
        order["id"]: "cancelled" for order in orders
    }
    stack.paper.clear()
    flatten(stack)


def _taps(stack: Stack, order: dict[str, Any], count: int) -> list[int]:
    codes: list[int] = []

    def tap() -> None:
        codes.append(stack.api("POST", "/orders", order).status_code)

    threads = [threading.Thread(target=tap) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(codes)


def test_f09_taps_during_a_lost_answer_send_nothing_more(stack: Stack) -> None:
    order = body(stack, qty=SMALL, id=str(uuid.uuid4()))
    stack.paper.fault(endpoint=CREATE, accept="before", reply="hang", ms=2000, count=1)
    assert set(_taps(stack, order, 8)) <= {200, 201, 202}
    assert creates(stack, order) == 1
    until(stack, order["id"], "working", seconds=12)
    flatten(stack)
