"""What a wide page with a mouse has more of: fills under the chart, the way to the server, the whole ticket at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .market import ACCOUNT
from .played import Played

pytestmark = pytest.mark.browser_context_args(
    has_touch=False, is_mobile=False, viewport={"width": 1440, "height": 900}
)


def execution(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "exec_id": f"e{number}",
        "order": f"00000000-0000-4000-8000-00000000000{number}",
        "account": ACCOUNT,
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "exec_type": "Trade",
        "price": "64250",
        "qty": "0.01",
        "fee": "0.353375",
        "fee_currency": "USDT",
        "is_maker": False,
        "closed_size": "0",
        "at": f"2026-11-22T16:0{number}:00.000Z",
        **changes,
    }


@pytest.fixture
def record(played: Played) -> list[dict[str, Any]]:
    """The server's fills, newest first."""
    rows = [execution(2, exec_type="Funding", order=None, fee="-0.02"), execution(1, is_maker=True)]
    played.answers["GET /executions"] = lambda *_: (200, {"items": list(rows), "next": None})
    played.open()
    return rows


def test_fills_stand_under_the_chart_each_once_and_come_as_they_happen(
    played: Played, page: Page, record: list[dict[str, Any]]
) -> None:
    page.get_by_role("radio", name="Fills").check()
    rows = page.locator(".panel tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text(re.compile("Funding.*−0.02 USDT"))
    expect(rows.nth(0).get_by_role("button", name="Order")).to_have_count(0)
    expect(rows.nth(1)).to_contain_text(
        re.compile("BTCUSDT.*Buy.*Maker.*64,250.0.*0.010.*642.50.*0.353375 USDT")
    )
    fill = execution(3, side="Sell", qty="0.02")
    for _ in range(2):
        played.say(played.market.change("fill", fill))
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text(re.compile("Sell.*Taker.*0.020"))
    played.answers[f"GET /orders/{fill['order']}"] = lambda *_: (404, {"error": {"code": "not_found"}})
    rows.nth(0).get_by_role("button", name="Order").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_what_was_traded_while_the_stream_was_away_is_read_again(
    played: Played, page: Page, record: list[dict[str, Any]]
) -> None:
    page.get_by_role("radio", name="Fills").check()
    rows = page.locator(".panel tbody tr")
    played.say(played.market.change("fill", execution(3)))
    expect(rows).to_have_count(3)
    record[:0] = [execution(4), execution(3)]
    played.sockets[-1].close(code=1012)
    played.run(3_000)
    expect(played.chip("live")).to_be_visible()
    expect(rows).to_have_count(4)


def test_a_picture_on_the_same_socket_reads_the_fills_anew_and_a_failure_is_told_and_mended(
    played: Played, page: Page, record: list[dict[str, Any]]
) -> None:
    page.get_by_role("radio", name="Fills").check()
    rows, note = page.locator(".panel tbody tr"), page.locator(".panel .note")
    expect(rows).to_have_count(2)
    record.insert(0, execution(3))
    whole = played.answers["GET /executions"]
    played.answers["GET /executions"] = lambda *_: (500, {"error": {"code": "server_error", "message": ""}})
    played.say(played.market.snapshot())
    played.beat()
    expect(note).to_contain_text("Some fills may be missing")
    expect(rows).to_have_count(2)
    played.answers["GET /executions"] = whole
    played.run(5_000, beating=True)
    expect(rows).to_have_count(3)
    expect(note).to_have_count(0)
    # Nobody's order, and still something that was paid.
    paid = execution(4, exec_type="Funding", order=None, fee="0.07")
    played.say(played.market.change("fill", paid))
    expect(rows).to_have_count(4)


def test_fills_that_cannot_be_read_are_told(played: Played, page: Page) -> None:
    played.answers["GET /executions"] = lambda *_: (500, {"error": {"code": "server_error", "message": ""}})
    played.open()
    page.get_by_role("radio", name="Fills").check()
    expect(page.locator(".panel .empty")).to_contain_text("could not be read")


def test_the_way_to_the_server_is_measured_while_it_is_live(played: Played, page: Page) -> None:
    played.open()
    lag = page.locator(".head .lag")
    expect(lag).to_have_text(re.compile(r"^\d+ ms$"))
    played.run(12_000, beating=True)
    assert len([call for call in played.calls if call.url.endswith("/health")]) == 2
    played.beat(private=13_000)
    expect(played.chip("stale")).to_be_visible()
    expect(lag).to_be_empty()


def test_the_whole_of_the_ticket_is_in_sight(desk: Played, page: Page) -> None:
    page.locator("#ticket-size").fill("0.01")
    after = page.locator(".ticket-panel .summary .fact").last
    expect(after).to_contain_text("Position after")
    box, foot = after.bounding_box(), page.locator(".ticket-panel-foot").bounding_box()
    assert box and foot and box["y"] + box["height"] <= foot["y"]
    tall = page.locator(".panel .segment").bounding_box()
    assert tall and tall["height"] <= 44


def test_the_open_profit_is_of_the_account_whose_equity_stands_beside_it(desk: Played, page: Page) -> None:
    market = desk.market
    theirs = market.position("ETHUSDT", "Buy", "1", "3000") | {"account": "2", "id": "2:linear:ETHUSDT:0"}
    mine = market.position("BTCUSDT", "Buy", "0.05", "63800")
    picture = market.snapshot()
    picture["accounts"].append({**market.account, "id": "2", "label": "Other"})
    desk.say({**picture, "positions": [mine, theirs | {"unrealised_pnl": "500"}]})
    desk.beat()
    expect(page.locator(".panel tbody tr")).to_have_count(2)
    expect(page.locator(".head-facts")).to_contain_text("Open P&L +22.49")
    # Whose account was taken away sees no more of its fills.
    fills = page.locator(".panel tbody tr")
    record = [execution(6, account="2"), execution(5)]
    desk.answers["GET /executions"] = lambda *_: (200, {"items": record, "next": None})
    page.get_by_role("radio", name="Fills").check()
    expect(fills).to_have_count(2)
    desk.say(market.snapshot())
    desk.beat()
    expect(fills).to_have_count(1)
    desk.go("Positions")
    expect(page.locator(".strip")).to_contain_text("Open P&L+22.49")
