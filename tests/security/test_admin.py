"""The admin shows and exports; it changes nothing, and there is no door to it but the console's."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from tests.security.evidence import some_evidence
from tests.security.people import App, Page, person
from webapp.security import sessions
from webapp.security.models import ApiToken, AuditEntry, Authenticator

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Page:
    person()
    page = Page()
    page.sign_in()
    return page


def test_every_list_is_shown_searched_and_changes_nothing(owner: Page) -> None:
    some_evidence(timezone.now(), 2)
    ApiToken.make(person("bob", "trader"), "read", "=cmd()")
    index = owner.client.get("/admin/")
    assert index.status_code == 200
    assert "unsafe" not in index["Content-Security-Policy"]
    for model, page in admin.site._registry.items():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        listed = owner.client.get(reverse(f"{base}_changelist"), {"q": "a"} if page.search_fields else {})
        assert listed.status_code == 200, base
        assert "<script>" not in listed.content.decode(), "the page's policy allows none of its own"
        assert owner.client.get(reverse(f"{base}_add")).status_code == 403, base
        row = model._default_manager.first()
        if row is not None:
            path = reverse(f"{base}_change", args=[row.pk])
            shown = owner.client.get(path)
            assert shown.status_code == 200, base
            assert (
                owner.client.post(reverse(f"{base}_delete", args=[row.pk]), {"post": "yes"}).status_code
                == 403
            )


def test_no_hash_and_no_seal_is_shown(owner: Page) -> None:
    user = person("bob", "trader")
    token, _ = ApiToken.make(user, "read", "bot")
    App.enrolled(user)
    row = Authenticator.objects.get()
    for path, hidden in (
        (f"/admin/security/apitoken/{token.pk}/change/", token.hash),
        (f"/admin/security/authenticator/{row.pk}/change/", bytes(row.sealed_seed).hex()),
        (f"/admin/auth/user/{user.pk}/change/", "md5$"),
        ("/admin/security/device/", owner.client.session.session_key or "?"),
    ):
        answer = owner.client.get(path)
        assert answer.status_code == 200, path
        assert hidden not in answer.content.decode(), path


@pytest.mark.parametrize("role", ["trader", "viewer"])
def test_owners_alone_come_in(role: str) -> None:
    person("bob", role)
    page = Page()
    page.sign_in("bob")
    for visitor in (page, Page()):
        for path in ("/admin/", "/admin/security/auditentry/", "/admin/password_change/"):
            answer = visitor.client.get(path, follow=False)
            assert (answer.status_code, answer.content) == (302, b""), path


def test_on_real_servers_only_with_a_second_factor(owner: Page, settings: Any) -> None:
    settings.REAL_SERVERS = True
    assert owner.client.get("/admin/").status_code == 302
    app = App.enrolled(_ann())
    page = Page()
    page.sign_in()
    page.call("POST", "/session/otp", {"code": app.next()})
    assert page.client.get("/admin/").status_code == 200


def _ann() -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get(username="ann")


def test_the_admin_has_no_door_of_its_own(owner: Page) -> None:
    page = Page()
    answer = page.client.post("/admin/login/", {"username": "ann", "password": "correct horse battery"})
    assert answer.status_code in (302, 403)
    assert page.session()["signed_in"] is False
    assert owner.client.get("/admin/login/")["Location"] == "/"


def test_rows_are_exported_defused_and_written_down(owner: Page) -> None:
    token, _ = ApiToken.make(_ann(), "read", '=HYPERLINK("x")')
    body = {"action": "export_csv", "_selected_action": [str(token.pk)]}
    owner.client.handler.enforce_csrf_checks = False
    answer = owner.client.post("/admin/security/apitoken/", body)
    assert answer["Content-Type"].startswith("text/csv")
    assert "'=HYPERLINK" in answer.content.decode()
    assert token.hash not in answer.content.decode()
    entry = AuditEntry.objects.first()
    assert entry is not None and (entry.kind, entry.detail["rows"]) == ("admin_export", 1)
    session = owner.client.session
    session["tp_stepped"] = 0
    session.save()
    refused = owner.client.post("/admin/security/apitoken/", body)
    assert set(owner.client.cookies) <= {settings.SESSION_COOKIE_NAME, sessions.KNOWN_COOKIE}, (
        "a note has no cookie"
    )
    assert "fresh proof" in owner.client.get(refused["Location"]).content.decode()
    assert "csv" not in owner.client.post("/admin/security/apitoken/", body).get("Content-Type", "")
