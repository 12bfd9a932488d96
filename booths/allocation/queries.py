"""Reads of allocation: applications, runs, proposals, and why somebody has a booth."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.tables import Organisation
from app.events.queries import Page
from app.kernel.names import search_text
from app.kernel.searching import is_named
from booths.allocation.enums import OPEN_VALUES, ApplicationState, Reason, RunState
from booths.allocation.errors import ApplicationNotFound, RunNotFound
from booths.allocation.reasons import Fact, notable, organisations_in, sentences
from booths.allocation.tables import Allocation, AllocationRun, Application
from booths.floorplan.queries import booth_in, plans_of
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
    touching, corners = await _places(edition_id)
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


async def _places(edition_id: int) -> tuple[dict[int, set[int]], set[int]]:
    """(booth → booths whose cells touch its own, booths at a corner of the aisle)."""
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


async def run_of(edition_id: int, run_id: int) -> dict[str, Any]:
    """A run of an edition. Raises RunNotFound."""
    rows = await AllocationRun.select().where((AllocationRun.id == run_id) & (AllocationRun.edition == edition_id))
    if not rows:
        raise RunNotFound
    return dict(rows[0])


async def latest_run(edition_id: int) -> dict[str, Any] | None:
    """The newest run of an edition that was not put aside."""
    rows = (
        await AllocationRun.select()
        .where((AllocationRun.edition == edition_id) & (AllocationRun.state != RunState.DISCARDED.value))
        .order_by(AllocationRun.id, ascending=False)
        .limit(1)
    )
    return dict(rows[0]) if rows else None


@dataclass(frozen=True, kw_only=True)
class Placement:
    """One line of a proposal."""

    application_id: int
    organisation_id: int
    organisation: str
    category: str
    cells_wanted: int
    zone_wanted: str
    power_watts: int
    booth_id: int
    booth: str
    hall: str
    zone: str
    cells: int
    sentences: list[str]
    notable: list[str]


async def proposal(run_id: int) -> list[Placement]:
    """What a run proposes, by name of the exhibitor."""
    chosen: Any = Allocation.application
    booth: Any = Allocation.booth
    rows = (
        await Allocation.select(
            Allocation.reasons,
            chosen.id.as_alias("application_id"),
            chosen.organisation.id.as_alias("organisation_id"),
            chosen.organisation.name.as_alias("organisation"),
            chosen.category.as_alias("category"),
            chosen.cells_wanted.as_alias("cells_wanted"),
            chosen.zone_wanted.as_alias("zone_wanted"),
            chosen.power_watts.as_alias("power_watts"),
            booth.id.as_alias("booth_id"),
            booth.code.as_alias("booth"),
            booth.hall.name.as_alias("hall"),
            booth.zone.as_alias("zone"),
            booth.cell_count.as_alias("cells"),
        )
        .where(Allocation.run == run_id)
        .order_by(chosen.organisation.sort_key)
    )
    facts = [_facts(row.pop("reasons")) for row in rows]
    names = await _names(set().union(*map(organisations_in, facts)))
    return [
        Placement(**row, sentences=sentences(found, names), notable=sentences(notable(found), names))
        for row, found in zip(rows, facts, strict=True)
    ]


async def unmet_of(run_id: int) -> dict[int, list[str]]:
    """Why applications got no booth in a run: application → sentences in the reader's language."""
    row = await AllocationRun.select(AllocationRun.unmet).where(AllocationRun.id == run_id).first()
    found = json.loads(row["unmet"]) if row else {}
    return {int(number): sentences(facts, {}) for number, facts in found.items()}


async def why_waiting(edition_id: int, application_id: int) -> list[str]:
    """Why an application went to the waiting list when booths were last published; empty when nobody knows."""
    row = (
        await AllocationRun.select(AllocationRun.id)
        .where((AllocationRun.edition == edition_id) & (AllocationRun.state == RunState.PUBLISHED.value))
        .order_by(AllocationRun.id, ascending=False)
        .first()
    )
    return (await unmet_of(row["id"])).get(application_id, []) if row else []


async def explanation_for(edition_id: int, organisation_id: int) -> list[str]:
    """Why an organisation has the booth that it has, in sentences of the reader's language; empty without a booth.

    Neighbours are named as long as they hold a booth themselves.
    """
    held = await held_booths(edition_id)
    booth = held.get(organisation_id)
    if booth is None:
        return []
    row = (
        await Allocation.select(Allocation.reasons)
        .where(
            (Allocation.booth == booth["booth"])
            & (Allocation.application.organisation == organisation_id)
            & (Allocation.run.state == RunState.PUBLISHED.value)
        )
        .order_by(Allocation.id, ascending=False)
        .first()
    )
    facts = _facts(row["reasons"]) if row else await _by_hand(edition_id, organisation_id, held)
    return sentences(facts, await _names(organisations_in(facts) & held.keys()))


async def _by_hand(edition_id: int, organisation_id: int, held: dict[int, dict[str, Any]]) -> list[Fact]:
    """What can be said of a booth that the organisers chose: how it fits the wish as it stands now."""
    booth_id = held[organisation_id]["booth"]
    booth = await booth_in(edition_id, booth_id)
    wish = await Application.select(Application.cells_wanted, Application.power_watts).where(
        (Application.edition == edition_id) & (Application.organisation == organisation_id)
    )
    touching, corners = await _places(edition_id)
    facts: list[Fact] = [{"reason": Reason.BY_HAND.value}]
    if wish and booth["cell_count"] == wish[0]["cells_wanted"]:
        facts.append({"reason": Reason.SIZE.value, "cells": booth["cell_count"]})
    if wish and wish[0]["power_watts"]:
        facts.append({"reason": Reason.POWER.value, "has": booth["power_watts"], "needed": wish[0]["power_watts"]})
    if booth_id in corners:
        facts.append({"reason": Reason.CORNER.value})
    beside = [holder for holder, claim in held.items() if claim["booth"] in touching[booth_id]]
    return [*facts, {"reason": Reason.BESIDE.value, "organisations": sorted(beside)}]


async def _names(organisation_ids: set[int]) -> dict[int, str]:
    if not organisation_ids:
        return {}
    rows = await Organisation.select(Organisation.id, Organisation.name).where(
        Organisation.id.is_in(sorted(organisation_ids))
    )
    return {row["id"]: row["name"] for row in rows}


def _facts(stored: Any) -> list[Fact]:
    """What a proposal keeps; a bare word, as the first ones had it, tells nothing that could be said."""
    found = json.loads(stored) if isinstance(stored, str) else stored
    return [fact for fact in found if isinstance(fact, dict)]
