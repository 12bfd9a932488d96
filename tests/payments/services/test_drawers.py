"""A drawer that is being closed takes no cash: what was expected in it is what lies in it."""

from __future__ import annotations

import pytest

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import PaymentMethod
from app.payments.errors import DrawerNotOpen
from app.payments.errors_cash import RefundShort
from app.payments.queries import DocumentInfo, PaymentInfo, payments_of
from app.payments.queries_drawers import DrawerInfo
from app.payments.services import drawers, refunding
from app.payments.services.documents import require_refund
from app.payments.services.drawers import close_drawer, open_drawer
from app.payments.services.recording import Recorded, record_payment
from app.payments.services.refunding import record_refund
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import make_document
from tests.support.factories import make_holder
from tests.support.race import losers, meet_after, overtaken, race, unguarded, winners

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]


async def a_cashier(edition: EditionInfo) -> Actor:
    """Return somebody of the finance desk."""
    return await actor_of_person((await make_holder(Role.FINANCE, edition_id=edition.id)).id)


async def cash(document: DocumentInfo, cashier: Actor) -> Recorded:
    """Take a document's whole amount in cash."""
    return await record_payment(
        document_id=document.id, method=PaymentMethod.CASH, amount=document.amount, actor=cashier, now=NOW
    )


async def close(drawer_id: int, edition: EditionInfo, cashier: Actor, counted: int = 0) -> DrawerInfo:
    """Count and close a drawer, whatever it differs by."""
    return await close_drawer(
        drawer_id=drawer_id,
        edition_id=edition.id,
        counted=Money(counted, "VND"),
        note="Đếm lại",
        sure=True,
        actor=cashier,
        now=NOW,
    )


async def owed(edition: EditionInfo, cashier: Actor, subject_id: int) -> PaymentInfo:
    """Return a payment of 50.000 ₫ that came by bank transfer and has to go back."""
    document = await make_document(edition, subject_id=subject_id)
    await record_payment(
        document_id=document.id, method=PaymentMethod.TRANSFER, amount=document.amount, actor=cashier, now=NOW
    )
    await require_refund(document_id=document.id, actor=cashier, now=NOW)
    return (await payments_of(document.id))[0]


async def give_back(payment: PaymentInfo, cashier: Actor, amount: Money | None = None) -> int:
    """Give money back in cash."""
    return await record_refund(payment_id=payment.id, method=PaymentMethod.CASH, actor=cashier, amount=amount, now=NOW)


async def went_through(drawer_id: int) -> int:
    """Return what came, went back and was moved through a drawer."""
    (row,) = await fetch(
        "SELECT (SELECT COALESCE(SUM(amount_minor), 0) FROM payment WHERE drawer = {}) + "
        "(SELECT COALESCE(SUM(amount_minor), 0) FROM cash_move WHERE drawer = {}) AS came",
        drawer_id,
        drawer_id,
    )
    return int(row["came"])


@pytest.mark.race
async def test_cash_that_comes_while_a_drawer_is_closed_is_counted_in_it_or_goes_past_it() -> None:
    edition = await make_edition()
    cashier = await a_cashier(edition)
    for round_ in range(4):
        drawer_id = await open_drawer(edition_id=edition.id, float_=Money(200_000, "VND"), actor=cashier, now=NOW)
        documents = [await make_document(edition, subject_id=100 * round_ + number + 1) for number in range(6)]

        async def work(number: int, documents: list[DocumentInfo] = documents, drawer_id: int = drawer_id) -> object:
            if number == 3:
                return await close(drawer_id, edition, cashier)
            return await cash(documents[number % 6], cashier)

        results = await race(6, work)
        assert len(winners(results)) == 6
        (row,) = await fetch("SELECT expected_minor FROM cash_drawer WHERE id = {}", drawer_id)
        assert row["expected_minor"] == 200_000 + await went_through(drawer_id)


@pytest.mark.race
async def test_a_drawer_that_nobody_holds_closes_over_cash_that_it_does_not_expect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edition = await make_edition()
    cashier = await a_cashier(edition)
    drawer_id = await open_drawer(edition_id=edition.id, float_=Money(0, "VND"), actor=cashier, now=NOW)
    document = await make_document(edition)
    unguarded(monkeypatch, drawers)
    closed, _paid = await overtaken(
        monkeypatch,
        drawers,
        "expected_in",
        lambda: close(drawer_id, edition, cashier),
        lambda: cash(document, cashier),
    )
    assert (closed.expected, await went_through(drawer_id)) == (Money(0, "VND"), 50_000)


@pytest.mark.race
async def test_of_many_who_close_a_drawer_one_does() -> None:
    edition = await make_edition()
    cashier = await a_cashier(edition)
    drawer_id = await open_drawer(edition_id=edition.id, float_=Money(0, "VND"), actor=cashier, now=NOW)
    results = await race(6, lambda number: close(drawer_id, edition, cashier, counted=number))
    assert len(winners(results)) == 1
    losers(results, DrawerNotOpen)


async def test_no_more_cash_goes_out_of_a_drawer_than_lies_in_it() -> None:
    edition = await make_edition()
    cashier = await a_cashier(edition)
    payment = await owed(edition, cashier, 1)
    drawer_id = await open_drawer(edition_id=edition.id, float_=Money(20_000, "VND"), actor=cashier, now=NOW)
    with pytest.raises(RefundShort) as refused:
        await give_back(payment, cashier)
    assert refused.value.params == {"there": Money(20_000, "VND"), "given": Money(50_000, "VND")}
    assert await went_through(drawer_id) == 0
    await give_back(payment, cashier, Money(20_000, "VND"))
    assert await went_through(drawer_id) == -20_000
    with pytest.raises(RefundShort):
        await give_back(payment, cashier)
    await record_refund(payment_id=payment.id, method=PaymentMethod.TRANSFER, actor=cashier, now=NOW)


@pytest.mark.race
async def test_of_many_who_take_the_last_notes_one_does() -> None:
    edition = await make_edition()
    cashier = await a_cashier(edition)
    for round_ in range(3):
        drawer_id = await open_drawer(edition_id=edition.id, float_=Money(70_000, "VND"), actor=cashier, now=NOW)
        payments = [await owed(edition, cashier, 10 * round_ + number + 1) for number in range(6)]

        async def work(number: int, payments: list[PaymentInfo] = payments) -> int:
            return await give_back(payments[number], cashier)

        results = await race(6, work)
        assert len(winners(results)) == 1
        losers(results, RefundShort)
        assert await went_through(drawer_id) == -50_000
        await close(drawer_id, edition, cashier, counted=20_000)


@pytest.mark.race
async def test_out_of_a_drawer_that_nobody_holds_two_take_the_same_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    edition = await make_edition()
    cashier = await a_cashier(edition)
    drawer_id = await open_drawer(edition_id=edition.id, float_=Money(50_000, "VND"), actor=cashier, now=NOW)
    payments = [await owed(edition, cashier, number + 1) for number in range(2)]
    unguarded(monkeypatch, refunding)
    meet_after(monkeypatch, drawers, "expected_in", parties=2)
    assert len(winners(await race(2, lambda number: give_back(payments[number], cashier)))) == 2
    assert await went_through(drawer_id) == -100_000
