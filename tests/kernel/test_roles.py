"""PostgreSQL's two roles, as the container makes them: one changes tables, the service reads and writes rows alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from app.accounts.actor import SYSTEM
from app.kernel import audit
from app.kernel.backup import back_up
from app.kernel.database import close_database, dialect, fetch, open_database
from app.kernel.doctor import examine
from app.kernel.enums import BatchState, JobState
from app.kernel.migrate import migrate, pending_migrations
from app.kernel.restore import restore
from app.kernel.roles import DatabaseRole, MayNotMigrate, database_role
from app.kernel.sheets import SheetContext, apart, kept
from app.main import register_modules
from tests.conftest import NOW
from tests.support.client import running_app
from tests.support.command import fairground, sentence
from tests.support.engine import Databases, point_at
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass, make_ticket_type
from tests.support.postgres import free_port
from tests.support.roles import OWNER, SERVICE, as_role, make_roles
from tests.ticketing.test_big_sheets import sheet, work
from ticketing.checkin.enums import Verdict
from ticketing.checkin.services.redeeming import redeem_pass
from ticketing.sales.services.orders import place_order

pytestmark = pytest.mark.engines

SERVICES_ROLE = DatabaseRole(SERVICE, superuser=False, owns_tables=False, creates_tables=False, owner=OWNER)
FORGET_ONE = "DELETE FROM migration WHERE name = (SELECT MAX(name) FROM migration)"
REFUSED = (
    "DROP TRIGGER audit_entry_is_kept ON audit_entry",
    "DROP TRIGGER audit_entry_stays ON audit_entry",
    "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "ALTER TABLE contest_ballot_revision DISABLE TRIGGER USER",
    "ALTER TABLE audit_entry OWNER TO fairground_service",
    "CREATE OR REPLACE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE sql RETURN NULL",
    "CREATE TRIGGER first BEFORE INSERT ON audit_entry EXECUTE FUNCTION audit_entry_refuse()",
    "DROP INDEX audit_entry_pkey",
    "DROP TABLE audit_entry CASCADE",
    "TRUNCATE rate_limit",
    FORGET_ONE,
    "UPDATE migration SET name = ''",
    "INSERT INTO migration (name, app_name) VALUES ('mine', 'kernel')",
    "CREATE TABLE mine (id INTEGER)",
    "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql RETURN 1",
    "CREATE SCHEMA mine",
    "SET session_replication_role = 'replica'",
    f"SET ROLE {OWNER}",
    f"ALTER ROLE {SERVICE} SUPERUSER",
    "COPY rate_limit TO PROGRAM 'true'",
)


async def become(url: str, role: str) -> None:
    """Open the database as this role from now on."""
    await point_at(as_role(url, role))
    await open_database()


@pytest.fixture
async def older(databases: Databases) -> AsyncIterator[str]:
    """An installation whose tables one superuser made and used, given the roles; open as the service."""
    if databases.server is None:
        pytest.skip("SQLite has no roles")
    url = await databases.make()
    make_roles(url)
    await become(url, SERVICE)
    yield url
    await close_database()
    await databases.remove(url)


async def test_the_owner_migrates_and_the_service_cannot(empty_database: str, tmp_path: Path) -> None:
    if dialect() != "postgres":
        pytest.skip("SQLite has no roles")
    make_roles(empty_database)
    await become(empty_database, SERVICE)
    count = len(await pending_migrations())
    port = str(free_port())
    serving = await asyncio.to_thread(
        fairground, tmp_path, "serve", "--port", port, DATABASE_URL=as_role(empty_database, SERVICE)
    )
    assert sentence(serving) == (
        f"{count} migrations are waiting, and the database role {SERVICE} may not change tables; "
        "run `fairground migrate` as the role that shall own the tables."
    )
    await become(empty_database, OWNER)
    assert await migrate() == count
    assert await database_role() == DatabaseRole(OWNER, False, True, True, OWNER)
    await become(empty_database, SERVICE)
    assert (await migrate(), await database_role()) == (0, SERVICES_ROLE)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fetch(FORGET_ONE)
    await become(empty_database, OWNER)
    await fetch(FORGET_ONE)
    await become(empty_database, SERVICE)
    with pytest.raises(MayNotMigrate) as later:
        await migrate()
    assert str(later.value) == (
        f"1 migrations are waiting, and the database role {SERVICE} may not change tables; "
        f"run `fairground migrate` as {OWNER}."
    )


async def test_rights_on_rows_are_all_that_a_day_needs(
    older: str, frozen_now: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Pages, an order, a gate, a big sheet laid ready by a job in a process of its own, and a backup."""
    register_modules()
    monkeypatch.setattr(apart, "BIG_BYTES", 0)
    monkeypatch.setattr(apart, "BIG_ROWS", 0)
    monkeypatch.setenv("DATABASE_URL", as_role(older, SERVICE))
    edition = await make_open_edition(now=NOW)
    ticket_type = await make_ticket_type(edition.id, code="NGAY", quota=100, now=NOW)
    list_id = await make_list(edition.id, now=NOW)
    _gate, phone, _token = await make_gate(edition.id, list_id, now=NOW)
    await close_database()
    async with running_app() as browser:
        answers = [(await browser.get(path)).status_code for path in ("/readyz", f"/e/{edition.slug}")]
    assert answers == [200, 200]
    await open_database()
    order = await place_order(
        edition_id=edition.id,
        client_id="ordered-as-the-service",
        counts={ticket_type: 2},
        full_name="Nguyễn Thị Hoa",
        phone="+84912345678",
        email=None,
        locale="vi",
        now=NOW,
    )
    bought = await make_pass(edition, now=NOW)
    scan = await redeem_pass(actor=phone, client_id="scanned-as-the-service", code=bought.code, now=NOW)
    context = SheetContext(edition_id=edition.id, actor=SYSTEM, now=NOW)
    batch = await apart.take_in("attendees", sheet(5), "attendees.csv", context)
    assert set(await work()) == {JobState.DONE}
    await apart.let_load(batch.id, context)
    assert set(await work()) == {JobState.DONE}
    batch = await apart.look_after(batch.id, context)
    assert (order.order_id > 0, scan.verdict, batch.state) == (True, Verdict.ADMITTED, BatchState.LOADED)
    assert kept.result_of(batch)["created"] == 5
    assert (await back_up(tmp_path / "all.zip", now=NOW)).rows > 20


async def test_what_keeps_the_logs_cannot_be_taken_away(older: str) -> None:
    await audit.record(actor=None, action="backup.make", subject_type="installation", subject_id="", now=NOW)
    for statement in REFUSED:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetch(statement)
    for statement in ("DELETE FROM audit_entry", "UPDATE audit_entry SET action = 'another'"):
        with pytest.raises(asyncpg.RaiseError, match="the audit log is append-only"):
            await fetch(statement)
    assert (await fetch("SELECT COUNT(*) AS kept FROM audit_entry WHERE action = 'backup.make'"))[0]["kept"] == 1


async def test_the_owner_could(older: str) -> None:
    """The negative control."""
    await audit.record(actor=None, action="backup.make", subject_type="installation", subject_id="", now=NOW)
    await become(older, OWNER)
    await fetch(REFUSED[0])
    await fetch("DELETE FROM audit_entry")
    assert await fetch("SELECT id FROM audit_entry") == []


async def test_doctor_says_what_the_role_can_do(older: str) -> None:
    register_modules()
    said = {}
    for role in (SERVICE, OWNER):
        await become(older, role)
        found = [finding async for finding in examine() if finding.sentence.startswith("The database role")]
        said[role] = [(finding.level, finding.sentence.partition(":")[0]) for finding in found]
    assert said == {
        SERVICE: [("fine", f"The database role {SERVICE} has rights on rows alone.")],
        OWNER: [("mind", f"The database role {OWNER} owns the tables")],
    }


async def test_an_older_installation_is_handed_over_whole(older: str) -> None:
    """And again: the script may run twice. What the owner makes later, the service uses."""
    make_roles(older)
    owners = await fetch(
        "SELECT DISTINCT pg_get_userbyid(relowner)::text AS name FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace "
        "UNION SELECT pg_get_userbyid(proowner)::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    )
    assert (owners, await database_role()) == ([{"name": OWNER}], SERVICES_ROLE)
    await become(older, OWNER)
    await fetch("CREATE TABLE later (id SERIAL PRIMARY KEY, name TEXT)")
    await become(older, SERVICE)
    await fetch("INSERT INTO later (name) VALUES ('Hoa')")
    await fetch("UPDATE later SET name = 'Mai'")
    assert await fetch("DELETE FROM later RETURNING id, name") == [{"id": 1, "name": "Mai"}]


async def test_the_owner_restores_and_the_service_cannot(older: str, tmp_path: Path) -> None:
    made = await back_up(tmp_path / "all.zip", now=NOW)
    with pytest.raises(MayNotMigrate) as refused:
        await restore(tmp_path / "all.zip", now=NOW)
    assert str(refused.value) == (
        f"a restore makes every table anew, and the database role {SERVICE} may not change tables; "
        f"run `fairground restore` as {OWNER}."
    )
    await become(older, OWNER)
    assert (await restore(tmp_path / "all.zip", now=NOW)).rows == made.rows
    await become(older, SERVICE)
    assert (await migrate(), await database_role()) == (0, SERVICES_ROLE)
