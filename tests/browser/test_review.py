"""What Review shows is the order that goes out, and what was refused comes back as it was."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import wait_for

from .played import Played
from .stages import LOOK


def fact(page: Page, name: str) -> Any:
    return page.get_by_role("dialog").last.locator(".fact", has_text=name).last.locator("dd")


def move(played: Played, ask: str) -> None:
    bid = str(int(ask) - 1)
    played.tick(last=ask, mark=ask, bid=bid, ask=ask)
    played.run(600, beating=True)


def test_exits_that_follow_the_price_are_those_of_the_order_that_goes_out(played: Played, page: Page) -> None:
    played.open().ticket(kind="Market", size="0.1")
    page.get_by_role("button", name="TP and SL in percent").click()
    page.get_by_role("button", name="TP and SL by what they bring or cost, in USDT").click()
    page.locator("#ticket-stop").fill("50")
    played.review()
    expect(fact(page, "Stop loss")).to_have_text("63,750.0")
    expect(fact(page, "Loss at stop")).to_have_text("−50.00")
    # Less than it takes to be asked anew: the stop stays, and so its loss is another.
    move(played, "64300")
    expect(fact(page, "Stop loss")).to_have_text("63,750.0")
    expect(fact(page, "Loss at stop")).to_have_text("−55.00")
    # More than that: made anew, and said so.
    for ask, stop in (("64400", "63,900.0"), ("64800", "64,300.0")):
        move(played, ask)
        expect(page.get_by_role("dialog").last).to_contain_text("The market moved. Look again")
        expect(fact(page, "Stop loss")).to_have_text(stop)
        expect(fact(page, "Loss at stop")).to_have_text("−50.00")
    played.place().click()
    expect(played.outcome("accepted")).to_be_visible()
    [sent] = played.posts()
    assert (sent["qty"], sent["stop_loss"]) == ("0.1", "64300")


def test_the_servers_look_comes_though_the_market_moves(played: Played, page: Page) -> None:
    played.answers["POST /orders/preview"] = lambda *_: (200, LOOK)
    played.open().ticket(kind="Market", size="0.1")
    page.get_by_role("button", name="TP and SL in percent").click()
    page.locator("#ticket-stop").fill("2")
    fee, told = fact(page, "Fee"), []
    for number in range(20):
        price = str(64_250 + number)
        played.tick(last=price, mark=price, bid=price, ask=price)
        played.run(200, beating=True)
        told.append(fee.inner_text())
    assert told[-12:] == ["0.35"] * 12


VALUES = {"#ticket-price": "64000", "#ticket-size": "0.010", "#ticket-take": "66000", "#ticket-stop": "63000"}


@pytest.mark.parametrize("how", ["told by the stream", "never arrived"])
def test_what_was_refused_comes_back_as_it_was(desk: Played, page: Page, how: str) -> None:
    desk.ticket(price="64000")
    page.locator("#ticket-take").fill("66000")
    page.locator("#ticket-stop").fill("63000")
    lost = how == "never arrived"
    if lost:
        desk.answers["POST /orders"] = lambda route, request: (
            202,
            desk.market.order(request.post_data_json, state="unknown"),
        )
    desk.review()
    desk.place().click()
    expect(desk.outcome("unknown" if lost else "accepted")).to_be_visible()
    [sent] = desk.posts()
    row = desk.market.orders[sent["id"]]
    code = "never_arrived" if lost else "110007"
    desk.say(desk.market.update(row, state="rejected", reject_code=code, reject_message="no"))
    expect(page.locator(".refusal")).to_be_visible()
    for field, value in VALUES.items():
        # In the form in which it was sent.
        expect(page.locator(field)).to_have_value(re.compile(rf"^{value.rstrip('0')}0*$"))
    expect(page.get_by_role("radio", name="Limit")).to_be_checked()


def test_what_only_reduces_is_looked_at_while_paused(played: Played, page: Page) -> None:
    played.answers["POST /orders/preview"] = lambda *_: (200, LOOK)
    played.market.position("BTCUSDT", "Buy", "0.05", "64246")
    played.open().ticket(side="Sell / Short", kind="Market", size="")
    page.get_by_text("Reduce only", exact=True).click()
    page.locator("#ticket-size").fill("0.02")
    played.market.account["paused"] = {"at": played.at(), "by": "ann"}
    played.beat()
    expect(page.locator(".paused")).to_be_visible()
    played.run(1_000, beating=True)
    before = len(played.posts("/orders/preview"))
    played.run(7_000, beating=True)
    wait_for(lambda: len(played.posts("/orders/preview")) > before or played.run(500, beating=True), 20)
    expect(page.get_by_role("button", name=re.compile("^Review"))).to_be_enabled()
