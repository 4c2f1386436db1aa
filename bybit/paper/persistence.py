"""Which parts of the venue are stored, and how they are taken up again."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from .engine.closing import ClosedPnl
from .engine.ledger import Ledger
from .engine.model import Account, Events, Execution, Order, Position, PositionKey, Quote, Transfer
from .engine.numbers import plain
from .keys import ApiKey
from .market.candles import Bar
from .store import Reader, Store, to_text

if TYPE_CHECKING:
    from .venue import Venue


def save(store: Store, ledger: Ledger, events: Events) -> None:
    """Writes what one step changed."""
    with store:
        store.put("accounts", [(name, to_text(ledger.accounts[name])) for name in events.accounts])
        store.put("positions", [(_name(key), to_text(ledger.position(*key))) for key in events.positions])
        # The living order: the last of its reports may tell of a cancel that came too late.
        changed = {order.order_id: ledger.orders[order.order_id] for order in (*events.orders, *events.kept)}
        store.put("orders", [(name, to_text(order)) for name, order in changed.items()])
        store.put("executions", [(row.exec_id, to_text(row)) for row in events.executions])
        closings = [ledger.closed_pnl[account][name] for name, account in events.closings.items()]
        store.put("closed", [(record.order_id, to_text(record)) for record in closings])
        store.put("transfers", [(row.transfer_id, to_text(row)) for row in events.transfers])
        store.put("meta", [_counters(ledger)])
        if events.contracts:
            store.put("meta", [("contracts", json.dumps(_contracts(ledger)))])


# The fields of a contract that a control call may change.
_CHANGEABLE = ("tick", "step", "min_qty", "max_qty", "max_market_qty", "min_notional", "status")


def _contracts(ledger: Ledger) -> dict[str, list[str]]:
    return {
        name: [str(getattr(book.spec, field)) for field in _CHANGEABLE] for name, book in ledger.books.items()
    }


def _restore_contracts(ledger: Ledger, contracts: dict[str, list[str]]) -> None:
    for name, values in contracts.items():
        *numbers, status = values
        fields = {field: Decimal(text) for field, text in zip(_CHANGEABLE, numbers, strict=False)}
        book = ledger.books[name]
        book.spec = replace(book.spec, **fields, status=status)  # type: ignore[arg-type]


def _name(place: PositionKey) -> str:
    account, symbol, idx = place
    return f"{account}:{symbol}:{idx}" if idx else f"{account}:{symbol}"


def _counters(ledger: Ledger) -> tuple[str, str]:
    return "counters", json.dumps([ledger.serial, ledger.seq])


def save_key(store: Store, key: ApiKey) -> None:
    """Writes an API key."""
    with store:
        store.put("keys", [(key.key, to_text(key))])


def save_market(store: Store, venue: Venue, bars: dict[str, Bar]) -> None:
    """Writes the market's place: tick, prices, and the minutes that this step touched."""
    prices = {
        symbol: [
            feed.tick,
            *feed.scale,
            plain(feed.quote.last),
            plain(feed.quote.mark),
            plain(feed.quote.index),
        ]
        for symbol, feed in venue.feeds.items()
    }
    with store:
        store.put("meta", [("market", json.dumps(prices)), _counters(venue.ledger)])
        store.put("bars", [(f"{symbol}:{bar.start_ms}", to_text(bar)) for symbol, bar in bars.items()])


def first_facts(store: Store, facts: dict[str, int | str]) -> dict[str, int | str]:
    """The facts an exchange is born with: the stored ones, or these, which are then stored."""
    stored = dict(store.rows("meta")).get("facts")
    if stored is None:
        with store:
            store.put("meta", [("facts", json.dumps(facts))])
        return facts
    return dict(json.loads(stored))


def restore(store: Store, venue: Venue) -> None:
    """Takes everything up again."""
    ledger = venue.ledger
    _restore_ledger(store, ledger)
    meta = dict(store.rows("meta"))
    _restore_contracts(ledger, json.loads(meta.get("contracts", "{}")))
    ledger.serial, ledger.seq = json.loads(meta.get("counters", f"[0,{ledger.seq}]"))
    market = json.loads(meta.get("market", "{}"))
    for symbol, (tick, above, below, *prices) in market.items():
        last, mark, index = (Decimal(text) for text in prices)
        venue.feeds[symbol].resume(tick, (above, below), Quote(last, mark, index))
    # Contracts that came after the file was written: all symbols move in step.
    for symbol in market and venue.feeds.keys() - market.keys():
        venue.feeds[symbol].resume(next(iter(market.values()))[0], (1, 1))
    keys = Reader(ApiKey)
    for _, text in store.rows("keys"):
        key = keys.read(text)
        venue.keys[key.key] = key
    _restore_bars(store, venue)


def _restore_ledger(store: Store, ledger: Ledger) -> None:
    accounts, positions, orders, executions = (
        Reader(Account),
        Reader(Position),
        Reader(Order),
        Reader(Execution),
    )
    for name, text in store.rows("accounts"):
        ledger.accounts[name] = accounts.read(text)
    for _, text in store.rows("positions"):
        position: Position = positions.read(text)
        # A file from before the exact cost was kept.
        position.exact = position.exact or position.cost
        ledger.adopt(position)
    known: list[Order] = [orders.read(text) for _, text in store.rows("orders")]
    for order in sorted(known, key=lambda order: order.serial):
        ledger.register(order)
    for order in sorted(known, key=_by_end):
        if order.is_waiting:
            ledger.wait(order)
        elif order.is_open:
            ledger.rest(order)
        else:
            ledger.close(order, order.updated_ms)
    for execution in sorted((executions.read(text) for _, text in store.rows("executions")), key=_by_seq):
        ledger.record(execution)
    moves = Reader(Transfer)
    for transfer in sorted((moves.read(text) for _, text in store.rows("transfers")), key=_by_seq):
        ledger.file_transfer(transfer)
    closed = Reader(ClosedPnl)
    for name, text in store.rows("closed"):
        record = closed.read(text)
        ledger.closed_pnl.setdefault(record.account, {})[name] = record
    ledger.drain()


def _by_end(order: Order) -> tuple[int, int]:
    """Open orders as they were made, closed ones as they ended."""
    return (order.created_ms if order.is_open else order.updated_ms, order.serial)


def _by_seq(row: Execution | Transfer) -> int:
    return row.seq


def _restore_bars(store: Store, venue: Venue) -> None:
    bars: dict[str, list[Bar]] = {symbol: [] for symbol in venue.feeds}
    reader = Reader(Bar)
    for name, text in store.rows("bars"):
        bars[name.partition(":")[0]].append(reader.read(text))
    for symbol, minutes in bars.items():
        venue.feeds[symbol].candles.restore(sorted(minutes, key=lambda bar: bar.start_ms))
