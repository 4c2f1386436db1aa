from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp import backups
from webapp.security import audit


class Command(BaseCommand):
    help = "Writes the whole database into one file, sealed under CREDENTIALS_KEY."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"].resolve()
        audit.record("backup", by="shell", file=path.name)
        try:
            backups.dump(path)
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{path} ({path.stat().st_size} bytes). Keep CREDENTIALS_KEY somewhere else: it opens it."
        )
