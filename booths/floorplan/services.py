"""Holding and releasing booths, and drawing the plan."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.queries import hold_edition_going_on
from app.events.tables import Edition, Hall
from app.kernel import audit
from app.kernel.database import hold_row, is_unique_violation, write_transaction
from app.kernel.names import clean_name, search_text
from booths.floorplan.enums import Drawn, HolderState
from booths.floorplan.errors import (
    BoothCodeTaken,
    BoothNotFound,
    BoothTaken,
    BoothUsed,
    CellOccupied,
    CellsApart,
    HallNameTaken,
    HallNotFound,
    HallTooSmall,
)
from booths.floorplan.queries import drawn_booths
from booths.floorplan.schemas import Drawing
from booths.floorplan.squares import Square, touch_one_another
from booths.floorplan.tables import Booth, Cell, CellHold


async def hold_booth(
    *, booth_id: int, organisation_id: int, state: HolderState = HolderState.HELD, actor: Actor, now: datetime
) -> None:
    """Claim every cell of a booth for an organisation.

    Raises BoothTaken when anybody holds one of them (the unique index decides), BoothNotFound for a booth without
    cells, EditionIsCancelled.
    """
    code = ""
    try:
        async with write_transaction():
            for row in await Booth.select(Booth.edition).where(Booth.id == booth_id):
                await hold_edition_going_on(row["edition"])
            booth = await _lock_booth(booth_id)
            code = booth["code"]
            cells = await Cell.select(Cell.id).where(Cell.booth == booth_id)
            if not cells:
                raise BoothNotFound
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
                action="booth.held" if state == HolderState.HELD else "booth.allocated",
                subject_type="booth",
                subject_id=booth_id,
                edition_id=booth["edition"],
                after={"booth": code, "organisation_id": organisation_id},
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):
            raise BoothTaken(booth=code) from error
        raise


async def first_free(booth_ids: Sequence[int]) -> int | None:
    """The first of some booths that nobody holds; until the caller's transaction ends nobody else takes any of them."""
    for booth_id in sorted(booth_ids):  # in one order, so that two who look among the same do not wait for each other
        await hold_row("booth", booth_id, alone=True)
    rows = await CellHold.select(CellHold.booth).where(CellHold.booth.is_in(list(booth_ids)) & CellHold.live.eq(True))
    taken = {row["booth"] for row in rows}
    return next((booth_id for booth_id in booth_ids if booth_id not in taken), None)


async def settle_hold(*, booth_id: int, actor: Actor, now: datetime) -> int:
    """Turn a hold on a booth into an allocation; returns the organisation. Raises BoothNotFound when it is not held."""
    async with write_transaction():
        rows = (
            await CellHold.update({CellHold.state: HolderState.ALLOCATED.value})
            .where((CellHold.booth == booth_id) & CellHold.live.eq(True) & (CellHold.state == HolderState.HELD.value))
            .returning(CellHold.organisation, CellHold.booth)
        )
        if not rows:
            raise BoothNotFound
        booth = await _lock_booth(booth_id)
        await audit.record(
            actor=actor,
            action="booth.allocated",
            subject_type="booth",
            subject_id=booth_id,
            edition_id=booth["edition"],
            before={"state": HolderState.HELD.value},
            after={"booth": booth["code"], "organisation_id": rows[0]["organisation"]},
            now=now,
        )
    return int(rows[0]["organisation"])


async def release_booth(*, booth_id: int, actor: Actor, now: datetime) -> int | None:
    """End every live claim on a booth; returns the organisation that held it, None when nobody did."""
    async with write_transaction():
        rows = (
            await CellHold.update({CellHold.live: False, CellHold.released_at: now})
            .where((CellHold.booth == booth_id) & CellHold.live.eq(True))
            .returning(CellHold.organisation)
        )
        if not rows:
            return None
        booth = await _lock_booth(booth_id)
        await audit.record(
            actor=actor,
            action="booth.release",
            subject_type="booth",
            subject_id=booth_id,
            edition_id=booth["edition"],
            before={"booth": booth["code"], "organisation_id": rows[0]["organisation"]},
            now=now,
        )
    return int(rows[0]["organisation"])


async def save_hall(
    *, edition_id: int, hall_id: int | None = None, name: str, width: int, depth: int, actor: Actor, now: datetime
) -> int:
    """Make a hall of an edition, or change one; returns its id. Sizes in cells.

    Raises HallNotFound, HallNameTaken, and HallTooSmall when booths would lie outside.
    """
    values: dict[str, Any] = {"name": clean_name(name), "width_cells": width, "depth_cells": depth}
    async with write_transaction():
        # Whoever saves a hall of this edition waits here, so that two of one name cannot be made at once.
        await Edition.update({Edition.id: edition_id}).where(Edition.id == edition_id)
        halls = await Hall.select().where(Hall.edition == edition_id).order_by(Hall.id)
        for other in halls:
            if other["id"] != hall_id and search_text(other["name"]) == search_text(name):
                raise HallNameTaken(hall=other["name"])
        if hall_id is None:
            hall = Hall(edition=edition_id, position=len(halls), **values)
            await hall.save()
            before, after, made = None, values, hall.id
        else:
            present = next((hall for hall in halls if hall["id"] == hall_id), None)
            if present is None:
                raise HallNotFound
            used = await Cell.select(Cell.x, Cell.y).where((Cell.hall == hall_id) & Cell.booth.is_not_null())
            least = max((cell["x"] + 1 for cell in used), default=1), max((cell["y"] + 1 for cell in used), default=1)
            if width < least[0] or depth < least[1]:
                raise HallTooSmall(width=least[0], depth=least[1])
            changed: dict[Any, Any] = {**values}
            await Hall.update(changed).where(Hall.id == hall_id)
            before, after = audit.changes({key: present[key] for key in values}, values)
            if not after:
                return hall_id
            made = hall_id
        await audit.record(
            actor=actor,
            action="hall.draw" if hall_id is None else "hall.change",
            subject_type="hall",
            subject_id=made,
            edition_id=edition_id,
            before=before,
            after=after,
            now=now,
        )
    return made


async def create_booth(
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
) -> int:
    """Make a booth of these cells; returns its id.

    Raises HallNotFound, CellsApart, BoothCodeTaken, and CellOccupied when a cell belongs to another booth.
    """
    values: dict[str, Any] = {"code": code, "zone": zone, "power_watts": power_watts, "price_minor": price_minor}
    if not touch_one_another(squares):
        raise CellsApart(booth=code)
    try:
        async with write_transaction():
            if not await Hall.exists().where((Hall.id == hall_id) & (Hall.edition == edition_id)):
                raise HallNotFound
            booth = Booth(edition=edition_id, hall=hall_id, cell_count=len(set(squares)), currency=currency, **values)
            await booth.save()
            await _put_cells(booth_id=booth.id, hall_id=hall_id, code=code, wanted=set(squares))
            await audit.record(
                actor=actor,
                action="booth.draw",
                subject_type="booth",
                subject_id=booth.id,
                edition_id=edition_id,
                after={**values, "cells": sorted(set(squares))},
                now=now,
            )
    except Exception as error:
        if is_unique_violation(error):
            raise BoothCodeTaken(booth=code) from error
        raise
    return booth.id


async def change_booth(
    *,
    edition_id: int,
    booth_id: int,
    code: str,
    squares: Sequence[Square],
    zone: str,
    power_watts: int,
    price_minor: int,
    actor: Actor,
    now: datetime,
) -> bool:
    """Change what a booth is called, offers and covers; False when all of it was so already.

    Raises BoothNotFound, BoothCodeTaken, CellsApart, and CellOccupied when a cell belongs to another booth or when the
    booth is held and its cells would change.
    """
    if not touch_one_another(squares):
        raise CellsApart(booth=code)
    values: dict[str, Any] = {"code": code, "zone": zone, "power_watts": power_watts, "price_minor": price_minor}
    try:
        async with write_transaction():
            booth = await _lock_booth(booth_id, edition_id)
            rows = await Cell.select(Cell.x, Cell.y).where(Cell.booth == booth_id)
            present = {(cell["x"], cell["y"]) for cell in rows}
            return await _bring(booth, present, set(squares), values, actor, now)
    except Exception as error:
        if is_unique_violation(error):
            raise BoothCodeTaken(booth=code) from error
        raise


async def _bring(
    booth: dict[str, Any],
    present: set[Square],
    wanted: set[Square],
    values: dict[str, Any],
    actor: Actor,
    now: datetime,
) -> bool:
    """Bring a locked booth from its present cells to others, and to new values; False when all of it was so already."""
    if present != wanted:
        if await CellHold.exists().where((CellHold.booth == booth["id"]) & CellHold.live.eq(True)):
            raise CellOccupied(booth=booth["code"])
        await _put_cells(booth_id=booth["id"], hall_id=booth["hall"], code=booth["code"], wanted=wanted)
    before, after = audit.changes(
        {**{key: booth[key] for key in values}, "cells": sorted(present)}, {**values, "cells": sorted(wanted)}
    )
    if not after:
        return False
    changed: dict[Any, Any] = {**values, "cell_count": len(wanted)}
    await Booth.update(changed).where(Booth.id == booth["id"])
    await audit.record(
        actor=actor,
        action="booth.change",
        subject_type="booth",
        subject_id=booth["id"],
        edition_id=booth["edition"],
        before=before,
        after=after,
        now=now,
    )
    return True


async def draw_booths(
    *, edition_id: int, drawings: Sequence[Drawing], currency: str = "VND", actor: Actor, now: datetime
) -> list[Drawn]:
    """Make these booths, or bring those with their codes in their halls to them, as a sheet does: all of it or nothing.

    Cells may pass from one of these booths to another, in a ring too; a booth that is not among them stays as it is.
    Returns what was done with each. Raises as create_booth and change_booth do.
    """
    done = []
    async with write_transaction():
        stored = {booth.key: booth for booth in await drawn_booths(edition_id)}
        losing: dict[int, dict[str, Any]] = {}
        for drawing in drawings:
            booth = stored.get(drawing.key)
            if booth is not None and booth.squares - set(drawing.squares):
                losing[booth.id] = await _lock_booth(booth.id, edition_id)
                if booth.organisation:
                    raise CellOccupied(booth=booth.code)
        if losing:
            await Cell.update({Cell.booth: None}).where(Cell.booth.is_in(sorted(losing)))
        for drawing in drawings:
            booth = stored.get(drawing.key)
            given = drawing.values()
            if booth is None:
                await create_booth(
                    edition_id=edition_id,
                    hall_id=drawing.hall_id,
                    code=drawing.code,
                    squares=drawing.squares,
                    currency=currency,
                    actor=actor,
                    now=now,
                    **given,
                )
                done.append(Drawn.CREATED)
                continue
            if not touch_one_another(drawing.squares):
                raise CellsApart(booth=drawing.code)
            row = losing.get(booth.id) or await _lock_booth(booth.id, edition_id)
            changed = await _bring(row, set(booth.squares), set(drawing.squares), given, actor, now)
            done.append(Drawn.CHANGED if changed else Drawn.SAME)
    return done


async def delete_booth(*, edition_id: int, booth_id: int, actor: Actor, now: datetime) -> None:
    """Take a booth that nobody ever held off the plan; its cells become aisle.

    Raises BoothNotFound, BoothUsed.
    """
    async with write_transaction():
        booth = await _lock_booth(booth_id, edition_id)
        if await CellHold.exists().where(CellHold.booth == booth_id):
            raise BoothUsed(booth=booth["code"])
        cells = await Cell.select(Cell.x, Cell.y).where(Cell.booth == booth_id)
        await Cell.update({Cell.booth: None}).where(Cell.booth == booth_id)
        await Booth.delete().where(Booth.id == booth_id)
        await audit.record(
            actor=actor,
            action="booth.delete",
            subject_type="booth",
            subject_id=booth_id,
            edition_id=edition_id,
            before={"code": booth["code"], "cells": sorted((cell["x"], cell["y"]) for cell in cells)},
            now=now,
        )


async def _lock_booth(booth_id: int, edition_id: int | None = None) -> dict[str, Any]:
    """A booth's row, which stays as it is until the transaction ends. Raises BoothNotFound."""
    chosen: Any = Booth.id == booth_id
    if edition_id is not None:
        chosen = chosen & (Booth.edition == edition_id)
    rows: list[dict[str, Any]] = (
        await Booth.update({Booth.cell_count: Booth.cell_count + 0}).where(chosen).returning(*Booth.all_columns())
    )
    if not rows:
        raise BoothNotFound
    return rows[0]


async def _put_cells(*, booth_id: int, hall_id: int, code: str, wanted: set[Square]) -> None:
    """Give a booth exactly these cells. Raises CellOccupied when one belongs to another booth."""
    cells = await Cell.select(Cell.id, Cell.x, Cell.y, Cell.booth).where(Cell.hall == hall_id)
    at = {(cell["x"], cell["y"]): cell for cell in cells}
    for square in sorted(wanted):
        cell = at.get(square)
        if cell is None:
            made = (
                await Cell.insert(Cell(hall=hall_id, x=square[0], y=square[1], booth=booth_id))
                .on_conflict(action="DO NOTHING")
                .returning(Cell.id)
            )
        elif cell["booth"] == booth_id:
            continue
        else:
            free = (Cell.id == cell["id"]) & Cell.booth.is_null()
            made = await Cell.update({Cell.booth: booth_id}).where(free).returning(Cell.id)
        if not made:
            other = await Cell.select(Cell.booth.code.as_alias("code")).where(
                (Cell.hall == hall_id) & (Cell.x == square[0]) & (Cell.y == square[1])
            )
            raise CellOccupied(booth=other[0]["code"] if other and other[0]["code"] else code)
    gone = [cell["id"] for square, cell in at.items() if cell["booth"] == booth_id and square not in wanted]
    if gone:
        await Cell.update({Cell.booth: None}).where(Cell.id.is_in(gone))
