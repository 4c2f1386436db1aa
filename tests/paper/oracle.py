"""The books once more, from the executions alone, in fractions: what the exchange booked must be these to the last
digit."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

Row = dict[str, Any]
_CENT8 = Decimal("0.00000001")
_WIDE = Context(prec=120)


def rounded(value: Fraction) -> Decimal:
    """To eight decimals, halves to the even digit."""
    exact = _WIDE.divide(Decimal(value.numerator), Decimal(value.denominator))
    return exact.quantize(_CENT8, ROUND_HALF_EVEN, context=_WIDE)


class Books:
    """One position after another: the exact cost of what is held, and that cost as it is booked."""

    def __init__(self) -> None:
        self.size, self.exact, self.booked = Decimal(0), Fraction(0), Decimal(0)

    def trade(self, side: str, qty: Decimal, price: Decimal) -> tuple[Decimal, Decimal]:
        """A fill; how much of it closed, and the result of that before fees."""
        sign = 1 if side == "Buy" else -1
        held = abs(self.size)
        closed = min(held, qty) if self.size * sign < 0 else Decimal(0)
        pnl = Decimal(0)
        if closed:
            self.exact *= 1 - Fraction(closed) / Fraction(held)
            left = rounded(self.exact)
            pnl = -sign * closed * price - (self.booked - left)
            self.booked = left
        opened = sign * (qty - closed)
        self.exact += Fraction(opened * price)
        self.booked += opened * price
        self.size += sign * qty
        return closed, pnl


def check_truth(truth: Row) -> None:
    """The executions of a truth against its results, its log, its positions and its wallet."""
    books: dict[tuple[str, int], Books] = {}
    realised: dict[str, Decimal] = {}
    paid: dict[str, Decimal] = {}
    funding: dict[str, Decimal] = {}
    by_order: dict[str, Decimal] = {}
    for row in truth["executions"]:
        coin, fee = row["feeCurrency"], Decimal(row["execFee"])
        if row["execType"] == "Funding":
            funding[coin] = funding.get(coin, Decimal(0)) + fee
            continue
        book = books.setdefault((row["symbol"], row["positionIdx"]), Books())
        closed, pnl = book.trade(row["side"], Decimal(row["execQty"]), Decimal(row["execPrice"]))
        assert (Decimal(row["closedSize"]), Decimal(row["execPnl"])) == (closed, pnl), row
        realised[coin] = realised.get(coin, Decimal(0)) + pnl
        paid[coin] = paid.get(coin, Decimal(0)) + fee
        if closed:
            by_order[row["orderId"]] = by_order.get(row["orderId"], Decimal(0)) + pnl
    for row in truth["closedPnl"]:
        gross = Decimal(row["closedPnl"]) + Decimal(row["openFee"]) + Decimal(row["closeFee"])
        assert gross == by_order.pop(row["orderId"])
    assert by_order == {}
    _check_positions(truth, books)
    for coin, figures in truth["funds"].items():
        if "deposits" in figures:
            assert Decimal(figures["realised"]) == realised.get(coin, 0)
            assert Decimal(figures["fees"]) == paid.get(coin, 0)
            assert Decimal(figures["funding"]) == funding.get(coin, 0)
        _check_log(truth, coin, Decimal(figures["wallet"]))


def _check_positions(truth: Row, books: dict[tuple[str, int], Books]) -> None:
    shown = {(row["symbol"], row["positionIdx"]): row for row in truth["positions"]}
    assert set(shown) == {place for place, book in books.items() if book.size}
    for place, row in shown.items():
        book = books[place]
        assert Decimal(row["size"]) == abs(book.size)
        assert Decimal(row["positionValue"]) == abs(book.booked)
        assert Decimal(row["avgPrice"]) == rounded(book.exact / Fraction(book.size))


def _check_log(truth: Row, coin: str, wallet: Decimal) -> None:
    """Each entry of a coin goes on from the one before, down to the wallet."""
    balance = Decimal(0)
    for row in truth["transactions"]:
        if row["currency"] == coin:
            balance += Decimal(row["change"])
            parts = [Decimal(row[name] or 0) for name in ("cashFlow", "funding")]
            assert Decimal(row["change"]) == sum(parts) - Decimal(row["fee"] or 0), row
            assert Decimal(row["cashBalance"]) == balance, row
    assert balance == wallet
    rows = {row["coin"]: row for row in truth["wallet"]["coin"]}
    assert Decimal(rows[coin]["walletBalance"] if coin in rows else 0) == wallet
