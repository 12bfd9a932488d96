"""The notices of ``payments`` take the way that real ones take, and its figures count what they say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel import clock
from app.kernel.database import write_transaction
from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.enums import Account, DocumentState, PaymentMethod, Posting
from app.payments.enums_card import AttemptState
from app.payments.queries import document_by_id, payments_of
from app.payments.queries_card import PROVIDER, newest_attempt
from app.payments.services import documents, inbox
from app.payments.services.inbox import apply_event
from app.payments.services.ledger import post_payment
from app.payments.services.recording import record_payment
from app.payments.services.stripe_events import EFFECTS, keep_event
from app.payments.tables import PaymentEvent
from tests.bench.bills import led_to_stripe, make, misapplied, papers
from tests.bench.notices import notice
from tests.bench.payments import ACCOUNT
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, put_on_sale
from tests.support.factories_ticketing import make_open_edition, make_ticket_type
from ticketing.sales.services.orders import PURPOSE
from ticketing.sales.services.outcomes import settle_order


@pytest.mark.engines
async def test_a_notice_finds_the_checkout_that_it_is_of(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_sale(monkeypatch, Seller())
    monkeypatch.setattr(inbox, "_effects", {(PROVIDER, kind): effect for kind, effect in EFFECTS.items()})
    document = await make_document(await make_edition())
    row = {"id": document.id, "number": document.number, "amount_minor": 50_000, "currency": "VND"}
    told: dict[str, Any] = json.loads(
        notice(await led_to_stripe(row, clock.now()), settings().base_url, int(clock.now().timestamp()))
    )
    assert await keep_event(told, clock.now())
    (event,) = await PaymentEvent.select(PaymentEvent.id)
    assert await apply_event(event["id"], clock.now()) == "kept"
    attempt = await newest_attempt(document.id)
    assert attempt is not None
    assert (attempt["state"], attempt["payment_intent"]) == (
        AttemptState.PAID.value,
        told["data"]["object"]["payment_intent"],
    )
    assert (await document_by_id(document.id)).state == DocumentState.PAID


@pytest.mark.engines
async def test_what_is_entered_twice_in_the_books_alone_is_misapplied(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_settlements", {PURPOSE: settle_order})
    monkeypatch.setattr(inbox, "_effects", {(PROVIDER, kind): effect for kind, effect in EFFECTS.items()})
    edition = await make_open_edition(now=clock.now())
    await make_ticket_type(edition.id, now=clock.now(), price_minor=50_000)
    made = (await make(2))["documents"]
    assert await misapplied() == 2
    for row in made:
        body = notice(row, settings().base_url, int(clock.now().timestamp()))
        assert await keep_event(json.loads(body), clock.now())
    for event in await PaymentEvent.select(PaymentEvent.id):
        await apply_event(event["id"], clock.now())
    assert await misapplied() == 0
    async with write_transaction():
        await post_payment(
            Posting.PAYMENT,
            Money(50_000, "VND"),
            Account.RECEIVABLE,
            method=PaymentMethod.CARD,
            edition_id=edition.id,
            document_id=made[0]["id"],
            payment_id=(await payments_of(made[0]["id"]))[0].id,
            now=clock.now(),
        )
    assert await misapplied() == 1


@pytest.mark.engines
async def test_half_of_the_invoices_that_are_set_have_a_code(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_sale(monkeypatch, Seller())
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    try:
        edition = await make_edition()
        for number in range(4):
            document = await make_document(edition, subject_id=number)
            if number % 2:
                await record_payment(
                    document_id=document.id,
                    method=PaymentMethod.CASH,
                    amount=document.due,
                    actor=SYSTEM,
                    now=clock.now(),
                )
        told = await papers(4)
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert (told["pdfs"], told["pdfs_with_code"]) == (4, 2)
