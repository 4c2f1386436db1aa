"""Every screen, sheet and state of the console, and the way to it: for axe, and for pictures to be looked at.

A stage is a page with its server; its scenes are shown one after another, and after each the page is home again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from playwright.sync_api import Page

from .played import Played
from .stages import (
    away,
    bare,
    barred,
    cut,
    failing,
    held,
    nobody,
    outdated,
    paused,
    real,
    resyncing,
    signed_out,
    silent,
    spot,
    unmet,
    unsettled,
)
from .ways import (
    ASLEEP,
    CHANGED,
    at,
    blue,
    connection,
    for_position,
    home,
    journal,
    lost,
    markets,
    no,
    nothing_yet,
    opens,
    order,
    outcome,
    over,
    proof,
    refused_entry,
    review,
    security,
    short,
    spot_book,
    spot_markets,
    stay,
    stops_asked,
    taken,
    ticket,
    turned,
    two_taps,
)


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
        Scene("orders-history", over),
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
SPOT = Stage(
    "spot",
    spot,
    (
        Scene("trade", stay),
        Scene("book", spot_book),
        Scene("markets", spot_markets),
        Scene("orders", at("Orders", "Open 2")),
        Scene("amend", opens(re.compile("^Amend Sell"), tab="Orders", which="Open 2")),
        Scene("limit", ticket(size="0.02")),
        Scene("trigger", ticket("Trigger", trigger="66000")),
        Scene("market-by-value", ticket("Market", unit="USDT", size="650", more=True)),
        Scene("review-by-value", review("Market", unit="USDT", size="650")),
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
        Scene(
            "cancelled",
            outcome(taken, state="cancelled", filled_qty="0", reject_reason="EC_NoImmediateQtyToFill"),
        ),
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
        Scene("notifications", opens(re.compile("open notifications", re.IGNORECASE), tab="More")),
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
        ("resyncing", held, resyncing),
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
EVERYTHING = (BARE, TICKET, HELD, SPOT, REAL, OUTCOMES, MORE, JOURNAL, *STATES, *DOORS)


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
