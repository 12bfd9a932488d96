"""Restore: a backup into an empty database, of either engine, and into the data folder.

The database is brought to the state the backup was made in, gets all rows in one transaction, and then runs the
migrations that are newer than the backup.
"""

import hashlib
import json
import shutil
import sqlite3
import zipfile
import zlib
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from app.kernel.backup import FOLDERS, FORMAT, Report, Summary, column_types, fingerprint, new_file, table_names
from app.kernel.database import dialect, engine, fetch, write_transaction
from app.kernel.errors import AppError
from app.kernel.i18n import N_
from app.kernel.migrate import drop_tables, known_migrations, migrate
from app.kernel.roles import refuse_service_role
from app.kernel.settings import secret_key, settings
from app.kernel.tables import TABLES as KERNEL_TABLES

BATCH = 500
CHUNK = 1 << 20
LONGEST_LINE = 64 << 20


class BackupNotReadable(AppError):
    """The file is no backup of ours, or damaged."""

    code = "backup_not_readable"
    status = 400
    message = N_("This file is not a backup of Fairground, or it is damaged.")


class BackupTooNew(AppError):
    """A newer version made it."""

    code = "backup_too_new"
    status = 409
    message = N_("This backup was made by a newer version of Fairground. Install that version and restore it there.")


class DatabaseNotEmpty(AppError):
    """A restore never writes over anybody's data."""

    code = "database_not_empty"
    status = 409
    message = N_("The database already holds data, so nothing was restored. Name an empty database in DATABASE_URL.")


class KeysMissing(AppError):
    """Links, sessions and passes hang on a secret that is not here."""

    code = "backup_keys_missing"
    status = 409
    message = N_(
        "This backup belongs to another secret key than the one in place. Name its key file with --keys, or restore "
        "with --without-keys: then people sign in anew, devices are paired again and links in old messages end."
    )


class SecretKeyDiffers(AppError):
    """The key file holds no secret key, since that stood in the environment, where another one stands now."""

    code = "backup_secret_key_differs"
    status = 409
    message = N_(
        "The key file is the right one, but SECRET_KEY is not the one that it was made with. Put the SECRET_KEY of "
        "that time into .env and restore again."
    )


class KeysNotReadable(AppError):
    """The key file is none, or another installation's."""

    code = "backup_keys_not_readable"
    status = 400
    message = N_("This is not the key file of that backup.")


async def restore(
    path: Path, *, keys: Path | None = None, without_keys: bool = False, now: datetime, report: Report | None = None
) -> Summary:
    """Load a backup into an empty database and the data folder.

    Raises BackupNotReadable, BackupTooNew, DatabaseNotEmpty, MayNotMigrate, KeysMissing, SecretKeyDiffers or
    KeysNotReadable; then nothing was changed.
    """
    with _reading(), zipfile.ZipFile(path) as archive:
        manifest = _manifest(archive)
        for name in archive.namelist():
            _place(name)
        if archive.testzip() is not None:
            raise BackupNotReadable
    await _refuse_data()
    await refuse_service_role("a restore makes every table anew", "restore")
    opened = _read_keys(keys, manifest)
    if opened is None and not without_keys and manifest["secret"] != fingerprint(secret_key()):
        raise KeysMissing
    if opened and "secret_key" in opened:
        _place_secret(opened["secret_key"])
    await drop_tables()
    await migrate(until={(app, name) for app, name in manifest["migrations"]})
    with _reading(), zipfile.ZipFile(path) as archive:
        rows = await _load(archive, manifest, opened, now, report)
        files = _read_files(archive)
    await migrate()
    return Summary(len(manifest["tables"]), rows, files)


@contextmanager
def _reading() -> Iterator[None]:
    """Say in one way what a file raises that is none of ours, was cut, or was changed by hand."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, LookupError, TypeError, ValueError, NotImplementedError) as error:
        raise BackupNotReadable from error
    except (sqlite3.Error, asyncpg.PostgresError) as error:
        raise BackupNotReadable from error


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(archive.read("manifest.json"))
    if not isinstance(found, dict) or not isinstance(found.get("format"), int):
        raise BackupNotReadable
    known = {migration.key for migration in known_migrations()}
    if found["format"] > FORMAT or not {(app, name) for app, name in found["migrations"]} <= known:
        raise BackupTooNew
    return found


async def _refuse_data() -> None:
    """Raise DatabaseNotEmpty when any module holds a row.

    What the kernel writes by itself (its jobs, a key) is there as soon as a service was started once, and is nobody's.
    """
    for table in set(table_names()) - {table._meta.tablename for table in KERNEL_TABLES}:
        if await column_types(table) and await fetch(f'SELECT 1 AS one FROM "{table}" LIMIT 1'):
            raise DatabaseNotEmpty


def _read_keys(keys: Path | None, manifest: dict[str, Any]) -> dict[str, Any] | None:
    if keys is None:
        return None
    try:
        found: dict[str, Any] = json.loads(keys.read_bytes())
        fits = found["secret"] == manifest["secret"] and isinstance(found["signing_keys"], list)
    except (ValueError, KeyError, TypeError) as error:
        raise KeysNotReadable from error
    if not fits or ("secret_key" in found and fingerprint(found["secret_key"].encode()) != manifest["secret"]):
        raise KeysNotReadable
    if "secret_key" not in found and manifest["secret"] != fingerprint(secret_key()):
        raise SecretKeyDiffers  # it stood in the environment: only the operator has it
    return found


def _place_secret(secret: str) -> None:
    """Make the backup's secret this installation's. Nothing is signed with the one that gives way: nobody is here."""
    if settings().secret_key or secret_key().decode() == secret:
        return
    path = settings().data_dir / "secret.key"
    with new_file(path) as file:
        file.write(secret.encode())
    secret_key.cache_clear()


async def _load(
    archive: zipfile.ZipFile,
    manifest: dict[str, Any],
    opened: dict[str, Any] | None,
    now: datetime,
    report: Report | None,
) -> int:
    """Load every table, all or nothing; rows may point at rows that come later."""
    private = {row["key_id"]: row["private_encrypted"] for row in (opened or {}).get("signing_keys", ())}
    total = 0
    async with write_transaction(), _constraints_at_the_end():
        for number, (table, about) in enumerate(manifest["tables"].items()):
            if report:
                report(table, number, len(manifest["tables"]))
            total += await _load_table(archive, table, about, private, now)
            await _continue_ids(table)
    return total


async def _load_table(
    archive: zipfile.ZipFile, table: str, about: dict[str, Any], private: dict[int, str], now: datetime
) -> int:
    columns, types = about["columns"], await column_types(table)
    if not set(columns) <= set(types):
        raise BackupNotReadable
    readers = [_reader(types[column]) for column in columns]
    keys = table == "signing_key"
    names = [*columns, "private_encrypted"] if keys else columns
    marks = ", ".join("?" if dialect() == "sqlite" else f"${number}" for number in range(1, len(names) + 1))
    sql = f'INSERT INTO "{table}" ({", ".join(f"{chr(34)}{name}{chr(34)}" for name in names)}) VALUES ({marks})'
    count, batch, digest = 0, [], hashlib.sha256()
    with archive.open(f"tables/{table}.jsonl") as stream:
        while line := stream.readline(LONGEST_LINE):
            digest.update(line)
            values = [
                None if value is None else read(value)
                for read, value in zip(readers, msgspec.json.decode(line), strict=True)
            ]
            if keys:
                values = _with_private(dict(zip(columns, values, strict=True)), private, now)
            batch.append(values)
            count += 1
            if len(batch) == BATCH:
                await _insert(sql, batch)
                batch = []
    if batch:
        await _insert(sql, batch)
    if (count, digest.hexdigest()) != (about["rows"], about["sha256"]):
        raise BackupNotReadable
    return count


def _with_private(row: dict[str, Any], private: dict[int, str], now: datetime) -> list[Any]:
    """A signing key with its private half; without one it signs no more, and what it signed still verifies."""
    box = private.get(row["key_id"], "")
    if not box:
        row["retired_at"] = row["retired_at"] or now
    return [*row.values(), box]


def _reader(declared: str) -> Callable[[Any], Any]:
    """What makes a value of JSON one that the driver takes for a column of this type."""
    if declared.startswith("timestamp"):
        return datetime.fromisoformat
    if declared == "date":
        return date.fromisoformat
    if declared in ("bytea", "blob"):
        return b64decode  # as msgspec writes bytes
    return bool if declared.startswith("bool") else lambda value: value


async def _insert(sql: str, rows: list[list[Any]]) -> None:
    current = engine().current_transaction.get()
    assert current is not None
    await current.connection.executemany(sql, rows)


@asynccontextmanager
async def _constraints_at_the_end() -> AsyncIterator[None]:
    """Check foreign keys when all rows are there, inside the present transaction."""
    if dialect() == "sqlite":
        await fetch("PRAGMA defer_foreign_keys = ON")
        yield
        return
    keys = await fetch(
        "SELECT conrelid::regclass::text AS owner, conname AS name FROM pg_constraint "
        "WHERE contype = 'f' AND connamespace = 'public'::regnamespace"
    )
    for key in keys:
        await fetch(f'ALTER TABLE {key["owner"]} ALTER CONSTRAINT "{key["name"]}" DEFERRABLE INITIALLY DEFERRED')
    yield
    await fetch("SET CONSTRAINTS ALL IMMEDIATE")
    for key in keys:
        await fetch(f'ALTER TABLE {key["owner"]} ALTER CONSTRAINT "{key["name"]}" NOT DEFERRABLE')


async def _continue_ids(table: str) -> None:
    """Let new rows get ids after the restored ones (SQLite does so by itself)."""
    if dialect() == "postgres":
        await fetch(
            f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), COALESCE(MAX(id), 0) + 1, false) AS next "
            f'FROM "{table}"'
        )


def _read_files(archive: zipfile.ZipFile) -> int:
    """Put the stored files back."""
    count = 0
    for entry in archive.infolist():
        path = _place(entry.filename)
        if path is not None and not entry.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with archive.open(entry) as source, new_file(path) as target:
                shutil.copyfileobj(source, target, CHUNK)
            count += 1
    return count


def _place(name: str) -> Path | None:
    """Where a stored file belongs; None for what is none. Raises BackupNotReadable for a place outside its folder."""
    kind, *parts = name.split("/")
    if kind != "files":
        return None
    if parts[0] not in FOLDERS or any(part in ("", ".", "..") or "\\" in part for part in parts):
        raise BackupNotReadable
    return settings().data_dir.joinpath(*parts)
