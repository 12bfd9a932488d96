"""What ``fairground import`` does: one sheet, previewed and loaded as in the browser."""

import argparse
import json
from collections.abc import Callable

from app.accounts.actor import SYSTEM
from app.events.tables import Edition
from app.kernel.clock import now
from app.kernel.sheets.batches import accept, discard, preview
from app.kernel.sheets.checking import kind as sheet_kind
from app.kernel.sheets.kept import problems_of
from app.kernel.sheets.model import SheetContext
from app.kernel.tables import ImportBatch


async def load_sheet(options: argparse.Namespace, refusal: Callable[[str], BaseException]) -> bool:
    """Preview a sheet, say each problem, and load it when there is none; False when it cannot be loaded.

    Raises ``refusal`` where it is not clear for which edition it is, and AppError.
    """
    editions = await Edition.select().order_by(Edition.id, ascending=False)
    if options.edition is not None:
        editions = [edition for edition in editions if edition["slug"] == options.edition]
    if len(editions) != 1:
        names = ", ".join(edition["slug"] for edition in editions) or "none"
        raise refusal(f"name one edition with --edition (here: {names}).")
    edition = editions[0]
    desk = sheet_kind(options.kind).desk
    context = SheetContext(edition["id"], SYSTEM, now(), edition["timezone"], edition["currency"], desk)
    data, worksheet = options.file.read_bytes(), options.worksheet or ""
    batch = await preview(options.kind, data, options.file.name, context, worksheet=worksheet)
    for problem in problems_of(batch):
        where = f"row {problem['row']}, {problem['header'] or problem['column']}: {problem['value']!r}"
        where = "name it with --worksheet" if problem["code"] == "worksheet_open" else where
        print(f"{where}: {problem['message']}")
    print(f"{batch.row_count} rows read, {batch.problem_count} problems.")
    if batch.problem_count or options.check:
        await discard(batch.id, context)
        await ImportBatch.delete().where(ImportBatch.id == batch.id)  # nobody was shown it anywhere but here
        return batch.problem_count == 0
    result = json.loads((await accept(batch.id, context, lay=True)).result or "{}")
    print(f"{result['created']} added, {result['updated']} changed, {result['unchanged']} as they were.")
    return True
