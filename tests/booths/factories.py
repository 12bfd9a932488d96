"""Halls, booths and applications for tests."""

from collections.abc import Sequence
from typing import Any

from app.accounts.actor import SYSTEM
from app.accounts.tables import Organisation
from app.events.tables import Hall
from app.kernel.audit import list_entries
from booths.allocation.services.applications import submit_application
from booths.floorplan.services import create_booth
from booths.floorplan.squares import Square
from tests.conftest import NOW
from tests.support.factories import make_organisation, make_person

ZONE = "Dệt may & áo dài"
OTHER_ZONE = "Thực phẩm & OCOP"


async def states_told(application_id: int) -> list[tuple[str, str | None, str]]:
    """What the log tells of an application's state: (action, before, after), the oldest first."""
    entries, _total = await list_entries(subject_type="application", subject_id=application_id)
    return [
        (entry["action"], (entry["before"] or {}).get("state"), entry["after"]["state"])
        for entry in reversed(entries)
        if "state" in entry["after"]
    ]


async def make_hall(edition_id: int, *, name: str = "Hội trường A", width: int = 10, depth: int = 6) -> int:
    """A hall without booths; returns its id."""
    hall = Hall(edition=edition_id, name=name, width_cells=width, depth_cells=depth)
    await hall.save()
    return hall.id


async def make_booth(
    edition_id: int, hall_id: int, code: str = "A1", squares: Sequence[Square] = ((0, 0),), **values: Any
) -> int:
    """A free booth; returns its id."""
    given: dict[str, Any] = {"zone": ZONE, "power_watts": 1000, **values}
    return await create_booth(
        edition_id=edition_id, hall_id=hall_id, code=code, squares=squares, actor=SYSTEM, now=NOW, **given
    )


async def make_row(edition_id: int, count: int, **values: Any) -> list[int]:
    """A hall with booths of one cell beside one another; returns the booths."""
    hall_id = await make_hall(edition_id, width=count)
    return [await make_booth(edition_id, hall_id, f"A{number + 1}", [(number, 0)], **values) for number in range(count)]


async def make_application(
    edition_id: int, *, name: str | None = None, draft: bool = False, **wish: Any
) -> tuple[int, Organisation]:
    """An application with a contact of its own; returns its id and the organisation."""
    organisation = await make_organisation(name=name)
    contact = await make_person(now=NOW)
    given: dict[str, Any] = {"cells_wanted": 1, "zone_wanted": ZONE, "power_watts": 500, **wish}
    application_id, _new = await submit_application(
        edition_id=edition_id,
        organisation_id=organisation.id,
        contact_id=contact.id,
        draft=draft,
        actor=SYSTEM,
        now=NOW,
        **given,
    )
    return application_id, organisation
