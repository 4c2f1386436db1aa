"""REST faults: whether the request is carried out, and what comes back."""

from __future__ import annotations

import json
import socket
import time
from typing import Any
from uuid import uuid4

import pytest
import requests
from pybit.exceptions import FailedRequestError, InvalidRequestError

from .exchange import Exchange, Trader, eventually

CREATE = "/v5/order/create"


def placed(trader: Trader, link: str) -> bool:
    return any(row["orderLinkId"] == link for row in trader.exchange.truth(trader.account)["orders"])


def send(trader: Trader, link: str, timeout: float = 10) -> requests.Response:
    body = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01"}
    return trader.post_raw(CREATE, json.dumps({**body, "price": "59000", "orderLinkId": link}), timeout)


@pytest.mark.parametrize("accept", ["before", "never"])
@pytest.mark.parametrize(
    ("reply", "more"),
    [
        ("drop", {}), ("rst", {}), ("hang", {"ms": 100}), ("hang", {}), ("drip", {}), ("truncate", {}),
        ("status", {"code": 502}), ("status", {}), ("garbage", {}), ("html", {}), ("ret", {"code": 10016}),
        ("ok", {}), ("ok", {"ms": 80}),
    ],
)  # fmt: skip
def test_every_reply_with_and_without_acceptance(
    exchange: Exchange, trader: Trader, accept: str, reply: str, more: dict[str, int]
) -> None:
    link = str(uuid4())
    exchange.control("fault", endpoint=CREATE, accept=accept, reply=reply, count=1, **more)
    begun = time.monotonic()
    outcome = _outcome(trader, link)
    assert outcome == EXPECTED[reply], outcome
    if more.get("ms"):
        assert time.monotonic() - begun >= more["ms"] / 1000
    assert placed(trader, link) is (accept == "before")
    entries = exchange.journal(link)
    assert [entry["accepted"] for entry in entries] == [accept == "before"]
    assert entries[0]["path"] == CREATE and entries[0]["fault"] == f"{accept}/{reply}"
    assert abs(entries[0]["at_ns"] - time.time_ns()) < 20e9
    assert send(trader, str(uuid4())).json()["retCode"] == 0


EXPECTED: dict[str, Any] = {
    "drop": "connection lost", "rst": "connection lost", "hang": "nothing", "drip": "nothing",
    "truncate": "connection lost", "status": "status 5xx", "garbage": "unreadable", "html": "unreadable",
    "ret": 10016, "ok": 0,
}  # fmt: skip


def _outcome(trader: Trader, link: str) -> str | int:
    try:
        reply = send(trader, link, timeout=0.5)
    except requests.exceptions.ReadTimeout:
        return "nothing"
    except requests.exceptions.ConnectionError as error:
        hung = "Read timed out" in str(error) or _hanging(trader)
        return "nothing" if hung else "connection lost"
    except requests.exceptions.ChunkedEncodingError:
        return "connection lost"
    if reply.status_code >= 500:
        return "status 5xx"
    try:
        return int(reply.json()["retCode"])
    except ValueError:
        return "unreadable"


def _hanging(trader: Trader) -> bool:
    """Whether the last fault of the journal was a hang that has ended by itself."""
    items = trader.exchange.web.get(f"{trader.exchange.base}/_paper/journal", timeout=5).json()["items"]
    return str(items[-1]["fault"]).endswith("/hang")


def test_a_reset_is_a_reset(exchange: Exchange, trader: Trader) -> None:
    exchange.control("fault", endpoint=CREATE, reply="rst", count=1)
    with socket.create_connection(("127.0.0.1", exchange.port), timeout=5) as raw:
        raw.sendall(b"POST /v5/order/create HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        with pytest.raises(ConnectionResetError):
            raw.recv(100)


def test_a_dropped_answer_is_no_reset(exchange: Exchange) -> None:
    exchange.control("fault", endpoint=CREATE, reply="drop", count=1)
    with socket.create_connection(("127.0.0.1", exchange.port), timeout=5) as raw:
        raw.sendall(b"POST /v5/order/create HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        assert raw.recv(100) == b""


@pytest.mark.parametrize(("hold_ms", "expected"), [(300, 0), (1_300, 10002)])
def test_a_late_request_meets_the_time_rule_when_it_arrives(
    exchange: Exchange, trader: Trader, hold_ms: int, expected: int
) -> None:
    """A recv_window of a second stands in for the usual five."""
    exchange.control("fault", endpoint=CREATE, accept="late", ms=hold_ms, reply="ok", count=1)
    body = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01"}
    text = json.dumps({**body, "price": "59000", "orderLinkId": "late"})
    reply = trader.post_raw(CREATE, text, **{"X-BAPI-RECV-WINDOW": "1000"})
    assert reply.json()["retCode"] == expected
    assert placed(trader, "late") is (expected == 0)


def test_a_late_order_is_carried_out_though_the_client_has_gone(exchange: Exchange, trader: Trader) -> None:
    exchange.control("fault", endpoint=CREATE, accept="late", ms=600, reply="drop", count=1)
    with pytest.raises(requests.exceptions.ReadTimeout):
        send(trader, "abandoned", timeout=0.2)
    assert not placed(trader, "abandoned")
    eventually(lambda: placed(trader, "abandoned"))


def test_an_accepted_order_is_pushed_though_its_answer_hangs(exchange: Exchange, trader: Trader) -> None:
    inbox = trader.listen("order")
    exchange.control("fault", endpoint=CREATE, reply="hang", ms=1_000, count=1)
    with pytest.raises(requests.exceptions.ReadTimeout):
        send(trader, "hung", timeout=0.3)
    assert inbox.next("order", seconds=0.5)["data"][0]["orderLinkId"] == "hung"


def test_counts_order_and_clearing(exchange: Exchange, trader: Trader) -> None:
    exchange.control("fault", endpoint=CREATE, reply="ret", code=10016, count=2)
    exchange.control("fault", endpoint=CREATE, reply="ret", code=10000)
    codes = [send(trader, str(uuid4())).json()["retCode"] for _ in range(4)]
    assert codes == [10016, 10016, 10000, 10000]
    exchange.clear_faults()
    assert send(trader, str(uuid4())).json()["retCode"] == 0


def test_a_wildcard_meets_every_path_but_never_the_control_calls(exchange: Exchange, trader: Trader) -> None:
    exchange.control("fault", endpoint="/v5/*", accept="never", reply="status", code=503)
    assert exchange.web.get(exchange.base + "/v5/market/time", timeout=5).status_code == 503
    assert send(trader, "x").status_code == 503
    assert exchange.truth(trader.account)["orders"] == []


def test_what_pybit_makes_of_them(exchange: Exchange, trader: Trader) -> None:
    order = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01"}
    for reply, more, error in (
        ("status", {"code": 503}, FailedRequestError),
        ("html", {}, FailedRequestError),
        ("ret", {"code": 10006}, InvalidRequestError),
        ("drop", {}, requests.exceptions.ConnectionError),
    ):
        exchange.control("fault", endpoint=CREATE, reply=reply, count=1, **more)
        with pytest.raises(error):
            trader.http.place_order(**order, price="59000")


@pytest.mark.parametrize("offset_ms", [None, -5_000, 3_600_000])
def test_10006_says_when(exchange: Exchange, trader: Trader, offset_ms: int | None) -> None:
    more = {} if offset_ms is None else {"ms": offset_ms}
    exchange.control("fault", endpoint=CREATE, reply="ret", code=10006, count=1, **more)
    reply = send(trader, "limited")
    away = int(reply.headers["X-Bapi-Limit-Reset-Timestamp"]) - time.time() * 1000
    assert reply.json()["retCode"] == 10006
    assert abs(away - (1_000 if offset_ms is None else offset_ms)) < 500


def test_bad_fault_calls_are_refused(exchange: Exchange) -> None:
    for body in (
        {}, {"endpoint": "/other"}, {"endpoint": CREATE, "reply": "shout"}, {"endpoint": CREATE, "count": 0},
        {"stream": "private"}, {"stream": "public", "do": "sing"}, {"lag": {"wallet": 1}}, {"lag": 5},
        {"endpoint": CREATE, "ms": "long"},
    ):  # fmt: skip
        assert exchange.web.post(f"{exchange.base}/_paper/fault", json=body, timeout=5).status_code == 422
    assert exchange.web.get(f"{exchange.base}/_paper/nothing", timeout=5).status_code == 404


# Faults of time and memory


def test_read_lag(exchange: Exchange, trader: Trader) -> None:
    before = trader.placed("Buy", "0.010", "59000")
    exchange.control("fault", lag={"realtime": 500, "history": 500, "executions": 500})
    order_id = trader.placed("Buy", "0.010", "58000")
    exchange.control("fill", orderId=before)
    assert trader.rows("/v5/order/realtime", orderId=order_id) == []
    assert [row["orderId"] for row in trader.rows("/v5/order/realtime", symbol="BTCUSDT")] == [before]
    assert trader.row(before)["orderStatus"] == "New"
    assert trader.rows("/v5/order/history", orderId=before) == trader.rows("/v5/execution/list") == []
    eventually(lambda: trader.rows("/v5/order/realtime", orderId=order_id))
    eventually(lambda: trader.rows("/v5/order/history", orderId=before))
    assert len(eventually(lambda: trader.rows("/v5/execution/list"))) == 1
    assert [row["orderId"] for row in trader.rows("/v5/order/realtime", symbol="BTCUSDT")] == [order_id]


def test_without_lag_a_write_is_read_back_at_once(trader: Trader) -> None:
    for _ in range(20):
        assert trader.row(trader.placed("Buy", "0.010", "59000"))["orderStatus"] == "New"


def test_a_wiped_cache_forgets_closed_orders_but_history_does_not(exchange: Exchange, trader: Trader) -> None:
    closed = trader.placed("Buy", "0.010", "59000", timeInForce="IOC")
    resting = trader.placed("Buy", "0.010", "59000")
    assert len(trader.rows("/v5/order/realtime", symbol="BTCUSDT", openOnly=1)) == 1
    exchange.control("fault", cache_wipe=True)
    assert trader.rows("/v5/order/realtime", symbol="BTCUSDT", openOnly=1) == []
    assert trader.rows("/v5/order/realtime", orderId=closed) == []
    assert trader.row(resting)["orderStatus"] == "New"
    assert trader.rows("/v5/order/history", orderId=closed)[0]["orderStatus"] == "Cancelled"


@pytest.mark.parametrize(("skew_ms", "expected"), [(900, 0), (4_000, 0), (6_000, 10002), (-1_500, 10002)])
def test_a_clock_apart(exchange: Exchange, trader: Trader, skew_ms: int, expected: int) -> None:
    exchange.control("fault", skew_ms=skew_ms)
    shown = exchange.public("/v5/market/time")
    assert abs(shown["time"] - time.time() * 1000 - skew_ms) < 300
    assert abs(int(shown["result"]["timeNano"]) / 1e6 - time.time() * 1000 - skew_ms) < 300
    assert trader.get("/v5/account/info")["retCode"] == expected


def test_maintenance(exchange: Exchange, trader: Trader) -> None:
    inbox = trader.listen("order")
    exchange.control("fault", maintenance=True)
    assert trader.order(price="59000")["retCode"] == 10016
    assert exchange.public("/v5/system/status")["result"]["list"][0]["state"] == "ongoing"
    assert exchange.public("/v5/market/time")["retCode"] == 0
    eventually(lambda: not inbox.socket.is_connected())
    exchange.clear_faults()
    assert trader.order(price="59000")["retCode"] == 0
    assert exchange.public("/v5/system/status")["result"]["list"] == []


# Rate limits


def test_the_eleventh_order_of_a_second_is_10006(exchange: Exchange, trader: Trader) -> None:
    exchange.control("limits", scale=1)
    replies = [send(trader, str(uuid4())) for _ in range(11)]
    assert [reply.json()["retCode"] for reply in replies] == [0] * 10 + [10006]
    assert [int(reply.headers["X-Bapi-Limit-Status"]) for reply in replies[:3]] == [9, 8, 7]
    assert {reply.headers["X-Bapi-Limit"] for reply in replies} == {"10"}
    reset = int(replies[-1].headers["X-Bapi-Limit-Reset-Timestamp"])
    assert reset > replies[-1].json()["time"]
    assert trader.get("/v5/account/info")["retCode"] == 0
    other = exchange.open_trader()
    assert send(other, "unhindered").json()["retCode"] == 0
    exchange.control("limits", scale=3)
    assert send(trader, "more-room").json()["retCode"] == 0
