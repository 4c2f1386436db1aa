"""Second factors: a code works once, however many try it at once; wrong ones slow down, and never for good."""

import io
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from tests.conftest import wait_for
from tests.security.authenticator import Passkey
from tests.security.evidence import some_evidence
from tests.security.people import App, Page, code_of, person
from webapp.security import factors
from webapp.security.models import Attempt, AuditEntry, Authenticator, RecoveryCode, SignInLink

pytestmark = pytest.mark.django_db


def test_password_then_code() -> None:
    app = App.enrolled(person())
    page = Page()
    answer = page.sign_in().json()
    assert (answer["signed_in"], answer["needs"], answer["user"]) == (False, "otp", None)
    assert code_of(page.call("GET", "/orders")) == (401, "unauthenticated"), "half a sign-in is none"
    assert code_of(page.call("POST", "/session/otp", {"code": "000000"})) == (401, "unauthenticated")
    answer = page.call("POST", "/session/otp", {"code": app.next()}).json()
    assert (answer["signed_in"], answer["user"], answer["role"], answer["needs"]) == (
        True,
        "ann",
        "owner",
        None,
    )
    assert page.call("GET", "/orders").status_code == 200
    assert [row.kind for row in AuditEntry.objects.order_by("number")] == ["proof_failed", "sign_in"]


def test_a_code_without_the_password_before_it_is_nothing() -> None:
    app = App.enrolled(person())
    assert code_of(Page().call("POST", "/session/otp", {"code": app.next()})) == (401, "unauthenticated")


def test_f65_a_code_is_taken_once() -> None:
    user = person()
    app = App.enrolled(user)
    code = app.at(0)
    assert factors.verify(user, code) == "app"
    assert factors.verify(user, code) is None
    assert factors.verify(user, app.at(-1)) is None, "an older step than the last one used is void"
    assert factors.verify(user, app.at(1)) == "app"
    assert factors.verify(user, app.at(3)) is None


def _waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_f65_of_twenty_at_once_one_wins(kind: str) -> None:
    user = person()
    code = App.enrolled(user).at(0) if kind == "app" else factors.new_recovery_codes(user)[0]
    won: list[str] = []

    def go() -> None:
        found = factors.verify(user, code)
        if found:
            won.append(found)
        connection.close()

    threads = [threading.Thread(target=go) for _ in range(20)]
    with transaction.atomic():
        # Until all have come as far as they can, nobody gets any further: each has read what it reads without a lock.
        list(Authenticator.objects.select_for_update())
        list(RecoveryCode.objects.select_for_update())
        for thread in threads:
            thread.start()
        wait_for(lambda: _waiting() == 20, what="all twenty")
    for thread in threads:
        thread.join()
    assert won == [kind]


def test_f65_only_plain_digits_are_a_code() -> None:
    user = person()
    app = App.enrolled(user)
    arabic = app.at(0).translate({ord(str(n)): chr(0x660 + n) for n in range(10)})
    full_width = app.at(0).translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    for text in (arabic, full_width, "", "12345", "1234567", "-12345", "+12345"):
        assert factors.verify(user, text) is None
    assert factors.verify(user, f" {app.at(0)[:3]} {app.at(0)[3:]} ") == "app"


def test_f65_recovery_codes_are_long_hashed_and_single() -> None:
    user = person()
    codes = factors.new_recovery_codes(user)
    assert len(set(codes)) == 10
    assert all(len(code.replace("-", "")) * 5 >= 80 for code in codes)
    stored = "".join(RecoveryCode.objects.values_list("hash", flat=True))
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)
    assert factors.verify(user, codes[3].lower()) == "recovery"
    assert factors.verify(user, codes[3]) is None
    assert factors.codes_left(user) == 9
    factors.new_recovery_codes(user)
    assert factors.verify(user, codes[4]) is None, "new codes void the old ones"
    assert factors.verify(person("bob", "trader"), codes[5]) is None


def test_the_seed_is_sealed() -> None:
    row, seed = Authenticator.start(person(), "Phone")
    assert seed.encode() not in bytes(row.sealed_seed)
    other, _ = Authenticator.start(row.user, "Other")
    Authenticator.objects.filter(pk=other.pk).update(sealed_seed=row.sealed_seed)
    other.refresh_from_db()
    with pytest.raises(Exception, match="belongs elsewhere"):
        other.verify_token("000000")


def test_f65_wrong_codes_wait_a_minute_at_most_and_then_the_right_one_is_taken() -> None:
    app = App.enrolled(person())
    page = Page()
    page.sign_in()
    wrong = f"{(int(app.at(0)) + 1) % 1000000:06d}"
    answers = [page.call("POST", "/session/otp", {"code": wrong}) for _ in range(13)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 3
    assert 0 < answers[-1].json()["error"]["detail"]["retry_after"] <= 61
    assert answers[-1]["Retry-After"]
    assert page.call("POST", "/session/otp", {"code": app.next()}).status_code == 429, (
        "not looked at, not used up"
    )
    Attempt.objects.update(at=timezone.now() - timedelta(seconds=61))
    assert page.call("POST", "/session/otp", {"code": app.at(0)}).json()["signed_in"] is True


def test_a_password_that_was_changed_meanwhile_ends_a_half_sign_in() -> None:
    user = person()
    app = App.enrolled(user)
    page = Page()
    page.sign_in()
    user.set_password("something else entirely")
    user.save()
    assert page.call("POST", "/session/otp", {"code": app.next()}).status_code == 401


def test_enrolling_needs_a_right_code_and_shows_everything_once() -> None:
    person()
    page, other = Page(), Page()
    page.sign_in()
    other.sign_in()
    started = page.call("POST", "/second-factors", {"name": "My phone"}).json()
    assert started["picture"].startswith("data:image/svg+xml;base64,")
    assert started["secret"] in started["address"]
    app = App(started["secret"])
    path = f"/second-factors/{started['id']}/confirm"
    assert code_of(page.call("POST", path, {"code": "000000"})) == (403, "wrong_proof")
    assert Page().sign_in().json()["signed_in"], "an app that has shown no code counts for nothing"
    codes = page.call("POST", path, {"code": app.at(-1)}).json()["recovery_codes"]
    assert len(codes) == 10
    listed = page.call("GET", "/second-factors")
    assert listed.json()["recovery_codes_left"] == 10
    assert started["secret"] not in listed.content.decode()
    assert other.call("GET", "/orders").status_code == 401, "who has shown no second factor is signed out"
    late = Page()
    assert late.sign_in().json()["needs"] == "otp"
    assert late.call("POST", "/session/otp", {"code": codes[0]}).json()["signed_in"] is True


def _recovered() -> tuple[Page, App, list[str]]:
    """Signed in by a recovery code: the page, the app that was not at hand, and the codes that are left."""
    user = person()
    app, codes = App.enrolled(user), factors.new_recovery_codes(user)
    page = Page()
    page.sign_in()
    told = page.call("POST", "/session/otp", {"code": codes.pop()}).json()
    assert (told["signed_in"], told["needs"]) == (True, "re_enrol")
    return page, app, codes


ORDER = {
    "id": "0d9d9b0e-6a3b-4b1c-9d0c-7d3d2f4b8a11",
    "account": "acc",
    "category": "linear",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "order_type": "Market",
    "qty": "0.01",
}


def _reason(answer: object) -> str:
    told = answer.json()["error"]  # type: ignore[attr-defined]
    return str(told["detail"].get("reason", told["code"]))


def test_f65_a_recovery_code_looks_and_gets_out_and_does_nothing_else() -> None:
    page, _, codes = _recovered()
    some_evidence(timezone.now(), 1)[0].order.account.members.add(page_user())
    assert page.call("GET", "/orders").status_code == 200
    position = "/positions/acc:linear:BTCUSDT:0"
    for method, path, body in (
        ("POST", "/orders", ORDER),
        ("POST", "/orders/batch", {"items": [ORDER]}),
        ("POST", "/tokens", {"name": "bot", "scope": "trade"}),
        ("PUT", "/password", {"password": "another long password"}),
        ("POST", "/recovery-codes", None),
        ("GET", "/executions?format=csv", None),
        ("DELETE", "/devices/1", None),
        ("PATCH", "/devices/1", {"name": "Mine"}),
        ("DELETE", "/tokens/1", None),
        ("DELETE", "/second-factors/1", None),
        ("DELETE", "/passkeys/1", None),
        ("POST", "/practice/start-over", {"account": "acc", "id": ORDER["id"]}),
        ("PUT", "/journal/time-zone", {"account": "acc", "time_zone": "Europe/Berlin"}),
        ("PUT", f"{position}/trading-stop", {"stop_loss": "0"}),
        ("PUT", f"{position}/leverage", {"leverage": "100", "reduce_only": True}),
        ("PUT", "/accounts/acc/live", {"on": False}),
    ):
        answer = page.call(method, path, body)
        assert (answer.status_code, _reason(answer)) == (403, "recovered"), path
        assert "recovery code" in answer.json()["error"]["message"]
    for method, path, body in (
        ("POST", "/orders", {**ORDER, "reduce_only": True}),
        ("POST", "/orders/cancel-all", {"account": "acc"}),
        ("POST", "/positions/acc:linear:BTCUSDT:0/close", {"id": ORDER["id"]}),
    ):
        answer = page.call(method, path, body)
        assert answer.status_code < 400 or _reason(answer) != "recovered", (path, answer.content)
    assert page.client.get("/admin/").status_code == 302
    # One more recovery code changes nothing.
    assert page.call("POST", "/session/step-up", {"code": codes.pop()}).status_code == 200
    assert _reason(page.call("POST", "/tokens", {"name": "bot", "scope": "read"})) == "recovered"
    assert page.session()["needs"] == "re_enrol"


def page_user() -> object:
    return get_user_model().objects.get(username="ann")


@pytest.mark.parametrize("way", ["the old app", "a new app", "a new passkey"])
def test_f65_what_ends_it(way: str) -> None:
    page, app, old = _recovered()
    fresh: list[str] = []
    if way == "the old app":
        assert page.call("POST", "/session/step-up", {"code": app.next()}).status_code == 200
    elif way == "a new app":
        started = page.call("POST", "/second-factors", {"name": "New phone"}).json()
        path = f"/second-factors/{started['id']}/confirm"
        fresh = page.call("POST", path, {"code": App(started["secret"]).at(0)}).json()["recovery_codes"]
    else:
        options = page.call("POST", "/passkeys").json()["options"]
        fresh = page.call("POST", "/passkeys/confirm", Passkey().create(options)).json()["recovery_codes"]
    assert page.session()["needs"] is None
    assert len(fresh) == (0 if way == "the old app" else 10)
    user = get_user_model().objects.get()
    assert factors.verify(user, old[0]) == ("recovery" if way == "the old app" else None)
    assert not fresh or factors.verify(user, fresh[0]) == "recovery"
    assert page.call("POST", "/tokens", {"name": "bot", "scope": "read"}).status_code == 200


def test_f65_a_recovery_code_as_a_fresh_proof_marks_the_session_too() -> None:
    user = person()
    app, codes = App.enrolled(user), factors.new_recovery_codes(user)
    page = Page()
    page.sign_in()
    page.call("POST", "/session/otp", {"code": app.next()})
    page.call("POST", "/session/step-up", {"code": codes[0]})
    assert page.session()["needs"] == "re_enrol"
    assert _reason(page.call("POST", "/tokens", {"name": "bot", "scope": "read"})) == "recovered"


def test_f65_whoever_resets_a_factor_ends_what_the_lost_phone_is_signed_in_to() -> None:
    user = person()
    App.enrolled(user)
    SignInLink.make(user)
    phone = Page()
    phone.call("POST", "/session", {"link": SignInLink.make(user)})
    assert phone.call("GET", "/orders").status_code == 200
    call_command("resetfactor", user.get_username(), stdout=io.StringIO())
    assert phone.call("GET", "/orders").status_code == 401
    assert not SignInLink.objects.filter(user=user).exists()


def test_f65_links_are_guessed_ten_times_and_then_wait() -> None:
    person()
    page = Page()
    tried = [page.call("POST", "/session", {"link": f"guess-{n}"}).status_code for n in range(12)]
    assert tried == [401] * 10 + [429] * 2


def test_f65_on_real_servers_a_link_shows_no_second_factor_where_there_is_none(settings: Any) -> None:
    settings.REAL_SERVERS = True
    user = person()
    page = Page()
    told = page.call("POST", "/session", {"link": SignInLink.make(user)}).json()
    assert (told["signed_in"], told["rights"]) == (True, ["read"])
    App.enrolled(user)
    told = Page().call("POST", "/session", {"link": SignInLink.make(user)}).json()
    assert "trade" in told["rights"]


@pytest.mark.django_db(transaction=True)
def test_f65_of_two_factors_given_up_at_once_one_stays(settings: Any) -> None:
    settings.REAL_SERVERS = True
    user = person()
    for _ in range(2):
        App.enrolled(user)
    rows = list(Authenticator.objects.filter(user=user.pk, confirmed=True))
    assert len(rows) == 2
    given: list[bool] = []

    def go(row: Authenticator) -> None:
        given.append(factors.give_up(row))
        connection.close()

    threads = [threading.Thread(target=go, args=(row,)) for row in rows]
    with transaction.atomic():
        get_user_model().objects.select_for_update().get(pk=user.pk)
        for thread in threads:
            thread.start()
        wait_for(lambda: _waiting() == 2, what="both")
    for thread in threads:
        thread.join()
    assert sorted(given) == [False, True]
    assert factors.how_many(user) == 1
