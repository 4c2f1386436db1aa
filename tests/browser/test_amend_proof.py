"""A change of an order whose answer proved nothing: what is said of it, and until when."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import wait_for

from .played import Played
from .stages import ORDER

ID = ORDER["id"]
AS_IT_WAS = "The order is as it was, as far as Tradepost knows. Change it again."


@pytest.fixture
def resting(played: Played, page: Page) -> Played:
    played.market.order({**ORDER, "price": "62900"}, state="working")
    played.open().go("Orders")
    page.get_by_role("button", name="Amend Buy").click()
    expect(page.locator("#amend-price")).to_be_visible()
    return played


def change(played: Played, page: Page, answer: Any) -> dict[str, Any]:
    """Asks for another price, and gets an answer without proof."""
    row = played.market.orders[ID]
    played.answers["PATCH /orders/"] = answer or (lambda *_: (202, dict(row)))
    page.locator("#amend-price").fill("62950")
    page.get_by_role("button", name="Change order").click()
    expect(page.locator("dialog .note")).to_contain_text("No proof yet")
    expect(page.get_by_role("button", name="Change order")).to_be_disabled()
    return row


def asked(played: Played, method: str) -> int:
    path = f"/api/v1/orders/{ID}"
    return len([call for call in played.calls if call.method == method and call.url.endswith(path)])


def until_asked(played: Played, times: int) -> None:
    """Lets time pass until the record was looked up so often: each look puts off the next one."""
    wait_for(lambda: asked(played, "GET") == times or played.run(500, beating=True), 30)


@pytest.mark.parametrize("answer", [None, lambda route, _: route.abort()], ids=["202", "silence"])
def test_the_row_that_has_what_was_wanted_proves_it(resting: Played, page: Page, answer: Any) -> None:
    row = change(resting, page, answer)
    # News of something else proves nothing.
    resting.say(resting.market.update(row, filled_qty="0.005"))
    expect(page.locator("dialog .sentence")).to_contain_text("0.005 of 0.020")
    expect(page.locator("dialog .note")).to_contain_text("No proof yet")
    resting.say(resting.market.update(row, price="62950"))
    expect(page.locator("dialog .note[data-tone=good]")).to_have_text("Bybit took the change.")
    expect(page.locator("[role=status]")).to_contain_text("Part filled: 0.005 of 0.020")
    expect(resting.outcome("partly")).to_be_visible()
    resting.say(resting.market.update(row, state="filled", filled_qty="0.02", avg_price="62950"))
    expect(resting.outcome("filled")).to_contain_text("0.020 at 62,950.0")
    resting.run(10_000, beating=True)
    assert (asked(resting, "GET"), asked(resting, "PATCH")) == (0, 1)


def test_the_record_proves_it_where_the_stream_is_silent(resting: Played, page: Page) -> None:
    row = change(resting, page, None)
    resting.answers[f"GET /orders/{ID}"] = lambda *_: (
        200,
        resting.market.update(row, price="62950")["order"],
    )
    resting.run(4_500, beating=True)
    expect(page.locator("dialog .note[data-tone=good]")).to_have_text("Bybit took the change.")
    expect(page.locator("[role=status]")).to_contain_text("Bybit took the change.")


def test_what_bybit_never_got_is_told_and_can_be_changed_again(resting: Played, page: Page) -> None:
    row = change(resting, page, None)
    note, button = page.locator("dialog .note"), page.get_by_role("button", name="Change order")
    # Who does not answer tells nothing, and one look may have come too early.
    resting.answers[f"GET /orders/{ID}"] = lambda route, _: route.abort()
    until_asked(resting, 1)
    resting.answers[f"GET /orders/{ID}"] = lambda *_: (200, dict(row))
    until_asked(resting, 2)
    expect(note).to_contain_text("No proof yet")
    expect(button).to_be_disabled()
    resting.say(resting.market.update(row, filled_qty="0.005"))
    until_asked(resting, 3)
    expect(note).to_have_text(AS_IT_WAS)
    expect(page.locator("[role=alert]")).to_have_text(AS_IT_WAS)
    assert (asked(resting, "GET"), asked(resting, "PATCH")) == (3, 1)
    # What is decided now is decided about the row as it is now.
    version = row["version"]
    resting.answers["PATCH /orders/"] = lambda *_: (
        200,
        resting.market.update(row, price="62950")["order"],
    )
    button.click()
    expect(page.locator("dialog .note[data-tone=good]")).to_have_text("Bybit took the change.")
    last = [call for call in resting.calls if call.method == "PATCH"][-1]
    assert last.post_data_json == {"price": "62950", "version": version}


def test_an_order_that_another_picture_no_longer_has_is_looked_up_once(resting: Played, page: Page) -> None:
    row = resting.market.orders[ID]
    ended = resting.market.update(row, state="cancelled")["order"]
    resting.answers[f"GET /orders/{ID}"] = lambda *_: (200, ended)
    # The page hears of it by a new picture only.
    resting.say(resting.market.snapshot())
    expect(page.get_by_text("This order is no longer open.")).to_be_visible()
    expect(resting.outcome("cancelled")).to_be_visible()
    resting.run(5_000, beating=True)
    assert asked(resting, "GET") == 1
