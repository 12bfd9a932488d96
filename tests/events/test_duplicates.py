"""The pages of likely duplicates, as an organiser uses them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.queries import grants_of
from app.accounts.services.people import find_or_create_person, grant_role
from app.accounts.tables import NotTheSame, Organisation, Person
from app.kernel.sheets import SheetContext, read_table
from app.kernel.sheets.batches import accept, preview
from booths.allocation.services.applications import submit_application
from booths.allocation.tables import Application
from booths.catalogue.tables import Product
from tests.accounts.merging.scene import make_business_twice
from tests.events.factories import make_edition
from tests.support.client import new_browser, sign_in
from tests.support.factories import make_holder, make_organisation, make_person
from tests.support.factories_ticketing import make_order, make_ticket_type
from tests.support.festival import Festival, make_festival
from ticketing.sales.tables import TicketOrder

PHONE, TYPED_ABROAD = "+84981234567", "+62981234567"


@dataclass
class Office:
    """A browser, where the pages are, and two records of one person and of one organisation."""

    browser: httpx.AsyncClient
    edition_id: int
    base: str
    people: tuple[int, int]
    organisations: tuple[int, int]

    async def pairs(self, query: str = "") -> list[tuple[str, ...]]:
        """Return (kind, first, second) behind each button of the list."""
        page = (await self.browser.get(self.base + query)).text
        found: list[tuple[str, ...]] = re.findall(r"compare\?kind=(\w+)&amp;first=(\d+)&amp;second=(\d+)", page)
        return found


@pytest.fixture
async def office(client: httpx.AsyncClient, frozen_now: datetime) -> Office:
    """An owner at her desk."""
    edition = await make_edition(now=frozen_now)
    people = [await make_person(name="Trần Thị Mơ", phone=phone, now=frozen_now) for phone in (PHONE, TYPED_ABROAD)]
    for person in people:
        await grant_role(person_id=person.id, role=Role.FLOOR, edition_id=edition.id, actor=SYSTEM, now=frozen_now)
    organisations = [
        await make_organisation(name=name, ward="Xã Hòa Vang", now=frozen_now)
        for name in ("Công ty TNHH Sen Hồng", "SEN HỒNG")
    ]
    owner = await make_holder(Role.OWNER, edition_id=edition.id, now=frozen_now)
    await sign_in(client, owner.id)
    one, other = (person.id for person in people)
    first, second = (organisation.id for organisation in organisations)
    return Office(client, edition.id, f"/manage/{edition.id}/duplicates", (one, other), (first, second))


def of(kind: str, ids: tuple[int, int]) -> tuple[str, ...]:
    """Return a pair as the list has it."""
    return (kind, str(ids[0]), str(ids[1]))


async def test_a_pair_is_compared_merged_and_taken_apart_again(office: Office) -> None:
    one, other = office.people
    assert await office.pairs("?kind=person") == [of("person", office.people)]
    address = f"{office.base}/compare?kind=person&first={one}&second={other}"
    page = (await office.browser.get(address)).text
    assert page.count("Trần Thị Mơ</h2>") == 2
    assert page.count("Same phone number") == 1
    assert page.count("<dt>Roles</dt><dd>1</dd>") == 2
    assert page.count("opens no account any more") == 2

    form = {"kind": "person", "kept": one, "merged": other}
    answer = await office.browser.post(f"{office.base}/merge", data=form)
    assert (answer.status_code, answer.headers["location"].split("#")[0]) == (
        303,
        f"{office.base}/merged?kind=person",
    )
    assert await office.pairs("?kind=person") == []
    again = await office.browser.post(f"{office.base}/merge", data=form)
    assert again.status_code == 409
    people = (await office.browser.get(f"/manage/{office.edition_id}/people?role=floor")).text
    assert people.count("Trần Thị Mơ") == 1

    for query, count in (("", 1), ("&q=tran+thi+mo", 1), ("&q=xyzzyx", 0)):
        answer = await office.browser.get(f"{office.base}/merged.xlsx?kind=person{query}")
        assert len(read_table(answer.content, "list.xlsx").rows if count else []) == count
        listed = (await office.browser.get(f"{office.base}/merged?kind=person{query}")).text
        assert listed.count('name="merge"') == count
        assert listed.count("No merge fits") == 1 - count
    merged = (await office.browser.get(f"{office.base}/merged?kind=person")).text
    (merge_id,) = re.findall(r'name="merge" value="(\d+)"', merged)
    undone = await office.browser.post(f"{office.base}/undo", data={"merge": merge_id})
    assert (undone.status_code, undone.headers["location"].split("#")[0]) == (303, f"{office.base}?kind=person")
    assert await office.pairs("?kind=person") == [of("person", office.people)]
    log = (await office.browser.get(f"/manage/{office.edition_id}/audit")).text
    assert [log.count(words) > 0 for words in ("Merged two records of a person", "Undid the merge of two people")] == [
        True,
        True,
    ]


async def test_two_that_are_not_the_same_are_never_proposed_again(office: Office) -> None:
    assert await office.pairs() == [of("organisation", office.organisations)]
    first, second = office.organisations
    form = {"kind": "organisation", "first": second, "second": first}
    assert (await office.browser.post(f"{office.base}/apart", data=form)).status_code == 303
    assert await office.pairs() == []
    assert await NotTheSame.count() == 1
    page = (await office.browser.get(office.base)).text
    assert page.count("Nothing looks like a duplicate") == 1


async def test_a_manager_merges_organisations_and_no_people(office: Office, frozen_now: datetime) -> None:
    manager = await make_holder(Role.MANAGER, edition_id=office.edition_id, now=frozen_now)
    await sign_in(office.browser, manager.id)
    one, other = office.people
    assert [
        (await office.browser.get(f"{office.base}{path}")).status_code
        for path in (
            "?kind=person",
            "/export.xlsx?kind=person",
            f"/compare?kind=person&first={one}&second={other}",
            "/merged?kind=person",
        )
    ] == [403] * 4
    refused = await office.browser.post(f"{office.base}/merge", data={"kind": "person", "kept": one, "merged": other})
    assert refused.status_code == 403
    first, second = office.organisations
    form = {"kind": "organisation", "kept": first, "merged": second}
    assert (await office.browser.post(f"{office.base}/merge", data=form)).status_code == 303


async def test_what_a_stranger_s_festival_knows_is_neither_shown_nor_merged(
    office: Office, frozen_now: datetime
) -> None:
    elsewhere = await make_edition("noi-khac", now=frozen_now)
    second = office.organisations[1]
    await make_holder(Role.EXHIBITOR_OWNER, edition_id=elsewhere.id, organisation_id=second, now=frozen_now)
    await grant_role(person_id=office.people[1], role=Role.FLOOR, edition_id=elsewhere.id, actor=SYSTEM, now=frozen_now)
    assert await office.pairs() == []
    assert await office.pairs("?kind=person") == []
    for kind, (kept, merged) in (("organisation", office.organisations), ("person", office.people)):
        answer = await office.browser.post(f"{office.base}/merge", data={"kind": kind, "kept": kept, "merged": merged})
        assert answer.status_code == 403
    assert await Organisation.count().where(Organisation.merged_into.is_not_null()) == 0


async def test_nobody_compares_what_is_not_alike(office: Office, frozen_now: datetime) -> None:
    stranger = await make_person(now=frozen_now)
    one = office.people[0]
    for first, second in ((one, stranger.id), (one, one), (one, 2**31 - 1)):
        answer = await office.browser.get(f"{office.base}/compare?kind=person&first={first}&second={second}")
        assert answer.status_code == 409
    for first, second in ((one, 2**40), (0, one)):
        answer = await office.browser.get(f"{office.base}/compare?kind=person&first={first}&second={second}")
        assert answer.status_code == 404


async def test_the_list_is_searched_paged_and_given_out(office: Office, frozen_now: datetime) -> None:
    for number in range(51):
        for ward in ("Phường Cát Hải", "Cát Hải"):
            await make_organisation(name=f"Hộ số {number:02d}", ward=ward, now=frozen_now)
    assert len(await office.pairs()) == 50
    assert len(await office.pairs("?page=2")) == 2
    assert len(await office.pairs("?q=ho+so+07")) == 1
    assert await office.pairs("?kind=person&q=0981+234+567") == [of("person", office.people)]
    page = (await office.browser.get(f"{office.base}?q=xyzzyx")).text
    assert page.count("No duplicate fits") == 1
    sheet = read_table((await office.browser.get(f"{office.base}/export.xlsx")).content, "list.xlsx")
    assert len(sheet.rows) == 52
    searched = read_table((await office.browser.get(f"{office.base}/export.xlsx?q=sen")).content, "list.xlsx")
    assert [list(row.values) for row in searched.rows] == [
        ["Công ty TNHH Sen Hồng", None, "SEN HỒNG", None, "Same name in the same ward"]
    ]


@pytest.mark.parametrize(("language", "words"), [("vi", "Hồ sơ có thể trùng"), ("id", "Kemungkinan data ganda")])
async def test_the_pages_speak_three_languages(office: Office, language: str, words: str) -> None:
    for path in ("", "/merged"):
        page = (await office.browser.get(f"{office.base}{path}?lang={language}")).text
        assert page.count(words) > 0


async def merge_businesses(festival: Festival, browser: httpx.AsyncClient, now: datetime) -> tuple[int, int]:
    """Merge the festival's exhibitor into its twin."""
    kept, merged = await make_business_twice(festival, now)
    await sign_in(browser, festival.people["owner"].person_id)
    answer = await browser.post(
        f"/manage/{festival.edition.id}/duplicates/merge",
        data={"kind": "organisation", "kept": kept, "merged": merged},
    )
    assert answer.status_code == 303
    return kept, merged


async def test_old_addresses_lead_to_the_organisation_that_stayed(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    festival = await make_festival(frozen_now)
    kept, merged = await merge_businesses(festival, client, frozen_now)
    here, slug = festival.edition.id, festival.edition.slug
    visitor = new_browser()
    old = await visitor.get(f"/e/{slug}/exhibitors/{merged}?lang=vi")
    assert (old.status_code, old.headers["location"]) == (307, f"/e/{slug}/exhibitors/{kept}?lang=vi")
    page = await visitor.get(f"/e/{slug}/exhibitors/{kept}")
    assert page.status_code == 200
    booth = await visitor.get(f"/e/{slug}/booths/{festival.ids['booth_id']}")
    assert booth.status_code == 200
    assert booth.text.count("HTX LỤA VẠN PHÚC") > 0
    product = await visitor.get(f"/e/{slug}/products/{festival.ids['product_id']}")
    assert product.status_code == 200
    exhibitor = new_browser()
    await sign_in(exhibitor, festival.people["exhibitor_member"].person_id)
    home = await exhibitor.get(f"/exhibitor/{merged}/{here}/products")
    assert (home.status_code, home.headers["location"]) == (307, f"/exhibitor/{kept}/{here}/products")
    assert (await exhibitor.get(home.headers["location"])).status_code == 200
    sent = await exhibitor.post(f"/exhibitor/{merged}/{here}/products/new", data={"name": "Khăn mới"})
    assert (sent.status_code, sent.headers["location"]) == (307, f"/exhibitor/{kept}/{here}/products/new")
    outsider = new_browser()
    await sign_in(outsider, festival.people["exhibitor_elsewhere"].person_id)
    assert (await outsider.get(f"/exhibitor/{merged}/{here}/products")).status_code == 403


async def test_sheets_and_orders_know_the_merged_by_their_old_names(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    festival = await make_festival(frozen_now)
    kept, merged = await merge_businesses(festival, client, frozen_now)
    here = festival.edition.id
    context = SheetContext(edition_id=here, actor=festival.people["owner"], now=frozen_now)
    organisations = "Tên;MST;Địa chỉ;Phường/xã\nHợp tác xã Lụa Vạn Phúc;0107 712 345;Số 9;Xã Bát Tràng\n"
    batch = await preview("organisations", organisations.encode(), "to-chuc.csv", context)
    await accept(batch.id, context)
    row = (
        await Organisation.select(Organisation.name, Organisation.tax_number, Organisation.address)
        .where(Organisation.id == kept)
        .first()
    )  # what the one that stayed says itself stays
    assert row == {"name": "HTX LỤA VẠN PHÚC", "tax_number": "107712345", "address": "Ngõ 3, Vạn Phúc"}
    products = "Đơn vị;Tên sản phẩm;Mã\nHợp tác xã Lụa Vạn Phúc;Áo lụa;L-09\n"
    batch = await preview("products", products.encode(), "san-pham.csv", context)
    await accept(batch.id, context)
    made = await Product.select(Product.organisation).where(Product.code == "L-09").first()
    assert made == {"organisation": kept}
    assert await Organisation.count().where(Organisation.merged_into == kept) == 1
    register = (await client.get(f"/manage/{here}/organisations?q=hop+tac+xa+lua+van+phuc")).text
    assert register.count("HTX LỤA VẠN PHÚC") == 1
    assert register.count("Hợp tác xã Lụa Vạn Phúc") == 0
    assert merged != kept


async def test_what_was_saved_in_a_browser_leads_to_the_one_that_stayed(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    festival = await make_festival(frozen_now)
    visitor, saved = new_browser(), f"/e/{festival.edition.slug}/saved"
    await visitor.post(saved, data={"item": f"x{festival.ids['organisation_id']}", "keep": "true"})
    assert (await visitor.get(saved)).text.count("Hợp tác xã Lụa Vạn Phúc</a>") == 1
    await merge_businesses(festival, client, frozen_now)
    assert (await visitor.get(saved)).text.count("HTX LỤA VẠN PHÚC</a>") == 1


async def test_two_that_both_applied_wait_until_one_application_is_over(office: Office, frozen_now: datetime) -> None:
    kept, merged = office.organisations
    for organisation_id in office.organisations:
        await submit_application(
            edition_id=office.edition_id,
            organisation_id=organisation_id,
            contact_id=office.people[0],
            cells_wanted=1,
            actor=SYSTEM,
            now=frozen_now,
        )
    form = {"kind": "organisation", "kept": kept, "merged": merged}
    assert (await office.browser.post(f"{office.base}/merge", data=form)).status_code == 409
    over: dict[Any, Any] = {Application.state: "withdrawn"}
    await Application.update(over).where(Application.organisation == merged)
    assert (await office.browser.post(f"{office.base}/merge", data=form)).status_code == 303
    assert await Application.count().where(Application.organisation == merged) == 1  # there is room for one only


async def test_an_order_under_the_old_number_is_hers(office: Office, frozen_now: datetime) -> None:
    one, other = office.people
    await office.browser.post(f"{office.base}/merge", data={"kind": "person", "kept": one, "merged": other})
    type_id = await make_ticket_type(office.edition_id, now=frozen_now)
    await make_order(office.edition_id, {type_id: 1}, now=frozen_now, full_name="Mơ", phone=TYPED_ABROAD)
    assert await TicketOrder.select(TicketOrder.buyer) == [{"buyer": one}]
    found = await find_or_create_person(full_name="Mơ", phone=TYPED_ABROAD, now=frozen_now)
    assert found.id == one
    assert len(await grants_of(one)) == 1
    assert await Person.count().where(Person.phone.is_in([PHONE, TYPED_ABROAD])) == 2
