"""What is sealed is sealed anew under another key: all of it or none, and all of it still opens."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from piccolo.columns import JSON, Column, Text, Varchar

from app.accounts.services import two_step
from app.accounts.tables import TwoStep
from app.events.enums import PassKind
from app.events.passes.services import issue_pass
from app.kernel import resealing
from app.kernel import settings as settings_module
from app.kernel.backup import back_up
from app.kernel.database import close_database, open_database
from app.kernel.resealing import Counted, SealedUnderUnknown, count_sealed, reseal
from app.kernel.restore import restore
from app.kernel.sealing import mark_of, marks
from app.kernel.settings import settings
from app.kernel.signing import KeyLocked, active_key, ensure_key, rotate_key, sign, verify
from app.kernel.tables import SigningKey
from app.main import register_modules
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.engine import Databases, point_at
from tests.support.factories import make_owner
from tests.support.two_step import code_at, set_up
from tests.test_migrations import all_tables

pytestmark = pytest.mark.engines

FIRST, SECOND, THIRD = ("a" * 32, "b" * 32, "c" * 32)
STEP = timedelta(seconds=30)
Keys = Callable[..., None]
State = list[str]


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Keys]:
    """Choose the present key and the old ones, in the environment as an operator does."""

    def choose(present: str, *old: str) -> None:
        monkeypatch.setenv("KEY_ENCRYPTION_KEY", present)
        monkeypatch.setenv("KEY_ENCRYPTION_KEY_OLD", ",".join(old))
        settings.cache_clear()
        settings_module.secret_key.cache_clear()

    register_modules()
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    yield choose
    monkeypatch.undo()
    settings.cache_clear()
    settings_module.secret_key.cache_clear()


@pytest.fixture
async def elsewhere(databases: Databases) -> AsyncIterator[str]:
    """An empty database to restore into, and the engine pointed there afterwards by the test."""
    url = await databases.make(empty=True)
    yield url
    await close_database()
    await databases.remove(url)


async def sealed_texts() -> State:
    """Return every sealed text, in a fixed order."""
    signing = await SigningKey.select(SigningKey.private_encrypted).order_by(SigningKey.id)
    steps = await TwoStep.select(TwoStep.secret_sealed).order_by(TwoStep.id)
    return [row["private_encrypted"] for row in signing] + [row["secret_sealed"] for row in steps]


async def fill() -> tuple[int, str]:
    """Seal something of every kind, a retired key and an unfinished second step too; returns whose step and secret."""
    await ensure_key("passes", NOW)
    await rotate_key("passes", NOW)
    await ensure_key("anchors", NOW)
    person, other = await make_owner(), await make_owner()
    secret, _codes = await set_up(person.id, now=NOW)
    await two_step.begin_two_step(person_id=other.id, now=NOW)
    return person.id, secret


def counts(**columns: tuple[int, int]) -> dict[str, Counted]:
    """Return what was sealed anew, and what was under the present key, of both columns."""
    names = {"signing_key": "signing_key.private_encrypted", "two_step": "two_step.secret_sealed"}
    return {names[table]: Counted(anew=anew, present=present) for table, (anew, present) in columns.items()}


async def test_every_column_that_holds_a_sealed_text_is_known(database: str, keys: Keys) -> None:
    keys(FIRST)
    await fill()
    holding = set()
    for table in all_tables():
        texts = [one for one in table._meta.columns if isinstance(one, Text | Varchar | JSON)]
        for row in await table.select(*texts) if texts else []:
            named: dict[str, Any] = row
            holding |= {
                f"{table._meta.tablename}.{name}"
                for name, value in named.items()
                if isinstance(value, str) and mark_of(value) == marks()[0]
            }
    assert holding == set(await count_sealed()) == {"signing_key.private_encrypted", "two_step.secret_sealed"}


async def test_a_column_whose_name_says_that_it_is_sealed_is_known(database: str) -> None:
    register_modules()
    named: list[Column] = [column for table in all_tables() for column in table._meta.columns]
    names = {
        f"{column._meta.table._meta.tablename}.{column._meta.name}"
        for column in named
        if column._meta.name.endswith(("sealed", "encrypted"))
    }
    assert names == set(await count_sealed())


async def test_all_is_sealed_anew_and_still_works(client: httpx.AsyncClient, keys: Keys) -> None:
    keys(FIRST)
    edition = await make_edition()
    person_id, secret = await fill()
    window: dict[str, Any] = {"valid_from": NOW, "valid_until": NOW + timedelta(days=1), "now": NOW}
    issued = await issue_pass(edition_id=edition.id, kind=PassKind.VISITOR, holder_name="Lê Thị Lan", **window)
    told = await client.post("/api/v1/passes/verify", json={"code": issued.code})
    assert told.status_code == 200
    signer = await active_key("anchors")
    before = await sealed_texts()

    keys(SECOND, FIRST)
    assert (await active_key("anchors")).public_key == signer.public_key
    assert await reseal() == counts(signing_key=(4, 0), two_step=(2, 0))
    after = await sealed_texts()
    assert (len(after), set(before) & set(after)) == (6, set())
    assert {mark_of(text) for text in after} == {marks()[0]}
    assert await reseal() == counts(signing_key=(0, 4), two_step=(0, 2))
    assert await sealed_texts() == after

    keys(SECOND)
    signature = sign(await active_key("anchors"), b"payload")
    assert verify(signer.public_key, b"payload", signature)
    assert (await client.post("/api/v1/passes/verify", json={"code": issued.code})).json() == told.json()
    await issue_pass(edition_id=edition.id, kind=PassKind.VISITOR, holder_name="Lê Thị Mai", **window)
    later = NOW + 2 * STEP
    await two_step.check_second_step(person_id=person_id, code=code_at(secret, later), now=later)


async def test_a_first_key_takes_over_from_the_installations_secret(database: str, keys: Keys) -> None:
    keys("")
    await fill()
    keys(FIRST)
    assert {one.old for one in (await count_sealed()).values()} == {3, 2}
    assert await reseal() == counts(signing_key=(3, 0), two_step=(2, 0))
    assert {one.old for one in (await count_sealed()).values()} == {0}


async def test_texts_without_a_mark_get_one(database: str, keys: Keys) -> None:
    keys(FIRST)
    await fill()
    for row in await SigningKey.select(SigningKey.id, SigningKey.private_encrypted):
        bare = row["private_encrypted"].rpartition(".")[2]
        await SigningKey.update({SigningKey.private_encrypted: bare}).where(SigningKey.id == row["id"])
    assert (await active_key("anchors")).key_id == 3
    assert await reseal() == counts(signing_key=(3, 0), two_step=(0, 2))
    assert {mark_of(text) for text in await sealed_texts()} == {marks()[0]}


async def test_with_a_wrong_old_key_nothing_is_changed(database: str, keys: Keys) -> None:
    keys(FIRST)
    await fill()
    keys(SECOND)
    await ensure_key("later", NOW)
    before = await sealed_texts()
    keys(THIRD, SECOND, "not the first one")
    with pytest.raises(SealedUnderUnknown) as refused:
        await reseal()
    assert refused.value.params == {
        "count": 5,
        "where": "signing_key.private_encrypted: 3, two_step.secret_sealed: 2",
    }
    assert await sealed_texts() == before
    done = await reseal(leave_unknown=True)
    assert [(one.anew, sum(one.unknown.values())) for one in done.values()] == [(1, 3), (0, 2)]
    keys(THIRD, FIRST)
    assert await reseal() == counts(signing_key=(3, 1), two_step=(2, 0))


async def test_a_key_that_did_not_come_back_with_a_restore_is_nothing_to_seal(database: str, keys: Keys) -> None:
    keys(FIRST)
    await ensure_key("passes", NOW)
    await SigningKey.update({SigningKey.private_encrypted: ""}, force=True)
    keys(SECOND)
    assert await reseal() == counts(signing_key=(0, 0), two_step=(0, 0))


async def test_what_the_service_seals_meanwhile_stays(
    database: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys(FIRST)
    await ensure_key("passes", NOW)
    keys(SECOND, FIRST)
    newer = base64.b64encode(b"sealed by somebody else").decode()

    async def overtaken(one: Any, row: dict[str, Any], raw: bytes) -> int:
        await SigningKey.update({SigningKey.private_encrypted: newer}, force=True)
        return await seal_anew(one, row, raw)

    seal_anew = resealing._seal_anew
    monkeypatch.setattr(resealing, "_seal_anew", overtaken)
    assert await reseal() == counts(signing_key=(0, 0), two_step=(0, 0))
    assert await sealed_texts() == [newer]


DIES = """
import os
from app.kernel import resealing
seal, sealed = resealing.seal, []
def dying(*given):
    sealed.append(given)
    if len(sealed) == 4:
        os._exit(9)
    return seal(*given)
resealing.seal = dying
from app.cli import main
main(["keys", "reseal"])
"""


@pytest.mark.slow
async def test_killed_in_the_middle_it_has_changed_nothing_and_goes_on_from_there(database: str, keys: Keys) -> None:
    keys(FIRST)
    await fill()
    before = await sealed_texts()
    keys(SECOND, FIRST)
    environment = {**os.environ, "DATABASE_URL": database}
    assert run("-c", DIES, env=environment).returncode == 9
    assert await sealed_texts() == before
    done = run("-m", "app.cli", "keys", "reseal", env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "signing_key.private_encrypted: 3 sealed anew, 0 were under the present key already.",
        "two_step.secret_sealed: 2 sealed anew, 0 were under the present key already.",
    ]
    assert {mark_of(text) for text in await sealed_texts()} == {marks()[0]}
    wrong = run("-m", "app.cli", "keys", "reseal", env={**environment, "KEY_ENCRYPTION_KEY": THIRD})
    assert (wrong.returncode, "5 secrets" in wrong.stderr) == (1, True)


def run(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Python to its end."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.slow
async def test_a_backup_from_before_opens_with_the_old_key_and_is_sealed_anew(
    database: str, elsewhere: str, keys: Keys, tmp_path: Path
) -> None:
    keys(FIRST)
    person_id, secret = await fill()
    signer = await active_key("anchors")
    await back_up(tmp_path / "all.zip", keys=tmp_path / "keys.json", now=NOW)
    await close_database()
    await point_at(elsewhere)
    await open_database()
    keys(SECOND)
    await restore(tmp_path / "all.zip", keys=tmp_path / "keys.json", now=NOW)
    with pytest.raises(KeyLocked):
        await active_key("anchors")
    keys(SECOND, FIRST)
    assert await reseal() == counts(signing_key=(3, 0), two_step=(2, 0))
    keys(SECOND)
    assert (await active_key("anchors")).public_key == signer.public_key
    later = NOW + 2 * STEP
    await two_step.check_second_step(person_id=person_id, code=code_at(secret, later), now=later)
