"""Orders without an answer: what is not known is called unknown, looked up, told once, and never sent again."""

from __future__ import annotations

import json

from playwright.sync_api import Page, Request, Route, expect

from .played import T0, Played, notes


def test_silence_is_unknown_is_never_sent_again_and_is_looked_up(desk: Played, page: Page) -> None:
    desk.ticket()
    desk.answers["POST /orders"] = lambda route, _: route.abort("connectionreset")
    desk.review()
    desk.place().click()
    expect(desk.outcome("unknown")).to_contain_text("We do not know yet")
    [body] = desk.posts()
    [note] = notes(page)
    assert note["id"] == body["id"]
    assert set(note) == {"id", "at"}
    row = desk.market.order(body, state="working")
    desk.answers[f"GET /orders/{body['id']}"] = lambda *_: (200, row)
    desk.run(2_000, beating=True)
    expect(desk.outcome("working")).to_be_visible()
    assert notes(page) == []
    assert len(desk.posts()) == 1
    assert page.evaluate("navigator.serviceWorker?.controller ?? null") is None


def test_no_answer_in_five_seconds_is_unknown_and_a_late_answer_still_counts(
    desk: Played, page: Page
) -> None:
    held: list[tuple[Route, Request]] = []
    desk.answers["POST /orders"] = lambda route, request: held.append((route, request))
    desk.ticket()
    desk.review()
    desk.place().click()
    expect(desk.outcome("sending")).to_have_count(1)
    desk.run(5_500, beating=True)
    expect(desk.outcome("unknown")).to_be_visible()
    route, request = held[0]
    route.fulfill(status=201, json=desk.market.order(request.post_data_json))
    expect(desk.outcome("accepted")).to_be_visible()
    assert len(desk.posts()) == 1


def test_not_placed_only_after_the_request_can_no_longer_arrive(desk: Played, page: Page) -> None:
    desk.ticket()
    desk.answers["POST /orders"] = lambda route, _: route.abort()
    desk.review()
    desk.place().click()
    desk.run(30_000, beating=True)
    expect(desk.outcome("unknown")).to_be_visible()
    desk.run(34_000, beating=True)
    expect(desk.outcome("not-placed")).to_contain_text("Nothing was sent")
    assert notes(page) == []


def test_the_stream_settles_an_order_whose_answer_never_came(desk: Played, page: Page) -> None:
    desk.ticket(kind="Market")
    desk.answers["POST /orders"] = lambda route, _: route.abort()
    desk.review()
    desk.place().click()
    expect(desk.outcome("unknown")).to_be_visible()
    desk.say(
        desk.market.change(
            "order", desk.market.order(desk.posts()[0], state="filled", filled_qty="0.01", avg_price="64250")
        )
    )
    expect(desk.outcome("filled")).to_be_visible()
    assert notes(page) == []


def test_an_unknown_order_that_ends_behind_a_closed_sheet_is_told(desk: Played, page: Page) -> None:
    desk.ticket()
    desk.answers["POST /orders"] = lambda route, _: route.abort()
    desk.review()
    desk.place().click()
    expect(desk.outcome("unknown")).to_be_visible()
    expect(page.locator(".outcome-title")).to_be_focused()
    desk.run(1_000, beating=True)
    page.get_by_role("button", name="Done").click()
    [body] = desk.posts()
    said = "Bybit never received this order. Nothing was traded. You can place it again."
    row = desk.market.order(body, state="rejected", reject_code="never_arrived", reject_message=said)
    desk.say(desk.market.change("order", row))
    bar = page.locator(".aftermath")
    expect(bar).to_contain_text("Not placed ▲ Buy 0.010 BTC of BTCUSDT, Limit.")
    expect(bar).to_contain_text(said)
    expect(page.locator("[role=alert]")).to_contain_text(said)
    desk.run(2_500, beating=True)
    expect(page.locator("[role=status]")).not_to_contain_text("We do not know yet")
    bar.get_by_role("button", name="Put away").click()
    expect(bar).to_have_count(0)


def test_an_unknown_order_empties_its_ticket_and_marks_the_next_one(desk: Played, page: Page) -> None:
    desk.ticket()
    desk.answers["POST /orders"] = lambda route, _: route.abort()
    desk.review()
    desk.place().click()
    expect(desk.outcome("unknown")).to_be_visible()
    desk.run(6_000, beating=True)
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Buy / Long").click()
    expect(page.locator("#ticket-size")).to_have_value("")
    page.locator("#ticket-size").fill("0.5")
    desk.review()
    unknown = desk.posts()[0]["id"][:8]
    expect(page.get_by_text(f"Order {unknown} is still unknown.")).to_be_visible()


def test_a_page_that_died_finds_its_taps_again_and_shows_them_first(played: Played, page: Page) -> None:
    known, lost, no = (f"00000000-0000-4000-8000-00000000000{at}" for at in "abc")
    ages = {known: 5_000, lost: 90_000, no: 4_000}
    kept = json.dumps([{"id": key, "at": T0 - age} for key, age in ages.items()])
    page.add_init_script(f"localStorage.setItem('unsettled', {json.dumps(kept)})")
    row = played.market.order(
        {"id": known, "account": "1", "symbol": "BTCUSDT", "side": "Buy", "qty": "0.01"},
        state="filled",
        filled_qty="0.01",
    )
    refused = played.market.order(
        {"id": no, "account": "1", "symbol": "BTCUSDT", "side": "Sell", "qty": "0.02"},
        state="rejected",
        reject_code="110007",
        reject_message="no",
    )
    played.answers[f"GET /orders/{known}"] = lambda *_: (200, row)
    played.answers[f"GET /orders/{no}"] = lambda *_: (200, refused)
    played.open()
    expect(page.get_by_role("heading", name="3 orders without an answer")).to_be_visible()
    played.run(2_000, beating=True)
    results = page.locator(".results li")
    expect(results.nth(0)).to_contain_text("Filled")
    expect(results.nth(0)).to_have_attribute("data-tone", "good")
    expect(results.nth(1)).to_contain_text("Not placed")
    expect(results.nth(1)).to_have_attribute("data-tone", "warn")
    expect(results.nth(2)).to_contain_text("Rejected")
    expect(results.nth(2)).to_contain_text("Not enough margin")
    expect(results.nth(2)).to_have_attribute("data-tone", "bad")
    assert notes(page) == []
    assert played.posts() == []
