"""Whose rows the admin shows: an owner's own, and all of them to who may see everything."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.urls import reverse

from orders.models import Order
from tests.security.evidence import one_of_everything
from tests.security.people import Page, person
from webapp.security.models import ApiToken

pytestmark = pytest.mark.django_db


def _listed(page: Page, base: str) -> Any:
    return page.client.get(reverse(f"{base}_changelist")).context["cl"]


def _offered(listed: Any) -> str:
    """What the filters beside the rows name."""
    return str([vars(one) for one in listed.filter_specs])


@pytest.fixture
def pages() -> tuple[Page, Page, Order]:
    """Of ann, who may see everything; of bob, an owner; and bob's order."""
    ann, bob = person(), person("bob")
    get_user_model().objects.filter(username="bob").update(is_superuser=False, is_staff=False)
    one_of_everything("first", ann)
    order = one_of_everything("second", bob)
    sees_all, owner = Page(), Page()
    for page, user in ((sees_all, ann), (owner, bob)):
        page.client.force_login(user)
    return sees_all, owner, order


def test_an_owner_sees_what_is_of_their_own_accounts(pages: tuple[Page, Page, Order]) -> None:
    sees_all, owner, _ = pages
    for model in admin.site._registry:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        everything, listed = _listed(sees_all, base), _listed(owner, base)
        all_rows, own = ({row.pk for row in one.queryset} for one in (everything, listed))
        assert own and own < all_rows, f"{base}: some, and not all"
        assert "first" not in _offered(listed) and "ann" not in _offered(listed), base
        for pk in all_rows:
            answer = owner.client.get(reverse(f"{base}_change", args=[pk]))
            assert answer.status_code == (200 if pk in own else 302), (base, pk)


def test_an_owner_finds_every_table_and_an_order_with_its_evidence(pages: tuple[Page, Page, Order]) -> None:
    _, owner, order = pages
    index = owner.client.get("/admin/").content.decode()
    for model in admin.site._registry:
        assert f"/admin/{model._meta.app_label}/{model._meta.model_name}/" in index
    detail = owner.client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert "from second" in detail


def test_what_an_owner_takes_away_and_asks_for_is_their_own(pages: tuple[Page, Page, Order]) -> None:
    _, owner, _ = pages
    owner.client.handler.enforce_csrf_checks = False
    session = owner.client.session
    session["tp_stepped"] = 2**40
    session.save()
    both = [str(row.pk) for row in ApiToken.objects.all()]
    taken = owner.client.post("/admin/security/apitoken/", {"action": "export_csv", "_selected_action": both})
    assert "of second" in taken.content.decode() and "of first" not in taken.content.decode()
