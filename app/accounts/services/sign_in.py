"""Sign-in: one-time link or six-digit code, password for organisers, sessions in the database."""

import asyncio
import secrets
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.accounts.actor import Actor, Grant
from app.accounts.enums import HandOver, RecordKind
from app.accounts.errors import (
    LinkUsed,
    OldPasswordWrong,
    PasswordHoldsName,
    PasswordTooCommon,
    PasswordTooShort,
    SignInAgain,
    SignInFailed,
)
from app.accounts.lifetimes import end_of_session
from app.accounts.limits import Way, count_account
from app.accounts.passwords.breached import is_breached
from app.accounts.passwords.words import word_held
from app.accounts.queries import grants_of, person_to_sign_in, survivor_of
from app.accounts.services.filling_in import hand_over
from app.accounts.services.fresh import is_fresh
from app.accounts.services.telling import end_others, tell_change
from app.accounts.tables import Person, Session, SignInToken
from app.kernel import audit, names
from app.kernel.database import hold_row, write_transaction
from app.kernel.i18n import N_, _, current_locale, use_locale
from app.kernel.logs import note_security
from app.kernel.names import clean_lines
from app.kernel.outbox import send_message, way_to
from app.kernel.security import hash_token, new_token
from app.kernel.settings import settings
from app.kernel.web import local_path

LINK_MINUTES = 10
#: Asked for by no form of a browser: the code counts nowhere.
UNKNOWN_BROWSER = "-"
PASSWORD_LENGTH = 12
DIFFERENT_CHARACTERS = 5
NFC = "nfc:"  # before the hash of a password that was taken as typed
_PASSWORD_SET = N_("on {when} a new password was set for your account.")

_hasher = PasswordHasher()


@lru_cache(maxsize=1)
def _nobody() -> str:
    """Verified against when there is nobody, so that the time of the answer says nothing."""
    return _hasher.hash(new_token())


def contact_of(text: str) -> tuple[str | None, str | None]:
    """(phone, mail) of what somebody typed into the one field of the sign-in page.

    Raises SignInFailed when it is neither.
    """
    try:
        return names.contact_of(text)
    except ValueError as error:
        raise SignInFailed from error


async def make_sign_in_link(
    *, person_id: int, next_path: str, now: datetime, minutes: int = LINK_MINUTES, browser: str | None = None
) -> tuple[str, str]:
    """A fresh one-time link (absolute), good in every browser, and its six-digit code, good in ``browser`` alone.

    Without a browser (a letter of the festival) the code counts nowhere.
    """
    token, code = new_token(), f"{secrets.randbelow(10**6):06d}"
    async with write_transaction():
        await SignInToken.insert(
            SignInToken(
                person=person_id,
                token_hash=hash_token(token),
                code_hash=hash_token(f"{person_id}:{code}"),
                next_path=local_path(next_path, "/me"),
                created_at=now,
                expires_at=now + timedelta(minutes=minutes),
                asked_by=browser or None,
            )
        )
    return f"{settings().base_url}/sign-in/{token}", code


async def request_sign_in(*, contact: str, next_path: str, now: datetime, browser: str = "") -> None:
    """Send a link and a code to a known phone number or mail address; an unknown one gets silence.

    The link is good wherever the message is read, the code in the ``browser`` that asked. What was asked for before
    and not used is void then. Links in letters of the festival stay good: else whoever knows a contact could void them.
    The message comes in the language that the person chose; in that of the page if she never chose one.
    Raises SignInFailed for what is no address, TooManyTries after five requests in a quarter of an hour.
    """
    phone, email = contact_of(contact)
    await count_account(Way.ASK, phone or email, now=now)
    found = await person_to_sign_in(phone=phone, email=email)
    if found is None:
        return
    async with write_transaction():
        await hold_row("person", found["id"], alone=True)  # of two at once the second voids the first
        before = (SignInToken.person == found["id"]) & SignInToken.asked_by.is_not_null()
        await SignInToken.delete().where(before & SignInToken.used_at.is_null())
        link, code = await make_sign_in_link(
            person_id=found["id"], next_path=next_path, now=now, browser=browser or UNKNOWN_BROWSER
        )
        locale = found["locale"] if found["locale_chosen"] else current_locale()
        with use_locale(locale):
            body = _("Your code is {code}. Or open this link: {link}\nBoth are good once, for {minutes} minutes.")
            channel, address = way_to(email=email, phone=phone)
            await send_message(
                channel=channel,
                to=address,
                person_id=found["id"],
                subject=_("Sign in to Fairground"),
                body=body.format(code=code, link=link, minutes=LINK_MINUTES),
                locale=locale,
                secret=True,
                now=now,
            )


async def redeem_link(*, token: str, now: datetime) -> tuple[int, str]:
    """Use a one-time link: (person, where to go on).

    Raises LinkUsed, and TooManyTries after sixty tries of a person in a quarter of an hour.
    """
    known = await SignInToken.select(SignInToken.person).where(SignInToken.token_hash == hash_token(token)).first()
    if known is None:
        note_security("sign_in.failed", way=Way.LINK)
        raise LinkUsed
    await count_account(Way.LINK, known["person"], now=now)
    async with write_transaction():
        rows = (
            await SignInToken.update({SignInToken.used_at: now})
            .where(
                (SignInToken.token_hash == hash_token(token))
                & SignInToken.used_at.is_null()
                & (SignInToken.expires_at > now)
            )
            .returning(SignInToken.person, SignInToken.next_path)
        )
    if not rows:
        note_security("sign_in.failed", way=Way.LINK, person_id=known["person"])
        raise LinkUsed
    return rows[0]["person"], rows[0]["next_path"]


async def redeem_code(*, contact: str, code: str, browser: str, now: datetime) -> tuple[int, str]:
    """Use a six-digit code in the browser that asked for it: (person, where to go on).

    Raises SignInFailed, and TooManyTries after five tries in a quarter of an hour.
    """
    phone, email = contact_of(contact)
    await count_account(Way.CODE, phone or email, now=now)
    found = await person_to_sign_in(phone=phone, email=email)
    if found is None:
        note_security("sign_in.failed", way=Way.CODE)
        raise SignInFailed
    async with write_transaction():
        rows = (
            await SignInToken.update({SignInToken.used_at: now})
            .where(
                (SignInToken.person == found["id"])
                & (SignInToken.code_hash == hash_token(f"{found['id']}:{code.strip()}"))
                & (SignInToken.asked_by == browser)
                & SignInToken.used_at.is_null()
                & (SignInToken.expires_at > now)
            )
            .returning(SignInToken.person, SignInToken.next_path)
        )
    if not rows:
        note_security("sign_in.failed", way=Way.CODE, person_id=found["id"])
        raise SignInFailed
    return rows[0]["person"], rows[0]["next_path"]


async def check_password(*, contact: str, password: str, now: datetime) -> int:
    """The person with this password. Raises SignInFailed, and TooManyTries after ten tries in a quarter of an hour."""
    phone, email = contact_of(contact)
    await count_account(Way.PASSWORD, phone or email, now=now)
    found = await person_to_sign_in(phone=phone, email=email)
    stored = found["password_hash"] if found and found["password_hash"] else await asyncio.to_thread(_nobody)
    if not await _matches(stored, password) or found is None or not found["password_hash"]:
        note_security("sign_in.failed", way=Way.PASSWORD, person_id=found["id"] if found else None)
        raise SignInFailed
    return int(found["id"])


async def set_password(*, person_id: int, password: str, actor: Actor, now: datetime) -> None:
    """Store a password (Argon2id), and tell the person.

    Her other sessions end, and sign-ins that wait for their second step. Raises PasswordTooShort, PasswordTooCommon,
    PasswordHoldsName.
    """
    person = await Person.select().where(Person.id == person_id).first()
    assert person is not None
    await _check_new(password, person)
    hashed = NFC + await asyncio.to_thread(_hasher.hash, _composed(password))
    async with write_transaction():
        await Person.update({Person.password_hash: hashed}).where(Person.id == person_id)
        await end_others(person_id, [actor.session_id])
        await audit.record(actor=actor, action="password.set", subject_type="person", subject_id=person_id, now=now)
        await tell_change(person, _PASSWORD_SET, email=person["email"], phone=person["phone"], now=now)


async def change_password(*, old: str, password: str, actor: Actor, now: datetime) -> None:
    """Set one's own password, for the old one or after a fresh sign-in.

    Raises what set_password raises, SignInAgain where there is no old one to show, OldPasswordWrong, and TooManyTries
    after ten tries in a quarter of an hour.
    """
    person = await Person.select().where(Person.id == actor.person_id).first()
    if person is None:
        raise SignInAgain
    if not await is_fresh(actor, now):
        if not person["password_hash"] or not old:
            raise SignInAgain
        await count_account(Way.BEFORE_CHANGE, person["id"], now=now)
        if not await _matches(person["password_hash"], old):
            raise OldPasswordWrong
    await set_password(person_id=person["id"], password=password, actor=actor, now=now)


async def _check_new(password: str, person: dict[str, Any]) -> None:
    composed = _composed(password)
    if len(composed) < PASSWORD_LENGTH:
        raise PasswordTooShort(limit=PASSWORD_LENGTH)
    if len(set(composed.casefold())) < DIFFERENT_CHARACTERS or await asyncio.to_thread(is_breached, composed):
        raise PasswordTooCommon
    if await word_held(password, full_name=person["full_name"], email=person["email"], phone=person["phone"]):
        raise PasswordHoldsName


def _composed(password: str) -> str:
    """A password as typed, in NFC, so that two keyboards that write the same letters write the same password."""
    return unicodedata.normalize("NFC", password)


async def _matches(stored: str, password: str) -> bool:
    """Whether a password is the stored one. Hashes without the mark are of texts that were tidied as forms do."""
    if stored.startswith(NFC):
        stored, typed = stored.removeprefix(NFC), _composed(password)
    else:
        typed = clean_lines(password)
    try:
        return await asyncio.to_thread(_hasher.verify, stored, typed)
    except (VerificationError, InvalidHashError):
        return False


async def start_session(*, person_id: int, browser: str, old_token: str | None, now: datetime) -> str:
    """Open a session under a new token (the browser's old one ends) and return the token for the cookie.

    The first session of somebody whom an officer registered hands her account over.

    Raises LinkUsed when her record was merged into another since she asked for the link.
    """
    token = new_token()
    async with write_transaction():
        await hold_row("person", person_id)
        if await survivor_of(RecordKind.PERSON, person_id) != person_id:
            raise LinkUsed
        await hand_over(person_id=person_id, way=HandOver.SIGN_IN, now=now)
        if old_token:
            await Session.delete().where(Session.token_hash == hash_token(old_token))
        await Session.insert(
            Session(
                token_hash=hash_token(token),
                person=person_id,
                created_at=now,
                last_seen_at=now,
                expires_at=end_of_session(created_at=now, last_seen_at=now, grants=await grants_of(person_id)),
                browser=browser[:120],
            )
        )
    return token


async def end_session(*, token: str) -> None:
    """Sign a browser out."""
    async with write_transaction():
        await Session.delete().where(Session.token_hash == hash_token(token))


async def touch_session(*, token_hash: str, grants: Iterable[Grant], now: datetime) -> None:
    """Note that a session was used and extend it, never beyond the longest that it may live."""
    async with write_transaction():
        row = await Session.select(Session.created_at).where(Session.token_hash == token_hash).first()
        if row is None:
            return
        ends = end_of_session(created_at=row["created_at"], last_seen_at=now, grants=grants)
        await Session.update({Session.last_seen_at: now, Session.expires_at: ends}).where(
            Session.token_hash == token_hash
        )
