"""The routes that account for results: closed positions and the log of everything that changed the balance."""

from __future__ import annotations

from typing import Any

from ..engine.closing import ClosedPnl
from ..engine.numbers import CENT8, fixed, plain
from ..engine.specs import SPECS
from ..transactions import Transaction
from .call import Context, Route
from .order_routes import require_category, selected_symbols
from .pages import Place, page
from .windows import window

_DAY_MS = 86_400_000


def closed_pnl(context: Context) -> dict[str, Any]:
    """GET /v5/position/closed-pnl: one row for each order that closed something."""
    require_category(context)
    span, symbols = window(context), selected_symbols(context, required=False)
    records = context.venue.ledger.closed_pnl.get(context.account, {}).values()
    found = [
        record for record in records
        if record.symbol in symbols and span.holds(record.updated_ms)
    ]  # fmt: skip
    limit = context.whole("limit", 50, 1, 100)
    chosen, cursor = page(found, _closed_place, limit, context.text("cursor"))
    return {
        "category": context.text("category"),
        "nextPageCursor": cursor,
        "list": [closed_row(record) for record in chosen],
    }


def _closed_place(record: ClosedPnl) -> Place:
    return record.updated_ms * 1_000_000 + record.serial % 1_000_000, record.order_id


def closed_row(record: ClosedPnl) -> dict[str, Any]:
    """One closed row."""
    spec = SPECS[record.symbol]
    return {
        "symbol": record.symbol, "orderId": record.order_id, "side": record.side,
        "qty": fixed(record.qty, spec.step), "orderPrice": fixed(record.order_price, spec.tick),
        "orderType": record.order_type, "execType": record.exec_type, "closedSize": plain(record.closed),
        "cumEntryValue": plain(record.entry_value),
        "avgEntryPrice": plain((record.entry_value / record.closed).quantize(CENT8)),
        "cumExitValue": plain(record.exit_value),
        "avgExitPrice": plain((record.exit_value / record.closed).quantize(CENT8)),
        "closedPnl": plain(record.pnl.quantize(CENT8)), "fillCount": str(record.fills),
        "leverage": plain(record.leverage), "openFee": plain(record.open_fee.quantize(CENT8)),
        "closeFee": plain(record.close_fee.quantize(CENT8)), "createdTime": str(record.created_ms),
        "updatedTime": str(record.updated_ms),
    }  # fmt: skip


def transaction_log(context: Context) -> dict[str, Any]:
    """GET /v5/account/transaction-log: the last 24 hours, or a window of at most seven days."""
    span = window(context, default_ms=_DAY_MS)
    wanted = {name: context.text(name) for name in ("category", "currency", "type", "transSubType")}
    symbol_base = context.text("baseCoin")
    found = [
        entry for entry in context.venue.transactions.of(context.account)
        if span.holds(entry.at_ms)
        and all(value in ("", entry.row[name]) for name, value in wanted.items())
        and symbol_base in ("", entry.base_coin)
    ]  # fmt: skip
    limit = context.whole("limit", 20, 1, 50)
    chosen, cursor = page(found, _log_place, limit, context.text("cursor"))
    return {"nextPageCursor": cursor, "list": [entry.row for entry in chosen]}


def _log_place(entry: Transaction) -> Place:
    return entry.at_ms * 1_000_000 + entry.number % 1_000_000, str(entry.row["id"])


ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/v5/position/closed-pnl"): Route(closed_pnl),
    ("GET", "/v5/account/transaction-log"): Route(transaction_log, limit=25),
}
