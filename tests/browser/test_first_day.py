"""From an empty database to a paper trade with a second factor, by a person with a phone: the compose file's own
commands on real-server settings, and nothing but what is on the screen."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Paper
from tests.security.composed import House, house

from .conftest import PHONE
from .played import go
from .ways import set_up

__all__ = ["house"]
LIMIT_SECONDS = 180
PAIR = {"key": "composed-key", "secret": "composed-secret"}


def bring_an_account_in(page: Page) -> None:
    go(page, "More")
    page.get_by_role("button", name="Open security").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="Bring an account in").click()
    sheet.get_by_label("Short name").fill("mine")
    sheet.get_by_label("Label").fill("Mine")
    sheet.get_by_label("API key").fill(PAIR["key"])
    sheet.get_by_label("API secret").fill(PAIR["secret"])
    sheet.get_by_role("button", name="Save").click()
    expect(sheet.get_by_text("May trade")).to_be_visible()
    sheet.get_by_role("button", name="Close").click()


@pytest.mark.long
def test_a_paper_trade_with_a_second_factor_in_under_three_minutes(
    house: House, paper: Paper, browser: Browser
) -> None:
    paper.control("key", {**PAIR, "account": "composed"})
    paper.control("pause", {"on": False})
    link = house.manage("setuplink").stdout.strip()
    begun = time.monotonic()
    context = browser.new_context(**PHONE)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(link)
    set_up(page, "ann")
    bring_an_account_in(page)
    # The account came while the page was open.
    go(page, "Trade")
    expect(page.locator(".head .chip[data-kind=live]")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Buy / Long").tap()
    page.get_by_role("radio", name="Market").check()
    page.locator("#ticket-size").fill("0.010")
    page.get_by_role("button", name=re.compile("^Review")).click()
    page.get_by_role("button", name="Buy 0.010 BTC", exact=True).click()
    expect(page.get_by_text("Filled", exact=True)).to_be_visible(timeout=20_000)
    assert time.monotonic() - begun < LIMIT_SECONDS
    context.close()
