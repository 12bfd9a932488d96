"""A new mail address or phone number counts once it was shown to be hers, and not before."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.accounts.actor import Actor
from app.accounts.enums import ContactKind
from app.accounts.errors import (
    ContactCodeWrong,
    ContactMissing,
    ContactOfAnother,
    ContactUnchanged,
    SignInAgain,
    SignInFailed,
)
from app.accounts.queries import actor_of_session
from app.accounts.services import contacts
from app.accounts.services.erasure import erase_person
from app.accounts.services.people import find_or_create_by_one_contact
from app.accounts.services.sign_in import end_session, make_sign_in_link, redeem_code, start_session
from app.accounts.services.telling import ZONE
from app.accounts.services.two_step import start_half_sign_in
from app.accounts.tables import ContactChange, HalfSignIn, Person, Session, SignInToken
from app.accounts.tasks import tidy
from app.kernel.clock import freeze
from app.kernel.errors import AppError, TooManyTries
from app.kernel.i18n import format_datetime, use_locale
from app.kernel.security import hash_token
from app.kernel.tables import AuditEntry, OutboxMessage
from app.main import register_modules
from tests.conftest import NOW
from tests.support.contacts import code_sent, last_body, token_sent, told
from tests.support.factories import make_person

OLD, NEW = "hoa.cu@example.com", "hoa.moi@example.com"
EMAIL, PHONE = ContactKind.EMAIL, ContactKind.PHONE
LATER = NOW + timedelta(minutes=5)


async def signed_in(person: Person, *, now: datetime = NOW) -> Actor:
    """Return the actor of a fresh session."""
    token = await start_session(person_id=person.id, browser="a", old_token=None, now=now)
    found = await actor_of_session(hash_token(token), now)
    assert found is not None
    return found[0]


async def asked(**values: Any) -> tuple[Person, Actor]:
    """Return somebody with a mail address and a phone number who has asked for another mail address."""
    person = await make_person(email=OLD, locale="en", **values)
    her = await signed_in(person)
    await contacts.ask_for_contact(kind=EMAIL, address=NEW, actor=her, now=NOW)
    return person, her


async def email_of(person: Person) -> str | None:
    row = await Person.select(Person.email).where(Person.id == person.id).first()
    return row["email"] if row else None


@pytest.mark.engines
async def test_a_new_address_counts_when_its_code_comes_back_and_the_old_one_is_told(database: str) -> None:
    person, her = await asked()
    assert (await email_of(person), await told(OLD)) == (OLD, [])
    assert await contacts.waiting_contacts(person_id=person.id, now=NOW) == {EMAIL: NEW}
    await contacts.confirm_contact_by_code(kind=EMAIL, code=code_sent(await last_body(NEW)), actor=her, now=LATER)
    assert await email_of(person) == NEW
    (letter,) = await told(OLD)
    with use_locale("en"):
        when = format_datetime(LATER, ZONE)
    changed = f"on {when} another mail address was set for your account, in place of yours."
    greeting, said, help_ = letter.split("\n\n")
    assert (greeting, said, help_[:22]) == (f"Dear {person.full_name},", changed, "If this was not you, s")
    entry = await AuditEntry.select().where(AuditEntry.action == "person.contact").first()
    assert entry is not None
    assert (entry["before"], entry["after"]) == (f'{{"email":"{OLD}"}}', f'{{"email":"{NEW}"}}')
    assert await Person.exists().where((Person.id == person.id) & Person.search_text.like(f"%{NEW}%"))
    assert await ContactChange.count() == 0


@pytest.mark.engines
async def test_a_link_counts_wherever_she_is_signed_in_and_nowhere_else(database: str) -> None:
    person, her = await asked()
    token = token_sent(await last_body(NEW))
    stranger = await signed_in(await make_person())
    elsewhere = await signed_in(person)
    assert await contacts.contact_of_link(token=token, actor=stranger, now=LATER) is None
    with pytest.raises(ContactCodeWrong):
        await contacts.confirm_contact_by_link(token=token, actor=stranger, now=LATER)
    assert await contacts.contact_of_link(token=token, actor=elsewhere, now=LATER) == NEW
    await contacts.confirm_contact_by_link(token=token, actor=elsewhere, now=LATER)
    assert await email_of(person) == NEW
    kept = {row["id"] for row in await Session.select(Session.id).where(Session.person == person.id)}
    assert kept == {her.session_id, elsewhere.session_id}


@pytest.mark.engines
async def test_what_was_open_under_the_old_address_ends(database: str) -> None:
    person, her = await asked()
    thief = await signed_in(person)
    await contacts.ask_for_contact(kind=PHONE, address="+84912000111", actor=thief, now=NOW)
    await make_sign_in_link(person_id=person.id, next_path="/me", now=NOW)
    await start_half_sign_in(person_id=person.id, next_path="/me", now=NOW)
    await contacts.confirm_contact_by_code(kind=EMAIL, code=code_sent(await last_body(NEW)), actor=her, now=LATER)
    assert [row["id"] for row in await Session.select(Session.id)] == [her.session_id]
    assert (await SignInToken.count(), await HalfSignIn.count(), await ContactChange.count()) == (0, 0, 0)


async def test_a_sign_in_of_long_ago_changes_nothing(database: str) -> None:
    person = await make_person(email=OLD)
    her = await signed_in(person, now=NOW - timedelta(minutes=16))
    for actor in (her, Actor(person_id=person.id), Actor()):
        with pytest.raises(SignInAgain):
            await contacts.ask_for_contact(kind=EMAIL, address=NEW, actor=actor, now=NOW)
        with pytest.raises(SignInAgain):
            await contacts.remove_contact(kind=EMAIL, actor=actor, now=NOW)
    assert (await ContactChange.count(), await OutboxMessage.count(), await email_of(person)) == (0, 0, OLD)


async def test_the_address_she_has_is_not_asked_for(database: str) -> None:
    person = await make_person(email=OLD)
    with pytest.raises(ContactUnchanged):
        await contacts.ask_for_contact(kind=EMAIL, address=OLD, actor=await signed_in(person), now=NOW)


@pytest.mark.engines
async def test_nobody_learns_whether_an_address_is_taken_before_she_has_shown_that_it_is_hers(database: str) -> None:
    other = await make_person(email=NEW)
    person, her = await asked()
    assert await contacts.waiting_contacts(person_id=person.id, now=NOW) == {EMAIL: NEW}
    with pytest.raises(ContactCodeWrong):
        await contacts.confirm_contact_by_code(kind=EMAIL, code="wrong", actor=her, now=LATER)
    with pytest.raises(ContactOfAnother):
        await contacts.confirm_contact_by_code(kind=EMAIL, code=code_sent(await last_body(NEW)), actor=her, now=LATER)
    assert (await email_of(person), await email_of(other), await told(OLD)) == (OLD, NEW, [])
    assert await AuditEntry.count().where(AuditEntry.action == "person.contact") == 0
    assert await contacts.waiting_contacts(person_id=person.id, now=LATER) == {}


@pytest.mark.engines
async def test_what_a_stranger_orders_later_stays_hers(database: str) -> None:
    """The hole that this closes: a thief writes a stranger's address into her own account and waits."""
    thief, _actor = await asked()
    made = await find_or_create_by_one_contact(full_name="Lê Thị Hoa", email=NEW, now=NOW)
    assert made.id != thief.id


async def test_a_code_counts_in_its_own_session_for_its_own_kind_and_once(database: str) -> None:
    person, her = await asked()
    code = code_sent(await last_body(NEW))
    elsewhere = await signed_in(person)
    for kind, actor in ((EMAIL, elsewhere), (PHONE, her), (EMAIL, await signed_in(await make_person()))):
        with pytest.raises(ContactCodeWrong):
            await contacts.confirm_contact_by_code(kind=kind, code=code, actor=actor, now=LATER)
    await contacts.confirm_contact_by_code(kind=EMAIL, code=f" {code[:3]} {code[3:]}", actor=her, now=LATER)
    with pytest.raises(ContactCodeWrong):
        await contacts.confirm_contact_by_code(kind=EMAIL, code=code, actor=her, now=LATER)


async def test_an_old_code_is_void_when_a_new_one_is_asked_for(database: str) -> None:
    person, her = await asked()
    first = await last_body(NEW)
    await contacts.ask_for_contact(kind=EMAIL, address="hoa.khac@example.com", actor=her, now=NOW)
    with pytest.raises(ContactCodeWrong):
        await contacts.confirm_contact_by_link(token=token_sent(first), actor=her, now=LATER)
    second = await last_body("hoa.khac@example.com")
    if code_sent(first) != code_sent(second):
        with pytest.raises(ContactCodeWrong):
            await contacts.confirm_contact_by_code(kind=EMAIL, code=code_sent(first), actor=her, now=LATER)
    await contacts.confirm_contact_by_code(kind=EMAIL, code=code_sent(second), actor=her, now=LATER)
    assert await email_of(person) == "hoa.khac@example.com"


async def test_a_code_ends_by_time_and_with_its_session(database: str) -> None:
    _person, her = await asked()
    body = await last_body(NEW)
    over = NOW + timedelta(minutes=contacts.MINUTES)
    with pytest.raises(ContactCodeWrong):
        await contacts.confirm_contact_by_code(kind=EMAIL, code=code_sent(body), actor=her, now=over)
    with pytest.raises(ContactCodeWrong):
        await contacts.confirm_contact_by_link(token=token_sent(body), actor=her, now=over)
    assert await contacts.contact_of_link(token=token_sent(body), actor=her, now=over) is None


@pytest.mark.engines
async def test_signing_out_voids_what_was_asked_for(database: str) -> None:
    person = await make_person(email=OLD)
    token = await start_session(person_id=person.id, browser="a", old_token=None, now=NOW)
    found = await actor_of_session(hash_token(token), NOW)
    assert found is not None
    await contacts.ask_for_contact(kind=EMAIL, address=NEW, actor=found[0], now=NOW)
    await end_session(token=token)
    assert await ContactChange.count() == 0


async def test_codes_cannot_be_guessed_one_after_the_other(database: str) -> None:
    person, her = await asked()
    code = code_sent(await last_body(NEW))
    wrong = [f"{(int(code) + step) % 10**6:06d}" for step in range(1, 6)]
    for guess in wrong:
        with pytest.raises(ContactCodeWrong):
            await contacts.confirm_contact_by_code(kind=EMAIL, code=guess, actor=her, now=LATER)
    with pytest.raises(TooManyTries):
        await contacts.confirm_contact_by_code(kind=EMAIL, code=code, actor=her, now=LATER)
    assert await email_of(person) == OLD


async def test_nobody_is_flooded_with_codes(database: str) -> None:
    askers = [await signed_in(await make_person(email=f"nguoi{number}@example.com")) for number in range(6)]
    for asker in askers[:5]:
        await contacts.ask_for_contact(kind=EMAIL, address=NEW, actor=asker, now=NOW)
    with pytest.raises(TooManyTries):
        await contacts.ask_for_contact(kind=EMAIL, address=NEW, actor=askers[5], now=NOW)
    assert len(await told(NEW)) == 5


@pytest.mark.engines
@pytest.mark.parametrize("by", ["code", "link"])
async def test_of_two_confirmations_at_once_one_counts(database: str, by: str) -> None:
    person, her = await asked()
    body = await last_body(NEW)

    async def confirm() -> str:
        try:
            if by == "code":
                await contacts.confirm_contact_by_code(kind=EMAIL, code=code_sent(body), actor=her, now=LATER)
            else:
                await contacts.confirm_contact_by_link(token=token_sent(body), actor=her, now=LATER)
        except AppError as error:
            return error.code
        return "done"

    outcomes = await asyncio.gather(confirm(), confirm(), confirm())
    assert sorted(outcomes) == ["contact_code_wrong", "contact_code_wrong", "done"]
    assert (await email_of(person), len(await told(OLD))) == (NEW, 1)


@pytest.mark.engines
async def test_of_two_people_who_confirm_the_same_address_one_has_it(database: str) -> None:
    people = [await make_person(email=f"nguoi{number}@example.com") for number in range(2)]
    actors = [await signed_in(person) for person in people]
    bodies = []
    for actor in actors:
        await contacts.ask_for_contact(kind=EMAIL, address=NEW, actor=actor, now=NOW)
        bodies.append(await last_body(NEW))

    async def confirm(actor: Actor, body: str) -> str:
        try:
            await contacts.confirm_contact_by_code(kind=EMAIL, code=code_sent(body), actor=actor, now=LATER)
        except AppError as error:
            return error.code
        return "done"

    outcomes = await asyncio.gather(*(confirm(actor, body) for actor, body in zip(actors, bodies, strict=True)))
    assert sorted(outcomes) == ["contact_of_another", "done"]
    assert [await email_of(person) for person in people].count(NEW) == 1


@pytest.mark.engines
async def test_one_contact_is_taken_off_and_the_last_one_stays(database: str) -> None:
    person = await make_person(email=OLD, locale="en")
    her, _other = await signed_in(person), await signed_in(person)
    await contacts.remove_contact(kind=EMAIL, actor=her, now=NOW)
    assert await email_of(person) is None
    assert [row["id"] for row in await Session.select(Session.id)] == [her.session_id]
    assert ["taken off your account" in text for text in await told(OLD)] == [True]
    await contacts.remove_contact(kind=EMAIL, actor=her, now=NOW)
    assert len(await told(OLD)) == 1
    with pytest.raises(ContactMissing):
        await contacts.remove_contact(kind=PHONE, actor=her, now=NOW)
    assert await Person.exists().where((Person.id == person.id) & (Person.phone == person.phone))


async def test_an_added_contact_is_told_to_the_one_that_was_there(database: str) -> None:
    person = await make_person(locale="en")
    her = await signed_in(person)
    await contacts.ask_for_contact(kind=EMAIL, address=NEW, actor=her, now=NOW)
    await contacts.confirm_contact_by_code(kind=EMAIL, code=code_sent(await last_body(NEW)), actor=her, now=LATER)
    assert ["a mail address was added" in text for text in await told(str(person.phone))] == [True]


async def test_the_old_address_signs_in_no_more(database: str) -> None:
    person, her = await asked()
    _link, code = await make_sign_in_link(person_id=person.id, next_path="/me", browser="hers", now=NOW)
    await contacts.confirm_contact_by_code(kind=EMAIL, code=code_sent(await last_body(NEW)), actor=her, now=LATER)
    for contact in (OLD, NEW):
        with pytest.raises(SignInFailed):
            await redeem_code(contact=contact, code=code, browser="hers", now=LATER)


async def test_a_record_that_was_merged_meanwhile_takes_no_new_contact(database: str) -> None:
    person, her = await asked()
    other = await make_person()
    await Person.update({Person.merged_into: other.id}).where(Person.id == person.id)
    with pytest.raises(ContactCodeWrong):
        await contacts.confirm_contact_by_code(kind=EMAIL, code=code_sent(await last_body(NEW)), actor=her, now=LATER)
    assert await email_of(person) == OLD


async def test_it_goes_with_her_data_and_with_the_data_of_whose_address_it_is(database: str) -> None:
    register_modules()
    person, _her = await asked()
    await erase_person(person_id=person.id, now=NOW)
    assert await ContactChange.count() == 0
    claimed = await make_person(email=NEW)
    claimer = await signed_in(await make_person())
    await contacts.ask_for_contact(kind=EMAIL, address=NEW, actor=claimer, now=NOW)
    await erase_person(person_id=claimed.id, now=NOW)
    assert await ContactChange.count() == 0


def test_nothing_else_writes_the_contact_of_somebody_who_is_there() -> None:
    """Whoever adds a way comes by here: it needs a proof, or at least a message to the old contact."""
    root = Path(contacts.__file__).parents[3]
    code = [path for top in ("app", "booths", "ticketing") for path in (root / top).rglob("*.py")]
    writing = re.compile(
        r"Person\.(email|phone)\s*[:=](?!=)|person\.(email|phone)\s*=(?!=)|_COLUMNS\[kind\]:|UPDATE person "
    )
    found = {
        path.relative_to(root).as_posix()
        for path in code
        if not {"migrations", "node_modules"} & set(path.parts) and writing.search(path.read_text())
    }
    emptying = {  # both write None
        "app/accounts/services/erasure.py",
        "app/accounts/personal/own.py",
    }
    proving = {"app/accounts/services/contacts.py", "app/accounts/services/handing_over.py"}  # by a code sent to it
    assert found - emptying == proving
    assert emptying <= found


async def test_what_was_not_confirmed_is_tidied_within_the_hour(database: str) -> None:
    _person, her = await asked()
    await contacts.ask_for_contact(kind=PHONE, address="+84912000111", actor=her, now=LATER)
    with freeze(NOW + timedelta(minutes=contacts.MINUTES)):
        job: Any = None
        assert await tidy(job) == {"contacts": 1}
    rows = await ContactChange.select(ContactChange.kind)
    assert [row["kind"] for row in rows] == ["phone"]
