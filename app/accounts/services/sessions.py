"""The signed-in browsers of a person: seen, ended by herself or by who runs the festival, and tidied away."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import ORGANISER_ROLES, Role
from app.accounts.lifetimes import end_of_session
from app.accounts.queries import grants_of
from app.accounts.services.fresh import check_fresh
from app.accounts.services.telling import end_others
from app.accounts.tables import HalfSignIn, Session, SignInToken
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.errors import NotAllowed, NotFound
from app.kernel.logs import note_security

#: Links that nobody used stay a while, so that their page can say that they are too old.
KEEP_UNUSED = timedelta(days=30)


@dataclass(frozen=True)
class LiveSession:
    """A browser in which somebody is signed in."""

    id: int
    browser: str
    created_at: datetime
    last_seen_at: datetime
    own: bool  # the one that asks


async def live_sessions(actor: Actor, now: datetime) -> list[LiveSession]:
    """Where the actor is signed in, the latest used first."""
    rows = await Session.select().where(Session.person == actor.person_id).order_by(Session.id, ascending=False)
    rows.sort(key=lambda row: row["last_seen_at"], reverse=True)
    return [
        LiveSession(row["id"], row["browser"], row["created_at"], row["last_seen_at"], row["id"] == actor.session_id)
        for row in rows
        if not _is_over(row, actor, now)
    ]


def _is_over(row: dict[str, Any], actor: Actor, now: datetime) -> bool:
    ends = end_of_session(created_at=row["created_at"], last_seen_at=row["last_seen_at"], grants=actor.grants)
    return bool(min(ends, row["expires_at"]) <= now)


async def end_own_session(*, session_id: int, actor: Actor, now: datetime) -> None:
    """End one of the actor's own sessions, at once.

    Raises SignInAgain when she did not sign in just now, NotFound for anybody else's session and for one that is gone.
    """
    own = Session.person == await check_fresh(actor, now)
    async with write_transaction():
        gone = await Session.delete().where(own & (Session.id == session_id)).returning(Session.id)
    if not gone:
        raise NotFound
    note_security("session.ended", sessions=1)


async def end_other_sessions(*, actor: Actor, now: datetime) -> int:
    """End all of the actor's sessions but the one that asks; how many there were. Raises SignInAgain as above.

    Only a fresh one may: else who found her browser open could shut her out of all others.
    """
    person_id = await check_fresh(actor, now)
    async with write_transaction():
        ended = await end_others(person_id, [actor.session_id])
    note_security("session.ended", sessions=ended)
    return ended


async def end_sessions_of(*, person_id: int, edition_id: int, actor: Actor, now: datetime) -> int:
    """Sign a colleague out everywhere, whose phone was lost or whose mail somebody reads; how many sessions ended.

    Only for who holds a role in the edition. Raises NotFound for others, NotAllowed when the person organises an
    edition, or all of them, that the actor does not own: owners of one festival do not reach into another.
    """
    owned = actor.editions(Role.OWNER)
    grants = await grants_of(person_id)
    if not any(grant.edition_id in (None, edition_id) for grant in grants):
        raise NotFound
    organises = {grant.edition_id for grant in grants if grant.role in ORGANISER_ROLES}
    if None not in owned and not organises <= owned:
        raise NotAllowed
    return await end_all_sessions(person_id=person_id, edition_id=edition_id, actor=actor, now=now)


async def end_all_sessions(*, person_id: int, edition_id: int | None, actor: Actor, now: datetime) -> int:
    """End all sessions of anybody, half ones too, and void the links that wait: who reads her mail has them."""
    async with write_transaction():
        ended = await end_others(person_id, [])
        await audit.note(actor, "session.end_all", "person", person_id, edition_id, now, after={"count": ended})
    note_security("session.ended", person_id=person_id, sessions=ended)
    return ended


async def end_every_session(*, actor: Actor, now: datetime) -> int:
    """Sign everybody out, after a leak; how many sessions ended. Bound devices stay: they hold no session."""
    async with write_transaction():
        gone = await Session.delete(force=True).returning(Session.id)
        await HalfSignIn.delete(force=True)
        await SignInToken.delete().where(SignInToken.used_at.is_null())
        await audit.record(actor=actor, action="session.end_every", subject_type="installation", subject_id="", now=now)
    note_security("session.ended", sessions=len(gone))
    return len(gone)


async def tidy_sign_ins(*, now: datetime) -> int:
    """Remove sessions that are over and what waited for a sign-in that never came; how many sessions went.

    Used links stay: they show that a contact is hers. By the times in the rows, which each use prolongs.
    """
    async with write_transaction():
        gone = await Session.delete().where(Session.expires_at <= now).returning(Session.id)
        await HalfSignIn.delete().where(HalfSignIn.expires_at <= now)
        old = SignInToken.expires_at <= now - KEEP_UNUSED
        await SignInToken.delete().where(old & SignInToken.used_at.is_null())
    return len(gone)
