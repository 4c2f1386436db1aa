"""How a person comes to each screen, sheet and state."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.security.people import PASSWORD, App

from .journal import page_of
from .played import Answer, Played, error
from .stages import ORDER


def wide(played: Played) -> bool:
    return (played.page.viewport_size or {"width": 0})["width"] >= 768


def sheet(played: Played) -> Any:
    return played.page.get_by_role("dialog").last


def home(played: Played) -> None:
    """Every sheet away, the Trade screen in front, and the server well."""
    page = played.page
    played.beat()
    for _ in range(6):
        if not page.locator("dialog").count():
            break
        page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    played.go("Trade")
    chart = page.get_by_role("radio", name="Chart", exact=True)
    if chart.count():
        chart.check()


def press(played: Played, name: str | re.Pattern[str], *, exact: bool = False) -> None:
    played.page.get_by_role("button", name=name, exact=exact).first.click()


def pick(played: Played, name: str) -> None:
    played.page.get_by_role("radio", name=name, exact=True).first.check()


def over(played: Played) -> None:
    """The orders that have ended."""
    at("Orders", "History")(played)
    expect(played.page.locator("[data-ended]")).to_have_count(4)


def at(tab: str, *radios: str) -> Callable[[Played], None]:
    def show(played: Played) -> None:
        played.go(tab)
        for name in radios:
            if name == "Book" and played.page.locator(".beside").count():
                continue
            pick(played, name)
        played.book()
        played.run(500, beating=True)

    return show


def opens(
    name: str | re.Pattern[str], *, tab: str = "Trade", then: str | None = None, which: str = "Open 1"
) -> Callable[[Played], None]:
    """A sheet behind a button, and perhaps one of its sides."""

    def show(played: Played) -> None:
        played.go(tab)
        if tab == "Orders":
            pick(played, which)
        press(played, name)
        expect(sheet(played)).to_be_visible()
        if then:
            sheet(played).get_by_role("radio", name=then).check()

    return show


def for_position(name: str) -> Callable[[Played], None]:
    def show(played: Played) -> None:
        press(played, "More for BTCUSDT")
        sheet(played).get_by_role("button", name=re.compile(f"^{name}")).click()

    return show


def markets(played: Played) -> None:
    played.page.locator(".head-market").click()
    expect(played.page.locator(".market-row").first).to_be_visible()


def spot_book(played: Played) -> None:
    at("Trade", "Book")(played)
    played.book_spot()
    expect(played.page.locator(".book")).to_contain_text("0.123456")


def spot_markets(played: Played) -> None:
    markets(played)
    expect(played.page.locator(".market-row").filter(has_text="Spot")).to_have_count(3)


def connection(played: Played) -> None:
    played.page.locator(".head-place").click()


def order(played: Played) -> None:
    played.go("Orders")
    pick(played, "Open 1")
    played.page.locator("button.order-title, tr[data-order] td .link").first.click()
    expect(played.page.locator(".timeline")).to_be_visible()


def ticket(
    kind: str = "Limit", *, more: bool = False, unit: str | None = None, **fields: str
) -> Callable[[Played], None]:
    def show(played: Played) -> None:
        page = played.page
        if not wide(played):
            press(played, re.compile("^Buy"))
        pick(played, kind)
        if unit:
            pick(played, unit)
        for name, value in {"size": "0.01", **fields}.items():
            page.locator(f"#ticket-{name}").fill(value)
        if more:
            page.get_by_text("More options").click()
        played.beat()

    return show


def review(kind: str = "Limit", *, unit: str | None = None, **fields: str) -> Callable[[Played], None]:
    def show(played: Played) -> None:
        ticket(kind, unit=unit, **fields)(played)
        press(played, re.compile("^Review"))
        expect(played.page.locator(".review")).to_be_visible()

    return show


def outcome(
    answer: Callable[[Played, Any, Any], Answer | None], *, wait: int = 0, **row: str
) -> Callable[[Played], None]:
    """Places an order and lets the server answer so; then the stream may tell more of it."""

    def show(played: Played) -> None:
        played.answers["POST /orders"] = lambda route, request: answer(played, route, request)
        review("Market")(played)
        played.place().click()
        if wait:
            played.run(wait, beating=True)
        if row:
            expect(played.outcome("accepted")).to_be_visible()
            known = played.market.orders[played.posts()[-1]["id"]]
            played.say(played.market.update(known, **row))
        played.run(500, beating=True)
        del played.answers["POST /orders"]

    return show


def taken(played: Played, _: Any, request: Any) -> Answer:
    return 201, played.market.order(request.post_data_json)


def lost(_: Played, route: Any, __: Any) -> None:
    route.abort()


def no(code: str, message: str, status: int = 403, **detail: Any) -> Callable[[Played, Any, Any], Answer]:
    return lambda *_: (status, error(code, message, **detail))


def short(played: Played, _: Any, request: Any) -> Answer:
    body = request.post_data_json
    return 201, played.market.order(body, state="rejected", reject_code="110007", reject_message="not enough")


ASLEEP = "Nobody traded on this device for twelve hours. Give a code of your authenticator. Nothing was sent."
CHANGED = no("seen_changed", "Changed.", 409, position={"side": "Sell", "size": "0.3"})


def two_taps(played: Played) -> None:
    expect(played.page.get_by_role("heading", name="2 orders without an answer")).to_be_visible()
    played.run(2_000, beating=True)


def blue(played: Played) -> None:
    at("More", "Blue, orange")(played)
    at("Positions")(played)


def refused_entry(played: Played) -> None:
    played.answers["POST /session"] = lambda *_: (401, error("unauthenticated", "No."))
    played.page.get_by_label("User name").fill("demo")
    played.page.get_by_label("Password").fill("wrong")
    played.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(played.page.locator(".note")).to_be_visible()


def stay(_: Played) -> None:
    """The scene is what the stage opens with."""


def security(then: str | None = None, part: str | None = None) -> Callable[[Played], None]:
    def show(played: Played) -> None:
        played.go("More")
        press(played, "Open security")
        expect(sheet(played).get_by_role("heading", name="Accounts and keys")).to_be_visible()
        expect(sheet(played).get_by_text("Bound to no address")).to_be_visible()
        if then:
            sheet(played).get_by_role("button", name=then).first.click()
        if part:
            sheet(played).get_by_text(part).first.scroll_into_view_if_needed()

    return show


def proof(played: Played) -> None:
    security()(played)
    wanted = error(
        "step_up",
        "This asks each time. Give a code of your authenticator.",
        reason="fresh",
        by="code",
        passkey=True,
    )
    played.answers["POST /tokens"] = lambda *_: (403, wanted)
    sheet(played).get_by_label("What it is for").fill("My bot")
    sheet(played).get_by_role("button", name="Make a token").click()
    expect(sheet(played).get_by_label("Code of your authenticator")).to_be_visible()


def journal(*radios: str, day: bool = False, row: bool = False) -> Callable[[Played], None]:
    def show(played: Played) -> None:
        at("Journal", *radios)(played)
        if day:
            press(played, re.compile("^Tue, 17 Nov"))
        if row:
            played.page.locator(".journal-row").first.click()
        if day or row:
            expect(sheet(played)).to_be_visible()
            played.run(500, beating=True)

    return show


def nothing_yet(played: Played) -> None:
    played.answers["GET /journal/figures"] = lambda *_: (200, page_of(time_zone="UTC"))
    at("Journal", "Days")(played)


def turned(played: Played) -> None:
    def answer(_: Any, request: Any) -> Answer:
        body = request.post_data_json
        rows = [
            played.market.order({**ORDER, "id": body[name], "side": "Sell"}) for name in ("id", "open_id")
        ]
        return 201, {"close": rows[0], "open": rows[1], "error": None}

    played.answers["POST /positions/"] = answer
    for_position("Reverse")(played)
    sheet(played).get_by_role("button", name="Reverse", exact=True).click()
    expect(played.page.locator(".outcome")).to_have_count(2)


def stops_asked(played: Played) -> None:
    played.answers["PUT /positions/"] = no("step_up", ASLEEP, reason="idle", by="code", passkey=True)
    opens("TP / SL BTCUSDT")(played)
    played.page.locator("#leg-stop_loss").fill("64000")
    press(played, "Set TP / SL", exact=True)
    expect(sheet(played).get_by_label("Code of your authenticator")).to_be_visible()


def set_up(page: Page, name: str) -> None:
    """On the page of a set-up link: a name, a password, an authenticator, and the recovery codes put away."""
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password, twelve characters or more").fill(PASSWORD)
    page.get_by_role("button", name=re.compile("^(Set the password|Make the owner)")).click()
    page.get_by_label("Name of the phone").fill("My phone")
    page.get_by_role("button", name="Add an authenticator").click()
    found = re.search(r"[A-Z2-7]{32}", page.get_by_text("Or type it in").inner_text())
    assert found
    page.get_by_label("Code of your authenticator").fill(App(found[0]).next())
    page.get_by_role("button", name="Confirm the code").click()
    page.get_by_role("button", name="I have written them down").click()
