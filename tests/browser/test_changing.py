"""Stops set, positions reversed, leverage, whose each sheet is: what is asked, sent, and said of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .played import Played, error
from .stages import ORDER as RESTING

ID = "00000000-0000-4000-8000-000000000001"
ORDER = {**RESTING, "price": "62900"}


@pytest.fixture
def holding(played: Played, page: Page) -> Played:
    held = played.market.position("BTCUSDT", "Buy", "0.05", "63800")
    held["stop_loss"] = "63000"
    played.open()
    return played


@pytest.mark.parametrize("sheet", ["amend", "order", "stops", "reverse", "leverage", "more", "close"])
def test_every_sheet_says_whose_it_is(played: Played, page: Page, sheet: str) -> None:
    played.market.account["label"] = "Second"
    played.market.position("BTCUSDT", "Buy", "0.05", "63800")
    played.market.order(ORDER, state="working")
    played.answers[f"GET /orders/{ID}"] = lambda *_: (404, error("not_found"))
    played.open()
    if sheet in {"amend", "order"}:
        played.go("Orders")
        page.locator(".order-title" if sheet == "order" else ".order .icon-button").click()
    elif sheet in {"stops", "close"}:
        page.get_by_role("button", name={"stops": "TP / SL", "close": "Close…"}[sheet] + " BTCUSDT").click()
    else:
        page.get_by_role("button", name="More for BTCUSDT").click()
        if sheet != "more":
            page.get_by_role("button", name=f"{sheet.capitalize()}…").click()
            expect(page.get_by_role("heading", name=sheet.capitalize())).to_be_visible()
    expect(page.locator("dialog .sheet-head .ticket-place")).to_have_text("PAPERSecond")


def test_stops_are_prefilled_checked_and_only_the_changed_leg_is_sent(holding: Played, page: Page) -> None:
    page.get_by_role("button", name="TP / SL BTCUSDT").click()
    stop, take = page.locator("#leg-stop_loss"), page.locator("#leg-take_profit")
    expect(stop).to_have_value("63000")
    take.fill("64000")
    expect(page.locator("#leg-take_profit-note")).to_have_text("Has to be above the last price")
    take.fill("")
    stop.fill("58000")
    expect(page.locator("#leg-stop_loss-note")).to_contain_text("Past the liquidation price")
    stop.fill("63500")
    expect(page.locator("#leg-stop_loss-note")).to_contain_text("−15.00 at that price")
    holding.answers["PUT /positions/"] = lambda *_: (200, {})
    page.get_by_role("button", name="Set TP / SL").click()
    expect(page.locator("dialog .note[data-tone=good]")).to_be_visible()
    [call] = [call for call in holding.calls if call.method == "PUT"]
    assert call.post_data_json == {"tpsl_mode": "Full", "stop_loss": "63500", "sl_trigger_by": "MarkPrice"}


def test_on_a_live_account_a_wider_stop_is_held_and_a_tighter_one_tapped(played: Played, page: Page) -> None:
    played.market.account["environment"] = "live"
    played.market.position("BTCUSDT", "Buy", "0.05", "63800")["stop_loss"] = "63000"
    played.open()
    page.get_by_role("button", name="TP / SL BTCUSDT").click()
    page.locator("#leg-stop_loss").fill("63500")
    expect(page.get_by_role("button", name="Set TP / SL")).to_have_attribute("data-confirm", "tap")
    page.locator("#leg-stop_loss").fill("62000")
    expect(page.get_by_role("button", name="Hold to set")).to_have_attribute("data-confirm", "hold")
    page.get_by_role("button", name="Remove: Stop loss").click()
    expect(page.locator("#leg-stop_loss-note")).to_have_text("will be removed")
    expect(page.get_by_role("button", name="Hold to set")).to_be_enabled()
    page.keyboard.press("Escape")
    short = played.market.position("BTCUSDT", "Sell", "0.05", "63800") | {
        "stop_loss": "65000",
        "liq_price": "70000",
    }
    played.say(played.market.change("position", short))
    page.get_by_role("button", name="TP / SL BTCUSDT").click()
    page.get_by_role("button", name="Remove: Stop loss").click()
    expect(page.get_by_role("button", name="Hold to set")).to_be_enabled()


def test_reversing_is_two_orders_each_told_by_itself(holding: Played, page: Page) -> None:
    page.get_by_role("button", name="More for BTCUSDT").click()
    page.get_by_role("button", name="Reverse…").click()
    expect(page.locator("dialog")).to_contain_text("opens ▼ Short 0.050 BTC")
    facts = page.locator("dialog .facts")
    expect(facts).to_contain_text(re.compile(r"before fees▲? ?\+22.49"))
    expect(facts).to_contain_text("Fee of each order")
    expect(page.locator("dialog .note")).to_contain_text("no stop loss until you set one")
    row = {**ORDER, "side": "Sell", "qty": "0.05"}

    def turned(_: Any, request: Any) -> Any:
        body = request.post_data_json
        orders = [holding.market.order({**row, "id": body[name]}) for name in ("id", "open_id")]
        return 201, {"close": orders[0], "open": orders[1], "error": None}

    holding.answers["POST /positions/"] = turned
    with page.expect_request("**/reverse"):
        page.get_by_role("button", name="Reverse", exact=True).click()
    expect(page.locator(".outcome")).to_have_count(2)
    [body] = holding.posts("/positions/1%3Alinear%3ABTCUSDT%3A0/reverse")
    assert body["seen"]
    assert body["id"] != body["open_id"]
    for name in ("id", "open_id"):
        order = holding.market.orders[body[name]]
        holding.say(holding.market.update(order, state="filled", filled_qty="0.05", avg_price="64250"))
    expect(page.locator(".outcome[data-outcome=filled]")).to_have_count(2)
    # The way to the exits that the new position lacks, once it is there.
    stops = page.get_by_role("dialog").get_by_role("button", name="TP / SL…")
    expect(stops).to_have_count(0)
    held = holding.market.position("BTCUSDT", "Sell", "0.05", "64250")
    holding.say(holding.market.change("position", held))
    bare = page.locator("dialog .note", has_text="The new position has no stop loss until you set one.")
    expect(bare).to_be_visible()
    guarded = {**held, "version": held["version"] + 1, "stop_loss": "65000"}
    holding.say(holding.market.change("position", guarded))
    expect(bare).to_have_count(0)
    stops.click()
    expect(page.get_by_role("heading", name="TP / SL of BTCUSDT")).to_be_visible()


def test_what_was_turned_in_part_has_a_way_to_its_exits_too_and_those_it_had_are_told(
    played: Played, page: Page
) -> None:
    played.market.position("BTCUSDT", "Buy", "0.05", "63800")["stop_loss"] = "63000"
    played.open()
    page.get_by_role("button", name="More for BTCUSDT").click()
    page.get_by_role("button", name="Reverse…").click()
    note = page.locator("dialog .note")
    expect(note).to_contain_text(
        re.compile("Its TP / SL .*63,000.0.* end with it. The new position has no stop loss")
    )

    def turned(_: Any, request: Any) -> Any:
        body = request.post_data_json
        row = {**ORDER, "side": "Sell", "qty": "0.05"}
        done = {"state": "filled", "filled_qty": "0.05", "avg_price": "64250"}
        part = {"state": "cancelled", "filled_qty": "0.02", "avg_price": "64250"}
        close = played.market.order({**row, "id": body["id"]}, **done)
        return 201, {
            "close": close,
            "open": played.market.order({**row, "id": body["open_id"]}, **part),
            "error": None,
        }

    played.answers["POST /positions/"] = turned
    page.get_by_role("button", name="Reverse", exact=True).click()
    expect(page.locator(".outcome")).to_have_count(2)
    played.say(played.market.change("position", played.market.position("BTCUSDT", "Sell", "0.02", "64250")))
    page.get_by_role("dialog").get_by_role("button", name="TP / SL…").click()
    expect(page.get_by_role("heading", name="TP / SL of BTCUSDT")).to_be_visible()


def test_reversing_where_the_other_side_is_held_promises_nothing_of_that_side(
    holding: Played, page: Page
) -> None:
    other = holding.market.position("BTCUSDT", "Sell", "0.02", "64000")
    other |= {"position_idx": 2, "id": "1:linear:BTCUSDT:2", "stop_loss": "66000"}
    holding.say(holding.market.change("position", other))
    page.get_by_role("button", name="More for BTCUSDT").first.click()
    page.get_by_role("button", name="Reverse…").click()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("Fee of each order")
    expect(sheet).not_to_contain_text("no stop loss until you set one")
    expect(sheet).not_to_contain_text("Position after")


def test_leverage_says_why_its_button_is_off_and_how_it_rounds(holding: Played, page: Page) -> None:
    page.get_by_role("button", name="More for BTCUSDT").click()
    page.get_by_role("button", name="Leverage…").click()
    typed, note = page.locator("#leverage"), page.locator("#leverage-note")
    button = page.locator("dialog [data-confirm]")
    expect(button).to_be_disabled()
    expect(page.locator("dialog")).to_contain_text("It is 10× already: nothing to set.")
    for value, said in (
        ("150", "Above this market's largest, 100×"),
        ("0.5", "The least is 1×"),
        ("1,2.3", "Digits and one decimal mark only"),
        ("", "Enter a leverage from 1 to 100"),
    ):
        typed.fill(value)
        expect(note).to_have_text(said)
        expect(button).to_be_disabled()
    typed.fill("12.345")
    expect(note).to_have_text("Rounded to 12.34 (step 0.01)")
    expect(button).to_be_enabled()
    expect(button).to_have_text("Set to 12.34×")
    holding.run(4_000)
    expect(page.locator("dialog .note", has_text="The picture may be old.")).to_be_visible()
    holding.beat()
    status = {"account": "1", "stream": "live", "read_only": True, "read_only_reason": "This key only reads."}
    holding.say({"type": "status", "status": [status]})
    expect(page.locator("dialog .note", has_text="This key only reads.")).to_be_visible()
    expect(button).to_be_disabled()


ASLEEP = error(
    "step_up",
    "Nobody traded on this device for twelve hours. Give a code of your authenticator. Nothing was sent.",
    reason="idle",
    by="code",
    passkey=True,
)


def prove(played: Played, page: Page, wanted: str) -> None:
    """The proof is asked for in the sheet, the button waits for it, and nothing is sent by giving it."""
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_text(str(ASLEEP["error"]["message"]))).to_be_visible()
    expect(sheet.get_by_role("button", name="Use your passkey")).to_be_visible()
    button = sheet.get_by_role("button", name=wanted, exact=True)
    assert button.count() == 0 or button.is_disabled()
    played.answers["POST /session/step-up"] = lambda *_: (200, {"done": True})
    sheet.get_by_label("Code of your authenticator").fill("123456")
    sheet.get_by_role("button", name="Go on").click()
    expect(sheet.get_by_text("Nothing was sent yet: look once more")).to_be_visible()
    assert played.posts("/session/step-up") == [{"code": "123456"}]


@pytest.mark.parametrize(
    ("opener", "field", "typed", "button"),
    [
        ("TP / SL BTCUSDT", "#leg-stop_loss", "63500", "Set TP / SL"),
        ("Leverage…", "#leverage", "7", "Set to 7×"),
    ],
)
def test_a_change_that_wants_a_fresh_proof_asks_for_it_in_place_and_keeps_what_was_typed(
    holding: Played, page: Page, opener: str, field: str, typed: str, button: str
) -> None:
    if opener.startswith("Leverage"):
        page.get_by_role("button", name="More for BTCUSDT").click()
    page.get_by_role("button", name=opener).click()
    page.locator(field).fill(typed)
    holding.answers["PUT /positions/"] = lambda *_: (403, ASLEEP)
    page.get_by_role("button", name=button, exact=True).click()
    prove(holding, page, button)
    expect(page.locator(field)).to_have_value(typed)
    assert len([call for call in holding.calls if call.method == "PUT"]) == 1
    holding.answers["PUT /positions/"] = lambda *_: (200, {})
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator("dialog .note[data-tone=good]")).not_to_contain_text("look once more")
    first, second = [call.post_data_json for call in holding.calls if call.method == "PUT"]
    assert first == second


def test_reversing_that_wants_a_fresh_proof_is_asked_anew_with_new_ids(holding: Played, page: Page) -> None:
    path = "/positions/1%3Alinear%3ABTCUSDT%3A0/reverse"
    page.get_by_role("button", name="More for BTCUSDT").click()
    page.get_by_role("button", name="Reverse…").click()
    holding.answers["POST /positions/"] = lambda *_: (403, ASLEEP)
    page.get_by_role("button", name="Reverse", exact=True).click()
    prove(holding, page, "Reverse")
    assert len(holding.posts(path)) == 1
    page.get_by_role("button", name="Reverse", exact=True).click()
    expect(page.get_by_label("Code of your authenticator")).to_be_visible()
    first, second = holding.posts(path)
    assert not {first["id"], first["open_id"]} & {second["id"], second["open_id"]}


def test_a_second_step_that_was_not_taken_says_so(holding: Played, page: Page) -> None:
    page.get_by_role("button", name="More for BTCUSDT").click()
    page.get_by_role("button", name="Reverse…").click()
    why = {"code": "not_flat", "message": "Something is left of it. Nothing was opened.", "detail": {}}
    holding.answers["POST /positions/"] = lambda _, request: (
        202,
        {
            "close": holding.market.order({**ORDER, "id": request.post_data_json["id"]}),
            "open": None,
            "error": why,
        },
    )
    page.get_by_role("button", name="Reverse", exact=True).click()
    expect(page.locator(".outcome[data-outcome=refused]")).to_contain_text("Something is left of it")
    expect(page.locator(".outcome[data-outcome=accepted]")).to_have_count(1)


def test_positions_say_what_guards_them_and_the_nearest_to_liquidation_comes_first(
    played: Played, page: Page
) -> None:
    played.market.position("BTCUSDT", "Buy", "0.05", "63800")
    near = played.market.position("ETHUSDT", "Buy", "0.5", "3487")
    near["liq_price"] = "3400"
    guard = {
        "position": "1:linear:ETHUSDT:0",
        "pairs": [],
        "trailing": [],
        "others": [],
        "unprotected": "0.5",
    }
    stray = played.market.order({**ORDER, "id": ID, "reduce_only": True}, state="working")
    orphan = {"order": stray, "reason": "Its position is flat."}
    played.answers["GET /protection"] = lambda *_: (200, {"items": [guard], "orphans": [orphan]})
    played.open()
    played.tick("ETHUSDT", last="3487.2", mark="3487.2", bid="3487.1", ask="3487.2")
    played.go("Positions")
    played.run(500)
    cards = page.locator(".cards article")
    expect(cards.first).to_contain_text("ETHUSDT")
    expect(cards.first).to_contain_text("2.50%")
    expect(cards.first).to_contain_text("No stop loss on 0.50 ETH.")
    expect(page.locator(".orphans")).to_contain_text("Its position is flat.")
