"""Rows read, inserted and updated without the ORM's assembly, for the paths that are timed: building one statement
by the ORM costs about half a millisecond, a fill needs nine, and the phone waits for all of them. The models stay the
only description of the tables (docs/decisions/hot-path-sql.md)."""

from collections.abc import Sequence
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


def find(model: type[M], where: str, params: Sequence[Any]) -> list[M]:
    """The rows that fit. `where` is SQL of our own with %s for every value."""
    head, attributes, readers = _select(model)
    with connection.cursor() as cursor:
        cursor.execute(head + where, params)
        found = cursor.fetchall()
    rows = []
    for values in found:
        shown = list(values)
        for at, field in readers:
            shown[at] = field.from_db_value(shown[at], None, connection)
        rows.append(model.from_db(connection.alias, attributes, shown))
    return rows


def locked(model: type[M], where: str, params: Sequence[Any]) -> list[M]:
    """The rows that fit, locked for this transaction."""
    return find(model, f"{where} FOR UPDATE", params)


def insert(row: Model) -> bool:
    """Inserts the row once: False when a unique constraint says that it is there already. Sets its key."""
    statement, fields = _insert(type(row))
    with connection.cursor() as cursor:
        cursor.execute(statement, [_value(row, field, adding=True) for field in fields])
        found = cursor.fetchone()
    if found is None:
        return False
    if row._meta.pk.attname not in [field.attname for field in fields]:
        row.pk = found[0]
    row._state.adding, row._state.db = False, connection.alias
    return True


def update(row: Model, names: tuple[str, ...]) -> None:
    """Writes these fields of a row that this transaction has locked."""
    statement, fields = _update(type(row), names)
    with connection.cursor() as cursor:
        values = [_value(row, field, adding=False) for field in fields]
        key = row._meta.pk
        cursor.execute(statement, [*values, key.get_db_prep_save(row.pk, connection)])
