"""Orders that are over: which are listed, what is said of their end, and the way from a list to what ends all of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .played import Played, error
from .stages import ID, ORDER, over

DESK = {"width": 1440, "height": 900}


def identity(number: int) -> str:
    return f"{ID[:-1]}{number:02}"


@pytest.fixture
def record(played: Played) -> list[dict[str, Any]]:
    over(played)
    return played.market.ended


def history(played: Played, page: Page) -> Any:
    played.go("Orders")
    page.get_by_role("radio", name="History").check()
    return page.locator("[data-ended]")


def test_each_says_how_it_ended_and_what_never_arrived_was_not_rejected(
    played: Played, page: Page, record: list[dict[str, Any]]
) -> None:
    played.open()
    rows = history(played, page)
    expect(rows).to_have_text(
        [
            re.compile("Not placed Bybit never had this order"),
            re.compile("Rejected .*margin.* Code 110007"),
            re.compile("Cancelled Nothing was left for it to reduce.*0.004 of 0.020.*at 62,900.0"),
            re.compile("Filled.*0.020 of 0.020.*at 62,890.0.*20 Nov"),
        ]
    )
    late = {**record[3], "user": "demo", "times": dict.fromkeys(("tap", "sent", "acked", "first_fill"))}
    played.answers[f"GET /orders/{late['id']}"] = lambda *_: (200, {**late, "fills": [], "events": []})
    rows.first.locator(".order-title").click()
    sheet = page.get_by_role("dialog")
    expect(sheet.locator(".sentence")).to_have_text("▲ Buy 0.020 BTC, Limit 64,248.0")
    expect(sheet.locator(".fact", has_text="State")).to_contain_text("Not placed")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"reject_reason": "EC_PostOnlyWillTakeLiquidity"}, "Post only, and it would have traded at once."),
        (
            {"reject_reason": "EC_NoImmediateQtyToFill", "filled_qty": "0.004", "avg_price": "64250"},
            "Not enough stood on the other side at its price.",
        ),
        ({"cancel_type": "CancelAllBeforeLiq"}, "By Bybit, before a liquidation."),
        ({"cancel_type": "CancelByRebalance", "reject_reason": "EC_Others"}, "Bybit says CancelByRebalance."),
        ({"cancel_type": "CancelByUser", "reject_reason": "EC_Others"}, "Bybit says EC_Others."),
        ({"cancel_type": "CancelByUser", "reject_reason": "EC_PerCancelRequest"}, None),
        ({"cancel_type": "CancelByUser", "reject_reason": "EC_OrigClOrdIDDoesNotExist"}, None),
    ],
)
def test_a_cancel_that_nobody_asked_for_says_why(
    desk: Played, page: Page, told: dict[str, str], said: str | None
) -> None:
    desk.ticket()
    desk.review()
    desk.place().tap()
    expect(desk.outcome("accepted")).to_be_visible()
    [sent] = desk.posts()
    row = desk.market.orders[sent["id"]]
    desk.say(desk.market.update(row, state="cancelled", **told))
    expect(desk.outcome("cancelled")).to_contain_text(said or "Cancelled")
    if said is None:
        expect(desk.outcome("cancelled").locator(".outcome-lead")).to_have_count(0)
    detail = {**row, "user": "demo", "times": dict.fromkeys(("tap", "sent", "acked", "first_fill"))}
    desk.answers[f"GET /orders/{row['id']}"] = lambda *_: (200, {**detail, "fills": [], "events": []})
    desk.run(700)
    page.get_by_role("button", name="Done").click()
    history(desk, page).first.locator(".order-title").click()
    notes = page.get_by_role("dialog").locator(".note")
    if said is None:
        expect(page.get_by_role("dialog").locator(".fact", has_text="State")).to_contain_text("Cancelled")
        expect(notes).to_have_count(0)
    else:
        expect(notes).to_contain_text(said)


def test_a_stop_that_is_over_keeps_its_trigger_in_the_list_and_on_its_sheet(
    played: Played, page: Page, record: list[dict[str, Any]]
) -> None:
    body = {
        **ORDER,
        "id": identity(8),
        "side": "Sell",
        "order_type": "Market",
        "price": None,
        "trigger_price": "63000",
    }
    fields = {
        "exchange_status": "Deactivated",
        "stop_order_type": "StopLoss",
        "updated_at": record[-1]["updated_at"],
    }
    end = {**played.market.order(body, state="cancelled"), **fields}
    record.append(end)
    times = dict.fromkeys(("tap", "sent", "acked", "first_fill"))
    detail = {**end, "user": None, "times": times, "fills": [], "events": []}
    played.answers[f"GET /orders/{end['id']}"] = lambda *_: (200, detail)
    played.open()
    history(played, page)
    row = page.locator(f"[data-ended='{end['id']}']")
    expect(row).to_contain_text("Sell Stop-loss Market when 63,000.0")
    row.locator(".order-title").click()
    sentence = page.get_by_role("dialog").locator(".sentence")
    expect(sentence).to_have_text("▼ Sell 0.020 BTC, Stop-loss Market when 63,000.0")


def test_the_way_to_cancel_all_leaves_out_what_stop_leaves(played: Played, page: Page) -> None:
    guard = {**ORDER, "order_type": "Market", "price": None, "trigger_price": "63000"}
    waits = {"exchange_status": "Untriggered", "stop_order_type": "StopLoss"}
    played.open()
    for number in (1, 2):
        row = {**played.market.order({**guard, "id": identity(number)}, state="working"), **waits}
        played.say(played.market.change("order", row))
    played.go("Orders")
    every = page.get_by_role("button", name="Cancel all…")
    expect(page.get_by_role("radio", name="TP / SL 2")).to_be_visible()
    expect(every).to_have_count(0)
    for number in (3, 4):
        row = played.market.order({**ORDER, "id": identity(number)}, state="working")
        played.say(played.market.change("order", row))
    expect(every).to_be_visible()
    page.get_by_role("radio", name="TP / SL 2").check()
    expect(page.locator("[data-order]")).to_have_count(2)
    expect(every).to_have_count(0)


def test_what_ends_while_it_is_open_comes_on_top_once(
    played: Played, page: Page, record: list[dict[str, Any]]
) -> None:
    working = played.market.order({**ORDER, "id": identity(9)}, state="working")
    played.open()
    rows = history(played, page)
    expect(rows).to_have_count(4)
    end = played.market.update(working, state="cancelled")
    played.say(end)
    expect(rows).to_have_count(5)
    expect(rows.first).to_have_attribute("data-ended", identity(9))
    # The record has it too when it is read anew, and not the version before.
    record.append({**working, "version": working["version"] - 1, "state": "rejected"})
    played.say(played.market.snapshot())
    played.beat()
    expect(rows).to_have_count(5)
    expect(rows.first).to_contain_text("Cancelled")


def test_a_record_that_cannot_be_read_is_told_and_read_again(
    played: Played, page: Page, record: list[dict[str, Any]]
) -> None:
    played.answers["GET /orders"] = lambda *_: (500, error("server_error"))
    played.open()
    rows = history(played, page)
    expect(page.locator(".empty")).to_contain_text("safe in the server's record")
    played.answers.clear()
    played.run(5_500, beating=True)
    expect(rows).to_have_count(4)
    expect(page.locator(".empty")).to_have_count(0)


def test_what_the_stream_told_before_does_not_hide_what_the_record_knows_now(
    played: Played, page: Page, record: list[dict[str, Any]]
) -> None:
    late = played.market.order({**ORDER, "id": identity(9)}, state="rejected", reject_code="never_arrived")
    played.open()
    played.say(played.market.change("order", late))
    rows = history(played, page)
    expect(rows).to_have_count(5)
    expect(rows.first).to_contain_text("Not placed")
    record.append({**late, "version": late["version"] + 1, "state": "cancelled", "reject_code": None})
    # The row came by no stream: only the record, read anew, has it.
    played.say(played.market.snapshot())
    played.beat()
    expect(rows.first).to_contain_text("Cancelled")


def test_a_record_that_fails_later_leaves_the_list_and_says_that_it_has_holes(
    played: Played, page: Page, record: list[dict[str, Any]]
) -> None:
    played.open()
    rows = history(played, page)
    expect(rows).to_have_count(4)
    played.answers["GET /orders"] = lambda *_: (500, error("server_error"))
    played.say(played.market.snapshot())
    played.beat()
    expect(page.locator(".note")).to_contain_text("may be missing here")
    expect(rows).to_have_count(4)
    played.answers.clear()
    played.run(5_500, beating=True)
    expect(page.locator(".note")).to_have_count(0)


def test_an_empty_list_whose_reading_failed_does_not_say_that_there_is_none(
    played: Played, page: Page
) -> None:
    played.open()
    history(played, page)
    none = page.get_by_text("No order has ended yet.")
    expect(none).to_be_visible()
    played.answers["GET /orders"] = lambda *_: (500, error("server_error"))
    played.say(played.market.snapshot())
    expect(page.get_by_text("The orders could not be read.")).to_be_visible()
    expect(none).to_have_count(0)


def test_an_answer_that_was_overtaken_by_a_newer_one_changes_nothing(
    played: Played, page: Page, record: list[dict[str, Any]]
) -> None:
    late: list[Any] = []

    def all_but_the_first(route: Any, _: Any) -> Any:
        if late:
            return 200, {"items": record, "next": None}
        return late.append(route)

    played.open()
    played.answers["GET /orders"] = all_but_the_first
    with page.expect_request("**/orders?state=closed*"):
        rows = history(played, page)
    played.say(played.market.snapshot())
    expect(rows).to_have_count(4)
    with page.expect_response("**/orders?state=closed*"):
        late[0].fulfill(json={"items": record[:1], "next": None})
    ended = played.market.order({**ORDER, "id": identity(9)}, state="cancelled")
    played.say(played.market.change("order", ended))
    expect(rows).to_have_count(5)


def test_the_newest_fifty_are_shown_and_what_is_of_an_account_that_is_gone_is_not(
    played: Played, page: Page, record: list[dict[str, Any]]
) -> None:
    of = record[0]
    record[:] = [{**of, "id": identity(n), "ended_at": f"2026-11-20T10:{n}:00.000Z"} for n in range(10, 59)]
    record.append({**of, "id": identity(99), "account": "2"})
    played.open()
    rows, most = history(played, page), page.get_by_text("The newest 50")
    expect(rows).to_have_count(49)
    expect(most).to_have_count(0)
    for number in (1, 2):
        ended = played.market.order({**ORDER, "id": identity(number)}, state="cancelled")
        played.say(played.market.change("order", ended))
    expect(most).to_be_visible()
    expect(rows).to_have_count(50)
    expect(page.locator(f"[data-ended='{identity(10)}']")).to_have_count(0)


def test_a_desk_has_them_as_a_table_under_the_chart(
    played: Played, page: Page, record: list[dict[str, Any]]
) -> None:
    page.set_viewport_size(DESK)
    played.open()
    page.get_by_role("radio", name="History").check()
    rows = page.locator(".panel tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(2)).to_have_text(
        re.compile("20 Nov.*BTCUSDT.*Buy.*Limit.*0.004 of 0.020.*62,900.0.*Cancelled Nothing was left")
    )
    # The reason has room for whole words, and is in sight beside the longest of orders.
    market = {**ORDER, "order_type": "Market", "price": None}
    waits = {"trigger_price": "60000", "stop_order_type": "PartialStopLoss"}
    stop = {"cancel_type": "CancelByTpSlTsClear", "state": "cancelled"}
    amount = {"category": "spot", "qty": "650", "market_unit": "quoteCoin"}
    bought = {"filled_qty": "0.010643", "avg_price": "61067.9", "reject_reason": "EC_CancelByOrderValueZero"}
    for more, end in (
        ({**waits, "id": identity(8)}, stop),
        ({**amount, "id": identity(9)}, {**stop, **bought}),
    ):
        played.say(played.market.change("order", played.market.order({**market, **more}, **end)))
    expect(rows).to_have_count(6)
    for width, tallest in ((1440, 64), (1200, 84)):
        page.set_viewport_size({"width": width, "height": 900})
        panel = page.locator(".panel").bounding_box()
        for row in rows.all():
            reason = row.locator(".order-end").bounding_box()
            assert reason["x"] + reason["width"] <= panel["x"] + panel["width"]
            assert row.bounding_box()["height"] <= tallest
    # What was bought for an amount is filled, though nothing of spot was on this page before.
    expect(page.locator(f"[data-ended='{identity(9)}'] .order-end")).to_have_text("Filled")


@pytest.mark.parametrize(("tab", "button"), [("Orders", "Cancel all…"), ("Positions", "Close all…")])
def test_from_two_rows_on_there_is_a_way_to_end_them_all(
    played: Played, page: Page, tab: str, button: str
) -> None:
    def one_more(number: int, symbol: str) -> None:
        body = {**ORDER, "id": identity(number)}
        played.say(played.market.change("order", played.market.order(body, state="working")))
        played.say(played.market.change("position", played.market.position(symbol, "Buy", "1", "3000")))

    played.open()
    one_more(1, "BTCUSDT")
    played.go(tab)
    expect(page.locator("[data-order], article")).not_to_have_count(0)
    expect(page.get_by_role("button", name=button)).to_have_count(0)
    one_more(2, "ETHUSDT")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("dialog")).to_contain_text("Close all positions")
    assert played.posts("/orders/cancel-all") == []


def test_the_way_to_stop_is_only_where_stop_would_end_something(played: Played, page: Page) -> None:
    """It is for the account in front, and leaves what guards a position."""
    other = {**played.market.account, "id": "2", "label": "Other"}
    rows = [played.market.order({**ORDER, "id": identity(n)}, state="working") for n in (1, 2, 3, 4)]
    rows[1]["account"] = rows[2]["account"] = "2"
    rows[3]["stop_order_type"] = "StopLoss"

    def say() -> None:
        whole = played.market.snapshot()
        played.say({**whole, "accounts": [*whole["accounts"], other], "seq": {**whole["seq"], "2": 0}})
        played.beat()

    played.open()
    played.go("Orders")
    say()
    button = page.get_by_role("button", name="Cancel all…")
    expect(page.locator("[data-order]")).to_have_count(3)
    expect(button).to_have_count(0)
    played.market.order({**ORDER, "id": identity(5)}, state="working")
    say()
    expect(button).to_have_text(f"Cancel all… ({played.market.account['label']})")
    page.get_by_role("radio", name="TP / SL").check()
    expect(page.locator("[data-order]")).to_have_count(1)
    expect(button).to_have_count(0)
    page.get_by_role("radio", name="History").check()
    expect(page.locator(".empty")).to_be_visible()
    expect(button).to_have_count(0)
