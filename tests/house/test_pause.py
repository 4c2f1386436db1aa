"""A paused account: nothing that adds risk goes out, whoever asks; getting out goes on."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from tests.conftest import Stack, wait_for
from tests.house.desk import at, place, position
from tests.house.live import Page
from tests.house.orders import body, market, until
from tests.house.test_callers import Browser


def pause(stack: Stack, on: bool) -> requests.Response:
    return stack.api("PUT", "/accounts/paper/pause", {"on": on})


def rule(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["detail"].get("rule", "")


PAUSED = (422, "trading_paused")


@pytest.fixture(scope="module")
def browser(stack_process: Stack) -> Browser:
    return Browser(stack_process)


@pytest.fixture
def desk(desk: Stack, browser: Browser) -> Iterator[Stack]:
    yield desk
    assert browser.call("PUT", "/accounts/paper/pause", {"on": False}).json()["paused"] is None


def test_nothing_that_adds_risk_goes_out_and_getting_out_goes_on(desk: Stack) -> None:
    place(desk, market())
    held = wait_for(lambda: position(desk), what="a position")
    resting = body(desk, qty="0.02")
    place(desk, resting)
    until(desk, resting["id"], "working")
    assert pause(desk, True).json()["paused"]["by"] == "demo"

    refused = [market(), body(desk), market(category="spot", qty="65", market_unit="quoteCoin")]
    for order in refused:
        assert rule(desk.api("POST", "/orders", order)) == PAUSED
    words = desk.api("POST", "/orders", refused[0]).json()["error"]["message"]
    assert "paused by demo" in words and "Nothing was sent" in words
    batch = desk.api(
        "POST", "/orders/batch", {"items": [market(), market(side="Sell", reduce_only=True, qty="0.004")]}
    )
    first, second = batch.json()["items"]
    assert first["error"]["detail"]["rule"] == "trading_paused"
    until(desk, second["order"]["id"], "filled")
    asked = {"id": str(uuid.uuid4()), "open_id": str(uuid.uuid4())}
    assert rule(desk.api("POST", f"/positions/{held['id']}/reverse", asked)) == PAUSED
    dearer = {"price": at(desk, "0.985")}
    assert rule(desk.api("PATCH", f"/orders/{resting['id']}", dearer)) == PAUSED
    for order_id in [order["id"] for order in refused] + [asked["id"], asked["open_id"]]:
        assert desk.paper.journal(order_id) == []
        assert desk.api("GET", f"/orders/{order_id}").status_code == 404
    look = desk.api("POST", "/orders/preview", {k: v for k, v in market().items() if k != "id"}).json()
    assert [one["code"] for one in look["rules"]] == ["trading_paused"]

    assert desk.api("PATCH", f"/orders/{resting['id']}", {"qty": "0.01"}).status_code == 200
    stop = {"stop_loss": at(desk, "0.95")}
    assert desk.api("PUT", f"/positions/{held['id']}/trading-stop", stop).ok
    assert desk.api("DELETE", f"/orders/{resting['id']}").status_code == 200
    closed = {"id": str(uuid.uuid4())}
    assert desk.api("POST", f"/positions/{held['id']}/close", closed).status_code == 201
    until(desk, closed["id"], "filled")


def test_coins_may_be_sold_while_paused(desk: Stack) -> None:
    bought = market(category="spot", qty="65", market_unit="quoteCoin")
    place(desk, bought)
    until(desk, bought["id"], "filled", "cancelled")
    pause(desk, True)
    sold = market(category="spot", side="Sell", qty="0.0004")
    place(desk, sold)
    until(desk, sold["id"], "filled")


def test_a_resting_sale_of_coins_may_be_moved_while_paused_and_a_buy_may_not(desk: Stack) -> None:
    bought = market(category="spot", qty="65", market_unit="quoteCoin")
    place(desk, bought)
    until(desk, bought["id"], "filled", "cancelled")
    spot: dict[str, Any] = {"category": "spot", "order_type": "Limit"}
    sale = market(**spot, side="Sell", qty="0.0004", price=at(desk, "1.02"))
    buy = market(**spot, qty="0.0004", price=at(desk, "0.98"))
    for order in (sale, buy):
        place(desk, order)
        until(desk, order["id"], "working")
    pause(desk, True)
    changes = {"price": at(desk, "1.03"), "qty": "0.0005"}
    moved = desk.api("PATCH", f"/orders/{sale['id']}", changes)
    assert moved.status_code == 200, moved.text
    assert rule(desk.api("PATCH", f"/orders/{buy['id']}", {"price": at(desk, "0.97")})) == PAUSED


def test_a_script_may_pause_and_only_a_page_lets_it_trade_again(desk: Stack, browser: Browser) -> None:
    for _ in range(2):
        assert pause(desk, True).status_code == 200
    assert pause(desk, False).status_code == 403
    assert rule(desk.api("POST", "/orders", market())) == PAUSED
    assert browser.call("PUT", "/accounts/paper/pause", {"on": False}).json()["paused"] is None
    order = market()
    place(desk, order)
    until(desk, order["id"], "filled")


def test_every_page_knows_within_two_heartbeats(desk: Stack) -> None:
    def paused(message: dict[str, Any]) -> Any:
        return message["up"]["paper"]["paused"]

    with Page(desk, token=desk.token("read")) as page:
        assert page.wait("snapshot")["accounts"][0]["paused"] is None
        assert page.wait("heartbeat")["up"]["paper"]["paused"] is None
        pause(desk, True)
        told = page.wait("heartbeat", paused)
        assert paused(told)["by"] == "demo"
        # By the house's own clock: this reader may be slow.
        late = datetime.fromisoformat(told["at"]) - datetime.fromisoformat(paused(told)["at"])
        assert timedelta(0) <= late < timedelta(seconds=2.5)
        with Page(desk, token=desk.token("read")) as later:
            assert later.wait("snapshot")["accounts"][0]["paused"] == paused(told)
        (status,) = desk.api("GET", "/status").json()["items"]
        assert status["paused"] == paused(told)
