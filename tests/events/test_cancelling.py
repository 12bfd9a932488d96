"""An edition that is cancelled: what closes, what is owed back, whom it is told, and that nothing begins again."""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.events import slots
from app.events.enums import EditionState
from app.events.errors import AddressDiffers, EditionIsCancelled, EditionIsClosed, StateNotReachable
from app.events.queries import EditionInfo, edition_by_id
from app.events.services.cancelling import cancel_edition
from app.events.services.editions import close_edition, open_edition
from app.events.services.postponing import postpone_edition
from app.judging.enums import ContestState
from app.judging.services.contests import set_contest_state
from app.kernel.database import fetch
from app.kernel.errors import AppError
from app.kernel.jobs import claim
from app.kernel.tables import OutboxMessage
from app.kernel.worker import run_job
from app.payments.enums import PaymentMethod, Settlement
from app.payments.queries import document_by_id
from app.payments.services.recording import record_payment
from booths.allocation.services.applications import submit_application
from booths.floorplan.services import hold_booth
from tests.support.factories_ticketing import (
    make_list,
    make_open_edition,
    make_order,
    make_pass,
    make_ticket_type,
    pay_order,
)
from tests.support.festival import make_festival
from ticketing.sales.services.orders import sell_at_box_office
from ticketing.sales.services.outcomes import cancel_order, expire_orders

OPEN_THINGS = {
    "applications": "SELECT COUNT(*) AS n FROM application WHERE edition = {} "
    "AND state NOT IN ('cancelled', 'withdrawn')",
    "runs": "SELECT COUNT(*) AS n FROM allocation_run WHERE edition = {} AND state IN ('running', 'proposed')",
    "booths": "SELECT COUNT(*) AS n FROM cell_hold h JOIN booth b ON b.id = h.booth "
    "WHERE b.edition = {} AND h.live IS TRUE",
    "orders": "SELECT COUNT(*) AS n FROM ticket_order WHERE edition = {} AND state IN ('held', 'confirmed')",
    "places": "SELECT COALESCE(SUM(sold + held), 0) AS n FROM ticket_type WHERE edition = {}",
    "types": "SELECT COUNT(*) AS n FROM ticket_type WHERE edition = {} AND active IS TRUE",
    "documents": "SELECT COUNT(*) AS n FROM payment_document WHERE edition = {} AND state IN ('open', 'paid')",
    "passes": "SELECT COUNT(*) AS n FROM \"pass\" WHERE edition = {} AND state = 'issued'",
    "lists": "SELECT COUNT(*) AS n FROM check_in_list WHERE edition = {} AND active IS TRUE",
    "calls": "SELECT COUNT(*) AS n FROM contest WHERE edition = {} AND state <> 'closed'",
    "rounds": "SELECT COUNT(*) AS n FROM contest_round r JOIN contest c ON c.id = r.contest "
    "WHERE c.edition = {} AND r.state = 'open'",
}


async def cancel(edition: EditionInfo, now: datetime, **changes: Any) -> None:
    """Cancel an edition."""
    given: dict[str, Any] = {"typed": edition.slug, "reason": "Bão số 9", **changes}
    await cancel_edition(edition_id=edition.id, actor=SYSTEM, now=now, **given)


async def open_things(edition_id: int) -> dict[str, int]:
    """How much is open of an edition."""
    return {name: int((await fetch(sql, edition_id))[0]["n"]) for name, sql in OPEN_THINGS.items()}


async def run_jobs(now: datetime) -> None:
    """Do all work that waits."""
    while row := await claim("test", now + timedelta(seconds=1)):
        await run_job(row, "test")


@pytest.mark.engines
async def test_all_that_is_open_closes(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    edition = await edition_by_id(festival.edition.id)
    before = await open_things(edition.id)
    assert [
        name for name in ("applications", "booths", "orders", "passes", "lists", "rounds") if not before[name]
    ] == []
    await cancel(edition, frozen_now)
    assert await open_things(edition.id) == dict.fromkeys(OPEN_THINGS, 0)
    gone = await edition_by_id(edition.id)
    assert (gone.state, gone.change_reason) == (EditionState.CANCELLED, "Bão số 9")
    (entry,) = await fetch("SELECT before, after FROM audit_entry WHERE action = 'edition.cancel'")
    after = json.loads(entry["after"])
    assert json.loads(entry["before"]) == {"state": "open"}
    told = {name: after[name] for name in ("applications", "booths", "orders", "passes", "lists", "rounds")}
    booths = await fetch("SELECT COUNT(*) AS n FROM audit_entry WHERE action = 'booth.release'")
    assert told == {name: before[name] for name in told} | {"booths": booths[0]["n"]}


@pytest.mark.engines
async def test_what_was_paid_has_to_go_back(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = await make_open_edition(now=frozen_now)
    type_id = await make_ticket_type(edition.id, now=frozen_now, price_minor=50_000)
    paid = await make_order(edition.id, {type_id: 1}, now=frozen_now)
    held = await make_order(edition.id, {type_id: 2}, now=frozen_now)
    await pay_order(
        order_id=paid.order_id, edition_id=edition.id, method=PaymentMethod.CASH, actor=SYSTEM, now=frozen_now
    )
    await cancel(edition, frozen_now)
    rows = await fetch(
        "SELECT d.id AS id, d.state AS state, p.outcome AS outcome FROM payment_document d "
        "LEFT JOIN payment p ON p.document = d.id WHERE d.kind = 'invoice' ORDER BY d.id"
    )
    assert [(row["state"], row["outcome"]) for row in rows] == [("refund_due", "refund"), ("cancelled", None)]
    page = (await client.get(f"{edition.path}/tickets/done/{paid.secret}?lang=en")).text
    assert [words in page for words in ("goes back to you", "This festival was cancelled.", "Order again")] == [
        True,
        True,
        False,
    ]
    # Money that comes too late for the other one goes back as well.
    document = await document_by_id(rows[1]["id"])
    late = await record_payment(
        document_id=document.id, method=PaymentMethod.CARD, amount=document.amount, actor=None, now=frozen_now
    )
    assert late.outcome == Settlement.REFUND
    assert held.order_id != paid.order_id


@pytest.mark.engines
async def test_an_order_that_had_expired_is_not_revived(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = await make_open_edition(now=frozen_now)
    type_id = await make_ticket_type(edition.id, now=frozen_now, price_minor=50_000)
    await make_order(edition.id, {type_id: 1}, now=frozen_now)
    later = frozen_now + timedelta(hours=1)
    assert await expire_orders(now=later) == 1
    await cancel(edition, later)
    (row,) = await fetch("SELECT id FROM payment_document")
    document = await document_by_id(row["id"])
    late = await record_payment(
        document_id=document.id, method=PaymentMethod.CARD, amount=document.amount, actor=None, now=later
    )
    assert late.outcome == Settlement.REFUND


@pytest.mark.engines
async def test_nothing_begins_again(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    edition = await edition_by_id(festival.edition.id)
    await cancel(edition, frozen_now)
    (free,) = await fetch("SELECT id FROM booth WHERE edition = {} ORDER BY id LIMIT 1", edition.id)
    (organisation,) = await fetch("SELECT id FROM organisation ORDER BY id LIMIT 1")
    (type_row,) = await fetch("SELECT id FROM ticket_type WHERE edition = {} ORDER BY id LIMIT 1", edition.id)
    (contest,) = await fetch("SELECT id FROM contest WHERE edition = {}", edition.id)
    given: dict[str, Any] = {"actor": SYSTEM, "now": frozen_now}
    tries = [
        lambda: make_pass(edition, now=frozen_now),
        lambda: make_list(edition.id, now=frozen_now, name="Cửa sau"),
        lambda: make_ticket_type(edition.id, now=frozen_now),
        lambda: hold_booth(booth_id=free["id"], organisation_id=organisation["id"], **given),
        lambda: submit_application(
            edition_id=edition.id, organisation_id=organisation["id"], contact_id=None, cells_wanted=1, **given
        ),
        lambda: sell_at_box_office(
            edition_id=edition.id,
            client_id="after-the-end",
            counts={type_row["id"]: 1},
            holder_name="Lan",
            **given,
        ),
        lambda: set_contest_state(contest_id=contest["id"], state=ContestState.OPEN, **given),
        lambda: postpone_edition(
            edition_id=edition.id, starts_on=date(2027, 1, 1), seen=edition.starts_on, reason="", **given
        ),
        lambda: cancel(edition, frozen_now),
    ]
    for each in tries:
        with pytest.raises(EditionIsCancelled):
            await each()
    with pytest.raises(StateNotReachable):
        await open_edition(edition_id=edition.id, **given)
    assert await open_things(edition.id) == dict.fromkeys(OPEN_THINGS, 0)


@pytest.mark.engines
async def test_everybody_is_told_once(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = await make_open_edition(now=frozen_now)
    type_id = await make_ticket_type(edition.id, now=frozen_now)
    await make_order(edition.id, {type_id: 1}, now=frozen_now, phone=None, email="ann@vd.vn", locale="en")
    gone = await make_order(edition.id, {type_id: 1}, now=frozen_now, phone=None, email="hoa@vd.vn")
    before = frozen_now - timedelta(days=1)
    await cancel_order(order_id=gone.order_id, edition_id=edition.id, actor=SYSTEM, now=before)
    await cancel(edition, frozen_now)
    await run_jobs(frozen_now)
    rows = await OutboxMessage.select().where(OutboxMessage.unique_key.like(f"edition.change:{edition.id}:cancelled:%"))
    assert [(row["to_address"], row["subject"]) for row in rows] == [("ann@vd.vn", f"Cancelled: {edition.name['en']}")]
    assert "The reason: Bão số 9" in rows[0]["body_text"]


async def test_it_is_confirmed_by_the_address_and_never_for_what_is_over(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    edition = await make_open_edition(now=frozen_now)
    with pytest.raises(AddressDiffers):
        await cancel(edition, frozen_now, typed=edition.title)
    await close_edition(edition_id=edition.id, actor=SYSTEM, now=frozen_now)
    with pytest.raises(EditionIsClosed):
        await cancel(edition, frozen_now)


@pytest.mark.engines
async def test_all_of_it_closes_or_nothing(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = await make_open_edition(now=frozen_now)
    await make_pass(edition, now=frozen_now)
    before = await open_things(edition.id)

    class Broken(Exception):
        """What a closer raises."""

    async def fail(*_given: object) -> dict[str, int]:
        raise Broken

    slots.add_closer(fail)
    try:
        with pytest.raises(Broken):
            await cancel(edition, frozen_now)
    finally:
        slots._closers.remove(fail)
    assert await open_things(edition.id) == before
    assert (await edition_by_id(edition.id)).state == EditionState.OPEN


@pytest.mark.race
async def test_an_order_placed_at_the_same_moment_is_cancelled_or_refused(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    edition = await make_open_edition(now=frozen_now)
    type_id = await make_ticket_type(edition.id, now=frozen_now, quota=100)
    orders = [make_order(edition.id, {type_id: 1}, now=frozen_now) for _each in range(12)]
    answers = await asyncio.gather(*orders[:6], cancel(edition, frozen_now), *orders[6:], return_exceptions=True)
    assert {type(answer) for answer in answers if isinstance(answer, BaseException)} <= {EditionIsCancelled}
    assert await open_things(edition.id) == dict.fromkeys(OPEN_THINGS, 0)


@pytest.mark.race
async def test_orders_that_are_paid_and_cancelled_at_the_same_moment_end_the_same(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    edition = await make_open_edition(now=frozen_now)
    type_id = await make_ticket_type(edition.id, now=frozen_now, quota=100, price_minor=50_000)
    placed = [await make_order(edition.id, {type_id: 2}, now=frozen_now) for _each in range(8)]
    given: dict[str, Any] = {"edition_id": edition.id, "actor": SYSTEM, "now": frozen_now}
    for order in placed[:4]:
        await pay_order(order_id=order.order_id, method=PaymentMethod.CASH, **given)
    cancelling = [cancel_order(order_id=order.order_id, **given) for order in placed[2:6]]
    paying = [pay_order(order_id=order.order_id, method=PaymentMethod.CASH, **given) for order in placed[4:]]
    answers = await asyncio.gather(*cancelling, *paying, cancel(edition, frozen_now), return_exceptions=True)
    failed = [answer for answer in answers if isinstance(answer, BaseException)]
    assert [answer for answer in failed if not isinstance(answer, AppError)] == []
    assert await open_things(edition.id) == dict.fromkeys(OPEN_THINGS, 0)
    kept = await fetch("SELECT id FROM payment WHERE outcome IN ('kept', 'replaced')")
    assert kept == []
