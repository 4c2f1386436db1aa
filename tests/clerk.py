"""Runs commands of `manage.py` one after another in one process, for who needs many: a line of JSON words in, a line of
JSON out. Which data folder, and so which house, the environment says."""

import io
import json
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    for line in sys.stdin:
        out = io.StringIO()
        try:
            call_command(*json.loads(line), stdout=out)
            answer = {"said": out.getvalue().strip()}
        except Exception as error:  # noqa: BLE001  # told to who asked
            answer = {"failed": f"{type(error).__name__}: {error}"}
        # The house may be stopped or its database killed before the next one.
        connections.close_all()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
