"""The journal on a real PostgreSQL: whatever order fills come in, however they are batched, it is the fold of them in
their true order; and its days are the owner's."""

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bybit.models import Account, Instrument
from bybit.types import CashRow, Execution, OrderReport
from orders import journal, services
from orders.models import Event, Fill
from positions import figures, ledger
from positions.journal import day_of
from positions.models import Balance, Closing, Day, Position, Trip
from positions.rounds import Fact, Fold, trips_of

D = Decimal
Exec = Callable[..., Execution]
DAY_MS = 86_400_000
START_MS = 1_767_000_000_000


def history(make: Exec, seed: int, count: int = 120) -> list[Execution]:
    """Fills of two markets with flips, partial closes, equal milliseconds, funding, and fees in two coins."""
    rng = random.Random(seed)
    found, at = [], START_MS
    for n in range(count):
        at += rng.choice([0, 0, 1, 3_600_000, 14 * 3_600_000])
        kind = rng.choice(["Trade"] * 7 + ["Funding"])
        qty, price = rng.choice(["0.5", "1", "1", "2"]), D(rng.randrange(90_000, 110_000)) / 10
        found.append(
            make(
                f"{rng.randrange(10**9):09}-{n}",
                qty,
                symbol=rng.choice(["BTCUSDT", "BTCUSDT", "ETHUSDT"]),
                exec_type=kind,
                order_id=f"ord-{n // 2}",
                side=rng.choice(["Buy", "Sell"]),
                price=price,
                value=price * D(qty),
                fee=D(rng.randrange(-50, 400)) / 1000,
                fee_currency="MNT" if kind == "Trade" and rng.random() < 0.2 else "USDT",
                exec_ms=at,
                seq=n,
            )
        )
    return found


def facts(fills: list[Execution], symbol: str) -> list[Fact]:
    mine = [one for one in fills if one.symbol == symbol]
    return [
        Fact(
            key=(one.exec_ms, one.seq or 0, one.exec_id),
            kind="trade" if one.is_trade else "funding",
            side=one.side,
            qty=one.qty,
            price=one.price,
            fee=one.fee or D(0),
            coin=one.fee_currency,
        )
        for one in sorted(mine, key=lambda one: (one.exec_ms, one.seq, one.exec_id))
    ]


def kept(account: Account, symbol: str) -> list[tuple[Any, ...]]:
    rows = Trip.objects.filter(account=account, symbol=symbol).order_by("first_ms", "first_seq", "first_exec")
    found = []
    for row in rows:
        fees = {name: D(fee) for name, fee in row.other_fees.items()} | (
            {row.coin: row.fees} if row.fees else {}
        )
        amounts = (row.entered_qty, row.left_qty, row.realised, row.funding, row.most, row.fills)
        found.append((row.side, row.first_exec, row.last_exec, row.closed_at is not None, amounts, fees))
    return found


def folded(fills: list[Execution], symbol: str) -> list[tuple[Any, ...]]:
    return [
        (
            trip.side,
            trip.first[2],
            trip.last[2],
            trip.ended,
            (trip.entered_qty, trip.left_qty, trip.realised, trip.funding, trip.most, trip.fills),
            {coin: fee for coin, fee in trip.fees.items() if fee},
        )
        for trip in trips_of(facts(fills, symbol))
    ]


def days(account: Account) -> dict[tuple[date, str, str], tuple[Any, ...]]:
    names = ("realised", "fees", "funding", "volume", "fills", "trips", "wins")
    rows = Day.objects.filter(account=account)
    found = {(row.day, row.symbol, row.coin): tuple(getattr(row, name) for name in names) for row in rows}
    return {key: values for key, values in found.items() if any(values)}


def summed(fills: list[Execution], zone: str) -> dict[tuple[date, str, str], tuple[Any, ...]]:
    """Day figures from the trips and the fills, another way: one pass over each."""
    found: dict[tuple[date, str, str], list[Any]] = defaultdict(lambda: [D(0)] * 4 + [0] * 3)
    where = ZoneInfo(zone)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        fold = Fold(spot=False)
        for fact in facts(fills, symbol):
            day = day_of(fact.key[0], where)
            closed = fold.take(fact)
            if closed is not None:
                found[day, symbol, "USDT"][0] += closed.realised
            found[day, symbol, fact.coin][2 if fact.kind == "funding" else 1] += fact.fee
            if fact.kind == "trade":
                found[day, symbol, "USDT"][3] += fact.qty * fact.price
                found[day, symbol, "USDT"][4] += 1
        for trip in fold.trips:
            if trip.ended:
                row = found[day_of(trip.last[0], where), symbol, "USDT"]
                row[5] += 1
                row[6] += trip.realised - trip.fees.get("USDT", D(0)) - trip.funding > 0
    return {key: tuple(values) for key, values in found.items() if any(values)}


@pytest.mark.parametrize("seed", range(6))
def test_late_and_shuffled_fills_end_in_the_fold_of_their_true_order(
    account: Account, execution: Exec, seed: int
) -> None:
    fills = history(execution, seed)
    account.time_zone = "Asia/Kathmandu"
    account.save()
    rng = random.Random(seed)
    shuffled = fills[:]
    # Some come far too late, most about in order.
    shuffled.sort(key=lambda one: (one.seq or 0) + rng.choice([0, 0, 0, 5, 90]))
    while shuffled:
        size = rng.choice([1, 3, 20])
        services.record(account.pk, executions=shuffled[:size], source="stream")
        del shuffled[:size]
        if rng.random() < 0.6:
            journal.roll(account, 5)
    journal.roll(account, 5)
    assert not Fill.objects.filter(journaled=False).exists()
    for symbol in ("BTCUSDT", "ETHUSDT"):
        assert kept(account, symbol) == folded(fills, symbol)
    assert days(account) == summed(fills, "Asia/Kathmandu")
    # The live sum beside the position is the same fold.
    position = Position.objects.get(symbol="BTCUSDT")
    fold = Fold(spot=False)
    for fact in facts(fills, "BTCUSDT"):
        fold.take(fact)
    assert (position.ours_size, position.ours_entry) == (fold.book.size, fold.book.entry)
    held = Trip.objects.filter(symbol="BTCUSDT", closed_at=None).first()
    expected = (held.realised, held.fees, held.funding) if held else (0, 0, 0)
    assert (position.held_realised, position.held_fees, position.held_funding) == expected


def test_a_late_fill_is_folded_from_the_last_time_that_it_was_flat(account: Account, execution: Exec) -> None:
    """However long the record is: what is read grows with the holding, not with the years."""
    old = [execution(f"o-{n}", "1", side="Buy" if n % 2 else "Sell", order_id=f"o{n}") for n in range(1, 401)]
    services.record(account.pk, executions=old, source="stream")
    journal.roll(account, 5)
    at = START_MS + 10_000
    new = [execution(f"n-{n}", "1", order_id="n", exec_ms=at + n) for n in (1, 2, 4)]
    services.record(account.pk, executions=new, source="stream")
    late = execution("n-3", "2", order_id="n", price=D(90000), exec_ms=at + 3)
    with CaptureQueriesContext(connection) as caught:
        services.record(account.pk, executions=[late], source="stream")
    (read,) = (one["sql"] for one in caught if "SELECT side, qty, price, exec_ms" in one["sql"])
    assert f"exec_ms >= {START_MS + 400}" in read
    position = Position.objects.get()
    assert (position.ours_size, position.ours_entry) == (D(5), D(72000))
    journal.roll(account, 5)
    assert Trip.objects.get(closed_at=None).entered_qty == 5


def test_another_time_zone_adds_the_days_up_anew(account: Account, execution: Exec) -> None:
    fills = history(execution, 77)
    services.record(account.pk, executions=fills, source="stream")
    journal.roll(account, 5)
    assert days(account) == summed(fills, "UTC")
    for zone in ("America/St_Johns", "Pacific/Auckland"):
        journal.change_zone(Account.objects.get(), zone)
        assert days(account) == summed(fills, zone)
        # What comes after the change goes on from there.
        late = execution(f"{zone}-1", "1", fee_currency="USDT", exec_ms=START_MS + 5, seq=10**6)
        fills.append(late)
        services.record(account.pk, executions=[late], source="stream")
        # By a worker that read the account before the change.
        assert account.time_zone == "UTC"
        journal.roll(account, 5)
        assert days(account) == summed(fills, zone)


def test_a_fill_that_belongs_to_a_hedge_leg_is_moved_to_its_journal(
    account: Account, execution: Exec, report: Callable[..., OrderReport]
) -> None:
    """Folded before its order was known: the order says afterwards which leg it was."""
    services.record(account.pk, executions=[execution("x-1", "1", order_id="leg")], source="stream")
    journal.roll(account, 5)
    assert Trip.objects.get().position_idx == 0
    services.record(account.pk, reports=[report(order_id="leg", position_idx=2, side="Buy")], source="stream")
    journal.roll(account, 5)
    assert [(trip.position_idx, trip.entered_qty) for trip in Trip.objects.all()] == [(2, D(1))]
    assert days(account) == {(date(2025, 12, 29), "BTCUSDT", "USDT"): (0, D("0.5"), 0, D(60000), 1, 0, 0)}


def test_funding_of_a_hedge_leg_goes_to_the_leg_that_was_charged(
    account: Account, execution: Exec, report: Callable[..., OrderReport]
) -> None:
    reports = [
        report(order_id="long", position_idx=1, side="Buy"),
        report(order_id="short", position_idx=2, side="Sell"),
    ]
    legs = [
        execution("x-1", "1", order_id="long", side="Buy"),
        execution("x-2", "1", order_id="short", side="Sell"),
        execution("x-3", "1", order_id="f1", side="Buy", exec_type="Funding", fee=D("0.7")),
        execution("x-4", "1", order_id="f2", side="Sell", exec_type="Funding", fee=D("-0.6")),
    ]
    services.record(account.pk, reports=reports, executions=legs, source="stream")
    journal.roll(account, 5)
    assert {trip.position_idx: trip.funding for trip in Trip.objects.all()} == {1: D("0.7"), 2: D("-0.6")}


def test_the_past_is_brought_in_quietly(
    account: Account, execution: Exec, report: Callable[..., OrderReport]
) -> None:
    """No page is told of two years of fills one by one; the positions are folded once, at the end."""
    old = [report(order_id=f"ord-{n}", status="Filled", cum_exec_qty=D(1)) for n in range(10)]
    services.record(account.pk, reports=old, source="backfill", quietly=True)
    services.record(account.pk, executions=history(execution, 3, 20), source="backfill", quietly=True)
    assert not Event.objects.exists()
    assert not Position.objects.exists()
    services.fold_all(account.pk)
    position = Position.objects.get(symbol="BTCUSDT")
    fold = Fold(spot=False)
    for fact in facts(history(execution, 3, 20), "BTCUSDT"):
        fold.take(fact)
    assert position.ours_size == fold.book.size


def test_spot_holdings_are_what_fills_and_fees_leave(account: Account, execution: Exec) -> None:
    Instrument.objects.create(
        environment="paper",
        category="spot",
        symbol="BTCUSDT",
        status="Trading",
        base_coin="BTC",
        quote_coin="USDT",
        settle_coin="USDT",
        tick_size=D("0.1"),
        qty_step=D("0.000001"),
        min_qty=D(0),
        refreshed_at=datetime.now(UTC),
    )
    spot = {"category": "spot", "exec_type": "Trade"}
    fills = [
        execution("x-1", "2", **spot, price=D("49950"), fee=D("0.002"), fee_currency="BTC"),
        execution("x-2", "0.998", **spot, side="Sell", price=D(60000), fee=D("59.88"), fee_currency="USDT"),
    ]
    services.record(account.pk, executions=fills, source="stream")
    journal.roll(account, 5)
    (holding,) = figures.holdings(account.pk, "paper")
    (market,) = holding.markets
    assert (holding.coin, holding.ours, market.avg_cost) == ("BTC", D(1), D(50000))
    assert market.realised == D("9980")
    assert Closing.objects.get().qty == D("0.998")
    # The coins kept as a fee made the others dearer: they are no fee beside it, on no day in no zone.
    for zone in ("", "UTC", "Asia/Tokyo"):
        if zone:
            journal.change_zone(account, zone)
        assert {key[2]: values[1] for key, values in days(account).items()} == {"USDT": D("59.88")}


def test_two_markets_of_one_symbol_are_never_one(account: Account, execution: Exec) -> None:
    fills = [
        execution("x-1", "1"),
        execution("x-2", "1", side="Sell", price=D(60100)),
        execution("x-3", "1", symbol="ETHUSDT"),
        execution("x-4", "2", category="spot"),
        execution("x-5", "2", category="spot", side="Sell", price=D(61000)),
    ]
    services.record(account.pk, executions=fills, source="stream")
    journal.roll(account, 5)
    asked: dict[str, Any] = {"start": None, "end": None, "limit": 1}
    read, before = [], None
    while rows := figures.figures(account.pk, "symbol", symbol=None, before=before, **asked):
        read += [(row.key, row.category, row.realised, row.fills) for row in rows]
        before = figures.key_of(rows[-1])
    linear, spot = ("BTCUSDT", "linear", D(100), 2), ("BTCUSDT", "spot", D(2000), 2)
    assert read == [linear, spot, ("ETHUSDT", "linear", D(0), 1)]

    def of(category: str | None) -> Any:
        (day,) = figures.figures(account.pk, "day", symbol="BTCUSDT", category=category, before=None, **asked)
        assert (day.key, day.category) == ("2025-12-29", None)
        trips = figures.trips(
            [account.pk], state="all", symbol="BTCUSDT", category=category, tag=None, before=None
        )
        return day.realised, [trip.category for trip in trips]

    assert of("linear") == (D(100), ["linear"])
    assert of("spot") == (D(2000), ["spot"])
    assert of(None) == (D(2100), ["spot", "linear"])


def test_a_curve_that_begins_late_begins_at_its_true_sum(account: Account, execution: Exec) -> None:
    fills = history(execution, 5)
    services.record(account.pk, executions=fills, source="stream")
    journal.roll(account, 5)
    first, last = min(day for day, *_ in days(account)), max(day for day, *_ in days(account))
    whole = figures.curve(account.pk, first, last)
    after = last + timedelta(days=3)
    # A day without a trade, known by Bybit's balance alone.
    Balance.objects.create(account=account, day=after, coin="USDT", balance=D(5), at_ms=1)
    (point,) = figures.curve(account.pk, after, after)
    assert point.total == [one for one in whole if one.coin == "USDT"][-1].total != 0
    assert (point.net, point.balance) == (0, D(5))


def test_the_journals_rows_are_locked_while_they_are_folded(account: Account, execution: Exec) -> None:
    services.record(account.pk, executions=history(execution, 5, 10), source="stream")
    with CaptureQueriesContext(connection) as caught:
        journal.roll(account, 5)
    taken = [q["sql"] for q in caught if q["sql"].endswith("FOR UPDATE") and "positions_journal" in q["sql"]]
    assert len(taken) == 2


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_a_day_ends_with_the_last_entry_of_its_last_millisecond(
    account: Account, order: tuple[int, ...]
) -> None:
    """Whatever order entries of one moment are read in, and page by page."""
    steps = [(D(10), D(110)), (D(-4), D(106)), (D(1), D(107)), (D(-8), D(99))]
    entries = [
        CashRow(
            **dict.fromkeys(("category", "symbol", "side", "trade_id", "order_id"), ""),
            **dict.fromkeys(("qty", "price", "funding", "fee", "cash_flow")),
            log_id=f"log-{n}",
            kind="TRANSFER_IN" if n == 0 else "TRADE",
            coin="USDT",
            change=change,
            balance=balance,
            at_ms=START_MS,
        )
        for n, (change, balance) in enumerate(steps)
    ]
    for n in order:
        ledger.take_cash(account.pk, "UTC", [entries[n]])
        ledger.take_cash(account.pk, "UTC", [entries[n]])
    row = Balance.objects.get()
    assert (row.balance, row.transfers, row.at_ms) == (D(99), D(10), START_MS)
    journal.change_zone(account, "Asia/Tokyo")
    row = Balance.objects.get()
    assert (row.balance, row.transfers) == (D(99), D(10))
