from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.security import audit, factors, sessions
from webapp.security.models import SignInLink


class Command(BaseCommand):
    help = "Takes a user's second factors and recovery codes away. Then use signinlink, and enrol anew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']}.")
        factors.remove_all(user)
        # Who holds the lost phone is signed in on it.
        sessions.end_others(user, None)
        SignInLink.objects.filter(user=user).delete()
        audit.record("factors_removed", who=user.get_username(), by="shell")
        self.stdout.write(
            f"{user.get_username()} has no second factor now and is signed out everywhere. API tokens still work: "
            "take those away that were on the lost device."
        )
