"""Routes of the journal: trips, figures, the curve, notes, exports, Bybit's own results. Each reads, or calls one
service."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import AfterValidator, ConfigDict, Field, field_validator

from bybit.forms import ErrorOut, Money
from bybit.models import Account
from bybit.types import Category
from orders import backfill, export, journal, selectors
from orders.answering import AccountQuery, Limit, SymbolQuery
from orders.errors import NotFound, TradeError
from orders.models import Fill
from orders.schemas import FillOut
from orders.services import account_of
from positions import figures, notes
from positions.journal_schemas import (
    ClosedPnlList,
    ClosedPnlOut,
    Curve,
    FigureList,
    FigureOut,
    HoldingList,
    NoteList,
    NoteOut,
    ProgressList,
    ProgressOut,
    TripList,
    TripOut,
    shown,
    trip_values,
)
from positions.models import Closing, Trip
from positions.services import record_since

router = Router(tags=["journal"])
ERRORS = dict.fromkeys((401, 403, 404, 413, 415, 422, 503), ErrorOut)
ZERO = Decimal(0)
# A trip of many fills is opened page by page.
FILLS_SHOWN = 200
LONGEST_CURVE = timedelta(days=800)


def _reckonable(day: date) -> date:
    if not 1970 <= day.year <= 9000:
        raise ValueError("is no day of this record")
    return day


Day = Annotated[date, AfterValidator(_reckonable)]


def _json(body: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(body.model_dump_json(), status=status, content_type="application/json")


def _cursor(mark: list[int] | None) -> str | None:
    return None if mark is None else selectors.encode_cursor(mark)


def _account(request: HttpRequest, account: str) -> Account:
    return account_of(request.user, account)  # type: ignore[arg-type]


def _accounts(request: HttpRequest, account: str | None) -> list[str]:
    mine = selectors.accounts_of(request.user.pk or 0)
    return [_account(request, account).pk] if account else list(mine.values_list("pk", flat=True))


@router.get("/journal/trips", operation_id="list_trips", response={200: TripList, **ERRORS})
def list_trips(
    request: HttpRequest,
    account: AccountQuery | None = None,
    state: Literal["open", "closed", "all"] = "all",
    symbol: SymbolQuery = None,
    category: Category | None = None,
    tag: Annotated[str | None, Query(max_length=40, pattern=r"^[^\x00]*$")] = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> HttpResponse:
    """Round trips made of the record's fills, the one with the newest fill first. A symbol without a category is both
    its perpetual and its spot pair."""
    before, accounts = selectors.whole_cursor(cursor), _accounts(request, account)
    found = figures.trips(accounts, state=state, symbol=symbol, category=category, tag=tag, before=before)
    rows = list(found[: limit + 1])
    kept = figures.notes_of(rows[:limit])
    items = [TripOut.of(row, kept.get((row.account_id, row.first_exec))) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return _json(TripList(items=items, next=_cursor([last.last_ms, last.pk] if last else None)))


class TripFill(FillOut):
    """A fill of a trip: what it closed, and what that realised before fees."""

    closed_qty: Money
    realised: Money

    @classmethod
    def with_closing(cls, fill: Fill, closed: Closing | None) -> "TripFill":
        qty, realised = (ZERO, ZERO) if closed is None else (closed.qty, shown(closed.realised))
        return cls(**FillOut.of(fill).model_dump(), closed_qty=qty, realised=realised)


class TripDetail(TripOut):
    """A trip, opened into what it is made of. `bybit_pnl` is the sum of Bybit's closed PnL of the orders that closed
    it; `difference` is that minus our realised less fees. Bybit leaves funding out of it. `at_risk` is what would have
    been lost at `first_stop`, before fees; `r` is `net` divided by it, null while the trip is open, and all three
    where this record knows of no stop in time (positions.stake)."""

    items: list[TripFill]
    next: str | None
    closed_pnl: list[ClosedPnlOut]
    bybit_pnl: Money | None
    difference: Money | None
    difference_because: str | None
    first_stop: Money | None
    at_risk: Money | None
    r: Money | None


@router.get("/journal/trips/{trip_id}", operation_id="get_trip", response={200: TripDetail, **ERRORS})
def get_trip(
    request: HttpRequest, trip_id: Annotated[int, Field(ge=1, le=2**62)], cursor: str | None = None
) -> HttpResponse:
    """One round trip with its fills, fees and funding, oldest first, and Bybit's own figure beside."""
    mine = selectors.accounts_of(request.user.pk or 0)
    row = Trip.objects.filter(pk=trip_id, account__in=mine).first()
    if row is None:
        raise NotFound("trip")
    fills, following = selectors.fills_of_trip(row, cursor, FILLS_SHOWN)
    closed = figures.closings(row, [fill.exec_id for fill in fills])
    theirs, stake = journal.bybit_result(row), journal.stake_of(row)
    net = row.realised - row.fees - row.funding
    return _json(
        TripDetail(
            **trip_values(row, figures.notes_of([row]).get((row.account_id, row.first_exec))),
            items=[TripFill.with_closing(fill, closed.get(fill.exec_id)) for fill in fills],
            next=following,
            closed_pnl=[ClosedPnlOut.of(one) for one in theirs.rows],
            bybit_pnl=theirs.pnl,
            difference=theirs.difference,
            difference_because=theirs.because,
            first_stop=None if stake is None else stake.stop,
            at_risk=None if stake is None else shown(stake.at_risk),
            r=None if stake is None or row.closed_at is None else stake.multiple(net),
        )
    )


@router.get("/journal/figures", operation_id="list_figures", response={200: FigureList, **ERRORS})
def list_figures(
    request: HttpRequest,
    account: AccountQuery,
    by: figures.By = "day",
    start: Day | None = None,
    end: Day | None = None,
    symbol: SymbolQuery = None,
    category: Category | None = None,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(pattern=r"^[-A-Z0-9]{1,40}(:(linear|spot))?$")] = None,
) -> HttpResponse:
    """What each day, week, month or market brought, by coin. Days are those of the account's time zone. A symbol
    without a category is both its perpetual and its spot pair; by market they are two."""
    row = _account(request, account)
    if by != "symbol" and cursor is not None:
        _date(cursor)
    items = figures.figures(
        row.pk,
        by,
        start=start,
        end=end,
        symbol=symbol,
        category=category,
        before=cursor,
        limit=limit + 1,
    )
    keys = list(dict.fromkeys(map(figures.key_of, items)))
    kept = [item for item in items if figures.key_of(item) in keys[:limit]]
    following = keys[limit - 1] if len(keys) > limit else None
    return _json(FigureList(time_zone=row.time_zone, items=kept, next=following))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise TradeError("invalid", "The cursor cannot be read. Start from the first page.") from None


class DayDetail(Schema):
    """A day opened into what it is made of: its figures by coin, its fills (newest first) and Bybit's closed PnL of it.
    Bybit counts an opening fee when the position is closed, Tradepost on the day on which it was paid: so a day may
    differ where a trip does not."""

    day: date
    time_zone: str
    figures: list[FigureOut]
    items: list[FillOut]
    next: str | None
    bybit_pnl: Money | None
    note: NoteOut | None


@router.get("/journal/days/{day}", operation_id="get_day", response={200: DayDetail, **ERRORS})
def get_day(
    request: HttpRequest, day: Day, account: AccountQuery, limit: Limit = 50, cursor: str | None = None
) -> HttpResponse:
    """One day of the journal, with the fills, fees and funding it is made of."""
    row = _account(request, account)
    start, end = _moments(day, day, row)
    found = selectors.fills(
        request.user.pk or 0, symbol=None, account=row.pk, limit=limit, cursor=cursor, start=start, end=end
    )
    first, last = figures.span_ms(start, end)
    closed = figures.closed_pnl([row.pk], symbol=None, start_ms=first, end_ms=last - 1, before=None)
    return _json(
        DayDetail(
            day=day,
            time_zone=row.time_zone,
            figures=figures.figures(row.pk, "day", start=day, end=day, symbol=None, before=None, limit=1),
            items=[FillOut.of(fill) for fill in found.rows],
            next=found.next,
            bybit_pnl=figures.total_pnl(closed),
            note=notes.find(row.pk, "day", day.isoformat()),
        )
    )


def _moments(start: date, end: date, account: Account) -> tuple[datetime, datetime]:
    """From the beginning of a day of the owner's to the end of another."""
    zone = ZoneInfo(account.time_zone)
    return (
        datetime.combine(start, time(), zone).astimezone(UTC),
        datetime.combine(end + timedelta(days=1), time(), zone).astimezone(UTC),
    )


@router.get("/journal/curve", operation_id="get_curve", response={200: Curve, **ERRORS})
def get_curve(
    request: HttpRequest, account: AccountQuery, start: Day | None = None, end: Day | None = None
) -> HttpResponse:
    """The equity curve: what each day brought and all days up to it, Bybit's balances at each day's end, and the
    account's equity hour by hour."""
    row = _account(request, account)
    last = end or datetime.now(ZoneInfo(row.time_zone)).date()
    first = start or last - timedelta(days=90)
    if first > last or last - first > LONGEST_CURVE:
        raise TradeError("invalid", f"start lies before end, at most {LONGEST_CURVE.days} days.")
    since, until = _moments(first, last, row)
    return _json(
        Curve(
            time_zone=row.time_zone,
            days=figures.curve(row.pk, first, last),
            equity=figures.equity(row.pk, since, until),
        )
    )


@router.get("/journal/progress", operation_id="list_progress", response={200: ProgressList, **ERRORS})
def list_progress(request: HttpRequest) -> HttpResponse:
    """How much of the past that Bybit still has is in the record."""
    items = []
    for account_id in _accounts(request, None):
        found = backfill.progress(account_id)
        if found is not None:
            items.append(ProgressOut(account=account_id, since=record_since(account_id), **found))
    return _json(ProgressList(items=items, next=None))


@router.get("/holdings", operation_id="list_holdings", response={200: HoldingList, **ERRORS})
def list_holdings(request: HttpRequest, account: AccountQuery) -> HttpResponse:
    """Spot holdings: Bybit's balances, and what our spot fills add up to beside."""
    row = _account(request, account)
    return _json(HoldingList(items=figures.holdings(row.pk, row.environment), next=None))


class NoteIn(Schema):
    model_config = ConfigDict(extra="forbid")

    account: Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,40}$")]
    kind: Literal["trip", "day", "order"]
    key: Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[-A-Za-z0-9:_.]+$")]
    text: Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00]*$")] = ""
    tags: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00,]*$")]], Field(max_length=20)
    ] = []


@router.put("/journal/notes", operation_id="put_note", response={200: NoteOut, **ERRORS})
def put_note(request: HttpRequest, body: NoteIn) -> HttpResponse:
    """Writes a note and tags on a trip (by the execId of its first fill), a day or an order; empty ones remove it."""
    row = _account(request, body.account)
    return _json(notes.write(row.pk, body.kind, body.key, body.text, body.tags))


@router.get("/journal/notes", operation_id="list_notes", response={200: NoteList, **ERRORS})
def list_notes(
    request: HttpRequest, account: AccountQuery, kind: Literal["trip", "day", "order"] | None = None
) -> HttpResponse:
    """All notes of an account, newest first."""
    return _json(NoteList(items=notes.all_of(_account(request, account).pk, kind), next=None))


class ZoneIn(Schema):
    model_config = ConfigDict(extra="forbid")

    account: Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,40}$")]
    time_zone: Annotated[str, Field(max_length=60)]

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is no time zone's name, like Europe/Berlin")
        return value


class ZoneOut(Schema):
    account: str
    time_zone: str


@router.put("/journal/time-zone", operation_id="set_time_zone", response={200: ZoneOut, **ERRORS})
def set_time_zone(request: HttpRequest, body: ZoneIn) -> ZoneOut:
    """Whose midnight ends a day of the journal. All day figures are added up anew."""
    row = _account(request, body.account)
    journal.change_zone(row, body.time_zone)
    return ZoneOut(account=row.pk, time_zone=body.time_zone)


@router.get(
    "/closed-pnl",
    operation_id="list_closed_pnl",
    response={200: ClosedPnlList, **ERRORS},
    openapi_extra=export.FILE,
)
def list_closed_pnl(
    request: HttpRequest,
    account: AccountQuery | None = None,
    symbol: SymbolQuery = None,
    limit: Limit = 50,
    cursor: str | None = None,
    format: export.Form = "json",  # the contract's name
) -> Any:
    """Bybit's own record of what was closed, newest first; `format=csv` gives all of it as a file."""
    accounts = _accounts(request, account)
    if format == "csv":
        return export.download("closed_pnl", "csv", accounts, None, None)
    before = selectors.whole_cursor(cursor)
    found = figures.closed_pnl(accounts, symbol=symbol, start_ms=None, end_ms=None, before=before)
    rows = list(found[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    items = [ClosedPnlOut.of(row) for row in rows[:limit]]
    return _json(ClosedPnlList(items=items, next=_cursor([last.updated_ms, last.pk] if last else None)))


class ExportOut(Schema):
    """An export as JSON: one object a row, by the names of the columns."""

    kind: str
    items: list[dict[str, Any]]


@router.get(
    "/journal/export",
    operation_id="export_journal",
    response={200: ExportOut, **ERRORS},
    openapi_extra=export.FILE,
)
def export_journal(
    request: HttpRequest,
    kind: export.Kind,
    account: AccountQuery | None = None,
    format: export.Form = "csv",  # as /executions and /closed-pnl name it
    start: Day | None = None,
    end: Day | None = None,
) -> Any:
    """All of one part of the record, oldest first, as CSV or JSON. Days (`start` to `end`, both included) are UTC's."""
    return export.download(kind, format, _accounts(request, account), start, end)
