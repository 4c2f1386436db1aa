"""Reading single parameters of a command; each refuses with 10001 what it cannot read."""

from __future__ import annotations

from decimal import Decimal

from ..engine.errors import bad_parameter
from ..engine.numbers import parse
from .call import Context


def one_of(context: Context, name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    """A parameter out of a few texts; `default` when it is not there. Refuses with 10001 any other."""
    value = context.text(name)
    if value == "" and default is not None:
        return default
    if value not in allowed:
        raise bad_parameter(f"params error: {name} invalid")
    return value


def positive(context: Context, name: str, zero: bool = False) -> Decimal:
    """A number above zero, or also zero. Refuses with 10001 anything else."""
    raw = context.params.get(name)
    value = None if isinstance(raw, float) else parse(raw)
    if value is None or value < 0 or (value == 0 and not zero):
        raise bad_parameter(f"params error: {name} invalid")
    return value


def optional(context: Context, name: str) -> Decimal | None:
    """A number from zero on; None when the parameter is not there."""
    return None if context.text(name) == "" else positive(context, name, zero=True)


def flag(context: Context, name: str) -> bool:
    """A yes or no; no when it is not there. Refuses with 10001 anything else."""
    value = context.params.get(name)
    if value in (None, "", False, "false"):
        return False
    if value in (True, "true"):
        return True
    raise bad_parameter(f"params error: {name} invalid")
