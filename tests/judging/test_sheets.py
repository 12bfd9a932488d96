"""Sheets of ideas and judges, loaded from the demo's own files."""

from pathlib import Path

import pytest

from app.judging.enums import PanelRole
from app.judging.queries.contests import contest_of_edition
from app.judging.queries.entries import list_entries, members_of
from app.judging.queries.panels import panel_of
from app.judging.sheets import IDEAS, JUDGES
from app.kernel.database import write_transaction
from app.kernel.errors import NotFound
from app.kernel.sheets import SheetContext, SheetKind, examine, read_table
from tests.conftest import NOW
from tests.judging.scene import scene

pytestmark = pytest.mark.usefixtures("database")
SHEETS = Path(__file__).parents[2] / "app" / "demo" / "sheets"


async def load(kind: SheetKind, data: bytes, name: str, edition_id: int | None) -> tuple[int, int, int]:
    context = SheetContext(edition_id, None, NOW)
    examined = await examine(kind, read_table(data, name), context)
    assert examined.problems == ()
    async with write_transaction():
        result = await kind.load(examined.rows, context)
    return result.created, result.updated, result.unchanged


async def test_the_demo_ideas_load_once_and_are_updated_after() -> None:
    found = await scene(NOW, entries=0, judges=0, opened=False)
    data = (SHEETS / "ideas.xlsx").read_bytes()
    assert await load(IDEAS, data, "ideas.xlsx", found.edition_id) == (60, 0, 0)
    assert await load(IDEAS, data, "ideas.xlsx", found.edition_id) == (0, 0, 60)
    lines, total = await list_entries(found.contest_id, page=None)
    assert total == len(lines) == 60
    assert {line.state for line in lines} == {"submitted"}
    assert [member.role for member in await members_of(lines[0].id)] == ["leader"]
    from app.judging.tables import Entry

    assert await Entry.count().where(Entry.short_code == "") == 0
    changed = "Title;Summary;Team;Team leader;Phone\nMột ý;Cũ;Nhóm;Lê Thị Na;0912345678\n"
    assert await load(IDEAS, changed.encode(), "i.csv", found.edition_id) == (1, 0, 0)
    assert await load(IDEAS, changed.replace("Cũ", "Mới").encode(), "i.csv", found.edition_id) == (0, 1, 0)


async def test_the_demo_judges_load_and_make_the_contest_when_there_is_none() -> None:
    found = await scene(NOW, entries=0, judges=0, opened=False)
    data = (SHEETS / "judges.csv").read_bytes()
    assert await load(JUDGES, data, "judges.csv", found.edition_id) == (14, 0, 0)
    assert await load(JUDGES, data, "judges.csv", found.edition_id) == (0, 0, 14)
    assert sum(member.role == PanelRole.CHAIR for member in await panel_of(found.contest_id)) == 2
    first = read_table(data, "judges.csv").rows[0].values
    line = f"Full name,Phone,Expertise\n{first[0]},{first[1]},Thương mại\n"
    assert await load(JUDGES, line.encode(), "j.csv", found.edition_id) == (0, 1, 0)
    (changed,) = [member for member in await panel_of(found.contest_id) if member.expertise == "Thương mại"]
    assert (changed.full_name, changed.organisation, changed.role) == (first[0], first[3], PanelRole.CHAIR)


async def test_a_contest_is_set_up_for_an_edition_that_has_none() -> None:
    found = await scene(NOW, entries=0, judges=0, opened=False)
    from app.events.tables import Edition

    other = Edition(slug="khac", starts_on=NOW.date(), ends_on=NOW.date(), created_at=NOW)
    await other.save()
    line = "Full name,Phone\nPhạm Hồng Hạnh,+84 94 072 6289\n"
    assert await load(JUDGES, line.encode(), "j.csv", other.id) == (1, 0, 0)
    assert await contest_of_edition(other.id) is not None
    assert await panel_of(found.contest_id) == []
    with pytest.raises(NotFound):
        await load(JUDGES, line.encode(), "j.csv", None)


async def test_a_row_needs_a_contact() -> None:
    table = read_table(b"Full name,Phone\nNguyen Van A,\n", "j.csv")
    examined = await examine(JUDGES, table, SheetContext(1, None, NOW))
    assert [problem.code for problem in examined.problems] == ["contact_missing"]
