"""Tickets that were paid by card and are cancelled by their buyer: the money goes to the card by itself, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo
from app.kernel import clock
from app.kernel.database import fetch
from app.payments.enums import DocumentState
from app.payments.queries import document_by_id
from app.payments.services.card_checkout import start_checkout
from app.payments.services.card_refunds import refund_all_to_cards
from tests.payments.cards import COMPLETED, tell
from tests.support.card_payments import StripeServer
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type
from tests.ticketing.sales.own import allow, items
from ticketing.sales.plugin import start
from ticketing.sales.services.cancelling import cancel_tickets
from ticketing.sales.services.giving_back import TO_CARDS

pytestmark = [pytest.mark.slow, pytest.mark.engines, pytest.mark.usefixtures("database")]
PRICE = 50_000


async def paid_by_card(stripe: StripeServer) -> tuple[EditionInfo, Any, int]:
    """An order of two tickets that a card paid: its edition, its tickets, its bill."""
    start()
    present = clock.now()
    edition = await make_open_edition(now=present, starts_on=present.date(), ends_on=present.date())
    await allow(edition, back_until=present + timedelta(days=1), back_percent=50)
    type_id = await make_ticket_type(edition.id, now=present, price_minor=PRICE)
    await make_order(edition.id, {type_id: 2}, now=present)
    (order,) = await fetch("SELECT id, payment_document FROM ticket_order")
    await start_checkout(document_id=order["payment_document"], locale="en", now=present)
    (attempt,) = await fetch("SELECT session_id FROM card_attempt")
    stripe.pay(attempt["session_id"])
    await tell(stripe, COMPLETED)
    return edition, order["id"], order["payment_document"]


async def test_it_goes_back_to_the_card_by_a_job_and_once(stripe: StripeServer) -> None:
    edition, order_id, bill = await paid_by_card(stripe)
    first = (await items(order_id))[0]
    await cancel_tickets(
        order_id=order_id,
        edition_id=edition.id,
        item_ids=[first["id"]],
        shown_minor=PRICE // 2,
        actor=None,
        now=clock.now(),
    )
    assert (await document_by_id(bill)).owed.amount_minor == PRICE // 2
    (job,) = await fetch("SELECT kind, payload FROM job WHERE kind = {}", TO_CARDS)
    assert f'"document":{bill}' in job["payload"].replace(" ", "")
    sent = [await refund_all_to_cards(document_id=bill, actor=SYSTEM, now=clock.now()) for _time in range(2)]
    assert sent == [1, 0]
    document = await document_by_id(bill)
    assert (document.owed.amount_minor, document.paid.amount_minor) == (0, 75_000)
    assert document.state == DocumentState.PAID
    assert len(stripe.asked("POST /v1/refunds")) == 1
