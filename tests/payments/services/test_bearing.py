"""What others bear: their debt is paid by transfer or by hand, wholly or in parts, and follows the invoice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo
from app.kernel.audit import list_entries
from app.kernel.money import Money
from app.payments.enums import Account, DocumentState, EntryState, PaymentMethod
from app.payments.errors import (
    AmountOutOfRange,
    CurrencyDiffers,
    DocumentNotFound,
    DocumentNotOpen,
    InvoiceChanged,
    MoreThanOwed,
    ToldAlready,
)
from app.payments.errors_bank import SharesDiffer, TransferSettled
from app.payments.errors_borne import MoreThanBorne
from app.payments.errors_off import PartWentBack
from app.payments.lines import Line
from app.payments.queries import DocumentInfo, document_by_id, payments_of
from app.payments.queries_bank import EntryInfo, entry_by_id, matches_of, typed_transfers
from app.payments.queries_books import totals_of_day
from app.payments.queries_borne import Borne, bearers_known, borne_in, borne_like, borne_of, by_bearer
from app.payments.queries_drawers import open_drawer_of
from app.payments.services.assigning import assign_entry, link_entry, match_new
from app.payments.services.bearing import record_borne, return_borne
from app.payments.services.corrections import credit_document, write_off
from app.payments.services.documents import cancel_document
from app.payments.services.drawers import close_drawer, expected_in, open_drawer
from app.payments.services.ledger import open_day
from app.payments.services.recording import record_payment
from app.payments.services.refunding import record_refund
from app.payments.services.taking_off import take_off
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import account, check_books
from tests.payments.factories import make_document, make_entry
from tests.support.factories import make_person
from tests.support.race import losers, race, winners

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]
BANK, CITY = "Ngân hàng Chính sách xã hội", "Thành phố"


def vnd(amount: int) -> Money:
    """An amount in đồng."""
    return Money(amount, "VND")


async def billed(edition: EditionInfo, subject_id: int = 1, *, by: Mapping[str, int] | None = None) -> DocumentInfo:
    """An invoice over 90.000 ₫, of which others bear 30.000 ₫ or what is said."""
    shares = by or {BANK: 30_000}
    lines = [
        Line(description="Gian hàng", unit_minor=90_000),
        *(Line(description=f"{name} chịu", unit_minor=-amount, funded_by=name) for name, amount in shares.items()),
    ]
    return await make_document(edition, subject_id=subject_id, lines=lines)


async def borne_by(document: DocumentInfo, name: str = BANK) -> Borne:
    """What somebody bears of a document."""
    (found,) = [one for one in await borne_of(document.id) if one.bearer == name]
    return found


async def pays(document: DocumentInfo, amount: int, name: str = BANK, **values: Any) -> int:
    """Write down what came from a bearer, by transfer unless something else is said."""
    given = {"method": PaymentMethod.TRANSFER, "actor": SYSTEM, "now": NOW, **values}
    return await record_borne(document_id=document.id, bearer=name, amount=vnd(amount), **given)


async def assign(
    edition: EditionInfo,
    entry: EntryInfo,
    borne: Mapping[int, int],
    amounts: Mapping[int, int] | None = None,
    **values: Any,
) -> None:
    """Assign a transfer to bearers, by ``line_id``, and to documents."""
    await assign_entry(
        edition_id=edition.id,
        entry_id=entry.id,
        amounts={one: vnd(amount) for one, amount in (amounts or {}).items()},
        borne={one: vnd(amount) for one, amount in borne.items()},
        actor=SYSTEM,
        now=NOW,
        **values,
    )


async def stands(document: DocumentInfo, name: str = BANK) -> tuple[int, int, int]:
    """What somebody bears of a document, what came of it, and what is still to come (or, below zero, to go back)."""
    found = await borne_by(document, name)
    return found.share.amount_minor, found.came.amount_minor, found.owed.amount_minor


async def test_a_transfer_pays_what_a_bearer_owes_and_nothing_of_what_the_payer_does() -> None:
    edition = await make_edition()
    document = await billed(edition)
    assert await stands(document) == (30_000, 0, 30_000)
    entry = await make_entry("tai tro gian hang", amount=30_000, payer="NGAN HANG CSXH", edition=edition)
    await match_new(NOW)
    await assign(edition, entry, {(await borne_by(document)).line_id: 30_000})
    assert await stands(document) == (30_000, 30_000, 0)
    assert (await account(edition, Account.SUBSIDY), await account(edition, Account.BANK)) == (0, 30_000)
    assert await account(edition, Account.UNASSIGNED) == 0
    again = await document_by_id(document.id)
    assert (again.state, again.paid.amount_minor, again.due.amount_minor) == (DocumentState.OPEN, 0, 60_000)
    assert await payments_of(document.id) == []
    assert (await entry_by_id(entry.id)).state == EntryState.MATCHED
    (matched,) = await matches_of([entry.id])
    assert (matched.document_id, matched.amount, matched.bearer) == (document.id, vnd(30_000), BANK)
    log, _count = await list_entries(edition_id=edition.id)
    assert {"bank.assign", "payment.record"} <= {one["action"] for one in log}
    await check_books(edition)
    with pytest.raises(TransferSettled):
        await assign(edition, entry, {(await borne_by(document)).line_id: 30_000})


async def test_one_transfer_pays_parts_of_several_invoices_of_a_bearer_and_an_invoice() -> None:
    edition = await make_edition()
    first, second = [await billed(edition, number) for number in (1, 2)]
    entry = await make_entry("gop", amount=105_000, edition=edition)
    lines = [(await borne_by(one)).line_id for one in (first, second)]
    with pytest.raises(SharesDiffer):
        await assign(edition, entry, {lines[0]: 30_000, lines[1]: 15_000})
    await assign(edition, entry, {lines[0]: 30_000, lines[1]: 15_000}, {first.id: 60_000})
    assert (await stands(first), await stands(second)) == ((30_000, 30_000, 0), (30_000, 15_000, 15_000))
    assert (await document_by_id(first.id)).state == DocumentState.PAID
    assert await account(edition, Account.SUBSIDY) == 15_000
    await check_books(edition)
    (bank,) = by_bearer(await borne_in(edition.id))
    assert (bank.name, bank.share, bank.came, bank.owed) == (BANK, vnd(60_000), vnd(45_000), vnd(15_000))
    assert [one.number for one in bank.of] == [first.number, second.number]


async def test_two_spellings_of_before_are_listed_as_one_bearer_and_not_one_that_differs_in_its_letters() -> None:
    edition = await make_edition()
    for number, name in enumerate(("Quỹ Hoà Bình", "quỹ  hòa bình", "Quy Hoa Binh"), start=1):
        await billed(edition, number, by={name: 10_000 * number})
    assert [(one.name, one.owed.amount_minor) for one in by_bearer(await borne_in(edition.id))] == [
        ("Quy Hoa Binh", 30_000),
        ("Quỹ Hoà Bình", 30_000),
    ]
    assert list((await bearers_known(edition.id)).values()) == ["Quỹ Hoà Bình", "Quy Hoa Binh"]


async def test_a_form_that_is_no_longer_so_assigns_nothing() -> None:
    edition = await make_edition()
    document, other = await billed(edition), await make_edition("hai")
    shown = await borne_by(document)
    await pays(document, 30_000)
    entry = await make_entry("tai tro", amount=30_000, edition=edition)
    with pytest.raises(InvoiceChanged):
        await assign(edition, entry, {shown.line_id: 30_000}, borne_stood={shown.line_id: shown.stand})
    theirs = await borne_by(await billed(other, 2))
    for line_id in (theirs.line_id, 999_999):
        with pytest.raises(DocumentNotFound):
            await assign(edition, entry, {line_id: 30_000})
    assert (await entry_by_id(entry.id)).state == EntryState.NEW
    await check_books(edition)


async def test_each_bearer_of_an_invoice_pays_her_own_share() -> None:
    edition = await make_edition()
    document = await billed(edition, by={BANK: 30_000, CITY: 20_000})
    await pays(document, 20_000, CITY)
    assert (await stands(document), await stands(document, CITY)) == ((30_000, 0, 30_000), (20_000, 20_000, 0))
    for name, amount in ((CITY, 1), (BANK, 30_001)):
        with pytest.raises(MoreThanBorne):
            await pays(document, amount, name)
    with pytest.raises(DocumentNotFound):
        await pays(document, 10, "Sở Công Thương")
    with pytest.raises(AmountOutOfRange):
        await pays(document, 0)
    with pytest.raises(CurrencyDiffers):
        await record_borne(
            document_id=document.id,
            bearer=BANK,
            method=PaymentMethod.TRANSFER,
            amount=Money(10, "USD"),
            actor=SYSTEM,
            now=NOW,
        )
    assert [one.bearer for one in await borne_like(edition.id, "ngan hang", 5)] == [BANK]
    assert [one.bearer for one in await borne_like(edition.id, document.number.lower(), 5)] == [BANK, CITY]
    assert await borne_like(edition.id, "so cong thuong", 5) == []
    await check_books(edition)


async def test_what_is_more_than_a_bearer_owes_has_to_go_back_to_her_and_goes_once() -> None:
    edition = await make_edition()
    document = await billed(edition)
    entry = await make_entry("tai tro", amount=40_000, edition=edition)
    await assign(edition, entry, {(await borne_by(document)).line_id: 40_000})
    assert await stands(document) == (30_000, 40_000, -10_000)
    back: dict[str, Any] = {"document_id": document.id, "bearer": BANK, "method": PaymentMethod.TRANSFER}
    back |= {"actor": SYSTEM, "now": NOW}
    for amount in (0, 10_001):
        with pytest.raises(MoreThanOwed):
            await return_borne(**back, amount=vnd(amount))
    with pytest.raises(CurrencyDiffers):
        await return_borne(**back, amount=Money(10_000, "USD"))
    await return_borne(**back, amount=vnd(4_000))
    await return_borne(**back, amount=vnd(6_000), note="UNC 12")
    with pytest.raises(MoreThanOwed):
        await return_borne(**back, amount=vnd(1))
    assert await stands(document) == (30_000, 30_000, 0)
    assert await account(edition, Account.BANK) == 30_000
    await check_books(edition)


async def test_a_credit_note_after_a_bearer_has_paid_owes_her_share_of_it_back() -> None:
    edition = await make_edition()
    document = await billed(edition)
    await pays(document, 30_000)
    await credit_document(document_id=document.id, amount=vnd(20_000), reason="Bớt", actor=SYSTEM, now=NOW)
    assert await stands(document) == (20_000, 30_000, -10_000)
    assert (await document_by_id(document.id)).owed.amount_minor == 0
    await check_books(edition)
    await record_payment(document_id=document.id, method=PaymentMethod.CASH, amount=vnd(40_000), actor=SYSTEM, now=NOW)
    await credit_document(document_id=document.id, amount=vnd(40_000), reason="Thôi", actor=SYSTEM, now=NOW)
    assert await stands(document) == (0, 30_000, -30_000)
    assert (await document_by_id(document.id)).owed.amount_minor == 40_000  # what its payer paid, and nothing else
    await check_books(edition)


@pytest.mark.parametrize("off", [10_000, 30_000], ids=["a part of her line", "all of it"])
async def test_who_paid_before_a_note_over_her_line_is_owed_that_back(off: int) -> None:
    edition = await make_edition()
    document = await billed(edition)
    await pays(document, 30_000)
    await record_payment(document_id=document.id, method=PaymentMethod.CASH, amount=vnd(60_000), actor=SYSTEM, now=NOW)
    await credit_document(document_id=document.id, amount=vnd(off), reason="Bớt", line=2, actor=SYSTEM, now=NOW)
    assert await stands(document) == (30_000 - off, 30_000, -off)
    payer = await document_by_id(document.id)
    assert (payer.state, payer.owed.amount_minor) == (DocumentState.PAID, 0)  # it is nothing of hers
    assert (await borne_by(document)).due_back == vnd(off)
    await check_books(edition)
    back = {"method": PaymentMethod.TRANSFER, "actor": SYSTEM, "now": NOW}
    await return_borne(document_id=document.id, bearer=BANK, amount=vnd(off), **back)
    assert await stands(document) == (30_000 - off, 30_000 - off, 0)
    await check_books(edition)


async def test_a_cancelled_invoice_owes_its_bearer_what_she_paid_and_one_written_off_nothing() -> None:
    edition = await make_edition()
    cancelled, given_up = [await billed(edition, number) for number in (1, 2)]
    for one in (cancelled, given_up):
        await pays(one, 10_000)
    await cancel_document(document_id=cancelled.id, actor=SYSTEM, now=NOW)
    await write_off(document_id=given_up.id, actor=SYSTEM, now=NOW + timedelta(days=30))
    assert (await stands(cancelled), await stands(given_up)) == ((0, 10_000, -10_000), (30_000, 10_000, 20_000))
    assert (await document_by_id(cancelled.id)).owed.amount_minor == 0
    await check_books(edition)
    untouched = await billed(edition, 3)
    await cancel_document(document_id=untouched.id, actor=SYSTEM, now=NOW)
    assert untouched.number not in [one.number for one in await borne_in(edition.id)]


async def test_what_a_bearer_paid_is_no_refund_of_the_payers() -> None:
    edition = await make_edition()
    document = await billed(edition)
    payment_id = await pays(document, 30_000)
    with pytest.raises(DocumentNotOpen):
        await record_refund(payment_id=payment_id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)


async def test_a_transfer_written_down_for_a_bearer_is_linked_to_the_banks_and_is_not_the_payers() -> None:
    edition = await make_edition()
    document = await billed(edition, by={BANK: 60_000})  # payer and bearer owe the same
    payment_id = await pays(document, 30_000)
    await make_entry(document.reference, amount=30_000, edition=edition)
    assert await match_new(NOW) == {"matched": 1}  # it names the invoice: the payer's own
    assert (await document_by_id(document.id)).state == DocumentState.PAID
    assert await stands(document) == (60_000, 30_000, 30_000)
    entry = await make_entry("tai tro", amount=30_000, payer=BANK, edition=edition)
    await match_new(NOW)
    (typed,) = await typed_transfers(amount=vnd(30_000), edition_id=edition.id)
    assert (typed.payment_id, typed.payer_name) == (payment_id, BANK)
    await link_entry(edition_id=edition.id, entry_id=entry.id, payment_ids=[payment_id], actor=SYSTEM, now=NOW)
    assert await stands(document) == (60_000, 30_000, 30_000)
    await check_books(edition)


async def test_a_bearers_transfer_that_the_bank_told_of_is_not_written_down_again() -> None:
    edition = await make_edition()
    document = await billed(edition)
    entry = await make_entry("tai tro", amount=10_000, edition=edition)
    await assign(edition, entry, {(await borne_by(document)).line_id: 10_000})
    soon = NOW + timedelta(days=1)
    with pytest.raises(ToldAlready):
        await pays(document, 10_000, now=soon)
    await record_payment(  # the payer's own may well be of this amount
        document_id=document.id, method=PaymentMethod.TRANSFER, amount=vnd(10_000), actor=SYSTEM, now=soon
    )
    await pays(document, 10_000, now=soon, anew=True)
    await pays(document, 10_000, now=soon, method=PaymentMethod.TERMINAL)
    assert await stands(document) == (30_000, 30_000, 0)
    await check_books(edition)


async def test_a_bearers_cash_lies_in_the_drawer_and_in_the_days_sums() -> None:
    edition = await make_edition()
    document = await billed(edition)
    cashier = await actor_of_person((await make_person()).id)
    await open_drawer(edition_id=edition.id, actor=cashier, float_=vnd(5_000), now=NOW)
    await pays(document, 30_000, method=PaymentMethod.CASH, actor=cashier)
    drawer = await open_drawer_of(edition.id, cashier.person_id)
    assert drawer is not None
    assert await expected_in(drawer) == vnd(35_000)
    await close_drawer(edition_id=edition.id, actor=cashier, drawer_id=drawer.id, counted=vnd(35_000), now=NOW)
    totals = await totals_of_day(edition.id, await open_day(edition.id, NOW))
    assert [(one.method, one.came.amount_minor) for one in totals.methods] == [(PaymentMethod.CASH, 30_000)]
    await check_books(edition)


@pytest.mark.race
async def test_many_at_once_never_take_more_than_a_bearer_owes_by_hand() -> None:
    edition = await make_edition()
    document = await billed(edition)
    results = await race(6, lambda _number: pays(document, 10_000, method=PaymentMethod.TERMINAL))
    assert len(winners(results)) == 3
    losers(results, MoreThanBorne)
    assert await stands(document) == (30_000, 30_000, 0)
    await check_books(edition)


@pytest.mark.race
async def test_one_of_many_assigns_a_transfer_to_a_bearer() -> None:
    edition = await make_edition()
    document = await billed(edition)
    entry = await make_entry("tai tro", amount=20_000, edition=edition)
    line_id = (await borne_by(document)).line_id
    results = await race(5, lambda _number: assign(edition, entry, {line_id: 20_000}))
    assert len(winners(results)) == 1
    losers(results, TransferSettled)
    assert await stands(document) == (30_000, 20_000, 10_000)
    await check_books(edition)


@pytest.mark.parametrize("by_transfer", [False, True])
async def test_what_was_not_for_a_bearers_share_is_taken_off_it_and_assigned_again(by_transfer: bool) -> None:
    edition = await make_edition()
    document = await billed(edition)
    line_id = (await borne_by(document)).line_id
    entry = await make_entry("tai tro", amount=30_000, edition=edition)
    if by_transfer:
        await match_new(NOW)
        await assign(edition, entry, {line_id: 30_000})
    else:
        await pays(document, 30_000)
    off: dict[str, Any] = {"document_id": document.id, "reason": "Nhầm", "actor": SYSTEM, "now": NOW}
    payment_id = (await borne_by(document)).payment_id
    assert payment_id is not None
    for _time in range(2):
        assert await take_off(payment_id=payment_id, **off) == (entry.id if by_transfer else None)
    assert await stands(document) == (30_000, 0, 30_000)
    assert (await document_by_id(document.id)).state == DocumentState.OPEN
    await check_books(edition)
    if by_transfer:
        assert (await entry_by_id(entry.id)).state == EntryState.LEFT
        for _time in range(2):
            await assign(edition, entry, {line_id: 20_000}, {document.id: 10_000})
            assert await stands(document) == (30_000, 20_000, 10_000)
            await check_books(edition)
            await take_off(payment_id=(await borne_by(document)).payment_id or 0, **off)
            await take_off(payment_id=(await payments_of(document.id))[-1].id, **off)
            await check_books(edition)
        assert await stands(document) == (30_000, 0, 30_000)


async def test_what_went_back_to_a_bearer_in_part_is_not_taken_off() -> None:
    edition = await make_edition()
    document = await billed(edition)
    payment_id = await pays(document, 30_000)
    await credit_document(document_id=document.id, amount=vnd(20_000), reason="Bớt", actor=SYSTEM, now=NOW)
    back: dict[str, Any] = {"document_id": document.id, "bearer": BANK, "method": PaymentMethod.TRANSFER}
    await return_borne(**back, amount=vnd(10_000), actor=SYSTEM, now=NOW)
    with pytest.raises(PartWentBack):
        await take_off(document_id=document.id, payment_id=payment_id, reason="Nhầm", actor=SYSTEM, now=NOW)
    assert await stands(document) == (20_000, 20_000, 0)
    await check_books(edition)
