from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.security import audit
from webapp.security.models import SignInLink
from webapp.views import opened_at


class Command(BaseCommand):
    help = "Prints a one-time sign-in link, good for 15 minutes. Whoever has this shell is the owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']}.")
        audit.record("link_made", who=user.get_username(), by="shell")
        # In the fragment: a browser sends it to no server, so that no log ever holds it.
        self.stdout.write(f"{opened_at()}/#link={SignInLink.make(user)}")
