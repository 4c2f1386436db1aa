"""Exports of the record as CSV or JSON, page by page: memory stays constant however long the record is. Cells of text
that a spreadsheet would take for a formula are defused; numbers stay numbers."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from asgiref.sync import sync_to_async
from django.db import connection
from django.db.models import Model, Q
from django.http import StreamingHttpResponse

from bybit.decimals import to_wire
from bybit.forms import time_text
from orders.models import Fill, Order
from positions.models import Cash, ClosedPnl, Day, Note, Trip

Kind = Literal["fills", "orders", "trips", "closed_pnl", "cash", "days", "notes"]
Form = Literal["csv", "json"]
PAGE = 2_000
# What a spreadsheet may take for the beginning of a formula.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


@dataclass(frozen=True, slots=True)
class _Table:
    """What is exported of a table: its columns (name shown, attribute), and the two by which its rows are in order."""

    model: type[Model]
    order: tuple[str, str]
    at: str
    columns: tuple[str, ...]


TABLES: dict[str, _Table] = {
    "fills": _Table(
        Fill,
        ("exec_ms", "id"),
        "at",
        (
            *("at", "exec_id", "order_id", "exchange_order_id", "category", "symbol", "position_idx", "side"),
            *("exec_type", "qty", "price", "value", "fee", "fee_currency", "is_maker", "closed_size"),
        ),
    ),
    "orders": _Table(
        Order,
        ("created_at", "id"),
        "created_at",
        (
            *(
                "created_at",
                "id",
                "exchange_order_id",
                "source",
                "category",
                "symbol",
                "position_idx",
                "side",
            ),
            *("order_type", "time_in_force", "qty", "price", "trigger_price", "take_profit", "stop_loss"),
            *("reduce_only", "state", "exchange_status", "cum_exec_qty", "fills_qty", "avg_price", "fee"),
            *("reject_code", "reject_message", "cancel_type", "updated_at", "reject_reason"),
        ),
    ),
    "trips": _Table(
        Trip,
        ("last_ms", "id"),
        "opened_at",
        (
            *("opened_at", "closed_at", "category", "symbol", "position_idx", "side", "fills", "most"),
            *(
                "entered_qty",
                "entered_value",
                "left_qty",
                "left_value",
                "coin",
                "realised",
                "fees",
                "funding",
            ),
            *("uncovered", "other_fees", "first_exec"),
        ),
    ),
    "closed_pnl": _Table(
        ClosedPnl,
        ("updated_ms", "id"),
        "updated_ms",
        (
            *("updated_ms", "category", "symbol", "order_id", "side", "order_type", "exec_type", "qty"),
            *("closed_size", "avg_entry_price", "avg_exit_price", "closed_pnl", "open_fee", "close_fee"),
            *("leverage", "fill_count", "created_ms"),
        ),
    ),
    "cash": _Table(
        Cash,
        ("at_ms", "id"),
        "at",
        (
            *("at", "log_id", "kind", "category", "symbol", "side", "coin", "qty", "price", "cash_flow"),
            *("funding", "fee", "change", "balance", "trade_id", "order_id"),
        ),
    ),
    "days": _Table(
        Day,
        ("day", "id"),
        "day",
        (
            *("day", "category", "symbol", "coin", "realised", "fees", "funding", "volume", "fills", "trips"),
            "wins",
        ),
    ),
    # By what they are about: a trip's first execId, a day, an order.
    "notes": _Table(Note, ("id", "id"), "updated_at", ("kind", "key", "text", "tags", "updated_at")),
}


def rows(kind: Kind, account_ids: list[str], start: Any, end: Any) -> Iterator[list[tuple[Any, ...]]]:
    """Pages of an export, oldest first, from `start` to before `end` (either may be None). Each page is a query of its
    own that goes on after the last row, so that nothing is held between two."""
    table = TABLES[kind]
    first, second = table.order
    after: tuple[Any, Any] | None = None
    while True:
        found = table.model._default_manager.filter(account_id__in=account_ids)
        if start is not None:
            found = found.filter(**{f"{table.at}__gte": start})
        if end is not None:
            found = found.filter(**{f"{table.at}__lt": end})
        if after is not None:
            found = found.filter(
                Q(**{f"{first}__gt": after[0]}) | Q(**{first: after[0], f"{second}__gt": after[1]})
            )
        page = list(
            found.order_by(first, second).values_list("account_id", *table.columns, first, second)[:PAGE]
        )
        if page:
            yield [row[:-2] for row in page]
        if len(page) < PAGE:
            return
        after = page[-1][-2:]


def bounds(kind: Kind, start: date | None, end: date | None) -> tuple[Any, Any]:
    """The days as values of the column by which an export is cut, the end left out."""
    after = None if end is None else end + timedelta(days=1)
    return _bound(kind, start), _bound(kind, after)


def _bound(kind: Kind, day: date | None) -> Any:
    if day is None or kind == "days":
        return day
    moment = datetime.combine(day, time(), UTC)
    return int(moment.timestamp() * 1000) if kind == "closed_pnl" else moment


def cell(value: Any) -> str:
    """A value as a cell of CSV: numbers and times plain, text that looks like a formula behind an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return to_wire(value)
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, (dict, list)):
        value = json.dumps(value, separators=(",", ":"), sort_keys=True)
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(RISKY) else text


def plain(value: Any) -> Any:
    """A value as JSON: money as text, as everywhere."""
    if isinstance(value, Decimal):
        return to_wire(value)
    if isinstance(value, datetime):
        return time_text(value)
    return value if value is None or isinstance(value, (bool, int, str, dict, list)) else str(value)


def csv_text(kind: Kind, pages: Iterator[list[tuple[Any, ...]]]) -> Iterator[str]:
    """The lines of a CSV file, with a heading."""
    yield _csv_lines([["account", *TABLES[kind].columns]])
    for page in pages:
        yield _csv_lines([[cell(value) for value in row] for row in page])


def _csv_lines(lines: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


def json_text(kind: Kind, pages: Iterator[list[tuple[Any, ...]]]) -> Iterator[str]:
    """One JSON document: {"kind", "items": [...]}, written piece by piece."""
    names = ("account", *TABLES[kind].columns)
    yield f'{{"kind":"{kind}","items":['
    comma = ""
    for page in pages:
        items = (
            json.dumps(dict(zip(names, map(plain, row), strict=True)), separators=(",", ":")) for row in page
        )
        yield comma + ",".join(items)
        comma = ","
    yield "]}"


WRITERS: dict[str, Callable[[Kind, Iterator[list[tuple[Any, ...]]]], Iterator[str]]] = {
    "csv": csv_text,
    "json": json_text,
}


async def stream(texts: Iterator[str]) -> AsyncIterator[bytes]:
    """The pieces as a streaming answer sends them. Each is read in a thread, and the connection given back after it."""

    def piece() -> str | None:
        try:
            return next(texts, None)
        finally:
            connection.close()

    while True:
        text = await sync_to_async(piece, thread_sensitive=False)()
        if text is None:
            return
        yield text.encode()


# What the API's document says of an answer that may be a file.
FILE = {"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}}


def download(
    kind: Kind, form: Form, accounts: list[str], start: date | None, end: date | None
) -> StreamingHttpResponse:
    """A streaming answer that a browser keeps as a file."""
    pages = rows(kind, accounts, *bounds(kind, start, end))
    texts = WRITERS[form](kind, pages)
    content = "text/csv; charset=utf-8" if form == "csv" else "application/json"
    answer = StreamingHttpResponse(stream(texts), content_type=content)
    answer["Content-Disposition"] = f'attachment; filename="tradepost-{kind}.{form}"'
    answer["Cache-Control"] = "no-store"
    return answer
