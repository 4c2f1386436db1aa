"""What is done with whole positions: closed in part and altogether, turned round, protected; leverage and mode. And the
look before sending."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Stack, wait_for
from tests.house.desk import Signed, at, open_rows, place, position, sent
from tests.house.orders import body, flatten, market, until

D = Decimal


def held(stack: Stack, symbol: str = "BTCUSDT", **terms: Any) -> dict[str, Any]:
    """A long position of 0.01 that is shown."""
    place(stack, market(symbol=symbol, **terms))
    found: dict[str, Any] = wait_for(lambda: position(stack, symbol), what="a position")
    return found


def reverse(stack: Stack, row: dict[str, Any], **ids: str) -> Any:
    asked = {"id": str(uuid.uuid4()), "open_id": str(uuid.uuid4()), **ids}
    return stack.api("POST", f"/positions/{row['id']}/reverse", asked), asked


def test_a_position_is_turned_round_in_two_proven_steps(desk: Stack) -> None:
    row = held(desk)
    answer, asked = reverse(desk, row)
    assert answer.status_code == 201, answer.text
    done = answer.json()
    assert (done["close"]["side"], done["close"]["reduce_only"], done["close"]["state"]) == (
        "Sell",
        True,
        "filled",
    )
    assert (done["open"]["side"], done["open"]["reduce_only"], done["open"]["qty"]) == ("Sell", False, "0.01")
    wait_for(lambda: position(desk).get("side") == "Sell", what="the other side")
    assert position(desk)["size"] == "0.01"
    first, second = (desk.paper.journal(asked[name])[0] for name in ("id", "open_id"))
    assert first["at_ns"] < second["at_ns"]
    # A second tap with the same ids sends nothing.
    again, _ = reverse(desk, row, **asked)
    assert (again.status_code, again.json()["open"]["id"]) == (200, asked["open_id"])
    assert [len(desk.paper.journal(asked[name])) for name in ("id", "open_id")] == [1, 1]


def test_the_other_side_is_as_large_as_what_was_really_closed(desk: Stack) -> None:
    """A stop takes a part while the close is on its way."""
    row = held(desk)
    desk.paper.fault(endpoint="/v5/order/create", accept="late", reply="ok", ms=900, count=1)
    close_id = str(uuid.uuid4())
    with ThreadPoolExecutor(1) as pool:
        turning = pool.submit(reverse, desk, row, id=close_id)
        wait_for(lambda: desk.paper.journal(close_id), 5, "the close on its way")
        part = {"side": "Sell", "orderType": "Market", "qty": "0.004", "reduceOnly": True}
        desk.paper.control("external", {"category": "linear", "symbol": "BTCUSDT", **part})
        answer, _ = turning.result(30)
    done = answer.json()
    assert answer.status_code == 201, answer.text
    assert (done["close"]["filled_qty"], done["open"]["qty"]) == ("0.006", "0.006")
    wait_for(lambda: position(desk).get("side") == "Sell", what="the other side")
    assert position(desk)["size"] == "0.006"


def test_the_second_step_waits_for_proof_of_the_first(desk: Stack) -> None:
    row = held(desk)
    desk.paper.fault(endpoint="/v5/order/create", accept="never", reply="rst", count=1)
    answer, asked = reverse(desk, row)
    done = answer.json()
    assert (answer.status_code, done["open"], done["error"]["code"]) == (202, None, "close_not_proven")
    assert desk.paper.journal(asked["open_id"]) == []
    until(desk, asked["id"], "rejected", seconds=30)
    assert position(desk)["side"] == "Buy"


def test_what_would_refuse_the_second_step_refuses_the_first(desk: Stack) -> None:
    row = held(desk)
    desk.paper.fault(stream="private", do="refuse", ms=20_000)
    desk.paper.fault(stream="private", do="abort")
    desk.paper.fault(endpoint="/v5/order/realtime", accept="never", reply="status", code=503)

    def refused() -> Any:
        answer, asked = reverse(desk, row)
        return asked if answer.status_code == 503 else None

    asked = wait_for(refused, 20, "an account that is not reconciled")
    assert desk.paper.journal(asked["id"]) == []
    desk.paper.clear()
    wait_for(desk.live, 40)


def test_everything_is_closed_at_once_and_only_once(desk: Stack) -> None:
    for symbol, qty in (("BTCUSDT", "0.01"), ("ETHUSDT", "0.2"), ("BTCPERP", "0.01")):
        held(desk, symbol, qty=qty)
    asked = {"id": str(uuid.uuid4()), "account": "paper"}
    answer = desk.api("POST", "/positions/close-all", asked)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert {item["position"].split(":")[2] for item in items} == {"BTCUSDT", "ETHUSDT", "BTCPERP"}
    assert all(item["order"]["reduce_only"] and item["status"] == 201 for item in items)
    wait_for(lambda: desk.api("GET", "/positions").json()["items"] == [], what="no position")
    again = desk.api("POST", "/positions/close-all", asked).json()["items"]
    assert again == []
    assert all(len(desk.paper.journal(item["order"]["id"])) == 1 for item in items)


def test_a_part_is_closed_and_too_small_a_part_is_refused(desk: Stack) -> None:
    row = held(desk)
    url = f"/positions/{row['id']}/close"
    half = desk.api("POST", url, {"id": str(uuid.uuid4()), "fraction": "0.55"}).json()
    assert half["qty"] == "0.005"
    wait_for(lambda: position(desk).get("size") == "0.005", what="half of it")
    small = desk.api("POST", url, {"id": str(uuid.uuid4()), "fraction": "0.1"})
    assert (small.status_code, small.json()["error"]["detail"]["rule"]) == (422, "below_min")
    limit = desk.api("POST", url, {"id": str(uuid.uuid4()), "order_type": "Limit", "price": at(desk, "1.02")})
    assert (limit.status_code, limit.json()["reduce_only"]) == (201, True)


def test_both_legs_of_a_pair_are_sent_together(desk: Stack) -> None:
    row = held(desk)
    url = f"/positions/{row['id']}/trading-stop"
    take, stop, later = at(desk, "1.03"), at(desk, "0.97"), at(desk, "1.04")
    both = {"take_profit": take, "stop_loss": stop, "sl_trigger_by": "MarkPrice"}
    assert desk.api("PUT", url, both).status_code == 200
    wait_for(lambda: len(open_rows(desk)) == 2, what="both legs")
    # Only one is named; the other goes along as it is, so that Bybit keeps them bound.
    answer = desk.api("PUT", url, {"take_profit": later})
    assert answer.status_code == 200, answer.text
    params = desk.paper.control("journal", method="GET")["items"]
    last = [item for item in params if item["path"] == "/v5/position/trading-stop"][-1]["params"]
    assert (D(last["stopLoss"]), last["slTriggerBy"], D(last["takeProfit"])) == (
        D(stop),
        "MarkPrice",
        D(later),
    )

    def guarded() -> Any:
        found = desk.api("GET", "/protection?account=paper").json()
        (guard,) = found["items"]
        return guard if D(guard["pairs"][0]["take_profit"]["trigger_price"]) == D(later) else None

    guard = wait_for(guarded, what="the new leg")
    assert (len(guard["pairs"]), guard["unprotected"]) == (1, "0")
    assert D(guard["pairs"][0]["stop_loss"]["trigger_price"]) == D(stop)


def test_an_orphan_is_found_and_named(desk: Stack) -> None:
    row = held(desk)
    stop = market(side="Sell", trigger_price=at(desk, "0.97"), reduce_only=True)
    place(desk, stop)
    until(desk, stop["id"], "working")
    (guard,) = desk.api("GET", "/protection?account=paper").json()["items"]
    assert (guard["unprotected"], [order["id"] for order in guard["others"]]) == ("0", [stop["id"]])
    desk.api("POST", f"/positions/{row['id']}/close", {"id": str(uuid.uuid4())})

    def orphans() -> Any:
        found = desk.api("GET", "/protection?account=paper").json()["orphans"]
        gone = desk.order(stop["id"])["state"] == "cancelled"
        return gone or (found and found[0]["order"]["id"] == stop["id"] and "flat" in found[0]["reason"])

    wait_for(orphans, what="the orphan, or Bybit's own cancel of it")


def test_leverage_is_set_checked_and_read_back(desk: Stack) -> None:
    key = "paper:linear:ETHUSDT:0"
    before = desk.api("PUT", f"/positions/{key}/leverage", {"leverage": "5"})
    assert (before.status_code, before.json()["leverage"]) == (200, "5")
    same = desk.api("PUT", f"/positions/{key}/leverage", {"leverage": "5"})
    assert same.status_code == 200
    for wrong in ("0.5", "1000", "5.001"):
        answer = desk.api("PUT", f"/positions/{key}/leverage", {"leverage": wrong})
        assert (answer.status_code, answer.json()["error"]["detail"]["rule"]) == (422, "leverage")
    assert desk.api("PUT", f"/positions/{key}/leverage", {"buy_leverage": "5"}).status_code == 422
    assert desk.api("PUT", "/positions/other:linear:ETHUSDT:0/leverage", {"leverage": "5"}).status_code == 404
    assert desk.api("PUT", f"/positions/{key}/leverage", {"leverage": "10"}).status_code == 200


def test_the_mode_is_switched_and_refused_while_something_is_open(desk: Stack) -> None:
    asked = {"account": "paper", "mode": "hedge", "symbol": "SOLUSDT"}
    assert desk.api("PUT", "/position-mode", asked).status_code == 200
    assert desk.api("PUT", "/position-mode", asked).status_code == 200
    leg = market(symbol="SOLUSDT", qty="1", position_idx=1)
    place(desk, leg)
    wait_for(lambda: position(desk, "SOLUSDT"), what="the long leg")
    refused = desk.api("PUT", "/position-mode", {**asked, "mode": "one_way"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "bybit_refused")
    # The look before sending goes by the market's mode, whatever the other markets are in.
    assert looked(desk, symbol="SOLUSDT", order_type="Market", qty="1", position_idx=1)["rules"] == []
    assert looked(desk, order_type="Market", qty="0.01")["rules"] == []
    # Turned round in hedge mode: the long leg goes, a short leg comes.
    answer, _ = reverse(desk, position(desk, "SOLUSDT"))
    assert answer.status_code == 201, answer.text
    assert answer.json()["open"]["position_idx"] == 2
    flatten(desk)
    wait_for(lambda: not position(desk, "SOLUSDT"), what="flat")
    back = desk.api("PUT", "/position-mode", {**asked, "mode": "one_way"})
    assert back.status_code == 200, back.text


def looked(stack: Stack, status: int = 200, **terms: Any) -> Any:
    asked = {"account": "paper", "category": "linear", "symbol": "BTCUSDT", "side": "Buy", **terms}
    answer = stack.api("POST", "/orders/preview", asked)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_looking_before_sending_tells_what_the_order_would_do(desk: Stack) -> None:
    price, stop = at(desk, "0.99"), at(desk, "0.98")
    orders = len(desk.api("GET", "/orders?limit=200").json()["items"])
    found = looked(desk, order_type="Limit", qty="0.1", price=price, stop_loss=stop)
    value = D("0.1") * D(price)
    assert (D(found["value"]), D(found["price"])) == (value, D(price))
    leverage = value / D(found["margin"]["value"])
    assert leverage == leverage.to_integral_value()
    assert D(found["fee_taker"]["value"]) == value * D("0.00055")
    assert D(found["fee_maker"]["value"]) == value * D("0.0002")
    lost = D("0.1") * (D(price) - D(stop)) + D("0.1") * D("0.00055") * (D(price) + D(stop))
    assert D(found["loss_at_stop"]["value"]) == lost
    assert found["liq_before"] == {"value": None, "source": "not available"}
    assert found["position_after"] == {"side": "Buy", "size": "0.1", "entry_price": found["price"]}
    # Bybit's own pre-check told the margin rates.
    assert (found["im_after"]["source"], found["mm_after"]["source"]) == ("bybit", "bybit")
    assert D(found["im_after"]["value"]) > D(found["im_before"]["value"])
    assert (found["rules"], found["warnings"]) == ([], [])
    assert len(desk.api("GET", "/orders?limit=200").json()["items"]) == orders


def test_a_market_where_nothing_was_ever_held_has_its_leverage_all_the_same(desk: Stack) -> None:
    found = looked(desk, symbol="ETHPERP", order_type="Market", qty="0.1")
    assert found["margin"]["source"] == "computed"
    # Bybit's own for a new market.
    assert D(found["margin"]["value"]) == D(found["value"]) / 10


def test_the_estimated_liquidation_is_what_the_exchange_shows_once_it_is_filled(desk: Stack) -> None:
    """Both from the same rule: where margin balance meets maintenance margin."""
    # Large enough that it can be liquidated at all.
    found = looked(desk, order_type="Market", qty="14")
    order = market(qty="14")
    place(desk, order)
    until(desk, order["id"], "filled", "cancelled")
    row = wait_for(lambda: position(desk), what="the position")
    if row["size"] != "14":
        pytest.fail(f"the book was too thin: {row['size']}")
    assert found["liq_after"]["source"] == "computed"
    assert abs(D(found["liq_after"]["value"]) / D(row["liq_price"]) - 1) < D("0.005")
    assert D(row["liq_distance"]) > 0


def test_the_rules_are_told_without_sending(desk: Stack) -> None:
    found = looked(desk, order_type="Limit", qty="0.0105", price=at(desk, "0.99"))
    assert [rule["detail"]["rule"] for rule in found["rules"]] == ["qty_step"]
    far = looked(desk, order_type="Limit", qty="0.01", price=at(desk, "1.03"))
    assert [one["code"] for one in far["warnings"]] == ["price_far"]
    too_far = looked(desk, order_type="Limit", qty="0.01", price=at(desk, "1.07"))
    assert [one["code"] for one in too_far["warnings"]] == ["price_too_far"]
    assert looked(desk, 422, order_type="Limit", qty="0.01")["error"]["code"] == "invalid"
    assert (
        looked(desk, 404, order_type="Market", qty="1", symbol="NOSUCHUSDT")["error"]["code"] == "not_found"
    )


def test_a_size_is_reckoned_from_what_is_available_or_may_be_lost(desk: Stack) -> None:
    price, stop = at(desk, "0.99"), at(desk, "0.97")
    limit = {"order_type": "Limit", "price": price, "stop_loss": stop}
    risk = looked(desk, **limit, size={"by": "risk", "amount": "100"})
    assert D(risk["loss_at_stop"]["value"]) <= 100
    more = looked(desk, **limit, qty=str(D(risk["qty"]) + D("0.001")))
    assert D(more["loss_at_stop"]["value"]) > 100
    quote = looked(desk, **limit, size={"by": "quote", "amount": "1000"})
    assert D(quote["value"]) <= 1000 < D(quote["value"]) + D(price) * D("0.001")
    all_of_it = looked(desk, **limit, size={"by": "percent", "amount": "100"})
    wallet = desk.api("GET", "/wallet").json()["items"][0]
    bound = D(all_of_it["margin"]["value"]) + 2 * D(all_of_it["fee_taker"]["value"])
    assert bound <= D(wallet["available"])
    assert all_of_it["rules"] == [] or all_of_it["rules"][0]["detail"]["rule"] == "max_qty"
    wrong = looked(desk, 422, order_type="Market", size={"by": "risk", "amount": "100"})
    assert wrong["error"]["detail"]["rule"] == "sizing"


def test_an_unknown_fee_is_reckoned_as_what_everybody_pays(desk: Stack) -> None:
    """Nought would make a size too large. A market that nobody has looked at: rates are kept for an hour."""
    price, stop = at(desk, "0.99", "XRPUSDT"), at(desk, "0.97", "XRPUSDT")
    limit = {"symbol": "XRPUSDT", "order_type": "Limit", "price": price, "stop_loss": stop}
    desk.paper.fault(endpoint="/v5/account/fee-rate", accept="never", reply="ret", code=10005)
    found = looked(desk, **limit, size={"by": "risk", "amount": "100"})
    assert found["fee_taker"] == {"value": None, "source": "not available"}
    desk.paper.clear()
    known = looked(desk, **limit, size={"by": "risk", "amount": "100"})
    assert known["fee_taker"]["source"] == "computed"
    assert found["qty"] == known["qty"]


def test_without_bybits_help_it_is_said_and_not_guessed(desk: Stack) -> None:
    desk.paper.fault(endpoint="/v5/order/pre-check", accept="never", reply="status", code=503)
    found = looked(desk, order_type="Limit", qty="0.1", price=at(desk, "0.99"))
    assert found["mm_after"] == {"value": None, "source": "not available"}
    assert found["im_after"]["source"] == "computed"
    desk.paper.clear()
    spot = looked(desk, category="spot", order_type="Limit", qty="0.01", price=at(desk, "0.99"))
    assert spot["liq_after"] == {"value": None, "source": "not available"}
    assert spot["position_after"] is None


def test_a_position_shows_what_bybit_knows_of_it(desk: Stack) -> None:
    row = held(desk)
    shown = desk.api("GET", f"/positions/{row['id']}").json()
    assert D(shown["position_value"]) > 0
    assert D(shown["break_even_price"]) > D(shown["entry_price"])
    assert (shown["position_status"], shown["missing"], shown["guard"]["unprotected"]) == (
        "Normal",
        [],
        "0.01",
    )
    assert shown["opened_at"] is not None
    desk.paper.control("act", {"do": "funding", "symbol": "BTCUSDT", "rate": "0.001"})

    def told() -> Any:
        ours = desk.api("GET", f"/positions/{row['id']}").json()["ours"]
        return ours if D(ours["funding"]) > 0 else None

    ours = wait_for(told, 20, what="the funding that was paid")
    fills = desk.api("GET", "/executions?limit=2").json()["items"]
    assert D(ours["funding"]) == D(next(fill["fee"] for fill in fills if fill["exec_type"] == "Funding"))
    assert D(ours["fees"]) == D(next(fill["fee"] for fill in fills if fill["exec_type"] == "Trade"))


def test_a_position_that_was_there_before_says_since_when_the_record_starts(desk: Stack) -> None:
    stranger = Signed(desk)
    stranger.post(
        "/v5/order/create", category="linear", symbol="XRPUSDT", side="Buy", orderType="Market", qty="100"
    )
    row = wait_for(lambda: position(desk, "XRPUSDT"), what="a position made elsewhere")
    assert row["ours"]["since"] is not None
    wait_for(lambda: position(desk, "XRPUSDT")["ours"]["complete"], what="its fills")
    assert position(desk, "XRPUSDT")["diff"] is None
    resting = body(desk)
    place(desk, resting)
    assert sent(desk, resting["id"])["symbol"] == "BTCUSDT"


@pytest.mark.parametrize("mode", ["ISOLATED_MARGIN", "PORTFOLIO_MARGIN"])
def test_what_a_margin_mode_does_not_have_is_unknown_and_never_nought(desk: Stack, mode: str) -> None:
    stranger = Signed(desk)
    stranger.post("/v5/account/set-margin-mode", setMarginMode=mode)
    try:
        row = held(desk)

        def told() -> Any:
            wallet = desk.api("GET", "/wallet").json()["items"][0]
            return wallet if wallet["margin_mode"] == mode else None

        wallet = wait_for(told, 90, "the margin mode")
        assert D(wallet["total_equity"]) > 0
        usdt = next(coin for coin in wallet["coins"] if coin["coin"] == "USDT")
        shown = wait_for(lambda: position(desk), what="the position")
        if mode == "ISOLATED_MARGIN":
            totals = ("available", "im_rate", "mm_rate", "initial_margin", "margin_balance")
            assert [wallet[name] for name in totals] == [None] * len(totals)
            assert D(usdt["available"]) > 0
        else:
            assert (usdt["available"], usdt["position_margin"]) == (None, None)
            assert (shown["leverage"], shown["liq_price"], shown["liq_distance"]) == (None, None, None)
            refused = desk.api("PUT", f"/positions/{row['id']}/leverage", {"leverage": "5"})
            assert (refused.status_code, refused.json()["error"]["detail"]["bybit_code"]) == (422, "110038")
        found = looked(desk, order_type="Limit", qty="0.1", price=at(desk, "0.99"))
        assert found["liq_after"] == {"value": None, "source": "not available"}
    finally:
        flatten(desk)
        stranger.post("/v5/account/set-margin-mode", setMarginMode="REGULAR_MARGIN")
