"""Transfers are assigned once and wholly, by themselves or by hand, and what is in doubt waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel.audit import list_entries
from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.enums import DocumentState, EntryState, PaymentMethod, Settlement
from app.payments.errors import DocumentNotFound, InvoiceChanged
from app.payments.errors_bank import ReasonNeeded, SharesDiffer, TransferNotFound, TransferSettled
from app.payments.queries import document_by_id, payments_of
from app.payments.queries_bank import EntryInfo, counts_of_entries, documents_of_ids, entry_by_id, matches_of
from app.payments.services import assigning
from app.payments.services.assigning import assign_entry, match_new
from app.payments.services.documents import cancel_document, require_refund
from app.payments.services.for_nothing import set_aside, take_up_again
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from app.payments.tables import PaymentDocument
from app.payments.tables_bank import BankEntry
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import check_books
from tests.payments.factories import Seller, make_document, make_entry, put_on_sale
from tests.support.race import losers, race, winners

pytestmark = pytest.mark.engines
FIFTY = Money(50_000, "VND")


@pytest.fixture
def seller(monkeypatch: pytest.MonkeyPatch) -> Seller:
    """A seller of orders who keeps every promise."""
    made = Seller()
    put_on_sale(monkeypatch, made)
    return made


@pytest.fixture
async def edition(database: str) -> EditionInfo:
    """A festival."""
    return await make_edition()


async def state_of(document_id: int) -> DocumentState:
    """Where a document stands."""
    return (await document_by_id(document_id)).state


async def by_hand(
    edition: EditionInfo, entry: EntryInfo, shares: dict[int, int], stood: dict[int, str] | None = None
) -> None:
    """Assign a transfer to documents, in VND."""
    amounts = {document: Money(amount, "VND") for document, amount in shares.items()}
    await assign_entry(edition_id=edition.id, entry_id=entry.id, amounts=amounts, stood=stood, actor=SYSTEM, now=NOW)


async def test_a_transfer_with_a_reference_pays_its_document(edition: EditionInfo, seller: Seller) -> None:
    document = await make_document(edition)
    entry = await make_entry(f"MBVCB.12.{document.reference.lower()}.CT tu 0123")
    assert entry.state == EntryState.NEW
    assert await match_new(NOW) == {"matched": 1}
    (payment,) = await payments_of(document.id)
    assert (payment.method, payment.amount, payment.outcome) == (PaymentMethod.TRANSFER, FIFTY, Settlement.KEPT)
    assert payment.provider_reference == f"bank:{entry.fingerprint}:{document.id}"
    assert payment.recorded_by_id is None
    found = await entry_by_id(entry.id)
    assert (found.state, found.edition_id) == (EntryState.MATCHED, edition.id)
    (matched,) = await matches_of([entry.id])
    assert (matched.document_id, matched.number, matched.amount) == (document.id, document.number, FIFTY)
    assert await match_new(NOW) == {}
    assert len(await payments_of(document.id)) == 1


async def test_one_transfer_pays_several_documents_of_several_editions(edition: EditionInfo, seller: Seller) -> None:
    other = await make_edition("hai")
    documents = [await make_document(edition), await make_document(other, subject_id=2, amount=70_000)]
    await make_entry(" ".join(one.reference for one in documents), amount=120_000)
    assert await match_new(NOW) == {"matched": 1}
    assert [await state_of(one.id) for one in documents] == [DocumentState.PAID] * 2


async def test_when_one_of_several_cannot_be_paid_none_is(edition: EditionInfo, seller: Seller) -> None:
    documents = [await make_document(edition, subject_id=number) for number in (1, 2)]
    entry = await make_entry(" ".join(one.reference for one in documents), amount=100_000)
    await PaymentDocument.update({PaymentDocument.purpose: "unknown"}).where(PaymentDocument.id == documents[1].id)
    assert await match_new(NOW) == {"left": 1}
    assert [await state_of(one.id) for one in documents] == [DocumentState.OPEN] * 2
    assert (await entry_by_id(entry.id)).reason == "nothing_settles"


async def test_money_for_what_is_gone_or_paid_has_to_go_back(edition: EditionInfo, seller: Seller) -> None:
    document = await make_document(edition)
    for _time in range(2):
        await make_entry(document.reference)
    assert await match_new(NOW) == {"matched": 2}
    assert [one.outcome for one in await payments_of(document.id)] == [Settlement.KEPT, Settlement.REFUND]
    late = await make_document(edition, subject_id=2)
    await cancel_document(document_id=late.id, actor=None, now=NOW)
    seller.answer = Settlement.REFUND
    await make_entry(late.reference)
    assert await match_new(NOW) == {"matched": 1}
    assert await state_of(late.id) == DocumentState.REFUND_DUE


async def test_what_fails_waits_and_keeps_nobody_else_waiting(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assigning, "AT_ONCE", 1)
    first, second = [await make_document(edition, subject_id=number) for number in (1, 2)]
    entry = await make_entry(first.reference)
    await make_entry("chuyen tien", amount=1)
    await make_entry(second.reference)
    seller.fails = True
    with pytest.raises(RuntimeError, match="sold out"):
        await match_new(NOW)
    assert (await entry_by_id(entry.id)).state == EntryState.NEW
    assert await payments_of(first.id) == []
    assert (await counts_of_entries(edition.id))[EntryState.LEFT] == 1
    seller.fails = False
    assert await match_new(NOW) == {"matched": 2}
    assert await state_of(first.id) == DocumentState.PAID


async def test_a_fitting_verdict_is_made_anew_when_somebody_pays_meanwhile(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [await make_document(edition, subject_id=number) for number in (1, 2)]
    entry = await make_entry(" ".join(one.reference for one in documents), amount=100_000)
    judge = assigning.verdicts_on
    times = []

    async def and_somebody_pays(*given: Any) -> Any:
        verdicts = await judge(*given)
        if not times:
            await record_payment(
                document_id=documents[0].id, method=PaymentMethod.CASH, amount=FIFTY, actor=SYSTEM, now=NOW
            )
        times.append(given)
        return verdicts

    monkeypatch.setattr(assigning, "verdicts_on", and_somebody_pays)
    assert await match_new(NOW) == {"left": 1}
    assert ((await entry_by_id(entry.id)).reason, len(times)) == ("several", 2)
    assert await state_of(documents[1].id) == DocumentState.OPEN


async def test_a_transfer_is_split_by_hand(edition: EditionInfo, seller: Seller) -> None:
    documents = [await make_document(edition, subject_id=number) for number in (1, 2)]
    entry = await make_entry(amount=100_000)
    assert await match_new(NOW) == {"left": 1}
    with pytest.raises(SharesDiffer):
        await by_hand(edition, entry, {documents[0].id: 50_000})
    with pytest.raises(SharesDiffer):
        await by_hand(edition, entry, {})
    await by_hand(edition, entry, {one.id: 50_000 for one in documents})
    assert [await state_of(one.id) for one in documents] == [DocumentState.PAID] * 2
    assert [one.document_id for one in await matches_of([entry.id])] == [one.id for one in documents]
    with pytest.raises(TransferSettled):
        await by_hand(edition, entry, {one.id: 50_000 for one in documents})
    log, _count = await list_entries(edition_id=edition.id)
    assert "bank.assign" in {one["action"] for one in log}


async def test_by_hand_all_stands_or_falls_together(edition: EditionInfo, seller: Seller) -> None:
    still_open, paid = [await make_document(edition, subject_id=number) for number in (1, 2)]
    shares = {still_open.id: 50_000, paid.id: 50_000}
    shown = {one.id: one.stand for one in await documents_of_ids(list(shares), edition.id)}
    await record_payment(document_id=paid.id, method=PaymentMethod.CASH, amount=FIFTY, actor=SYSTEM, now=NOW)
    entry = await make_entry(amount=100_000)
    with pytest.raises(InvoiceChanged):
        await by_hand(edition, entry, shares, shown)
    assert await state_of(still_open.id) == DocumentState.OPEN
    assert (await entry_by_id(entry.id)).state == EntryState.NEW
    shown = {one.id: one.stand for one in await documents_of_ids(list(shares), edition.id)}
    await by_hand(edition, entry, shares, shown)
    assert [await state_of(one) for one in shares] == [DocumentState.PAID] * 2


@pytest.mark.parametrize(
    ("stands", "then", "owed"),
    [
        (DocumentState.PAID, DocumentState.PAID, 50_000),
        (DocumentState.REFUND_DUE, DocumentState.REFUND_DUE, 100_000),
        (DocumentState.REFUNDED, DocumentState.REFUND_DUE, 50_000),
    ],
)
async def test_what_comes_for_an_invoice_that_takes_no_more_is_assigned_to_it_and_goes_back(
    edition: EditionInfo, seller: Seller, stands: DocumentState, then: DocumentState, owed: int
) -> None:
    document = await make_document(edition)
    paid = await record_payment(document_id=document.id, method=PaymentMethod.CASH, amount=FIFTY, actor=SYSTEM, now=NOW)
    if stands != DocumentState.PAID:
        await require_refund(document_id=document.id, actor=SYSTEM, now=NOW)
    if stands == DocumentState.REFUNDED:
        await record_refund(payment_id=paid.payment_id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
    assert await state_of(document.id) == stands
    (seen,) = await documents_of_ids([document.id], edition.id)
    assert seen.takes == Money(0, "VND")
    entry = await make_entry("lan thu hai")
    assert await match_new(NOW) == {"left": 1}
    await by_hand(edition, entry, {document.id: 50_000})
    found = await document_by_id(document.id)
    assert (found.state, found.owed) == (then, Money(owed, "VND"))
    assert (await entry_by_id(entry.id)).state == EntryState.MATCHED
    await check_books(edition)


async def test_a_desk_reaches_neither_transfers_nor_documents_of_another_edition(
    edition: EditionInfo, seller: Seller
) -> None:
    other = await make_edition("hai")
    document = await make_document(other)
    theirs, nobodys = await make_entry(edition=other), await make_entry()
    with pytest.raises(TransferNotFound):
        await by_hand(edition, theirs, {document.id: 50_000})
    with pytest.raises(DocumentNotFound):
        await by_hand(edition, nobodys, {document.id: 50_000})
    with pytest.raises(TransferNotFound):
        await set_aside(edition_id=edition.id, entry_id=theirs.id, reason="x", actor=SYSTEM, now=NOW)
    await by_hand(other, nobodys, {document.id: 50_000})
    with pytest.raises(TransferNotFound):
        await entry_by_id(nobodys.id, edition.id)


async def test_a_transfer_is_set_aside_with_a_reason_and_taken_up_again(edition: EditionInfo, seller: Seller) -> None:
    entry = await make_entry(edition=edition)
    given: dict[str, Any] = {"edition_id": edition.id, "entry_id": entry.id, "actor": SYSTEM, "now": NOW}
    with pytest.raises(ReasonNeeded):
        await set_aside(reason="  ", **given)
    await set_aside(reason="Tiền lãi", **given)
    assert ((await entry_by_id(entry.id)).state, (await entry_by_id(entry.id)).reason) == (
        EntryState.IGNORED,
        "Tiền lãi",
    )
    assert await match_new(NOW) == {}
    with pytest.raises(TransferSettled):
        await set_aside(reason="again", **given)
    await take_up_again(**given)
    assert (await entry_by_id(entry.id)).state == EntryState.LEFT
    with pytest.raises(TransferSettled):
        await take_up_again(**given)
    log, _count = await list_entries(edition_id=edition.id, subject_type="bank_entry")
    assert sorted(one["action"] for one in log) == ["bank.set_aside", "bank.take_up"]


@pytest.fixture
def another_account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account of ours that is not the one to which transfers of these tests come."""
    monkeypatch.setenv("BANK_ACCOUNT", "19036688997012")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.parametrize("purpose", ["{0}", "{0} {1}", "{0} gian hang"])
async def test_what_came_to_an_account_that_is_not_ours_waits_for_a_person(
    edition: EditionInfo, seller: Seller, another_account: None, purpose: str
) -> None:
    first, second = await make_document(edition), await make_document(edition, subject_id=2)
    amount = 100_000 if "{1}" in purpose else 50_000
    entry = await make_entry(purpose.format(first.reference, second.reference), amount=amount, edition=edition)
    assert await match_new(NOW) == {"left": 1}
    assert await match_new(NOW) == {}
    found = await entry_by_id(entry.id)
    assert (found.state, found.reason, found.account) == (EntryState.LEFT, "elsewhere", "0011001932418")
    assert await state_of(first.id) == DocumentState.OPEN
    await check_books(edition)
    shares = {first.id: 50_000, **({second.id: 50_000} if "{1}" in purpose else {})}
    await by_hand(edition, entry, shares)
    assert await state_of(first.id) == DocumentState.PAID
    await check_books(edition)


async def test_money_that_is_elsewhere_does_not_stand_in_the_way_of_ours(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await make_document(edition)
    elsewhere = await make_entry(document.reference, edition=edition)
    await BankEntry.update({BankEntry.account: "999999"}).where(BankEntry.id == elsewhere.id)
    ours = await make_entry(document.reference, edition=edition)
    monkeypatch.setenv("BANK_ACCOUNT", "0011001932418")
    settings.cache_clear()
    try:
        assert await match_new(NOW) == {"left": 1, "matched": 1}
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    states = [(await entry_by_id(one.id)).state for one in (elsewhere, ours)]
    assert states == [EntryState.LEFT, EntryState.MATCHED]
    assert await state_of(document.id) == DocumentState.PAID
    (payment,) = await payments_of(document.id)
    assert payment.amount == FIFTY


@pytest.mark.race
async def test_left_by_many_at_once_what_is_elsewhere_waits_once(
    edition: EditionInfo, seller: Seller, another_account: None
) -> None:
    document = await make_document(edition)
    await make_entry(document.reference, edition=edition)

    async def matched(_number: int) -> dict[str, int]:
        return await match_new(NOW)

    assert sum(one.get("left", 0) for one in winners(await race(6, matched))) == 1
    assert await state_of(document.id) == DocumentState.OPEN


@pytest.mark.race
async def test_matched_by_many_at_once_a_transfer_is_paid_in_once(edition: EditionInfo, seller: Seller) -> None:
    document = await make_document(edition)
    await make_entry(document.reference)
    winners(await race(8, lambda _number: match_new(NOW)))
    assert len(await payments_of(document.id)) == 1


@pytest.mark.race
async def test_of_many_who_assign_a_transfer_one_does(edition: EditionInfo, seller: Seller) -> None:
    documents = [await make_document(edition, subject_id=number) for number in range(6)]
    entry = await make_entry()
    results = await race(6, lambda number: by_hand(edition, entry, {documents[number].id: 50_000}))
    assert len(winners(results)) == 1
    losers(results, TransferSettled)
    assert [await state_of(one.id) for one in documents].count(DocumentState.PAID) == 1


@pytest.mark.race
async def test_without_the_claim_a_transfer_pays_twice(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [await make_document(edition, subject_id=number) for number in range(2)]
    entry = await make_entry()

    async def claim(*_given: object) -> None:
        """Let two deal with one transfer."""

    monkeypatch.setattr(assigning, "_claim", claim)
    monkeypatch.setattr(assigning, "_check_sum", lambda *_given: None)  # what is left was counted before
    results = await race(2, lambda number: by_hand(edition, entry, {documents[number].id: 50_000}))
    assert len(winners(results)) == 2
    assert [await state_of(one.id) for one in documents] == [DocumentState.PAID] * 2


async def test_a_part_leaves_a_document_open_and_the_rest_settles_it(edition: EditionInfo, seller: Seller) -> None:
    document = await make_document(edition)
    await make_entry(document.reference, amount=20_000)
    await match_new(NOW)
    found = await document_by_id(document.id)
    assert (found.state, found.due) == (DocumentState.OPEN, Money(30_000, "VND"))
    await make_entry(document.reference[:9], amount=30_000)
    assert await match_new(NOW) == {"matched": 1}
    assert await state_of(document.id) == DocumentState.PAID


async def test_what_is_too_much_has_to_go_back(edition: EditionInfo, seller: Seller) -> None:
    named, by_a_person = [await make_document(edition, subject_id=number) for number in (1, 2)]
    await make_entry(named.reference, amount=60_000)
    assert await match_new(NOW) == {"matched": 1}
    entry = await make_entry("tien gian hang", amount=60_000)
    await by_hand(edition, entry, {by_a_person.id: 60_000})
    for document in (named, by_a_person):
        found = await document_by_id(document.id)
        assert (found.state, found.paid, found.owed) == (DocumentState.PAID, FIFTY, Money(10_000, "VND"))


async def test_a_payment_is_of_the_day_on_which_the_bank_booked_it(edition: EditionInfo, seller: Seller) -> None:
    document = await make_document(edition)
    await make_entry(document.reference)
    await match_new(NOW + timedelta(days=3))
    (payment,) = await payments_of(document.id)
    assert payment.received_at == NOW
