"""From an order's page to Stripe's and back, and what finance sees of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel import clock
from app.kernel.tables import Job, OutboxMessage
from app.payments.controllers.card import COOKIE
from app.payments.queries import document_by_id, payments_of
from app.payments.queries_card import refunds_of
from app.payments.services import inbox
from app.payments.services.inbox import apply_event
from app.payments.tables import PaymentEvent
from tests.payments.cards import COMPLETED, attempt_of, keep, tell
from tests.support.card_payments import StripeServer
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_owner
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type
from ticketing.sales.queries import tickets_of_order
from ticketing.sales.services.outcomes import cancel_order, expire_orders
from ticketing.sales.tables import TicketOrder

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("stripe")]


@dataclass
class Scene:
    """An order of one ticket over 50.000 ₫ that waits for its money, and the buyer's browser."""

    browser: Browser
    edition_id: int
    order_id: int
    document_id: int
    path: str

    async def page(self) -> str:
        """The order's page."""
        return (await self.browser.get(f"{self.path}?lang=en")).text

    async def leave(self) -> str:
        """Press the button; gives the address that the page leads on to."""
        answer = await self.browser.post(f"{self.path}/card?lang=en")
        assert answer.status_code == 200
        found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', answer.text)
        assert found is not None
        return found[1]

    async def attempt(self) -> dict[str, Any]:
        """The newest checkout."""
        return await attempt_of(await document_by_id(self.document_id))


@pytest.fixture
async def scene(client: Browser) -> Scene:
    """The order."""
    now = clock.now()
    today = now.date()
    edition = await make_open_edition(now=now, starts_on=today, ends_on=today + timedelta(days=2))
    type_id = await make_ticket_type(edition.id, now=now, price_minor=50_000)
    placed = await make_order(edition.id, {type_id: 1}, now=now)
    path = f"{edition.path}/tickets/done/{placed.secret}"
    order = await TicketOrder.objects().get(TicketOrder.secret_hash.is_not_null())
    assert order is not None
    return Scene(client, edition.id, order.id, order.payment_document, path)


async def paid(scene: Scene, stripe: StripeServer) -> None:
    """Let the order be paid by card."""
    await scene.leave()
    stripe.pay((await scene.attempt())["session_id"])
    await tell(stripe, COMPLETED)


async def test_she_is_led_to_stripe_and_back_to_her_pass(scene: Scene, stripe: StripeServer) -> None:
    assert "Pay by card" in await scene.page()
    url = await scene.leave()
    attempt = await scene.attempt()
    assert url == attempt["url"] == await scene.leave()
    session = stripe.control("session", session=attempt["session_id"])
    secret = scene.path.rpartition("/")[2]
    assert secret not in str(session)
    stripe.pay(attempt["session_id"])
    await tell(stripe, COMPLETED)
    back = await scene.browser.get("/pay/card/done?lang=en")
    assert (back.status_code, back.headers["location"]) == (303, scene.path)
    page = await scene.page()
    assert "Your pass is ready" in page
    assert "Your payment has come" in page


async def test_stripe_is_asked_when_its_webhook_is_late(scene: Scene, stripe: StripeServer) -> None:
    await scene.leave()
    waiting = await scene.browser.get("/pay/card/done?lang=en")
    assert "You need not pay again" in waiting.text
    assert scene.path not in waiting.text
    await scene.browser.get("/pay/card/back?later")
    assert "Nothing was paid." not in await scene.page()
    stripe.pay((await scene.attempt())["session_id"])
    assert (await scene.browser.get("/pay/card/done")).headers["location"] == scene.path
    assert "Your pass is ready" in await scene.page()


async def test_while_stripe_is_silent_she_is_told_to_wait(scene: Scene, stripe: StripeServer) -> None:
    await scene.leave()
    stripe.control("set", drops=3)
    assert "You need not pay again" in (await scene.browser.get("/pay/card/done?lang=en")).text


async def test_who_goes_away_pays_nothing_and_comes_back(scene: Scene) -> None:
    await scene.leave()
    assert (await scene.browser.get("/pay/card/back")).headers["location"] == scene.path
    page = await scene.page()
    assert "Nothing was paid." in page
    assert "Pay by card" in page


async def test_another_browser_is_led_to_no_order(scene: Scene) -> None:
    await scene.leave()
    async with new_browser() as other:
        for path in ("/pay/card/done", "/pay/card/back"):
            assert "Open the link in the message" in (await other.get(f"{path}?lang=en")).text
        other.cookies.set(COOKIE, "forged", domain="testserver.local")
        assert (await other.get("/pay/card/done")).status_code == 200


async def test_the_link_alone_opens_the_way(scene: Scene) -> None:
    wrong = scene.path[:-1] + ("0" if scene.path[-1] != "0" else "1")
    assert (await scene.browser.post(f"{wrong}/card")).status_code == 404


async def test_who_comes_to_the_page_in_between_begins_at_her_order(scene: Scene) -> None:
    assert (await scene.browser.get(f"{scene.path}/card")).headers["location"] == scene.path


async def test_without_a_key_there_is_no_button(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.kernel.settings import settings

    monkeypatch.delenv("STRIPE_TEST_SECRET_KEY", raising=False)
    settings.cache_clear()
    assert "Pay by card" not in await scene.page()
    assert (await scene.browser.post(f"{scene.path}/card")).status_code == 503


@pytest.mark.engines
async def test_money_that_comes_after_the_hold_buys_what_is_still_free(scene: Scene, stripe: StripeServer) -> None:
    await scene.leave()
    attempt = await scene.attempt()
    assert await expire_orders(now=clock.now() + timedelta(minutes=21)) == 1
    assert "It was not paid in time" in await scene.page()
    stripe.pay(attempt["session_id"])
    assert await tell(stripe, COMPLETED) == ["kept"]
    assert "Your pass is ready" in await scene.page()


@pytest.fixture
async def desk(scene: Scene) -> Browser:
    """A browser in which an owner is signed in."""
    browser = new_browser()
    await sign_in(browser, (await make_owner()).id)
    return browser


@pytest.mark.engines
async def test_money_goes_back_to_the_card_in_parts_and_the_buyer_sees_it(
    scene: Scene, stripe: StripeServer, desk: Browser
) -> None:
    await paid(scene, stripe)
    await cancel_order(order_id=scene.order_id, edition_id=scene.edition_id, actor=SYSTEM, now=clock.now())
    assert "What you paid, 50.000\xa0₫, goes back to you: the organisers see to it" in await scene.page()
    own = f"/manage/{scene.edition_id}/payments/{scene.document_id}"
    assert "Send it back to the card" in (await desk.get(f"{own}?lang=en")).text
    (payment,) = await payments_of(scene.document_id)
    refunds = f"{own}/card-refunds/{payment.id}"
    assert 'value="50.000"' in (await desk.get(refunds)).text
    for amount, sentence in (("x", "Please write an amount"), ("50.001", "At most 50.000\xa0₫"), ("0", "At most")):
        refused = await desk.post(f"{refunds}?lang=en", data={"amount": amount})
        assert (refused.status_code, sentence in refused.text) == (422, True)
    stood = re.findall('name="stood" autocomplete="off" value="([^"]*)"', (await desk.get(refunds)).text)[0]
    part = {"amount": "20.000", "note": "một phần", "stood": stood}
    for _time in range(2):  # its answer was lost
        assert (await desk.post(refunds, data=part)).headers["location"] == own
    other = await desk.post(f"{refunds}?lang=en", data=part | {"amount": "10.000"})
    assert (other.status_code, "has changed since this page was opened" in unescape(other.text)) == (409, True)
    assert f'name="stood" autocomplete="off" value="{stood}"' not in other.text
    shown = (await desk.get(f"{own}?lang=en")).text
    assert "Back to the card" in shown
    assert "một phần" in shown
    assert 'value="30.000"' in (await desk.get(refunds)).text
    assert "30.000\xa0₫ has to go back." in shown
    page = await scene.page()
    assert "20.000\xa0₫ went back to your card" in page
    assert "What you paid, 30.000\xa0₫, goes back to you" in page
    await desk.post(refunds, data={"amount": "30.000"})
    page = await scene.page()
    assert "30.000\xa0₫ went back to your card" in page
    assert "the organisers see to it" not in page
    assert "All of it went back" in (await desk.get(f"{refunds}?lang=en")).text
    messages = await OutboxMessage.select().where(OutboxMessage.unique_key.like("card-refund:%"))
    assert len(messages) == 2
    assert "20.000" in messages[0]["body_text"]


@pytest.mark.engines
async def test_a_refund_that_fails_days_later_is_shown_told_and_sent_again(
    scene: Scene, stripe: StripeServer, desk: Browser
) -> None:
    await paid(scene, stripe)
    await cancel_order(order_id=scene.order_id, edition_id=scene.edition_id, actor=SYSTEM, now=clock.now())
    own = f"/manage/{scene.edition_id}/payments/{scene.document_id}"
    refunds = f"{own}/card-refunds/{(await payments_of(scene.document_id))[0].id}"
    await desk.post(refunds, data={"amount": "50.000"})
    assert "went back to your card" in await scene.page()
    (row,) = await refunds_of(scene.document_id)
    stripe.control("end_refund", refund=row["refund_id"], status="failed")
    failed = await keep(stripe, "refund.failed")
    for _time in range(2):
        await apply_event(failed[0], clock.now())
    shown = (await desk.get(f"{own}?lang=en")).text
    for words in (
        "50.000\xa0₫ has to go back.",
        "Its refund failed: the money is here again. The card has expired or was cancelled.",
    ):
        assert words in shown
    page = await scene.page()
    assert "What you paid, 50.000\xa0₫, goes back to you: the organisers see to it" in page
    assert "went back to your card" not in page
    refund_messages = OutboxMessage.unique_key.like("card-refund%")
    told = await OutboxMessage.select().where(refund_messages).order_by(OutboxMessage.id)
    assert [message["unique_key"].split(":")[0] for message in told] == [
        "card-refund",
        "card-refund-failed",
    ]
    assert "50.000\xa0₫" in told[1]["body_text"]
    assert (await desk.post(refunds, data={"amount": "50.000"})).headers["location"] == own
    assert "went back to your card" in await scene.page()


@pytest.mark.engines
async def test_what_is_given_back_at_stripe_itself_ends_the_order(scene: Scene, stripe: StripeServer) -> None:
    await paid(scene, stripe)
    (before,) = await tickets_of_order(scene.order_id)
    stripe.control("refund", payment_intent=(await scene.attempt())["payment_intent"])
    assert await tell(stripe, "refund.created", "charge.refunded") == ["done", "known"]
    page = await scene.page()
    assert ("This order was cancelled" in page, "Its passes open no gate." in page) == (True, True)
    assert "50.000\xa0₫ went back to your card" in page
    (ticket,) = await tickets_of_order(scene.order_id)
    assert (before["pass_state"], ticket["pass_state"]) == ("issued", "revoked")


async def test_a_refund_without_an_answer_is_said_to_go_on(scene: Scene, stripe: StripeServer, desk: Browser) -> None:
    await paid(scene, stripe)
    await cancel_order(order_id=scene.order_id, edition_id=scene.edition_id, actor=SYSTEM, now=clock.now())
    own = f"/manage/{scene.edition_id}/payments/{scene.document_id}"
    (payment,) = await payments_of(scene.document_id)
    stripe.control("set", drops=3)
    await desk.post(f"{own}/card-refunds/{payment.id}?lang=en", data={"amount": "50.000"})
    shown = (await desk.get(f"{own}?lang=en")).text
    assert "It is asked again until it does" in shown
    assert "Begun" in shown
    assert "It has gone back" not in shown  # nobody pays it back by hand meanwhile
    by_hand = await desk.post(f"{own}/refunds/{payment.id}", data={"method": "cash", "amount": "50.000"})
    assert (by_hand.status_code, len(await payments_of(scene.document_id))) == (409, 1)


async def test_claims_of_cardholders_are_shown(scene: Scene, stripe: StripeServer, desk: Browser) -> None:
    base = f"/manage/{scene.edition_id}/payments"
    assert "No claim" in (await desk.get(f"{base}/disputes?lang=en")).text
    await paid(scene, stripe)
    intent = (await scene.attempt())["payment_intent"]
    stripe.control("dispute", payment_intent=intent, status="needs_response")
    await tell(stripe, "charge.dispute.created")
    listed = (await desk.get(f"{base}/disputes?lang=en")).text
    assert "Waits for your answer at Stripe" in listed
    assert "https://dashboard.stripe.com/test/disputes/dp_test_" in listed
    assert ("She did not make the payment." in listed, "fraudulent" in listed) == (True, False)
    assert "claims 50.000\xa0₫ back" in (await desk.get(f"{base}/{scene.document_id}?lang=en")).text
    assert f"{base}/disputes" in (await desk.get(f"/manage/{scene.edition_id}?lang=en")).text


async def test_what_could_not_be_written_down_is_shown_with_its_reason_and_tried_again(
    scene: Scene, stripe: StripeServer, desk: Browser
) -> None:
    base = f"/manage/{scene.edition_id}/payments"
    assert "Nothing waits" in (await desk.get(f"{base}/inbox?lang=en")).text
    await scene.leave()
    stripe.pay((await scene.attempt())["session_id"], amount=40_000)
    (row,) = await keep(stripe, COMPLETED)
    with pytest.raises(Exception, match="amount_differs"):
        await apply_event(row, clock.now())
    listed = (await desk.get(f"{base}/inbox?lang=en")).text
    document = await document_by_id(scene.document_id)
    for path in (f"{base}/inbox", f"{base}/{scene.document_id}"):
        for locale, begin in (("en", "Invoice"), ("vi", "Hóa đơn"), ("id", "Faktur")):
            shown = (await desk.get(f"{path}?lang={locale}")).text
            assert re.search(rf"{begin} {document.number}\b[^<]*50\.000[^<]*40\.000", shown), (path, locale)
            assert "amount_differs" not in shown
    assert f"{base}/{scene.document_id}" in listed
    assert f"{base}/inbox" in (await desk.get(f"/manage/{scene.edition_id}?lang=en")).text
    other = await make_open_edition(now=clock.now())
    assert "Nothing waits" in (await desk.get(f"/manage/{other.id}/payments/inbox?lang=en")).text
    await Job.update({Job.state: "done"}).where(Job.kind == inbox.JOB)
    assert (await desk.post(f"/manage/{other.id}/payments/inbox/{row}")).status_code == 404
    assert (await desk.post(f"{base}/inbox/{row}")).status_code == 303
    assert await Job.count().where((Job.kind == inbox.JOB) & (Job.state == "queued")) == 1


async def test_notices_are_shown_page_by_page_and_each_can_be_tried_again(scene: Scene, desk: Browser) -> None:
    base = f"/manage/{scene.edition_id}/payments/inbox"
    values = {"provider": "x", "kind": "y", "payload": "{}", "received_at": clock.now()}
    await PaymentEvent.insert(*(PaymentEvent(event_id=f"{number}", tries=1, **values) for number in range(120)))
    last = PaymentEvent(event_id="last", **values)
    await last.save()
    first = (await desk.get(f"{base}?lang=en")).text
    assert (first.count("x: y"), f"{base}/{last.id}" in first) == (50, True)
    assert (await desk.get(f"{base}?page=3")).text.count("x: y") == 21
    newest = await PaymentEvent.select(PaymentEvent.id).where(PaymentEvent.event_id == "119").first()
    assert newest is not None
    assert (await desk.post(f"{base}/{newest['id']}")).status_code == 303
    assert (await desk.post(f"{base}/{last.id + 1}")).status_code == 404


@pytest.mark.parametrize("mode", ["sandbox", "live"])
async def test_the_mode_is_shown_to_finance_and_a_trial_to_the_payer(
    scene: Scene, desk: Browser, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.kernel.settings import settings

    await scene.leave()
    word, other = ("Stripe: Sandbox", "Stripe: Live") if mode == "sandbox" else ("Stripe: Live", "Stripe: Sandbox")
    if mode == "live":
        monkeypatch.delenv("STRIPE_API_BASE")
        monkeypatch.delenv("STRIPE_TEST_SECRET_KEY")
        monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_only_the_tests_know")
        settings.cache_clear()
    base = f"/manage/{scene.edition_id}/payments"
    for path in ("", "/inbox", "/disputes"):
        shown = (await desk.get(f"{base}{path}?lang=en")).text
        assert (word in shown, other in shown) == (True, False), path
    shown = (await desk.get(f"{base}/{scene.document_id}?lang=en")).text  # what she began says its own mode ever after
    assert ("Stripe: Sandbox" in shown, "Stripe: Live" in shown) == (True, False)
    page = await scene.page()
    assert ("no card is charged" in page, "Stripe: Live" in page) == (mode == "sandbox", False)
    monkeypatch.delenv("STRIPE_TEST_SECRET_KEY", raising=False)
    monkeypatch.delenv("STRIPE_SECRET_KEY", raising=False)
    settings.cache_clear()
    assert "Stripe: " not in (await desk.get(f"{base}?lang=en")).text
    assert "no card is charged" not in await scene.page()


async def test_who_is_led_to_a_trial_is_told_so_on_the_way(scene: Scene) -> None:
    assert "no card is charged" in (await scene.browser.post(f"{scene.path}/card?lang=en")).text
    assert "no card is charged" in (await scene.browser.get("/pay/card/done?lang=en")).text


async def test_notices_of_anything_at_all_can_be_shown(scene: Scene, desk: Browser) -> None:
    at: datetime = clock.now()
    for number, payload in enumerate(
        ("[]", "{}", '{"data": []}', '{"data": {"object": {"metadata": {"document_id": "٣"}}}}')
    ):
        await PaymentEvent(provider="x", event_id=str(number), kind="y", payload=payload, received_at=at).save()
    assert (await desk.get(f"/manage/{scene.edition_id}/payments/inbox")).text.count("x: y") == 4
