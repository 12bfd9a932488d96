"""Card payments at the finance desk: money sent back, claims of cardholders, what providers told and what waits."""

from collections.abc import Sequence
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import stretch
from app.events.queries import edition_by_id
from app.kernel.clock import now
from app.kernel.errors import NotFound
from app.kernel.forms import Form, FormError, open_form
from app.kernel.i18n import _
from app.kernel.money import Money, typed_money
from app.kernel.web import page, redirect
from app.payments import queries, queries_card
from app.payments.controllers.sent import sent_again
from app.payments.enums_card import ATTEMPT_NAMES, DISPUTE_NAMES, DISPUTE_REASONS, REFUND_NAMES, RefundState
from app.payments.errors_card import RefundTooHigh
from app.payments.errors_sent import StandsElsewhere
from app.payments.queries import DocumentInfo, PaymentInfo
from app.payments.queries_legal import refused_in, unanswered_in
from app.payments.queries_sent import card_refund_stand
from app.payments.schemas import CardRefundForm, read_amount
from app.payments.services.card_refunds import intent_of, left_to_refund, mode_of_payment, refund_to_card
from app.payments.services.inbox import queue_event
from app.payments.services.modes import mode_shown
from app.payments.services.stripe_client import cards_on, dashboard_address
from app.payments.why import with_why


class CardFinanceController(Controller):
    """``/manage/{edition_id}/payments``: what concerns cards, and the inbox."""

    path = "/manage/{edition_id:int}/payments"
    guards = [requires(Role.OWNER, Role.FINANCE)]
    include_in_schema = False

    @get("/{document_id:int}/card-refunds/{payment_id:int}")
    async def refund_page(
        self, edition_id: FromPath[int], document_id: FromPath[int], payment_id: FromPath[int]
    ) -> Response[str]:
        """How much of a payment goes back to its card."""
        document, payment = await _named(edition_id, document_id, payment_id)
        stood = await card_refund_stand(payment_id)
        left = await left_to_refund(payment)
        return await _refund_page(document, payment, left, Form.empty(amount=typed_money(left), stood=stood))

    @post("/{document_id:int}/card-refunds/{payment_id:int}")
    async def refund(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        document_id: FromPath[int],
        payment_id: FromPath[int],
    ) -> Response[Any]:
        """Send money back to the card that it came from, all of it or a part."""
        document, payment = await _named(edition_id, document_id, payment_id)
        left = await left_to_refund(payment)
        try:
            reading = await open_form(request, CardRefundForm)
            amount = read_amount(reading, "amount", left)
            values = reading.settle()
            state = await refund_to_card(
                payment_id=payment_id,
                amount=amount,
                actor=request.user,
                note=values.note,
                stood=values.stood,
                now=now(),
            )
        except FormError as error:
            return await _refund_page(document, payment, left, error.form, status=422)
        except (RefundTooHigh, StandsElsewhere) as error:
            form = await sent_again(request, "amount", error)
            form.values["stood"] = await card_refund_stand(payment_id)
            return await _refund_page(document, payment, await left_to_refund(payment), form, status=error.status)
        toast = _("Stripe is told: the money goes back to the card.")
        if state is RefundState.STARTED:
            toast = _("Stripe does not answer. It is asked again until it does, and pays back once.")
        return redirect(f"/manage/{edition_id}/payments/{document_id}", toast=toast)

    @get("/inbox")
    async def inbox(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """What providers told and what could not be applied, what they refused, and what they do not answer."""
        edition = await edition_by_id(edition_id)
        events, pager = stretch(request, await queries_card.inbox_of(edition_id))
        events = with_why(events)
        return page(
            "payments/inbox.html",
            edition=edition,
            events=events,
            pager=pager,
            live=await mode_shown(edition_id),
            refused=await refused_in(edition_id),
            unanswered=await unanswered_in(edition_id),
        )

    @post("/inbox/{event_id:int}")
    async def try_again(self, edition_id: FromPath[int], event_id: FromPath[int]) -> Response[Any]:
        """Apply an event that waits, now. Raises NotFound for one that does not wait, or not in this edition."""
        if not await queries_card.is_in_inbox(event_id, edition_id):
            raise NotFound
        await queue_event(event_id, now())
        return redirect(f"/manage/{edition_id}/payments/inbox", toast=_("It is tried again."))

    @get("/disputes")
    async def disputes(self, edition_id: FromPath[int]) -> Response[str]:
        """Payments that cardholders claim back."""
        return page(
            "payments/disputes.html",
            edition=await edition_by_id(edition_id),
            disputes=await queries_card.disputes_of(edition_id),
            dispute_names={state.value: _(name) for state, name in DISPUTE_NAMES.items()},
            reasons={reason: _(name) for reason, name in DISPUTE_REASONS.items()},
            stripe={live: dashboard_address(live) for live in (True, False)},
            live=await mode_shown(edition_id),
        )


async def card_part(document: DocumentInfo, payments: Sequence[PaymentInfo]) -> dict[str, Any]:
    """What a document's page shows of cards, payments named by their ids.

    ``left`` is what of a payment has to go back and is not on its way to its card, ``refundable`` those of which
    something can be sent there, ``under_way`` those of which something is. ``waiting`` are notices of the document that
    could not be written down.
    """
    refunds = await queries_card.refunds_of(document.id)
    by_card = [one for one in payments if one.due_back.amount_minor and intent_of(one)]
    left = {one.id: await left_to_refund(one) for one in by_card}
    inbox = await queries_card.inbox_of(document.edition_id)
    return {
        "waiting": with_why(one for one in inbox if one["document_id"] == document.id and one["tries"]),
        "attempts": with_why(await queries_card.attempts_of(document.id)),
        "refunds": with_why(refunds),
        "disputes": await queries_card.disputes_of(document.edition_id, document.id),
        "left": left,
        "refundable": {one.id for one in by_card if left[one.id].amount_minor and cards_on(await mode_of_payment(one))},
        "live": await mode_shown(document.edition_id),
        "under_way": {one["payment"] for one in refunds if one["state"] in queries_card.UNDER_WAY},
        "attempt_names": {state.value: _(name) for state, name in ATTEMPT_NAMES.items()},
        "refund_names": {state.value: _(name) for state, name in REFUND_NAMES.items()},
        "dispute_names": {state.value: _(name) for state, name in DISPUTE_NAMES.items()},
    }


async def _named(edition_id: int, document_id: int, payment_id: int) -> tuple[DocumentInfo, PaymentInfo]:
    """Raises DocumentNotFound when it is not of this edition, or the payment not of it."""
    document = await queries.document_by_id(document_id, edition_id)
    return document, await queries.payment_by_id(payment_id, document_id)


async def _refund_page(
    document: DocumentInfo, payment: PaymentInfo, left: Money, form: Form, *, status: int = 200
) -> Response[str]:
    return page(
        "payments/card_refund.html",
        status=status,
        edition=await edition_by_id(document.edition_id),
        document=document,
        payment=payment,
        live=await mode_of_payment(payment),
        left=left,
        form=form,
    )
