"""The sheet of halls and booths."""

import re

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.sheets import SheetContext, write_csv
from app.kernel.sheets.batches import accept, preview, problems_of
from app.main import register_modules
from booths.floorplan.queries import booths_of, plans_of
from booths.floorplan.squares import parse_squares, show_square
from tests.conftest import NOW
from tests.events.factories import make_edition

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


def test_cells_are_written_in_two_ways() -> None:
    assert parse_squares("A1 b2;AA10") == [(0, 0), (1, 1), (26, 9)]
    assert parse_squares("3,4 4,4") == [(3, 4), (4, 4)]
    assert [show_square(square) for square in ((0, 0), (25, 1), (26, 9), (701, 0))] == ["A1", "Z2", "AA10", "ZZ1"]
    for wrong in ("", "A0", "A1 A1", "1", "A1,A2", "A1-A3"):
        with pytest.raises(ValueError, match=f"^{re.escape(wrong)}$"):
            parse_squares(wrong)
