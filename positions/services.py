"""Takes in what Bybit says of positions and the wallet, and what our fills add up to. Runs inside the caller's
transaction and returns changes; `orders.services` commits and announces them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
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
ISOLATED, PORTFOLIO = "ISOLATED_MARGIN", "PORTFOLIO_MARGIN"
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


class Locked:
    """The positions and the wallet of one account that a transaction has locked: each row is read once and written
    once, however much news of it one batch holds."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self._rows: dict[str, Position] = {}
        self._fields: dict[str, set[str]] = {}
        self._told: set[str] = set()
        self._wallet: Wallet | None = None
        self._wallet_fields: tuple[str, ...] = ()

    def wanted(self, symbols: Iterable[str], *, wallet: bool) -> list[rows.Query]:
        """What locks the rows of these markets, and the wallet's, for the caller to send along with a question of its
        own; `take` takes the answers. What was not asked for so is locked when it is first needed."""
        names = sorted(set(symbols))
        about = [rows.Query(Position, _HELD, (self.account_id, names))] if names else []
        return about + ([rows.Query(Wallet, _WALLET, (self.account_id,))] if wallet else [])

    def take(self, found: Iterable[Sequence[Any]]) -> None:
        for row in (row for some in found for row in some):
            if isinstance(row, Wallet):
                self._wallet = row
            else:
                self._rows[row.pk] = row

    def position(self, category: str, symbol: str, position_idx: int) -> Position:
        key = position_id(self.account_id, category, symbol, position_idx)
        if key not in self._rows:
            found = rows.locked(Position, "id = %s", [key])
            self._rows[key] = found[0] if found else self._new(key, category, symbol, position_idx)
        return self._rows[key]

    def _new(self, key: str, category: str, symbol: str, position_idx: int) -> Position:
        row = Position(pk=key, account_id=self.account_id, category=category, symbol=symbol)
        row.position_idx, row.record_since = position_idx, record_since(self.account_id)
        rows.insert(row)
        return rows.locked(Position, "id = %s", [key])[0]

    def wallet(self) -> Wallet:
        if self._wallet is None:
            found = rows.locked(Wallet, _WALLET_ROW, [self.account_id])
            if not found:
                rows.insert(Wallet(account_id=self.account_id))
                found = rows.locked(Wallet, _WALLET_ROW, [self.account_id])
            self._wallet = found[0]
        return self._wallet

    def touch(self, row: Position, fields: Iterable[str], *, told: bool) -> None:
        """These fields of the row have changed; `told` when a page must hear of it."""
        self._fields.setdefault(row.pk, set()).update(fields)
        if told:
            self._told.add(row.pk)

    def touch_wallet(self, fields: Iterable[str]) -> None:
        self._wallet_fields = tuple({*self._wallet_fields, *fields})

    def keep(self) -> list[Change]:
        """Writes what has changed, each row under its next version, and says what the pages must hear of."""
        changes = []
        for key, names in self._fields.items():
            row = self._rows[key]
            fields = tuple(sorted(names))
            if key in self._told:
                changes.append(_save(row, fields))
            else:
                rows.update(row, fields)
        if self._wallet is not None and self._wallet_fields:
            changes.append(_save_wallet(self._wallet, self._wallet_fields))
        self._fields, self._told, self._wallet_fields = {}, set(), ()
        return changes


_HELD = "account_id = %s AND symbol = ANY(%s) ORDER BY id FOR UPDATE"
_WALLET_ROW = "account_id = %s"
_WALLET = f"{_WALLET_ROW} FOR UPDATE"


def record_since(account_id: str) -> datetime | None:
    """From when on the record holds every fill of an account; None before anything was asked."""
    rows_ = list(Coverage.objects.filter(account_id=account_id, kind="executions"))
    starts = [row.floor_ms if row.settled else row.start_ms for row in rows_]
    return datetime.fromtimestamp(max(starts) / 1000, UTC) if starts else None


def tell_since(account_id: str) -> list[Change]:
    """The record reaches further back now. What is open is told anew."""
    since = record_since(account_id)
    locked = Locked(account_id)
    found = rows.locked(Position, "account_id = %s ORDER BY id", [account_id])
    locked.take([found])
    for row in found:
        row.record_since = since
        locked.touch(row, ("record_since",), told=bool(row.size))
    return locked.keep()


def show_held(account_id: str, held: Mapping[Place, Held]) -> list[Change]:
    """What the holdings that are open brought and cost so far, by the journal."""
    locked = Locked(account_id)
    locked.take(rows.find_all(locked.wanted([place[1] for place in held], wallet=False)))
    for place in sorted(held):
        row, now = locked.position(*place), held[place]
        if (row.held_realised, row.held_fees, row.held_funding) != (now.realised, now.fees, now.funding):
            row.held_realised, row.held_fees, row.held_funding = now.realised, now.fees, now.funding
            locked.touch(row, ("held_realised", "held_fees", "held_funding"), told=bool(row.size))
    return locked.keep()


def _save(row: Position, fields: Iterable[str]) -> Change:
    row.version += 1
    rows.update(row, (*fields, "version", "updated_at"))
    return Change("position", row.pk, row.version, PositionOut.of(row).model_dump_json())


def apply_report(locked: Locked, report: PositionReport) -> None:
    """Bybit's view of one position. Only a greater (seq, updatedTime) replaces what is known; a repeat refreshes
    the ticking figures and announces nothing."""
    row = locked.position(report.category, report.symbol, report.position_idx)
    mark, known = (report.seq, report.updated_ms), (row.exchange_seq, row.exchange_ms)
    if mark < known:
        return
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
    told = [getattr(row, name) for name in _FACTS] != before
    locked.touch(row, (*values, "exchange_seq", "exchange_ms"), told=told)


def apply_fills(
    locked: Locked, place: Place, booked: Sequence[Booked], *, history: Callable[[Key], Iterable[Booked]]
) -> None:
    """Adds new fills of one position (category, symbol, index), oldest first, to our own sum. `history(key)` gives its
    fills in time order, the new ones included, from the last moment on at which it was flat before a key; it is asked
    only when a new one is not the latest."""
    row = locked.position(*place)
    if booked[0].key <= (row.ours_last_ms, row.ours_last_seq, row.ours_last_exec):
        _fold(locked, row, history(booked[0].key))
        return
    book = Book(row.ours_size, row.ours_entry)
    for one in booked:
        book = step(book, one.trade)
    _keep(locked, row, book, booked[-1])


def fold_anew(locked: Locked, place: Place, *, history: Iterable[Booked]) -> None:
    """What our fills of one position add up to, from the first one on: after some were moved to another index."""
    _fold(locked, locked.position(*place), history)


def _fold(locked: Locked, row: Position, history: Iterable[Booked]) -> None:
    book, last = Book(), None
    for last in history:
        book = step(book, last.trade)
    _keep(locked, row, book, last)


def _keep(locked: Locked, row: Position, book: Book, last: Booked | None) -> None:
    row.ours_size, row.ours_entry = book.size, book.entry
    row.ours_last_ms, row.ours_last_seq, row.ours_last_exec = last.key if last else (0, -1, "")
    locked.touch(row, _OURS, told=True)


# The account's totals that mean nothing in isolated margin.
_TOTALS = (
    *("available", "wallet_balance", "margin_balance", "unrealised_pnl"),
    *("initial_margin", "maintenance_margin", "im_rate", "mm_rate"),
)


def apply_wallet(locked: Locked, report: WalletReport, *, partial: bool) -> None:
    """Bybit's view of the wallet. A socket message may name only some coins (`partial`): the others stay."""
    row = locked.wallet()
    coins = {coin["coin"]: coin for coin in row.coins} if partial else {}
    for coin in report.coins:
        coins[coin.coin] = coin_row(coin)
    isolated = row.margin_mode == ISOLATED
    after: dict[str, Any] = {name: None if isolated else getattr(report, name) for name in _TOTALS}
    after |= {"total_equity": report.total_equity, "coins": [coins[name] for name in sorted(coins)]}
    _take_wallet(locked, after)


def set_margin_mode(account_id: str, mode: str) -> list[Change]:
    """What Bybit says of the account's margin mode. In isolated margin the account's totals go."""
    locked = Locked(account_id)
    gone = dict.fromkeys(_TOTALS) if mode == ISOLATED else {}
    _take_wallet(locked, {"margin_mode": mode, **gone})
    return locked.keep()


def _take_wallet(locked: Locked, after: dict[str, Any]) -> None:
    row = locked.wallet()
    changed = [name for name, value in after.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, after[name])
    locked.touch_wallet(changed)


def _save_wallet(row: Wallet, fields: Iterable[str]) -> Change:
    row.version += 1
    rows.update(row, (*fields, "version", "updated_at"))
    return Change("wallet", row.account_id, row.version, WalletOut.of(row).model_dump_json())


def coin_row(coin: WalletCoin) -> dict[str, Any]:
    """A coin as the wallet's row keeps it: numbers as text."""
    values = {name: getattr(coin, name) for name in WalletCoin.__dataclass_fields__}
    return {name: to_wire(value) if isinstance(value, Decimal) else value for name, value in values.items()}
