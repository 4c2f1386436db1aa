import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.core.management.base import CommandParser
from django.db import transaction

from webapp.security import audit, people


class Command(changepassword.Command):
    """Django's own, and then what a lost password asks for."""

    help = "Sets a new password, and ends what the old let in: every device, link and API token of that user."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--keep-tokens", action="store_true", help="the password was only forgotten: scripts go on"
        )

    def handle(self, *args: Any, **options: Any) -> str:
        name = options["username"] = options["username"] or getpass.getuser()
        with transaction.atomic():
            said = super().handle(*args, **options)
            user = people.find(name)
            ended = people.shut_out(user, tokens=not options["keep_tokens"])
            audit.record("password_changed", who=user.get_username(), tokens_ended=ended, by="shell")
        return f"{said}\nSigned out everywhere; {ended} API tokens ended. Second factors stay."
