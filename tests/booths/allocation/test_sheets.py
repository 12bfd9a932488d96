"""The sheet of applications."""

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.tables import Organisation, Person
from app.kernel.i18n import use_locale
from app.kernel.sheets import SheetContext
from app.kernel.sheets.batches import accept, preview
from app.kernel.sheets.kept import problems_of
from app.main import register_modules
from booths.allocation.enums import ApplicationState
from booths.allocation.queries import applications
from booths.allocation.tables import Application
from tests.booths.factories import OTHER_ZONE, ZONE, make_booth, make_hall
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.kernel.sheet_samples import write_csv

HEADERS = ["Tên đơn vị", "Người liên hệ", "Điện thoại", "Số ô", "Khu vực", "Điện", "Ngành hàng", "Loại hình", "Phường"]
GOOD = [
    ["Lụa Vạn Phúc", "Nguyễn Thị Lan", "912345678", "2", "dệt may & áo dài", "1500", "Lụa", "Hợp tác xã", "Hà Đông"],
    ["Gốm Bát Tràng", "Trần Thị Gốm", "+84 987 654 321", "", OTHER_ZONE, "", "Gốm", "Hộ kinh doanh", "Bát Tràng"],
]


@pytest.fixture(autouse=True)
def kinds_of_sheets() -> None:
    """The kinds that the application registers."""
    register_modules()


@pytest.fixture
async def where(database: str) -> SheetContext:
    """An edition with two zones."""
    edition = await make_edition()
    hall_id = await make_hall(edition.id)
    await make_booth(edition.id, hall_id, "A1", [(0, 0)])
    await make_booth(edition.id, hall_id, "A2", [(0, 1)], zone=OTHER_ZONE)
    return SheetContext(edition_id=edition.id, actor=SYSTEM, now=NOW)


async def test_applications_are_loaded_then_brought_up_to_date(where: SheetContext) -> None:
    assert where.edition_id is not None
    first = await accept((await preview("applications", write_csv(HEADERS, GOOD), "a.csv", where)).id, where)
    assert '"created": 2' in str(first.result)
    people = await Person.count()
    changed = [[*GOOD[0][:3], "3", *GOOD[0][4:]], GOOD[1]]
    again = await accept((await preview("applications", write_csv(HEADERS, changed), "a.csv", where)).id, where)
    assert again.result is not None
    assert ('"updated": 1' in again.result, '"unchanged": 1' in again.result) == (True, True)
    assert (await Person.count(), await Organisation.count()) == (people, 2)
    gom, lua = (await applications(where.edition_id)).items
    assert (lua.cells_wanted, lua.zone_wanted, lua.phone, lua.kind) == (3, ZONE, "+84912345678", "cooperative")
    assert (gom.cells_wanted, gom.ward, gom.contact) == (1, "Bát Tràng", "Trần Thị Gốm")


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        (0, "", "required"),
        (2, "", "contact_missing"),
        (2, "12", "not_a_phone"),
        (3, "many", "not_a_number"),
        (3, "99", "out_of_range"),
        (4, "Khu vườn", "zone_unknown"),
        (7, "Phi thuyền", "not_a_choice"),
    ],
)
async def test_a_cell_that_does_not_fit_is_named(where: SheetContext, column: int, value: str, code: str) -> None:
    wrong = [*GOOD[0]]
    wrong[column] = value
    batch = await preview("applications", write_csv(HEADERS, [GOOD[1], wrong]), "a.csv", where)
    (problem,) = problems_of(batch)
    assert (problem["row"], problem["code"]) == (3, code)


async def test_a_booth_that_is_allocated_keeps_its_size(where: SheetContext) -> None:
    assert where.edition_id is not None
    await accept((await preview("applications", write_csv(HEADERS, GOOD), "a.csv", where)).id, where)
    lua = next(one for one in (await applications(where.edition_id)).items if one.organisation == "Lụa Vạn Phúc")
    await Application.update({Application.state: ApplicationState.ALLOCATED.value}).where(Application.id == lua.id)
    changed = [[*GOOD[0][:3], "3", *GOOD[0][4:8], cell] for cell in ("Hà Đông", "")]
    for row in changed:  # with its ward, and known by its name alone
        (problem,) = problems_of(await preview("applications", write_csv(HEADERS, [GOOD[1], row]), "a.csv", where))
        assert (problem["row"], problem["column"], problem["code"]) == (3, "D", "booth_allocated")
        with use_locale("en"):
            assert str(problem["message"]).startswith("This exhibitor has a booth of 2 cells already.")
    other = [[*GOOD[0][:5], "900", *GOOD[0][6:]]]
    loaded = await accept((await preview("applications", write_csv(HEADERS, other), "a.csv", where)).id, where)
    assert '"updated": 1' in str(loaded.result)
    without = [[row[0], row[1], row[2], "800"] for row in (GOOD[0],)]
    headers = [*HEADERS[:3], "Điện"]
    loaded = await accept((await preview("applications", write_csv(headers, without), "a.csv", where)).id, where)
    assert '"updated": 1' in str(loaded.result)
