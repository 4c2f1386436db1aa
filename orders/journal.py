"""Feeds the journal: hands each fill once to positions.journal, oldest first, behind the phone's back. Nothing of it is
on the path of a fill to the screen. One process at a time per account; a batch is folded and marked in one
transaction."""

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Collate

from bybit.decimals import to_wire
from bybit.failpoints import failpoint
from bybit.instruments import Coins
from bybit.models import Account
from orders import services
from orders.models import Fill, Order, OrderEvent
from orders.protection import STOPS, TRAILING
from positions import journal, ledger
from positions.journal import Days, Place
from positions.models import ClosedPnl, Closing, Journal, Trip
from positions.rounds import START, ZERO, Fact, Key
from positions.stake import SOON_MS, Entry, Stake, Stop, stake

BATCH = 5_000
# As PostgreSQL and Python both sort them.
ORDER = (F("exec_ms"), Coalesce(F("exchange_seq"), Value(0)), Collate("exec_id", "C"))


def roll(account: Account, seconds: float) -> int:
    """Folds what is new, for at most about so many seconds. Returns how many fills; safe to call at any time, twice."""
    deadline = time.monotonic() + seconds
    total = 0
    while True:
        with transaction.atomic():
            count, touched = _roll_once(account) if _locked(account) else (0, set())
        _show(account, touched)
        total += count
        if count < BATCH or time.monotonic() > deadline:
            return total


def _locked(account: Account) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"tradepost.journal.{account.pk}"]
        )
        return bool(cursor.fetchone()[0])


def _roll_once(account: Account) -> tuple[int, set[Place]]:
    # Fills are locked before the journal's rows, as news of Bybit's does it.
    waiting = Fill.objects.select_for_update(skip_locked=True).filter(account=account, journaled=False)
    fills = list(waiting.order_by(*ORDER)[:BATCH])
    stale = Journal.objects.filter(account=account, stale=True)
    if not fills and not stale.exists():
        return 0, set()
    coins = Coins(account.environment)
    # Read under the lock: the owner may just have changed it.
    zone = Account.objects.values_list("time_zone", flat=True).get(pk=account.pk)
    days = Days(account.pk, ZoneInfo(zone))
    _place_funding(account, fills)
    new: dict[Place, list[Fact]] = defaultdict(list)
    for fill in fills:
        new[fill.category, fill.symbol, fill.position_idx].append(fact_of(fill, coins))
    for place, facts in sorted(new.items()):
        journal.take(days=days, new=facts, **_of(account, place, coins))
    Fill.objects.filter(pk__in=[fill.pk for fill in fills]).update(journaled=True)
    moved = {(row.category, row.symbol, row.position_idx) for row in stale}
    for place in sorted(moved):
        journal.fold_anew(days=days, **_of(account, place, coins))
    days.write()
    failpoint("journal_before_commit")
    return len(fills), set(new) | moved


def _show(account: Account, places: set[Place]) -> None:
    """Tells the pages what the open holdings brought so far, in a transaction of its own that keeps nobody waiting."""
    held = {place: journal.held(account.pk, place) for place in places if place[0] != "spot"}
    services.show_held(account.pk, held)


def _of(account: Account, place: Place, coins: Coins) -> dict[str, Any]:
    history = partial(facts_after, account.pk, place, coins)
    return {"place": place, "coin": coins.settle(*place[:2]), "history": history}


def facts_after(account_id: str, place: Place, coins: Coins, key: Key = START) -> Iterable[Fact]:
    """The facts of a place that sort after a key, in order."""
    category, symbol, index = place
    found = Fill.objects.filter(
        account_id=account_id, category=category, symbol=symbol, position_idx=index, exec_ms__gte=key[0]
    )
    for fill in found.order_by(*ORDER).iterator(BATCH):
        fact = fact_of(fill, coins)
        if fact.key > key:
            yield fact


def fact_of(fill: Fill, coins: Coins) -> Fact:
    """A fill as the journal sees it. A fee that Bybit did not tell counts as none."""
    settle = coins.settle(fill.category, fill.symbol)
    coin = fill.fee_currency or settle
    return Fact(
        key=(fill.exec_ms, fill.exchange_seq or 0, fill.exec_id),
        kind="trade" if fill.is_trade else "funding" if fill.exec_type == "Funding" else "other",
        side=fill.side,
        qty=fill.qty,
        price=fill.price,
        fee=fill.fee or ZERO,
        coin=coin,
        fee_in_base=_in_base(coins, fill.category, fill.symbol, fill.side, coin),
    )


def _in_base(coins: Coins, category: str, symbol: str, side: str, coin: str) -> bool:
    """Whether a fee was kept back from the coins that were bought."""
    return category == "spot" and side == "Buy" and coin != "" and coin == coins.base(category, symbol)


def _place_funding(account: Account, fills: list[Fill]) -> None:
    """Bybit's funding rows name no position index: in hedge mode it follows from the side that was charged."""
    for fill in fills:
        if fill.is_trade or fill.category == "spot" or fill.position_idx:
            continue
        traded = Fill.objects.filter(
            account=account,
            category=fill.category,
            symbol=fill.symbol,
            is_trade=True,
            exec_ms__lte=fill.exec_ms,
        )
        before = traded.order_by("-exec_ms").values_list("position_idx", flat=True).first()
        if before:
            fill.position_idx = 1 if fill.side == "Buy" else 2
            Fill.objects.filter(pk=fill.pk).update(position_idx=fill.position_idx)


_FILL_DAYS = """
SELECT (at AT TIME ZONE %s)::date, category, symbol, fee_currency, exec_type = 'Funding', is_trade, side,
  sum(coalesce(fee, 0)), sum(qty * price), count(*)
FROM orders_fill WHERE account_id = %s AND journaled GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


def change_zone(account: Account, zone: str) -> None:
    """The journal's days follow another time zone from now on: all day figures are added up anew."""
    with transaction.atomic():
        journal.hold(account.pk)
        Account.objects.filter(pk=account.pk).update(time_zone=zone)
        coins = Coins(account.environment)
        days = Days(account.pk, ZoneInfo(zone))
        with connection.cursor() as cursor:
            cursor.execute(_FILL_DAYS, [zone, account.pk])
            for day, category, symbol, coin, funding, trade, side, fees, value, count in cursor.fetchall():
                settle = coins.settle(category, symbol)
                main = days.found[day, category, symbol, settle]
                if funding:
                    main.funding += fees
                    continue
                if not _in_base(coins, category, symbol, side, coin):
                    days.found[day, category, symbol, coin or settle].fees += fees
                if trade:
                    main.volume += value
                    main.fills += count
        journal.rebuild_days(days)
        ledger.rebuild_balances(account.pk, days.zone)


@dataclass(frozen=True, slots=True)
class BybitResult:
    """What Bybit says a trip brought: its rows, their sum (None while some are not here), the sum minus ours before
    funding, and why they may differ."""

    rows: list[ClosedPnl]
    pnl: Decimal | None
    difference: Decimal | None
    because: str | None


# Bybit writes its results to eight places or more.
ROUNDING = Decimal("0.000001")


def bybit_result(trip: Trip) -> BybitResult:
    """Bybit's closed PnL of the orders that closed a trip, beside what the fills say."""
    exec_ids = Closing.objects.filter(trip=trip).values_list("exec_id", flat=True)
    fills = Fill.objects.filter(account_id=trip.account_id, exec_id__in=list(exec_ids))
    wanted = set(fills.values_list("exchange_order_id", flat=True))
    rows = list(
        ClosedPnl.objects.filter(
            account_id=trip.account_id, category=trip.category, symbol=trip.symbol, order_id__in=wanted
        )
    )
    missing = wanted - {row.order_id for row in rows}
    if trip.category == "spot":
        return BybitResult([], None, None, "Bybit keeps no closed PnL of spot.")
    if missing or any(row.closed_pnl is None for row in rows):
        text = f"Bybit's record of {len(missing)} closing orders is not here yet; it is read every minute."
        return BybitResult(rows, None, None, text)
    pnl = sum((row.closed_pnl for row in rows if row.closed_pnl is not None), ZERO)
    if trip.closed_at is None:
        text = "The trip is open: fees of what is still held are in ours already, and in Bybit's when it is closed."
        return BybitResult(rows, pnl, None, text)
    difference = (pnl - (trip.realised - trip.fees)).quantize(Decimal("1e-18"))
    because = None if abs(difference) <= ROUNDING else _because(trip, rows)
    return BybitResult(rows, pnl, difference, because)


def _because(trip: Trip, rows: list[ClosedPnl]) -> str:
    """The first thing that explains a difference."""
    closed = sum((row.closed_size or ZERO for row in rows), ZERO)
    if closed != trip.left_qty:
        return (
            f"Bybit's orders closed {to_wire(closed)}, this trip {to_wire(trip.left_qty)}: one of them closed more "
            "than one trip, or fills are missing here."
        )
    if trip.other_fees:
        return "Fees were paid in another coin."
    return "Bybit counts the average entry of everything it saw; this record may begin later than the position did."


# Our clock and Bybit's, and news that comes late: only a bound for the search.
AROUND = timedelta(hours=1)


def stake_of(trip: Trip) -> Stake | None:
    """What was at risk at the first stop that this record knows of a trip: a stop-loss on the order that entered,
    Bybit's own order for a stop on the position, or a reduce-only trigger. None for spot, and where there was none."""
    if trip.category == "spot":
        return None
    fills = _early_entries(trip)
    entries = [Entry(fill.exec_ms, fill.qty, fill.price) for fill in fills]
    with_order = [(fill.exec_ms, fill.order.stop_loss) for fill in fills if fill.order is not None]
    stops = [Stop(at_ms, price) for at_ms, price in with_order if price is not None]
    return stake(trip.side, entries, [*stops, *_stops_that_came(trip)])


def _place_of(trip: Trip) -> dict[str, Any]:
    return {
        "account_id": trip.account_id,
        "category": trip.category,
        "symbol": trip.symbol,
        "position_idx": trip.position_idx,
    }


def _early_entries(trip: Trip) -> list[Fill]:
    """The fills that entered within five minutes, oldest first, each with the size that this trip has of it."""
    found = Fill.objects.filter(
        **_place_of(trip),
        is_trade=True,
        side=trip.side,
        exec_ms__range=(trip.first_ms, min(trip.first_ms + SOON_MS, trip.last_ms)),
    ).select_related("order")
    first, last = (
        (trip.first_ms, trip.first_seq, trip.first_exec),
        (trip.last_ms, trip.last_seq, trip.last_exec),
    )
    rows = [
        fill
        for fill in found.order_by(*ORDER)
        if first <= (fill.exec_ms, fill.exchange_seq or 0, fill.exec_id) <= last
    ]
    # The fill of a flip belongs in part to the trip that it ended.
    ended = Closing.objects.filter(account_id=trip.account_id, exec_id=trip.first_exec).exclude(trip=trip)
    for fill in rows[:1]:
        fill.qty -= sum(ended.values_list("qty", flat=True), ZERO)
    return rows


def _stops_that_came(trip: Trip) -> list[Stop]:
    """Stop orders that Bybit made or was given after the trip was opened, each where it stood first."""
    rows = Order.objects.filter(
        Q(terms__stop_order_type__in=STOPS | TRAILING) | Q(reduce_only=True),
        **_place_of(trip),
        side="Sell" if trip.side == "Buy" else "Buy",
        trigger_price__isnull=False,
        created_at__range=(trip.opened_at - AROUND, trip.opened_at + AROUND),
        exchange_created_ms__range=(trip.first_ms, trip.first_ms + SOON_MS),
    )
    born = dict(rows.values_list("pk", "exchange_created_ms"))
    told = OrderEvent.objects.filter(order__in=born, kind="report", body__has_key="triggerPrice").order_by(
        "-id"
    )
    first = dict(told.values_list("order_id", "body__triggerPrice"))
    return [Stop(born[key], Decimal(price)) for key, price in first.items()]
