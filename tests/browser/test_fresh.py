"""Nothing old stands where something new is looked for."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .market import ACCOUNT
from .played import Played
from .stages import ID, ORDER


def to(played: Played, market: str) -> None:
    played.page.evaluate(f"location.hash = '#/trade/{market}'")
    expect(played.page.locator(".head-symbol")).to_contain_text(market)


def test_a_price_that_comes_late_of_a_market_that_was_left_is_not_kept(desk: Played, page: Page) -> None:
    to(desk, "ETHUSDT")
    desk.tick("ETHUSDT", last="3487.2", mark="3487.2", bid="3487.1", ask="3487.2")
    desk.tick(last="61111", mark="61111", bid="61110.9", ask="61111")
    desk.run(300, beating=True)
    to(desk, "BTCUSDT")
    desk.run(300, beating=True)
    expect(page.locator(".last-large .number")).to_have_text("–")
    desk.tick(last="64700", mark="64700", bid="64699.9", ask="64700")
    desk.run(300, beating=True)
    expect(page.locator(".last-large .number")).to_have_text("64,700.0")
    page.get_by_role("button", name="Buy / Long").click()
    expect(page.locator("#ticket-price")).to_have_value("64699.9")


def test_a_book_that_was_left_is_gone_when_it_is_looked_at_again(desk: Played, page: Page) -> None:
    page.get_by_role("radio", name="Book").check()
    desk.book()
    rows = page.locator(".book-side tbody tr")
    expect(rows.first).to_be_visible()
    page.get_by_role("radio", name="Chart").check()
    desk.run(60_000, beating=True)
    page.get_by_role("radio", name="Book").check()
    expect(page.locator(".book-empty")).to_be_visible()
    desk.book(bid="60000", ask="60000.1")
    expect(rows.first).to_contain_text("60,000.")


@pytest.mark.parametrize("proven", [True, False], ids=["accepted", "unknown at first"])
def test_an_order_that_ended_while_nobody_listened_is_asked_about(
    desk: Played, page: Page, proven: bool
) -> None:
    if not proven:
        desk.answers["POST /orders"] = lambda _, request: (
            202,
            desk.market.order(request.post_data_json, state="unknown"),
        )
    desk.ticket()
    desk.review()
    desk.place().click()
    expect(desk.outcome("accepted" if proven else "unknown")).to_be_visible()
    row = desk.market.orders[desk.posts()[0]["id"]]
    desk.say(desk.market.update(row, state="working"))
    expect(desk.outcome("working")).to_be_visible()
    desk.market.update(row, state="filled", filled_qty="0.01", avg_price="64249.9")
    desk.answers[f"GET /orders/{row['id']}"] = lambda *_: (200, row)
    desk.sockets[-1].close(code=1012)
    desk.run(3_000)
    expect(desk.chip("live")).to_be_visible()
    expect(desk.outcome("filled")).to_be_visible()


def test_a_cancel_that_came_too_late_says_so(played: Played, page: Page) -> None:
    row = played.market.order(ORDER, state="working", exchange_status="New")
    played.open()
    played.go("Orders")
    done = {**row, "state": "filled", "filled_qty": row["qty"], "version": row["version"] + 50}
    played.answers[f"DELETE /orders/{row['id']}"] = lambda *_: (200, done)
    page.get_by_role("button", name="Cancel Buy Limit").click()
    expect(page.get_by_role("status")).to_have_text("Filled before it could be cancelled.")


def test_orders_of_another_market_are_changed_with_its_price_in_sight(played: Played, page: Page) -> None:
    page.set_viewport_size({"width": 1000, "height": 800})
    order = {**ORDER, "symbol": "ETHUSDT", "price": "3400", "qty": "0.5"}
    played.market.order(order, state="working")
    played.market.order(
        {**order, "id": f"{ID}2", "side": "Sell", "order_type": "Market", "price": None, "reduce_only": True},
        state="working",
        exchange_status="Untriggered",
        trigger_price="3300",
        trigger_direction=2,
        trigger_by="LastPrice",
    )
    played.open()
    page.get_by_text("Orders 2", exact=True).click()
    page.get_by_role("button", name="Amend Buy Limit 3,400.00 ETHUSDT").click()
    page.locator("#amend-price").fill("9000")
    # Not known yet: new risk is not taken blindly.
    expect(page.locator("#amend-price-note")).to_have_text("No market price yet")
    expect(page.get_by_role("button", name="Change order")).to_be_disabled()
    played.tick("ETHUSDT", last="3487.2", mark="3487.2", bid="3487.1", ask="3487.2")
    played.run(500, beating=True)
    expect(page.locator("#amend-price-note")).to_contain_text("More than 5 % beyond the market")
    assert played.said("watch")[-1]["symbols"] == ["BTCUSDT", "ETHUSDT"]
    assert played.market.account["id"] == ACCOUNT


def test_a_stop_may_be_moved_where_no_price_is_known(played: Played, page: Page) -> None:
    played.market.order(
        {
            **ORDER,
            "symbol": "ETHUSDT",
            "side": "Sell",
            "order_type": "Market",
            "price": None,
            "reduce_only": True,
        },
        state="working",
        exchange_status="Untriggered",
        trigger_price="3300",
        trigger_direction=2,
        trigger_by="LastPrice",
    )
    played.open()
    played.go("Orders")
    page.get_by_text("Trigger 1", exact=True).click()
    page.get_by_role("button", name="Amend Sell Market").click()
    page.locator("#amend-trigger_price").fill("3350")
    expect(page.get_by_role("button", name="Change order")).to_be_enabled()
