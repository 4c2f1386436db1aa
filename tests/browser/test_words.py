"""What the console says: that it is true, that it is said once, and that nothing is said in a code."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .journal import FILL, keep_journal, page_of
from .market import ACCOUNT
from .played import Played
from .stages import ORDER, SPOT_LOOK, away

ROOT = Path(__file__).parents[2]


def texts(node: ast.AST | None) -> set[str]:
    """A kind as it is written; none where it comes from the caller, who is looked at too."""
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def kind_of(node: ast.AST) -> set[str]:
    """What this piece of source writes as the kind of an entry of an order's story."""
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        given = {word.arg: word.value for word in node.keywords}
        if name in ("OrderEvent", "OrderEvent.objects.create", "EvidenceOut"):
            return texts(given.get("kind"))
        if name in ("note", "writing.note") and len(node.args) > 2:
            return texts(node.args[2])
        proof = given.get("evidence")
    elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "evidence":
        proof = node.value
    else:
        return set()
    return texts(proof.elts[0]) if isinstance(proof, ast.Tuple) else set()


def kinds() -> set[str]:
    trees = [ast.parse(path.read_text()) for path in (ROOT / "orders").glob("*.py")]
    return {kind for tree in trees for node in ast.walk(tree) for kind in kind_of(node)}


def test_every_step_of_an_orders_story_has_words() -> None:
    source = (ROOT / "frontend" / "src" / "strings-actions.ts").read_text()
    [table] = re.findall(r"^  event: \{(.*?)\n  \}", source, re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"^    (\w+): \"", table, re.MULTILINE)) == kinds()


def test_bybits_own_full_stop_is_not_doubled() -> None:
    from orders.errors import sentence

    assert [sentence(text) for text in ("Insufficient balance.", "No", "Wait...", "")] == [
        "Insufficient balance.",
        "No.",
        "Wait.",
        ".",
    ]


def test_a_stop_names_the_price_that_it_watches_and_is_held_against_that(played: Played, page: Page) -> None:
    played.market.position("BTCUSDT", "Buy", "0.05", "63800")
    played.open()
    played.tick(last="64250", mark="64100")
    played.run(1_000, beating=True)
    page.get_by_role("button", name="TP / SL BTCUSDT").click()
    take, note = page.locator("#leg-take_profit"), page.locator("#leg-take_profit-note")
    take.fill("64200")
    expect(note).to_have_text("Has to be above the last price")
    page.locator(".leg").first.get_by_label("Watches").select_option("Mark")
    expect(note).to_contain_text("at that price, before fees")
    take.fill("64050")
    expect(note).to_have_text("Has to be above the mark price")


def test_a_spot_price_far_off_is_warned_of_once(played: Played, page: Page) -> None:
    played.market.hold("USDT", "97114.02")
    far = {
        "code": "price_far",
        "message": "The price is 2.0 % beyond the market, on the side that costs you.",
    }
    other = {"code": "other", "message": "Something else."}
    look = {**SPOT_LOOK, "warnings": [{**far, "detail": {}}, {**other, "detail": {}}]}
    played.answers["POST /orders/preview"] = lambda *_: (200, look)
    played.open_spot().ticket(side="Buy", price="65500")
    played.run(1_500, beating=True)
    expect(page.get_by_text("Something else.")).to_be_visible()
    expect(page.get_by_text("beyond the market")).to_have_count(1)
    page.locator("#ticket-price").fill("64300")
    played.run(1_500, beating=True)
    # What only the server says is said.
    expect(page.get_by_text(far["message"])).to_be_visible()


def test_the_exits_button_shows_what_the_fields_are_in(desk: Played, page: Page) -> None:
    desk.ticket()
    button = page.locator(".exits-unit")
    for now, press in (
        ("Price", "TP and SL in percent"),
        ("%", "TP and SL by what they bring or cost, in USDT"),
        ("USDT", "TP and SL as prices"),
        ("Price", "TP and SL in percent"),
    ):
        expect(button).to_have_text(now)
        expect(button).to_have_accessible_name(f"{now}. {press}")
        button.click()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_button_out_of_use_has_no_tone(desk: Played, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.get_by_role("button", name="Stop").click()
    painted = page.evaluate("""() => {
      const foot = document.querySelector('dialog');
      const look = (tone, disabled, kind) => {
        const part = Object.assign(document.createElement('button'), { className: kind, disabled });
        if (tone) part.dataset.tone = tone;
        foot.append(part);
        const { color, borderTopColor } = getComputedStyle(part);
        part.remove();
        return `${color} ${borderTopColor}`;
      };
      const tones = ['plain', 'up', 'down', 'accent', 'danger'];
      return ['button', 'button action'].map(kind => ({
        off: new Set(tones.map(tone => look(tone, true, kind))).size,
        differs: tones.filter(tone => look(tone, true, kind) === look(tone, false, kind)),
      }));
    }""")
    assert painted == [{"off": 1, "differs": []}, {"off": 1, "differs": []}]


def test_offline_says_what_may_still_happen(desk: Played, page: Page) -> None:
    away(desk)
    expect(
        page.get_by_text("Your orders stay at Bybit and may still fill; stops there still work.")
    ).to_be_visible()


def test_a_name_is_looked_for_in_every_market_from_the_favourites_too(played: Played, page: Page) -> None:
    played.market.favourites.add("spot/ETHUSDT")
    played.open()
    page.get_by_role("button", name="BTCUSDT").first.click()
    page.get_by_role("radio", name="Favourites").check()
    rows = page.locator(".market-list .market-name")
    expect(rows).to_have_text([re.compile("^ETHUSDTSpot")])
    page.get_by_role("searchbox").fill("sol")
    expect(rows.first).to_have_text(re.compile("^SOLUSDTPerpetual"))
    page.get_by_role("searchbox").fill("eth")
    expect(rows.nth(0)).to_have_text(re.compile("^ETHUSDTSpot"))
    expect(rows.nth(1)).to_have_text(re.compile("^ETHUSDTPerpetual"))
    page.get_by_role("searchbox").fill("")
    expect(rows).to_have_count(1)


def test_a_days_fees_in_coins_are_told_whole(played: Played, page: Page) -> None:
    keep_journal(played)
    figure = dict.fromkeys(("realised", "fees", "funding", "net", "volume"), "0")
    counts = {"key": "2026-11-17", "fills": 0, "trips": 0, "wins": 0}
    day = {
        "day": "2026-11-17",
        "time_zone": "UTC",
        "bybit_pnl": None,
        "note": None,
        "figures": [
            {**counts, **figure, "coin": "BTC", "fees": "0.0000818491234567", "net": "-0.0000818491234567"},
            {**counts, **figure, "coin": "ETH"},
            {**counts, **figure, "coin": "USDT", "fees": "1.555", "net": "-1.555", "fills": 2},
        ],
    }
    fills = [
        {**FILL, "exec_id": "e1", "fee": "0.000081849", "fee_currency": "BTC"},
        {**FILL, "exec_id": "e2", "fee": "1.76"},
    ]
    played.answers["GET /journal/days/"] = lambda *_: (200, page_of(*fills, **day))
    played.open().go("Journal")
    page.locator(".journal-row").first.click()
    nets = page.locator("dialog .fact", has_text="Net")
    expect(nets).to_have_text([re.compile("USDT$"), re.compile("−0.000081849123 BTC$")])
    expect(page.locator("dialog .fact", has_text="Fees")).to_have_text(
        [re.compile("−1.5[56]$"), re.compile("−0.000081849123$")]
    )
    expect(page.locator("dialog .fills small.number")).to_have_text(
        [re.compile("−0.000081849 BTC$"), re.compile("−1.7600 USDT$")]
    )


def told(played: Played, **order: Any) -> None:
    played.answers[f"GET /orders/{ORDER['id']}"] = lambda *_: (
        200,
        {
            **played.market.orders[ORDER["id"]],
            "user": "demo",
            "times": {"tap": None, "sent": None, "acked": None, "first_fill": None},
            "fills": [],
            "events": [],
            **order,
        },
    )


def test_an_orders_sheet_cancels_it_too(played: Played, page: Page) -> None:
    row = played.market.order(ORDER, state="working")
    told(played)

    def cancelled(*_: Any) -> tuple[int, Any]:
        change = played.market.update(row, state="cancelled")
        played.say(change)
        return 200, change["order"]

    played.answers["DELETE /orders/"] = cancelled
    played.open().go("Orders")
    page.locator(".order-title").click()
    expect(page.get_by_role("button", name="Amend", exact=True)).to_be_visible()
    page.get_by_role("button", name="Cancel order").click()
    expect(page.get_by_role("button", name="Cancel order")).to_have_count(0)
    expect(page.locator("[role=status]")).to_have_text("Order cancelled.")
    assert len([call for call in played.calls if call.method == "DELETE"]) == 1
    # What Bybit keeps for a position is changed with that position.
    guard = {**ORDER, "id": ORDER["id"][:-1] + "7", "account": ACCOUNT, "reduce_only": True}
    waits = {"exchange_status": "Untriggered", "trigger_price": "63000", "stop_order_type": "StopLoss"}
    page.keyboard.press("Escape")
    played.say(played.market.change("order", played.market.order(guard, state="working", **waits)))
    page.get_by_role("radio", name="TP / SL").check()
    page.locator(".order-title").click()
    expect(page.get_by_role("button", name="Cancel order")).to_be_visible()
    expect(page.get_by_role("button", name="Amend", exact=True)).to_have_count(0)
