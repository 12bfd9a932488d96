"""Every list has search, an empty state and an export that is guarded and filtered as its page is."""

from __future__ import annotations

import re
from datetime import datetime

import httpx
import pytest

from app.accounts.enums import Role
from app.accounts.tables import Person
from app.kernel.sheets import read_table
from app.kernel.sheets.errors import SheetEmpty
from tests.support.client import new_browser, sign_in
from tests.support.factories import make_holder, make_organisation
from tests.support.festival import Festival, make_festival

MANAGE = "/manage/{edition_id}"
LISTS = (
    f"{MANAGE}/applications",
    f"{MANAGE}/audit",
    f"{MANAGE}/booth-fees",
    f"{MANAGE}/catalogue",
    f"{MANAGE}/contest",
    f"{MANAGE}/contest/judges",
    f"{MANAGE}/contest/{{round_id}}/assign",
    f"{MANAGE}/devices",
    f"{MANAGE}/duplicates",
    f"{MANAGE}/floorplan",
    f"{MANAGE}/import",
    f"{MANAGE}/live/conflicts",
    f"{MANAGE}/orders",
    f"{MANAGE}/organisations",
    f"{MANAGE}/outbox",
    f"{MANAGE}/passes",
    f"{MANAGE}/payments",
    f"{MANAGE}/payments/bank",
    f"{MANAGE}/people",
    f"{MANAGE}/people/registered",
    f"{MANAGE}/programme",
    f"{MANAGE}/tickets",
    f"{MANAGE}/tickets/questions",
    f"{MANAGE}/tickets/quotas",
    f"{MANAGE}/tickets/vouchers",
    "/exhibitor/{organisation_id}/{edition_id}/leads",
    "/exhibitor/{organisation_id}/{edition_id}/products",
)
NOTHING = "xyzzyx"


def export_of(page: str) -> str:
    """Return the address behind a page's button for its sheet."""
    found = re.search(r'<a class="button[^"]*" href="([^"]+)"[^>]*>(?:(?!</a>).)*<span>Export</span>', page, re.S)
    return found[1].replace("&amp;", "&") if found else ""


def rows_of(answer: httpx.Response) -> int:
    assert answer.status_code == 200, answer.url
    try:
        return len(read_table(answer.content, "list.xlsx").rows)
    except SheetEmpty:
        return 0


async def signed_in(festival: Festival, who: str) -> httpx.AsyncClient:
    browser = new_browser()
    await sign_in(browser, festival.people[who].person_id or 0)
    return browser


async def test_every_list_is_searched_and_exported(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    for _record in range(2):
        await make_organisation(name="Hợp tác xã Nón lá", ward="Xã Phương Trung", now=frozen_now)
    missing = []
    for path in LISTS:
        address = path.format(**festival.ids)
        browser = await signed_in(festival, "exhibitor_owner" if path.startswith("/exhibitor") else "owner")
        async with browser:
            page = (await browser.get(address)).text
            searched = (await browser.get(f"{address}?q={NOTHING}")).text
            if 'type="search"' not in page:
                missing.append(f"{path}: search")
            if 'class="pager"' not in page:
                missing.append(f"{path}: paging")
            if 'class="empty"' not in searched:
                missing.append(f"{path}: empty state")
            if not export_of(page) or not rows_of(await browser.get(export_of(page))):
                missing.append(f"{path}: export")
            elif export_of(searched) and rows_of(await browser.get(export_of(searched))):
                missing.append(f"{path}: export of what was searched")
    assert "\n".join(missing) == ""


@pytest.mark.slow
async def test_an_export_is_guarded_as_its_page_is(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    differing = []
    for path in LISTS:
        address = path.format(**festival.ids)
        owner = await signed_in(festival, "exhibitor_owner" if path.startswith("/exhibitor") else "owner")
        async with owner:
            export = export_of((await owner.get(address)).text)
        for who in festival.people:
            async with await signed_in(festival, who) as browser:
                answers = [(await browser.get(one)).status_code for one in (address, export)]
                if answers[0] != answers[1]:
                    differing.append(f"{path} as {who}: {answers}")
    assert differing == []


async def test_ticket_types_are_found_by_code(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    base = f"/manage/{festival.edition.id}/tickets"
    async with await signed_in(festival, "manager") as browser:
        shown = (await browser.get(base)).text
        code = re.search(r'class="muted mono">(\w+)<', shown)
        assert code is not None
        assert rows_of(await browser.get(f"{base}/export.xlsx?q={code[1].lower()}")) == 1


async def test_judges_are_filtered_by_role(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    base = f"/manage/{festival.edition.id}/contest/judges"
    async with await signed_in(festival, "jury_chair") as browser:
        assert "Lê Văn Chấm" in (await browser.get(f"{base}?role=judge")).text
        assert "Lê Văn Chấm" not in (await browser.get(f"{base}?role=chair")).text
        assert rows_of(await browser.get(f"{base}/export?role=chair")) == 0


async def test_lists_are_cut_into_pages(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    for number in range(52):
        await make_holder(Role.FLOOR, edition_id=festival.edition.id, name=f"Người {number}", now=frozen_now)
    base = f"/manage/{festival.edition.id}/people?role=floor"
    async with await signed_in(festival, "owner") as browser:
        first, second = [(await browser.get(f"{base}&page={number}")).text for number in (1, 2)]
    assert (first.count("<tr>"), second.count("<tr>")) == (51, 4)
    assert "page=2" in first
    assert await Person.count() > 50
