"""The demo's tables, its user and its paper account; safe to repeat. One process does it all: starting one takes longer
than its work."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from bybit.models import Account, Link
from webapp.supervisor import PAPER_KEY, PAPER_SECRET


class Command(BaseCommand):
    help = "Migrates, makes the user `demo` and the account `paper`, and prints a sign-in link."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--paper-url", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        user, fresh = get_user_model().objects.get_or_create(
            username="demo", defaults={"is_staff": True, "is_superuser": True}
        )
        if fresh:
            # Signs in by link; a password can be set with `manage.py changepassword demo`.
            user.set_unusable_password()
            user.save()
        account = Account.objects.filter(pk="paper").first() or Account(pk="paper", label="Paper")
        account.environment = Account.Environment.PAPER
        account.paper_url = options["paper_url"]
        account.api_key = PAPER_KEY
        account.set_secret(PAPER_SECRET)
        account.save()
        account.members.add(user)
        # What was true of an earlier run is not known to be true now.
        Link.objects.update_or_create(
            pk=account.pk, defaults={"stream": Link.Stream.DOWN, "private_at": None, "pass_at": None}
        )
        call_command("signinlink", user.get_username(), stdout=self.stdout)
