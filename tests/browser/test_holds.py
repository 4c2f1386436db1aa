"""The hold before an order on a live account: what ends it sends nothing, and a full one sends once."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from .played import Played

HIDDEN = """() => {
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_a_hold_that_ends_early_sends_nothing(real_money: Played, page: Page) -> None:
    real_money.stand_still()
    box = real_money.place().bounding_box()
    assert box
    ends = {
        "letting go": lambda: page.mouse.up(),
        "moving away": lambda: page.mouse.move(box["x"], box["y"] - 60),
        "scrolling": lambda: page.evaluate(
            "document.querySelector('.main').dispatchEvent(new Event('scroll'))"
        ),
        "the system": lambda: real_money.place().dispatch_event("pointercancel"),
        "hiding the page": lambda: page.evaluate(HIDDEN),
        "a stale feed": lambda: real_money.beat(public=9_000),
    }
    for how, end in ends.items():
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
        page.mouse.down()
        real_money.run(300)
        expect(real_money.place(), how).to_have_text("Keep holding")
        end()
        expect(real_money.place(), how).to_have_text("Hold to buy")
        real_money.run(1_000)
        page.mouse.up()
        real_money.beat(public=9_000 if how == "a stale feed" else 90)
        assert real_money.posts() == [], how
    expect(real_money.place()).to_be_disabled()


def test_a_full_hold_sends_once(real_money: Played, page: Page) -> None:
    box = real_money.place().bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.down()
    real_money.run(750)
    expect(real_money.outcome("accepted")).to_be_visible()
    page.mouse.up()
    page.mouse.down()
    real_money.run(750)
    page.mouse.up()
    assert len(real_money.posts()) == 1


def test_a_hold_begun_while_stale_sends_nothing(real_money: Played, page: Page) -> None:
    real_money.beat(public=9_000)
    expect(real_money.place()).to_be_disabled()
    box = real_money.place().bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    real_money.place().locator(".hold-text").dispatch_event(
        "pointerdown", {"bubbles": True, "button": 0, "isPrimary": True}
    )
    real_money.run(1_000)
    real_money.beat()
    assert real_money.posts() == []


def test_a_tap_on_a_live_account_sends_nothing(real_money: Played, page: Page) -> None:
    real_money.place().tap()
    real_money.run(1_000)
    assert real_money.posts() == []


def test_keys_unfold_a_second_button_that_expires(real_money: Played, page: Page) -> None:
    real_money.place().focus()
    page.keyboard.press("Enter")
    now = page.get_by_role("button", name="Place now")
    expect(now).to_be_focused()
    real_money.run(10_500, beating=True)
    expect(now).to_have_count(0)
    assert real_money.posts() == []
    page.keyboard.press("Control+Enter")
    expect(now).to_be_focused()
    page.keyboard.press("Enter")
    expect(real_money.outcome("accepted")).to_be_visible()
    assert len(real_money.posts()) == 1


def test_a_market_that_moved_is_asked_anew(real_money: Played, page: Page) -> None:
    real_money.stand_still()
    box = real_money.place().bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.down()
    real_money.run(300)
    real_money.tick(last="64400", ask="64400", bid="64399.9")
    real_money.run(100)
    expect(page.get_by_text("The market moved. Look again before you send. was 64,250.0")).to_be_visible()
    real_money.run(1_000)
    assert real_money.posts() == []


def test_whoever_wants_no_motion_reads_how_long_to_hold(real_money: Played, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    real_money.stand_still()
    box = real_money.place().bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.down()
    expect(real_money.place()).to_have_text("Keep holding 0.7 s")
    page.clock.run_for(300)
    expect(real_money.place()).to_have_text(re.compile(r"^Keep holding 0\.[45] s$"))
    assert page.evaluate("document.getAnimations().length") == 0
    page.mouse.up()
    expect(real_money.place()).to_have_text("Hold to buy")
    assert real_money.posts() == []
