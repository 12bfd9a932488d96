"""What a document says on paper: sums that are its own, what became of it, and who sold it on its day."""

from __future__ import annotations

import importlib

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import PaymentMethod, Settlement, TaxMode
from app.payments.lines import Terms
from app.payments.papers import invoice_pdf, paper_of
from app.payments.pdf import PaperKind
from app.payments.queries import credit_notes_of, document_by_id
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.documents import cancel_document, require_refund
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import OVERDUE, Seller, make_document
from tests.support.pdf_text import text_of

pytestmark = pytest.mark.engines


@pytest.fixture
async def edition(database: str, seller: Seller) -> EditionInfo:
    """A festival."""
    return await make_edition()


async def pay(document_id: int, amount: int, *, bank: str | None = None) -> int:
    """Money that comes; by the bank with its number. Gives the payment."""
    recorded = await record_payment(
        document_id=document_id,
        method=PaymentMethod.TRANSFER if bank else PaymentMethod.CASH,
        amount=Money(amount, "VND"),
        actor=None if bank else SYSTEM,
        provider_reference=bank,
        now=NOW,
    )
    return recorded.payment_id


async def printed(document_id: int) -> str:
    """A document's paper as one line."""
    return " ".join(text_of(await invoice_pdf(await document_by_id(document_id))).split())


async def test_what_is_still_to_pay_heeds_credit_notes_and_money_that_goes_back(edition: EditionInfo) -> None:
    document = await make_document(edition, amount=100_000)
    await pay(document.id, 30_000)
    await credit_document(document_id=document.id, amount=Money(20_000, "VND"), reason="Bớt", actor=SYSTEM, now=NOW)
    shown = await printed(document.id)
    for words in ("Còn phải trả 50.000 ₫", "Đã trả 30.000 ₫", "-20.000 ₫"):
        assert words in shown
    await pay(document.id, 60_000, bank="bank:1")
    paper = await paper_of(await document_by_id(document.id))
    assert (paper.kind, paper.still_due, paper.credited, paper.owed) == (PaperKind.RECEIPT, None, 20_000, 10_000)
    shown = await printed(document.id)
    assert "Còn phải trả" not in shown
    assert "Phải hoàn lại 10.000 ₫" in shown


async def test_what_does_not_stand_any_more_says_so_and_asks_for_nothing(edition: EditionInfo) -> None:
    said = []
    for number in range(1, 5):
        document = await make_document(edition, subject_id=number)
        if number == 1:
            await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
        elif number == 2:
            await pay(document.id, 20_000)
            await write_off(document_id=document.id, actor=SYSTEM, now=OVERDUE)
        else:
            payment_id = await pay(document.id, 50_000)
            await require_refund(document_id=document.id, actor=SYSTEM, now=NOW)
            if number == 4:
                await record_refund(payment_id=payment_id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
        shown = await printed(document.id)
        assert "Còn phải trả" not in shown
        said.append(shown)
    for shown, words in zip(
        said, ("Không phải thanh toán", "không còn được yêu cầu", "phải được hoàn lại", "đã được hoàn lại"), strict=True
    ):
        assert [words in one for one in said].count(True) == 1
        assert words in shown


async def test_a_credit_note_that_was_cancelled_says_so(edition: EditionInfo) -> None:
    document = await make_document(edition)
    await credit_document(document_id=document.id, amount=Money(20_000, "VND"), reason="Bớt", actor=SYSTEM, now=NOW)
    (note,) = await credit_notes_of(document.id)
    assert "đã bị hủy" not in await printed(note.id)
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    assert "đã bị hủy" in await printed(note.id)


async def sells(edition: EditionInfo, name: str, tax_code: str = "0300588569") -> None:
    """Name who sells from now on."""
    terms = Terms(seller_name=name, seller_address=f"Trụ sở {name}", seller_tax_code=tax_code)
    await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)


async def test_who_sold_stays_whoever_sells_later(edition: EditionInfo, seller: Seller) -> None:
    unnamed = await make_document(edition)
    await sells(edition, "Hội Phụ nữ Cũ")
    document = await make_document(edition, subject_id=2)
    await sells(edition, "Trung tâm Mới", "0100109106")
    for document_id, name in ((unnamed.id, edition.name["vi"]), (document.id, "Hội Phụ nữ Cũ")):
        shown = await printed(document_id)
        assert (name in shown, "Trung tâm Mới" in shown, "0100109106" in shown) == (True, False, False)
    assert "Trụ sở Hội Phụ nữ Cũ" in await printed(document.id)
    await pay(document.id, 50_000)
    seller.answer = Settlement.KEPT
    await credit_document(document_id=document.id, amount=Money(10_000, "VND"), reason="Bớt", actor=SYSTEM, now=NOW)
    (note,) = await credit_notes_of(document.id)
    assert "Hội Phụ nữ Cũ" in await printed(note.id)
    new = await make_document(edition, subject_id=3)
    assert "Trung tâm Mới" in await printed(new.id)


async def test_documents_of_before_get_the_seller_of_the_terms(edition: EditionInfo) -> None:
    document = await make_document(edition)
    await sells(edition, "Hội Phụ nữ Cũ")
    await fetch("UPDATE payment_document SET seller_name = '', seller_address = '', seller_tax_code = ''")
    other = await make_document(await make_edition("hai"), subject_id=2)
    migration = importlib.import_module("app.payments.migrations.payments_2026_11_29t02_50_02_sellers")
    manager = await migration.forwards()
    await manager.raw[0]()
    after = await document_by_id(document.id)
    assert (after.seller_name, after.seller_address, after.seller_tax_code) == (
        "Hội Phụ nữ Cũ",
        "Trụ sở Hội Phụ nữ Cũ",
        "0300588569",
    )
    assert (await document_by_id(other.id)).seller_name == other.seller_name != ""


async def test_who_takes_no_tax_is_not_said_to_sell_what_is_exempt(edition: EditionInfo) -> None:
    shown = await printed((await make_document(edition)).id)
    assert ("Không tính thuế 50.000 0" in shown, "không chịu thuế" in shown) == (True, False)
    terms = Terms(seller_name="Hội", tax_mode=TaxMode.NONE, exempt_reason="Hàng tự trồng")
    await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)
    shown = await printed((await make_document(edition, subject_id=2)).id)
    assert ("Không tính thuế" in shown, "không chịu thuế 50.000 0" in shown) == (False, True)
