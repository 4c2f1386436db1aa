"""The TP / SL sheet beyond the whole position: pairs for parts, trailing stops, and legs that protect nothing."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .market import ACCOUNT
from .played import Played

POSITION = f"{ACCOUNT}:linear:BTCUSDT:0"


def leg(played: Played, number: int, kind: str, trigger: str, **changes: Any) -> dict[str, Any]:
    """A protective order of Bybit's own making, as the house tells it."""
    row = {
        "id": f"00000000-0000-4000-8000-00000000000{number}",
        "account": ACCOUNT,
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Sell",
        "order_type": "Market",
        "qty": "0.02",
        "price": None,
        "time_in_force": "IOC",
        "reduce_only": True,
        "position_idx": 0,
    }
    waiting = {"state": "working", "exchange_status": "Untriggered", "trigger_price": trigger}
    return played.market.order(row, **waiting, stop_order_type=kind, **changes)


@pytest.fixture
def sheet(played: Played, page: Page) -> Played:
    """Long 0.05 BTC, with a pair for 0.02 of it, a trailing stop that waits, and a leg of the wrong size."""
    held = played.market.position("BTCUSDT", "Buy", "0.05", "63800")
    held["trailing_stop"] = "500"
    take = leg(played, 1, "PartialTakeProfit", "66000", order_type="Limit", price="65900")
    stop = leg(played, 2, "PartialStopLoss", "63000")
    trail = leg(played, 3, "TrailingStop", "65000")
    orphan = leg(played, 4, "PartialStopLoss", "62000", qty="0.07")
    guard = {"position": POSITION, "pairs": [{"take_profit": take, "stop_loss": stop}], "trailing": [trail]}
    reason = "It is for 0.07, and the position holds 0.05: Bybit will reduce what it can."
    played.answers["GET /protection"] = lambda *_: (
        200,
        {
            "items": [{**guard, "others": [], "unprotected": "0"}],
            "orphans": [{"order": orphan, "reason": reason}],
        },
    )
    played.answers[f"PUT /positions/{POSITION.replace(':', '%3A')}"] = lambda *_: (200, held)
    played.open()
    page.get_by_role("button", name="TP / SL BTCUSDT").click()
    return played


def put(played: Played) -> list[Any]:
    return [call.post_data_json for call in played.calls if call.method == "PUT"]


def test_a_pair_for_a_part_is_sent_whole_and_as_typed(sheet: Played, page: Page) -> None:
    page.get_by_role("radio", name="A part").check()
    add = page.get_by_role("button", name="Add for this part")
    expect(add).to_be_disabled()
    page.locator("#part-size").fill("0.0119")
    page.locator("#part-take_profit").fill("66000")
    page.locator("#part-stop_loss").fill("63000")
    page.get_by_role("group", name="Take profit runs as").get_by_role("radio", name="Limit").check()
    # A limit leg without its price is no leg.
    expect(add).to_be_disabled()
    page.locator("#part-take_profit-limit").fill("65950")
    add.click()
    expect(page.locator("dialog .note[data-tone=good]")).to_have_text("Bybit took the pair.")
    assert put(sheet) == [
        {
            "tpsl_mode": "Partial",
            "take_profit": "66000",
            "tp_size": "0.011",
            "tp_trigger_by": "LastPrice",
            "tp_order_type": "Limit",
            "tp_limit_price": "65950",
            "stop_loss": "63000",
            "sl_size": "0.011",
            "sl_trigger_by": "MarkPrice",
            "sl_order_type": "Market",
        }
    ]


def test_a_part_is_no_more_than_is_held(sheet: Played, page: Page) -> None:
    page.get_by_role("radio", name="A part").check()
    page.locator("#part-stop_loss").fill("63000")
    page.locator("#part-size").fill("0.051")
    expect(page.locator("#part-size-note")).to_have_text("From 0.001 to 0.050")
    expect(page.get_by_role("button", name="Add for this part")).to_be_disabled()
    page.locator("#part-size").fill("0.05")
    expect(page.get_by_role("button", name="Add for this part")).to_be_enabled()


def test_legs_are_listed_changed_and_removed_one_by_one(sheet: Played, page: Page) -> None:
    page.get_by_role("radio", name="A part").check()
    pair = page.locator("dialog .pair").first
    expect(pair.get_by_role("heading")).to_have_text("For 0.020 BTC")
    expect(pair.locator("li").first).to_contain_text("Take-profit at 66,000.0, limit 65,900.0")
    expect(pair.locator("li").last).to_contain_text("Stop-loss at 63,000.0, market")
    gone = sheet.market.orders["00000000-0000-4000-8000-000000000002"]
    sheet.answers["DELETE /orders/"] = lambda *_: (200, {**gone, "state": "cancelled", "version": 99})
    with page.expect_request(lambda call: call.method == "DELETE") as call:
        pair.get_by_role("button", name="Remove Stop-loss").click()
    assert call.value.url.endswith("000000000002")
    pair.get_by_role("button", name="Change Take-profit").click()
    expect(page.get_by_role("heading", name="Amend BTCUSDT order")).to_be_visible()
    expect(page.locator("#amend-trigger_price")).to_have_value("66000")


def test_what_protects_nothing_is_named_with_its_reason(sheet: Played, page: Page) -> None:
    page.get_by_role("radio", name="A part").check()
    orphan = page.locator("dialog .pair", has_text="Bybit will reduce what it can")
    expect(orphan).to_contain_text("Stop-loss at 62,000.0, market")
    expect(orphan.get_by_role("button", name="Remove Stop-loss")).to_be_enabled()


def test_a_trailing_stop_is_shown_changed_and_removed(sheet: Played, page: Page) -> None:
    page.get_by_role("radio", name="Trailing").check()
    expect(page.locator("dialog .fact", has_text="Set now")).to_contain_text("500.0, starts at 65,000.0")
    button = page.get_by_role("button", name="Set trailing stop")
    expect(button).to_be_disabled()
    page.locator("#trailing-from").fill("64000")
    expect(page.locator("#trailing-from-note")).to_have_text("Has to be above the last price, or empty")
    page.locator("#trailing-from").fill("")
    page.locator("#trailing-distance").fill("300")
    expect(page.locator("#trailing-distance-note")).to_have_text("would stand at 63,950.0 now")
    page.locator("#trailing-from").fill("65500")
    button.click()
    expect(page.locator("dialog .note[data-tone=good]")).to_have_text("Bybit took the trailing stop.")
    assert put(sheet) == [{"trailing_stop": "300", "active_price": "65500"}]


def test_removing_a_trailing_stop_asks_for_a_hold_with_real_money(sheet: Played, page: Page) -> None:
    page.get_by_role("radio", name="Trailing").check()
    page.get_by_role("button", name="Remove trailing stop").click()
    expect(page.locator("dialog .note[data-tone=good]")).to_have_text("The trailing stop is gone.")
    assert put(sheet) == [{"trailing_stop": "0"}]
    page.keyboard.press("Escape")
    sheet.market.account["environment"] = "live"
    sheet.say(sheet.market.snapshot())
    sheet.beat()
    page.get_by_role("button", name="TP / SL BTCUSDT").click()
    page.get_by_role("radio", name="Trailing").check()
    page.get_by_role("button", name="Hold to remove").click()
    assert len(put(sheet)) == 1
