"""The second step of an organiser's sign-in: codes of an authenticator app (TOTP, RFC 6238), recovery codes on paper.

SHA-1, six digits, 30 seconds, one step of tolerance to each side: what every app understands.
"""

import secrets
from datetime import datetime, timedelta

import pyotp
from pyotp.exceptions import OTPVerificationError

from app.accounts.actor import Actor
from app.accounts.enums import ORGANISER_ROLES, Role
from app.accounts.errors import SecondCodeWrong, TwoStepLocked, TwoStepNotBegun, TwoStepOn
from app.accounts.limits import Way, count_account
from app.accounts.queries import grants_of
from app.accounts.services.telling import end_others, tell_change
from app.accounts.tables import HalfSignIn, Person, RecoveryCode, Session, TwoStep
from app.kernel import audit
from app.kernel.clock import outside
from app.kernel.database import is_unique_violation, write_transaction
from app.kernel.errors import NotAllowed, NotFound
from app.kernel.i18n import N_
from app.kernel.logs import note_security
from app.kernel.sealing import SealBroken, Sealed, seal, unseal
from app.kernel.security import hash_token, new_token

ISSUER = "Fairground"
SEALED_FOR = "fairground second steps"
SEALED = Sealed(TwoStep.secret_sealed, SEALED_FOR, lambda row: str(row["person"]), (TwoStep.person,))
TOLERATED_STEPS = 1
RECOVERY_CODES = 10
HALF_MINUTES = 10
_SET_UP = N_("on {when} two-step sign-in was set up for your account.")
_OFF = N_("on {when} two-step sign-in was turned off for your account.")
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without I, O, 0 and 1, which look alike: 5 bits each
_LENGTH = 12


async def has_two_step(person_id: int) -> bool:
    """Whether a sign-in of this person takes a second step."""
    return await TwoStep.exists().where((TwoStep.person == person_id) & TwoStep.confirmed_at.is_not_null())


async def who_have_two_step(person_ids: list[int]) -> set[int]:
    """Those among some people whose sign-in takes a second step."""
    if not person_ids:
        return set()
    condition = TwoStep.person.is_in(person_ids) & TwoStep.confirmed_at.is_not_null()
    return {row["person"] for row in await TwoStep.select(TwoStep.person).where(condition)}


async def recovery_codes_left(person_id: int) -> int:
    """How many recovery codes are still good."""
    return int(await RecoveryCode.count().where((RecoveryCode.person == person_id) & RecoveryCode.used_at.is_null()))


async def begin_two_step(*, person_id: int, now: datetime) -> None:
    """Make a new secret, which counts once it is confirmed. Raises TwoStepOn when one counts already."""
    sealed = seal(pyotp.random_base32().encode(), str(person_id), SEALED_FOR)
    try:
        async with write_transaction():
            changed = (
                await TwoStep.update({TwoStep.secret_sealed: sealed, TwoStep.created_at: now})
                .where((TwoStep.person == person_id) & TwoStep.confirmed_at.is_null())
                .returning(TwoStep.id)
            )
            if not changed:
                await TwoStep.insert(TwoStep(person=person_id, secret_sealed=sealed, created_at=now))
    except Exception as error:
        if is_unique_violation(error):
            raise TwoStepOn from error
        raise


async def secret_to_confirm(person_id: int) -> str | None:
    """The secret (Base32) that waits for its first code, as the set-up page shows it; None when none does."""
    return await _secret(person_id, confirmed=False)


def address_of(secret: str, account: str) -> str:
    """The ``otpauth://`` address that authenticator apps read as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


async def confirm_two_step(*, person_id: int, code: str, actor: Actor, now: datetime) -> list[str]:
    """Let the second step count from now on; returns ten recovery codes, which are not kept in words.

    All sessions of the person end, for they began without it. Of several at once one gets codes.
    Raises TwoStepNotBegun, SecondCodeWrong.
    """
    secret = await secret_to_confirm(person_id)
    if secret is None:
        raise TwoStepNotBegun
    step = _step_of(secret, code, now)
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(RECOVERY_CODES)]
    async with write_transaction():
        confirmed = (
            await TwoStep.update({TwoStep.confirmed_at: now, TwoStep.last_step: step})
            .where((TwoStep.person == person_id) & TwoStep.confirmed_at.is_null())
            .returning(TwoStep.id)
        )
        if not confirmed:
            raise TwoStepNotBegun
        await RecoveryCode.delete().where(RecoveryCode.person == person_id)
        hashed = [_hash(person_id, one) for one in codes]
        await RecoveryCode.insert(*(RecoveryCode(person=person_id, code_hash=one, created_at=now) for one in hashed))
        await Session.delete().where(Session.person == person_id)
        await audit.record(actor=actor, action="two_step.set_up", subject_type="person", subject_id=person_id, now=now)
        await _tell(person_id, _SET_UP, now)
    return ["-".join(one[start : start + 4] for start in range(0, _LENGTH, 4)) for one in codes]


async def check_second_step(*, person_id: int, code: str, now: datetime) -> None:
    """Take a code of the app, or a recovery code; each counts once.

    Raises SecondCodeWrong, TooManyTries after five tries of the account in a quarter of an hour, TwoStepLocked.
    """
    await count_account(Way.TWO_STEP, person_id, now=now)
    typed = "".join(code.split()).replace("-", "").upper()
    taken = _take_code if len(typed) == 6 and typed.isdecimal() else _take_recovery_code
    if not await taken(person_id, typed, now):
        note_security("sign_in.failed", way=Way.TWO_STEP, person_id=person_id)
        raise SecondCodeWrong


async def _take_code(person_id: int, code: str, now: datetime) -> bool:
    secret = await _secret(person_id, confirmed=True)
    if secret is None:
        return False
    step = _step_of(secret, code, now)
    async with write_transaction():
        rows = (
            await TwoStep.update({TwoStep.last_step: step})
            .where((TwoStep.person == person_id) & TwoStep.confirmed_at.is_not_null() & (TwoStep.last_step < step))
            .returning(TwoStep.id)
        )
    return bool(rows)


async def _take_recovery_code(person_id: int, code: str, now: datetime) -> bool:
    async with write_transaction():
        rows = (
            await RecoveryCode.update({RecoveryCode.used_at: now})
            .where(
                (RecoveryCode.person == person_id)
                & (RecoveryCode.code_hash == _hash(person_id, code))
                & RecoveryCode.used_at.is_null()
            )
            .returning(RecoveryCode.id)
        )
    return bool(rows)


async def turn_off_two_step(*, person_id: int, code: str, actor: Actor, now: datetime) -> None:
    """Let a person do without, for a code of the app or a recovery code; her other sessions end.

    Raises as check_second_step does.
    """
    await check_second_step(person_id=person_id, code=code, now=now)
    async with write_transaction():
        if await _remove(person_id):
            await audit.record(
                actor=actor, action="two_step.turn_off", subject_type="person", subject_id=person_id, now=now
            )
            await end_others(person_id, [actor.session_id])
            await _tell(person_id, _OFF, now)


async def take_off_two_step(*, person_id: int, edition_id: int, actor: Actor, now: datetime) -> None:
    """Help a colleague who lost phone and recovery codes: she signs in without the second step from now on.

    Only for who holds a role in the edition. Raises NotFound for others, NotAllowed when the person organises an
    edition, or all of them, that the actor does not own: nobody weakens the sign-in of somebody who may do more.
    """
    owned = actor.editions(Role.OWNER)
    grants = await grants_of(person_id)
    if not any(grant.edition_id in (None, edition_id) for grant in grants):
        raise NotFound
    organises = {grant.edition_id for grant in grants if grant.role in ORGANISER_ROLES}
    if None not in owned and not organises <= owned:
        raise NotAllowed
    await _take_off(person_id, edition_id, actor, now)


async def reset_two_step(*, person_id: int, actor: Actor, now: datetime) -> bool:
    """As the command does it for who is locked out; whether there was anything to take off."""
    return await _take_off(person_id, None, actor, now)


async def _take_off(person_id: int, edition_id: int | None, actor: Actor, now: datetime) -> bool:
    async with write_transaction():
        counted = await _remove(person_id)
        if counted:
            await audit.record(
                actor=actor,
                action="two_step.take_off",
                subject_type="person",
                subject_id=person_id,
                edition_id=edition_id,
                now=now,
            )
            await end_others(person_id, [actor.session_id])
            await _tell(person_id, _OFF, now)
    return counted


async def _tell(person_id: int, sentence: str, now: datetime) -> None:
    person = await Person.select().where(Person.id == person_id).first()
    if person is not None:
        await tell_change(person, sentence, email=person["email"], phone=person["phone"], now=now)


async def _remove(person_id: int) -> bool:
    """Delete all of it, in the caller's transaction; whether it counted."""
    rows = await TwoStep.delete().where(TwoStep.person == person_id).returning(TwoStep.confirmed_at)
    await RecoveryCode.delete().where(RecoveryCode.person == person_id)
    await HalfSignIn.delete().where(HalfSignIn.person == person_id)
    return any(row["confirmed_at"] is not None for row in rows)


async def start_half_sign_in(*, person_id: int, next_path: str, now: datetime) -> str:
    """Remember that the first step was done, for ten minutes; returns the token for its cookie."""
    token = new_token()
    async with write_transaction():
        await HalfSignIn.delete().where(HalfSignIn.expires_at <= now)
        await HalfSignIn.insert(
            HalfSignIn(
                token_hash=hash_token(token),
                person=person_id,
                next_path=next_path,
                created_at=now,
                expires_at=now + timedelta(minutes=HALF_MINUTES),
            )
        )
    return token


async def half_sign_in(*, token: str, now: datetime) -> tuple[int, str] | None:
    """(person, where to go on) of a first step that waits for its second; None when none does."""
    row = (
        await HalfSignIn.select(HalfSignIn.person, HalfSignIn.next_path)
        .where((HalfSignIn.token_hash == hash_token(token)) & (HalfSignIn.expires_at > now))
        .first()
    )
    return (row["person"], row["next_path"]) if row else None


async def finish_half_sign_in(*, token: str, code: str, now: datetime) -> tuple[int, str] | None:
    """(person, where to go on) when the second step is done too; None when no first one waits (any more).

    All first steps of the person that still wait are void then. Raises as check_second_step does.
    """
    found = await half_sign_in(token=token, now=now)
    if found is None:
        return None
    await check_second_step(person_id=found[0], code=code, now=now)
    async with write_transaction():
        gone = await HalfSignIn.delete().where(HalfSignIn.person == found[0]).returning(HalfSignIn.token_hash)
    return found if any(row["token_hash"] == hash_token(token) for row in gone) else None


async def name_in_app(person_id: int) -> str:
    """What the person's entry in the app is called: her mail address or phone number."""
    row = await Person.select(Person.email, Person.phone).where(Person.id == person_id).first()
    return str(row["email"] or row["phone"]) if row else ""


async def _secret(person_id: int, *, confirmed: bool) -> str | None:
    row = await TwoStep.select(TwoStep.secret_sealed, TwoStep.confirmed_at).where(TwoStep.person == person_id).first()
    if row is None or (row["confirmed_at"] is not None) != confirmed:
        return None
    try:
        return unseal(row["secret_sealed"], str(person_id), SEALED_FOR).decode()
    except SealBroken as error:
        raise TwoStepLocked from error


def _step_of(secret: str, code: str, now: datetime) -> int:
    """The time step that a code belongs to, by the phone's clock. Raises SecondCodeWrong."""
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(
            "".join(code.split()), for_time=outside(now), valid_window=TOLERATED_STEPS
        )
    except OTPVerificationError as error:
        raise SecondCodeWrong from error


def _hash(person_id: int, code: str) -> str:
    return hash_token(f"recovery:{person_id}:{code}")
