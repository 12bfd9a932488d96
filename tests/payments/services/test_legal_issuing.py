"""E-invoices by a provider over HTTP: one for each paid document, whatever happens on the way, with its files."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import edition_by_id
from app.kernel.database import fetch
from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.enums import DocumentState, PaymentMethod, Settlement, TaxMode
from app.payments.enums_legal import LegalFileKind, LegalState
from app.payments.errors_legal import LegalFileNotFound, LegalFileUnreadable, LegalNotRefused
from app.payments.lines import Line, Terms
from app.payments.queries import DocumentInfo, LegalInvoice, credit_notes_of, document_by_id
from app.payments.queries_legal import legal_part, unanswered_in
from app.payments.services import legal_files, legal_issuing, legal_provider
from app.payments.services.corrections import credit_document
from app.payments.services.documents import require_refund
from app.payments.services.legal import note_legal_invoice
from app.payments.services.legal_files import keep_legal_file, legal_file
from app.payments.services.legal_issuing import ask_again, issue_due
from app.payments.services.recording import record_payment
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document
from tests.support.legal_provider import TOKEN, LegalServer
from tests.support.race import race, unguarded, winners

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("database")]
LATER = NOW + timedelta(minutes=6)
NOTHING = {"issued": 0, "refused": 0, "files": 0}


async def paid(seller: Seller, subject_id: int = 1, slug: str = "") -> DocumentInfo:
    """Return a document that was paid in cash."""
    edition = await make_edition(slug) if slug else await make_edition()
    return await pay(await make_document(edition, subject_id=subject_id))


async def pay(document: DocumentInfo) -> DocumentInfo:
    """Let a document be paid."""
    await record_payment(
        document_id=document.id, method=PaymentMethod.CASH, amount=document.amount, actor=SYSTEM, now=NOW
    )
    return await document_by_id(document.id)


async def test_a_paid_invoice_gets_its_e_invoice_and_its_files(provider: LegalServer, seller: Seller) -> None:
    edition = await make_edition()
    terms = Terms(seller_name="Hội LHPN", seller_tax_code="0100109106", tax_mode=TaxMode.ADDED, tax_name="vn_reduced")
    await set_terms(edition_id=edition.id, terms=terms, actor=SYSTEM, now=NOW)
    lines = [
        Line(description="Gian", unit_minor=1_000_000, quantity=2),
        Line(description="Hỗ trợ", unit_minor=-500_000, funded_by="Quỹ"),
    ]
    document = await make_document(edition, lines=lines)
    assert await issue_due(NOW) == NOTHING  # nobody has paid
    await pay(document)
    assert await issue_due(NOW) == {"issued": 1, "refused": 0, "files": 0}
    legal = (await document_by_id(document.id)).legal
    assert legal == LegalInvoice(provider="Nhà cung cấp", series="1C26TFG", number="00000001", lookup="TRA00001")
    (order,) = provider.orders()
    assert order == {
        "key": document.number,
        "kind": "invoice",
        "issued_on": "2026-10-16",
        "currency": "VND",
        "decimals": 0,
        "seller": {"name": "Hội LHPN", "address": "", "tax_code": "0100109106"},
        "buyer": {"name": "Lê Thị Lan", "address": "", "tax_code": ""},
        "lines": [
            {
                "description": "Gian",
                "quantity": 2,
                "net": 2_000_000,
                "tax": 160_000,
                "tax_rate": 8.0,
                "exempt_reason": "",
            },
        ],
        "net": 2_000_000,
        "tax": 160_000,
        "total": 2_160_000,
        "borne": [{"by": "Quỹ", "amount": 540_000}],
        "to_pay": 1_620_000,
        "corrects": None,
    }
    assert provider.asked("POST") == [f"POST /invoices {document.number}"]
    part = await legal_part(document.id)
    assert (part.state, part.error, part.files) == (LegalState.ISSUED, "", (LegalFileKind.PDF, LegalFileKind.XML))
    assert await legal_file(document.id, LegalFileKind.PDF) == f"%PDF-1.7 {document.number}".encode()
    assert await issue_due(LATER) == NOTHING
    assert len(provider.orders()) == 1


async def test_a_credit_note_over_it_follows_and_says_what_it_corrects(provider: LegalServer, seller: Seller) -> None:
    document = await paid(seller)
    await issue_due(NOW)
    await credit_document(document_id=document.id, amount=Money(20_000, "VND"), reason="Bớt", actor=SYSTEM, now=NOW)
    assert (await issue_due(NOW))["issued"] == 1
    (note,) = await credit_notes_of(document.id)
    assert note.legal.number == "00000002"
    order = provider.orders()[1]
    assert (order["kind"], order["total"], order["corrects"]) == (
        "credit_note",
        20_000,
        {"series": "1C26TFG", "number": "00000001"},
    )


async def test_they_name_who_sold_then_and_not_who_sells_now(provider: LegalServer, seller: Seller) -> None:
    edition = await make_edition()
    then = Terms(seller_name="Hội LHPN", seller_address="39 Hàng Chuối", seller_tax_code="0100109106")
    await set_terms(edition_id=edition.id, terms=then, actor=SYSTEM, now=NOW)
    document = await pay(await make_document(edition))
    today = Terms(seller_name="Trung tâm Xúc tiến", seller_address="1 Tràng Tiền", seller_tax_code="0101248141")
    await set_terms(edition_id=edition.id, terms=today, actor=SYSTEM, now=NOW)
    await issue_due(NOW)
    await credit_document(document_id=document.id, amount=Money(20_000, "VND"), reason="Bớt", actor=SYSTEM, now=NOW)
    await issue_due(NOW)
    named = {"name": "Hội LHPN", "address": "39 Hàng Chuối", "tax_code": "0100109106"}
    assert [(order["kind"], order["seller"]) for order in provider.orders()] == [
        ("invoice", named),
        ("credit_note", named),
    ]


async def test_what_is_taken_back_before_it_was_issued_is_never_issued(provider: LegalServer, seller: Seller) -> None:
    document = await paid(seller)
    await require_refund(document_id=document.id, actor=SYSTEM, now=NOW)
    assert (await document_by_id(document.id)).state == DocumentState.REFUND_DUE
    seller.answer = Settlement.REFUND
    assert await issue_due(NOW) == NOTHING
    assert provider.orders() == []


async def test_nothing_is_asked_where_none_is_set_up(provider_process: LegalServer, seller: Seller) -> None:
    provider_process.control("reset")
    document = await paid(seller)
    assert await issue_due(NOW) == NOTHING
    assert (await legal_part(document.id)).state is None
    assert provider_process.asked() == []


async def test_what_was_settled_before_the_first_day_is_left_alone(
    provider: LegalServer, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await paid(seller)
    for day, issued in ((NOW.date() + timedelta(days=1), 0), (NOW.date(), 1)):
        monkeypatch.setenv("EINVOICE_SINCE", day.isoformat())
        settings.cache_clear()
        assert settings().einvoices_from == day
        assert (await issue_due(NOW))["issued"] == issued
    assert (await document_by_id(document.id)).legal.number


async def test_what_is_refused_waits_for_a_person_and_hinders_nobody(provider: LegalServer, seller: Seller) -> None:
    document = await paid(seller)
    provider.control("set", refuses="Mã số thuế sai")
    assert (await issue_due(NOW))["refused"] == 1
    part = await legal_part(document.id)
    assert (part.state, part.error) == (LegalState.REFUSED, "Mã số thuế sai")
    provider.control("set", refuses="")
    other = await paid(seller, 2, "other")
    assert await issue_due(LATER) == {"issued": 1, "refused": 0, "files": 0}
    assert (await document_by_id(document.id)).legal.number == ""
    with pytest.raises(LegalNotRefused):
        await ask_again(document_id=other.id, now=LATER)
    await ask_again(document_id=document.id, now=LATER)
    assert (await issue_due(LATER))["issued"] == 1
    part = await legal_part(document.id)
    assert (part.state, part.error) == (LegalState.ISSUED, "")


@pytest.mark.parametrize("fault", [{"faults": 1}, {"drops": 1}])
async def test_no_answer_is_asked_for_again_and_issued_once(
    provider: LegalServer, seller: Seller, fault: dict[str, int]
) -> None:
    document = await paid(seller)
    provider.control("set", forgets=True, **fault)  # would issue a second time if it were asked to
    assert (await issue_due(NOW))["issued"] == 0
    assert (await legal_part(document.id)).state == LegalState.WAITING
    assert await issue_due(NOW + timedelta(minutes=4)) == NOTHING  # somebody may still be at it
    assert (await issue_due(LATER))["issued"] == 1
    assert len(provider.orders()) == 1
    assert (await document_by_id(document.id)).legal.number == "00000001"


async def test_what_was_issued_without_an_answer_is_learnt_after_it_was_taken_back(
    provider: LegalServer, seller: Seller
) -> None:
    document = await paid(seller)
    provider.control("set", drops=1, forgets=True)
    assert await issue_due(NOW) == NOTHING  # it was issued, and its answer was lost
    await require_refund(document_id=document.id, actor=SYSTEM, now=NOW)
    assert (await issue_due(LATER))["issued"] == 1
    assert (await document_by_id(document.id)).legal.number == "00000001"
    assert (await issue_due(LATER))["issued"] == 1  # its credit note can follow now
    (note,) = await credit_notes_of(document.id)
    assert (note.legal.number, [order["kind"] for order in provider.orders()]) == (
        "00000002",
        ["invoice", "credit_note"],
    )


async def test_what_was_asked_for_and_not_issued_before_it_was_taken_back_is_let_go(
    provider: LegalServer, seller: Seller
) -> None:
    document = await paid(seller)
    provider.control("set", faults=3)
    for number in range(3):
        assert await issue_due(NOW + number * timedelta(minutes=6)) == NOTHING
    assert await unanswered_in(document.edition_id)
    await require_refund(document_id=document.id, actor=SYSTEM, now=NOW)
    assert await issue_due(NOW + timedelta(hours=1)) == NOTHING
    assert await unanswered_in(document.edition_id) == []
    asked = len(provider.asked())
    assert await issue_due(NOW + timedelta(hours=2)) == NOTHING
    assert (len(provider.asked()), provider.orders()) == (asked, [])


async def test_a_provider_that_keeps_silent_is_asked_again(
    provider: LegalServer, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await paid(seller)
    provider.control("set", silence=3, forgets=True)
    monkeypatch.setattr(legal_provider, "SECONDS", 0.5)
    assert (await issue_due(NOW))["issued"] == 0
    provider.control("set", silence=0)
    monkeypatch.setattr(legal_provider, "SECONDS", 20.0)
    assert (await issue_due(LATER))["issued"] == 1
    assert len(provider.orders()) == 1
    assert (await document_by_id(document.id)).legal.number == "00000001"


async def test_a_provider_that_is_silent_for_months_is_shown_and_hinders_nothing(
    provider: LegalServer, seller: Seller
) -> None:
    document = await paid(seller)
    provider.control("set", faults=5)
    for number in range(3):
        assert await unanswered_in(document.edition_id) == []
        assert await issue_due(NOW + number * timedelta(minutes=6)) == NOTHING
    (shown,) = await unanswered_in(document.edition_id)
    assert (shown["id"], shown["number"], shown["tries"]) == (document.id, document.number, 3)
    await fetch("UPDATE payment_legal_order SET tries = 32767")
    assert await issue_due(LATER + timedelta(hours=1)) == NOTHING
    provider.control("set", faults=0)
    assert (await issue_due(LATER + timedelta(hours=2)))["issued"] == 1
    assert await unanswered_in(document.edition_id) == []


async def test_a_key_that_the_provider_knows_gives_what_it_issued(provider: LegalServer, seller: Seller) -> None:
    document = await paid(seller)
    known = {"series": "1C26TFG", "number": "00000042", "lookup": "X"}
    provider.control("set", conflicts=True, issued={document.number: known})
    assert (await issue_due(NOW))["issued"] == 1
    assert (await document_by_id(document.id)).legal.number == "00000042"


async def test_an_answer_without_a_number_is_none(provider: LegalServer, seller: Seller) -> None:
    document = await paid(seller)
    for told in ({"series": "1C26TFG"}, {"number": "1" * 21}, {"number": ""}):
        provider.control("set", issued={document.number: told})
        assert (await issue_due(NOW))["issued"] == 0
        await fetch("UPDATE payment_legal_order SET asked_at = NULL")
    assert (await document_by_id(document.id)).legal.number == ""


async def test_files_that_come_later_are_loaded_later(provider: LegalServer, seller: Seller) -> None:
    document = await paid(seller)
    provider.control("set", files={})
    assert (await issue_due(NOW))["issued"] == 1
    assert (await legal_part(document.id)).files == ()
    assert (await issue_due(NOW + timedelta(minutes=1)))["files"] == 0
    provider.control("set", files={"pdf": "%PDF-1.4 late", "xml": "not a file at all"})
    assert (await issue_due(LATER))["files"] == 1
    assert (await legal_part(document.id)).files == (LegalFileKind.PDF,)
    assert await issue_due(LATER + timedelta(minutes=10)) == NOTHING
    assert len(provider.orders()) == 1


async def test_the_second_file_is_loaded_when_it_comes_after_the_first(provider: LegalServer, seller: Seller) -> None:
    document = await paid(seller)
    provider.control("set", files={"xml": "<?xml version='1.0'?><hoadon/>"})
    assert (await issue_due(NOW))["issued"] == 1
    assert (await legal_part(document.id)).files == (LegalFileKind.XML,)
    provider.control("set", files={"pdf": "%PDF-1.4 late", "xml": "<?xml version='1.0'?><another/>"})
    assert await issue_due(LATER) == {**NOTHING, "files": 1}
    assert (await legal_part(document.id)).files == (LegalFileKind.PDF, LegalFileKind.XML)
    assert await legal_file(document.id, LegalFileKind.XML) == b"<?xml version='1.0'?><hoadon/>"
    asked = len(provider.asked("GET"))
    assert await issue_due(LATER + timedelta(minutes=10)) == NOTHING
    assert len(provider.asked("GET")) == asked  # all are here


@pytest.mark.parametrize("files", [{"pdf": "%PDF-1.4 alone"}, {}])
async def test_a_file_that_never_comes_is_asked_for_a_day(
    provider: LegalServer, seller: Seller, files: dict[str, str]
) -> None:
    document = await paid(seller)
    provider.control("set", files=files)
    await issue_due(NOW)
    for hours, asks in ((23, 2 - len(files)), (25, 2 - len(files)), (27, 0)):
        asked = len(provider.asked("GET"))
        assert await issue_due(NOW + timedelta(hours=hours)) == NOTHING
        assert len(provider.asked("GET")) - asked == asks
    assert (await legal_part(document.id)).files == tuple(LegalFileKind(kind) for kind in files)


async def test_what_somebody_typed_meanwhile_stays(
    provider: LegalServer, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await paid(seller)
    typed = LegalInvoice(provider="VNPT", series="K", number="7", lookup="")
    real = legal_provider.HttpProvider.issue

    async def slow(self: legal_provider.HttpProvider, order: object) -> object:
        answer = await real(self, order)  # type: ignore[arg-type]
        await note_legal_invoice(document_id=document.id, legal=typed, actor=SYSTEM, now=NOW)
        return answer

    monkeypatch.setattr(legal_provider.HttpProvider, "issue", slow)
    await issue_due(NOW)
    assert (await document_by_id(document.id)).legal == typed
    part = await legal_part(document.id)
    assert (part.state, "00000001" in part.error) == (LegalState.ISSUED, True)


async def test_a_number_that_somebody_typed_on_another_document_is_said_and_not_stored(
    provider: LegalServer, seller: Seller
) -> None:
    document = await paid(seller)
    other = await make_document(await edition_by_id(document.edition_id), subject_id=2)
    typed = LegalInvoice(provider="VNPT", series="1C26TFG", number="1", lookup="")
    await note_legal_invoice(document_id=other.id, legal=typed, actor=SYSTEM, now=NOW)
    assert (await issue_due(NOW))["issued"] == 1
    assert (await document_by_id(document.id)).legal.number == ""
    part = await legal_part(document.id)
    assert (part.state, "1C26TFG 00000001" in part.error) == (LegalState.ISSUED, True)
    assert (await issue_due(LATER))["issued"] == 0
    assert len(provider.orders()) == 1


@pytest.mark.race
async def test_many_workers_ask_once(provider: LegalServer, seller: Seller) -> None:
    await paid(seller)
    provider.control("set", forgets=True)
    winners(await race(5, lambda _number: issue_due(NOW)))
    assert len(provider.orders()) == 1


@pytest.mark.race
async def test_without_the_claim_two_workers_ask_twice(
    provider: LegalServer, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await paid(seller)
    provider.control("set", forgets=True)
    unguarded(monkeypatch, legal_issuing)

    async def claim(document_id: int, _now: object) -> dict[str, object]:
        return {"id": 0, "tries": 1, "due": True}

    monkeypatch.setattr(legal_issuing, "_claim", claim)
    asked = legal_provider.provider()
    assert asked is not None
    winners(await race(2, lambda _number: legal_issuing.issue_one(document.id, asked, NOW)))
    assert len(provider.orders()) == 2


async def test_the_token_is_in_no_log(provider: LegalServer, seller: Seller, caplog: pytest.LogCaptureFixture) -> None:
    await paid(seller)
    provider.control("set", faults=1)
    with caplog.at_level(logging.DEBUG):
        await issue_due(NOW)
        await issue_due(LATER)
    assert provider.orders()
    assert TOKEN not in caplog.text


async def test_files_are_known_by_how_they_begin(
    seller: Seller, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await paid(seller)

    async def store(content: bytes) -> LegalFileKind:
        return await keep_legal_file(document_id=document.id, content=content, replace=True, actor=SYSTEM, now=NOW)

    assert await store(b"%PDF-1.4 one") == LegalFileKind.PDF
    assert await store(b"%PDF-1.4 two") == LegalFileKind.PDF
    assert await legal_file(document.id, LegalFileKind.PDF) == b"%PDF-1.4 two"
    with pytest.raises(LegalFileNotFound):
        await legal_file(document.id, LegalFileKind.XML)
    assert await store(b"\xef\xbb\xbf<?xml version='1.0'?><a/>") == LegalFileKind.XML
    monkeypatch.setattr(legal_files, "MOST_BYTES", 30)
    for wrong in (b"MZ", b"", b"<!DOCTYPE html><script>", b"<html>", b"%PDF-" + b"x" * 30):
        with pytest.raises(LegalFileUnreadable):
            await store(wrong)
