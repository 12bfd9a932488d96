"""The ``fairground`` command as people run it: what it does with a database, and when it leaves one alone."""

import asyncio
import fcntl
import json
import re
import subprocess
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.accounts.migrations import accounts_2026_11_28t00_10_02_locale_chosen as locale_chosen
from app.accounts.services.sign_in import start_session
from app.accounts.tables import Person, RoleGrant, TwoStep
from app.demo.command import SLUG as DEMO_SLUG
from app.demo.command import STARTS_AT
from app.demo.festival import ORGANISER
from app.events.passes.reissuing import JOB as REISSUE
from app.events.tables import Edition, ProgrammeSession
from app.kernel.database import close_database, fetch, open_database
from app.kernel.jobs import enqueue
from app.kernel.tables import AuditEntry, ImportBatch, Job
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.kernel.sheet_samples import two_halves
from tests.support.command import fairground, sentence
from tests.support.factories import make_owner, make_person
from tests.support.factories_ticketing import make_pass
from tests.support.two_step import set_up

pytestmark = pytest.mark.slow

HALLS = Path(__file__).parents[1] / "app" / "demo" / "sheets" / "halls.xlsx"
NOT_THE_DEMOS = (
    "the database holds people or a festival that are not the demo's, so nothing was touched; "
    "name another database with DATABASE_URL."
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for what a command leaves behind."""
    return tmp_path / "var"


@pytest.mark.engines
async def test_of_several_that_start_at_once_one_migrates(home: Path, empty_database: str) -> None:
    several = [asyncio.to_thread(fairground, home, "migrate", DATABASE_URL=empty_database) for _ in range(3)]
    done = await asyncio.gather(*several)
    assert [one.stderr for one in done] == ["", "", ""]
    said = sorted(one.stdout for one in done)
    assert said[1:] == ["The database is up to date.\n"] * 2
    assert re.fullmatch(r"\d+ migrations ran\.\n", said[0])


@pytest.mark.engines
async def test_the_first_organiser(home: Path, database: str) -> None:
    done = await asyncio.to_thread(
        fairground,
        *(home, "admin", "create", "--name", "Nguyễn Thị Minh Anh", "--phone", "0912 345 678"),
        DATABASE_URL=database,
        BASE_URL="https://hoi.example/",
    )
    assert done.stderr == ""
    first, link = done.stdout.splitlines()
    assert first == "Nguyễn Thị Minh Anh is an owner of every edition. Sign in within a day:"
    assert link.startswith("https://hoi.example/sign-in/")
    again = await asyncio.to_thread(
        fairground, home, "admin", "create", "--name", "Somebody Else", "--phone", "+84912345678", DATABASE_URL=database
    )
    assert again.stdout.splitlines()[0] == first  # she keeps her name
    grants = await RoleGrant.select(RoleGrant.role, RoleGrant.edition_id)
    assert grants == [{"role": "owner", "edition_id": None}]


@pytest.mark.engines
async def test_the_command_signs_people_out(home: Path, database: str) -> None:
    person = await make_person(name="Hoàng Thị Mơ", email="mo@example.vn")
    for browser in ("phone", "desk"):
        await start_session(person_id=person.id, browser=browser, old_token=None, now=NOW)

    async def sessions_end(*whom: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(fairground, home, "sessions", "end", *whom, DATABASE_URL=database)

    done = await sessions_end("--email", "mo@example.vn")
    assert done.stdout == "Hoàng Thị Mơ is signed out everywhere. Sessions that ended: 2.\n"
    assert (await sessions_end("--all")).stdout == "Everybody is signed out everywhere. Sessions that ended: 0.\n"
    said = sentence(await sessions_end("--phone", "0900000000"))
    assert said == "Nobody here has this phone number or mail address."


@pytest.mark.engines
async def test_keys_are_listed_rotated_and_withdrawn(home: Path, database: str) -> None:
    edition = await make_edition()
    issued = await make_pass(edition, now=NOW)

    async def keys(*action: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(fairground, home, "keys", *action, DATABASE_URL=database)

    first = (await keys("list")).stdout.split()[0]
    second = re.fullmatch(r"Key (\d+) signs from now on\.\n", (await keys("rotate", first)).stdout)
    assert second is not None
    listed = [line.split()[0] for line in (await keys("list")).stdout.splitlines()]
    assert sorted(listed) == sorted([first, second[1]])
    done = await keys("leaked", first)
    assert re.fullmatch(
        rf"Key {first} counts no more\. The service issues its passes again as job \d+\.\n", done.stdout
    )
    (job,) = await Job.select(Job.payload).where(Job.kind == REISSUE)
    assert (json.loads(job["payload"])["key_id"], issued.serial) == (int(first), 1)
    assert "Traceback" not in (await keys("rotate", "999")).stderr


@pytest.mark.engines
async def test_a_leaked_key_of_the_demo_is_replaced_in_its_days(home: Path, database: str) -> None:
    await make_edition(DEMO_SLUG)
    home.mkdir()
    (home / "demo.json").write_text('{"clock_offset_seconds": -86400000}')
    key = (await asyncio.to_thread(fairground, home, "keys", "list", DATABASE_URL=database)).stdout.split()[0]
    done = await asyncio.to_thread(fairground, home, "keys", "leaked", key, DATABASE_URL=database)
    assert (done.returncode, done.stderr) == (0, "")
    (job,) = await Job.select(Job.run_at).where(Job.kind == REISSUE)
    assert job["run_at"] < datetime.now(UTC) - timedelta(days=999)


@pytest.mark.engines
async def test_somebody_who_is_locked_out(home: Path, database: str) -> None:
    person = await make_owner(email="hoa@example.vn", name="Nguyễn Thị Hoa")
    await set_up(person.id, now=person.created_at)

    async def reset(*who: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(fairground, home, "admin", "reset-totp", *who, DATABASE_URL=database)

    assert sentence(await reset()) == "A phone number or a mail address is needed."
    assert sentence(await reset("--phone", "12")) == "A phone number or a mail address is needed."
    assert sentence(await reset("--email", "lan@example.vn")) == "Nobody here has this phone number or mail address."
    said = [(await reset("--email", "HOA@example.vn")).stdout for _time in range(2)]
    assert said == ["Nguyễn Thị Hoa signs in without a second step now.\n", "Nguyễn Thị Hoa has no second step.\n"]
    assert await TwoStep.count() == 0
    entry = await AuditEntry.select().order_by(AuditEntry.id, ascending=False).first()
    assert entry is not None
    assert (entry["action"], entry["actor_name"]) == ("two_step.take_off", "Fairground")


@pytest.mark.engines
async def test_a_sheet_is_checked_and_then_loaded(home: Path, database: str) -> None:
    edition = await make_edition()
    check = ("import", "halls", str(HALLS), "--check")
    done = await asyncio.to_thread(fairground, home, *check, DATABASE_URL=database)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "180 rows read, 0 problems.\n"
    assert await ImportBatch.count() == 0
    done = await asyncio.to_thread(fairground, home, *check[:-1], "--edition", edition.slug, DATABASE_URL=database)
    assert done.stdout.splitlines()[-1] == "180 added, 0 changed, 0 as they were."
    done = await asyncio.to_thread(fairground, home, *check[:-1], DATABASE_URL=database)
    assert done.stdout.splitlines()[-1] == "0 added, 0 changed, 180 as they were."


async def test_a_sheet_of_the_demo_is_loaded_in_its_days(home: Path, database: str) -> None:
    await make_edition(DEMO_SLUG)
    home.mkdir()
    (home / "demo.json").write_text('{"clock_offset_seconds": -86400000}')
    done = await asyncio.to_thread(fairground, home, "import", "halls", str(HALLS), DATABASE_URL=database)
    assert (done.returncode, done.stderr) == (0, "")
    batch = await ImportBatch.objects().first()
    assert batch is not None
    assert batch.created_at < datetime.now(UTC) - timedelta(days=999)


@pytest.mark.engines
async def test_of_two_worksheets_one_is_named(home: Path, database: str, tmp_path: Path) -> None:
    await make_edition()
    sheet = tmp_path / "days.xlsx"
    headers = ["Title", "Starts at", "Ends at"]
    days = [["Khai mạc", "16/10/2026 09:00", "16/10/2026 10:00"], ["Bế mạc", "18/10/2026 09:00", "18/10/2026 10:00"]]
    sheet.write_bytes(two_halves(headers, *days))
    load = ("import", "programme", str(sheet))
    done = await asyncio.to_thread(fairground, home, *load, DATABASE_URL=database)
    assert (done.returncode, done.stderr, done.stdout.splitlines()) == (
        2,
        "",
        [
            "name it with --worksheet: Several worksheets of this file fit: “First”, “Second”. "
            "Choose which one is to be loaded.",
            "1 rows read, 1 problems.",
        ],
    )
    done = await asyncio.to_thread(fairground, home, *load, "--worksheet", "Third", DATABASE_URL=database)
    assert sentence(done) == "This file has no worksheet “Third” with rows. It has: “First”, “Second”."
    done = await asyncio.to_thread(fairground, home, *load, "--worksheet", "Second", DATABASE_URL=database)
    assert done.stdout.splitlines()[-1] == "1 added, 0 changed, 0 as they were."
    assert [json.loads(row["title"]) for row in await ProgrammeSession.select(ProgrammeSession.title)] == [
        {"vi": "Bế mạc"}
    ]


@pytest.mark.engines
async def test_a_sheet_needs_to_know_its_edition(home: Path, database: str) -> None:
    await Edition.delete(force=True)
    done = await asyncio.to_thread(fairground, home, "import", "halls", str(HALLS), DATABASE_URL=database)
    assert sentence(done) == "name one edition with --edition (here: none)."


@pytest.mark.engines
async def test_an_import_of_what_is_no_sheet(home: Path, database: str) -> None:
    await make_edition()
    done = await asyncio.to_thread(fairground, home, "import", "elephants", __file__, DATABASE_URL=database)
    assert sentence(done).startswith("There is no sheet of the kind “elephants”. Known are: applications, attendees, ")
    done = await asyncio.to_thread(fairground, home, "import", "halls", __file__, DATABASE_URL=database)
    assert (done.returncode, done.stderr) == (2, "")
    assert "Hall: '': The sheet has no column for this." in done.stdout


async def _someone() -> None:
    await Person(full_name="Nguyễn Thị Hoa", phone="+84912345678").save()


@pytest.mark.engines
@pytest.mark.parametrize(
    ("somebody", "state_file", "options"),
    [(make_edition, False, ()), (make_edition, True, ("--reset",)), (_someone, False, ("--reset",))],
)
async def test_the_demo_leaves_a_real_database_alone(
    home: Path, database: str, somebody: Callable[[], Awaitable[object]], state_file: bool, options: tuple[str, ...]
) -> None:
    await somebody()
    before = (await Edition.count(), await Person.count())
    photo = home / "media" / "photo.webp"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"a photo")
    if state_file:  # of a demo in another database
        (home / "demo.json").write_text('{"clock_offset_seconds": 0}')
    done = await asyncio.to_thread(fairground, home, "demo", "--no-serve", *options, DATABASE_URL=database)
    assert sentence(done) == NOT_THE_DEMOS
    assert (await Edition.count(), await Person.count()) == before
    assert photo.exists()
    assert (home / "demo.json").exists() == state_file


@pytest.mark.engines
async def test_the_demos_database_without_its_clock_is_not_dropped(home: Path, database: str) -> None:
    await Person(full_name=ORGANISER[0], email=ORGANISER[2]).save()
    done = await asyncio.to_thread(fairground, home, "demo", "--no-serve", "--reset", DATABASE_URL=database)
    assert sentence(done) == NOT_THE_DEMOS
    assert await Person.count() == 1


@pytest.mark.slow
@pytest.mark.engines
@pytest.mark.long
async def test_the_demo_loads_once_starts_on_what_is_there_and_begins_again(home: Path, empty_database: str) -> None:
    async def begin(*options: str) -> None:
        await close_database()  # its file or tables may go
        done = await asyncio.to_thread(fairground, home, "demo", "--no-serve", *options, DATABASE_URL=empty_database)
        assert done.returncode == 0, done.stderr
        await open_database()

    async def found() -> tuple[list[dict[str, str]], int]:
        return await Edition.select(Edition.slug, Edition.opens_at), await Person.count()

    await begin()
    loaded, people = await found()
    assert [edition["slug"] for edition in loaded] == [DEMO_SLUG]
    await Edition.update({Edition.opens_at: "05:17"}).where(Edition.slug == DEMO_SLUG)
    await Person(full_name="Nguyễn Thị Hoa", phone="+84912345678").save()
    await fetch("ALTER TABLE person DROP COLUMN locale_chosen")  # as a version left it that did not know it yet
    await fetch("DELETE FROM migration WHERE name = {}", locale_chosen.ID)
    await begin()
    assert await found() == ([{"slug": DEMO_SLUG, "opens_at": "05:17"}], people + 1)
    with (home / "serving.lock").open("w") as mark:  # as a service that runs holds it
        fcntl.flock(mark, fcntl.LOCK_SH)
        refused = await asyncio.to_thread(
            fairground, home, "demo", "--no-serve", "--reset", DATABASE_URL=empty_database
        )
    assert "stop it before you begin again" in sentence(refused)
    assert await found() == ([{"slug": DEMO_SLUG, "opens_at": "05:17"}], people + 1)
    await enqueue("order.expire", {}, run_at=STARTS_AT, now=STARTS_AT)
    doctor = await asyncio.to_thread(fairground, home, "doctor", DATABASE_URL=empty_database)
    assert [line for line in doctor.stdout.splitlines() if "waits" in line or "background" in line] == [
        "  Nothing waits."
    ]
    await begin("--reset")
    assert await found() == (loaded, people)
    assert loaded[0]["opens_at"] != "05:17"
