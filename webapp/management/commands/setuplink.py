from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from webapp.security import signin


class Command(BaseCommand):
    help = (
        "Prints the link that makes the first owner, good for an hour. Whoever has this shell is the owner."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not signin.is_open():
            raise CommandError("There is an owner already; `manage.py signinlink USER` lets them in.")
        origin = settings.PUBLIC_ORIGIN or f"http://localhost:{settings.PORT}"
        self.stdout.write(f"{origin}/#setup={signin.setup_token()}")
