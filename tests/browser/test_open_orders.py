"""Open orders: how they stand, what their record tells, and what is asked, sent and said when one is changed."""

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


def test_how_far_the_market_is_from_an_order_is_never_old_news(played: Played, page: Page) -> None:
    order = {
        "id": "00000000-0000-4000-8000-00000000000e",
        "account": "1",
        "category": "linear",
        "symbol": "ETHUSDT",
        "side": "Buy",
        "order_type": "Limit",
        "qty": "0.5",
        "price": "3400",
        "time_in_force": "GTC",
        "reduce_only": False,
        "position_idx": 0,
    }
    played.market.order(order, state="working")
    played.open()

    def watched() -> list[str]:
        return [message["symbols"] for message in played.said("watch") if "category" not in message][-1]

    assert watched() == ["BTCUSDT"]
    for last, away in (("3500", "−2.86%"), ("3450", "−1.45%")):
        played.go("Orders")
        row = page.locator(".order")
        # What was known when it was last looked at is not shown again.
        expect(row).to_contain_text("0.00 of 0.50")
        expect(row).not_to_contain_text("%")
        assert watched() == ["BTCUSDT", "ETHUSDT"]
        played.tick("ETHUSDT", last=last, mark=last, bid=last, ask=last)
        played.run(1_000, beating=True)
        expect(row).to_contain_text(away)
        played.go("Trade")
        assert watched() == ["BTCUSDT"]


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
