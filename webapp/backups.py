"""Backups: PostgreSQL's own dump, sealed while it is written, and opened whole before anything is touched.

The file is a magic word, sixteen random bytes, then chunks: a length, and AES-256-GCM under a key of CREDENTIALS_KEY's.
Each chunk's nonce counts, and the last one says that it is the last: a file that was cut, changed or put together anew
does not open. Whoever loses CREDENTIALS_KEY has lost the backups too; keep it where they are not."""

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from webapp.postgres import binaries

MAGIC = b"tradepost-backup-1\n"
CHUNK = 1024 * 1024
_LENGTH = struct.Struct(">I")
MORE, LAST = b"\x00", b"\x01"


class BackupError(Exception):
    """What went wrong, for a person."""


def _cipher(salt: bytes, key: str) -> AESGCM:
    return AESGCM(
        HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"tradepost.backup").derive(key.encode())
    )


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def seal(source: IO[bytes], target: IO[bytes]) -> None:
    """Writes everything of `source`, sealed."""
    salt = os.urandom(16)
    cipher = _cipher(salt, settings.CREDENTIALS_KEY)
    target.write(MAGIC + salt)
    chunk, number = source.read(CHUNK), 0
    while True:
        following = source.read(CHUNK) if len(chunk) == CHUNK else b""
        mark = MORE if following else LAST
        body = cipher.encrypt(_nonce(number), chunk, mark)
        target.write(mark + _LENGTH.pack(len(body)) + body)
        if mark == LAST:
            return
        chunk, number = following, number + 1


def opened(source: IO[bytes]) -> Iterator[bytes]:
    """What was sealed, chunk by chunk. Raises BackupError; nothing is known to be whole before the end."""
    if source.read(len(MAGIC)) != MAGIC:
        raise BackupError("This is not a backup of Tradepost's.")
    salt = source.read(16)
    ciphers = [_cipher(salt, key) for key in (settings.CREDENTIALS_KEY, settings.CREDENTIALS_KEY_OLD) if key]
    number = 0
    while True:
        mark, head = source.read(1), source.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            raise BackupError("This backup is cut short.")
        length = _LENGTH.unpack(head)[0]
        body = source.read(length)
        if len(body) < length:
            raise BackupError("This backup is cut short.")
        for cipher in ciphers:
            try:
                chunk = cipher.decrypt(_nonce(number), body, mark)
                ciphers = [cipher]
                break
            except InvalidTag:
                continue
        else:
            raise BackupError("This backup was changed, or made under another CREDENTIALS_KEY.")
        yield chunk
        if mark == LAST:
            if source.read(1):
                raise BackupError("There is something behind the end of this backup.")
            return
        number += 1


def _program(name: str) -> str:
    """PostgreSQL's own, of the server's version: beside the embedded server, else from PATH."""
    if not settings.REAL_SERVERS:
        return str(binaries() / "bin" / name)
    found = shutil.which(name)
    if found is None:
        raise BackupError(
            f"{name} is not here: install PostgreSQL's client programs, of the server's version."
        )
    return found


def _run(name: str, *words: str, **options: Any) -> "subprocess.Popen[bytes]":
    database = settings.DATABASES["default"]
    environment = dict(os.environ)
    names = {
        "PGHOST": "HOST",
        "PGPORT": "PORT",
        "PGUSER": "USER",
        "PGPASSWORD": "PASSWORD",
        "PGDATABASE": "NAME",
    }
    environment |= {variable: str(database[key]) for variable, key in names.items() if database.get(key)}
    for option in ("sslmode", "sslrootcert", "sslcert", "sslkey"):
        if option in database["OPTIONS"]:
            environment[f"PG{option.upper()}"] = str(database["OPTIONS"][option])
    return subprocess.Popen([_program(name), *words], env=environment, **options)


def dump(path: Path) -> None:
    """Writes a backup, readable by its owner alone; a file that is there already is left alone. Raises BackupError."""
    part = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
            process = _run(
                "pg_dump", "--format=custom", "--no-owner", "--no-privileges", stdout=subprocess.PIPE
            )
            assert process.stdout is not None  # noqa: S101  # asked for above
            seal(process.stdout, target)
            target.flush()
            os.fsync(target.fileno())
        if process.wait() != 0:
            raise BackupError("pg_dump failed; there is no backup.")
        os.link(part, path)
    except FileExistsError as error:
        raise BackupError(f"{path} is there already.") from error
    finally:
        part.unlink(missing_ok=True)


def load(path: Path, folder: Path) -> None:
    """Opens the whole backup first, then puts it in the place of what is there, in one transaction. Raises
    BackupError; then the database is as it was."""
    plain = folder / f".{path.name}.open"
    try:
        with (
            path.open("rb") as source,
            os.fdopen(os.open(plain, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target,
        ):
            for chunk in opened(source):
                target.write(chunk)
        _replace(plain)
    finally:
        plain.unlink(missing_ok=True)


# Everything goes first, tables that came after the backup among them: `migrate` makes those anew.
_EMPTY = b"DROP SCHEMA public CASCADE;\nCREATE SCHEMA public AUTHORIZATION pg_database_owner;\n"


def _replace(plain: Path) -> None:
    """Puts what the dump holds in the place of all there is, in one transaction."""
    name = str(settings.DATABASES["default"]["NAME"])
    made = _run("pg_restore", "--no-owner", "--no-privileges", "--file=-", str(plain), stdout=subprocess.PIPE)
    words = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
    taken = _run("psql", *words, f"--dbname={name}", stdin=subprocess.PIPE)
    assert made.stdout is not None and taken.stdin is not None  # noqa: S101  # asked for above
    try:
        taken.stdin.write(_EMPTY)
        shutil.copyfileobj(made.stdout, taken.stdin)
        if made.wait() != 0:
            # Without the end of its input nothing is committed.
            taken.kill()
        else:
            taken.stdin.close()
    except BrokenPipeError:
        made.kill()
    if taken.wait() != 0 or made.wait() != 0:
        raise BackupError("The restore failed; the database is as it was.")
