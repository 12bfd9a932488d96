"""What payers of services and sponsors are told of their invoices, and how often an invoice is made."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.personal.whom import NOBODY, Whom
from app.events import slots
from app.events.errors import EditionIsCancelled
from app.events.queries import EditionInfo
from app.events.services.cancelling import cancel_edition
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import SERVICE_PURPOSE, DocumentState, PaymentMethod, Settlement
from app.payments.lines import Line
from app.payments.personal import DATA, expire
from app.payments.queries import DocumentInfo, document_by_id, payments_of
from app.payments.services import documents, telling
from app.payments.services.closing import owe_all_back
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.documents import cancel_document
from app.payments.services.issuing import Payer
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from app.payments.services.service_invoices import issue_service_invoice, reach_service_payer, settle_service
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import OVERDUE

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("sold")]
MAIL = "ketoan@songhong.example"
PAYER = Payer(name="Ngân hàng Sông Hồng", language="en")
#: A person, with her personal number as tax code, and how she is searched for.
HER = Payer(name="Nguyễn Vân A", address="1 Tràng Tiền", tax_code="001085012345", language="en")
NAMED = "nguyen van a"


@pytest.fixture
def sold(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database in which such invoices are settled, and their payers told, as in the running service."""
    monkeypatch.setattr(documents, "_settlements", {SERVICE_PURPOSE: settle_service})
    monkeypatch.setattr(documents, "_taken_back", {})
    monkeypatch.setattr(telling, "_reach", {SERVICE_PURPOSE: reach_service_payer})


async def bill(
    edition: EditionInfo,
    *,
    client_id: str = "invoice-of-tests-1",
    payer: Payer = PAYER,
    email: str = MAIL,
    lines: Sequence[Line] = (Line(description="Logo on the stage", unit_minor=10_000_000),),
) -> DocumentInfo:
    """Bill a sponsor, or somebody else, 10.000.000 ₫."""
    return await issue_service_invoice(
        edition_id=edition.id,
        client_id=client_id,
        payer=payer,
        email=email,
        phone=None,
        description="Gold sponsor",
        lines=lines,
        due_on=None,
        actor=SYSTEM,
        now=NOW,
    )


async def pay(document: DocumentInfo, amount: int) -> None:
    """Let money come by transfer."""
    await record_payment(
        document_id=document.id,
        method=PaymentMethod.TRANSFER,
        amount=Money(amount, "VND"),
        actor=None,
        provider_reference=f"bank:{amount}",
        now=NOW,
    )


async def credit(document: DocumentInfo, amount: int) -> None:
    """Take a part of an invoice back."""
    await credit_document(document_id=document.id, amount=Money(amount, "VND"), reason="x", actor=SYSTEM, now=NOW)


async def told() -> list[str]:
    """What was written to the payer after the bill, the oldest first."""
    rows = await fetch("SELECT to_address, body_text FROM outbox_message ORDER BY id")
    assert {row["to_address"] for row in rows} == {MAIL}
    return [row["body_text"] for row in rows][1:]


@pytest.mark.parametrize("credited_last", [True, False])
async def test_of_one_that_was_credited_in_part_the_rest_is_all_that_has_come(credited_last: bool) -> None:
    document = await bill(await make_edition())
    if not credited_last:
        await credit(document, 3_000_000)
    await pay(document, 7_000_000)
    if credited_last:
        await credit(document, 3_000_000)
    assert (await document_by_id(document.id)).state == DocumentState.PAID
    first, said = await told()
    before = "7.000.000\xa0₫ has come for" if credited_last else "3.000.000\xa0₫ of invoice"
    rest = "3.000.000\xa0₫" if credited_last else "7.000.000\xa0₫"
    assert (before in first, f"{rest} is still to be paid by 23 Oct 2026." in first) == (True, True)
    assert "all of 7.000.000\xa0₫ for Gold sponsor" in said


async def test_when_the_edition_is_cancelled_payers_are_told_of_their_money(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "_closers", [owe_all_back])
    edition = await make_edition()
    paid, in_part, unpaid = [await bill(edition, client_id=f"invoice-of-tests-{number}") for number in range(3)]
    await pay(paid, 10_000_000)
    await pay(in_part, 4_000_000)
    before = len(await told())
    await cancel_edition(edition_id=edition.id, typed=edition.slug, reason="Bão số 9", actor=SYSTEM, now=NOW)
    assert (await document_by_id(paid.id)).state == DocumentState.REFUND_DUE
    assert (await document_by_id(in_part.id)).state == DocumentState.CANCELLED
    *said, void = (await told())[before:]
    assert f"invoice {unpaid.number} over 10.000.000\xa0₫ for Gold sponsor" in void
    for one, document, amount in zip(said, (paid, in_part), ("10.000.000\xa0₫", "4.000.000\xa0₫"), strict=True):
        assert f"invoice {document.number} for Gold sponsor" in one
        assert f"was taken back: nothing more is to be paid. {amount} goes back to you" in one


async def test_when_the_edition_is_cancelled_one_that_others_bear_whole_is_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slots, "_closers", [owe_all_back])
    edition = await make_edition()
    logo = Line(description="Logo on the stage", unit_minor=10_000_000)
    theirs = Line(description="Borne by the city", unit_minor=-10_000_000, funded_by="City")
    document = await bill(edition, lines=[logo, theirs])
    await cancel_edition(edition_id=edition.id, typed=edition.slug, reason="Bão số 9", actor=SYSTEM, now=NOW)
    stands = await document_by_id(document.id)
    assert (stands.state, stands.owed.amount_minor) == (DocumentState.CANCELLED, 0)
    (said,) = await told()
    assert f"invoice {document.number} for Gold sponsor (" in said
    assert "on which you had nothing to pay, was taken back" in said


@pytest.mark.parametrize("by", [cancel_document, credit_document])
async def test_who_was_sent_a_bill_is_told_that_it_is_void(by: Callable[..., Awaitable[Any]]) -> None:
    document = await bill(await make_edition())
    whole = {} if by is cancel_document else {"amount": document.amount, "reason": "Ghi sai"}
    await by(document_id=document.id, actor=SYSTEM, now=NOW, **whole)
    (said,) = await told()
    assert f"invoice {document.number} over 10.000.000\xa0₫ for Gold sponsor" in said
    assert "was taken back: please do not pay it." in said
    assert "/invoices/done/" in said
    if by is cancel_document:
        await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
        assert await told() == [said]


async def test_a_bill_that_was_written_off_is_void_once_it_is_cancelled() -> None:
    document = await bill(await make_edition())
    await credit(document, 3_000_000)
    await write_off(document_id=document.id, actor=SYSTEM, now=OVERDUE)
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    _less, said = await told()
    assert "over 7.000.000\xa0₫ for Gold sponsor" in said


async def test_money_for_one_that_finance_took_back_goes_back_whenever_it_comes() -> None:
    document = await bill(await make_edition())
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    await pay(document, 4_000_000)
    assert ("4.000.000\xa0₫ goes back to you" in (await told())[-1], "unless" in (await told())[-1]) == (True, False)
    (part,) = await payments_of(document.id)
    await record_refund(payment_id=part.id, method=PaymentMethod.TRANSFER, actor=SYSTEM, now=NOW)
    assert (await document_by_id(document.id)).state == DocumentState.REFUNDED
    await pay(document, 10_000_000)
    stands = await document_by_id(document.id)
    assert (stands.state, stands.owed) == (DocumentState.REFUND_DUE, Money(10_000_000, "VND"))
    await pay(document, 6_000_000)
    assert [one.outcome for one in (await payments_of(document.id)) if one.amount.amount_minor > 0] == [
        Settlement.REFUND
    ] * 3


async def on_paper() -> list[tuple[str, str, str]]:
    """Name and tax code on every document, and whether she is found by her name, the oldest first."""
    rows = await fetch("SELECT payer_name, payer_tax_code, search_text FROM payment_document ORDER BY id")
    return [(row["payer_name"], row["payer_tax_code"], "found" if NAMED in row["search_text"] else "") for row in rows]


async def test_what_an_invoice_says_of_its_payer_is_shown_to_her_and_goes_with_her_unless_it_was_paid() -> None:
    edition = await make_edition()
    paid, unpaid, corrected = [
        await bill(edition, client_id=f"invoice-of-tests-{number}", payer=HER) for number in range(3)
    ]
    await bill(edition, client_id="invoice-of-tests-9", email="other@example.vn", payer=HER)
    for one in (paid, corrected):
        await credit(one, 3_000_000)
    await pay(paid, 7_000_000)
    (held,) = [one for one in DATA.held if one.key == "service_invoices"]
    whom = Whom(emails=(MAIL,))
    found = await held.find(whom)
    assert [row["number"] for row in found] == [paid.number, unpaid.number, corrected.number]
    assert {(row["payer_name"], row["payer_tax_code"], row["email"]) for row in found} == {
        (HER.name, HER.tax_code, MAIL)
    }
    assert [await held.erase(whom, NOW), await held.erase(whom, NOW)] == [3, 0]
    stays, gone = (HER.name, HER.tax_code, "found"), (NOBODY, "", "")
    # the four invoices, then the credit notes over the paid and over the unpaid one
    assert await on_paper() == [stays, gone, gone, stays, stays, gone]


async def test_payers_who_paid_nothing_go_with_the_festivals_data() -> None:
    edition = await make_edition()
    paid, _unpaid = [await bill(edition, client_id=f"invoice-of-tests-{number}", payer=HER) for number in range(2)]
    await pay(paid, 10_000_000)
    assert [await expire(edition.id, 1) for _time in range(3)] == [1, 1, 0]
    assert await on_paper() == [(HER.name, HER.tax_code, "found"), (NOBODY, "", "")]


async def test_in_a_cancelled_edition_nothing_is_billed_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "_closers", [owe_all_back])
    edition = await make_edition()
    await cancel_edition(edition_id=edition.id, typed=edition.slug, reason="Bão số 9", actor=SYSTEM, now=NOW)
    with pytest.raises(EditionIsCancelled):
        await bill(edition)
    assert await fetch("SELECT id FROM payment_document") == await fetch("SELECT id FROM payment_service_invoice") == []


async def test_what_was_too_much_is_not_told_again_with_the_invoice() -> None:
    document = await bill(await make_edition())
    await pay(document, 12_000_000)
    await credit(document, 10_000_000)
    assert "nothing more is to be paid. 10.000.000\xa0₫ goes back to you" in (await told())[-1]
