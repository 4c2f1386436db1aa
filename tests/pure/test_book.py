"""The fold of fills, against an independent one over exact fractions."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from positions.book import Book, Trade, fold, step

D = Decimal
TINY = Fraction(1, 10**25)


@st.composite
def trades(draw: st.DrawFn) -> Trade:
    return Trade(
        side=draw(st.sampled_from(["Buy", "Sell"])),
        qty=draw(st.decimals("0.001", "5", places=3)),
        price=draw(st.decimals("0.0001", "99999", places=4)),
    )


def exact(history: list[Trade]) -> tuple[Fraction, Fraction, Fraction]:
    """(signed size, average entry, realised), written another way: as a queue of signed unit lots at average cost."""
    size = entry = realised = Fraction(0)
    for trade in history:
        qty = Fraction(trade.qty) * (1 if trade.side == "Buy" else -1)
        price = Fraction(trade.price)
        if size * qty >= 0:
            entry = (size * entry + qty * price) / (size + qty)
            size += qty
            continue
        closing = qty if abs(qty) <= abs(size) else -size
        realised += -closing * (price - entry)
        size += closing
        rest = qty - closing
        if size == 0:
            entry = Fraction(0)
        if rest:
            size, entry = rest, price
    return size, entry, realised


@settings(max_examples=400, deadline=None)
@given(st.lists(trades(), max_size=30))
def test_the_fold_is_exact_through_entries_reductions_and_flips(history: list[Trade]) -> None:
    book = fold(history)
    size, entry, realised = exact(history)
    assert Fraction(book.size) == size
    assert abs(Fraction(book.entry) - entry) < TINY
    assert abs(Fraction(book.realised) - realised) < TINY * 1000


@given(st.lists(trades(), max_size=12), st.integers(0, 12))
def test_folding_on_from_a_kept_book_is_folding_it_all(history: list[Trade], cut: int) -> None:
    assert fold(history[cut:], fold(history[:cut])) == fold(history)


@given(st.lists(trades(), max_size=20))
def test_money_is_conserved(history: list[Trade]) -> None:
    """Realised profit plus the open part at any price equals the cash flow at that price."""
    book, last = fold(history), Fraction(1000)
    cash = sum(
        (Fraction(t.qty) * Fraction(t.price) * (-1 if t.side == "Buy" else 1) for t in history), Fraction(0)
    )
    open_part = Fraction(book.size) * (last - Fraction(book.entry))
    assert abs(cash + Fraction(book.size) * last - Fraction(book.realised) - open_part) < TINY * 10_000


@pytest.mark.parametrize(
    ("history", "size", "entry", "realised"),
    [
        ([("Buy", "1", "100"), ("Buy", "3", "200")], "4", "175", "0"),
        ([("Buy", "4", "175"), ("Sell", "1", "200")], "3", "175", "25"),
        ([("Sell", "2", "100"), ("Buy", "2", "90")], "0", "0", "20"),
        ([("Buy", "1", "100"), ("Sell", "3", "110")], "-2", "110", "10"),
        ([("Sell", "1", "100"), ("Buy", "3", "110")], "2", "110", "-10"),
    ],
)
def test_by_hand(history: list[tuple[str, str, str]], size: str, entry: str, realised: str) -> None:
    book = fold(Trade(side, D(qty), D(price)) for side, qty, price in history)
    assert (book.size, book.entry, book.realised) == (D(size), D(entry), D(realised))


def test_a_position_is_not_the_mean_of_order_prices() -> None:
    book = step(step(Book(), Trade("Buy", D("0.001"), D("60000"))), Trade("Buy", D("0.009"), D("61000")))
    assert book.entry == D("60900")
