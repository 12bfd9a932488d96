"""The sheet of halls and booths."""

from collections import Counter
from collections.abc import Sequence

from app.accounts.actor import SYSTEM, Actor
from app.events.tables import Hall
from app.kernel.i18n import N_
from app.kernel.names import search_text
from app.kernel.sheets import CellProblem, Column, LoadResult, SheetContext, SheetKind, SheetRow
from app.kernel.sheets.parsers import custom, integer, money, text
from booths.floorplan.enums import Drawn
from booths.floorplan.queries import drawn_booths
from booths.floorplan.schemas import DEAREST, TOO_DEAR, Drawing
from booths.floorplan.services import draw_booths
from booths.floorplan.squares import Square, parse_squares, show_square, show_squares, touch_one_another

_NOT_CELLS = N_("These are no cells. Write them like A1 A2 (column letter and row) or 3,4 4,4.")
_APART = N_("These cells do not touch one another.")
_TWICE = N_("Cell {cell} belongs to booth {booth} too.")
_HELD = N_(
    "{holder} holds this booth, so its cells cannot change. "
    "Leave them as they are ({cells}), or release the booth first."
)


def _key(row: SheetRow) -> tuple[str, str]:
    return search_text(row["hall"]), row["booth"].casefold()


async def _check(rows: Sequence[SheetRow], context: SheetContext) -> list[CellProblem]:
    """Foresee what drawing would refuse: a cell in two booths once all rows are in, a held booth with other cells."""
    problems = []
    assert context.edition_id is not None
    stored = {
        (search_text(booth.hall), booth.code.casefold()): booth for booth in await drawn_booths(context.edition_id)
    }
    coming = {_key(row) for row in rows}
    owner: dict[tuple[str, Square], tuple[str, str]] = {
        (key[0], square): (key[1], booth.code)
        for key, booth in stored.items()
        if key not in coming
        for square in booth.squares
    }
    for row in rows:
        key = _key(row)
        if not touch_one_another(row["cells"]):
            problems.append(row.problem("cells", "cells_apart", _APART))
        booth = stored.get(key)
        if booth is not None and booth.organisation and booth.squares != set(row["cells"]):
            cells = show_squares(booth.squares)
            problems.append(row.problem("cells", "booth_held", _HELD, holder=booth.organisation, cells=cells))
        if row["price_vnd"] and row["price_vnd"].amount_minor > DEAREST:
            problems.append(row.problem("price_vnd", "too_dear", TOO_DEAR))
        for square in row["cells"]:
            other, code = owner.setdefault((key[0], square), (key[1], row["booth"]))
            if other != key[1]:
                problems.append(row.problem("cells", "cell_twice", _TWICE, cell=show_square(square), booth=code))
                break
    return problems


async def _load(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    assert context.edition_id is not None
    halls = await Hall.select(Hall.id, Hall.name).where(Hall.edition == context.edition_id)
    ids = {search_text(hall["name"]): hall["id"] for hall in halls}
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
    drawings = [_drawing(row, ids[search_text(row["hall"])]) for row in rows]
    done = Counter(
        await draw_booths(
            edition_id=context.edition_id, drawings=drawings, currency=context.currency, actor=actor, now=context.now
        )
    )
    return LoadResult(created=done[Drawn.CREATED], updated=done[Drawn.CHANGED], unchanged=done[Drawn.SAME])


def _drawing(row: SheetRow, hall_id: int) -> Drawing:
    price = row["price_vnd"].amount_minor if row["price_vnd"] else 0
    return Drawing(
        hall_id=hall_id,
        code=row["booth"],
        squares=row["cells"],
        zone=(row["zone"] or "") if row.has("zone") else None,
        power_watts=(row["power_watts"] or 0) if row.has("power_watts") else None,
        price_minor=price if row.has("price_vnd") else None,
    )


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
    place="/floorplan",
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
    key=_key,
)
