"""Cancel, close and Stop: what they say, what they send, and what they count."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .played import Played, error
from .stages import LOOK, ORDER


def test_cancel_says_what_it_does_and_what_it_does_not_know(desk: Played, page: Page) -> None:
    row = desk.market.order(
        {
            "id": "00000000-0000-4000-8000-000000000001",
            "account": "1",
            "category": "linear",
            "symbol": "BTCUSDT",
            "side": "Buy",
            "order_type": "Limit",
            "qty": "0.02",
            "price": "62900",
            "time_in_force": "GTC",
            "reduce_only": False,
            "position_idx": 0,
        }
    )
    desk.say(desk.market.update(row, state="working"))
    desk.go("Orders")
    cancel = page.get_by_role("button", name="Cancel Buy Limit 62,900.0 BTCUSDT")
    desk.answers["DELETE /orders/"] = lambda *_: (202, row)
    cancel.click()
    expect(page.locator(".order-said")).to_have_text("No proof yet that it was cancelled. Checking.")
    desk.answers["DELETE /orders/"] = lambda *_: (200, desk.market.update(row, state="cancelled")["order"])
    cancel.click()
    expect(page.get_by_text("No open orders.")).to_be_visible()


LIMIT = {**ORDER, "price": "62900"}
CANCEL = "Cancel Buy Limit 62,900.0 BTCUSDT"


def unproven(desk: Played, page: Page) -> dict[str, Any]:
    """An order whose cancel was answered with 202."""
    row = desk.market.order(LIMIT)
    desk.say(desk.market.update(row, state="working"))
    desk.go("Orders")
    desk.answers["DELETE /orders/"] = lambda *_: (202, row)
    page.get_by_role("button", name=CANCEL).click()
    expect(page.locator(".order-said")).to_have_text("No proof yet that it was cancelled. Checking.")
    return row


def asked(desk: Played, method: str) -> int:
    path = f"/api/v1/orders/{LIMIT['id']}"
    return len([call for call in desk.calls if call.method == method and call.url.endswith(path)])


@pytest.mark.parametrize(
    ("state", "said"), [("cancelled", "Order cancelled."), ("filled", "Filled before it could be cancelled.")]
)
def test_a_cancel_without_proof_ends_with_the_stream(desk: Played, page: Page, state: str, said: str) -> None:
    row = unproven(desk, page)
    desk.say(desk.market.update(row, state=state))
    expect(page.get_by_text("No open orders.")).to_be_visible()
    expect(page.locator("[role=status]")).to_have_text(said)
    desk.run(6_000, beating=True)
    assert (asked(desk, "GET"), asked(desk, "DELETE")) == (0, 1)


def test_a_cancel_without_news_is_looked_up_and_never_sent_again(desk: Played, page: Page) -> None:
    row = unproven(desk, page)
    # Where even the record is silent it is still being checked, and that is all that is said.
    desk.answers["GET /orders/"] = lambda route, _: route.abort()
    with page.expect_request("**/orders/*"):
        desk.run(4_500, beating=True)
    expect(page.locator(".order-said")).to_have_text("No proof yet that it was cancelled. Checking.")
    assert asked(desk, "GET") == 1
    desk.answers["GET /orders/"] = lambda *_: (200, row)
    desk.run(8_500, beating=True)
    open_still = "Still open at Bybit, as far as Tradepost knows. Cancel it again."
    expect(page.locator(".order-said")).to_have_text(open_still)
    expect(page.locator("[role=alert]")).to_have_text(open_still)
    expect(page.get_by_role("button", name=CANCEL)).to_be_enabled()
    desk.run(20_000, beating=True)
    assert (asked(desk, "GET"), asked(desk, "DELETE")) == (2, 1)
    desk.say(desk.market.update(row, state="cancelled"))
    expect(page.get_by_text("No open orders.")).to_be_visible()
    expect(page.locator("[role=status]")).to_have_text("Order cancelled.")


def test_a_cancel_without_news_ends_with_the_record(desk: Played, page: Page) -> None:
    row = unproven(desk, page)
    change = desk.market.update(row, state="cancelled")
    desk.answers["GET /orders/"] = lambda *_: (200, change["order"])
    desk.run(4_500, beating=True)
    expect(page.get_by_text("No open orders.")).to_be_visible()
    expect(page.locator("[role=status]")).to_have_text("Order cancelled.")


@pytest.mark.parametrize(
    ("held", "near", "far", "reach"),
    [("Buy", "63000", "60000", "61,037.5 at the least"), ("Sell", "65500", "68000", "67,462.5 at the most")],
)
def test_a_close_at_a_price_beyond_the_market_warns_and_then_blocks(
    desk: Played, page: Page, held: str, near: str, far: str, reach: str
) -> None:
    desk.say(desk.market.change("position", desk.market.position("BTCUSDT", held, "0.05", "63800")))
    page.get_by_role("button", name="Close… BTCUSDT").click()
    page.get_by_role("radio", name="Limit").check()
    price, note = page.get_by_label("Price (USDT"), page.locator("dialog .field-note")
    price.fill(near)
    expect(page.get_by_text("more than 1 % beyond the market")).to_be_visible()
    expect(desk.place()).to_be_enabled()
    for typed, said in (
        (far, f"More than 5 % beyond the market: {reach}"),
        ("0.01", "The price is below one step"),
        ("", "Enter a price"),
        ("1,2.3", "Digits and one decimal mark only"),
    ):
        price.fill(typed)
        expect(note).to_have_text(said)
        expect(desk.place()).to_be_disabled()
    price.fill("64250.04")
    expect(note).to_have_text("Rounded to 64,250.0 (step 0.1)")
    expect(page.get_by_text("beyond the market")).to_have_count(0)
    expect(desk.place()).to_be_enabled()


def test_close_goes_to_the_position_with_an_id_of_its_own(desk: Played, page: Page) -> None:
    desk.say(desk.market.change("position", desk.market.position("BTCUSDT", "Buy", "0.05", "63800")))
    desk.answers["POST /positions/"] = lambda _, request: (
        201,
        desk.market.order(
            {**request.post_data_json, "symbol": "BTCUSDT", "side": "Sell", "qty": "0.025", "account": "1"}
        ),
    )
    page.get_by_role("button", name="Close… BTCUSDT").click()
    page.get_by_role("radio", name="50%").check()
    pnl = page.locator("dialog .fact", has_text="Expected P&L, before fees")
    expect(pnl).to_contain_text("+11.25")
    page.get_by_role("radio", name="Limit").check()
    page.get_by_label("Price (USDT").fill("64800")
    expect(pnl).to_contain_text("+25.00")
    page.get_by_role("radio", name="Market").check()
    desk.place().click()
    expect(desk.outcome("accepted")).to_be_visible()
    expect(page.locator(".sentence")).to_have_text("▼ Close 0.025 BTC of BTCUSDT, Market.")
    expect(page.locator("dialog .environment")).to_have_text("PAPER")
    expect(page.locator(".outcome-title")).to_be_focused()
    [body] = desk.posts("/positions/1%3Alinear%3ABTCUSDT%3A0/close")
    assert body["fraction"] == "0.5"
    assert body["order_type"] == "Market"
    assert len(body["id"]) == 36
    row = desk.market.orders[body["id"]]
    desk.say(desk.market.update(row, state="filled", filled_qty="0.025", avg_price="64250"))
    expect(page.locator("[role=status]")).to_contain_text("Filled")


def closing(desk: Played) -> dict[str, Any]:
    """What close-all tells of a position whose closing order Bybit took."""
    row = {"id": str(uuid.uuid4()), "account": "1", "symbol": "BTCUSDT", "side": "Sell", "qty": "0.5"}
    return {
        "position": "1:linear:BTCUSDT:0",
        "status": 201,
        "order": desk.market.order(row, state="acked"),
        "error": None,
    }


def test_close_says_what_it_costs_before_it_is_sent(desk: Played, page: Page) -> None:
    desk.say(desk.market.change("position", desk.market.position("BTCUSDT", "Buy", "0.05", "63800")))
    desk.answers["POST /orders/preview"] = lambda *_: (200, LOOK)
    page.get_by_role("button", name="Close… BTCUSDT").click()
    page.get_by_role("radio", name="50%").check()
    fee = page.locator("dialog .fact", has=page.get_by_text("Fee", exact=True))
    expect(fee).to_contain_text("–")
    desk.run(1_500, beating=True)
    expect(fee).to_contain_text("0.35")
    asked = desk.posts("/orders/preview")[-1]
    wanted = {"side": "Sell", "qty": "0.025", "order_type": "Market", "reduce_only": True, "position_idx": 0}
    assert wanted.items() <= asked.items()
    page.get_by_role("radio", name="Limit").check()
    desk.run(1_500, beating=True)
    expect(fee).to_contain_text("0.13 to 0.35")


def test_a_close_all_without_an_answer_is_asked_again_under_its_own_id(desk: Played, page: Page) -> None:
    desk.say(desk.market.change("position", desk.market.position("BTCUSDT", "Buy", "0.5", "64000")))
    desk.answers["POST /positions/close-all"] = lambda route, _: route.abort()
    page.get_by_role("button", name="Stop").click()
    for _ in range(2):
        page.get_by_role("button", name="Hold to close all").focus()
        page.keyboard.press("Enter")
        with page.expect_request("**/positions/close-all"):
            page.get_by_role("button", name="Confirm now").press("Enter")
        expect(page.locator("dialog .note")).to_contain_text("Look at the list before you do it again.")
        held = desk.market.position("BTCUSDT", "Buy", "0.4", "64000")
        desk.say(desk.market.change("position", held))
    first, second = desk.posts("/positions/close-all")
    assert first == second


def test_stop_states_counts_asks_for_a_hold_and_shows_each_result(desk: Played, page: Page) -> None:
    for symbol in ("BTCUSDT", "ETHUSDT"):
        desk.say(desk.market.change("position", desk.market.position(symbol, "Buy", "0.5", "3000")))
    taken = closing(desk)
    refused = error("refused", "Nothing left.")["error"]
    failed = {"position": "1:linear:ETHUSDT:0", "status": 422, "order": None, "error": refused}
    desk.answers["POST /positions/close-all"] = lambda *_: (200, {"items": [taken, failed]})
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Closes 2 positions at market.")).to_be_visible()
    expect(page.get_by_role("button", name="Hold to cancel all")).to_be_disabled()
    hold = page.get_by_role("button", name="Hold to close all")
    hold.tap()
    assert [call for call in desk.calls if call.method == "POST"] == []
    hold.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Confirm now").press("Enter")
    lines = page.locator(".results li")
    expect(lines.nth(0)).to_contain_text("Accepted, not closed yet")
    expect(lines.nth(1)).to_contain_text("Refused: Nothing left.")
    expect(page.locator("[role=alert]")).to_have_text("")
    [asked] = desk.posts("/positions/close-all")
    assert asked["account"] == "1"
    assert len(asked["id"]) == 36
    row = taken["order"]
    desk.say(desk.market.update(row, state="working", filled_qty="0.2"))
    expect(lines.nth(0)).to_contain_text("Part closed: 0.200 of 0.500")
    desk.say(desk.market.update(row, state="filled", filled_qty="0.5", avg_price="64250"))
    expect(lines.nth(0)).to_contain_text("Closed")
    expect(page.locator("[role=alert]")).to_have_text("Close all positions: 1 of 2 closed.")


def test_a_close_that_was_cancelled_is_not_counted_as_closed(desk: Played, page: Page) -> None:
    desk.say(desk.market.change("position", desk.market.position("BTCUSDT", "Buy", "0.5", "64000")))
    taken = closing(desk)
    desk.answers["POST /positions/close-all"] = lambda *_: (200, {"items": [taken]})
    page.get_by_role("button", name="Stop").click()
    hold = page.get_by_role("button", name="Hold to close all")
    hold.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Confirm now").press("Enter")
    line = page.locator(".results li")
    expect(line).to_contain_text("Accepted, not closed yet")
    [row] = desk.market.orders.values()
    desk.say(desk.market.update(row, state="cancelled"))
    expect(line).to_contain_text("Cancelled, still open")
    expect(page.locator("[role=alert]")).to_have_text("Close all positions: 0 of 1 closed.")


def test_stop_counts_only_what_can_be_cancelled(desk: Played, page: Page) -> None:
    row = desk.market.order({**LIMIT, "order_type": "Market", "price": None}, state="unknown")
    desk.say(desk.market.change("order", row))
    page.get_by_role("button", name="Stop").click()
    first = page.locator(".stop-action").filter(has_text="Cancel all orders")
    doubt = "1 order has no answer yet: if it stands at Bybit it is cancelled too."
    expect(first.locator("p").first).to_have_text(doubt)
    hold = page.get_by_role("button", name="Hold to cancel all")
    expect(hold).to_be_enabled()
    other = desk.market.order({**LIMIT, "id": LIMIT["id"][:-1] + "2"}, state="working")
    desk.say(desk.market.change("order", other))
    expect(first.locator("p").first).to_have_text(f"Cancels 1 order on 1 market. {doubt}")
    for order in (row, other):
        desk.say(desk.market.update(order, state="cancelled"))
    # What guards a position stays where it is.
    guard = {**LIMIT, "id": LIMIT["id"][:-1] + "3", "order_type": "Market", "price": None}
    waits = {"state": "working", "exchange_status": "Untriggered", "trigger_price": "63000"}
    stop = desk.market.order(guard, **waits, stop_order_type="StopLoss")
    desk.say(desk.market.change("order", stop))
    expect(first.locator("p").first).to_have_text("TP / SL orders stay.")
    expect(hold).to_be_disabled()
    desk.say(desk.market.update(stop, state="cancelled"))
    expect(first.locator("p").first).to_have_text("There are no open orders that we know of.")
