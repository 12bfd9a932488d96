"""Old addresses in sheets and forms: proposed under their names of today, chosen where several are meant."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.tables import Organisation
from app.kernel.enums import BatchState
from app.kernel.sheets import SheetContext, apart
from app.kernel.sheets.batches import accept, preview, remap
from app.kernel.sheets.errors import BatchHasProblems, ChoiceUnknown
from app.kernel.sheets.proposals import proposals_of
from app.kernel.tables import AuditEntry
from app.main import register_modules
from booths.allocation.queries import applications
from tests.booths.factories import make_row
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.kernel.sheet_samples import write_csv
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder, make_organisation

HEADERS = ["Tên đơn vị", "Điện thoại", "Phường/xã"]
MOVED = ["Bạc Đinh", "0912345601", "P. Hàng Bạc, Q. Hoàn Kiếm"]
DIVIDED = ["Chè Kho", "0912345602", "xã Cổ Đông, thị xã Sơn Tây"]
TODAY = ["Lụa Vạn Phúc", "0912345603", "Phường Hà Đông, Hà Nội"]
NEW, CHOSEN = "Phường Hoàn Kiếm, Hà Nội", "Xã Đoài Phương, Hà Nội"


@pytest.fixture(autouse=True)
def kinds_of_sheets(frozen_now: datetime) -> None:
    """The kinds that the application registers, on the first morning of the festival."""
    register_modules()


async def where(**edition: Any) -> SheetContext:
    """The edition for which sheets are loaded."""
    return SheetContext(edition_id=(await make_edition(**edition)).id, actor=SYSTEM, now=NOW)


async def wards() -> list[tuple[str, int | None, str]]:
    """Return ward, code and what was written of every organisation."""
    rows = await Organisation.select().order_by(Organisation.id)
    return [(row["ward"], row["ward_code"], row["ward_before"]) for row in rows]


@pytest.mark.engines
@pytest.mark.parametrize("kind", ["applications", "organisations"])
async def test_a_ward_that_is_no_more_is_loaded_as_the_one_of_today(database: str, kind: str) -> None:
    context = await where()
    batch = await preview(kind, write_csv(HEADERS, [MOVED, TODAY]), "a.csv", context)
    (told,) = proposals_of(batch)
    assert (told["row"], told["value"], told["becomes"], told["options"]) == (2, MOVED[2], NEW, [])
    assert (batch.problem_count, batch.proposal_count) == (0, 1)
    await accept(batch.id, context)
    assert await wards() == [(NEW, 70, MOVED[2]), (TODAY[2], 9556, "")]
    for rows in ([MOVED, TODAY], [[*MOVED[:2], "Phường Hoàn Kiếm"], TODAY]):
        again = await accept((await preview(kind, write_csv(HEADERS, rows), "b.csv", context)).id, context)
        assert json.loads(again.result or "")["created"] == 0
    assert await Organisation.count() == 2


@pytest.mark.engines
async def test_a_divided_ward_waits_for_a_choice_that_is_kept(database: str) -> None:
    context = await where()
    batch = await preview("organisations", write_csv(HEADERS, [MOVED, DIVIDED]), "a.csv", context)
    open_one = proposals_of(batch)[0]
    assert (open_one["row"], open_one["becomes"], CHOSEN in open_one["options"]) == (3, None, True)
    assert [one["code"] for one in json.loads(batch.problems)] == ["to_choose"]
    with pytest.raises(BatchHasProblems):
        await accept(batch.id, context)
    with pytest.raises(ChoiceUnknown):
        await apart.choose_cells(batch.id, {(3, "ward"): "Phường Hoàn Kiếm, Hà Nội"}, context)
    chosen = await apart.choose_cells(batch.id, {(3, "ward"): CHOSEN}, context)
    assert (chosen.problem_count, proposals_of(chosen)[0]["becomes"]) == (0, CHOSEN)
    again = await remap(batch.id, json.loads(chosen.mapping), context)
    assert again.problem_count == 0
    done = await accept(batch.id, context)
    assert done.state == BatchState.LOADED
    assert await wards() == [(NEW, 70, MOVED[2]), (CHOSEN, 9616, DIVIDED[2])]


async def test_a_divided_ward_can_stay_as_it_is_written(database: str) -> None:
    context = await where()
    batch = await preview("organisations", write_csv(HEADERS, [DIVIDED]), "a.csv", context)
    await apart.choose_cells(batch.id, {(2, "ward"): DIVIDED[2]}, context)
    await accept(batch.id, context)
    assert await wards() == [(DIVIDED[2], None, "")]


async def test_a_record_with_the_old_name_is_brought_up_to_date_and_not_doubled(database: str) -> None:
    context = await where()
    await make_organisation(name="Bạc Đinh", now=NOW)
    await Organisation.update({Organisation.ward: "Phường Hàng Bạc, Quận Hoàn Kiếm"}, force=True)
    batch = await preview("organisations", write_csv(HEADERS, [MOVED]), "a.csv", context)
    await accept(batch.id, context)
    assert await wards() == [(NEW, 70, MOVED[2])]
    entry = await AuditEntry.select().where(AuditEntry.action == "organisation.update").first()
    assert entry is not None
    assert json.loads(entry["after"])["ward_before"] == MOVED[2]
    other = await preview("organisations", write_csv([*HEADERS, "Mã số thuế"], [[*MOVED[:2], "", "1"]]), "b", context)
    await accept(other.id, context)
    assert (await wards())[0] == (NEW, 70, MOVED[2])


async def test_a_big_sheet_is_chosen_for_by_its_job(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "BIG_ROWS", 0)
    context = await where()
    batch = await preview("organisations", write_csv(HEADERS, [DIVIDED]), "a.csv", context)
    moved = await apart.choose_cells(batch.id, {(2, "ward"): CHOSEN}, context)
    assert moved.state == BatchState.READING
    assert await apart.work_on(batch.id, context) == BatchState.PREVIEWED
    read = await apart.look_after(batch.id, context)
    assert (read.problem_count, proposals_of(read)[0]["becomes"]) == (0, CHOSEN)


async def test_the_preview_shows_both_and_takes_the_choice(client: Browser) -> None:
    edition = await make_edition()
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id, now=NOW)).id)
    files = {"file": ("a.csv", write_csv(HEADERS, [MOVED, DIVIDED]), "text/csv")}
    own = (await client.post(f"/manage/{edition.id}/import/organisations", files=files)).headers["location"]
    shown = (await client.get(f"{own}?lang=en")).text
    assert "Phường Hàng Bạc, Quận Hoàn Kiếm is Phường Hoàn Kiếm, Hà Nội since 1 July 2025." in shown
    assert (shown.count(f'<option value="{CHOSEN}"'), shown.count('name="cell_3_ward"')) == (1, 1)
    wrong = await client.post(f"{own}/choices", data={"cell_3_ward": "Menteng"})
    assert (wrong.status_code, "Row 3: please choose one of the list." in wrong.text) == (422, True)
    assert (await client.post(f"{own}/choices", data={"cell_3_ward": CHOSEN})).headers["location"] == own
    assert f'<option value="{CHOSEN}" selected>' in (await client.get(own)).text
    await client.post(f"{own}/accept")
    assert [ward for ward, _code, _before in await wards()] == [NEW, CHOSEN]


async def test_the_api_gives_proposals_and_takes_choices(client: Browser) -> None:
    edition = await make_edition()
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id, now=NOW)).id)
    base = f"/api/v1/manage/{edition.id}/imports"
    files = {"file": ("a.csv", write_csv(HEADERS, [MOVED, DIVIDED]), "text/csv")}
    sheet = (await client.post(base, data={"kind": "organisations"}, files=files)).json()
    assert [(one["row"], one["becomes"]) for one in sheet["proposals"]] == [(3, None), (2, NEW)]
    cells = [{"row": 3, "name": "ward", "value": CHOSEN}]
    chosen = (await client.post(f"{base}/{sheet['id']}/choices", json={"cells": cells})).json()
    assert (chosen["problem_count"], chosen["proposals"][0]["becomes"]) == (0, CHOSEN)
    wrong = await client.post(f"{base}/{sheet['id']}/choices", json={"cells": [{**cells[0], "row": 9}]})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "sheet_choice_invalid")
    assert (await client.post(f"{base}/{sheet['id']}/accept")).json()["state"] == "loaded"


async def test_who_applies_sees_her_ward_of_today(client: Browser) -> None:
    edition = await make_edition()
    await make_row(edition.id, 1)
    base = f"/e/{edition.slug}/apply"
    who = {"organisation": "Bạc Đinh", "kind": "household", "ward": DIVIDED[2]}
    refused = await client.post(f"{base}/who?lang=en", data=who)
    assert (refused.status_code, CHOSEN in refused.text, "Please write which." in refused.text) == (422, True, True)
    for step, answers in {
        "who": {**who, "ward": MOVED[2]},
        "wish": {"cells_wanted": "1", "zone_wanted": "", "power_watts": ""},
        "goods": {"category": "Bạc"},
        "contact": {"contact_name": "Đinh Thị Bạc", "contact": "0912345601"},
    }.items():
        assert (await client.post(f"{base}/{step}", data=answers)).status_code == 303
    assert f"{NEW} (before: {MOVED[2]})" in (await client.get(f"{base}/check?lang=en")).text
    await client.post(f"{base}/check")
    assert await wards() == [(NEW, 70, MOVED[2])]


async def test_an_organiser_writes_an_old_ward_down(client: Browser) -> None:
    edition = await make_edition()
    await make_row(edition.id, 1)
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id, now=NOW)).id)
    form = {
        **{"organisation": "Bạc Đinh", "kind": "household", "contact_name": "Đinh Thị Bạc", "phone": "0912345601"},
        **{"cells_wanted": "1", "ward": DIVIDED[2]},
    }
    refused = await client.post(f"/manage/{edition.id}/applications/new", data=form)
    assert (refused.status_code, CHOSEN in refused.text) == (422, True)
    made = await client.post(f"/manage/{edition.id}/applications/new", data={**form, "ward": MOVED[2]})
    assert made.status_code == 303
    assert [(one.ward, one.organisation) for one in (await applications(edition.id)).items] == [(NEW, "Bạc Đinh")]
