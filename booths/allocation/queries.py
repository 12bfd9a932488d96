"""Reads of allocation: applications, who holds what, and what is free."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.events.queries import Page
from app.kernel.names import search_text
from app.kernel.searching import is_named
from booths.allocation.enums import OPEN_VALUES, ApplicationState
from booths.allocation.errors import ApplicationNotFound
from booths.allocation.tables import Application
from booths.floorplan.queries import plans_of
from booths.floorplan.tables import Booth, CellHold


@dataclass(frozen=True, kw_only=True)
class ApplicationInfo:
    """An application with who applied and the booth they have, if any."""

    id: int
    edition_id: int
    organisation_id: int
    organisation: str
    kind: str
    ward: str
    member_count: int | None
    contact_id: int | None
    contact: str
    phone: str
    email: str
    cells_wanted: int
    zone_wanted: str
    power_watts: int
    category: str
    note: str
    state: ApplicationState
    submitted_at: datetime | None
    changed_at: datetime | None
    waived_minor: int
    waived_by: str
    booth_id: int | None
    booth: str


async def live_holds(edition_id: int) -> list[dict[str, Any]]:
    """Every claim in force in an edition, one a cell: ``organisation``, ``booth`` (id), ``code``, ``state``."""
    rows: list[dict[str, Any]] = await CellHold.select(
        CellHold.organisation, CellHold.booth, CellHold.state, CellHold.booth.code.as_alias("code")
    ).where(CellHold.live.eq(True) & (CellHold.booth.edition == edition_id))
    return rows


async def held_booths(edition_id: int) -> dict[int, dict[str, Any]]:
    """Who holds what in an edition: organisation → its claim."""
    return {row["organisation"]: row for row in await live_holds(edition_id)}


async def applications(
    edition_id: int, *, search: str = "", state: str = "", zone: str = "", offset: int = 0, limit: int | None = None
) -> Page:
    """Applications by name of the exhibitor; ``state`` may be ``open``.

    ``search`` looks in names and contacts of the exhibitor and of whoever wrote for her.
    """
    chosen: Any = Application.edition == edition_id
    if search:
        organisation, contact = Application.organisation, Application.contact
        chosen = chosen & (is_named(organisation.search_text, search) | is_named(contact.search_text, search))
    if state == "open":
        chosen = chosen & Application.state.is_in(OPEN_VALUES)
    elif state:
        chosen = chosen & (Application.state == state)
    if zone:
        chosen = chosen & (Application.zone_wanted == zone)
    query = _details().where(chosen).order_by(Application.organisation.sort_key).order_by(Application.id)
    if limit is not None:
        query = query.limit(limit).offset(offset)
    rows = await query
    total = len(rows) if limit is None else await Application.count().where(chosen)
    held = await held_booths(edition_id)
    return Page([_info(row, held) for row in rows], total, offset + 1, limit or total)


async def application(edition_id: int, application_id: int) -> ApplicationInfo:
    """One application. Raises ApplicationNotFound, also when it is of another edition."""
    rows = await _details().where((Application.id == application_id) & (Application.edition == edition_id))
    if not rows:
        raise ApplicationNotFound
    return _info(rows[0], await held_booths(edition_id))


async def applications_of(edition_id: int, organisation_ids: set[int]) -> list[ApplicationInfo]:
    """The applications of some organisations in an edition."""
    if not organisation_ids:
        return []
    rows = await _details().where(
        (Application.edition == edition_id) & Application.organisation.is_in(sorted(organisation_ids))
    )
    held = await held_booths(edition_id)
    return [_info(row, held) for row in rows]


def _details() -> Any:
    organisation, contact = Application.organisation, Application.contact
    return Application.select(
        *Application.all_columns(),
        organisation.name.as_alias("organisation_name"),
        organisation.kind.as_alias("kind"),
        organisation.ward.as_alias("ward"),
        organisation.member_count.as_alias("member_count"),
        contact.full_name.as_alias("contact_name"),
        contact.phone.as_alias("phone"),
        contact.email.as_alias("email"),
    )


def _info(row: dict[str, Any], held: dict[int, dict[str, Any]]) -> ApplicationInfo:
    booth = held.get(row["organisation"])
    return ApplicationInfo(
        id=row["id"],
        edition_id=row["edition"],
        organisation_id=row["organisation"],
        organisation=row["organisation_name"],
        kind=row["kind"],
        ward=row["ward"],
        member_count=row["member_count"],
        contact_id=row["contact"],
        contact=row["contact_name"] or "",
        phone=row["phone"] or "",
        email=row["email"] or "",
        cells_wanted=row["cells_wanted"],
        zone_wanted=row["zone_wanted"],
        power_watts=row["power_watts"],
        category=row["category"],
        note=row["note"],
        state=ApplicationState(row["state"]),
        submitted_at=row["submitted_at"],
        changed_at=row["changed_at"],
        waived_minor=row["waived_minor"],
        waived_by=row["waived_by"],
        booth_id=booth["booth"] if booth else None,
        booth=booth["code"] if booth else "",
    )


async def open_applications(edition_id: int, *, held: bool = False) -> list[dict[str, Any]]:
    """What the optimiser has to place; with ``held`` also those for whom a booth is held by hand."""
    rows = (
        await Application.select()
        .where((Application.edition == edition_id) & Application.state.is_in(OPEN_VALUES))
        .order_by(Application.id)
    )
    with_booth = set() if held else set(await held_booths(edition_id))
    return [
        {
            "id": row["id"],
            "organisation": row["organisation"],
            "cells": row["cells_wanted"],
            "zone": row["zone_wanted"],
            "power": row["power_watts"],
            "category": row["category"],
            "goods": search_text(row["category"]),
        }
        for row in rows
        if row["organisation"] not in with_booth
    ]


async def free_booths(edition_id: int) -> list[dict[str, Any]]:
    """Booths of an edition that nobody holds.

    ``neighbours`` are the ids of free booths whose cells touch, ``beside`` the holders of the others (``organisation``,
    ``goods``); ``corner`` is true when the aisle is on two sides that meet.
    """
    booths = await Booth.select().where(Booth.edition == edition_id).order_by(Booth.id)
    holder = {row["booth"]: row["organisation"] for row in await live_holds(edition_id)}
    wishes = await Application.select(Application.organisation, Application.category).where(
        Application.edition == edition_id
    )
    goods = {row["organisation"]: search_text(row["category"]) for row in wishes}
    touching, corners = await places(edition_id)
    return [
        {
            "id": booth["id"],
            "cells": booth["cell_count"],
            "zone": booth["zone"],
            "power": booth["power_watts"],
            "neighbours": sorted(touching[booth["id"]] - holder.keys()),
            "beside": [
                {"organisation": holder[other], "goods": goods.get(holder[other], "")}
                for other in sorted(touching[booth["id"]] & holder.keys())
            ],
            "corner": booth["id"] in corners,
        }
        for booth in booths
        if booth["id"] not in holder
    ]


async def places(edition_id: int) -> tuple[dict[int, set[int]], set[int]]:
    """How booths of an edition lie: (booth → booths whose cells touch its own, booths at a corner of the aisle)."""
    touching: dict[int, set[int]] = defaultdict(set)
    corners: set[int] = set()
    for plan in await plans_of(edition_id):
        at = {square: booth.id for booth in plan.booths for square in booth.squares}
        for (x, y), booth_id in at.items():
            aisle = [False, False]
            for axis, square in ((0, (x - 1, y)), (0, (x + 1, y)), (1, (x, y - 1)), (1, (x, y + 1))):
                other = at.get(square)
                if other is not None and other != booth_id:
                    touching[booth_id].add(other)
                elif other is None and 0 <= square[0] < plan.width and 0 <= square[1] < plan.depth:
                    aisle[axis] = True
            if all(aisle):
                corners.add(booth_id)
    return touching, corners


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How an edition's applications and booths stand."""

    open: int
    cells_wanted: int
    drafts: int
    allocated: int
    waiting: int
    withdrawn: int
    booths: int
    booths_free: int
    cells_free: int
    held: int


async def counts(edition_id: int) -> Counts:
    """Applications by state, and what is free, in three reads."""
    rows = await Application.select(Application.state, Application.cells_wanted, Application.organisation).where(
        Application.edition == edition_id
    )
    booths = await Booth.select(Booth.id, Booth.cell_count).where(Booth.edition == edition_id)
    holds = await live_holds(edition_id)
    taken, holders = {row["booth"] for row in holds}, {row["organisation"] for row in holds}
    states = Counter(row["state"] for row in rows)
    wanting = [row for row in rows if row["state"] in OPEN_VALUES]
    return Counts(
        open=len(wanting),
        cells_wanted=sum(row["cells_wanted"] for row in wanting if row["organisation"] not in holders),
        drafts=states[ApplicationState.DRAFT],
        allocated=states[ApplicationState.ALLOCATED],
        waiting=states[ApplicationState.WAITING],
        withdrawn=states[ApplicationState.WITHDRAWN],
        booths=len(booths),
        booths_free=sum(booth["id"] not in taken for booth in booths),
        cells_free=sum(booth["cell_count"] for booth in booths if booth["id"] not in taken),
        held=sum(row["organisation"] in holders for row in wanting),
    )
