"""Keeps the journal: folds fills into round trips, and adds up what each day brought. Runs inside the caller's
transaction, one caller per account at a time (orders.journal holds the lock)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet

from bybit.decimals import to_wire
from positions.book import Book
from positions.models import Closing, Journal, Trip
from positions.rounds import START, ZERO, Fact, Fold, Held, Key
from positions.rounds import Closing as Closed
from positions.rounds import Trip as Folded

Place = tuple[str, str, int]
AT_ONCE = 1000


@dataclass(slots=True)
class Sums:
    """What is to be added to a day of one market and coin."""

    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    volume: Decimal = ZERO
    fills: int = 0
    trips: int = 0
    wins: int = 0


@dataclass(slots=True)
class Days:
    """Changes of day figures, gathered and written at once."""

    account_id: str
    zone: ZoneInfo
    found: dict[tuple[date, str, str, str], Sums] = field(default_factory=lambda: defaultdict(Sums))

    def of(self, at_ms: int, place: Place, coin: str) -> Sums:
        return self.found[day_of(at_ms, self.zone), place[0], place[1], coin]

    def write(self) -> None:
        write_days(self.account_id, self.found)


def hold(account_id: str) -> None:
    """Waits for the journal of an account, and keeps it until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"tradepost.journal.{account_id}"]
        )


def day_of(at_ms: int, zone: ZoneInfo) -> date:
    """The owner's calendar day of a moment of Bybit's."""
    return datetime.fromtimestamp(at_ms / 1000, zone).date()


def take(
    *,
    days: Days,
    place: Place,
    coin: str,
    new: Sequence[Fact],
    history: Callable[[Key], Iterable[Fact]],
) -> None:
    """Folds new facts of one place, oldest first. `coin` is what the place settles in. `history(key)` gives all its
    facts that sort after a key, the new ones included; it is asked when a new one is not the latest."""
    row = _journal(days.account_id, place)
    fold = Fold(spot=place[0] == "spot", book=Book(row.size, row.entry), trip=_open_trip(row))
    facts: Iterable[Fact] = new
    if new[0].key <= (row.last_ms, row.last_seq, row.last_exec):
        cut = _wind_back(row, new[0].key, days, coin)
        facts = history(cut)
        fold = Fold(spot=place[0] == "spot")
    for fact in new:
        _count(fact, place, days, coin)
    _write(row, fold, place, coin, days, facts)


def fold_anew(*, days: Days, place: Place, coin: str, history: Callable[[Key], Iterable[Fact]]) -> None:
    """Folds a place from its first fill on: some were moved here from another index, or away."""
    row = _journal(days.account_id, place)
    _wind_back(row, START, days, coin)
    row.stale, row.last_ms, row.last_seq, row.last_exec = False, *START
    _write(row, Fold(spot=place[0] == "spot"), place, coin, days, history(START))


def held(account_id: str, place: Place) -> Held:
    """What the open trip of a place brought and cost so far."""
    key = {"account_id": account_id, "category": place[0], "symbol": place[1], "position_idx": place[2]}
    trip = Trip.objects.filter(**key, closed_at=None).first()
    if trip is None:
        return Held()
    return Held(realised=trip.realised, fees=trip.fees, funding=trip.funding)


def flat_before(account_id: str, place: Place, at_ms: int) -> Key:
    """The last moment before that time at which the journal knows the place to have been flat; START when it knows
    none."""
    flat = Trip.objects.filter(
        account_id=account_id,
        category=place[0],
        symbol=place[1],
        position_idx=place[2],
        last_ms__lt=at_ms,
        closed_at__isnull=False,
        flipped=False,
    )
    last = flat.order_by("-last_ms", "-last_seq", "-last_exec").first()
    return START if last is None else _last(last)


def mark_stale(account_id: str, places: Iterable[Place]) -> None:
    """Fills that were folded already belong to other places now: these are folded anew with the next ones."""
    for category, symbol, index in places:
        Journal.objects.update_or_create(
            account_id=account_id,
            category=category,
            symbol=symbol,
            position_idx=index,
            defaults={"stale": True},
        )


def rebuild_days(days: Days) -> None:
    """Replaces all day figures of an account. `days` holds what the fills themselves add (fees, volume); what was
    realised and the trips are added here from the kept folds."""
    zone = str(days.zone)
    with connection.cursor() as cursor:
        cursor.execute(_CLOSING_DAYS, [zone, days.account_id])
        for day, category, symbol, coin, realised in cursor.fetchall():
            days.found[day, category, symbol, coin].realised += realised
        cursor.execute(_TRIP_DAYS, [zone, days.account_id])
        for day, category, symbol, coin, trips, wins in cursor.fetchall():
            sums = days.found[day, category, symbol, coin]
            sums.trips, sums.wins = sums.trips + trips, sums.wins + wins
        cursor.execute("DELETE FROM positions_day WHERE account_id = %s", [days.account_id])
    days.write()


_CLOSING_DAYS = """
SELECT (closing.at AT TIME ZONE %s)::date, category, symbol, coin, sum(closing.realised)
FROM positions_closing closing JOIN positions_trip trip ON trip.id = trip_id
WHERE closing.account_id = %s GROUP BY 1, 2, 3, 4
"""
_TRIP_DAYS = """
SELECT (closed_at AT TIME ZONE %s)::date, category, symbol, coin, count(*),
  count(*) FILTER (WHERE realised - fees - funding > 0)
FROM positions_trip WHERE account_id = %s AND closed_at IS NOT NULL GROUP BY 1, 2, 3, 4
"""


def _journal(account_id: str, place: Place) -> Journal:
    category, symbol, index = place
    key: dict[str, Any] = {"account_id": account_id, "category": category, "symbol": symbol}
    key["position_idx"] = index
    Journal.objects.get_or_create(**key)
    # Locked: fills that move here meanwhile leave their mark after this transaction, not under it.
    return Journal.objects.select_for_update().get(**key)


def _trips(row: Journal) -> QuerySet[Trip]:
    return Trip.objects.filter(
        account_id=row.account_id, category=row.category, symbol=row.symbol, position_idx=row.position_idx
    )


def _open_trip(row: Journal) -> Folded | None:
    if row.size == 0:
        return None
    return _folded(_trips(row).get(closed_at=None))


def _folded(row: Trip) -> Folded:
    fees = {coin: Decimal(text) for coin, text in row.other_fees.items()}
    if row.fees:
        fees[row.coin] = row.fees
    return Folded(
        side=row.side,
        first=(row.first_ms, row.first_seq, row.first_exec),
        last=_last(row),
        fills=row.fills,
        most=row.most,
        entered_qty=row.entered_qty,
        entered_value=row.entered_value,
        left_qty=row.left_qty,
        left_value=row.left_value,
        realised=row.realised,
        uncovered=row.uncovered,
        funding=row.funding,
        fees=fees,
    )


def _wind_back(row: Journal, before: Key, days: Days, coin: str) -> Key:
    """Takes back every trip that may change when a fact sorts in at `before`: from the last moment on at which the
    place was flat before it. Returns the key after which to fold anew."""
    flat = _trips(row).filter(closed_at__isnull=False, flipped=False, last_ms__lte=before[0])
    ends = (_last(trip) for trip in flat.order_by("-last_ms", "-last_seq", "-last_exec").iterator(AT_ONCE))
    cut = next((end for end in ends if end < before), START)
    gone = [trip for trip in _trips(row).filter(last_ms__gte=cut[0]) if _last(trip) > cut]
    place: Place = (row.category, row.symbol, row.position_idx)
    for trip in gone:
        _uncount_trip(trip, days, place, coin)
    keys = [trip.pk for trip in gone]
    for at, realised in Closing.objects.filter(trip__in=keys).values_list("at", "realised"):
        days.of(_ms(at), place, coin).realised -= realised
    Closing.objects.filter(trip__in=keys).delete()
    Trip.objects.filter(pk__in=keys).delete()
    return cut


def _last(trip: Trip) -> Key:
    return trip.last_ms, trip.last_seq, trip.last_exec


def _uncount_trip(trip: Trip, days: Days, place: Place, coin: str) -> None:
    if trip.closed_at is not None:
        sums = days.of(trip.last_ms, place, coin)
        sums.trips -= 1
        sums.wins -= won(trip.realised, trip.fees, trip.funding)


def won(realised: Decimal, fees: Decimal, funding: Decimal) -> int:
    """1 for a trip that brought more than it cost."""
    return int(realised - fees - funding > 0)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def _count(fact: Fact, place: Place, days: Days, coin: str) -> None:
    """What a fact adds to its day whatever it closed."""
    sums = days.of(fact.key[0], place, fact.coin if fact.kind == "trade" else coin)
    if fact.kind == "funding":
        sums.funding += fact.fee
        return
    if not fact.fee_in_base:
        # What was kept of the coins that were bought is in their cost already.
        sums.fees += fact.fee
    if fact.kind == "trade":
        main = days.of(fact.key[0], place, coin)
        main.volume += fact.qty * fact.price
        main.fills += 1


def _write(row: Journal, fold: Fold, place: Place, coin: str, days: Days, facts: Iterable[Fact]) -> None:
    known = {id(trip) for trip in fold.trips}
    closings: list[Closed] = []
    for fact in facts:
        closed = fold.take(fact)
        if closed is not None:
            closings.append(closed)
    fresh = [trip for trip in fold.trips if id(trip) not in known]
    rows = {id(trip): _trip_row(trip, days.account_id, place, coin) for trip in fold.trips}
    for trip in fold.trips:
        if id(trip) in known:
            _update_open(row, rows[id(trip)])
    Trip.objects.bulk_create([rows[id(trip)] for trip in fresh], batch_size=AT_ONCE)
    _write_closings(days, place, coin, closings, rows)
    for trip in fold.trips:
        if trip.ended:
            sums = days.of(trip.last[0], place, coin)
            sums.trips += 1
            sums.wins += won(trip.realised, trip.fees.get(coin, ZERO), trip.funding)
    row.size, row.entry = fold.book.size, fold.book.entry
    if fold.last > START:
        row.last_ms, row.last_seq, row.last_exec = fold.last
    row.save()


def _update_open(row: Journal, new: Trip) -> None:
    """Brings the trip that was open before up to date."""
    found = _trips(row).get(first_exec=new.first_exec, closed_at=None)
    new.pk = found.pk
    new._state.adding = False
    new.save(force_update=True)


def _write_closings(
    days: Days, place: Place, coin: str, closings: list[Closed], rows: dict[int, Trip]
) -> None:
    made = []
    for closed in closings:
        days.of(closed.key[0], place, coin).realised += closed.realised
        made.append(
            Closing(
                account_id=days.account_id,
                trip=rows[id(closed.trip)],
                exec_id=closed.key[2],
                at=_moment(closed.key[0]),
                qty=closed.qty,
                realised=closed.realised,
            )
        )
    Closing.objects.bulk_create(made, batch_size=AT_ONCE)


def _trip_row(trip: Folded, account_id: str, place: Place, coin: str) -> Trip:
    others = {name: to_wire(fee) for name, fee in trip.fees.items() if name != coin}
    return Trip(
        account_id=account_id,
        category=place[0],
        symbol=place[1],
        position_idx=place[2],
        side=trip.side,
        first_ms=trip.first[0],
        first_seq=trip.first[1],
        first_exec=trip.first[2],
        last_ms=trip.last[0],
        last_seq=trip.last[1],
        last_exec=trip.last[2],
        opened_at=_moment(trip.first[0]),
        closed_at=_moment(trip.last[0]) if trip.ended else None,
        flipped=trip.flipped,
        fills=trip.fills,
        most=trip.most,
        entered_qty=trip.entered_qty,
        entered_value=trip.entered_value,
        left_qty=trip.left_qty,
        left_value=trip.left_value,
        realised=trip.realised,
        uncovered=trip.uncovered,
        funding=trip.funding,
        coin=coin,
        fees=trip.fees.get(coin, ZERO),
        other_fees=others,
    )


_ADD = """
INSERT INTO positions_day
  (account_id, day, category, symbol, coin, realised, fees, funding, volume, fills, trips, wins)
SELECT %s, * FROM unnest(%s::date[], %s::text[], %s::text[], %s::text[], %s::numeric[], %s::numeric[], %s::numeric[],
  %s::numeric[], %s::int[], %s::int[], %s::int[])
ON CONFLICT (account_id, day, category, symbol, coin) DO UPDATE SET
  realised = positions_day.realised + excluded.realised, fees = positions_day.fees + excluded.fees,
  funding = positions_day.funding + excluded.funding, volume = positions_day.volume + excluded.volume,
  fills = positions_day.fills + excluded.fills, trips = positions_day.trips + excluded.trips,
  wins = positions_day.wins + excluded.wins
"""


def write_days(account_id: str, found: dict[tuple[date, str, str, str], Sums]) -> None:
    """Adds these sums to the kept figures."""
    if not found:
        return
    keys = sorted(found)
    columns: list[list[object]] = [[key[at] for key in keys] for at in range(4)]
    columns += [[getattr(found[key], name) for key in keys] for name in Sums.__dataclass_fields__]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [account_id, *columns])
