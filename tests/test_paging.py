"""Page numbers that no list has are answered as a page, not as a fault of ours."""

from datetime import datetime

import httpx
import pytest

from app.accounts.enums import Role
from tests.events.factories import make_edition
from tests.support.client import sign_in
from tests.support.factories import make_holder
from tests.support.festival import make_festival
from ticketing.sales.tables import TicketOrder

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


async def test_after_the_last_page_comes_the_last_page(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    await sign_in(client, festival.people["owner"].person_id)
    for number in range(52):
        await make_holder(Role.FLOOR, edition_id=festival.edition.id, name=f"Người {number}", now=frozen_now)
    base = f"/manage/{festival.edition.id}"
    asked = {
        f"{base}/people?role=floor&page=9999": f"{base}/people?role=floor&page=2",
        f"{base}/orders?page=9999": f"{base}/orders?page=1",
        f"{base}/contest?page=3": f"{base}/contest?page=1",
        f"{base}/floorplan?page=3": f"{base}/floorplan?page=1#booths",
        f"{festival.edition.path}/catalogue?q=lua&page=7": f"{festival.edition.path}/catalogue?q=lua&page=1",
        f"{festival.edition.path}/contest?page=7": f"{festival.edition.path}/contest?page=1",
    }
    answers = {address: await client.get(address) for address in asked}
    assert {address: answer.headers.get("location") for address, answer in answers.items()} == asked
    second = await client.get(f"{base}/people?role=floor&page=2&lang=en")
    assert second.text.count("51 to 53 of 53") == 1
    whole = await client.get(f"{base}/orders?lang=en")
    orders = await TicketOrder.count()
    assert (whole.text.count(f"{orders} in all"), whole.text.count(f"1 to {orders} of {orders}")) == (1, 0)
    assert (await client.get(f"{base}/orders?q=xyzzy&page=9")).status_code == 200
