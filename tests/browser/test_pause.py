"""Pausing an account from Stop, and what an account that is paused looks like."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .market import ACCOUNT
from .played import Played, error
from .stages import spot

PAUSED = {"at": "2026-11-22T14:03:00.000Z", "by": "ann"}
PATH = f"/accounts/{ACCOUNT}/pause"


def stop(page: Page) -> Any:
    page.get_by_role("button", name="Stop", exact=True).click()
    return page.get_by_role("dialog")


def puts(played: Played) -> list[Any]:
    return [call.post_data_json for call in played.calls if call.method == "PUT" and call.url.endswith(PATH)]


@pytest.fixture
def house(played: Played) -> Played:
    """A server that keeps whether the account is paused, and tells it with each heartbeat."""

    def turned(_: Any, request: Any) -> tuple[int, Any]:
        played.market.account["paused"] = PAUSED if request.post_data_json["on"] else None
        # The beat that comes again by itself must not be one from before.
        played.beat()
        return 200, played.market.account

    played.answers[f"PUT {PATH}"] = turned
    return played


def test_one_tap_pauses_and_another_lets_it_trade_again(house: Played, page: Page) -> None:
    market = house.market
    market.position("BTCUSDT", "Buy", "0.05", "64246")
    house.open()
    buy = page.get_by_role("button", name="Buy / Long")
    expect(buy).to_be_enabled()
    sheet = stop(page)
    sheet.get_by_role("button", name="Pause new orders").click()
    expect(sheet.get_by_role("heading", name="New orders are paused")).to_be_visible()
    expect(sheet).to_contain_text("By ann, ")
    expect(page.get_by_role("status")).to_have_text("New orders are paused.")
    assert puts(house) == [{"on": True}]
    page.keyboard.press("Escape")
    bar = page.locator(".paused")
    expect(bar).to_contain_text("paper: paused by ann, 22 Nov 14:03. You can cancel and close.")
    expect(buy).to_be_disabled()
    expect(house.chip("live")).to_be_visible()
    # Heartbeats say so too, and what gets out stays.
    house.beat()
    expect(buy).to_be_disabled()
    close = page.get_by_role("button", name="Close… BTCUSDT")
    expect(close).to_be_enabled()
    # And is in sight: all that works now stands above the dock.
    way_out, dock = close.bounding_box(), page.locator(".bar").bounding_box()
    assert way_out and dock and way_out["y"] + way_out["height"] <= dock["y"]
    expect(page.get_by_role("button", name="TP / SL BTCUSDT")).to_be_enabled()
    bar.get_by_role("button", name="Go on…").click()
    house.run(700, beating=True)
    sheet.get_by_role("button", name="Let it trade again").click()
    expect(sheet.get_by_role("heading", name="Pause new orders")).to_be_visible()
    page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    expect(buy).to_be_enabled()
    assert puts(house) == [{"on": True}, {"on": False}]


def test_what_another_device_paused_is_known_by_the_next_heartbeat(house: Played, page: Page) -> None:
    house.open().ticket()
    house.review()
    expect(house.place()).to_be_enabled()
    house.market.account["paused"] = PAUSED
    house.beat()
    expect(house.place()).to_be_disabled()
    expect(page.get_by_role("dialog").last).to_contain_text("Trading is paused on this account")
    house.market.account["paused"] = None
    house.beat()
    expect(house.place()).to_be_enabled()
    assert house.posts() == []


def test_real_money_trades_again_only_by_a_hold(house: Played, page: Page) -> None:
    house.market.account |= {"environment": "live", "paused": PAUSED}
    # The sheet stands where it will at once.
    page.emulate_media(reduced_motion="reduce")
    house.open()
    sheet = stop(page)
    hold = sheet.locator("[data-confirm=hold]").first
    expect(hold).to_have_text("Hold to let it trade again")
    box = hold.bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    for ms, sent in ((300, []), (750, [{"on": False}])):
        page.mouse.down()
        page.clock.run_for(ms)
        page.mouse.up()
        house.beat()
        if sent:
            expect(sheet.get_by_role("heading", name="Pause new orders")).to_be_visible()
        assert puts(house) == sent


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            (403, error("forbidden", "You have no right to do this.")),
            "Nothing was changed: You have no right",
        ),
        (None, "No answer. Whether it is paused shows here"),
    ],
    ids=["refused", "silence"],
)
def test_a_pause_that_was_not_taken_is_told(house: Played, page: Page, answer: Any, words: str) -> None:
    def failing(route: Any, _: Any) -> Any:
        return answer or route.abort()

    house.answers[f"PUT {PATH}"] = failing
    house.open()
    sheet = stop(page)
    sheet.get_by_role("button", name="Pause new orders").click()
    expect(sheet.locator(".note")).to_contain_text(words)
    expect(sheet.get_by_role("button", name="Pause new orders")).to_be_enabled()
    expect(page.locator(".paused")).to_have_count(0)


def test_the_second_tap_of_two_does_not_take_the_pause_back(house: Played, page: Page) -> None:
    house.open()
    sheet = stop(page)
    sheet.get_by_role("button", name="Pause new orders").click()
    again = sheet.get_by_role("button", name="Let it trade again")
    again.click()
    expect(sheet.get_by_role("heading", name="New orders are paused")).to_be_visible()
    assert puts(house) == [{"on": True}]
    house.run(700, beating=True)
    again.click()
    expect(sheet.get_by_role("heading", name="Pause new orders")).to_be_visible()


def test_while_paused_coins_on_offer_may_be_moved_and_nothing_else_may_be_made_dearer(
    played: Played, page: Page
) -> None:
    played.market.account["paused"] = PAUSED
    spot(played)
    played.go("Orders")
    change = page.get_by_role("button", name="Change order")
    page.get_by_role("button", name="Amend Sell Limit 64,300.11 BTCUSDT · Spot").click()
    page.locator("#amend-price").fill("64310")
    page.locator("#amend-qty").fill("0.03")
    expect(change).to_be_enabled()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Amend Buy Limit 64,248.0 BTCUSDT", exact=True).click()
    page.locator("#amend-qty").fill("0.01")
    expect(change).to_be_enabled()
    page.locator("#amend-price").fill("64247")
    expect(change).to_be_disabled()
    expect(page.get_by_role("dialog")).to_contain_text("Trading is paused on this account")


def test_another_account_s_pause_takes_no_price_from_the_one_in_front(played: Played, page: Page) -> None:
    market = played.market
    market.position("BTCUSDT", "Buy", "0.05", "64246")
    played.open()
    best = page.locator(".quote-pair")
    picture = market.snapshot()
    picture["accounts"].append({**market.account, "id": "2", "label": "Other", "paused": PAUSED})
    ages = {"public_age_ms": 90, "private_age_ms": 300}
    up = {ACCOUNT: {**ages, "paused": None}, "2": {**ages, "paused": PAUSED}}
    beat = {"type": "heartbeat", "seq": picture["seq"], "at": played.at(), "up": up, "seen": "seen"}
    played.say(picture)
    played.say(beat)
    expect(page.locator(".paused")).to_contain_text("Other: paused by ann")
    expect(best).to_be_visible()
    market.account["paused"] = PAUSED
    played.say(market.snapshot())
    played.beat()
    expect(page.locator(".paused")).to_contain_text("paper: paused by ann")
    expect(best).to_be_hidden()
