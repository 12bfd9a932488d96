"""How long a session lives: ``app/decisions/0018-sessions-end.md`` says why so long."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from app.accounts.actor import Grant
from app.accounts.enums import ORGANISER_ROLES
from app.kernel.settings import settings


def lifetimes(grants: Iterable[Grant]) -> tuple[timedelta, timedelta]:
    """(unused, at the longest) for who holds these roles: shorter for organisers, who see other people's data."""
    given = settings()
    idle, longest = timedelta(days=given.session_days), timedelta(days=given.session_longest_days)
    if any(grant.role in ORGANISER_ROLES for grant in grants):
        idle = min(idle, timedelta(hours=given.organiser_session_hours))
        longest = min(longest, timedelta(days=given.organiser_session_days))
    return idle, longest


def end_of_session(*, created_at: datetime, last_seen_at: datetime, grants: Iterable[Grant]) -> datetime:
    """When a session is over unless it is used before; a role that was given since counts at once."""
    idle, longest = lifetimes(grants)
    return min(last_seen_at + idle, created_at + longest)
