from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webapp.security import audit


class Command(BaseCommand):
    help = "Proves that the audit log is whole, and names the first entry that is not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor", default="", help="NUMBER:HASH that an earlier run printed: a log cut short shows"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        anchor = None
        if options["anchor"]:
            number, _, mark = options["anchor"].partition(":")
            if not number.isdigit():
                raise CommandError("An anchor looks like 1234:9f86d0…, as an earlier run printed it.")
            anchor = (int(number), mark)
        verdict = audit.verify(anchor=anchor)
        if verdict.broken is not None:
            at = f" of {verdict.at:%Y-%m-%d %H:%M:%S} UTC" if verdict.at else ""
            raise CommandError(f"Entry {verdict.broken}{at} is broken: {verdict.problem}.")
        self.stdout.write(f"Whole: {verdict.entries} entries. Anchor: {verdict.entries}:{verdict.head}")
