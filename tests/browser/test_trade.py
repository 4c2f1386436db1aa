"""The Trade screen: the price and its facts, the chart with its lines, the book, the tape, the list of markets."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .played import Played
from .stages import ORDER


@pytest.fixture
def charted(played: Played, page: Page) -> Played:
    held = played.market.position("BTCUSDT", "Buy", "0.05", "64246")
    held["stop_loss"] = "64243"
    played.market.order(ORDER, state="working")
    played.open()
    expect(page.locator(".chart[data-state=there]")).to_be_visible()
    return played


def test_the_strip_tells_change_funding_and_the_time_to_it(desk: Played, page: Page) -> None:
    desk.tick(change_24h="0.0123", funding_rate="0.0001", next_funding_at=desk.at(-3_600_000))
    desk.run(500)
    facts = page.locator(".hero-facts")
    expect(facts).to_contain_text("+1.23%")
    expect(facts).to_contain_text("+0.0100%")
    expect(facts).to_contain_text(re.compile(r"(00:59:5\d|01:00:00)"))


def test_the_page_watches_what_it_shows(desk: Played, page: Page) -> None:
    page.get_by_role("radio", name="Book").check()
    page.get_by_role("radio", name="Trades").check()
    desk.go("Positions")
    said = desk.said("watch")
    assert all(message["focus"] == "BTCUSDT" for message in said)
    assert {"symbol": "BTCUSDT", "interval": "5"} in [message.get("candles") for message in said]
    assert [message for message in said if message.get("book") == "BTCUSDT"]
    assert [message for message in said if message.get("trades") == "BTCUSDT"]
    assert not {"book", "trades", "candles"} & said[-1].keys()


def test_the_book_is_eleven_levels_of_each_side_and_adds_up(desk: Played, page: Page) -> None:
    page.get_by_role("radio", name="Book").check()
    desk.book()
    sides = page.locator(".book-side")
    for side, first, last in ((0, "64,249.9", "64,248.9"), (1, "64,250.0", "64,251.0")):
        rows = sides.nth(side).locator("tbody tr")
        expect(rows).to_have_count(11)
        expect(rows.first).to_contain_text(first)
        expect(rows.last).to_contain_text(last)
    desk.book(bid="64240")
    expect(sides.first.locator("tbody tr").first).to_contain_text("64,240.0")


def test_a_desk_shows_the_book_beside_the_chart_and_takes_a_price_from_it(desk: Played, page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    desk.book()
    rows = page.locator(".beside tbody tr")
    expect(rows).to_have_count(22)
    expect(rows.first).to_contain_text("5.500")
    expect(rows.last).to_be_in_viewport(ratio=1)
    rows.last.click()
    expect(page.locator("#ticket-price")).to_have_value("64248.9")
    expect(page.locator(".chart[data-state=there]")).to_be_visible()


def test_trades_come_newest_first_and_once(desk: Played, page: Page) -> None:
    page.get_by_role("radio", name="Trades").check()

    def trade(number: int, side: str) -> dict[str, Any]:
        return {
            "exec_id": str(number),
            "price": f"6425{number}",
            "qty": "0.01",
            "side": side,
            "at": desk.at(),
        }

    news = [trade(2, "Buy"), trade(1, "Sell")]
    desk.say({"type": "trades", "symbol": "BTCUSDT", "items": news, "at": desk.at()})
    desk.say({"type": "trades", "symbol": "BTCUSDT", "items": [trade(3, "Sell"), news[0]], "at": desk.at()})
    expect(page.locator(".tape tbody tr")).to_have_text(
        [re.compile(f"6,?425{n}|64,25{n}") for n in (3, 2, 1)]
    )
    expect(page.locator(".tape tbody tr").first).to_contain_text("▼")


def test_best_prices_go_into_the_ticket(desk: Played, page: Page) -> None:
    desk.tick(bid_size="3.2", ask_size="1.9")
    page.get_by_role("button", name="Bid 3.200 64,249.9").click()
    expect(page.locator("#ticket-price")).to_have_value("64249.9")
    expect(page.get_by_role("radio", name="Buy / Long")).to_be_checked()


def test_the_chart_says_in_words_what_it_shows(charted: Played, page: Page) -> None:
    chart = page.get_by_role("img", name=re.compile("^Chart of BTCUSDT, candles of 5 minutes"))
    expect(chart).to_have_accessible_name(
        re.compile(r"Last 64,250\.0, \+0\.02 % over 100 candles, high 64,250\.1")
    )
    # The names of the averages stand over the volume: lines of orders and their labels keep to the upper four fifths.
    legend, box = page.locator(".chart-legend").bounding_box(), page.locator(".chart-box").bounding_box()
    assert legend and box
    above_axis = box["height"] - 28
    assert above_axis * 0.8 <= legend["y"] - box["y"] <= above_axis - legend["height"] + 2
    page.get_by_role("button", name="Chart settings").click()
    page.get_by_role("button", name="Candles as a table").click()
    expect(page.locator(".candles tbody tr")).to_have_count(60)
    page.get_by_role("button", name="4h").click()
    expect(page.get_by_role("button", name="4h")).to_have_attribute("aria-pressed", "true")


def test_a_new_candle_is_joined_and_a_hole_is_read_anew(charted: Played, page: Page) -> None:
    def asked() -> int:
        return len([call for call in charted.calls if "/candles" in call.url])

    before = asked()
    last = charted.market.candles("BTCUSDT", 1_795_000_000_000)["items"][-1]
    charted.say(
        {"type": "candle", "symbol": "BTCUSDT", "interval": "5", **last, "close": "64260", "high": "64260"}
    )
    charted.run(10_000, beating=True)
    expect(page.get_by_role("img", name=re.compile(r"Last 64,260\.0"))).to_be_visible()
    assert asked() == before
    late = {**last, "start": "2026-11-25T00:00:00Z"}
    with page.expect_request("**/candles**"):
        charted.say({"type": "candle", "symbol": "BTCUSDT", "interval": "5", **late})


def test_lines_that_can_be_moved_say_their_price_and_send_nothing(charted: Played, page: Page) -> None:
    stop = page.get_by_role("button", name="Move SL 64,243.0")
    expect(stop).to_be_visible()
    expect(page.get_by_role("button", name="Move ▲ Order 64,248.0")).to_be_visible()
    box = stop.bounding_box()
    assert box
    sent = len(charted.calls)
    page.mouse.move(box["x"] + 10, box["y"] + 22)
    page.mouse.down()
    page.mouse.move(box["x"] + 10, box["y"] + 12, steps=3)
    expect(page.get_by_role("button", name=re.compile("^Move SL 64,24[34]"))).to_be_visible()
    page.mouse.up()
    assert [call for call in charted.calls[sent:] if call.method != "GET"] == []


def test_markets_are_found_starred_and_shown_with_their_change(desk: Played, page: Page) -> None:
    page.locator(".head-market").click()
    rows = page.locator(".market-row")
    expect(rows).to_have_count(4)
    expect(rows.filter(has_text="SOLUSDT")).to_contain_text("−3.10%")
    page.get_by_role("button", name="Make SOLUSDT a favourite").click()
    expect(rows.first).to_contain_text("SOLUSDT")
    assert [call.method for call in desk.calls if "/favourites/linear/SOLUSDT" in call.url] == ["PUT"]
    page.get_by_role("radio", name="Favourites").check()
    expect(rows).to_have_count(1)
    page.get_by_role("radio", name="Perpetual").check()
    page.get_by_label("Search markets").fill("pep")
    expect(rows).to_have_count(1)
    page.get_by_label("Search markets").fill("xyz")
    expect(page.get_by_text("No market matches “xyz”.")).to_be_visible()


def test_one_visit_reads_the_candles_once(desk: Played, page: Page) -> None:
    expect(page.locator(".chart[data-state=there]")).to_be_visible()
    desk.run(3_000, beating=True)
    assert len([call for call in desk.calls if "/candles" in call.url]) == 1


def test_the_price_is_read_aloud_when_asked(desk: Played, page: Page) -> None:
    page.get_by_role("button", name="Read the price aloud").click()
    expect(page.locator("[role=status]")).to_have_text("BTCUSDT: Last 64,250.0")


def test_the_ticket_reckons_four_times_a_second_while_the_price_ticks_on(desk: Played, page: Page) -> None:
    desk.ticket(kind="Market")
    watch = """() => {
      window.seen = 0;
      const about = document.querySelector(".ticket-market");
      const all = { characterData: true, childList: true, subtree: true };
      new MutationObserver(() => (window.seen += 1)).observe(about, all);
    }"""
    page.evaluate(watch)
    for turn in range(20):
        desk.tick(ask=f"642{50 + turn}")
        page.clock.run_for(50)
        desk._advanced += 50
    desk.run(500)
    expect(page.locator(".ticket-market")).to_contain_text("64,269.0")
    # A second of twenty prices a second, and the last of them.
    assert 2 <= page.evaluate("window.seen") <= 8


def test_the_tickets_keys_work_from_its_fields_and_x_goes_to_cancel(played: Played, page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    played.market.order(ORDER, state="working")
    played.open()
    expect(page.locator("#ticket-size")).to_be_visible()
    page.keyboard.press("s")
    expect(page.locator("#ticket-size")).to_be_focused()
    page.keyboard.press("m")
    expect(page.get_by_role("radio", name="Market")).to_be_checked()
    page.keyboard.type("0.01")
    expect(page.locator("#ticket-size")).to_have_value("0.01")
    page.get_by_role("radio", name=re.compile("^Orders")).check()
    page.locator("tr[data-order]").focus()
    page.keyboard.press("x")
    expect(page.get_by_role("button", name=re.compile("^Cancel Buy Limit"))).to_be_focused()
    assert not [call for call in played.calls if call.method == "DELETE"]
