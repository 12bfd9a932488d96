"""Buyers are told when their orders end, and that what they paid goes back."""

from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import PaymentMethod
from app.payments.queries import document_by_id, payments_of
from app.payments.queries_told import told_of
from app.payments.services.corrections import credit_document
from app.payments.services.documents import cancel_document
from app.payments.services.recording import record_payment
from app.payments.services.taking_off import take_off
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order, make_ticket_type, pay_order
from tests.ticketing.sales.test_expiry import LATER
from ticketing.sales.services.orders import Placed
from ticketing.sales.services.outcomes import cancel_order, expire_orders

pytestmark = pytest.mark.engines


async def placed(edition: Any, price: int = 50_000, **values: Any) -> Placed:
    """An order of two tickets, in English."""
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=price)
    return await make_order(edition.id, {type_id: 2}, now=NOW, locale="en", **values)


async def come(amount: int) -> int:
    """Let a part of the order's money come; returns its bill."""
    (bill,) = await fetch("SELECT id FROM payment_document")
    money = Money(amount, "VND")
    await record_payment(document_id=bill["id"], method=PaymentMethod.TERMINAL, amount=money, actor=SYSTEM, now=NOW)
    return int(bill["id"])


async def told() -> list[str]:
    """What was told after the order was placed, a part of its money came and its passes were sent, the oldest first."""
    rows = await fetch(
        "SELECT to_address, subject, body_text FROM outbox_message WHERE unique_key IS NULL "
        "OR (unique_key NOT LIKE 'ticket-order-bill:%' AND unique_key NOT LIKE 'ticket-order:%' "
        "AND unique_key NOT LIKE 'payment-part:%') ORDER BY id"
    )
    return [f"{row['to_address']}|{row['subject']}|{row['body_text']}" for row in rows]


async def cancel(order: Placed, edition: Any) -> None:
    """Cancel an order, twice."""
    for _time in range(2):
        await cancel_order(order_id=order.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)


async def test_an_order_that_lapses_half_paid_is_told(edition: Any) -> None:
    order = await placed(edition, phone="+84912345678")
    await come(30_000)
    await expire_orders(now=LATER)
    (said,) = await told()
    parts = (
        "+84912345678|",
        "taken back before all of it had come",
        "30.000\xa0₫ goes back to you, unless the rest",
        order.secret,
    )
    assert [part for part in parts if part not in said] == []


async def test_a_part_that_comes_is_told_once_with_what_is_still_to_be_paid(edition: Any) -> None:
    order = await placed(edition, phone="+84912345678")
    (bill,) = await fetch("SELECT id FROM payment_document")
    for _time in range(2):  # its provider tells of it twice
        await record_payment(
            document_id=bill["id"],
            method=PaymentMethod.TRANSFER,
            amount=Money(30_000, "VND"),
            actor=None,
            provider_reference="bank:1",
            now=NOW,
        )
    (said,) = await fetch("SELECT to_address, body_text FROM outbox_message WHERE unique_key LIKE 'payment-part:%'")
    parts = ("30.000\xa0₫ has come for invoice", "70.000\xa0₫ is still to be paid. ", order.secret)
    assert said["to_address"] == "+84912345678"
    assert [part for part in parts if part not in said["body_text"]] == []


async def test_an_order_that_lapses_unpaid_is_not_told(edition: Any) -> None:
    await placed(edition)
    await expire_orders(now=LATER)
    assert await told() == []


async def test_a_bill_that_finance_cancels_after_a_part_came_is_told(edition: Any) -> None:
    await placed(edition)
    bill = await come(30_000)
    for _time in range(2):
        await cancel_document(document_id=bill, actor=SYSTEM, now=NOW)
    assert [said.count("30.000\xa0₫") for said in await told()] == [1]


@pytest.mark.parametrize("paid", [0, 30_000, 100_000])
async def test_an_order_that_is_cancelled_is_told_once_with_what_goes_back(edition: Any, paid: int) -> None:
    order = await placed(edition, phone=None, email="hoa@example.com")
    if paid:
        await come(paid)
    await cancel(order, edition)
    (said,) = await told()
    assert said.startswith(f"hoa@example.com|Your order {order.reference} was cancelled|")
    assert ("Please do not pay it." in said, "Its passes open no gate" in said) == (paid < 100_000, paid == 100_000)
    assert ("goes back to you" in said, f"{paid // 1_000}.000\xa0₫ goes back" in said) == (bool(paid), bool(paid))


async def test_a_free_order_that_is_cancelled_is_told(edition: Any) -> None:
    await cancel(await placed(edition, 0), edition)
    (said,) = await told()
    assert ("Its passes open no gate any more." in said, "goes back" in said, "pay" in said) == (True, False, False)


async def test_an_order_whose_bill_is_taken_back_is_told_once(edition: Any) -> None:
    order = await placed(edition)
    await pay_order(
        order_id=order.order_id, edition_id=edition.id, method=PaymentMethod.TERMINAL, actor=SYSTEM, now=NOW
    )
    (bill,) = await fetch("SELECT id FROM payment_document")
    whole = Money(100_000, "VND")
    await credit_document(document_id=bill["id"], amount=whole, reason="x", actor=SYSTEM, now=NOW)
    assert [said.count("100.000\xa0₫ goes back to you") for said in await told()] == [1]


@pytest.mark.parametrize("by_finance", [True, False])
async def test_what_was_too_much_is_not_told_again_with_the_order(edition: Any, by_finance: bool) -> None:
    order = await placed(edition)
    (bill,) = await fetch("SELECT id FROM payment_document")
    much, whole = Money(120_000, "VND"), Money(100_000, "VND")
    by_bank: dict[str, Any] = {"method": PaymentMethod.TRANSFER, "actor": None, "provider_reference": "bank:1"}
    await record_payment(document_id=bill["id"], amount=much, now=NOW, **by_bank)
    if by_finance:
        await credit_document(document_id=bill["id"], amount=whole, reason="x", actor=SYSTEM, now=NOW)
    else:
        await cancel(order, edition)
    first, second = await told()
    assert ("20.000\xa0₫ goes back" in first, "100.000\xa0₫ goes back" in second) == (True, True)


async def test_a_part_that_is_taken_back_is_told_where_money_goes_back_for_it(edition: Any) -> None:
    await placed(edition)
    bill = await come(80_000)
    for amount in (5_000, 25_000):  # the first of these was not paid yet
        part = Money(amount, "VND")
        await credit_document(document_id=bill, amount=part, reason="x", actor=SYSTEM, now=NOW)
    less, said = await told()
    assert ("5.000\xa0₫ of invoice" in less, "15.000\xa0₫ is still to be paid." in less) == (True, True)
    assert [part for part in ("25.000\xa0₫ of invoice", "10.000\xa0₫ goes back to you") if part not in said] == []


async def test_an_order_out_of_a_sheet_is_told_to_the_person_herself(edition: Any) -> None:
    order = await placed(edition, 0, phone=None, email="hoa@example.com")
    await fetch("UPDATE ticket_order SET contact = '' WHERE id = {}", order.order_id)
    await cancel(order, edition)
    assert [said.split("|")[0] for said in await told()] == ["hoa@example.com"]


async def test_who_bought_at_the_counter_cannot_be_told(edition: Any) -> None:
    order = await placed(edition)
    await fetch("UPDATE ticket_order SET contact = '', buyer = NULL WHERE id = {}", order.order_id)
    await cancel(order, edition)
    assert await told() == []


async def test_finance_finds_at_the_invoice_all_that_the_buyer_was_told_of_her_order(edition: Any) -> None:
    order, other = await placed(edition), await placed(edition)
    bill, others = await fetch("SELECT id FROM payment_document ORDER BY id")
    how: dict[str, Any] = {"edition_id": edition.id, "method": PaymentMethod.TERMINAL, "actor": SYSTEM, "now": NOW}
    for _time in range(2):
        await pay_order(order_id=order.order_id, **how)
        wrong = (await payments_of(bill["id"]))[-1].id
        await take_off(document_id=bill["id"], payment_id=wrong, reason="x", actor=SYSTEM, now=NOW)
    again, tickets = f"Your order {order.reference} is not paid after all", f"Your tickets: {edition.title}"
    waits = f"Your order {order.reference} waits for payment"
    shown = [one.subject for one in await told_of(await document_by_id(bill["id"]))]
    assert shown == [again, tickets, again, tickets, waits]
    elsewhere = await told_of(await document_by_id(others["id"]))
    assert [one.subject for one in elsewhere] == [f"Your order {other.reference} waits for payment"]
