"""A payment is taken off an invoice and recorded for the right one, also cash that was counted since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import Account, DocumentState, PaymentMethod
from app.payments.errors import AmountDiffers
from app.payments.errors_off import AssignedAtBank, DrawerCounted, NotCounted, RightInvoiceUnknown
from app.payments.lines import Terms
from app.payments.queries import DocumentInfo, document_by_id, payments_of
from app.payments.queries_books import totals_of_day
from app.payments.queries_drawers import cash_elsewhere, drawer_by_id
from app.payments.services.assigning import match_new
from app.payments.services.days import close_day
from app.payments.services.drawers import close_drawer, expected_in, open_drawer
from app.payments.services.recording import record_payment
from app.payments.services.taking_off import take_off
from app.payments.services.terms import set_terms
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.books import account, check_books
from tests.payments.factories import Seller, make_document, make_entry
from tests.support.factories import make_holder
from tests.support.race import losers, race, winners

pytestmark = pytest.mark.engines
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
async def edition(database: str, seller: Seller) -> EditionInfo:
    """A festival whose seller keeps every promise, and where cash goes through drawers."""
    made = await make_edition()
    await set_terms(edition_id=made.id, terms=Terms(use_drawers=True), actor=Actor(), now=NOW)
    return made


@pytest.fixture
async def cashier(edition: EditionInfo) -> Actor:
    """Who takes cash, and looks after the books."""
    return await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id)


async def counted(edition: EditionInfo, cashier: Actor, *, lacks: int = 0) -> tuple[DocumentInfo, int]:
    """An invoice of 50.000 ₫ that is paid in cash, and the drawer, counted and closed with so much less in it."""
    drawer_id = await open_drawer(edition_id=edition.id, float_=Money(10_000, "VND"), actor=cashier, now=NOW)
    wrong = await make_document(edition)
    await record_payment(document_id=wrong.id, method=PaymentMethod.CASH, amount=wrong.amount, actor=cashier, now=NOW)
    await close_drawer(
        drawer_id=drawer_id,
        edition_id=edition.id,
        counted=Money(60_000 - lacks, "VND"),
        note="đếm",
        sure=True,
        actor=cashier,
        now=NOW,
    )
    return wrong, drawer_id


async def off(document: DocumentInfo, cashier: Actor, **values: Any) -> int | None:
    """Take off the first payment of a document that is there, a day later."""
    there = [one for one in await payments_of(document.id) if one.due_back.amount_minor == 0 and one.returns_id is None]
    named = {"document_id": document.id, "payment_id": there[-1].id, "reason": "Nhầm", "actor": cashier}
    return await take_off(**named | {"now": TOMORROW} | values)


async def stands(document: DocumentInfo) -> tuple[DocumentState, int]:
    """Where a document stands, and what is due of it."""
    found = await document_by_id(document.id)
    return found.state, found.due.amount_minor


async def lies(edition: EditionInfo) -> dict[Account, int]:
    """What the accounts of cash come to."""
    return {one: await account(edition, one) for one in (Account.CASH, Account.SAFE, Account.OVER_SHORT)}


async def test_cash_that_was_counted_is_recorded_for_the_right_invoice(
    edition: EditionInfo, cashier: Actor, seller: Seller
) -> None:
    wrong, drawer_id = await counted(edition, cashier)
    await close_day(edition_id=edition.id, day=NOW.date(), actor=cashier, now=TOMORROW)
    right = await make_document(edition, subject_id=2)
    before = await lies(edition)
    assert await off(wrong, cashier, instead=f" {right.number.lower()} ") is None
    assert (await stands(wrong), await stands(right)) == ((DocumentState.OPEN, 50_000), (DocumentState.PAID, 0))
    assert (seller.reopened, [one.id for one, _payment in seller.settled]) == ([wrong.id], [wrong.id, right.id])
    assert await lies(edition) == before == {Account.CASH: 0, Account.SAFE: 50_000, Account.OVER_SHORT: 0}
    (payment,) = await payments_of(right.id)
    assert (payment.drawer_id, payment.received_at, payment.note) == (drawer_id, NOW, "Nhầm")
    drawer = await drawer_by_id(drawer_id, edition.id)
    assert (drawer.expected, await expected_in(drawer)) == (Money(60_000, "VND"), Money(60_000, "VND"))
    assert (await cash_elsewhere(edition.id, "VND")).beside == Money(0, "VND")
    methods = (await totals_of_day(edition.id, TOMORROW.date())).methods
    assert [one.came.amount_minor - one.went.amount_minor for one in methods] == [0]
    await check_books(edition)


async def test_it_may_have_been_wrong_again(edition: EditionInfo, cashier: Actor) -> None:
    wrong, _drawer = await counted(edition, cashier)
    second, third = [await make_document(edition, subject_id=number) for number in (2, 3)]
    await off(wrong, cashier, instead=second.number)
    with pytest.raises(DrawerCounted):
        await off(second, cashier)
    await off(second, cashier, instead=third.number)
    await off(third, cashier, instead=wrong.number)
    assert [(await stands(one))[0] for one in (wrong, second, third)] == [
        DocumentState.PAID,
        DocumentState.OPEN,
        DocumentState.OPEN,
    ]
    await check_books(edition)


async def test_cash_that_was_missing_when_it_was_counted_lessens_the_difference(
    edition: EditionInfo, cashier: Actor
) -> None:
    wrong, drawer_id = await counted(edition, cashier, lacks=50_000)
    assert await lies(edition) == {Account.CASH: 0, Account.SAFE: 0, Account.OVER_SHORT: 50_000}
    await off(wrong, cashier, missing=True)
    assert await stands(wrong) == (DocumentState.OPEN, 50_000)
    assert await lies(edition) == {Account.CASH: 0, Account.SAFE: 0, Account.OVER_SHORT: 0}
    drawer = await drawer_by_id(drawer_id, edition.id)
    assert (drawer.difference, await expected_in(drawer)) == (Money(-50_000, "VND"), Money(60_000, "VND"))
    await check_books(edition)


async def test_a_wrong_amount_of_counted_cash_leaves_no_difference_in_the_end(
    edition: EditionInfo, cashier: Actor
) -> None:
    wrong, _drawer = await counted(edition, cashier, lacks=45_000)  # 5.000 ₫ came, 50.000 ₫ was typed
    await off(wrong, cashier, missing=True)
    today: dict[str, Any] = {"edition_id": edition.id, "actor": cashier, "now": TOMORROW}
    drawer_id = await open_drawer(**today, float_=Money(10_000, "VND"))
    paid: dict[str, Any] = {"document_id": wrong.id, "method": PaymentMethod.CASH, "amount": Money(5_000, "VND")}
    await record_payment(**paid, actor=cashier, now=TOMORROW)
    await close_drawer(**today, drawer_id=drawer_id, counted=Money(10_000, "VND"), note="hôm qua", sure=True)
    assert await stands(wrong) == (DocumentState.OPEN, 45_000)
    assert await lies(edition) == {Account.CASH: 0, Account.SAFE: 5_000, Account.OVER_SHORT: 0}
    await check_books(edition)


async def test_what_does_not_fit_the_right_invoice_changes_nothing(edition: EditionInfo, cashier: Actor) -> None:
    wrong, _drawer = await counted(edition, cashier)
    small = await make_document(edition, subject_id=2, amount=20_000)
    elsewhere = await make_document(await make_edition("other"), subject_id=3)
    entries = await fetch("SELECT COUNT(*) AS number FROM ledger_entry")
    for number, error in (
        (small.number, AmountDiffers),
        (wrong.number, RightInvoiceUnknown),
        (elsewhere.number, RightInvoiceUnknown),
    ):
        with pytest.raises(error):
            await off(wrong, cashier, instead=number)
    assert await stands(wrong) == (DocumentState.PAID, 0)
    assert await fetch("SELECT COUNT(*) AS number FROM ledger_entry") == entries
    await check_books(edition)


@pytest.mark.parametrize("method", [PaymentMethod.TERMINAL, PaymentMethod.TRANSFER, PaymentMethod.CASH])
async def test_what_was_written_down_by_hand_goes_by_the_same_step(
    edition: EditionInfo, cashier: Actor, method: PaymentMethod
) -> None:
    drawer_id = await open_drawer(edition_id=edition.id, float_=Money(0, "VND"), actor=cashier, now=NOW)
    wrong, right = [await make_document(edition, subject_id=number) for number in (1, 2)]
    await record_payment(document_id=wrong.id, method=method, amount=wrong.amount, actor=cashier, now=NOW)
    with pytest.raises(NotCounted):
        await off(wrong, cashier, missing=True)
    await off(wrong, cashier, instead=right.number)
    assert (await stands(wrong), await stands(right)) == ((DocumentState.OPEN, 50_000), (DocumentState.PAID, 0))
    lies_there = (await expected_in(await drawer_by_id(drawer_id, edition.id))).amount_minor
    assert lies_there == (50_000 if method == PaymentMethod.CASH else 0)
    await check_books(edition)


async def test_a_transfer_of_the_bank_is_assigned_at_its_own_page(edition: EditionInfo, cashier: Actor) -> None:
    wrong, right = [await make_document(edition, subject_id=number) for number in (1, 2)]
    await make_entry(wrong.reference, edition=edition)
    assert await match_new(NOW) == {"matched": 1}
    with pytest.raises(AssignedAtBank):
        await off(wrong, cashier, instead=right.number)
    assert await stands(wrong) == (DocumentState.PAID, 0)
    await check_books(edition)


@pytest.mark.race
async def test_of_many_who_take_it_off_for_another_invoice_one_does(edition: EditionInfo, cashier: Actor) -> None:
    wrong, _drawer = await counted(edition, cashier)
    others = [await make_document(edition, subject_id=number) for number in (2, 3, 4)]
    (payment,) = await payments_of(wrong.id)
    results = await race(
        6, lambda number: off(wrong, cashier, payment_id=payment.id, instead=others[number % 3].number)
    )
    assert len(winners(results)) == 6
    losers(results)
    assert sorted([(await stands(one))[0] for one in others]) == [
        DocumentState.OPEN,
        DocumentState.OPEN,
        DocumentState.PAID,
    ]
    await check_books(edition)
