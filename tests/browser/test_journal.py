"""The journal: what each day brought, and what it is made of; trips, notes, the curve, what leaves as a file."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from .journal import FILL, TRIP, keep_journal, page_of
from .market import ACCOUNT
from .played import Played, error


@pytest.fixture
def kept(played: Played, page: Page) -> Played:
    keep_journal(played)
    played.open()
    played.go("Journal")
    return played


def test_days_tell_what_they_brought_and_open_into_fills(kept: Played, page: Page) -> None:
    rows = page.locator(".journal-row")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Tue, 17 Nov 2026")
    expect(rows.first).to_contain_text("+12.40")
    expect(rows.first).to_contain_text("1 position closed, 1 won")
    expect(rows.nth(1)).to_contain_text("−3.20")
    expect(page.get_by_text("Bringing in the past from Bybit: 43 %")).to_be_visible()
    page.get_by_role("button", name="Tue, 17 Nov 2026: +12.40 USDT").click()
    expect(page.locator("dialog .fills li")).to_contain_text("▲ Buy 0.050 BTC")
    expect(page.locator("dialog .fact", has_text="Bybit's closed P&L")).to_contain_text("+12.50")


def test_a_note_is_written_with_its_tags_and_survives_a_failure(kept: Played, page: Page) -> None:
    page.locator(".journal-row").first.click()
    page.get_by_label("Note").fill("Chased it.")
    page.get_by_label("Tags").fill("fomo, late ,")
    kept.answers["PUT /journal/notes"] = lambda *_: (503, error("busy"))
    kept.answers = {"PUT /journal/notes": kept.answers.pop("PUT /journal/notes"), **kept.answers}
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_text("The note could not be saved.")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("Chased it.")
    del kept.answers["PUT /journal/notes"]
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_role("button", name="Saved.")).to_be_disabled()
    sent = [call.post_data_json for call in kept.calls if call.method == "PUT"][-1]
    assert sent == {
        "account": ACCOUNT,
        "kind": "day",
        "key": "2026-11-17",
        "text": "Chased it.",
        "tags": ["fomo", "late"],
    }


def test_trips_are_found_by_market_and_tag_and_open_with_bybits_own_figure(kept: Played, page: Page) -> None:
    page.get_by_role("radio", name="Trips").check()
    expect(page.locator(".journal-row")).to_contain_text("▲ Long")
    page.get_by_role("combobox", name="Market").select_option("BTCUSDT")
    with page.expect_request(re.compile(r"/journal/trips\?.*symbol=BTCUSDT&tag=fomo")):
        page.get_by_role("textbox", name="Tag").fill("fomo")
        page.get_by_role("textbox", name="Tag").blur()
    page.locator(".journal-row").click()
    expect(page.locator("dialog .fact", has_text="Difference")).to_contain_text("+0.10")
    expect(page.locator("dialog .note")).to_contain_text("Funding.")
    expect(page.locator("dialog .fills li")).to_have_count(1)


def test_spot_is_never_taken_for_the_perpetual_of_its_symbol(kept: Played, page: Page) -> None:
    spot = {**FILL, "exec_id": "e2", "category": "spot"}
    day = kept.answers["GET /journal/days/"](None, None)[1]  # type: ignore[index,arg-type]
    kept.answers["GET /journal/days/"] = lambda *_: (200, {**day, "items": [FILL, spot]})
    page.locator(".journal-row").first.click()
    fills = page.locator("dialog .fills li")
    expect(fills.first).to_contain_text(re.compile(r"BTCUSDT, \d"))
    expect(fills.last).to_contain_text(re.compile(r"BTCUSDT · Spot, \d"))
    page.keyboard.press("Escape")
    both = [TRIP, {**TRIP, "id": 8, "category": "spot"}]

    def trips(_: object, request: Request) -> tuple[int, object]:
        asked = parse_qs(urlsplit(request.url).query).get("category")
        return 200, page_of(*(trip for trip in both if asked in (None, [trip["category"]])))

    kept.answers["GET /journal/trips"] = trips
    page.get_by_role("radio", name="Trips").check()
    rows = page.locator(".journal-row")
    expect(rows).to_contain_text(["BTCUSDT ▲ Long", "BTCUSDT · Spot ▲ Long"])
    market = page.get_by_role("combobox", name="Market")
    expect(market.locator("option")).to_have_text(["All markets", "BTCUSDT", "BTCUSDT · Spot"])
    for title in ("BTCUSDT · Spot", "BTCUSDT"):
        market.select_option(label=title)
        expect(rows).to_have_count(1)
        expect(rows.locator("b").first).to_have_text(f"{title} ▲ Long")


def test_a_trip_shows_where_it_was_entered_and_left_and_what_that_was_in_multiples_of_its_risk(
    kept: Played, page: Page
) -> None:
    after_ms = int(datetime(2026, 11, 17, 13, tzinfo=UTC).timestamp() * 1000)
    kept.answers["GET /markets/"] = lambda *_: (200, kept.market.candles("BTCUSDT", after_ms))
    page.get_by_role("radio", name="Trips").check()
    page.locator(".journal-row").click()
    chart = page.get_by_role(
        "img", name=re.compile(r"BTCUSDT, candles of 3 minutes: entered at 64,000\.0 on 17 Nov")
    )
    expect(chart).to_have_accessible_name(
        re.compile(r"left at 64,280\.0 on 17 Nov .*\. Lowest [\d,.]+, highest [\d,.]+")
    )
    expect(chart.locator("canvas").first).to_be_visible()
    (asked,) = [call.url for call in kept.calls if "interval=3&" in call.url]
    assert "category=linear" in asked
    assert "start=2026-11-17T09%3A15%3A00.000Z&end=2026-11-17T12%3A45%3A00.000Z" in asked
    facts = page.locator("dialog .fact")
    # Net is the sum of what stands beside it.
    for name, amount in (("Net", "+12.40"), ("Realised", "+14.00"), ("Fees", "−1.50"), ("Funding", "−0.10")):
        expect(facts.filter(has=page.get_by_text(name, exact=True))).to_contain_text(amount)
    expect(facts.filter(has_text="R multiple")).to_contain_text("+1.24 R")
    expect(facts.filter(has_text="First stop")).to_contain_text("63,800.0")
    expect(facts.filter(has_text="At risk there")).to_contain_text("10.00")


def test_a_trip_without_a_known_stop_has_no_multiple_and_says_why(kept: Played, page: Page) -> None:
    nothing = {"first_stop": None, "at_risk": None, "r": None}
    told = kept.answers["GET /journal/trips/"]
    kept.answers["GET /journal/trips/"] = lambda *asked: (200, {**told(*asked)[1], **nothing})  # type: ignore[index]
    page.get_by_role("radio", name="Trips").check()
    page.locator(".journal-row").click()
    expect(page.locator("dialog .fact", has_text="R multiple")).to_contain_text("not known")
    expect(page.get_by_text("No stop is on record within five minutes of opening")).to_be_visible()


def test_the_curve_says_in_words_what_it_draws(kept: Played, page: Page) -> None:
    page.get_by_role("radio", name="Curve").check()
    line = page.get_by_role(
        "img", name=re.compile("All days added up, USDT: from −2.00 to 5.00, lowest −2.00, highest 5.00")
    )
    expect(line).to_be_visible()
    assert len(line.locator("polyline").get_attribute("points").split()) == 8  # type: ignore[union-attr]


def test_files_are_plain_links_and_the_time_zone_is_the_accounts(kept: Played, page: Page) -> None:
    page.get_by_role("radio", name="Export").check()
    link = page.get_by_role("link", name="Executions", exact=True)
    expect(link).to_have_attribute("href", f"/api/v1/executions?account={ACCOUNT}&format=csv")
    page.get_by_label("Time zone of the days").select_option("Asia/Tokyo")
    expect(page.get_by_label("Time zone of the days")).to_be_visible()
    sent = [call.post_data_json for call in kept.calls if call.method == "PUT"]
    assert sent == [{"account": ACCOUNT, "time_zone": "Asia/Tokyo"}]


def test_an_empty_journal_says_when_it_will_not_be(played: Played, page: Page) -> None:
    keep_journal(played, done=1000)
    nothing = {"items": [], "next": None, "time_zone": "UTC"}
    played.answers["GET /journal/figures"] = lambda *_: (200, nothing)
    played.open()
    played.go("Journal")
    expect(page.get_by_text("No fills yet. They appear here seconds after a trade.")).to_be_visible()
    expect(page.get_by_text("Bringing in the past")).to_have_count(0)
