"""An order whose money comes in parts over the end of its time: the rest buys what is still there, or all goes back."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import Account, DocumentState, PaymentMethod, Settlement
from app.payments.errors import DocumentNotOpen
from app.payments.queries import DocumentInfo, document_by_id, payments_of
from app.payments.services.documents import cancel_document
from app.payments.services.recording import Recorded, record_payment
from app.payments.services.refunding import record_refund
from tests.conftest import NOW
from tests.payments.books import account, check_books
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type
from tests.support.race import losers, race, winners
from ticketing.sales.errors import SoldOut
from ticketing.sales.services.outcomes import expire_orders
from ticketing.sales.services.placing import Placed

pytestmark = pytest.mark.engines
BEFORE, LATER = NOW + timedelta(minutes=15), NOW + timedelta(minutes=21)
PRICE = 50_000
NUMBERS = itertools.count(1)


async def seats(edition: Any, quota: int = 3) -> int:
    """A ticket type of so many places."""
    return await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, quota=quota)


async def bill_of(placed: Placed) -> DocumentInfo:
    """The document of an order as it stands now."""
    rows = await fetch("SELECT payment_document FROM ticket_order WHERE id = {}", placed.order_id)
    return await document_by_id(rows[0]["payment_document"])


async def comes(placed: Placed, amount: int, at: datetime = LATER) -> Recorded:
    """Let money of an order come on the bank account."""
    return await record_payment(
        document_id=(await bill_of(placed)).id,
        method=PaymentMethod.TRANSFER,
        amount=Money(amount, "VND"),
        actor=None,
        provider_reference=f"bank:{next(NUMBERS)}",
        now=at,
    )


async def goes_back(placed: Placed, at: datetime = LATER) -> None:
    """Let the first money of an order go back by hand."""
    first = (await payments_of((await bill_of(placed)).id))[0]
    await record_refund(payment_id=first.id, method=PaymentMethod.TRANSFER, actor=SYSTEM, now=at)


async def lapsed(edition: Any, type_id: int, *, came: int = 0, **values: Any) -> Placed:
    """An order of three whose time is over, for which a part came before that."""
    placed = await make_order(edition.id, {type_id: 3}, now=NOW, locale="en", **values)
    if came:
        await comes(placed, came, BEFORE)
    await expire_orders(now=LATER)
    return placed


async def state_of(placed: Placed) -> tuple[str, DocumentState, int, int]:
    """How an order stands and its bill, what is kept of its money and what has to go back."""
    (row,) = await fetch("SELECT state FROM ticket_order WHERE id = {}", placed.order_id)
    bill = await bill_of(placed)
    return row["state"], bill.state, bill.paid.amount_minor, bill.owed.amount_minor


async def told() -> list[str]:
    """What was written to anybody, the newest first."""
    return [row["body_text"] for row in await fetch("SELECT body_text FROM outbox_message ORDER BY id DESC")]


@pytest.mark.parametrize("early", [True, False], ids=["before the end", "after it"])
async def test_two_parts_over_the_end_of_the_time_buy_what_is_still_there(edition: Any, early: bool) -> None:
    placed = await lapsed(edition, await seats(edition), came=100_000 if early else 0)
    if not early:
        assert (await comes(placed, 100_000)).outcome == Settlement.REFUND
    assert (await told())[0].count("100.000\xa0₫ goes back to you, unless the rest comes before that") == 1
    came = await comes(placed, 50_000)
    assert (came.outcome, came.over_minor) == (Settlement.KEPT, 0)
    assert await state_of(placed) == ("confirmed", DocumentState.PAID, 150_000, 0)
    assert await fetch("SELECT sold, held FROM ticket_type") == [{"sold": 3, "held": 0}]
    assert (await told())[0].count("/pass/") == len(await fetch("SELECT id FROM pass WHERE state = 'issued'")) == 3
    assert await account(edition, Account.PAYABLE) == 0
    await check_books(edition)


async def test_places_that_are_gone_let_both_parts_go_back(edition: Any) -> None:
    type_id = await seats(edition)
    placed = await lapsed(edition, type_id, came=100_000)
    await make_order(edition.id, {type_id: 1}, now=LATER)
    assert (await comes(placed, 50_000)).outcome == Settlement.REFUND
    assert await state_of(placed) == ("expired", DocumentState.REFUND_DUE, 0, 150_000)
    last = (await told())[0]
    assert ("50.000\xa0₫ goes back to you" in last, "unless" in last, "150.000" in last) == (True, False, False)
    assert await fetch("SELECT id FROM pass") == []
    await check_books(edition)


async def test_a_part_that_went_back_does_not_count_and_the_whole_buys_the_places_after_all(edition: Any) -> None:
    placed = await lapsed(edition, await seats(edition))
    await comes(placed, 100_000)
    await goes_back(placed)
    assert await state_of(placed) == ("expired", DocumentState.REFUNDED, 0, 0)
    assert (await comes(placed, 50_000)).outcome == Settlement.REFUND
    assert await state_of(placed) == ("expired", DocumentState.REFUND_DUE, 0, 50_000)
    assert (await comes(placed, 150_000)).outcome == Settlement.KEPT
    assert await state_of(placed) == ("confirmed", DocumentState.PAID, 150_000, 50_000)
    await check_books(edition)


async def test_once_all_went_back_the_whole_is_asked_about_anew(edition: Any) -> None:
    type_id = await seats(edition)
    placed = await lapsed(edition, type_id)
    other = await make_order(edition.id, {type_id: 1}, now=LATER)
    assert (await comes(placed, 150_000)).outcome == Settlement.REFUND
    await goes_back(placed)
    await expire_orders(now=LATER + timedelta(minutes=21))
    assert (await state_of(other))[0] == "expired"
    assert (await comes(placed, 150_000)).outcome == Settlement.KEPT
    assert await state_of(placed) == ("confirmed", DocumentState.PAID, 150_000, 0)
    await check_books(edition)


async def test_a_bill_that_finance_took_back_while_it_was_held_is_completed_by_the_rest(edition: Any) -> None:
    placed = await make_order(edition.id, {await seats(edition): 3}, now=NOW, locale="en")
    await comes(placed, 100_000, NOW)
    await cancel_document(document_id=(await bill_of(placed)).id, actor=SYSTEM, now=NOW)
    assert "unless the rest comes" in (await told())[0]
    assert (await comes(placed, 50_000, NOW)).outcome == Settlement.KEPT
    assert await state_of(placed) == ("confirmed", DocumentState.PAID, 150_000, 0)


async def test_the_page_asks_for_the_rest_while_the_part_is_here(edition: Any, client: Browser) -> None:
    placed = await lapsed(edition, await seats(edition), came=100_000)
    page = f"{edition.path}/tickets/done/{placed.secret}?lang=en"
    rest, whole = "Is the rest, 50.000\xa0₫, on its way?", "Is your transfer on its way?"
    shown = (await client.get(page)).text
    assert ("What you paid, 100.000\xa0₫, goes back to you" in shown, rest in shown, whole in shown) == (
        True,
        True,
        False,
    )
    await goes_back(placed)
    shown = (await client.get(page)).text
    assert ("Is the rest" in shown, whole in shown, "went back to you" in shown) == (False, False, True)


@pytest.fixture
async def desk(client: Browser, frozen_now: Any) -> Any:
    """A festival whose finance sits at her desk."""
    made = await make_open_edition(now=NOW)
    await sign_in(client, (await make_holder(Role.FINANCE, edition_id=made.id, now=NOW)).id)
    return made


@pytest.mark.parametrize("late", [False, True])
async def test_finance_records_the_rest_at_the_invoice(desk: Any, client: Browser, late: bool) -> None:
    placed = await lapsed(desk, await seats(desk), came=0 if late else 100_000)
    if late:
        await comes(placed, 100_000)
    own = f"/manage/{desk.id}/payments/{(await bill_of(placed)).id}"
    shown = (await client.get(f"{own}?lang=en")).text
    assert ("Record a payment" in shown, 'value="50.000"' in shown) == (True, True)
    assert (await client.post(f"{own}/payments", data={"method": "cash", "amount": "50.000"})).status_code == 303
    assert await state_of(placed) == ("confirmed", DocumentState.PAID, 150_000, 0)


@pytest.mark.race
async def test_the_rest_and_a_refund_of_the_part_at_once_leave_one_of_them(edition: Any) -> None:
    type_id = await seats(edition, 60)
    orders = [await make_order(edition.id, {type_id: 3}, now=NOW) for _number in range(12)]
    for placed in orders:
        await comes(placed, 100_000, BEFORE)
    await expire_orders(now=LATER)

    async def act(number: int) -> Any:
        placed = orders[number // 2]
        return await (comes(placed, 50_000) if number % 2 else goes_back(placed))

    results = await race(24, act)
    losers(results, DocumentNotOpen)
    for number, placed in enumerate(orders):
        came: Any = results[2 * number + 1]
        went = not isinstance(results[2 * number], BaseException)
        assert came.outcome == (Settlement.REFUND if went else Settlement.KEPT)
        kept = ("confirmed", DocumentState.PAID, 150_000, 0)
        assert await state_of(placed) == (("expired", DocumentState.REFUND_DUE, 0, 50_000) if went else kept)
    states = [row["state"] for row in await fetch("SELECT state FROM ticket_order")]
    assert await fetch("SELECT sold, held FROM ticket_type") == [{"sold": 3 * states.count("confirmed"), "held": 0}]
    await check_books(edition)


@pytest.mark.race
async def test_of_many_whose_rest_comes_for_the_last_places_one_gets_them(edition: Any) -> None:
    type_id = await seats(edition)
    orders = []
    for number in range(6):
        orders.append(await make_order(edition.id, {type_id: 3}, now=NOW + timedelta(hours=number)))
        await comes(orders[-1], 100_000, NOW + timedelta(hours=number))
        await expire_orders(now=LATER + timedelta(hours=number))

    async def act(number: int) -> Any:
        if number < 6:
            return (await comes(orders[number], 50_000)).outcome
        return await make_order(edition.id, {type_id: 3}, now=LATER)

    results = await race(8, act)
    losers(results, SoldOut)
    assert len(winners(results[:6])) == 6  # money that came is kept track of
    assert len([one for one in winners(results) if one != Settlement.REFUND]) == 1
    (row,) = await fetch("SELECT sold, held FROM ticket_type")
    assert (row["sold"] + row["held"], row["sold"]) == (3, len(await fetch("SELECT id FROM pass")))
    await check_books(edition)
