"""The rights matrix: every route of the API's document, by everybody. What the table grants is answered by the route
itself; everything else is refused, and says why."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from tests.conftest import ROOT
from tests.security.evidence import some_evidence
from tests.security.people import App, Page, code_of, person
from webapp.alerts.models import PushSubscription
from webapp.rights import AUDITED, ENROLLING, FRESH, RECOVERED, REDUCING, RIGHTS, RISKY
from webapp.security.models import Access, ApiToken, Device

pytestmark = pytest.mark.django_db

DOCUMENT = json.loads((ROOT / "frontend" / "openapi.json").read_text())
OPERATIONS = {
    operation["operationId"]: (method.upper(), path.removeprefix("/api/v1"))
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
# Health looks at Redis; signing out is the last thing one does.
LEFT_OUT = {"ready", "sign_out"}
REFUSED = {(401, "unauthenticated"), (403, "forbidden"), (403, "csrf")}
Call = Callable[[str, str], Any]


def test_the_table_knows_every_route_and_nothing_else() -> None:
    assert set(RIGHTS) == set(OPERATIONS)
    assert set(RIGHTS) >= FRESH | RISKY | AUDITED | RECOVERED
    assert REDUCING < RISKY and not RECOVERED & RISKY
    assert ENROLLING < FRESH


@pytest.fixture
def ann() -> Any:
    """An owner with an account, an order, a device and a token: what the others try to get at."""
    user = person()
    some_evidence(timezone.now(), 1)[0].order.account.members.add(user)
    return user


def _paths(ann: Any) -> dict[str, tuple[str, str]]:
    account = ann.bybit_accounts.get()
    order = account.orders.get()
    device = Device.objects.create(user=ann, session_key="x", name="Phone")
    keys = {"endpoint": "https://web.push.apple.com/x", "p256dh": "x", "auth": "x"}
    PushSubscription.objects.create(user=ann, device=device, read_at=timezone.now(), **keys)
    token, _ = ApiToken.make(ann, "read")
    samples = {
        "order_id": str(order.pk),
        "position_id": f"{account.pk}:linear:BTCUSDT:0",
        "account_id": account.pk,
        "category": "linear",
        "symbol": "NOSUCH",
        "device_id": device.pk,
        "token_id": token.pk,
        "factor_id": 999_999,
        "passkey_id": 999_999,
        "push_id": ann.push_subscriptions.get().pk,
        "trip_id": 999_999,
        "day": "2026-11-01",
    }
    return {name: (method, path.format(**samples)) for name, (method, path) in OPERATIONS.items()}


def _refusals(paths: dict[str, tuple[str, str]], call: Call) -> dict[str, tuple[int, str]]:
    """What each operation says to this caller, if it is a refusal of the caller as such."""
    found = {}
    for name, (method, path) in paths.items():
        if name in LEFT_OUT:
            continue
        answer = call(method, path)
        assert answer.status_code < 500 or answer.status_code == 503, (name, answer.content)
        if answer.status_code in (401, 403) and code_of(answer) in REFUSED:
            found[name] = code_of(answer)
    return found


def _closed_to(rights: set[str]) -> set[str]:
    return {name for name, needs in RIGHTS.items() if needs is not None and needs not in rights} - LEFT_OUT


def _page(name: str) -> Page:
    page = Page()
    assert page.sign_in(name).json()["signed_in"]
    return page


def _by_token(user: Any, scope: str) -> Call:
    _, text = ApiToken.make(user, scope)
    return lambda method, path: Page().call(method, path, {}, Authorization=f"Bearer {text}")


BY_PAGE = {
    "owner": {"read", "trade", "manage", "self"},
    "trader": {"read", "trade", "self"},
    "viewer": {"read", "self"},
}


@pytest.mark.parametrize("role", BY_PAGE)
def test_a_page_of_each_role(ann: Any, role: str) -> None:
    person("bob", role)
    page = _page("bob")
    refused = _refusals(_paths(ann), lambda method, path: page.call(method, path, {}))
    assert refused == dict.fromkeys(_closed_to(BY_PAGE[role]), (403, "forbidden"))


@pytest.mark.parametrize(
    ("role", "scope", "rights"),
    [
        ("owner", "trade", {"read", "trade"}),
        ("owner", "read", {"read"}),
        ("trader", "trade", {"read", "trade"}),
        ("viewer", "trade", {"read"}),
    ],
)
def test_a_token_never_may_more_than_its_scope_and_its_user(
    ann: Any, role: str, scope: str, rights: set[str]
) -> None:
    refused = _refusals(_paths(ann), _by_token(person("bob", role), scope))
    assert refused == dict.fromkeys(_closed_to(rights), (403, "forbidden"))


def test_nobody(ann: Any) -> None:
    paths = _paths(ann)
    closed = dict.fromkeys(_closed_to(set()), (401, "unauthenticated"))
    assert _refusals(paths, lambda method, path: Page().call(method, path, {})) == closed
    for header in ("Bearer nonsense", "Basic YW5uOmE=", "Bearer"):
        page = _page("ann")
        told = _refusals(
            paths, lambda method, path, h=header, p=page: p.call(method, path, {}, Authorization=h)
        )
        assert told == closed, "a header means Bearer only: the cookie beside it counts for nothing"


def test_who_owes_the_code_is_nobody(ann: Any) -> None:
    App.enrolled(ann)
    page = Page()
    assert page.sign_in().json()["needs"] == "otp"
    closed = dict.fromkeys(_closed_to(set()), (401, "unauthenticated"))
    assert _refusals(_paths(ann), lambda method, path: page.call(method, path, {})) == closed


def test_without_a_second_factor_real_servers_only_show(ann: Any, settings: Any) -> None:
    settings.REAL_SERVERS = True
    page = _page("ann")
    assert page.session()["needs"] == "second_factor"
    assert page.session()["rights"] == ["read"]
    refused = _refusals(_paths(ann), lambda method, path: page.call(method, path, {}))
    assert refused == dict.fromkeys(_closed_to({"read", "self"}), (403, "forbidden"))


@pytest.mark.parametrize(
    "headers", [{"X-CSRFToken": ""}, {"X-CSRFToken": "x" * 64}, {"Origin": "http://evil.example"}]
)
def test_f61_a_foreign_page_changes_nothing(ann: Any, headers: dict[str, str]) -> None:
    page = _page("ann")
    refused = _refusals(_paths(ann), lambda method, path: page.call(method, path, {}, **headers))
    guarded = {
        name for name, (method, _) in OPERATIONS.items() if method != "GET" and RIGHTS[name] is not None
    }
    # Before there is a session there is no token: those routes look at the origin alone.
    open_doors = {"sign_in", "sign_in_code", "ask_passkey", "sign_in_passkey", "make_owner"}
    assert set(refused) - open_doors == guarded
    assert set(refused.values()) == {(403, "csrf")}


def test_f70_what_is_another_s_is_not_there(ann: Any) -> None:
    person("bob", "trader")
    page = _page("bob")
    paths = _paths(ann)
    for name in (
        "get_order",
        "cancel_order",
        "get_position",
        "revoke_device",
        "revoke_token",
        "remove_factor",
        "remove_passkey",
        "remove_push_device",
    ):
        assert code_of(page.call(paths[name][0], paths[name][1], {}))[0] == 404, name
    for name in (
        "list_orders",
        "list_accounts",
        "list_positions",
        "list_tokens",
        "list_push_devices",
        "get_status",
    ):
        assert page.call(*paths[name]).json()["items"] == [], name
    assert [row["current"] for row in page.call("GET", "/devices").json()["items"]] == [True]
    assert code_of(page.call("GET", "/events?account=acc"))[0] == 404
    assert code_of(page.call("POST", "/orders/cancel-all", {"account": "acc"}))[0] == 404
    assert ApiToken.objects.filter(revoked_at=None).count() == 1
    assert Device.objects.filter(user=ann).exists()
    assert PushSubscription.objects.filter(user=ann).exists()


def test_a_role_that_changes_holds_at_once() -> None:
    user = person("bob", "trader")
    page, by_token = _page("bob"), _by_token(user, "trade")
    Access.objects.filter(user=user).update(role="viewer")
    for call in (lambda method, path: page.call(method, path, {}), by_token):
        assert code_of(call("POST", "/orders")) == (403, "forbidden")
        assert call("GET", "/orders").status_code == 200
