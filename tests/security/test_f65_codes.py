"""Second factors: a code works once, however many try it at once; wrong ones slow down, and never for good."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.security.people import App, Page, code_of, person
from webapp.security import factors
from webapp.security.models import Attempt, AuditEntry, Authenticator, RecoveryCode

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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_f65_of_twenty_at_once_one_wins(kind: str) -> None:
    user = person()
    code = App.enrolled(user).at(0) if kind == "app" else factors.new_recovery_codes(user)[0]
    won: list[str] = []
    start = threading.Barrier(20)

    def go() -> None:
        start.wait()
        found = factors.verify(user, code)
        if found:
            won.append(found)
        connection.close()

    threads = [threading.Thread(target=go) for _ in range(20)]
    for thread in threads:
        thread.start()
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
