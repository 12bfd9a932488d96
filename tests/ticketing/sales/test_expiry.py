"""An order's time runs out while its money comes: whatever happens first, places, passes and money agree."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import fetch, write_transaction
from app.kernel.money import Money
from app.payments.enums import PaymentMethod, Settlement
from app.payments.errors import AlreadyPaid, DocumentNotOpen
from app.payments.queries import document_by_id
from app.payments.services.documents import cancel_document
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order, make_ticket_type, pay_order
from tests.support.race import overtaken, race, unguarded, winners
from ticketing.sales.errors import OrderNotOpen
from ticketing.sales.services import outcomes

pytestmark = pytest.mark.engines
LATER = NOW + timedelta(minutes=21)


async def settle_stale(edition_id: int, order_id: int, monkeypatch: pytest.MonkeyPatch) -> Settlement:
    """Settle an order that expires just after it was read as held."""
    stale = await outcomes._order(order_id, edition_id)
    await outcomes.expire_orders(now=LATER)
    read, seen = outcomes._order, []

    async def first_stale(found_id: int, found_edition: int) -> Any:
        seen.append(found_id)
        return stale if len(seen) == 1 else await read(found_id, found_edition)

    monkeypatch.setattr(outcomes, "_order", first_stale)
    document: Any = SimpleNamespace(subject_id=order_id, edition_id=edition_id)
    async with write_transaction():
        return await outcomes.settle_order(document, None, LATER)  # type: ignore[arg-type]  # the payment is not asked


async def test_money_for_an_order_that_expires_at_that_moment_buys_places_that_are_free(
    edition: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, quota=2)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW)
    assert await settle_stale(edition.id, placed.order_id, monkeypatch) == Settlement.KEPT
    assert await fetch("SELECT sold, held FROM ticket_type") == [{"sold": 2, "held": 0}]
    assert len(await fetch("SELECT id FROM pass")) == 2


async def test_money_for_places_that_are_gone_goes_back(edition: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, quota=2)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW)
    await outcomes.expire_orders(now=LATER)
    await make_order(edition.id, {type_id: 1}, now=LATER)
    assert await settle_stale(edition.id, placed.order_id, monkeypatch) == Settlement.REFUND
    assert await fetch("SELECT sold, held FROM ticket_type") == [{"sold": 0, "held": 1}]


@pytest.mark.parametrize("refunded", [False, True])
@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_part_for_a_bill_that_finance_took_back_does_not_hold_the_places_for_ever(
    edition: Any, cancelled: bool, refunded: bool
) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, quota=2)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW)
    (bill,) = await fetch("SELECT payment_document AS id FROM ticket_order")
    await cancel_document(document_id=bill["id"], actor=SYSTEM, now=NOW)
    came = await record_payment(
        document_id=bill["id"],
        method=PaymentMethod.TRANSFER,
        amount=Money(40_000, "VND"),
        actor=None,
        provider_reference="bank:1",
        now=NOW,
    )
    if refunded:
        await record_refund(payment_id=came.payment_id, method=PaymentMethod.TRANSFER, actor=SYSTEM, now=NOW)
    if cancelled:
        await outcomes.cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert await outcomes.expire_orders(now=LATER) == (not cancelled)
    assert await fetch("SELECT state FROM ticket_order") == [{"state": "cancelled" if cancelled else "expired"}]
    assert await fetch("SELECT sold, held FROM ticket_type") == [{"sold": 0, "held": 0}]
    owed = (await document_by_id(bill["id"])).owed.amount_minor
    assert owed == (0 if refunded else 40_000)


@pytest.mark.race
async def test_paying_expiring_and_cancelling_at_once_leave_no_place_behind(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, quota=12)
    placed = [await make_order(edition.id, {type_id: 1}, now=NOW) for _number in range(12)]

    async def act(number: int) -> None:
        order_id = placed[number % 12].order_id
        if number < 12:
            await pay_order(
                order_id=order_id, edition_id=edition.id, method=PaymentMethod.CASH, actor=SYSTEM, now=LATER
            )
        elif number < 24:
            await outcomes.cancel_order(order_id=order_id, edition_id=edition.id, actor=SYSTEM, now=LATER)
        else:
            await outcomes.expire_orders(now=LATER)

    results = await race(28, act)
    refused = [result for result in results if isinstance(result, BaseException)]
    assert all(isinstance(result, (OrderNotOpen, AlreadyPaid, DocumentNotOpen)) for result in refused), refused
    assert winners(results)
    states = [row["state"] for row in await fetch("SELECT state FROM ticket_order")]
    assert await fetch("SELECT sold, held FROM ticket_type") == [
        {"sold": states.count("confirmed"), "held": states.count("held")}
    ]
    valid = await fetch("SELECT id FROM pass WHERE state = 'issued'")
    assert len(valid) == states.count("confirmed")
    owed = await fetch(
        "SELECT o.id AS id FROM ticket_order o JOIN payment_document d ON d.id = o.payment_document "
        "WHERE d.state = 'paid' AND o.state <> 'confirmed'"
    )
    assert owed == []


@pytest.mark.race
async def test_without_its_condition_a_place_is_given_back_twice(edition: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: an order is cancelled and expires, and another's place goes with it."""
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=50_000, quota=2)
    placed = await make_order(edition.id, {type_id: 1}, now=NOW)
    await make_order(edition.id, {type_id: 1}, now=LATER)

    async def careless(*_order: Any, **_values: Any) -> bool:
        return True

    async def no_bill(*_order: Any, **_values: Any) -> None:
        """The bill's own condition would refuse the second."""

    unguarded(monkeypatch, outcomes)
    monkeypatch.setattr(outcomes, "_move", careless)
    monkeypatch.setattr(outcomes, "_withdraw_bill", no_bill)
    await overtaken(
        monkeypatch,
        outcomes,
        "_order",
        lambda: outcomes.cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=LATER),
        lambda: outcomes.expire_orders(now=LATER),
    )
    assert await fetch("SELECT sold, held FROM ticket_type") == [{"sold": 0, "held": 0}]
