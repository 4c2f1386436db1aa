"""Spot markets: known from the perpetual of their name everywhere, and bought and sold by value and by size."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .market import ACCOUNT
from .played import T0, Answer, Played
from .stages import ID, ORDER, SPOT_LOOK, spot

# What a person who holds coins has none of.
OF_POSITIONS = re.compile(
    r"\b(long|short|liq\.?|liquidation|margin|leverage|mark|funding|reduce)\b", re.IGNORECASE
)


@pytest.fixture
def pair(played: Played) -> Played:
    """BTCUSDT spot in front, with some of both coins."""
    played.answers["POST /orders/preview"] = lambda *_: (200, SPOT_LOOK)
    played.market.hold("USDT", "10000", "9000.5")
    played.market.hold("BTC", "0.5", "0.4")
    return played.open_spot()


def note(page: Page) -> Any:
    return page.locator("#ticket-size-note")


def fact(page: Page, name: str) -> Any:
    return page.locator(".fact", has_text=name).last.locator("dd")


def test_it_has_its_own_address_and_says_everywhere_what_it_is(pair: Played, page: Page) -> None:
    expect(page.locator(".head-market")).to_have_text(re.compile(r"BTCUSDT\s+Spot"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Trade BTCUSDT · Spot")
    expect(page.locator(".hero-facts")).to_have_text(re.compile(r"24h\+0.45%High64,300.34Low64,299.26"))
    expect(page.locator(".chart-box")).to_have_attribute("aria-label", re.compile("^Chart of BTCUSDT · Spot"))
    expect(page.locator(".quote").first).to_have_text("Bid0.52464,300.24")
    held = page.get_by_role("article", name="BTC held")
    expect(held).to_contain_text(re.compile(r"Balance0.5Free0.4≈ USDT32,150.12USDT free9,000.50"))
    assert not OF_POSITIONS.search(page.locator("main").inner_text())
    asked = [call.url for call in pair.calls if "/candles" in call.url]
    assert all("/markets/BTCUSDT/candles?category=spot&" in url for url in asked)


def test_it_is_watched_by_itself_and_let_go_of(pair: Played, page: Page) -> None:
    held = pair.market.position("SOLUSDT", "Buy", "10", "170")
    pair.say(pair.market.change("position", held))
    page.get_by_role("radio", name="Book").check()
    expect(page.locator(".book-empty")).to_be_visible()
    page.evaluate("location.hash = '#/trade/ETHUSDT'")
    expect(page.locator(".head-market")).to_have_text(re.compile("^ETHUSDT"))
    pair.run(500, beating=True)
    of = {
        kind: [message for message in pair.said("watch") if message.get("category", "linear") == kind]
        for kind in ("linear", "spot")
    }
    assert of["spot"][-2]["symbols"] == ["BTCUSDT"]
    assert of["spot"][-2]["focus"] == of["spot"][-2]["book"] == "BTCUSDT"
    assert of["spot"][-1] == {"type": "watch", "category": "spot", "symbols": [], "focus": None}
    assert of["linear"][-2] == {"type": "watch", "symbols": ["SOLUSDT"], "focus": None}
    assert of["linear"][-1]["symbols"] == ["ETHUSDT", "SOLUSDT"]
    assert of["linear"][-1]["book"] == "ETHUSDT"


def test_one_symbol_of_two_kinds_never_mixes(played: Played, page: Page) -> None:
    spot(played)
    last, book = page.locator(".last-large .number"), page.locator(".book-side tbody tr")
    played.tick(last="70000", bid="69999.9", ask="70000")
    played.run(300, beating=True)
    expect(last).to_have_text("64,300.25")
    expect(page.locator(".handle")).to_have_text(["▲ Trigger 66,000.00", "▼ Order 64,300.11"])
    expect(page.locator(".order-title")).to_have_count(2)
    expect(page.locator("article.card").filter(has_text="Entry")).to_have_count(0)
    now = played.market.candles("BTCUSDT", T0)["items"][-1] | {"close": "70000"}
    played.say({"type": "candle", "symbol": "BTCUSDT", "interval": "5", **now})
    played.run(11_000, beating=True)
    expect(page.locator(".chart-box")).to_have_attribute("aria-label", re.compile(r"Last 64,300\.25"))
    page.get_by_role("radio", name="Book").check()
    played.book()
    played.book_spot()
    played.book()
    expect(book.first).to_contain_text("64,300.24")
    page.get_by_role("radio", name="Trades").check()
    trade = {"exec_id": "1", "side": "Buy", "price": "64250", "qty": "0.5", "at": played.at()}
    news = {"type": "trades", "symbol": "BTCUSDT", "items": [trade], "at": played.at()}
    played.say(
        {
            **news,
            "category": "spot",
            "items": [{**trade, "exec_id": "2", "price": "64300.2", "qty": "0.000011"}],
        }
    )
    expect(page.locator(".tape tbody tr")).to_contain_text("0.000011")
    played.say(news)
    played.run(300, beating=True)
    expect(page.locator(".tape tbody tr")).to_have_count(1)
    page.get_by_role("button", name=re.compile("^Buy")).click()
    page.locator("#ticket-size").fill("0.123456")
    page.keyboard.press("Escape")
    page.evaluate("location.hash = '#/trade/BTCUSDT'")
    expect(last).to_have_text("70,000.0")
    page.get_by_role("radio", name="Chart").check()
    expect(page.locator("article.card").filter(has_text="Entry")).to_have_count(1)
    expect(page.locator(".order-title")).to_have_text(re.compile("^BTCUSDT ▲"))
    played.tick_spot(last="1")
    page.get_by_role("button", name="Buy / Long").click()
    expect(page.locator("#ticket-size")).to_have_value("")
    expect(page.locator(".ticket-title .number")).to_have_text("70,000.0")
    page.keyboard.press("Escape")
    page.evaluate("location.hash = '#/trade/spot/BTCUSDT'")
    page.get_by_role("button", name=re.compile("^Buy")).click()
    expect(page.locator("#ticket-size")).to_have_value("0.123456")


def test_the_list_of_markets_has_both_kinds_and_keeps_their_stars_apart(pair: Played, page: Page) -> None:
    page.locator(".head-market").click()
    rows = page.locator(".market-row")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="BTCUSDT")).to_contain_text("Spot · shown now")
    page.get_by_role("button", name="Make BTCUSDT · Spot a favourite").click()
    page.get_by_role("radio", name="Perpetual").check()
    expect(rows.filter(has_text="BTCUSDT")).to_contain_text("Perpetual · up to 100×")
    expect(page.locator(".star[aria-pressed=true]")).to_have_count(0)
    page.get_by_role("button", name="Make ETHUSDT a favourite").click()
    page.get_by_role("radio", name="Favourites").check()
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="BTCUSDT")).to_contain_text("Spot")
    expect(rows.filter(has_text="ETHUSDT")).to_contain_text("Perpetual")
    stars = [call.url.split("/favourites/")[1] for call in pair.calls if call.method == "PUT"]
    assert stars == ["spot/BTCUSDT", "linear/ETHUSDT"]
    page.get_by_role("radio", name="Spot").check()
    rows.filter(has_text="ETHBTC").click()
    expect(page.locator(".head-market")).to_have_text(re.compile(r"ETHBTC\s+Spot"))
    assert page.evaluate("location.hash") == "#/trade/spot/ETHBTC"


def rest_cancelled(played: Played, why: str = "EC_NoError") -> Any:
    """Bybit cancels what is left of an amount where that buys no further step."""

    def answer(_: Any, request: Any) -> Answer:
        return 201, played.market.order(
            request.post_data_json,
            state="cancelled",
            filled_qty="0.010108",
            avg_price="64300.25",
            reject_reason=why,
        )

    return answer


def test_it_is_bought_by_value(pair: Played, page: Page) -> None:
    pair.ticket(side="Buy", kind="Market", size="")
    page.get_by_role("radio", name="USDT").check()
    page.locator("#ticket-size").fill("650")
    expect(page.locator("label", has_text="Amount (USDT)")).to_be_visible()
    pair.run(1_000, beating=True)
    expect(
        page.locator(".sheet-foot, dialog").get_by_role("button", name="Review: Buy for 650 USDT at market")
    ).to_be_enabled()
    assert not OF_POSITIONS.search(page.get_by_role("dialog").inner_text())
    pair.review()
    expect(page.locator(".sentence")).to_have_text("▲ Buy BTC for 650 USDT on BTCUSDT · Spot, Market.")
    expect(fact(page, "Buys")).to_have_text("≈ 0.010108 BTC")
    expect(fact(page, "Cost")).to_have_text("650.00 USDT")
    expect(fact(page, "Fee")).to_have_text("≈ 0.00001011 BTC")
    expect(fact(page, "BTC balance")).to_have_text("0.5 → ≈ 0.51009789")
    expect(fact(page, "USDT balance")).to_have_text("10,000.00 → ≈ 9,350.00")
    assert not OF_POSITIONS.search(page.get_by_role("dialog").last.inner_text())
    pair.answers["POST /orders"] = rest_cancelled(pair)
    pair.place().click()
    expect(page.locator(".outcome")).to_be_visible()
    [sent] = pair.posts()
    wanted = {"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "order_type": "Market"}
    assert sent.items() >= (wanted | {"qty": "650", "market_unit": "quoteCoin"}).items()
    assert "trigger_by" not in sent
    pair.say(pair.market.update(pair.market.orders[sent["id"]], exchange_status="PartiallyFilledCanceled"))
    expect(pair.outcome("filled")).to_contain_text("0.010108 at 64,300.25")
    pair.run(700, beating=True)
    page.get_by_role("button", name="Done").click()
    pair.go("Orders")
    page.get_by_role("radio", name="History").check()
    expect(page.locator("[data-ended] .order-end")).to_have_text("Filled")


def test_an_amount_that_stays_in_good_part_unspent_is_no_fill(pair: Played, page: Page) -> None:
    pair.ticket(side="Buy", kind="Market", size="")
    page.get_by_role("radio", name="USDT").check()
    page.locator("#ticket-size").fill("6500")
    pair.review()
    pair.answers["POST /orders"] = rest_cancelled(pair, "EC_NoImmediateQtyToFill")
    pair.place().click()
    expect(page.locator(".outcome")).to_be_visible()
    [sent] = pair.posts()
    pair.say(pair.market.update(pair.market.orders[sent["id"]]))
    expect(pair.outcome("cancelled")).to_contain_text("Cancelled after 0.010108 filled")
    expect(pair.outcome("cancelled")).to_contain_text("Not enough stood on the other side at its price.")


def test_it_is_sold_by_size_and_no_more_than_is_free(pair: Played, page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Sell")).click()
    price, size = page.locator("#ticket-price"), page.locator("#ticket-size")
    expect(price).to_have_value("64300.25")
    for share, wanted in (("25%", "0.100000"), ("75%", "0.300000"), ("Max", "0.400000")):
        page.get_by_role("button", name=share, exact=True).click()
        expect(size).to_have_value(wanted)
    review = page.get_by_role("button", name=re.compile("^Review"))
    expect(review).to_have_text("Review: Sell 0.4 BTC at 64,300.25")
    size.fill("0.400001")
    expect(note(page)).to_have_text("Only 0.4 BTC available")
    expect(review).to_be_disabled()
    size.fill("0.0000999")
    expect(note(page)).to_have_text("Rounded to 0.000099 (step 0.000001)")
    size.fill("0.00005")
    size.blur()
    expect(note(page)).to_have_text("The order must be worth 5 USDT or more")
    size.fill("0.2")
    price.fill("61000")
    expect(page.locator("#ticket-price-note")).to_have_text(
        "More than 5 % beyond the market: 61,085.23 at the least"
    )
    price.fill("63500")
    expect(page.get_by_text("The price is more than 1 % beyond the market.")).to_be_visible()
    price.fill("64400")
    pair.review()
    expect(page.locator(".sentence")).to_have_text(
        "▼ Sell 0.2 BTC of BTCUSDT · Spot, Limit at 64,400.00, good till cancelled."
    )
    expect(fact(page, "Proceeds")).to_have_text("12,880.00 USDT")
    expect(fact(page, "BTC balance")).to_have_text("0.5 → ≈ 0.3")
    pair.place().click()
    expect(page.locator(".outcome")).to_be_visible()
    [sent] = pair.posts()
    assert (sent["qty"], sent["price"], sent["side"]) == ("0.2", "64400", "Sell")
    assert "market_unit" not in sent


def test_max_of_an_amount_is_all_that_is_free_and_of_a_size_leaves_the_slippage(
    pair: Played, page: Page
) -> None:
    pair.ticket(side="Buy", kind="Market", size="")
    page.get_by_role("radio", name="USDT").check()
    page.get_by_role("button", name="Max", exact=True).click()
    expect(page.locator("#ticket-size")).to_have_value("9000.5")
    page.get_by_role("radio", name="BTC").check()
    page.get_by_role("button", name="Max", exact=True).click()
    expect(page.locator("#ticket-size")).to_have_value("0.139279")


def test_what_may_come_at_a_worse_price_leaves_one_percent_where_no_slippage_is_set(
    pair: Played, page: Page
) -> None:
    pair.ticket(side="Buy", kind="Trigger", size="")
    page.get_by_role("radio", name="BTC").check()
    page.locator("#ticket-trigger").fill("66000")
    page.get_by_role("button", name="Max", exact=True).click()
    expect(page.locator("#ticket-size")).to_have_value("0.135021")


def test_what_positions_need_of_their_coin_cannot_be_spent(pair: Played, page: Page) -> None:
    pair.market.available = "1234.5"
    pair.say(pair.market.change("wallet", pair.market.wallet()))
    pair.ticket(side="Buy", kind="Market", size="")
    page.get_by_role("radio", name="USDT").check()
    page.get_by_role("button", name="Max", exact=True).click()
    expect(page.locator("#ticket-size")).to_have_value("1234.5")
    page.get_by_role("radio", name="Sell").check()
    page.get_by_role("radio", name="BTC").check()
    page.get_by_role("button", name="Max", exact=True).click()
    expect(page.locator("#ticket-size")).to_have_value("0.400000")


def test_a_conditional_order_waits_for_the_last_price_and_binds_nothing_yet(pair: Played, page: Page) -> None:
    pair.ticket(side="Buy", kind="Trigger", size="1")
    page.locator("#ticket-trigger").fill("66000")
    expect(page.locator("#ticket-trigger-note")).to_have_text("Triggers when Last rises to 66,000.00")
    expect(
        page.get_by_text("Only 9,000.50 USDT available now. It needs more when it triggers.")
    ).to_be_visible()
    pair.review()
    expect(page.locator(".sentence")).to_have_text(
        "▲ Buy 1 BTC of BTCUSDT · Spot, Market, when Last rises to 66,000.00."
    )
    pair.place().click()
    expect(page.locator(".outcome")).to_be_visible()
    [sent] = pair.posts()
    assert (sent["trigger_price"], sent["order_filter"], sent["market_unit"]) == (
        "66000",
        "StopOrder",
        "baseCoin",
    )
    assert not {"trigger_by", "trigger_direction", "take_profit", "stop_loss"} & sent.keys()


def test_its_orders_are_shown_and_changed_in_its_own_steps(played: Played, page: Page) -> None:
    spot(played)
    played.go("Orders")
    cards = page.locator("li.order")
    expect(cards.filter(has_text="BTCUSDT · Spot")).to_contain_text("0.008 of 0.02 filled")
    expect(cards.filter(has_text="BTCUSDT ▲")).to_contain_text("0.000 of 0.020 filled")
    page.get_by_role("button", name="Amend Sell Limit 64,300.11 BTCUSDT · Spot").click()
    expect(page.get_by_role("dialog")).to_contain_text("Price (USDT, step 0.01)")
    page.locator("#amend-price").fill("64310.129")
    page.locator("#amend-qty").fill("0.0150009")
    played.answers["PATCH /orders/"] = lambda *_: (200, played.market.orders[f"{ID}4"])
    page.get_by_role("button", name="Change order").click()
    expect(page.get_by_role("dialog")).to_contain_text("Bybit took the change.")
    [call] = [call for call in played.calls if call.method == "PATCH"]
    body = call.post_data_json
    assert (body["price"], body["qty"]) == ("64310.13", "0.015")
    # Deaf to a double tap.
    played.run(700, beating=True)
    page.get_by_role("button", name="Done").click()
    page.get_by_role("radio", name="Trigger 1").check()
    expect(cards).to_contain_text("0 BTC of 650.5 USDT filled")
    page.get_by_role("button", name=re.compile("^Amend Buy")).click()
    expect(page.get_by_role("dialog")).to_contain_text("Whole size (USDT)")
    page.locator("#amend-qty").fill("700.25")
    page.get_by_role("button", name="Change order").click()
    expect(page.get_by_role("dialog")).to_contain_text("Bybit took the change.")
    assert [call for call in played.calls if call.method == "PATCH"][-1].post_data_json["qty"] == "700.25"


def test_it_is_stale_when_its_prices_are(pair: Played, page: Page) -> None:
    buy = page.get_by_role("button", name=re.compile("^Buy"))
    expect(buy).to_be_enabled()
    pair.beat(public=6_000)
    expect(pair.chip("stale")).to_be_visible()
    expect(buy).to_be_disabled()
    pair.beat()
    expect(buy).to_be_enabled()


def test_a_pair_that_is_not_paid_in_dollars_names_its_coins(played: Played, page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    played.answers["POST /orders/preview"] = lambda *_: (200, SPOT_LOOK)
    played.market.hold("BTC", "0.5")
    row = played.market.order(
        {
            **ORDER,
            "id": f"{ID}6",
            "account": ACCOUNT,
            "category": "spot",
            "symbol": "ETHBTC",
            "price": "0.05",
            "qty": "1.5",
        },
        state="working",
    )
    played.open_spot("ETHBTC", "0.054271")
    expect(page.get_by_text("No ETH in this account. 0.5 BTC available.")).to_be_visible()
    panel = page.locator(".ticket-panel")
    expect(panel.get_by_role("heading")).to_have_text("ETHBTC · Spot")
    panel.locator("#ticket-size").fill("2.00005")
    expect(panel).to_contain_text("Price (BTC, step 0.000001)")
    expect(panel).to_contain_text("Size (ETH, step 0.0001)")
    expect(panel).to_contain_text("≈ 0.10854 BTC")
    expect(panel.locator("#ticket-size-note")).to_have_text("Rounded to 2.0000 (step 0.0001)")
    page.get_by_role("radio", name=re.compile("^Orders")).check()
    page.locator(f"tr[data-order='{row['id']}']").get_by_role(
        "button", name="Limit 0.050000", exact=True
    ).click()
    expect(page.get_by_role("dialog")).to_contain_text("Buy 1.5 ETH, Limit 0.050000")


def test_what_is_held_may_be_sold_while_the_account_is_paused(pair: Played, page: Page) -> None:
    pair.market.account["paused"] = {"at": pair.at(), "by": "ann"}
    pair.beat()
    expect(page.locator(".paused")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Buy"))).to_be_disabled()
    page.get_by_role("button", name=re.compile("^Sell|▼ Sell")).click()
    page.locator("#ticket-size").fill("0.01")
    pair.review()
    pair.place().click()
    expect(pair.outcome("accepted")).to_be_visible()
    assert [sent["side"] for sent in pair.posts()] == ["Sell"]
