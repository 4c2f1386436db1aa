"""The record of an account that has a past: thousands of fills with flips, hedge legs, funding, a liquidation and
transfers, played by the exchange before it opened, are brought in whole and equal its ledger to the last digit."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from bybit import gateway as bybit
from bybit import instruments
from bybit.failpoints import Crash, armed
from bybit.models import Account, Link
from orders import backfill, journal, resolver
from orders.models import Event, Fill, Order
from positions import figures
from positions.models import Balance, Cash, ClosedPnl, Coverage, Day, Journal, Position, Trip
from tests.conftest import ROOT, Paper, answers, end, free_port, wait_for

D = Decimal
FILLS = 300
DIGIT = D("0.00000001")


@pytest.fixture(scope="module")
def old_paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paper]:
    """An exchange on which somebody has traded for three weeks."""
    past = tmp_path_factory.mktemp("past") / "history.jsonl"
    words = [
        sys.executable,
        "-m",
        "bybit.paper.history",
        "--days",
        "30",
        "--seed",
        "11",
        "--fills",
        str(FILLS),
    ]
    past.write_bytes(subprocess.run(words, cwd=ROOT, check=True, capture_output=True).stdout)
    port = free_port()
    words = [sys.executable, "-m", "bybit.paper", "--port", str(port), "--seed", "11", "--history", str(past)]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL)
    paper = Paper(f"http://127.0.0.1:{port}")
    try:
        wait_for(lambda: answers(f"{paper.url}/v5/market/time"), 30, what="the paper exchange")
        paper.control("limits", {"scale": "off"})
        paper.control("pause", {"on": True})
        yield paper
    finally:
        end(process)


@pytest.fixture
def old(account: Account, old_paper: Paper, settings: Any) -> Account:
    settings.BACKFILL_DAYS, settings.BACKFILL_PER_SECOND = 45, 10_000
    account.api_key, account.paper_url = "paper-key", old_paper.url
    account.set_secret("paper-secret")
    account.save()
    gateway = bybit.for_account(account)
    instruments.refresh(account, gateway)
    gateway.set_clock_offset(gateway.clock_offset_ms())
    return account


def bring_in(account: Account, seconds: float = 60) -> int:
    """All slices of a backfill, and how many it took."""
    for count in range(1, 2_000):
        if not backfill.advance(account, seconds):
            return count
    raise AssertionError("the backfill does not end")


def equals_the_ledger(account: Account, paper: Paper) -> None:
    """Fills, journal, positions, wallet and balances are the exchange's, to the last digit."""
    journal.roll(account, 30)
    truth = paper.truth()
    theirs = {
        (row["execId"], D(row["execQty"]), D(row["execPrice"]), D(row["execFee"]))
        for row in truth["executions"]
    }
    assert {
        (row.exec_id, row.qty, row.price, row.fee) for row in Fill.objects.filter(account=account)
    } == theirs
    places = {row["execId"]: row["positionIdx"] for row in truth["executions"]}
    assert all(places[fill.exec_id] == fill.position_idx for fill in Fill.objects.filter(account=account))

    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(D))
    for day in Day.objects.filter(account=account):
        for name in ("realised", "fees", "funding"):
            sums[day.coin][name] += getattr(day, name)
    for coin, funds in truth["funds"].items():
        # Of a holding that is open, the exchange has booked its parts to eight places.
        assert abs(sums[coin]["realised"] - D(funds["realised"])) <= 4 * DIGIT
        assert (sums[coin]["fees"], sums[coin]["funding"]) == (D(funds["fees"]), D(funds["funding"]))
        last = Balance.objects.filter(account=account, coin=coin).order_by("day").last()
        assert last is not None
        assert last.balance == D(funds["wallet"])
        moved = sum(
            Balance.objects.filter(account=account, coin=coin).values_list("transfers", flat=True), D(0)
        )
        assert moved == D(funds["deposits"])

    closed = {(row["orderId"], row["createdTime"]): D(row["closedPnl"]) for row in truth["closedPnl"]}
    assert {
        (row.order_id, str(row.created_ms)): row.closed_pnl
        for row in ClosedPnl.objects.filter(account=account)
    } == closed
    cash = {row["id"]: D(row["change"]) for row in truth["transactions"]}
    assert {row.log_id: row.change for row in Cash.objects.filter(account=account)} == cash

    held = {
        (row["symbol"], row["positionIdx"]): D(row["size"]) * (1 if row["side"] == "Buy" else -1)
        for row in truth["positions"]
        if D(row["size"])
    }
    ours = Position.objects.filter(account=account).exclude(ours_size=0)
    assert {(row.symbol, row.position_idx): row.ours_size for row in ours} == held


def test_a_past_is_brought_in_whole_and_equals_the_exchanges_ledger(old: Account, old_paper: Paper) -> None:
    # In many short slices, each of which goes on where the last one stopped.
    assert bring_in(old, seconds=0.3) > 3
    equals_the_ledger(old, old_paper)
    found = backfill.progress(old.pk)
    assert found is not None
    assert (found["complete"], found["done"]) == (True, 1000)
    # Two years of it told no page a single fill.
    assert not Event.objects.filter(account=old, kind="fill").exists()
    # Orders that ended without a fill are gone from Bybit's history; the others have their fills.
    assert not Order.objects.filter(account=old, cum_exec_qty__gt=0, fills_qty=0).exists()
    since = timezone.now() - timedelta(days=44)
    assert all(row.record_since and row.record_since < since for row in Position.objects.filter(account=old))
    # Once more, and nothing changes.
    before = (Fill.objects.count(), Cash.objects.count(), Trip.objects.count(), list(Day.objects.values()))
    assert bring_in(old) == 1
    journal.roll(old, 30)
    assert (
        Fill.objects.count(),
        Cash.objects.count(),
        Trip.objects.count(),
        list(Day.objects.values()),
    ) == before


def test_each_trip_equals_what_bybit_says_of_it(old: Account, old_paper: Paper) -> None:
    bring_in(old)
    journal.roll(old, 30)
    compared = 0
    for trip in Trip.objects.filter(account=old, closed_at__isnull=False):
        theirs = journal.bybit_result(trip)
        assert theirs.difference is not None, theirs.because
        if theirs.because is None:
            assert abs(theirs.difference) <= 4 * DIGIT
            compared += 1
        else:
            # An order that closed one trip and opened or closed another.
            assert "more than one trip" in theirs.because
    assert compared > 10


@pytest.mark.long
def test_a_backfill_that_dies_between_pages_goes_on(old: Account, old_paper: Paper) -> None:
    deaths = 0
    while True:
        try:
            with armed("backfill_page_taken=raise%30"):
                if not backfill.advance(old, 60):
                    break
        except Crash:
            deaths += 1
    assert deaths > 3
    try:
        with armed("journal_before_commit=raise"):
            journal.roll(old, 30)
    except Crash:
        assert not Trip.objects.exists()
    equals_the_ledger(old, old_paper)


@pytest.mark.long
def test_an_absence_of_weeks_is_repaired(old: Account, old_paper: Paper) -> None:
    """The record began thirty days ago; nothing was read for the last fifteen of them."""
    now_ms = int(timezone.now().timestamp() * 1000)
    day_ms = 86_400_000
    bring_in(old)
    Coverage.objects.update(start_ms=now_ms - 30 * day_ms, until_ms=now_ms - 15 * day_ms)
    cut = now_ms - 15 * day_ms
    Trip.objects.all().delete()
    Fill.objects.filter(exec_ms__gt=cut).delete()
    Fill.objects.update(journaled=False)
    for model in (Day, Balance, Position):
        model.objects.all().delete()
    Cash.objects.all().delete()
    ClosedPnl.objects.filter(updated_ms__gt=cut).delete()
    Journal.objects.all().delete()
    Coverage.objects.filter(kind="cash").update(until_ms=now_ms - 30 * day_ms)
    # The resolver came first: its sweep reaches back six days and no further.
    Link.objects.filter(pk=old.pk).update(swept_at=timezone.now() - timedelta(days=15))
    resolver.resolve(old, full=True)
    bring_in(old)
    equals_the_ledger(old, old_paper)


def test_a_list_that_bybit_refuses_holds_up_no_other(old: Account, old_paper: Paper) -> None:
    refused = {"endpoint": "/v5/account/transaction-log", "accept": "never", "reply": "ret", "code": 10005}
    old_paper.fault(**refused)
    try:
        assert bring_in(old) == 1
        missing = Coverage.objects.filter(account=old, kind="cash")
        assert not any(row.is_filled for row in missing)
        assert all(row.is_filled for row in Coverage.objects.filter(account=old).exclude(kind="cash"))
        found = backfill.progress(old.pk)
        assert found is not None
        assert not found["complete"]
    finally:
        old_paper.clear()
    bring_in(old)
    equals_the_ledger(old, old_paper)


def test_while_bybit_is_away_the_next_beat_asks_again_and_not_the_next_moment(
    old: Account, old_paper: Paper
) -> None:
    old_paper.fault(endpoint="/v5/*", accept="never", reply="status", code=503)
    try:
        assert backfill.advance(old, 60) is False
    finally:
        old_paper.clear()
    assert bring_in(old) == 1


def test_a_record_older_than_bybits_memory_is_not_asked_for_before_its_own_start(
    old: Account, old_paper: Paper
) -> None:
    bring_in(old)
    day_ms, now_ms = 86_400_000, int(timezone.now().timestamp() * 1000)
    Coverage.objects.update(filled_ms=now_ms - 70 * day_ms, start_ms=now_ms - 60 * day_ms)
    assert bring_in(old) == 1
    assert all(row.is_filled and row.filled_ms <= row.start_ms for row in Coverage.objects.all())


def test_the_figures_read_in_a_moment(old: Account, old_paper: Paper) -> None:
    bring_in(old)
    journal.roll(old, 30)
    by_day = figures.figures(old.pk, "day", start=None, end=None, symbol=None, before=None, limit=200)
    by_symbol = figures.figures(old.pk, "symbol", start=None, end=None, symbol=None, before=None, limit=200)
    weeks = figures.figures(old.pk, "week", start=None, end=None, symbol=None, before=None, limit=200)
    for coin in ("USDT", "USDC"):
        totals = [
            sum((one.net for one in found if one.coin == coin), D(0)) for found in (by_day, by_symbol, weeks)
        ]
        points = [point for point in figures.curve(old.pk, *_span(by_day)) if point.coin == coin]
        # Each row is shown to eighteen places.
        told = [*totals, points[-1].total]
        assert max(told) - min(told) < D("1e-15")


def _span(found: list[Any]) -> tuple[date, date]:
    days = sorted(date.fromisoformat(one.key) for one in found)
    return days[0], days[-1]
