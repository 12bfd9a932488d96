"""The notices of ``payments`` take the way that real ones take."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.kernel import clock
from app.kernel.settings import settings
from app.payments.enums import DocumentState
from app.payments.enums_card import AttemptState
from app.payments.queries import document_by_id
from app.payments.queries_card import PROVIDER, newest_attempt
from app.payments.services import inbox
from app.payments.services.inbox import apply_event
from app.payments.services.stripe_events import EFFECTS, keep_event
from app.payments.tables import PaymentEvent
from tests.bench.bills import led_to_stripe
from tests.bench.notices import notice
from tests.events.factories import make_edition
from tests.payments.factories import Seller, make_document, put_on_sale


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
