"""How many tickets of a type one order holds, and types that visitors do not see."""

from __future__ import annotations

from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order, make_ticket_type
from tests.ticketing.sales.conftest import Scene
from ticketing.sales.errors import LimitsReversed, SoldOut, TooFewOfType, TooManyOfType, UnknownTicketType
from ticketing.sales.queries import ticket_types_on_sale
from ticketing.sales.services.orders import sell_at_box_office

pytestmark = pytest.mark.engines


@pytest.mark.parametrize(("count", "refused"), [(1, TooFewOfType), (2, None), (4, None), (5, TooManyOfType)])
async def test_an_order_holds_as_many_of_a_type_as_it_allows(edition: Any, count: int, refused: Any) -> None:
    family = await make_ticket_type(
        edition.id, now=NOW, min_per_order=2, max_per_order=4, name={"vi": "Gia đình", "en": "Family"}
    )
    other = await make_ticket_type(edition.id, now=NOW)
    if refused is None:
        await make_order(edition.id, {family: count, other: 1}, now=NOW)
        return
    with pytest.raises(refused) as said:
        await make_order(edition.id, {family: count, other: 1}, now=NOW)
    limit = 2 if refused is TooFewOfType else 4
    assert said.value.params == {"name": "Family", "limit": limit}
    assert (said.value.status, said.value.code.startswith("too_")) == (422, True)


async def test_the_box_office_is_not_bound_by_them(edition: Any) -> None:
    family = await make_ticket_type(edition.id, now=NOW, min_per_order=2, max_per_order=4, hidden=True)
    await sell_at_box_office(
        edition_id=edition.id, client_id="box-0001", counts={family: 1}, holder_name="", actor=SYSTEM, now=NOW
    )


async def test_limits_that_cannot_be_kept(edition: Any) -> None:
    with pytest.raises(LimitsReversed):
        await make_ticket_type(edition.id, now=NOW, min_per_order=3, max_per_order=2)


async def test_a_hidden_type_is_not_there_for_visitors(edition: Any) -> None:
    shown = await make_ticket_type(edition.id, now=NOW)
    hidden = await make_ticket_type(edition.id, now=NOW, hidden=True, max_per_order=1, quota=3)
    assert [row["id"] for row in await ticket_types_on_sale(edition, NOW)] == [shown]
    for count in (1, 2, 4):  # whatever else is wrong with it
        with pytest.raises(UnknownTicketType):
            await make_order(edition.id, {shown: 1, hidden: count}, now=NOW)


async def test_fewer_left_than_an_order_holds_at_least_is_sold_out(edition: Any) -> None:
    family = await make_ticket_type(edition.id, now=NOW, min_per_order=4, quota=7)
    (row,) = await ticket_types_on_sale(edition, NOW)
    assert (row["open"], row["least"], row["most"]) == (True, 4, 7)
    await make_order(edition.id, {family: 4}, now=NOW)
    (row,) = await ticket_types_on_sale(edition, NOW)
    assert row["open"] is False
    with pytest.raises(SoldOut):
        await make_order(edition.id, {family: 4}, now=NOW)


async def test_pages_and_the_api_say_the_limits(scene: Scene) -> None:
    await scene.sign_in(Role.MANAGER)
    body = {"code": "FAMILY", "name_vi": "Gia đình", "quota": "20", "pass_kind": "visitor", "active": "on"}
    made = await scene.browser.post(
        scene.manage("/tickets/new"), data={**body, "min_per_order": "2", "max_per_order": "3"}
    )
    assert made.status_code == 303
    wrong = await scene.browser.post(
        scene.manage("/tickets/new?lang=en"), data={**body, "code": "X", "min_per_order": "4", "max_per_order": "3"}
    )
    assert wrong.status_code == 422
    assert "An order would hold at least more than at most." in wrong.text
    hidden = await scene.browser.post(scene.manage("/tickets/new"), data={**body, "code": "VIP", "hidden": "on"})
    assert hidden.status_code == 303
    page = await scene.browser.get(f"{scene.edition.path}/tickets?lang=en")
    family = page.text.partition("Gia đình</h2>")[2].partition("</section>")[0]
    assert [f'value="{count}"' in family for count in range(5)] == [True, False, True, True, False]
    types = (await scene.browser.get(f"/api/v1/editions/{scene.edition.slug}/ticket-types")).json()
    assert {one["code"]: (one["min_per_order"], one["max_per_order"]) for one in types} == {
        "DAY": (1, 10),
        "SEAT": (1, 10),
        "FAMILY": (2, 3),
    }
    too_many = await scene.browser.post(
        f"/api/v1/editions/{scene.edition.slug}/orders",
        json={
            "client_id": "family-0001",
            "lines": [{"ticket_type": "FAMILY", "count": 4}],
            "full_name": "Lan",
            "phone": "0912345678",
        },
    )
    assert (too_many.status_code, too_many.json()["code"]) == (422, "too_many_of_type")
