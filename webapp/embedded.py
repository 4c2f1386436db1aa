"""Where the embedded servers of one data folder live. Pure paths: settings and the demo supervisor agree on them, so
that any command finds the running servers by the folder's name alone."""

import hashlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

DATABASE = "tradepost"
DATABASE_USER = "tradepost"


@dataclass(frozen=True, slots=True)
class Embedded:
    """The data folder and its short-named folder for sockets (a socket's path may have 107 characters at most)."""

    data: Path

    @property
    def sockets(self) -> Path:
        mark = hashlib.sha256(str(self.data).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"tradepost-{os.getuid()}-{mark}"

    @property
    def postgres_sockets(self) -> Path:
        return self.sockets / "postgres"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.valkey_socket}"

    def secret(self, name: str) -> str:
        """A random secret kept in the data folder, readable by its owner alone; made on first use."""
        path = self.data / f"{name}.secret"
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            self.data.mkdir(parents=True, exist_ok=True)
        value = secrets.token_urlsafe(48)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(value)
        except FileExistsError:
            return path.read_text().strip()
        return value
