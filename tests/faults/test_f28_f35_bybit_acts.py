"""F28 and F30 to F35: amends that race, conditional orders, stops, and what Bybit does by itself: liquidations,
funding, mode switches, new filters, delistings, a history that forgets."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Stack, wait_for
from tests.faults.play import SMALL, creates, external, resting, without_stream
from tests.house.desk import Signed, at, everything, position
from tests.house.orders import body, flatten, market, until

D = Decimal
AMEND = "/v5/order/amend"


@pytest.fixture
def still(stack: Stack) -> Iterator[Stack]:
    """The house with a market that stands still, flat before and after."""
    stack.paper.control("pause", {"on": True})
    flatten(stack)
    yield stack
    stack.paper.clear()
    stack.api("POST", "/orders/cancel-all", everything())
    flatten(stack)
    stack.paper.control("pause", {"on": False})


def newest(stack: Stack, kind: str) -> dict[str, Any]:
    """The newest execution, once it is of this kind."""

    def look() -> Any:
        row = stack.api("GET", "/executions?limit=1").json()["items"][0]
        return row if row["exec_type"] == kind else None

    found: dict[str, Any] = wait_for(look, 5, kind)
    return found


def act(stack: Stack, do: str, **more: Any) -> None:
    stack.paper.control("act", {"do": do, "symbol": "BTCUSDT", **more})


def test_f28_an_amend_below_what_has_filled_changes_nothing_and_is_not_repeated(still: Stack) -> None:
    order = resting(still)
    before = len(still.paper.journal("", AMEND))
    still.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.006"})
    answer = still.api("PATCH", f"/orders/{order['id']}", {"qty": "0.005"})
    assert answer.status_code in (409, 422), answer.text
    wait_for(lambda: still.order(order["id"])["filled_qty"] == "0.006", 5, "the fill")
    found = still.order(order["id"])
    assert (found["qty"], found["filled_qty"], found["state"]) == ("0.01", "0.006", "working")
    assert len(still.paper.journal("", AMEND)) <= before + 1


def test_f28_a_fill_during_an_amend_without_an_answer_ends_as_bybit_has_it(still: Stack) -> None:
    order = resting(still)
    still.paper.fault(endpoint=AMEND, accept="before", reply="rst", count=1)
    assert still.api("PATCH", f"/orders/{order['id']}", {"qty": "0.02"}).status_code == 202
    still.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.006"})
    found = wait_for(lambda: (o := still.order(order["id"]))["filled_qty"] == "0.006" and o, 10)
    assert found["qty"] == "0.02"
    assert creates(still, order) == 1


@pytest.mark.parametrize("lost", ["nothing", "frames", "order of frames"])
def test_f30_a_conditional_is_never_shown_closed_while_it_lives(still: Stack, lost: str) -> None:
    """Untriggered, Triggered for an instant, New: with the frames between lost or in reverse."""
    start, trigger = still.paper.last("BTCUSDT"), at(still, "1.01")
    order = body(still, trigger_price=trigger, price=at(still, "0.98"))
    assert still.api("POST", "/orders", order).status_code == 201
    assert until(still, order["id"], "working")["exchange_status"] == "Untriggered"
    if lost == "frames":
        still.paper.fault(stream="private", do="drop", ms=600)
    elif lost == "order of frames":
        still.paper.fault(stream="private", do="reorder", ms=300)
    still.paper.control("price", {"symbol": "BTCUSDT", "price": trigger})
    found = wait_for(lambda: (o := still.order(order["id"]))["exchange_status"] == "New" and o, 10)
    shown = [event["body"].get("orderStatus") for event in found["events"] if event["kind"] == "report"]
    assert not set(shown) & {"Filled", "Cancelled", "Deactivated", "Rejected"}
    still.paper.control("price", {"symbol": "BTCUSDT", "price": start})


def test_f30_a_conditional_that_the_account_cannot_carry_at_its_trigger_says_why(still: Stack) -> None:
    start, trigger = still.paper.last("BTCUSDT"), at(still, "1.01")
    # More than the wallet carries, which Bybit learns only when it triggers.
    order = market(trigger_price=trigger, qty="30")
    answer = still.api("POST", "/orders", order)
    assert answer.status_code == 201, answer.text
    until(still, order["id"], "working")
    still.paper.control("price", {"symbol": "BTCUSDT", "price": trigger})
    ended = until(still, order["id"], "cancelled", "rejected", seconds=5)
    told = [event["body"] for event in ended["events"] if event["kind"] == "report"][-1]
    assert (told["rejectReason"], told["cancelType"]) != ("EC_NoError", "UNKNOWN")
    still.paper.control("price", {"symbol": "BTCUSDT", "price": start})


def test_f31_stops_of_a_position_go_with_it_when_it_is_closed_elsewhere(still: Stack) -> None:
    order = market(take_profit=at(still, "1.03"), stop_loss=at(still, "0.97"))
    assert still.api("POST", "/orders", order).status_code == 201
    until(still, order["id"], "filled")
    wait_for(lambda: position(still).get("stop_loss"), 5, "the stop on the position")
    external(still, side="Sell", orderType="Market", price="", qty="0.01", reduceOnly=True)
    wait_for(lambda: not position(still), 5, "no position")
    wait_for(lambda: not still.api("GET", "/orders?state=open").json()["items"], 5, "no stop left")


def test_f31_a_stop_that_hits_is_booked_as_an_order_of_bybit_s(still: Stack) -> None:
    start, stop = still.paper.last("BTCUSDT"), at(still, "0.97")
    assert still.api("POST", "/orders", market(stop_loss=stop)).status_code == 201
    wait_for(lambda: position(still).get("stop_loss"), 5, "the stop on the position")
    still.paper.control("price", {"symbol": "BTCUSDT", "price": at(still, "0.965")})
    wait_for(lambda: not position(still), 5, "the position to be closed")

    def closed_by_bybit() -> bool:
        row = still.api("GET", "/orders?state=closed").json()["items"][0]
        return (row["source"], row["side"], row["state"]) == ("external", "Sell", "filled")

    wait_for(closed_by_bybit, 5, "the order of the stop")
    still.paper.control("price", {"symbol": "BTCUSDT", "price": start})


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("do", ["liquidate", "adl"])
def test_f32_a_position_that_bybit_takes_over_is_booked_to_the_last_digit(
    still: Stack, do: str, streaming: bool
) -> None:
    still.api("POST", "/orders", market())
    wait_for(lambda: position(still).get("size") == "0.01", 5)
    if streaming:
        act(still, do)
    else:
        with without_stream(still):
            act(still, do)
            wait_for(lambda: not position(still), 10, "the resolver to see it")
    wait_for(lambda: not position(still), 5)
    newest(still, {"liquidate": "BustTrade", "adl": "AdlTrade"}[do])


def test_f32_funding_is_cash_and_no_trade(still: Stack) -> None:
    still.api("POST", "/orders", market())
    before = wait_for(lambda: (p := position(still)).get("size") == "0.01" and p, 5)
    for rate in ("0.0001", "-0.0002"):
        act(still, "funding", rate=rate)
    rows = wait_for(
        lambda: (
            [row for row in still.api("GET", "/executions").json()["items"] if row["exec_type"] == "Funding"][
                1:
            ]
            and still.api("GET", "/executions").json()["items"]
        ),
        10,
        "both payments",
    )
    assert {row["order"] for row in rows if row["exec_type"] == "Funding"} == {None}
    after = position(still)
    assert (after["size"], after["ours"]["size"], after["entry_price"]) == (
        before["size"],
        before["ours"]["size"],
        before["entry_price"],
    )


def test_f32_a_settlement_closes_by_a_trade_without_an_order(still: Stack) -> None:
    still.api("POST", "/orders", market(symbol="SOLUSDT", qty="1"))
    wait_for(lambda: position(still, "SOLUSDT").get("size") == "1", 5)
    try:
        still.paper.control("act", {"do": "delist", "symbol": "SOLUSDT", "status": "Closed"})
        wait_for(lambda: not position(still, "SOLUSDT"), 10)
        assert newest(still, "Settle")["order"] is None
    finally:
        still.paper.control("act", {"do": "delist", "symbol": "SOLUSDT", "status": "Trading"})


def test_f33_a_mode_switched_elsewhere_is_learned_and_no_ticket_is_sent_again(still: Stack) -> None:
    act(still, "mode_switch", mode=3)
    try:
        order = market(qty=SMALL)
        answer = still.api("POST", "/orders", order)
        assert (answer.status_code, answer.json()["state"]) == (201, "rejected"), answer.text
        assert creates(still, order) == 1
        wait_for(lambda: still.api("GET", "/accounts").json()["items"][0]["position_mode"] == "hedge", 5)
        again = market(qty=SMALL, position_idx=1)
        assert still.api("POST", "/orders", again).status_code == 201
        until(still, again["id"], "filled")
        wait_for(lambda: position(still).get("position_idx") == 1, 5)
        flatten(still)
    finally:
        act(still, "mode_switch", mode=0)
        order = market(qty=SMALL, position_idx=1)
        assert still.api("POST", "/orders", order).json()["state"] == "rejected"
        wait_for(lambda: still.api("GET", "/accounts").json()["items"][0]["position_mode"] == "one_way", 5)


def test_f34_new_filters_are_read_again_and_nothing_is_rounded(still: Stack) -> None:
    def step(size: str) -> None:
        still.paper.control(
            "act", {"do": "filter_change", "symbol": "XRPUSDT", "qtyStep": size, "minOrderQty": size}
        )

    before = next(
        row
        for row in still.api("GET", "/instruments?category=linear&q=XRPUSDT").json()["items"]
        if row["symbol"] == "XRPUSDT"
    )["qty_step"]
    step("5")
    try:
        order = body(still, symbol="XRPUSDT", qty="12")
        answer = still.api("POST", "/orders", order)
        assert (answer.status_code, answer.json()["state"]) == (201, "rejected"), answer.text
        assert creates(still, order) == 1

        def refused_here() -> bool:
            later = still.api("POST", "/orders", body(still, symbol="XRPUSDT", qty="12"))
            return later.status_code == 422 and later.json()["error"]["detail"]["rule"] == "qty_step"

        wait_for(refused_here, 5, "the new step to be known")
        fits = body(still, symbol="XRPUSDT", qty="15")
        assert still.api("POST", "/orders", fits).status_code == 201
        until(still, fits["id"], "working")
    finally:
        step(before)


def test_f34_a_delisted_market_takes_no_order_and_keeps_its_history(still: Stack) -> None:
    order = resting(still, symbol="SOLUSDT", qty="1")
    still.paper.control("act", {"do": "delist", "symbol": "SOLUSDT", "status": "Closed"})
    try:
        until(still, order["id"], "cancelled", seconds=10)
        refused = body(still, symbol="SOLUSDT", qty="1")
        answer = still.api("POST", "/orders", refused)
        assert answer.status_code in (201, 422), answer.text
        if answer.status_code == 201:
            assert (answer.json()["state"], answer.json()["reject_code"]) == ("rejected", "110074")
        assert still.api("GET", f"/orders/{order['id']}").ok
    finally:
        still.paper.control("act", {"do": "delist", "symbol": "SOLUSDT", "status": "Trading"})


def test_f35_a_history_that_forgot_ends_no_order_as_refused(still: Stack) -> None:
    """Away for 26 hours with three orders: one filled, one cancelled, one still open."""
    filled, cancelled, still_open = (resting(still, qty=SMALL) for _ in range(3))
    with without_stream(still, 120):
        for path in ("/v5/order/realtime", "/v5/order/history", "/v5/execution/list"):
            still.paper.fault(endpoint=path, accept="never", reply="status", code=503)
        still.paper.control("fill", {"orderLinkId": filled["id"]})
        _cancel_at_the_exchange(still, cancelled)
        still.paper.clear()
        still.paper.fault(stream="private", do="refuse", ms=60_000)
        still.paper.fault(age_h=26)
        still.paper.fault(cache_wipe=True)
        assert until(still, filled["id"], "filled", "cancelled", seconds=20)["filled_qty"] == SMALL
        ended = until(still, cancelled["id"], "cancelled", seconds=30)
        assert ended["reject_code"] in ("history_expired", "")
        assert still.order(still_open["id"])["state"] == "working"


def _cancel_at_the_exchange(stack: Stack, order: dict[str, Any]) -> None:
    found = stack.order(order["id"])
    answer = Signed(stack).post(
        "/v5/order/cancel", category="linear", symbol="BTCUSDT", orderId=found["exchange_order_id"]
    )
    assert answer["retCode"] == 0, answer
