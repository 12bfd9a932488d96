"""The gates of an edition that is cancelled: no list takes anybody any more."""

from collections.abc import Mapping
from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import EditionInfo
from app.kernel import audit
from app.kernel.database import after_commit
from ticketing.checkin.services.gates import forget_rules
from ticketing.checkin.tables import CheckInList


async def close_lists(edition: EditionInfo, actor: Actor, now: datetime) -> Mapping[str, int]:
    """Close every check-in list, in the transaction that cancels the edition."""
    rows = (
        await CheckInList.update({CheckInList.active: False})
        .where((CheckInList.edition == edition.id) & CheckInList.active.eq(True))
        .returning(CheckInList.id)
    )
    for row in rows:
        await audit.record(
            actor=actor,
            action="check_in_list.update",
            subject_type="check_in_list",
            subject_id=row["id"],
            edition_id=edition.id,
            before={"active": True},
            after={"active": False},
            now=now,
        )
    await after_commit(forget_rules)
    return {"lists": len(rows)}
