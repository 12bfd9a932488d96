"""Editions that charge cards beside others that try them out: each checkout keeps the mode in which it was begun."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from app.accounts.actor import SYSTEM
from app.kernel import clock
from app.kernel.database import fetch
from app.kernel.money import Money
from app.kernel.settings import settings
from app.payments.enums import DocumentState, Settlement
from app.payments.enums_card import RefundState
from app.payments.errors_card import CardsNotSetUp, ModeDiffers, ModeHasNoKey
from app.payments.queries import document_by_id, payments_of
from app.payments.queries_card import attempts_of, refunds_of
from app.payments.queries_legal import documents_to_issue
from app.payments.queries_payouts import payouts_to_book
from app.payments.services import card_refunds
from app.payments.services.card_checkout import apply_session, start_checkout
from app.payments.services.card_refunds import refund_to_card
from app.payments.services.card_watching import look_after_cards
from app.payments.services.inbox import apply_event
from app.payments.services.modes import mode_of, set_mode
from app.payments.services.payouts import payout_paid
from tests.events.factories import make_edition
from tests.payments.cards import COMPLETED, a_document, attempt_of, begun, keep, later, paid
from tests.payments.factories import Seller
from tests.support.card_payments import KEY, LIVE_KEY, StripeServer

pytestmark = [pytest.mark.slow, pytest.mark.engines, pytest.mark.usefixtures("database", "stripe")]


@pytest.fixture
def both(stripe: StripeServer) -> StripeServer:
    """Stripe with both keys, though no installation may lead a live one to a server of tests."""
    settings().__dict__["stripe_secret_key"] = LIVE_KEY
    return stripe


async def go(edition_id: int, *, live: bool, now: datetime | None = None) -> None:
    """Put an edition into a mode."""
    await set_mode(edition_id=edition_id, live=live, actor=SYSTEM, now=now or clock.now())


@pytest.mark.parametrize(
    ("test", "live", "usual"), [("sk_test_1", "", False), ("", "sk_live_1", True), ("sk_test_1", "sk_live_1", False)]
)
async def test_where_nobody_chose_cards_are_live_if_the_live_key_is_alone(test: str, live: str, usual: bool) -> None:
    settings().__dict__.update(stripe_test_secret_key=test, stripe_secret_key=live)
    assert await mode_of((await make_edition()).id) is usual


async def test_a_mode_without_a_key_is_refused_and_each_edition_has_its_own(both: StripeServer, seller: Seller) -> None:
    one, other = await make_edition(), await make_edition(slug="other")
    await go(one.id, live=True)
    assert (await mode_of(one.id), await mode_of(other.id)) == (True, False)
    settings().__dict__["stripe_secret_key"] = ""
    with pytest.raises(ModeHasNoKey):
        await go(other.id, live=True)
    with pytest.raises(CardsNotSetUp):  # its key was taken away
        await start_checkout(document_id=(await a_document(one)).id, locale="vi", now=clock.now())
    logged = await fetch("SELECT action FROM audit_entry WHERE action LIKE 'payment.%'")
    assert [row["action"] for row in logged] == ["payment.card_mode"]


async def test_a_checkout_is_begun_anew_in_the_mode_that_was_chosen_since(both: StripeServer, seller: Seller) -> None:
    document = await a_document()
    first = await begun(document)
    await go(document.edition_id, live=True)
    second = await begun(document)
    assert (first["session_id"][:8], second["session_id"][:8]) == ("cs_test_", "cs_live_")
    assert (bool(first["live"]), bool(second["live"])) == (False, True)
    assert both.control("session", session=first["session_id"])["status"] == "expired"
    both.pay(second["session_id"])
    (row,) = await keep(both, COMPLETED)
    assert await apply_event(row, clock.now()) == Settlement.KEPT.value
    assert (await document_by_id(document.id)).state == DocumentState.PAID


async def test_the_job_ends_what_is_open_in_the_other_mode(both: StripeServer, seller: Seller) -> None:
    document = await a_document()
    attempt = await begun(document)
    assert (await look_after_cards(clock.now()))["checkouts"] == 0
    await go(document.edition_id, live=True)
    assert (await look_after_cards(clock.now()))["checkouts"] == 1
    assert both.control("session", session=attempt["session_id"])["status"] == "expired"
    assert [row["state"] for row in await attempts_of(document.id)] == ["expired"]


async def test_money_goes_back_in_the_mode_in_which_it_came(both: StripeServer, seller: Seller) -> None:
    seller.answer = Settlement.REFUND
    document = await a_document()
    await go(document.edition_id, live=True)
    await paid(both, document)
    await go(document.edition_id, live=False)
    (payment,) = await payments_of(document.id)
    state = await refund_to_card(payment_id=payment.id, amount=Money(50_000, "VND"), actor=SYSTEM, now=clock.now())
    assert state is RefundState.DONE
    (refund,) = await refunds_of(document.id)
    assert (bool(refund["live"]), refund["refund_id"][:8]) == (True, "re_live_")


async def test_money_does_not_go_back_without_the_key_of_its_mode(both: StripeServer, seller: Seller) -> None:
    seller.answer = Settlement.REFUND
    document = await a_document()
    await go(document.edition_id, live=True)
    await paid(both, document)
    settings().__dict__["stripe_secret_key"] = ""
    await go(document.edition_id, live=False)
    (payment,) = await payments_of(document.id)
    with pytest.raises(CardsNotSetUp):
        await refund_to_card(payment_id=payment.id, amount=Money(50_000, "VND"), actor=SYSTEM, now=clock.now())
    assert await refunds_of(document.id) == []


@pytest.mark.parametrize("live", [True, False])
async def test_what_is_told_of_the_other_mode_settles_nothing(both: StripeServer, seller: Seller, live: bool) -> None:
    document = await a_document()
    await go(document.edition_id, live=live)
    attempt = await begun(document)
    both.pay(attempt["session_id"])
    session = both.control("session", session=attempt["session_id"])
    for known in (True, False):  # by its id, and as one of another database's
        if not known:
            await fetch("DELETE FROM card_attempt")
        with pytest.raises(ModeDiffers):
            await apply_session({**session, "livemode": not live}, clock.now())
    assert await payments_of(document.id) == []
    assert await apply_session(session, clock.now()) == Settlement.KEPT.value


@pytest.mark.parametrize("live", [True, False])
async def test_an_events_word_counts_and_it_waits(both: StripeServer, seller: Seller, live: bool) -> None:
    document = await a_document()
    await go(document.edition_id, live=live)
    attempt = await begun(document)
    both.pay(attempt["session_id"])
    (row,) = await keep(both, COMPLETED)
    (stored,) = await fetch("SELECT payload FROM payment_event WHERE id = {}", row)
    told = {**json.loads(stored["payload"]), "livemode": not live}
    await fetch("UPDATE payment_event SET payload = {} WHERE id = {}", json.dumps(told), row)
    with pytest.raises(ModeDiffers):
        await apply_event(row, clock.now())
    assert (await document_by_id(document.id)).state == DocumentState.OPEN


async def test_a_refund_of_the_other_mode_is_not_booked(both: StripeServer, seller: Seller) -> None:
    document = await a_document()
    intent = await paid(both, document)
    made = both.control("refund", payment_intent=intent)
    with pytest.raises(ModeDiffers):
        await card_refunds.apply_refund({**made, "livemode": True}, clock.now())
    assert [one.amount.amount_minor for one in await payments_of(document.id)] == [50_000]


async def test_lost_events_of_both_modes_are_fetched_and_one_key_that_fails_stops_not_the_other(
    both: StripeServer, seller: Seller
) -> None:
    test, live = await a_document(), await a_document(await make_edition(slug="live"), subject_id=2)
    await go(live.edition_id, live=True)
    await begun(test)
    await begun(live)
    for document in (test, live):
        both.pay((await attempt_of(document))["session_id"])
    both.control("take")
    assert (await look_after_cards(clock.now()))["events"] == 6
    read = await fetch("SELECT provider FROM card_event_reading ORDER BY provider")
    assert [row["provider"] for row in read] == ["stripe_live", "stripe_test"]
    settings().__dict__["stripe_secret_key"] = "sk_live_revoked"
    assert (await look_after_cards(later(minutes=11)))["checkouts"] == 1
    assert (await document_by_id(test.id)).state == DocumentState.PAID
    assert (await document_by_id(live.id)).state == DocumentState.OPEN


async def test_checkouts_of_a_mode_whose_key_was_taken_away_are_over_a_day_later(
    both: StripeServer, seller: Seller
) -> None:
    document = await a_document()
    await go(document.edition_id, live=True)
    await begun(document)
    settings().__dict__["stripe_secret_key"] = ""
    await look_after_cards(later(hours=24))
    assert [row["state"] for row in await attempts_of(document.id)] == ["open"]
    await look_after_cards(later(hours=26))
    assert [row["state"] for row in await attempts_of(document.id)] == ["expired"]


async def test_a_payout_is_read_in_its_mode(both: StripeServer) -> None:
    for live in (True, False):
        told = {"id": f"po_{live}", "amount": 100_000, "currency": "vnd", "livemode": live}
        await payout_paid(told, clock.now())
    for live in (True, False):
        assert [row["reference"] for row in await payouts_to_book(clock.now(), live, 9)] == [f"stripe:po_{live}"]


async def test_an_edition_that_took_live_cards_stays_live_when_a_test_key_is_set_beside(
    stripe: StripeServer, seller: Seller
) -> None:
    document = await a_document()
    known = settings().__dict__
    known["stripe_secret_key"], known["stripe_test_secret_key"] = LIVE_KEY, ""
    assert await mode_of(document.edition_id) is True
    await begun(document)
    known["stripe_test_secret_key"] = KEY
    assert await mode_of(document.edition_id) is True
    assert await mode_of((await make_edition("sau")).id) is False


async def test_no_legal_e_invoice_is_asked_for_what_a_test_card_paid(both: StripeServer, seller: Seller) -> None:
    tried, real = await a_document(), await a_document(await make_edition("that"), subject_id=2)
    await go(real.edition_id, live=True)
    await paid(both, tried)
    await paid(both, real)
    assert (await document_by_id(tried.id)).state == DocumentState.PAID
    assert await documents_to_issue(None, clock.now(), 10) == [real.id]


async def test_a_checkout_that_an_earlier_version_began_meanwhile_is_live(both: StripeServer, seller: Seller) -> None:
    document = await a_document()
    await go(document.edition_id, live=True)
    attempt = await begun(document)
    await fetch("UPDATE card_attempt SET live = FALSE, session_id = {}", "cs_live_" + attempt["session_id"][-20:])
    await look_after_cards(clock.now())
    assert bool((await attempt_of(document))["live"])
