"""The import recognises every header of the demo's sheets and takes every cell, but five of the sheet with mistakes."""

from datetime import UTC, datetime

import pytest

from app.demo.loader import ORDER, SHEETS
from app.kernel.sheets import SheetContext, SheetKind, read_table
from app.kernel.sheets.checking import Examined, parse_rows
from app.main import MODULES

KINDS = {kind.name: kind for module in MODULES for kind in module.sheet_kinds}
CONTEXT = SheetContext(edition_id=1, actor=None, now=datetime(2026, 10, 16, 1, 30, tzinfo=UTC))
FILES = [("organisations", "organisations.csv"), *ORDER, ("applications", "applications_late.xlsx")]


def parsed(kind: SheetKind, filename: str) -> tuple[tuple[str, ...], Examined]:
    """Headers of a sheet, and what the import reads in it."""
    table = read_table(SHEETS.joinpath(filename).read_bytes(), filename, kind.columns)
    return table.headers, parse_rows(kind, table, CONTEXT)


@pytest.mark.parametrize(("kind", "filename"), FILES)
def test_every_column_and_cell_is_taken(kind: str, filename: str) -> None:
    headers, examined = parsed(KINDS[kind], filename)
    assert set(headers) == set(examined.mapping)
    assert examined.problems == ()


def test_the_sheet_with_mistakes_has_five_of_a_kind_each() -> None:
    _headers, examined = parsed(KINDS["applications"], "applications_with_errors.xlsx")
    assert [(problem.row, problem.column, problem.code) for problem in examined.problems] == [
        (3, "C", "not_a_phone"),
        (5, "F", "not_a_number"),
        (7, "A", "required"),
        (10, "H", "formula"),
        (12, "E", "not_a_choice"),
    ]
