"""Transfers that are for none of our documents: set aside, other income, or sent back; the books say which."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import Money
from app.kernel.settings import settings
from app.kernel.tables import AuditEntry
from app.payments.enums import HAVE_AN_END, Account, EntrySource, EntryState
from app.payments.errors_bank import ReasonNeeded, TransferNotFound, TransferNumberNeeded, TransferSettled
from app.payments.errors_off import RestHasAnEnd
from app.payments.queries import DocumentInfo, payments_of
from app.payments.queries_bank import counts_of_entries, entry_by_id
from app.payments.services.assigning import assign_entry, match_new
from app.payments.services.for_nothing import set_aside, take_up_again
from app.payments.services.taking_off import take_off
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import account, check_books
from tests.payments.factories import Seller, make_document, make_entry
from tests.support.race import race, winners

pytestmark = pytest.mark.engines


@pytest.fixture
async def edition(database: str, seller: Seller) -> EditionInfo:
    """A festival."""
    return await make_edition()


@pytest.fixture
def another_account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account of ours that is not the one to which transfers of these tests come."""
    monkeypatch.setenv("BANK_ACCOUNT", "19036688997012")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


async def lies(edition: EditionInfo) -> tuple[int, int, int]:
    """What lies at the bank, what of it is not assigned, and what came besides sales."""
    bank = await account(edition, Account.BANK)
    return bank, -await account(edition, Account.UNASSIGNED), -await account(edition, Account.INCOME)


async def end(edition: EditionInfo, entry_id: int, becomes: EntryState, reason: str = "Quà tặng") -> None:
    """Say what becomes of a transfer."""
    await set_aside(edition_id=edition.id, entry_id=entry_id, reason=reason, becomes=becomes, actor=SYSTEM, now=NOW)


@pytest.mark.parametrize("before", ["new", "left", "ignored"])
@pytest.mark.parametrize(
    ("becomes", "then"), [(EntryState.INCOME, (50_000, 0, 50_000)), (EntryState.SENT_BACK, (0, 0, 0))]
)
async def test_a_gift_is_income_or_goes_back_and_can_be_taken_up_again(
    edition: EditionInfo, before: str, becomes: EntryState, then: tuple[int, int, int]
) -> None:
    entry = await make_entry("ung ho le hoi", edition=edition)
    if before != "new":
        await match_new(NOW)
    if before == "ignored":
        await end(edition, entry.id, EntryState.IGNORED)
        assert await lies(edition) == (50_000, 50_000, 0)
    await end(edition, entry.id, becomes, "FT26290001")
    assert await lies(edition) == then
    now = await entry_by_id(entry.id, edition.id)
    assert (now.state, now.reason, now.edition_id) == (becomes, "FT26290001", edition.id)
    assert (await counts_of_entries(edition.id))[EntryState.LEFT] == 0
    await check_books(edition)
    await take_up_again(edition_id=edition.id, entry_id=entry.id, actor=SYSTEM, now=NOW)
    assert await lies(edition) == (50_000, 50_000, 0)
    assert (await entry_by_id(entry.id)).state == EntryState.LEFT
    await check_books(edition)
    said = [one["action"] for one in await AuditEntry.select().where(AuditEntry.subject_type == "bank_entry")]
    expected = {EntryState.INCOME: "bank.income", EntryState.SENT_BACK: "bank.send_back"}[becomes]
    assert sorted(said) == sorted([*(["bank.set_aside"] if before == "ignored" else []), expected, "bank.take_up"])


async def test_what_has_an_end_is_not_given_another_one(edition: EditionInfo) -> None:
    entry = await make_entry("ung ho", edition=edition)
    await end(edition, entry.id, EntryState.INCOME)
    for becomes in (EntryState.IGNORED, EntryState.INCOME, EntryState.SENT_BACK):
        with pytest.raises(TransferSettled):
            await end(edition, entry.id, becomes)
    assert await lies(edition) == (50_000, 0, 50_000)


async def test_why_or_by_which_transfer_is_asked(edition: EditionInfo) -> None:
    entry = await make_entry("ung ho", edition=edition)
    with pytest.raises(ReasonNeeded):
        await end(edition, entry.id, EntryState.INCOME, "  ")
    with pytest.raises(TransferNumberNeeded):
        await end(edition, entry.id, EntryState.SENT_BACK, "  ")
    assert (await entry_by_id(entry.id)).state == EntryState.NEW
    assert await lies(edition) == (0, 0, 0)


async def test_a_notice_becomes_the_income_of_the_desk_that_says_so_and_no_other_sees_it(edition: EditionInfo) -> None:
    entry = await make_entry("ung ho", source=EntrySource.WEBHOOK)
    await match_new(NOW)
    assert await lies(edition) == (50_000, 50_000, 0)
    other = await make_edition("hai")
    await end(other, entry.id, EntryState.INCOME)
    assert (await lies(edition), await lies(other)) == ((0, 0, 0), (50_000, 0, 50_000))
    with pytest.raises(TransferNotFound):
        await take_up_again(edition_id=edition.id, entry_id=entry.id, actor=SYSTEM, now=NOW)
    await check_books(edition)
    await check_books(other)


@pytest.mark.race
async def test_of_many_who_end_a_transfer_at_once_one_does(edition: EditionInfo) -> None:
    entry = await make_entry("ung ho", edition=edition)
    await match_new(NOW)

    async def ended(number: int) -> None:
        await end(edition, entry.id, (EntryState.INCOME, EntryState.SENT_BACK, EntryState.IGNORED)[number % 3])

    done = winners(await race(6, ended))
    if (await entry_by_id(entry.id)).state == EntryState.IGNORED:
        await end(edition, entry.id, EntryState.INCOME)
    elif len(done) == 2:  # it was set aside first, and then another one gave it its end
        assert (await entry_by_id(entry.id)).state in (EntryState.INCOME, EntryState.SENT_BACK)
    assert len(done) <= 2
    await check_books(edition)

    async def taken_up(_number: int) -> None:
        await take_up_again(edition_id=edition.id, entry_id=entry.id, actor=SYSTEM, now=NOW)

    assert len(winners(await race(6, taken_up))) == 1
    assert await lies(edition) == (50_000, 50_000, 0)
    await check_books(edition)


async def test_what_came_to_an_account_that_is_not_ours_is_in_no_books_until_it_is_said_to_be_ours(
    edition: EditionInfo, another_account: None
) -> None:
    for becomes, then in (
        (EntryState.IGNORED, (0, 0, 0)),
        (EntryState.SENT_BACK, (0, 0, 0)),
        (EntryState.INCOME, (50_000, 0, 50_000)),
    ):
        entry = await make_entry("ung ho", edition=edition)
        await match_new(NOW)
        assert await lies(edition) == (0, 0, 0)
        await end(edition, entry.id, becomes)
        assert await lies(edition) == then
        await check_books(edition)
        await take_up_again(edition_id=edition.id, entry_id=entry.id, actor=SYSTEM, now=NOW)
        assert await lies(edition) == (0, 0, 0)
    assert await fetch("SELECT id FROM bank_entry WHERE books IS NOT NULL") == []


@pytest.mark.parametrize("becomes", HAVE_AN_END)
async def test_of_a_transfer_whose_rest_has_an_end_nothing_is_taken_off(
    edition: EditionInfo, becomes: EntryState
) -> None:
    first, second = [await make_document(edition, subject_id=number) for number in (1, 2)]
    entry = await make_entry(amount=100_000, edition=edition)
    amounts = {one.id: Money(50_000, "VND") for one in (first, second)}
    await assign_entry(edition_id=edition.id, entry_id=entry.id, amounts=amounts, actor=SYSTEM, now=NOW)

    async def off(document: DocumentInfo) -> None:
        (payment,) = await payments_of(document.id)
        await take_off(document_id=document.id, payment_id=payment.id, reason="Nhầm", actor=SYSTEM, now=NOW)

    await off(second)
    await end(edition, entry.id, becomes)
    income = 50_000 if becomes == EntryState.INCOME else 0
    assert await lies(edition) == (50_000 + income, 0, income)
    await check_books(edition)
    with pytest.raises(RestHasAnEnd):
        await off(first)
    await check_books(edition)
    await take_up_again(edition_id=edition.id, entry_id=entry.id, actor=SYSTEM, now=NOW)
    assert await lies(edition) == (100_000, 50_000, 0)
    await off(first)
    assert (await entry_by_id(entry.id)).left.amount_minor == 100_000
    assert await lies(edition) == (100_000, 100_000, 0)
    await check_books(edition)
