"""Documents are opened once, settled once, cancelled and refunded."""

from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.audit import list_entries
from app.kernel.money import Money
from app.payments.enums import DocumentState, PaymentMethod, Settlement
from app.payments.errors import (
    AlreadyPaid,
    AmountDiffers,
    AmountOutOfRange,
    CurrencyDiffers,
    DocumentDiffers,
    DocumentNotFound,
    DocumentNotOpen,
    NothingSettles,
)
from app.payments.lines import Line
from app.payments.queries import DocumentInfo, counts_by_state, document_by_id, payments_of
from app.payments.queries import documents as list_documents
from app.payments.services import documents, recording, refunding
from app.payments.services.documents import cancel_document, open_document, register_settlement, register_taken_back
from app.payments.services.issuing import Payer
from app.payments.services.recording import Recorded, record_payment
from app.payments.services.refunding import record_refund
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, put_on_sale
from tests.support.race import losers, meet_after, race, unguarded, winners

FIFTY = Money(50_000, "VND")


@pytest.fixture
def seller(monkeypatch: pytest.MonkeyPatch) -> Seller:
    """A seller of orders who keeps every promise."""
    made = Seller()
    put_on_sale(monkeypatch, made)
    return made


async def pay(document_id: int, **changes: Any) -> Recorded:
    """A cash payment of 50,000 VND."""
    given: dict[str, Any] = {"method": PaymentMethod.CASH, "amount": FIFTY, "actor": SYSTEM, "now": NOW, **changes}
    return await record_payment(document_id=document_id, **given)


@pytest.mark.engines
async def test_a_paid_document_is_settled_and_gives_back_what_was_said(database: str, seller: Seller) -> None:
    edition = await make_edition()
    document = await make_document(edition)
    assert (document.number, document.state, document.amount) == (
        f"HD{edition.id}-2026-00001",
        DocumentState.OPEN,
        FIFTY,
    )
    recorded = await pay(document.id, note="quầy 2")
    assert (recorded.outcome, recorded.state) == (Settlement.KEPT, DocumentState.PAID)
    (settled, payment) = seller.settled[0]
    assert settled == document
    (stored,) = await payments_of(document.id)
    assert stored == payment
    assert (stored.id, stored.amount, stored.note, stored.method) == (
        recorded.payment_id,
        FIFTY,
        "quầy 2",
        PaymentMethod.CASH,
    )
    assert (await document_by_id(document.id)).settled_at == NOW
    entries, _total = await list_entries(subject_type="payment_document", subject_id=document.id)
    assert entries[0]["after"] == {"state": "paid", "method": "cash", "amount_minor": 50_000, "outcome": "kept"}


async def test_billing_the_same_again_gives_the_open_document_and_wastes_no_number(
    database: str, seller: Seller
) -> None:
    edition = await make_edition()
    first = await make_document(edition)
    assert await make_document(edition) == first
    with pytest.raises(DocumentDiffers):
        await make_document(edition, amount=60_000)
    second = await make_document(edition, subject_id=2)
    assert second.number == f"HD{edition.id}-2026-00002"


async def test_what_nobody_settles_and_what_costs_nothing_is_not_billed(database: str, seller: Seller) -> None:
    edition = await make_edition()
    for amount in (0, -50_000, 2**53 * 1_000):
        with pytest.raises(AmountOutOfRange):
            await make_document(edition, amount=amount)
    with pytest.raises(NothingSettles):
        await open_document(
            edition_id=edition.id,
            purpose="unknown",
            subject_id=1,
            payer=Payer(name="A"),
            description="",
            currency="VND",
            lines=[Line(description="A", unit_minor=50_000)],
            now=NOW,
        )


async def test_a_wrong_amount_and_a_second_payment_are_refused(database: str, seller: Seller) -> None:
    document = await make_document(await make_edition())
    with pytest.raises(AmountDiffers):
        await pay(document.id, amount=Money(50_001, "VND"))
    with pytest.raises(CurrencyDiffers):
        await pay(document.id, amount=Money(50_000, "IDR"))
    for amount in (0, -1, 2**53 * 1_000):
        with pytest.raises(AmountOutOfRange):
            await pay(document.id, amount=Money(amount, "VND"))
    await pay(document.id)
    with pytest.raises(AlreadyPaid):
        await pay(document.id)
    with pytest.raises(DocumentNotFound):
        await pay(document.id + 1)
    assert len(seller.settled) == 1


async def test_a_failing_settle_leaves_no_payment(database: str, seller: Seller) -> None:
    document = await make_document(await make_edition())
    seller.fails = True
    with pytest.raises(RuntimeError):
        await pay(document.id)
    assert await payments_of(document.id) == []
    assert (await document_by_id(document.id)).state == DocumentState.OPEN
    seller.fails = False
    assert (await pay(document.id)).state == DocumentState.PAID


async def test_a_cancelled_document_may_be_paid_late_and_the_seller_decides(database: str, seller: Seller) -> None:
    edition = await make_edition()
    seller.answer = Settlement.REFUND
    document = await make_document(edition)
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    await cancel_document(document_id=document.id, actor=SYSTEM, now=NOW)
    recorded = await pay(document.id)
    assert recorded.state == DocumentState.REFUND_DUE
    await record_refund(payment_id=recorded.payment_id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
    assert (await document_by_id(document.id)).state == DocumentState.REFUNDED
    assert [payment.amount.amount_minor for payment in await payments_of(document.id)] == [50_000, -50_000]
    with pytest.raises(DocumentNotOpen):
        await record_refund(payment_id=recorded.payment_id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
    with pytest.raises(DocumentNotFound):
        await record_refund(payment_id=999, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
    seller.answer = Settlement.REPLACED
    other = await make_document(edition, subject_id=2)
    assert (await pay(other.id)).state == DocumentState.PAID
    with pytest.raises(DocumentNotOpen):
        await cancel_document(document_id=other.id, actor=SYSTEM, now=NOW)


@pytest.mark.engines
async def test_a_provider_that_pays_twice_is_owed_a_refund_and_the_document_stays_paid(
    database: str, seller: Seller
) -> None:
    document = await make_document(await make_edition())
    first = await pay(document.id, actor=None, provider_reference="pi_1", method=PaymentMethod.CARD)
    again = await pay(document.id, actor=None, provider_reference="pi_1", method=PaymentMethod.CARD)
    assert again == first
    double = await pay(document.id, actor=None, provider_reference="pi_2", method=PaymentMethod.CARD)
    assert (double.outcome, double.state) == (Settlement.REFUND, DocumentState.PAID)
    with pytest.raises(DocumentNotOpen):
        await record_refund(payment_id=first.payment_id, method=PaymentMethod.CARD, actor=SYSTEM, now=NOW)
    await record_refund(payment_id=double.payment_id, method=PaymentMethod.CARD, actor=SYSTEM, now=NOW)
    assert (await document_by_id(document.id)).state == DocumentState.PAID
    assert len(seller.settled) == 1


async def test_documents_are_searched_filtered_and_paged(database: str, seller: Seller) -> None:
    edition = await make_edition()
    made = [await make_document(edition, subject_id=number, payer=f"Đỗ Thị Thúy {number}") for number in range(1, 6)]
    await pay(made[0].id)
    page = await list_documents(edition.id, offset=1, limit=2)
    assert ([item.id for item in page.items], page.total, page.first, page.last) == ([made[3].id, made[2].id], 5, 2, 3)
    assert [item.id for item in (await list_documents(edition.id, state=DocumentState.PAID)).items] == [made[0].id]
    assert [item.id for item in (await list_documents(edition.id, search="do thi thuy 4")).items] == [made[3].id]
    assert [item.id for item in (await list_documents(edition.id, search=made[1].reference.lower())).items] == [
        made[1].id
    ]
    counts = await counts_by_state(edition.id)
    assert (counts[DocumentState.OPEN], counts[DocumentState.PAID], counts[DocumentState.REFUNDED]) == (4, 1, 0)


def test_a_purpose_has_one_seller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_settlements", {})
    one, other = Seller(), Seller()
    register_settlement("order", one.settle)
    register_settlement("order", one.settle)
    with pytest.raises(ValueError, match="settled by another module"):
        register_settlement("order", other.settle)


def test_what_others_take_back_of_a_purpose_is_heard_by_one_seller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_taken_back", {})
    one, other = Seller(), Seller()
    register_taken_back("order", one.take_back)
    register_taken_back("order", one.take_back)
    with pytest.raises(ValueError, match="taken back by another module"):
        register_taken_back("order", other.take_back)


@pytest.mark.race
async def test_a_document_is_settled_once_however_many_pay(database: str, seller: Seller) -> None:
    document = await make_document(await make_edition())
    results = await race(20, lambda _number: pay(document.id))
    assert len(winners(results)) == 1
    assert len(losers(results, AlreadyPaid)) == 19
    assert len(seller.settled) == 1


@pytest.mark.race
async def test_without_the_claim_it_is_settled_twice(
    database: str, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await make_document(await make_edition())
    unguarded(monkeypatch, recording)

    async def claim(document: DocumentInfo, kept: int, state: DocumentState, now: object) -> bool:
        return True

    monkeypatch.setattr(recording, "hold_document", document_by_id)
    monkeypatch.setattr(recording, "_claim", claim)
    meet_after(monkeypatch, recording, "_claim", parties=2)
    results = await race(2, lambda _number: pay(document.id))
    assert len(winners(results)) == 2
    assert len(seller.settled) == 2


@pytest.mark.race
async def test_one_thing_gets_one_open_document_with_one_number(database: str, seller: Seller) -> None:
    edition = await make_edition()
    results = await race(20, lambda _number: make_document(edition))
    assert len({found.id for found in winners(results)}) == 1
    assert len(winners(results)) == 20
    assert (await make_document(edition, subject_id=2)).number == f"HD{edition.id}-2026-00002"


@pytest.mark.race
async def test_money_goes_back_once(database: str, seller: Seller) -> None:
    seller.answer = Settlement.REFUND
    recorded = await pay((await make_document(await make_edition())).id)
    results = await race(
        10,
        lambda _number: record_refund(payment_id=recorded.payment_id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW),
    )
    assert len(winners(results)) == 1
    losers(results, DocumentNotOpen)


@pytest.mark.race
async def test_without_the_claim_money_goes_back_twice(
    database: str, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller.answer = Settlement.REFUND
    unguarded(monkeypatch, refunding)

    async def claim(payment_id: int, minor: int) -> bool:
        return True

    monkeypatch.setattr(refunding, "hold_document", document_by_id)  # two read the same payment
    monkeypatch.setattr(refunding, "_claim_back", claim)
    meet_after(monkeypatch, refunding, "_claim_back", parties=2)
    recorded = await pay((await make_document(await make_edition())).id)
    results = await race(
        2,
        lambda _number: record_refund(payment_id=recorded.payment_id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW),
    )
    assert len(winners(results)) == 2
