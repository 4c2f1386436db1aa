"""Passwords, tries, links, devices, fresh proofs, tokens, and the first owner."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core import signing
from django.utils import timezone

from tests.security.people import PASSWORD, App, Page, code_of, person
from webapp.security import signin
from webapp.security.callers import by_session, still_valid
from webapp.security.models import ApiToken, Attempt, AuditEntry, Device, SignInLink

pytestmark = pytest.mark.django_db


def wrong(page: Page, name: str = "ann") -> int:
    return int(page.sign_in(name, "wrong").status_code)


def test_f64_ten_tries_per_address_and_per_account() -> None:
    person()
    guesser = Page("203.0.113.5")
    assert [wrong(guesser, f"name{n}") for n in range(12)] == [401] * 10 + [429] * 2
    many = [wrong(Page(f"198.51.100.{n}")) for n in range(12)]
    assert many == [401] * 10 + [429] * 2
    assert Page("198.51.100.99").sign_in().status_code == 429, "an unknown browser waits"
    Attempt.objects.update(at=timezone.now() - timedelta(minutes=15, seconds=1))
    assert Page("198.51.100.99").sign_in().status_code == 200


def test_f64_a_forged_forwarding_header_counts_for_nothing() -> None:
    for n in range(10):
        assert wrong(Page("203.0.113.5", HTTP_X_FORWARDED_FOR=f"10.0.0.{n}"), f"name{n}") == 401
    assert wrong(Page("203.0.113.5", HTTP_X_FORWARDED_FOR="10.9.9.9"), "other") == 429
    assert wrong(Page("127.0.0.1", HTTP_X_FORWARDED_FOR="1.1.1.1, 203.0.113.5"), "other") == 429
    assert wrong(Page("127.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.5, 203.0.113.6"), "other") == 401


def test_f64_who_guesses_from_elsewhere_cannot_keep_the_owner_out() -> None:
    person()
    phone = Page("192.0.2.7")
    assert phone.sign_in().status_code == 200
    phone.call("DELETE", "/session")
    for n in range(12):
        wrong(Page(f"198.51.100.{n}"))
    assert phone.sign_in().status_code == 200, "a browser that has been here has tries of its own"
    phone.call("DELETE", "/session")
    for _ in range(10):
        wrong(phone)
    blocked = phone.sign_in()
    assert blocked.status_code == 429
    assert blocked.json()["error"]["detail"]["retry_after"] <= 61
    text = SignInLink.make(get_user_model().objects.get())
    assert Page().call("POST", "/session", {"link": text}).json()["signed_in"] is True, (
        "and the link always works"
    )


def test_f64_a_name_that_is_nobody_s_is_answered_alike() -> None:
    person()
    known, unknown = Page().sign_in("ann", "wrong"), Page().sign_in("nobody", "wrong")
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    said = [(row.kind, row.who) for row in AuditEntry.objects.order_by("number")]
    assert said == [("sign_in_failed", "ann"), ("sign_in_failed", "(unknown)")]


def test_a_link_passes_the_second_factor_and_makes_a_fresh_session() -> None:
    user = person()
    App.enrolled(user)
    page = Page()
    answer = page.call("POST", "/session", {"link": SignInLink.make(user)}).json()
    assert (answer["signed_in"], answer["needs"]) == (True, None)
    assert page.call("POST", "/tokens", {"name": "bot", "scope": "read"}).status_code == 200


def test_f58_a_device_is_listed_named_and_revoked() -> None:
    person()
    page, lost = Page(HTTP_USER_AGENT="Mozilla/5.0 (iPhone) Safari/604.1"), Page("198.51.100.7")
    page.sign_in()
    lost.sign_in()
    items = page.call("GET", "/devices").json()["items"]
    assert {(row["name"], row["address"], row["current"]) for row in items} == {
        ("Safari on iPhone", "192.0.2.1", True),
        ("A program", "198.51.100.7", False),
    }
    other = next(row["id"] for row in items if not row["current"])
    assert page.call("PATCH", f"/devices/{other}", {"name": "Old phone"}).status_code == 200
    key = f"session:{Device.objects.get(pk=other).session_key}"
    assert still_valid({key}) == {key}
    assert page.call("DELETE", f"/devices/{other}").status_code == 200
    assert still_valid({key}) == set()
    assert lost.call("GET", "/orders").status_code == 401
    assert AuditEntry.objects.first().detail == {"device": "Old phone"}  # type: ignore[union-attr]


@pytest.mark.parametrize("how", ["sign out", "password", "disabled", "row gone", "expired"])
def test_f58_what_ends_a_session_ends_its_sockets(how: str) -> None:
    user = person()
    page = Page()
    page.sign_in()
    key = f"session:{page.client.session.session_key}"
    assert still_valid({key, "token:1", "session:nonsense"}) == {key}
    if how == "sign out":
        assert page.call("DELETE", "/session")["Clear-Site-Data"] == '"cache"'
    elif how == "password":
        user.set_password("something else entirely")
        user.save()
    elif how == "disabled":
        type(user).objects.update(is_active=False)
    elif how == "row gone":
        Session.objects.all().delete()
    else:
        Session.objects.update(expire_date=timezone.now())
    assert still_valid({key}) == set()
    assert page.call("GET", "/orders").status_code == 401


def test_a_new_secret_key_leaves_devices_sockets_and_half_sign_ins_as_they_are(settings: Any) -> None:
    app = App.enrolled(person())
    page, half = Page(), Page()
    page.sign_in()
    page.call("POST", "/session/otp", {"code": app.at(-1)})
    half.sign_in()
    key = page.client.session.session_key
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another one, " * 4, [settings.SECRET_KEY]
    socket = by_session(str(key))
    assert socket is not None and socket.user.get_username() == "ann"
    assert still_valid({f"session:{key}"}) == {f"session:{key}"}
    assert [row["current"] for row in page.call("GET", "/devices").json()["items"]] == [True]
    assert page.client.session.session_key == key
    assert half.call("POST", "/session/otp", {"code": app.at(0)}).json()["signed_in"] is True
    settings.SECRET_KEY_FALLBACKS = []
    assert page.call("GET", "/orders").status_code == 200, "its mark is made anew"
    assert by_session(str(key)) is not None


def test_thirty_days_of_use_begin_anew_with_use() -> None:
    person()
    page = Page()
    page.sign_in()
    session = page.client.session
    session["tp_touched"] = int(time.time()) - 3600
    session.save()
    Session.objects.update(expire_date=timezone.now() + timedelta(days=2))
    Device.objects.update(used_at=timezone.now() - timedelta(days=28))
    assert page.call("GET", "/orders").status_code == 200
    assert Session.objects.get().expire_date > timezone.now() + timedelta(days=29)
    assert Device.objects.get().used_at > timezone.now() - timedelta(minutes=1)


# ---- fresh proofs


def _age(page: Page, name: str, seconds: int) -> None:
    session = page.client.session
    session[name] = int(time.time()) - seconds
    session.save()


def test_f57_a_copied_cookie_makes_no_token_and_no_factor_and_takes_no_export() -> None:
    app = App.enrolled(person())
    page = Page()
    page.sign_in()
    page.call("POST", "/session/otp", {"code": app.next()})
    _age(page, "tp_stepped", 121)
    for method, path, body in (
        ("POST", "/tokens", {"name": "x", "scope": "trade"}),
        ("POST", "/second-factors", {"name": "x"}),
        ("PUT", "/password", {"password": "correct horse battery 2"}),
        ("POST", "/recovery-codes", None),
        ("GET", "/executions?format=csv", None),
    ):
        answer = page.call(method, path, body)
        assert code_of(answer) == (403, "step_up"), path
        assert answer.json()["error"]["detail"] == {"reason": "fresh", "by": "code", "passkey": False}
    assert code_of(page.call("POST", "/session/step-up", {"password": PASSWORD})) == (422, "code_needed")
    assert code_of(page.call("POST", "/session/step-up", {"code": "000000"})) == (403, "wrong_proof")
    assert page.call("POST", "/session/step-up", {"code": app.next()}).status_code == 200
    assert page.call("POST", "/tokens", {"name": "x", "scope": "trade"}).status_code == 200


def test_twelve_idle_hours_ask_before_risk_and_never_before_getting_out() -> None:
    person()
    page = Page()
    page.sign_in()
    _age(page, "tp_acted", 12 * 3600)
    risky = page.call("POST", "/orders", {"reduce_only": False})
    assert code_of(risky) == (403, "step_up")
    assert risky.json()["error"]["detail"] == {"reason": "idle", "by": "password", "passkey": False}
    assert code_of(page.call("POST", "/orders", {"reduce_only": "true"})) == (403, "step_up")
    assert code_of(page.call("POST", "/orders/batch", {"items": [{"reduce_only": True}, {}]})) == (
        403,
        "step_up",
    )
    # These get past the lock, and stumble over their own emptiness.
    for method, path, body in (
        ("POST", "/orders", {"reduce_only": True}),
        ("POST", "/orders/batch", {"items": [{"reduce_only": True}]}),
        ("POST", "/orders/cancel-all", {}),
        ("DELETE", "/orders/00000000-0000-0000-0000-000000000001", None),
        ("POST", "/positions/close-all", {}),
        ("POST", "/positions/acc:linear:BTCUSDT:0/close", {}),
    ):
        assert page.call(method, path, body).status_code in (200, 404, 422), path
    assert page.call("POST", "/session/step-up", {"password": PASSWORD}).status_code == 200
    assert page.call("POST", "/orders", {}).status_code == 422
    assert page.client.session["tp_acted"] >= time.time() - 5


def test_who_has_nothing_to_prove_it_by_is_not_asked_for_paper_money_but_for_real(settings: Any) -> None:
    user = person()
    user.set_unusable_password()
    user.save()
    page = Page()
    page.call("POST", "/session", {"link": SignInLink.make(user)})
    _age(page, "tp_stepped", 3600)
    assert page.call("POST", "/tokens", {"name": "x", "scope": "read"}).status_code == 200
    settings.REAL_SERVERS = True
    answer = page.call("POST", "/tokens", {"name": "x", "scope": "read"})
    assert (code_of(answer), answer.json()["error"]["detail"]["by"]) == ((403, "step_up"), "link")


# ---- tokens


def test_a_token_is_shown_once_hashed_named_and_ends_at_once() -> None:
    person()
    page = Page()
    page.sign_in()
    made = page.call("POST", "/tokens", {"name": "My bot", "scope": "read"}).json()
    row = ApiToken.objects.get()
    assert made["token"] not in (row.hash, "") and row.name == "My bot"
    listed = page.call("GET", "/tokens")
    assert made["token"] not in listed.content.decode()
    assert listed.json()["items"][0]["used_at"] is None
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert Page().call("GET", "/orders", **bearer).status_code == 200
    assert page.call("GET", "/tokens").json()["items"][0]["used_at"]
    assert page.call("DELETE", f"/tokens/{made['id']}").status_code == 200
    assert Page().call("GET", "/orders", **bearer).status_code == 401
    assert page.call("DELETE", f"/tokens/{made['id']}").status_code == 404
    kinds = list(AuditEntry.objects.order_by("number").values_list("kind", flat=True))
    assert kinds == ["sign_in", "token_made", "token_revoked"]
    assert made["token"] not in str(list(AuditEntry.objects.values()))


def test_a_new_password_signs_out_everybody_else() -> None:
    person()
    page, other = Page(), Page()
    page.sign_in()
    other.sign_in()
    assert code_of(page.call("PUT", "/password", {"password": "short"})) == (422, "weak_password")
    assert page.call("PUT", "/password", {"password": "a new one entirely"}).status_code == 200
    assert page.session()["signed_in"] is True
    assert other.call("GET", "/orders").status_code == 401
    assert [row["current"] for row in page.call("GET", "/devices").json()["items"]] == [True]
    assert Page().sign_in("ann", PASSWORD).status_code == 401


# ---- the first owner


def test_the_first_owner_comes_by_the_server_s_own_link_and_enrols(settings: Any) -> None:
    settings.REAL_SERVERS = True
    page = Page()
    assert page.call("GET", "/setup").json() == {"open": True}
    mine = {"username": "ann", "password": PASSWORD}
    old = signing.TimestampSigner(salt=signin.SETUP_SALT)
    old.timestamp = lambda: signing.b62_encode(int(time.time()) - 3700)  # type: ignore[method-assign]
    for token in ("nonsense", old.sign("owner"), signing.TimestampSigner(salt="other").sign("owner")):
        assert code_of(page.call("POST", "/setup", {"token": token, **mine})) == (401, "unauthenticated")
    token = signin.setup_token()
    assert code_of(page.call("POST", "/setup", {"token": token, "username": "ann", "password": "short"})) == (
        422,
        "weak_password",
    )
    answer = page.call("POST", "/setup", {"token": token, **mine}).json()
    assert (answer["signed_in"], answer["role"], answer["needs"]) == (True, "owner", "second_factor")
    assert code_of(page.call("POST", "/orders", {})) == (403, "forbidden")
    started = page.call("POST", "/second-factors", {"name": "Phone"}).json()
    app = App(started["secret"])
    page.call("POST", f"/second-factors/{started['id']}/confirm", {"code": app.next()})
    assert page.session()["needs"] is None
    assert page.call("POST", "/orders", {}).status_code == 422
    assert code_of(page.call("DELETE", f"/second-factors/{started['id']}")) == (409, "last_factor")
    assert code_of(Page().call("POST", "/setup", {"token": token, **mine})) == (409, "not_open")
    assert page.call("GET", "/setup").json() == {"open": False}
    assert get_user_model().objects.count() == 1
