"""The forms of the API shared by all floors: money as text both ways, times in UTC with milliseconds."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Schema
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from bybit.decimals import to_wire

MONEY = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?$"
UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_MONEY = re.compile(MONEY[:-1], re.ASCII)


def _money(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not _MONEY.fullmatch(value):
        raise ValueError('write numbers as text in plain digits, like "0.01"')
    return Decimal(value)


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError("must be above zero")
    return value


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError("must not be below zero")
    return value


def time_text(value: datetime) -> str:
    """`2026-11-22T16:51:52.123Z`."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_money_schema = WithJsonSchema({"type": "string", "pattern": MONEY, "examples": ["0.01"]})

PositiveIn = Annotated[Decimal, BeforeValidator(lambda value: _positive(_money(value))), _money_schema]
AmountIn = Annotated[Decimal, BeforeValidator(lambda value: _not_negative(_money(value))), _money_schema]
Money = Annotated[Decimal, PlainSerializer(to_wire, return_type=str), _money_schema]
Time = Annotated[
    datetime,
    PlainSerializer(time_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-22T16:51:52.123Z"]}),
]


class ErrorBody(Schema):
    code: str
    message: str
    detail: dict[str, Any]


class ErrorOut(Schema):
    """The one shape of every error."""

    error: ErrorBody
