"""F16 to F21: the private stream away, silent, refused, poisoned, doubled, out of order."""

import threading
import time
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Stack, wait_for
from tests.faults.play import SMALL, adopted, external, resting, without_stream
from tests.house.orders import body, flatten, market, until


def _filled(stack: Stack, order_id: str, qty: str) -> Any:
    def look() -> Any:
        order = stack.order(order_id)
        return order if order["filled_qty"] == qty and order["fills_complete"] else None

    return wait_for(look, 20, f"{qty} of {order_id}")


def test_f16_what_happened_while_the_stream_was_away_is_found(stack: Stack) -> None:
    """Fills, orders made elsewhere and cancels, all of them while nobody listens."""
    flatten(stack)
    orders = [resting(stack, qty=SMALL) for _ in range(6)]
    with without_stream(stack):
        for order in orders[:4]:
            stack.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.001"})
        made = [external(stack) for _ in range(3)]
        assert stack.api("DELETE", f"/orders/{orders[4]['id']}").status_code == 200
    for order in orders[:4]:
        _filled(stack, order["id"], "0.001")
    for order_id in made:
        assert adopted(stack, order_id, 2)["source"] == "external"
    until(stack, orders[4]["id"], "cancelled", seconds=2)
    flatten(stack)


def test_f16_new_risk_is_refused_while_nothing_is_known_and_cancels_and_closes_go(stack: Stack) -> None:
    """Neither the stream nor a full pass of the resolver has answered for a while."""
    flatten(stack)
    order = resting(stack)
    stack.api("POST", "/orders", market())
    position = wait_for(lambda: stack.api("GET", "/positions").json()["items"], 10)[0]
    stack.paper.fault(endpoint="/v5/position/list", accept="never", reply="status", code=503)
    stack.paper.fault(stream="private", do="refuse", ms=60_000)
    stack.paper.fault(stream="private", do="abort")

    def refused() -> Any:
        answer = stack.api("POST", "/orders", body(stack, qty="0.001"))
        return [answer] if answer.status_code == 503 else None

    (answer,) = wait_for(refused, 20, "503")
    assert answer.json()["error"]["code"] == "not_reconciled"
    assert stack.api("DELETE", f"/orders/{order['id']}").status_code in (200, 202)
    close = {"id": order["id"].replace(order["id"][:8], "0" * 8)}
    closed = stack.api("POST", f"/positions/{position['id']}/close", close)
    assert closed.status_code in (201, 202)
    stack.paper.clear()
    wait_for(stack.live, 40)
    flatten(stack)


@pytest.mark.parametrize("ms", [500, 2000])
def test_f17_a_refused_stream_is_dialled_again_with_pauses(stack: Stack, ms: int) -> None:
    before = len(stack.lines)
    stack.paper.fault(stream="private", do="refuse", ms=ms)
    stack.paper.fault(stream="private", do="abort")
    wait_for(lambda: not stack.live(), 10, "the loss to be noticed")
    start = time.monotonic()
    wait_for(stack.live, 15, "the stream to come back")
    assert time.monotonic() - start < ms / 1000 + 5
    tries = sum("private: " in line for line in stack.lines[before:])
    assert tries <= 2 + ms / 500


def test_f17_a_stream_that_opens_and_closes_again_is_not_hammered(stack: Stack) -> None:
    before = len(stack.lines)
    stack.paper.fault(stream="private", do="accept_then_close", ms=5000)
    stack.paper.fault(stream="private", do="abort")
    wait_for(lambda: not stack.live(), 10, "the loss to be noticed")
    wait_for(stack.live, 25, "the stream to come back")
    # With pauses that double up to four seconds there is time for a handful.
    assert sum("stream: paper: " in line for line in stack.lines[before:]) <= 10


@pytest.mark.parametrize("do", ["close", "abort", "silent"])
def test_f18_a_dead_or_silent_socket_is_noticed_and_its_fills_are_found(stack: Stack, do: str) -> None:
    flatten(stack)
    order = resting(stack)
    stack.paper.fault(stream="private", do=do)
    stack.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.004"})
    assert _filled(stack, order["id"], "0.004")["state"] == "working"
    if do == "silent":
        wait_for(lambda: not stack.live(), 10, "the silence to be noticed")
    stack.paper.clear()
    wait_for(stack.live, 40, "the stream to come back")
    flatten(stack)


@pytest.mark.parametrize(("do", "count"), [("auth_fail", 1), ("sub_fail", 2)])
def test_f18_live_is_claimed_only_when_sign_in_and_every_subscription_were_taken(
    stack: Stack, do: str, count: int
) -> None:
    stack.paper.fault(stream="private", do=do, count=count)
    stack.paper.fault(stream="private", do="abort")
    wait_for(lambda: not stack.live(), 10, "the loss to be noticed")
    # Each refused attempt uses up the fault; live only after the last of them.
    wait_for(stack.live, 40, "the stream to come back")
    assert not stack.paper.control("fault", method="GET")["streams"]
    order = resting(stack, qty=SMALL)
    stack.paper.control("fill", {"orderLinkId": order["id"]})
    until(stack, order["id"], "filled", seconds=5)
    flatten(stack)


@pytest.mark.parametrize("do", ["unknown_topic", "bad_json", "new_enum"])
def test_f19_a_poisoned_frame_is_kept_aside_and_the_rest_goes_on(stack: Stack, do: str) -> None:
    flatten(stack)
    before = stack.api("GET", "/status").json()["items"][0]
    stack.paper.fault(stream="private", do=do, ms=400)
    orders = [market(qty=SMALL) for _ in range(4)]
    for order in orders:
        assert stack.api("POST", "/orders", order).status_code == 201
    for order in orders:
        _filled(stack, until(stack, order["id"], "filled")["id"], SMALL)
    after = stack.api("GET", "/status").json()["items"][0]
    assert (after["stream"], after["reconnects"]) == ("live", before["reconnects"])
    assert after["bad_messages"] > before["bad_messages"]
    stack.paper.clear()
    flatten(stack)


def _told(stack: Stack, order_id: str) -> list[dict[str, Any]]:
    return [
        event["order"] for event in _checked(stack) if event["kind"] == "order" and event["key"] == order_id
    ]


def _checked(stack: Stack) -> list[dict[str, Any]]:
    from tests.truth import broken

    story = stack.witness.story()
    assert broken(story) == []
    return story.ours["events"]


def test_f20_a_doubled_frame_is_one_change(stack: Stack) -> None:
    flatten(stack)
    stack.paper.fault(stream="private", do="dup")
    order = resting(stack)
    for _ in range(3):
        stack.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.001"})
    _filled(stack, order["id"], "0.003")
    # Acknowledged, working, and for each fill itself and the report of it.
    assert len(_told(stack, order["id"])) <= 3 + 2 * 3
    fills = [event for event in _checked(stack) if event["kind"] == "fill" and order["id"] in event["body"]]
    assert len(fills) == 3
    stack.paper.clear()
    flatten(stack)


def test_f21_frames_in_reverse_and_late_reads_end_in_the_truth(stack: Stack) -> None:
    flatten(stack)
    stack.paper.fault(stream="private", do="reorder", ms=300)
    stack.paper.fault(endpoint="/v5/order/realtime", accept="before", reply="ok", ms=700)
    orders = [body(stack, qty="0.004") for _ in range(12)]
    for order in orders:
        assert stack.api("POST", "/orders", order).status_code == 201

    def play(order: dict[str, Any], number: int) -> None:
        stack.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.001"})
        if number % 3 == 0:
            stack.api("DELETE", f"/orders/{order['id']}")
        else:
            stack.paper.control("fill", {"orderLinkId": order["id"]})

    threads = [threading.Thread(target=play, args=(order, nr)) for nr, order in enumerate(orders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, order in enumerate(orders):
        state = "cancelled" if number % 3 == 0 else "filled"
        ended = until(stack, order["id"], state, seconds=20)
        filled = _filled(stack, order["id"], "0.001" if number % 3 == 0 else "0.004")
        assert Decimal(filled["filled_qty"]) == Decimal(ended["filled_qty"])
    stack.paper.clear()
    flatten(stack)


def test_f21_frames_held_for_a_while_change_nothing_in_the_end(stack: Stack) -> None:
    flatten(stack)
    stack.paper.fault(stream="private", do="delay", ms=800)
    order = resting(stack)
    stack.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.003"})
    _filled(stack, order["id"], "0.003")
    stack.paper.clear()
    flatten(stack)
