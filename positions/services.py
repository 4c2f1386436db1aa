"""Takes in what Bybit says of positions and the wallet, and what our fills add up to. Runs inside the caller's
transaction and returns changes; `orders.services` commits and announces them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bybit import rows
from bybit.decimals import to_wire
from bybit.types import PositionReport, WalletReport
from positions.book import Book, Trade, step
from positions.models import Position, Wallet
from positions.schemas import PositionOut, WalletOut

ZERO = Decimal(0)
Place = tuple[str, str, int]
_FACTS = ("side", "size", "entry_price", "liq_price", "leverage", "take_profit", "stop_loss", "trailing_stop")
# Change with every tick: shown from live prices, so they make no event of their own.
_VOLATILE = ("mark_price", "unrealised_pnl", "margin")
_OURS = ("ours_size", "ours_entry", "ours_realised", "ours_fees", "ours_last_ms", "ours_last_exec")


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
    exec_id: str


def position_id(account_id: str, category: str, symbol: str, position_idx: int) -> str:
    return f"{account_id}:{category}:{symbol}:{position_idx}"


def _locked(account_id: str, category: str, symbol: str, position_idx: int) -> Position:
    key = position_id(account_id, category, symbol, position_idx)
    found = rows.locked(Position, "id = %s", [key])
    if not found:
        new = Position(
            pk=key, account_id=account_id, category=category, symbol=symbol, position_idx=position_idx
        )
        rows.insert(new)
        found = rows.locked(Position, "id = %s", [key])
    return found[0]


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
        values = dict.fromkeys(values) | {"side": "", "size": ZERO, "leverage": report.leverage}
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
    *, account_id: str, place: Place, booked: Sequence[Booked], history: Callable[[], Iterable[Booked]]
) -> Change:
    """Adds new fills of one position (category, symbol, index), oldest first, to our own sum. `history()` gives all its
    fills in time order, the new ones included; it is asked only when a new one is not the latest."""
    row = _locked(account_id, *place)
    if (booked[0].exec_ms, booked[0].exec_id) <= (row.ours_last_ms, row.ours_last_exec):
        return _fold(row, history())
    book = Book(row.ours_size, row.ours_entry, row.ours_realised, row.ours_fees)
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
    row.ours_realised, row.ours_fees = book.realised, book.fees
    row.ours_last_ms, row.ours_last_exec = (last.exec_ms, last.exec_id) if last else (0, "")


def _locked_wallet(account_id: str) -> Wallet:
    found = rows.locked(Wallet, "account_id = %s", [account_id])
    if not found:
        rows.insert(Wallet(account_id=account_id))
        found = rows.locked(Wallet, "account_id = %s", [account_id])
    return found[0]


def apply_wallet(account_id: str, report: WalletReport, *, partial: bool) -> Change | None:
    """Bybit's view of the wallet. A socket message may name only some coins (`partial`): the others stay."""
    row = _locked_wallet(account_id)
    coins = {coin["coin"]: coin for coin in row.coins} if partial else {}
    for coin in report.coins:
        coins[coin.coin] = {
            "coin": coin.coin,
            "equity": _text(coin.equity),
            "wallet_balance": _text(coin.wallet_balance),
            "available": _text(coin.available),
        }
    after = (report.total_equity, report.available, [coins[name] for name in sorted(coins)])
    if (row.total_equity, row.available, row.coins) == after:
        return None
    row.total_equity, row.available, row.coins = after
    row.version += 1
    rows.update(row, ("total_equity", "available", "coins", "version", "updated_at"))
    return Change("wallet", account_id, row.version, WalletOut.of(row).model_dump_json())


def _text(value: Decimal | None) -> str | None:
    return None if value is None else to_wire(value)
