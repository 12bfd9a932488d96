"""Reads of what was proposed and published: runs, their proposals, and why somebody has a booth, or none."""

import json
from dataclasses import dataclass
from typing import Any

from app.accounts.tables import Organisation
from booths.allocation.enums import Reason, RunState
from booths.allocation.errors import RunNotFound
from booths.allocation.queries import held_booths, places
from booths.allocation.reasons import Fact, notable, organisations_in, sentences
from booths.allocation.tables import Allocation, AllocationRun, Application
from booths.floorplan.queries import booth_in


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
    touching, corners = await places(edition_id)
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
