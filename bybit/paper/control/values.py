"""Reading the bodies of control calls."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ..engine.book import Book
from ..engine.errors import bad_parameter
from ..engine.numbers import parse
from ..engine.specs import SPECS
from ..rest.call import Params

if TYPE_CHECKING:
    from ..venue import Venue

MAIN_ACCOUNT = "paper"


def known_account(venue: Venue, body: Params) -> str:
    """The account a control call is about; the main one when it names none. Refuses an unknown one."""
    account = str(body.get("account") or MAIN_ACCOUNT)
    venue.ledger.account(account)
    return account


def positive(body: Params, name: str) -> Decimal:
    """A number above zero."""
    value = parse(body.get(name))
    if value is None or value <= 0:
        raise bad_parameter(f"{name} must be a plain number above 0")
    return value


def contract(venue: Venue, symbol: str) -> Book:
    """The book of a contract. Refuses with 10001 what is none."""
    if symbol not in SPECS:
        raise bad_parameter("params error: symbol invalid " + symbol)
    return venue.ledger.books[symbol]
