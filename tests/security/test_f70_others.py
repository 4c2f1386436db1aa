"""F70: what is another's is not there. Every route that names something of an account or of a user is asked for ann's
by bob, who owns another, by page and by token: it says 404 and changes nothing, while ann gets another answer."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django_otp_webauthn.models import WebAuthnCredential

from tests.security.evidence import one_of_everything
from tests.security.people import App, Page, code_of, person
from tests.security.test_f70_rights import DOCUMENT, OPERATIONS
from webapp.alerts.models import PushSubscription
from webapp.rights import RIGHTS
from webapp.security.models import ApiToken, Authenticator, Device

pytestmark = pytest.mark.django_db

NEW = str(uuid.UUID(int=7, version=4))
PAIR = {"key": "another-key", "secret": "another-secret"}
ORDER = {
    "id": NEW, "account": "first", "category": "linear", "symbol": "FIRSTUSDT", "side": "Buy",
    "order_type": "Market", "qty": "1",
}  # fmt: skip
AT = "account=first"
# Of the operations that name what is another's: the query, and a body that is right but for whose it is.
NAMED: dict[str, tuple[str, Any]] = {
    "check_key": ("", None),
    "get_key": ("", None),
    "change_key": ("", PAIR),
    "switch_live": ("", {"on": False}),
    "pause_trading": ("", {"on": True}),
    "list_events": (AT, None),
    "list_holdings": (AT, None),
    "get_curve": (AT, None),
    "get_day": (AT, None),
    "list_figures": (AT, None),
    "list_notes": (AT, None),
    "list_trips": (AT, None),
    "export_journal": (f"{AT}&kind=fills", None),
    "put_note": ("", {"account": "first", "kind": "day", "key": "2026-11-01", "text": "mine now"}),
    "set_time_zone": ("", {"account": "first", "time_zone": "Europe/Berlin"}),
    "get_trip": ("", None),
    "get_order": ("", None),
    "cancel_order": ("", None),
    "amend_order": ("", {"qty": "2"}),
    "place_order": ("", ORDER),
    "place_batch": ("", {"items": [ORDER]}),
    "preview_order": ("", ORDER),
    "cancel_all": ("", {"account": "first"}),
    "set_position_mode": ("", {"account": "first", "mode": "hedge"}),
    "close_all_positions": ("", {"account": "first", "id": NEW}),
    "get_position": ("", None),
    "close_position": ("", {"id": NEW}),
    "set_leverage": ("", {"leverage": "3"}),
    "reverse_position": ("", {"id": NEW, "open_id": str(uuid.UUID(int=8, version=4))}),
    "set_trading_stop": ("", {"stop_loss": "1"}),
    "start_over": ("", {"account": "first", "id": NEW}),
    "get_protection": (AT, None),
    "list_markets": (AT, None),
    "list_candles": (f"{AT}&interval=1", None),
    "get_book": (AT, None),
    "list_public_trades": (AT, None),
    "get_funding": (AT, None),
    "remove_push_device": ("", None),
    "revoke_device": ("", None),
    "rename_device": ("", {"name": "Mine"}),
    "revoke_token": ("", None),
    "remove_factor": ("", None),
    "remove_passkey": ("", None),
}
# What names nothing: one's own is shown, and nothing of another's; a filter by account is tried with ann's.
LISTS = {
    *("list_accounts", "list_positions", "list_wallets", "list_progress", "get_status", "list_favourites"),
    *(
        "list_devices",
        "list_tokens",
        "list_factors",
        "list_passkeys",
        "list_instruments",
        "list_push_devices",
    ),
}
FILTERED = {"list_orders", "list_executions", "list_closed_pnl"}
# Of nobody's but the caller's own, or of the whole house's. A foreign authenticator is confirmed by no code at all.
ELSEWHERE = {
    *(
        "health",
        "ready",
        "get_session",
        "sign_in",
        "sign_in_code",
        "ask_passkey",
        "sign_in_passkey",
        "sign_out",
    ),
    *(
        "get_setup",
        "make_owner",
        "step_up",
        "ask_proof",
        "change_password",
        "new_recovery_codes",
        "make_token",
    ),
    *("start_factor", "confirm_factor", "start_passkey", "confirm_passkey", "list_sites", "add_account"),
    *("put_favourite", "delete_favourite"),
    *("get_push", "add_push_device", "renew_push_device", "test_push", "read_push"),
    *("get_push_preferences", "set_push_preferences"),
}
OWN_SIGN_IN = {name for name, needs in RIGHTS.items() if needs in ("self", "manage")}


def test_every_route_has_its_place_here() -> None:
    assert set(NAMED) | LISTS | FILTERED | ELSEWHERE == set(OPERATIONS)
    assert len(NAMED) + len(LISTS) + len(FILTERED) + len(ELSEWHERE) == len(OPERATIONS)
    for name, (method, path) in OPERATIONS.items():
        told = DOCUMENT["paths"][f"/api/v1{path}"][method.lower()]
        names = {one["name"] for one in told.get("parameters", ())} | _fields(told)
        if any(one == "account" or one.endswith("_id") for one in names):
            assert name in NAMED or name in FILTERED or name == "confirm_factor", name


def _fields(operation: dict[str, Any]) -> set[str]:
    """The names in the body of an operation."""
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    known = DOCUMENT["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
    return set(known.get("properties", ())) - {"position_idx"}


@pytest.fixture
def others() -> tuple[Any, Any, dict[str, Any]]:
    """Ann and bob, and how what is ann's is called."""
    ann, bob = person(), person("bob")
    order = one_of_everything("first", ann)
    one_of_everything("second", bob)
    names = {
        "account_id": "first",
        "order_id": order.pk,
        "position_id": order.account.positions.get().pk,
        "trip_id": order.account.trips.get().pk,
        "category": "linear",
        "symbol": "FIRSTUSDT",
        "day": "2026-11-01",
        "device_id": Device.objects.get(user=ann).pk,
        "push_id": PushSubscription.objects.get(user=ann).pk,
        "token_id": ApiToken.objects.get(user=ann).pk,
        "factor_id": Authenticator.objects.get(user=ann).pk,
        "passkey_id": WebAuthnCredential.objects.get(user=ann).pk,
    }
    return ann, bob, names


def _page(user: Any) -> Page:
    page = Page()
    page.client.force_login(user)
    session = page.client.session
    session.update({"tp_verified": True, "tp_stepped": 2**40, "tp_acted": 2**40})
    session.save()
    page.session()
    return page


def _ask(page: Page, name: str, names: dict[str, Any], **headers: str) -> Any:
    method, path = OPERATIONS[name]
    query, body = NAMED.get(name, (AT if name in FILTERED else "", None))
    return page.call(method, f"{path.format(**names)}?{query}", body, **headers)


def _said(answer: Any) -> tuple[int, bytes]:
    return answer.status_code, b"" if answer.streaming else answer.content


def _everything_stored() -> str:
    """Every row that is not the caller's own session."""
    found = []
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table not in ("django_session", "security_apitoken"):
                cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608  # names of our own tables
                found += sorted(row[0] for row in cursor.fetchall())
    return "\n".join(found)


@pytest.mark.parametrize("by", ["page", "token"])
def test_f70_what_is_ann_s_is_not_there_for_bob(others: tuple[Any, Any, dict[str, Any]], by: str) -> None:
    _, bob, names = others
    page, headers = _page(bob), {}
    if by == "token":
        page, headers = Page(), {"Authorization": f"Bearer {ApiToken.make(bob, 'trade')[1]}"}
    before = _everything_stored()
    for name in NAMED:
        if by == "token" and name in OWN_SIGN_IN:
            continue
        answer = _ask(page, name, names, **headers)
        if name == "place_batch":
            assert [row["status"] for row in answer.json()["items"]] == [404], answer.content
        else:
            assert code_of(answer) == (404, "not_found"), (name, answer.content)
    for name in LISTS | FILTERED:
        if by == "token" and name in OWN_SIGN_IN:
            continue
        answer = _ask(page, name, names, **headers)
        assert answer.status_code == 200 or code_of(answer)[0] == 404, (name, answer.content)
        assert b"first" not in answer.content.lower() and b'"ann"' not in answer.content, name
    assert _everything_stored() == before


def test_f70_and_for_ann_it_is(others: tuple[Any, Any, dict[str, Any]]) -> None:
    ann, bob, names = others
    hers, his = _page(ann), _page(bob)
    # Last what would take away what the others name.
    for name in sorted(NAMED, key=lambda name: OPERATIONS[name][0] == "DELETE"):
        refused, answer = _ask(his, name, names), _ask(hers, name, names)
        # A market that is not loaded here is a 404 too, of another thing.
        assert _said(answer) != _said(refused), name
        assert answer.status_code < 400 or code_of(answer)[1] != "invalid", (name, answer.content)
    for name in LISTS | FILTERED:
        assert _ask(hers, name, names).status_code == 200, name


def test_f70_a_foreign_authenticator_takes_no_code(others: tuple[Any, Any, dict[str, Any]]) -> None:
    ann, bob, _ = others
    started = _page(ann).call("POST", "/second-factors", {"name": "New"}).json()
    path = f"/second-factors/{started['id']}/confirm"
    assert code_of(_page(bob).call("POST", path, {"code": App(started["secret"]).at(0)})) == (
        403,
        "wrong_proof",
    )
    assert Authenticator.objects.filter(pk=started["id"], confirmed=False).exists()
