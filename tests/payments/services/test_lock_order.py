"""Whoever changes a card payment holds its edition first, as everybody does, so that no two wait for one another."""

from __future__ import annotations

import re

import pytest

from app.accounts.actor import SYSTEM
from app.kernel import clock
from app.kernel.money import Money
from app.payments.queries import payments_of
from app.payments.services.card_checkout import look_up
from app.payments.services.card_refunds import refund_to_card
from app.payments.services.documents import require_refund
from tests.payments.cards import a_document, attempt_of, begun, paid
from tests.support.card_payments import StripeServer
from tests.support.queries import counted_queries

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("database", "seller")]

CHANGED = re.compile(r"(?:FOR NO KEY UPDATE|^\s*(?:UPDATE|INSERT INTO) )", re.MULTILINE)


def before_the_first_change(sent: list[str]) -> list[str]:
    """Return what was asked before anything was written or held alone."""
    places = [place for place, statement in enumerate(sent) if CHANGED.search(statement)]
    return sent[: places[0]]


def holds_edition(sent: list[str]) -> bool:
    """Whether an edition was held, which on SQLite is to read it."""
    return any('FROM "edition"' in statement for statement in sent)


async def test_a_checkout_is_looked_up_with_its_edition_held_first(stripe: StripeServer) -> None:
    document = await a_document()
    attempt = await begun(document)
    stripe.pay(attempt["session_id"])
    with counted_queries() as sent:
        assert await look_up(attempt, clock.now()) == "kept"
    assert holds_edition(before_the_first_change(sent))
    assert (await attempt_of(document))["checked_at"] is not None


async def test_money_is_sent_back_to_a_card_with_its_edition_held_first(stripe: StripeServer) -> None:
    document = await a_document()
    await paid(stripe, document)
    await require_refund(document_id=document.id, actor=SYSTEM, now=clock.now())
    (payment,) = await payments_of(document.id)
    with counted_queries() as sent:
        await refund_to_card(payment_id=payment.id, amount=Money(50_000, "VND"), actor=SYSTEM, now=clock.now())
    assert holds_edition(before_the_first_change(sent))
