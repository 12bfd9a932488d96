"""Holding and releasing booths, and drawing the plan."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import is_unique_violation, write_transaction
from booths.floorplan.enums import HolderState
from booths.floorplan.errors import BoothCodeTaken, BoothNotFound, BoothTaken, CellOccupied, CellsApart
from booths.floorplan.tables import Booth, Cell, CellHold

Square = tuple[int, int]


async def hold_booth(
    *, booth_id: int, organisation_id: int, state: HolderState = HolderState.HELD, actor: Actor, now: datetime
) -> None:
    """Claim every cell of a booth for an organisation.

    Raises BoothTaken when anybody holds one of them (the unique index decides), BoothNotFound for a booth without
    cells.
    """
    booth = await Booth.objects().get(Booth.id == booth_id)
    cells = await Cell.select(Cell.id).where(Cell.booth == booth_id)
    if booth is None or not cells:
        raise BoothNotFound
    try:
        async with write_transaction():
            await CellHold.insert(
                *(
                    CellHold(
                        cell=cell["id"],
                        booth=booth_id,
                        organisation=organisation_id,
                        state=state.value,
                        live=True,
                        held_at=now,
                    )
                    for cell in cells
                )
            )
            await audit.record(
                actor=actor,
                action=f"booth.{state.value}",
                subject_type="booth",
                subject_id=booth_id,
                edition_id=booth.edition,
                after={"booth": booth.code, "organisation_id": organisation_id},
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):
            raise BoothTaken(booth=booth.code) from error
        raise


async def release_booth(*, booth_id: int, actor: Actor, now: datetime) -> bool:
    """End every live claim on a booth; False when there was none."""
    async with write_transaction():
        rows = (
            await CellHold.update({CellHold.live: False, CellHold.released_at: now})
            .where((CellHold.booth == booth_id) & CellHold.live.eq(True))
            .returning(CellHold.organisation)
        )
        if rows:
            booth = await Booth.objects().get(Booth.id == booth_id)
            await audit.record(
                actor=actor,
                action="booth.release",
                subject_type="booth",
                subject_id=booth_id,
                edition_id=booth.edition if booth else None,
                before={"organisation_id": rows[0]["organisation"]},
                now=now,
            )
    return bool(rows)


def touch_one_another(squares: Iterable[Square]) -> bool:
    """Whether squares form one piece, side by side (corners do not count)."""
    left = set(squares)
    if not left:
        return False
    queue = [left.pop()]
    while queue:
        x, y = queue.pop()
        for neighbour in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            if neighbour in left:
                left.remove(neighbour)
                queue.append(neighbour)
    return not left


async def draw_booth(
    *,
    edition_id: int,
    hall_id: int,
    code: str,
    squares: Sequence[Square],
    zone: str = "",
    power_watts: int = 0,
    price_minor: int = 0,
    currency: str = "VND",
    actor: Actor,
    now: datetime,
) -> tuple[int, bool]:
    """Make a booth of these cells, or give the one with this code them: (booth id, whether it is new).

    Raises CellsApart, and CellOccupied when a cell belongs to another booth, or when the booth is held and its cells
    would change.
    """
    if not touch_one_another(squares):
        raise CellsApart(booth=code)
    wanted = set(squares)
    async with write_transaction():
        booth = await Booth.objects().get((Booth.hall == hall_id) & (Booth.code == code))
        values: dict[Any, Any] = {
            Booth.zone: zone,
            Booth.power_watts: power_watts,
            Booth.price_minor: price_minor,
            Booth.currency: currency,
            Booth.cell_count: len(wanted),
        }
        created = booth is None
        if booth is None:
            booth = Booth(edition=edition_id, hall=hall_id, code=code, cell_count=len(wanted))
            await booth.save()
        booth_id = booth.id
        cells = await Cell.select(Cell.id, Cell.x, Cell.y, Cell.booth).where(Cell.hall == hall_id)
        at = {(cell["x"], cell["y"]): cell for cell in cells}
        present = {square for square, cell in at.items() if cell["booth"] == booth_id}
        if (
            present
            and present != wanted
            and await CellHold.exists().where((CellHold.booth == booth_id) & CellHold.live.eq(True))
        ):
            raise CellOccupied(booth=code)
        for square in wanted - present:
            cell = at.get(square)
            if cell is None:
                await Cell.insert(Cell(hall=hall_id, x=square[0], y=square[1], booth=booth_id))
            elif cell["booth"] is None:
                await Cell.update({Cell.booth: booth_id}).where(Cell.id == cell["id"])
            else:
                other = await Booth.objects().get(Booth.id == cell["booth"])
                raise CellOccupied(booth=other.code if other else code)
        for square in present - wanted:
            await Cell.update({Cell.booth: None}).where(Cell.id == at[square]["id"])
        await Booth.update(values).where(Booth.id == booth_id)
        if created:
            await audit.record(
                actor=actor,
                action="booth.draw",
                subject_type="booth",
                subject_id=booth_id,
                edition_id=edition_id,
                after={"booth": code, "cells": len(wanted)},
                now=now,
            )
    return booth_id, created


async def rename_booth(*, booth_id: int, code: str, zone: str, power_watts: int, actor: Actor, now: datetime) -> None:
    """Change what a booth is called and offers. Raises BoothNotFound, BoothCodeTaken."""
    try:
        async with write_transaction():
            booth = await Booth.objects().get(Booth.id == booth_id)
            if booth is None:
                raise BoothNotFound
            await Booth.update({Booth.code: code, Booth.zone: zone, Booth.power_watts: power_watts}).where(
                Booth.id == booth_id
            )
            await audit.record(
                actor=actor,
                action="booth.change",
                subject_type="booth",
                subject_id=booth_id,
                edition_id=booth.edition,
                before={"code": booth.code, "zone": booth.zone, "power_watts": booth.power_watts},
                after={"code": code, "zone": zone, "power_watts": power_watts},
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):
            raise BoothCodeTaken(booth=code) from error
        raise
