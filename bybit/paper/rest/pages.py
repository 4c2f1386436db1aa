"""Pages of a newest-first list. A cursor holds percent-encoded text and must come back as it was given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import nlargest
from typing import TypeVar
from urllib.parse import quote, unquote

from ..engine.errors import bad_parameter

T = TypeVar("T")
Place = tuple[int, str]


def page(items: Iterable[T], place: Callable[[T], Place], limit: int, cursor: str) -> tuple[list[T], str]:
    """Up to `limit` items after the cursor, newest first, and the cursor of what follows ("" at the end)."""
    if cursor:
        after = _read(cursor)
        items = (item for item in items if place(item) < after)
    newest = nlargest(limit + 1, items, key=place)
    chosen = newest[:limit]
    return chosen, _write(place(chosen[-1])) if len(newest) > limit else ""


def _write(place: Place) -> str:
    return quote(f"{place[1]}:{place[0]}", safe="")


def _read(cursor: str) -> Place:
    """Undoes the encoding however often the client's library applied it on the way."""
    text = cursor
    while "%" in text and unquote(text) != text:
        text = unquote(text)
    name, _, number = text.rpartition(":")
    if not name or not (number.isascii() and number.isdigit() and len(number) < 30):
        raise bad_parameter("params error: cursor invalid")
    return int(number), name
