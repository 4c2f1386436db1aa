"""Every kind of order that Bybit's API gives, from the API to the exchange and back."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.conftest import Stack, wait_for
from tests.house.desk import Signed, at, open_rows, place, position, sent
from tests.house.orders import body, flatten, market, until

D = Decimal


@pytest.mark.parametrize(
    ("side", "factor", "direction"), [("Buy", "1.01", 1), ("Buy", "0.99", 2), ("Sell", "0.99", 2)]
)
@pytest.mark.parametrize("order_type", ["Market", "Limit"])
def test_a_stop_waits_for_its_trigger_and_then_trades(
    desk: Stack, side: str, factor: str, direction: int, order_type: str
) -> None:
    start, trigger = desk.paper.last("BTCUSDT"), at(desk, factor)
    order = market(side=side, trigger_price=trigger, trigger_by="MarkPrice", order_type=order_type)
    if order_type == "Limit":
        order["price"] = at(desk, "1.05" if side == "Buy" else "0.95")
    placed = place(desk, order)
    assert placed["trigger_direction"] == direction
    assert sent(desk, order["id"])["triggerDirection"] == direction
    waiting = until(desk, order["id"], "working")
    assert (waiting["exchange_status"], waiting["filled_qty"]) == ("Untriggered", "0")
    desk.paper.control("price", {"symbol": "BTCUSDT", "price": trigger})
    assert until(desk, order["id"], "filled")["filled_qty"] == "0.01"
    desk.paper.control("price", {"symbol": "BTCUSDT", "price": start})


def test_a_stop_that_is_cancelled_before_its_trigger_is_cancelled(desk: Stack) -> None:
    order = market(trigger_price=at(desk, "1.05"))
    place(desk, order)
    until(desk, order["id"], "working")
    assert desk.api("DELETE", f"/orders/{order['id']}").status_code == 200
    assert until(desk, order["id"], "cancelled")["exchange_status"] in ("Deactivated", "Cancelled")


def test_a_trigger_at_the_price_now_is_refused(desk: Stack) -> None:
    order = market(trigger_price=desk.paper.last("BTCUSDT"))
    answer = desk.api("POST", "/orders", order)
    assert answer.status_code == 422
    assert answer.json()["error"]["detail"]["rule"] == "trigger_price"
    assert desk.paper.journal(order["id"]) == []


def test_without_the_price_now_a_trigger_is_not_guessed(desk: Stack) -> None:
    desk.paper.fault(endpoint="/v5/market/tickers", reply="status", code=503)
    order = market(trigger_price=at_least(desk))
    answer = desk.api("POST", "/orders", order)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "price_unknown")
    assert desk.api("GET", f"/orders/{order['id']}").status_code == 404
    given = place(desk, {**order, "trigger_direction": 1})
    assert given["trigger_direction"] == 1


def at_least(stack: Stack) -> str:
    """Above every price, without asking for one."""
    return "999999"


def test_attached_stops_protect_the_position_and_go_with_it(desk: Stack) -> None:
    take, stop = at(desk, "1.03"), at(desk, "0.97")
    order = market(take_profit=take, stop_loss=stop, sl_trigger_by="MarkPrice")
    place(desk, order)
    filled = until(desk, order["id"], "filled")
    assert (D(filled["take_profit"]), D(filled["stop_loss"])) == (D(take), D(stop))
    assert sent(desk, order["id"])["tpslMode"] == "Full"

    def guarded() -> Any:
        row = position(desk)
        kinds = {row["stop_order_type"] for row in open_rows(desk)}
        return row.get("stop_loss") and D(row["stop_loss"]) == D(stop) and kinds == {"TakeProfit", "StopLoss"}

    wait_for(guarded, what="a position with its stops")
    # Position TP/SL go only when named.
    assert desk.api("POST", "/orders/cancel-all", {"account": "paper"}).json()["items"] == []
    assert guarded()
    desk.paper.control("price", {"symbol": "BTCUSDT", "price": stop})
    wait_for(lambda: not position(desk) and not open_rows(desk), what="the stop to have closed all")


def test_partial_stops_with_limit_legs(desk: Stack) -> None:
    take, stop = at(desk, "1.03"), at(desk, "0.97")
    order = market(
        take_profit=take,
        stop_loss=stop,
        tpsl_mode="Partial",
        tp_order_type="Limit",
        tp_limit_price=take,
    )
    place(desk, order)
    until(desk, order["id"], "filled")

    def pair() -> Any:
        return {row["stop_order_type"] for row in open_rows(desk)} == {
            "PartialTakeProfit",
            "PartialStopLoss",
        }

    wait_for(pair, what="both legs")
    assert D(sent(desk, order["id"])["tpLimitPrice"]) == D(take)


def test_position_stops_and_a_trailing_stop_are_set_changed_and_removed(desk: Stack) -> None:
    place(desk, market())
    wait_for(lambda: position(desk), what="a position")
    key = position(desk)["id"]
    stop, take = at(desk, "0.97"), at(desk, "1.03")
    answer = desk.api("PUT", f"/positions/{key}/trading-stop", {"stop_loss": stop, "take_profit": take})
    assert answer.status_code == 200, answer.text
    wait_for(lambda: D(position(desk)["stop_loss"] or 0) == D(stop), what="the stop-loss")
    again = desk.api("PUT", f"/positions/{key}/trading-stop", {"stop_loss": stop, "take_profit": take})
    assert again.status_code == 200, again.text
    trail = desk.api("PUT", f"/positions/{key}/trading-stop", {"trailing_stop": "500"})
    assert trail.status_code == 200, trail.text
    wait_for(lambda: position(desk)["trailing_stop"] == "500", what="the trailing stop")
    gone = {"stop_loss": "0", "take_profit": "0", "trailing_stop": "0"}
    assert desk.api("PUT", f"/positions/{key}/trading-stop", gone).status_code == 200
    wait_for(lambda: position(desk)["stop_loss"] is None, what="no stop-loss")
    wrong = desk.api("PUT", f"/positions/{key}/trading-stop", {"stop_loss": at(desk, "1.1")})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, "bybit_refused")


def test_slippage_tolerance_reaches_bybit(desk: Stack) -> None:
    order = market(slippage_tolerance_type="Percent", slippage_tolerance="1.5")
    place(desk, order)
    until(desk, order["id"], "filled")
    assert (
        sent(desk, order["id"])["slippageToleranceType"],
        sent(desk, order["id"])["slippageTolerance"],
    ) == (
        "Percent",
        "1.5",
    )


def test_an_amend_shows_bybits_numbers_and_is_refused_when_it_cannot_be(desk: Stack) -> None:
    order = body(desk)
    place(desk, order)
    working = until(desk, order["id"], "working")
    price = at(desk, "0.97")
    answer = desk.api("PATCH", f"/orders/{order['id']}", {"price": price, "qty": "0.02"})
    assert answer.status_code == 200, answer.text
    assert (D(answer.json()["price"]), answer.json()["qty"]) == (D(price), "0.02")
    late = desk.api("PATCH", f"/orders/{order['id']}", {"qty": "0.03", "version": working["version"]})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "order_changed")
    desk.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.015"})
    wait_for(lambda: desk.order(order["id"])["filled_qty"] == "0.015", what="a part of it")
    below = desk.api("PATCH", f"/orders/{order['id']}", {"qty": "0.01"})
    assert (below.status_code, below.json()["error"]["detail"]["rule"]) == (422, "below_filled")
    assert desk.api("PATCH", f"/orders/{order['id']}", {}).status_code == 422
    assert desk.api("PATCH", f"/orders/{order['id']}", {"trigger_price": price}).status_code == 422
    desk.api("DELETE", f"/orders/{order['id']}")
    until(desk, order["id"], "cancelled")
    final = desk.api("PATCH", f"/orders/{order['id']}", {"qty": "0.03"})
    assert (final.status_code, final.json()["error"]["code"]) == (409, "order_final")
    kinds = [event["kind"] for event in desk.order(order["id"])["events"]]
    assert kinds.count("amend") == 1


def test_f28_an_amend_without_an_answer_is_202_and_shows_the_truth(desk: Stack) -> None:
    order = body(desk)
    place(desk, order)
    until(desk, order["id"], "working")
    desk.paper.fault(endpoint="/v5/order/amend", accept="before", reply="rst", count=1)
    answer = desk.api("PATCH", f"/orders/{order['id']}", {"qty": "0.02"})
    assert answer.status_code == 202, answer.text
    wait_for(lambda: desk.order(order["id"])["qty"] == "0.02", what="Bybit's number")
    desk.paper.fault(endpoint="/v5/order/amend", accept="never", reply="rst", count=1)
    assert desk.api("PATCH", f"/orders/{order['id']}", {"qty": "0.03"}).status_code == 202
    assert desk.order(order["id"])["qty"] == "0.02"


def test_an_order_made_elsewhere_can_be_amended_and_cancelled(desk: Stack) -> None:
    made = desk.paper.control(
        "external",
        {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01", "price": at(desk, "0.97")},
    )
    del made
    wait_for(
        lambda: [row for row in open_rows(desk) if row["source"] == "external"], what="the external order"
    )
    key = open_rows(desk)[0]["id"]
    assert desk.api("PATCH", f"/orders/{key}", {"qty": "0.02"}).json()["qty"] == "0.02"
    assert desk.api("DELETE", f"/orders/{key}").status_code == 200
    until(desk, key, "cancelled")


def test_hedge_mode_holds_both_sides(desk: Stack) -> None:
    session = Signed(desk)
    assert session.post("/v5/position/switch-mode", category="linear", coin="USDT", mode=3)["retCode"] == 0
    try:
        # A ticket made for one-way mode: refused by Bybit, the mode is read anew, nothing is sent again by itself.
        stale = market()
        answer = place(desk, stale)
        if answer["state"] != "rejected":
            answer = until(desk, stale["id"], "rejected")
        assert answer["reject_code"] == "10001"
        assert desk.api("GET", "/accounts").json()["items"][0]["position_mode"] == "hedge"
        for change in ({"position_idx": 0}, {"position_idx": 1, "side": "Sell"}):
            answer = desk.api("POST", "/orders", market(**change))
            assert (answer.status_code, answer.json()["error"]["detail"]["rule"]) == (422, "position_idx")
        long, short = market(position_idx=1), market(position_idx=2, side="Sell", qty="0.02")
        for order in (long, short):
            place(desk, order)
            until(desk, order["id"], "filled")

        def both() -> Any:
            rows = desk.api("GET", "/positions").json()["items"]
            return {(row["position_idx"], row["side"], row["size"]) for row in rows} == {
                (1, "Buy", "0.01"),
                (2, "Sell", "0.02"),
            } and all(row["ours"]["complete"] for row in rows)

        wait_for(both, what="both sides")
        flatten(desk)
    finally:
        flatten(desk)
        session.post("/v5/position/switch-mode", category="linear", coin="USDT", mode=0)
        # Our copy still says hedge: Bybit is asked before anything is refused.
        back = market()
        place(desk, back)
        until(desk, back["id"], "filled")
        assert desk.api("GET", "/accounts").json()["items"][0]["position_mode"] == "one_way"


def test_one_market_in_hedge_mode_keeps_no_other_from_being_closed(desk: Stack) -> None:
    session = Signed(desk)
    held = market()
    place(desk, held)
    until(desk, held["id"], "filled")
    try:
        switch = {"category": "linear", "symbol": "ETHUSDT"}
        assert session.post("/v5/position/switch-mode", **switch, mode=3)["retCode"] == 0
        leg = market(symbol="ETHUSDT", qty="0.1", position_idx=1)
        place(desk, leg)
        until(desk, leg["id"], "filled")
        wait_for(lambda: position(desk, "ETHUSDT"), what="the hedged leg")
        wait_for(
            lambda: desk.api("GET", "/accounts").json()["items"][0]["position_mode"] == "hedge", what="hedge"
        )
        key = position(desk)["id"]
        answer = desk.api("POST", f"/positions/{key}/close", {"id": str(uuid.uuid4())})
        assert answer.status_code == 201, answer.text
        wait_for(lambda: not position(desk), what="the other market to be flat")
    finally:
        flatten(desk)
        session.post("/v5/position/switch-mode", **switch, mode=0)
        place(desk, market(symbol="ETHUSDT", qty="0.1"))


def test_cancel_all_takes_what_bybits_list_does_not_show_yet(desk: Stack) -> None:
    order = body(desk)
    place(desk, order)
    until(desk, order["id"], "working")
    desk.paper.fault(lag={"realtime": 3000})
    answer = desk.api("POST", "/orders/cancel-all", {"account": "paper"})
    assert [item["order"]["id"] for item in answer.json()["items"]] == [order["id"]]
    until(desk, order["id"], "cancelled")


def test_the_same_amend_twice_is_done_and_a_body_too_large_is_413(desk: Stack) -> None:
    order = body(desk)
    place(desk, order)
    until(desk, order["id"], "working")
    for _ in range(2):
        answer = desk.api("PATCH", f"/orders/{order['id']}", {"qty": "0.02"})
        assert (answer.status_code, answer.json()["qty"]) == (200, "0.02")
    large = desk.api("POST", "/orders", {**body(desk), "seen": "x" * 70_000})
    assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")


def test_the_timeline_tells_who_what_and_when(desk: Stack) -> None:
    order = market()
    place(desk, order)
    until(desk, order["id"], "filled")
    wait_for(lambda: desk.order(order["id"])["fills_complete"], what="its fills")
    row = desk.order(order["id"])
    kinds = [event["kind"] for event in row["events"]]
    assert kinds[0] == "intent"
    assert {"intent", "sent", "answer", "report", "fill"} <= set(kinds)
    assert kinds.index("sent") < kinds.index("answer")
    assert row["events"][0]["body"]["by"] == "demo"
    times = row["times"]
    assert times["tap"] <= times["sent"] <= times["acked"]
    assert times["first_fill"] == row["fills"][0]["at"]
    assert row["user"] == "demo"
    page = requests.get(f"{desk.url}/api/v1/orders/{order['id']}", timeout=5)
    assert page.status_code == 401
