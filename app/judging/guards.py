"""Who may enter the jury room. Roles are checked by accounts' guards; this is what depends on the contest itself."""

from app.accounts.actor import Actor
from app.judging.errors import ChairInConflict
from app.judging.queries.contests import ContestRow, contest_of_edition
from app.judging.queries.panels import conflicts
from app.kernel.errors import NotFound


async def contest_for(edition_id: int, actor: Actor) -> ContestRow:
    """The edition's contest, for an organiser without a stake in it.

    Raises NotFound when there is none, ChairInConflict for somebody of a team or an organisation that takes part.
    """
    contest = await contest_of_edition(edition_id)
    if contest is None:
        raise NotFound
    await ensure_no_stake(contest, actor)
    return contest


async def ensure_no_stake(contest: ContestRow, actor: Actor) -> None:
    """Raise ChairInConflict when the actor, or an organisation of hers, stands behind an idea of the contest."""
    if actor.person_id is None:
        return
    if await conflicts(contest.id, [actor.person_id], organiser_id=contest.organiser_id):
        raise ChairInConflict
