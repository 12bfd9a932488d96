"""Reads of cashiers' drawers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.kernel.money import Money
from app.payments.errors import DrawerNotOpen
from app.payments.queries import terms_of
from app.payments.tables import Drawer


@dataclass(frozen=True, kw_only=True)
class DrawerInfo:
    """A cashier's drawer; ``expected`` and ``counted`` once it is closed."""

    id: int
    edition_id: int
    cashier_id: int | None
    cashier: str
    float: Money
    opened_at: datetime
    closed_at: datetime | None
    expected: Money | None
    counted: Money | None
    note: str


async def open_drawer_of(edition_id: int, person_id: int | None) -> DrawerInfo | None:
    """The drawer that a cashier has open at an edition."""
    hers = (Drawer.edition == edition_id) & (Drawer.cashier == person_id) & Drawer.closed_at.is_null()
    found = await _drawers(hers)
    return found[0] if found else None


async def drawer_by_id(drawer_id: int, edition_id: int) -> DrawerInfo:
    """One drawer. Raises DrawerNotOpen when there is none, also when it is of another edition."""
    found = await _drawers((Drawer.id == drawer_id) & (Drawer.edition == edition_id))
    if not found:
        raise DrawerNotOpen
    return found[0]


async def drawers_of(edition_id: int, *, cashier_id: int | None = None, limit: int = 50) -> list[DrawerInfo]:
    """Drawers of an edition, or those of one cashier: all that are open, and the newest that were closed."""
    chosen: Any = Drawer.edition == edition_id
    if cashier_id is not None:
        chosen = chosen & (Drawer.cashier == cashier_id)
    still_open = await _drawers(chosen & Drawer.closed_at.is_null(), None)
    return still_open + await _drawers(chosen & Drawer.closed_at.is_not_null(), limit)


async def lacks_drawer(edition_id: int, person_id: int | None) -> bool:
    """Whether somebody has to open a drawer before she takes cash at an edition."""
    return (await terms_of(edition_id)).use_drawers and await open_drawer_of(edition_id, person_id) is None


async def _drawers(chosen: Any, limit: int | None = 1) -> list[DrawerInfo]:
    columns = (*Drawer.all_columns(), Drawer.cashier.full_name.as_alias("cashier_name"))
    query = Drawer.select(*columns).where(chosen).order_by(Drawer.id, ascending=False)
    return [_drawer_info(row) for row in await (query if limit is None else query.limit(limit))]


def _drawer_info(row: Mapping[str, Any]) -> DrawerInfo:
    def money(name: str) -> Money | None:
        return None if row[name] is None else Money(row[name], row["currency"])

    return DrawerInfo(
        id=row["id"],
        edition_id=row["edition"],
        cashier_id=row["cashier"],
        cashier=row["cashier_name"] or "",
        float=Money(row["float_minor"], row["currency"]),
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
        expected=money("expected_minor"),
        counted=money("counted_minor"),
        note=row["note"],
    )
