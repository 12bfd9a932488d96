"""Transfers that are paid together come to what they come to one by one, whatever others do at that moment."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from app.events.queries import EditionInfo
from app.kernel import staging
from app.kernel.database import close_database, open_database
from app.kernel.money import Money
from app.payments import queries_bank
from app.payments.enums import DocumentState, EntryState, Settlement
from app.payments.queries import document_by_id, payments_of
from app.payments.services import assigning, documents, paying_together
from app.payments.services.assigning import match_new
from app.payments.services.documents import Paid, register_settlement, settle_all
from app.payments.services.matching import Verdict
from app.payments.tables import PaymentDocument
from app.payments.tables_bank import BankEntry
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import Seller, check_paid_once, make_document, make_entry, make_paid_for, put_on_sale
from tests.payments.fairs import Fair, everything, open_shops
from tests.support.engine import Databases, point_at
from tests.support.queries import counted_queries

pytestmark = [pytest.mark.slow, pytest.mark.engines]
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


async def test_transfers_that_go_their_own_way_let_others_have_the_writer_between_them(
    edition: EditionInfo, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    rested: list[int] = []

    async def rest(_pace: staging.Pace) -> None:
        rested.append(await BankEntry.count().where(BankEntry.state == EntryState.MATCHED.value))

    monkeypatch.setattr(staging.Pace, "rest", rest)
    monkeypatch.setattr(staging.Pace, "HOLD", 0.0)  # as long as a piece is whatever takes any time
    document = await make_document(edition)
    for _time in range(4):
        await make_entry(document.reference)
    assert await match_new(NOW) == {"matched": 4}
    assert rested == [1, 2, 3, 4]
    rested.clear()
    monkeypatch.setattr(staging.Pace, "HOLD", 3600.0)
    for _time in range(3):
        await make_entry(document.reference)
    assert await match_new(NOW) == {"matched": 3}
    assert rested == [4]  # after the piece of the first one alone


@pytest.mark.parametrize("fails", [False, True])
async def test_what_fails_lets_others_have_the_writer_as_what_succeeds(
    monkeypatch: pytest.MonkeyPatch, database: str, fails: bool
) -> None:
    rested: list[staging.Pace] = []

    async def rest(pace: staging.Pace) -> None:
        rested.append(pace)

    monkeypatch.setattr(staging.Pace, "rest", rest)
    monkeypatch.setattr(staging.Pace, "HOLD", 0.0)
    pace = staging.Pace()
    for _time in range(3):
        with contextlib.suppress(ValueError):
            async with pace.small():
                if fails:
                    raise ValueError
    assert rested == [pace] * 3


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
