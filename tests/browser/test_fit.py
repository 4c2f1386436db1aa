"""Everything fits, can be hit, and says what it is without its colour."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from .market import ACCOUNT
from .played import Played

SIZES = [(320, 640), (390, 844), (844, 390), (768, 1024), (1440, 900)]
SIDEWAYS = """() => Math.max(
  document.documentElement.scrollWidth - innerWidth,
  ...[...document.querySelectorAll('.main, .sheet-body, .ticket-panel-body')]
    .map(part => part.scrollWidth - part.clientWidth))"""
CUT = """() => [...document.querySelectorAll('button, a, h1, h2, h3, dd, label, .chip-text, .number')]
  .filter(part => part.checkVisibility() && !part.closest('.hidden'))
  .filter(part => part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).display !== 'inline')
  .map(part => part.className + ': ' + part.textContent)"""
SMALL = """least => {
  const top = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document;
  return [...top.querySelectorAll('button, a[href], input, select')]
    .map(part => part.closest('label') ?? part)
    .filter(part => part.checkVisibility())
    .map(part => [part.getBoundingClientRect(), part.textContent.trim() || part.getAttribute('aria-label')])
    .filter(([box]) => box.height < least - 0.5 || box.width < least - 5)
    .map(([box, name]) => `${name}: ${box.width}x${box.height}`);
}"""
LIVE = """[...document.querySelectorAll('output, [aria-live], [role=status], [role=timer], [role=alert]')]
  .filter(part => part.querySelector('.number, .last, dd')).length"""


def fits(page: Page, where: str) -> None:
    assert page.evaluate(SIDEWAYS) <= 0, where
    assert page.evaluate(CUT) == [], where


def test_every_screen_fits(full: Played, page: Page) -> None:
    full.open()
    # Text at 200 % is the same layout on half as many pixels.
    for width, height in [*SIZES, (384, 512), (422, 640), (720, 450)]:
        page.set_viewport_size({"width": width, "height": height})
        for name in ("Trade", "Positions", "Orders", "Journal", "More"):
            full.go(name)
            fits(page, f"{name} at {width}")
            expect(page.get_by_role("button", name="Stop")).to_be_in_viewport(ratio=1)
            expect(page.get_by_role("link", name="Trade")).to_be_in_viewport()
        full.beat()


def test_sheets_fit_and_their_actions_stay_in_sight(full: Played, page: Page) -> None:
    full.open()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        full.beat()
        if width < 768:
            page.get_by_role("button", name="Buy / Long").click()
        page.locator("#ticket-size").fill("0.01")
        review = page.get_by_role("button", name=re.compile("^Review"))
        expect(review).to_be_in_viewport(ratio=1)
        fits(page, f"ticket at {width}")
        review.click()
        expect(full.place()).to_be_in_viewport(ratio=1)
        fits(page, f"review at {width}")
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(1 if width < 768 else 0)
        if width < 768:
            page.keyboard.press("Escape")
        page.get_by_role("button", name="Stop").click()
        fits(page, f"stop at {width}")
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)


def test_sheets_that_change_something_fit_with_the_accounts_name(full: Played, page: Page) -> None:
    full.market.account["label"] = "The account of my savings"
    full.open()
    for width, height in SIZES[:2]:
        page.set_viewport_size({"width": width, "height": height})
        full.beat()
        for tab, opener, title in (
            ("Positions", "More for 1000PEPEUSDT", "Short"),
            ("Positions", "Close… 1000PEPEUSDT", "Close"),
            ("Positions", "TP / SL 1000PEPEUSDT", "TP / SL"),
            ("Orders", "Amend Sell", "Amend"),
        ):
            full.go(tab)
            page.get_by_role("button", name=opener).first.click()
            expect(page.locator("dialog h2")).to_contain_text(title)
            fits(page, f"{opener} at {width}")
            page.keyboard.press("Escape")
            expect(page.locator("dialog")).to_have_count(0)


def contrast(page: Page, name: str) -> float:
    """Of a button's words on its ground, as painted."""
    return page.get_by_role("button", name=name).evaluate("""part => {
        const seen = part.ownerDocument.createElement('canvas').getContext('2d', { willReadFrequently: true });
        const light = colour => {
            seen.fillStyle = colour;
            seen.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...seen.getImageData(0, 0, 1, 1).data].map(
                v => v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const style = getComputedStyle(part);
        const [a, b] = [light(style.color), light(style.backgroundColor)].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    }""")


def test_sign_in_can_be_read_under_the_pointer(browser: Browser, base_url: str) -> None:
    for scheme in ("light", "dark"):
        context = browser.new_context(base_url=base_url, color_scheme=scheme)
        page = context.new_page()
        page.goto("/")
        page.get_by_role("button", name="Sign in").hover()
        assert contrast(page, "Sign in") >= 4.5, scheme
        context.close()


def test_the_banner_moves_nothing_on_a_phone(full: Played, page: Page) -> None:
    full.open()
    watched = [page.get_by_role("button", name=name) for name in ("Buy / Long", "Close… BTCUSDT")]
    before = [part.bounding_box() for part in watched]
    full.run(4_000)
    expect(page.locator(".banner")).to_be_in_viewport(ratio=1)
    assert [part.bounding_box() for part in watched] == before
    page.get_by_role("button", name="Cancel Buy Limit 62,900.0 BTCUSDT").click(trial=True)
    for name in ("Positions", "Orders"):
        full.go(name)
        last = page.locator(".cards .button").last
        last.scroll_into_view_if_needed()
        last.click(trial=True)


def test_a_phone_lying_down_warns_above_the_fold(full: Played, page: Page) -> None:
    full.open()
    page.set_viewport_size({"width": 844, "height": 390})
    page.locator("#ticket-price").fill("65500")
    page.locator("#ticket-size").fill("0.01")
    full.review()
    expect(page.locator(".review .note").first).to_be_in_viewport(ratio=1)


def test_the_smallest_phone_keeps_its_chevron_and_its_chips(full: Played, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    full.open()
    expect(page.locator(".head-market .icon")).to_be_visible()
    cut = "part => part.scrollWidth - part.clientWidth"
    assert page.locator(".head-symbol").evaluate(cut) <= 0
    heights = [
        page.get_by_role("button", name=name).bounding_box() for name in ("Buy / Long", "Sell / Short")
    ]
    assert heights[0]
    assert heights[1]
    assert heights[0]["height"] == heights[1]["height"]
    lines = page.locator(".bar .action > span:first-child")
    assert lines.nth(0).bounding_box()["height"] == lines.nth(1).bounding_box()["height"]  # type: ignore[index]
    full.ticket()
    for chip in page.locator(".chip-button").all():
        box = chip.bounding_box()
        assert box
        assert box["width"] >= 44


# Of what has the focus, whether any part can be seen: not under the head, the dock, the tabs, or off the screen.
SEEN = """() => {
  const part = document.activeElement;
  if (!part || part === document.body) return null;
  const box = (part.closest('label') ?? part).getBoundingClientRect();
  const spots = [0.1, 0.5, 0.9].flatMap(x => [0.1, 0.5, 0.9].map(y => [box.x + box.width * x, box.y + box.height * y]));
  const hit = spots.some(([x, y]) => {
    const top = document.elementFromPoint(x, y);
    return top && (part.contains(top) || (part.closest('label') ?? part).contains(top));
  });
  return hit ? '' : part.outerHTML.slice(0, 120);
}"""


def test_what_has_the_focus_is_never_hidden(full: Played, page: Page) -> None:
    """WCAG 2.4.11, through everything that Tab comes to."""
    full.open()
    for name in ("Trade", "Positions", "Orders", "More"):
        full.go(name)
        for _ in range(40):
            page.keyboard.press("Tab")
            hidden = page.evaluate(SEEN)
            if hidden is None:
                break
            assert hidden == "", name
        full.beat()


def test_insets_push_bars_and_not_buttons_under_the_notch(full: Played, page: Page) -> None:
    page.context.new_cdp_session(page).send(
        "Emulation.setSafeAreaInsetsOverride", {"insets": {"top": 47, "bottom": 34}}
    )
    # Sheets stand where they will at once.
    page.emulate_media(reduced_motion="reduce")
    full.open()
    stop = page.get_by_role("button", name="Stop").bounding_box()
    tab = page.get_by_role("link", name="Trade").bounding_box()
    assert stop
    assert tab
    assert stop["y"] >= 47
    assert tab["y"] + tab["height"] <= 844 - 34
    full.ticket()
    for button in (page.get_by_role("button", name=re.compile("^Review")), full.place()):
        box = button.bounding_box()
        assert box
        assert box["y"] + box["height"] <= 844 - 34
        button.click()
    expect(full.outcome("accepted")).to_be_visible()
    full.run(700, beating=True)
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Stop", exact=True).click()
    sheet = page.get_by_role("dialog").bounding_box()
    last = page.get_by_role("button", name="Hold to close all").bounding_box()
    assert sheet and last
    assert sheet["y"] >= 47
    assert last["y"] + last["height"] <= 844 - 34


def test_targets_are_large_enough_for_a_thumb(full: Played, page: Page) -> None:
    full.open()
    assert page.evaluate(SMALL, 44) == []
    for name in ("Positions", "Orders", "Journal", "More"):
        full.go(name)
        assert page.evaluate(SMALL, 44) == [], name
    full.go("Trade")
    full.ticket()
    assert page.evaluate(SMALL, 44) == []
    full.review()
    assert page.evaluate(SMALL, 44) == []


def test_no_live_region_holds_a_ticking_number(full: Played, page: Page) -> None:
    full.open()
    for name in ("Trade", "Positions", "Orders"):
        full.go(name)
        assert page.evaluate(LIVE) == 0


def test_motion_is_off_where_people_asked_for_that(full: Played, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    full.open()
    page.get_by_role("button", name="Buy / Long").click()
    assert page.evaluate("document.getAnimations().length") == 0


def test_what_waits_for_a_trigger_looks_like_no_order_in_the_book(full: Played, page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    full.open()
    base = {
        "account": ACCOUNT,
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Sell",
        "order_type": "Market",
        "qty": "0.02",
        "price": None,
        "time_in_force": "IOC",
        "reduce_only": True,
        "position_idx": 0,
    }
    waiting = {"state": "working", "exchange_status": "Untriggered"}
    for number, changes in enumerate(
        (
            {"trigger_price": "66000", "stop_order_type": "Stop"},
            {"trigger_price": "59000", "stop_order_type": "StopLoss", "source": "external"},
            {"category": "spot", "exchange_status": "New", "order_type": "Limit", "price": "60000"},
        )
    ):
        key = {"id": f"00000000-0000-4000-8000-00000000001{number}"}
        row = full.market.order(base | key, **waiting | changes)
        full.say(full.market.change("order", row))
    page.get_by_role("radio", name=re.compile("^Orders")).check()
    rows = page.locator("tr[data-order]")
    expect(rows.filter(has_text="Market when 66,000.0")).to_contain_text("Waiting")
    stop = rows.filter(has_text="Stop-loss Market when 59,000.0")
    expect(stop).to_contain_text("kept by Bybit")
    expect(rows.filter(has_text="BTCUSDT · Spot")).to_have_count(1)
    fits(page, "orders that wait, on a desktop")
    box = page.locator(".table-box").last
    assert box.evaluate("part => part.scrollWidth - part.clientWidth") <= 0
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 844})
        full.go("Orders")
        for card in page.locator("li.order").all():
            edges = card.bounding_box()
            assert edges
            assert edges["x"] + edges["width"] <= width - 8, (width, edges)


@pytest.mark.parametrize("width", [1440, 1200])
def test_a_desks_orders_say_how_far_the_market_is_without_scrolling_sideways(
    full: Played, page: Page, width: int
) -> None:
    for number, kind in enumerate((None, "PartialTakeProfit")):
        row = {
            **next(iter(full.market.orders.values())),
            "id": f"00000000-0000-4000-8000-0000000000a{number}",
        }
        row |= {"symbol": "1000PEPEUSDT", "qty": "1250000", "price": "0.0115"}
        waits = {"exchange_status": "Untriggered", "trigger_price": "0.0116", "stop_order_type": kind}
        full.market.order({**row, **(waits if kind else {})})
    page.set_viewport_size({"width": width, "height": 900})
    full.open()
    for segment in ("Open", "TP / SL"):
        full.go("Orders")
        page.get_by_role("radio", name=segment).check()
        full.tick("1000PEPEUSDT", last="0.01142", mark="0.01142", bid="0.011419", ask="0.01142")
        full.run(1_000, beating=True)
        cell = page.locator("tr", has_text="1000PEPEUSDT").locator("td").nth(4)
        expect(cell).to_have_text(re.compile(r"^[+−]\d+\.\d\d%$"))
        box = page.locator(".table-box")
        assert box.evaluate("it => it.scrollWidth <= it.clientWidth"), segment
    full.go("Trade")
    page.get_by_role("radio", name="Orders").check()
    assert page.locator(".panel .table-box").evaluate("it => it.scrollWidth <= it.clientWidth")
