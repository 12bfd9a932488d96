"""Whether somebody signed in a moment ago: asked before what opens or gives away an account is changed."""

from datetime import datetime, timedelta

from app.accounts.actor import Actor
from app.accounts.errors import SignInAgain
from app.accounts.tables import Session

FRESH = timedelta(minutes=15)


async def is_fresh(actor: Actor, now: datetime) -> bool:
    """Whether this browser signed in a moment ago."""
    if actor.session_id is None:
        return False
    row = await Session.select(Session.created_at).where(Session.id == actor.session_id).first()
    return row is not None and bool(row["created_at"] and now - row["created_at"] <= FRESH)


async def check_fresh(actor: Actor, now: datetime) -> int:
    """The id of the person, who signed in a moment ago. Raises SignInAgain."""
    if actor.person_id is None or not await is_fresh(actor, now):
        raise SignInAgain
    return actor.person_id
