"""What the wire can do to an order, and that every one ends in the exchange's truth with one create each."""

import threading
import time
import uuid
from typing import Any

import pytest

from tests.conftest import Stack, wait_for
from tests.house.live import Page
from tests.house.orders import agrees_with_the_exchange, body, flatten, market, until

CREATE = "/v5/order/create"


@pytest.mark.parametrize(
    ("reply", "more"),
    [
        ("drop", {}),
        ("rst", {}),
        ("status", {"code": 500}),
        ("status", {"code": 503}),
        ("html", {}),
        ("garbage", {}),
        ("truncate", {}),
        ("ret", {"code": 10006}),
        ("ret", {"code": 10016}),
        ("ret", {"code": 987654}),
    ],
)
def test_f01_f03_f04_an_answer_without_proof_is_unknown_and_ends_in_the_truth(
    stack: Stack, reply: str, more: dict[str, Any]
) -> None:
    """Carried out, but the answer is lost or says nothing: 202, one create, and never called refused."""
    order = body(stack)
    stack.paper.fault(endpoint=CREATE, accept="before", reply=reply, count=1, **more)
    answer = stack.api("POST", "/orders", order)
    # The private stream may overtake the missing answer: then the order is already known.
    assert answer.status_code in (201, 202), answer.text
    assert answer.json()["state"] in ("unknown", "working")
    until(stack, order["id"], "working", seconds=12)
    assert len(stack.paper.journal(order["id"])) == 1
    assert stack.api("POST", "/orders", order).status_code == 200
    assert len(stack.paper.journal(order["id"])) == 1
    stack.api("DELETE", f"/orders/{order['id']}")
    until(stack, order["id"], "cancelled")


@pytest.mark.parametrize(("reply", "most"), [("hang", 7.5), ("drip", 9.5)])
def test_f01_f14_a_hanging_or_dripping_answer_is_given_up_in_time(
    stack: Stack, reply: str, most: float
) -> None:
    order = market()
    stack.paper.fault(endpoint=CREATE, accept="before", reply=reply, ms=30000, count=1)
    start = time.monotonic()
    answer = stack.api("POST", "/orders", order)
    assert time.monotonic() - start < most
    assert answer.status_code in (201, 202)
    until(stack, order["id"], "filled", seconds=12)
    assert len(stack.paper.journal(order["id"])) == 1
    flatten(stack)
    agrees_with_the_exchange(stack)


def test_f02_f12_never_arrived_is_said_only_with_proof_between_20_and_30_seconds(stack: Stack) -> None:
    """Reset before Bybit took it, and reads that lag: not one second too early, nothing invented, placed never."""
    order = body(stack)
    stack.paper.fault(endpoint=CREATE, accept="never", reply="rst", count=1)
    start = time.monotonic()
    assert stack.api("POST", "/orders", order).status_code == 202
    seen: set[str] = set()

    def ended() -> Any:
        now = stack.order(order["id"])
        seen.add(now["state"])
        return now if now["state"] != "unknown" else None

    found = wait_for(ended, 34, "the verdict")
    age = time.monotonic() - start
    assert (found["state"], found["reject_code"]) == ("rejected", "never_arrived")
    assert 20 <= age <= 30.5, age
    verdict = next(event["body"] for event in found["events"] if event["kind"] == "verdict")
    assert verdict["negatives"] >= 3
    assert (verdict["realtime"], verdict["history"], verdict["executions"]) == ("nothing",) * 3
    assert len(stack.paper.journal(order["id"])) == 1
    assert seen <= {"unknown", "rejected"}


def test_f12_f13_reads_that_lag_or_fail_prove_nothing(stack: Stack) -> None:
    """Accepted, the answer lost, the stream away, and all three reads behind: never called absent."""
    order = body(stack)
    stack.paper.fault(stream="private", do="refuse", ms=16000)
    stack.paper.fault(stream="private", do="abort")
    stack.paper.fault(lag={"realtime": 9000, "history": 12000, "executions": 12000})
    stack.paper.fault(endpoint=CREATE, accept="before", reply="drop", count=1)
    wait_for(lambda: not stack.live(), 15, "the stream to be away")
    answer = stack.api("POST", "/orders", order)
    assert answer.status_code in (202, 503), answer.text
    if answer.status_code == 202:
        until(stack, order["id"], "working", seconds=34)
        assert len(stack.paper.journal(order["id"])) == 1
    stack.paper.clear()
    wait_for(stack.live, 30)
    flatten(stack)


def test_f13_a_late_arrival_within_its_life_is_adopted(stack: Stack) -> None:
    order = body(stack)
    stack.paper.fault(endpoint=CREATE, accept="late", reply="drop", ms=3500, count=1)
    assert stack.api("POST", "/orders", order).status_code in (201, 202)
    until(stack, order["id"], "working", seconds=15)
    assert len(stack.paper.journal(order["id"])) == 1
    flatten(stack)


def test_f08_a_clock_apart_is_measured_and_signed_away(stack: Stack) -> None:
    """A refusal for the timestamp proves that nothing was carried out."""
    order = body(stack)
    stack.paper.fault(endpoint=CREATE, accept="never", reply="ret", code=10002, count=1)
    answer = stack.api("POST", "/orders", order)
    assert (answer.json()["state"], answer.json()["reject_code"]) == ("rejected", "clock")


def test_f09_an_id_that_bybit_knows_is_adopted_and_not_called_refused(stack: Stack) -> None:
    order = body(stack)
    stack.paper.fault(endpoint=CREATE, accept="before", reply="ret", code=110072, count=1)
    assert stack.api("POST", "/orders", order).json()["state"] in ("unknown", "working")
    until(stack, order["id"], "working", seconds=12)
    flatten(stack)


def test_f27_a_cancel_without_an_answer_ends_nothing_and_may_be_repeated(stack: Stack) -> None:
    order = body(stack)
    stack.api("POST", "/orders", order)
    until(stack, order["id"], "working")
    stack.paper.fault(endpoint="/v5/order/cancel", accept="never", reply="rst", count=1)
    assert stack.api("DELETE", f"/orders/{order['id']}").status_code == 202
    assert stack.order(order["id"])["state"] == "working"
    assert stack.api("DELETE", f"/orders/{order['id']}").status_code == 200
    until(stack, order["id"], "cancelled")


def test_f26_a_cancel_that_comes_too_late_finds_the_fill(stack: Stack) -> None:
    flatten(stack)
    order = body(stack)
    stack.api("POST", "/orders", order)
    until(stack, order["id"], "working")
    stack.paper.fault(stream="private", do="drop", ms=1500)
    stack.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.01"})
    answer = stack.api("DELETE", f"/orders/{order['id']}")
    assert (answer.status_code, answer.json()["state"]) == (200, "filled")
    stack.paper.clear()
    flatten(stack)
    agrees_with_the_exchange(stack)


@pytest.mark.parametrize("do", ["close", "abort", "silent", "accept_then_close", "auth_fail", "sub_fail"])
def test_f16_f17_f18_a_lost_stream_is_noticed_and_its_fills_are_found(stack: Stack, do: str) -> None:
    flatten(stack)
    order = body(stack)
    stack.api("POST", "/orders", order)
    until(stack, order["id"], "working")
    if do in ("accept_then_close", "auth_fail", "sub_fail"):
        stack.paper.fault(stream="private", do=do, count=2)
        stack.paper.fault(stream="private", do="abort")
    else:
        stack.paper.fault(stream="private", do=do)
    stack.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.004"})
    found = wait_for(
        lambda: (o := stack.order(order["id"])) and o["filled_qty"] == "0.004" and o["fills_complete"] and o,
        20,
    )
    assert found["state"] == "working"
    stack.paper.clear()
    wait_for(stack.live, 40, "the stream to come back")
    flatten(stack)
    agrees_with_the_exchange(stack)


@pytest.mark.parametrize("do", ["dup", "reorder", "delay", "unknown_topic", "bad_json", "new_enum"])
def test_f19_f20_f21_odd_frames_change_nothing_and_stop_nothing(stack: Stack, do: str) -> None:
    flatten(stack)
    stack.paper.fault(stream="private", do=do, ms=400)
    orders = [market() for _ in range(4)]
    for order in orders:
        assert stack.api("POST", "/orders", order).status_code == 201
    for order in orders:
        until(stack, order["id"], "filled", seconds=15)
    status = stack.api("GET", "/status").json()["items"][0]
    assert status["stream"] == "live"
    if do in ("unknown_topic", "bad_json"):
        assert status["bad_messages"] > 0
    stack.paper.clear()
    flatten(stack)
    agrees_with_the_exchange(stack)


def test_f42_a_frozen_redis_holds_up_no_order(stack: Stack) -> None:
    import os
    import signal

    pid = stack.children()["valkey"]
    order = market()
    os.kill(pid, signal.SIGSTOP)
    try:
        start = time.monotonic()
        assert stack.api("POST", "/orders", order).status_code == 201
        assert time.monotonic() - start < 1.5
        until(stack, order["id"], "filled", seconds=10)
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: stack.ready() and stack.live(), 40)
    with Page(stack, token=stack.token()) as page:
        page.wait("snapshot")
        flatten(stack)
        page.wait("position", lambda message: message["position"]["size"] == "0", seconds=20)


def test_not_reconciled_takes_no_risk_but_cancels_and_closes(stack: Stack) -> None:
    """Neither stream nor a full resolver pass for 15 seconds."""
    flatten(stack)
    order = body(stack)
    stack.api("POST", "/orders", order)
    stack.api("POST", "/orders", market())
    position = wait_for(lambda: stack.api("GET", "/positions").json()["items"], 10)[0]
    stack.paper.fault(endpoint="/v5/position/list", accept="never", reply="status", code=503)
    stack.paper.fault(stream="private", do="refuse", ms=60000)
    stack.paper.fault(stream="private", do="abort")

    def refused() -> Any:
        answer = stack.api("POST", "/orders", body(stack, qty="0.001"))
        return [answer] if answer.status_code == 503 else None

    (answer,) = wait_for(refused, 40, "503")
    assert answer.json()["error"]["code"] == "not_reconciled"
    assert stack.api("DELETE", f"/orders/{order['id']}").status_code in (200, 202)
    closed = stack.api("POST", f"/positions/{position['id']}/close", {"id": str(uuid.uuid4())})
    assert closed.status_code in (201, 202)
    stack.paper.clear()
    wait_for(stack.live, 40)
    flatten(stack)
    agrees_with_the_exchange(stack)


def test_f11_web_killed_in_the_middle_of_a_send(stack: Stack) -> None:
    """The exchange has it, we do not know: the row was there before the first byte, and it is never sent again."""
    import os
    import signal

    order = body(stack)
    stack.paper.fault(endpoint=CREATE, accept="before", reply="hang", ms=4000, count=1)
    threading.Thread(target=lambda: _quietly(stack, order), daemon=True).start()
    wait_for(lambda: stack.paper.journal(order["id"]), 10, "the create at the exchange")
    os.kill(stack.children()["web"], signal.SIGKILL)
    wait_for(stack.ready, 30, "web to come back")
    until(stack, order["id"], "working", seconds=20)
    assert len(stack.paper.journal(order["id"])) == 1
    flatten(stack)


def _quietly(stack: Stack, order: dict[str, Any]) -> None:
    import requests

    try:
        stack.api("POST", "/orders", order)
    except requests.RequestException:
        return


@pytest.mark.parametrize("name", ["stream", "worker", "resolver", "beat", "web"])
def test_f38_f40_a_killed_process_comes_back_and_orders_converge(stack: Stack, name: str) -> None:
    import os
    import signal

    flatten(stack)
    resting = body(stack)
    stack.api("POST", "/orders", resting)
    until(stack, resting["id"], "working")
    pid = stack.children()[name]
    os.kill(pid, signal.SIGKILL)
    stack.paper.control("fill", {"orderLinkId": resting["id"], "qty": "0.01"})
    wait_for(lambda: stack.children().get(name, pid) != pid, 15, f"a new {name}")
    wait_for(stack.ready, 30)
    until(stack, resting["id"], "filled", seconds=17)
    wait_for(stack.live, 30)
    order = market()
    assert stack.api("POST", "/orders", order).status_code == 201
    until(stack, order["id"], "filled")
    flatten(stack)
    agrees_with_the_exchange(stack)
