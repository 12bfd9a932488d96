"""A person's own data: her page, her consents, her download, her erasure; and an owner's for somebody who asks."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Asked, ConsentPurpose, Role
from app.accounts.errors import LastOwner, NotOnlyYours, SignInAgain
from app.accounts.queries import actor_of_person
from app.accounts.services.erasure import ask_for_erasure_of, ask_for_own_erasure, erase_person
from app.accounts.services.people import grant_role
from app.accounts.tables import Consent, Person, Session
from app.kernel.clock import freeze
from app.kernel.errors import NotFound
from app.kernel.sheets import read_table
from app.kernel.tables import AuditEntry, Job, OutboxMessage
from booths.catalogue.tables import ExhibitorProfile
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import sign_in
from tests.support.factories import make_holder, make_organisation, make_person
from tests.support.festival import make_festival
from tests.support.known_person import EMAIL, NAME, PHONE, make_known_person

pytestmark = pytest.mark.engines
ERASE = "/account/data/erase"
#: As codes are written: an enumeration's value, or an action of the log.
CODE = re.compile(r"[a-z]+([_.][a-z_]+)*")
#: What is true or not, and the name that a browser of the tests has.
PLAIN = {"yes", "no", "test"}


async def queued() -> list[str]:
    """Return what each queued erasure was given."""
    rows = await Job.select(Job.payload).where((Job.kind == "accounts.erase_person") & (Job.state == "queued"))
    return [row["payload"] for row in rows]


@pytest.mark.slow
async def test_the_page_shows_what_is_held_and_what_for(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    her = await make_known_person(await make_festival(frozen_now), frozen_now)
    await sign_in(client, her.person_id)
    shown = (await client.get("/account/data")).text
    wanted = (
        NAME,
        "Xin gọi lại",
        "So that the exhibitor can get in touch, as you agreed.",
        "Ten years, as tax law wants it",
    )
    assert [text for text in wanted if text not in shown] == []
    archive = await client.get("/account/data/download.zip")
    assert (archive.status_code, archive.headers["content-type"], archive.content[:2]) == (
        200,
        "application/zip",
        b"PK",
    )
    assert '"/account/data"' in (await client.get("/account")).text


@pytest.mark.slow
async def test_page_and_sheet_say_in_words_what_is_stored_as_a_code(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    her = await make_known_person(await make_festival(frozen_now), frozen_now)
    await sign_in(client, her.person_id)
    with ZipFile(BytesIO((await client.get("/account/data/download.zip?lang=en")).content)) as archive:
        rows = read_table(archive.read("personal-data.xlsx"), "list.xlsx").rows
    told = {str(row.values[3]) for row in rows}
    assert {"Gave a role", "Floor", "SMS", "Valid", "Team member", "Tiếng Việt"} - told == set()
    assert {value for value in told if CODE.fullmatch(value)} - PLAIN == set()
    shown = (await client.get("/account/data?lang=en")).text
    assert [words in shown for words in ("Gave a role", "role.grant")] == [True, False]


async def test_a_consent_is_withdrawn_and_given_again_with_one_press(client: httpx.AsyncClient) -> None:
    organisation = await make_organisation(now=NOW)
    edition = await make_edition(now=NOW)
    person = await make_holder(Role.EXHIBITOR_OWNER, edition_id=edition.id, organisation_id=organisation.id, now=NOW)
    stranger = await make_person(now=NOW)
    await ExhibitorProfile(organisation=organisation.id, contact_public=True).save()
    row = Consent(person=person.id, purpose=ConsentPurpose.CONTACT, given=True, wording="Được gọi", at=NOW)
    await row.save()

    await sign_in(client, stranger.id)
    assert (await client.post(f"/account/data/consents/{row.id}", data={"given": "no"})).status_code == 404
    await sign_in(client, person.id)
    for _time in range(2):  # the second press finds a row that no longer counts
        await client.post(f"/account/data/consents/{row.id}", data={"given": "no"})
    assert await ExhibitorProfile.select(ExhibitorProfile.contact_public) == [{"contact_public": False}]
    newest = (await Consent.select(Consent.id).order_by(Consent.id, ascending=False).limit(1))[0]["id"]
    await client.post(f"/account/data/consents/{newest}", data={"given": "yes"})
    ledger = await Consent.select(Consent.given, Consent.wording).order_by(Consent.id)
    assert [(one["given"], one["wording"]) for one in ledger] == [
        (True, "Được gọi"),
        (False, "Được gọi"),
        (True, "Được gọi"),
    ]
    assert await ExhibitorProfile.select(ExhibitorProfile.contact_public) == [{"contact_public": True}]


async def test_only_a_fresh_sign_in_may_ask_for_the_erasure(client: httpx.AsyncClient) -> None:
    person = await make_person(email="an@example.com", now=NOW)
    await sign_in(client, person.id)
    old: dict[Any, Any] = {Session.created_at: NOW - timedelta(hours=1)}
    with freeze(NOW):
        await Session.update(old).where(Session.person == person.id)
        assert "Send me a link and a code" in (await client.get(ERASE)).text
        assert (await client.post(ERASE)).status_code == 403
        assert await queued() == []
        assert (await client.post("/account/data/link")).status_code == 200
        assert [row["to_address"] for row in await OutboxMessage.select(OutboxMessage.to_address)] == ["an@example.com"]
        await sign_in(client, person.id)
        assert "Erase my data" in (await client.get(ERASE)).text
        for _time in range(2):
            assert (await client.post(ERASE)).status_code == 303
        assert len(await queued()) == 1
    await erase_person(person_id=person.id, now=NOW)
    assert (await client.get("/account")).status_code in (302, 303)
    told = await AuditEntry.select(AuditEntry.action, AuditEntry.actor_name, AuditEntry.after).order_by(AuditEntry.id)
    assert [(one["action"], one["actor_name"]) for one in told if one["action"].startswith("person.era")] == [
        ("person.erase", ""),
        ("person.erase", ""),
        ("person.erased", ""),
    ]


async def test_the_last_owner_of_an_edition_stays(database: str) -> None:
    edition = await make_edition(now=NOW)
    person = await make_holder(Role.OWNER, edition_id=edition.id, now=NOW)
    with pytest.raises(LastOwner):
        await erase_person(person_id=person.id, now=NOW)
    second = await make_person(now=NOW)
    await grant_role(person_id=second.id, role=Role.OWNER, edition_id=edition.id, actor=SYSTEM, now=NOW)
    await erase_person(person_id=person.id, now=NOW)
    with pytest.raises(LastOwner):
        await erase_person(person_id=second.id, now=NOW)


async def test_nobody_without_a_browser_session_asks_for_herself(database: str) -> None:
    person = await make_person(now=NOW)
    with pytest.raises(SignInAgain):
        await ask_for_own_erasure(actor=await actor_of_person(person.id), now=NOW)


@pytest.mark.slow
async def test_an_owner_has_somebody_erased_who_asks_by_phone(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    her = await make_known_person(festival, frozen_now)
    base = f"/manage/{festival.edition.id}/people"
    await sign_in(client, festival.people["owner"].person_id)
    assert f"{base}/erase" in (await client.get(f"{base}/")).text
    fields = {"contact": "0987 654 321", "asked": "phone"}
    looked_up = await client.post(f"{base}/erase", data=fields)
    assert (looked_up.status_code, "Contacts that you left with exhibitors" in looked_up.text) == (200, True)
    assert await queued() == []
    done = await client.post(f"{base}/erase", data={**fields, "confirmed": "true"})
    assert (done.status_code, len(await queued())) == (303, 1)
    row = await AuditEntry.select().where(AuditEntry.action == "person.erase").first()
    assert row is not None
    assert (row["subject_id"], row["actor_name"]) == (str(her.person_id), festival.people["owner"].full_name)
    assert row["after"] == '{"asked":"phone"}'
    unknown = await client.post(f"{base}/erase", data={"contact": "+84900000000", "asked": "paper"})
    assert unknown.status_code == 404


async def test_an_owner_reaches_nobody_whom_other_festivals_know(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    festival = await make_festival(frozen_now)
    her = await make_known_person(festival, frozen_now)
    assert her.person_id is not None
    other = await make_edition("le-hoi-khac", now=frozen_now)
    elsewhere = festival.people["owner_elsewhere"]
    with pytest.raises(NotFound):
        await ask_for_erasure_of(contact=PHONE, asked=Asked.PHONE, edition_id=other.id, actor=elsewhere, now=frozen_now)
    await grant_role(person_id=her.person_id, role=Role.JUDGE, edition_id=other.id, actor=SYSTEM, now=frozen_now)
    with pytest.raises(NotOnlyYours):
        await ask_for_erasure_of(
            contact=EMAIL,
            asked=Asked.PAPER,
            edition_id=festival.edition.id,
            actor=festival.people["owner"],
            now=frozen_now,
        )
    assert await Person.exists().where((Person.id == her.person_id) & Person.erased_at.is_null())
