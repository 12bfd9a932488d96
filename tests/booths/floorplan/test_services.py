"""Holding, releasing and drawing booths."""

import json
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.audit import list_entries
from app.kernel.database import fetch
from app.kernel.tables import AuditEntry
from booths.floorplan import errors, services
from booths.floorplan.enums import BoothState, Drawn, HolderState
from booths.floorplan.queries import booths_of, history_of, plans_of
from booths.floorplan.schemas import Drawing
from booths.floorplan.services import (
    change_booth,
    create_booth,
    delete_booth,
    draw_booths,
    hold_booth,
    release_booth,
    settle_hold,
)
from booths.floorplan.squares import Square, touch_one_another
from booths.floorplan.tables import Cell, CellHold
from tests.booths.factories import make_booth, make_hall
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.factories import make_organisation
from tests.support.race import drop_index, losers, meet_after_select, race, unguarded, winners

PARTIES = 12


async def rivals(parties: int = PARTIES) -> tuple[int, list[int]]:
    """A booth of two cells, and organisations that all want it."""
    edition = await make_edition()
    booth_id = await make_booth(edition.id, await make_hall(edition.id), squares=[(0, 0), (1, 0)])
    return booth_id, [(await make_organisation()).id for _number in range(parties)]


@pytest.mark.race
async def test_a_booth_is_held_by_one_of_many(database: str) -> None:
    booth_id, wanting = await rivals()
    results = await race(
        PARTIES, lambda number: hold_booth(booth_id=booth_id, organisation_id=wanting[number], actor=SYSTEM, now=NOW)
    )
    assert len(winners(results)) == 1
    assert len(losers(results, errors.BoothTaken)) == PARTIES - 1
    holds = await CellHold.select().where(CellHold.live.eq(True))
    assert (len(holds), len({hold["organisation"] for hold in holds})) == (2, 1)


@pytest.mark.race
async def test_without_its_index_a_booth_gets_two_holders(database: str) -> None:
    booth_id, wanting = await rivals(2)
    await drop_index("cell_one_live_holder")
    results = await race(
        2, lambda number: hold_booth(booth_id=booth_id, organisation_id=wanting[number], actor=SYSTEM, now=NOW)
    )
    assert len(winners(results)) == 2
    holds = await CellHold.select().where(CellHold.live.eq(True))
    assert len({hold["organisation"] for hold in holds}) == 2


@pytest.mark.race
async def test_a_cell_goes_to_one_of_many_new_booths(database: str) -> None:
    edition = await make_edition()
    hall_id = await make_hall(edition.id)
    results = await race(PARTIES, lambda number: make_booth(edition.id, hall_id, f"B{number}", [(5, 0)]))
    assert len(winners(results)) == 1
    losers(results, errors.CellOccupied)
    assert await Cell.count() == 1
    assert len(await booths_of(edition.id)) == 1


@pytest.mark.race
async def test_without_its_index_a_cell_is_given_to_two_new_booths(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = await make_edition()
    hall_id = await make_hall(edition.id)
    await drop_index("cell_place_once")
    unguarded(monkeypatch, services)
    meet_after_select(monkeypatch, Cell, parties=2)
    results = await race(2, lambda number: make_booth(edition.id, hall_id, f"B{number}", [(5, 0)]))
    assert len(winners(results)) == 2
    assert await fetch("SELECT x, y FROM cell") == [{"x": 5, "y": 0}] * 2


async def test_a_released_booth_is_free_for_another(database: str) -> None:
    booth_id, (first, second) = await rivals(2)
    await hold_booth(booth_id=booth_id, organisation_id=first, actor=SYSTEM, now=NOW)
    assert await settle_hold(booth_id=booth_id, actor=SYSTEM, now=NOW) == first
    with pytest.raises(errors.BoothNotFound):
        await settle_hold(booth_id=booth_id, actor=SYSTEM, now=NOW)
    ((_hall, booth),) = await booths_of(await make_edition_of(booth_id))
    assert (booth.state, booth.organisation_id) == (BoothState.ALLOCATED, first)
    assert await release_booth(booth_id=booth_id, actor=SYSTEM, now=NOW) == first
    assert await release_booth(booth_id=booth_id, actor=SYSTEM, now=NOW) is None
    await hold_booth(booth_id=booth_id, organisation_id=second, state=HolderState.ALLOCATED, actor=SYSTEM, now=NOW)
    history = await history_of(booth_id)
    assert [row["released_at"] for row in history] == [None, NOW]
    entries, total = await list_entries(subject_type="booth", subject_id=booth_id)
    assert (total, entries[0]["action"]) == (5, "booth.allocated")


async def make_edition_of(booth_id: int) -> int:
    """The edition a booth belongs to."""
    from booths.floorplan.tables import Booth

    row = await Booth.select(Booth.edition).where(Booth.id == booth_id).first()
    assert row is not None
    return int(row["edition"])


async def test_nothing_is_held_that_is_not_there(database: str) -> None:
    with pytest.raises(errors.BoothNotFound):
        await hold_booth(booth_id=99, organisation_id=1, actor=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    ("squares", "together"),
    [
        ([], False),
        ([(0, 0)], True),
        ([(0, 0), (1, 1)], False),
        ([(0, 0), (1, 0), (1, 1)], True),
        ([(0, 0), (2, 0)], False),
    ],
)
def test_cells_touch_by_their_sides(squares: list[tuple[int, int]], together: bool) -> None:
    assert touch_one_another(squares) is together


async def test_a_plan_shows_the_outline_and_the_middle(database: str) -> None:
    edition = await make_edition()
    hall_id = await make_hall(edition.id, width=2, depth=1)
    await make_booth(edition.id, hall_id, squares=[(0, 0), (1, 0), (2, 0)])
    (plan,) = await plans_of(edition.id)
    assert (plan.width, plan.depth) == (3, 1)
    (booth,) = plan.booths
    assert booth.middle == (1.5, 0.5)
    assert booth.outline.count("M") == 8


WRONG: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"squares": [(4, 4), (5, 5)]}, errors.CellsApart),
    ({"squares": []}, errors.CellsApart),
    ({"squares": [(0, 0)]}, errors.CellOccupied),
    ({"code": "A1"}, errors.BoothCodeTaken),
    ({"hall_id": 999}, errors.HallNotFound),
]


@pytest.mark.parametrize(("changes", "error"), WRONG)
async def test_what_cannot_be_drawn_changes_nothing(
    database: str, changes: dict[str, Any], error: type[Exception]
) -> None:
    edition = await make_edition()
    hall_id = await make_hall(edition.id)
    await make_booth(edition.id, hall_id, "A1", [(0, 0)])
    given = {"hall_id": hall_id, "code": "A2", "squares": [(3, 3)], **changes}
    with pytest.raises(error):
        await create_booth(edition_id=edition.id, actor=SYSTEM, now=NOW, **given)
    assert [booth.code for _hall, booth in await booths_of(edition.id)] == ["A1"]
    assert await Cell.count() == 1


async def test_a_hall_of_another_edition_takes_no_booth(database: str) -> None:
    edition, other = await make_edition("one"), await make_edition("two")
    with pytest.raises(errors.HallNotFound):
        await make_booth(edition.id, await make_hall(other.id))


async def test_a_booth_is_changed_while_nobody_holds_it(database: str) -> None:
    edition = await make_edition()
    hall_id = await make_hall(edition.id)
    booth_id = await make_booth(edition.id, hall_id, "A1", [(0, 0), (1, 0)])
    await make_booth(edition.id, hall_id, "A2", [(0, 1)])
    same: dict[str, Any] = {
        "edition_id": edition.id,
        "booth_id": booth_id,
        "code": "A1",
        "squares": [(1, 0), (2, 0)],
        "zone": "Z",
        "power_watts": 5,
        "price_minor": 7,
        "actor": SYSTEM,
        "now": NOW,
    }
    assert await change_booth(**same) is True
    assert await change_booth(**same) is False
    with pytest.raises(errors.BoothCodeTaken):
        await change_booth(**{**same, "code": "A2"})
    with pytest.raises(errors.CellsApart):
        await change_booth(**{**same, "squares": [(1, 0), (3, 0)]})
    with pytest.raises(errors.CellOccupied):
        await change_booth(**{**same, "squares": [(1, 0), (0, 0), (0, 1)]})
    with pytest.raises(errors.BoothNotFound):
        await change_booth(**{**same, "edition_id": (await make_edition("other")).id})
    await hold_booth(booth_id=booth_id, organisation_id=(await make_organisation()).id, actor=SYSTEM, now=NOW)
    assert await change_booth(**{**same, "zone": "Y"}) is True
    with pytest.raises(errors.CellOccupied):
        await change_booth(**{**same, "squares": [(1, 0)]})
    booth = next(booth for _hall, booth in await booths_of(edition.id) if booth.id == booth_id)
    assert (booth.zone, booth.squares, booth.cell_count) == ("Y", ((1, 0), (2, 0)), 2)


async def test_a_booth_goes_only_if_nobody_ever_held_it(database: str) -> None:
    edition = await make_edition()
    hall_id = await make_hall(edition.id)
    booth_id = await make_booth(edition.id, hall_id)
    organisation = await make_organisation()
    await hold_booth(booth_id=booth_id, organisation_id=organisation.id, actor=SYSTEM, now=NOW)
    await release_booth(booth_id=booth_id, actor=SYSTEM, now=NOW)
    with pytest.raises(errors.BoothUsed):
        await delete_booth(edition_id=edition.id, booth_id=booth_id, actor=SYSTEM, now=NOW)
    fresh = await make_booth(edition.id, hall_id, "A2", [(4, 4)])
    await delete_booth(edition_id=edition.id, booth_id=fresh, actor=SYSTEM, now=NOW)
    assert [booth.code for _hall, booth in await booths_of(edition.id)] == ["A1"]
    await make_booth(edition.id, hall_id, "A3", [(4, 4)])


async def test_drawing_brings_booths_to_what_a_sheet_says(database: str) -> None:
    edition = await make_edition()
    hall_id = await make_hall(edition.id)

    async def draw(**cells: list[Square]) -> list[Drawn]:
        drawings = [Drawing(hall_id=hall_id, code=code, squares=squares) for code, squares in cells.items()]
        return await draw_booths(edition_id=edition.id, drawings=drawings, actor=SYSTEM, now=NOW)

    async def standing() -> dict[str, tuple[Square, ...]]:
        return {booth.code: booth.squares for _hall, booth in await booths_of(edition.id)}

    assert await draw(A1=[(0, 0)], A2=[(1, 0)], A3=[(2, 0)]) == [Drawn.CREATED] * 3
    assert await draw(A1=[(0, 0)]) == [Drawn.SAME]
    assert await draw(A1=[(1, 0)], A2=[(0, 0)]) == [Drawn.CHANGED] * 2
    assert await standing() == {"A1": ((1, 0),), "A2": ((0, 0),), "A3": ((2, 0),)}
    assert await draw(A2=[(1, 0)], A1=[(2, 0)], A3=[(3, 0)]) == [Drawn.CHANGED] * 3
    assert await standing() == {"A1": ((2, 0),), "A2": ((1, 0),), "A3": ((3, 0),)}
    said = await AuditEntry.select(AuditEntry.before).where(AuditEntry.action == "booth.change").order_by(AuditEntry.id)
    assert [json.loads(row["before"])["cells"] for row in said] == [[[0, 0]], [[1, 0]], [[0, 0]], [[1, 0]], [[2, 0]]]


async def test_drawing_takes_no_cell_from_a_booth_that_stays_or_is_held(database: str) -> None:
    edition = await make_edition()
    hall_id = await make_hall(edition.id)
    one, _two, _three = [await make_booth(edition.id, hall_id, f"A{x + 1}", [(x, 0)]) for x in range(3)]

    async def draw(**cells: list[Square]) -> list[Drawn]:
        drawings = [Drawing(hall_id=hall_id, code=code, squares=squares) for code, squares in cells.items()]
        return await draw_booths(edition_id=edition.id, drawings=drawings, actor=SYSTEM, now=NOW)

    with pytest.raises(errors.CellOccupied, match="A3"):
        await draw(A1=[(1, 0)], A2=[(2, 0)])
    await hold_booth(booth_id=one, organisation_id=(await make_organisation()).id, actor=SYSTEM, now=NOW)
    with pytest.raises(errors.CellOccupied, match="A1"):
        await draw(A2=[(0, 0)], A1=[(1, 0)])
    assert [booth.squares for _hall, booth in await booths_of(edition.id)] == [((0, 0),), ((1, 0),), ((2, 0),)]
