"""An invoice with an e-invoice is open again and taken back then: a credit note takes the e-invoice back, too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import edition_by_id
from app.kernel.money import Money
from app.payments.enums import DocumentState, PaymentMethod, Settlement
from app.payments.errors import AlreadyPaid
from app.payments.queries import DocumentInfo, credit_notes_of, document_by_id, payments_of
from app.payments.services.assigning import assign_entry, match_new
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.documents import cancel_document
from app.payments.services.legal_issuing import issue_due
from app.payments.services.recording import record_payment
from app.payments.services.taking_off import take_off
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.factories import Seller, make_document, make_entry
from tests.support.legal_provider import LegalServer

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("database")]
LATER = NOW + timedelta(minutes=6)


async def issued(seller: Seller) -> DocumentInfo:
    """Return an invoice that was paid and has its e-invoice."""
    document = await make_document(await make_edition())
    await pay(document)
    await issue_due(NOW)
    return await document_by_id(document.id)


async def pay(document: DocumentInfo) -> None:
    """Write down cash over all of an invoice."""
    named: dict[str, Any] = {"document_id": document.id, "method": PaymentMethod.CASH, "amount": document.amount}
    await record_payment(**named, actor=SYSTEM, now=NOW)


async def reopened(document: DocumentInfo) -> DocumentInfo:
    """Take off an invoice what was paid of it; gives it as it stands then."""
    for payment in await payments_of(document.id):
        await take_off(document_id=document.id, payment_id=payment.id, reason="Nhầm", actor=SYSTEM, now=NOW)
    document = await document_by_id(document.id)
    assert (document.state, document.legal.number) == (DocumentState.OPEN, "00000001")
    return document


@pytest.mark.parametrize("before", [False, True], ids=["nothing", "a part"])
@pytest.mark.parametrize("way", ["cancelled", "credited", "written off"])
async def test_what_is_open_again_and_taken_back_has_its_e_invoice_corrected(
    provider: LegalServer, seller: Seller, way: str, before: bool
) -> None:
    document = await issued(seller)
    if before:
        some = Money(20_000, "VND")
        await credit_document(document_id=document.id, amount=some, reason="Bớt", actor=SYSTEM, now=NOW)
    document = await reopened(document)
    if way == "credited":
        told = await credit_document(
            document_id=document.id, amount=document.left, reason="Thôi", actor=SYSTEM, now=LATER
        )
        assert told == (await credit_notes_of(document.id))[-1].id
    else:
        if way == "written off":
            await write_off(document_id=document.id, actor=SYSTEM, now=NOW + timedelta(days=90))
        for _twice in range(2):
            await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW + timedelta(days=91))
    document = await document_by_id(document.id)
    assert (document.state, document.credited) == (DocumentState.CANCELLED, document.amount)
    await check_books(await edition_by_id(document.edition_id))
    assert (await issue_due(NOW + timedelta(days=92)))["issued"] == 1 + before
    orders = provider.orders()
    corrected = {"series": "1C26TFG", "number": "00000001"}
    assert [(order["kind"], order["corrects"]) for order in orders[1:]] == [("credit_note", corrected)] * (1 + before)
    assert sum(order["total"] for order in orders[1:]) == orders[0]["total"] == 50_000
    assert all(note.legal.number for note in await credit_notes_of(document.id))


async def test_what_was_taken_back_with_its_e_invoice_does_not_stand_again(
    provider: LegalServer, seller: Seller
) -> None:
    document = await reopened(await issued(seller))
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    with pytest.raises(AlreadyPaid):
        await pay(document)
    asked = len(seller.settled)
    named: dict[str, Any] = {
        "document_id": document.id,
        "method": PaymentMethod.CARD,
        "amount": document.amount,
        "actor": None,
    }
    assert (await record_payment(**named, provider_reference="stripe:pi_1", now=LATER)).outcome == Settlement.REFUND
    document = await document_by_id(document.id)
    assert (document.state, document.owed) == (DocumentState.REFUND_DUE, document.amount)
    assert len(seller.settled) == asked
    await check_books(await edition_by_id(document.edition_id))


async def test_late_money_of_what_was_corrected_is_taken_off_and_pays_the_invoice_billed_anew(
    provider: LegalServer, seller: Seller
) -> None:
    document = await reopened(await issued(seller))
    edition = await edition_by_id(document.edition_id)
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    asked = len(seller.settled)
    entry = await make_entry(document.reference, edition=edition)
    await match_new(NOW)
    late = await document_by_id(document.id)
    assert (late.state, late.owed, len(seller.settled)) == (DocumentState.REFUND_DUE, Money(50_000, "VND"), asked)
    anew = await make_document(edition)
    (payment,) = [one for one in await payments_of(document.id) if one.due_back.amount_minor]
    named: dict[str, Any] = {"document_id": document.id, "payment_id": payment.id, "reason": "Hóa đơn mới"}
    assert await take_off(**named, actor=SYSTEM, now=NOW) == entry.id
    paid = {anew.id: Money(50_000, "VND")}
    await assign_entry(edition_id=edition.id, entry_id=entry.id, amounts=paid, actor=SYSTEM, now=NOW)
    old, new = [await document_by_id(one.id) for one in (document, anew)]
    assert (old.state, old.owed.amount_minor, new.state) == (DocumentState.REFUNDED, 0, DocumentState.PAID)
    await check_books(edition)
