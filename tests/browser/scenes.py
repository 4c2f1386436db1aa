"""Every screen, sheet and state of the console, and the way to it: for axe, and for pictures to be looked at.

A stage is a page with its server; its scenes are shown one after another, and after each the page is home again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from .journal import keep_journal, page_of
from .locks import keep_locks
from .market import ACCOUNT
from .played import T0, Answer, Played, error

ID = "00000000-0000-4000-8000-00000000000"
POSITION = f"{ACCOUNT}:linear:BTCUSDT:0"
ORDER: dict[str, Any] = {
    "id": f"{ID}1",
    "account": ACCOUNT,
    "category": "linear",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "order_type": "Limit",
    "qty": "0.02",
    "price": "64248",
    "time_in_force": "GTC",
    "reduce_only": False,
    "position_idx": 0,
}
FIGURES = {
    "margin": "64.25",
    "fee_maker": "0.13",
    "fee_taker": "0.35",
    "liq_before": "58464",
    "liq_after": "58034.1",
    "loss_at_stop": "12.9",
    "profit_at_take": "24.1",
}
LOOK: dict[str, Any] = {
    **{name: {"value": value, "source": "bybit"} for name, value in FIGURES.items()},
    **{
        name: {"value": None, "source": "unknown"}
        for name in ("im_before", "im_after", "mm_before", "mm_after")
    },
    "position_after": "0.06",
    "price": "64249.9",
    "qty": "0.01",
    "value": "642.49",
    "rules": [],
    "warnings": [],
}


@dataclass(frozen=True)
class Scene:
    name: str
    show: Callable[[Played], object]
    # Leaves the page so that no other scene can follow.
    ends: bool = False


@dataclass(frozen=True)
class Stage:
    name: str
    lay: Callable[[Played], object]
    scenes: tuple[Scene, ...]


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
    name: str | re.Pattern[str], *, tab: str = "Trade", then: str | None = None
) -> Callable[[Played], None]:
    """A sheet behind a button, and perhaps one of its sides."""

    def show(played: Played) -> None:
        played.go(tab)
        if tab == "Orders":
            pick(played, "Open 1")
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


def connection(played: Played) -> None:
    played.page.locator(".head-place").click()


def order(played: Played) -> None:
    played.go("Orders")
    pick(played, "Open 1")
    played.page.locator("button.order-title, tr[data-order] td .link").first.click()
    expect(played.page.locator(".timeline")).to_be_visible()


def ticket(kind: str = "Limit", *, more: bool = False, **fields: str) -> Callable[[Played], None]:
    def show(played: Played) -> None:
        page = played.page
        if not wide(played):
            press(played, "Buy / Long")
        pick(played, kind)
        for name, value in {"size": "0.01", **fields}.items():
            page.locator(f"#ticket-{name}").fill(value)
        if more:
            page.get_by_text("More options").click()
        played.beat()

    return show


def review(kind: str = "Limit", **fields: str) -> Callable[[Played], None]:
    def show(played: Played) -> None:
        ticket(kind, **fields)(played)
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


def bare(played: Played) -> None:
    keep_journal(played)
    keep_locks(played)
    played.answers["POST /orders/preview"] = lambda *_: (200, LOOK)
    start(played)


def start(played: Played) -> None:
    played.open()
    played.book()
    expect(played.page.locator(".chart[data-state=there]")).to_be_visible()


def held(played: Played) -> None:
    """Long BTC behind a stop, short of a small coin, and an order of each kind."""
    keep_journal(played)
    keep_locks(played)
    played.answers["POST /orders/preview"] = lambda *_: (200, LOOK)
    market = played.market
    market.position("BTCUSDT", "Buy", "0.05", "64246")["stop_loss"] = "64243"
    market.position("1000PEPEUSDT", "Sell", "1250000", "0.011512")
    row = market.order(ORDER, state="working", filled_qty="0.008")
    stop = {
        **ORDER,
        "id": f"{ID}2",
        "side": "Sell",
        "order_type": "Market",
        "price": None,
        "reduce_only": True,
    }
    waits = {"state": "working", "exchange_status": "Untriggered"}
    market.order({**stop, "time_in_force": "IOC"}, **waits, trigger_price="66000", stop_order_type="Stop")
    guard = market.order(
        {**stop, "id": f"{ID}3"},
        **waits,
        trigger_price="64243",
        stop_order_type="StopLoss",
        source="external",
    )
    whole = {"position": POSITION, "pairs": [], "trailing": [], "others": [guard], "unprotected": "0"}
    played.answers["GET /protection"] = lambda *_: (200, {"items": [whole], "orphans": []})
    story = [("intent", {"by": "demo"}), ("sent", {}), ("fill", {"execQty": "0.008", "execPrice": "64248"})]
    events = [{"at": played.at(), "kind": kind, "source": "x", "body": body} for kind, body in story]
    times = {
        "tap": "2026-11-22T10:00:00.000Z",
        "acked": "2026-11-22T10:00:00.045Z",
        "sent": None,
        "first_fill": None,
    }
    detail = {**row, "user": "demo", "times": times, "fills": [], "events": events}
    played.answers[f"GET /orders/{ORDER['id']}"] = lambda *_: (200, detail)
    start(played)
    played.tick("1000PEPEUSDT", last="0.01142", mark="0.01142", bid="0.011419", ask="0.01142")
    played.run(1_000, beating=True)


def real(played: Played) -> None:
    played.market.account |= {"environment": "live", "label": "Main account"}
    held(played)


def unsettled(played: Played) -> None:
    known, other = f"{ID}a", f"{ID}b"
    kept = json.dumps([{"id": known, "at": T0 - 5_000}, {"id": other, "at": T0 - 20_000}])
    played.page.add_init_script(f"localStorage.setItem('unsettled', {json.dumps(kept)})")
    row = played.market.order({**ORDER, "id": known}, state="filled", filled_qty="0.02")
    played.answers[f"GET /orders/{known}"] = lambda *_: (200, row)
    played.open()


def two_taps(played: Played) -> None:
    expect(played.page.get_by_role("heading", name="2 orders without an answer")).to_be_visible()
    played.run(2_000, beating=True)


def blue(played: Played) -> None:
    at("More", "Blue, orange")(played)
    at("Positions")(played)


def silent(played: Played) -> None:
    played.run(7_000)
    expect(played.chip("stale")).to_be_visible()


def drop(played: Played) -> None:
    played.refuse_sockets = True
    played.sockets[-1].close(code=1012)


def cut(played: Played) -> None:
    drop(played)
    expect(played.chip("reconnecting")).to_be_visible()


def away(played: Played) -> None:
    played.answers["GET /session"] = lambda route, _: route.abort()
    drop(played)
    played.run(11_000)
    expect(played.chip("offline")).to_be_visible()


def failing(played: Played) -> None:
    played.answers["GET /session"] = lambda *_: (500, {})
    drop(played)
    expect(played.chip("error")).to_be_visible()
    played.run(11_000)


def paused(played: Played) -> None:
    played.say({"type": "status", "account": ACCOUNT, "stream": "resyncing"})
    played.run(500, beating=True)


def barred(played: Played) -> None:
    why = "Bybit takes this key no more (API key is invalid.). Nothing can be sent: bring in a new one."
    status = {"type": "status", "account": ACCOUNT, "stream": "down", "read_only": True}
    played.say({**status, "read_only_reason": why})
    played.run(500, beating=True)


def outdated(played: Played) -> None:
    played.min_build = "99990101000000-ffffffff"
    played.page.goto("/")
    expect(played.chip("update")).to_be_visible()


def unmet(played: Played) -> None:
    """Signed in, and nothing has come on the socket yet."""
    played.welcome = False
    played.page.goto("/")
    expect(played.chip("loading")).to_be_visible()


def signed_out(played: Played) -> None:
    played.sockets[-1].close(code=4401)
    expect(played.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()


def nobody(needs: str | None = None, fragment: str = "") -> Callable[[Played], None]:
    def lay(played: Played) -> None:
        keep_locks(played)
        out = {"signed_in": False, "user": None, "rights": [], "csrf": "token", "role": None}
        played.answers["GET /session"] = lambda *_: (
            200,
            {**out, "needs": needs, "passkey": needs is not None},
        )
        played.page.goto(f"/{fragment}")
        expect(played.page.get_by_role("heading", level=1)).to_be_visible()
        played.page.locator("input").first.wait_for()

    return lay


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


BARE = Stage(
    "bare",
    bare,
    (
        Scene("trade", stay),
        Scene("book", at("Trade", "Book")),
        Scene("trades", at("Trade", "Trades")),
        Scene("positions-none", at("Positions")),
        Scene("orders-none", at("Orders")),
        Scene("review-market", review("Market")),
    ),
)
TICKET = Stage(
    "ticket",
    bare,
    (
        Scene("markets", markets),
        Scene("chart-settings", opens("Chart settings")),
        Scene("limit", ticket(take="66000", stop="63000")),
        Scene("market", ticket("Market", more=True)),
        Scene("trigger", ticket("Trigger", trigger="65000", more=True)),
        Scene("review", review(take="66000", stop="63000")),
    ),
)
HELD = Stage(
    "held",
    held,
    (
        Scene("trade", stay),
        Scene("positions", at("Positions")),
        Scene("orders", at("Orders", "Open 1")),
        Scene("orders-trigger", at("Orders", "Trigger 1")),
        Scene("orders-protective", at("Orders", "TP / SL 1")),
        Scene("order", order),
        Scene("amend", opens(re.compile("^Amend Buy"), tab="Orders")),
        Scene("stops-whole", opens("TP / SL BTCUSDT")),
        Scene("stops-part", opens("TP / SL BTCUSDT", then="A part")),
        Scene("stops-trailing", opens("TP / SL BTCUSDT", then="Trailing")),
        Scene("close", opens("Close… BTCUSDT")),
        Scene("close-limit", opens("Close… BTCUSDT", then="Limit")),
        Scene("position", opens("More for BTCUSDT")),
        Scene("leverage", for_position("Leverage")),
        Scene("reverse", for_position("Reverse")),
        Scene("stop", opens(re.compile("^Stop$"))),
        Scene("connection", connection),
        Scene("stops-proof", stops_asked),
        Scene("reversed", turned),
        Scene("positions-blue-orange", blue),
        Scene("journal", at("Journal")),
    ),
)
REAL = Stage(
    "real",
    real,
    (
        Scene("trade", stay),
        Scene("review-hold", review()),
        Scene("reverse-hold", for_position("Reverse")),
        Scene("more", at("More")),
    ),
)
OUTCOMES = Stage(
    "outcome",
    bare,
    (
        Scene("accepted", outcome(taken)),
        Scene("open", outcome(taken, state="working")),
        Scene("partly", outcome(taken, state="working", filled_qty="0.004", avg_price="64250")),
        Scene("filled", outcome(taken, state="filled", filled_qty="0.01", avg_price="64250")),
        Scene("cancelled", outcome(taken, state="cancelled", filled_qty="0")),
        Scene("rejected", outcome(short)),
        Scene("refused", outcome(no("refused", "Too small for this market.", 422))),
        Scene("changed", outcome(CHANGED)),
        Scene("proof", outcome(no("step_up", ASLEEP, reason="idle", by="code", passkey=True))),
        Scene("unknown", outcome(lost)),
        Scene("not-placed", outcome(lost, wait=64_000)),
    ),
)
MORE = Stage(
    "more",
    bare,
    (
        Scene("more", at("More")),
        Scene("phone", opens(re.compile("phone", re.IGNORECASE), tab="More")),
        Scene("shortcuts", opens(re.compile("shortcuts", re.IGNORECASE), tab="More")),
        Scene("security", security()),
        Scene("security-accounts", security(part="Accounts and keys")),
        Scene("security-add-account", security("Bring an account in")),
        Scene("security-new-key", security("Change the key")),
        Scene("security-proof", proof),
    ),
)
JOURNAL = Stage(
    "journal",
    bare,
    (
        Scene("days", journal("Days")),
        Scene("day", journal("Days", day=True)),
        Scene("trips", journal("Trips")),
        Scene("trip", journal("Trips", row=True)),
        Scene("curve", journal("Curve")),
        Scene("export", journal("Export")),
        Scene("none", nothing_yet, ends=True),
    ),
)
STATES = tuple(
    Stage(f"state-{name}", lay, (Scene(name, show, ends=True),))
    for name, lay, show in (
        ("loading", unmet, stay),
        ("stale", held, silent),
        ("stale-bare", bare, silent),
        ("reconnecting", held, cut),
        ("offline", held, away),
        ("error", held, failing),
        ("paused", held, paused),
        ("read-only", held, barred),
        ("update", outdated, stay),
        ("signed-out", held, signed_out),
        ("unsettled", unsettled, two_taps),
    )
)
DOORS = (
    Stage("door", nobody(), (Scene("sign-in", stay), Scene("sign-in-refused", refused_entry, ends=True))),
    Stage("door-second", nobody("otp"), (Scene("second-step", stay, ends=True),)),
    Stage("door-recovered", nobody("re_enrol"), (Scene("re-enrol", stay, ends=True),)),
    Stage("door-setup", nobody(fragment="#setup=abc"), (Scene("set-up", stay, ends=True),)),
    Stage("door-invited", nobody(fragment="#setup=invite.abc"), (Scene("invited", stay, ends=True),)),
)
EVERYTHING = (BARE, TICKET, HELD, REAL, OUTCOMES, MORE, JOURNAL, *STATES, *DOORS)


def through(stage: Stage, played: Played) -> Iterator[str]:
    """Shows one scene after another; the name of each while it is in front."""
    stage.lay(played)
    for scene in stage.scenes:
        scene.show(played)
        yield scene.name
        if not (scene.ends or stage.name.startswith("door")):
            home(played)


STILL = """() => Promise.all(document.getAnimations()
  .filter(part => part.effect.getComputedTiming().iterations !== Infinity)
  .map(part => part.finished.catch(() => null)))"""


def still(page: Page) -> None:
    """Waits until nothing moves that ends by itself."""
    page.evaluate(STILL)
