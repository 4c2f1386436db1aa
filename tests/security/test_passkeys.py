"""Passkeys as the wire sees them: what signs in, what is a fresh proof, what is refused and written down."""

import threading
from typing import Any

import pytest
from django.conf import settings as house
from django.db import connection, transaction
from django_otp_webauthn.models import WebAuthnCredential
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import wait_for
from tests.security.authenticator import Passkey, b64
from tests.security.people import App, Page, code_of, person
from tests.security.test_f65_codes import _waiting
from webapp.security import passkeys
from webapp.security.models import Attempt, AuditEntry, PasskeyChallenge
from webapp.settings import _passkey_host

pytestmark = pytest.mark.django_db


def enrol(page: Page, key: Passkey, name: str = "Phone") -> Any:
    return page.call("POST", "/passkeys/confirm", key.create(options(page, "/passkeys"), name))


def options(page: Page, path: str) -> dict[str, Any]:
    answer = page.call("POST", path)
    assert answer.status_code == 200, answer.content
    return dict(answer.json()["options"])


def asked(page: Page) -> dict[str, Any]:
    return options(page, "/session/passkey/ask")


@pytest.fixture
def key() -> Passkey:
    """A passkey of ann's, who has no other second factor."""
    person()
    page, found = Page(), Passkey()
    page.sign_in()
    assert len(enrol(page, found).json()["recovery_codes"]) == 10
    return found


def _owing() -> Page:
    page = Page()
    told = page.sign_in().json()
    assert (told["signed_in"], told["needs"], told["passkey"]) == (False, "otp", True)
    return page


def _signed_in(key: Passkey) -> Page:
    page = _owing()
    assert page.call("POST", "/session/passkey", key.get(asked(page))).json()["user"] == "ann"
    return page


def kinds(*named: str) -> list[str]:
    return list(AuditEntry.objects.filter(kind__in=named).order_by("number").values_list("kind", flat=True))


def test_password_then_passkey_and_it_is_listed_by_its_name(key: Passkey) -> None:
    page = _signed_in(key)
    listed = page.call("GET", "/passkeys").json()
    assert [row["name"] for row in listed["items"]] == ["Phone"]
    assert listed["items"][0]["used_at"]
    assert listed["host"] == "localhost"
    assert kinds("passkey_added", "passkey_used", "sign_in")[-3:] == [
        "passkey_added",
        "passkey_used",
        "sign_in",
    ]
    assert AuditEntry.objects.filter(kind="sign_in").latest("number").detail["by"] == "password and passkey"


def test_a_passkey_alone_when_it_verifies_who_holds_it(key: Passkey) -> None:
    page = Page()
    wanted = asked(page)
    assert (wanted["userVerification"], wanted.get("allowCredentials", [])) == ("required", []), (
        "nobody is named"
    )
    assert code_of(page.call("POST", "/session/passkey", key.get(wanted, verified=False)))[0] == 401
    told = page.call("POST", "/session/passkey", key.get(asked(page))).json()
    assert (told["signed_in"], told["user"], told["needs"]) == (True, "ann", None)
    assert page.call("GET", "/orders").status_code == 200


def test_a_passkey_is_a_fresh_proof_and_the_password_no_longer_is(key: Passkey) -> None:
    page = _signed_in(key)
    _forget_proof(page)
    refused = page.call("POST", "/tokens", {"name": "bot", "scope": "read"})
    assert code_of(refused) == (403, "step_up")
    assert (refused.json()["error"]["detail"]["by"], refused.json()["error"]["detail"]["passkey"]) == (
        "passkey",
        True,
    )
    assert code_of(page.call("POST", "/session/step-up", {"password": "correct horse battery"}))[0] == 422
    proof = key.get(options(page, "/session/step-up/ask"))
    assert page.call("POST", "/session/step-up", {"passkey": proof}).status_code == 200
    assert page.call("POST", "/tokens", {"name": "bot", "scope": "read"}).status_code == 200


def _forget_proof(page: Page) -> None:
    session = page.client.session
    session["tp_stepped"] = 0
    session.save()


def test_a_challenge_is_good_once_and_for_whom_it_was_made(key: Passkey) -> None:
    page, other = _owing(), _owing()
    answer = key.get(asked(page))
    assert code_of(other.call("POST", "/session/passkey", answer)) == (401, "unauthenticated"), (
        "another's session"
    )
    assert page.call("POST", "/session/passkey", answer).json()["signed_in"]
    for again in (page, Page()):
        assert code_of(again.call("POST", "/session/passkey", answer)) == (401, "unauthenticated")
    late = _owing()
    answer = key.get(asked(late))
    PasskeyChallenge.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert code_of(late.call("POST", "/session/passkey", answer)) == (401, "unauthenticated")
    assert len(kinds("passkey_refused")) == 4
    passkeys.prune()
    assert not PasskeyChallenge.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_ten_answers_to_one_challenge_one_wins() -> None:
    user, key = person(), Passkey(counts=False)
    page = Page()
    page.sign_in()
    enrol(page, key)
    owing = _owing()
    answer = key.get(asked(owing))
    won: list[int] = []

    def go() -> None:
        twin = Page()
        twin.client.cookies = owing.client.cookies
        won.append(twin.call("POST", "/session/passkey", answer).status_code)
        connection.close()

    threads = [threading.Thread(target=go) for _ in range(10)]
    with transaction.atomic():
        list(PasskeyChallenge.objects.select_for_update().filter(user=user))
        for thread in threads:
            thread.start()
        wait_for(lambda: _waiting() >= 1, what="who waits for the challenge")
    for thread in threads:
        thread.join()
    assert sorted(won)[0] == 200
    assert won.count(200) == 1


def test_an_answer_proves_once_in_the_same_session_too() -> None:
    person()
    page, stick = Page(), Passkey(counts=False)
    page.sign_in()
    enrol(page, stick)
    proof = {"passkey": stick.get(options(page, "/session/step-up/ask"))}
    assert page.call("POST", "/session/step-up", proof).status_code == 200
    assert code_of(page.call("POST", "/session/step-up", proof)) == (403, "wrong_proof")


def test_a_counter_that_goes_back_is_a_copied_key(key: Passkey) -> None:
    _signed_in(key)
    key.counter -= 2
    page = _owing()
    assert code_of(page.call("POST", "/session/passkey", key.get(asked(page)))) == (401, "unauthenticated")
    entry = AuditEntry.objects.filter(kind="passkey_refused").latest("number")
    assert (entry.who, "sign count" in entry.detail["why"]) == ("ann", True)


@pytest.mark.parametrize(
    "made_at",
    [{"origin": "http://localhost:1"}, {"origin": "https://evil.example"}, {"host": "evil.example"}],
)
def test_a_page_elsewhere_gets_nothing(key: Passkey, made_at: dict[str, str]) -> None:
    for name, value in made_at.items():
        setattr(key, name, value)
    page = _owing()
    assert code_of(page.call("POST", "/session/passkey", key.get(asked(page)))) == (401, "unauthenticated")
    mine = Page()
    person("bob")
    mine.sign_in("bob")
    assert code_of(enrol(mine, Passkey(**made_at))) == (403, "wrong_proof")
    assert code_of(Page().call("POST", "/session/passkey/ask", Origin="http://evil.example"))[0] == 403


def test_a_removed_key_is_refused(key: Passkey) -> None:
    page = _signed_in(key)
    other = Passkey()
    assert enrol(page, other, "Stick").json()["recovery_codes"] == []
    (row,) = [item for item in page.call("GET", "/passkeys").json()["items"] if item["name"] == "Phone"]
    assert page.call("DELETE", f"/passkeys/{row['id']}").status_code == 200
    late = _owing()
    assert code_of(late.call("POST", "/session/passkey", key.get(asked(late)))) == (401, "unauthenticated")
    assert late.call("POST", "/session/passkey", other.get(asked(late))).json()["signed_in"]
    assert kinds("passkey_removed") == ["passkey_removed"]


def test_the_last_factor_stays_on_real_servers(key: Passkey, settings: Any) -> None:
    page = _signed_in(key)
    settings.REAL_SERVERS = True
    mine = WebAuthnCredential.objects.get()
    assert code_of(page.call("DELETE", f"/passkeys/{mine.pk}")) == (409, "last_factor")
    App.enrolled(mine.user)
    assert page.call("DELETE", f"/passkeys/{mine.pk}").status_code == 200


def test_another_s_passkey_is_not_mine(key: Passkey) -> None:
    _signed_in(key)
    person("bob", "trader")
    bob, stick = Page(), Passkey()
    bob.sign_in("bob")
    enrol(bob, stick)
    page = _owing()
    assert code_of(page.call("POST", "/session/passkey", stick.get(asked(page))))[0] == 401, "bob's for ann"
    mine = WebAuthnCredential.objects.get(user__username="ann")
    assert code_of(bob.call("DELETE", f"/passkeys/{mine.pk}"))[0] == 404
    twin = Passkey()
    twin.id = key.id
    assert code_of(enrol(bob, twin)) == (409, "passkey_known")


def test_at_a_bare_address_it_says_so(settings: Any) -> None:
    person()
    page = Page()
    page.sign_in()
    settings.PASSKEY_HOST = ""
    assert page.call("GET", "/passkeys").json()["host"] is None
    refused = page.call("POST", "/passkeys")
    assert code_of(refused) == (409, "no_passkeys")
    assert "IP address" in refused.json()["error"]["message"]
    assert code_of(Page().call("POST", "/session/passkey/ask")) == (409, "no_passkeys")


def test_on_the_server_itself_there_are_passkeys_of_localhost_too(settings: Any) -> None:
    settings.PUBLIC_ORIGIN = "https://tradepost.example"
    settings.PASSKEY_HOST = settings.OTP_WEBAUTHN_RP_ID = "tradepost.example"
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = ["https://tradepost.example"]
    settings.ALLOWED_HOSTS = ["tradepost.example", "localhost"]
    person()
    here, there = Page(HTTP_HOST="localhost:8000"), Page(HTTP_HOST="tradepost.example")
    assert there.sign_in().json()["signed_in"]
    assert there.call("GET", "/passkeys").json()["host"] == "tradepost.example"
    assert here.sign_in().json()["signed_in"]
    assert here.call("GET", "/passkeys").json()["host"] == "localhost"
    mine = Passkey(origin="http://localhost:8000", host="localhost")
    assert enrol(here, mine).status_code == 200
    for page, key in (
        (here, Passkey(origin="http://localhost:8001", host="localhost")),
        (here, Passkey(origin="https://tradepost.example", host="tradepost.example")),
        (there, Passkey(origin="http://localhost:8000", host="localhost")),
    ):
        page.call("DELETE", "/session")
        page.sign_in()
        assert page.session()["needs"] == "otp"
        key._key, key.id, key.counter = mine._key, mine.id, mine.counter + 5
        assert code_of(page.call("POST", "/session/passkey", key.get(asked(page)))) == (
            401,
            "unauthenticated",
        )
    assert here.call("POST", "/session/passkey", mine.get(asked(here))).json()["signed_in"] is True


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://tradepost.example", "tradepost.example"),
        ("http://localhost:8000", "localhost"),
        ("https://192.168.1.10", ""),
        ("https://[::1]", ""),
        ("http://tradepost.example", ""),
    ],
)
def test_the_name_is_the_origin_s(origin: str, host: str) -> None:
    assert _passkey_host(origin) == host
    assert house.PASSKEY_HOST == "localhost"


BYTES = st.one_of(
    st.binary(min_size=1, max_size=60), st.just(b"{}"), st.just(b'{"type":"webauthn.get"}')
).map(b64)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.fixed_dictionaries(dict.fromkeys(("client_data", "authenticator_data", "signature"), BYTES)))
def test_bytes_from_outside_are_refused_and_nothing_stumbles(key: Passkey, parts: dict[str, str]) -> None:
    page = Page(address="198.51.100.7")
    wanted = asked(page)
    good = key.get(wanted)
    answer = page.call("POST", "/session/passkey", {**good, **parts})
    assert answer.status_code in (401, 429), answer.content
    Attempt.objects.all().delete()
