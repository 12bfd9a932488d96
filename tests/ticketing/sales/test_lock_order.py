"""Who takes several things takes them in one order: edition, documents, then places of ticket types."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel.database import dialect, fetch, hold_row, write_transaction
from app.kernel.errors import AppError
from app.kernel.money import Money
from app.payments.enums import PaymentMethod
from app.payments.services import assigning, taking_off
from app.payments.services.assigning import assign_entry
from app.payments.services.documents import cancel_document
from app.payments.services.taking_off import take_off
from tests.conftest import NOW
from tests.payments.factories import make_entry
from tests.support.factories_ticketing import make_order, make_ticket_type, pay_order
from tests.support.race import race, winners
from tests.ticketing.sales.conftest import Scene
from tests.ticketing.sales.own import allow, items
from ticketing.sales.controllers import own
from ticketing.sales.services import outcomes
from ticketing.sales.services.orders import sell_at_box_office
from ticketing.sales.services.outcomes import cancel_order

pytestmark = pytest.mark.engines
PRICE = 50_000


async def two_orders(edition: EditionInfo) -> tuple[int, list[int], list[int]]:
    """A ticket type, and two orders of it with their documents."""
    seat = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=100)
    placed = [await make_order(edition.id, {seat: 1}, now=NOW) for _time in range(2)]
    rows = await fetch("SELECT payment_document FROM ticket_order ORDER BY id")
    return seat, [one.order_id for one in placed], [row["payment_document"] for row in rows]


def hold_up(monkeypatch: pytest.MonkeyPatch, paid: asyncio.Event, cancelled: asyncio.Event) -> None:
    """Let who pays two documents wait after the first until the second is being cancelled, and the other way about.

    Neither waits for longer than a second: with one order of taking rows they cannot meet.
    """
    record, cancel = assigning.record_payment, cancel_document

    async def recording(**given: Any) -> Any:
        recorded = await record(**given)
        paid.set()
        await _wait(cancelled)
        return recorded

    async def cancelling(**given: Any) -> Any:
        await cancel(**given)
        cancelled.set()
        await _wait(paid)

    monkeypatch.setattr(assigning, "record_payment", recording)
    monkeypatch.setattr(outcomes, "cancel_document", cancelling)


async def _wait(event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(1):
            await event.wait()
    except TimeoutError:
        pass


async def pay_and_cancel(edition: EditionInfo, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A transfer pays two orders while the second is cancelled; gives what came of both."""
    _seat, ids, documents = await two_orders(edition)
    entry = await make_entry("hai ve", amount=2 * PRICE, edition=edition)
    hold_up(monkeypatch, asyncio.Event(), asyncio.Event())
    shares = {one: Money(PRICE, "VND") for one in documents}

    async def one(number: int) -> None:
        if number:
            await cancel_order(order_id=ids[1], edition_id=edition.id, actor=SYSTEM, now=NOW)
        else:
            await assign_entry(edition_id=edition.id, entry_id=entry.id, amounts=shares, actor=SYSTEM, now=NOW)

    results: list[Any] = await race(2, one)
    return results


@pytest.mark.race
async def test_a_transfer_for_two_orders_and_who_cancels_one_wait_for_each_other(
    edition: EditionInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = await pay_and_cancel(edition, monkeypatch)
    assert all(result is None or isinstance(result, AppError) for result in results), results
    assert results.count(None) >= 1


@pytest.mark.race
async def test_without_their_order_they_stop_each_other(edition: EditionInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    if dialect() != "postgres":
        pytest.skip("SQLite has one writer at a time")

    async def nothing(_document_ids: Any) -> None:
        pass

    monkeypatch.setattr(assigning, "hold_documents", nothing)
    results = await pay_and_cancel(edition, monkeypatch)
    assert [type(one) for one in results if one is not None] == [asyncpg.DeadlockDetectedError]


@pytest.mark.race
async def test_the_counter_and_who_pays_and_cancels_never_stop_each_other(edition: EditionInfo) -> None:
    seat, _ids, _documents = await two_orders(edition)
    other = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=100)
    placed = [await make_order(edition.id, {seat: 1, other: 1}, now=NOW) for _time in range(12)]

    async def one(number: int) -> None:
        order_id = placed[number // 3].order_id
        if number % 3 == 0:
            await sell_at_box_office(
                edition_id=edition.id,
                client_id=f"sale-{number:04d}",
                counts={(seat, other)[number % 2]: 1} if number % 4 else {other: 1, seat: 1},
                holder_name="",
                actor=SYSTEM,
                now=NOW,
            )
        elif number % 3 == 1:
            await cancel_order(order_id=order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
        else:
            await pay_order(
                order_id=order_id, edition_id=edition.id, method=PaymentMethod.TERMINAL, actor=SYSTEM, now=NOW
            )

    results = await race(36, one)
    crashed = [one for one in results if isinstance(one, BaseException) and not isinstance(one, AppError)]
    assert crashed == []
    assert len(winners(results)) >= 24
    for row in await fetch("SELECT id, sold, held FROM ticket_type"):
        (counted,) = await fetch(
            "SELECT COUNT(*) AS count FROM order_item i JOIN ticket_order o ON o.id = i.ticket_order "
            "WHERE i.ticket_type = {} AND o.state = 'confirmed'",
            row["id"],
        )
        assert row["sold"] == counted["count"]


async def move_and_sell(edition: EditionInfo, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The money of an order goes to another of another type, while somebody takes a place of each; what came of both.

    Neither waits for longer than a second: with one order of taking rows they cannot meet.
    """
    low, high = [await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=100) for _time in range(2)]
    wrong, right = [await make_order(edition.id, {one: 1}, now=NOW) for one in (high, low)]
    await pay_order(order_id=wrong.order_id, edition_id=edition.id, method=PaymentMethod.CASH, actor=SYSTEM, now=NOW)
    (payment,) = await fetch("SELECT id, document FROM payment")
    (bill,) = await fetch(
        "SELECT number FROM payment_document WHERE id = (SELECT payment_document FROM ticket_order WHERE id = {})",
        right.order_id,
    )
    reopened, taken = asyncio.Event(), asyncio.Event()
    record = taking_off.record_payment

    async def recording(**given: Any) -> Any:
        reopened.set()
        await _wait(taken)
        return await record(**given)

    monkeypatch.setattr(taking_off, "record_payment", recording)

    async def one(number: int) -> None:
        if number:
            named = {"document_id": payment["document"], "payment_id": payment["id"], "instead": bill["number"]}
            await take_off(**named, reason="Nhầm", actor=SYSTEM, now=NOW)
            return
        async with write_transaction():
            await fetch("UPDATE ticket_type SET held = held + 0 WHERE id = {} RETURNING id", low)
            taken.set()
            await _wait(reopened)
            await fetch("UPDATE ticket_type SET held = held + 0 WHERE id = {} RETURNING id", high)

    results: list[Any] = await race(2, one)
    return results


@pytest.mark.race
async def test_money_that_goes_from_one_order_to_another_and_a_sale_wait_for_each_other(
    edition: EditionInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await move_and_sell(edition, monkeypatch) == [None, None]
    assert [row["state"] for row in await fetch("SELECT state FROM ticket_order ORDER BY id")] == ["held", "confirmed"]


@pytest.mark.race
async def test_without_holding_both_orders_they_stop_each_other(
    edition: EditionInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    if dialect() != "postgres":
        pytest.skip("SQLite has one writer at a time")
    monkeypatch.setattr(taking_off, "_holds", {})
    results = await move_and_sell(edition, monkeypatch)
    assert [type(one) for one in results if one is not None] == [asyncpg.DeadlockDetectedError]


async def rename_and_cancel(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Other names are saved while their order is cancelled; gives the page's status and what came of cancelling.

    Neither waits for longer than a second: with one order of taking rows they cannot meet.
    """
    await allow(scene.edition)
    placed = await make_order(scene.edition.id, {scene.paid: 1}, now=NOW)
    (ticket,) = await items(placed.order_id)
    page = f"{scene.edition.path}/tickets/done/{placed.secret}/names"
    opened, cancelled = asyncio.Event(), asyncio.Event()
    edit, cancel = own.open_edit, cancel_document

    async def editing(*given: Any, **named: Any) -> Any:
        reading = await edit(*given, **named)
        opened.set()
        await _wait(cancelled)
        return reading

    async def cancelling(**given: Any) -> Any:
        await cancel(**given)
        cancelled.set()
        await _wait(opened)

    monkeypatch.setattr(own, "open_edit", editing)
    monkeypatch.setattr(outcomes, "cancel_document", cancelling)

    async def one(number: int) -> Any:
        if number:
            return (await scene.browser.post(page, data={f"name_{ticket['id']}": "Lan"})).status_code
        await cancel_order(order_id=placed.order_id, edition_id=scene.edition.id, actor=SYSTEM, now=NOW)
        return None

    results: list[Any] = await race(2, one)
    return results


@pytest.mark.race
async def test_who_saves_names_and_who_cancels_their_order_wait_for_each_other(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled, saved = await rename_and_cancel(scene, monkeypatch)
    assert cancelled is None
    assert saved in (303, 409)


@pytest.mark.race
async def test_without_the_bill_held_before_its_order_they_stop_each_other(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    if dialect() != "postgres":
        pytest.skip("SQLite has one writer at a time")

    async def hold_order(order_id: int, *_given: Any) -> None:
        await hold_row("ticket_order", order_id, alone=True)

    monkeypatch.setattr(own, "hold_own", hold_order)
    cancelled, saved = await rename_and_cancel(scene, monkeypatch)
    assert saved == 500 or isinstance(cancelled, asyncpg.DeadlockDetectedError)
