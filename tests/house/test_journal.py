"""The journal by its routes: what was traded shows as trips, days and a curve, opens into what it is made of, takes
notes, and leaves as files."""

import base64
import csv
import io
import json
import uuid
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Stack, wait_for
from tests.faults.play import frozen
from tests.house.desk import Signed, at, open_rows, place, position
from tests.house.orders import flatten, market, until

D = Decimal


def journal(stack: Stack, path: str, **query: str) -> Any:
    answer = stack.api("GET", f"/journal/{path}", params={"account": "paper", **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def round_trip(stack: Stack, symbol: str = "ETHUSDT", qty: str = "0.2") -> dict[str, Any]:
    """Bought in two, funded once, sold in one. Returns the trip once the journal and Bybit both have it."""
    first = market(symbol=symbol, qty=qty)
    place(stack, first)
    until(stack, first["id"], "filled")
    second = market(symbol=symbol, qty=qty)
    place(stack, second)
    until(stack, second["id"], "filled")
    stack.paper.control("act", {"do": "funding", "symbol": symbol, "rate": "0.0005"})
    row = wait_for(lambda: position(stack, symbol), what="a position")
    close = str(uuid.uuid4())
    stack.api("POST", f"/positions/{row['id']}/close", {"id": close})
    until(stack, close, "filled")

    def known() -> Any:
        for trip in journal(stack, "trips", symbol=symbol, state="closed")["items"]:
            detail = stack.api("GET", f"/journal/trips/{trip['id']}").json()
            orders = {item["order"] for item in detail["items"]}
            if {first["id"], second["id"], close} <= orders and detail["bybit_pnl"] is not None:
                return detail
        return None

    found: dict[str, Any] = wait_for(known, 30, "the trip in the journal")
    return found


def test_a_trip_opens_into_its_fills_fees_and_funding_and_agrees_with_bybit(desk: Stack) -> None:
    trip = round_trip(desk)
    items = trip["items"]
    assert (trip["side"], trip["open"], trip["entered_qty"], trip["left_qty"]) == ("Buy", False, "0.4", "0.4")
    trades = [item for item in items if item["exec_type"] == "Trade"]
    funding = [item for item in items if item["exec_type"] == "Funding"]
    assert D(trip["fees"]) == sum(D(item["fee"]) for item in trades)
    assert D(trip["funding"]) == sum(D(item["fee"]) for item in funding) > 0
    bought = sum(D(item["qty"]) * D(item["price"]) for item in trades if item["side"] == "Buy")
    sold = sum(D(item["qty"]) * D(item["price"]) for item in trades if item["side"] == "Sell")
    assert abs(D(trip["realised"]) - (sold - bought)) < D("1e-17")
    assert abs(D(trip["net"]) - (sold - bought - D(trip["fees"]) - D(trip["funding"]))) < D("1e-17")
    assert sum(D(item["closed_qty"]) for item in items) == D("0.4")
    # Bybit's own figure, funding left out, to the digit to which it writes.
    assert (trip["difference_because"], abs(D(trip["difference"])) < D("1e-7")) == (None, True)
    assert D(trip["bybit_pnl"]) == sum(D(row["closed_pnl"]) for row in trip["closed_pnl"])
    assert (trip["first_stop"], trip["at_risk"], trip["r"]) == (None, None, None)


def test_a_trip_tells_its_result_in_multiples_of_what_was_at_risk_at_its_first_stop(desk: Stack) -> None:
    """A stop on the order, and one that is set on the position and moved; a trip without one is opened above."""

    def closed(entry: str, row: dict[str, Any]) -> dict[str, Any]:
        close = str(uuid.uuid4())
        desk.api("POST", f"/positions/{row['id']}/close", {"id": close})
        until(desk, close, "filled")

        def known() -> Any:
            for trip in journal(desk, "trips", symbol="SOLUSDT", state="closed")["items"]:
                detail = desk.api("GET", f"/journal/trips/{trip['id']}").json()
                if {entry, close} <= {item["order"] for item in detail["items"]}:
                    return detail
            return None

        found: dict[str, Any] = wait_for(known, 30, "the trip in the journal")
        return found

    def agrees(trip: dict[str, Any], stop: str) -> None:
        risk = D(trip["entered_qty"]) * (D(trip["avg_entry"]) - D(stop))
        assert D(trip["first_stop"]) == D(stop)
        assert abs(D(trip["at_risk"]) - risk) < D("1e-15")
        assert abs(D(trip["r"]) - D(trip["net"]) / risk) <= D("0.00005")

    stop = at(desk, "0.95", "SOLUSDT")
    order = market(symbol="SOLUSDT", qty="1", stop_loss=stop)
    place(desk, order)
    row = wait_for(lambda: position(desk, "SOLUSDT"), what="a position")
    agrees(closed(order["id"], row), stop)

    order = market(symbol="SOLUSDT", qty="1")
    place(desk, order)
    row = wait_for(lambda: position(desk, "SOLUSDT"), what="a position")
    url = f"/positions/{row['id']}/trading-stop"
    for stop_loss in (stop, at(desk, "0.98", "SOLUSDT")):
        assert desk.api("PUT", url, {"stop_loss": stop_loss}).status_code == 200
        wait_for(
            lambda price=stop_loss: [
                one for one in open_rows(desk) if D(one["trigger_price"] or 0) == D(price)
            ],
            what=f"a stop at {stop_loss}",
        )
    agrees(closed(order["id"], row), stop)


def test_days_weeks_months_and_markets_add_up_to_the_same(desk: Stack) -> None:
    round_trip(desk)
    found = {
        by: journal(desk, "figures", by=by, limit="200")["items"] for by in ("day", "week", "month", "symbol")
    }
    for name in ("realised", "fees", "funding", "volume", "fills", "trips"):
        sums = {by: sum(D(row[name]) for row in rows if row["coin"] == "USDT") for by, rows in found.items()}
        assert max(sums.values()) - min(sums.values()) < D("1e-15"), (name, sums)
    day = found["day"][0]
    opened = journal(desk, f"days/{day['key']}")
    (usdt,) = (row for row in opened["figures"] if row["coin"] == "USDT")
    assert usdt["fills"] >= 3
    assert opened["items"][0]["symbol"] == "ETHUSDT"
    point = journal(desk, "curve")["days"][-1]
    assert point["day"] == day["key"]


def test_the_curve_ends_at_bybits_own_balance(desk: Stack) -> None:
    round_trip(desk)

    def balanced() -> Any:
        points = [one for one in journal(desk, "curve")["days"] if one["coin"] == "USDT"]
        told = desk.paper.truth()["funds"]["USDT"]["wallet"]
        return points and points[-1]["balance"] is not None and D(points[-1]["balance"]) == D(told)

    wait_for(balanced, 20, "Bybit's balance at the end of today")


def test_notes_and_tags_stay_with_their_trip(desk: Stack) -> None:
    trip = round_trip(desk)
    key = trip["items"][0]["exec_id"]
    asked = {
        "account": "paper",
        "kind": "trip",
        "key": key,
        "text": "=too early",
        "tags": ["breakout", " fomo "],
    }
    answer = desk.api("PUT", "/journal/notes", asked)
    assert (answer.status_code, answer.json()["tags"]) == (200, ["breakout", "fomo"])
    tagged = journal(desk, "trips", tag="fomo")["items"]
    assert [one["id"] for one in tagged] == [trip["id"]]
    assert tagged[0]["note"]["text"] == "=too early"
    assert next(iter(journal(desk, "notes", kind="trip")["items"]))["key"] == key
    desk.api("PUT", "/journal/notes", {**asked, "text": "", "tags": []})
    assert journal(desk, "trips", tag="fomo")["items"] == []
    assert desk.api("PUT", "/journal/notes", {**asked, "kind": "money"}).status_code == 422
    assert desk.api("PUT", "/journal/notes", {**asked, "account": "other"}).status_code == 404


def test_the_owners_midnight_ends_a_day(desk: Stack) -> None:
    round_trip(desk)
    before = journal(desk, "figures", by="month", limit="200")["items"]
    wrong = desk.api("PUT", "/journal/time-zone", {"account": "paper", "time_zone": "Moon/Base"})
    assert wrong.status_code == 422
    for zone in ("Pacific/Kiritimati", "UTC"):
        answer = desk.api("PUT", "/journal/time-zone", {"account": "paper", "time_zone": zone})
        assert answer.status_code == 200, answer.text
        now = journal(desk, "figures", by="month", limit="200")
        assert now["time_zone"] == zone
        assert sum(row["fills"] for row in now["items"]) == sum(row["fills"] for row in before)


def lines(stack: Stack, path: str) -> list[dict[str, str]]:
    answer = stack.api("GET", path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_record_leaves_as_files(desk: Stack) -> None:
    trip = round_trip(desk)
    fills = {row["exec_id"]: row for row in lines(desk, "/executions?format=csv")}
    for item in trip["items"]:
        row = fills[item["exec_id"]]
        assert (row["qty"], row["price"], row["fee"]) == (item["qty"], item["price"], item["fee"])
    assert set(fills) == {row["execId"] for row in desk.paper.truth()["executions"]}
    closed = lines(desk, "/closed-pnl?format=csv&account=paper")
    assert {row["order_id"] for row in trip["closed_pnl"]} <= {row["order_id"] for row in closed}
    note = {
        "account": "paper",
        "kind": "trip",
        "key": trip["items"][0]["exec_id"],
        "text": "=1+1",
        "tags": ["@a"],
    }
    assert desk.api("PUT", "/journal/notes", note).status_code == 200
    (row,) = (row for row in lines(desk, "/journal/export?kind=notes") if row["key"] == note["key"])
    assert (row["text"], json.loads(row["tags"])) == ("'=1+1", ["@a"])
    for kind in ("fills", "orders", "trips", "closed_pnl", "cash", "days", "notes"):
        rows = lines(desk, f"/journal/export?kind={kind}")
        told = desk.api("GET", f"/journal/export?kind={kind}&format=json").json()
        assert (told["kind"], len(told["items"])) == (kind, len(rows))
        assert len(rows) > 0
    assert lines(desk, "/journal/export?kind=fills&end=2020-01-01") == []
    assert desk.api("GET", "/journal/export?kind=secrets").status_code == 422
    assert desk.api("GET", "/journal/export?kind=fills&account=other").status_code == 404


def test_holdings_are_bybits_with_our_spot_fills_beside(desk: Stack) -> None:
    bought = market(category="spot", symbol="BTCUSDT", qty="500")
    place(desk, bought)
    until(desk, bought["id"], "filled", "cancelled")

    def held() -> Any:
        rows = desk.api("GET", "/holdings?account=paper").json()["items"]
        row = next((one for one in rows if one["coin"] == "BTC"), None)
        return row if row and row["balance"] == row["ours"] and row["diff"] is None else None

    row = wait_for(held, 20, "the coins that were bought")
    assert D(row["markets"][0]["avg_cost"]) > 0
    sold = market(category="spot", symbol="BTCUSDT", side="Sell", qty="0.001")
    place(desk, sold)
    until(desk, sold["id"], "filled", "cancelled")
    # Asked page by page and by kind, spot is never its perpetual.
    markets, page = [], journal(desk, "figures", by="symbol", limit="1")
    while page["next"]:
        markets += [(row["key"], row["category"]) for row in page["items"]]
        page = journal(desk, "figures", by="symbol", limit="1", cursor=page["next"])
    markets += [(row["key"], row["category"]) for row in page["items"]]
    assert ("BTCUSDT", "spot") in markets
    assert sorted(set(markets)) == list(dict.fromkeys(markets))
    trips = journal(desk, "trips", symbol="BTCUSDT", category="spot")["items"]
    assert {trip["category"] for trip in trips} == {"spot"}


def test_the_past_is_all_here_and_says_so(desk: Stack) -> None:
    def complete() -> Any:
        (progress,) = desk.api("GET", "/journal/progress").json()["items"]
        return progress if progress["complete"] else None

    progress = wait_for(complete, 60, "the end of the backfill")
    assert (progress["account"], progress["done"]) == ("paper", 1000)
    assert progress["since"] is not None


def test_what_happened_while_the_console_was_down_is_in_its_journal(desk: Stack) -> None:
    """Stream, resolver and worker stand still while Bybit fills, funds, flips, reduces and liquidates by itself."""
    pids = desk.children()
    stranger = Signed(desk)
    order = {"category": "linear", "orderType": "Market", "side": "Buy"}
    with ExitStack() as down:
        for name in ("stream", "resolver", "worker", "beat"):
            down.enter_context(frozen(pids[name]))
        stranger.post("/v5/position/switch-mode", category="linear", symbol="SOLUSDT", mode=3)
        for turn in range(12):
            side = "Sell" if turn % 3 == 2 else "Buy"
            stranger.post("/v5/order/create", **order | {"symbol": "ETHUSDT", "side": side, "qty": "0.3"})
            leg = {"symbol": "SOLUSDT", "qty": "2", "positionIdx": 1 + turn % 2}
            stranger.post("/v5/order/create", **order | leg | {"side": "Sell" if turn % 2 else "Buy"})
        for symbol in ("ETHUSDT", "SOLUSDT"):
            desk.paper.control("act", {"do": "funding", "symbol": symbol, "rate": "0.0003"})
        stranger.post("/v5/order/create", **order | {"symbol": "ETHUSDT", "side": "Sell", "qty": "5"})
        desk.paper.control("act", {"do": "adl", "symbol": "SOLUSDT", "positionIdx": 1, "qty": "1"})
        desk.paper.control("act", {"do": "liquidate", "symbol": "ETHUSDT"})
    wait_for(desk.live, 60, "a house that is live again")
    desk.witness.settled(60)
    desk.witness.journaled(60)
    ended = journal(desk, "trips", symbol="ETHUSDT", state="closed")["items"][0]
    assert (ended["side"], ended["open"]) == ("Sell", False)
    flatten(desk)
    stranger.post("/v5/position/switch-mode", category="linear", symbol="SOLUSDT", mode=0)


FAR_CURSOR = base64.urlsafe_b64encode(json.dumps([2**63, "x"]).encode()).decode().rstrip("=")
DEEP_CURSOR = base64.urlsafe_b64encode(b"[" * 9_000).decode().rstrip("=")
HALF_CURSOR = base64.urlsafe_b64encode(b'[1,"\\ud800"]').decode().rstrip("=")
EDGE_CURSOR = base64.urlsafe_b64encode(
    json.dumps(["0001-01-01T00:00:00+23:59", str(uuid.UUID(int=1))]).encode()
).decode()
NUL_CURSOR = base64.urlsafe_b64encode(json.dumps([1, "a\u0000b"]).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "path",
    [
        "/journal/figures?account=paper&start=0001-01-01",
        "/journal/figures?account=paper&end=9999-12-31",
        "/journal/days/9999-12-31?account=paper",
        "/journal/days/0001-01-01?account=paper",
        "/journal/curve?account=paper&start=0001-01-01&end=0001-01-02",
        "/journal/export?kind=fills&account=paper&start=9999-12-30",
        f"/executions?account=paper&cursor={FAR_CURSOR}",
        f"/executions?account=paper&cursor={NUL_CURSOR}",
        f"/executions?account=paper&cursor={HALF_CURSOR}",
        f"/orders?account=paper&cursor={EDGE_CURSOR}",
        *(f"/{path}?account=paper&cursor={DEEP_CURSOR}" for path in ("orders", "executions", "closed-pnl")),
    ],
)
def test_days_and_cursors_that_no_record_has_are_refused(desk: Stack, path: str) -> None:
    answer = desk.api("GET", path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid"), answer.text
