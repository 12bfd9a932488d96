"""What a buyer reads of prices, of what was sent to her, and of an order that is over."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.events.services.cancelling import cancel_edition
from app.kernel import outbox
from app.kernel.channels.screen import ScreenChannel
from app.kernel.database import fetch
from app.kernel.enums import MessageState
from app.payments.enums import PaymentMethod, TaxMode
from app.payments.lines import Terms
from app.payments.services.taking_off import take_off
from app.payments.services.terms import set_terms
from app.payments.tables import PaymentDocument
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order, pay_order
from tests.ticketing.sales.conftest import Scene
from tests.ticketing.sales.own import allow, items, make_paid
from ticketing.sales.services.cancelling import cancel_tickets
from ticketing.sales.services.outcomes import cancel_order
from ticketing.sales.services.references import order_secret

pytestmark = pytest.mark.engines


async def page_of(scene: Scene, client_id: str) -> str:
    """The page of an order, in English."""
    answer = await scene.browser.get(f"{scene.edition.path}/tickets/done/{order_secret(client_id)}?lang=en")
    assert answer.status_code == 200
    return str(answer.text)


def heading(page: str) -> str:
    """The heading of a page."""
    (found,) = re.findall(r"<h1>([^<]+)</h1>", page)
    return str(found)


async def test_buyers_and_organisers_read_that_prices_include_tax(scene: Scene) -> None:
    await scene.sign_in(Role.MANAGER)
    shop, step_two = f"{scene.edition.path}/tickets", f"{scene.edition.path}/tickets/order?n-{scene.paid}=1"
    form, plan = scene.manage(f"/tickets/{scene.paid}"), scene.manage("/tickets/new")

    async def said(path: str) -> tuple[bool, bool]:
        page = await scene.browser.get(f"{path}{'&' if '?' in path else '?'}lang=en")
        return "Prices include tax." in page.text, "tax included; 0 is free" in page.text

    assert [await said(path) for path in (shop, step_two, form, plan)] == [(False, False)] * 4
    for mode in (TaxMode.INCLUDED, TaxMode.ADDED):
        terms = Terms(tax_mode=mode, tax_name="vn_reduced")
        await set_terms(edition_id=scene.edition.id, terms=terms, actor=SYSTEM, now=NOW)
        assert [await said(path) for path in (shop, step_two)] == [(True, False)] * 2
        assert [await said(path) for path in (form, plan)] == [(False, True)] * 2
    assert await said(f"{scene.edition.path}/tickets/order?n-{scene.free}=1") == (False, False)


async def test_that_a_link_was_sent_is_said_of_what_is_sent(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_order(scene.edition.id, {scene.free: 1}, now=NOW, client_id="told-of-tickets", phone="+84912345678")
    said = "The link was also sent to +8491…78."
    assert said not in await page_of(scene, "told-of-tickets")  # no gateway is set: the message waits
    monkeypatch.setattr(outbox, "channel_for", lambda kind: ScreenChannel())
    assert said in await page_of(scene, "told-of-tickets")
    await fetch("UPDATE outbox_message SET state = {} RETURNING id", MessageState.FAILED.value)
    assert said not in await page_of(scene, "told-of-tickets")
    monkeypatch.undo()
    await fetch("UPDATE outbox_message SET state = {} RETURNING id", MessageState.SENT.value)
    assert said in await page_of(scene, "told-of-tickets")
    await fetch("DELETE FROM outbox_message RETURNING id")
    assert said not in await page_of(scene, "told-of-tickets")


@pytest.mark.parametrize("paid", [False, True])
async def test_a_cancelled_order_says_so_and_what_becomes_of_the_money(scene: Scene, paid: bool) -> None:
    placed = await make_order(scene.edition.id, {scene.paid: 2}, now=NOW, client_id="cancelled-order")
    here = scene.edition.id
    if paid:
        method = PaymentMethod.CASH
        await pay_order(order_id=placed.order_id, edition_id=here, method=method, actor=SYSTEM, now=NOW)
    await cancel_order(order_id=placed.order_id, edition_id=here, actor=SYSTEM, now=NOW)
    page = await page_of(scene, "cancelled-order")
    assert heading(page) == "This order was cancelled"
    assert ("Its passes open no gate." in page, "Its tickets were given back." in page) == (paid, not paid)
    assert ("Nothing was paid for it: please do not pay it any more." in page) is not paid
    assert ("What you paid, 100.000\xa0₫, goes back to you" in page) is paid
    await scene.sign_in(Role.MANAGER)
    desk = (await scene.browser.get(scene.manage(f"/orders/{placed.order_id}?lang=en"))).text
    (document,) = await PaymentDocument.select(PaymentDocument.id).where(PaymentDocument.corrects.is_null())
    assert ("100.000\xa0₫ that came for it has to go back." in desk) is paid
    assert (f'<a href="{scene.manage("/payments/")}{document["id"]}">To the payment</a>' in desk) is paid


async def test_who_cancelled_and_got_nothing_back_does_not_read_that_nothing_was_paid(scene: Scene) -> None:
    await allow(scene.edition, back_percent=0)
    placed = await make_paid(scene.edition, {scene.paid: 1}, client_id="cancelled-for-nothing")
    await cancel_first(scene, placed.order_id)
    page = await page_of(scene, "cancelled-for-nothing")
    assert heading(page) == "This order was cancelled"
    assert ("Its passes open no gate." in page, "Nothing was paid for it" in page) == (True, False)


async def test_an_order_that_waits_again_counts_no_ticket_that_was_cancelled(scene: Scene) -> None:
    await allow(scene.edition, back_percent=0)
    placed = await make_paid(scene.edition, {scene.paid: 2}, client_id="waits-again")
    await cancel_first(scene, placed.order_id)
    (payment,) = await fetch("SELECT id, document FROM payment")
    await take_off(document_id=payment["document"], payment_id=payment["id"], reason="Nhầm", actor=SYSTEM, now=NOW)
    page = await page_of(scene, "waits-again")
    assert heading(page) == "Your order waits for payment"
    assert ("1 × Seat" in page, "2 × Seat" in page) == (True, False)


async def cancel_first(scene: Scene, order_id: int) -> None:
    """Let the buyer cancel her first ticket, of which nothing goes back to her."""
    item_id = (await items(order_id))[0]["id"]
    values: dict[str, Any] = {"actor": None, "now": NOW}
    await cancel_tickets(order_id=order_id, edition_id=scene.edition.id, item_ids=[item_id], shown_minor=0, **values)


async def test_a_free_order_that_was_cancelled_speaks_of_no_money(scene: Scene) -> None:
    placed = await make_order(scene.edition.id, {scene.free: 1}, now=NOW, client_id="cancelled-free")
    await cancel_order(order_id=placed.order_id, edition_id=scene.edition.id, actor=SYSTEM, now=NOW)
    page = await page_of(scene, "cancelled-free")
    assert ("Its passes open no gate." in page, "pay" in page.partition("<h1>")[2]) == (True, False)


async def test_an_event_without_tickets_is_a_page_of_tickets_all_the_same(scene: Scene) -> None:
    await cancel_edition(
        edition_id=scene.edition.id, typed=scene.edition.slug, reason="Bão số 9", actor=SYSTEM, now=NOW
    )
    answer = await scene.browser.get(f"{scene.edition.path}/tickets?lang=en")
    assert (answer.status_code, heading(answer.text)) == (404, "Tickets")
    assert "There are no tickets now" in answer.text
    assert "Bão số 9" in answer.text
