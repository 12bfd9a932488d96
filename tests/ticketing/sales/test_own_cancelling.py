"""Tickets that their buyer cancels: money goes back by the rules, places return, passes end, and the books agree."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.kernel import clock
from app.kernel.database import fetch
from app.kernel.money import Money
from app.payments.enums import PaymentMethod
from app.payments.queries import document_by_id, payments_of
from app.payments.services.corrections import credit_document
from app.payments.services.refunding import record_refund
from app.payments.services.taking_off import take_off
from tests.conftest import NOW
from tests.support.factories_ticketing import make_gate, make_list, make_order, make_ticket_type, pay_order
from tests.support.race import losers, meet_after, race, unguarded, winners
from tests.ticketing.sales.conftest import Scene
from tests.ticketing.sales.orders import check_orders
from tests.ticketing.sales.own import allow, items, make_paid, told
from tests.ticketing.sales.test_orders import places, state_of
from ticketing.checkin.services.redeeming import redeem_pass
from ticketing.sales.controllers import own
from ticketing.sales.enums import OrderState
from ticketing.sales.errors import ChangesOver, OrderNotOpen, RefundChanged, TicketsGone, TicketUsed
from ticketing.sales.services import cancelling
from ticketing.sales.services.cancelling import cancel_tickets
from ticketing.sales.services.giving_back import Account, forget_accounts
from ticketing.sales.services.outcomes import cancel_order
from ticketing.sales.tables_own import RefundAccount

pytestmark = pytest.mark.engines
PRICE = 50_000


async def cancel(edition: Any, order_id: int, item_ids: list[int], back: int, **values: Any) -> int:
    values = {"edition_id": edition.id, "actor": None, "now": NOW, **values}
    given = await cancel_tickets(order_id=order_id, item_ids=item_ids, shown_minor=back, **values)
    return given.amount_minor


async def bills() -> list[dict[str, Any]]:
    return await fetch("SELECT kind, state, amount_minor, paid_minor, owed_minor FROM payment_document ORDER BY id")


async def test_one_of_several_tickets_is_cancelled_and_the_others_stay(edition: Any) -> None:
    await allow(edition)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE)
    placed = await make_paid(edition, {type_id: 3}, locale="en", email="hoa@example.vn")
    first, *others = await items(placed.order_id)
    assert await cancel(edition, placed.order_id, [first["id"]], PRICE) == PRICE
    gone, *stay = await items(placed.order_id)
    assert (gone["state"], gone["state_reason"]) == ("revoked", "cancelled")
    assert [(one["state"], one["code"]) for one in stay] == [("issued", one["code"]) for one in others]
    assert (await state_of(placed.order_id), await places(type_id)) == (OrderState.CONFIRMED, (3 - 1, 0))
    invoice, note = await bills()
    assert invoice == {
        "kind": "invoice",
        "state": "paid",
        "amount_minor": 150_000,
        "paid_minor": 100_000,
        "owed_minor": PRICE,
    }
    assert (note["kind"], note["amount_minor"]) == ("credit_note", PRICE)
    address, subject, body = (await told())[-1]
    assert (address, subject) == ("hoa@example.vn", f"Cancelled tickets: {placed.reference}")
    assert "you cancelled a ticket of your order" in body
    assert f"{PRICE // 1000}.000\xa0₫ goes back to you" in body.replace(",", ".")
    await check_orders(edition)


async def test_the_last_ticket_takes_the_order_with_it(edition: Any) -> None:
    await allow(edition)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE)
    placed = await make_paid(edition, {type_id: 2})
    ids = [one["id"] for one in await items(placed.order_id)]
    assert await cancel(edition, placed.order_id, ids, 2 * PRICE) == 2 * PRICE
    assert (await state_of(placed.order_id), await places(type_id)) == (OrderState.CANCELLED, (0, 0))
    assert [(row["state"], row["owed_minor"]) for row in await bills()] == [("refund_due", 100_000), ("issued", 0)]
    with pytest.raises(OrderNotOpen):
        await cancel(edition, placed.order_id, ids, 2 * PRICE)
    await check_orders(edition)


@pytest.mark.parametrize(
    ("percent", "fee", "back"),
    [(100, 0, 100_000), (50, 0, 50_000), (50, 10_000, 30_000), (33, 0, 33_000), (10, 10_000, 0), (0, 0, 0)],
)
async def test_what_goes_back_is_a_share_less_a_fee_for_each_ticket(
    edition: Any, percent: int, fee: int, back: int
) -> None:
    await allow(edition, back_percent=percent, fee=fee)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE)
    placed = await make_paid(edition, {type_id: 2})
    ids = [one["id"] for one in await items(placed.order_id)]
    assert await cancel(edition, placed.order_id, ids, back) == back
    assert (await state_of(placed.order_id), await places(type_id)) == (OrderState.CANCELLED, (0, 0))
    invoice = (await bills())[0]
    assert (invoice["owed_minor"], invoice["paid_minor"]) == (back, 100_000 - back)
    await check_orders(edition)


async def test_the_share_depends_on_the_day_and_ends_with_the_last_one(edition: Any) -> None:
    soon, later = NOW + timedelta(days=1), NOW + timedelta(days=2)
    await allow(edition, back_until=soon, later_until=later, later_percent=50)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE)
    placed = await make_paid(edition, {type_id: 2})
    first, second = [one["id"] for one in await items(placed.order_id)]
    with pytest.raises(RefundChanged):  # her page was opened a day ago
        await cancel(edition, placed.order_id, [first], PRICE, now=soon)
    assert await cancel(edition, placed.order_id, [first], PRICE // 2, now=soon) == PRICE // 2
    with pytest.raises(ChangesOver):
        await cancel(edition, placed.order_id, [second], 0, now=later)
    assert await places(type_id) == (1, 0)
    await check_orders(edition)


async def test_free_tickets_give_their_places_back_and_no_money(edition: Any) -> None:
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW)
    ids = [one["id"] for one in await items(placed.order_id)]
    with pytest.raises(ChangesOver):
        await cancel(edition, placed.order_id, ids[:1], 0)
    await allow(edition, fee=5_000)
    assert await cancel(edition, placed.order_id, ids[:1], 0) == 0
    assert await places(type_id) == (1, 0)
    assert await bills() == []


async def test_a_free_ticket_stays_when_all_that_was_paid_goes_back(edition: Any) -> None:
    await allow(edition)
    paid, free = [await make_ticket_type(edition.id, now=NOW, price_minor=price) for price in (PRICE, 0)]
    placed = await make_paid(edition, {paid: 1, free: 1})
    bought, given = await items(placed.order_id)
    assert await cancel(edition, placed.order_id, [bought["id"]], PRICE) == PRICE
    assert await state_of(placed.order_id) == OrderState.CONFIRMED
    assert [one["state"] for one in await items(placed.order_id)] == ["revoked", "issued"]
    await check_orders(edition)
    assert await cancel(edition, placed.order_id, [given["id"]], 0) == 0
    assert await state_of(placed.order_id) == OrderState.CANCELLED
    await check_orders(edition)


async def test_an_organiser_cancels_the_rest_and_finance_takes_back_the_whole(edition: Any) -> None:
    await allow(edition, back_percent=50)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE)
    placed = await make_paid(edition, {type_id: 2})
    first = (await items(placed.order_id))[0]
    await cancel(edition, placed.order_id, [first["id"]], PRICE // 2)
    await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert await places(type_id) == (0, 0)
    assert (await bills())[0]["owed_minor"] == 2 * PRICE
    await check_orders(edition)


async def test_a_used_pass_is_not_cancelled(scene: Scene) -> None:
    await allow(scene.edition)
    placed = await make_order(scene.edition.id, {scene.free: 2}, now=NOW)
    first, second = await items(placed.order_id)
    list_id = await make_list(scene.edition.id, now=NOW)
    _gate, phone, _token = await make_gate(scene.edition.id, list_id, now=NOW)
    await redeem_pass(actor=phone, client_id="scan-1", code=first["code"], now=clock.now())
    with pytest.raises(TicketUsed):
        await cancel(scene.edition, placed.order_id, [first["id"], second["id"]], 0)
    assert await cancel(scene.edition, placed.order_id, [second["id"]], 0) == 0
    answer = await redeem_pass(actor=phone, client_id="scan-2", code=second["code"], now=clock.now())
    assert (answer.verdict, await places(scene.free)) == ("revoked", (1, 0))


async def test_somebody_elses_tickets_and_nothing_are_refused(edition: Any) -> None:
    await allow(edition)
    type_id = await make_ticket_type(edition.id, now=NOW)
    mine, hers = [await make_order(edition.id, {type_id: 1}, now=NOW) for _time in range(2)]
    (other,) = await items(hers.order_id)
    for chosen in ([other["id"]], []):
        with pytest.raises(TicketsGone):
            await cancel(edition, mine.order_id, chosen, 0)
    assert await places(type_id) == (2, 0)


@pytest.mark.race
async def test_of_many_who_cancel_one_ticket_at_once_one_does(edition: Any) -> None:
    await allow(edition)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE)
    placed = await make_paid(edition, {type_id: 2})
    first, second = [one["id"] for one in await items(placed.order_id)]

    async def one(number: int) -> Any:
        if number == 7:
            return await cancel_order(order_id=placed.order_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
        return await cancel(edition, placed.order_id, [(first, second)[number % 2]], PRICE)

    results = await race(8, one)
    losers(results, TicketsGone, OrderNotOpen, RefundChanged)
    assert 1 <= len(winners(results)) <= 3
    assert (await state_of(placed.order_id), await places(type_id)) == (OrderState.CANCELLED, (0, 0))
    assert (await bills())[0]["owed_minor"] == 2 * PRICE
    await check_orders(edition)


@pytest.mark.race
async def test_without_its_transaction_a_place_is_given_back_twice(
    edition: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await allow(edition)
    type_id = await make_ticket_type(edition.id, now=NOW)
    placed = await make_order(edition.id, {type_id: 2}, now=NOW)
    first = (await items(placed.order_id))[0]["id"]
    unguarded(monkeypatch, cancelling)
    meet_after(monkeypatch, cancelling, "tickets_to_change", parties=2)

    class Anyhow:
        """The update without its condition."""

        def __call__(self, order: Any, chosen: Any, actor: Any, now: Any) -> Any:
            return cancelling.give_back_places({type_id: len(chosen)}, were_sold=True)

    monkeypatch.setattr(cancelling, "_let_go", Anyhow())
    assert len(winners(await race(2, lambda _number: cancel(edition, placed.order_id, [first], 0)))) == 2
    assert await places(type_id) == (0, 0)  # the second ticket's place, too


async def test_the_page_says_the_sum_before_and_takes_an_account(scene: Scene) -> None:
    await allow(scene.edition, back_percent=50, fee=5_000)
    placed = await make_paid(scene.edition, {scene.paid: 2})
    own = f"{scene.edition.path}/tickets/done/{placed.secret}"
    first, second = [one["id"] for one in await items(placed.order_id)]
    choose = (await scene.browser.get(f"{own}/cancel?lang=en")).text
    assert "50% of the price goes back." in choose
    assert choose.count("20.000\xa0₫ goes back") == 2
    asked = (await scene.browser.get(f"{own}/cancel?lang=en&ticket={first}&ticket={second}")).text
    assert re.search(r"<dd>100\.000\xa0₫</dd>.*<strong>40\.000\xa0₫</strong>", asked, re.DOTALL)
    data = {"ticket": [str(first)], "back": "20000", "bank": "Vietcombank", "number": "0011 2233", "holder": ""}
    half = await scene.browser.post(f"{own}/cancel?lang=en", data=data)
    assert (half.status_code, 'id="field-holder-error"' in half.text) == (422, True)
    moved = await scene.browser.post(f"{own}/cancel?lang=en", data={**data, "back": "25000", "holder": "LE THI HA"})
    assert (moved.status_code, "20.000\xa0₫ would go back to you now" in moved.text) == (409, True)
    done = await scene.browser.post(f"{own}/cancel?lang=en", data={**data, "holder": "LE THI HA"})
    assert (done.status_code, done.headers["location"]) == (303, own)
    page = (await scene.browser.get(f"{own}?lang=en")).text
    assert ("Cancelled" in page, page.count("/pass/"), "20.000\xa0₫ goes back to you." in page) == (True, 1, True)
    assert await RefundAccount.select(RefundAccount.bank, RefundAccount.number, RefundAccount.holder) == [
        {"bank": "Vietcombank", "number": "0011 2233", "holder": "LE THI HA"}
    ]
    await scene.sign_in(Role.FINANCE)
    bill = await document_by_id(1)
    desk = (await scene.browser.get(scene.manage(f"/payments/{bill.id}?lang=en"))).text
    assert "The payer wants it on this account: Vietcombank · 0011 2233 · LE THI HA" in desk
    assert await forget_accounts() == 0
    (payment,) = await payments_of(bill.id)
    await record_refund(payment_id=payment.id, method=PaymentMethod.TRANSFER, actor=SYSTEM, now=NOW)
    assert (await forget_accounts(), await RefundAccount.count()) == (1, 0)


async def test_numbers_that_no_ticket_has_are_refused(scene: Scene) -> None:
    await allow(scene.edition)
    placed = await make_paid(scene.edition, {scene.paid: 1})
    page = f"{scene.edition.path}/tickets/done/{placed.secret}/cancel"
    (ticket,) = await items(placed.order_id)
    asked = await scene.browser.get(f"{page}?ticket={'9' * 5000}&ticket={ticket['id']}")
    assert (asked.status_code, f'name="ticket" value="{ticket["id"]}"' in asked.text) == (200, True)
    for number in ("9" * 12, "9" * 30, "-1"):
        refused = await scene.browser.post(page, data={"ticket": [number], "back": "0"})
        assert refused.status_code == 422
    assert await state_of(placed.order_id) == OrderState.CONFIRMED


async def test_an_order_that_is_not_paid_is_cancelled_as_a_whole(scene: Scene) -> None:
    placed = await make_order(scene.edition.id, {scene.paid: 2}, now=NOW)
    own = f"{scene.edition.path}/tickets/done/{placed.secret}"
    assert "The order is not paid." in (await scene.browser.get(f"{own}/cancel?lang=en")).text
    assert (await scene.browser.post(f"{own}/cancel", data={})).status_code == 303
    assert (await state_of(placed.order_id), await places(scene.paid)) == (OrderState.CANCELLED, (0, 0))
    assert (await scene.browser.get(f"{own}/cancel")).status_code == 409


@pytest.mark.parametrize("share", [0, 50])
async def test_an_order_that_is_paid_at_that_moment_is_not_cancelled_past_the_rules(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, share: int
) -> None:
    await allow(scene.edition, back_percent=share)
    placed = await make_order(scene.edition.id, {scene.paid: 2}, now=NOW)
    own_page = f"{scene.edition.path}/tickets/done/{placed.secret}"

    async def after_it_was_paid(**given: Any) -> None:
        order: dict[str, Any] = {"order_id": placed.order_id, "edition_id": scene.edition.id}
        await pay_order(method=PaymentMethod.CASH, actor=SYSTEM, now=NOW, **order)
        await cancel_order(**given)

    monkeypatch.setattr(own, "cancel_order", after_it_was_paid)
    answer = await scene.browser.post(f"{own_page}/cancel?lang=en", data={})
    assert (answer.status_code, answer.headers["location"]) == (303, own_page)
    assert (await state_of(placed.order_id), await places(scene.paid)) == (OrderState.CONFIRMED, (2, 0))
    assert [(row["kind"], row["owed_minor"]) for row in await bills()] == [("invoice", 0)]
    assert "Nothing was cancelled." in (await scene.browser.get(f"{own_page}?lang=en")).text
    await check_orders(scene.edition)


async def test_cash_goes_back_at_the_desk(edition: Any) -> None:
    await allow(edition)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE)
    placed = await make_paid(edition, {type_id: 1}, PaymentMethod.CASH)
    (item,) = await items(placed.order_id)
    account = Account(bank="BIDV", number="123", holder="HOA")
    assert await cancel(edition, placed.order_id, [item["id"]], PRICE, account=account) == PRICE
    assert await RefundAccount.count() == 1


async def test_a_payment_that_was_not_for_a_cancelled_order_takes_the_rest_of_its_bill_with_it(edition: Any) -> None:
    await allow(edition, back_percent=0)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE)
    placed = await make_paid(edition, {type_id: 1})
    (item,) = await items(placed.order_id)
    assert await cancel(edition, placed.order_id, [item["id"]], 0) == 0
    (payment,) = await fetch("SELECT id, document FROM payment")
    await take_off(document_id=payment["document"], payment_id=payment["id"], reason="Nhầm", actor=SYSTEM, now=NOW)
    assert [row["state"] for row in await bills()] == ["cancelled"]
    assert await state_of(placed.order_id) == OrderState.CANCELLED
    await check_orders(edition)


async def test_what_finance_took_back_before_goes_back_once(edition: Any) -> None:
    await allow(edition)
    type_id = await make_ticket_type(edition.id, now=NOW, price_minor=PRICE)
    placed = await make_paid(edition, {type_id: 2})
    first, second = [one["id"] for one in await items(placed.order_id)]
    (bill,) = await fetch("SELECT id FROM payment_document")
    half = Money(PRICE, "VND")
    await credit_document(document_id=bill["id"], amount=half, reason="Bớt", actor=SYSTEM, now=NOW)
    assert await cancel(edition, placed.order_id, [first], PRICE // 2) == PRICE // 2
    assert await state_of(placed.order_id) == OrderState.CONFIRMED
    assert await cancel(edition, placed.order_id, [second], PRICE // 2) == PRICE // 2
    assert (await bills())[0]["owed_minor"] == 2 * PRICE
    await check_orders(edition)
