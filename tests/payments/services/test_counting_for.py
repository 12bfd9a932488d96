"""What a bearer paid too much of one invoice counts for another one of hers, and no money moves."""

from __future__ import annotations

from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.audit import list_entries
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import Account, PaymentMethod, Settlement
from app.payments.errors import DocumentNotFound
from app.payments.errors_borne import MoreThanBorne, NothingToCount, WhyCountedBack
from app.payments.errors_off import NotTakenOff, PartWentBack
from app.payments.queries import DocumentInfo, balances
from app.payments.queries_bank import typed_transfers
from app.payments.queries_books import totals_of_day
from app.payments.queries_borne import payments_of_bearers
from app.payments.services.bearing import count_back, count_for_another, return_borne
from app.payments.services.corrections import credit_document
from app.payments.services.documents import cancel_document
from app.payments.services.ledger import open_day
from app.payments.services.taking_off import take_off
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import account, check_books
from tests.payments.factories import make_entry
from tests.payments.services.test_bearing import BANK, CITY, assign, billed, borne_by, pays, stands, vnd
from tests.support.race import losers, race, winners

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]


async def counts(over: DocumentInfo, other: DocumentInfo, name: str = BANK) -> tuple[Money, str]:
    """Count what the bank paid too much of a document for what somebody bears of another one."""
    line_id = (await borne_by(other, name)).line_id
    return await count_for_another(document_id=over.id, bearer=BANK, line_id=line_id, actor=SYSTEM, now=NOW)


async def counted_rows(document: DocumentInfo) -> list[int]:
    """Ids of the rows at a document that say what counts for, or from, another one."""
    payments = await payments_of_bearers(document.id)
    return [payment.id for _bearer, payment in payments if payment.outcome == Settlement.COUNTED]


async def test_what_is_too_much_of_one_invoice_counts_for_another_of_the_same_bearer() -> None:
    edition = await make_edition()
    over, other, third = [await billed(edition, number) for number in (1, 2, 3)]
    entry = await make_entry("tai tro", amount=45_000, edition=edition)
    await assign(edition, entry, {(await borne_by(over)).line_id: 45_000})
    await pays(other, 20_000)
    bank = await account(edition, Account.BANK)
    day = await totals_of_day(edition.id, await open_day(edition.id, NOW))
    assert await counts(over, other) == (vnd(10_000), other.number)  # all that is still to come of it
    assert (await stands(over), await stands(other)) == ((30_000, 35_000, -5_000), (30_000, 30_000, 0))
    with pytest.raises(NothingToCount):
        await counts(over, other)
    assert await counts(over, third) == (vnd(5_000), third.number)  # all that is too much
    with pytest.raises(NothingToCount):
        await counts(over, third)
    assert (await stands(over), await stands(third)) == ((30_000, 30_000, 0), (30_000, 5_000, 25_000))
    assert await account(edition, Account.BANK) == bank  # no money has moved
    assert (await totals_of_day(edition.id, await open_day(edition.id, NOW))).methods == day.methods
    assert [one.amount for one in await typed_transfers(edition_id=edition.id)] == [vnd(20_000)]
    await check_books(edition)
    sides = await fetch("SELECT posting, document, detail, amount_minor FROM ledger_entry WHERE kind = 'count_for'")
    assert {(row["document"], row["detail"], row["amount_minor"]) for row in sides} == {
        (over.id, BANK, 10_000),
        (other.id, BANK, -10_000),
        (over.id, BANK, 5_000),
        (third.id, BANK, -5_000),
    }
    assert len({row["posting"] for row in sides}) == 2
    log, _count = await list_entries(edition_id=edition.id, action="payment.count_for")
    assert {one["after"]["invoice"] for one in log} == {other.number, third.number}


async def test_what_counts_for_another_invoice_is_as_much_of_it_as_money_that_came() -> None:
    edition = await make_edition()
    over, other = [await billed(edition, number) for number in (1, 2)]
    payment_id = await pays(over, 30_000)
    await credit_document(document_id=over.id, amount=vnd(20_000), reason="Bớt", actor=SYSTEM, now=NOW)
    await counts(over, other)
    with pytest.raises(PartWentBack):
        await take_off(document_id=over.id, payment_id=payment_id, reason="Nhầm", actor=SYSTEM, now=NOW)
    counted_id = (await borne_by(other)).payment_id or 0
    with pytest.raises(NotTakenOff):
        await take_off(document_id=other.id, payment_id=counted_id, reason="Nhầm", actor=SYSTEM, now=NOW)
    with pytest.raises(MoreThanBorne):
        await pays(other, 20_001)
    await cancel_document(document_id=other.id, actor=SYSTEM, now=NOW)
    assert await stands(other) == (0, 10_000, -10_000)
    back: dict[str, Any] = {"bearer": BANK, "method": PaymentMethod.TRANSFER, "actor": SYSTEM, "now": NOW}
    await return_borne(document_id=other.id, amount=vnd(10_000), **back)
    assert (await stands(over), await stands(other)) == ((20_000, 20_000, 0), (0, 0, 0))
    await check_books(edition)


@pytest.mark.parametrize("there", [False, True], ids=["where it was entered", "where it counts"])
async def test_what_counts_for_the_wrong_invoice_is_taken_back(there: bool) -> None:
    edition = await make_edition()
    over, other, third = [await billed(edition, number) for number in (1, 2, 3)]
    entry = await make_entry("tai tro", amount=45_000, edition=edition)
    await assign(edition, entry, {(await borne_by(over)).line_id: 45_000})
    before = await balances(edition.id)
    await counts(over, other)
    document = other if there else over
    (row,) = await counted_rows(document)
    named: dict[str, Any] = {"document_id": document.id, "payment_id": row, "actor": SYSTEM, "now": NOW}
    with pytest.raises(WhyCountedBack):
        await count_back(**named, reason=" ")
    for _twice in range(2):
        assert await count_back(**named, reason="Nhầm hóa đơn") == (vnd(15_000), other.number)
    assert (await stands(over), await stands(other)) == ((30_000, 45_000, -15_000), (30_000, 0, 30_000))
    sums = {(one["account"], one["detail"]): one["amount_minor"] for one in await balances(edition.id)}
    assert sums == {(one["account"], one["detail"]): one["amount_minor"] for one in before}
    await check_books(edition)
    sides = await fetch("SELECT posting, document, amount_minor FROM ledger_entry WHERE kind = 'count_for' ORDER BY id")
    assert [(row["document"], row["amount_minor"]) for row in sides[2:]] == [(over.id, -15_000), (other.id, 15_000)]
    assert len({row["posting"] for row in sides}) == 2
    ((entry_of_log,), _count) = await list_entries(edition_id=edition.id, action="payment.count_back")
    assert (entry_of_log["after"]["invoice"], entry_of_log["after"]["reason"]) == (other.number, "Nhầm hóa đơn")
    assert await counts(over, third) == (vnd(15_000), third.number)
    await check_books(edition)


async def test_what_went_on_from_where_it_counts_is_not_taken_back() -> None:
    edition = await make_edition()
    over, other, third = [await billed(edition, number) for number in (1, 2, 3)]
    entry = await make_entry("tai tro", amount=45_000, edition=edition)
    await assign(edition, entry, {(await borne_by(over)).line_id: 45_000})
    await counts(over, other)
    await cancel_document(document_id=other.id, actor=SYSTEM, now=NOW)
    line_id = (await borne_by(third)).line_id
    named: dict[str, Any] = {"actor": SYSTEM, "now": NOW}
    await count_for_another(document_id=other.id, bearer=BANK, line_id=line_id, **named)
    (first,), (_taken, second) = await counted_rows(over), await counted_rows(other)
    with pytest.raises(PartWentBack):
        await count_back(document_id=over.id, payment_id=first, reason="Nhầm", **named)
    await count_back(document_id=other.id, payment_id=second, reason="Nhầm", **named)
    assert (await stands(other), await stands(third)) == ((0, 15_000, -15_000), (30_000, 0, 30_000))
    await count_back(document_id=over.id, payment_id=first, reason="Nhầm", **named)
    assert (await stands(over), await stands(other)) == ((30_000, 45_000, -15_000), (0, 0, 0))
    with pytest.raises(DocumentNotFound):  # a payment, which is taken off and not counted back
        await count_back(document_id=over.id, payment_id=(await borne_by(over)).payment_id or 0, reason="x", **named)
    with pytest.raises(DocumentNotFound):
        await count_back(document_id=third.id, payment_id=first, reason="x", **named)
    await check_books(edition)


@pytest.mark.race
async def test_what_counts_is_taken_back_once_however_many_say_so_at_once() -> None:
    edition = await make_edition()
    over, other = [await billed(edition, number) for number in (1, 2)]
    entry = await make_entry("tai tro", amount=45_000, edition=edition)
    await assign(edition, entry, {(await borne_by(over)).line_id: 45_000})
    await counts(over, other)
    places = [(one.id, (await counted_rows(one))[0]) for one in (over, other)]

    async def take_back(number: int) -> object:
        document_id, payment_id = places[number % 2]
        return await count_back(document_id=document_id, payment_id=payment_id, reason="x", actor=SYSTEM, now=NOW)

    assert len(winners(await race(6, take_back))) == 6
    assert (await stands(over), await stands(other)) == ((30_000, 45_000, -15_000), (30_000, 0, 30_000))
    await check_books(edition)


async def test_nothing_counts_for_what_somebody_else_bears_or_another_festival_bills() -> None:
    edition, elsewhere = await make_edition(), await make_edition("hai")
    over, hers = await billed(edition), await billed(edition, 2, by={CITY: 30_000})
    theirs = await billed(elsewhere)
    entry = await make_entry("tai tro", amount=45_000, edition=edition)
    await assign(edition, entry, {(await borne_by(over)).line_id: 45_000})
    for document, name in ((hers, CITY), (theirs, BANK), (over, BANK)):
        with pytest.raises(DocumentNotFound):
            await counts(over, document, name)
    assert await stands(over) == (30_000, 45_000, -15_000)
    spelled = await billed(edition, 3, by={"NGÂN HÀNG chính sách xã hội": 30_000})  # as of before
    await counts(over, spelled, "NGÂN HÀNG chính sách xã hội")
    assert await stands(over) == (30_000, 30_000, 0)
    await check_books(edition)


@pytest.mark.race
async def test_what_is_too_much_counts_once_however_many_say_so_at_once() -> None:
    edition = await make_edition()
    over, other, third = [await billed(edition, number) for number in (1, 2, 3)]
    entry = await make_entry("tai tro", amount=45_000, edition=edition)
    await assign(edition, entry, {(await borne_by(over)).line_id: 45_000})
    results = await race(6, lambda number: counts(over, (other, third)[number % 2]))
    assert len(winners(results)) == 1
    losers(results, NothingToCount)
    assert await stands(over) == (30_000, 30_000, 0)
    await check_books(edition)
