"""One's own mail address and phone number: a new one counts once it was shown to be hers.

Whoever could write a stranger's contact into her account would be taken for that stranger from then on. So a code and a
link go to the new contact, and nothing changes before one of them comes back.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from piccolo.columns import Varchar

from app.accounts.actor import Actor
from app.accounts.enums import ContactKind, RecordKind
from app.accounts.errors import ContactCodeWrong, ContactMissing, ContactOfAnother, ContactUnchanged
from app.accounts.limits import Way, count_account
from app.accounts.queries import survivor_of
from app.accounts.services.fresh import check_fresh
from app.accounts.services.telling import end_others, tell_change
from app.accounts.tables import ContactChange, Person
from app.kernel import audit
from app.kernel.database import hold_row, is_unique_violation, write_transaction
from app.kernel.i18n import N_, _, use_locale
from app.kernel.names import search_text
from app.kernel.outbox import send_message, way_to
from app.kernel.security import hash_token, new_token
from app.kernel.settings import settings

MINUTES = 10
LINKS = "/account/contacts/link"

_COLUMNS: dict[ContactKind, Varchar] = {ContactKind.EMAIL: Person.email, ContactKind.PHONE: Person.phone}
_ASKED = {
    ContactKind.EMAIL: N_(
        "Somebody wants to use this mail address for an account at Fairground. If it is you: your code is {code}. Or "
        "open this link where you are signed in: {link}\nBoth are good once, for {minutes} minutes. If it is not you, "
        "do nothing and tell nobody the code: nothing changes without it."
    ),
    ContactKind.PHONE: N_(
        "Somebody wants to use this phone number for an account at Fairground. If it is you: your code is {code}. Or "
        "open this link where you are signed in: {link}\nBoth are good once, for {minutes} minutes. If it is not you, "
        "do nothing and tell nobody the code: nothing changes without it."
    ),
}
#: (kind, whether there was one, whether there is one now)
_TOLD = {
    (ContactKind.EMAIL, True, True): N_("on {when} another mail address was set for your account, in place of yours."),
    (ContactKind.EMAIL, False, True): N_("on {when} a mail address was added to your account."),
    (ContactKind.EMAIL, True, False): N_("on {when} your mail address was taken off your account."),
    (ContactKind.PHONE, True, True): N_("on {when} another phone number was set for your account, in place of yours."),
    (ContactKind.PHONE, False, True): N_("on {when} a phone number was added to your account."),
    (ContactKind.PHONE, True, False): N_("on {when} your phone number was taken off your account."),
}


async def waiting_contacts(*, person_id: int, now: datetime) -> dict[ContactKind, str]:
    """New contacts of a person that wait to be confirmed."""
    rows = await ContactChange.select(ContactChange.kind, ContactChange.address).where(
        (ContactChange.person == person_id) & (ContactChange.expires_at > now)
    )
    return {ContactKind(row["kind"]): row["address"] for row in rows}


async def ask_for_contact(*, kind: ContactKind, address: str, actor: Actor, now: datetime) -> None:
    """Send a code and a link to a new contact of one's own, normalised already (``kernel.names``).

    One that was asked for before and is of the same kind is void. Nothing says whether somebody else has this contact.
    Raises SignInAgain, ContactUnchanged, and TooManyTries after five in a quarter of an hour, of the person or to the
    address.
    """
    person_id = await check_fresh(actor, now)
    if await Person.exists().where((Person.id == person_id) & (_COLUMNS[kind] == address)):
        raise ContactUnchanged
    await count_account(Way.NEW_CONTACT, person_id, now=now)
    await count_account(Way.NEW_CONTACT, address, now=now)
    token, code = new_token(), f"{secrets.randbelow(10**6):06d}"
    values: dict[Any, Any] = {
        ContactChange.session: actor.session_id,
        ContactChange.address: address,
        ContactChange.token_hash: hash_token(token),
        ContactChange.code_hash: _hash(person_id, code),
        ContactChange.created_at: now,
        ContactChange.expires_at: now + timedelta(minutes=MINUTES),
    }
    async with write_transaction():
        await ContactChange.insert(
            ContactChange({ContactChange.person: person_id, ContactChange.kind: kind.value, **values})
        ).on_conflict(
            target=(ContactChange.person, ContactChange.kind), action="DO UPDATE", values=list(values.items())
        )
        with use_locale(actor.locale):
            channel, to = way_to(
                email=address if kind == ContactKind.EMAIL else None,
                phone=address if kind == ContactKind.PHONE else None,
            )
            body = _(_ASKED[kind])
            await send_message(
                channel=channel,
                to=to,
                person_id=person_id,
                subject=_("Confirm your new contact at Fairground"),
                body=body.format(code=code, link=f"{settings().base_url}{LINKS}/{token}", minutes=MINUTES),
                locale=actor.locale,
                secret=True,
                now=now,
            )


async def contact_of_link(*, token: str, actor: Actor, now: datetime) -> str | None:
    """The new contact that a link would confirm, for who asked for it; None for all others, used and old ones."""
    row = (
        await ContactChange.select(ContactChange.address)
        .where(
            (ContactChange.token_hash == hash_token(token))
            & (ContactChange.person == actor.person_id)
            & (ContactChange.expires_at > now)
        )
        .first()
    )
    return str(row["address"]) if row else None


async def confirm_contact_by_code(*, kind: ContactKind, code: str, actor: Actor, now: datetime) -> None:
    """Let a new contact count, by its code, in the session in which it was asked for.

    Raises ContactCodeWrong, ContactOfAnother, and TooManyTries after five tries in a quarter of an hour.
    """
    await count_account(Way.CONTACT, actor.person_id, now=now)
    typed = "".join(code.split())
    condition = (
        (ContactChange.kind == kind.value)
        & (ContactChange.code_hash == _hash(actor.person_id, typed))
        & (ContactChange.session == actor.session_id)
    )
    await _confirm(condition, actor, now)


async def confirm_contact_by_link(*, token: str, actor: Actor, now: datetime) -> None:
    """Let a new contact count, by its link, in any browser in which she is signed in. Raises as by code."""
    await count_account(Way.CONTACT, actor.person_id, now=now)
    await _confirm(ContactChange.token_hash == hash_token(token), actor, now)


async def _confirm(condition: Any, actor: Actor, now: datetime) -> None:
    mine = condition & (ContactChange.person == actor.person_id)
    try:
        async with write_transaction():
            rows = (
                await ContactChange.delete()
                .where(mine & (ContactChange.expires_at > now))
                .returning(ContactChange.kind, ContactChange.address, ContactChange.session)
            )
            if not rows or actor.person_id is None:
                raise ContactCodeWrong
            kept = [actor.session_id, rows[0]["session"]]
            await _write(actor.person_id, ContactKind(rows[0]["kind"]), rows[0]["address"], kept, actor, now)
    except Exception as error:
        if is_unique_violation(error):
            await ContactChange.delete().where(mine)
            raise ContactOfAnother from error
        raise


async def remove_contact(*, kind: ContactKind, actor: Actor, now: datetime) -> None:
    """Take one's own mail address or phone number off; taken off twice changes nothing.

    Raises SignInAgain, and ContactMissing where no other contact would be left to sign in by.
    """
    person_id = await check_fresh(actor, now)
    async with write_transaction():
        await _write(person_id, kind, None, [actor.session_id], actor, now)


async def _write(
    person_id: int, kind: ContactKind, address: str | None, kept: list[int | None], actor: Actor, now: datetime
) -> None:
    """Change a contact in the caller's transaction, tell the old one, and end what was open under it."""
    await hold_row("person", person_id, alone=True)
    if await survivor_of(RecordKind.PERSON, person_id) != person_id:
        raise ContactCodeWrong  # her record was merged into another meanwhile, and opens nothing any more
    before = await Person.select().where(Person.id == person_id).first()
    assert before is not None
    old = before[kind.value]
    if old == address:
        return
    after = {**before, kind.value: address}
    if not after["email"] and not after["phone"]:
        raise ContactMissing
    await Person.update(
        {
            _COLUMNS[kind]: address,
            Person.search_text: search_text(before["full_name"], after["phone"], after["email"])[:600],
        }
    ).where(Person.id == person_id)
    await end_others(person_id, kept)
    await audit.record(
        actor=actor,
        action="person.contact",
        subject_type="person",
        subject_id=person_id,
        before={kind.value: old},
        after={kind.value: address},
        now=now,
    )
    told = {"email": before["email"], "phone": before["phone"]}
    if old:
        told = {"email": None, "phone": None, kind.value: old}
    await tell_change(before, _TOLD[kind, bool(old), bool(address)], **told, now=now)


async def tidy_contacts(*, now: datetime) -> int:
    """Delete new contacts that were not confirmed in time; returns how many."""
    async with write_transaction():
        return len(await ContactChange.delete().where(ContactChange.expires_at <= now).returning(ContactChange.id))


def _hash(person_id: int | None, code: str) -> str:
    return hash_token(f"contact:{person_id}:{code}")
