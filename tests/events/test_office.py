"""The organiser's office pages."""

import httpx

from app.accounts.enums import Role
from app.accounts.queries import grants_of
from app.accounts.services.people import find_or_create_person
from app.accounts.tables import RoleGrant
from app.kernel.clock import now
from tests.events.factories import make_edition
from tests.support.client import sign_in
from tests.support.factories import make_device, make_holder, make_organisation


async def test_every_office_page_opens_for_a_manager_and_for_no_visitor(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    await make_organisation(name="Hợp tác xã Mây tre Phú Nghĩa", ward="Xã Phú Nghĩa")
    await make_device(edition_id=edition.id)
    pages = ["people", "organisations", "devices", "audit", "outbox", "organisations/export.xlsx"]
    for name in pages:
        assert (await client.get(f"/manage/{edition.id}/{name}")).status_code == 303
    manager = await make_holder(Role.MANAGER, edition_id=edition.id)
    await sign_in(client, manager.id)  # type: ignore[arg-type]
    for name in pages:
        assert (await client.get(f"/manage/{edition.id}/{name}")).status_code == 200, name
    elsewhere = await make_holder(Role.MANAGER, edition_id=edition.id + 1)
    await sign_in(client, elsewhere.id)  # type: ignore[arg-type]
    for name in pages:
        assert (await client.get(f"/manage/{edition.id}/{name}")).status_code == 403, name


async def test_a_role_is_given_and_taken_back(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    manager = await make_holder(Role.MANAGER, edition_id=edition.id)
    await sign_in(client, manager.id)  # type: ignore[arg-type]
    base = f"/manage/{edition.id}/people"
    form = {"full_name": "Đỗ Thị Yến", "phone": "0912 345 678", "email": "", "role": "gate_lead"}
    assert (await client.post(base, data=form)).status_code == 303
    person = await find_or_create_person(full_name="x", phone="+84912345678", now=now())
    assert [grant.role for grant in await grants_of(person.id)] == [Role.GATE_LEAD]
    grant = await RoleGrant.objects().get(RoleGrant.person == person.id)
    assert grant is not None
    assert (await client.post(f"{base}/{grant.id}/revoke")).status_code == 303
    assert await grants_of(person.id) == ()


async def test_nobody_is_made_owner_by_a_form(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    manager = await make_holder(Role.MANAGER, edition_id=edition.id)
    await sign_in(client, manager.id)  # type: ignore[arg-type]
    form = {"full_name": "Đỗ Thị Yến", "phone": "0912 345 678", "role": "owner"}
    assert (await client.post(f"/manage/{edition.id}/people", data=form)).status_code == 422


async def test_a_device_of_another_edition_is_not_hers_to_shut_out(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    device, _token = await make_device(edition_id=edition.id + 1)
    manager = await make_holder(Role.MANAGER, edition_id=edition.id)
    await sign_in(client, manager.id)  # type: ignore[arg-type]
    assert (await client.post(f"/manage/{edition.id}/devices/{device.id}/revoke")).status_code == 404


async def test_a_manager_does_not_give_herself_a_role(client: httpx.AsyncClient) -> None:
    edition = await make_edition()
    manager = await make_holder(Role.MANAGER, edition_id=edition.id, phone="+84912345678")
    await sign_in(client, manager.id)  # type: ignore[arg-type]
    form = {"full_name": manager.full_name, "phone": "0912 345 678", "email": "", "role": "jury_chair"}
    assert (await client.post(f"/manage/{edition.id}/people", data=form)).status_code == 422
    assert [grant.role for grant in await grants_of(manager.id)] == [Role.MANAGER]
