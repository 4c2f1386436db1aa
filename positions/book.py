"""The exact fold of executions into a position: size, average entry, realised profit. Pure.

Average cost: an entry moves the average, a reduction realises against it and leaves it, a flip realises the whole
old side and starts anew at the fill's price.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from bybit.decimals import EXACT

ZERO = Decimal(0)
# The average is the only division; forty places keep its rounding far below any tick.
AVERAGE_PLACES = Decimal(1).scaleb(-40)


@dataclass(frozen=True, slots=True)
class Book:
    """`size` is signed: above zero long, below zero short. `entry` is 0 when flat. `realised` is before fees."""

    size: Decimal = ZERO
    entry: Decimal = ZERO
    realised: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Trade:
    """One execution. `qty` and `price` above zero."""

    side: str
    qty: Decimal
    price: Decimal


def step(book: Book, trade: Trade) -> Book:
    """The book after one more trade."""
    signed = trade.qty if trade.side == "Buy" else -trade.qty
    if book.size == 0 or (book.size > 0) == (signed > 0):
        return _enter(book, signed, trade.price)
    closed = min(abs(signed), abs(book.size))
    book = _reduce(book, closed, trade.price)
    rest = EXACT.subtract(abs(signed), closed)
    return _enter(book, rest if signed > 0 else -rest, trade.price) if rest else book


def _enter(book: Book, signed: Decimal, price: Decimal) -> Book:
    size = EXACT.add(book.size, signed)
    cost = EXACT.add(EXACT.multiply(book.entry, abs(book.size)), EXACT.multiply(price, abs(signed)))
    entry = EXACT.divide(cost, abs(size)).quantize(AVERAGE_PLACES, context=EXACT)
    return replace(book, size=size, entry=entry)


def _reduce(book: Book, closed: Decimal, price: Decimal) -> Book:
    long = book.size > 0
    gain = EXACT.multiply(EXACT.subtract(price, book.entry), closed)
    size = EXACT.subtract(book.size, closed) if long else EXACT.add(book.size, closed)
    return replace(
        book,
        size=size,
        entry=book.entry if size else ZERO,
        realised=EXACT.add(book.realised, gain if long else -gain),
    )


def fold(trades: Iterable[Trade], start: Book | None = None) -> Book:
    """The book after all trades, in their order."""
    book = start or Book()
    for trade in trades:
        book = step(book, trade)
    return book
