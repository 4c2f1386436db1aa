"""The one-command house: embedded PostgreSQL and Valkey, the paper exchange, web, stream, workers and beat under one
supervisor (circus), which restarts what dies. Ctrl-C stops everything."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Runs everything on this machine, with a paper account."
    # The database is not there yet.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--paper-port", type=int, default=None, help="the port + 1 by default")
        parser.add_argument("--seed", type=int, default=None, help="of the paper market's price path")
        parser.add_argument(
            "--paper-history", type=Path, default=None, help="JSON Lines that a new paper ledger begins with"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from webapp.supervisor import AlreadyRunning, House
        except ImportError as error:
            raise CommandError(
                f"The demo's packages are missing ({error.name}): run `make setup`."
            ) from error
        history = options["paper_history"]
        if history is not None and not history.is_file():
            raise CommandError(f"There is no file {history}. Nothing was started.")
        port = options["port"]
        paper_port = options["paper_port"] or port + 1
        os.environ["TRADEPOST_PORT"] = str(port)
        house = House(
            root=Path(settings.BASE_DIR),
            embedded=settings.EMBEDDED,
            port=port,
            paper_port=paper_port,
            seed=options["seed"],
            paper_history=history.resolve() if history is not None else None,
        )
        try:
            house.run()
        except AlreadyRunning as error:
            raise CommandError(str(error)) from error
