"""Ticket types, attendees and gates from sheets: loaded, loaded again, refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import fetch, write_transaction
from app.kernel.sheets import CellError, LoadResult, SheetContext, SheetKind, examine, read_table
from booths.floorplan.services import save_hall
from tests.conftest import NOW
from tests.support.factories_ticketing import make_open_edition, make_ticket_type
from ticketing.checkin.sheets import GATES, read_clock
from ticketing.sales.queries import ticket_types_of
from ticketing.sales.sheets import ATTENDEES, TICKET_TYPES

pytestmark = pytest.mark.engines
SHEETS = Path(__file__).parents[2] / "app" / "demo" / "sheets"


@pytest.fixture
async def context(database: str) -> SheetContext:
    """For whom the sheets are loaded."""
    edition = await make_open_edition(now=NOW)
    return SheetContext(edition_id=edition.id, actor=SYSTEM, now=NOW)


async def load(kind: SheetKind, data: bytes, name: str, context: SheetContext) -> tuple[LoadResult, list[Any]]:
    """Read, check and load a sheet that has nothing wrong."""
    examined = await examine(kind, read_table(data, name, kind.columns), context)
    if examined.problems:
        return LoadResult(), [(problem.row, problem.code) for problem in examined.problems]
    async with write_transaction():
        return await kind.load(examined.rows, context), []


async def load_demo(kind: SheetKind, name: str, context: SheetContext) -> LoadResult:
    """Load one of the demo's sheets."""
    result, problems = await load(kind, (SHEETS / name).read_bytes(), name, context)
    assert problems == []
    return result


@pytest.mark.slow
async def test_the_demos_sheets_load_and_loading_them_again_changes_nothing(context: SheetContext) -> None:
    assert context.edition_id is not None
    for hall in ("Hội trường A", "Hội trường B"):
        await save_hall(edition_id=context.edition_id, name=hall, width=4, depth=4, actor=SYSTEM, now=NOW)
    first = [
        await load_demo(TICKET_TYPES, "ticket_types.csv", context),
        await load_demo(GATES, "gates.csv", context),
    ]
    first.append(await load_demo(ATTENDEES, "attendees.csv", context))
    again = [
        await load_demo(kind, name, context)
        for kind, name in ((TICKET_TYPES, "ticket_types.csv"), (GATES, "gates.csv"), (ATTENDEES, "attendees.csv"))
    ]
    assert first == [LoadResult(3), LoadResult(6), LoadResult(2000)]
    assert again == [LoadResult(unchanged=3), LoadResult(unchanged=6), LoadResult(unchanged=2000)]
    counts = await fetch(
        'SELECT (SELECT COUNT(*) FROM "pass") AS passes, (SELECT COUNT(*) FROM ticket_order) AS orders, '
        "(SELECT COUNT(*) FROM order_item WHERE event_pass IS NOT NULL) AS items, "
        "(SELECT SUM(sold) FROM ticket_type) AS sold, (SELECT SUM(held) FROM ticket_type) AS held, "
        "(SELECT COUNT(*) FROM outbox_message) AS messages"
    )
    assert counts == [{"passes": 2000, "orders": 2000, "items": 2000, "sold": 2000, "held": 0, "messages": 0}]


async def test_a_ticket_type_is_changed_where_the_sheet_says_so(context: SheetContext) -> None:
    assert context.edition_id is not None
    await load_demo(TICKET_TYPES, "ticket_types.csv", context)
    result, problems = await load(TICKET_TYPES, "Mã;Tên;Số lượng\nngay;Vé ngày;7000\n".encode(), "ve.csv", context)
    assert (result, problems) == (LoadResult(updated=1), [])
    (family,) = [row for row in await ticket_types_of(context.edition_id) if row["code"] == "GIADINH"]
    assert family["description"]["en"].startswith("At most two adults and three children")
    assert sorted(family["description"]) == ["en", "id", "vi"]
    rows = await fetch(
        "SELECT q.size, t.price_minor FROM ticket_type t JOIN quota_type j ON j.ticket_type = t.id "
        "JOIN quota q ON q.id = j.quota WHERE t.code = 'NGAY'"
    )
    assert rows == [{"size": 7000, "price_minor": 0}]


async def test_attendees_that_cannot_be_loaded(context: SheetContext) -> None:
    assert context.edition_id is not None
    await make_ticket_type(context.edition_id, now=NOW, code="A", quota=1)
    sheet = (
        "Full name,Phone,Email,Ticket type\n"
        "Lan,0912345678,,A\n"
        "Mai,0912345679,,A\n"
        "Hoa,,,A\n"
        "Cúc,0912345670,,B\n"
        "Lan lần nữa,+84912345678,,a\n"
    )
    _result, problems = await load(ATTENDEES, sheet.encode(), "attendees.csv", context)
    assert problems == [
        (3, "sold_out"),
        (4, "contact_missing"),
        (4, "sold_out"),
        (5, "unknown_ticket_type"),
        (6, "doubled_row"),
    ]


async def test_another_name_for_the_same_ticket_is_taken_over(context: SheetContext) -> None:
    assert context.edition_id is not None
    await make_ticket_type(context.edition_id, now=NOW, code="A")
    for name, expected in (("Lan", LoadResult(1)), ("Nguyễn Thị Lan", LoadResult(updated=1))):
        sheet = f"Full name,Phone,Ticket type\n{name},0912345678,A\n"
        assert await load(ATTENDEES, sheet.encode(), "a.csv", replace(context, now=NOW)) == (expected, [])
    assert await fetch("SELECT holder_name FROM order_item") == [{"holder_name": "Nguyễn Thị Lan"}]
    (issued,) = await fetch("SELECT holder_name, search_text, short_code FROM pass")
    assert issued["holder_name"] == "Nguyễn Thị Lan"
    assert issued["search_text"] == f"nguyen thi lan {issued['short_code'].lower()}"


async def test_a_ticket_type_goes_by_its_code_or_by_its_name(context: SheetContext) -> None:
    assert context.edition_id is not None
    names = ({"vi": "Vé tham quan", "en": "Visitor"}, {"vi": "Vé nhóm", "en": "Group"}, {"vi": "Vé nhóm", "en": "Gang"})
    for code, name in zip("ABC", names, strict=True):
        await make_ticket_type(context.edition_id, now=NOW, code=code, name=name)
    sheet = "Full name,Phone,Ticket type\n"
    sheet += "".join(f"Lan,091234567{n},{word}\n" for n, word in enumerate(("a", "vé  THAM quan", "Visitor", "Gang")))
    assert await load(ATTENDEES, sheet.encode(), "a.csv", context) == (LoadResult(4), [])
    rows = await fetch("SELECT code, sold FROM ticket_type ORDER BY code")
    assert [(row["code"], row["sold"]) for row in rows] == [("A", 3), ("B", 0), ("C", 1)]
    doubtful = "Full name,Phone,Ticket type\nLan,0912345699,Vé nhóm\n"  # two are called so
    _result, problems = await load(ATTENDEES, doubtful.encode(), "a.csv", context)
    assert problems == [(2, "unknown_ticket_type")]


async def test_a_gate_in_an_unknown_hall_is_refused(context: SheetContext) -> None:
    sheet = "Gate,List,Hall\nA,Entry,Hall 9\n"
    _result, problems = await load(GATES, sheet.encode(), "gates.csv", context)
    assert problems == [(2, "unknown_hall")]


async def test_a_list_has_the_times_that_the_sheet_of_its_gates_says(context: SheetContext) -> None:
    async def stored() -> list[tuple[Any, ...]]:
        rows = await fetch("SELECT name, day, opens_daily, closes_daily, area FROM check_in_list ORDER BY id")
        return [(row["name"], row["day"] and str(row["day"]), *list(row.values())[2:]) for row in rows]

    head = "Gate;List;Day of the list;Every day from;Every day until\n"
    first = f"{head}A;Entry;;;\nB;Dinner;17/10/2026;18h;\nC;dinner;;18:00;1h30\n"
    assert await load(GATES, first.encode(), "gates.csv", context) == (LoadResult(3), [])
    dinner = ("Dinner", "2026-10-17", "18:00", "01:30", "")
    assert await stored() == [("Entry", None, None, None, ""), dinner]
    assert (await load(GATES, first.encode(), "gates.csv", context))[0] == LoadResult(unchanged=3)
    await fetch("UPDATE check_in_list SET area = 'VIP' WHERE name = 'Dinner' RETURNING id")
    later = "Gate;List;Every day until\nA;Entry;\nB;Dinner;02:00\n"
    assert (await load(GATES, later.encode(), "gates.csv", context))[0] == LoadResult(updated=1, unchanged=1)
    assert (await stored())[1] == ("Dinner", "2026-10-17", "18:00", "02:00", "VIP")
    wrong = f"{head}B;Dinner;19/10/2026;;\nC;Dinner;;18:00;\nD;Dinner;;19:00;\nE;Dinner;;;25:00\n"
    _result, problems = await load(GATES, wrong.encode(), "gates.csv", context)
    assert sorted(problems) == [(2, "list_day_outside"), (4, "list_differs"), (5, "not_a_clock")]


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        *(
            (time(18, 30), "18:30"),
            (NOW.replace(tzinfo=None), "01:30"),
            (0.75, "18:00"),
            (0.0, "00:00"),
            (8, "08:00"),
        ),
        *(("8:05", "08:05"), ("18H30", "18:30"), ("18 ", "18:00"), ("07.30", "07:30"), ("18:30:00", "18:30")),
    ],
)
def test_a_time_of_day_is_read_as_people_and_spreadsheets_write_it(cell: Any, read: str) -> None:
    assert read_clock(cell, SheetContext(edition_id=1, actor=SYSTEM, now=NOW)) == read


@pytest.mark.parametrize("cell", ["24:00", "8:60", "noon", -1, 24, 1.5, "1:2:3"])
def test_what_is_no_time_of_day_is_refused(cell: Any) -> None:
    with pytest.raises(CellError):
        read_clock(cell, SheetContext(edition_id=1, actor=SYSTEM, now=NOW))


async def test_sales_that_end_before_they_begin_are_refused_at_their_cell(context: SheetContext) -> None:
    async def problems_of(sheet: str) -> list[tuple[str, str]]:
        examined = await examine(TICKET_TYPES, read_table(sheet.encode(), "types.csv", TICKET_TYPES.columns), context)
        return [(problem.header, problem.code) for problem in examined.problems]

    both = "Mã;Tên;Số lượng;Mở bán;Ngừng bán\nDAY;Vé ngày;5;"
    assert await problems_of(f"{both}17/10/2026 09:00;17/10/2026 08:00\n") == [("Ngừng bán", "sales_reversed")]
    assert await load(TICKET_TYPES, f"{both}15/10/2026 09:00;16/10/2026 08:00\n".encode(), "t.csv", context) == (
        LoadResult(1),
        [],
    )
    later = "Mã;Tên;Số lượng;Mở bán\nDAY;Vé ngày;5;17/10/2026 09:00\n"
    assert await problems_of(later) == [("Mở bán", "sales_reversed")]


def test_no_header_of_a_template_names_a_language_by_its_code() -> None:
    headers = [column.label(locale) for column in TICKET_TYPES.columns for locale in ("en", "vi", "id")]
    assert [header for header in headers if header.endswith(("(en)", "(vi)", "(id)"))] == []
