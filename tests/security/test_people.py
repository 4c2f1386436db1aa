"""Who else lives here: asked in by the server's shell, given accounts, and taken out again."""

import io
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.security.evidence import some_evidence
from tests.security.people import PASSWORD, App, Page, code_of, person
from webapp.security.models import ApiToken, AuditEntry

pytestmark = pytest.mark.django_db


def told(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue().strip()


def invited(name: str = "bob", role: str = "trader") -> str:
    return told("adduser", name, role).partition("#setup=")[2]


def accept(token: str, name: str = "bob", password: str = PASSWORD) -> tuple[Page, Any]:
    page = Page()
    return page, page.call("POST", "/setup", {"token": token, "username": name, "password": password})


@pytest.fixture
def account() -> Any:
    ann = person()
    row = some_evidence(timezone.now(), 1)[0].order.account
    row.members.add(ann)
    return row


@pytest.mark.parametrize("role", ["trader", "viewer", "owner"])
def test_somebody_is_asked_in_chooses_a_password_and_enrols(role: str, settings: Any) -> None:
    settings.REAL_SERVERS = True
    person()
    page, answer = accept(invited(role=role))
    shown = answer.json()
    assert (shown["user"], shown["role"], shown["needs"]) == ("bob", role, "second_factor")
    assert page.client.get("/admin/").status_code == 302
    started = page.call("POST", "/second-factors", {"name": "Phone"}).json()
    app = App(started["secret"])
    path = f"/second-factors/{started['id']}/confirm"
    assert len(page.call("POST", path, {"code": app.next()}).json()["recovery_codes"]) == 10
    assert page.session()["rights"] == (["read"] if role == "viewer" else ["read", "trade"])
    assert page.call("GET", "/accounts").json()["items"] == [], "and sees no account yet"
    assert get_user_model().objects.get(username="bob").is_superuser is False
    kinds = list(AuditEntry.objects.order_by("number").values_list("kind", flat=True))
    assert kinds == ["user_added", "invitation_used", "sign_in", "factor_added"]


def test_the_link_works_once_for_its_name_and_a_new_one_voids_it() -> None:
    person()
    first, second = invited(), invited()
    assert code_of(accept(first)[1]) == (401, "unauthenticated"), "a newer one was made"
    assert code_of(accept(second, "ann")[1]) == (401, "unauthenticated")
    assert code_of(accept(second, password="short")[1]) == (422, "weak_password")
    assert code_of(accept(second.replace("invite.", "invite.1"))[1]) == (401, "unauthenticated")
    assert accept(second)[1].json()["signed_in"] is True
    assert code_of(accept(second, password="another long one")[1]) == (401, "unauthenticated")
    assert Page().sign_in("bob").json()["signed_in"] is True
    assert told("adduser", "bob", "trader") == "bob is trader already, and has a password."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("adduser", "ann", "viewer"), "setrole ann viewer"),
        (("adduser", "b b", "viewer"), "cannot be a name"),
        (("member", "acc", "nobody"), "no user nobody"),
        (("member", "nothing", "ann"), "no account nothing"),
        (("setrole", "nobody", "viewer"), "no user nobody"),
        (("setrole", "ann", "viewer", "--everything"), "Only an owner"),
    ],
)
def test_what_does_not_fit_is_said_and_changes_nothing(
    account: Any, words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        call_command(*words)
    assert not AuditEntry.objects.exists()
    assert get_user_model().objects.count() == 1


def test_an_account_is_given_and_taken_and_both_hold_at_once(account: Any) -> None:
    bob, page = person("bob", "viewer"), Page()
    page.sign_in("bob")
    assert page.call("GET", "/orders").json()["items"] == []
    assert told("member", "acc", "bob").startswith("bob is a member of acc.")
    assert "already" in told("member", "acc", "bob")
    assert len(page.call("GET", "/orders").json()["items"]) == 1
    assert code_of(page.call("POST", "/orders/cancel-all", {"account": "acc"})) == (403, "forbidden")
    _, text = ApiToken.make(bob, "read")
    assert len(Page().call("GET", "/orders", Authorization=f"Bearer {text}").json()["items"]) == 1
    assert told("member", "acc", "bob", "--remove").startswith("bob is no member of acc.")
    assert "already" in told("member", "acc", "bob", "--remove")
    assert page.call("GET", "/orders").json()["items"] == []
    assert Page().call("GET", "/orders", Authorization=f"Bearer {text}").json()["items"] == []
    entries = AuditEntry.objects.filter(kind__startswith="member").order_by("number")
    assert [(row.kind, row.who, row.account) for row in entries] == [
        ("member_added", "bob", "acc"),
        ("member_removed", "bob", "acc"),
    ]


def test_a_second_owner_sees_everything_only_when_told_to() -> None:
    person("bob", "trader")
    User = get_user_model()  # noqa: N806
    assert told("setrole", "bob", "owner") == "bob is owner."
    assert User.objects.get().is_superuser is False
    assert "sees everything" in told("setrole", "bob", "owner", "--everything")
    assert User.objects.get().is_superuser is True
    told("setrole", "bob", "viewer")
    assert User.objects.get().is_superuser is False
