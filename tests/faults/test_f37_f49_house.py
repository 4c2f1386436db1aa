"""F36 to F49, as far as a running house can show them: writers side by side, processes killed, doubled and frozen,
Redis and PostgreSQL away, disks that refuse, stops in the middle of a send."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import redis
from psycopg import conninfo

from tests.conftest import ROOT, Stack, daily, end, wait_for
from tests.faults.play import (
    CREATE,
    SMALL,
    creates,
    external,
    frozen,
    in_background,
    killed,
    quietly,
    resting,
)
from tests.house.live import Page
from tests.house.orders import body, flatten, market, until
from webapp.embedded import DATABASE, Embedded


def _redis(stack: Stack) -> "redis.Redis":
    return redis.Redis.from_url(Embedded(stack.data.resolve()).redis_url, socket_timeout=5)


def _base(stack: Stack) -> "psycopg.Connection[Any]":
    return psycopg.connect(stack.witness.dsn, autocommit=True)


def test_f37_a_position_corrupted_by_hand_is_put_right_from_bybit(stack: Stack) -> None:
    flatten(stack)
    stack.api("POST", "/orders", market(qty=SMALL))
    wait_for(lambda: stack.api("GET", "/positions").json()["items"], 10)
    with _base(stack) as base:
        base.execute(
            "UPDATE positions_position SET size = 7, entry_price = 1 WHERE symbol = 'BTCUSDT' AND position_idx = 0"
        )
    wait_for(lambda: stack.api("GET", "/positions").json()["items"][0]["size"] == SMALL, 15)
    flatten(stack)


@pytest.mark.parametrize("name", daily("stream", "web", long=("worker", "resolver", "beat")))
def test_f38_f40_a_killed_process_comes_back_and_orders_converge(stack: Stack, name: str) -> None:
    flatten(stack)
    order = resting(stack)
    pid = stack.children()[name]
    lives = stack.said("tradepost.stream: paper: live")
    os.kill(pid, signal.SIGKILL)
    stack.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.01"})
    wait_for(lambda: stack.children().get(name, pid) != pid, 15, f"a new {name}")
    wait_for(stack.ready, 30)
    until(stack, order["id"], "filled", seconds=17)
    if name == "stream":
        # For a few seconds its last word still stands: it is the new one's that counts.
        wait_for(lambda: stack.said("tradepost.stream: paper: live") > lives, 30, "the new stream")
    wait_for(stack.live, 30)
    after = market()
    assert stack.api("POST", "/orders", after).status_code == 201
    until(stack, after["id"], "filled")
    flatten(stack)


@pytest.mark.parametrize(
    "point",
    daily(
        "resolve_before_verdict_commit",
        long=("resolve_open_orders_taken", "resolve_answered", "resolve_swept"),
    ),
)
def test_f38_a_resolver_killed_in_the_middle_loses_nothing(stack: Stack, point: str) -> None:
    order = body(stack, qty=SMALL)
    stack.trap(f"{point}=kill")
    stack.paper.fault(endpoint=CREATE, accept="never", reply="rst", count=1)
    assert stack.api("POST", "/orders", order).status_code == 202
    wait_for(stack.sprung, 20, point)
    until(stack, order["id"], "rejected", seconds=30)
    assert creates(stack, order) == 1


@pytest.mark.parametrize(
    "point", daily("news_before_commit", "news_after_commit", long=("stream_taken", "news_locked"))
)
def test_f38_a_listener_killed_over_a_fill_books_it_once(stack: Stack, point: str) -> None:
    flatten(stack)
    order = resting(stack)
    stack.trap(f"{point}=kill")
    stack.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.004"})
    wait_for(stack.sprung, 10, point)
    wait_for(lambda: stack.order(order["id"])["fills_complete"], 20)
    wait_for(lambda: stack.order(order["id"])["filled_qty"] == "0.004", 20)
    wait_for(stack.live, 40)
    flatten(stack)


@pytest.mark.parametrize(
    "point", daily("publish_before_mark", long=("publish_before_send", "publish_after_commit"))
)
def test_f41_a_publisher_killed_in_the_middle_sends_the_rest_later(stack: Stack, point: str) -> None:
    with Page(stack, token=stack.token()) as page:
        page.wait("snapshot")
    order = body(stack, qty=SMALL)
    stack.trap(f"{point}=kill")
    quietly(stack, order)
    wait_for(stack.sprung, 10, point)
    wait_for(lambda: stack.ready() and stack.live(), 40)
    with Page(stack, token=stack.token()) as page:
        assert order["id"] in {row["id"] for row in page.wait("snapshot")["orders"]}
    flatten(stack)


@pytest.mark.parametrize("point", daily("after_cancel_answer", long=("after_cancel_wish",)))
def test_f27_killed_around_a_cancel_the_order_ends_as_bybit_has_it(stack: Stack, point: str) -> None:
    order = resting(stack, qty=SMALL)
    stack.trap(f"{point}=kill")
    wish = threading.Thread(target=_cancel_quietly, args=(stack, order["id"]), daemon=True)
    wish.start()
    wait_for(stack.sprung, 10, point)
    wait_for(stack.ready, 30)
    if point == "after_cancel_wish":
        assert stack.order(order["id"])["state"] == "working"
        assert stack.api("DELETE", f"/orders/{order['id']}").status_code == 200
    until(stack, order["id"], "cancelled", seconds=10)


def _cancel_quietly(stack: Stack, order_id: str) -> None:
    import requests

    try:
        stack.api("DELETE", f"/orders/{order_id}")
    except requests.RequestException:
        return


def test_f10_killed_before_the_intent_is_committed_leaves_nothing(stack: Stack) -> None:
    order = body(stack, qty=SMALL)
    stack.trap("before_intent_commit=kill")
    quietly(stack, order)
    wait_for(stack.sprung, 10)
    wait_for(stack.ready, 30)
    assert stack.api("GET", f"/orders/{order['id']}").status_code == 404
    assert creates(stack, order) == 0


def test_f40_a_second_beat_changes_nothing_and_a_frozen_one_is_stood_in_for(stack: Stack) -> None:
    order = resting(stack, qty=SMALL)
    words = [sys.executable, "-m", "celery", "-A", "webapp", "--quiet", "beat", "--pidfile", ""]
    environment = {**os.environ, "TRADEPOST_DATA": str(stack.data)}
    second = subprocess.Popen(
        [*words, "--schedule", str(stack.data / "second-beat")],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with frozen(stack.children()["beat"]), frozen(second.pid):
            stack.paper.fault(stream="private", do="drop", ms=400)
            stack.paper.control("fill", {"orderLinkId": order["id"]})
            until(stack, order["id"], "filled", seconds=15)
    finally:
        end(second)
    flatten(stack)


def test_f41_redis_emptied_and_restarted_takes_no_order_along(stack: Stack) -> None:
    flatten(stack)
    with Page(stack, token=stack.token()) as page:
        page.wait("snapshot")
        page.send(type="watch", symbols=["SOLUSDT"])
        page.wait("ticker")
        orders = [resting(stack, qty=SMALL) for _ in range(5)]
        _redis(stack).flushall()
        for order in orders[:3]:
            stack.paper.control("fill", {"orderLinkId": order["id"]})
            until(stack, order["id"], "filled", seconds=10)
        killed(stack, "valkey")
        for order in orders[3:]:
            stack.paper.control("fill", {"orderLinkId": order["id"]})
            until(stack, order["id"], "filled", seconds=10)
        # The page was not let go: it lives from the log meanwhile.
        for order in orders:
            page.wait("fill", lambda message, id=order["id"]: message["fill"]["order"] == id, seconds=5)
        wait_for(lambda: stack.ready() and stack.live(), 40)
        # What is in no log comes again too: the page's groups were joined anew.
        page.messages.clear()
        page.wait("ticker")
        flatten(stack)
        page.wait("position", lambda message: message["position"]["size"] == "0", seconds=20)
        assert page.closed is None


def test_f42_a_frozen_redis_holds_up_no_order_and_no_page(stack: Stack) -> None:
    order = market()
    with Page(stack, token=stack.token()) as page:
        page.wait("snapshot")
        with frozen(stack.children()["valkey"]):
            start = time.monotonic()
            assert stack.api("POST", "/orders", order).status_code == 201
            assert time.monotonic() - start < 1.5
            page.wait("order", lambda m: (m["order"]["id"], m["order"]["state"]) == (order["id"], "filled"))
            with Page(stack, token=stack.token()) as late:
                late.wait("snapshot")
        wait_for(lambda: stack.ready() and stack.live(), 40)
        flatten(stack)
        page.wait("position", lambda message: message["position"]["size"] == "0", seconds=20)
        assert page.closed is None


def test_f42_a_redis_without_memory_holds_up_no_order_and_evicts_nothing(stack: Stack) -> None:
    client = _redis(stack)
    policy: Any = client.config_get("maxmemory-policy")
    assert policy["maxmemory-policy"] == "noeviction"
    client.config_set("maxmemory", "1mb")
    try:
        order = resting(stack, qty=SMALL)
        assert stack.api("DELETE", f"/orders/{order['id']}").status_code == 200
        until(stack, order["id"], "cancelled", seconds=10)
    finally:
        client.config_set("maxmemory", "256mb")
    wait_for(lambda: stack.ready() and stack.live(), 40)


def test_f43_a_database_killed_mid_stream_sends_nothing_without_a_row(stack: Stack) -> None:
    flatten(stack)
    order = resting(stack)
    os.kill(stack.children()["postgres"], signal.SIGKILL)
    refused = body(stack, qty=SMALL)
    quietly(stack, refused)
    stack.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.004"})
    wait_for(stack.ready, 60, "the database to come back")
    wait_for(stack.live, 40)
    wait_for(lambda: stack.order(order["id"])["filled_qty"] == "0.004", 20)
    # Either it has a row, or not a byte of it was sent: the checker holds the journal against the rows.
    known = stack.api("GET", f"/orders/{refused['id']}").status_code == 200
    assert known or creates(stack, refused) == 0
    flatten(stack)


def test_f43_connections_cut_by_the_database_are_opened_again(stack: Stack) -> None:
    order = resting(stack, qty=SMALL)
    with _base(stack) as base:
        base.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    wait_for(lambda: stack.api("GET", f"/orders/{order['id']}").status_code == 200, 10)
    wait_for(lambda: stack.ready() and stack.live(), 40)
    stack.paper.control("fill", {"orderLinkId": order["id"]})
    until(stack, order["id"], "filled", seconds=10)
    flatten(stack)


@contextmanager
def _closed(stack: Stack) -> Iterator[None]:
    """A database that runs and lets nobody in."""
    with psycopg.connect(
        conninfo.make_conninfo(stack.witness.dsn, dbname="postgres"), autocommit=True
    ) as base:
        base.execute(f'ALTER DATABASE "{DATABASE}" ALLOW_CONNECTIONS false')
        try:
            base.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [DATABASE]
            )
            yield
        finally:
            base.execute(f'ALTER DATABASE "{DATABASE}" ALLOW_CONNECTIONS true')


def test_f43_a_database_that_is_away_is_said_plainly_and_nothing_is_sent(stack: Stack) -> None:
    flatten(stack)
    refused = body(stack, qty=SMALL)
    with _closed(stack):
        # At once: each waits five seconds for a connection.
        with ThreadPoolExecutor(2) as pool:
            asked = [
                pool.submit(stack.api, "GET", "/orders"),
                pool.submit(stack.api, "POST", "/orders", refused),
            ]
        for answer in (done.result() for done in asked):
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database_away"), answer.text
    wait_for(stack.ready, 60, "the database to come back")
    wait_for(stack.live, 40)
    assert creates(stack, refused) == 0
    assert stack.api("GET", f"/orders/{refused['id']}").status_code == 404
    assert stack.api("POST", "/orders", refused).status_code == 201
    flatten(stack)


@contextmanager
def _refusing_writes(stack: Stack) -> Iterator[None]:
    """A database that can be read and not written, as one whose disk is full."""
    with _base(stack) as base:
        base.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        base.execute("SELECT pg_reload_conf()")
        try:
            wait_for(lambda: _shown(stack, "default_transaction_read_only") == "on", 10)
            yield
        finally:
            base.execute("SET default_transaction_read_only = off")
            base.execute("ALTER SYSTEM RESET default_transaction_read_only")
            base.execute("SELECT pg_reload_conf()")


def _shown(stack: Stack, name: str) -> str:
    with _base(stack) as base:
        row: Any = base.execute(f"SHOW {name}").fetchone()
        return str(row[0])


def test_f44_a_database_that_takes_no_writes_lets_no_order_out(stack: Stack) -> None:
    flatten(stack)
    order, doomed = resting(stack), resting(stack)
    with _refusing_writes(stack):
        refused = body(stack, qty=SMALL)
        answer = stack.api("POST", "/orders", refused)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_written")
        assert creates(stack, refused) == 0
        assert stack.api("DELETE", f"/orders/{doomed['id']}").status_code == 200
        told = {row["orderLinkId"]: row["orderStatus"] for row in stack.paper.truth()["orders"]}
        assert told[doomed["id"]] == "Cancelled"
        stack.paper.control("fill", {"orderLinkId": order["id"], "qty": "0.004"})
    wait_for(lambda: stack.order(order["id"])["filled_qty"] == "0.004", 20)
    until(stack, doomed["id"], "cancelled", seconds=20)
    wait_for(lambda: stack.ready() and stack.live(), 40)
    assert stack.api("POST", "/orders", refused).status_code == 201
    flatten(stack)


def test_f45_what_was_committed_survives_a_loss_of_power(stack: Stack) -> None:
    """The settings on which that rests; the loss itself cannot be played on one machine."""
    shown = {name: _shown(stack, name) for name in ("fsync", "synchronous_commit", "full_page_writes")}
    assert shown == {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


def test_f47_web_stopped_with_a_create_in_flight_ends_in_time_and_sends_once(stack: Stack) -> None:
    order = body(stack, qty=SMALL)
    stack.paper.fault(endpoint=CREATE, accept="before", reply="ok", ms=1200, count=1)
    in_background(stack, order)
    wait_for(lambda: creates(stack, order), 10, "the create at the exchange")
    pid = stack.children()["web"]
    start = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: stack.children().get("web", pid) != pid, 15, "a new web")
    assert time.monotonic() - start < 12
    wait_for(stack.ready, 30)
    until(stack, order["id"], "working", seconds=20)
    assert creates(stack, order) == 1
    flatten(stack)


def test_f47_a_stopped_stream_resyncs_before_it_is_trusted(stack: Stack) -> None:
    before = stack.api("GET", "/status").json()["items"][0]["reconnects"]
    pid = stack.children()["stream"]
    os.kill(pid, signal.SIGTERM)
    made = external(stack)
    wait_for(lambda: stack.children().get("stream", pid) != pid, 15, "a new stream")
    wait_for(lambda: stack.api("GET", "/status").json()["items"][0]["reconnects"] > before, 40)
    open_now = stack.api("GET", "/orders?state=open").json()["items"]
    assert made in {row["exchange_order_id"] for row in open_now}
    flatten(stack)


def test_f49_many_sockets_open_at_once(stack: Stack) -> None:
    """What redis-py 8 broke: blocking reads cut after five seconds, and a pool of a hundred connections."""
    pages = [Page(stack, token=stack.token()) for _ in range(40)]
    try:
        for page in pages:
            page.wait("snapshot", seconds=10)
        order = resting(stack, qty=SMALL)
        for page in pages:
            page.wait("order", lambda message: message["order"]["id"] == order["id"], seconds=10)
    finally:
        for page in pages:
            page.__exit__()
    flatten(stack)
