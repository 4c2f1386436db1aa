from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.security import audit
from webapp.security.models import SignInLink


class Command(BaseCommand):
    help = "Prints a one-time sign-in link, good for 15 minutes. Whoever has this shell is the owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']}.")
        origin = settings.PUBLIC_ORIGIN or _running_at() or f"http://localhost:{settings.PORT}"
        audit.record("link_made", who=user.get_username(), by="shell")
        # In the fragment: a browser sends it to no server, so that no log ever holds it.
        self.stdout.write(f"{origin}/#link={SignInLink.make(user)}")


def _running_at() -> str:
    """The address of the demo that runs on this data folder."""
    path = settings.DATA_DIR / "web.url"
    return path.read_text().strip().rstrip("/") if path.exists() else ""
