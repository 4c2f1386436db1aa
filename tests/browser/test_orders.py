"""From the tap to what became of it, where the server answers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from .played import Played, error, notes


def test_the_order_goes_out_as_text_once_with_the_picture_that_was_seen(desk: Played, page: Page) -> None:
    desk.ticket(size="0,01")
    desk.review()
    expect(page.locator(".sentence")).to_have_text(
        "▲ Buy 0.010 BTC of BTCUSDT, Limit at 64,249.9, good till cancelled."
    )
    desk.place().dblclick()
    expect(desk.outcome("accepted")).to_be_visible()
    [body] = desk.posts()
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", body.pop("id")
    )
    assert body == {
        "account": "1",
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "order_type": "Limit",
        "qty": "0.01",
        "price": "64249.9",
        "time_in_force": "GTC",
        "reduce_only": False,
        "position_idx": 0,
        "seen": "seen at 0",
    }
    [call] = [call for call in desk.calls if call.method == "POST" and call.url.endswith("/orders")]
    assert call.headers["x-csrftoken"] == "token"


def test_filled_is_said_only_by_the_stream_and_repeats_change_nothing(desk: Played, page: Page) -> None:
    desk.ticket(kind="Market", size="0.01")
    desk.answers["POST /orders"] = lambda _, request: (
        200,
        desk.market.order(request.post_data_json, state="filled", filled_qty="0.01"),
    )
    desk.review()
    desk.place().click()
    expect(desk.outcome("accepted")).to_be_visible()
    assert "Filled" not in page.locator("dialog").last.inner_text()
    row = desk.market.orders[desk.posts()[0]["id"]]
    fill = {
        "exec_id": "1",
        "order": row["id"],
        "symbol": "BTCUSDT",
        "side": "Buy",
        "price": "64250",
        "qty": "0.004",
    }
    desk.say(first := desk.market.change("fill", fill))
    part = desk.market.update(row, state="working", filled_qty="0.004")
    desk.say(part)
    expect(desk.outcome("partly")).to_contain_text("Part filled: 0.004 of 0.010")
    done = desk.market.update(row, state="filled", filled_qty="0.01", avg_price="64250")
    for message in (
        done,
        part,
        first,
        done,
        desk.market.change("fill", fill),
        desk.market.change("order", part["order"]),
    ):
        desk.say(message)
    expect(desk.outcome("filled")).to_contain_text("0.010 at 64,250.0")
    assert notes(page) == []


def test_a_rejection_keeps_the_ticket_and_says_why_once(desk: Played, page: Page) -> None:
    desk.ticket(size="0.7")
    desk.answers["POST /orders"] = lambda _, request: (
        201,
        desk.market.order(
            request.post_data_json,
            state="rejected",
            reject_code="110007",
            reject_message="ab not enough for new order",
        ),
    )
    desk.review()
    desk.place().click()
    why = "Not enough margin. Nothing was traded. Use a smaller size. Code 110007"
    expect(page.locator(".refusal .note")).to_have_text(why)
    expect(page.locator("#ticket-size")).to_have_value("0.7")
    expect(page.locator("[role=alert]")).to_have_text(f"Rejected. {why}")
    assert notes(page) == []


def test_too_little_margin_says_what_is_needed_and_offers_what_fits(desk: Played, page: Page) -> None:
    # Held at ten times, so that the margin of the next order is known.
    desk.say(desk.market.change("position", desk.market.position("BTCUSDT", "Buy", "0.05", "63800")))
    desk.ticket(size="20")
    desk.answers["POST /orders"] = lambda _, request: (
        201,
        desk.market.order(
            request.post_data_json,
            state="rejected",
            reject_code="110007",
            reject_message="ab not enough for new order",
        ),
    )
    desk.review()
    desk.place().click()
    expect(page.locator(".refusal .note")).to_contain_text(
        "needs 128,499.80, free 97,114.02. Nothing was traded."
    )
    page.get_by_role("button", name=re.compile("^Use 1")).click()
    expect(page.locator(".refusal")).to_have_count(0)
    assert 14 < float(page.locator("#ticket-size").input_value()) < 15.2


def test_a_rejection_that_was_read_is_not_told_again_by_a_stream_that_comes_later(
    desk: Played, page: Page
) -> None:
    desk.ticket(size="0.7")
    early: list[dict[str, Any]] = []

    def no(_: Route, request: Request) -> Any:
        row = desk.market.order(request.post_data_json, state="sending")
        early.append(desk.market.change("order", row))
        late = desk.market.update(row, state="rejected", reject_code="110007", reject_message="not enough")
        early.append(late)
        return 201, late["order"]

    desk.answers["POST /orders"] = no
    desk.review()
    desk.place().click()
    expect(page.locator(".refusal")).to_contain_text("Not enough margin.")
    page.locator("#ticket-size").fill("0.6")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    for message in early:
        desk.say(message)
    desk.run(1_000, beating=True)
    desk.sockets[-1].close(code=1012)
    desk.run(1_500)
    expect(desk.chip("live")).to_be_visible()
    expect(page.locator(".aftermath")).to_have_count(0)
    # In truth it is over: the list of open orders has no trace of it.
    desk.go("Orders")
    expect(page.get_by_text("No open orders.")).to_be_visible()


def test_a_rejection_by_the_stream_says_bybits_cause(desk: Played, page: Page) -> None:
    desk.ticket(size="0.7")
    desk.review()
    desk.place().click()
    expect(desk.outcome("accepted")).to_be_visible()
    row = desk.market.orders[desk.posts()[0]["id"]]
    desk.say(desk.market.update(row, state="rejected", reject_code="110007", reject_message="not enough"))
    expect(page.locator(".refusal")).to_contain_text("Not enough margin.")


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        ("110017", "orderQty will be truncated to zero", "Nothing is left to reduce on that side."),
        ("999999", "Something odd", "Bybit refused it: Something odd. Nothing was traded. Code 999999"),
        ("999999", "", "Bybit refused it. Nothing was traded. Code 999999"),
    ],
)
def test_a_rejection_says_that_nothing_was_traded(
    desk: Played, page: Page, code: str, message: str, said: str
) -> None:
    desk.ticket()
    desk.answers["POST /orders"] = lambda _, request: (
        201,
        desk.market.order(request.post_data_json, state="rejected", reject_code=code, reject_message=message),
    )
    desk.review()
    desk.place().click()
    expect(page.locator(".refusal")).to_contain_text(said)
    expect(page.locator(".refusal")).to_contain_text("Nothing was traded.")


NOES = [
    (422, "refused", "Too small for this market."),
    (503, "not_reconciled", "still checking your orders with Bybit"),
    (403, "forbidden", "may not trade on this account"),
    (409, "id_conflict", "id is taken"),
    (429, "too_many", "Too many requests"),
]


def test_every_no_has_words_and_proves_that_nothing_went_out(desk: Played, page: Page) -> None:
    desk.ticket()
    for count, (status, code, said) in enumerate(NOES, start=1):
        answer = (status, error(code, "Too small for this market."))
        desk.answers["POST /orders"] = lambda *_, answer=answer: answer
        desk.beat()
        desk.review()
        desk.place().click()
        expect(page.locator(".refusal")).to_contain_text(said)
        assert notes(page) == []
        assert len(desk.posts()) == count
    assert len({post["id"] for post in desk.posts()}) == len(NOES)


def test_a_401_signs_the_page_out(desk: Played, page: Page) -> None:
    desk.ticket()
    desk.answers["POST /orders"] = lambda *_: (401, error("unauthenticated"))
    desk.review()
    desk.place().click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_changed_position_is_shown_and_asked_anew_with_a_new_id(desk: Played, page: Page) -> None:
    desk.ticket()
    desk.answers["POST /orders"] = lambda *_: (
        409,
        error("seen_changed", position={"side": "Sell", "size": "0.3"}),
    )
    desk.review()
    desk.place().click()
    expect(page.locator(".note")).to_have_text("Your position changed meanwhile: ▼ Short 0.300. Check again.")
    del desk.answers["POST /orders"]
    desk.place().click()
    expect(desk.outcome("accepted")).to_be_visible()
    first, second = desk.posts()
    assert first.pop("id") != second.pop("id")
    assert first == second


def test_the_same_order_within_seconds_is_pointed_out(desk: Played, page: Page) -> None:
    for _ in range(2):
        desk.ticket(size="0.01", price="64000")
        desk.review()
        if desk.posts():
            expect(page.get_by_text("The same order went out a moment ago.")).to_be_visible()
            return
        desk.place().click()
        desk.run(1_000, beating=True)
        page.get_by_role("button", name="Done").click()


def test_an_order_that_wants_a_fresh_proof_asks_for_it_in_review_and_is_reviewed_again(
    desk: Played, page: Page
) -> None:
    text = (
        "Nobody traded on this device for twelve hours. Give a code of your authenticator. Nothing was sent."
    )
    wanted = error("step_up", text, reason="idle", by="code", passkey=True)
    desk.answers["POST /orders"] = lambda *_: (403, wanted)
    desk.answers["POST /session/step-up"] = lambda *_: (200, {"done": True})
    desk.ticket()
    desk.review()
    desk.place().click()
    sheet = page.get_by_role("dialog", name="Check your order")
    expect(sheet.get_by_text(text)).to_be_visible()
    expect(sheet.get_by_role("button", name="Use your passkey")).to_be_visible()
    expect(desk.place()).to_have_count(0)
    sheet.get_by_label("Code of your authenticator").fill("123456")
    sheet.get_by_role("button", name="Go on").click()
    expect(sheet.get_by_text("Nothing was sent yet: look once more")).to_be_visible()
    assert desk.posts("/session/step-up") == [{"code": "123456"}]
    assert len(desk.posts()) == 1
    expect(page.locator(".aftermath")).to_have_count(0)
    del desk.answers["POST /orders"]
    desk.place().click()
    expect(desk.outcome("accepted")).to_be_visible()
    first, second = desk.posts()
    assert first.pop("id") != second.pop("id")
    assert {**first, "seen": None} == {**second, "seen": None}


def test_a_proof_that_is_not_given_leaves_the_ticket_as_it_was(desk: Played, page: Page) -> None:
    wanted = error("step_up", "Give your password.", reason="idle", by="password", passkey=False)
    desk.answers["POST /orders"] = lambda *_: (403, wanted)
    desk.answers["POST /session/step-up"] = lambda *_: (403, error("wrong", "That is not your password."))
    desk.ticket(size="0.02")
    desk.review()
    desk.place().click()
    page.get_by_label("Your password").fill("no")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("That is not your password.")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(page.locator("#ticket-size")).to_have_value("0.02")
    assert len(desk.posts()) == 1
