"""Money that nobody could assign lies at the bank, and in the ledger, once, until somebody says what it was for."""

from __future__ import annotations

import importlib

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import Account, DocumentState, EntrySource, EntryState, PaymentMethod
from app.payments.queries import document_by_id
from app.payments.services import assigning
from app.payments.services.assigning import assign_entry, link_entry, match_new
from app.payments.services.for_nothing import set_aside, take_up_again
from app.payments.services.recording import record_payment
from app.payments.tables_bank import BankEntry
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import account, check_books
from tests.payments.factories import Seller, make_document, make_entry
from tests.support.race import race, winners

pytestmark = pytest.mark.engines
FIFTY = Money(50_000, "VND")


class UnluckyError(Exception):
    """Something that nobody thought of."""


@pytest.fixture
async def edition(database: str, seller: Seller) -> EditionInfo:
    """A festival."""
    return await make_edition()


async def lies(edition: EditionInfo) -> tuple[int, int]:
    """What lies at the bank, and what of it is not assigned."""
    return await account(edition, Account.BANK), -await account(edition, Account.UNASSIGNED)


async def test_what_is_left_lies_at_the_bank_until_it_is_assigned(edition: EditionInfo) -> None:
    document = await make_document(edition)
    entry = await make_entry("khong ro", edition=edition)
    assert await lies(edition) == (0, 0)
    assert await match_new(NOW) == {"left": 1}
    assert await lies(edition) == (50_000, 50_000)
    await assign_entry(edition_id=edition.id, entry_id=entry.id, amounts={document.id: FIFTY}, actor=SYSTEM, now=NOW)
    assert await lies(edition) == (50_000, 0)
    assert (await document_by_id(document.id)).state == DocumentState.PAID
    await check_books(edition)


async def test_many_are_left_together_each_with_its_reason_and_in_its_books(edition: EditionInfo) -> None:
    other = await make_edition("hai")
    document = await make_document(edition)
    entries = [
        await make_entry("khong ro", edition=edition),
        await make_entry("khong ro nua", edition=other),
        await make_entry(f"ung ho {document.reference[:-1]}", edition=edition, amount=7),
        await make_entry("cua ai", source=EntrySource.WEBHOOK),
    ]
    assert await match_new(NOW) == {"left": 4}
    rows = {row["id"]: row for row in await fetch("SELECT id, state, reason, books FROM bank_entry")}
    assert [rows[one.id]["reason"] for one in entries] == ["nothing", "nothing", "damaged", "nothing"]
    assert {row["state"] for row in rows.values()} == {EntryState.LEFT.value}
    assert [rows[one.id]["books"] for one in entries] == [edition.id, other.id, edition.id, None]
    assert (await lies(edition), await lies(other)) == ((50_007, 50_007), (50_000, 50_000))
    assert await match_new(NOW) == {}
    assert await lies(other) == (50_000, 50_000)


async def test_one_that_cannot_be_left_does_not_hold_up_the_others(
    edition: EditionInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = await make_entry("khong ro", edition=edition)
    good = await make_entry("khong ro nua", edition=edition)
    enter = assigning.keep_unassigned

    async def refuse(reasons: dict[int, str], now: object) -> int:
        raise UnluckyError

    async def only_good(entry_id: int, *args: object, **named: object) -> None:
        if entry_id == bad.id:
            raise UnluckyError
        await enter(entry_id, *args, **named)

    monkeypatch.setattr(assigning, "leave_together", refuse)
    monkeypatch.setattr(assigning, "keep_unassigned", only_good)
    with pytest.raises(UnluckyError):
        await match_new(NOW)
    states = {row["id"]: row["state"] for row in await fetch("SELECT id, state FROM bank_entry")}
    assert states == {bad.id: EntryState.NEW.value, good.id: EntryState.LEFT.value}
    assert await lies(edition) == (50_000, 50_000)


@pytest.mark.race
async def test_what_is_left_by_several_at_once_is_entered_once(edition: EditionInfo) -> None:
    for number in range(5):
        await make_entry(f"khong ro {number}", edition=edition)

    async def leave(_number: int) -> dict[str, int]:
        return await match_new(NOW)

    left = [one.get("left", 0) for one in winners(await race(6, leave))]
    assert sum(left) == 5
    assert await lies(edition) == (250_000, 250_000)


async def test_what_is_set_aside_stays_there(edition: EditionInfo) -> None:
    entry = await make_entry("lai tien gui", edition=edition)
    for _time in range(2):
        await set_aside(edition_id=edition.id, entry_id=entry.id, reason="Lãi", actor=SYSTEM, now=NOW)
        assert await lies(edition) == (50_000, 50_000)
        await take_up_again(edition_id=edition.id, entry_id=entry.id, actor=SYSTEM, now=NOW)
        assert await lies(edition) == (50_000, 50_000)


async def test_one_that_was_written_down_by_hand_lies_there_once(edition: EditionInfo) -> None:
    document = await make_document(edition)
    entry = await make_entry("khong ro", edition=edition)
    await match_new(NOW)
    recorded = await record_payment(
        document_id=document.id, method=PaymentMethod.TRANSFER, amount=FIFTY, actor=SYSTEM, now=NOW
    )
    assert await lies(edition) == (100_000, 50_000)
    await link_entry(edition_id=edition.id, entry_id=entry.id, payment_ids=[recorded.payment_id], actor=SYSTEM, now=NOW)
    assert await lies(edition) == (50_000, 0)
    await check_books(edition)


async def test_a_notice_lies_in_the_books_of_the_one_edition_that_is_open(edition: EditionInfo) -> None:
    await make_edition("nhap", opened=False)
    document = await make_document(edition)
    entry = await make_entry("khong ro", source=EntrySource.WEBHOOK)
    await match_new(NOW)
    assert await lies(edition) == (50_000, 50_000)
    other = await make_edition("hai")
    later = await make_document(other, subject_id=2)
    await assign_entry(edition_id=other.id, entry_id=entry.id, amounts={later.id: FIFTY}, actor=SYSTEM, now=NOW)
    assert (await lies(edition), await lies(other)) == ((0, 0), (50_000, 0))
    assert document.state == DocumentState.OPEN


async def test_of_several_editions_the_desk_that_deals_with_a_notice_takes_it(edition: EditionInfo) -> None:
    other = await make_edition("hai")
    entry = await make_entry("khong ro", source=EntrySource.WEBHOOK)
    await match_new(NOW)
    assert (await lies(edition), await lies(other)) == ((0, 0), (0, 0))
    await set_aside(edition_id=other.id, entry_id=entry.id, reason="Lãi", actor=SYSTEM, now=NOW)
    assert (await lies(edition), await lies(other)) == ((0, 0), (50_000, 50_000))


@pytest.mark.race
async def test_it_is_taken_out_once_whoever_assigns_it_at_once(edition: EditionInfo) -> None:
    document = await make_document(edition)
    entry = await make_entry("khong ro", edition=edition)
    await match_new(NOW)

    async def assign(_number: int) -> None:
        await assign_entry(
            edition_id=edition.id, entry_id=entry.id, amounts={document.id: FIFTY}, actor=SYSTEM, now=NOW
        )

    assert len(winners(await race(6, assign))) == 1
    assert await lies(edition) == (50_000, 0)


async def test_transfers_of_before_enter_the_ledger(edition: EditionInfo) -> None:
    entry = await make_entry("khong ro", edition=edition)
    paid = await make_entry("khong ro", edition=edition)
    await make_entry("khong ro", source=EntrySource.WEBHOOK)
    await BankEntry.update({BankEntry.state: EntryState.LEFT.value}).where(BankEntry.id != paid.id)
    migration = importlib.import_module("app.payments.migrations.payments_2026_11_29t02_50_04_unassigned_books")
    manager = await migration.forwards()
    for _time in range(2):
        await manager.raw[0]()
        assert await lies(edition) == (50_000, 50_000)
    assert await fetch("SELECT id FROM bank_entry WHERE books IS NOT NULL") == [{"id": entry.id}]
