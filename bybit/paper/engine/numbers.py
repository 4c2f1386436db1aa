"""Exact decimals: reading them from the wire, rounding to a step, printing them without an exponent."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

ZERO = Decimal(0)
CENT8 = Decimal("0.00000001")
CENT10 = Decimal("0.0000000001")
# The context and the places of what is kept far beyond what is booked.
EXACT = Context(prec=80)
FINE = Decimal(1).scaleb(-40)
_PLAIN = re.compile(r"-?[0-9]{1,24}(\.[0-9]{1,18})?")


def parse(value: object) -> Decimal | None:
    """A plain decimal text (or a JSON number) as Decimal; None when it is anything else."""
    if isinstance(value, bool):
        return None
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if not isinstance(value, (str, int, Decimal)) or not _PLAIN.fullmatch(text):
        return None
    return Decimal(text)


def plain(value: Decimal) -> str:
    """Without exponent and without trailing zeros: 1E+1 is "10", 0.500 is "0.5"."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def fixed(value: Decimal, step: Decimal) -> str:
    """With as many decimals as the step has, as Bybit prints quantities: 0.01 at step 0.001 is "0.010". A value
    from before the step became coarser keeps its own."""
    rounded = value.quantize(step)
    return format(rounded if rounded == value else value, "f")


def on_step(value: Decimal, step: Decimal) -> bool:
    """Whether the value is a whole number of steps."""
    return value % step == 0


def down(value: Decimal, step: Decimal) -> Decimal:
    """The nearest multiple of the step that is not greater."""
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def up(value: Decimal, step: Decimal) -> Decimal:
    """The nearest multiple of the step that is not smaller."""
    return (value / step).to_integral_value(ROUND_CEILING) * step


def money(value: Decimal) -> Decimal:
    """Rounded to the eight decimals in which fees are booked."""
    return value.quantize(CENT8, ROUND_HALF_UP)
