"""Take-profit and stop-loss as asked for: which values they may have, and what an amend makes of them."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from .checks import check_price
from .errors import bad_parameter
from .model import Brackets, Leg
from .numbers import plain
from .specs import Spec


class LegChange(NamedTuple):
    """What is asked of a take-profit or stop-loss: new trigger price (0 removes it), watched price, closing type
    and limit price; None leaves each as it is."""

    price: Decimal | None = None
    by: str | None = None
    order_type: str | None = None
    limit: Decimal | None = None

    def apply(self, leg: Leg) -> Leg:
        """The leg as it will be."""
        if self.price == 0 or (self.price is None and leg.price == 0):
            return Leg()
        return Leg(
            leg.price if self.price is None else self.price,
            self.by or leg.by,
            self.order_type or leg.order_type,
            leg.limit if self.limit is None else self.limit,
        )


NOTHING = LegChange()


def check_brackets(spec: Spec, side: str, brackets: Brackets | None, base: Decimal) -> None:
    """Refuses with 10001 what does not lie beyond `base` on its side, or closes in a way its mode has not."""
    if brackets is None:
        return
    check_leg(spec, side, "TakeProfit", brackets.profit, base)
    check_leg(spec, side, "StopLoss", brackets.loss, base)
    for leg in (brackets.profit, brackets.loss):
        if leg.order_type == "Limit" and brackets.mode != "Partial":
            raise bad_parameter("params error: a limit take-profit or stop-loss needs tpslMode Partial")


def check_leg(spec: Spec, side: str, name: str, leg: Leg, base: Decimal) -> None:
    """Refuses with 10001 a trigger price on the wrong side for a position of that side, and a Limit leg without
    its price."""
    if not leg.price:
        return
    check_price(spec, leg.price)
    if leg.order_type == "Limit":
        check_price(spec, leg.limit)
    above = (side == "Buy") == (name == "TakeProfit")
    if leg.price <= base if above else leg.price >= base:
        word = "higher" if above else "lower"
        raise bad_parameter(
            f"{name}:{plain(leg.price)} set for {side} position should be {word} than "
            f"base_price:{plain(base)}??{leg.by}"
        )


def amended(brackets: Brackets | None, profit: LegChange, loss: LegChange, mode: str) -> Brackets | None:
    """The brackets as they will be; None when nothing of them is left."""
    before = brackets or Brackets(mode or "Full", Leg(), Leg())
    after = Brackets(mode or before.mode, profit.apply(before.profit), loss.apply(before.loss))
    return after if after.profit.price or after.loss.price else None
