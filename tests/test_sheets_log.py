"""Every kind of sheet in the log: a cell that a second load changes is told with before and after, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from app.accounts.actor import Actor
from app.accounts.queries import actor_of_person
from app.kernel.audit import list_entries
from app.kernel.audit_words import readable
from app.kernel.i18n import use_locale
from app.kernel.sheets import SheetContext
from app.kernel.sheets.batches import accept, preview
from app.kernel.sheets.kept import problems_of, result_of
from app.kernel.tables import ImportBatch
from app.main import MODULES, register_modules
from booths.floorplan.services import save_hall
from tests.conftest import NOW
from tests.kernel.sheet_samples import write_csv
from tests.support.factories import make_organisation, make_owner
from tests.support.factories_ticketing import make_open_edition, make_ticket_type
from tests.support.queries import counted_queries

pytestmark = pytest.mark.engines

#: But for kinds that have their own desk: a statement adds transfers and changes none.
KINDS = sorted(kind.name for module in MODULES for kind in module.sheet_kinds if not kind.desk)
WHERE = "Hội trường A"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A sheet of two rows, the cell of its first row that changes, and what the log says of that."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    column: str
    value: str
    action: str
    subject: str
    name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


CASES = {
    "applications": Case(
        headers=("Organisation", "Phone", "Cells wanted", "Category"),
        rows=(("Lụa Vạn Phúc", "0912345678", "1", "Lụa"), ("Gốm Chi", "0987654321", "2", "Gốm")),
        column="Cells wanted",
        value="3",
        action="application.change",
        subject="application",
        name="Lụa Vạn Phúc",
        before={"cells_wanted": 1},
        after={"cells_wanted": 3},
    ),
    "attendees": Case(
        headers=("Full name", "Phone", "Ticket type"),
        rows=(("Lan", "0912345678", "NGAY"), ("Mai", "0912345679", "NGAY")),
        column="Full name",
        value="Nguyễn Thị Lan",
        action="order.rename",
        subject="ticket_order",
        name="",
        before={"holder_name": "Lan"},
        after={"holder_name": "Nguyễn Thị Lan"},
    ),
    "experts": Case(
        headers=("Full name", "Phone", "Organisation", "Expertise"),
        rows=(("Vũ Thị Ánh", "0912345678", "Viện Dệt", "Chàm"), ("Lê Văn Bình", "0987654321", "", "Thuế")),
        column="Expertise",
        value="Nhuộm chàm",
        action="person.update",
        subject="person",
        name="Vũ Thị Ánh",
        before={"expertise": "Chàm, Viện Dệt"},
        after={"expertise": "Nhuộm chàm, Viện Dệt"},
    ),
    "gates": Case(
        headers=("Gate", "Check-in list", "Hall"),
        rows=(("Cổng 1", "Vào cửa", ""), ("Cổng 2", "Vào cửa", "")),
        column="Hall",
        value=WHERE,
        action="gate.update",
        subject="gate",
        name="Cổng 1",
        before={"hall": None},
        after={"hall": 1},
    ),
    "halls": Case(
        headers=("Hall", "Booth", "Cells", "Zone", "Price"),
        rows=((WHERE, "A1", "A1 A2", "Lụa", "5.400.000"), (WHERE, "A2", "B1", "Lụa", "5.400.000")),
        column="Price",
        value="6.000.000",
        action="booth.change",
        subject="booth",
        name="A1",
        before={"price_minor": 5_400_000},
        after={"price_minor": 6_000_000},
    ),
    "ideas": Case(
        headers=("Title", "Summary", "Team", "Team leader", "Phone", "Members"),
        rows=(
            ("Giấy sắn", "Cũ", "Nhóm Sắn", "Lê Na", "0912345678", "3"),
            ("Tơ sen", "Tơ", "Sen", "Hoa", "0987654321", ""),
        ),
        column="Members",
        value="4",
        action="entry.update",
        subject="entry",
        name="Giấy sắn",
        before={"member_count": 3},
        after={"member_count": 4},
    ),
    "judges": Case(
        headers=("Full name", "Phone", "Organisation", "Expertise"),
        rows=(("Phạm Thị U", "0912345678", "Viện", "Gốm"), ("Đỗ Mai", "0987654321", "", "")),
        column="Expertise",
        value="Lụa",
        action="panel.update",
        subject="person",
        name="Phạm Thị U",
        before={"expertise": "Gốm"},
        after={"expertise": "Lụa"},
    ),
    "organisations": Case(
        headers=("Name", "Kind", "Ward", "Phone", "Members"),
        rows=(("HTX Sen", "Cooperative", "Hà Đông", "0912345678", "12"), ("Gốm Chi", "", "", "", "")),
        column="Members",
        value="15",
        action="organisation.update",
        subject="organisation",
        name="HTX Sen",
        before={"member_count": 12},
        after={"member_count": 15},
    ),
    "products": Case(
        headers=("Exhibitor", "Name", "Price", "Unit", "Certificates"),
        rows=(("Lụa Vân", "Khăn", "250.000", "chiếc", "OCOP 4 sao 2024"), ("Lụa Vân", "Áo", "900.000", "", "")),
        column="Certificates",
        value="OCOP 4 sao 2024; VietGAP",
        action="product.change",
        subject="product",
        name="Khăn",
        before={"certificates": "OCOP 4 sao 2024"},
        after={"certificates": "OCOP 4 sao 2024; VietGAP"},
    ),
    "programme": Case(
        headers=("Track", "Title", "Starts at", "Ends at", "Place"),
        rows=(
            ("Sân khấu", "Khai mạc", "16/10/2026 09:00", "16/10/2026 10:00", "Sảnh"),
            ("Sân khấu", "Bế mạc", "16/10/2026 15:00", "16/10/2026 16:00", "Sảnh"),
        ),
        column="Place",
        value="Sân khấu lớn",
        action="session.update",
        subject="session",
        name="Khai mạc",
        before={"place": "Sảnh"},
        after={"place": "Sân khấu lớn"},
    ),
    "ticket_types": Case(
        headers=("Code", "Name", "Price", "Quota"),
        rows=(("VIP", "Vé quý", "100.000", "50"), ("TRE", "Vé trẻ", "0", "10")),
        column="Quota",
        value="80",
        action="ticket_type.update",
        subject="ticket_type",
        name="Vé quý",
        before={"quota": 50},
        after={"quota": 80},
    ),
}


@pytest.fixture
async def context(database: str) -> SheetContext:
    """An open edition with a hall, a ticket type and an exhibitor, and who loads sheets into it."""
    register_modules()
    edition = await make_open_edition(now=NOW)
    actor = await actor_of_person((await make_owner(now=NOW, name="Nguyễn Thị Hoa")).id)
    await save_hall(edition_id=edition.id, name=WHERE, width=4, depth=4, actor=actor, now=NOW)
    await make_ticket_type(edition.id, now=NOW, code="NGAY")
    await make_organisation(name="Lụa Vân", now=NOW)
    return SheetContext(edition_id=edition.id, actor=actor, now=NOW)


async def load(kind: str, headers: Sequence[str], rows: Sequence[Sequence[str]], context: SheetContext) -> ImportBatch:
    batch = await preview(kind, write_csv(headers, rows), "sheet.csv", context)
    assert problems_of(batch) == []
    return await accept(batch.id, context)


async def entries_after(number: int) -> list[dict[str, Any]]:
    """The log's entries from one on, the oldest first."""
    found, _total = await list_entries(per_page=1000)
    return [entry for entry in reversed(found) if entry["id"] > number]


async def last_entry() -> int:
    (newest,), _total = await list_entries(per_page=1)
    return int(newest["id"])


def test_every_kind_of_sheet_is_among_the_cases() -> None:
    assert sorted(CASES) == KINDS


@pytest.mark.parametrize("kind", KINDS)
async def test_a_changed_cell_is_told_once_with_before_and_after(context: SheetContext, kind: str) -> None:
    case = CASES[kind]
    first = await load(kind, case.headers, case.rows, context)
    assert result_of(first) == {"created": 2, "updated": 0, "unchanged": 0}
    known = await last_entry()
    changed = [list(row) for row in case.rows]
    changed[0][list(case.headers).index(case.column)] = case.value
    with counted_queries() as sent:
        second = await load(kind, case.headers, changed, context)
    assert sum("INTO audit_entry" in statement.replace('"', "") for statement in sent) == 1
    assert result_of(second) == {"created": 0, "updated": 1, "unchanged": 1}
    entries = await entries_after(known)
    told, batch = entries
    assert isinstance(context.actor, Actor)
    assert {(entry["actor_person_id"], entry["edition_id"], entry["at"]) for entry in entries} == {
        (context.actor.person_id, context.edition_id, NOW)
    }
    assert (told["action"], told["subject_type"], told["before"], told["after"]) == (
        case.action,
        case.subject,
        case.before,
        case.after,
    )
    assert (batch["action"], batch["subject_id"]) == ("sheet.load", str(second.id))
    assert {key: batch["after"][key] for key in ("created", "updated", "unchanged")} == result_of(second)
    with use_locale("en"):
        (line,) = await readable([told], timezone="Asia/Ho_Chi_Minh", currency="VND")
    if case.name:
        assert line.name == case.name
    assert len(line.changes) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_loading_the_same_again_tells_of_no_record(context: SheetContext, kind: str) -> None:
    case = CASES[kind]
    await load(kind, case.headers, case.rows, context)
    known = await last_entry()
    again = await load(kind, case.headers, case.rows, context)
    assert result_of(again) == {"created": 0, "updated": 0, "unchanged": 2}
    assert [entry["action"] for entry in await entries_after(known)] == ["sheet.load"]
