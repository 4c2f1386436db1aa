"""What the console says about its own freshness, and what it lets people do meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .market import ACCOUNT
from .played import Played

HIDE = """hidden => {
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => hidden ? 'hidden' : 'visible' });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def buy(page: Page):
    return page.get_by_role("button", name="Buy / Long")


@pytest.fixture
def holding(played: Played) -> Played:
    played.market.position("BTCUSDT", "Buy", "0.05", "63800")
    played.market.order(
        {
            "id": "00000000-0000-4000-8000-000000000001",
            "account": ACCOUNT,
            "category": "linear",
            "symbol": "BTCUSDT",
            "side": "Buy",
            "order_type": "Limit",
            "qty": "0.02",
            "price": "62900",
            "time_in_force": "GTC",
            "reduce_only": False,
            "position_idx": 0,
        },
        state="working",
    )
    return played.open()


def test_live_then_stale_then_live(holding: Played, page: Page) -> None:
    expect(buy(page)).to_be_enabled()
    holding.run(5_000)
    # A heartbeat of real time may have come in between.
    expect(holding.chip("stale")).to_have_text(re.compile("Stale [45] s"))
    expect(buy(page)).to_be_disabled()
    expect(page.locator(".banner")).to_contain_text("New orders cannot be placed")
    expect(page.get_by_role("button", name="Cancel Buy Limit 62,900.0 BTCUSDT")).to_be_enabled()
    expect(page.get_by_role("button", name="Close… BTCUSDT")).to_be_enabled()
    holding.beat()
    expect(holding.chip("live")).to_be_visible()
    expect(buy(page)).to_be_enabled()


def test_old_ticks_and_old_heartbeats_in_a_rush_are_not_fresh(holding: Played, page: Page) -> None:
    holding.run(6_000)
    for number in range(50):
        holding.tick(ago_ms=5_500 - number)
    for number in range(5):
        holding.beat(ago_ms=5_500 - number * 500)
    holding.run(500)
    expect(holding.chip("stale")).to_be_visible()
    expect(buy(page)).to_be_disabled()


def test_a_quiet_market_is_not_stale(holding: Played) -> None:
    for _ in range(60):
        holding.run(1_000)
        holding.beat()
    expect(holding.chip("live")).to_be_visible()


def test_nothing_watched_is_not_stale(holding: Played) -> None:
    holding.run(500)
    holding.beat(public=None)
    holding.run(1_000)
    expect(holding.chip("live")).to_be_visible()


@pytest.mark.parametrize(
    ("public", "private", "said"),
    [(5_200, 300, "Prices are 5 s old."), (90, 12_400, "News of your orders is 12 s old.")],
)
def test_an_upstream_that_fell_silent_is_stale(
    holding: Played, page: Page, public: int, private: int, said: str
) -> None:
    holding.beat(public=public, private=private)
    expect(holding.chip("stale")).to_be_visible()
    expect(page.locator(".banner")).to_contain_text(said)


def test_resyncing_pauses_new_orders(holding: Played, page: Page) -> None:
    holding.say({"type": "status", "account": ACCOUNT, "stream": "resyncing"})
    holding.run(500, beating=True)
    expect(buy(page)).to_be_disabled()
    expect(page.locator(".banner")).to_contain_text("checking your orders with Bybit")


def test_coming_back_opens_exactly_one_socket_and_trusts_it_after_a_snapshot(
    holding: Played, page: Page
) -> None:
    assert len(holding.sockets) == 1
    holding.welcome = False
    page.evaluate(HIDE, True)
    holding.jump(30_000)
    page.evaluate(HIDE, False)
    page.evaluate("dispatchEvent(new Event('online'))")
    holding.run(1_000)
    assert len(holding.sockets) == 2
    holding.hello()
    holding.beat()
    expect(holding.chip("live")).to_have_count(0)
    holding.say(holding.market.snapshot())
    holding.beat()
    holding.run(500)
    expect(holding.chip("live")).to_be_visible()


def test_a_page_put_away_lets_go_of_its_socket(holding: Played, page: Page) -> None:
    closed = []
    holding.sockets[0].on_close(lambda *_: closed.append(True))
    page.evaluate(HIDE, True)
    # The server is well all the while: it is the page that lets go.
    holding.run(19_000, beating=True)
    assert closed == []
    holding.run(2_000)
    expect(holding.chip("reconnecting")).to_be_visible()
    assert len(holding.sockets) == 1
    assert closed == [True]


def test_a_gap_shows_no_wrong_quantity_and_is_mended(holding: Played, page: Page) -> None:
    missing = holding.market.change("position", holding.market.position("BTCUSDT", "Buy", "0.07", "63900"))
    later = holding.market.change("position", holding.market.position("BTCUSDT", "Buy", "0.09", "63950"))
    holding.say(later)
    holding.run(500)
    holding.beat()
    size = page.locator(".card .fact", has_text="Size").locator("dd")
    expect(size).to_have_text("0.050")
    expect(holding.chip("stale")).to_be_visible()
    expect(buy(page)).to_be_disabled()
    assert holding.said("since") == [{"type": "since", "account": ACCOUNT, "seq": missing["seq"] - 1}]
    holding.say(missing)
    expect(size).to_have_text("0.090")
    holding.beat()
    expect(holding.chip("live")).to_be_visible()


def test_a_heartbeat_that_is_ahead_is_a_gap_and_a_snapshot_ends_it(holding: Played) -> None:
    holding.market.seq += 3
    holding.beat()
    expect(holding.chip("stale")).to_be_visible()
    assert len(holding.said("since")) == 1
    holding.run(3_000, beating=True)
    assert len(holding.said("snapshot")) >= 1
    holding.say(holding.market.snapshot())
    holding.beat()
    expect(holding.chip("live")).to_be_visible()


def test_an_older_row_never_replaces_a_newer_one(holding: Played, page: Page) -> None:
    old = dict(holding.market.position("BTCUSDT", "Buy", "0.06", "63900"))
    new = dict(holding.market.position("BTCUSDT", "Buy", "0.08", "63900"))
    holding.say(holding.market.change("position", new))
    holding.say(holding.market.change("position", old))
    expect(page.locator(".card .fact", has_text="Size").locator("dd")).to_have_text("0.080")


def test_after_a_restore_nothing_old_is_kept(holding: Played, page: Page) -> None:
    holding.market.positions.clear()
    holding.market.seq, holding.epoch = 0, "2"
    holding.sockets[-1].close(code=1012)
    holding.run(1_000)
    expect(page.get_by_text("No position")).to_be_visible()


def test_reconnecting_keeps_the_last_picture_and_dates_it(holding: Played, page: Page) -> None:
    holding.refuse_sockets = True
    holding.sockets[-1].close(code=1012)
    expect(holding.chip("reconnecting")).to_be_visible()
    expect(page.locator(".banner")).to_contain_text("as of ")
    expect(page.locator(".card .fact", has_text="Size").locator("dd")).to_have_text("0.050")
    expect(page.get_by_role("button", name="Cancel Buy")).to_be_enabled()
    expect(buy(page)).to_be_disabled()
    holding.refuse_sockets = False
    holding.run(3_000, beating=False)
    holding.beat()
    expect(holding.chip("live")).to_be_visible()


def test_no_socket_and_no_answer_is_offline(holding: Played, page: Page) -> None:
    holding.answers["GET /session"] = lambda route, _: route.abort()
    holding.refuse_sockets = True
    holding.sockets[-1].close(code=1006)
    holding.run(10_500)
    expect(holding.chip("offline")).to_have_text("Offline: read only")
    expect(page.get_by_role("button", name="Cancel Buy")).to_be_disabled()
    expect(page.get_by_role("button", name="Close… BTCUSDT")).to_be_disabled()


def test_a_socket_that_outlives_its_network_goes_offline(holding: Played, page: Page) -> None:
    holding.answers["GET /session"] = lambda route, _: route.abort()
    holding.refuse_sockets = True
    holding.run(3_500)
    expect(holding.chip("stale")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("dialog .note")).to_contain_text("may not get through")
    holding.run(6_500)
    expect(holding.chip("offline")).to_be_visible()
    expect(page.get_by_role("button", name="Hold to close all")).to_be_disabled()


def test_a_silent_stream_of_a_server_that_answers_stays_stale(holding: Played) -> None:
    holding.run(9_000)
    expect(holding.chip("stale")).to_be_visible()
    assert len(holding.sockets) == 1


def test_a_failing_server_is_an_error_with_a_retry(holding: Played, page: Page) -> None:
    holding.answers["GET /session"] = lambda *_: (500, {})
    holding.refuse_sockets = True
    holding.sockets[-1].close(code=1011)
    expect(holding.chip("error")).to_be_visible()
    holding.run(12_000)
    page.locator(".head-place").click()
    del holding.answers["GET /session"]
    holding.refuse_sockets = False
    page.get_by_role("button", name="Retry").click()
    holding.run(500)
    expect(holding.chip("live")).to_be_visible()


def test_signed_out_clears_the_account_from_the_page(holding: Played, page: Page) -> None:
    page.get_by_role("button", name="Read the price aloud").click()
    expect(page.get_by_role("status")).to_contain_text("BTCUSDT")
    holding.go("Positions")
    expect(page.get_by_text("0.050")).to_be_visible()
    holding.sockets[-1].close(code=4401)
    expect(page.get_by_role("heading", name="Tradepost")).to_be_visible()
    # What is only read out is no less on the page.
    text = page.locator("body").text_content() or ""
    assert not any(part in text for part in ("0.050", "BTCUSDT", "100,482", "paper"))


def test_an_outdated_page_is_read_only_and_says_why(played: Played, page: Page) -> None:
    played.min_build = "99990101000000-ffffffff"
    page.goto("/")
    expect(played.chip("update")).to_have_text("Update needed")
    expect(page.locator(".banner")).to_contain_text("Read only until you reload")
    expect(buy(page)).to_be_disabled()
    expect(page.get_by_role("button", name="Reload")).to_be_visible()


def test_state_changes_are_said_once_and_ticks_never(holding: Played, page: Page) -> None:
    page.evaluate("""() => {
      window.said = [];
      const voice = document.querySelector('[role=status]');
      new MutationObserver(list => window.said.push(...list.map(() => voice.textContent)))
        .observe(voice, { childList: true, characterData: true, subtree: true });
    }""")
    for second in range(60):
        for number in range(20):
            price = str(64_250 + (second * 7 + number) % 90)
            holding.tick(last=price, mark=price)
        holding.beat()
        holding.jump(1_000)
        if second == 30:
            holding.go("Positions")
    assert page.evaluate("window.said") == []
    holding.run(5_000)
    expect(holding.chip("stale")).to_be_visible()
    assert page.evaluate("window.said") == ["Prices are stale. New orders cannot be placed."]


COUNT = """() => {
  window.told = { status: 0, alert: 0 };
  for (const role of ['status', 'alert'])
    for (const voice of document.querySelectorAll(`[role=${role}]`))
      new MutationObserver(() => voice.textContent.trim() && (window.told[role] += 1))
        .observe(voice, { childList: true, characterData: true, subtree: true });
}"""


def test_an_order_is_told_at_most_three_times_and_its_rejection_once(desk: Played, page: Page) -> None:
    page.evaluate(COUNT)
    desk.ticket(kind="Market")
    desk.review()
    desk.place().click()
    expect(desk.outcome("accepted")).to_be_visible()
    row = desk.market.orders[desk.posts()[0]["id"]]
    for state, filled in (("working", "0.004"), ("filled", "0.01")):
        desk.say(desk.market.update(row, state=state, filled_qty=filled, avg_price="64250"))
        for number in range(40):
            desk.tick(last=f"642{50 + number}")
        desk.run(2_500, beating=True)
    expect(desk.outcome("filled")).to_be_visible()
    told = page.evaluate("window.told")
    assert 1 <= told["status"] <= 3, told
    assert told["alert"] == 0
    page.get_by_role("button", name="Done").click()
    desk.answers["POST /orders"] = lambda _, request: (
        201,
        desk.market.order(
            request.post_data_json, state="rejected", reject_code="110007", reject_message="no"
        ),
    )
    desk.ticket(kind="Market", size="0.02")
    desk.review()
    desk.place().click()
    expect(page.locator(".refusal")).to_be_visible()
    desk.run(2_500, beating=True)
    assert page.evaluate("window.told.alert") == 1


def test_a_key_that_bybit_refused_is_told_with_its_reason_and_trading_comes_back(
    holding: Played, page: Page
) -> None:
    why = "Bybit takes this key no more (API key is invalid.). Nothing can be sent: bring in a new one."
    holding.say(
        {"type": "status", "account": ACCOUNT, "stream": "down", "read_only": True, "read_only_reason": why}
    )
    holding.run(500, beating=True)
    expect(buy(page)).to_be_disabled()
    expect(page.locator(".banner")).to_contain_text(why)
    # Another key is in: without a new snapshot.
    holding.say(
        {"type": "status", "account": ACCOUNT, "stream": "live", "read_only": False, "read_only_reason": None}
    )
    holding.run(500, beating=True)
    expect(buy(page)).to_be_enabled()
    expect(page.locator(".banner")).to_have_count(0)


def test_the_first_picture_without_its_heartbeat_is_no_lost_connection(played: Played, page: Page) -> None:
    played.welcome = False
    page.goto("/")
    expect(played.chip("loading")).to_be_visible()
    played.hello()
    played.say(played.market.snapshot())
    expect(page.get_by_text("No position")).to_be_visible()
    expect(played.chip("loading")).to_be_visible()
    expect(page.locator(".banner")).to_have_count(0)
    played.beat()
    expect(played.chip("live")).to_be_visible()
