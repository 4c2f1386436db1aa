"""The sockets: what is pushed, in which order, how soon, and how the conversation goes."""

from __future__ import annotations

import hashlib
import hmac
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from .exchange import Exchange, Inbox, Trader

ALL = ("order", "execution", "position", "wallet")


class Plain:
    """A socket without any library's opinions."""

    def __init__(self, exchange: Exchange, path: str) -> None:
        self._stack = ExitStack()
        address = f"ws://127.0.0.1:{exchange.port}{path}"
        self.link: ClientConnection = self._stack.enter_context(
            connect(address, proxy=None, close_timeout=0.2)
        )

    def close(self) -> None:
        self._stack.close()

    def say(self, **message: Any) -> None:
        self.link.send(json.dumps(message))

    def hear(self, seconds: float = 5) -> dict[str, Any]:
        text = self.link.recv(timeout=seconds)
        assert isinstance(text, str) and not text.startswith("{ ")
        return dict(json.loads(text))

    def sign_in(self, trader: Trader, **req: str) -> dict[str, Any]:
        expires = int(time.time() * 1000) + 5_000
        signature = _signature(trader, expires)
        self.say(op="auth", args=[trader.key, expires, signature], **req)
        return self.hear()


def _signature(trader: Trader, expires: int) -> str:
    return hmac.new(trader.secret.encode(), f"GET/realtime{expires}".encode(), hashlib.sha256).hexdigest()


@pytest.fixture
def private(exchange: Exchange) -> Iterator[Plain]:
    plain = Plain(exchange, "/v5/private")
    yield plain
    plain.close()


@pytest.fixture
def public(exchange: Exchange) -> Iterator[Plain]:
    plain = Plain(exchange, "/v5/public/linear")
    yield plain
    plain.close()


def test_a_resting_order_and_its_fill(exchange: Exchange, trader: Trader) -> None:
    inbox = trader.listen(*ALL)
    order_id = trader.placed("Buy", "0.010", "59000", orderLinkId="pushed")
    assert [inbox.next()["topic"] for _ in range(3)] == ["order", "position", "wallet"]
    match = exchange.control("fill", orderId=order_id, qty="0.004")
    frames = [inbox.next() for _ in range(4)]
    assert [frame["topic"] for frame in frames] == ["execution", "order", "position", "wallet"]
    assert set(frames[0]) == {"id", "topic", "creationTime", "data"}
    execution, order, position, wallet = (frame["data"][0] for frame in frames)
    assert (execution["execId"], execution["orderLinkId"]) == (match["execId"], "pushed")
    assert (order["orderStatus"], order["cumExecQty"]) == ("PartiallyFilled", "0.004")
    assert (position["entryPrice"], position["size"]) == ("59000", "0.004")
    assert position["seq"] == execution["seq"] and "avgPrice" not in position
    assert wallet == trader.wallet()
    trader.http.cancel_order(category="linear", symbol="BTCUSDT", orderId=order_id)
    assert inbox.next("order")["data"][0]["orderStatus"] == "Cancelled"


def test_the_ack_comes_before_the_pushes(trader: Trader) -> None:
    inbox = trader.listen("order")
    acked: list[int] = []
    for _ in range(20):
        trader.placed("Buy", "0.010", "59000")
        acked.append(time.time_ns())
    arrived = [inbox.frames.get(timeout=5)[0] for _ in range(20)]
    late_ms = [(push - ack) / 1e6 for ack, push in zip(acked, arrived, strict=True)]
    assert statistics.median(late_ms) < 20


def test_a_fill_is_pushed_promptly(exchange: Exchange, trader: Trader) -> None:
    inbox = trader.listen("execution")
    order_id = trader.placed("Buy", "0.100", "59000")
    late_ms = []
    for _ in range(50):
        match = exchange.control("fill", orderId=order_id, qty="0.001")
        late_ms.append((inbox.frames.get(timeout=5)[0] - match["at_ns"]) / 1e6)
    assert statistics.median(late_ms) < 10


def test_per_category_topics_and_fast_executions(exchange: Exchange, trader: Trader) -> None:
    inbox = trader.listen("order.linear", "execution.fast")
    order_id = trader.placed("Buy", "0.010", "59000", orderLinkId="fast")
    assert inbox.next()["topic"] == "order.linear"
    exchange.control("fill", orderId=order_id)
    frame = inbox.next("execution.fast")
    assert "id" not in frame
    assert (frame["data"][0]["orderLinkId"], frame["data"][0]["isMaker"]) == ("", True)


def test_only_the_owner_hears(exchange: Exchange, trader: Trader) -> None:
    other = exchange.open_trader()
    inbox = other.listen("order")
    trader.placed("Buy", "0.010", "59000")
    mine = other.placed("Buy", "0.010", "59000")
    assert inbox.next()["data"][0]["orderId"] == mine
    other.close()


def test_external_orders_are_pushed_without_a_link(exchange: Exchange, trader: Trader) -> None:
    inbox = trader.listen("order")
    body = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01", "price": "59000"}
    order_id = exchange.control("external", account=trader.account, orderLinkId="ignored", **body)["orderId"]
    row = inbox.next()["data"][0]
    assert (row["orderId"], row["orderLinkId"], row["orderStatus"]) == (order_id, "", "New")


def test_the_conversation_on_the_private_socket(private: Plain, trader: Trader) -> None:
    private.say(op="subscribe", args=["order"], req_id="early")
    assert private.hear()["success"] is False
    begun = time.monotonic()
    reply = private.sign_in(trader, req_id="a1")
    assert time.monotonic() - begun >= 0.02
    assert reply == {
        "success": True,
        "ret_msg": "",
        "conn_id": reply["conn_id"],
        "req_id": "a1",
        "op": "auth",
    }
    private.say(op="subscribe", args=["order", "wallet"], req_id="s1")
    assert private.hear()["req_id"] == "s1"
    for topics, text in (
        (["order"], "already subscribed"),
        (["nonsense"], "handler not found"),
        ([], "empty"),
    ):
        private.say(op="subscribe", args=topics)
        reply = private.hear()
        assert reply["success"] is False and text in reply["ret_msg"]
    private.say(op="ping", req_id="p1")
    reply = private.hear()
    assert (reply["op"], reply["req_id"], len(reply["args"])) == ("pong", "p1", 1)
    private.link.send("not json")
    assert private.hear()["success"] is False
    private.say(op="dance")
    assert private.hear()["success"] is False
    private.say(op="unsubscribe", args=["order"])
    assert private.hear()["op"] == "unsubscribe"
    trader.placed("Buy", "0.010", "59000")
    assert private.hear()["topic"] == "wallet"
    assert private.link.ping().wait(5)


@pytest.mark.parametrize("wrong", ["late", "key", "signature", "shape"])
def test_a_wrong_sign_in(private: Plain, trader: Trader, wrong: str) -> None:
    expires = int(time.time() * 1000) + (-1_000 if wrong == "late" else 5_000)
    args: list[Any] = [trader.key, expires, _signature(trader, expires)]
    if wrong == "key":
        args[0] = "nobody"
    if wrong == "signature":
        args[2] = "0" * 64
    private.say(op="auth", args=args[:2] if wrong == "shape" else args)
    assert (private.hear()["success"]) is False


def test_frames_sent_back_to_back_are_answered_in_order(private: Plain, trader: Trader) -> None:
    expires = int(time.time() * 1000) + 5_000
    private.say(op="auth", args=[trader.key, expires, _signature(trader, expires)], req_id="1")
    for number, topic in enumerate(ALL, start=2):
        private.say(op="subscribe", args=[topic], req_id=str(number))
    replies = [private.hear() for _ in range(5)]
    assert [(reply["req_id"], reply["success"]) for reply in replies] == [(str(n), True) for n in range(1, 6)]


def test_public_ping_and_topics(public: Plain) -> None:
    public.say(op="ping")
    reply = public.hear()
    assert reply == {
        "success": True,
        "ret_msg": "pong",
        "conn_id": reply["conn_id"],
        "req_id": "",
        "op": "ping",
    }
    for topic in ("tickers.NOPEUSDT", "orderbook.7.BTCUSDT", "kline.2.BTCUSDT", "order", "what.BTCUSDT"):
        public.say(op="subscribe", args=[topic])
        assert public.hear()["success"] is False


def test_the_book_can_be_followed_by_deltas(exchange: Exchange, public: Plain) -> None:
    public.say(op="subscribe", args=["orderbook.50.BTCUSDT"], req_id="b")
    assert public.hear()["req_id"] == "b"
    frame = public.hear()
    assert frame["type"] == "snapshot" and len(frame["data"]["b"]) == len(frame["data"]["a"]) == 50
    sides = {name: dict(frame["data"][name]) for name in "ab"}
    update = frame["data"]["u"]
    for _ in range(5):
        exchange.control("step", ticks=1)
        frame = public.hear()
        assert frame["type"] == "delta" and frame["data"]["u"] > update
        update = frame["data"]["u"]
        for name in "ab":
            for price, size in frame["data"][name]:
                if size == "0":
                    del sides[name][price]
                else:
                    sides[name][price] = size
    book = exchange.public("/v5/market/orderbook", category="linear", symbol="BTCUSDT", limit=50)["result"]
    assert sides == {name: dict(book[name]) for name in "ab"}
    assert (book["u"], max(sides["b"], key=float) < min(sides["a"], key=float)) == (update, True)


def test_a_user_order_shows_in_the_book(exchange: Exchange, trader: Trader, public: Plain) -> None:
    public.say(op="subscribe", args=["orderbook.1.BTCUSDT"])
    public.hear()
    first = public.hear()["data"]
    price = f"{float(first['a'][0][0]) - 0.1:.2f}"
    trader.placed("Buy", "0.777", price)
    frame = public.hear()
    assert frame["type"] == "snapshot" and frame["data"]["b"] == [[price, "0.777"]]


def test_tickers_trades_and_candles(exchange: Exchange) -> None:
    inbox = Inbox(exchange, "linear")
    for name in ("ticker", "trade"):
        getattr(inbox.socket, f"{name}_stream")("BTCUSDT", inbox.put)
    inbox.socket.kline_stream(1, "BTCUSDT", inbox.put)
    assert inbox.next("tickers.BTCUSDT")["data"]["lastPrice"] == "60000.00"
    assert inbox.next("kline.1.BTCUSDT")["data"][0]["close"] == "60000.00"
    exchange.control("price", symbol="BTCUSDT", price="60123.4")
    assert inbox.next("tickers.BTCUSDT")["data"]["markPrice"] == "60123.40"
    candle = inbox.next("kline.1.BTCUSDT")["data"][0]
    assert (candle["close"], candle["confirm"]) == ("60123.40", False)
    exchange.control("step", ticks=1)
    trade = inbox.next("publicTrade.BTCUSDT")["data"][0]
    assert set(trade) == {"T", "s", "S", "v", "p", "L", "i", "BT", "RPI", "seq"}
    inbox.socket.exit()
