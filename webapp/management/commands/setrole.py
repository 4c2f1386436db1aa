from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.security import audit
from webapp.security.models import Access


class Command(BaseCommand):
    help = "Gives a user a role: an owner does everything, a trader trades, a viewer looks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")
        parser.add_argument("role", choices=Access.Role.values)

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']}.")
        is_owner = options["role"] == Access.Role.OWNER
        user.is_superuser = user.is_staff = is_owner
        user.save(update_fields=["is_superuser", "is_staff"])
        Access.objects.update_or_create(user_id=user.pk, defaults={"role": options["role"]})
        audit.record("role_changed", who=user.get_username(), role=options["role"], by="shell")
        self.stdout.write(f"{user.get_username()} is {options['role']}.")
