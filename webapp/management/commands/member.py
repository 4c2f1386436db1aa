from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.security import people


class Command(BaseCommand):
    help = "Lets a user use an account, within their role; --remove takes it back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account")
        parser.add_argument("user")
        parser.add_argument("--remove", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        account, user, member = options["account"], options["user"], not options["remove"]
        try:
            done = people.set_member(account, user, member=member)
        except people.Unfit as error:
            raise CommandError(str(error)) from error
        state = f"{user} is {'a' if member else 'no'} member of {account}"
        if not done:
            self.stdout.write(f"{state} already. Nothing was changed.")
        elif member:
            self.stdout.write(f"{state}. A page that is open shows it after a reload.")
        else:
            self.stdout.write(
                f"{state} any more; they are signed out everywhere, and their API tokens have ended."
            )
