"""An order whose money was somebody else's waits for its own: its passes are void, its places stay held for a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import fetch
from app.kernel.errors import AppError
from app.kernel.money import Money
from app.payments.enums import DocumentState, PaymentMethod
from app.payments.queries import document_by_id
from app.payments.services.assigning import match_new
from app.payments.services.corrections import credit_document
from app.payments.services.recording import record_payment
from app.payments.services.taking_off import take_off
from tests.conftest import NOW
from tests.payments.books import check_books
from tests.payments.factories import make_entry
from tests.support.factories_ticketing import make_gate, make_list, make_order, make_ticket_type
from tests.support.race import losers, race, winners
from tests.ticketing.sales.own import allow, items
from tests.ticketing.sales.test_handing_over import offer
from tests.ticketing.sales.test_told import told
from ticketing.checkin.plugin import start as open_gates
from ticketing.checkin.services.redeeming import redeem_pass
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import PassesUsed, TicketGivenAway
from ticketing.sales.services.cancelling import cancel_tickets
from ticketing.sales.services.handing_over import accept_ticket
from ticketing.sales.services.orders import Placed
from ticketing.sales.services.outcomes import expire_orders

pytestmark = pytest.mark.engines
WHOLE = Money(100_000, "VND")


@pytest.fixture
async def order(edition: Any) -> Placed:
    """An order of two tickets that a transfer paid, in English."""
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, quota=2)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW, locale="en", phone=None, email="hoa@example.com")
    (bill,) = await fetch("SELECT reference FROM payment_document")
    await make_entry(bill["reference"], amount=100_000, edition=edition)
    assert await match_new(NOW) == {"matched": 1}
    return placed


async def off(now: Any = NOW) -> int | None:
    """Take the transfer off the bill."""
    (payment,) = await fetch("SELECT id, document FROM payment WHERE amount_minor > 0 AND outcome <> 'mistaken'")
    return await take_off(
        document_id=payment["document"], payment_id=payment["id"], reason="Nhầm", actor=SYSTEM, now=now
    )


async def pay_again(now: Any = NOW) -> None:
    """Let the buyer's own money come."""
    (bill,) = await fetch("SELECT id FROM payment_document WHERE kind = 'invoice'")
    await record_payment(document_id=bill["id"], method=PaymentMethod.TERMINAL, amount=WHOLE, actor=SYSTEM, now=now)


async def passes() -> list[str]:
    """In which states the passes are."""
    return sorted(row["state"] for row in await fetch("SELECT state FROM pass"))


async def places() -> tuple[int, int]:
    """How many places are sold and held."""
    (row,) = await fetch("SELECT sold, held FROM ticket_type")
    return row["sold"], row["held"]


async def state() -> str:
    """Where the order stands."""
    (row,) = await fetch("SELECT state FROM ticket_order")
    return str(row["state"])


async def test_its_passes_are_void_and_its_places_held(edition: Any, order: Placed) -> None:
    await off()
    assert (await state(), await places(), await passes()) == (OrderState.HELD, (0, 2), ["revoked", "revoked"])
    assert await fetch("SELECT DISTINCT state_reason FROM pass") == [{"state_reason": "unpaid"}]
    (bill,) = await fetch("SELECT state FROM payment_document")
    assert bill["state"] == DocumentState.OPEN
    (said,) = await told()
    assert said.startswith("hoa@example.com|Your order")
    for words in ("was not for it", "open no gate any more", "once 100.000\xa0₫ has come", order.secret):
        assert words in said
    await check_books(edition)


async def test_paid_once_more_it_gets_other_passes_and_they_are_sent(edition: Any, order: Placed) -> None:
    await off()
    await pay_again()
    assert (await state(), await places()) == (OrderState.CONFIRMED, (2, 0))
    assert await passes() == ["issued", "issued", "revoked", "revoked"]
    sent = await fetch("SELECT body_text FROM outbox_message WHERE body_text LIKE '%opens the gate%'")
    assert len(sent) == 2
    items = await fetch("SELECT p.state FROM order_item i JOIN pass p ON p.id = i.event_pass")
    assert [row["state"] for row in items] == ["issued", "issued"]
    await off()  # and again
    assert await places() == (0, 2)
    await check_books(edition)


async def test_what_is_not_paid_within_a_day_lapses(edition: Any, order: Placed) -> None:
    await off()
    assert await expire_orders(now=NOW + timedelta(hours=23)) == 0
    assert await expire_orders(now=NOW + timedelta(hours=25)) == 1
    assert (await state(), await places()) == (OrderState.EXPIRED, (0, 0))
    await pay_again(NOW + timedelta(hours=26))
    assert (await state(), await passes()) == (OrderState.CONFIRMED, ["issued", "issued", "revoked", "revoked"])
    await check_books(edition)


async def used(edition: Any) -> None:
    """Let one of the passes be used at a gate."""
    open_gates()
    _gate_id, phone, _token = await make_gate(edition.id, await make_list(edition.id, now=NOW), now=NOW)
    (first, _second) = await fetch("SELECT code FROM pass ORDER BY id")
    await redeem_pass(actor=phone, client_id="scan-0001", code=first["code"], now=NOW)


async def test_an_order_with_a_pass_that_was_used_stays_paid(edition: Any, order: Placed) -> None:
    await used(edition)
    with pytest.raises(PassesUsed, match=order.reference):
        await off()
    assert (await state(), await places(), await passes()) == (OrderState.CONFIRMED, (2, 0), ["issued", "issued"])
    (bill,) = await fetch("SELECT id FROM payment_document")
    assert (await document_by_id(bill["id"])).state == DocumentState.PAID
    # What the sentence says helps:
    await credit_document(document_id=bill["id"], amount=WHOLE, reason="Nhầm", actor=SYSTEM, now=NOW)
    await off()
    assert (await document_by_id(bill["id"])).state == DocumentState.REFUNDED
    await check_books(edition)


async def give_away(edition: Any, order: Placed) -> int:
    """Let the second ticket be Siti's."""
    await allow(edition)
    item_id = int((await items(order.order_id))[1]["id"])
    await accept_ticket(token=await offer(edition, order.order_id, item_id), name="Siti", actor=None, now=NOW)
    return item_id


async def test_an_order_of_which_a_ticket_was_given_away_stays_paid(edition: Any, order: Placed) -> None:
    item_id = await give_away(edition, order)
    with pytest.raises(TicketGivenAway, match=order.reference):
        await off()
    assert (await state(), await places(), (await items(order.order_id))[1]["state"]) == (
        *(OrderState.CONFIRMED, (2, 0)),
        "issued",
    )
    (bill,) = await fetch("SELECT id FROM payment_document")
    # What the sentence says helps:
    await credit_document(document_id=bill["id"], amount=WHOLE, reason="Nhầm", actor=SYSTEM, now=NOW)
    await off()
    assert (await document_by_id(bill["id"])).state == DocumentState.REFUNDED
    assert [one["state"] for one in await items(order.order_id) if one["id"] == item_id] == ["revoked"]
    await check_books(edition)


@pytest.mark.parametrize("late", [False, True])
async def test_what_its_buyer_cancelled_stays_cancelled_when_money_comes_again(edition: Any, late: bool) -> None:
    await allow(edition, back_percent=0)
    types = [await make_ticket_type(edition.id, now=NOW, price_minor=50_000) for _time in range(2)]
    placed = await make_order(edition.id, dict.fromkeys(types, 1), now=NOW)
    await pay_again()
    gone, _kept = await items(placed.order_id)
    values: dict[str, Any] = {"order_id": placed.order_id, "edition_id": edition.id, "actor": None, "now": NOW}
    await cancel_tickets(item_ids=[gone["id"]], shown_minor=0, **values)
    await off()
    if late:
        assert await expire_orders(now=NOW + timedelta(hours=25)) == 1
    await pay_again(NOW + timedelta(hours=26))
    assert (await state(), await passes()) == (OrderState.CONFIRMED, ["issued", "revoked", "revoked"])
    rows = await fetch("SELECT sold, held FROM ticket_type ORDER BY id")
    assert [(row["sold"], row["held"]) for row in rows] == [(0, 0), (1, 0)]
    await check_books(edition)


async def test_what_was_sold_without_a_contact_is_void_all_the_same(edition: Any, order: Placed) -> None:
    await fetch("UPDATE ticket_order SET contact = '', buyer = NULL")
    await off()
    assert (await state(), await told()) == (OrderState.HELD, [])


@pytest.mark.race
async def test_at_once_places_and_passes_change_once(edition: Any, order: Placed) -> None:
    (payment,) = await fetch("SELECT id, document FROM payment")

    async def one(number: int) -> None:
        if number % 2:
            await pay_again()
        else:
            await take_off(
                document_id=payment["document"], payment_id=payment["id"], reason="Nhầm", actor=SYSTEM, now=NOW
            )

    results = await race(6, one)
    assert len(winners(results)) >= 3
    losers(results, AppError)
    sold, held = await places()
    assert sold + held == 2
    assert len([one for one in await passes() if one == "issued"]) == sold
    await check_books(edition)
