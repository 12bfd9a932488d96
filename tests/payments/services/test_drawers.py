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
from app.payments.queries import DocumentInfo
from app.payments.queries_drawers import DrawerInfo
from app.payments.services import drawers
from app.payments.services.drawers import close_drawer, open_drawer
from app.payments.services.recording import Recorded, record_payment
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.payments.factories import make_document
from tests.support.factories import make_holder
from tests.support.race import losers, overtaken, race, unguarded, winners

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
    """Count and close a drawer."""
    return await close_drawer(
        drawer_id=drawer_id, edition_id=edition.id, counted=Money(counted, "VND"), actor=cashier, now=NOW
    )


async def went_through(drawer_id: int) -> int:
    """Return what came and went back through a drawer."""
    (row,) = await fetch("SELECT COALESCE(SUM(amount_minor), 0) AS came FROM payment WHERE drawer = {}", drawer_id)
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
