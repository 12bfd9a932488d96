"""A ticket changed for a dearer one: its place is held, the difference is billed, the pass changes once it is paid."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.services.cancelling import cancel_edition
from app.kernel import clock
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import PaymentMethod, Settlement
from app.payments.queries import document_by_id, payments_of
from app.payments.services.corrections import credit_document
from app.payments.services.recording import record_payment
from app.payments.services.taking_off import take_off
from tests.conftest import NOW
from tests.support.factories_ticketing import make_gate, make_list, make_order, make_ticket_type
from tests.support.race import losers, race, winners
from tests.ticketing.sales.conftest import Scene
from tests.ticketing.sales.orders import check_orders
from tests.ticketing.sales.own import LATER, allow, items, make_paid, told
from tests.ticketing.sales.test_changing import change
from tests.ticketing.sales.test_cheaper import LOWER, PRICE, bill_of, two_prices
from tests.ticketing.sales.test_orders import places
from ticketing.checkin.services.redeeming import redeem_pass
from ticketing.sales.errors import ChangesOver, ChangeStands, DifferenceChanged, TicketChanged, TypeNotOffered
from ticketing.sales.queries_own import changes_of_order
from ticketing.sales.services.cancelling import cancel_tickets
from ticketing.sales.services.changing import change_ticket
from ticketing.sales.services.dearer import expire_changes
from ticketing.sales.services.handing_over import accept_ticket, offer_ticket
from ticketing.sales.services.outcomes import cancel_order

pytestmark = pytest.mark.engines
MORE = PRICE - LOWER
TOO_LATE = NOW + timedelta(minutes=21)
NUMBERS = itertools.count(1)


async def begin(edition: Any, order_id: int, item_id: int, type_id: int, **values: Any) -> Any:
    """Begin a change for a dearer ticket; gives the bill over the difference."""
    values = {"edition_id": edition.id, "actor": None, "now": NOW, "shown_minor": -MORE, **values}
    change_id = await change_ticket(order_id=order_id, item_id=item_id, type_id=type_id, **values)
    assert isinstance(change_id, int)
    (row,) = await fetch("SELECT payment_document AS id FROM ticket_change WHERE id = {}", change_id)
    return await document_by_id(row["id"])


async def comes(bill: Any, amount: int = MORE, **values: Any) -> Settlement:
    """The bank tells of money for a bill."""
    values = {"now": NOW, "actor": None, "provider_reference": f"bank:{next(NUMBERS)}", **values}
    recorded = await record_payment(
        document_id=bill.id, method=PaymentMethod.TRANSFER, amount=Money(amount, "VND"), **values
    )
    return recorded.outcome


async def begun(edition: Any, **rules: Any) -> tuple[int, int, Any, dict[str, Any], Any]:
    """A paid order of a cheap ticket whose change for the dear one waits: types, order, ticket, bill."""
    dear, cheap = await two_prices(edition, **rules)
    placed = await make_paid(edition, {cheap: 1}, locale="en", email="hoa@example.vn")
    (item,) = await items(placed.order_id)
    return dear, cheap, placed, item, await begin(edition, placed.order_id, item["id"], dear)


async def states(order_id: int) -> list[str]:
    return [one["state"] for one in await changes_of_order(order_id)]


async def test_the_place_is_held_and_the_pass_changes_when_the_difference_is_paid(edition: Any) -> None:
    dear, cheap, placed, item, bill = await begun(edition)
    assert (bill.amount.amount_minor, bill.purpose, bill.description) == (MORE, "ticket_change", placed.reference)
    assert ((await items(placed.order_id))[0]["pass_id"], await states(placed.order_id)) == (item["pass_id"], ["held"])
    assert (await places(dear), await places(cheap)) == ((0, 1), (1, 0))
    assert "/pay/" in (await told())[-1][2]
    await check_orders(edition)
    assert await comes(bill, 5_000) == Settlement.KEPT
    assert ((await items(placed.order_id))[0]["pass_id"], await states(placed.order_id)) == (item["pass_id"], ["held"])
    assert await comes(bill, MORE - 5_000) == Settlement.KEPT
    (after,) = await items(placed.order_id)
    assert (after["state"], after["replaces"], after["code"] != item["code"]) == ("issued", item["pass_id"], True)
    (row,) = await fetch("SELECT ticket_type, price_minor FROM order_item WHERE id = {}", item["id"])
    assert (row["ticket_type"], row["price_minor"]) == (dear, PRICE)
    assert (await places(dear), await places(cheap), await states(placed.order_id)) == ((1, 0), (0, 0), ["done"])
    await check_orders(edition)


async def test_only_for_what_the_page_said_in_time_and_where_something_was_paid(edition: Any) -> None:
    dear, cheap = await two_prices(edition)
    placed = await make_paid(edition, {cheap: 1})
    (item,) = await items(placed.order_id)
    for shown in (0, MORE, -MORE - 1):
        with pytest.raises(DifferenceChanged):
            await begin(edition, placed.order_id, item["id"], dear, shown_minor=shown)
    with pytest.raises(ChangesOver):
        await begin(edition, placed.order_id, item["id"], dear, now=LATER)
    free = await make_ticket_type(edition.id, now=NOW, price_minor=0)
    given = await make_order(edition.id, {free: 1}, now=NOW)
    with pytest.raises(TypeNotOffered):
        await begin(edition, given.order_id, (await items(given.order_id))[0]["id"], dear, shown_minor=-PRICE)
    await fetch("UPDATE quota SET size = 0 WHERE id IN (SELECT quota FROM quota_type WHERE ticket_type = {})", dear)
    with pytest.raises(TypeNotOffered):
        await begin(edition, placed.order_id, item["id"], dear)
    assert await fetch("SELECT id FROM ticket_change") == []


async def test_late_money_changes_the_ticket_while_there_is_a_place(edition: Any) -> None:
    dear, cheap, placed, item, bill = await begun(edition)
    assert (await expire_changes(now=NOW), await expire_changes(now=TOO_LATE), await expire_changes(now=TOO_LATE)) == (
        0,
        1,
        0,
    )
    assert (await places(dear), await places(cheap), await states(placed.order_id)) == ((0, 0), (1, 0), ["expired"])
    await check_orders(edition)
    assert await comes(bill, now=TOO_LATE) == Settlement.KEPT
    assert (await places(dear), await places(cheap), await states(placed.order_id)) == ((1, 0), (0, 0), ["done"])
    assert (await items(placed.order_id))[0]["replaces"] == item["pass_id"]
    await check_orders(edition)


async def test_late_money_goes_back_when_the_place_is_gone(edition: Any) -> None:
    dear, cheap, placed, item, bill = await begun(edition)
    await expire_changes(now=TOO_LATE)
    await fetch("UPDATE quota SET size = 0 WHERE id IN (SELECT quota FROM quota_type WHERE ticket_type = {})", dear)
    assert await comes(bill, now=TOO_LATE) == Settlement.REFUND
    assert (await document_by_id(bill.id)).owed.amount_minor == MORE
    assert (await places(cheap), (await items(placed.order_id))[0]["pass_id"]) == ((1, 0), item["pass_id"])
    await check_orders(edition)


async def test_money_for_a_ticket_whose_pass_was_used_goes_back(scene: Scene) -> None:
    dear, _cheap, placed, item, bill = await begun(scene.edition)
    list_id = await make_list(scene.edition.id, now=NOW)
    _gate, phone, _token = await make_gate(scene.edition.id, list_id, now=NOW)
    await redeem_pass(actor=phone, client_id="scan-1", code=item["code"], now=clock.now())
    assert await comes(bill) == Settlement.REFUND
    assert (await document_by_id(bill.id)).owed.amount_minor == MORE
    assert (await items(placed.order_id))[0]["pass_id"] == item["pass_id"]
    assert await expire_changes(now=TOO_LATE) == 1
    assert await places(dear) == (0, 0)
    await check_orders(scene.edition)


async def test_who_cancels_or_changes_it_otherwise_gives_the_held_place_back(edition: Any) -> None:
    dear, cheap, placed, item, bill = await begun(edition)
    again = await begin(edition, placed.order_id, item["id"], dear)
    assert (await states(placed.order_id), await places(dear)) == (["withdrawn", "held"], (0, 1))
    assert await comes(bill) == Settlement.REFUND
    other = await make_ticket_type(edition.id, now=NOW, price_minor=LOWER)
    await change(edition, placed.order_id, item["id"], other)
    assert (await states(placed.order_id), await places(dear)) == (["withdrawn", "withdrawn"], (0, 0))
    assert await comes(again) == Settlement.REFUND
    await begin(edition, placed.order_id, item["id"], dear)
    await cancel_tickets(
        order_id=placed.order_id, edition_id=edition.id, item_ids=[item["id"]], shown_minor=LOWER, actor=None, now=NOW
    )
    assert (await states(placed.order_id), await places(dear)) == (["withdrawn"] * 3, (0, 0))
    assert (await places(cheap), await places(other)) == ((0, 0), (0, 0))
    await check_orders(edition)


async def test_given_to_somebody_else_it_stays_what_it_is(edition: Any) -> None:
    dear, _cheap, placed, item, bill = await begun(edition)
    await offer_ticket(
        order_id=placed.order_id,
        edition_id=edition.id,
        item_id=item["id"],
        name="Lan",
        phone=None,
        email="lan@example.vn",
        locale="en",
        actor=None,
        now=NOW,
    )
    token = (await told())[-1][2].split("/tickets/given/")[1].split()[0]
    await accept_ticket(token=token, name="Lan", actor=None, now=NOW)
    assert (await states(placed.order_id), await places(dear)) == (["withdrawn"], (0, 0))
    assert await comes(bill) == Settlement.REFUND
    await check_orders(edition)


async def test_cancelled_after_that_both_invoices_give_back(edition: Any) -> None:
    dear, _cheap, placed, item, bill = await begun(edition, back_percent=50)
    await comes(bill)
    await cancel_tickets(
        order_id=placed.order_id,
        edition_id=edition.id,
        item_ids=[item["id"]],
        shown_minor=PRICE // 2,
        actor=None,
        now=NOW,
    )
    owed = [one.owed.amount_minor for one in (await bill_of(placed.order_id), await document_by_id(bill.id))]
    assert (owed, await places(dear)) == ([PRICE // 2 - MORE, MORE], (0, 0))
    await check_orders(edition)


async def test_changed_back_for_a_cheaper_one_the_difference_comes_off_its_own_invoice(edition: Any) -> None:
    dear, cheap, placed, item, bill = await begun(edition)
    await comes(bill)
    await change(edition, placed.order_id, item["id"], cheap, shown_minor=MORE)
    states_now = [one.state for one in (await bill_of(placed.order_id), await document_by_id(bill.id))]
    assert (states_now, await places(dear), await places(cheap)) == (["paid", "refund_due"], (0, 0), (1, 0))
    await check_orders(edition)


@pytest.mark.parametrize("paid", [True, False])
async def test_an_organiser_who_cancels_the_order_gives_all_of_it_back(edition: Any, paid: bool) -> None:
    dear, cheap, placed, _item, bill = await begun(edition)
    if paid:
        await comes(bill)
    await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    owed = [one.owed.amount_minor for one in (await bill_of(placed.order_id), await document_by_id(bill.id))]
    assert (owed, await places(dear), await places(cheap)) == ([LOWER, MORE if paid else 0], (0, 0), (0, 0))
    said = PRICE if paid else LOWER
    assert f"{said // 1000}.000\xa0₫ goes back to you" in (await told())[-1][2]
    await check_orders(edition)


async def test_finance_that_takes_the_orders_invoice_back_takes_the_difference_back_too(edition: Any) -> None:
    dear, _cheap, placed, _item, bill = await begun(edition)
    await comes(bill)
    own = await bill_of(placed.order_id)
    await credit_document(document_id=own.id, amount=own.left, reason="Sai", actor=SYSTEM, now=NOW)
    assert ((await document_by_id(bill.id)).owed.amount_minor, await places(dear)) == (MORE, (0, 0))
    await check_orders(edition)


async def test_a_cancelled_festival_gives_it_back_and_holds_nothing(edition: Any) -> None:
    dear, cheap, placed, _item, bill = await begun(edition)
    second = await make_paid(edition, {cheap: 1})
    waits = await begin(edition, second.order_id, (await items(second.order_id))[0]["id"], dear)
    await comes(bill)
    await cancel_edition(edition_id=edition.id, typed=edition.slug, reason="Bão", actor=SYSTEM, now=NOW)
    assert [(await document_by_id(one.id)).state for one in (bill, waits)] == ["refund_due", "cancelled"]
    assert (await states(placed.order_id), await states(second.order_id)) == (["done"], ["withdrawn"])
    assert (await places(dear), await places(cheap)) == ((0, 0), (0, 0))
    assert await comes(waits) == Settlement.REFUND


async def test_money_that_was_for_something_else_changes_the_ticket_back(edition: Any) -> None:
    dear, cheap, placed, item, bill = await begun(edition)
    await comes(bill, provider_reference=None, actor=SYSTEM)
    (payment,) = await payments_of(bill.id)
    await take_off(document_id=bill.id, payment_id=payment.id, reason="Nhầm", actor=SYSTEM, now=NOW)
    (after,) = await items(placed.order_id)
    (row,) = await fetch("SELECT ticket_type, price_minor FROM order_item WHERE id = {}", item["id"])
    assert (after["state"], row["ticket_type"], row["price_minor"]) == ("issued", cheap, LOWER)
    assert (await places(dear), await places(cheap), await states(placed.order_id)) == ((0, 0), (1, 0), ["expired"])
    assert any("again. Its new pass" in body for _to, _subject, body in await told())
    await check_orders(edition)
    assert await comes(bill) == Settlement.KEPT
    assert (await places(dear), await places(cheap)) == ((1, 0), (0, 0))
    await check_orders(edition)


async def test_what_cannot_be_changed_back_keeps_its_payment(edition: Any) -> None:
    _dear, cheap, placed, item, bill = await begun(edition)
    await comes(bill, provider_reference=None, actor=SYSTEM)
    await fetch("UPDATE quota SET size = 0 WHERE id IN (SELECT quota FROM quota_type WHERE ticket_type = {})", cheap)
    (payment,) = await payments_of(bill.id)
    with pytest.raises(ChangeStands):
        await take_off(document_id=bill.id, payment_id=payment.id, reason="Nhầm", actor=SYSTEM, now=NOW)
    own = await bill_of(placed.order_id)
    (first,) = await payments_of(own.id)
    with pytest.raises(TicketChanged):
        await take_off(document_id=own.id, payment_id=first.id, reason="Nhầm", actor=SYSTEM, now=NOW)
    await credit_document(document_id=bill.id, amount=bill.amount, reason="Sai", actor=SYSTEM, now=NOW)
    assert ((await items(placed.order_id))[0]["replaces"], await states(placed.order_id)) == (item["pass_id"], ["done"])
    await check_orders(edition)


async def test_finance_that_takes_the_difference_back_changes_the_ticket_back(edition: Any) -> None:
    dear, cheap, placed, _item, bill = await begun(edition)
    await comes(bill)
    await credit_document(document_id=bill.id, amount=bill.amount, reason="Sai", actor=SYSTEM, now=NOW)
    assert (await places(dear), await places(cheap), await states(placed.order_id)) == ((0, 0), (1, 0), ["expired"])
    assert (await document_by_id(bill.id)).owed.amount_minor == MORE
    await check_orders(edition)


async def test_a_type_for_days_that_are_over_is_not_had_late(edition: Any) -> None:
    await allow(edition)
    cheap = await make_ticket_type(edition.id, now=NOW, price_minor=LOWER)
    day = date(2026, 10, 16)
    dear = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE, first_day=day, last_day=day)
    placed = await make_paid(edition, {cheap: 1})
    bill = await begin(edition, placed.order_id, (await items(placed.order_id))[0]["id"], dear)
    await expire_changes(now=TOO_LATE)
    assert await comes(bill, now=edition.window_of(day, day)[1]) == Settlement.REFUND
    await check_orders(edition)


@pytest.mark.race
async def test_of_money_expiry_and_cancelling_at_once_each_place_is_counted_once(edition: Any) -> None:
    dear, cheap, placed, item, bill = await begun(edition)

    async def one(number: int) -> Any:
        match number:
            case 0 | 1:
                return await comes(bill, now=TOO_LATE)
            case 2 | 3:
                return await expire_changes(now=TOO_LATE)
            case 4:
                return await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=TOO_LATE)
            case 5:
                own = await bill_of(placed.order_id)
                return await credit_document(
                    document_id=own.id, amount=own.left, reason="Sai", actor=SYSTEM, now=TOO_LATE
                )
            case _:
                return await change_ticket(
                    order_id=placed.order_id,
                    edition_id=edition.id,
                    item_id=item["id"],
                    type_id=dear,
                    shown_minor=-MORE,
                    actor=None,
                    now=TOO_LATE,
                )

    results = await race(8, one)
    assert winners(results)
    losers(results, *(type(one) for one in results if isinstance(one, Exception) and hasattr(one, "code")))
    assert (await places(dear), await places(cheap)) == ((0, 0), (0, 0))
    await check_orders(edition)


async def test_its_page_says_how_to_pay_and_leads_to_the_papers(scene: Scene) -> None:
    dear, cheap = await two_prices(scene.edition)
    placed = await make_paid(scene.edition, {cheap: 1})
    own = f"{scene.edition.path}/tickets/done/{placed.secret}"
    (item,) = await items(placed.order_id)
    page = f"{own}/change/{item['id']}"
    assert "20.000\xa0₫ more" in (await scene.browser.get(f"{page}?lang=en")).text
    asked = await scene.browser.post(page, data={"ticket_type": str(dear)})
    assert (asked.status_code, 'name="due" value="20000"' in asked.text) == (200, True)
    assert (
        "held for you for 20 minutes"
        in (await scene.browser.post(f"{page}?lang=en", data={"ticket_type": str(dear)})).text
    )
    done = await scene.browser.post(page, data={"ticket_type": str(dear), "due": "20000"})
    (change_row,) = await changes_of_order(placed.order_id)
    pay = f"{own}/pay/{change_row['id']}"
    assert (done.status_code, done.headers["location"]) == (303, pay)
    shown = await scene.browser.get(f"{pay}?lang=en")
    assert (shown.status_code, "20.000\xa0₫" in shown.text, "Held for you until" in shown.text) == (200, True, True)
    assert f'href="{pay}"' in (await scene.browser.get(own)).text
    assert (await scene.browser.get(f"{own}/pay/{change_row['id'] + 1}")).status_code == 404
    paper = await scene.browser.get(f"{pay}/invoice.pdf")
    assert (paper.status_code, paper.content[:4]) == (200, b"%PDF")
    assert (await scene.browser.get(f"{pay}/card")).headers["location"] == pay
    await comes(await document_by_id(change_row["payment_document"]))
    after = await scene.browser.get(f"{pay}?lang=en")
    assert "The difference has come" in after.text
    assert f'href="{pay}"' in (await scene.browser.get(own)).text
