"""The house as docker-compose.yml runs it: its own commands, as processes, on real-server settings and an empty
database."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from tests.conftest import ROOT, Paper, answers, end, free_port, wait_for
from webapp.postgres import binaries

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("web", "stream", "worker", "resolver", "beat", "alerts")


@dataclass
class House:
    url: str
    environment: dict[str, str]
    processes: list["subprocess.Popen[bytes]"]

    def manage(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            end(process)


@pytest.fixture
def house(servers: None, paper: Paper, tmp_path: Path) -> Iterator[House]:
    """The compose file's own commands, as processes, on the suite's PostgreSQL and Valkey."""
    from django.conf import settings

    port, embedded = free_port(), settings.EMBEDDED
    keys = {"SECRET_KEY": "s" * 20 + uuid.uuid4().hex, "CREDENTIALS_KEY": "c" * 20 + uuid.uuid4().hex}
    told = {
        **keys,
        "DATABASE_URL": f"postgres://tradepost@{quote(str(embedded.postgres_sockets), safe='')}/composed",
    }
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}
    for name, value in told.items():
        (tmp_path / name).write_text(value + "\n")
        environment[f"{name}_FILE"] = str(tmp_path / name)
    environment |= {
        "REDIS_URL": embedded.redis_url,
        "ALLOWED_HOSTS": "localhost",
        "PUBLIC_ORIGIN": f"http://localhost:{port}",
        "PAPER_URL": paper.url,
        "TRADEPOST_PORT": str(port),
        "TRADEPOST_DATA": str(tmp_path),
        # The image brings PostgreSQL's client programs of the server's version; here they are the embedded server's.
        "PATH": f"{Path(sys.executable).parent}:{binaries() / 'bin'}:{os.environ['PATH']}",
    }
    create = "import psycopg,sys; psycopg.connect(host=sys.argv[1],user='tradepost',dbname='postgres',autocommit=True)"
    create += ".execute('CREATE DATABASE composed')"
    subprocess.run([sys.executable, "-c", create, str(embedded.postgres_sockets)], check=True)
    run = {"cwd": ROOT, "env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(SERVICES["migrate"]["command"], check=True, **run)
    changed = {"8000": str(port), "0.0.0.0": "127.0.0.1", "/data/beat-schedule": str(tmp_path / "beat")}  # noqa: S104
    processes = [
        subprocess.Popen([changed.get(word, word) for word in SERVICES[name]["command"]], **run)
        for name in OURS
    ]
    made = House(f"http://localhost:{port}", environment, processes)
    try:
        wait_for(lambda: answers(f"http://localhost:{port}/api/v1/ready"), 60, what="a house that is ready")
        yield made
    finally:
        made.stop()
