"""Routes of the house itself: health, sign-in, accounts, markets, and the reads of positions and wallet."""

from typing import Annotated, Any, Literal

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from ninja import Router, Schema
from pydantic import ConfigDict, Field, model_validator

from bybit.forms import ErrorOut, Money
from bybit.models import Account, Instrument
from positions.schemas import PositionList, PositionOut, WalletList, WalletOut
from positions.selectors import open_positions, wallets
from webapp import status
from webapp.errors import error_response
from webapp.security.callers import CsrfRefused, of_request, rights_of
from webapp.security.models import SignInLink

session_router = Router(tags=["session"], auth=None)
router = Router(tags=["console"])
NO_NUL = r"^[^\x00]*$"
ERRORS = dict.fromkeys((401, 403, 404, 422), ErrorOut)


class HealthOut(Schema):
    status: str


@session_router.get("/health", operation_id="health", response=HealthOut)
def health(request: HttpRequest) -> dict[str, str]:
    """This process answers."""
    return {"status": "ok"}


@session_router.get("/ready", operation_id="ready", response={200: HealthOut, 503: ErrorOut})
def ready(request: HttpRequest) -> Any:
    """All parts work: database, Redis, beat with its worker, and the stream process."""
    missing = status.missing_parts()
    if missing:
        return error_response(503, "not_ready", f"Not ready: {', '.join(missing)}.", missing=missing)
    return {"status": "ok"}


class SessionOut(Schema):
    signed_in: bool
    user: str | None
    rights: list[str]
    csrf: str | None


class SignInBody(Schema):
    model_config = ConfigDict(extra="forbid")

    link: Annotated[str, Field(max_length=100, pattern=NO_NUL)] | None = None
    username: Annotated[str, Field(max_length=150, pattern=NO_NUL)] | None = None
    password: Annotated[str, Field(max_length=200, pattern=NO_NUL)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "SignInBody":
        if (self.link is None) == (self.username is None or self.password is None):
            raise ValueError("send a link, or a username and a password")
        return self


def _session(request: HttpRequest) -> SessionOut:
    user = request.user
    if not user.is_authenticated:
        return SessionOut(signed_in=False, user=None, rights=[], csrf=None)
    return SessionOut(
        signed_in=True, user=user.get_username(), rights=sorted(rights_of(user)), csrf=get_token(request)
    )


@session_router.get("/session", operation_id="get_session", response=SessionOut)
def get_session(request: HttpRequest) -> SessionOut:
    """Who is signed in on this browser."""
    return _session(request)


@session_router.post("/session", operation_id="sign_in", response={200: SessionOut, **ERRORS})
def sign_in(request: HttpRequest, body: SignInBody) -> Any:
    """Signs in by a one-time link, or by name and password."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.get_host()}":
        raise CsrfRefused
    user: Any = None
    if body.link is not None:
        user = SignInLink.use(body.link)
        problem = "This link was used already or is older than 15 minutes. Ask for a new one."
    else:
        user = authenticate(request, username=body.username, password=body.password)
        problem = "Name and password do not fit."
    if user is None:
        return error_response(401, "unauthenticated", problem)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return _session(request)


@session_router.delete("/session", operation_id="sign_out", response={200: SessionOut, **ERRORS})
def sign_out(request: HttpRequest) -> SessionOut:
    """Signs this browser out."""
    caller = of_request(request)
    if caller is not None and caller.by_cookie:
        logout(request)
    return SessionOut(signed_in=False, user=None, rights=[], csrf=None)


def _own(request: HttpRequest) -> list[str]:
    return list(Account.objects.filter(members=request.user.pk).values_list("pk", flat=True))


@router.get("/status", operation_id="get_status", response={200: status.StatusList, **ERRORS})
def get_status(request: HttpRequest) -> status.StatusList:
    """How fresh each account is."""
    return status.StatusList(items=status.of_accounts(_own(request)), next=None)


class AccountOut(Schema):
    id: str
    label: str
    environment: Literal["paper", "testnet", "demo", "live"]
    read_only: bool
    position_mode: str


class AccountList(Schema):
    items: list[AccountOut]
    next: str | None


@router.get("/accounts", operation_id="list_accounts", response={200: AccountList, **ERRORS})
def list_accounts(request: HttpRequest) -> Any:
    """The accounts this user may see."""
    return {"items": status.accounts(request.user.pk or 0), "next": None}


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
