"""Conditional orders: waiting, firing, being refused when they fire, amended and cancelled before."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from pybit.exceptions import InvalidRequestError

from .exchange import Exchange, Trader

RISE = {"triggerPrice": "61000", "triggerDirection": 1}
FALL = {"triggerPrice": "59000", "triggerDirection": 2}


def statuses(trader: Trader, order_id: str) -> str:
    return str(trader.row(order_id)["orderStatus"])


def move(exchange: Exchange, *prices: str) -> None:
    for price in prices:
        exchange.control("price", symbol="BTCUSDT", price=price)


def test_a_stranger_places_a_conditional_order_with_pybit(exchange: Exchange, trader: Trader) -> None:
    inbox = trader.listen("order", "execution")
    placed = trader.http.place_order(
        category="linear", symbol="BTCUSDT", side="Buy", orderType="Market", qty="0.010", triggerPrice="61000",
        triggerDirection=1, orderLinkId=f"cond-{trader.account}",
    )["result"]  # fmt: skip
    row = trader.row(placed["orderId"])
    assert (row["orderStatus"], row["stopOrderType"], row["triggerPrice"]) == (
        "Untriggered",
        "Stop",
        "61000.00",
    )
    assert (row["triggerDirection"], row["triggerBy"], row["leavesQty"]) == (1, "LastPrice", "0.010")
    assert trader.wallet()["totalInitialMargin"] == "0"
    move(exchange, "60900")
    assert statuses(trader, placed["orderId"]) == "Untriggered"
    move(exchange, "61000")
    frames = [inbox.next("order")["data"] for _ in range(3)]
    assert [row["orderStatus"] for rows in frames for row in rows] == ["Untriggered", "Triggered", "Filled"]
    assert inbox.next("execution")["data"][0]["stopOrderType"] == "Stop"
    assert trader.position()["size"] == "0.01"
    row = trader.row(placed["orderId"])
    assert (row["createType"], row["orderStatus"], row["orderLinkId"]) == (
        "CreateByStopOrder", "Filled", placed["orderLinkId"],
    )  # fmt: skip


def test_a_limit_one_rests_once_it_has_fired(exchange: Exchange, trader: Trader) -> None:
    order_id = trader.placed("Buy", "0.010", "58000", **FALL)
    move(exchange, "59000")
    row = trader.row(order_id)
    assert (row["orderStatus"], row["price"], row["stopOrderType"]) == ("New", "58000.00", "Stop")
    active = trader.rows("/v5/order/realtime", symbol="BTCUSDT", orderFilter="Order")
    assert [row["orderId"] for row in active] == [order_id]
    assert trader.rows("/v5/order/realtime", symbol="BTCUSDT", orderFilter="StopOrder") == []
    move(exchange, "58000")
    assert statuses(trader, order_id) == "Filled"


@pytest.mark.parametrize("by", ["MarkPrice", "IndexPrice"])
def test_the_price_it_watches(exchange: Exchange, trader: Trader, by: str) -> None:
    order_id = trader.placed("Sell", "0.010", triggerBy=by, **FALL)
    assert trader.row(order_id)["triggerBy"] == by
    move(exchange, "59000")
    assert statuses(trader, order_id) == "Filled"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"triggerPrice": "59000", "triggerDirection": 1}, 110092),
        ({"triggerPrice": "60000", "triggerDirection": 1}, 110092),
        ({"triggerPrice": "61000", "triggerDirection": 2}, 110093),
        ({"triggerPrice": "61000"}, 10001),
        ({"triggerPrice": "61000", "triggerDirection": 3}, 10001),
        ({"triggerPrice": "61000.05", "triggerDirection": 1}, 10001),
        ({**RISE, "triggerBy": "Oracle"}, 10001),
        ({**RISE, "reduceOnly": True}, 110017),
        ({**RISE, "qty": "0.00001"}, 10001),
    ],
)
def test_refusals(trader: Trader, more: dict[str, Any], code: int) -> None:
    assert trader.order(**more)["retCode"] == code
    assert trader.rows("/v5/order/realtime", symbol="BTCUSDT") == []


def test_ten_are_the_most(trader: Trader) -> None:
    for _ in range(10):
        trader.placed(**RISE, orderLinkId=uuid4().hex)
    assert trader.order(**RISE)["retCode"] == 110009
    trader.placed(price="59000")


def test_cancelled_before_it_fires(trader: Trader) -> None:
    inbox = trader.listen("order")
    order_id = trader.placed(**RISE)
    trader.http.cancel_order(category="linear", symbol="BTCUSDT", orderId=order_id)
    row = inbox.until("order", "orderStatus", "Deactivated")
    assert (row["cancelType"], row["leavesQty"]) == ("CancelByUser", "0.000")
    assert trader.rows("/v5/order/history", orderId=order_id)[0]["orderStatus"] == "Deactivated"
    with pytest.raises(InvalidRequestError) as refusal:
        trader.http.cancel_order(category="linear", symbol="BTCUSDT", orderId=order_id)
    assert refusal.value.status_code == 110001


def test_amended_before_it_fires(exchange: Exchange, trader: Trader) -> None:
    order_id = trader.placed("Buy", "0.010", "60500", **RISE)

    def amend(**changes: str) -> int:
        body = {"category": "linear", "symbol": "BTCUSDT", "orderId": order_id, **changes}
        return int(trader.post("/v5/order/amend", **body)["retCode"])

    assert amend(triggerPrice="59500") == 110092
    assert amend(triggerPrice="61000") == 10001
    assert amend(triggerPrice="62000", qty="0.020", price="61900.5", triggerBy="MarkPrice") == 0
    row = trader.row(order_id)
    assert (row["triggerPrice"], row["qty"], row["price"]) == ("62000.00", "0.020", "61900.50")
    assert row["triggerBy"] == "MarkPrice"
    move(exchange, "61000")
    assert statuses(trader, order_id) == "Untriggered"
    move(exchange, "62000")
    assert statuses(trader, order_id) == "New"


def test_without_margin_when_it_fires(exchange: Exchange, trader: Trader) -> None:
    order_id = trader.placed("Buy", "20", **RISE)
    move(exchange, "61000")
    row = trader.row(order_id)
    assert (row["orderStatus"], row["cancelType"], row["rejectReason"]) == (
        "Cancelled", "CancelByCannotAffordOrderCost", "EC_Others",
    )  # fmt: skip
    assert trader.position()["size"] == "0"


def test_a_closing_one_is_cut_to_what_is_held_and_never_flips(exchange: Exchange, trader: Trader) -> None:
    trader.placed("Buy", "0.100")
    stop = trader.placed("Sell", "0.100", closeOnTrigger=True, **FALL)
    trader.placed("Sell", "0.060")
    late = trader.placed("Sell", "0.100", reduceOnly=True, **FALL)
    move(exchange, "59000")
    row = trader.row(stop)
    assert (row["orderStatus"], row["qty"], row["closeOnTrigger"]) == ("Filled", "0.040", True)
    assert trader.position()["size"] == "0"
    assert (trader.row(late)["orderStatus"], trader.row(late)["cancelType"]) == (
        "Cancelled",
        "CancelByReduceOnly",
    )


def test_which_orders_cancel_all_takes(exchange: Exchange, trader: Trader) -> None:
    def cancel_all(**more: str) -> int:
        body = {"category": "linear", "symbol": "BTCUSDT", **more}
        return len(trader.post("/v5/order/cancel-all", **body)["result"]["list"])

    trader.placed("Buy", "0.100", takeProfit="66000", stopLoss="54000")
    for _ in range(2):
        trader.placed("Buy", "0.010", "59000", orderLinkId=uuid4().hex)
        trader.placed(**RISE, orderLinkId=uuid4().hex)
    assert len(trader.rows("/v5/order/realtime", symbol="BTCUSDT")) == 6
    assert len(trader.rows("/v5/order/realtime", symbol="BTCUSDT", orderFilter="StopOrder")) == 4
    assert cancel_all(orderFilter="tpslOrder") == 0
    assert cancel_all(orderFilter="Order") == 2
    assert cancel_all(orderFilter="StopOrder", stopOrderType="Stop") == 2
    assert (trader.position()["takeProfit"], trader.position()["stopLoss"]) == ("66000.00", "54000.00")
    assert cancel_all() == 2
    assert (trader.position()["takeProfit"], trader.position()["stopLoss"]) == ("", "")
    assert trader.rows("/v5/order/realtime", symbol="BTCUSDT") == []
    exchange.control("step", ticks=1)
