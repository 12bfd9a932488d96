"""The contest of an earlier edition as the beginning of a new one's."""

from datetime import datetime

from app.events.queries import EditionInfo
from app.judging.enums import ContestState, RoundState
from app.judging.tables import Contest, Criterion, Round

_UNDATED = {"opens_at": None, "closes_at": None, "locked_at": None, "published_at": None}


async def copy_contest(source: EditionInfo, made: EditionInfo, now: datetime) -> None:
    """Set up the same rounds and criteria, without dates, ideas and judges."""
    row = await Contest.select().where(Contest.edition == source.id).first()
    if row is None:
        return
    call = {"entries_open_at": None, "entries_close_at": None, "state": ContestState.DRAFT, "created_at": now}
    contest = Contest(**{**row, **call, "id": None, "edition": made.id})
    await contest.save()
    for old in await Round.select().where(Round.contest == row["id"]).order_by(Round.number):
        fresh = {"id": None, "contest": contest.id, "state": RoundState.DRAFT, "anchor": ""}
        round_ = Round(**{**old, **_UNDATED, **fresh})
        await round_.save()
        for criterion in await Criterion.select().where(Criterion.round == old["id"]).order_by(Criterion.position):
            await Criterion(**{**criterion, "id": None, "round": round_.id}).save()
