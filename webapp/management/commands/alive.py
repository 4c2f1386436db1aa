from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bybit.models import Heartbeat

LIMIT = timedelta(seconds=30)


class Command(BaseCommand):
    help = "Health check of a background process: fails when it has shown no sign of life for 30 s."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "name", choices=["beat", "stream", "alerts"], help="beat also proves that a worker runs its tasks"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        row = Heartbeat.objects.filter(pk=options["name"]).first()
        if row is None or timezone.now() - row.at > LIMIT:
            raise CommandError(f"{options['name']} shows no sign of life.")
