"""What somebody wrote down by hand and the bank tells of later is one payment; other money is never taken for it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.events.queries import EditionInfo
from app.kernel.database import write_transaction
from app.kernel.money import Money
from app.payments.controllers import finance
from app.payments.enums import Account, DocumentState, EntryState, PaymentMethod, Settlement
from app.payments.errors import AmountDiffers, BilledAgain, PerhapsRecorded, ToldAlready
from app.payments.errors_bank import TransferNotFound, TransferSettled
from app.payments.lines import Line
from app.payments.queries import document_by_id, payments_of
from app.payments.queries_bank import entry_by_id, matches_of, typed_transfers
from app.payments.services.assigning import assign_entry, link_entry, match_new
from app.payments.services.closing import owe_all_back
from app.payments.services.corrections import write_off
from app.payments.services.recording import Recorded, record_payment
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import account, check_books
from tests.payments.factories import OVERDUE, Seller, make_document, make_entry
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder
from tests.support.race import losers, race, winners

pytestmark = pytest.mark.engines
FIFTY = Money(50_000, "VND")


@pytest.fixture
async def edition(database: str, seller: Seller) -> EditionInfo:
    """A festival whose seller keeps every promise."""
    return await make_edition()


async def typed(document_id: int, amount: int = 50_000, days_before: int = 0) -> Recorded:
    """A transfer as somebody writes it down."""
    return await record_payment(
        document_id=document_id,
        method=PaymentMethod.TRANSFER,
        amount=Money(amount, "VND"),
        actor=SYSTEM,
        now=NOW - timedelta(days=days_before),
    )


async def test_a_transfer_written_down_by_hand_counts_once(edition: EditionInfo) -> None:
    document = await make_document(edition)
    recorded = await typed(document.id)
    entry = await make_entry(document.reference)
    assert await match_new(NOW) == {"matched": 1}
    (payment,) = await payments_of(document.id)
    (matched,) = await matches_of([entry.id])
    assert (matched.document_id, matched.amount, payment.id) == (document.id, FIFTY, recorded.payment_id)
    after = await document_by_id(document.id)
    assert (after.state, after.owed.amount_minor) == (DocumentState.PAID, 0)
    assert await account(edition, Account.BANK) == 50_000
    await check_books(edition)
    again = await make_entry(document.reference)  # a second one is one more, and goes back
    assert await match_new(NOW) == {"matched": 1}
    assert (await document_by_id(document.id)).owed == FIFTY
    assert (await entry_by_id(again.id)).state == EntryState.MATCHED
    await check_books(edition)


async def test_what_is_due_back_is_found_again_too(edition: EditionInfo, seller: Seller) -> None:
    seller.answer = Settlement.REFUND
    document = await make_document(edition)
    await typed(document.id)
    await make_entry(document.reference)
    assert await match_new(NOW) == {"matched": 1}
    assert (await document_by_id(document.id)).owed == FIFTY
    await check_books(edition)


@pytest.mark.parametrize(("amount", "days_before"), [(40_000, 0), (50_000, 8)])
async def test_another_amount_or_one_of_long_ago_is_another_transfer(
    edition: EditionInfo, amount: int, days_before: int
) -> None:
    document = await make_document(edition, amount=amount)
    await typed(document.id, amount, days_before)
    await make_entry(document.reference)
    assert await match_new(NOW) == {"matched": 1}
    assert (await document_by_id(document.id)).owed == FIFTY
    assert len(await payments_of(document.id)) == 2


async def test_a_part_that_could_be_either_is_left_to_a_person(edition: EditionInfo, client: Browser) -> None:
    document = await make_document(edition, amount=100_000)
    recorded = await typed(document.id)
    entry = await make_entry(document.reference, edition=edition)
    assert await match_new(NOW) == {"left": 1}
    assert ((await entry_by_id(entry.id)).reason, len(await payments_of(document.id))) == (PerhapsRecorded.code, 1)
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id, now=NOW)).id)
    base = f"/manage/{edition.id}/payments/bank"
    assert "Say whether it is this one." in (await client.get(f"{base}?lang=en")).text
    shown = (await client.get(f"{base}/{entry.id}?lang=en")).text
    assert ("It may be recorded already" in shown, document.number in shown) == (True, True)

    async def link(data: dict[str, str]) -> Any:
        return await client.post(f"{base}/{entry.id}/link", data=data)

    assert (await link({})).status_code == 422
    assert (await link({"payments": f"{recorded.payment_id + 9}"})).status_code in (404, 422)
    assert (await link({"payments": f"{recorded.payment_id}"})).status_code == 303
    assert (await entry_by_id(entry.id)).state == EntryState.MATCHED
    assert (await document_by_id(document.id)).paid == FIFTY
    assert await typed_transfers([document.id]) == []
    await check_books(edition)


async def test_what_a_person_says_is_another_part_is_recorded_anew(edition: EditionInfo) -> None:
    document = await make_document(edition, amount=100_000)
    await typed(document.id)
    entry = await make_entry(document.reference)
    assert await match_new(NOW) == {"left": 1}
    await assign_entry(edition_id=edition.id, entry_id=entry.id, amounts={document.id: FIFTY}, actor=SYSTEM, now=NOW)
    assert (await document_by_id(document.id)).state == DocumentState.PAID
    await check_books(edition)


async def test_a_transfer_of_which_the_bank_told_is_not_written_down_without_a_word(
    edition: EditionInfo, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finance, "now", lambda: NOW)
    document = await make_document(edition, amount=100_000)
    await make_entry(document.reference)
    assert await match_new(NOW) == {"matched": 1}
    with pytest.raises(ToldAlready):
        await typed(document.id)
    assert (await document_by_id(document.id)).paid == FIFTY
    with pytest.raises(AmountDiffers):
        await typed(document.id, 50_001)
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id, now=NOW)).id)
    own = f"/manage/{edition.id}/payments/{document.id}"
    assert 'name="another"' not in (await client.get(own)).text
    body = {"method": "transfer", "amount": "50.000", "note": "FT2"}
    refused = await client.post(f"{own}/payments?lang=en", data=body)
    assert (refused.status_code, "The bank told of a transfer of 50.000\xa0₫ for" in refused.text) == (409, True)
    assert ('value="FT2"' in refused.text, 'name="another"' in refused.text) == (True, True)
    assert (await client.post(f"{own}/payments", data=body | {"another": "on"})).status_code == 303
    assert (await document_by_id(document.id)).state == DocumentState.PAID
    await check_books(edition)


@pytest.mark.parametrize("method", [PaymentMethod.CASH, PaymentMethod.TRANSFER])
async def test_cash_and_a_transfer_of_long_after_are_written_down_as_ever(
    edition: EditionInfo, method: PaymentMethod
) -> None:
    document = await make_document(edition, amount=100_000)
    await make_entry(document.reference)
    assert await match_new(NOW) == {"matched": 1}
    now = NOW + timedelta(days=8 if method is PaymentMethod.TRANSFER else 0)
    await record_payment(document_id=document.id, method=method, amount=FIFTY, actor=SYSTEM, now=now)
    assert (await document_by_id(document.id)).state == DocumentState.PAID


async def typed_for_two(edition: EditionInfo, *, of_second: int = 70_000) -> list[int]:
    """Two documents with a transfer for each that somebody wrote down."""
    documents = [await make_document(edition), await make_document(edition, subject_id=2, amount=of_second)]
    await typed(documents[0].id)
    await typed(documents[1].id, 70_000)
    return [one.id for one in documents]


async def test_one_transfer_is_what_was_written_down_for_the_two_that_it_names(edition: EditionInfo) -> None:
    ids = await typed_for_two(edition)
    named = " ".join([(await document_by_id(one)).reference for one in ids])
    entry = await make_entry(named, amount=120_000)
    assert await match_new(NOW) == {"matched": 1}
    matched = await matches_of([entry.id])
    assert [(one.document_id, one.amount.amount_minor) for one in matched] == [(ids[0], 50_000), (ids[1], 70_000)]
    assert [len(await payments_of(one)) for one in ids] == [1, 1]
    await check_books(edition)
    await make_entry(named, amount=120_000)
    assert await match_new(NOW) == {"left": 1}


async def test_where_one_of_the_two_takes_as_much_again_a_person_says_it(edition: EditionInfo, client: Browser) -> None:
    ids = await typed_for_two(edition, of_second=140_000)
    named = " ".join([(await document_by_id(one)).reference for one in ids])
    entry = await make_entry(named, amount=120_000, edition=edition)
    assert await match_new(NOW) == {"left": 1}
    assert (await entry_by_id(entry.id)).reason == PerhapsRecorded.code
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=edition.id, now=NOW)).id)
    own = f"/manage/{edition.id}/payments/bank/{entry.id}"
    shown = (await client.get(f"{own}?lang=en")).text
    (payments,) = re.findall('name="payments" value="([0-9,]+)"', shown)
    assert ("It is all of these" in shown, payments.count(",")) == (True, 1)
    one = await client.post(f"{own}/link?lang=en", data={"payments": payments.partition(",")[0]})
    assert (one.status_code, "The amounts make up 50.000\xa0₫" in one.text) == (422, True)
    assert (await client.post(f"{own}/link", data={"payments": payments})).status_code == 303
    assert [len(await payments_of(one)) for one in ids] == [1, 1]
    await check_books(edition)


@pytest.mark.race
async def test_one_payment_is_one_transfer_whoever_links_at_once(edition: EditionInfo) -> None:
    document = await make_document(edition, amount=50_000)
    recorded = await typed(document.id)
    entries = [await make_entry("chuyen tien", edition=edition) for _time in range(2)]
    assert await match_new(NOW) == {"left": 2}

    async def link(number: int) -> None:
        await link_entry(
            edition_id=edition.id,
            entry_id=entries[number % 2].id,
            payment_ids=[recorded.payment_id],
            actor=SYSTEM,
            now=NOW,
        )

    results = await race(6, link)
    assert len(winners(results)) == 1
    losers(results, TransferNotFound, TransferSettled)
    assert len(await matches_of([one.id for one in entries])) == 1


async def billed_again(edition: EditionInfo, came: int = 0) -> tuple[int, int]:
    """A document that was written off, of which a part came, and the one that is open for the same since."""
    document = await make_document(edition, amount=100_000)
    if came:
        await record_payment(
            document_id=document.id, method=PaymentMethod.CASH, amount=Money(came, "VND"), actor=SYSTEM, now=NOW
        )
    await write_off(document_id=document.id, actor=SYSTEM, now=OVERDUE)
    anew = await make_document(edition, lines=[Line(description="Gian", unit_minor=90_000)])
    return document.id, anew.id


@pytest.mark.parametrize("amount", [50_000, 100_000])
async def test_a_card_that_pays_what_is_billed_again_gets_its_money_back(edition: EditionInfo, amount: int) -> None:
    old, anew = await billed_again(edition)
    recorded = await record_payment(
        document_id=old,
        method=PaymentMethod.CARD,
        amount=Money(amount, "VND"),
        actor=None,
        provider_reference="stripe:pi_1",
        now=NOW,
    )
    assert (recorded.outcome, recorded.over_minor) == (Settlement.REFUND, amount)
    after = await document_by_id(old)
    assert (after.state, after.owed.amount_minor) == (DocumentState.WRITTEN_OFF, amount)
    assert (await document_by_id(anew)).state == DocumentState.OPEN
    await check_books(edition)


async def test_a_transfer_for_what_is_billed_again_waits_at_the_desk(edition: EditionInfo) -> None:
    old, anew = await billed_again(edition)
    document = await document_by_id(old)
    entry = await make_entry(document.reference, amount=100_000)
    assert await match_new(NOW) == {"left": 1}
    assert (await entry_by_id(entry.id)).reason == BilledAgain.code
    with pytest.raises(BilledAgain, match="billed_again"):
        await typed(old)
    shares = {anew: Money(100_000, "VND")}
    await assign_entry(edition_id=edition.id, entry_id=entry.id, amounts=shares, actor=SYSTEM, now=NOW)
    assert (await document_by_id(anew)).state == DocumentState.PAID
    await check_books(edition)


async def test_a_part_of_what_was_written_off_goes_back_with_the_edition(edition: EditionInfo) -> None:
    document = await make_document(edition, amount=100_000)
    await typed(document.id, 30_000)
    await write_off(document_id=document.id, actor=SYSTEM, now=OVERDUE)
    other = await make_document(edition, subject_id=2)
    async with write_transaction():
        assert await owe_all_back(edition, SYSTEM, NOW) == {"refunds": 1}
    after = await document_by_id(document.id)
    assert (after.state, after.owed.amount_minor) == (DocumentState.CANCELLED, 30_000)
    assert (await document_by_id(other.id)).state == DocumentState.CANCELLED
    await check_books(edition)
