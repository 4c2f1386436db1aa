"""Markets against a running paper exchange: rules, risk tiers, what vanishes, prices of the list, fees, favourites."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests

from bybit import gateway as bybit
from bybit import instruments
from bybit.errors import Refused
from bybit.gateway import Gateway
from bybit.models import Account, Favourite, Instrument, RiskTier
from orders import favourites, quotes, topics
from orders.errors import NotFound, RuleBroken, TradeError
from orders.prices import Prices
from tests.conftest import Paper, wait_for
from webapp import status


@pytest.fixture
def gateway(on_paper: Account) -> Gateway:
    return bybit.for_account(on_paper)


@pytest.fixture
def user(on_paper: Account) -> Any:
    return on_paper.members.get()


@pytest.fixture
def fresh_prices(on_paper: Account) -> Iterator[None]:
    """Nobody has asked for the list's prices yet."""
    quotes._held.clear()
    client = topics.redis_client()
    for name in client.scan_iter("tradepost:prices:*"):
        client.delete(name)
    yield
    quotes._held.clear()


def asked(paper: Paper, path: str, **params: str) -> int:
    """How many requests of a kind the exchange has received."""
    items = requests.get(f"{paper.url}/_paper/journal", timeout=10).json()["items"]
    return sum(
        item["path"] == path and params.items() <= {**item.get("params", {})}.items() for item in items
    )


def shown(paper: Paper, path: str, **params: str) -> list[dict[str, Any]]:
    answer = requests.get(
        f"{paper.url}/v5/market/{path}", params={"category": "linear", **params}, timeout=10
    )
    found: list[dict[str, Any]] = answer.json()["result"]["list"]
    return found


def test_rules_of_both_categories_are_kept_apart_and_whole(on_paper: Account, paper: Paper) -> None:
    linear = instruments.find("paper", "linear", "BTCUSDT")
    spot = instruments.find("paper", "spot", "BTCUSDT")
    assert linear
    assert spot
    (row,) = shown(paper, "instruments-info", symbol="BTCUSDT")
    assert (linear.contract_type, linear.settle_coin) == ("LinearPerpetual", "USDT")
    assert (linear.funding_interval_min, linear.launch_ms) == (480, int(row["launchTime"]))
    told = row["leverageFilter"] | row["priceFilter"] | row["riskParameters"]
    names = {
        "min_leverage": "minLeverage",
        "leverage_step": "leverageStep",
        "min_price": "minPrice",
        "max_price": "maxPrice",
        "price_limit_ratio_x": "priceLimitRatioX",
        "price_limit_ratio_y": "priceLimitRatioY",
    }
    assert {ours: getattr(linear, ours) for ours in names} == {
        ours: Decimal(told[theirs]) for ours, theirs in names.items()
    }
    assert (spot.contract_type, spot.funding_interval_min, spot.min_leverage) == ("", None, None)
    assert spot.price_limit_ratio_x is not None


def test_risk_tiers_are_kept_and_read_again_with_the_rules(
    on_paper: Account, gateway: Gateway, paper: Paper
) -> None:
    assert instruments.tiers("paper", "linear", "BTCUSDT") == []
    assert instruments.refresh_tiers(on_paper, gateway) > 5
    told = shown(paper, "risk-limit", symbol="BTCUSDT")
    found = instruments.tiers("paper", "linear", "BTCUSDT")
    assert [(tier.tier, tier.risk_limit) for tier in found] == [
        (row["id"], Decimal(row["riskLimitValue"])) for row in told
    ]
    assert [tier.maintenance_margin for tier in found] == [Decimal(row["maintenanceMargin"]) for row in told]
    # "" is no deduction, not one of zero.
    assert found[0].mm_deduction is None
    assert found[1].mm_deduction == Decimal(told[1]["mmDeduction"])
    assert instruments.tiers("paper", "spot", "BTCUSDT") == []
    assert instruments.refresh_tiers(on_paper, gateway, only_if_older=instruments.TIERS_FRESH) == 0
    # A filter error makes one market's rules be read again, and its tiers with them.
    RiskTier.objects.filter(symbol="BTCUSDT", tier=1).update(maintenance_margin=9)
    RiskTier.objects.create(
        environment="paper", category="linear", symbol="BTCUSDT", tier=99, risk_limit=1,
        maintenance_margin=1, refreshed_at=RiskTier.objects.earliest("refreshed_at").refreshed_at,
    )  # fmt: skip
    instruments.forget()
    assert instruments.tiers("paper", "linear", "BTCUSDT") != found
    instruments._asked.clear()
    assert instruments.refresh_one(on_paper, gateway, category="linear", symbol="BTCUSDT")
    assert instruments.tiers("paper", "linear", "BTCUSDT") == found


def test_tiers_that_cannot_be_read_hold_up_no_rules(
    on_paper: Account, gateway: Gateway, paper: Paper
) -> None:
    paper.fault(endpoint="/v5/market/risk-limit", accept="never", reply="status", code=503)
    instruments._asked.clear()
    assert instruments.refresh_one(on_paper, gateway, category="linear", symbol="ETHUSDT")


def test_what_vanishes_from_bybit_s_list_is_kept_as_gone(
    on_paper: Account, gateway: Gateway, paper: Paper
) -> None:
    def state() -> str:
        return Instrument.objects.get(environment="paper", category="linear", symbol="XRPUSDT").status

    try:
        paper.control("act", {"do": "delist", "symbol": "XRPUSDT", "status": "Delivering"})
        instruments.refresh(on_paper, gateway)
        assert state() == "Delivering"
        paper.control("act", {"do": "delist", "symbol": "XRPUSDT"})
        # Half an answer proves nothing.
        paper.fault(endpoint="/v5/market/instruments-info", accept="never", reply="status", code=503)
        with pytest.raises(bybit.Unknown):
            instruments.refresh(on_paper, gateway)
        assert state() == "Delivering"
        paper.clear()
        instruments.refresh(on_paper, gateway)
        assert state() == Instrument.GONE
        assert Instrument.objects.filter(status=Instrument.GONE).count() == 1
        assert "XRPUSDT" not in {row.symbol for row in quotes.listed(on_paper, "linear")}
        assert [row.symbol for row in quotes.listed(on_paper, "linear", only=["XRPUSDT"])] == ["XRPUSDT"]
    finally:
        paper.control("act", {"do": "delist", "symbol": "XRPUSDT", "status": "Trading"})
    instruments.refresh(on_paper, gateway)
    assert state() == "Trading"


@pytest.mark.usefixtures("fresh_prices")
def test_a_list_costs_bybit_one_request_however_often_it_is_asked_for(
    on_paper: Account, paper: Paper
) -> None:
    before = asked(paper, "/v5/market/tickers")
    for _ in range(5):
        linear, spot = quotes.prices(on_paper, "linear"), quotes.prices(on_paper, "spot")
        # Another process: it knows what is in Redis, and nothing else.
        quotes._held.clear()
    assert asked(paper, "/v5/market/tickers") - before == 2
    (row,) = shown(paper, "tickers", symbol="BTCUSDT")
    assert linear["BTCUSDT"].last == Decimal(row["lastPrice"])
    assert linear["BTCUSDT"].next_funding_ms == int(row["nextFundingTime"])
    assert spot["BTCUSDT"].last != linear["BTCUSDT"].last or spot["BTCUSDT"].mark is None
    assert (spot["BTCUSDT"].funding_rate, spot["BTCUSDT"].mark) == (None, None)


@pytest.mark.usefixtures("fresh_prices")
def test_prices_that_bybit_does_not_tell_are_unknown_and_asked_for_once(
    on_paper: Account, paper: Paper
) -> None:
    paper.fault(endpoint="/v5/market/tickers", accept="never", reply="status", code=503)
    before = asked(paper, "/v5/market/tickers")
    assert quotes.prices(on_paper, "linear") == {}
    assert quotes.prices(on_paper, "linear") == {}
    assert asked(paper, "/v5/market/tickers") - before == 1


def test_what_nobody_wants_any_more_is_let_go(on_paper: Account, paper: Paper) -> None:
    """Interest without a page ends by itself: the server hangs up, forgets the market, and no price has an age."""
    client, stopping = topics.redis_client(), threading.Event()
    marks = ["book.ETHUSDT", "ticker.ETHUSDT"]

    def followed() -> int:
        return len(topics.last_market(client, "paper", "spot", marks))

    def age() -> int | None:
        return status.of_accounts([on_paper.pk])[0].public_age_ms

    thread = Prices("paper", "spot", stopping)
    thread.start()
    try:
        topics.want(client, "paper", "spot", marks, seconds=1.5)
        wait_for(lambda: followed() == 2, 5, "what is wanted")
        wait_for(lambda: age() is not None, 5, "an age")
        wait_for(lambda: followed() == 0, 4, "the end of it")
        wait_for(lambda: age() is None, 2, "no age")
        # A socket that cannot be opened is no reason to look fresh: the need is known, and its age grows.
        paper.fault(stream="public", do="refuse")
        topics.want(client, "paper", "spot", marks, seconds=20)
        wait_for(lambda: (age() or 0) > 700, 5, "an age that grows")
        assert followed() == 0
        paper.clear()
        wait_for(lambda: followed() == 2, 10, "the feed")
    finally:
        stopping.set()
        thread.join(10)
        client.delete("tradepost:interest:paper:spot")


def test_a_market_that_bybit_refuses_spoils_no_other(on_paper: Account, paper: Paper) -> None:
    """Listed yesterday, unknown to the socket today: the others of its request are asked for by themselves."""
    row = Instrument.objects.get(environment="paper", category="linear", symbol="ETHUSDT")
    row.pk, row.symbol = None, "ETHOLD"
    row.save()
    client, stopping = topics.redis_client(), threading.Event()
    thread = Prices("paper", "linear", stopping)
    topics.want(client, "paper", "linear", ["ticker.ETHOLD", "book.ETHUSDT", "candle.1.ETHUSDT"], seconds=20)
    thread.start()
    try:
        wanted = ["book.ETHUSDT", "candle.1.ETHUSDT"]
        wait_for(lambda: len(topics.last_market(client, "paper", "linear", wanted)) == 2, 5, "the others")
    finally:
        stopping.set()
        thread.join(10)
        client.delete("tradepost:interest:paper:linear")


def test_reads_of_one_market(user: Any, paper: Paper) -> None:
    market = quotes.market_of(user, None, "linear", "BTCUSDT")
    book = quotes.book(market, 11)
    assert len(book.bids) == len(book.asks) == 11
    assert book.bids[0] == max(book.bids)
    assert book.bids[0][0] < book.asks[0][0]
    candles = quotes.candles(market, interval="5", start_ms=None, end_ms=None, limit=7)
    starts = [candle.start_ms for candle in candles]
    assert starts == [starts[0] + 300_000 * number for number in range(7)]
    again = quotes.candles(market, interval="5", start_ms=starts[2], end_ms=starts[4], limit=7)
    assert [candle.start_ms for candle in again] == starts[2:5]
    assert quotes.candles(market, interval="M", start_ms=2**50, end_ms=None, limit=5) == []
    with pytest.raises(TradeError):
        quotes.candles(market, interval="5", start_ms=2, end_ms=1, limit=5)
    rates = quotes.funding(market, 3)
    assert [rate.at_ms for rate in rates] == sorted((rate.at_ms for rate in rates), reverse=True)
    spot = quotes.market_of(user, None, "spot", "BTCUSDT")
    assert len(quotes.trades(spot, 200)) <= 60
    with pytest.raises(TradeError):
        quotes.funding(spot, 3)
    with pytest.raises(NotFound):
        quotes.market_of(user, None, "spot", "NOSUCH")
    with pytest.raises(NotFound):
        quotes.market_of(user, "another", "linear", "BTCUSDT")


def test_a_ban_is_met_once_and_told_to_all(user: Any, paper: Paper) -> None:
    market = quotes.market_of(user, None, "linear", "BTCUSDT")
    paper.fault(endpoint="/v5/market/orderbook", accept="never", reply="status", code=403)
    before = asked(paper, "/v5/market/orderbook")
    codes = []
    for _ in range(3):
        with pytest.raises(TradeError) as caught:
            quotes.book(market, 5)
        codes.append((caught.value.status, caught.value.code))
    assert codes == [(502, "bybit_unreachable"), (503, "paused"), (503, "paused")]
    assert asked(paper, "/v5/market/orderbook") - before == 1


def test_fee_rates_are_asked_for_once_an_hour_and_never_of_a_demo_account(
    on_paper: Account, gateway: Gateway, paper: Paper
) -> None:
    before = asked(paper, "/v5/account/fee-rate")
    assert gateway.fee_rate(category="linear", symbol="BTCUSDT") == (Decimal("0.0002"), Decimal("0.00055"))
    spot = gateway.fee_rate(category="spot", symbol="BTCUSDT")
    assert spot == gateway.fee_rate(category="spot", symbol="BTCUSDT") == (Decimal("0.001"), Decimal("0.001"))
    assert asked(paper, "/v5/account/fee-rate") - before == 2
    demo = Gateway(
        bybit._Session(api_key="k", api_secret="s", testnet=False, demo=True, base="http://127.0.0.1:1")
    )
    with pytest.raises(Refused):
        demo.fee_rate(category="linear", symbol="BTCUSDT")


def test_favourites_are_a_user_s_own_ordered_list(user: Any, django_user_model: Any) -> None:
    def names(rows: list[Any]) -> list[str]:
        return [f"{row.category} {row.symbol}" for row in rows]

    for category, symbol in (("linear", "BTCUSDT"), ("spot", "BTCUSDT"), ("linear", "ETHUSDT")):
        favourites.put(user, category, symbol, None)
    assert names(favourites.put(user, "spot", "BTCUSDT", None)) == [
        "linear BTCUSDT",
        "spot BTCUSDT",
        "linear ETHUSDT",
    ]
    favourites.put(user, "linear", "ETHUSDT", 0)
    assert names(favourites.of(user.pk)) == ["linear ETHUSDT", "linear BTCUSDT", "spot BTCUSDT"]
    assert names(favourites.of(user.pk, "spot")) == ["spot BTCUSDT"]
    favourites.remove(user, "linear", "BTCUSDT")
    assert names(favourites.remove(user, "linear", "BTCUSDT")) == ["linear ETHUSDT", "spot BTCUSDT"]
    with pytest.raises(NotFound):
        favourites.put(user, "linear", "NOSUCH", None)
    stranger = django_user_model.objects.create_user("stranger")
    with pytest.raises(NotFound):
        favourites.put(stranger, "linear", "BTCUSDT", None)
    assert favourites.of(stranger.pk) == []


def test_two_hundred_favourites_are_the_most(user: Any) -> None:
    pattern = Instrument.objects.get(environment="paper", category="linear", symbol="BTCUSDT")
    rows = []
    for number in range(favourites.MOST + 1):
        values = {
            field.name: getattr(pattern, field.name)
            for field in Instrument._meta.concrete_fields
            if not field.primary_key
        }
        rows.append(Instrument(**values | {"symbol": f"M{number:03}"}))
    Instrument.objects.bulk_create(rows)
    Favourite.objects.bulk_create(
        Favourite(user=user, category="linear", symbol=row.symbol, place=place)
        for place, row in enumerate(rows[:-1])
    )
    with pytest.raises(RuleBroken) as caught:
        favourites.put(user, "linear", rows[-1].symbol, None)
    assert caught.value.code == "too_many_favourites"
    assert len(favourites.put(user, "linear", rows[0].symbol, 199)) == favourites.MOST
    assert favourites.of(user.pk)[-1].symbol == rows[0].symbol
