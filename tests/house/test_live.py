"""The live socket: who may open it, what it says first, and how it mends what was lost."""

import json
import socket
import struct
import threading
import time
from contextlib import ExitStack, suppress
from typing import Any

import psycopg
import pytest
import redis
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.conftest import Stack, wait_for
from tests.house.live import Page
from tests.house.orders import body, flatten, market, until
from tests.house.test_callers import Browser
from webapp.embedded import Embedded


@pytest.fixture
def signed_in(stack: Stack) -> Browser:
    return Browser(stack)


def seqs(page: Page) -> list[int]:
    return [m["seq"] for m in list(page.messages) if m["type"] in ("order", "fill", "position", "wallet")]


def test_first_hello_then_a_snapshot_then_a_heartbeat_every_second(stack: Stack) -> None:
    with Page(stack, token=stack.token("read")) as page:
        assert page.protocol == "tradepost.v1"
        wait_for(lambda: len(page.of("heartbeat")) >= 3, 6)
        kinds = [message["type"] for message in page.messages]
    assert kinds[:2] == ["hello", "snapshot"]
    hello, snapshot = page.messages[:2]
    assert {"build", "min_build", "epoch", "at"} <= set(hello)
    assert {"seq", "accounts", "orders", "positions", "wallet", "status"} <= set(snapshot)
    assert snapshot["accounts"][0]["id"] == "paper"
    beat = page.of("heartbeat")[-1]
    told = [message["seq"] for message in page.messages if isinstance(message.get("seq"), int)]
    assert snapshot["seq"]["paper"] <= beat["seq"]["paper"] <= max([snapshot["seq"]["paper"], *told])
    assert "public_age_ms" in beat["up"]["paper"]
    assert beat["up"]["paper"]["private_age_ms"] < 12_000
    assert beat["seen"]


def test_the_snapshot_holds_what_is_open(stack: Stack) -> None:
    flatten(stack)
    order = body(stack)
    stack.api("POST", "/orders", order)
    bought = market(symbol="ETHUSDT", qty="0.1")
    stack.api("POST", "/orders", bought)
    until(stack, bought["id"], "filled")
    wait_for(lambda: stack.api("GET", "/positions").json()["items"], 10)
    with Page(stack, token=stack.token()) as page:
        snapshot = page.wait("snapshot")
    assert [item["id"] for item in snapshot["orders"]] == [order["id"]]
    assert [(item["symbol"], item["size"]) for item in snapshot["positions"]] == [("ETHUSDT", "0.1")]
    flatten(stack)


def refused(stack: Stack, headers: dict[str, str], protocols: list[str]) -> int:
    with pytest.raises(InvalidStatus) as caught:
        connect(
            f"ws://localhost:{stack.port}/ws/live",
            additional_headers=headers,
            subprotocols=protocols,  # type: ignore[arg-type]
            legacy=True,
        )
    return caught.value.response.status_code


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://localhost", "null", "https://localhost:{port}", ""]
)
def test_a_foreign_page_cannot_ride_on_the_cookie(stack: Stack, signed_in: Browser, origin: str) -> None:
    headers = signed_in.cookies()
    if origin:
        headers["Origin"] = origin.format(port=stack.port)
    assert refused(stack, headers, ["tradepost.v1"]) == 403


def test_half_a_token_is_no_way_round_the_origin(stack: Stack, signed_in: Browser) -> None:
    """An empty bearer, or a header that is not Bearer, counts as a bad token: the cookie beside it is not looked at."""
    cookies = signed_in.cookies()
    with Page(stack, headers=cookies, protocols=["bearer."]) as page:
        assert page.wait_closed() == 4401
    with Page(stack, headers={**cookies, "Origin": stack.url, "Authorization": "Basic x"}) as page:
        assert page.wait_closed() == 4401
    assert refused(stack, {**cookies, "Origin": "http://evil.example"}, ["bearer."]) == 403


def test_a_token_needs_no_origin_but_a_present_one_must_fit(stack: Stack) -> None:
    protocols = ["tradepost.v1", f"bearer.{stack.token()}"]
    assert refused(stack, {"Origin": "http://evil.example"}, protocols) == 403
    with Page(stack, token=stack.token(), headers={"Origin": stack.url}) as page:
        page.wait("snapshot")
    with Page(stack, protocols=[], headers={"Authorization": f"Bearer {stack.token()}"}) as page:
        page.wait("snapshot")
    with Page(stack, protocols=[f"bearer.{stack.token()}"]) as page:
        page.wait("snapshot")
        assert page.protocol == f"bearer.{stack.token()}"


def test_who_is_not_signed_in_is_told_so_by_4401(stack: Stack) -> None:
    for options in ({"token": "nonsense"}, {"headers": {"Origin": stack.url}}):
        with Page(stack, **options) as page:  # type: ignore[arg-type]
            assert page.wait_closed() == 4401
            assert page.messages == []


def test_since_brings_what_was_missed_and_a_foreign_seq_a_snapshot(stack: Stack) -> None:
    with Page(stack, token=stack.token()) as page:
        start = page.wait("snapshot")["seq"]["paper"]
        stack.api("POST", "/orders", body(stack))
        page.wait("order", lambda message: message["order"]["state"] == "working")
        first = seqs(page)
        page.messages.clear()
        page.send(type="since", account="paper", seq=start)
        missing = set(range(start + 1, max(first) + 1))
        wait_for(lambda: missing <= set(seqs(page)), 10, "the missing messages")
        page.messages.clear()
        page.send(type="since", account="paper", seq=10**12)
        page.wait("snapshot")
        page.messages.clear()
        for nonsense in (
            "",
            "[]",
            '{"type":"since"}',
            '{"type":"since","account":[],"seq":1}',
            '{"type":"since","account":"paper","seq":true}',
            '{"type":"watch","symbols":[1,"%00"]}',
            '{"type":"order"}',
        ):
            page._socket.send(nonsense)
        page.send(type="snapshot")
        page.wait("snapshot")
    flatten(stack)


def test_a_watched_market_ticks_with_the_exchange_s_time(stack: Stack) -> None:
    with Page(stack, token=stack.token()) as page:
        page.wait("snapshot")
        assert page.of("ticker") == []
        page.send(type="watch", symbols=["SOLUSDT"])
        tick = page.wait("ticker", lambda message: message["symbol"] == "SOLUSDT")
        assert {"last", "mark", "bid", "ask", "at"} <= set(tick)
        assert all(isinstance(tick[name], str) for name in ("last", "mark", "bid", "ask"))
        page.wait("heartbeat", lambda message: message["up"]["paper"]["public_age_ms"] is not None)
        # A market that stands still: who comes later sees its price at once all the same.
        stack.paper.control("pause", {"on": True})
        try:
            with Page(stack, token=stack.token()) as late:
                late.wait("snapshot")
                late.send(type="watch", symbols=["SOLUSDT"])
                late.wait("ticker", lambda message: message["symbol"] == "SOLUSDT", seconds=3)
                # Nor does it look stale: five seconds is where a page draws the line.
                wait_for(lambda: len(late.of("heartbeat")) >= 8, 12)
                ages = [beat["up"]["paper"]["public_age_ms"] for beat in late.of("heartbeat")]
                assert max(age for age in ages if age is not None) < 4000
        finally:
            stack.paper.control("pause", {"on": False})


def test_events_reach_other_programs_in_order_by_redis_streams(stack: Stack) -> None:
    flatten(stack)
    client = redis.Redis.from_url(Embedded(stack.data).redis_url)
    with Page(stack, token=stack.token()) as page:
        start = page.wait("snapshot")["seq"]["paper"]
    order = market()
    stack.api("POST", "/orders", order)
    wait_for(lambda: stack.order(order["id"])["state"] == "filled", 10)
    log = {
        item["seq"]: item for item in stack.api("GET", f"/events?account=paper&after={start}").json()["items"]
    }

    def all_there() -> Any:
        found: dict[int, tuple[str, dict[bytes, bytes]]] = {}
        for name in ("orders_executed", "orders_resolved", "positions_updated", "wallet_updated"):
            previous = 0
            for _, fields in client.xrange(name):
                seq = int(fields[b"seq"])
                assert seq > previous or seq in found
                previous = max(previous, seq)
                found[seq] = (name, fields)
        return found if set(log) <= set(found) else None

    found = wait_for(all_there, 10)
    streams = {
        "fill": "orders_executed",
        "order": "orders_resolved",
        "position": "positions_updated",
        "wallet": "wallet_updated",
    }
    for seq, item in log.items():
        name, fields = found[seq]
        assert name == streams[item["kind"]]
        assert (fields[b"account"], fields[b"key"]) == (b"paper", item["key"].encode())
        assert int(fields[b"version"]) == item["version"]
        assert json.loads(fields[b"body"]) == item["body"]
    assert stack.api("GET", "/events?account=paper&after=999999999").status_code == 410
    flatten(stack)


def test_what_the_channel_layer_lost_is_read_from_the_log(stack: Stack) -> None:
    """The layer forgets everyone: the page still gets every seq, before the next heartbeat."""
    client = redis.Redis.from_url(Embedded(stack.data).redis_url)
    with Page(stack, token=stack.token()) as page:
        start = page.wait("snapshot")["seq"]["paper"]
        page.wait("heartbeat")
        for key in client.scan_iter("asgi*group*"):
            client.delete(key)
        order = body(stack)
        stack.api("POST", "/orders", order)
        page.wait("order", lambda m: m["order"]["id"] == order["id"] and m["order"]["state"] == "working")
        got = seqs(page)
        assert got == list(range(start + 1, start + 1 + len(got)))
        # What was missed had its group joined anew at once, long before the hub does so by itself.
        wait_for(lambda: list(client.scan_iter("asgi*group*account.paper*")), 2, "the group")
    flatten(stack)


def test_a_reader_that_does_not_read_is_let_go(stack: Stack) -> None:
    """A raw client that never reads: the server must not buffer for it for ever, nor slow the others."""
    token = stack.token()
    with Page(stack, token=token) as page:
        start = page.wait("snapshot")["seq"]["paper"]
    # Something to say: some hundred events, again and again.
    for _ in range(2):
        assert stack.api("POST", "/orders/batch", {"items": [body(stack) for _ in range(10)]}).ok
    flatten(stack)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", stack.port))
    raw.sendall(
        (
            f"GET /ws/live HTTP/1.1\r\nHost: localhost:{stack.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: tradepost.v1, bearer.{token}\r\n\r\n"
        ).encode()
    )
    wait_for(lambda: b"101" in raw.recv(64, socket.MSG_PEEK), 10)
    ask = json.dumps({"type": "since", "account": "paper", "seq": start}).encode()
    frame = struct.pack("!BB", 0x81, 0x80 | len(ask)) + b"\0\0\0\0" + ask
    stop = threading.Event()

    def pester() -> None:
        while not stop.is_set():
            try:
                raw.sendall(frame)
            except OSError:
                return
            stop.wait(0.01)

    thread = threading.Thread(target=pester, daemon=True)
    thread.start()
    try:
        wait_for(
            lambda: any("reader is too slow" in line for line in stack.lines), 60, "the slow reader's end"
        )
    finally:
        stop.set()
        thread.join()
    raw.settimeout(10)
    kept, tail = 0, b""
    farewell = b"\x88\x02" + struct.pack("!H", 4408)
    while tail != farewell:
        got = raw.recv(1 << 20)
        assert got, "it ended without a farewell"
        kept, tail = kept + len(got), (tail + got)[-4:]
    raw.close()
    # A megabyte here and a little in the kernel, not whatever the kernel would take.
    assert kept < 2 << 20


def test_a_page_learns_which_accounts_are_its_user_s_while_it_is_open(stack: Stack) -> None:
    flatten(stack)
    with psycopg.connect(stack.witness.dsn, autocommit=True) as base:
        base.execute(
            "INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser, is_staff, "
            "is_active, date_joined) VALUES ('newcomer', '!', '', '', '', false, false, true, now())"
        )
        which = "(SELECT id FROM auth_user WHERE username = 'newcomer')"
        with Page(stack, token=stack.manage("apitoken", "newcomer", "--scope", "read")) as page:
            assert page.wait("snapshot")["accounts"] == []
            page.wait("heartbeat")
            base.execute(
                f"INSERT INTO bybit_account_members (account_id, user_id) VALUES ('paper', {which})"  # noqa: S608
            )
            page.wait("snapshot", lambda message: [row["id"] for row in message["accounts"]] == ["paper"])
            page.send(type="watch", symbols=["SOLUSDT"])
            page.wait("ticker")
            order = body(stack)
            stack.api("POST", "/orders", order)
            page.wait("order", lambda message: message["order"]["id"] == order["id"])
            base.execute(f"DELETE FROM bybit_account_members WHERE user_id = {which}")  # noqa: S608
            wait_for(lambda: page.of("snapshot")[-1]["accounts"] == [], 10)
            page.messages.clear()
            flatten(stack)
            wait_for(lambda: len(page.of("heartbeat")) >= 2, 10)
            assert {message["type"] for message in page.messages} <= {"heartbeat", "ticker"}


def test_who_asks_for_the_whole_log_again_and_again_holds_up_nobody_s_heartbeat(stack: Stack) -> None:
    """Each ask has the log read, and a page that is being brought up to date is not waited for."""
    flatten(stack)
    asking = threading.Event()
    with Page(stack, token=stack.token("read")) as greedy, Page(stack, token=stack.token()) as page:
        for one in (greedy, page):
            one.wait("snapshot")

        def ask() -> None:
            # Who asks for more than it reads is let go some time.
            with suppress(ConnectionClosed):
                while not asking.is_set():
                    greedy.send(type="since", account="paper", seq=0)

        asker = threading.Thread(target=ask, daemon=True)
        asker.start()
        try:
            page.messages.clear()
            begun = time.monotonic()
            wait_for(lambda: len(page.of("heartbeat")) >= 4, 12, "heartbeats")
            assert time.monotonic() - begun < 8
        finally:
            asking.set()
            asker.join(10)


@pytest.mark.long
def test_a_page_that_is_torn_off_is_forgotten_by_the_feed(stack: Stack) -> None:
    client = redis.Redis.from_url(Embedded(stack.data).redis_url)
    page = Page(stack, token=stack.token("read"))
    page.wait("snapshot")
    page.send(type="watch", symbols=["DOGEUSDT"])
    page.wait("ticker")
    for _ in range(30):
        page.send(type="since", account="paper", seq=0)
    page._socket.socket.shutdown(socket.SHUT_RDWR)

    def wanted_for() -> float:
        """Seconds for which the feed still follows the market; whoever watches it says so every ten."""
        rows: Any = client.zrange("tradepost:interest:paper:linear", 0, -1, withscores=True)
        return max((until - time.time() for name, until in rows if b"DOGEUSDT" in name), default=0.0)

    assert wanted_for() > 17
    wait_for(lambda: wanted_for() < 17, 45, "nobody to say that it is watched")


def test_one_token_s_sockets_leave_room_for_what_others_watch(stack: Stack) -> None:
    made_up = [[f"ZZ{number}X{at}USDT" for at in range(50)] for number in range(4)]
    client = redis.Redis.from_url(Embedded(stack.data).redis_url)
    with ExitStack() as open_ones:
        for names in made_up:
            page = open_ones.enter_context(Page(stack, token=stack.token("read")))
            page.wait("heartbeat")
            page.send(type="watch", symbols=names, focus="BTCUSDT")
            beats = len(page.of("heartbeat"))
            wait_for(lambda page=page, beats=beats: len(page.of("heartbeat")) > beats + 1, 6)  # type: ignore[misc]
        rows: Any = client.zrange("tradepost:interest:paper:linear", 0, -1)
        assert 100 < len([name for name in rows if b"ZZ" in name]) <= 120
