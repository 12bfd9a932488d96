"""Transfers that are paid together come to what they come to one by one, whatever others do at that moment."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.enums import EditionState
from app.events.queries import EditionInfo, edition_by_id, hold_edition
from app.events.services import cancelling
from app.events.services.cancelling import cancel_edition
from app.kernel import staging
from app.kernel.database import close_database, fetch, open_database
from app.kernel.money import Money
from app.payments import queries_bank
from app.payments.enums import DocumentState, PaymentMethod, Settlement
from app.payments.errors import AlreadyPaid
from app.payments.queries import DocumentInfo, document_by_id, payments_of
from app.payments.queries_bank import EntryInfo, counts_of_entries, entry_by_id
from app.payments.services import assigning, documents, paying_together, recording
from app.payments.services.assigning import match_new
from app.payments.services.documents import Paid, register_settlement, settle_all
from app.payments.services.matching import Verdict
from app.payments.services.recording import record_payment
from app.payments.tables import PaymentDocument
from app.payments.tables_bank import BankEntry
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, make_entry, put_on_sale
from tests.payments.fairs import Fair, everything, open_shops
from tests.support.engine import Databases, on_postgres, point_at
from tests.support.queries import counted_queries
from tests.support.race import losers, overtaken, race, unguarded, winners

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


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one run of the matcher have several pieces."""
    monkeypatch.setattr(staging.Pace, "LEAST", 6)
    monkeypatch.setattr(staging.Pace, "MOST", 12)


@contextlib.asynccontextmanager
async def fresh(databases: Databases) -> AsyncIterator[None]:
    """A database of its own."""
    url = await databases.make()
    await point_at(url)
    await open_database()
    try:
        yield
    finally:
        await close_database()
        await databases.remove(url)


def after_judging(monkeypatch: pytest.MonkeyPatch, happens: Any) -> None:
    """Let something happen once, between what is decided of transfers and what is done."""
    judge, seen = assigning.verdicts_on, []

    async def judging(*given: Any) -> list[Verdict]:
        verdicts = await judge(*given)
        if not seen:
            seen.append(given)
            await happens()
        return verdicts

    monkeypatch.setattr(assigning, "verdicts_on", judging)


async def matched(
    databases: Databases, seed: int, *, together: bool, sets: list[set[str]] | None = None
) -> dict[str, Counter[str]]:
    """All that stands in the tables when a fair's transfers were matched: together, or each by itself.

    ``sets`` is filled with the purposes of what was settled together.
    """
    real = paying_together.settle_all

    async def settle_all(paid: Sequence[Paid], now: datetime) -> list[Settlement]:
        answers = await real(paid, now)
        if sets is not None and len(paid) > 1:
            sets.append({document.purpose for document, _payment in paid})
        return answers

    with pytest.MonkeyPatch.context() as patch:
        open_shops(patch)
        async with fresh(databases):
            fair = Fair(seed)
            await fair.set_up(patch)
            after_judging(patch, fair.meanwhile)
            patch.setattr(paying_together, "settle_all", settle_all)
            if not together:
                patch.setattr(assigning, "_first_of_their_documents", lambda decided: ([], list(decided)))
            with contextlib.suppress(RuntimeError):  # one seller is out of order
                await match_new(NOW)
            return await everything()


@pytest.mark.parametrize("seed", range(8))
async def test_together_all_comes_to_what_it_comes_to_one_by_one(databases: Databases, seed: int) -> None:
    one_by_one = await matched(databases, seed, together=False)
    assert one_by_one["bank_match"].total() > 10
    sets: list[set[str]] = []
    found = await matched(databases, seed, together=True, sets=sets)
    assert sets  # and not each by itself again
    for name, rows in one_by_one.items():
        assert (name, found[name] - rows, rows - found[name]) == (name, Counter(), Counter())


async def test_the_comparison_sees_a_payment_that_is_booked_otherwise(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    real = paying_together._entered

    def careless(part: Any, payment: Any) -> Any:
        entered = real(part, payment)
        return replace(entered, payment_id=None)

    monkeypatch.setattr(paying_together, "_entered", careless)
    one_by_one = await matched(databases, 0, together=False)
    found = await matched(databases, 0, together=True)
    assert found["ledger_entry"] != one_by_one["ledger_entry"]
    assert found["payment"] == one_by_one["payment"]


async def make_paid_for(edition: EditionInfo, count: int, *, first: int = 1) -> list[DocumentInfo]:
    """Documents, for each of which its whole amount came."""
    made = [await make_document(edition, subject_id=first + number) for number in range(count)]
    for document in made:
        await make_entry(document.reference)
    return made


async def test_many_transfers_are_booked_by_as_few_statements_as_two(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def many(paid: Sequence[Paid], _now: Any) -> list[Settlement]:
        return [Settlement.KEPT for _one in paid]

    monkeypatch.setattr(documents, "_many_at_once", {})
    register_settlement("order", seller.settle, many)
    monkeypatch.setattr(staging.Pace, "LEAST", 100)
    monkeypatch.setattr(staging.Pace, "MOST", 500)
    counts = []
    for first, count in ((1, 2), (100, 30)):
        await make_paid_for(edition, count, first=first)
        with counted_queries() as sent:
            assert await match_new(NOW) == {"matched": count}
        # what looks like another reference by chance is looked up, too
        counts.append(len([one for one in sent if not one.startswith('SELECT ALL "payment_document"')]))
    assert counts[0] == counts[1]


async def test_what_is_wrong_about_one_keeps_no_other_waiting(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await make_paid_for(edition, 9)
    await PaymentDocument.update({PaymentDocument.purpose: "unknown"}).where(PaymentDocument.id == made[4].id)
    assert await match_new(NOW) == {"matched": 8, "left": 1}
    states = [(await document_by_id(one.id)).state for one in made]
    assert states == [DocumentState.PAID] * 4 + [DocumentState.OPEN] + [DocumentState.PAID] * 4
    await check_paid_once([one for one in made if one.id != made[4].id])


async def test_the_second_transfer_for_a_document_comes_after_the_first(edition: EditionInfo, seller: Seller) -> None:
    document = await make_document(edition)
    first, second, third = [await make_entry(document.reference) for _time in range(3)]
    assert await match_new(NOW) == {"matched": 3}
    kept, *owed = await payments_of(document.id)
    assert kept.provider_reference == f"bank:{first.fingerprint}:{document.id}"
    assert [one.provider_reference for one in owed] == [
        f"bank:{one.fingerprint}:{document.id}" for one in (second, third)
    ]
    assert [one.outcome for one in (kept, *owed)] == [Settlement.KEPT, Settlement.REFUND, Settlement.REFUND]


async def test_a_seller_is_asked_once_for_many_and_answers_in_their_order(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[int]] = []

    async def many(paid: Sequence[Paid], _now: Any) -> list[Settlement]:
        asked.append([document.id for document, _payment in paid])
        return [Settlement.KEPT if document.id % 2 else Settlement.REPLACED for document, _payment in paid]

    monkeypatch.setattr(documents, "_many_at_once", {})
    register_settlement("order", seller.settle, many)
    made = await make_paid_for(edition, 5)
    assert await match_new(NOW) == {"matched": 5}
    assert asked == [[one.id for one in made]]
    outcomes = [(await payments_of(one.id))[0].outcome for one in made]
    assert outcomes == [Settlement.KEPT if one.id % 2 else Settlement.REPLACED for one in made]
    monkeypatch.setattr(documents, "_many_at_once", {seller.settle: lambda *_given: few()})

    async def few() -> list[Settlement]:
        return []

    paid = [(made[0], (await payments_of(made[0].id))[0])]
    with pytest.raises(ValueError, match="zip"):
        await settle_all(paid, NOW)


async def check_paid_once(made: Sequence[DocumentInfo]) -> None:
    """Every document is paid by one payment, and the books say so."""
    for document in made:
        (payment,) = [one for one in await payments_of(document.id) if one.outcome == Settlement.KEPT]
        assert payment.amount == document.amount
        assert (await document_by_id(document.id)).paid == document.amount
    assert await fetch("SELECT posting FROM ledger_entry GROUP BY posting HAVING SUM(amount_minor) <> 0") == []
    kept = await fetch(
        "SELECT document FROM ledger_entry WHERE account = 'receivable' AND kind = 'payment' "
        "GROUP BY document HAVING COUNT(*) > 1"
    )
    assert kept == []


@pytest.mark.race
async def test_two_matchers_at_once_pay_nothing_twice(edition: EditionInfo, seller: Seller) -> None:
    made = await make_paid_for(edition, 30)
    results = await race(3, lambda _number: match_new(NOW))
    assert len(winners(results)) == 3
    await check_paid_once(made)
    assert len(await fetch("SELECT id FROM bank_match")) == 30
    assert len(seller.settled) == 30


async def pay_in_cash(document: DocumentInfo) -> None:
    """Pay a document at the counter."""
    await record_payment(document_id=document.id, method=PaymentMethod.CASH, amount=FIFTY, actor=SYSTEM, now=NOW)


@pytest.mark.race
async def test_a_cashier_and_the_matcher_pay_a_document_once(edition: EditionInfo, seller: Seller) -> None:
    made = await make_paid_for(edition, 12)

    async def run(number: int) -> None:
        if number == 0:
            await match_new(NOW)
        else:
            await pay_in_cash(made[-number])

    results = await race(7, run)
    losers(results, AlreadyPaid)
    assert not isinstance(results[0], BaseException)
    await check_paid_once(made)
    assert (await counts_of_entries(edition.id))["matched"] == 12
    by_hand = len(winners(results)) - 1
    owed = [one for document in made for one in await payments_of(document.id) if one.outcome == Settlement.REFUND]
    assert len(owed) == by_hand  # the transfer for what was paid in cash goes back


async def overtaken_by_a_cashier(
    edition: EditionInfo, monkeypatch: pytest.MonkeyPatch
) -> tuple[DocumentInfo, list[int]]:
    """A document that a cashier sees paid between what the matcher reads and what it writes, without transactions."""
    (document,) = await make_paid_for(edition, 1)
    unguarded(monkeypatch, staging, assigning, recording)
    await overtaken(
        monkeypatch, paying_together, "_hold_documents", lambda: match_new(NOW), lambda: pay_in_cash(document)
    )
    kept = [one for one in await payments_of(document.id) if one.outcome == Settlement.KEPT]
    return await document_by_id(document.id), [one.amount.amount_minor for one in kept]


@pytest.mark.race
async def test_the_condition_alone_keeps_a_document_from_being_paid_twice(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, kept = await overtaken_by_a_cashier(edition, monkeypatch)
    assert (document.paid, kept) == (FIFTY, [50_000])


@pytest.mark.race
async def test_without_condition_and_hold_it_is_paid_twice(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""

    async def careless(parts: Sequence[Any], now: Any) -> None:
        for part in parts:
            await PaymentDocument.update(
                {PaymentDocument.paid_minor: PaymentDocument.paid_minor + part.share.amount.amount_minor}
            ).where(PaymentDocument.id == part.document.id)

    monkeypatch.setattr(paying_together, "_claim_documents", careless)
    document, kept = await overtaken_by_a_cashier(edition, monkeypatch)
    assert (document.paid.amount_minor, kept) == (100_000, [50_000, 50_000])


async def by_hand(edition: EditionInfo, entry: EntryInfo, document: DocumentInfo) -> None:
    """Assign a transfer at the desk."""
    await assigning.assign_entry(
        edition_id=edition.id, entry_id=entry.id, amounts={document.id: FIFTY}, actor=SYSTEM, now=NOW
    )


async def overtaken_by_the_desk(
    edition: EditionInfo, monkeypatch: pytest.MonkeyPatch, name: str
) -> tuple[DocumentInfo, DocumentInfo]:
    """Two documents, of which the desk assigns the transfer of the first to the second while the matcher is at it."""
    (first,) = await make_paid_for(edition, 1)
    second = await make_document(edition, subject_id=2)
    row = await BankEntry.select(BankEntry.id).first()
    assert row is not None
    entry = await entry_by_id(row["id"])
    unguarded(monkeypatch, staging, assigning, recording)
    await overtaken(
        monkeypatch,
        assigning if name == "verdicts_on" else paying_together,
        name,
        lambda: match_new(NOW),
        lambda: by_hand(edition, entry, second),
    )
    return await document_by_id(first.id), await document_by_id(second.id)


@pytest.mark.race
async def test_a_transfer_that_the_desk_assigns_meanwhile_pays_nothing_else(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await overtaken_by_the_desk(edition, monkeypatch, "verdicts_on")
    assert (first.state, second.state) == (DocumentState.OPEN, DocumentState.PAID)


@pytest.mark.race
async def test_without_its_hold_it_pays_for_both(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the transfer is free to be assigned after it was read as new."""
    first, second = await overtaken_by_the_desk(edition, monkeypatch, "_hold_new")
    assert (first.state, second.state) == (DocumentState.PAID, DocumentState.PAID)


async def cancel(edition: EditionInfo) -> None:
    """Cancel an edition with all that is billed for it."""
    await cancel_edition(edition_id=edition.id, typed=edition.slug, reason="Bão", actor=SYSTEM, now=NOW)


@pytest.mark.race
async def test_an_edition_is_cancelled_before_or_after_its_transfers_and_nothing_locks_up(
    edition: EditionInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shops(monkeypatch)
    made = [await make_document(edition, subject_id=13 * number) for number in range(1, 31)]
    for document in made:
        await make_entry(document.reference)

    async def run(number: int) -> None:
        await (match_new(NOW) if number % 2 else cancel(edition))

    results = await race(2, run)
    assert len(winners(results)) == 2, results
    assert (await edition_by_id(edition.id)).state == EditionState.CANCELLED
    for document in made:
        found = await document_by_id(document.id)
        payments = await payments_of(document.id)
        assert len(payments) == 1
        if found.state == DocumentState.PAID:  # it came after the edition was cancelled, and its seller kept it
            assert (payments[0].outcome, found.paid) == (Settlement.KEPT, FIFTY)
        else:
            assert (found.state, found.owed) == (DocumentState.REFUND_DUE, FIFTY)
    assert await fetch("SELECT posting FROM ledger_entry GROUP BY posting HAVING SUM(amount_minor) <> 0") == []


async def cancelled_while_held(
    edition: EditionInfo, monkeypatch: pytest.MonkeyPatch, *, document_first: bool
) -> list[Any]:
    """Let the matcher and whoever cancels an edition meet, each with the first of the two rows it takes."""
    (document,) = await make_paid_for(edition, 1)
    meet = asyncio.Barrier(2)

    async def met() -> None:
        with contextlib.suppress(TimeoutError, asyncio.BrokenBarrierError):
            async with asyncio.timeout(1):
                await meet.wait()

    async def editions(ids: Any) -> dict[int, EditionInfo]:
        if document_first:
            await fetch("SELECT id FROM payment_document WHERE id = {} FOR NO KEY UPDATE", document.id)
        await met()
        return {one: await hold_edition(one) for one in sorted(set(ids))}

    async def alone(*given: Any, **named: Any) -> EditionInfo:
        held = await hold_edition(*given, **named)
        await met()
        return held

    monkeypatch.setattr(paying_together, "hold_editions", editions)
    monkeypatch.setattr(cancelling, "hold_edition", alone)

    async def run(number: int) -> None:
        await (match_new(NOW) if number else cancel(edition))

    return await race(2, run)


@pytest.mark.race
@pytest.mark.skipif(not on_postgres(), reason="SQLite has one writer at a time")
@pytest.mark.parametrize("document_first", [False, True])
async def test_only_with_the_document_before_the_edition_two_wait_for_each_other(
    edition: EditionInfo,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    document_first: bool,
) -> None:
    """The negative control of the order in which rows are taken."""
    open_shops(monkeypatch)
    monkeypatch.setattr(documents, "_settlements", {"order": Seller().settle})
    caplog.set_level("INFO", logger="fairground.payments")
    results = await cancelled_while_held(edition, monkeypatch, document_first=document_first)
    refused = [one for one in results if isinstance(one, BaseException)]
    locked_up = bool(refused) or "deadlock detected" in caplog.text
    assert locked_up == document_first, (results, caplog.text)


async def test_open_documents_are_read_in_pages(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries_bank, "PAGE", 2)
    for count in range(5):
        assert len(await queries_bank.payable_documents()) == count
        assert len(await queries_bank.payable_documents(edition.id)) == count
        assert await queries_bank.payable_documents(edition.id + 1) == []
        await make_document(edition, subject_id=count)
    whole = await PaymentDocument.select().order_by(PaymentDocument.id)
    assert await queries_bank.payable_documents() == [queries_bank.payable_of(row) for row in whole]
