#!/usr/bin/env python3
"""Django's command line. `--data DIR` names the data folder for every command, before settings are read."""

import os
import sys
from pathlib import Path


def _take_data_folder(argv: list[str]) -> list[str]:
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--data":
            os.environ["TRADEPOST_DATA"] = str(Path(next(words, "var")).resolve())
        elif word.startswith("--data="):
            os.environ["TRADEPOST_DATA"] = str(Path(word.removeprefix("--data=")).resolve())
        else:
            rest.append(word)
    return rest


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(_take_data_folder(sys.argv))
