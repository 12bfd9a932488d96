"""Every kind of sheet against files that are not of its kind: problems are said, nothing breaks, nothing is written."""

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.sheets import SheetContext, kinds
from app.kernel.sheets import kind as kind_named
from app.kernel.sheets.batches import preview
from app.kernel.sheets.kept import problems_of
from app.main import MODULES, register_modules
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.test_routes import page_at

KINDS = sorted(kind.name for module in MODULES for kind in module.sheet_kinds)
STRANGE = {
    "another's columns": "Tên thú;Số vòi\nVoi;1\nVoi;1\n",
    "one column": "x\n1\n2\n1\n",
    "columns without names": ";;\n1;2;3\n1;2;3\n",
    "a letter": "Kính gửi Quý vị,\n\nchúng tôi xin gửi.\n",
}


@pytest.fixture(autouse=True)
def known() -> None:
    """All kinds, as a started service knows them."""
    register_modules()


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE.keys())
@pytest.mark.parametrize("kind", KINDS)
async def test_a_strange_file(database: str, kind: str, content: str) -> None:
    edition = await make_edition()
    context = SheetContext(edition_id=edition.id, actor=SYSTEM, now=NOW, desk=kind_named(kind).desk)
    batch = await preview(kind, content.encode(), "strange.csv", context)
    assert "column_missing" in {problem["code"] for problem in problems_of(batch)}


def test_what_was_loaded_stands_on_a_page() -> None:
    for kind in kinds():
        assert page_at(f"/manage/1{kind.place}") == f"/manage/{{edition_id}}{kind.place}"
