"""Routes of Bybit accounts: the list, and by which owners bring them in and look after their keys. No answer ever holds
a key."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Router, Schema, Status
from pydantic import Field

from bybit.forms import ErrorOut, Time
from bybit.models import Account, KeyCheck
from bybit.regions import NOT_FOR, REGIONS
from orders.services import account_of
from webapp import accounts, status
from webapp.errors import Forbidden
from webapp.security import sessions
from webapp.session_api import Body

router = Router(tags=["accounts"])
ERRORS = dict.fromkeys((401, 403, 404, 409, 413, 415, 422, 503), ErrorOut)
AccountId = Annotated[str, Path(pattern=r"^[-a-zA-Z0-9_]{1,40}$")]
# What Bybit makes keys of. Whatever else is pasted in is a slip, and stays out of every log.
Key = Annotated[str, Field(min_length=8, max_length=80, pattern=r"^[A-Za-z0-9-]+$")]


class AccountOut(Schema):
    id: str
    label: str
    environment: Literal["paper", "testnet", "demo", "live"]
    read_only: bool
    # Why no order goes out; null while they do.
    read_only_reason: str | None
    position_mode: str
    # While set, no order that adds risk goes out.
    paused: status.PauseOut | None


class AccountList(Schema):
    items: list[AccountOut]
    next: str | None


@router.get("/accounts", operation_id="list_accounts", response={200: AccountList, **ERRORS})
def list_accounts(request: HttpRequest) -> Any:
    """The accounts this user may see."""
    return {"items": status.accounts(request.user.pk or 0), "next": None}


class SiteOut(Schema):
    id: str
    name: str
    who: str


class SiteList(Schema):
    """`notice`: whom Bybit does not serve. `address`: this server's own, to bind a key to; null when unknown."""

    items: list[SiteOut]
    next: str | None
    notice: str
    address: str | None


class NewAccountBody(Body):
    id: Annotated[str, Field(pattern=r"^[a-z0-9][-a-z0-9_]{0,39}$")]
    label: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]*$")]
    environment: Literal["paper", "testnet", "demo", "live"]
    region: Literal["global", "eu", "tr", "kz", "ge", "id", "jp"] = "global"
    key: Key
    secret: Key


class KeyBody(Body):
    key: Key
    secret: Key


class LiveBody(Body):
    on: bool


class PauseBody(Body):
    on: bool


class FindingOut(Schema):
    level: str
    code: str
    text: str


class KeyOut(Schema):
    """What Bybit last said of an account's key, and what we think of it. `days_left` counts whole days."""

    account: str
    label: str
    environment: str
    region: str
    read_only: bool
    read_only_reason: str | None
    live: bool
    checked_at: Time | None
    expires_at: Time | None
    permissions: dict[str, list[str]]
    ips: list[str]
    findings: list[FindingOut]


def _shown(account: Account) -> KeyOut:
    found = KeyCheck.objects.filter(pk=account.pk).first()
    facts: dict[str, Any] = found.facts if found else {}
    return KeyOut(
        account=account.pk,
        label=account.label,
        environment=account.environment,
        region=account.region,
        read_only=account.read_only,
        read_only_reason=account.why_read_only() if account.read_only else None,
        live=account.live_since is not None,
        checked_at=found.at if found else None,
        expires_at=account.key_expires_at,
        permissions=facts.get("permissions", {}),
        ips=facts.get("ips", []),
        findings=[FindingOut(**one) for one in found.findings] if found else [],
    )


def _mine(request: HttpRequest, account_id: str) -> Account:
    return account_of(request.user, account_id)  # type: ignore[arg-type]


@router.get("/sites", operation_id="list_sites", response={200: SiteList, **ERRORS})
def list_sites(request: HttpRequest) -> SiteList:
    """Bybit's own sites that an account may be of."""
    items = [SiteOut(id=key, name=region.name, who=region.who) for key, region in REGIONS.items()]
    return SiteList(items=items, next=None, notice=NOT_FOR, address=accounts.own_address() or None)


@router.post("/accounts", operation_id="add_account", response={201: KeyOut, **ERRORS})
def add_account(request: HttpRequest, body: NewAccountBody) -> Any:
    """Brings a Bybit account in: its key is checked with Bybit first, then sealed. A live account trades only after
    it was switched on."""
    row = accounts.add(
        request=request,
        account_id=body.id,
        label=body.label,
        environment=body.environment,
        region=body.region,
        key=body.key,
        secret=body.secret,
    )
    return Status(201, _shown(row))


@router.get("/accounts/{account_id}/key", operation_id="get_key", response={200: KeyOut, **ERRORS})
def get_key(request: HttpRequest, account_id: AccountId) -> KeyOut:
    """What is known of the account's key, without asking Bybit."""
    return _shown(_mine(request, account_id))


@router.post("/accounts/{account_id}/check", operation_id="check_key", response={200: KeyOut, **ERRORS})
def check_key(request: HttpRequest, account_id: AccountId) -> KeyOut:
    """Asks Bybit about the account's key now."""
    row = _mine(request, account_id)
    accounts.check(row)
    return _shown(row)


@router.put("/accounts/{account_id}/key", operation_id="change_key", response={200: KeyOut, **ERRORS})
def change_key(request: HttpRequest, account_id: AccountId, body: KeyBody) -> KeyOut:
    """Puts a new key in the place of the old one. Delete the old one at Bybit afterwards, not before."""
    row = _mine(request, account_id)
    return _shown(accounts.change_key(request=request, account=row, key=body.key, secret=body.secret))


@router.put("/accounts/{account_id}/live", operation_id="switch_live", response={200: KeyOut, **ERRORS})
def switch_live(request: HttpRequest, account_id: AccountId, body: LiveBody) -> KeyOut:
    """Switches a live account's trading on, which asks for a fresh proof, or off, which never does."""
    row = _mine(request, account_id)
    if body.on:
        sessions.require_fresh(request)
    return _shown(accounts.switch(request=request, account=row, on=body.on))


@router.put(
    "/accounts/{account_id}/pause", operation_id="pause_trading", response={200: AccountOut, **ERRORS}
)
def pause_trading(request: HttpRequest, account_id: AccountId, body: PauseBody) -> Any:
    """Pauses an account: every order that adds risk is refused (422 `trading_paused`), whoever asks for it; cancelling,
    closing and stops go on. Anybody who may trade may pause it, by a token too; only a page lets it trade again: what a
    person stopped no script begins anew."""
    if not body.on:
        if not request.auth.by_cookie:  # type: ignore[attr-defined]
            raise Forbidden
        sessions.require_awake(request)
    return status.shown(accounts.pause(request=request, account=_mine(request, account_id), on=body.on))
