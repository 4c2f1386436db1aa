from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.security import people, signin
from webapp.security.models import Access
from webapp.views import opened_at


class Command(BaseCommand):
    help = (
        "Makes a user, and prints a one-time link, good for an hour, by which they choose a password and enrol a "
        "second factor. Again prints a new one, until they have. Then `member` gives them accounts."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")
        parser.add_argument("role", choices=Access.Role.values)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user, waits = people.add(options["user"], options["role"])
        except people.Unfit as error:
            raise CommandError(str(error)) from error
        if waits:
            self.stdout.write(f"{opened_at()}/#setup={signin.invitation(user)}")
        else:
            self.stdout.write(f"{user.get_username()} is {options['role']} already, and has a password.")
