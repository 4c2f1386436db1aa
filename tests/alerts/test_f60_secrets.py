"""F60: what pushes and their tables hold of secrets: nothing."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from bybit.models import Account, Link
from bybit.secrets import is_current
from tests.alerts.conftest import Phone, run
from tests.push import packed
from webapp.alerts import keys
from webapp.alerts.models import Notice, VapidKey

CANARY = "canary7f3a91c2d4"


def test_f60_no_push_holds_a_key_or_a_secret(
    phone: Phone, account: Account, fill: Callable[..., None]
) -> None:
    account.api_key = f"key-{CANARY}"
    account.set_secret(f"secret-{CANARY}")
    account.save()
    phone.page.call("PUT", "/push/preferences", {"kinds": ["fill", "trouble"], "amounts": True})
    fill("e-1", "1")
    Link.objects.filter(pk=account.pk).update(private_at=timezone.now() - timedelta(minutes=3))
    run()
    shown = phone.shown()
    assert {one["title"] for one in shown} == {"Order filled", "No news from Bybit"}
    assert CANARY not in json.dumps(shown)
    assert CANARY not in str(list(Notice.objects.values()))


@pytest.mark.django_db
def test_f60_the_push_key_is_made_once_sealed_and_survives_a_change_of_keys(settings: Any) -> None:
    settings.CREDENTIALS_KEY, settings.CREDENTIALS_KEY_OLD = "one", ""
    public = keys.public()
    number = keys.private().private_numbers().private_value.to_bytes(32, "big")
    assert keys.public() == public
    sealed = bytes(VapidKey.objects.get().sealed_private)
    assert number not in sealed and packed(number).encode() not in sealed
    settings.CREDENTIALS_KEY, settings.CREDENTIALS_KEY_OLD = "two", "one"
    call_command("resealkeys", verbosity=0)
    settings.CREDENTIALS_KEY_OLD = ""
    assert is_current(bytes(VapidKey.objects.get().sealed_private))
    assert keys.private().private_numbers().private_value.to_bytes(32, "big") == number
    assert keys.public() == public
