"""Nothing is said by colour alone, and every colour can be read."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from .played import Played


def test_sides_and_signs_are_words_and_glyphs_too(full: Played, page: Page) -> None:
    full.open()
    full.tick("1000PEPEUSDT", last="0.01142", mark="0.01142", bid="0.011419", ask="0.01142")
    full.go("Positions")
    expect(page.locator(".card-profit .number").first).to_have_text("+115.00")
    text = page.locator(".cards").inner_text()
    assert "▲ Long" in text
    assert "▼ Short" in text
    for amount in page.locator(".card-profit .number").all_inner_texts():
        assert amount[0] in "+−"
    full.go("Orders")
    expect(page.locator(".order .side")).to_have_text(["▼ Sell", "▲ Buy"])


# What is coloured by side or sign, and says neither in glyph, sign or word. In the book the sides are above and below.
BARE_COLOUR = r"""() => [...document.querySelectorAll('[data-tone=up], [data-tone=down]')]
  .filter(part => part.checkVisibility() && !part.closest('.book, .hold, [aria-hidden=true]'))
  .filter(part => !/[▲▼+−]|Buy|Sell|Long|Short|Bid|Ask|Take profit|Stop loss|Filled|Closed/.test(part.innerText))
  .filter(part => !/[▲▼]|Buy|Sell|Bid|Ask/.test(part.closest('button, tr, li')?.innerText ?? ''))
  .filter(part => /\d/.test(part.innerText) && !/^[\s–0.,%]*$/.test(part.innerText))
  .map(part => part.outerHTML)"""


def test_without_any_colour_everything_is_still_said(full: Played, page: Page) -> None:
    page.context.new_cdp_session(page).send(
        "Emulation.setEmulatedVisionDeficiency", {"type": "achromatopsia"}
    )
    full.open()
    full.book()
    full.tick(last="64251")
    for name in ("Trade", "Positions", "Orders", "Journal"):
        full.go(name)
        expect(page.locator("[data-tone=up], [data-tone=down]").first).to_be_visible()
        assert page.evaluate(BARE_COLOUR) == [], name
    full.go("Trade")
    page.locator(".head-market").click()
    assert page.evaluate(BARE_COLOUR) == [], "markets"
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    full.ticket()
    assert page.evaluate(BARE_COLOUR) == [], "ticket"
    full.review()
    assert page.evaluate(BARE_COLOUR) == [], "review"
    # The state of the connection is a shape and a word.
    expect(full.chip("live")).to_have_text("Live")
    full.beat(public=9_000)
    expect(full.chip("stale")).to_contain_text("Stale")


def test_theme_and_palette_are_kept_and_are_all_that_is_kept(full: Played, page: Page) -> None:
    full.open()
    full.go("More")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("radio", name="Light").check()
    assert page.evaluate(ground) != dark
    page.get_by_role("radio", name="Blue, orange").check()
    assert page.evaluate("({...localStorage})") == {"theme": "light", "palette": "blue-orange"}
    page.reload()
    expect(page.get_by_role("radio", name="Light")).to_be_checked()


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_stand_out_from_their_grounds() -> None:
    css = (Path(__file__).parents[2] / "frontend/src/styles/tokens.css").read_text()
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", css)
    for scheme in (1, 2):
        colours = {row[0]: row[scheme] for row in pairs}
        for name in ("text", "text-2", "accent", "warn", "green", "red", "up", "down"):
            for ground in ("bg", "surface", "raised"):
                light, dark = sorted((luminance(colours[name]), luminance(colours[ground])), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, ground, scheme)
