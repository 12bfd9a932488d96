"""What is kept of an uploaded sheet, as its pages and the API show it."""

import json
from typing import Any

from app.kernel.database import contains
from app.kernel.sheets.checking import kind, kinds_at
from app.kernel.sheets.model import said
from app.kernel.tables import ImportBatch


async def list_batches(
    edition_id: int,
    *,
    search: str = "",
    kind_name: str = "",
    state: str = "",
    offset: int = 0,
    limit: int,
    desk: str = "",
) -> tuple[list[dict[str, Any]], int]:
    """Sheets uploaded for an edition at a desk, the newest first, and how many there are.

    ``search`` looks in file names.
    """
    here = [one.name for one in kinds_at(desk)]
    condition: Any = (ImportBatch.edition_id == edition_id) & ImportBatch.kind.is_in(here)
    if search:
        condition = condition & contains(search, "filename")
    if kind_name:
        condition = condition & (ImportBatch.kind == kind_name)
    if state:
        condition = condition & (ImportBatch.state == state)
    total = await ImportBatch.count().where(condition)
    rows = (
        await ImportBatch.select(
            ImportBatch.id,
            ImportBatch.kind,
            ImportBatch.filename,
            ImportBatch.state,
            ImportBatch.row_count,
            ImportBatch.problem_count,
            ImportBatch.created_at,
        )
        .where(condition)
        .order_by(ImportBatch.id, ascending=False)
        .limit(limit)
        .offset(offset)
    )
    return rows, total


def mapping_of(batch: ImportBatch) -> dict[str, str]:
    """Header → name of column, as this batch is read."""
    found: dict[str, str] = json.loads(batch.mapping)
    return found


def problems_of(batch: ImportBatch) -> list[dict[str, str | int]]:
    """The stored problems, at most 500: row, column, header, value, code, and message in the reader's language."""
    labels = {column.name: column.label() for column in kind(batch.kind).columns}
    found = []
    for one in json.loads(batch.problems):
        name, params = one.pop("name", ""), one.pop("params", {})
        if one["code"] == "column_missing":
            one["header"] = labels.get(name, one["header"])
        found.append({**one, "message": said(one["message"], params)})
    return found


def sample_of(batch: ImportBatch) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Headers and the first rows (number, cells as text) for the preview; nothing while it is being read."""
    found = json.loads(batch.sample)
    return found.get("headers", []), [(row["number"], row["cells"]) for row in found.get("rows", [])]


def worksheets_of(batch: ImportBatch) -> tuple[str, list[str]]:
    """The worksheet that was read, empty while that is to be chosen, and those of the file that were not."""
    found = json.loads(batch.sample)
    return found.get("sheet", ""), found.get("left_out", [])


def expected_of(batch: ImportBatch) -> dict[str, int]:
    """What would have come of it when it was checked, as :func:`result_of`; empty where its kind does not foretell."""
    found: dict[str, int] | None = json.loads(batch.sample).get("expected")
    return found or {}


def result_of(batch: ImportBatch) -> dict[str, int]:
    """How many records were created, updated and unchanged; empty before loading."""
    found: dict[str, int] = json.loads(batch.result) if batch.result else {}
    return found
