from typing import Any

from django.core.management.base import BaseCommand, CommandError

from webapp.security import signin
from webapp.views import opened_at


class Command(BaseCommand):
    help = (
        "Prints the link that makes the first owner, good for an hour. Whoever has this shell is the owner."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not signin.is_open():
            raise CommandError("There is an owner already; `manage.py signinlink USER` lets them in.")
        self.stdout.write(f"{opened_at()}/#setup={signin.setup_token()}")
