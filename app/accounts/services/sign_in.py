"""Sign-in: one-time link or six-digit code, password for organisers, sessions in the database."""

import asyncio
import secrets
from datetime import datetime, timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from piccolo.columns.combination import And, Where

from app.accounts.actor import Actor
from app.accounts.enums import HandOver, RecordKind
from app.accounts.errors import LinkUsed, PasswordTooShort, SignInFailed
from app.accounts.limits import Way, count_account
from app.accounts.queries import person_to_sign_in, survivor_of
from app.accounts.services.filling_in import hand_over
from app.accounts.tables import HalfSignIn, Person, Session, SignInToken
from app.kernel import audit
from app.kernel.database import hold_row, write_transaction
from app.kernel.i18n import _, use_locale
from app.kernel.names import normalise_email, normalise_phone
from app.kernel.outbox import send_message, way_to
from app.kernel.security import hash_token, new_token
from app.kernel.settings import settings
from app.kernel.web import local_path

LINK_MINUTES = 20
PASSWORD_LENGTH = 12

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
        if "@" in text:
            return None, normalise_email(text)
        return normalise_phone(text), None
    except ValueError as error:
        raise SignInFailed from error


async def make_sign_in_link(
    *, person_id: int, next_path: str, now: datetime, minutes: int = LINK_MINUTES
) -> tuple[str, str]:
    """A fresh one-time link (absolute) and its six-digit code."""
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
            )
        )
    return f"{settings().base_url}/sign-in/{token}", code


async def request_sign_in(*, contact: str, next_path: str, now: datetime) -> None:
    """Send a link and a code to a known phone number or mail address; an unknown one gets silence.

    Raises SignInFailed for what is no address, TooManyTries after five requests in a quarter of an hour.
    """
    phone, email = contact_of(contact)
    await count_account(Way.ASK, phone or email, now=now)
    found = await person_to_sign_in(phone=phone, email=email)
    if found is None:
        return
    async with write_transaction():
        link, code = await make_sign_in_link(person_id=found["id"], next_path=next_path, now=now)
        with use_locale(found["locale"]):
            body = _("Your code is {code}. Or open this link: {link}\nBoth are good once, for {minutes} minutes.")
            channel, address = way_to(email=email, phone=phone)
            await send_message(
                channel=channel,
                to=address,
                person_id=found["id"],
                subject=_("Sign in to Fairground"),
                body=body.format(code=code, link=link, minutes=LINK_MINUTES),
                locale=found["locale"],
                secret=True,
                now=now,
            )


async def redeem_link(*, token: str, now: datetime) -> tuple[int, str]:
    """Use a one-time link: (person, where to go on).

    Raises LinkUsed, and TooManyTries after sixty tries of a person in a quarter of an hour.
    """
    known = await SignInToken.select(SignInToken.person).where(SignInToken.token_hash == hash_token(token)).first()
    if known is None:
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
        raise LinkUsed
    return rows[0]["person"], rows[0]["next_path"]


async def redeem_code(*, contact: str, code: str, now: datetime) -> tuple[int, str]:
    """Use a six-digit code: (person, where to go on).

    Raises SignInFailed, and TooManyTries after five tries in a quarter of an hour.
    """
    phone, email = contact_of(contact)
    await count_account(Way.CODE, phone or email, now=now)
    found = await person_to_sign_in(phone=phone, email=email)
    if found is None:
        raise SignInFailed
    async with write_transaction():
        rows = (
            await SignInToken.update({SignInToken.used_at: now})
            .where(
                (SignInToken.person == found["id"])
                & (SignInToken.code_hash == hash_token(f"{found['id']}:{code.strip()}"))
                & SignInToken.used_at.is_null()
                & (SignInToken.expires_at > now)
            )
            .returning(SignInToken.person, SignInToken.next_path)
        )
    if not rows:
        raise SignInFailed
    return rows[0]["person"], rows[0]["next_path"]


async def check_password(*, contact: str, password: str, now: datetime) -> int:
    """The person with this password. Raises SignInFailed, and TooManyTries after ten tries in a quarter of an hour."""
    phone, email = contact_of(contact)
    await count_account(Way.PASSWORD, phone or email, now=now)
    found = await person_to_sign_in(phone=phone, email=email)
    stored = found["password_hash"] if found and found["password_hash"] else await asyncio.to_thread(_nobody)
    try:
        await asyncio.to_thread(_hasher.verify, stored, password)
    except (VerificationError, InvalidHashError) as error:
        raise SignInFailed from error
    if found is None or not found["password_hash"]:
        raise SignInFailed
    return int(found["id"])


async def set_password(*, person_id: int, password: str, actor: Actor, now: datetime) -> None:
    """Store a password (Argon2id). Other sessions of the person end, and sign-ins that wait for their second step.

    Raises PasswordTooShort.
    """
    if len(password) < PASSWORD_LENGTH:
        raise PasswordTooShort(limit=PASSWORD_LENGTH)
    hashed = await asyncio.to_thread(_hasher.hash, password)
    async with write_transaction():
        await Person.update({Person.password_hash: hashed}).where(Person.id == person_id)
        others: Where | And = Session.person == person_id
        if actor.session_id is not None:
            others = others & (Session.id != actor.session_id)
        await Session.delete().where(others)
        await HalfSignIn.delete().where(HalfSignIn.person == person_id)
        await audit.record(actor=actor, action="password.set", subject_type="person", subject_id=person_id, now=now)


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
                expires_at=now + timedelta(days=settings().session_days),
                browser=browser[:120],
            )
        )
    return token


async def end_session(*, token: str) -> None:
    """Sign a browser out."""
    async with write_transaction():
        await Session.delete().where(Session.token_hash == hash_token(token))


async def touch_session(*, token_hash: str, now: datetime) -> None:
    """Note that a session was used and extend it."""
    async with write_transaction():
        await Session.update(
            {Session.last_seen_at: now, Session.expires_at: now + timedelta(days=settings().session_days)}
        ).where(Session.token_hash == token_hash)
