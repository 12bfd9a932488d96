"""Backup and restore: every row of every table, the files, and the keys apart."""

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from piccolo.columns import JSON, BigInt, Boolean, Column, Date, ForeignKey, Integer, Real, SmallInt, Timestamptz
from piccolo.conf.apps import Finder
from piccolo.table import Table, sort_table_classes

from app.kernel import settings as settings_module
from app.kernel.backup import FOLDERS, DatabaseNotCurrent, Summary, back_up, last_backup_at, table_names
from app.kernel.database import close_database, fetch, open_database
from app.kernel.images import store_image
from app.kernel.migrate import pending_migrations
from app.kernel.restore import (
    BackupNotReadable,
    BackupTooNew,
    DatabaseNotEmpty,
    KeysMissing,
    KeysNotReadable,
    SecretKeyDiffers,
    restore,
)
from app.kernel.settings import settings
from app.kernel.signing import KeyUnknown, active_key, ensure_key, public_keys
from tests.conftest import NOW
from tests.kernel.test_images import picture
from tests.support.engine import Databases, point_at
from tests.support.festival import make_festival

pytestmark = pytest.mark.engines

State = dict[str, list[dict[str, Any]]]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of this test's own."""
    return use_data_dir(tmp_path / "var", monkeypatch)


def use_data_dir(folder: Path, monkeypatch: pytest.MonkeyPatch, **others: str) -> Path:
    """Let the service use a data folder, and other settings, from now on."""
    folder.mkdir(exist_ok=True)
    monkeypatch.setenv("DATA_DIR", str(folder))
    for name, value in others.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    settings_module.secret_key.cache_clear()
    return folder


@pytest.fixture(autouse=True)
def _settings_afterwards() -> AsyncIterator[None]:
    yield
    settings.cache_clear()
    settings_module.secret_key.cache_clear()


def stored_files(folder: Path) -> dict[str, bytes]:
    """Name and content of every stored file."""
    found = [path for kind in FOLDERS for path in (folder / kind).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


async def state() -> State:
    """Every row of every table."""
    return {table: await fetch(f'SELECT * FROM "{table}" ORDER BY id') for table in table_names()}


async def fill() -> None:
    """A festival with one of everything; each table that it leaves empty gets a row of odd values."""
    await make_festival(NOW)
    await ensure_key("test", NOW)
    tables = [table for config in Finder().get_app_configs() for table in config.table_classes]
    for table in sort_table_classes(tables):
        if not await table.exists():
            await table.insert(table(**{column._meta.name: await some_value(column) for column in columns_of(table)}))


def columns_of(table: type[Table]) -> list[Column]:
    return [column for column in table._meta.columns if not column._meta.primary_key]


async def some_value(column: Column) -> Any:
    """A value that a careless backup would lose."""
    if isinstance(column, ForeignKey):
        found = await column._foreign_key_meta.resolved_references.select().first()
        return found and found["id"]  # none yet of a table's own rows
    if isinstance(column, Timestamptz):
        return NOW.replace(microsecond=123_456)
    if isinstance(column, Date):
        return NOW.date()
    if isinstance(column, Boolean):
        return True
    if isinstance(column, Integer | SmallInt | BigInt | Real):
        return 7
    return '{"a": "Nguyễn \\u0000\\n"}' if isinstance(column, JSON) else "ễ\n\"'"[: getattr(column, "length", 9) or 9]


@pytest.fixture
async def elsewhere(databases: Databases) -> AsyncIterator[str]:
    """An empty database to restore into, and the engine pointed there afterwards by the test."""
    url = await databases.make(empty=True)
    yield url
    await close_database()
    await databases.remove(url)


async def go_to(url: str) -> None:
    await close_database()
    await point_at(url)
    await open_database()


@pytest.mark.slow
async def test_what_is_restored_is_what_was_backed_up(
    client: httpx.AsyncClient, elsewhere: str, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill()
    stored = await store_image(picture(), now=NOW)
    before = await state()
    files = stored_files(data_dir)
    assert all(before.values()), "each table needs a row, or its restoring is not tried"
    done = await back_up(tmp_path / "all.zip", keys=tmp_path / "keys.json", now=NOW)
    rows = sum(len(rows) for rows in before.values())
    assert done == Summary(tables=len(before), rows=rows, files=len(files))
    assert (tmp_path / "all.zip").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600

    await go_to(elsewhere)
    use_data_dir(tmp_path / "other", monkeypatch)
    assert await restore(tmp_path / "all.zip", keys=tmp_path / "keys.json", now=NOW) == done
    assert await state() == before
    assert stored_files(tmp_path / "other") == files
    assert stored is not None
    assert await pending_migrations() == []
    await fetch("INSERT INTO rate_limit (key, tries) VALUES ('after', 1)")
    assert (await fetch("SELECT MAX(id) AS id FROM rate_limit"))[0]["id"] == before["rate_limit"][-1]["id"] + 1
    assert (await active_key("test")).public_key == (await public_keys("test"))[(await active_key("test")).key_id]


@pytest.mark.slow
async def test_a_backup_of_one_engine_is_restored_on_the_other(
    client: httpx.AsyncClient, elsewhere: str, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's into an SQLite file, and that one's back; on SQLite a file into a file. By the command first."""
    await fill()
    await store_image(picture(), now=NOW)
    before = await state()
    await back_up(tmp_path / "all.zip", keys=tmp_path / "keys.json", now=NOW)
    other = {"DATABASE_URL": f"sqlite:///{tmp_path / 'restored.sqlite'}", "DATA_DIR": str(tmp_path / "other")}
    done = fairground("restore", str(tmp_path / "all.zip"), "--keys", str(tmp_path / "keys.json"), **other)
    assert (done.returncode, done.stderr) == (0, "")
    again = fairground("backup", str(tmp_path / "again.zip"), "--keys", str(tmp_path / "again.json"), **other)
    assert (again.returncode, again.stderr) == (0, "")
    assert contents(tmp_path / "again.zip") == contents(tmp_path / "all.zip")
    assert json.loads((tmp_path / "again.json").read_text()) == json.loads((tmp_path / "keys.json").read_text())
    await go_to(elsewhere)
    use_data_dir(tmp_path / "third", monkeypatch)
    await restore(tmp_path / "again.zip", keys=tmp_path / "again.json", now=NOW)
    assert await state() == before


@pytest.mark.slow
async def test_photos_and_uploads_are_left_out_where_the_operator_says_so(
    client: httpx.AsyncClient,
    database: str,
    elsewhere: str,
    data_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await make_festival(NOW)
    await store_image(picture(), now=NOW)
    before = await state()
    assert stored_files(data_dir) != {}
    here = {"DATA_DIR": str(data_dir), "DATABASE_URL": database}
    done = fairground("backup", str(tmp_path / "rows.zip"), "--no-media", **here)
    assert (done.returncode, done.stderr) == (0, "")
    assert [name for name in contents(tmp_path / "rows.zip") if name.startswith("files/")] == []
    await go_to(elsewhere)
    use_data_dir(tmp_path / "other", monkeypatch)
    assert (await restore(tmp_path / "rows.zip", without_keys=True, now=NOW)).files == 0
    after = await state()
    assert {name for name in before if len(after[name]) != len(before[name])} <= {"signing_key", "session"}
    assert stored_files(tmp_path / "other") == {}


def fairground(*arguments: str, **others: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(command, env=os.environ | others, capture_output=True, text=True, check=False, timeout=120)


def contents(path: Path) -> dict[str, Any]:
    """What is in a backup, but for when it was made."""
    with zipfile.ZipFile(path) as archive:
        found: dict[str, Any] = {name: archive.read(name) for name in archive.namelist()}
    found["manifest.json"] = {**json.loads(found["manifest.json"]), "made_at": ""}
    return found


async def test_nothing_is_written_over(client: httpx.AsyncClient, data_dir: Path, tmp_path: Path) -> None:
    await make_festival(NOW)
    await back_up(tmp_path / "all.zip", now=NOW)
    before = await state()
    with pytest.raises(DatabaseNotEmpty):
        await restore(tmp_path / "all.zip", now=NOW)
    assert await state() == before


@pytest.mark.slow
async def test_an_empty_festival_gives_way(database: str, data_dir: Path, tmp_path: Path) -> None:
    """A service that was started once has made its tables: they hold nothing, so a restore takes their place."""
    await back_up(tmp_path / "all.zip", now=NOW)
    await ensure_key("test", NOW)
    assert (await restore(tmp_path / "all.zip", now=NOW)).rows == 0
    assert (await fetch("SELECT id FROM signing_key"), await pending_migrations()) == ([], [])


async def test_a_backup_without_its_keys_is_not_said_to_be_made(database: str, data_dir: Path, tmp_path: Path) -> None:
    with pytest.raises((FileExistsError, NotADirectoryError)):
        await back_up(tmp_path / "all.zip", keys=tmp_path / "all.zip" / "keys.json", now=NOW)
    assert await last_backup_at() is None


@pytest.mark.slow
async def test_private_keys_and_the_secret_stand_apart(
    database: str, elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir = use_data_dir(tmp_path / "var", monkeypatch, SECRET_KEY="")
    signer = await ensure_key("test", NOW)
    private = (await fetch("SELECT private_encrypted FROM signing_key"))[0]["private_encrypted"]
    secret = (data_dir / "secret.key").read_text()
    await back_up(tmp_path / "all.zip", keys=tmp_path / "keys.json", now=NOW)
    kept = b"".join(value for value in contents(tmp_path / "all.zip").values() if isinstance(value, bytes))
    assert (private.encode() in kept, secret.encode() in kept) == (False, False)
    assert json.loads((tmp_path / "keys.json").read_text())["secret_key"] == secret

    await go_to(elsewhere)
    other = use_data_dir(tmp_path / "other", monkeypatch)
    with pytest.raises(KeysMissing):
        await restore(tmp_path / "all.zip", now=NOW)
    await restore(tmp_path / "all.zip", without_keys=True, now=NOW)
    assert await public_keys("test") == {signer.key_id: signer.public_key}
    with pytest.raises(KeyUnknown):
        await active_key("test")
    assert (await ensure_key("test", NOW)).key_id == signer.key_id + 1
    assert (other / "secret.key").read_text() != secret


@pytest.mark.slow
async def test_a_right_key_file_with_another_secret_is_told_apart(
    database: str, elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_data_dir(tmp_path / "var", monkeypatch, SECRET_KEY="a" * 40)
    await back_up(tmp_path / "all.zip", keys=tmp_path / "keys.json", now=NOW)
    await go_to(elsewhere)
    use_data_dir(tmp_path / "other", monkeypatch, SECRET_KEY="b" * 40)
    with pytest.raises(SecretKeyDiffers):
        await restore(tmp_path / "all.zip", keys=tmp_path / "keys.json", now=NOW)


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "changed", "other", "empty", "missing", "long", "outside"])
async def test_a_damaged_file_changes_nothing(database: str, data_dir: Path, tmp_path: Path, damage: str) -> None:
    await fetch("INSERT INTO rate_limit (key, tries) VALUES ('kept', 3)")
    await back_up(tmp_path / "all.zip", now=NOW)
    await fetch("DELETE FROM rate_limit")
    path = tmp_path / f"{damage}.zip"
    path.write_bytes(DAMAGES[damage]((tmp_path / "all.zip").read_bytes(), tmp_path))
    with pytest.raises(BackupNotReadable):
        await restore(path, now=NOW)
    assert await fetch("SELECT id FROM rate_limit") == []
    assert list(tmp_path.parent.glob("evil*")) == []


def rewritten(data: bytes, folder: Path, changes: dict[str, bytes | None]) -> bytes:
    """The archive with some entries replaced, added or (None) left out."""
    made = folder / "rewritten.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        entries: dict[str, bytes | None] = {name: old.read(name) for name in old.namelist()} | changes
        for name, content in entries.items():
            if content is not None:
                new.writestr(name, content)
    return made.read_bytes()


RATES = "tables/rate_limit.jsonl"
DAMAGES = {
    "cut": lambda data, _folder: data[: len(data) // 2],
    "changed": lambda data, folder: rewritten(data, folder, {RATES: b'[1, "kept", "three", null]\n'}),
    "other": lambda data, folder: rewritten(data, folder, {"manifest.json": b"[]"}),
    "empty": lambda _data, _folder: b"",
    "missing": lambda data, folder: rewritten(data, folder, {RATES: None}),
    "long": lambda data, folder: rewritten(data, folder, {RATES: b'[1, "a", 3, null]\n[2, "b", 3, null]\n'}),
    "outside": lambda data, folder: rewritten(data, folder, {"files/media/../../../evil.txt": b"x"}),
}


async def test_a_newer_backup_and_foreign_keys_are_refused(
    database: str, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await back_up(tmp_path / "all.zip", keys=tmp_path / "keys.json", now=NOW)
    manifest = contents(tmp_path / "all.zip")["manifest.json"]
    manifest["migrations"].append(["kernel", "2999-01-01T00:00:00"])
    newer = rewritten((tmp_path / "all.zip").read_bytes(), tmp_path, {"manifest.json": json.dumps(manifest).encode()})
    (tmp_path / "newer.zip").write_bytes(newer)
    with pytest.raises(BackupTooNew):
        await restore(tmp_path / "newer.zip", now=NOW)
    (tmp_path / "keys.json").write_text('{"secret": "another", "signing_keys": []}')
    with pytest.raises(KeysNotReadable):
        await restore(tmp_path / "all.zip", keys=tmp_path / "keys.json", now=NOW)


async def test_an_old_database_is_migrated_before_it_is_backed_up(
    empty_database: str, data_dir: Path, tmp_path: Path
) -> None:
    with pytest.raises(DatabaseNotCurrent):
        await back_up(tmp_path / "all.zip", now=NOW)
    assert list(tmp_path.glob("*.zip")) == []
