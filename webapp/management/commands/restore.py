import uuid
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from bybit.models import Account, Link
from orders.models import Epoch
from webapp import backups
from webapp.security import audit
from webapp.security.models import Device

OTHERS = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""


class Command(BaseCommand):
    help = "Puts a backup in the place of the database. Stop every process of Tradepost first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--yes", action="store_true", help="what is in the database now is lost")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["yes"]:
            raise CommandError("What is in the database now would be lost. Say --yes if it may be.")
        lost = audit.head()
        self._hang_up()
        others = self._others()
        if others:
            raise CommandError(f"{others} others use the database. Stop Tradepost first. Nothing was done.")
        folder = Path(settings.DATA_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            backups.load(options["file"].resolve(), folder)
        except (backups.BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        call_command("migrate", verbosity=0)
        self._afterwards(options["file"].name, lost)
        self.stdout.write(
            f"Restored. The audit log had come to {lost}; what it said after the backup is gone. Everybody signs in "
            "anew, live accounts are switched off, and orders are checked with Bybit before new ones are taken. "
            "Passwords, keys, recovery codes and API tokens are those of the backup: look at the lists."
        )

    def _hang_up(self) -> None:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's has one

    def _others(self) -> int:
        """Who else is there; asked by one plain connection, as a pool would count its own."""
        with psycopg.connect(**connection.get_connection_params()) as plain:
            found = plain.execute(OTHERS).fetchone()
        return int(found[0]) if found else 0

    def _afterwards(self, name: str, lost: str) -> None:
        """What was true when the backup was made is not known to be true now."""
        Epoch.objects.update(value=uuid.uuid4())
        Link.objects.update(stream=Link.Stream.DOWN, private_at=None, pass_at=None)
        Session.objects.all().delete()
        Device.objects.all().delete()
        live = Account.objects.filter(environment=Account.Environment.LIVE)
        live.update(
            live_since=None, read_only=True, read_only_reason="This live account is not switched on yet."
        )
        audit.record("restored", by="shell", file=name, before=lost)
