"""Visitors' data go when their time is over: so many months after an edition's last day, as its settings say."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from app.accounts.personal.registry import registered
from app.accounts.services.erasure import erase_people_without_ties
from app.events.queries import EditionInfo, editions
from app.kernel import audit
from app.kernel.database import write_transaction

BATCH = 500


async def expire_visitors_data(*, now: datetime, batch: int = BATCH) -> int:
    """Erase what is over of every edition, ``batch`` records at a time; returns of how many editions something went.

    Then those people go who were added before such an edition ended and whom nothing needs any more. The log tells it
    as the system's doing, with how many records and people went.
    """
    over = [edition for edition in await editions() if edition.today(now) > edition.keeps_until]
    told = 0
    for edition in over:
        records = await _expire_records(edition.id, batch)
        people = 0
        while gone := await erase_people_without_ties(created_before=_end_of(edition), at_most=batch, now=now):
            people += gone
        if not records and not people:
            continue
        told += 1
        async with write_transaction():
            await audit.record(
                actor=None,
                action="edition.expire",
                subject_type="edition",
                subject_id=edition.id,
                edition_id=edition.id,
                after={"records": records, "people": people},
                now=now,
            )
    return told


def _end_of(edition: EditionInfo) -> datetime:
    return datetime.combine(edition.ends_on, time.max, ZoneInfo(edition.timezone))


async def _expire_records(edition_id: int, batch: int) -> int:
    total = 0
    for data in registered().values():
        if data.expire is None:
            continue
        while True:
            async with write_transaction():
                gone = await data.expire(edition_id, batch)
            if not gone:
                break
            total += gone
    return total
