"""E-invoices that somebody types: one on one document, told to its payer once, and no file lost unasked."""

from __future__ import annotations

from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.tables import OutboxMessage
from app.payments.enums_legal import LegalFileKind
from app.payments.errors_legal import LegalFileThere, LegalInvoiceEmpty, LegalNumberTaken
from app.payments.queries import DocumentInfo, LegalInvoice, document_by_id
from app.payments.services import legal as module
from app.payments.services import telling
from app.payments.services.legal import note_legal_invoice
from app.payments.services.legal_files import keep_legal_file, legal_file
from app.payments.services.telling import Reached
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document
from tests.support.race import race, winners

pytestmark = pytest.mark.engines


@pytest.fixture
async def edition(database: str, seller: Seller) -> EditionInfo:
    """A festival."""
    return await make_edition()


async def note(document: DocumentInfo, number: str = "00000123", series: str = "1C26TPN", lookup: str = "") -> None:
    """Note an e-invoice."""
    legal = LegalInvoice(provider="MISA", series=series, number=number, lookup=lookup)
    await note_legal_invoice(document_id=document.id, legal=legal, actor=SYSTEM, now=NOW)


async def empty(document: DocumentInfo) -> None:
    """Note nothing."""
    legal = LegalInvoice(provider="", series=" ", number="", lookup="")
    await note_legal_invoice(document_id=document.id, legal=legal, actor=SYSTEM, now=NOW)


async def test_one_e_invoice_stands_on_one_document(edition: EditionInfo) -> None:
    first, second = await make_document(edition), await make_document(edition, subject_id=2)
    await note(first)
    for series, number in (("1C26TPN", "00000123"), ("1c26 tpn", "123"), ("1C26TPN", "0000 0123")):
        with pytest.raises(LegalNumberTaken) as refused:
            await note(second, number, series)
        assert first.number in refused.value.sentence()
    assert (await document_by_id(second.id)).legal.number == ""
    await note(second, "00000124")
    await note(first, lookup="X7F2")
    await note(await make_document(edition, subject_id=3), series="1C27TPN")
    await empty(first)
    await note(second)
    assert [(await document_by_id(one.id)).legal.number for one in (first, second)] == ["", "00000123"]


async def test_another_sellers_numbers_are_others(edition: EditionInfo) -> None:
    first, second = await make_document(edition), await make_document(edition, subject_id=2)
    await fetch("UPDATE payment_document SET seller_tax_code = '0100109106' WHERE id = {}", second.id)
    await note(first)
    await note(second)
    third = await make_document(edition, subject_id=3)
    with pytest.raises(LegalNumberTaken):
        await note(third)


async def test_where_one_stood_on_two_before_each_can_still_be_put_right(edition: EditionInfo) -> None:
    first, second = await make_document(edition), await make_document(edition, subject_id=2)
    await fetch(
        "UPDATE payment_document SET legal_provider = 'MISA', legal_series = '1C26TPN', legal_number = '00000123'"
    )
    await note(first, lookup="X7F2")
    assert (await document_by_id(first.id)).legal.lookup == "X7F2"
    await note(second, "00000124")
    with pytest.raises(LegalNumberTaken):
        await note(second)


async def test_nothing_is_not_noted(edition: EditionInfo) -> None:
    document = await make_document(edition)
    with pytest.raises(LegalInvoiceEmpty):
        await empty(document)


@pytest.mark.race
async def test_of_many_who_write_one_number_on_their_documents_at_once_one_does(edition: EditionInfo) -> None:
    documents = [await make_document(edition, subject_id=number) for number in range(1, 7)]

    async def noted(number: int) -> None:
        await note(documents[number])

    assert len(winners(await race(6, noted))) == 1
    rows = await fetch("SELECT id FROM payment_document WHERE legal_number <> ''")
    assert len(rows) == 1


@pytest.mark.race
async def test_without_looking_one_number_would_stand_on_many(
    edition: EditionInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [await make_document(edition, subject_id=number) for number in range(1, 4)]

    async def nobody(*_given: object) -> None:
        return None

    monkeypatch.setattr(module, "bearer_of", nobody)

    async def noted(number: int) -> None:
        await note(documents[number])

    await race(3, noted)
    assert len(await fetch("SELECT id FROM payment_document WHERE legal_number <> ''")) == 3


async def test_the_payer_is_told_once(edition: EditionInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    async def reach(_document: DocumentInfo) -> Reached:
        return Reached(email="lan@example.vn", page="https://fair.example/own")

    monkeypatch.setattr(telling, "_reach", {"order": reach})
    document = await make_document(edition)
    legal = LegalInvoice(provider="MISA", series="1C26TPN", number="", lookup="")
    await note_legal_invoice(document_id=document.id, legal=legal, actor=SYSTEM, now=NOW)
    assert await OutboxMessage.count() == 0
    await note(document, lookup="X7F2")
    await note(document, "00000125", lookup="X7F3")
    await empty(document)
    await note(document)
    (message,) = await OutboxMessage.select()
    for said in (document.number, "1C26TPN 00000123", "X7F2", "https://fair.example/own"):
        assert said in message["body_text"]
    assert message["to_address"] == "lan@example.vn"


async def test_who_is_known_by_phone_alone_gets_no_message_for_an_e_invoice(
    edition: EditionInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reach(_document: DocumentInfo) -> Reached:
        return Reached(phone="+84912345678", page="https://fair.example/own")

    monkeypatch.setattr(telling, "_reach", {"order": reach})
    document = await make_document(edition)
    await note(document)
    assert (await document_by_id(document.id)).legal.number == "00000123"
    assert await OutboxMessage.count() == 0


async def test_a_file_takes_the_place_of_another_where_that_is_said(edition: EditionInfo) -> None:
    document = await make_document(edition)
    given: dict[str, Any] = {"document_id": document.id, "actor": SYSTEM, "now": NOW}
    await keep_legal_file(content=b"%PDF-1.7 one", **given)
    await keep_legal_file(content=b"<?xml version='1.0'?><hd/>", **given)
    await keep_legal_file(content=b"%PDF-1.7 one", **given)
    with pytest.raises(LegalFileThere):
        await keep_legal_file(content=b"%PDF-1.7 two", **given)
    assert await legal_file(document.id, LegalFileKind.PDF) == b"%PDF-1.7 one"
    await keep_legal_file(content=b"%PDF-1.7 two", replace=True, **given)
    assert await legal_file(document.id, LegalFileKind.PDF) == b"%PDF-1.7 two"


@pytest.mark.race
async def test_of_two_first_files_at_once_one_is_kept(edition: EditionInfo) -> None:
    document = await make_document(edition)

    async def stored(number: int) -> bytes:
        content = b"%%PDF-1.7 %d" % number
        await keep_legal_file(document_id=document.id, content=content, actor=SYSTEM, now=NOW)
        return content

    (kept,) = winners(await race(4, stored))
    assert await legal_file(document.id, LegalFileKind.PDF) == kept
