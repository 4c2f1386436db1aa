"""Coins of an account: what is there, what orders lock, what a spot order can be paid with."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from heapq import merge
from typing import NamedTuple

from .book import Book
from .ledger import Ledger
from .numbers import ZERO, down
from .specs import SETTLE_COIN


class Coin(NamedTuple):
    """A coin of a wallet: balance and what of it is locked (in the coin), and its price in USDT."""

    name: str
    balance: Decimal
    locked: Decimal
    price: Decimal


def coins_of(ledger: Ledger, account: str) -> list[Coin]:
    """The coins that an account holds, USDT first."""
    holder = ledger.accounts[account]
    first = Coin(SETTLE_COIN, holder.wallet, ledger.locked(account, SETTLE_COIN), Decimal(1))
    others = (
        Coin(name, amount, ledger.locked(account, name), ledger.books[f"{name}{SETTLE_COIN}"].quote.index)
        for name, amount in holder.coins.items() if amount
    )  # fmt: skip
    return [first, *others]


def available(ledger: Ledger, account: str, coin: str) -> Decimal:
    """What a spot order may spend of a coin; of USDT no more than positions leave."""
    holder = ledger.accounts[account]
    if coin != SETTLE_COIN:
        return holder.coins.get(coin, ZERO) - ledger.locked(account, coin)
    free = holder.wallet - ledger.locked(account, coin)
    return max(min(free, ledger.margin(account).available), ZERO)


def offers(book: Book, side: str, limit: Decimal, without: str) -> Iterator[tuple[Decimal, Decimal]]:
    """Price and quantity of what stands on a side, best first, as far as `limit`; users' orders and synthetic
    levels, none of the account `without`."""
    sign = -1 if side == "Buy" else 1
    users = ((order.price, order.leaves) for order in book.resting(side) if order.account != without)
    for price, qty in merge(users, book.synthetic(side), key=lambda level: sign * level[0]):
        if sign * price > sign * limit:
            return
        yield price, qty


def base_for(levels: Iterator[tuple[Decimal, Decimal]], amount: Decimal, step: Decimal) -> Decimal:
    """How much base coin an amount of quote coin comes to at these offers, rounded down to the step at each."""
    total = ZERO
    for price, qty in levels:
        taken = min(qty, down(amount / price, step))
        total += taken
        amount -= taken * price
        if taken < qty:
            break
    return total


def cost_of(levels: Iterator[tuple[Decimal, Decimal]], qty: Decimal) -> Decimal:
    """What a quantity of base coin costs at these offers, as far as they reach."""
    total = ZERO
    for price, there in levels:
        taken = min(there, qty)
        total += taken * price
        qty -= taken
        if not qty:
            break
    return total
