"""Takes in what Bybit says of positions and the wallet, and what our fills add up to. Runs inside the caller's
transaction and returns changes; `orders.services` commits and announces them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bybit import rows
from bybit.decimals import to_wire
from bybit.types import PositionReport, WalletCoin, WalletReport
from positions.book import Book, Trade, step
from positions.models import Coverage, Position, Wallet
from positions.rounds import Held, Key
from positions.schemas import PositionOut, WalletOut

ZERO = Decimal(0)
ISOLATED = "ISOLATED_MARGIN"
Place = tuple[str, str, int]
_FACTS = (
    *("side", "size", "entry_price", "liq_price", "leverage", "take_profit", "stop_loss", "trailing_stop"),
    *("adl_rank", "position_status", "is_reduce_only", "cum_realised_pnl"),
)
# Change with every tick: shown from live prices, so they make no event of their own.
_VOLATILE = (
    *("mark_price", "unrealised_pnl", "margin", "maintenance_margin", "position_value", "break_even_price"),
    "open_ms",
)
_OURS = (
    *("ours_size", "ours_entry"),
    *("ours_last_ms", "ours_last_seq", "ours_last_exec"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """Something visible that changed: an entry for the event log. `body` is JSON text."""

    kind: str
    key: str
    version: int
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """One fill to fold in, with what sorts it."""

    trade: Trade
    exec_ms: int
    seq: int
    exec_id: str

    @property
    def key(self) -> Key:
        return self.exec_ms, self.seq, self.exec_id


def position_id(account_id: str, category: str, symbol: str, position_idx: int) -> str:
    return f"{account_id}:{category}:{symbol}:{position_idx}"


def _locked(account_id: str, category: str, symbol: str, position_idx: int) -> Position:
    key = position_id(account_id, category, symbol, position_idx)
    found = rows.locked(Position, "id = %s", [key])
    if not found:
        new = Position(
            pk=key,
            account_id=account_id,
            category=category,
            symbol=symbol,
            position_idx=position_idx,
            record_since=record_since(account_id),
        )
        rows.insert(new)
        found = rows.locked(Position, "id = %s", [key])
    return found[0]


def record_since(account_id: str) -> datetime | None:
    """From when on the record holds every fill of an account; None before anything was asked."""
    rows_ = list(Coverage.objects.filter(account_id=account_id, kind="executions"))
    starts = [row.floor_ms if row.settled else row.start_ms for row in rows_]
    return datetime.fromtimestamp(max(starts) / 1000, UTC) if starts else None


def tell_since(account_id: str) -> list[Change]:
    """The record reaches further back now. What is open is told anew."""
    since, changes = record_since(account_id), []
    for key in (
        Position.objects.filter(account_id=account_id).order_by("symbol", "position_idx").values_list("pk")
    ):
        row = rows.locked(Position, "id = %s", list(key))[0]
        row.record_since = since
        change = _save(row, ("record_since",))
        changes += [change] if row.size else []
    return changes


def show_held(account_id: str, place: Place, held: Held) -> list[Change]:
    """What the holding that is open brought and cost so far, by the journal."""
    row = _locked(account_id, *place)
    if (row.held_realised, row.held_fees, row.held_funding) == (held.realised, held.fees, held.funding):
        return []
    row.held_realised, row.held_fees, row.held_funding = held.realised, held.fees, held.funding
    change = _save(row, ("held_realised", "held_fees", "held_funding"))
    return [change] if row.size else []


def _save(row: Position, fields: Iterable[str]) -> Change:
    row.version += 1
    rows.update(row, (*fields, "version", "updated_at"))
    return Change("position", row.pk, row.version, PositionOut.of(row).model_dump_json())


def apply_report(account_id: str, report: PositionReport) -> Change | None:
    """Bybit's view of one position. Only a greater (seq, updatedTime) replaces what is known; a repeat refreshes
    the ticking figures and announces nothing."""
    row = _locked(account_id, report.category, report.symbol, report.position_idx)
    mark, known = (report.seq, report.updated_ms), (row.exchange_seq, row.exchange_ms)
    if mark < known:
        return None
    before = [getattr(row, name) for name in _FACTS]
    values: dict[str, Any] = {name: getattr(report, name) for name in (*_FACTS, *_VOLATILE)}
    if report.size == 0:
        # A flat row keeps its leverage and nothing else: Bybit's leftovers must not be shown as facts.
        kept = {name: values[name] for name in ("leverage", "cum_realised_pnl", "is_reduce_only")}
        values = dict.fromkeys(values) | {"side": "", "size": ZERO, "position_status": ""} | kept
    values["realised_pnl"] = report.cur_realised_pnl
    for name, value in values.items():
        setattr(row, name, value)
    row.exchange_seq, row.exchange_ms = mark
    fields = [*values, "exchange_seq", "exchange_ms"]
    if [getattr(row, name) for name in _FACTS] != before:
        return _save(row, fields)
    rows.update(row, tuple(fields))
    return None


def apply_fills(
    *, account_id: str, place: Place, booked: Sequence[Booked], history: Callable[[Key], Iterable[Booked]]
) -> Change:
    """Adds new fills of one position (category, symbol, index), oldest first, to our own sum. `history(key)` gives its
    fills in time order, the new ones included, from the last moment on at which it was flat before a key; it is asked
    only when a new one is not the latest."""
    row = _locked(account_id, *place)
    if booked[0].key <= (row.ours_last_ms, row.ours_last_seq, row.ours_last_exec):
        return _fold(row, history(booked[0].key))
    book = Book(row.ours_size, row.ours_entry)
    for one in booked:
        book = step(book, one.trade)
    _keep(row, book, booked[-1])
    return _save(row, _OURS)


def fold_anew(*, account_id: str, place: Place, history: Iterable[Booked]) -> Change:
    """What our fills of one position add up to, from the first one on: after some were moved to another index."""
    return _fold(_locked(account_id, *place), history)


def _fold(row: Position, history: Iterable[Booked]) -> Change:
    book, last = Book(), None
    for last in history:
        book = step(book, last.trade)
    _keep(row, book, last)
    return _save(row, _OURS)


def _keep(row: Position, book: Book, last: Booked | None) -> None:
    row.ours_size, row.ours_entry = book.size, book.entry
    row.ours_last_ms, row.ours_last_seq, row.ours_last_exec = last.key if last else (0, -1, "")


def _locked_wallet(account_id: str) -> Wallet:
    found = rows.locked(Wallet, "account_id = %s", [account_id])
    if not found:
        rows.insert(Wallet(account_id=account_id))
        found = rows.locked(Wallet, "account_id = %s", [account_id])
    return found[0]


# The account's totals that mean nothing in isolated margin.
_TOTALS = (
    *("available", "wallet_balance", "margin_balance", "unrealised_pnl"),
    *("initial_margin", "maintenance_margin", "im_rate", "mm_rate"),
)


def apply_wallet(account_id: str, report: WalletReport, *, partial: bool) -> Change | None:
    """Bybit's view of the wallet. A socket message may name only some coins (`partial`): the others stay."""
    row = _locked_wallet(account_id)
    coins = {coin["coin"]: coin for coin in row.coins} if partial else {}
    for coin in report.coins:
        coins[coin.coin] = coin_row(coin)
    isolated = row.margin_mode == ISOLATED
    after: dict[str, Any] = {name: None if isolated else getattr(report, name) for name in _TOTALS}
    after |= {"total_equity": report.total_equity, "coins": [coins[name] for name in sorted(coins)]}
    return _keep_wallet(row, after)


def set_margin_mode(account_id: str, mode: str) -> Change | None:
    """What Bybit says of the account's margin mode. In isolated margin the account's totals go."""
    row = _locked_wallet(account_id)
    gone = dict.fromkeys(_TOTALS) if mode == ISOLATED else {}
    return _keep_wallet(row, {"margin_mode": mode, **gone})


def _keep_wallet(row: Wallet, after: dict[str, Any]) -> Change | None:
    if all(getattr(row, name) == value for name, value in after.items()):
        return None
    for name, value in after.items():
        setattr(row, name, value)
    row.version += 1
    rows.update(row, (*after, "version", "updated_at"))
    return Change("wallet", row.account_id, row.version, WalletOut.of(row).model_dump_json())


def coin_row(coin: WalletCoin) -> dict[str, Any]:
    """A coin as the wallet's row keeps it: numbers as text."""
    values = {name: getattr(coin, name) for name in WalletCoin.__dataclass_fields__}
    return {name: to_wire(value) if isinstance(value, Decimal) else value for name, value in values.items()}
