"""Backups open whole or not at all, and what is restored is a house that starts over."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from webapp import backups

BIG = os.urandom(2 * backups.CHUNK)


def _sealed(content: bytes) -> bytes:
    out = io.BytesIO()
    backups.seal(io.BytesIO(content), out)
    return out.getvalue()


def _opened(sealed: bytes) -> bytes:
    return b"".join(backups.opened(io.BytesIO(sealed)))


@pytest.mark.parametrize("size", [0, 1, backups.CHUNK - 1, backups.CHUNK, backups.CHUNK + 1, len(BIG)])
def test_what_is_sealed_opens(size: int) -> None:
    assert _opened(_sealed(BIG[:size])) == BIG[:size]


def test_a_backup_that_was_cut_changed_or_reordered_does_not_open(settings: Any) -> None:
    sealed = _sealed(BIG)
    head = len(backups.MAGIC) + 16
    one = 1 + 4 + backups.CHUNK + 16
    first, second = sealed[head : head + one], sealed[head + one : head + 2 * one]
    for broken in (
        sealed[:-1],
        sealed[:head],
        sealed[: head + one],
        sealed[:head] + second + first,
        sealed[:head] + first + first + second,
        sealed[:head] + second,
        sealed[:-5] + bytes([sealed[-5] ^ 1]) + sealed[-4:],
        sealed + b"x",
        b"PGDMP" + sealed,
        b"",
    ):
        with pytest.raises(backups.BackupError):
            _opened(broken)
    settings.CREDENTIALS_KEY, old = "another", settings.CREDENTIALS_KEY
    with pytest.raises(backups.BackupError, match="another CREDENTIALS_KEY"):
        _opened(sealed)
    settings.CREDENTIALS_KEY_OLD = old
    assert _opened(sealed) == BIG


def test_what_the_address_asks_for_is_asked_for() -> None:
    """TLS to a database that is elsewhere, for Django and for PostgreSQL's own programs."""
    code = (
        "from django.conf import settings; from webapp import backups; import subprocess; "
        "print(settings.DATABASES['default']['OPTIONS']['sslmode'], "
        "backups._run('env', stdout=subprocess.PIPE).stdout.read().decode())"
    )
    address = "postgres://me:secret@db.example/house?sslmode=verify-full&sslrootcert=/ca.pem"
    keys = {"SECRET_KEY": "s" * 60, "CREDENTIALS_KEY": "c" * 60, "ALLOWED_HOSTS": "localhost"}
    done = subprocess.run(
        [sys.executable, "-c", f"import os, django; django.setup(); {code}"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "DATABASE_URL": address,
            "REDIS_URL": "redis://127.0.0.1:1",
            **keys,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("verify-full")
    assert "PGSSLMODE=verify-full" in done.stdout
    assert "PGSSLROOTCERT=/ca.pem" in done.stdout


def _manage(*words: str, status: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


# Each is one process: starting Django is what takes the time.
MAKE = """
import sys
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
User = get_user_model()
User.objects.create_user("ann")
call_command("backup", FILE)
try:
    call_command("backup", FILE)
except CommandError as error:
    print("again:", error)
User.objects.create_user("later")
# As a later version's migration may.
from django.db import connection
connection.cursor().execute("CREATE TABLE newer (id serial PRIMARY KEY, who int REFERENCES auth_user)")
"""
LOOK = """
import json
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from orders.models import Epoch
from webapp.security import audit
from webapp.security.models import AuditEntry
call_command("verify_audit")
print(json.dumps({
    "newer": "newer" in connection.introspection.table_names(),
    "users": sorted(get_user_model().objects.values_list("username", flat=True)),
    "epoch": str(Epoch.objects.get()),
    "sessions": Session.objects.count(),
    "audit": AuditEntry.objects.order_by("-number").values_list("kind", flat=True).first(),
    "head": audit.head(),
    "told": AuditEntry.objects.order_by("-number").values_list("detail", flat=True).first(),
}))
"""


def _shell(code: str) -> str:
    return _manage("shell", "--no-imports", "-c", code)


def _look() -> dict[str, Any]:
    """What the house knows, its audit log proved whole."""
    found: dict[str, Any] = json.loads(_shell(LOOK).splitlines()[-1])
    return found


@pytest.mark.long
def test_a_restored_house_has_what_the_backup_had_and_a_new_epoch(servers: None, tmp_path: Path) -> None:
    _manage("migrate", "--verbosity", "0")
    file = tmp_path / "house.backup"
    assert "already" in _shell(MAKE.replace("FILE", repr(str(file))))
    assert file.stat().st_mode & 0o777 == 0o600
    content = file.read_bytes()
    assert b"PGDMP" not in content
    assert b"security_auditentry" not in content
    cut = tmp_path / "cut.backup"
    cut.write_bytes(content[:-20])
    assert "cut short" in _manage("restore", str(cut), "--yes", status=1)
    before = _look()
    assert before["newer"]
    assert before["users"] == ["ann", "later"], "a backup that does not open changes nothing"
    _manage("restore", str(file), "--yes")
    after = _look()
    assert (after["users"], after["sessions"], after["audit"]) == (["ann"], 0, "restored")
    assert after["epoch"] != before["epoch"]
    assert not after["newer"]
    assert after["told"]["before"] == before["head"]
