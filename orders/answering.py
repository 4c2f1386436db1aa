"""What the routes of this floor share: who asks, from where, and how an order is answered."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query
from pydantic import Field

from bybit.forms import UUID as UUID_FORM
from bybit.forms import ErrorOut
from orders import selectors, services
from orders.errors import NotFound
from orders.requests import POSITION_ID
from orders.schemas import OrderOut
from orders.tasks import ask_now
from positions.models import Position

Limit = Annotated[int, Field(ge=1, le=200)]
SymbolQuery = Annotated[str | None, Query(pattern=r"^[A-Z0-9]{1,30}$")]
AccountQuery = Annotated[str, Query(pattern=r"^[-a-zA-Z0-9_]{1,40}$")]
OrderId = Annotated[str, Path(pattern=UUID_FORM)]
ERRORS = dict.fromkeys((401, 403, 404, 409, 413, 415, 422, 429, 503), ErrorOut)


def json_answer(body: str, status: int = 200) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json")


def source_of(request: HttpRequest) -> str:
    return "console" if from_browser(request) else "api"


def from_browser(request: HttpRequest) -> bool:
    return bool(getattr(request, "auth", None)) and request.auth.by_cookie  # type: ignore[attr-defined]


def user_of(request: HttpRequest) -> Any:
    return request.user


def asker_of(request: HttpRequest, stamp: str | None = None) -> services.Asker:
    return services.Asker(
        user=user_of(request), source=source_of(request), stamp=stamp, must_see=from_browser(request)
    )


def placed_answer(placed: services.Placed) -> HttpResponse:
    return json_answer(OrderOut.of(placed.order).model_dump_json(), status_of(placed))


def status_of(placed: services.Placed) -> int:
    """201 for what was sent by this call, 200 for what was known, 202 without proof."""
    order = placed.order
    if order.state in ("unknown", "sending", "new"):
        if placed.fresh:
            ask_now(order.account_id)
        return 202 if placed.fresh or order.state != "unknown" else 200
    return 201 if placed.fresh else 200


def position_of(request: HttpRequest, position_id: str) -> Position:
    if POSITION_ID.fullmatch(position_id):
        accounts = selectors.accounts_of(user_of(request).pk)
        position = Position.objects.filter(pk=position_id, account__in=accounts).first()
        if position is not None:
            return position
    raise NotFound("position")
