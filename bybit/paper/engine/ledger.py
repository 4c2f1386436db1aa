"""Everything the exchange knows, with the indexes that make it quick to ask. The books of record."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from hashlib import blake2b
from uuid import UUID

from .book import Book
from .closing import ClosedPnl
from .errors import Refusal, bad_parameter
from .margin import Holding, Margin, OpenSums, margin_of
from .model import Account, Events, Execution, Order, Position, PositionKey, Transfer
from .numbers import ZERO
from .specs import SETTLE_COIN

DEFAULT_LEVERAGE = Decimal(10)
# GET /v5/order/realtime remembers this many closed orders of an account in each category.
RECENT_CLOSED = 500


class Ledger:
    """The state of one exchange. `instance` makes its ids different from those of any other exchange."""

    def __init__(self, instance: str, books: dict[str, Book]) -> None:
        self.instance = instance
        self.books = books
        self.accounts: dict[str, Account] = {}
        self.positions: dict[PositionKey, Position] = {}
        self.positions_of: dict[str, list[Position]] = {}
        self.orders: dict[str, Order] = {}
        self.links: dict[tuple[str, str], str] = {}
        self.open_orders: dict[str, dict[str, Order]] = {}
        self.closed_orders: dict[str, list[Order]] = {}
        self.recent_closed: dict[tuple[str, str], deque[Order]] = {}
        self.executions: dict[str, list[Execution]] = {}
        self.order_executions: dict[str, list[Execution]] = {}
        self.closed_pnl: dict[str, dict[str, ClosedPnl]] = {}
        self.transfers: dict[str, list[Transfer]] = {}
        self.locks: dict[tuple[str, str], Decimal] = {}
        self.sums: dict[tuple[PositionKey, str], OpenSums] = {}
        self.reducing: dict[PositionKey, dict[str, Order]] = {}
        self.waiting: dict[str, dict[str, Order]] = {}
        self.protections: dict[PositionKey, dict[str, Order]] = {}
        self.serial = 0
        self.seq = 88_000_000_000
        self.events = Events()

    def drain(self) -> Events:
        """Hands over what has changed since the last call."""
        events, self.events = self.events, Events()
        return events

    def next_id(self) -> str:
        """A new id in the shape of a UUID: a function of the instance and a counter."""
        self.serial += 1
        digest = blake2b(f"{self.instance}:{self.serial}".encode(), digest_size=16).digest()
        return str(UUID(bytes=digest, version=4))

    def next_number(self) -> str:
        """A new id in the shape of spot: nineteen digits."""
        self.serial += 1
        digest = blake2b(f"{self.instance}:{self.serial}".encode(), digest_size=8).digest()
        return str(10**18 + int.from_bytes(digest, "big") % (9 * 10**18))

    def next_seq(self) -> int:
        """The next cross sequence."""
        self.seq += 1
        return self.seq

    # Accounts and positions

    def open_account(self, account: str, deposit: Decimal, at_ms: int) -> Account:
        """The account of that id; a new one starts with the deposit (USDT)."""
        if account not in self.accounts:
            uid = 10_000_001 + len(self.accounts)
            self.accounts[account] = Account(id=account, uid=uid, deposits=deposit, created_ms=at_ms)
            self.events.accounts[account] = None
        return self.accounts[account]

    def position(self, account: str, symbol: str, idx: int = 0) -> Position:
        """A position of an account; flat, at the leverage of the symbol's other legs, until something happens."""
        key = (account, symbol, idx)
        if key not in self.positions:
            legs = [held for held in self.positions_of.get(account, ()) if held.symbol == symbol]
            self.adopt(Position(account, symbol, legs[0].leverage if legs else DEFAULT_LEVERAGE, idx=idx))
        return self.positions[key]

    def adopt(self, position: Position) -> None:
        """Makes a position known."""
        self.positions[(position.account, position.symbol, position.idx)] = position
        self.positions_of.setdefault(position.account, []).append(position)

    def is_hedged(self, account: str, symbol: str) -> bool:
        """Whether the account trades the symbol in hedge mode."""
        return self.accounts[account].hedged(symbol, self.books[symbol].spec.settle_coin)

    def legs(self, account: str, symbol: str) -> list[Holding]:
        """The position of one-way mode, or both legs of hedge mode."""
        numbers = (1, 2) if self.is_hedged(account, symbol) else (0,)
        return [self.holding(account, symbol, idx) for idx in numbers]

    def holding(self, account: str, symbol: str, idx: int = 0) -> Holding:
        """A position with the prices and orders that its margin depends on."""
        key = (account, symbol, idx)
        return Holding(
            self.position(account, symbol, idx),
            self.books[symbol].spec,
            self.books[symbol].quote.mark,
            self.open_sums(key, "Buy"),
            self.open_sums(key, "Sell"),
        )

    def holdings(self, account: str) -> list[Holding]:
        """All positions that the account has or ever had or has orders for."""
        return [self.holding(account, held.symbol, held.idx) for held in self.positions_of.get(account, ())]

    def margin(self, account: str) -> Margin:
        """The account's totals at the present mark prices."""
        return margin_of(self.accounts[account], self.holdings(account), self.locked(account, SETTLE_COIN))

    def open_sums(self, place: PositionKey, side: str) -> OpenSums:
        """The running totals of the orders that may add to a position."""
        key = (place, side)
        found = self.sums.get(key)
        if found is None:
            found = self.sums[key] = OpenSums()
        return found

    # Orders

    def register(self, order: Order) -> None:
        """Makes a new order known, with its orderLinkId taken for ever."""
        self.orders[order.order_id] = order
        if order.link_id:
            self.links[(order.account, order.link_id)] = order.order_id

    def rest(self, order: Order) -> None:
        """Puts an open order into the book and counts its margin."""
        self.books[order.symbol].add(order)
        self.open_orders.setdefault(order.account, {})[order.order_id] = order
        self.count(order, 1)
        if order.reduce_only:
            self.reducing.setdefault(order.place, {})[order.order_id] = order
        self.events.books.add(order.symbol)

    def unrest(self, order: Order) -> None:
        """Takes an order out of the book, while its quantities are still those it was counted with."""
        self.books[order.symbol].remove(order)
        self.open_orders.get(order.account, {}).pop(order.order_id, None)
        self.count(order, -1)
        if order.reduce_only:
            self.reducing.get(order.place, {}).pop(order.order_id, None)
        self.events.books.add(order.symbol)

    def wait(self, order: Order) -> None:
        """Lets a conditional order wait for its trigger; only spot's tpslOrder binds something."""
        self.open_orders.setdefault(order.account, {})[order.order_id] = order
        self.waiting.setdefault(order.symbol, {})[order.order_id] = order
        if order.stop_type == "tpslOrder":
            self.lock(order, 1)
        elif order.stop_type != "Stop":
            self.protections.setdefault(order.place, {})[order.order_id] = order

    def unwait(self, order: Order) -> None:
        """Ends the waiting of a conditional order."""
        self.open_orders.get(order.account, {}).pop(order.order_id, None)
        self.waiting.get(order.symbol, {}).pop(order.order_id, None)
        self.protections.get(order.place, {}).pop(order.order_id, None)
        if order.stop_type == "tpslOrder":
            self.lock(order, -1)

    def protecting(self, place: PositionKey) -> Iterable[Order]:
        """The take-profits, stop-losses and trailing stops that wait for a position."""
        return self.protections.get(place, {}).values()

    def count(self, order: Order, sign: int) -> None:
        """Adds (1) or takes away (-1) what the order may add to a position, or the coins it may spend."""
        if order.is_spot:
            self.lock(order, sign)
        elif not order.reduce_only:
            sums = self.open_sums(order.place, order.side)
            sums.qty += sign * order.leaves
            sums.value += sign * order.leaves * order.price

    def lock(self, order: Order, sign: int) -> None:
        """Locks (1) or frees (-1) the coins of an open spot order."""
        coin, amount = order.spot_need(self.books[order.symbol].spec.base_coin)
        key = (order.account, coin)
        self.locks[key] = self.locks.get(key, ZERO) + sign * amount

    def locked(self, account: str, coin: str) -> Decimal:
        """What spot orders lock of a coin."""
        return self.locks.get((account, coin), ZERO)

    def close(self, order: Order, at_ms: int) -> None:
        """Files a final order."""
        order.updated_ms = at_ms
        self.closed_orders.setdefault(order.account, []).append(order)
        recent = self.recent_closed.setdefault((order.account, order.category), deque(maxlen=RECENT_CLOSED))
        recent.append(order)

    def record(self, execution: Execution) -> None:
        """Files a fill, and notes it for the execution topic."""
        self.executions.setdefault(execution.account, []).append(execution)
        self.order_executions.setdefault(execution.order_id, []).append(execution)
        self.events.executions.append(execution)

    def file_transfer(self, transfer: Transfer) -> None:
        """Files coins that came or went, and notes them for the wallet topic."""
        self.transfers.setdefault(transfer.account, []).append(transfer)
        self.events.transfers.append(transfer)
        self.events.accounts[transfer.account] = None

    def report(self, order: Order) -> None:
        """Notes the order's present state for the order topic, and that position and wallet are to follow."""
        self.events.orders.append(order.snapshot())
        self.touch(order.place)

    def touch(self, place: PositionKey) -> None:
        """Notes that the position (spot has none) and the wallet are to be pushed and stored."""
        if not self.books[place[1]].spec.is_spot:
            self.events.positions[place] = None
        self.events.accounts[place[0]] = None

    def find(self, account: str, symbol: str | None, order_id: str, link_id: str) -> Order | None:
        """An order by id (which wins) or orderLinkId; None when the account has none such in the symbol."""
        key = order_id or self.links.get((account, link_id), "")
        order = self.orders.get(key)
        if order is None or order.account != account or (symbol is not None and order.symbol != symbol):
            return None
        return order

    def symbol_book(self, symbol: str) -> Book:
        """The book of a symbol. Refuses with 10001 when there is no such symbol."""
        if symbol not in self.books:
            raise bad_parameter("params error: symbol invalid " + symbol)
        return self.books[symbol]

    def account(self, account: str) -> Account:
        """The account of that id. Refuses with 10001 when there is none."""
        if account not in self.accounts:
            raise Refusal(10001, "account not found")
        return self.accounts[account]
