"""What a second tap hits when the first has moved the list, and where the focus goes when its row is gone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .played import Played, error
from .stages import ID, ORDER, POSITION

DESK = {"width": 1440, "height": 900}
PLACES = {"Open": {}, "TP / SL": {"exchange_status": "Untriggered", "stop_order_type": "StopLoss"}}


def orders(played: Played, count: int, **more: Any) -> Played:
    for number in range(1, count + 1):
        row = {**ORDER, "id": f"{ID}{number}", "price": str(62_900 + number)}
        played.market.order(row, state="working", **more)

    def cancelled(_: Any, request: Any) -> tuple[int, Any]:
        row = played.market.orders[request.url.rsplit("/", 1)[1]]
        change = played.market.update(row, state="cancelled")
        played.say(change)
        return 200, change["order"]

    played.answers["DELETE /orders/"] = cancelled
    played.open().go("Orders")
    return played


def deletes(played: Played) -> int:
    return len([call for call in played.calls if call.method == "DELETE"])


def tap(page: Page, at: dict[str, float], wide: bool) -> None:
    if wide:
        page.mouse.click(at["x"], at["y"])
    else:
        page.touchscreen.tap(at["x"], at["y"])


def middle(page: Page, name: str) -> dict[str, float]:
    box = page.get_by_role("button", name=name).bounding_box()
    assert box is not None
    return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}


@pytest.mark.parametrize(
    ("where", "wide"), [("Open", False), ("TP / SL", False), ("Open", True)], ids=["phone", "exits", "desk"]
)
def test_a_double_tap_cancels_one_order(played: Played, page: Page, where: str, wide: bool) -> None:
    if wide:
        page.set_viewport_size(DESK)
    waits = {**PLACES[where], "trigger_price": "62000"} if PLACES[where] else {}
    orders(played, 5, **waits)
    rows = page.locator("[data-order]")
    page.get_by_role("radio", name=f"{where} 5").check()
    at = middle(page, rows.first.get_by_role("button", name="Cancel").get_attribute("aria-label") or "")
    for done, gap in enumerate((120, 250, 400), start=1):
        tap(page, at, wide)
        # The next row lies where the first was before the second tap comes.
        expect(rows).to_have_count(5 - done)
        page.wait_for_timeout(gap - 100)
        tap(page, at, wide)
        # That row is an order like any other as soon as the eye has had its time.
        played.run(1_000, beating=True)
        assert deletes(played) == done
    tap(page, at, wide)
    expect(rows).to_have_count(1)


@pytest.mark.parametrize("what", ["Reverse", "Close 0.050 BTC", "Place"])
def test_a_double_tap_sends_once_and_its_result_stays_to_be_read(
    played: Played, page: Page, what: str
) -> None:
    played.market.position("BTCUSDT", "Buy", "0.05", "63800")
    played.open()
    played.answers["POST /positions/"] = lambda *_: (500, error("server_error"))
    if what == "Place":
        played.ticket()
        played.review()
    elif what == "Reverse":
        page.get_by_role("button", name="More for BTCUSDT").click()
        page.get_by_role("button", name="Reverse…").click()
    else:
        page.get_by_role("button", name="Close… BTCUSDT").click()
    expect(played.place()).to_be_enabled()
    played.stand_still()
    box = played.place().bounding_box()
    assert box is not None
    for _ in range(2):
        page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("dialog .outcome").first).to_be_visible()
    assert len([call for call in played.calls if call.method == "POST" and "preview" not in call.url]) == 1
    done = page.get_by_role("button", name="Done")
    done.tap()
    expect(page.locator("dialog .outcome").first).to_be_visible()
    played.run(700, beating=True)
    done.tap()
    expect(page.locator("dialog .outcome")).to_have_count(0)


def test_a_row_that_came_is_deaf_at_first_and_hears_the_keyboard(played: Played, page: Page) -> None:
    page.set_viewport_size(DESK)
    orders(played, 1)
    name = "Cancel Buy Limit 62,901.0 BTCUSDT"
    at = middle(page, name)
    row = {**ORDER, "id": f"{ID}9", "price": "63000"}
    played.say(played.market.change("order", played.market.order(row, state="working")))
    expect(page.locator("[data-order]")).to_have_count(2)
    page.mouse.click(at["x"], at["y"])
    assert deletes(played) == 0
    played.say(played.market.change("order", played.market.order({**row, "id": f"{ID}8"}, state="working")))
    page.locator(f'[data-order="{ID}1"]').get_by_role("button", name=name).focus()
    expect(page.locator("[data-moved]")).not_to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("[data-order]")).to_have_count(2)
    assert deletes(played) == 1


@pytest.mark.parametrize("size", [(360, 740), (1200, 800)])
def test_a_row_keeps_its_size_while_its_cancel_is_under_way(
    played: Played, page: Page, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    orders(played, 2)
    # The answer is not told before the test has looked.
    held: list[Any] = []
    played.answers["DELETE /orders/"] = lambda route, _: held.append(route)
    row = page.locator("[data-order]").first
    button = row.get_by_role("button", name="Cancel")
    before = [row.bounding_box(), button.bounding_box()]
    button.click()
    expect(row.locator(".under-way")).to_be_visible()
    assert (
        row.locator(".under-way").evaluate("it => getComputedStyle(it, '::after').content") == '"Cancelling…"'
    )
    expect(button).to_be_disabled()
    assert [row.bounding_box(), button.bounding_box()] == before
    button.click(force=True)
    held[0].fulfill(status=409, json=error("order_final", "Too late."))
    expect(page.locator("[data-order]").first).to_contain_text("Too late.")
    assert deletes(played) == 1


def test_the_focus_goes_to_the_next_row_and_at_last_to_the_heading(played: Played, page: Page) -> None:
    page.set_viewport_size(DESK)
    orders(played, 3)
    rows = page.locator("[data-order]")
    rows.nth(1).get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_be_focused()
    rows.nth(1).get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(rows.nth(0)).to_be_focused()
    rows.nth(0).get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Orders", level=1)).to_be_focused()


def test_a_sheet_whose_opener_is_gone_gives_the_focus_to_the_screen(played: Played, page: Page) -> None:
    orders(played, 1)
    page.locator(".order-title").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    played.say(played.market.update(played.market.orders[f"{ID}1"], state="cancelled"))
    expect(page.locator("[data-order]")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Orders", level=1)).to_be_focused()


def test_a_leg_that_was_removed_takes_no_other_with_it(played: Played, page: Page) -> None:
    played.market.position("BTCUSDT", "Buy", "0.05", "63800")
    legs = []
    for number, kind, price in ((1, "PartialTakeProfit", "66000"), (2, "PartialStopLoss", "63000")):
        leg = {**ORDER, "id": f"{ID}{number}", "side": "Sell", "order_type": "Market", "price": None}
        waits = {"exchange_status": "Untriggered", "trigger_price": price, "stop_order_type": kind}
        legs.append(played.market.order({**leg, "reduce_only": True}, state="working", **waits))

    def guarded(*_: Any) -> tuple[int, Any]:
        take, stop = (leg if leg["state"] == "working" else None for leg in legs)
        pair = {"take_profit": take, "stop_loss": stop}
        whole = {"position": POSITION, "pairs": [pair], "trailing": [], "others": [], "unprotected": "0"}
        return 200, {"items": [whole], "orphans": []}

    played.answers["GET /protection"] = guarded

    def cancelled(_: Any, request: Any) -> tuple[int, Any]:
        row = played.market.orders[request.url.rsplit("/", 1)[1]]
        return 200, played.market.update(row, state="cancelled")["order"]

    played.answers["DELETE /orders/"] = cancelled
    played.open()
    page.get_by_role("button", name="TP / SL BTCUSDT").click()
    page.get_by_role("radio", name="A part").check()
    rows = page.locator("dialog [data-order]")
    expect(rows).to_have_count(2)
    at = rows.first.locator("button").last.bounding_box()
    assert at is not None
    spot = {"x": at["x"] + at["width"] / 2, "y": at["y"] + at["height"] / 2}
    tap(page, spot, wide=False)
    played.run(1_000, beating=True)
    expect(rows).to_have_count(1)
    tap(page, spot, wide=False)
    played.run(1_000, beating=True)
    assert deletes(played) == 1
