"""A ticket changed for another day or type by its buyer: the place moves, and one pass is valid, with another code."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel import clock
from app.kernel.database import fetch
from tests.conftest import NOW
from tests.support.factories_ticketing import make_gate, make_list, make_order, make_ticket_type
from tests.support.race import losers, meet_after, race, unguarded, winners
from tests.ticketing.sales.conftest import Scene
from tests.ticketing.sales.orders import check_orders, places_of
from tests.ticketing.sales.own import LATER, allow, items, make_paid, told
from tests.ticketing.sales.test_orders import places
from tests.ticketing.sales.test_shared_quotas import make_quota
from ticketing.checkin.services.redeeming import redeem_pass
from ticketing.sales.errors import (
    ChangesOver,
    OrderNotOpen,
    RefundChanged,
    SoldOut,
    TicketsGone,
    TicketUsed,
    TooManyOfType,
    TypeNotOffered,
)
from ticketing.sales.queries import tickets_of_order
from ticketing.sales.queries_own import changeable, types_instead
from ticketing.sales.services import changing
from ticketing.sales.services.cancelling import cancel_tickets
from ticketing.sales.services.changing import change_ticket
from ticketing.sales.services.outcomes import cancel_order

pytestmark = pytest.mark.engines
PRICE = 50_000
SATURDAY, SUNDAY = date(2026, 10, 17), date(2026, 10, 18)


async def change(edition: Any, order_id: int, item_id: int, type_id: int, **values: Any) -> int:
    values = {"edition_id": edition.id, "actor": None, "now": NOW, **values}
    changed = await change_ticket(order_id=order_id, item_id=item_id, type_id=type_id, **values)
    assert not isinstance(changed, int)
    return changed.id


async def two_days(edition: Any, **values: Any) -> tuple[int, int]:
    """A ticket type for Saturday and one for Sunday, at the same price."""
    await allow(edition)
    saturday, sunday = [
        await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, first_day=day, last_day=day, **values)
        for day in (SATURDAY, SUNDAY)
    ]
    return saturday, sunday


async def valid() -> list[int]:
    return [row["id"] for row in await fetch("SELECT id FROM pass WHERE state = 'issued' ORDER BY id")]


async def test_another_day_moves_the_place_and_makes_a_pass_with_another_code(edition: Any) -> None:
    saturday, sunday = await two_days(edition)
    placed = await make_paid(edition, {saturday: 2}, locale="en", email="hoa@example.vn")
    first, second = await items(placed.order_id)
    made = await change(edition, placed.order_id, first["id"], sunday)
    after, other = await items(placed.order_id)
    assert (after["pass_id"], after["state"], after["replaces"]) == (made, "issued", first["pass_id"])
    assert (after["code"] != first["code"], other["code"]) == (True, second["code"])
    (old,) = await fetch("SELECT state, state_reason FROM pass WHERE id = {}", first["pass_id"])
    assert old == {"state": "revoked", "state_reason": "replaced"}
    (new,) = await fetch("SELECT type_no, valid_from, valid_until FROM pass WHERE id = {}", made)
    assert (new["type_no"], (new["valid_from"], new["valid_until"])) == (sunday, edition.window_of(SUNDAY, SUNDAY))
    assert (await places(saturday), await places(sunday)) == ((1, 0), (1, 0))
    address, subject, body = (await told())[-1]
    assert (address, subject) == ("hoa@example.vn", f"A ticket of your order {placed.reference} was changed")
    assert "/pass/" in body
    await check_orders(edition)


async def test_only_what_is_on_sale_and_not_sold_out_can_be_had(edition: Any) -> None:
    saturday, sunday = await two_days(edition, quota=1)
    hidden = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, active=False)
    placed = await make_paid(edition, {saturday: 1})
    (item,) = await items(placed.order_id)
    for other in (saturday, hidden, 999):
        with pytest.raises(TypeNotOffered):
            await change(edition, placed.order_id, item["id"], other)
    await make_paid(edition, {sunday: 1})
    with pytest.raises(TypeNotOffered):
        await change(edition, placed.order_id, item["id"], sunday)
    assert (await places(saturday), await places(sunday)) == ((1, 0), (1, 0))


async def test_types_that_share_a_full_quota_are_changed_for_each_other(edition: Any) -> None:
    hall = await make_quota(edition, 2)
    saturday, sunday = await two_days(edition, quota=None, quotas=[hall])
    third = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=1)
    await make_paid(edition, {third: 1})
    placed = await make_paid(edition, {saturday: 2})
    tickets = await tickets_of_order(placed.order_id)
    assert await changeable(edition, tickets, NOW, dearer=False) == {one["id"] for one in tickets}
    assert [row["id"] for row in await types_instead(edition, PRICE, saturday, NOW, dearer=False)] == [sunday]
    assert await types_instead(edition, PRICE, third, NOW, dearer=False) == []
    await change(edition, placed.order_id, tickets[0]["id"], sunday)
    assert (await places(saturday), await places(sunday), await places_of(hall)) == ((1, 0), (1, 0), (2, 2, 0))
    await check_orders(edition)


async def test_what_is_not_sold_yet_is_not_offered_instead(edition: Any) -> None:
    await allow(edition)
    saturday = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE)
    await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, sales_from=LATER)
    assert await types_instead(edition, PRICE, saturday, NOW, dearer=False) == []


async def test_an_order_has_no_more_of_a_type_by_changes_than_it_allows(scene: Scene) -> None:
    await allow(scene.edition)
    saturday, sunday = [
        await make_ticket_type(scene.edition.id, now=NOW, max_per_order=most, name={"vi": "Chủ nhật", "en": "Sunday"})
        for most in (None, 1)
    ]
    placed = await make_order(scene.edition.id, {saturday: 2}, now=NOW)
    first, second = await items(placed.order_id)
    await change(scene.edition, placed.order_id, first["id"], sunday)
    with pytest.raises(TooManyOfType):
        await change(scene.edition, placed.order_id, second["id"], sunday)
    page = f"{scene.edition.path}/tickets/done/{placed.secret}/change/{second['id']}?lang=en"
    refused = await scene.browser.post(page, data={"ticket_type": str(sunday)})
    said = "Of the kind “Sunday” one order holds at most 1."
    assert (refused.status_code, "field-ticket_type-error" in refused.text, said in refused.text) == (422, True, True)
    assert (await places(saturday), await places(sunday), len(await valid())) == ((1, 0), (1, 0), 2)
    await check_orders(scene.edition)


async def test_not_after_the_time_nor_what_was_used(scene: Scene) -> None:
    await allow(scene.edition)
    other = await make_ticket_type(scene.edition.id, now=NOW)
    placed = await make_order(scene.edition.id, {scene.free: 1}, now=NOW)
    (item,) = await items(placed.order_id)
    with pytest.raises(ChangesOver):
        await change(scene.edition, placed.order_id, item["id"], other, now=LATER)
    list_id = await make_list(scene.edition.id, now=NOW)
    _gate, phone, _token = await make_gate(scene.edition.id, list_id, now=NOW)
    await redeem_pass(actor=phone, client_id="scan-1", code=item["code"], now=clock.now())
    with pytest.raises(TicketUsed):
        await change(scene.edition, placed.order_id, item["id"], other)
    assert await valid() == [item["pass_id"]]


@pytest.mark.race
async def test_of_two_changes_and_a_cancellation_at_once_each_place_is_counted_once(edition: Any) -> None:
    saturday, sunday = await two_days(edition)
    third = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE)
    placed = await make_paid(edition, {saturday: 1})
    (item,) = await items(placed.order_id)

    async def one(number: int) -> Any:
        match number:
            case 6:
                return await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
            case 7:
                return await cancel_tickets(
                    order_id=placed.order_id,
                    edition_id=edition.id,
                    item_ids=[item["id"]],
                    shown_minor=PRICE,
                    actor=None,
                    now=NOW,
                )
            case _:
                return await change(edition, placed.order_id, item["id"], (sunday, third)[number % 2])

    results = await race(8, one)
    losers(results, TypeNotOffered, TicketsGone, OrderNotOpen, RefundChanged)
    assert winners(results)
    assert [await places(one) for one in (saturday, sunday, third)] == [(0, 0)] * 3
    assert await valid() == []
    await check_orders(edition)


@pytest.mark.race
async def test_many_who_want_the_last_place_of_a_day_get_it_once(edition: Any) -> None:
    saturday, sunday = await two_days(edition, quota=6)
    await fetch("UPDATE quota SET size = 1 WHERE id IN (SELECT quota FROM quota_type WHERE ticket_type = {})", sunday)
    orders = [await make_paid(edition, {saturday: 1}) for _number in range(6)]
    tickets = [(await items(one.order_id))[0]["id"] for one in orders]
    results = await race(6, lambda number: change(edition, orders[number].order_id, tickets[number], sunday))
    losers(results, TypeNotOffered, SoldOut)
    assert len(winners(results)) == 1
    assert (await places(saturday), await places(sunday), len(await valid())) == ((5, 0), (1, 0), 6)
    await check_orders(edition)


@pytest.mark.race
async def test_without_its_transaction_one_ticket_has_two_valid_passes(
    edition: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    saturday, sunday = await two_days(edition)
    placed = await make_paid(edition, {saturday: 1})
    (item,) = await items(placed.order_id)
    unguarded(monkeypatch, changing)
    meet_after(monkeypatch, changing, "types_instead", parties=2)
    await race(2, lambda _number: change(edition, placed.order_id, item["id"], sunday))
    assert (await places(saturday), await places(sunday)) != ((0, 0), (1, 0))


@pytest.mark.race
async def test_a_change_and_scans_at_once_leave_one_valid_pass(scene: Scene) -> None:
    await allow(scene.edition)
    other = await make_ticket_type(scene.edition.id, now=NOW)
    placed = await make_order(scene.edition.id, {scene.free: 1}, now=NOW)
    (item,) = await items(placed.order_id)
    list_id = await make_list(scene.edition.id, now=NOW)
    _gate, phone, _token = await make_gate(scene.edition.id, list_id, now=NOW)

    async def one(number: int) -> Any:
        if number == 4:
            return await change(scene.edition, placed.order_id, item["id"], other)
        answer = await redeem_pass(actor=phone, client_id=f"scan-{number}", code=item["code"], now=clock.now())
        return answer.verdict

    results = await race(8, one)
    losers(results, TicketUsed)
    said = [one for one in winners(results) if isinstance(one, str)]
    assert said.count("admitted") <= 1
    assert set(said) <= {"admitted", "already_admitted", "revoked"}
    assert len(await valid()) == 1
    assert sum([sum(await places(one)) for one in (scene.free, other)]) == 1


async def test_the_page_offers_what_can_be_had_and_leads_to_the_new_pass(scene: Scene) -> None:
    placed = await make_order(scene.edition.id, {scene.free: 1}, now=NOW)
    own = f"{scene.edition.path}/tickets/done/{placed.secret}"
    (item,) = await items(placed.order_id)
    page = f"{own}/change/{item['id']}"
    assert (await scene.browser.get(page)).status_code == 409
    await allow(scene.edition)
    assert f'href="{page}"' not in (await scene.browser.get(own)).text
    assert "No other ticket can be had now" in (await scene.browser.get(f"{page}?lang=en")).text
    other = await make_ticket_type(scene.edition.id, now=NOW, name={"vi": "Chủ nhật", "en": "Sunday"}, quota=1)
    assert f'href="{page}"' in (await scene.browser.get(own)).text
    shown = (await scene.browser.get(f"{page}?lang=en")).text
    assert ("Sunday" in shown, "Seat" in shown) == (True, False)
    nothing = await scene.browser.post(page, data={})
    assert (nothing.status_code, "field-ticket_type-error" in nothing.text) == (422, True)
    many = await scene.browser.post(page, data={"ticket_type": "9" * 12})
    assert (many.status_code, "field-ticket_type-error" in many.text) == (422, True)
    gone = await scene.browser.post(page, data={"ticket_type": str(scene.paid)})
    assert (gone.status_code, "field-ticket_type-error" in gone.text) == (409, True)
    done = await scene.browser.post(page, data={"ticket_type": str(other)})
    assert (done.status_code, done.headers["location"].startswith("/pass/")) == (303, True)
    assert (await scene.browser.get(done.headers["location"])).status_code == 200
