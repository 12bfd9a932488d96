"""The contest of an edition that is cancelled: its call ends, and rounds that are open are sealed as they stand."""

from collections.abc import Mapping
from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import EditionInfo
from app.judging.enums import ContestState, RoundState
from app.judging.queries.contests import contest_of_edition, hold_contest, rounds_of
from app.judging.services.contests import lock_round
from app.judging.tables import Contest
from app.kernel.audit import note


async def close_contest(edition: EditionInfo, actor: Actor, now: datetime) -> Mapping[str, int]:
    """End the call and seal open rounds, in the transaction that cancels the edition; ballots stay as they are."""
    found = await contest_of_edition(edition.id)
    if found is None:
        return {}
    contest = await hold_contest(found.id, alone=True)
    if contest.state != ContestState.CLOSED:
        await Contest.update({Contest.state: ContestState.CLOSED.value}).where(Contest.id == contest.id)
        states = {"state": contest.state}, {"state": ContestState.CLOSED}
        await note(actor, "contest.state", "contest", contest.id, edition.id, now, *states)
    sealed = [round_.id for round_ in await rounds_of(contest.id) if round_.state == RoundState.OPEN]
    for round_id in sealed:
        await lock_round(round_id=round_id, actor=actor, now=now)
    return {"rounds": len(sealed)}
