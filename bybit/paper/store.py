"""What survives a restart, kill -9 included: SQLite beside the process, one transaction per step."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import types
from collections.abc import Callable, Iterable
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

T = TypeVar("T")
_TABLES = ("meta", "accounts", "keys", "positions", "orders", "executions", "bars", "closed", "transfers")


def to_text(record: Any) -> str:
    """A dataclass as JSON; Decimals become texts, dataclasses inside it objects."""
    return _encoder.encode(_fields(record))


def _fields(record: Any) -> dict[str, Any]:
    kind = type(record)
    if kind not in _readings:
        names = tuple(field.name for field in dataclasses.fields(kind))
        _readings[kind] = names, attrgetter(*names)
    names, values = _readings[kind]
    return dict(zip(names, values(record), strict=True))


# By dataclass: the names of its fields, and what reads all of them at once.
_readings: dict[type[Any], tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]] = {}


def _simple(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else _fields(value)


_encoder = json.JSONEncoder(separators=(",", ":"), default=_simple)


class Reader:
    """Rebuilds dataclasses of one type from their JSON; what an older file does not have takes its default."""

    def __init__(self, kind: type[T]) -> None:
        hints = get_type_hints(kind)
        self._kind = kind
        self._decimals = [name for name, hint in hints.items() if hint is Decimal]
        self._amounts = [name for name, hint in hints.items() if hint == dict[str, Decimal]]
        self._inner = {name: Reader(inner) for name, hint in hints.items() if (inner := _record_in(hint))}

    def read(self, text: str) -> Any:
        """One record."""
        return self._build(json.loads(text))

    def _build(self, fields: dict[str, Any]) -> Any:
        for name in self._decimals:
            if name in fields:
                fields[name] = Decimal(fields[name])
        for name in self._amounts:
            fields[name] = {key: Decimal(text) for key, text in fields.get(name, {}).items()}
        for name, reader in self._inner.items():
            if fields.get(name) is not None:
                fields[name] = reader._build(fields[name])
        return self._kind(**fields)


def _record_in(hint: Any) -> type[Any] | None:
    """The dataclass that a field holds, also an optional one."""
    candidates = (hint, *get_args(hint))
    return next(
        (each for each in candidates if isinstance(each, type) and dataclasses.is_dataclass(each)), None
    )


class Store:
    """Tables of (id, body) in a file, read whole at the start and written as things change.

    Raises sqlite3.OperationalError when another process has the folder open.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(folder / "paper.sqlite3", isolation_level=None, timeout=0.5)
        # A second process on the same folder must not write into the first one's books.
        self._base.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=NORMAL")
        self._base.execute("BEGIN IMMEDIATE")
        for table in _TABLES:
            self._base.execute(
                f"CREATE TABLE IF NOT EXISTS {table} (id TEXT PRIMARY KEY, body TEXT NOT NULL)"
            )
        self._base.execute("COMMIT")

    def __enter__(self) -> Store:
        self._base.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self._base.execute("COMMIT" if kind is None else "ROLLBACK")

    def put(self, table: str, rows: Iterable[tuple[str, str]]) -> None:
        """Inserts or replaces rows of (id, body); within `with store:`."""
        self._base.executemany(f"INSERT OR REPLACE INTO {table} (id, body) VALUES (?, ?)", rows)  # noqa: S608

    def rows(self, table: str) -> list[tuple[str, str]]:
        """All rows of a table in the order in which they were first written."""
        return list(self._base.execute(f"SELECT id, body FROM {table} ORDER BY rowid"))  # noqa: S608

    def close(self) -> None:
        """Ends; everything is written already."""
        self._base.close()
