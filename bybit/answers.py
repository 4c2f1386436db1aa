"""What stands in Bybit's answers: results, lists, pages, the legs of a batch. Whatever cannot be read is Unknown."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from bybit import parse
from bybit.errors import Unknown
from bybit.types import Answer, Page

T = TypeVar("T")
Json = dict[str, Any]


def result(answer: Json) -> Json:
    """The `result` object."""
    found = answer.get("result")
    if not isinstance(found, dict):
        raise Unknown("Bybit's answer has no result", "unreadable")
    return found


def rows(answer: Json) -> list[Json]:
    """The rows of `result.list`."""
    found = result(answer).get("list")
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Unknown("Bybit's answer has no list", "unreadable")
    return found


def page(answer: Json, parse_row: Callable[..., T], *args: Any) -> Page[T]:
    """One page of typed rows. A row that cannot be read makes the whole page unreadable: half of it proves nothing."""
    found = rows(answer)
    cursor = result(answer).get("nextPageCursor")
    try:
        items = tuple(parse_row(row, *args) for row in found)
    except parse.Malformed as error:
        raise Unknown(f"A row of Bybit's could not be read: {error}", "malformed") from None
    return Page(items, cursor if isinstance(cursor, str) and found else "")


def answer_of(row: Json, told: Any) -> Answer:
    """One leg of a batch: its row in `result.list` and what `retExtInfo.list` says of it."""
    code = told.get("code") if isinstance(told, dict) else None
    order_id = row.get("orderId")
    if code == 0 and (not isinstance(order_id, str) or not order_id):
        code = "unreadable"
    message = str(told.get("msg") or "") if isinstance(told, dict) else ""
    return Answer(order_id if code == 0 and isinstance(order_id, str) else "", str(code), message)


def every(read: Callable[..., Page[T]], **params: Any) -> Iterator[tuple[T, ...]]:
    """The items of each page of a list, until the cursor ends or repeats. Raises BybitError when any page fails: half
    a list proves no absence."""
    cursor = ""
    while True:
        found = read(cursor=cursor, **params)
        yield found.items
        if not found.cursor or found.cursor == cursor:
            return
        cursor = found.cursor
