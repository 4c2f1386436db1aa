"""Spot, from the API to the exchange and back: by value and by size, waiting and resting, refused, in batches."""

import uuid
from decimal import Decimal
from typing import Any

from tests.conftest import Stack, wait_for
from tests.house.desk import place, sent
from tests.house.orders import body, market, until

D = Decimal


def spot(**changes: Any) -> dict[str, Any]:
    return market(category="spot", **changes)


def coin(stack: Stack, name: str) -> Decimal:
    (wallet,) = stack.api("GET", "/wallet").json()["items"]
    return next((D(row["wallet_balance"]) for row in wallet["coins"] if row["coin"] == name), D(0))


def test_spot_is_bought_by_value_and_sold_by_size(desk: Stack) -> None:
    bought = spot(qty="650", market_unit="quoteCoin")
    place(desk, bought)
    row = until(desk, bought["id"], "filled", "cancelled")
    assert D(row["filled_qty"]) > 0
    assert sent(desk, bought["id"])["marketUnit"] == "quoteCoin"
    assert "positionIdx" not in sent(desk, bought["id"])
    wait_for(lambda: coin(desk, "BTC") > 0, what="coins in the wallet")
    assert desk.api("GET", "/positions").json()["items"] == []
    fills = desk.order(bought["id"])["fills"]
    assert {fill["fee_currency"] for fill in fills} == {"BTC"}
    listed = {
        category: [
            row["id"]
            for row in desk.api("GET", f"/orders?symbol=BTCUSDT&category={category}").json()["items"]
        ]
        for category in ("linear", "spot")
    }
    assert bought["id"] in listed["spot"]
    assert bought["id"] not in listed["linear"]
    step = D(desk.api("GET", "/instruments?category=spot&q=BTCUSDT").json()["items"][0]["qty_step"])
    size = (coin(desk, "BTC") / step).to_integral_value(rounding="ROUND_DOWN") * step
    sold = spot(side="Sell", qty=format(size, "f"))
    place(desk, sold)
    until(desk, sold["id"], "filled")
    wait_for(lambda: coin(desk, "BTC") < step, what="no coins")


def test_a_spot_limit_order_and_a_conditional_one_are_amended_and_cancelled_by_kind(desk: Stack) -> None:
    last = D(desk.paper.last("BTCUSDT"))
    price = format((last * D("0.97")).quantize(D("1")), "f")
    plain = spot(order_type="Limit", price=price, qty="0.001")
    waiting = spot(
        order_type="Limit",
        price=price,
        qty="0.001",
        trigger_price=format((last * D("0.98")).quantize(D("1")), "f"),
    )
    for order in (plain, waiting):
        place(desk, order)
        until(desk, order["id"], "working")
    lower = format((last * D("0.96")).quantize(D("1")), "f")
    assert desk.api("PATCH", f"/orders/{plain['id']}", {"price": lower}).status_code == 200
    wait_for(lambda: D(desk.order(plain["id"])["price"]) == D(lower), what="the new price")
    answer = desk.api("POST", "/orders/cancel-all", {"account": "paper", "include": ["orders"]})
    assert [item["order"]["id"] for item in answer.json()["items"]] == [plain["id"]]
    assert until(desk, waiting["id"], "working")["exchange_status"] == "Untriggered"
    assert desk.api("DELETE", f"/orders/{waiting['id']}").status_code == 200
    until(desk, waiting["id"], "cancelled")
    locked = {**waiting, "id": str(uuid.uuid4()), "order_filter": "tpslOrder"}
    place(desk, locked)
    until(desk, locked["id"], "working")
    answer = desk.api("POST", "/orders/cancel-all", {"account": "paper"})
    assert [item["order"]["id"] for item in answer.json()["items"]] == [locked["id"]]
    until(desk, locked["id"], "cancelled")


def test_spot_refusals_are_refusals(desk: Stack) -> None:
    poor = spot(side="Sell", qty="5")
    row = place(desk, poor)
    assert row["state"] == "rejected"
    assert row["reject_code"] == "170131"
    for change in ({"qty": "0.5"}, {"qty": "0.000000001", "side": "Sell"}):
        answer = desk.api("POST", "/orders", spot(**change))
        assert answer.status_code == 422, answer.text


def test_a_batch_of_spot_and_linear_goes_out_by_category(desk: Stack) -> None:
    last = D(desk.paper.last("BTCUSDT"))
    price = format((last * D("0.97")).quantize(D("1")), "f")
    orders = [body(desk), spot(order_type="Limit", price=price, qty="0.001"), body(desk, symbol="ETHUSDT")]
    answer = desk.api("POST", "/orders/batch", {"items": orders})
    assert [item["status"] for item in answer.json()["items"]] == [201, 201, 201]
    for order in orders:
        until(desk, order["id"], "working")
        assert len(desk.paper.journal(order["id"], "/v5/order/create-batch")) == 1
