"""Exports read in their reader's language, load again as they are, and say of which edition they are."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from io import BytesIO

import httpx
import pytest
from openpyxl import load_workbook

from app.accounts.actor import SYSTEM
from app.events.enums import PassKind
from app.kernel.i18n import LOCALES
from app.kernel.sheets import SheetContext
from app.kernel.sheets.batches import accept, preview
from app.kernel.sheets.kept import problems_of
from tests.support.factories_ticketing import make_ticket_type
from tests.support.festival import make_festival
from tests.test_lists import LISTS, export_of, signed_in

LOADABLE = {
    "applications": "applications/export.xlsx",
    "halls": "floorplan/export.xlsx",
    "programme": "programme/export.xlsx",
    "ticket_types": "tickets/export.xlsx",
    "organisations": "organisations/export.xlsx",
}


def headers_of(answer: httpx.Response) -> list[str]:
    """Return the first row of a sheet."""
    return [str(cell.value) for cell in load_workbook(BytesIO(answer.content)).active[1]]


@pytest.mark.parametrize("locale", LOCALES)
async def test_an_export_loads_again_and_changes_nothing(
    client: httpx.AsyncClient, frozen_now: datetime, locale: str
) -> None:
    festival = await make_festival(frozen_now)
    here = festival.edition.id
    await make_ticket_type(
        here,
        now=frozen_now,
        name={"vi": "Vé ngày", "en": "Day ticket", "id": "Tiket harian"},
        description={"vi": "Một ngày", "en": "One day"},
        pass_kind=PassKind.GUEST,
        sales_from=frozen_now,
        first_day=date(2026, 10, 16),
        last_day=date(2026, 10, 17),
    )
    context = SheetContext(edition_id=here, actor=SYSTEM, now=frozen_now)
    loaded = {}
    async with await signed_in(festival, "owner") as browser:
        for kind, path in LOADABLE.items():
            data = (await browser.get(f"/manage/{here}/{path}", params={"lang": locale})).content
            batch = await preview(kind, data, "again.xlsx", context)
            assert (kind, problems_of(batch)) == (kind, [])
            result = json.loads((await accept(batch.id, context)).result)
            loaded[kind] = (result["created"], result["updated"], result["unchanged"] > 0)
    assert loaded == dict.fromkeys(LOADABLE, (0, 0, True))


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["vi", "id"])
async def test_no_export_has_the_names_of_columns_or_of_values(
    client: httpx.AsyncClient, frozen_now: datetime, locale: str
) -> None:
    festival = await make_festival(frozen_now)
    paths = [path.format(**festival.ids) for path in LISTS]
    paths.append(f"/manage/{festival.edition.id}/allocation/{festival.ids['run_id']}/export.xlsx")
    coded, unnamed = [], []
    for path in paths:
        who = "exhibitor_owner" if path.startswith("/exhibitor") else "owner"
        async with await signed_in(festival, who) as browser:
            address = path if path.endswith(".xlsx") else export_of((await browser.get(path)).text)
            answer = await browser.get(address, params={"lang": locale})
        sheet = load_workbook(BytesIO(answer.content)).active
        words = headers_of(answer)
        coded += [f"{path}: {word}" for word in words if re.fullmatch(r"[a-z]+(_[a-z]+)+", word) or word == "why"]
        coded += [f"{path}: {cell.value}" for row in sheet.iter_rows() for cell in row if isinstance(cell.value, bool)]
        if festival.edition.slug not in answer.headers["content-disposition"]:
            unnamed.append(path)
    assert (coded, unnamed) == ([], [])


async def test_the_headers_of_the_applications_are_in_the_readers_language(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    festival = await make_festival(frozen_now)
    async with await signed_in(festival, "owner") as browser:
        path = f"/manage/{festival.edition.id}/applications/export.xlsx"
        first = {locale: headers_of(await browser.get(path, params={"lang": locale}))[0] for locale in LOCALES}
        tickets = await browser.get(f"/manage/{festival.edition.id}/tickets/export.xlsx", params={"lang": "vi"})
    assert first == {"vi": "Tên đơn vị", "id": "Organisasi", "en": "Organisation"}
    headers, row = list(load_workbook(BytesIO(tickets.content)).active.values)[:2]
    shown = dict(zip(headers, row, strict=True))
    assert (shown["Mở bán"], shown["Mở bán cho khách"]) == (None, "có")
