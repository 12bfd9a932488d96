"""Page numbers that no list has are answered as a page, not as a fault of ours."""

import httpx
import pytest

from app.accounts.enums import Role
from tests.events.factories import make_edition
from tests.support.client import sign_in
from tests.support.factories import make_holder

HUGE = "99999999999999999999"
PUBLIC = ("contest", "catalogue", "programme")
LISTS = (
    *("applications", "floorplan", "passes", "programme", "contest", "payments", "orders", "people"),
    *("organisations", "audit", "outbox", "catalogue"),
)


@pytest.mark.parametrize("page", [HUGE, "-5", "0", "x", ""])
async def test_no_page_number_breaks_a_list(client: httpx.AsyncClient, page: str) -> None:
    edition = await make_edition()
    owner = await make_holder(Role.OWNER)
    for name in PUBLIC:
        assert (await client.get(f"{edition.path}/{name}?page={page}")).status_code < 500, name
    await sign_in(client, owner.id)
    for name in LISTS:
        assert (await client.get(f"/manage/{edition.id}/{name}?page={page}")).status_code < 500, name


@pytest.mark.parametrize("path", ["/api/v1/editions", "/exhibitors?page=", "/products?page="])
async def test_no_page_number_breaks_the_api(client: httpx.AsyncClient, path: str) -> None:
    edition = await make_edition()
    full = path if path.startswith("/api") else f"/api/v1{edition.path.replace('/e/', '/editions/')}{path}{HUGE}"
    assert (await client.get(full)).status_code < 500
