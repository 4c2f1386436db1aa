"""One order from command to fill and back, through the real house, by a script that knows only the contract."""

import threading
import uuid
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Stack, wait_for
from tests.house.live import Page
from tests.house.orders import agrees_with_the_exchange, body, flatten, market, until


def test_place_repeat_conflict_watch_close(stack: Stack) -> None:
    flatten(stack)
    order = market()
    with Page(stack, token=stack.token()) as page:
        page.wait("snapshot")
        first = stack.api("POST", "/orders", order)
        assert first.status_code == 201, first.text
        assert first.json()["state"] in ("acked", "working", "filled")
        again = stack.api("POST", "/orders", {**order, "qty": "0.010", "reduce_only": False, "price": None})
        assert again.status_code == 200
        other = stack.api("POST", "/orders", {**order, "qty": "0.02"})
        assert (other.status_code, other.json()["error"]["code"]) == (409, "id_conflict")
        assert len(stack.paper.journal(order["id"])) == 1

        fill = page.wait("fill", lambda message: message["fill"]["order"] == order["id"])["fill"]
        assert Decimal(fill["qty"]) == Decimal("0.01")
        page.wait(
            "order",
            lambda message: message["order"]["id"] == order["id"] and message["order"]["state"] == "filled",
        )
        shown = page.wait("position", lambda message: message["position"]["size"] == "0.01")
        assert shown["seen"]
        position = shown["position"]
        assert (position["side"], position["symbol"]) == ("Buy", "BTCUSDT")

        close = {"id": str(uuid.uuid4())}
        closed = stack.api("POST", f"/positions/{position['id']}/close", close)
        assert closed.status_code == 201, closed.text
        page.wait(
            "position", lambda message: message["position"]["size"] == "0" and message["seq"] > shown["seq"]
        )
        repeated = stack.api("POST", f"/positions/{position['id']}/close", close)
        assert (repeated.status_code, repeated.json()["state"]) == (200, "filled")
        assert len(stack.paper.journal(close["id"])) == 1

        seqs = [message["seq"] for message in page.messages if "account" in message and "seq" in message]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    agrees_with_the_exchange(stack)


def test_a_batch_answers_each_item_by_itself(stack: Stack) -> None:
    good, other = body(stack), body(stack)
    items = [
        good,
        {**body(stack), "qty": 1},
        {**body(stack), "qty": "0.0001"},
        {**good, "qty": "0.02"},
        good,
        other,
    ]
    answer = stack.api("POST", "/orders/batch", {"items": items})
    assert answer.status_code == 200, answer.text
    found = answer.json()["items"]
    assert [item["status"] for item in found] == [201, 422, 422, 409, 200, 201]
    assert found[0]["order"]["id"] == good["id"]
    assert found[2]["error"]["detail"]["rule"] == "qty_step"
    sent = [stack.paper.journal(item["id"], "/v5/order/create-batch") for item in (good, other)]
    assert [len(found) for found in sent] == [1, 1]
    assert stack.api("POST", "/orders/batch", {"items": []}).status_code == 422
    flatten(stack)


NAMED = (
    "time_in_force",
    "reduce_only",
    "position_idx",
    "trigger_price",
    "trigger_by",
    "take_profit",
    "stop_loss",
    "seen",
)


def test_null_is_as_good_as_absent(stack: Stack) -> None:
    order = {**body(stack), **dict.fromkeys(NAMED)}
    assert stack.api("POST", "/orders", order).status_code == 201
    assert stack.api("POST", "/orders", {k: v for k, v in order.items() if v is not None}).status_code == 200
    flatten(stack)


def test_twenty_taps_at_once_make_one_order(stack: Stack) -> None:
    order, answers = body(stack), []

    def tap() -> None:
        answers.append(stack.api("POST", "/orders", order).status_code)

    taps = [threading.Thread(target=tap) for _ in range(20)]
    for thread in taps:
        thread.start()
    for thread in taps:
        thread.join()
    assert sorted(answers) == [200] * 19 + [201]
    assert len(stack.paper.journal(order["id"])) == 1
    assert stack.api("DELETE", f"/orders/{order['id']}").status_code == 200
    until(stack, order["id"], "cancelled")
    assert stack.api("DELETE", f"/orders/{order['id']}").status_code == 200


def test_a_partial_close_rounds_down_and_too_little_is_refused(stack: Stack) -> None:
    flatten(stack)
    stack.api("POST", "/orders", market(qty="0.005"))
    position = wait_for(lambda: stack.api("GET", "/positions").json()["items"], 10)[0]
    address = f"/positions/{position['id']}/close"
    half = stack.api("POST", address, {"id": str(uuid.uuid4()), "fraction": "0.5"})
    assert (half.status_code, half.json()["qty"], half.json()["reduce_only"]) == (201, "0.002", True)
    wait_for(lambda: stack.api("GET", "/positions").json()["items"][0]["size"] == "0.003", 10)
    tiny = stack.api("POST", address, {"id": str(uuid.uuid4()), "fraction": "0.1"})
    assert (tiny.status_code, tiny.json()["error"]["code"]) == (422, "below_min")
    flatten(stack)
    flat = stack.api("POST", address, {"id": str(uuid.uuid4())})
    assert (flat.status_code, flat.json()["error"]["detail"]["rule"]) == (422, "below_min")


def test_an_order_made_elsewhere_appears_and_can_be_cancelled(stack: Stack) -> None:
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
        },
    )
    exchange_id = made.get("result", made)["orderId"]

    def adopted() -> Any:
        items = stack.api("GET", "/orders?state=open").json()["items"]
        return next((item for item in items if item["exchange_order_id"] == exchange_id), None)

    order = wait_for(adopted, 10, "the adopted order")
    assert (order["source"], order["state"]) == ("external", "working")
    assert stack.api("DELETE", f"/orders/{order['id']}").status_code == 200
    until(stack, order["id"], "cancelled")


def test_cancel_all_of_many_orders_under_bybit_s_rate_limits(stack: Stack) -> None:
    flatten(stack)
    wish = body(stack)
    for _ in range(120):
        assert stack.api("POST", "/orders", wish | {"id": str(uuid.uuid4())}).status_code == 201
    stack.paper.control("limits", {"scale": 1})
    done = stack.api("POST", "/orders/cancel-all", {"account": "paper"})
    assert done.ok, done.text
    assert [item["result"] for item in done.json()["items"]] == ["cancelled"] * 120
    assert stack.api("GET", "/orders?state=open").json()["items"] == []


def test_cancel_all_leaves_nothing_and_names_each(stack: Stack) -> None:
    flatten(stack)
    orders = [body(stack) for _ in range(5)]
    for order in orders:
        assert stack.api("POST", "/orders", order).status_code == 201
    done = stack.api("POST", "/orders/cancel-all", {"account": "paper"})
    results = {item["order"]["id"]: item["result"] for item in done.json()["items"]}
    assert results == {order["id"]: "cancelled" for order in orders}
    assert stack.api("POST", "/orders/cancel-all", {"account": "paper"}).json() == {"items": []}


def test_post_only_that_would_cross_ends_cancelled_with_the_reason(stack: Stack) -> None:
    crossing = format(Decimal(stack.paper.last("BTCUSDT")) + 50, "f")
    order = body(stack, price=crossing, time_in_force="PostOnly")
    assert stack.api("POST", "/orders", order).status_code == 201
    ended = until(stack, order["id"], "cancelled")
    reasons = [event["body"].get("rejectReason") for event in ended["events"]]
    assert "EC_PostOnlyWillTakeLiquidity" in reasons


def test_too_large_an_order_is_refused_by_bybit_with_its_code(stack: Stack) -> None:
    order = market(qty="400")
    answer = stack.api("POST", "/orders", order)
    assert answer.status_code == 201
    assert (answer.json()["state"], answer.json()["reject_code"]) == ("rejected", "110007")
    assert len(stack.paper.journal(order["id"])) == 1


BAD: list[tuple[str, dict[str, Any]]] = [
    ("a JSON number", {"qty": 0.01}),
    ("a JSON whole number", {"qty": 1}),
    ("NaN", {"qty": "NaN"}),
    ("infinity", {"qty": "Infinity"}),
    ("a plus sign", {"qty": "+1"}),
    ("below zero", {"qty": "-1"}),
    ("minus zero", {"qty": "-0"}),
    ("an exponent", {"qty": "1e2"}),
    ("zero", {"qty": "0"}),
    ("zero with a tail", {"qty": "0.000"}),
    ("too many digits", {"qty": "1" * 19}),
    ("too many places", {"qty": "0." + "0" * 18 + "1"}),
    ("a leading zero", {"qty": "01"}),
    ("another script's digits", {"qty": "١"}),
    ("full-width digits", {"qty": "１"}),
    ("a space", {"qty": " 1"}),
    ("an underscore", {"qty": "1_0"}),
    ("a comma", {"qty": "1,5"}),
    ("true", {"qty": True}),
    ("null", {"qty": None}),
    ("off-step", {"qty": "0.0101"}),
    ("off-tick", {"price": "60000.05"}),
    ("below the smallest size", {"qty": "0.0005"}),
    ("worth too little", {"qty": "0.001", "price": "100"}),
    ("above the largest size", {"qty": "999999"}),
    ("an unknown market", {"symbol": "NOPEUSDT"}),
    ("a smuggled parameter", {"symbol": "BTCUSDT&openOnly=1"}),
    ("a look-alike letter", {"symbol": "BТCUSDT"}),
    ("an unknown field", {"stop": "1"}),
    ("an upper-case id", {"id": str(uuid.uuid4()).upper()}),
    ("a bare-hex id", {"id": uuid.uuid4().hex}),
    ("an urn id", {"id": f"urn:uuid:{uuid.uuid4()}"}),
    ("no id", {"id": None}),
    ("an unknown side", {"side": "buy"}),
    ("an unknown type", {"order_type": "Stop"}),
    ("a limit without price", {"price": None}),
    ("a market with price", {"order_type": "Market"}),
    ("text for a flag", {"reduce_only": "true"}),
    ("a hedge index in one-way mode", {"position_idx": 1}),
    ("an unreadable stamp", {"seen": "nonsense"}),
    ("a flag for an index", {"position_idx": True}),
    ("a fraction for an index", {"position_idx": 0.0}),
    ("a stop loss on the wrong side", {"stop_loss": "99999"}),
]


@pytest.mark.parametrize(("what", "change"), BAD, ids=[name for name, _ in BAD])
def test_bad_input_is_a_clear_422_with_nothing_written_or_sent(
    stack: Stack, what: str, change: dict[str, Any]
) -> None:
    order = {**body(stack), **change}
    answer = stack.api("POST", "/orders", order)
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "detail"}
    assert "Nothing was sent" in error["message"]
    looked_up = str(change.get("id") or order["id"]).removeprefix("urn:uuid:").lower()
    if len(looked_up) == 36:
        assert stack.paper.journal(looked_up) == []
        assert stack.api("GET", f"/orders/{looked_up}").status_code == 404


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "{}", "null", '{"id": NaN}', '{"qty": "1", "qty": "2"}', "{" * 5000, "\x00"],
)
def test_a_body_that_is_not_an_order_is_a_422(stack: Stack, text: str) -> None:
    headers = {"Authorization": f"Bearer {stack.token()}", "Content-Type": "application/json"}
    import requests

    answer = requests.post(f"{stack.url}/api/v1/orders", data=text.encode(), headers=headers, timeout=10)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid"


@pytest.mark.parametrize(
    "path",
    [
        "/orders?account=%00",
        "/executions?account=%00",
        "/events?account=%00",
        "/instruments?q=%00",
        "/instruments?cursor=%00",
        "/orders?cursor=%00",
        "/orders/%00",
    ],
)
def test_no_odd_character_is_more_than_a_422(stack: Stack, path: str) -> None:
    answer = stack.api("GET", path)
    assert answer.status_code in (404, 422)
    assert set(answer.json()) == {"error"}


def test_the_lists_page_and_refuse_foreign_cursors(stack: Stack) -> None:
    made = [body(stack)["id"] for _ in range(3)]
    for order_id in made:
        stack.api("POST", "/orders", body(stack, id=order_id))
    first = stack.api("GET", "/orders?limit=2").json()
    second = stack.api("GET", f"/orders?limit=2&cursor={first['next']}").json()
    ids = [item["id"] for item in first["items"] + second["items"]]
    assert ids[:3] == made[::-1]
    assert len(set(ids)) == 4
    for bad in ("limit=0", "limit=201", "cursor=%22", "cursor=W10", "state=sleeping"):
        assert stack.api("GET", f"/orders?{bad}").status_code == 422
    flatten(stack)
