"""Many rows in one statement: an array for each column on PostgreSQL, one text of JSON on SQLite.

A parameter for each value of each row costs more to write down, to plan and to bind than the rows cost to keep.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from piccolo.columns import Column, ForeignKey
from piccolo.table import Table
from piccolo.utils.sql_values import convert_to_sql_value

from app.kernel.database import dialect, fetch

AT_ONCE = 5_000
"""How many rows go into one statement at the most."""


def among(values: Sequence[Any], kind: str = "BIGINT") -> tuple[str, Any]:
    """What stands behind a column for "is one of these", and its one value: ``WHERE id {among}``.

    ``kind`` is their type on PostgreSQL, whose plans for long lists of parameters use no index.
    """
    if dialect() == "postgres":
        return f"= ANY({{}}::{kind}[])", list(values)
    return "IN (SELECT value FROM json_each({}))", json.dumps(list(values))


def given(name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """Rows as something to select or update from, called ``name``, and the values of its places.

    ``columns`` are names and types as PostgreSQL calls them; names come from the code, and should be none of the
    table's beside which they stand. Rows come in their order.
    """
    if dialect() == "postgres":
        places = ", ".join(f"{{}}::{kind}[]" for kind in columns.values())
        by_column = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _column in columns]
        return f"UNNEST({places}) AS {name}({', '.join(columns)})", by_column
    read = ", ".join(f"json_extract(value, '$[{place}]') AS {column}" for place, column in enumerate(columns))
    packed = json.dumps([list(row) for row in rows], ensure_ascii=False, default=_written)
    return f"(SELECT {read} FROM json_each({{}})) AS {name}", [packed]


def _written(value: Any) -> str:
    """What Piccolo makes of a value on SQLite: a moment is told in UTC there, so that texts compare as moments do."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    return str(value)


async def insert_rows(
    table: type[Table],
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
    *,
    returning: Sequence[Column] = (),
    pass_over_known: bool = False,
) -> list[dict[str, Any]]:
    """Add rows to a table, with values for ``columns``, in the caller's transaction; gives what is ``returning``.

    With ``pass_over_known`` a row that a unique index refuses is left out, else it raises as any insert does.
    """
    names = [column._meta.db_column_name for column in columns]
    kinds = {f"given_{name}": _kind_of(column) for name, column in zip(names, columns, strict=True)}
    ending = " ON CONFLICT DO NOTHING" if pass_over_known else ""
    if returning:
        ending += " RETURNING " + ", ".join(f'"{column._meta.db_column_name}"' for column in returning)
    into = ", ".join(f'"{name}"' for name in names)
    made: list[dict[str, Any]] = []
    for start in range(0, len(rows), AT_ONCE):
        source, values = given("given", kinds, rows[start : start + AT_ONCE])
        made += await fetch(
            # SQLite reads "ON CONFLICT" behind a select without WHERE as the condition of a join
            f'INSERT INTO "{table._meta.tablename}" ({into}) '
            f"SELECT {', '.join(kinds)} FROM {source} WHERE TRUE{ending}",
            *values,
        )
    return made


async def add(row: Table) -> None:
    """Add a new row, which then knows its id; as ``row.save()`` does, whose statement is composed anew each time."""
    key = row._meta.primary_key._meta
    values = (convert_to_sql_value(row[column._meta.name], column) for column in _own_columns(type(row)))
    made = await fetch(_insert_of(type(row)), *values)
    setattr(row, key.name, made[0][key.db_column_name])
    row._exists_in_db = True


@lru_cache(maxsize=256)
def _own_columns(table: type[Table]) -> tuple[Column, ...]:
    """All columns but the key, which the database gives."""
    return tuple(column for column in table._meta.columns if not column._meta.primary_key)


@lru_cache(maxsize=256)
def _insert_of(table: type[Table]) -> str:
    columns = _own_columns(table)
    names = ", ".join(f'"{column._meta.db_column_name}"' for column in columns)
    places = ", ".join("{}" for _column in columns)
    key = table._meta.primary_key._meta.db_column_name
    return f'INSERT INTO "{table._meta.tablename}" ({names}) VALUES ({places}) RETURNING "{key}"'


def _kind_of(column: Column) -> str:
    """A column's type on PostgreSQL, without the length: a cast to it would cut what is too long, and say nothing."""
    while isinstance(column, ForeignKey):
        column = column._foreign_key_meta.resolved_references._meta.primary_key
    kind = str(column.column_type).partition("(")[0]
    return {"SERIAL": "INTEGER", "BIGSERIAL": "BIGINT"}.get(kind, kind)
