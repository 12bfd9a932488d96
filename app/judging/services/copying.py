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
    old_id = row.pop("id")
    call = {
        "entries_open_at": None,
        "entries_close_at": None,
        "state": ContestState.DRAFT,
        "created_at": now,
        "edition": made.id,
    }
    contest = Contest(**{**row, **call})
    await contest.save()
    for old in await Round.select().where(Round.contest == old_id).order_by(Round.number):
        old_round = old.pop("id")
        fresh = {"contest": contest.id, "state": RoundState.DRAFT, "anchor": ""}
        round_ = Round(**{**old, **_UNDATED, **fresh})
        await round_.save()
        for criterion in await Criterion.select().where(Criterion.round == old_round).order_by(Criterion.position):
            del criterion["id"]
            await Criterion(**{**criterion, "round": round_.id}).save()
