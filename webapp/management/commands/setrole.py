from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.security import people
from webapp.security.models import Access


class Command(BaseCommand):
    help = "Gives a user a role: an owner does everything on their accounts, a trader trades, a viewer looks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")
        parser.add_argument("role", choices=Access.Role.values)
        parser.add_argument(
            "--everything", action="store_true", help="an owner who sees all accounts in the admin"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = people.set_role(options["user"], options["role"], everything=options["everything"])
        except people.Unfit as error:
            raise CommandError(str(error)) from error
        sees = " and sees everything in the admin" if user.is_superuser else ""
        self.stdout.write(f"{user.get_username()} is {options['role']}{sees}.")
