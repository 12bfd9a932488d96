"""The floor of an edition that is cancelled: nobody holds a booth any more."""

from collections.abc import Mapping
from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from booths.floorplan.services import release_booth


async def free_booths_of(edition: EditionInfo, actor: Actor, now: datetime) -> Mapping[str, int]:
    """Release every booth, in the transaction that cancels the edition."""
    held = await fetch(
        "SELECT DISTINCT h.booth AS id FROM cell_hold h JOIN booth b ON b.id = h.booth "
        "WHERE b.edition = {} AND h.live IS TRUE ORDER BY h.booth",
        edition.id,
    )
    for row in held:
        await release_booth(booth_id=row["id"], actor=actor, now=now)
    return {"booths": len(held)}
