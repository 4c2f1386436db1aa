"""How much to buy or sell: by size, by value, by a part of what is available, or by what may be lost at the stop.
Always rounded down to the market's step: what a person agreed to lose or spend is never exceeded. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bybit.decimals import EXACT, round_down, to_wire
from orders.errors import RuleBroken

By = Literal["base", "quote", "percent", "risk", "risk_percent"]
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a size is reckoned from. Prices in the quote coin, amounts in the settle coin; `leverage` 1 is spot's.
    `fee_rate` is the taker's, a fraction of the value. None is unknown."""

    price: Decimal
    step: Decimal
    fee_rate: Decimal
    leverage: Decimal | None
    available: Decimal | None
    equity: Decimal | None
    stop_loss: Decimal | None
    side: str


def size(by: By, amount: Decimal, basis: Basis) -> Decimal:
    """The size in the base coin. Raises RuleBroken `sizing` when what it needs is not known, `below_min` when
    nothing is left after rounding down."""
    exact = {
        "base": lambda: amount,
        "quote": lambda: EXACT.divide(amount, basis.price),
        "percent": lambda: _of_available(amount, basis),
        "risk": lambda: _of_risk(amount, basis),
        "risk_percent": lambda: _of_risk(_part(_known(basis.equity, "The account's equity"), amount), basis),
    }[by]()
    found = round_down(exact, basis.step) if exact > 0 else Decimal(0)
    if found <= 0:
        raise RuleBroken(
            "below_min",
            f"That comes to less than one step of {to_wire(basis.step)}. Nothing was sent. Choose a larger size.",
        )
    return found


def _of_available(percent: Decimal, basis: Basis) -> Decimal:
    """What margin and both fees of it leave within a part of what is available."""
    if percent > HUNDRED:
        raise RuleBroken("sizing", "A part of what is available is at most 100 %. Nothing was sent.")
    available = _known(basis.available, "What is available")
    leverage = _known(basis.leverage, "The leverage of this market")
    one = EXACT.divide(basis.price, leverage) + 2 * basis.fee_rate * basis.price
    return EXACT.divide(_part(available, percent), one)


def _of_risk(money: Decimal, basis: Basis) -> Decimal:
    """So much that price and fees of both sides lose this much at the stop."""
    stop = basis.stop_loss
    if stop is None:
        raise RuleBroken("sizing", "A size by risk needs a stop_loss. Nothing was sent.")
    away = basis.price - stop if basis.side == "Buy" else stop - basis.price
    if away <= 0:
        raise RuleBroken("sizing", "The stop-loss lies on the wrong side of the entry. Nothing was sent.")
    return EXACT.divide(money, away + basis.fee_rate * (basis.price + stop))


def _part(whole: Decimal, percent: Decimal) -> Decimal:
    return EXACT.divide(EXACT.multiply(whole, percent), HUNDRED)


def _known(value: Decimal | None, what: str) -> Decimal:
    if value is None or value <= 0:
        raise RuleBroken(
            "sizing", f"{what} is not known, or nothing. Nothing was sent. Give the size itself."
        )
    return value
