"""axe on every screen and sheet, in both schemes. A floor, not a proof: the other tests say what axe does not see."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .journal import keep_journal
from .market import ACCOUNT
from .played import Played

AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """tags => axe.run(document, { runOnly: tags, resultTypes: ['violations'] }).then(found => found.violations
  .map(rule => rule.id + ': ' + rule.nodes.map(node => node.target + ' ' + node.failureSummary).join('; ')))"""
STILL = """() => Promise.all(document.getAnimations()
  .filter(part => part.effect.getComputedTiming().iterations !== Infinity)
  .map(part => part.finished.catch(() => null)))"""


def clean(page: Page, where: str) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(STILL)
        assert page.evaluate(RUN, TAGS) == [], f"{where}, {scheme}"


@pytest.fixture
def seen(played: Played, page: Page) -> Played:
    keep_journal(played)
    held = played.market.position("BTCUSDT", "Buy", "0.05", "64246")
    held["stop_loss"] = "64243"
    row = {"id": "00000000-0000-4000-8000-000000000001", "account": ACCOUNT, "category": "linear"}
    row |= {"symbol": "BTCUSDT", "side": "Buy", "order_type": "Limit", "qty": "0.02", "price": "64248"}
    row |= {"time_in_force": "GTC", "reduce_only": False, "position_idx": 0}
    played.market.order(row, state="working")
    # So tall that nothing lies under the bar at the bottom: axe takes what could be scrolled into sight for covered.
    page.set_viewport_size({"width": 390, "height": 1600})
    played.open()
    played.book()
    expect(page.locator(".chart[data-state=there]")).to_be_visible()
    page.evaluate(AXE.read_text())
    return played


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
def test_screens_and_sheets_are_clean(seen: Played, page: Page) -> None:
    clean(page, "Trade")
    page.get_by_role("radio", name="Book").check()
    clean(page, "Book")
    for name, opener in (
        ("markets", page.locator(".head-market")),
        ("stops", page.get_by_role("button", name="TP / SL BTCUSDT")),
        ("stop", page.get_by_role("button", name="Stop", exact=True)),
    ):
        opener.click()
        expect(page.locator("dialog")).to_be_visible()
        clean(page, name)
        page.keyboard.press("Escape")
    for name in ("Positions", "Orders", "Journal", "More"):
        seen.go(name)
        clean(page, name)
        seen.beat()
    page.get_by_role("radio", name="Blue, orange").check()
    seen.go("Positions")
    clean(page, "Positions in blue and orange")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
def test_the_other_sheets_are_clean(seen: Played, page: Page) -> None:
    def look(name: str) -> None:
        expect(page.locator("dialog")).to_be_visible()
        clean(page, name)

    def shut() -> None:
        while page.locator("dialog").count():
            page.keyboard.press("Escape")
        seen.beat()

    page.get_by_role("button", name="TP / SL BTCUSDT").click()
    for name in ("A part", "Trailing"):
        page.get_by_role("radio", name=name).check()
        look(name)
    shut()
    for name, opener in (
        ("chart settings", page.get_by_role("button", name="Chart settings")),
        ("connection", page.locator(".head-place")),
        ("close", page.get_by_role("button", name="Close… BTCUSDT")),
        ("amend", page.get_by_role("button", name=re.compile("^Amend Buy"))),
        ("order", page.locator(".order-title").first),
        ("more for a position", page.get_by_role("button", name="More for BTCUSDT")),
    ):
        opener.click()
        look(name)
        shut()
    page.get_by_role("button", name="More for BTCUSDT").click()
    for name in ("Leverage", "Reverse"):
        page.locator("dialog").get_by_role("button", name=re.compile(f"^{name}")).click()
        look(name)
        shut()
        page.get_by_role("button", name="More for BTCUSDT").click()
    shut()
    seen.go("More")
    device = {"id": 1, "name": "Safari on iPhone", "current": False, "created_at": seen.at(), "used_at": None}
    seen.answers["GET /push/devices"] = lambda *_: (200, {"items": [{**device, "failures": 0}], "next": None})
    seen.answers["GET /push/preferences"] = lambda *_: (200, {"kinds": ["fill"], "amounts": False})
    seen.answers["GET /push"] = lambda *_: (200, {"key": "x", "running": False})
    for name in ("shortcuts", "on your phone", "open notifications"):
        page.get_by_role("button", name=re.compile(name, re.IGNORECASE)).first.click()
        look(name)
        shut()


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
def test_the_ticket_and_its_review_are_clean(seen: Played, page: Page) -> None:
    seen.ticket()
    page.get_by_text("More options").click()
    clean(page, "ticket")
    page.get_by_role("radio", name="Trigger", exact=True).check()
    clean(page, "trigger")
    page.get_by_role("radio", name="Limit", exact=True).check()
    seen.beat()
    page.get_by_role("button", name=re.compile("^Review")).click()
    clean(page, "review")
