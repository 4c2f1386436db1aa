"""What may be typed into the ticket, and what it makes of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .played import Played


@pytest.fixture
def ticket(played: Played) -> Played:
    played.open()
    played.page.get_by_role("button", name="Buy / Long").click()
    expect(played.page.locator("#ticket-price")).to_have_value("64249.9")
    return played


def note(page: Page, field: str):
    return page.locator(f"#ticket-{field}-note")


def test_what_is_no_plain_number_is_refused_in_words(ticket: Played, page: Page) -> None:
    for typed in ("1,234.5", "1.2.3", "1e5", "−1", "1 000", "abc"):
        page.locator("#ticket-size").fill(typed)
        expect(note(page, "size")).to_have_text("Digits and one decimal mark only")
        expect(page.get_by_role("button", name="Review buy")).to_be_disabled()
        expect(page.locator("#ticket-size")).to_have_value(typed)
        page.locator("#ticket-size").fill("1")
        expect(note(page, "size")).to_have_text("")


def test_a_comma_is_a_decimal_mark(ticket: Played, page: Page) -> None:
    page.locator("#ticket-size").fill("1,5")
    expect(page.get_by_role("button", name="Review: Buy 1.500 BTC at 64,249.9")).to_be_enabled()


def test_fields_ask_for_the_decimal_keyboard(ticket: Played, page: Page) -> None:
    for field in ("price", "size"):
        expect(page.locator(f"#ticket-{field}")).to_have_attribute("inputmode", "decimal")
    expect(page.locator("input[type=number]")).to_have_count(0)


def test_steppers_move_by_one_tick_and_one_step(ticket: Played, page: Page) -> None:
    price, size = page.locator("#ticket-price"), page.locator("#ticket-size")
    page.get_by_role("button", name="Price one step up").click()
    expect(price).to_have_value("64250.0")
    page.get_by_role("button", name="Price one step down").click(modifiers=["Shift"])
    expect(price).to_have_value("64249.0")
    page.get_by_role("button", name="Size one step up").click()
    expect(size).to_have_value("0.001")
    size.press("Shift+ArrowUp")
    expect(size).to_have_value("0.011")
    size.press("ArrowDown")
    expect(size).to_have_value("0.010")


def test_a_held_stepper_goes_on(ticket: Played, page: Page) -> None:
    button = page.get_by_role("button", name="Size one step up")
    button.dispatch_event("pointerdown", {"button": 0})
    ticket.run(1_000)
    button.dispatch_event("pointerup")
    held = page.locator("#ticket-size").input_value()
    # Real time goes on beside the played second.
    assert "0.005" <= held <= "0.012"
    ticket.run(1_000, beating=True)
    expect(page.locator("#ticket-size")).to_have_value(held)


def test_off_tick_is_snapped_and_said(ticket: Played, page: Page) -> None:
    page.locator("#ticket-price").fill("64250.07")
    expect(note(page, "price")).to_have_text("Rounded to 64,250.1 (step 0.1)")
    page.locator("#ticket-size").fill("0.0109")
    expect(note(page, "size")).to_have_text("Rounded to 0.010 (step 0.001)")
    expect(page.get_by_role("button", name="Review: Buy 0.010 BTC at 64,250.1")).to_be_enabled()


def test_chips_put_the_price_of_the_moment(ticket: Played, page: Page) -> None:
    for name, price in (("Ask", "64250.0"), ("Mid", "64250.0"), ("Last", "64250.0"), ("Bid", "64249.9")):
        page.get_by_role("group", name="Price").get_by_role("button", name=name, exact=True).click()
        expect(page.locator("#ticket-price")).to_have_value(price)


def test_shares_round_down_and_max_leaves_the_fees(ticket: Played, page: Page) -> None:
    shares = page.get_by_role("group", name="Size")
    shares.get_by_role("button", name="25%").click()
    expect(page.locator("#ticket-size")).to_have_value("0.377")
    shares.get_by_role("button", name="Max").click()
    expect(page.locator("#ticket-size")).to_have_value("1.509")
    expect(page.get_by_text("without leverage")).to_be_visible()


def test_size_in_quote_says_what_it_buys(ticket: Played, page: Page) -> None:
    page.get_by_role("radio", name="USDT").check()
    page.locator("#ticket-size").fill("1000")
    expect(page.locator(".field-aside", has_text="BTC")).to_have_text("≈ 0.015 BTC")
    expect(page.get_by_role("button", name="Review: Buy 0.015 BTC at 64,249.9")).to_be_enabled()
    page.get_by_role("button", name="Size one step up").click()
    expect(page.locator(".field-aside", has_text="BTC")).to_have_text("≈ 0.016 BTC")


def test_limits_of_the_market_are_said_before_anything_is_sent(ticket: Played, page: Page) -> None:
    size = page.locator("#ticket-size")
    size.fill("2000")
    size.blur()
    expect(note(page, "size")).to_have_text("The most is 1,190.000 BTC")
    size.fill("0.0001")
    size.blur()
    expect(note(page, "size")).to_have_text("The least is 0.001 BTC")


def test_a_price_far_beyond_the_market_is_blocked_and_a_little_beyond_warned_of(
    ticket: Played, page: Page
) -> None:
    page.locator("#ticket-size").fill("0.01")
    page.locator("#ticket-price").fill("65500")
    expect(page.get_by_text("more than 1 % beyond the market")).to_be_visible()
    page.locator("#ticket-price").fill("68000")
    expect(note(page, "price")).to_contain_text("More than 5 % beyond the market")
    expect(page.get_by_role("button", name="Review buy")).to_be_disabled()


def test_market_has_no_price_no_post_only_and_no_time_in_force(ticket: Played, page: Page) -> None:
    page.get_by_role("radio", name="Market").check()
    for gone in (
        page.locator("#ticket-price"),
        page.get_by_label("Post only"),
        page.get_by_label("Time in force"),
    ):
        expect(gone).to_have_count(0)
    expect(page.get_by_text("At the market, now about 64,250.0")).to_be_visible()
    page.get_by_text("More options").click()
    expect(page.locator("#ticket-slippage")).to_have_value("0.5")


def test_reduce_only_needs_something_to_reduce(ticket: Played, page: Page) -> None:
    page.locator("#ticket-size").fill("0.01")
    page.get_by_label("Reduce only").check()
    expect(page.get_by_role("button", name="Review buy")).to_be_disabled()
    page.locator("#ticket-size").blur()
    expect(note(page, "size")).to_have_text("Nothing to reduce on that side")


def test_margin_is_shown_at_the_positions_leverage_and_not_guessed_without_one(
    ticket: Played, page: Page
) -> None:
    page.locator("#ticket-size").fill("0.01")
    margin = page.locator(".summary .fact", has_text="Margin")
    expect(margin).to_contain_text("not available")
    ticket.say(ticket.market.change("position", ticket.market.position("BTCUSDT", "Buy", "0.05", "63800")))
    expect(margin).to_contain_text("Margin at 10×")
    expect(margin).to_contain_text("64.25")
    expect(page.locator(".summary .fact", has_text="Position after")).to_contain_text("▲ Long 0.060")


def test_the_leverage_is_known_before_a_size_is_typed(played: Played, page: Page) -> None:
    played.answers["POST /orders/preview"] = lambda *_: (200, look("0.001", margin="64.25"))
    played.open()
    page.get_by_role("button", name="Buy / Long").click()
    expect(page.get_by_role("button", name="Leverage: Margin 10×")).to_be_visible()
    expect(page.get_by_text("without leverage")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Sell / Short").click()
    expect(page.get_by_role("button", name="Leverage: Margin 10×")).to_be_visible()
    (asked,) = played.posts("/orders/preview")
    assert (asked["symbol"], asked["side"], asked["order_type"], asked["qty"]) == (
        "BTCUSDT",
        "Buy",
        "Market",
        "0.001",
    )


def test_a_leverage_that_the_server_cannot_tell_is_asked_for_once_and_nothing_is_said(
    ticket: Played, page: Page
) -> None:
    ticket.run(10_000, beating=True)
    expect(page.get_by_role("button", name="Leverage: Margin –×")).to_be_visible()
    expect(page.locator(".refusal, [role=alert] .note")).to_have_count(0)
    assert len(ticket.posts("/orders/preview")) == 1


def test_a_ticket_closed_by_mistake_keeps_what_was_typed_and_another_market_has_its_own(
    ticket: Played, page: Page
) -> None:
    page.locator("#ticket-size").fill("0.02")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Buy / Long").click()
    expect(page.locator("#ticket-size")).to_have_value("0.02")
    page.keyboard.press("Escape")
    page.locator(".head-market").click()
    page.get_by_label("Search markets").fill("eth")
    page.locator(".market-row", has_text="ETHUSDT").click()
    ticket.tick("ETHUSDT", last="3487.2", mark="3487.2", bid="3487.1", ask="3487.2")
    page.get_by_role("button", name="Buy / Long").click()
    expect(page.locator("#ticket-size")).to_have_value("")
    expect(page.locator("#ticket-price")).to_have_value("3487.10")


NOT_TOLD = {"value": None, "source": "not available"}


def look(qty: str = "0.01", **figures: str) -> dict[str, Any]:
    """A preview as the server gives it."""
    names = ("margin", "fee_maker", "fee_taker", "liq_before", "liq_after", "loss_at_stop", "profit_at_take")
    more = ("im_before", "im_after", "mm_before", "mm_after")
    told = {name: {"value": value, "source": "computed"} for name, value in figures.items()}
    return {
        "qty": qty,
        "price": "64249.9",
        "value": "642.499",
        **{name: told.get(name, NOT_TOLD) for name in (*names, *more)},
        "position_after": None,
        "rules": [],
        "warnings": [],
    }


def looks(played: Played) -> list[dict[str, Any]]:
    """What was asked about what is typed; the question for the leverage is about the smallest size at market."""
    quiet = {"order_type": "Market", "qty": "0.001"}
    return [body for body in played.posts("/orders/preview") if not quiet.items() <= body.items()]


def test_the_summary_tells_what_the_server_reckons_and_marks_estimates(ticket: Played, page: Page) -> None:
    ticket.answers["POST /orders/preview"] = lambda *_: (
        200,
        look(margin="64.25", fee_maker="0.13", fee_taker="0.35", liq_after="58034.1", loss_at_stop="12.9"),
    )
    page.locator("#ticket-size").fill("0.01")
    page.locator("#ticket-stop").fill("63000")
    ticket.run(1_000, beating=True)
    facts = page.locator(".summary .fact")
    expect(facts.filter(has_text="Fee")).to_contain_text("≈ 0.13 to ≈ 0.35")
    expect(facts.filter(has_text="Liq.")).to_contain_text("≈ 58,034.1")
    expect(facts.filter(has_text="Loss at stop")).to_contain_text("≈ −12.90")
    expect(facts.filter(has_text="Margin")).to_contain_text("≈ 64.25")
    expect(page.get_by_role("button", name="Leverage: Margin 10×")).to_be_visible()
    [body] = looks(ticket)
    assert body["stop_loss"] == "63000"
    assert "id" not in body


def test_the_server_is_asked_seldom_and_only_when_there_is_something_to_look_at(
    ticket: Played, page: Page
) -> None:
    ticket.answers["POST /orders/preview"] = lambda *_: (200, look())
    ticket.run(1_000, beating=True)
    assert looks(ticket) == []
    for size in ("0.01", "0.011", "0.012", "0.013"):
        page.locator("#ticket-size").fill(size)
        ticket.run(300)
    assert len(looks(ticket)) <= 3
    ticket.beat()
    ticket.run(1_500, beating=True)
    assert looks(ticket)[-1]["qty"] == "0.013"


def test_what_a_rule_refuses_cannot_be_reviewed(ticket: Played, page: Page) -> None:
    rule = {"code": "max_value", "message": "More than your largest order. Nothing was sent.", "detail": {}}
    ticket.answers["POST /orders/preview"] = lambda *_: (200, look() | {"rules": [rule]})
    page.locator("#ticket-size").fill("0.01")
    ticket.run(1_000, beating=True)
    expect(page.locator(".review-foot")).to_contain_text("More than your largest order")
    expect(page.get_by_role("button", name=re.compile("^Review"))).to_be_disabled()


def test_a_size_by_risk_is_the_servers_and_is_what_is_sent(ticket: Played, page: Page) -> None:
    page.get_by_role("radio", name="Risk", exact=True).check()
    page.locator("#ticket-size").fill("25")
    expect(note(page, "size")).to_have_text("Needs a stop loss to reckon from")
    ticket.answers["POST /orders/preview"] = lambda *_: (200, look("0.019"))
    page.locator("#ticket-stop").fill("63000")
    expect(page.get_by_role("button", name=re.compile("^Review"))).to_be_disabled()
    ticket.run(1_000, beating=True)
    expect(page.get_by_role("button", name="Review: Buy 0.019 BTC at 64,249.9")).to_be_enabled()
    assert looks(ticket)[0]["size"] == {"by": "risk", "amount": "25"}
    ticket.review()
    ticket.place().click()
    expect(ticket.outcome("accepted")).to_be_visible()
    [sent] = ticket.posts()
    assert (sent["qty"], sent["stop_loss"], sent["sl_trigger_by"]) == ("0.019", "63000", "MarkPrice")


def test_a_trigger_writes_out_what_it_waits_for(ticket: Played, page: Page) -> None:
    page.get_by_role("radio", name="Trigger", exact=True).check()
    page.locator("#ticket-size").fill("0.01")
    page.locator("#ticket-trigger").fill("65000")
    expect(note(page, "trigger")).to_have_text("Triggers when Mark rises to 65,000.0")
    page.locator("#ticket-trigger").fill("63000")
    expect(note(page, "trigger")).to_have_text("Triggers when Mark falls to 63,000.0")
    ticket.review()
    expect(page.locator(".sentence")).to_contain_text("when Mark falls to 63,000.0")
    ticket.place().click()
    expect(ticket.outcome("accepted")).to_be_visible()
    [sent] = ticket.posts()
    assert (sent["trigger_price"], sent["trigger_direction"], sent["order_type"]) == ("63000", 2, "Market")


def test_a_stop_that_guards_nothing_is_refused(ticket: Played, page: Page) -> None:
    ticket.answers["POST /orders/preview"] = lambda *_: (200, look(liq_after="58034.1"))
    page.locator("#ticket-size").fill("0.01")
    page.locator("#ticket-stop").fill("64300")
    expect(note(page, "stop")).to_have_text("Has to be below the entry")
    page.locator("#ticket-stop").fill("58000")
    ticket.run(1_500, beating=True)
    expect(page.locator(".review-foot")).to_contain_text("past the liquidation price")
    expect(page.get_by_role("button", name=re.compile("^Review"))).to_be_disabled()
    page.get_by_label("Reduce only").check()
    expect(page.locator("#ticket-stop")).to_have_count(0)
    expect(page.get_by_text("A reduce-only order takes no take profit")).to_be_visible()


def test_the_last_order_is_one_tap_away(played: Played, page: Page) -> None:
    row = {"id": "a", "symbol": "BTCUSDT", "side": "Sell", "order_type": "Limit", "qty": "0.025"}
    row |= {"price": "64400", "time_in_force": "GTC", "reduce_only": False, "source": "console"}
    row |= {"trigger_price": None, "take_profit": None, "stop_loss": "65000"}
    played.answers["GET /orders"] = lambda *_: (200, {"items": [row], "next": None})
    played.open()
    page.get_by_role("button", name="Buy / Long").click()
    page.get_by_text("More options").click()
    page.get_by_role("button", name="Repeat: ▼ Sell 0.025 BTC, Limit at 64,400.0").click()
    expect(page.locator("#ticket-size")).to_have_value("0.025")
    expect(page.locator("#ticket-stop")).to_have_value("65000")
    expect(page.get_by_role("button", name="Review: Sell 0.025 BTC at 64,400.0")).to_be_enabled()


def test_leverage_is_set_by_itself_and_says_what_it_touches(ticket: Played, page: Page) -> None:
    held = ticket.market.position("BTCUSDT", "Buy", "0.05", "63800")
    held["position_value"] = "3190"
    ticket.say(ticket.market.change("position", held))
    page.get_by_role("button", name="Leverage: Margin 10×").click()
    page.locator("#leverage").fill("20")
    expect(page.locator("dialog .fact", has_text="Its margin")).to_contain_text("319.00 → ≈ 159.50")
    expect(page.get_by_text("changes the margin and the liquidation price")).to_be_visible()
    ticket.answers["PUT /positions/"] = lambda *_: (200, {"position": held["id"], "leverage": "20"})
    page.get_by_role("button", name="Set to 20×").click()
    expect(page.locator("dialog .note[data-tone=good]")).to_contain_text("Leverage is")
    [call] = [call for call in ticket.calls if call.method == "PUT"]
    assert call.post_data_json == {"leverage": "20"}
    assert "1%3Alinear%3ABTCUSDT%3A0/leverage" in call.url


def test_the_next_ticket_starts_at_the_price_of_its_own_moment(ticket: Played, page: Page) -> None:
    price = page.locator("#ticket-price")
    price.fill("64000")
    page.locator("#ticket-size").fill("0.01")
    ticket.review()
    ticket.place().click()
    expect(ticket.outcome("accepted")).to_be_visible()
    ticket.run(700, beating=True)
    page.get_by_role("button", name="Done").click()
    ticket.tick(last="64401", bid="64400", ask="64401", mark="64400")
    for side, at in (("Buy / Long", "64400.0"), ("Sell / Short", "64401.0")):
        page.get_by_role("button", name=side).click()
        expect(price).to_have_value(at)
        page.keyboard.press("Escape")


def test_a_desks_ticket_takes_the_price_of_the_moment_after_an_order(played: Played, page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    played.open()
    price = page.locator("#ticket-price")
    price.fill("64000")
    page.locator("#ticket-size").fill("0.01")
    played.tick(last="64401", bid="64400", ask="64401", mark="64400")
    played.review()
    played.place().click()
    expect(played.outcome("accepted")).to_be_visible()
    played.run(700, beating=True)
    page.get_by_role("button", name="Done").click()
    expect(price).to_have_value("64400.0")
    expect(page.locator("#ticket-size")).to_have_value("")


def test_exits_may_be_typed_as_what_they_bring_or_cost(ticket: Played, page: Page) -> None:
    page.locator("#ticket-size").fill("0.01")
    page.get_by_role("button", name="TP and SL in percent").click()
    page.get_by_role("button", name="TP and SL by what they bring or cost, in USDT").click()
    page.locator("#ticket-take").fill("10")
    page.locator("#ticket-stop").fill("5")
    expect(note(page, "take")).to_have_text("at 65,249.9 · +10.00 before fees")
    expect(note(page, "stop")).to_have_text("at 63,749.9 · −5.00 before fees")
    # Twice the size makes the same money in half the way.
    page.locator("#ticket-size").fill("0.02")
    expect(note(page, "take")).to_have_text("at 64,749.9 · +10.00 before fees")
    ticket.review()
    ticket.place().click()
    expect(ticket.outcome("accepted")).to_be_visible()
    [sent] = ticket.posts()
    assert (sent["take_profit"], sent["stop_loss"]) == ("64749.9", "63999.9")


def test_a_size_by_risk_cannot_rest_on_a_stop_that_rests_on_the_size(ticket: Played, page: Page) -> None:
    for way in ("in percent", "by what they bring or cost, in USDT"):
        page.get_by_role("button", name=f"TP and SL {way}").click()
    page.locator("#ticket-stop").fill("5")
    page.get_by_text("Risk", exact=True).click()
    expect(page.locator("#ticket-stop")).to_have_value("")
    page.get_by_role("button", name="TP and SL in percent").click()
    expect(page.get_by_role("button", name="TP and SL as prices")).to_be_visible()


def test_how_many_trigger_orders_are_left_is_said(ticket: Played, page: Page) -> None:
    page.get_by_role("radio", name="Trigger").check()
    used = page.get_by_text("of 10 trigger orders")
    expect(used).to_have_count(0)
    for number, changes in enumerate(({}, {}, {"stop_order_type": "StopLoss"}, {"symbol": "ETHUSDT"})):
        row = ticket.market.order(
            {
                "id": f"00000000-0000-4000-8000-00000000002{number}",
                "account": "1",
                "category": "linear",
                "symbol": "BTCUSDT",
                "side": "Sell",
                "order_type": "Market",
                "qty": "0.02",
                "price": None,
                "time_in_force": "IOC",
                "reduce_only": False,
                "position_idx": 0,
                **changes,
            },
            state="working",
            exchange_status="Untriggered",
            trigger_price="66000",
        )
        ticket.say(ticket.market.change("order", row))
    expect(used).to_have_text("2 of 10 trigger orders of this market are used.")
