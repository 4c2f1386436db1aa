from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from bybit.models import Account
from bybit.secrets import is_current, seal, unseal
from webapp.alerts.keys import ABOUT
from webapp.alerts.models import VapidKey
from webapp.security import audit
from webapp.security.models import Authenticator


class Command(BaseCommand):
    help = (
        "Seals everything under CREDENTIALS_KEY that CREDENTIALS_KEY_OLD still opens. Then drop the old one."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = 0
        with transaction.atomic():
            for account in Account.objects.select_for_update():
                if not is_current(bytes(account.sealed_secret)):
                    account.set_secret(account.secret().reveal())
                    account.save(update_fields=["sealed_secret"])
                    done += 1
            for row in Authenticator.objects.select_for_update():
                if not is_current(bytes(row.sealed_seed)):
                    row.sealed_seed = seal(unseal(bytes(row.sealed_seed), row.about).reveal(), row.about)
                    row.save(update_fields=["sealed_seed"])
                    done += 1
            for key in VapidKey.objects.select_for_update():
                if not is_current(bytes(key.sealed_private)):
                    key.sealed_private = seal(unseal(bytes(key.sealed_private), ABOUT).reveal(), ABOUT)
                    key.save(update_fields=["sealed_private"])
                    done += 1
            audit.record("resealed", count=done, by="shell")
        self.stdout.write(f"{done} secrets were sealed anew.")
