"""The ticket between two orders, exits by what they bring or cost, and what is left of Bybit's ten triggers."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from .played import Played
from .test_ticket import note, ticket

__all__ = ["ticket"]


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
