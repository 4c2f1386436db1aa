"""Single fields of Bybit's rows. Pure. Nothing is guessed: what is not as documented is Malformed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bybit.decimals import from_wire

Row = Mapping[str, Any]


class Malformed(ValueError):
    """A row lacks a field or holds a number where Bybit writes text. It is kept as evidence, never guessed at."""


def text(row: Row, name: str, default: str | None = None) -> str:
    """Text. Raises Malformed for anything else."""
    value = row.get(name, default)
    if not isinstance(value, str):
        raise Malformed(f"{name} is not text")
    return value


def maybe(row: Row, name: str) -> Decimal | None:
    """A number, or None where Bybit writes nothing. Raises Malformed."""
    try:
        return from_wire(row.get(name))
    except ValueError as error:
        raise Malformed(f"{name}: {error}") from error


def positive(row: Row, name: str) -> Decimal | None:
    """A number where Bybit writes "0" for "none" (prices of market orders, absent TP and SL)."""
    value = maybe(row, name)
    return value if value else None


def number(row: Row, name: str) -> Decimal:
    """A number that must be there. Raises Malformed."""
    value = maybe(row, name)
    if value is None:
        raise Malformed(f"{name} is missing")
    return value


def integer(row: Row, name: str, default: int | None = None) -> int:
    """A whole number, which Bybit writes both ways. Raises Malformed."""
    value = row.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise Malformed(f"{name} is not a whole number")
    try:
        return int(value)
    except ValueError as error:
        raise Malformed(f"{name} is not a whole number") from error


def maybe_integer(row: Row, name: str) -> int | None:
    """A whole number, or None where Bybit writes nothing. Raises Malformed."""
    return None if row.get(name) in (None, "") else integer(row, name)


def flag(row: Row, name: str) -> bool:
    """True or false; absent is false. Raises Malformed."""
    value = row.get(name, False)
    if not isinstance(value, bool):
        raise Malformed(f"{name} is not true or false")
    return value
