"""Socket faults, one by one, as a client meets them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from .exchange import Exchange, Trader
from .test_sockets import Plain

Open = Callable[..., Plain]


@pytest.fixture(scope="module")
def process() -> Iterator[Exchange]:
    """A process of its own: reconnecting sockets of other tests would use up the counts of these faults."""
    exchange = Exchange("--seed", "8")
    exchange.control("pause", on=True)
    yield exchange
    assert exchange.stop() == 0


@pytest.fixture
def ready(exchange: Exchange, trader: Trader) -> Iterator[Open]:
    """Opens private sockets, signed in and subscribed."""
    opened: list[Plain] = []

    def open_socket(*topics: str) -> Plain:
        plain = Plain(exchange, "/v5/private")
        opened.append(plain)
        assert plain.sign_in(trader)["success"]
        plain.say(op="subscribe", args=list(topics or ("order",)))
        assert plain.hear()["success"]
        return plain

    yield open_socket
    for plain in opened:
        plain.close()


def strike(exchange: Exchange, do: str, **more: Any) -> None:
    exchange.control("fault", stream="private", do=do, **more)


def silence(plain: Plain, seconds: float = 0.25) -> None:
    with pytest.raises(TimeoutError):
        plain.hear(seconds)


def test_close(exchange: Exchange, ready: Open) -> None:
    plain = ready()
    strike(exchange, "close")
    with pytest.raises(ConnectionClosed) as closed:
        plain.hear()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1001
    ready()


def test_abort(exchange: Exchange, ready: Open) -> None:
    plain = ready()
    strike(exchange, "abort")
    with pytest.raises(ConnectionClosed) as closed:
        plain.hear()
    assert closed.value.rcvd is None


def test_silent_says_nothing_and_stays_open(exchange: Exchange, trader: Trader, ready: Open) -> None:
    plain = ready()
    strike(exchange, "silent")
    trader.placed("Buy", "0.010", "59000")
    plain.say(op="ping")
    pong = plain.link.ping()
    silence(plain)
    assert not pong.wait(0.1)
    exchange.clear_faults()
    with pytest.raises(ConnectionClosed):
        plain.hear()
    ready()


def test_silence_meets_new_sockets_too_and_ends_by_itself(exchange: Exchange, trader: Trader) -> None:
    strike(exchange, "silent", ms=400)
    plain = Plain(exchange, "/v5/private")
    plain.say(op="ping")
    with pytest.raises(ConnectionClosed):
        plain.hear()


def test_refuse(exchange: Exchange, ready: Open) -> None:
    plain = ready()
    strike(exchange, "refuse", count=2)
    with pytest.raises(ConnectionClosed):
        plain.hear()
    for _ in range(2):
        with pytest.raises(InvalidStatus) as refused:
            Plain(exchange, "/v5/private")
        assert refused.value.response.status_code == 502
    ready()


def test_refuse_for_a_while(exchange: Exchange, ready: Open) -> None:
    strike(exchange, "refuse", ms=300)
    begun = time.monotonic()
    while True:
        try:
            ready()
        except InvalidStatus:
            continue
        break
    assert time.monotonic() - begun >= 0.29


def test_accept_then_close(exchange: Exchange, ready: Open) -> None:
    strike(exchange, "accept_then_close", count=1)
    plain = Plain(exchange, "/v5/private")
    with pytest.raises(ConnectionClosed):
        plain.hear()
    ready()


def test_auth_fail(exchange: Exchange, trader: Trader) -> None:
    strike(exchange, "auth_fail", count=1)
    plain = Plain(exchange, "/v5/private")
    assert plain.sign_in(trader)["success"] is False
    assert plain.sign_in(trader)["success"] is True
    plain.close()


def test_sub_fail(exchange: Exchange, trader: Trader) -> None:
    strike(exchange, "sub_fail", count=1)
    plain = Plain(exchange, "/v5/private")
    plain.sign_in(trader)
    answers = []
    for _ in range(2):
        plain.say(op="subscribe", args=["order"])
        answers.append(plain.hear()["success"])
    assert answers == [False, True]
    plain.close()


def test_dup(exchange: Exchange, trader: Trader, ready: Open) -> None:
    plain = ready()
    strike(exchange, "dup", count=1)
    trader.placed("Buy", "0.010", "59000")
    assert plain.hear() == plain.hear()
    silence(plain)


def test_drop(exchange: Exchange, trader: Trader, ready: Open) -> None:
    plain = ready()
    strike(exchange, "drop", count=1)
    trader.placed("Buy", "0.010", "59000")
    kept = trader.placed("Buy", "0.010", "58000")
    assert plain.hear()["data"][0]["orderId"] == kept


def test_delay(exchange: Exchange, trader: Trader, ready: Open) -> None:
    plain = ready()
    strike(exchange, "delay", ms=300, count=1)
    trader.placed("Buy", "0.010", "59000")
    begun = time.monotonic()
    plain.hear()
    assert time.monotonic() - begun > 0.25


def test_reorder(exchange: Exchange, trader: Trader, ready: Open) -> None:
    plain = ready()
    strike(exchange, "reorder", ms=200)
    order_ids = [trader.placed("Buy", "0.010", "59000") for _ in range(3)]
    heard = [plain.hear()["data"][0]["orderId"] for _ in range(3)]
    assert heard == order_ids[::-1]


def test_new_enum(exchange: Exchange, trader: Trader, ready: Open) -> None:
    plain = ready()
    strike(exchange, "new_enum", count=1)
    trader.placed("Buy", "0.010", "59000")
    trader.placed("Buy", "0.010", "59000")
    assert [plain.hear()["data"][0]["orderStatus"] for _ in range(2)] == ["HeldForReview", "New"]


def test_unknown_topic_and_bad_json(exchange: Exchange, ready: Open) -> None:
    plain = ready()
    strike(exchange, "unknown_topic")
    assert plain.hear()["topic"] == "order.of.merit"
    strike(exchange, "bad_json", count=2)
    for _ in range(2):
        with pytest.raises(json.JSONDecodeError):
            plain.hear()


def test_the_public_stream_has_faults_of_its_own(exchange: Exchange, ready: Open) -> None:
    plain = ready()
    public = Plain(exchange, "/v5/public/linear")
    exchange.control("fault", stream="public", do="close")
    with pytest.raises(ConnectionClosed):
        public.hear()
    plain.say(op="ping")
    assert plain.hear()["op"] == "pong"
