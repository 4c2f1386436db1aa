"""Starting a practice account over, under More."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from .played import Played


def test_starting_over_is_held_says_what_is_lost_and_is_sent_once(played: Played, page: Page) -> None:
    played.market.position("BTCUSDT", "Buy", "0.05", "63800")
    played.answers["POST /practice/start-over"] = lambda *_: (200, {"cancelled": 0, "closed": []})
    played.open().go("More")
    card = page.locator("section.card", has=page.get_by_role("heading", name="Paper account"))
    expect(card).to_contain_text("Cancels 0 orders and closes 1 position at market")
    expect(card).to_contain_text("Orders, fills, journal and notes stay.")
    button = card.get_by_role("button", name="Hold to start over")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    played.run(300)
    page.mouse.up()
    played.run(1_000, beating=True)
    assert played.posts("/practice/start-over") == []
    page.mouse.down()
    played.run(800)
    page.mouse.up()
    expect(card.locator(".note[data-tone=good]")).to_have_text(
        "The account has 100,000 USDT again, and nothing is open."
    )
    [asked] = played.posts("/practice/start-over")
    assert asked["account"] == "1"


def test_only_practice_accounts_can_start_over(real_money: Played, page: Page) -> None:
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    real_money.go("More")
    expect(page.get_by_role("heading", name="About")).to_be_visible()
    expect(page.get_by_role("heading", name="Paper account")).to_have_count(0)
