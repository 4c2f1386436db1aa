"""Batch calls: one request, many orders, each with an answer of its own."""

from __future__ import annotations

from typing import Any

import pytest

from .exchange import Exchange, Trader

Row = dict[str, Any]


def limit_order(link: str, **more: Any) -> Row:
    order = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.010", "price": "59000"}
    return {**order, "orderLinkId": link, **more}


def batch(trader: Trader, what: str, requests: list[Row], **more: Any) -> Row:
    return trader.post(f"/v5/order/{what}-batch", category="linear", request=requests, **more)


def codes(document: Row) -> list[int]:
    assert document["retCode"] == 0, document
    return [row["code"] for row in document["retExtInfo"]["list"]]


def test_a_stranger_s_batch_with_pybit(exchange: Exchange, trader: Trader) -> None:
    requests = [limit_order(f"{trader.account}-{number}") for number in range(3)]
    requests[1]["qty"] = "1000"
    document = trader.http.place_batch_order(category="linear", request=requests)
    rows = document["result"]["list"]
    assert codes(document) == [0, 110007, 0]
    assert [row["orderLinkId"] for row in rows] == [order["orderLinkId"] for order in requests]
    assert (rows[1]["orderId"], rows[1]["createAt"]) == ("", "")
    assert set(rows[0]) == {"category", "symbol", "orderId", "orderLinkId", "createAt"}
    assert len(trader.rows("/v5/order/realtime", symbol="BTCUSDT")) == 2
    named = [
        {"symbol": "BTCUSDT", "orderId": rows[0]["orderId"]},
        {"symbol": "BTCUSDT", "orderLinkId": "no-such"},
    ]
    document = trader.http.amend_batch_order(
        category="linear", request=[{**each, "qty": "0.020"} for each in named]
    )
    assert codes(document) == [0, 110001]
    assert trader.row(rows[0]["orderId"])["qty"] == "0.020"
    document = trader.http.cancel_batch_order(category="linear", request=named)
    assert codes(document) == [0, 110001]
    assert set(document["result"]["list"][0]) == {"category", "symbol", "orderId", "orderLinkId"}
    assert trader.row(rows[0]["orderId"])["orderStatus"] == "Cancelled"
    assert len(exchange.journal(requests[2]["orderLinkId"])) == 1


def test_one_link_twice_in_a_batch(trader: Trader) -> None:
    document = batch(trader, "create", [limit_order("twin"), limit_order("twin")])
    assert codes(document) == [0, 110072]


def test_conditional_orders_are_not_amended_in_a_batch(trader: Trader) -> None:
    order_id = trader.placed(triggerPrice="61000", triggerDirection=1)
    changes = [{"symbol": "BTCUSDT", "orderId": order_id, "triggerPrice": "62000"}]
    assert codes(batch(trader, "amend", changes)) == [10001]
    assert codes(batch(trader, "cancel", [{"symbol": "BTCUSDT", "orderId": order_id}])) == [0]


@pytest.mark.parametrize("requests", [[], "x", [1], [{}] * 21])
def test_the_whole_is_refused(trader: Trader, requests: Any) -> None:
    document = batch(trader, "create", requests)
    assert (document["retCode"], document["result"], document["retExtInfo"]) == (10001, {}, {})
    document = trader.post("/v5/order/create-batch", request=[limit_order("x")])
    assert document["retCode"] == 10001


def test_each_order_uses_the_limit_up(exchange: Exchange, trader: Trader) -> None:
    exchange.control("limits", scale=1)
    requests = [limit_order(f"{trader.account}-{number}") for number in range(14)]
    document = batch(trader, "create", requests)
    assert codes(document) == [0] * 10 + [10006] * 4
    assert batch(trader, "create", requests[10:])["retCode"] == 10006
    exchange.control("limits", scale="off")
    assert len(trader.rows("/v5/order/realtime", symbol="BTCUSDT")) == 10


def test_a_batch_that_was_lost_looks_like_one_that_was_not(exchange: Exchange, trader: Trader) -> None:
    exchange.control("fault", endpoint="/v5/order/create-batch", accept="never", reply="ok", count=1)
    document = batch(trader, "create", [limit_order("lost-1"), limit_order("lost-2")])
    assert codes(document) == [0, 0]
    assert [row["orderLinkId"] for row in document["result"]["list"]] == ["lost-1", "lost-2"]
    assert trader.rows("/v5/order/realtime", symbol="BTCUSDT") == []


def test_a_batch_whose_answer_was_lost_is_carried_out(exchange: Exchange, trader: Trader) -> None:
    exchange.control("fault", endpoint="/v5/order/*", reply="ret", code=10016, count=1)
    document = batch(
        trader, "create", [limit_order(f"{trader.account}-1"), limit_order(f"{trader.account}-2")]
    )
    assert (document["retCode"], document["retExtInfo"]) == (10016, {})
    assert len(trader.rows("/v5/order/realtime", symbol="BTCUSDT")) == 2
