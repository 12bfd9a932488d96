"""After an erasure nothing in the database or in the stored files leads to the person any more."""

from __future__ import annotations

import json
from datetime import datetime
from io import BytesIO
from zipfile import ZipFile

import httpx
import pytest

from app.accounts.labels import LABELS
from app.accounts.personal.registry import find_all, registered
from app.accounts.personal.whom import Whom, whom_of
from app.accounts.services.erasure import erase_person
from app.accounts.services.export import export_person
from app.accounts.tables import Person
from app.judging.services.ballots import verify_chain
from app.kernel.database import fetch
from app.kernel.settings import settings
from app.kernel.sheets import SheetContext, batches
from app.kernel.tables import ImportBatch
from tests.events.factories import make_edition
from tests.kernel.sheet_samples import two_halves
from tests.support.factories import make_person
from tests.support.festival import make_festival
from tests.support.known_person import EMAIL, NAME, OLD_EMAIL, PHONE, make_known_person
from tests.test_migrations import all_tables

pytestmark = pytest.mark.engines

FORMS = (NAME, json.dumps(NAME)[1:-1], "dang thi quynh xoa", PHONE, "987654321", "987 654 321", EMAIL, OLD_EMAIL)
#: Where her name stays, by tax law: on the bill that was paid.
KEPT = {"payment_document.payer_name", "payment_document.search_text"}


async def places_of_her() -> set[str]:
    """Return the columns and files in which she stands, in any writing."""
    forms = [form.casefold() for form in FORMS]
    places = set()
    for table in all_tables():
        name = table._meta.tablename
        columns = [column._meta.name for column in table._meta.columns]
        shown = ", ".join(f'CAST("{column}" AS TEXT) AS "{column}"' for column in columns)
        for row in await fetch(f'SELECT {shown} FROM "{name}"'):
            texts = {column: str(row[column] or "").casefold() for column in columns}
            places |= {f"{name}.{column}" for column, text in texts.items() if any(form in text for form in forms)}
    for folder in ("media", "imports"):
        for path in (settings().data_dir / folder).rglob("*"):
            if path.is_file() and any(form in path.read_bytes().decode(errors="ignore").casefold() for form in forms):
                places.add(folder)
    return places


@pytest.mark.slow
async def test_nothing_is_left_of_somebody_of_whom_everything_was_held(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    festival = await make_festival(frozen_now)
    her = await make_known_person(festival, frozen_now)
    assert her.person_id is not None
    whom = await whom_of(her.person_id)
    before = await places_of_her()
    assert len(before) > 30
    kinds = {held.key for data in registered().values() for held in data.held}
    assert kinds - {one.held.key for one in await find_all(whom)} == {"admissions", "work"}

    counts = await erase_person(person_id=her.person_id, edition_id=festival.edition.id, now=frozen_now)

    assert await places_of_her() == KEPT
    assert counts["leads"] == 1
    paid = await fetch("SELECT payer, payer_name FROM payment_document WHERE payer_name = {}", NAME)
    assert paid == [{"payer": None, "payer_name": NAME}]
    assert await verify_chain(festival.ids["round_id"]) == []
    left = [one.held.key for one in await find_all(Whom(person_id=her.person_id))]
    assert left == ["log", "filled_in", "consents"]
    assert await erase_person(person_id=her.person_id, now=frozen_now) == {}


@pytest.mark.slow
async def test_nothing_leads_from_a_ballot_to_the_judge(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    her = await make_known_person(festival, frozen_now)
    assert her.person_id is not None
    await erase_person(person_id=her.person_id, now=frozen_now)
    rows = await fetch(
        "SELECT a.judge AS judge, m.person AS person, p.full_name AS full_name FROM contest_ballot_revision v "
        "JOIN contest_ballot b ON b.id = v.ballot JOIN contest_assignment a ON a.id = b.assignment "
        "JOIN contest_panel_member m ON m.pseudonym = v.pseudonym JOIN person p ON p.id = a.judge "
        "WHERE v.client_id = 'her-ballot'"
    )
    assert [row["full_name"] for row in rows] == ["—"]
    assert rows[0]["judge"] == rows[0]["person"]
    assert rows[0]["judge"] != her.person_id


async def test_somebody_of_the_same_name_keeps_it(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    first = await make_person(name=NAME, phone=PHONE, now=frozen_now)
    second = await make_person(name=NAME, phone="+84987654322", now=frozen_now)
    await erase_person(person_id=first.id, now=frozen_now)
    rows = await Person.select(Person.id, Person.full_name, Person.phone).order_by(Person.id)
    assert rows == [
        {"id": first.id, "full_name": "—", "phone": None},
        {"id": second.id, "full_name": NAME, "phone": "+84987654322"},
    ]


async def test_a_file_goes_that_names_her_in_a_worksheet_nobody_read(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    her = await make_person(name=NAME, phone=PHONE, now=frozen_now)
    edition = await make_edition(now=frozen_now)
    context = SheetContext(edition_id=edition.id, actor=None, now=frozen_now)
    headers = ["Tên đơn vị", "Loại hình"]
    waiting = [
        (await batches.preview("organisations", two_halves(headers, *rows), "list.xlsx", context, None, "First")).id
        for rows in ((["Gốm Chi", "company"], [NAME, "company"]), (["Gốm Chi", "company"], ["Nón Lá", "company"]))
    ]
    await erase_person(person_id=her.id, now=frozen_now)
    left = await ImportBatch.select(ImportBatch.state).where(ImportBatch.id.is_in(waiting)).order_by(ImportBatch.id)
    assert [row["state"] for row in left] == ["discarded", "previewed"]


async def test_everything_about_her_is_in_her_archive(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    her = await make_known_person(festival, frozen_now)
    assert her.person_id is not None
    archive = ZipFile(BytesIO(await export_person(person_id=her.person_id, now=frozen_now)))
    assert archive.namelist() == ["personal-data.json", "personal-data.xlsx"]
    held = {one["kind"]: one["records"] for one in json.loads(archive.read("personal-data.json"))["held"]}
    assert list(held) == [one.held.key for one in await find_all(await whom_of(her.person_id))]
    assert (held["person"][0]["full_name"], held["person"][0]["email"]) == (NAME, EMAIL)
    assert [lead["message"] for lead in held["leads"]] == ["Xin gọi lại"]
    assert len(held["payments"]) == 2
    details = {key for records in held.values() for record in records for key in record}
    assert details - set(LABELS) == set()


def test_a_name_is_found_in_any_writing_but_not_inside_another_word() -> None:
    whom = Whom(names=("Lê Thị Lan",), phones=("+84912345678",), emails=("lan@example.com",))
    assert whom.redacted("Chị LÊ THỊ LAN, 0912 345 678, le thi lan") == "Chị —, —, —"
    assert whom.redacted("Lê Thị Lan Anh; xlan@example.com; 60912345678") == "— Anh; xlan@example.com; 60912345678"
    assert not Whom().is_named_in("Lê Thị Lan")
