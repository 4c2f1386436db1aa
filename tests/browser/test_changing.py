"""Orders amended, stops set, positions reversed: what is asked, what is sent, and what is said of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .played import Played, error
from .stages import ORDER as RESTING

ID = "00000000-0000-4000-8000-000000000001"
ORDER = {**RESTING, "price": "62900"}
AMEND = "Amend Buy Limit 62,900.0 BTCUSDT"


@pytest.fixture
def resting(played: Played, page: Page) -> Played:
    played.market.order(ORDER, state="working", filled_qty="0.005")
    played.open()
    played.go("Orders")
    return played


@pytest.fixture
def holding(played: Played, page: Page) -> Played:
    held = played.market.position("BTCUSDT", "Buy", "0.05", "63800")
    held["stop_loss"] = "63000"
    played.open()
    return played


def test_amending_sends_what_changed_and_the_version_that_was_seen(resting: Played, page: Page) -> None:
    page.get_by_role("button", name=AMEND).click()
    expect(page.get_by_role("button", name="Change order")).to_be_disabled()
    page.locator("#amend-price").fill("62950")
    expect(page.locator(".field-aside", has_text="→")).to_have_text("62,900.0 → 62,950.0")
    row = resting.market.orders[ID]
    resting.answers["PATCH /orders/"] = lambda *_: (
        200,
        resting.market.update(row, price="62950")["order"],
    )
    seen = row["version"]
    page.get_by_role("button", name="Change order").click()
    expect(page.locator("dialog .note[data-tone=good]")).to_have_text("Bybit took the change.")
    [call] = [call for call in resting.calls if call.method == "PATCH"]
    assert call.post_data_json == {"price": "62950", "version": seen}


def test_an_order_that_changed_meanwhile_is_not_touched_and_that_is_said(resting: Played, page: Page) -> None:
    page.get_by_role("button", name=AMEND).click()
    page.locator("#amend-qty").fill("0.03")
    text = "This order has changed since you looked at it. Nothing was changed; look again and decide anew."
    resting.answers["PATCH /orders/"] = lambda *_: (409, error("order_changed", text))
    page.get_by_role("button", name="Change order").click()
    expect(page.locator("[role=alert]")).to_have_text(text)
    expect(page.locator("#amend-qty")).to_have_value("0.03")


def test_an_amend_without_proof_is_not_repeated(resting: Played, page: Page) -> None:
    page.get_by_role("button", name=AMEND).click()
    page.locator("#amend-price").fill("62950")
    resting.answers["PATCH /orders/"] = lambda route, _: route.abort()
    page.get_by_role("button", name="Change order").click()
    expect(page.locator("dialog .note")).to_contain_text("No proof yet")
    expect(page.get_by_role("button", name="Change order")).to_be_disabled()


def field_note(page: Page, name: str) -> Any:
    return page.locator(f"#amend-{name}-note")


@pytest.mark.parametrize("reduces", [False, True])
def test_amending_to_a_price_beyond_the_market_warns_and_then_blocks(
    played: Played, page: Page, reduces: bool
) -> None:
    side = "Sell" if reduces else "Buy"
    played.market.position("BTCUSDT", "Buy", "0.05", "63800")
    played.market.order({**ORDER, "side": side, "reduce_only": reduces}, state="working")
    played.open().go("Orders")
    page.get_by_role("button", name=f"Amend {side}").click()
    price, button = page.locator("#amend-price"), page.get_by_role("button", name="Change order")
    near, far = ("63000", "60000") if reduces else ("65500", "68000")
    price.fill(near)
    expect(page.get_by_text("more than 1 % beyond the market")).to_be_visible()
    expect(button).to_be_enabled()
    price.fill(far)
    limit = "61,037.5 at the least" if reduces else "67,462.5 at the most"
    expect(field_note(page, "price")).to_have_text(f"More than 5 % beyond the market: {limit}")
    expect(button).to_be_disabled()
    price.fill("64248")
    expect(page.get_by_text("beyond the market")).to_have_count(0)
    expect(button).to_be_enabled()


def test_each_cause_that_holds_an_amend_back_has_its_own_words(resting: Played, page: Page) -> None:
    page.get_by_role("button", name=AMEND).click()
    for name, typed, said in (
        ("qty", "0", "0.005 BTC is filled already: has to be larger"),
        ("qty", "0.005", "0.005 BTC is filled already: has to be larger"),
        ("qty", "2000", "The most is 1,190.000 BTC"),
        ("qty", "1e5", "Digits and one decimal mark only"),
        ("qty", "", "Enter a size"),
        ("price", "0.01", "The price is below one step"),
        ("price", "", "Enter a price"),
    ):
        page.locator(f"#amend-{name}").fill(typed)
        expect(field_note(page, name)).to_have_text(said)
        expect(page.get_by_role("button", name="Change order")).to_be_disabled()
    page.locator("#amend-price").fill("62950.04")
    expect(field_note(page, "price")).to_have_text("Rounded to 62,950.0 (step 0.1)")
    page.locator("#amend-qty").fill("0.0301")
    expect(field_note(page, "qty")).to_have_text("Rounded to 0.030 (step 0.001)")
    page.locator("#amend-price").fill("100")
    expect(field_note(page, "qty")).to_have_text("The order must be worth 5 USDT or more")
    # What trades while the sheet is open counts too.
    page.locator("#amend-price").fill("62950")
    page.locator("#amend-qty").fill("0.01")
    expect(page.get_by_role("button", name="Change order")).to_be_enabled()
    resting.say(resting.market.update(resting.market.orders[ID], filled_qty="0.01"))
    expect(field_note(page, "qty")).to_contain_text("0.010 BTC is filled already")


def test_a_size_below_the_smallest_is_said_where_nothing_is_filled(played: Played, page: Page) -> None:
    played.market.order({**ORDER, "symbol": "SOLUSDT", "price": "170", "qty": "1"}, state="working")
    played.open().go("Orders")
    page.get_by_role("button", name="Amend Buy").click()
    for typed in ("0", "0.01"):
        page.locator("#amend-qty").fill(typed)
        expect(field_note(page, "qty")).to_have_text("The least is 0.1 SOL")


def test_amend_shows_the_market_the_value_and_whose_order_it_is_without_scrolling(
    played: Played, page: Page
) -> None:
    played.market.account["label"] = "Main"
    played.market.order(ORDER, state="working", filled_qty="0.005")
    played.open().go("Orders")
    page.get_by_role("button", name=AMEND).click()
    page.locator("#amend-price").fill("62950")
    sheet = page.get_by_role("dialog")
    expect(sheet.locator(".ticket-place")).to_have_text("PAPERMain")
    facts = [("Last", "64,250.0"), ("Bid", "64,249.9"), ("Ask", "64,250.0")]
    for name, value in [*facts, ("From Ask", "−2.02%"), ("Value", "1,259.00 USDT")]:
        expect(sheet.locator(".fact", has=page.get_by_text(name, exact=True))).to_contain_text(value)
    played.tick(last="64300", bid="64299.9", ask="64300")
    expect(sheet.locator(".fact", has=page.get_by_text("Last", exact=True))).to_contain_text("64,300.0")
    assert sheet.locator("output, [aria-live], [role=status], [role=alert]").count() == 0
    page.locator("#amend-price").fill("65500")
    expect(page.get_by_text("more than 1 % beyond the market")).to_be_visible()
    body = page.locator(".sheet-body")
    assert body.evaluate("part => part.scrollHeight - part.clientHeight") <= 0
    assert body.evaluate("part => part.scrollWidth - part.clientWidth") <= 0


def test_a_waiting_orders_trigger_says_which_way_it_must_move(played: Played, page: Page) -> None:
    waits = {"exchange_status": "Untriggered", "trigger_price": "66000", "trigger_by": "MarkPrice"}
    row = {**ORDER, "order_type": "Market", "price": None}
    played.market.order(row, state="working", trigger_direction=1, **waits)
    played.open().go("Orders")
    page.get_by_role("radio", name="Trigger").check()
    page.get_by_role("button", name="Amend Buy").click()
    trigger, button = page.locator("#amend-trigger_price"), page.get_by_role("button", name="Change order")
    expect(field_note(page, "trigger_price")).to_have_text("Triggers when Mark rises to 66,000.0")
    trigger.fill("65000")
    expect(field_note(page, "trigger_price")).to_have_text("Triggers when Mark rises to 65,000.0")
    expect(page.locator("dialog .fact", has_text="From Mark")).to_contain_text("+1.17%")
    expect(button).to_be_enabled()
    for typed, said in (
        ("64249.8", "The price is there already"),
        ("63000", "It waits for a rise: has to be above the price now"),
    ):
        trigger.fill(typed)
        expect(field_note(page, "trigger_price")).to_have_text(said)
        expect(button).to_be_disabled()


@pytest.mark.parametrize("end", ["filled", "cancelled"])
def test_after_an_amend_the_stream_says_what_became_of_the_order(
    resting: Played, page: Page, end: str
) -> None:
    page.get_by_role("button", name=AMEND).click()
    page.locator("#amend-price").fill("64250")
    row = resting.market.orders[ID]
    change = resting.market.update(row, price="64250")
    resting.answers["PATCH /orders/"] = lambda *_: (200, change["order"])
    page.get_by_role("button", name="Change order").click()
    resting.say(change)
    expect(resting.outcome("partly")).to_contain_text("Part filled: 0.005 of 0.020")
    done = {"filled": {"filled_qty": "0.02", "avg_price": "64250"}, "cancelled": {}}[end]
    resting.say(resting.market.update(row, state=end, **done))
    said = {"filled": "0.020 at 64,250.0", "cancelled": "Cancelled after 0.005 filled"}[end]
    expect(resting.outcome(end)).to_contain_text(said)
    expect(page.locator("dialog .note[data-tone=good]")).to_have_text("Bybit took the change.")
    resting.run(2_500, beating=True)
    expect(page.locator("[role=status]")).to_contain_text(said)


def test_an_amend_without_proof_still_says_that_the_order_ended(resting: Played, page: Page) -> None:
    page.get_by_role("button", name=AMEND).click()
    page.locator("#amend-price").fill("64250")
    row = resting.market.orders[ID]
    resting.answers["PATCH /orders/"] = lambda *_: (202, row)
    page.get_by_role("button", name="Change order").click()
    expect(page.locator("dialog .note")).to_contain_text("No proof yet")
    resting.say(resting.market.update(row, state="filled", filled_qty="0.02", avg_price="64250"))
    expect(resting.outcome("filled")).to_contain_text("0.020 at 64,250.0")


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


def test_orders_stand_under_what_they_are(resting: Played, page: Page) -> None:
    waiting = {"state": "working", "exchange_status": "Untriggered", "trigger_price": "66000"}
    for number, kind in ((2, None), (3, "StopLoss")):
        row = {**ORDER, "id": ID[:-1] + str(number), "order_type": "Market", "price": None}
        order = resting.market.order(row, **waiting, stop_order_type=kind)
        resting.say(resting.market.change("order", order))
    for name, text in (("Open 1", "62,900.0"), ("Trigger 1", "Market when"), ("TP / SL 1", "Stop-loss")):
        page.get_by_role("radio", name=name).check()
        expect(page.locator("li.order")).to_have_count(1)
        expect(page.locator("li.order")).to_contain_text(text)


def test_an_orders_record_tells_its_story(resting: Played, page: Page) -> None:
    row = resting.market.orders[ID]
    at = resting.at()
    fill = {"execQty": "0.005", "execPrice": "62900"}
    story = [("intent", {"by": "demo"}), ("sent", {}), ("fill", fill)]
    events = [{"at": at, "kind": kind, "source": "x", "body": body} for kind, body in story]
    times = {"tap": "2026-11-22T10:00:00.000Z", "acked": "2026-11-22T10:00:00.045Z"}
    detail = {
        **row,
        "user": "demo",
        "times": times | {"sent": None, "first_fill": None},
        "fills": [],
        "events": events,
    }
    resting.answers[f"GET /orders/{ID}"] = lambda *_: (200, detail)
    page.locator(".order-title").click()
    expect(page.locator(".timeline li")).to_have_text(
        [re.compile(text) for text in ("Asked for", "Sent to Bybit", "Filled 0.005 at 62,900.0")]
    )
    expect(page.locator("dialog .fact", has_text="From tap to answer")).to_contain_text("45 ms")


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
