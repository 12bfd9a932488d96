"""The sheet of halls and booths."""

from collections import Counter
from collections.abc import Sequence

from app.accounts.actor import SYSTEM, Actor
from app.events.tables import Hall
from app.kernel.i18n import N_, _
from app.kernel.names import search_text
from app.kernel.sheets import CellProblem, Column, LoadResult, SheetContext, SheetKind, SheetRow
from app.kernel.sheets.parsers import custom, integer, money, text
from booths.floorplan.enums import Drawn
from booths.floorplan.services import draw_booth
from booths.floorplan.squares import Square, parse_squares, show_square, touch_one_another
from booths.floorplan.tables import Cell

_NOT_CELLS = N_("These are no cells. Write them like A1 A2 (column letter and row) or 3,4 4,4.")
_APART = N_("These cells do not touch one another.")
_TWICE = N_("Cell {cell} belongs to booth {booth} too.")


async def _check(rows: Sequence[SheetRow], context: SheetContext) -> list[CellProblem]:
    problems = []
    owner: dict[tuple[str, Square], str] = {}
    coming = {(search_text(row["hall"]), row["booth"]) for row in rows}
    stored = await Cell.select(Cell.x, Cell.y, Cell.booth.code.as_alias("code"), Cell.hall.name.as_alias("hall")).where(
        (Cell.hall.edition == context.edition_id) & Cell.booth.is_not_null()
    )
    for cell in stored:
        hall = search_text(cell["hall"])
        if (hall, cell["code"]) not in coming:
            owner[(hall, (cell["x"], cell["y"]))] = cell["code"]
    for row in rows:
        hall = search_text(row["hall"])
        if not touch_one_another(row["cells"]):
            problems.append(row.problem("cells", "cells_apart", _(_APART)))
        for square in row["cells"]:
            other = owner.setdefault((hall, square), row["booth"])
            if other != row["booth"]:
                message = _(_TWICE).format(cell=show_square(square), booth=other)
                problems.append(row.problem("cells", "cell_twice", message))
                break
    return problems


async def _load(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    assert context.edition_id is not None
    halls = await Hall.select(Hall.id, Hall.name).where(Hall.edition == context.edition_id)
    ids = {search_text(hall["name"]): hall["id"] for hall in halls}
    done: Counter[Drawn] = Counter()
    actor = context.actor if isinstance(context.actor, Actor) else SYSTEM
    for row in rows:
        key = search_text(row["hall"])
        if key not in ids:
            same = [other["cells"] for other in rows if search_text(other["hall"]) == key]
            hall = Hall(
                edition=context.edition_id,
                name=row["hall"],
                width_cells=max(x for squares in same for x, _y in squares) + 1,
                depth_cells=max(y for squares in same for _x, y in squares) + 1,
                position=len(ids),
            )
            await hall.save()
            ids[key] = hall.id
        _booth, drawn = await draw_booth(
            edition_id=context.edition_id,
            hall_id=ids[key],
            code=row["booth"],
            squares=row["cells"],
            zone=row["zone"] or "",
            power_watts=row["power_watts"] or 0,
            price_minor=row["price_vnd"].amount_minor if row["price_vnd"] else 0,
            currency=context.currency,
            actor=actor,
            now=context.now,
        )
        done[drawn] += 1
    return LoadResult(created=done[Drawn.CREATED], updated=done[Drawn.CHANGED], unchanged=done[Drawn.SAME])


_HALL = {"en": ["Hall"], "vi": ["Hội trường", "nhà", "sảnh", "khu nhà"], "id": ["Aula", "balai"]}
_BOOTH = {
    "en": ["Booth", "booth code"],
    "vi": ["Gian hàng", "mã gian hàng", "gian"],
    "id": ["Stan", "kode stan"],
}
_CELLS = {"en": ["Cells"], "vi": ["Ô", "các ô", "ô sàn"], "id": ["Petak", "sel"]}
_ZONE = {"en": ["Zone"], "vi": ["Khu vực", "khu", "phân khu"], "id": ["Zona"]}
_POWER = {
    "en": ["Power (W)", "power"],
    "vi": ["Công suất điện (W)", "công suất điện", "điện"],
    "id": ["Daya (W)", "daya", "listrik"],
}
_PRICE = {
    "en": ["Price", "price (VND)", "rent"],
    "vi": ["Giá thuê", "giá", "đơn giá"],
    "id": ["Harga sewa", "harga", "sewa"],
}

HALLS = SheetKind(
    name="halls",
    title=N_("Halls and booths"),
    columns=(
        Column("hall", _HALL, text(80), required=True),
        Column("booth", _BOOTH, text(12), required=True),
        Column("cells", _CELLS, custom(parse_squares, "not_cells", _NOT_CELLS), required=True),
        Column("zone", _ZONE, text(80)),
        Column("power_watts", _POWER, integer(0, 100_000)),
        Column("price_vnd", _PRICE, money()),
    ),
    load=_load,
    check=_check,
    key=("hall", "booth"),
)
