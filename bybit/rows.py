"""Rows read, inserted and updated without the ORM's assembly, for the paths that are timed: building one statement
by the ORM costs about half a millisecond, a fill needs nine, and the phone waits for all of them. The models stay the
only description of the tables (docs/decisions/hot-path-sql.md)."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, Model

M = TypeVar("M", bound=Model)
Fields = tuple["Field[Any, Any]", ...]


@cache
def _columns(model: type[Model]) -> Fields:
    return tuple(model._meta.concrete_fields)


@cache
def _insert(model: type[Model]) -> tuple[str, Fields]:
    fields = tuple(field for field in _columns(model) if not getattr(field, "db_returning", False))
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    table, key = model._meta.db_table, model._meta.pk.column
    return (
        f'INSERT INTO "{table}" ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING RETURNING "{key}"',
        fields,
    )


@cache
def _insert_child(model: type[Model]) -> tuple[str, Fields]:
    fields = tuple(field for field in _columns(model) if not getattr(field, "db_returning", False))
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(f"%s::{field.db_type(connection)}" for field in fields)
    table = model._meta.db_table
    return f'INSERT INTO "{table}" ({names}) SELECT {marks} WHERE EXISTS (SELECT 1 FROM made)', fields


@cache
def _update(model: type[Model], names: tuple[str, ...]) -> tuple[str, Fields]:
    fields = tuple(
        field for field in (model._meta.get_field(name) for name in names) if isinstance(field, Field)
    )
    assignments = ", ".join(f'"{field.column}" = %s' for field in fields)
    table, key = model._meta.db_table, model._meta.pk.column
    return f'UPDATE "{table}" SET {assignments} WHERE "{key}" = %s', fields


def _value(row: Model, field: "Field[Any, Any]", *, adding: bool) -> Any:
    # `pre_save` fills in auto_now columns.
    return field.get_db_prep_save(field.pre_save(row, adding), connection)


@cache
def _select(model: type[Model]) -> tuple[str, list[str], list[tuple[int, Any]]]:
    fields = _columns(model)
    names = ", ".join(f'"{field.column}"' for field in fields)
    readers = [(at, field) for at, field in enumerate(fields) if hasattr(field, "from_db_value")]
    return f'SELECT {names} FROM "{model._meta.db_table}" WHERE ', [f.attname for f in fields], readers


@dataclass(frozen=True, slots=True)
class Query:
    """Rows to read. `where` is SQL of our own with %s for every value."""

    model: type[Model]
    where: str
    params: Sequence[Any]


def find(model: type[M], where: str, params: Sequence[Any]) -> list[M]:
    """The rows that fit. `where` is SQL of our own with %s for every value."""
    return _made(model, fetch(_select(model)[0] + where, params))


def locked(model: type[M], where: str, params: Sequence[Any]) -> list[M]:
    """The rows that fit, locked for this transaction."""
    return find(model, f"{where} FOR UPDATE", params)


def find_all(queries: Sequence[Query]) -> list[list[Any]]:
    """The rows of each query, all in one round trip, looked for in this order."""
    found = fetch_all([(_select(query.model)[0] + query.where, query.params) for query in queries])
    return [_made(query.model, some) for query, some in zip(queries, found, strict=True)]


def _made(model: type[M], found: Sequence[tuple[Any, ...]]) -> list[M]:
    _, attributes, readers = _select(model)
    rows = []
    for values in found:
        shown = list(values)
        for at, field in readers:
            shown[at] = field.from_db_value(shown[at], None, connection)
        rows.append(model.from_db(connection.alias, attributes, shown))
    return rows


def insert(row: Model, child: Model | None = None) -> bool:
    """Inserts the row once: False when a unique constraint says that it is there already. Sets its key. `child`
    refers to it and is inserted with it, in the same statement, or not at all."""
    statement, fields = _insert(type(row))
    values = [_value(row, field, adding=True) for field in fields]
    if child is not None:
        head, own = _insert_child(type(child))
        key = row._meta.pk.column
        statement = f'WITH made AS ({statement}), child AS ({head}) SELECT "{key}" FROM made'
        values += [_value(child, field, adding=True) for field in own]
    found = fetch(statement, values)
    if not found:
        return False
    if row._meta.pk.attname not in [field.attname for field in fields]:
        row.pk = found[0][0]
    row._state.adding, row._state.db = False, connection.alias
    return True


def insert_all(
    found: Sequence[M], unique: str, then: Sequence[tuple[str, Sequence[Any]]] = ()
) -> tuple[list[M], list[list[tuple[Any, ...]]]]:
    """Inserts the rows that are not there yet, in one statement. Returns those, in their order, with their keys set.
    `unique` names the field that tells them apart, beside what they share. `then` are questions that follow in the
    same round trip; their answers are returned too."""
    statement, fields = _insert(type(found[0]))
    key, name = found[0]._meta.pk, found[0]._meta.get_field(unique)
    marks = "(" + ", ".join(["%s"] * len(fields)) + ")"
    if len(found) > 1:
        statement = statement.replace(marks, ", ".join([marks] * len(found)), 1)
    values = [_value(row, field, adding=True) for row in found for field in fields]
    named = f'{statement}, "{name.column}"'  # type: ignore[union-attr]
    made, *answers = fetch_all([(named, values), *then])
    keys = {mark: pk for pk, mark in made}
    new: dict[Any, M] = {}
    for row in found:
        mark = getattr(row, unique)
        if mark in keys and mark not in new:
            setattr(row, key.attname, keys[mark])
            row._state.adding, row._state.db = False, connection.alias
            new[mark] = row
    return list(new.values()), answers


def update(row: Model, names: tuple[str, ...]) -> None:
    """Writes these fields of a row that this transaction has locked."""
    statement, fields = _update(type(row), names)
    values = [_value(row, field, adding=False) for field in fields]
    write(statement, [*values, row._meta.pk.get_db_prep_save(row.pk, connection)])


def append(row: Model) -> None:
    """Inserts a row that nobody else can have inserted and whose key nobody needs now."""
    statement, fields = _insert(type(row))
    write(statement, [_value(row, field, adding=True) for field in fields])


# ---- fewer round trips


_pending = threading.local()


@contextmanager
def gathered() -> Iterator[None]:
    """Within it, writes wait for the next read, or for the end, and travel with it in one round trip. PostgreSQL
    carries them out in their order, in the caller's transaction, and any failure raises there. It stands last in its
    `atomic` block: when that is the outermost, the last writes take the COMMIT along, and Django finds nothing left to
    commit."""
    _pending.writes = []
    try:
        yield
        _flush(commit=connection.in_atomic_block and not connection.savepoint_ids)
    finally:
        _pending.writes = None


def write(statement: str, params: Sequence[Any]) -> None:
    """A statement whose answer nobody needs."""
    waiting = getattr(_pending, "writes", None)
    if waiting is not None:
        waiting.append((statement, params))
        return
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def _flush(*, commit: bool) -> None:
    waiting = _pending.writes
    if waiting:
        _pending.writes = []
        texts = [text for text, _ in waiting] + (["COMMIT"] if commit else [])
        with connection.cursor() as cursor:
            cursor.execute(";".join(texts), [value for _, some in waiting for value in some])


def fetch(statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement; what was written before it goes first."""
    return fetch_all([(statement, params)])[0]


def fetch_all(asked: Sequence[tuple[str, Sequence[Any]]]) -> list[list[tuple[Any, ...]]]:
    """The rows of each statement, in one round trip; what was written before them goes first."""
    waiting = getattr(_pending, "writes", None) or []
    if waiting:
        _pending.writes = []
    sent = [*waiting, *asked]
    with connection.cursor() as cursor:
        cursor.execute(";".join(text for text, _ in sent), [value for _, some in sent for value in some])
        found = []
        for at in range(len(sent)):
            if at >= len(waiting):
                found.append(list(cursor.fetchall()))
            if at + 1 < len(sent):
                cursor.nextset()
        return found
