"""Orders that end before their day: cancelled by the desk, by finance, or since their time is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import PaymentMethod
from app.payments.errors import DocumentNotOpen
from app.payments.services.corrections import credit_document
from tests.conftest import NOW
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type, pay_order
from tests.support.race import race, winners
from tests.ticketing.sales.own import allow, items, make_paid, told
from tests.ticketing.sales.test_orders import places, state_of
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import OrderNotOpen
from ticketing.sales.queries import tickets_of_order
from ticketing.sales.services.cancelling import cancel_tickets
from ticketing.sales.services.outcomes import cancel_order, expire_orders

pytestmark = pytest.mark.engines


async def test_held_orders_expire_and_give_their_places_back(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW)
    assert await expire_orders(now=NOW + timedelta(minutes=19)) == 0
    assert await expire_orders(now=NOW + timedelta(minutes=21)) == 1
    assert await expire_orders(now=NOW + timedelta(minutes=21)) == 0
    assert await places(type_id) == (0, 0)
    assert await state_of(placed.order_id) == OrderState.EXPIRED


async def test_cancelling_returns_places_and_withdraws_passes(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW)
    for _time in range(2):
        await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert await places(type_id) == (0, 0)
    assert {ticket["pass_state"] for ticket in await tickets_of_order(placed.order_id)} == {"revoked"}
    assert await state_of(placed.order_id) == OrderState.CANCELLED


async def test_the_money_of_a_cancelled_order_is_due_for_a_refund(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    placed = await make_order(edition.id, {type_id: 1}, now=NOW)
    await pay_order(order_id=placed.order_id, edition_id=edition.id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
    await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert await fetch(
        "SELECT d.state AS state, p.outcome AS outcome FROM payment_document d JOIN payment p ON p.document = d.id"
    ) == [{"state": "refund_due", "outcome": "refund"}]
    assert await places(type_id) == (0, 0)


@pytest.mark.parametrize("parts", [[100_000], [40_000, 60_000]], ids=["at once", "in parts"])
async def test_an_order_whose_bill_finance_takes_back_is_cancelled(edition: Any, parts: list[int]) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW)
    await pay_order(order_id=placed.order_id, edition_id=edition.id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
    (bill,) = await fetch("SELECT id FROM payment_document")
    for part in parts:
        assert await state_of(placed.order_id) == OrderState.CONFIRMED
        amount = Money(part, "VND")
        await credit_document(document_id=bill["id"], amount=amount, reason="x", actor=SYSTEM, now=NOW)
    assert await state_of(placed.order_id) == OrderState.CANCELLED
    assert {ticket["pass_state"] for ticket in await tickets_of_order(placed.order_id)} == {"revoked"}
    assert await places(type_id) == (0, 0)
    await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    (found,) = await fetch("SELECT state, owed_minor FROM payment_document WHERE id = {}", bill["id"])
    assert found == {"state": "refund_due", "owed_minor": 100_000}
    actions = [row["action"] for row in await fetch("SELECT action FROM audit_entry ORDER BY id")]
    assert (actions.count("order.cancel"), actions.count("payment.owe_back")) == (1, 1)


@pytest.mark.race
async def test_finance_and_the_desk_who_take_it_back_at_once_do_so_once(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW)
    await pay_order(order_id=placed.order_id, edition_id=edition.id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
    (bill,) = await fetch("SELECT id FROM payment_document")
    whole = Money(100_000, "VND")

    async def take_back(number: int) -> None:
        if number % 2:
            await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
        else:
            await credit_document(document_id=bill["id"], amount=whole, reason="x", actor=SYSTEM, now=NOW)

    results = await race(6, take_back)
    assert winners(results)
    for error in results:
        assert error is None or isinstance(error, OrderNotOpen | DocumentNotOpen)
    assert await state_of(placed.order_id) == OrderState.CANCELLED
    assert await places(type_id) == (0, 0)
    (found,) = await fetch("SELECT state, owed_minor FROM payment_document WHERE id = {}", bill["id"])
    assert found == {"state": "refund_due", "owed_minor": 100_000}


async def test_a_cancelled_order_is_taken_back_by_one_credit_note(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    placed = await make_order(edition.id, {type_id: 1}, now=NOW)
    await pay_order(order_id=placed.order_id, edition_id=edition.id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
    await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert await fetch("SELECT state, state_reason, type_no FROM pass") == [
        {"state": "revoked", "state_reason": "cancelled", "type_no": type_id}
    ]
    (bill, note) = await fetch("SELECT kind, state, credited_minor FROM payment_document ORDER BY id")
    assert (bill["state"], bill["credited_minor"], note["kind"]) == ("refund_due", 50_000, "credit_note")
    actions = [row["action"] for row in await fetch("SELECT action FROM audit_entry ORDER BY id")]
    assert (actions.count("order.cancel"), actions.count("payment.owe_back")) == (1, 1)


async def test_cancelling_a_held_order_and_one_that_expired(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    held, gone = [await make_order(edition.id, {type_id: 1}, now=NOW) for _time in range(2)]
    await cancel_order(order_id=held.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    await expire_orders(now=NOW + timedelta(hours=1))
    with pytest.raises(OrderNotOpen):
        await cancel_order(order_id=gone.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert await places(type_id) == (0, 0)


STAYS = "Over a part it takes back money alone: "


@pytest.mark.parametrize(
    ("many", "said"),
    [(1, "the pass of this order stays valid."), (3, "all 3 passes of this order stay valid.")],
    ids=["one pass", "several"],
)
async def test_a_credit_note_over_a_part_is_said_to_leave_every_pass_valid(
    client: Browser, frozen_now: Any, many: int, said: str
) -> None:
    edition = await make_open_edition(now=NOW)
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id, now=NOW)).id)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    placed = await make_order(edition.id, {type_id: many}, now=NOW)
    (bill,) = await fetch("SELECT id FROM payment_document")
    own = f"/manage/{edition.id}/payments/{bill['id']}"
    assert STAYS not in (await client.get(f"{own}?lang=en")).text  # no pass is made yet
    await pay_order(order_id=placed.order_id, edition_id=edition.id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
    assert STAYS + said in (await client.get(f"{own}?lang=en")).text
    assert (await client.post(f"{own}/credits", data={"credit": "20.000", "reason": "một người ốm"})).status_code == 303
    assert {ticket["pass_state"] for ticket in await tickets_of_order(placed.order_id)} == {"issued"}
    assert STAYS + said in (await client.get(f"{own}?lang=en")).text


@pytest.mark.parametrize("known", [True, False], ids=["a phone", "no contact"])
async def test_only_a_buyer_who_can_be_reached_is_said_to_be_told(
    client: Browser, frozen_now: Any, known: bool
) -> None:
    edition = await make_open_edition(now=NOW)
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id, now=NOW)).id)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    if known:
        order = (await make_order(edition.id, {type_id: 2}, now=NOW)).order_id
        await pay_order(order_id=order, edition_id=edition.id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
    else:
        sale = {"client_id": "a" * 22, f"n-{type_id}": "2", "method": "cash", "full_name": "Lan"}
        assert (await client.post(f"/manage/{edition.id}/box-office", data=sale)).status_code == 303
    (bill,) = await fetch("SELECT id FROM payment_document")
    own = f"/manage/{edition.id}/payments/{bill['id']}"
    asked = await client.post(f"{own}/credits?lang=en", data={"credit": "100.000", "reason": "nghỉ"})
    told, alone = "goes back to the payer, who is told.", "is known, so tell her yourself."
    assert (asked.status_code, told in asked.text, alone in asked.text) == (422, known, not known)
    part = await client.post(f"{own}/credits", data={"credit": "20.000", "reason": "bớt"})
    assert part.status_code == 303
    back = (await client.get(f"{own}?lang=en")).text
    assert (f'action="{own}/refunds/' in back, "The payer is told." in back) == (True, known)


async def test_a_buyer_who_cancelled_is_told_when_the_share_that_was_kept_goes_back_too(edition: Any) -> None:
    await allow(edition, back_percent=50)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000)
    placed = await make_paid(edition, {type_id: 1}, locale="en", email="hoa@example.vn")
    ids = [one["id"] for one in await items(placed.order_id)]
    hers: dict[str, Any] = {"order_id": placed.order_id, "edition_id": edition.id, "actor": None, "now": NOW}
    await cancel_tickets(item_ids=ids, shown_minor=25_000, **hers)
    before = len(await told())
    (bill,) = await fetch("SELECT id FROM payment_document WHERE corrects IS NULL")
    rest = Money(25_000, "VND")
    await credit_document(document_id=bill["id"], amount=rest, reason="Kulanz", actor=SYSTEM, now=NOW)
    ((address, _subject, body),) = (await told())[before:]
    assert (address, "25.000\xa0₫ goes back to you" in body) == ("hoa@example.vn", True)
