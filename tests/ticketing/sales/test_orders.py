"""Orders: placed once, confirmed, paid, cancelled, expired; and the race for the last places on both engines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.services.people import create_person, find_or_create_person
from app.kernel.database import dialect, fetch
from app.payments.enums import PaymentMethod, Settlement
from app.payments.queries import document_by_id
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order, make_ticket_type, pay_order
from tests.support.race import drop_unique, losers, meet_after, race, unguarded, winners
from tests.ticketing.sales.own import allow, items
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import NothingChosen, OrderIdTaken, QuotaTooSmall, SalesClosed, SoldOut, TooManyTickets
from ticketing.sales.queries import find_orders, ticket_types_of, tickets_of_order
from ticketing.sales.services import orders, placing, quota
from ticketing.sales.services.cancelling import cancel_tickets
from ticketing.sales.services.changing import change_ticket
from ticketing.sales.services.orders import place_order, sell_at_box_office
from ticketing.sales.services.outcomes import expire_orders
from ticketing.sales.services.ticket_types import TicketTypeValues, update_ticket_type
from ticketing.sales.tables import TicketOrder

pytestmark = pytest.mark.engines
PARTIES = 40


async def places(type_id: int) -> tuple[int, int]:
    """(sold, held) of a ticket type."""
    rows = await fetch("SELECT sold, held FROM ticket_type WHERE id = {}", type_id)
    return rows[0]["sold"], rows[0]["held"]


async def state_of(order_id: int) -> str:
    """State of an order."""
    return str((await fetch("SELECT state FROM ticket_order WHERE id = {}", order_id))[0]["state"])


async def messages() -> list[dict[str, Any]]:
    """Every message in the outbox."""
    return await fetch("SELECT channel, to_address, subject, body_text FROM outbox_message ORDER BY id")


async def test_a_free_order_is_confirmed_with_passes_and_a_message(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW, phone="+84912345678")
    tickets = await tickets_of_order(placed.order_id)
    assert (placed.state, placed.replayed) == (OrderState.CONFIRMED, False)
    assert await places(type_id) == (2, 0)
    assert [ticket["pass_state"] for ticket in tickets] == ["issued", "issued"]
    (message,) = await messages()
    assert (message["channel"], message["to_address"]) == ("sms", "+84912345678")
    assert message["body_text"].count("http://testserver.local/pass/") == 2


@pytest.mark.parametrize(("way", "to"), [("sms", "+84912345678"), ("mail", "hoa@example.com")])
async def test_an_order_to_be_paid_is_told_with_its_page(edition: Any, way: str, to: str) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    contact: dict[str, Any] = {"phone": to, "email": None} if way == "sms" else {"phone": None, "email": to}
    placed = await make_order(edition.id, {type_id: 2}, now=NOW, locale="en", **contact)
    (message,) = await messages()
    assert (message["channel"], message["to_address"]) == (way, to)
    assert message["subject"] == f"Your order {placed.reference} waits for payment"
    page = f"http://testserver.local{edition.path}/tickets/done/{placed.secret}"
    told = [message["body_text"].count(part) for part in (page, placed.reference, "100.000\xa0₫")]
    assert told == [1, 1, 1]


async def test_the_same_order_sent_twice_gives_the_first_answer(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    given = {"client_id": "the-same-order", "phone": "+84912345678"}
    first = await make_order(edition.id, {type_id: 1}, now=NOW, **given)
    again = await make_order(edition.id, {type_id: 1}, now=NOW, **given)
    assert (again.order_id, again.secret, again.reference) == (first.order_id, first.secret, first.reference)
    assert again.replayed is True
    assert await places(type_id) == (1, 0)
    assert len(await messages()) == 1


async def test_the_same_order_sent_again_after_it_changed_gives_the_first_answer(edition: Any) -> None:
    await allow(edition)
    saturday, sunday = [await make_ticket_type(edition.id, now=NOW) for _time in range(2)]
    given = {"client_id": "the-same-order", "phone": "+84912345678"}
    first = await make_order(edition.id, {saturday: 3}, now=NOW, **given)
    changed, cancelled, _third = [one["id"] for one in await items(first.order_id)]
    hers: dict[str, Any] = {"order_id": first.order_id, "edition_id": edition.id, "actor": None, "now": NOW}
    await change_ticket(item_id=changed, type_id=sunday, **hers)
    await cancel_tickets(item_ids=[cancelled], shown_minor=0, **hers)
    again = await make_order(edition.id, {saturday: 3}, now=NOW, **given)
    assert (again.order_id, again.replayed) == (first.order_id, True)
    for other in ({saturday: 2}, {saturday: 1, sunday: 1}, {sunday: 3}):
        with pytest.raises(OrderIdTaken):
            await make_order(edition.id, other, now=NOW, **given)
    assert (await places(saturday), await places(sunday)) == ((1, 0), (1, 0))


@pytest.mark.parametrize("other", [{"count": 2}, {"phone": "+84912345670"}, {"email": "mallory@example.com"}])
async def test_anothers_order_is_not_told_to_whoever_uses_its_id(edition: Any, other: dict[str, Any]) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    given = {"client_id": "the-same-order", "phone": "+84912345678"}
    await make_order(edition.id, {type_id: 1}, now=NOW, **given)
    given |= {name: value for name, value in other.items() if name != "count"}
    with pytest.raises(OrderIdTaken):
        await make_order(edition.id, {type_id: other.get("count", 1)}, now=NOW, **given)
    assert await places(type_id) == (1, 0)


async def test_an_order_in_anothers_name_changes_nothing_of_hers(edition: Any) -> None:
    """Somebody knows a phone number, and gives a mail address of her own with it."""
    person = await create_person(full_name="Trần Thu Quỳnh", phone="+84375123894", now=NOW)
    type_id = await make_ticket_type(edition.id, now=NOW)
    given = {"full_name": "Mallory", "phone": "+84375123894", "email": "mallory@example.com"}
    placed = await make_order(edition.id, {type_id: 1}, now=NOW, **given)
    rows = await fetch("SELECT email FROM person WHERE id = {}", person.id)
    assert rows == [{"email": None}]
    buyer = await fetch("SELECT p.id, p.phone FROM ticket_order o JOIN person p ON p.id = o.buyer")
    assert buyer[0]["phone"] is None
    assert buyer[0]["id"] != person.id
    sent = await fetch("SELECT to_address, body_text, secret FROM outbox_message")
    assert [one["to_address"] for one in sent] == ["mallory@example.com"]
    assert "Quỳnh" not in sent[0]["body_text"]
    assert bool(sent[0]["secret"])
    log = await fetch("SELECT actor_person_id FROM audit_entry WHERE action = 'order.place'")
    assert log == [{"actor_person_id": None}]
    assert placed.state == OrderState.CONFIRMED


async def test_what_cannot_be_ordered(edition: Any) -> None:
    few = await make_ticket_type(edition.id, now=NOW, quota=2)
    later = await make_ticket_type(edition.id, now=NOW, sales_from=NOW + timedelta(hours=1))
    over = await make_ticket_type(edition.id, now=NOW, sales_until=NOW)
    with pytest.raises(NothingChosen):
        await make_order(edition.id, {few: 0}, now=NOW)
    with pytest.raises(TooManyTickets):
        await make_order(edition.id, {few: 11}, now=NOW)
    for type_id in (later, over):
        with pytest.raises(SalesClosed):
            await make_order(edition.id, {type_id: 1}, now=NOW)
    with pytest.raises(SoldOut) as refused:
        await make_order(edition.id, {few: 3}, now=NOW)
    assert refused.value.params["left"] == 2
    assert await places(few) == (0, 0)


async def test_several_types_are_taken_all_or_none(edition: Any) -> None:
    plenty = await make_ticket_type(edition.id, now=NOW)
    none = await make_ticket_type(edition.id, now=NOW, quota=0)
    with pytest.raises(SoldOut):
        await make_order(edition.id, {plenty: 1, none: 1}, now=NOW)
    assert await places(plenty) == (0, 0)
    assert await fetch("SELECT id FROM ticket_order") == []


async def test_a_paid_order_is_held_until_its_money_comes(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW)
    assert placed.state == OrderState.HELD
    assert await places(type_id) == (0, 2)
    outcome = await pay_order(
        order_id=placed.order_id, edition_id=edition.id, method=PaymentMethod.TRANSFER, actor=SYSTEM, now=NOW
    )
    assert outcome == Settlement.KEPT
    assert await places(type_id) == (2, 0)
    assert await state_of(placed.order_id) == OrderState.CONFIRMED


async def test_the_bill_of_a_held_order_is_due_on_the_day_it_is_held_until(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=150_000)
    placed = await make_order(edition.id, {type_id: 1}, now=NOW)
    order = await TicketOrder.objects().get(TicketOrder.id == placed.order_id)
    assert order is not None
    document = await document_by_id(order.payment_document)
    assert document.due_on == order.expires_at.astimezone(ZoneInfo(edition.timezone)).date()


async def test_money_that_comes_late_buys_what_is_left_or_goes_back(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, quota=1)
    late, later = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    first = await make_order(edition.id, {type_id: 1}, now=NOW)
    await expire_orders(now=late)
    second = await make_order(edition.id, {type_id: 1}, now=late)
    await expire_orders(now=later)
    outcomes = [
        await pay_order(
            order_id=placed.order_id, edition_id=edition.id, method=PaymentMethod.TRANSFER, actor=SYSTEM, now=later
        )
        for placed in (first, second)
    ]
    assert outcomes == [Settlement.KEPT, Settlement.REFUND]
    assert await places(type_id) == (1, 0)
    assert await state_of(second.order_id) == OrderState.EXPIRED


async def test_the_box_office_sells_outside_the_sales_period_and_takes_cash(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, quota=3, sales_until=NOW)
    sale: dict[str, Any] = {"edition_id": edition.id, "holder_name": "", "actor": SYSTEM}
    placed = await sell_at_box_office(client_id="box-0001", counts={type_id: 2}, now=NOW, **sale)
    again = await sell_at_box_office(client_id="box-0001", counts={type_id: 2}, now=NOW, **sale)
    assert (placed.state, again.order_id, again.replayed) == (OrderState.CONFIRMED, placed.order_id, True)
    assert await places(type_id) == (2, 0)
    assert [row["method"] for row in await fetch("SELECT method FROM payment")] == ["cash"]
    with pytest.raises(SoldOut):
        await sell_at_box_office(client_id="box-0002", counts={type_id: 2}, now=NOW, **sale)
    assert await messages() == []


async def test_a_quota_never_goes_below_what_is_taken(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    await make_order(edition.id, {type_id: 3}, now=NOW)
    values: dict[str, Any] = {"code": "A", "name": {"vi": "Vé"}, "price_minor": 0, "currency": "VND"}
    with pytest.raises(QuotaTooSmall) as refused:
        await update_ticket_type(
            ticket_type_id=type_id,
            edition_id=edition.id,
            values=TicketTypeValues(quota=2, **values),
            actor=SYSTEM,
            now=NOW,
        )
    assert refused.value.sentence() == "3 tickets are sold or held already. The quota cannot be less."
    assert QuotaTooSmall(taken=1).sentence() == "1 ticket is sold or held already. The quota cannot be less."
    await update_ticket_type(
        ticket_type_id=type_id, edition_id=edition.id, values=TicketTypeValues(quota=3, **values), actor=SYSTEM, now=NOW
    )
    (row,) = await ticket_types_of(edition.id)
    assert (row["quota"], row["left"], row["code"]) == (3, 0, "A")


async def test_the_database_itself_refuses_more_than_the_quota(edition: Any) -> None:
    await make_ticket_type(edition.id, now=NOW, quota=1)
    with pytest.raises(Exception, match="quota_holds"):
        await fetch("UPDATE quota SET sold = 2")


async def test_orders_are_found_by_name_contact_and_reference(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 1}, now=NOW, full_name="Đỗ Thị Ánh", phone="+84987654321")
    await make_order(edition.id, {type_id: 2}, now=NOW)
    for search in ("do thi anh", "ánh", "987654321", placed.reference.lower()):
        rows, count = await find_orders(edition.id, search=search)
        assert ([row["id"] for row in rows], count) == ([placed.order_id], 1)
    rows, count = await find_orders(edition.id, state="confirmed", limit=1)
    assert (len(rows), count, rows[0]["tickets"]) == (1, 2, 2)


@pytest.mark.race
async def test_forty_orders_for_seven_places_sell_seven(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, quota=7)
    results = await race(PARTIES, lambda _number: make_order(edition.id, {type_id: 1}, now=NOW))
    assert len(winners(results)) == 7
    losers(results, SoldOut)
    assert await places(type_id) == (7, 0)


async def the_same_order(edition_id: int, type_id: int) -> placing.Placed:
    """An order of one ticket that a browser sends again and again."""
    return await place_order(
        edition_id=edition_id,
        client_id="the-same-order",
        counts={type_id: 1},
        full_name="Nguyễn Thị Hoa",
        phone="+84912345678",
        email=None,
        locale="vi",
        now=NOW,
    )


@pytest.mark.race
async def test_forty_copies_of_one_order_are_one_order(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    results = await race(PARTIES, lambda _number: the_same_order(edition.id, type_id))
    assert len({placed.order_id for placed in winners(results)}) == 1
    assert len(winners(results)) == PARTIES
    assert await places(type_id) == (1, 0)


@pytest.mark.race
async def test_without_its_unique_id_an_order_is_placed_twice(edition: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    await drop_unique("ticket_order", "client_id", "reference", "secret_hash")
    await find_or_create_person(full_name="Nguyễn Thị Hoa", phone="+84912345678", now=NOW)  # else both make her
    meet_after(monkeypatch, orders, "placed_before", parties=2)
    results = await race(2, lambda _number: the_same_order(edition.id, type_id))
    assert [placed.replayed for placed in winners(results)] == [False, False]
    assert await places(type_id) == (2, 0)


@pytest.mark.race
async def test_without_its_condition_a_quota_is_oversold(edition: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: read then write, without the lock and the database's own check."""
    type_id = await make_ticket_type(edition.id, now=NOW, quota=1)
    if dialect() == "postgres":
        await fetch('ALTER TABLE quota DROP CONSTRAINT "quota_holds"')
    else:
        await fetch('DROP TRIGGER "quota_holds_update"')

    async def left(type_id: int) -> int:
        rows = await fetch("SELECT size - sold - held AS free FROM quota WHERE edition = {}", edition.id)
        return int(rows[0]["free"])

    async def hold_by_reading_first(*, counts: dict[int, int], **_rest: Any) -> None:
        for wanted, count in counts.items():
            if await quota.left(wanted) < count:
                raise SoldOut(name="", left=0)
            await fetch("UPDATE quota SET sold = sold + {} WHERE edition = {} RETURNING id", count, edition.id)

    monkeypatch.setattr(quota, "left", left, raising=False)
    meet_after(monkeypatch, quota, "left", parties=2)
    monkeypatch.setattr(orders, "take_places", hold_by_reading_first)
    unguarded(monkeypatch, placing)
    results = await race(2, lambda _number: make_order(edition.id, {type_id: 1}, now=NOW))
    assert len(winners(results)) == 2
    assert await fetch("SELECT size, sold FROM quota") == [{"size": 1, "sold": 2}]
