"""Reads of the floor plan."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from app.events.tables import Hall
from app.kernel.database import fetch
from app.kernel.names import text_key
from booths.floorplan.enums import BoothState
from booths.floorplan.errors import BoothNotFound
from booths.floorplan.tables import Booth, Cell, CellHold


@dataclass(frozen=True, kw_only=True)
class PlanBooth:
    """A booth as a plan draws it; ``squares`` are (x, y) from 0 in cells."""

    id: int
    code: str
    zone: str
    cell_count: int
    power_watts: int
    price_minor: int
    currency: str
    state: BoothState
    organisation_id: int | None
    organisation: str
    squares: tuple[tuple[int, int], ...]

    @property
    def outline(self) -> str:
        """SVG path of its edge in cells: every side that does not lie between two of its own squares."""
        own = set(self.squares)
        parts = []
        for x, y in self.squares:
            if (x, y - 1) not in own:
                parts.append(f"M{x} {y}h1")
            if (x, y + 1) not in own:
                parts.append(f"M{x} {y + 1}h1")
            if (x - 1, y) not in own:
                parts.append(f"M{x} {y}v1")
            if (x + 1, y) not in own:
                parts.append(f"M{x + 1} {y}v1")
        return "".join(parts)

    @property
    def middle(self) -> tuple[float, float]:
        """Where its code is written: its centre, or the cell nearest to that when it is no rectangle."""
        xs, ys = [x for x, _y in self.squares], [y for _x, y in self.squares]
        x, y = (min(xs) + max(xs) + 1) / 2, (min(ys) + max(ys) + 1) / 2
        if len(self.squares) == (max(xs) - min(xs) + 1) * (max(ys) - min(ys) + 1):
            return x, y
        left, top = min(self.squares, key=lambda square: abs(square[0] + 0.5 - x) + abs(square[1] + 0.5 - y))
        return left + 0.5, top + 0.5


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A hall with its booths; ``width`` and ``depth`` in cells."""

    hall_id: int
    name: str
    width: int
    depth: int
    booths: list[PlanBooth] = field(default_factory=list)


async def halls_of(edition_id: int) -> list[dict[str, Any]]:
    """The halls of an edition in their order."""
    rows: list[dict[str, Any]] = (
        await Hall.select().where(Hall.edition == edition_id).order_by(Hall.position).order_by(Hall.id)
    )
    return rows


async def plans_of(edition_id: int) -> list[Plan]:
    """Every hall of an edition with its booths and who holds them, in three reads."""
    halls = await halls_of(edition_id)
    booths = await booths_of(edition_id)
    by_hall: dict[int, list[PlanBooth]] = defaultdict(list)
    for hall_id, booth in booths:
        by_hall[hall_id].append(booth)
    return [
        Plan(
            hall_id=hall["id"],
            name=hall["name"],
            width=max([hall["width_cells"], *(x + 1 for booth in by_hall[hall["id"]] for x, _y in booth.squares)]),
            depth=max([hall["depth_cells"], *(y + 1 for booth in by_hall[hall["id"]] for _x, y in booth.squares)]),
            booths=by_hall[hall["id"]],
        )
        for hall in halls
    ]


async def booths_of(edition_id: int) -> list[tuple[int, PlanBooth]]:
    """(hall, booth) of every booth of an edition, by code."""
    rows = await Booth.select().where(Booth.edition == edition_id).order_by(Booth.id)
    cells = await Cell.select(Cell.x, Cell.y, Cell.booth).where(Cell.booth.edition == edition_id)
    holds = await CellHold.select(
        CellHold.booth, CellHold.state, CellHold.organisation, CellHold.organisation.name.as_alias("name")
    ).where((CellHold.booth.edition == edition_id) & CellHold.live.eq(True))
    squares: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for cell in cells:
        squares[cell["booth"]].append((cell["x"], cell["y"]))
    holder = {hold["booth"]: hold for hold in holds}
    found = []
    for row in rows:
        hold = holder.get(row["id"])
        booth = PlanBooth(
            id=row["id"],
            code=row["code"],
            zone=row["zone"],
            cell_count=row["cell_count"],
            power_watts=row["power_watts"],
            price_minor=row["price_minor"],
            currency=row["currency"],
            state=BoothState(hold["state"]) if hold else BoothState.FREE,
            organisation_id=hold["organisation"] if hold else None,
            organisation=hold["name"] if hold else "",
            squares=tuple(sorted(squares[row["id"]], key=lambda square: (square[1], square[0]))),
        )
        found.append((row["hall"], booth))
    return found


@dataclass(frozen=True, kw_only=True)
class DrawnBooth:
    """A booth as far as drawing asks: where it lies, and who holds it (empty when it is free)."""

    id: int
    code: str
    hall_id: int
    hall: str
    squares: frozenset[tuple[int, int]]
    organisation: str

    @property
    def key(self) -> tuple[int, str]:
        """Which booth it is for a sheet: its hall, and its code without regard to case."""
        return self.hall_id, self.code.casefold()


async def drawn_booths(edition_id: int) -> list[DrawnBooth]:
    """Every booth of an edition with its hall, cells and holder."""
    halls = {hall["id"]: hall["name"] for hall in await halls_of(edition_id)}
    return [
        DrawnBooth(
            id=booth.id,
            code=booth.code,
            hall_id=hall_id,
            hall=halls[hall_id],
            squares=frozenset(booth.squares),
            organisation=booth.organisation,
        )
        for hall_id, booth in await booths_of(edition_id)
    ]


async def booth_in(edition_id: int, booth_id: int) -> dict[str, Any]:
    """A booth's row. Raises BoothNotFound, also when it is of another edition."""
    rows = await Booth.select().where((Booth.id == booth_id) & (Booth.edition == edition_id))
    if not rows:
        raise BoothNotFound
    return dict(rows[0])


async def history_of(booth_id: int) -> list[dict[str, Any]]:
    """Who held a booth and when, the newest first: ``organisation``, ``state``, ``held_at``, ``released_at``."""
    rows = (
        await CellHold.select(
            CellHold.state, CellHold.held_at, CellHold.released_at, CellHold.organisation.name.as_alias("organisation")
        )
        .where(CellHold.booth == booth_id)
        .order_by(CellHold.id, ascending=False)
    )
    once: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        once.setdefault((row["organisation"], row["held_at"]), row)
    return list(once.values())


async def zones_of(edition_id: int) -> list[str]:
    """The zones that booths of an edition stand in."""
    rows = await Booth.select(Booth.zone).where((Booth.edition == edition_id) & (Booth.zone != "")).output(as_list=True)
    return sorted(set(rows), key=text_key)


async def has_free_booth(edition_id: int) -> bool:
    """Whether any booth of an edition is free: one cheap read, for public pages."""
    rows = await fetch(
        "SELECT id FROM booth WHERE edition = {} AND NOT EXISTS "
        "(SELECT 1 FROM cell_hold WHERE cell_hold.booth = booth.id AND cell_hold.live IS TRUE) LIMIT 1",
        edition_id,
    )
    return bool(rows)
