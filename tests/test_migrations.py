"""Migrations from nothing give the tables that the code has, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from piccolo.columns.column_types import Serial
from piccolo.conf.apps import Finder

from app.kernel.database import dialect, fetch
from app.kernel.migrate import migrate, pending_migrations

pytestmark = pytest.mark.engines


def all_tables() -> list[Any]:
    """Return every table class that the apps register."""
    tables = [table for config in Finder().get_app_configs() for table in config.table_classes]
    return sorted(tables, key=lambda table: str(table._meta.tablename))


async def columns_in_database(table: str) -> dict[str, bool]:
    """Return the columns of a table in the database: whether each may be null."""
    if dialect() == "sqlite":
        rows = await fetch(f"PRAGMA table_info('{table}')")
        return {row["name"]: not row["notnull"] and not row["pk"] for row in rows}
    sql = "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = {}"
    return {row["column_name"]: row["is_nullable"] == "YES" for row in await fetch(sql, table)}


async def tables_in_database() -> set[str]:
    """Return the names of all tables in the database."""
    if dialect() == "sqlite":
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    else:
        sql = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'"
    return {row["name"] for row in await fetch(sql)}


async def test_the_database_has_the_tables_of_the_code_and_no_others(database: str) -> None:
    wanted = {table._meta.tablename for table in all_tables()} | {"migration"}
    assert await tables_in_database() == wanted


async def test_each_table_has_the_columns_of_the_code(database: str) -> None:
    wrong = {}
    for table in all_tables():
        wanted = {
            column._meta.db_column_name: column._meta.null and not isinstance(column, Serial)
            for column in table._meta.columns
        }
        found = await columns_in_database(table._meta.tablename)
        if found != wanted:
            wrong[table._meta.tablename] = sorted(set(found.items()) ^ set(wanted.items()))
    assert wrong == {}


async def test_unique_columns_refuse_a_second_row(database: str) -> None:
    missing = []
    for table in all_tables():
        for column in table._meta.columns:
            if column._meta.unique and not await has_unique_index(table._meta.tablename, column._meta.db_column_name):
                missing.append(f"{table._meta.tablename}.{column._meta.db_column_name}")
    assert missing == []


async def has_unique_index(table: str, column: str) -> bool:
    """Whether a unique index of the database stands on exactly this column."""
    if dialect() == "sqlite":
        for index in await fetch(f"PRAGMA index_list('{table}')"):
            columns = await fetch(f"PRAGMA index_info('{index['name']}')")
            if index["unique"] and [row["name"] for row in columns] == [column]:
                return True
        return False
    sql = (
        "SELECT 1 AS one FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0] "
        "WHERE indrelid = CAST({} AS text)::regclass AND indisunique AND indnatts = 1 AND attname = {}"
    )
    return bool(await fetch(sql, f'"{table}"', column))


async def test_migrating_a_migrated_database_does_nothing(database: str) -> None:
    assert await pending_migrations() == []
    assert await migrate() == 0


async def test_migrating_from_nothing_reports_its_progress(empty_database: str) -> None:
    seen: list[tuple[int, int]] = []
    count = await migrate(lambda app, done, of: seen.append((done, of)))
    assert seen == [(number, count) for number in range(count)]
