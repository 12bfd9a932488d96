"""Quotas that several ticket types draw on: an order has places of all of them, or of none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.services.cancelling import cancel_edition
from app.events.services.editions import copy_edition
from app.kernel.database import fetch
from app.payments.enums import PaymentMethod, Settlement
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order, make_ticket_type, pay_order
from tests.support.race import losers, race, winners
from tests.ticketing.sales.orders import check_quotas, places_of
from ticketing.sales.errors import (
    OrderNotOpen,
    QuotaInUse,
    QuotaMissing,
    QuotaTooFull,
    QuotaTooSmall,
    SoldOut,
    UnknownQuota,
)
from ticketing.sales.queries import quotas_of, ticket_types_of, totals_of
from ticketing.sales.services.outcomes import cancel_order, expire_orders
from ticketing.sales.services.quotas import QuotaValues, create_quota, delete_quota, update_quota
from ticketing.sales.services.ticket_types import TicketTypeValues, update_ticket_type

pytestmark = pytest.mark.engines
PRICE = 50_000


async def make_quota(edition: Any, size: int, name: str = "Hội trường") -> int:
    """A quota that no type draws on yet."""
    return await create_quota(edition_id=edition.id, values=QuotaValues(name=name, size=size), actor=SYSTEM, now=NOW)


async def choose(edition: Any, type_id: int, *, quota: int | None, quotas: list[int] | None = None) -> None:
    """Let a ticket type draw on quotas, as an organiser says it."""
    values = TicketTypeValues(
        code=f"T-{type_id}", name={"vi": "Vé"}, price_minor=0, currency="VND", quota=quota, quotas=quotas
    )
    await update_ticket_type(ticket_type_id=type_id, edition_id=edition.id, values=values, actor=SYSTEM, now=NOW)


async def left_of(edition: Any) -> list[int]:
    """How many tickets of each type can still be had."""
    return [row["left"] for row in await ticket_types_of(edition.id)]


async def test_a_type_has_a_quota_of_its_own_and_shares_others(edition: Any) -> None:
    hall = await make_quota(edition, 8)
    child = await make_ticket_type(edition.id, now=NOW, quota=5, quotas=[hall])
    adult = await make_ticket_type(edition.id, now=NOW, quota=None, quotas=[hall])
    assert await left_of(edition) == [5, 8]
    await make_order(edition.id, {child: 4}, now=NOW)
    assert await left_of(edition) == [1, 4]
    await make_order(edition.id, {adult: 4}, now=NOW)
    assert await left_of(edition) == [0, 0]
    assert await places_of(hall) == (8, 8, 0)
    await check_quotas(edition.id)


async def test_an_order_has_all_its_places_or_none(edition: Any) -> None:
    hall = await make_quota(edition, 5)
    child = await make_ticket_type(edition.id, now=NOW, quota=9, quotas=[hall])
    adult = await make_ticket_type(edition.id, now=NOW, quota=9, quotas=[hall], name={"vi": "Người lớn"})
    with pytest.raises(SoldOut) as refused:
        await make_order(edition.id, {child: 3, adult: 3}, now=NOW, locale="vi")
    assert (refused.value.params["name"], refused.value.params["left"]) == ("Người lớn", 2)
    assert await left_of(edition) == [5, 5]
    assert await fetch("SELECT sold, held FROM ticket_type") == [{"sold": 0, "held": 0}] * 2
    await make_order(edition.id, {child: 2, adult: 3}, now=NOW)
    assert await left_of(edition) == [0, 0]
    await check_quotas(edition.id)


async def test_a_type_without_a_quota_is_not_sold(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    other = await make_ticket_type(edition.id, now=NOW)
    await fetch("DELETE FROM quota_type WHERE ticket_type = {}", type_id)
    assert await left_of(edition) == [0, 10]
    with pytest.raises(SoldOut):
        await make_order(edition.id, {type_id: 1, other: 1}, now=NOW)
    await check_quotas(edition.id)


async def test_places_of_shared_quotas_follow_an_order(edition: Any) -> None:
    """Held, sold, given back; and late money, which finds an equal type with room in another quota only."""
    hall, attic = await make_quota(edition, 4), await make_quota(edition, 4)
    first = await make_ticket_type(edition.id, now=NOW, quota=None, quotas=[hall], price_minor=PRICE)
    same_hall = await make_ticket_type(edition.id, now=NOW, quota=None, quotas=[hall], price_minor=PRICE)
    upstairs = await make_ticket_type(edition.id, now=NOW, quota=None, quotas=[attic], price_minor=PRICE)
    late = await make_order(edition.id, {first: 3}, now=NOW)
    assert await places_of(hall) == (4, 0, 3)
    await expire_orders(now=NOW + timedelta(hours=1))
    assert await places_of(hall) == (4, 0, 0)
    paid = await make_order(edition.id, {same_hall: 2}, now=NOW)
    await pay_order(order_id=paid.order_id, edition_id=edition.id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
    assert await places_of(hall) == (4, 2, 0)
    settled = await pay_order(
        order_id=late.order_id, edition_id=edition.id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW
    )
    assert settled == Settlement.REPLACED
    assert (await places_of(hall), await places_of(attic)) == ((4, 2, 0), (4, 3, 0))
    assert await fetch("SELECT DISTINCT ticket_type FROM order_item WHERE ticket_order = {}", late.order_id) == [
        {"ticket_type": upstairs}
    ]
    await check_quotas(edition.id)
    await cancel_order(order_id=paid.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert await places_of(hall) == (4, 0, 0)
    await check_quotas(edition.id)


async def test_a_type_that_joins_or_leaves_a_quota_takes_its_tickets_along(edition: Any) -> None:
    hall = await make_quota(edition, 4)
    one = await make_ticket_type(edition.id, now=NOW)
    other = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE)
    await make_order(edition.id, {one: 3}, now=NOW)
    await make_order(edition.id, {other: 2}, now=NOW)
    await choose(edition, one, quota=None, quotas=[hall])
    assert await places_of(hall) == (4, 3, 0)
    assert (await ticket_types_of(edition.id))[0]["quota"] is None
    with pytest.raises(UnknownQuota):  # what came with one type is no other's
        await choose(edition, one, quota=None, quotas=[hall, (await ticket_types_of(edition.id))[1]["own"]])
    with pytest.raises(QuotaTooFull) as refused:
        await choose(edition, other, quota=10, quotas=[hall])
    assert refused.value.sentence() == (
        "The quota “Hội trường” has 4 places, and 5 tickets would be sold or held. Give it more places first."
    )
    await update_quota(
        quota_id=hall, edition_id=edition.id, values=QuotaValues(name="Sân", size=5), actor=SYSTEM, now=NOW
    )
    await choose(edition, other, quota=10, quotas=[hall])
    assert await places_of(hall) == (5, 3, 2)
    await check_quotas(edition.id)
    await choose(edition, one, quota=3, quotas=[])
    assert await places_of(hall) == (5, 0, 2)
    await check_quotas(edition.id)
    assert [row["quota"] for row in await ticket_types_of(edition.id)] == [3, 10]


async def test_what_a_type_may_not_draw_on(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    await make_order(edition.id, {type_id: 3}, now=NOW)
    with pytest.raises(QuotaMissing):
        await choose(edition, type_id, quota=None, quotas=[])
    with pytest.raises(UnknownQuota):
        await choose(edition, type_id, quota=3, quotas=[10_000])
    hall = await make_quota(edition, 9)
    await choose(edition, type_id, quota=None, quotas=[hall])
    other = await make_ticket_type(edition.id, now=NOW, quota=None, quotas=[hall])
    with pytest.raises(QuotaTooSmall):
        await choose(edition, type_id, quota=2, quotas=[hall])
    with pytest.raises(QuotaMissing):
        await make_ticket_type(edition.id, now=NOW, quota=None)
    await choose(edition, other, quota=None)  # nothing is said about those that it shares
    assert [row["quotas"] for row in await ticket_types_of(edition.id)] == [[hall], [hall]]


async def test_a_quota_is_changed_within_bounds_and_the_log_says_so(edition: Any) -> None:
    hall = await make_quota(edition, 9)
    type_id = await make_ticket_type(edition.id, now=NOW, quota=None, quotas=[hall])
    await make_order(edition.id, {type_id: 3}, now=NOW)
    given: dict[str, Any] = {"quota_id": hall, "edition_id": edition.id, "actor": SYSTEM, "now": NOW}
    with pytest.raises(QuotaTooSmall) as refused:
        await update_quota(values=QuotaValues(name="Sân", size=2), **given)
    assert refused.value.params["taken"] == 3
    await update_quota(values=QuotaValues(name="Sân", size=3), **given)
    await update_quota(values=QuotaValues(name="Sân", size=3), **given)
    assert (await places_of(hall), await left_of(edition)) == ((3, 3, 0), [0])
    with pytest.raises(QuotaInUse):
        await delete_quota(**given)
    empty = await make_quota(edition, 1)
    await delete_quota(**{**given, "quota_id": empty})
    with pytest.raises(UnknownQuota):
        await delete_quota(**{**given, "quota_id": empty})
    log = await fetch("SELECT action, subject_id FROM audit_entry WHERE subject_type = 'quota' ORDER BY id")
    assert [(row["action"], int(row["subject_id"])) for row in log] == [
        ("quota.create", hall),
        ("quota.update", hall),
        ("quota.create", empty),
        ("quota.delete", empty),
    ]


async def test_the_dashboard_adds_places_up_where_they_can_be(edition: Any) -> None:
    hall = await make_quota(edition, 8)
    child = await make_ticket_type(edition.id, now=NOW, quota=None, quotas=[hall])
    await make_ticket_type(edition.id, now=NOW, quota=None, quotas=[hall])
    await make_ticket_type(edition.id, now=NOW, quota=5)
    await make_order(edition.id, {child: 4}, now=NOW)
    totals = await totals_of(edition.id)
    assert (totals["types"], totals["sold"], totals["places"]) == (3, 4, 13)
    await choose(edition, child, quota=4, quotas=[hall])
    assert (await totals_of(edition.id))["places"] is None


async def test_a_copied_edition_has_its_quotas_and_a_cancelled_one_gives_all_back(edition: Any) -> None:
    hall = await make_quota(edition, 8)
    types = [await make_ticket_type(edition.id, now=NOW, quota=size, quotas=[hall]) for size in (None, 3)]
    await make_order(edition.id, dict.fromkeys(types, 2), now=NOW)
    made = await copy_edition(
        source_id=edition.id, slug="nua", name={"vi": "Nữa"}, starts_on=edition.starts_on, actor=SYSTEM, now=NOW
    )
    assert [(row["name"], row["size"], row["sold"], len(row["types"])) for row in await quotas_of(made.id)] == [
        (row["name"], row["size"], 0, len(row["types"])) for row in await quotas_of(edition.id)
    ]
    assert await left_of(made) == [8, 3]
    await cancel_edition(edition_id=edition.id, typed=edition.slug, reason="Bão", actor=SYSTEM, now=NOW)
    assert await left_of(edition) == [8, 3]
    await check_quotas(edition.id)


@pytest.mark.race
async def test_types_that_share_quotas_never_wait_for_each_other(edition: Any) -> None:
    """Four types on three quotas, in each pair: buyers, cancelling and an organiser who changes what they draw on."""
    quotas = [await make_quota(edition, size) for size in (14, 12, 9)]
    pairs = ([0, 1], [1, 2], [2, 0], [1, 0])
    types = [
        await make_ticket_type(edition.id, now=NOW, quota=None, quotas=[quotas[one] for one in pair]) for pair in pairs
    ]
    standing = [await make_order(edition.id, {types[number % 4]: 1}, now=NOW) for number in range(6)]

    async def act(number: int) -> Any:
        match number % 4:
            case 0 | 1:
                both = {types[number % 3]: 1, types[(number + 1) % 4]: 1}
                return await make_order(edition.id, both, now=NOW)
            case 2:
                order = standing[number % 6]
                return await cancel_order(order_id=order.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
            case _:
                return await choose(edition, types[number % 4], quota=None, quotas=quotas[number % 2 :])

    results = await race(40, act)
    losers(results, SoldOut, QuotaTooFull, OrderNotOpen)
    assert winners(results)
    await check_quotas(edition.id)
