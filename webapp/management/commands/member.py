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
        after = "Open pages show it within seconds." if done else "It was so already; nothing was changed."
        self.stdout.write(f"{state}. {after}")
