"""The organiser's office pages."""

from datetime import date, datetime

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.queries import grants_of
from app.accounts.services.people import find_or_create_person
from app.accounts.tables import Organisation, RoleGrant
from app.kernel.clock import now
from app.kernel.settings import settings
from app.kernel.sheets import SheetContext, read_table
from app.kernel.sheets.batches import accept, preview
from app.kernel.sheets.kept import problems_of
from app.kernel.tables import OutboxMessage
from app.main import register_modules
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import sign_in
from tests.support.factories import make_device, make_holder, make_organisation, make_person


async def test_every_office_page_opens_for_a_manager_and_for_no_visitor(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    await make_organisation(name="Hợp tác xã Mây tre Phú Nghĩa", ward="Xã Phú Nghĩa")
    await make_device(edition_id=edition.id)
    pages = ["people", "organisations", "devices", "audit", "outbox", "organisations/export.xlsx"]
    for name in pages:
        assert (await client.get(f"/manage/{edition.id}/{name}")).status_code == 303
    manager = await make_holder(Role.MANAGER, edition_id=edition.id)
    await sign_in(client, manager.id)
    for name in pages:
        assert (await client.get(f"/manage/{edition.id}/{name}")).status_code == 200, name
    elsewhere = await make_holder(Role.MANAGER, edition_id=edition.id + 1)
    await sign_in(client, elsewhere.id)
    for name in pages:
        assert (await client.get(f"/manage/{edition.id}/{name}")).status_code == 403, name


async def test_a_role_is_given_and_taken_back(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    manager = await make_holder(Role.MANAGER, edition_id=edition.id)
    await sign_in(client, manager.id)
    base = f"/manage/{edition.id}/people"
    form = {"full_name": "Đỗ Thị Yến", "phone": "0912 345 678", "email": "", "role": "gate_lead"}
    assert (await client.post(base, data=form)).status_code == 303
    person = await find_or_create_person(full_name="x", phone="+84912345678", now=now())
    assert [grant.role for grant in await grants_of(person.id)] == [Role.GATE_LEAD]
    grant = await RoleGrant.objects().get(RoleGrant.person == person.id)
    assert grant is not None
    assert (await client.post(f"{base}/{grant.id}/revoke")).status_code == 303
    assert await grants_of(person.id) == ()


async def test_who_gets_a_role_is_told_once_in_her_language(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    manager = await make_holder(Role.MANAGER, edition_id=edition.id)
    await sign_in(client, manager.id)
    hers = await make_person(name="Siti Aminah", email="siti@example.com", locale="id")
    form = {"full_name": "Siti Aminah", "email": "siti@example.com", "role": "finance"}
    for _turn in range(2):
        assert (await client.post(f"/manage/{edition.id}/people", data=form)).status_code == 303
    (message,) = await OutboxMessage.select()
    assert (message["to_address"], message["person_id"], message["edition_id"]) == (hers.email, hers.id, edition.id)
    assert "memberi Anda peran “Keuangan”" in message["body_text"]
    assert f"{settings().base_url}/me" in message["body_text"]


async def test_nobody_is_made_owner_by_a_form(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    manager = await make_holder(Role.MANAGER, edition_id=edition.id)
    await sign_in(client, manager.id)
    form = {"full_name": "Đỗ Thị Yến", "phone": "0912 345 678", "role": "owner"}
    assert (await client.post(f"/manage/{edition.id}/people", data=form)).status_code == 422


async def test_a_device_of_another_edition_is_not_hers_to_shut_out(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    device, _token = await make_device(edition_id=edition.id + 1)
    manager = await make_holder(Role.MANAGER, edition_id=edition.id)
    await sign_in(client, manager.id)
    assert (await client.post(f"/manage/{edition.id}/devices/{device.id}/revoke")).status_code == 404


async def test_a_manager_does_not_give_herself_a_role(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    manager = await make_holder(Role.MANAGER, edition_id=edition.id, phone="+84912345678")
    await sign_in(client, manager.id)
    form = {"full_name": manager.full_name, "phone": "0912 345 678", "email": "", "role": "jury_chair"}
    assert (await client.post(f"/manage/{edition.id}/people", data=form)).status_code == 422
    assert [grant.role for grant in await grants_of(manager.id)] == [Role.MANAGER]


def a_sheet(*lines: str) -> bytes:
    """A sheet of organisations."""
    return "\n".join(("Tên;Loại hình;Trực thuộc;Có hiệu lực từ;Có hiệu lực đến", *lines)).encode()


async def load(kind: str, content: bytes) -> None:
    """Load a sheet as an organiser does."""
    register_modules()
    context = SheetContext(edition_id=None, actor=SYSTEM, now=NOW)
    batch = await preview(kind, content, f"{kind}.csv", context)
    assert problems_of(batch) == []
    await accept(batch.id, context)


@pytest.fixture
async def manager(client: httpx.AsyncClient, frozen_now: datetime) -> tuple[httpx.AsyncClient, str]:
    """A browser of a manager, and where her edition's office is."""
    edition = await make_edition()
    holder = await make_holder(Role.MANAGER, edition_id=edition.id)
    await sign_in(client, holder.id)
    return client, f"/manage/{edition.id}"


async def test_the_list_shows_who_is_in_force_today(manager: tuple[httpx.AsyncClient, str]) -> None:
    browser, base = manager
    await load(
        "organisations",
        a_sheet(
            "Hội quận Cũ;Hội;;01/01/1995;30/06/2025",
            "Hội phường Mới;Hội;Hội quận Cũ;01/07/2025;",
            "Hội phường Mai Sau;Hội;;17/10/2026;",
            "Hội Hôm Nay;Hội;;;16/10/2026",
            "Hội Mãi Mãi;Hội;;;",
        ),
    )

    async def shown(query: str) -> list[list[object]]:
        table = read_table((await browser.get(f"{base}/organisations/export.xlsx{query}")).content, "list.xlsx")
        page = (await browser.get(f"{base}/organisations{query}")).text
        assert all(f">{row.values[0]}<" in page or f"{row.values[0]}\n" in page for row in table.rows)
        return [row.values for row in table.rows]

    now_there = await shown("")
    assert sorted(str(row[0]) for row in now_there) == ["Hội Hôm Nay", "Hội Mãi Mãi", "Hội phường Mới"]
    (new,) = [row for row in now_there if row[0] == "Hội phường Mới"]
    assert new[2] == "Hội quận Cũ"  # the one above it ended and is named all the same
    assert [row[0] for row in await shown("?force=ended")] == ["Hội quận Cũ"]
    assert len(await shown("?force=all")) == 5
    old = await Organisation.objects().get(Organisation.name == "Hội quận Cũ")
    assert old is not None
    branch = (await browser.get(f"{base}/organisations?parent={old.id}")).text
    assert "This organisation ended on 30" in branch
    assert "Hội phường Mới" in branch


async def test_dates_of_an_organisation_are_changed_by_its_sheet_alone(database: str) -> None:
    async def dates() -> list[dict[str, object]]:
        return await Organisation.select(Organisation.valid_from, Organisation.valid_to)

    begun = {"valid_from": date(2025, 7, 1), "valid_to": None}
    await load("organisations", a_sheet("Hội A;Hội;;01/07/2025;01/10/2026"))
    await load("organisations", a_sheet("Hội A;Hội;;01/07/2025;"))
    assert await dates() == [begun]
    await load("organisations", "Tên;Loại hình\nHội A;Công ty\n".encode())
    assert await dates() == [begun]
    context = SheetContext(edition_id=None, actor=SYSTEM, now=NOW)
    wrong = await preview("organisations", a_sheet("Hội A;Hội;;01/07/2025;30/06/2025"), "x.csv", context)
    assert [problem["code"] for problem in problems_of(wrong)] == ["ends_before_it_begins"]


async def test_a_column_that_the_sheet_lacks_changes_nothing_of_an_organisation(database: str) -> None:
    await load(
        "organisations", "Tên;Loại hình;Phường;Địa chỉ;Điện thoại\nHTX Sen;HTX;Hà Đông;Số 1;0912345678\n".encode()
    )
    await load("organisations", "Tên;Phường;Trực thuộc\nHTX Sen;Hà Đông;Hội A\nHội A;;\n".encode())
    stored = await Organisation.objects().get(Organisation.name == "HTX Sen")
    above = await Organisation.objects().get(Organisation.name == "Hội A")
    assert stored is not None
    assert above is not None
    assert (stored.kind, stored.address, stored.phone, stored.parent) == (
        "cooperative",
        "Số 1",
        "+84912345678",
        above.id,
    )
    assert stored.search_text == "htx sen ha dong +84912345678"


async def test_experts_are_listed_with_their_field(manager: tuple[httpx.AsyncClient, str]) -> None:
    browser, base = manager
    header = "Họ và tên;Điện thoại;Đơn vị công tác;Lĩnh vực"
    lines = ("Vũ Thị Ánh;0912345678;Viện Dệt;Nhuộm chàm", "Lê Văn Bình;0987654321;;Sở hữu trí tuệ")
    await load("experts", "\n".join((header, *lines)).encode())
    page = (await browser.get(f"{base}/people?role=experts")).text
    assert [name in page for name in ("Vũ Thị Ánh", "Nhuộm chàm, Viện Dệt", "Sở hữu trí tuệ")] == [True] * 3
    found = (await browser.get(f"{base}/people?role=experts&q=chàm")).text
    assert ("Vũ Thị Ánh" in found, "Lê Văn Bình" in found) == (True, False)
    export = await browser.get(f"{base}/people/export.xlsx?role=experts&q=binh")
    (row,) = read_table(export.content, "list.xlsx").rows
    assert list(row.values[:3]) == ["Lê Văn Bình", "Sở hữu trí tuệ", "+84987654321"]
    assert "Vũ Thị Ánh" not in (await browser.get(f"{base}/people")).text
