"""The booths of an earlier edition in the halls of a new one."""

from datetime import datetime

from app.events.queries import EditionInfo
from app.kernel.database import fetch

_BOOTHS = (
    "INSERT INTO booth (edition, hall, code, zone, cell_count, power_watts, price_minor, currency) "
    "SELECT new.edition, new.id, b.code, b.zone, b.cell_count, b.power_watts, b.price_minor, b.currency "
    "FROM booth b JOIN hall old ON old.id = b.hall JOIN hall new ON new.edition = {} AND new.name = old.name "
    "WHERE b.edition = {} ORDER BY b.id"
)
_CELLS = (
    "INSERT INTO cell (hall, x, y, booth) SELECT new.id, c.x, c.y, drawn.id "
    "FROM cell c JOIN hall old ON old.id = c.hall JOIN hall new ON new.edition = {} AND new.name = old.name "
    "LEFT JOIN booth b ON b.id = c.booth LEFT JOIN booth drawn ON drawn.edition = new.edition AND drawn.code = b.code "
    "WHERE old.edition = {} ORDER BY c.id"
)


async def copy_booths(source: EditionInfo, made: EditionInfo, _now: datetime) -> None:
    """Draw the same booths, all of them free."""
    for statement in (_BOOTHS, _CELLS):
        await fetch(statement, made.id, source.id)
