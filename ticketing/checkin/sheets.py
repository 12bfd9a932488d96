"""Gates as a sheet."""

from collections.abc import Sequence

from app.accounts.actor import SYSTEM, Actor
from app.events.queries import halls
from app.kernel.i18n import N_
from app.kernel.names import search_text
from app.kernel.sheets import CellProblem, Column, LoadResult, SheetContext, SheetKind, SheetRow
from app.kernel.sheets.parsers import text
from ticketing.checkin.queries import gates_of, lists_of
from ticketing.checkin.services.gates import create_gate, create_list, update_gate

NO_SUCH_HALL = N_("There is no hall “{name}” in this edition.")

COLUMNS = (
    Column(
        "name",
        {"en": ("Gate", "Name"), "vi": ("Cổng", "Tên cổng"), "id": ("Gerbang", "Nama gerbang")},
        text(120),
        required=True,
    ),
    Column(
        "list",
        {
            "en": ("Check-in list", "List"),
            "vi": ("Danh sách", "Danh sách soát vé"),
            "id": ("Daftar check-in", "Daftar"),
        },
        text(120),
        required=True,
    ),
    Column("hall", {"en": ("Hall",), "vi": ("Hội trường", "Sảnh", "Nhà"), "id": ("Aula", "Hall")}, text(80)),
)


async def check_gates(rows: Sequence[SheetRow], context: SheetContext) -> list[CellProblem]:
    """Find halls that the edition does not have."""
    assert context.edition_id is not None
    known = {search_text(hall["name"]) for hall in await halls(context.edition_id)}
    return [
        row.problem("hall", "unknown_hall", NO_SUCH_HALL, name=row["hall"])
        for row in rows
        if row["hall"] and search_text(row["hall"]) not in known
    ]


async def load_gates(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    """Add gates, and the lists they scan for; a gate of the same name is changed."""
    assert context.edition_id is not None
    edition_id = context.edition_id
    actor = context.actor if isinstance(context.actor, Actor) else SYSTEM
    lists = {search_text(row["name"]): row["id"] for row in await lists_of(edition_id)}
    gates = {search_text(row["name"]): row for row in await gates_of(edition_id)}
    hall_ids = {search_text(hall["name"]): hall["id"] for hall in await halls(edition_id)}
    result = LoadResult()
    for row in rows:
        key = search_text(row["list"])
        if key not in lists:
            lists[key] = await create_list(
                edition_id=edition_id, name=row["list"], pass_kinds=[], actor=actor, now=context.now
            )
        found = gates.get(search_text(row["name"]))
        hall_id = hall_ids[search_text(row["hall"])] if row["hall"] else None
        if found is None:
            await create_gate(
                edition_id=edition_id,
                name=row["name"],
                list_id=lists[key],
                hall_id=hall_id,
                actor=actor,
                now=context.now,
            )
            result += LoadResult(created=1)
            continue
        hall_id = hall_id if row.has("hall") else found["hall_id"]
        if (found["list_id"], found["hall_id"]) == (lists[key], hall_id):
            result += LoadResult(unchanged=1)
            continue
        await update_gate(
            gate_id=found["id"],
            edition_id=edition_id,
            name=found["name"],
            list_id=lists[key],
            hall_id=hall_id,
            actor=actor,
            now=context.now,
        )
        result += LoadResult(updated=1)
    return result


GATES = SheetKind(
    name="gates", title=N_("Gates"), place="/gates", columns=COLUMNS, key=("name",), check=check_gates, load=load_gates
)
