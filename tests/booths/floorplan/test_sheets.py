"""The sheet of halls and booths."""

import re

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.sheets import SheetContext
from app.kernel.sheets.batches import accept, preview
from app.kernel.sheets.kept import problems_of
from app.main import register_modules
from booths.floorplan.queries import booths_of, plans_of
from booths.floorplan.services import hold_booth
from booths.floorplan.squares import parse_squares, show_square
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.kernel.sheet_samples import write_csv
from tests.support.factories import make_organisation

HEADERS = ["Hội trường", "Gian hàng", "Các ô", "Khu vực", "Công suất điện", "Giá thuê"]
GOOD = [
    ["Sảnh A", "A1", "A1 A2", "Lụa", "1500", "5.400.000"],
    ["Sảnh A", "A2", "B1", "Lụa", "", ""],
    ["Sảnh B", "B1", "0,0 1,0", "Gốm", "500", "4800000"],
]


@pytest.fixture(autouse=True)
def kinds_of_sheets() -> None:
    """The kinds that the application registers."""
    register_modules()


async def context() -> SheetContext:
    """An edition to load into."""
    return SheetContext(edition_id=(await make_edition()).id, actor=SYSTEM, now=NOW)


async def test_halls_are_loaded_and_loading_again_changes_nothing(database: str) -> None:
    where = await context()
    assert where.edition_id is not None
    first = await accept((await preview("halls", write_csv(HEADERS, GOOD), "a.csv", where)).id, where)
    assert '"created": 3' in str(first.result)
    changed = [*GOOD[:1], ["Sảnh A", "A2", "B1 B2", "Lụa", "", ""], *GOOD[2:]]
    again = await accept((await preview("halls", write_csv(HEADERS, GOOD), "a.csv", where)).id, where)
    assert '"unchanged": 3' in str(again.result)
    third = await accept((await preview("halls", write_csv(HEADERS, changed), "a.csv", where)).id, where)
    assert '"updated": 1' in str(third.result)
    assert [plan.name for plan in await plans_of(where.edition_id)] == ["Sảnh A", "Sảnh B"]
    found = {booth.code: booth for _hall, booth in await booths_of(where.edition_id)}
    assert found["A1"].squares == ((0, 0), (0, 1))
    assert (found["A1"].price_minor, found["A1"].power_watts, found["A2"].cell_count) == (5_400_000, 1500, 2)
    assert found["B1"].squares == ((0, 0), (1, 0))


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["Sảnh A", "A9", "here", "", "", ""], "not_cells"),
        (["Sảnh A", "A9", "A5 C7", "", "", ""], "cells_apart"),
        (["Sảnh A", "A9", "A2 A3", "", "", ""], "cell_twice"),
        (["Sảnh A", "", "A9", "", "", ""], "required"),
        (["Sảnh A", "A1", "C9", "", "", ""], "doubled_row"),
    ],
)
async def test_a_cell_that_does_not_fit_is_named(database: str, row: list[str], code: str) -> None:
    where = await context()
    batch = await preview("halls", write_csv(HEADERS, [*GOOD, row]), "a.csv", where)
    (problem,) = problems_of(batch)
    assert (problem["row"], problem["code"]) == (5, code)


async def test_a_row_of_booths_shifted_by_one_is_foreseen_and_loaded(database: str) -> None:
    where = await context()
    assert where.edition_id is not None
    rows = [["Sảnh A", f"A{n}", f"A{n}", "Lụa", "500", "1000"] for n in range(1, 5)]
    await accept((await preview("halls", write_csv(HEADERS, rows), "a.csv", where)).id, where)
    shifted = [["sanh a", f"a{n}", f"A{n + 1}"] for n in range(1, 5)]
    batch = await preview("halls", write_csv(HEADERS[:3], shifted), "b.csv", where)
    assert problems_of(batch) == []
    assert '"updated": 4' in str((await accept(batch.id, where)).result)
    booths = [booth for _hall, booth in await booths_of(where.edition_id)]
    assert [(booth.code, booth.squares) for booth in booths] == [(f"A{n}", ((0, n),)) for n in range(1, 5)]
    assert {(booth.zone, booth.power_watts, booth.price_minor) for booth in booths} == {("Lụa", 500, 1000)}


async def test_what_loading_would_refuse_is_said_in_the_preview(database: str) -> None:
    where = await context()
    assert where.edition_id is not None
    await accept((await preview("halls", write_csv(HEADERS, GOOD), "a.csv", where)).id, where)
    held = next(booth.id for _hall, booth in await booths_of(where.edition_id) if booth.code == "A1")
    organisation = await make_organisation(name="Hợp tác xã Sen Việt")
    await hold_booth(booth_id=held, organisation_id=organisation.id, actor=SYSTEM, now=NOW)
    swapped = [["Sảnh A", "A1", "B1", "", "", ""], ["Sảnh A", "A2", "A1 A2", "", "", "3000000000"]]
    batch = await preview("halls", write_csv(HEADERS, swapped), "b.csv", where)
    assert [(said["row"], said["code"]) for said in problems_of(batch)] == [(2, "booth_held"), (3, "too_dear")]
    assert "Hợp tác xã Sen Việt" in str(problems_of(batch)[0]["message"])
    onto_one_that_stays = [["Sảnh A", "A2", "A2 B2", "", "", ""]]
    batch = await preview("halls", write_csv(HEADERS, onto_one_that_stays), "c.csv", where)
    assert [said["code"] for said in problems_of(batch)] == ["cell_twice"]
    same_cells = [["Sảnh A", "A1", "A2 A1", "Gốm", "", ""]]
    batch = await accept((await preview("halls", write_csv(HEADERS, same_cells), "d.csv", where)).id, where)
    assert '"updated": 1' in str(batch.result)


def test_cells_are_written_in_two_ways() -> None:
    assert parse_squares("A1 b2;AA10") == [(0, 0), (1, 1), (26, 9)]
    assert parse_squares("3,4 4,4") == [(3, 4), (4, 4)]
    assert [show_square(square) for square in ((0, 0), (25, 1), (26, 9), (701, 0))] == ["A1", "Z2", "AA10", "ZZ1"]
    for wrong in ("", "A0", "A1 A1", "1", "A1,A2", "A1-A3"):
        with pytest.raises(ValueError, match=f"^{re.escape(wrong)}$"):
            parse_squares(wrong)
