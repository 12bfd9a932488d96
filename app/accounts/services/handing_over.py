"""Handing an account over to the person whom an officer registered: by a printed card, or by a code sent to her."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import HandOver
from app.accounts.errors import (
    AlreadyHandedOver,
    ContactTaken,
    ContactUnreadable,
    HandOverCardNotValid,
    HandOverCodeWrong,
    SignInFailed,
)
from app.accounts.limits import Way, count_account
from app.accounts.queries import person_by_contact, registered_in
from app.accounts.services.filling_in import hand_over
from app.accounts.services.sign_in import contact_of, make_sign_in_link
from app.accounts.tables import Assistance, Person
from app.kernel import audit
from app.kernel.database import hold_row, is_unique_violation, write_transaction
from app.kernel.i18n import _, use_locale
from app.kernel.names import search_text
from app.kernel.outbox import send_message, way_to
from app.kernel.security import hash_token, new_token
from app.kernel.settings import settings

CARD_DAYS = 14
CODE_MINUTES = 20
LINK_HOURS = 24
HER_PAGE = "/account/filled-in"


async def make_card(*, person_id: int, edition_id: int, actor: Actor, now: datetime) -> str:
    """A card that hands the account over, good once; the address for its QR code, told this once. An older one ends.

    Raises NotFound, and AlreadyHandedOver for an account that is her own.
    """
    token = new_token()
    async with write_transaction():
        await registered_in(person_id, edition_id)
        values: dict[Any, Any] = {
            Assistance.card_hash: hash_token(token),
            Assistance.card_expires_at: now + timedelta(days=CARD_DAYS),
        }
        await _change(person_id, values)
        await audit.note(actor, "help.card", "person", person_id, edition_id, now)
    return f"{settings().base_url}/take-over/{token}"


async def withdraw_card(*, person_id: int, edition_id: int, actor: Actor, now: datetime) -> None:
    """Let a card open nothing any more. Raises NotFound, AlreadyHandedOver."""
    async with write_transaction():
        await registered_in(person_id, edition_id)
        rows = (
            await Assistance.update({Assistance.card_hash: None, Assistance.card_expires_at: None})
            .where((Assistance.person == person_id) & Assistance.card_hash.is_not_null())
            .returning(Assistance.id)
        )
        if rows:
            await audit.note(actor, "help.card_withdraw", "person", person_id, edition_id, now)


async def person_of_card(*, token: str, now: datetime) -> dict[str, Any]:
    """Id and name of the one whom a card is for, while it is good. Raises HandOverCardNotValid."""
    row: dict[str, Any] | None = (
        await Assistance.select(Assistance.person.id.as_alias("id"), Assistance.person.full_name.as_alias("full_name"))
        .where(_good_card(token, now) & Assistance.person.merged_into.is_null())
        .first()
    )
    if row is None:
        raise HandOverCardNotValid
    return row


async def use_card(*, token: str, now: datetime) -> int:
    """Hand the account over to whoever holds its card; the person. One of many at once wins.

    Raises HandOverCardNotValid, and TooManyTries after sixty tries of one card in a quarter of an hour.
    """
    await count_account(Way.CARD, hash_token(token), now=now)
    async with write_transaction():
        person_id = int((await person_of_card(token=token, now=now))["id"])
        await hold_row("person", person_id)
        if not await hand_over(person_id=person_id, way=HandOver.CARD, condition=_good_card(token, now), now=now):
            raise HandOverCardNotValid
    return person_id


def _good_card(token: str, now: datetime) -> Any:
    return (
        (Assistance.card_hash == hash_token(token))
        & (Assistance.card_expires_at > now)
        & Assistance.handed_over_at.is_null()
    )


async def send_code(*, person_id: int, edition_id: int, contact: str, actor: Actor, now: datetime) -> None:
    """Send six digits to a phone number or mail address that the person says is hers; she tells them to the officer.

    Raises ContactUnreadable, ContactTaken, NotFound, AlreadyHandedOver, and TooManyTries after five requests in a
    quarter of an hour.
    """
    try:
        phone, email = contact_of(contact)
    except SignInFailed as error:
        raise ContactUnreadable from error
    await count_account(Way.ASK, phone or email, now=now)
    code = f"{secrets.randbelow(10**6):06d}"
    async with write_transaction():
        person = await registered_in(person_id, edition_id)
        other = await person_by_contact(phone=phone, email=email)
        if other is not None and other["id"] != person_id:
            raise ContactTaken
        values: dict[Any, Any] = {
            Assistance.contact: phone or email,
            Assistance.code_hash: hash_token(f"{person_id}:{code}"),
            Assistance.code_expires_at: now + timedelta(minutes=CODE_MINUTES),
        }
        await _change(person_id, values)
        await audit.note(actor, "help.code", "person", person_id, edition_id, now)
        with use_locale(person["locale"]):
            body = _(
                "Your code is {code}. Tell it to the officer who sits with you if this account shall be yours and be "
                "reached here. It is good once, for {minutes} minutes."
            )
            await _send(person, phone, email, body.format(code=code, minutes=CODE_MINUTES), edition_id, now)


async def prove_contact(*, person_id: int, edition_id: int, code: str, actor: Actor, now: datetime) -> None:
    """Take the code: the contact becomes hers, the account her own, and a link to sign in with goes there.

    Raises HandOverCodeWrong, ContactTaken, NotFound, AlreadyHandedOver, and TooManyTries after five tries in a quarter
    of an hour.
    """
    await count_account(Way.CODE, f"hand-over:{person_id}", now=now)
    try:
        async with write_transaction():
            await _prove(person_id, edition_id, code, actor, now)
    except Exception as error:
        if is_unique_violation(error):
            raise ContactTaken from error
        raise


async def _prove(person_id: int, edition_id: int, code: str, actor: Actor, now: datetime) -> None:
    person = await registered_in(person_id, edition_id)
    await hold_row("person", person_id)
    row = (
        await Assistance.select(Assistance.contact)
        .where(
            (Assistance.person == person_id)
            & (Assistance.code_hash == hash_token(f"{person_id}:{code.strip()}"))
            & (Assistance.code_expires_at > now)
        )
        .first()
    )
    if row is None:
        raise HandOverCodeWrong
    phone, email = contact_of(row["contact"])
    before = {"phone": person["phone"], "email": person["email"]}
    after = {"phone": phone or person["phone"], "email": email or person["email"]}
    values: dict[Any, Any] = {
        Person.phone: after["phone"],
        Person.email: after["email"],
        Person.search_text: search_text(person["full_name"], after["phone"], after["email"])[:600],
    }
    await Person.update(values).where(Person.id == person_id)
    changed = audit.changes(before, after)
    if changed[1]:
        await audit.record(
            actor=actor,
            action="person.update",
            subject_type="person",
            subject_id=person_id,
            edition_id=edition_id,
            before=changed[0],
            after=changed[1],
            now=now,
        )
    matches = Assistance.code_hash == hash_token(f"{person_id}:{code.strip()}")
    if not await hand_over(person_id=person_id, way=HandOver.CODE, condition=matches, actor=actor, now=now):
        raise HandOverCodeWrong
    link, _code = await make_sign_in_link(person_id=person_id, next_path=HER_PAGE, minutes=LINK_HOURS * 60, now=now)
    with use_locale(person["locale"]):
        body = _(
            "Your account was handed over to you. See what was filled in for you: {link}\n"
            "The link is good once, for {hours} hours. Later, sign in with this phone number or address."
        )
        await _send(person, phone, email, body.format(link=link, hours=LINK_HOURS), edition_id, now)


async def _change(person_id: int, values: dict[Any, Any]) -> None:
    rows = (
        await Assistance.update(values)
        .where((Assistance.person == person_id) & Assistance.handed_over_at.is_null())
        .returning(Assistance.id)
    )
    if not rows:
        raise AlreadyHandedOver


async def _send(
    person: dict[str, Any], phone: str | None, email: str | None, body: str, edition_id: int, now: datetime
) -> None:
    channel, address = way_to(email=email, phone=phone)
    await send_message(
        channel=channel,
        to=address,
        person_id=person["id"],
        subject=_("Your account at Fairground"),
        body=body,
        locale=person["locale"],
        edition_id=edition_id,
        secret=True,
        now=now,
    )
