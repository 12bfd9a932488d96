"""Backup: the whole installation as one file that either engine reads.

A backup is a ZIP: ``manifest.json``, one ``tables/NAME.jsonl`` for each table (a list of values a row, the columns in
the manifest), and the stored files under ``files/``. It is read in one snapshot while the service runs. What opens
things stands apart in a key file: the private halves of signing keys and the installation's secret.
"""

import hashlib
import hmac
import json
import os
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from piccolo.conf.apps import Finder

from app.kernel.audit import record
from app.kernel.audit_words import Field, LogWords, Subject
from app.kernel.database import dialect, engine, fetch, write_transaction
from app.kernel.errors import AppError
from app.kernel.i18n import N_
from app.kernel.migrate import done_migrations, pending_migrations
from app.kernel.settings import secret_key, settings
from app.kernel.tables import AuditEntry

FORMAT = 1
BATCH = 500
FOLDERS = ("media", "imports")

#: Columns whose values go into the key file and not into the backup.
APART = {("signing_key", "private_encrypted")}

WORDS = LogWords(
    actions={"backup.make": N_("Made a backup")},
    subjects={
        "installation": Subject(
            name=N_("Installation"), fields={"rows": Field(N_("Rows")), "files": Field(N_("Files"))}
        )
    },
)

Report = Callable[[str, int, int], None]


class DatabaseNotCurrent(AppError):
    """Migrations are waiting."""

    code = "database_not_current"
    status = 409
    message = N_("The database is not up to date. Run `fairground migrate` first.")


@dataclass(frozen=True)
class Summary:
    """What was written or read: tables, rows, files."""

    tables: int
    rows: int
    files: int


async def back_up(
    path: Path, *, media: bool = True, keys: Path | None = None, now: datetime, report: Report | None = None
) -> Summary:
    """Write a backup to ``path``, and what opens it to ``keys``; readable by their owner alone.

    Each appears under its name when it is complete. Raises DatabaseNotCurrent, or OSError when it cannot be written.
    """
    if await pending_migrations():
        raise DatabaseNotCurrent
    tables = table_names()
    about: dict[str, dict[str, Any]] = {}
    with new_file(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        async with _snapshot():
            done = sorted(await done_migrations())
            for number, name in enumerate(tables):
                if report:
                    report(name, number, len(tables))
                columns = [column for column in await column_types(name) if (name, column) not in APART]
                about[name] = await _write_rows(archive, name, columns)
            secrets = await fetch("SELECT key_id, private_encrypted FROM signing_key ORDER BY key_id")
        files = _write_files(archive) if media else 0
        manifest = {
            "format": FORMAT,
            "made_at": now.isoformat(),
            "secret": fingerprint(secret_key()),
            "migrations": done,
            "tables": about,
            "files": files,
        }
        archive.writestr("manifest.json", json.dumps(manifest, indent=1))
    if keys is not None:
        made = {"format": FORMAT, "secret": fingerprint(secret_key()), "signing_keys": secrets}
        if not settings().secret_key:
            made["secret_key"] = secret_key().decode()
        with new_file(keys) as file:
            file.write(json.dumps(made, indent=1).encode())
    kept = {"rows": sum(table["rows"] for table in about.values()), "files": files}
    async with write_transaction():  # last: a backup of which the keys could not be written was not made
        await record(actor=None, action="backup.make", subject_type="installation", subject_id="", after=kept, now=now)
    return Summary(len(tables), kept["rows"], files)


async def last_backup_at() -> datetime | None:
    """When the last backup was made; None before the first."""
    row = (
        await AuditEntry.select(AuditEntry.at)
        .where(AuditEntry.action == "backup.make")
        .order_by(AuditEntry.id, ascending=False)
        .first()
    )
    return None if row is None else row["at"]


def table_names() -> list[str]:
    """Every table of ours in the order of names, without Piccolo's list of migrations."""
    return sorted(table._meta.tablename for config in Finder().get_app_configs() for table in config.table_classes)


async def column_types(table: str) -> dict[str, str]:
    """The declared type of each column, in lower case and in the table's order."""
    if dialect() == "sqlite":
        rows = await fetch(f"PRAGMA table_info('{table}')")
        return {row["name"]: row["type"].lower() for row in rows}
    rows = await fetch(
        "SELECT column_name AS name, data_type AS type FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = {} ORDER BY ordinal_position",
        table,
    )
    return {row["name"]: row["type"] for row in rows}


@asynccontextmanager
async def _snapshot() -> AsyncIterator[None]:
    """See the database as it is at one moment, without holding writers up."""
    async with engine().transaction():
        if dialect() == "postgres":
            await fetch("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


async def _write_rows(archive: zipfile.ZipFile, table: str, columns: list[str]) -> dict[str, Any]:
    """Write a table in the order of its ids, a batch at a time; returns what the manifest says of it."""
    listed = ", ".join(f'"{column}"' for column in columns)
    last, count, digest = 0, 0, hashlib.sha256()
    with archive.open(f"tables/{table}.jsonl", "w", force_zip64=True) as stream:
        while rows := await fetch(f'SELECT {listed} FROM "{table}" WHERE id > {{}} ORDER BY id LIMIT {BATCH}', last):
            lines = b"".join(msgspec.json.encode([row[column] for column in columns]) + b"\n" for row in rows)
            stream.write(lines)
            digest.update(lines)
            last, count = rows[-1]["id"], count + len(rows)
    return {"columns": columns, "rows": count, "sha256": digest.hexdigest()}


def _stored_files() -> Iterator[tuple[str, Path]]:
    """(name in the backup, path) of each stored file."""
    for folder in FOLDERS:
        for path in sorted((settings().data_dir / folder).rglob("*")):
            if path.is_file():
                yield f"files/{path.relative_to(settings().data_dir).as_posix()}", path


def _write_files(archive: zipfile.ZipFile) -> int:
    """Copy the stored files; they are written once, under the hash of their content, so a running service is fine."""
    count = 0
    for name, path in _stored_files():
        with suppress(FileNotFoundError):  # an upload that was loaded meanwhile
            archive.write(path, name, compress_type=zipfile.ZIP_STORED)
            count += 1
    return count


def fingerprint(secret: bytes) -> str:
    """Tells whether two installations share a secret, and nothing about it."""
    return hmac.new(secret, b"fairground backup", hashlib.sha256).hexdigest()[:16]


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file for its owner alone that appears under its name when it is whole and on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
