from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.security import audit
from webapp.security.models import ApiToken


class Command(BaseCommand):
    help = "Makes an API token and prints it, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")
        parser.add_argument("--scope", choices=ApiToken.Scope.values, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']}.")
        token, text = ApiToken.make(user, options["scope"], "made on the server")
        audit.record("token_made", who=user.get_username(), token=token.pk, scope=token.scope, by="shell")
        self.stdout.write(text)
