"""Coins of an account: what is there, what orders lock, what a spot order can be paid with."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_DOWN, Decimal
from heapq import merge
from typing import NamedTuple

from .book import Book
from .errors import Refusal, bad_parameter
from .ledger import Ledger
from .model import Moment, Transfer
from .numbers import CENT8, ZERO, down, on_step
from .specs import SETTLE_COIN, SETTLE_COINS

# More than this of a coin is not moved at once.
MOST = Decimal(10) ** 12


class Coin(NamedTuple):
    """A coin of a wallet: balance and what of it is locked (in the coin), and its price in USDT."""

    name: str
    balance: Decimal
    locked: Decimal
    price: Decimal


def coins_of(ledger: Ledger, account: str) -> list[Coin]:
    """The coins that an account holds: USDT, USDC (both also without a balance), then the others."""
    holder = ledger.accounts[account]
    first = [
        Coin(name, holder.purse(name).wallet, ledger.locked(account, name), Decimal(1))
        for name in SETTLE_COINS
    ]
    others = (
        Coin(name, amount, ledger.locked(account, name), ledger.books[f"{name}{SETTLE_COIN}"].quote.index)
        for name, amount in holder.coins.items() if amount
    )  # fmt: skip
    return [*first, *others]


def available(ledger: Ledger, account: str, coin: str) -> Decimal:
    """What a spot order or a transfer may take of a coin; of USDT and USDC no more than positions leave."""
    holder = ledger.accounts[account]
    if coin not in SETTLE_COINS:
        return holder.coins.get(coin, ZERO) - ledger.locked(account, coin)
    free = holder.purse(coin).wallet - ledger.locked(account, coin)
    return max(min(free, ledger.margin(account).available), ZERO)


def transfer(ledger: Ledger, account: str, coin: str, amount: Decimal, now: Moment) -> Transfer:
    """Moves an amount of a coin into the account (above zero) or out of it (below). Refuses with 10001 an unknown
    coin or an amount that is zero, above 10^12 or finer than eight decimals, with 131212 what is not there to go."""
    if coin not in SETTLE_COINS and f"{coin}{SETTLE_COIN}.spot" not in ledger.books:
        raise bad_parameter(f"params error: coin invalid {coin}")
    if not 0 < abs(amount) <= MOST or not on_step(amount, CENT8):
        raise bad_parameter("params error: amount invalid")
    if -amount > available(ledger, account, coin) and amount < 0:
        raise Refusal(131212, "user insufficient balance")
    holder = ledger.accounts[account]
    if coin in SETTLE_COINS:
        holder.purse(coin).deposits += amount
    else:
        holder.coins[coin] = holder.coins.get(coin, ZERO) + amount
    moved = Transfer(ledger.next_id(), account, coin, amount, ledger.next_seq(), now.ms)
    ledger.file_transfer(moved)
    return moved


def start_over(ledger: Ledger, account: str, deposit: Decimal, now: Moment) -> list[Transfer]:
    """Leaves `deposit` in USDT and nothing of any other coin, but for what is finer than eight decimals. What comes in
    comes first, so that no debt of one coin holds up what goes out of another. For an account with nothing open."""
    holder = ledger.accounts[account]
    held = {**holder.coins, **{coin: holder.purse(coin).wallet for coin in SETTLE_COINS}}
    wanted = {coin: (deposit if coin == SETTLE_COIN else ZERO) - amount for coin, amount in held.items()}
    steps = {coin: amount.quantize(CENT8, rounding=ROUND_DOWN) for coin, amount in wanted.items()}
    due = sorted((item for item in steps.items() if item[1]), key=lambda item: item[1] < 0)
    return [transfer(ledger, account, coin, amount, now) for coin, amount in due]


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
