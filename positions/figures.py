"""Reads of the journal. They write nothing; every list is bounded, or summed by the database."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.db import connection
from django.db.models import Q, QuerySet, Sum, Value
from django.db.models.functions import Concat, TruncMonth, TruncWeek

from bybit.decimals import to_wire
from bybit.instruments import Coins
from positions.journal_schemas import (
    CurvePoint,
    EquityPoint,
    FigureOut,
    HoldingMarket,
    HoldingOut,
    shown,
)
from positions.models import Balance, ClosedPnl, Closing, Day, Equity, Journal, Note, Trip, Wallet

ZERO = Decimal(0)
By = Literal["day", "week", "month", "symbol"]
_SUMS = ("realised", "fees", "funding", "volume", "fills", "trips", "wins")


def figures(
    account_id: str,
    by: By,
    *,
    start: date | None,
    end: date | None,
    symbol: str | None,
    category: str | None = None,
    before: str | None,
    limit: int,
) -> list[FigureOut]:
    """Summed day figures, newest first; markets by name, two of one symbol apart. `before` is the `key_of` the last one
    known; at most `limit` keys are read, each with all its coins."""
    rows = Day.objects.filter(account_id=account_id)
    if start:
        rows = rows.filter(day__gte=start)
    if end:
        rows = rows.filter(day__lte=end)
    rows = rows.filter(**_market(symbol, category))
    keyed: QuerySet[Any, Any]
    if by == "symbol":
        keyed, name = rows.annotate(market=Concat("symbol", Value(":"), "category")), "market"
        keyed = keyed.filter(market__gt=before) if before else keyed
    else:
        name = {"day": "day", "week": "week", "month": "month"}[by]
        keyed = rows.annotate(week=TruncWeek("day")) if by == "week" else rows
        keyed = keyed.annotate(month=TruncMonth("day")) if by == "month" else keyed
        keyed = keyed.filter(**{f"{name}__lt": date.fromisoformat(before)}) if before else keyed
    order = name if by == "symbol" else f"-{name}"
    keys = list(keyed.order_by(order).values_list(name, flat=True).distinct()[:limit])
    found = keyed.filter(**{f"{name}__in": keys}).values(name, "coin").annotate(**{s: Sum(s) for s in _SUMS})
    return [_figure(row, name) for row in found.order_by(order, "coin")]


def _figure(row: dict[str, Any], name: str) -> FigureOut:
    money = {part: shown(row[part]) for part in ("realised", "fees", "funding", "volume")}
    key, category = row[name], None
    if isinstance(key, str):
        key, _, category = key.partition(":")
    return FigureOut(
        key=key if isinstance(key, str) else key.isoformat(),
        category=category,
        coin=row["coin"],
        net=shown(row["realised"] - row["fees"] - row["funding"]),
        fills=row["fills"],
        trips=row["trips"],
        wins=row["wins"],
        **money,
    )


def key_of(figure: FigureOut) -> str:
    """What a page of figures goes on after: a day, or a market's symbol and category."""
    return figure.key if figure.category is None else f"{figure.key}:{figure.category}"


def _market(symbol: str | None, category: str | None) -> dict[str, str]:
    """What rows are filtered by. A symbol without a category is its perpetual and its spot pair."""
    return {name: value for name, value in (("symbol", symbol), ("category", category)) if value}


def trips(
    account_ids: Iterable[str],
    *,
    state: str,
    symbol: str | None,
    category: str | None = None,
    tag: str | None,
    before: tuple[int, int] | None,
) -> QuerySet[Trip]:
    """Round trips, the one with the newest fill first. `before` is (last_ms, id) of the last one known."""
    rows = Trip.objects.filter(account_id__in=list(account_ids))
    if state != "all":
        rows = rows.filter(closed_at__isnull=state == "open")
    rows = rows.filter(**_market(symbol, category))
    if tag:
        tagged = Note.objects.filter(account_id__in=list(account_ids), kind="trip", tags__contains=[tag])
        rows = rows.filter(first_exec__in=tagged.values("key"))
    if before:
        rows = rows.filter(Q(last_ms__lt=before[0]) | Q(last_ms=before[0], id__lt=before[1]))
    return rows.order_by("-last_ms", "-id")


def notes_of(rows: Sequence[Trip]) -> dict[tuple[str, str], Note]:
    """The notes on these trips, by account and first execId."""
    found = Note.objects.filter(
        kind="trip", account_id__in={row.account_id for row in rows}, key__in=[row.first_exec for row in rows]
    )
    return {(note.account_id, note.key): note for note in found}


def closed_pnl(
    account_ids: Iterable[str],
    *,
    symbol: str | None,
    start_ms: int | None,
    end_ms: int | None,
    before: tuple[int, int] | None,
) -> QuerySet[ClosedPnl]:
    """Bybit's closed PnL, newest first."""
    rows = ClosedPnl.objects.filter(account_id__in=list(account_ids))
    if symbol:
        rows = rows.filter(symbol=symbol)
    if start_ms is not None:
        rows = rows.filter(updated_ms__gte=start_ms)
    if end_ms is not None:
        rows = rows.filter(updated_ms__lte=end_ms)
    if before:
        rows = rows.filter(Q(updated_ms__lt=before[0]) | Q(updated_ms=before[0], id__lt=before[1]))
    return rows.order_by("-updated_ms", "-id")


def total_pnl(rows: QuerySet[ClosedPnl]) -> Decimal | None:
    """The sum of Bybit's closed PnL; None when there is none."""
    total: Decimal | None = rows.order_by().aggregate(sum=Sum("closed_pnl"))["sum"]
    return total


def closings(trip: Trip, exec_ids: Sequence[str]) -> dict[str, Closing]:
    """What these fills closed of a trip, by execId."""
    found = Closing.objects.filter(trip=trip, exec_id__in=exec_ids)
    return {row.exec_id: row for row in found}


_TOTALS = """
SELECT day, coin, net, total FROM (
  SELECT day, coin, sum(net) AS net, sum(sum(net)) OVER (PARTITION BY coin ORDER BY day) AS total
  FROM (SELECT day, coin, realised - fees - funding AS net FROM positions_day WHERE account_id = %s) row
  GROUP BY day, coin
) summed WHERE day BETWEEN %s AND %s ORDER BY day, coin
"""


def curve(account_id: str, start: date, end: date) -> list[CurvePoint]:
    """What each day brought and all days up to it, with Bybit's balances beside, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS, [account_id, start, end])
        ours = {(day, coin): (net, total) for day, coin, net, total in cursor.fetchall()}
    rows = Balance.objects.filter(account_id=account_id, day__range=(start, end))
    theirs = {(row.day, row.coin): row for row in rows}
    before = Day.objects.filter(account_id=account_id, day__lt=start).values("coin")
    sums = before.annotate(total=Sum("realised") - Sum("fees") - Sum("funding")).order_by()
    running: dict[str, Decimal] = {row["coin"]: row["total"] for row in sums}
    points = []
    for day, coin in sorted(ours.keys() | theirs.keys()):
        net, total = ours.get((day, coin), (ZERO, running.get(coin, ZERO)))
        running[coin] = total
        kept = theirs.get((day, coin))
        points.append(
            CurvePoint(
                day=day,
                coin=coin,
                net=shown(net),
                total=shown(total),
                balance=None if kept is None else kept.balance,
                transfers=ZERO if kept is None else shown(kept.transfers),
            )
        )
    return points


def equity(account_id: str, start: datetime, end: datetime) -> list[EquityPoint]:
    """The equity of each hour, oldest first."""
    rows = Equity.objects.filter(account_id=account_id, hour__range=(start, end)).order_by("hour")
    return [EquityPoint(hour=row.hour, equity=row.equity) for row in rows]


def holdings(account_id: str, environment: str) -> list[HoldingOut]:
    """The coins of the wallet that spot trades, and those that our fills say are held, each with its markets."""
    wallet = Wallet.objects.filter(pk=account_id).first()
    coins = {coin["coin"]: coin for coin in (wallet.coins if wallet else ())}
    named = Coins(environment)
    markets: dict[str, list[tuple[Journal, str]]] = {}
    for row in Journal.objects.filter(account_id=account_id, category="spot").order_by("symbol"):
        base = named.base("spot", row.symbol)
        markets.setdefault(base, []).append((row, named.settle("spot", row.symbol)))
    quotes = {quote for rows in markets.values() for _, quote in rows} | {"USDT", "USDC"}
    shown_coins = sorted(markets.keys() | (coins.keys() - quotes))
    found = [_holding(account_id, coin, coins.get(coin, {}), markets.get(coin, [])) for coin in shown_coins]
    return [one for one in found if one.balance or one.ours]


def _holding(account_id: str, coin: str, kept: dict[str, Any], rows: list[tuple[Journal, str]]) -> HoldingOut:
    ours = sum((row.size for row, _ in rows), ZERO)
    balance = _number(kept.get("wallet_balance"))
    gap = None if balance is None else balance - ours
    return HoldingOut(
        account=account_id,
        coin=coin,
        balance=balance,
        locked=_number(kept.get("locked")),
        available=_number(kept.get("available")),
        usd_value=_number(kept.get("usd_value")),
        ours=ours,
        diff=_explain(gap, coin) if gap else None,
        markets=[_holding_market(row, quote) for row, quote in rows],
    )


def _holding_market(row: Journal, quote: str) -> HoldingMarket:
    place = {"account_id": row.account_id, "category": "spot", "symbol": row.symbol}
    realised = Trip.objects.filter(**place).aggregate(sum=Sum("realised"))["sum"] or ZERO
    return HoldingMarket(
        symbol=row.symbol,
        qty=row.size,
        avg_cost=shown(row.entry) if row.size else None,
        realised=shown(realised),
        cost_coin=quote,
    )


def _explain(gap: Decimal, coin: str) -> str:
    more = "more" if gap > 0 else "less"
    return (
        f"Bybit shows {to_wire(abs(gap))} {coin} {more} than the spot fills in this record add up to: transfers, "
        "conversions and what was traded before the record began are not in them."
    )


def _number(value: object) -> Decimal | None:
    return Decimal(value) if isinstance(value, str) else None


def span_ms(start: datetime, end: datetime) -> tuple[int, int]:
    """A time span in Bybit's milliseconds."""
    return int(start.astimezone(UTC).timestamp() * 1000), int(end.astimezone(UTC).timestamp() * 1000)
