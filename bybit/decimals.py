"""Decimal in, decimal out: the only place where numbers meet the wire. Pure."""

import re
from decimal import ROUND_DOWN, Context, Decimal, InvalidOperation

# Enough digits for any product of two 36-digit wire numbers: money is never rounded by accident.
EXACT = Context(prec=80)
_WIRE = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_EMPTY = {"", "UNKNOWN", "None"}


def to_wire(value: Decimal) -> str:
    """Plain text of a number: no exponent, no trailing zeros, never "-0" (`0.0000001`, not `1E-7`)."""
    if not value.is_finite():
        raise ValueError("only finite numbers go on the wire")
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def from_wire(value: object) -> Decimal | None:
    """A number as Bybit writes it. `""`, `"UNKNOWN"` and `None` mean "unknown", which is None and never 0.

    Raises ValueError for anything that is not plain decimal text: nothing is guessed.
    """
    if value is None or (isinstance(value, str) and value in _EMPTY):
        return None
    if not isinstance(value, str) or len(value) > 60 or not _WIRE.fullmatch(value):
        raise ValueError("not a decimal text")
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise ValueError("not a decimal text") from error


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """True when value is a whole number of steps. A step of zero or less allows nothing."""
    return step > 0 and EXACT.remainder(value, step) == 0


def round_down(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of step that is not above value (both positive)."""
    steps = EXACT.divide(value, step).to_integral_value(rounding=ROUND_DOWN, context=EXACT)
    return EXACT.multiply(steps, step)
