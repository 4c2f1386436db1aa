"""Routes of the house itself: health, markets, and the reads of positions and wallet."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from bybit.forms import ErrorOut, Money
from bybit.models import Account, Instrument
from positions.schemas import PositionList, PositionOut, WalletList, WalletOut
from positions.selectors import open_positions, wallets
from webapp import status
from webapp.errors import error_response

health_router = Router(tags=["house"], auth=None)
router = Router(tags=["console"])
ERRORS = dict.fromkeys((401, 403, 404, 422), ErrorOut)


class HealthOut(Schema):
    status: str


@health_router.get("/health", operation_id="health", response=HealthOut)
def health(request: HttpRequest) -> dict[str, str]:
    """This process answers."""
    return {"status": "ok"}


@health_router.get("/ready", operation_id="ready", response={200: HealthOut, 503: ErrorOut})
def ready(request: HttpRequest) -> Any:
    """All parts work: database, Redis, beat with its worker, and the stream process."""
    missing = status.missing_parts()
    if missing:
        return error_response(503, "not_ready", f"Not ready: {', '.join(missing)}.", missing=missing)
    return {"status": "ok"}


def _own(request: HttpRequest) -> list[str]:
    return list(Account.objects.filter(members=request.user.pk).values_list("pk", flat=True))


@router.get("/status", operation_id="get_status", response={200: status.StatusList, **ERRORS})
def get_status(request: HttpRequest) -> status.StatusList:
    """How fresh each account is."""
    return status.StatusList(items=status.of_accounts(_own(request)), next=None)


class InstrumentOut(Schema):
    category: str
    symbol: str
    status: str
    base_coin: str
    quote_coin: str
    tick_size: Money
    qty_step: Money
    min_qty: Money
    max_qty: Money | None
    max_market_qty: Money | None
    min_notional: Money | None
    max_leverage: Money | None
    quote_step: Money | None


class InstrumentList(Schema):
    items: list[InstrumentOut]
    next: str | None


@router.get("/instruments", operation_id="list_instruments", response={200: InstrumentList, **ERRORS})
def list_instruments(
    request: HttpRequest,
    category: Literal["linear", "spot"] = "linear",
    q: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{0,40}$")] = "",
    limit: Annotated[int, Field(ge=1, le=200)] = 200,
    cursor: Annotated[str, Field(pattern=r"^[A-Z0-9]{0,40}$")] = "",
) -> HttpResponse:
    """The markets and their filters, by name. `q` matches part of a symbol."""
    environments = Account.objects.filter(members=request.user.pk).values("environment")
    rows = Instrument.objects.filter(
        environment__in=environments, category=category, symbol__icontains=q, symbol__gt=cursor
    )
    found = list({row.symbol: row for row in rows.order_by("symbol")[: limit + 1]}.values())
    items = [
        InstrumentOut(**{name: getattr(row, name) for name in InstrumentOut.model_fields})
        for row in found[:limit]
    ]
    following = items[-1].symbol if len(found) > limit else None
    body = InstrumentList(items=items, next=following).model_dump_json()
    return HttpResponse(body, content_type="application/json")


@router.get("/positions", operation_id="list_positions", response={200: PositionList, **ERRORS})
def list_positions(request: HttpRequest) -> HttpResponse:
    """Open positions as Bybit shows them, our own sum beside each."""
    items = [PositionOut.of(row) for row in open_positions(_own(request))]
    return HttpResponse(
        PositionList(items=items, next=None).model_dump_json(), content_type="application/json"
    )


@router.get("/wallet", operation_id="list_wallets", response={200: WalletList, **ERRORS})
def list_wallets(request: HttpRequest) -> HttpResponse:
    """The wallet of each account, as Bybit last told it."""
    items = [WalletOut.of(row) for row in wallets(_own(request))]
    return HttpResponse(WalletList(items=items, next=None).model_dump_json(), content_type="application/json")
