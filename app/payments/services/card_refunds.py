"""Money that goes back to a card: asked for here, or made at Stripe itself; each refund booked once.

The refund is committed with its idempotency key before Stripe is asked, so that a fall in between sends nothing twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.accounts.actor import Actor
from app.accounts.queries import actor_of_person
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.money import Money
from app.kernel.names import clean_text
from app.kernel.security import new_token
from app.kernel.settings import settings
from app.payments.currencies import from_stripe, to_stripe
from app.payments.enums import DocumentState, PaymentMethod, Settlement
from app.payments.enums_card import RefundState
from app.payments.errors import DocumentNotOpen
from app.payments.errors_card import (
    CardsNotSetUp,
    ModeDiffers,
    NotByCard,
    PaymentNotKnownYet,
    RefundNotOwed,
    RefundTooHigh,
    StripeNotReached,
    StripeRefused,
)
from app.payments.queries import OVER, PaymentInfo, document_by_id, hold_document, payment_by_id, payments_of
from app.payments.queries_card import (
    PROVIDER,
    UNDER_WAY,
    is_any_attempt_unsettled,
    mode_of_intent,
    own_id,
    payments_of_intent,
    told_back,
    under_way,
)
from app.payments.queries_sent import card_refund_sent_before
from app.payments.services.card_telling import tell_back_on_card, tell_not_on_card
from app.payments.services.claims_back import count_claims
from app.payments.services.documents import take_back
from app.payments.services.inbox import IGNORED
from app.payments.services.modes import mode_of
from app.payments.services.owing import owe_back
from app.payments.services.refunding import record_refund, reverse_refund
from app.payments.services.stripe_client import (
    cards_on,
    create_refund,
    from_stripe_time,
    refunds_of_intent,
    retrieve_refund,
)
from app.payments.tables import Payment
from app.payments.tables_card import CardRefund

#: Stripe forgets idempotency keys after a day at the earliest.
KEYS_LAST = timedelta(hours=20)
#: Stripe's words: https://docs.stripe.com/api/refunds/object
_STATES = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.DONE,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}


def intent_of(payment: PaymentInfo) -> str | None:
    """The id that Stripe knows a payment by, also for what was too much of it; None for money that came another way."""
    provider, _colon, name = (payment.provider_reference or "").partition(":")
    by_card = provider == PROVIDER and name.startswith("pi_") and payment.amount.amount_minor > 0
    return name.removesuffix(OVER) if by_card else None


async def mode_of_payment(payment: PaymentInfo) -> bool:
    """Whether a payment came in Stripe's live mode: as its checkout was begun, whatever its edition's mode is now."""
    found = await mode_of_intent(intent_of(payment) or "")
    return await mode_of((await document_by_id(payment.document_id)).edition_id) if found is None else found


async def left_to_refund(payment: PaymentInfo) -> Money:
    """How much of a payment has to go back and is not on its way to its card already."""
    left = payment.due_back.amount_minor - await under_way(payment.id)
    return Money(max(0, left), payment.amount.currency)


async def refund_to_card(
    *, payment_id: int, amount: Money, actor: Actor, now: datetime, note: str = "", stood: str = ""
) -> RefundState:
    """Send money that has to go back to the card that it came from; gives where that stands.

    When Stripe did not answer it is ``started``, and a job goes on with it. The same sent again from a page that was
    opened when the payment's refunds ``stood`` there (``card_refund_stand``) gives the first answer; another refund
    since raises StandsElsewhere.
    Raises CardsNotSetUp, DocumentNotFound, NotByCard, DocumentNotOpen (nothing has to go back), RefundTooHigh,
    StripeRefused.
    """
    async with write_transaction():
        payment = await payment_by_id(payment_id)
        if not cards_on(live := await mode_of_payment(payment)):
            raise CardsNotSetUp
        document = await hold_document(payment.document_id)
        payment = await payment_by_id(payment_id)
        if intent_of(payment) is None:
            raise NotByCard
        if sent := await card_refund_sent_before(document, payment_id, stood, amount, note=note, actor=actor):
            return RefundState(sent["state"])
        if payment.owed.amount_minor == 0:
            raise DocumentNotOpen(number=document.number)
        left = await left_to_refund(payment)
        if amount.currency != left.currency or not 0 < amount.amount_minor <= left.amount_minor:
            raise RefundTooHigh(left=left)
        row = CardRefund(
            payment=payment.id,
            amount_minor=amount.amount_minor,
            currency=amount.currency,
            idempotency_key=f"refund-{new_token()}",
            state=RefundState.STARTED.value,
            note=clean_text(note)[:200],
            live=live,
            asked_by=actor.person_id,
            created_at=now,
        )
        await row.save()
        await audit.record(
            actor=actor,
            action="payment.refund_to_card",
            subject_type="payment_document",
            subject_id=document.id,
            edition_id=document.edition_id,
            after={"amount_minor": amount.amount_minor, "payment_id": payment.id},
            now=now,
        )
    try:
        return await carry_on(row.to_dict(), now)
    except StripeNotReached:
        return RefundState.STARTED


async def refund_all_to_cards(*, document_id: int, actor: Actor, now: datetime) -> int:
    """Send all that has to go back of a document, and came by card, to the cards; returns of how many payments.

    Sent twice it goes once. What Stripe refuses, or somebody sends at this moment, is left to the finance desk.
    """
    sent = 0
    for payment in await payments_of(document_id):
        left = await left_to_refund(payment)
        if intent_of(payment) is None or not left.amount_minor:
            continue
        try:
            await refund_to_card(payment_id=payment.id, amount=left, actor=actor, now=now)
            sent += 1
        except (CardsNotSetUp, DocumentNotOpen, RefundTooHigh, StripeRefused):
            continue
    return sent


async def carry_on(refund: Mapping[str, Any], now: datetime) -> RefundState:
    """Ask Stripe for a refund that is under way, under its key, or how it stands; and book what it says.

    Raises StripeRefused, which ends it, StripeNotReached, CardsNotSetUp.
    """
    try:
        known, live = refund["refund_id"], bool(refund["live"])
        told = await retrieve_refund(known, live) if known else await _ask(refund, now)
    except StripeRefused as error:
        values: dict[Any, Any] = {
            CardRefund.state: RefundState.FAILED.value,
            CardRefund.error: str(error.params["reason"])[:300],
            CardRefund.checked_at: now,
        }
        async with write_transaction():
            document = await hold_document((await payment_by_id(refund["payment"])).document_id)
            await CardRefund.update(values).where((CardRefund.id == refund["id"]) & CardRefund.state.is_in(UNDER_WAY))
            await count_claims(document, now)  # a claim that was lost meanwhile is why Stripe refuses
        raise
    async with write_transaction():
        await apply_refund({**told, "livemode": live}, now)
        await CardRefund.update({CardRefund.checked_at: now}).where(CardRefund.id == refund["id"])
    return RefundState((await CardRefund.select(CardRefund.state).where(CardRefund.id == refund["id"]))[0]["state"])


async def apply_refund(told: Mapping[str, Any], now: datetime) -> str:
    """Keep how a refund stands, in the caller's transaction, and book it once when it went through; names what it is.

    One that fails after that, as a bank may refuse it days later, is taken back: its money has to go back anew. One
    that failed stays so, whatever is told later of an earlier time. ``livemode`` of what is told is its event's. Raises
    PaymentNotKnownYet, ModeDiffers, AmountNotWhole, and
    what the booking raises.
    """
    row = await _row_of(told, now)
    if row is None:
        return IGNORED
    payment = await payment_by_id(row["payment"])
    if bool(row["live"]) != bool(told.get("livemode")):
        raise ModeDiffers(number=(await document_by_id(payment.document_id)).number)
    await hold_document(payment.document_id)
    (row,) = await CardRefund.select().where(CardRefund.id == row["id"])  # as nobody else changes it any more
    state = _STATES[str(told.get("status"))]
    before = {
        RefundState.PENDING: [RefundState.STARTED.value],
        RefundState.DONE: UNDER_WAY,
        RefundState.FAILED: [*UNDER_WAY, RefundState.DONE.value],
    }[state]
    values: dict[Any, Any] = {CardRefund.state: state.value, CardRefund.refund_id: told["id"]}
    if state is RefundState.FAILED:
        values[CardRefund.error] = str(told.get("failure_reason") or told.get("status"))[:300]
    changed = (
        await CardRefund.update(values)
        .where((CardRefund.id == row["id"]) & CardRefund.state.is_in(before))
        .returning(CardRefund.id)
    )
    if changed and state is RefundState.DONE:
        await _book(row, str(told["id"]), payment, now)
    elif changed and row["state"] == RefundState.DONE.value:
        await _reverse(row, str(told["id"]), payment, str(values[CardRefund.error]), now)
    if changed and state is RefundState.FAILED:
        await count_claims(await document_by_id(payment.document_id), now)
    return state.value


async def check_charge(charge: Mapping[str, Any]) -> str:
    """Whether every refund of a payment is known here, of what Stripe says went back in all.

    Raises PaymentNotKnownYet until each was told by an event of its own, or by the list of events.
    """
    intent = str(charge.get("payment_intent"))
    if not await payments_of_intent(intent):
        return await _unknown(charge)
    total = from_stripe(charge["amount_refunded"], str(charge["currency"]))
    if await told_back(intent) < total.amount_minor:
        raise PaymentNotKnownYet(reference=charge.get("id"))
    return "known"


async def _ask(refund: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Let Stripe make a refund, once: under its key while Stripe remembers that, later only if it has none of ours."""
    intent = str(intent_of(await payment_by_id(refund["payment"])))
    metadata = {"refund_id": str(refund["id"]), "site": settings().base_url}
    if refund["created_at"] < now - KEYS_LAST:
        made = [one for one in await refunds_of_intent(intent, bool(refund["live"])) if one.get("metadata") == metadata]
        if made:
            return made[0]
    amount = to_stripe(Money(refund["amount_minor"], refund["currency"]))
    return await create_refund(
        {"payment_intent": intent, "amount": amount, "metadata": metadata},
        key=refund["idempotency_key"],
        live=bool(refund["live"]),
    )


async def _row_of(told: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """The refund that Stripe tells of; one that was made at Stripe itself is written down first."""
    found = await CardRefund.select().where(CardRefund.refund_id == told["id"]).first()
    mine = told.get("metadata") or {}
    carried = own_id(mine.get("refund_id"))
    if found is None and mine.get("site") == settings().base_url and carried is not None:
        chosen = (CardRefund.id == carried) & CardRefund.refund_id.is_null()
        found = await CardRefund.select().where(chosen).first()
    if found is not None:
        return found
    payments = await payments_of_intent(str(told.get("payment_intent")))
    if not payments:
        await _unknown(told)
        return None
    amount = from_stripe(told["amount"], str(told["currency"]))
    fitting = [one for one in payments if (await left_to_refund(one)).amount_minor >= amount.amount_minor]
    row = CardRefund(
        payment=(fitting or payments)[0].id,
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        idempotency_key=f"told-{told['id']}"[:64],
        refund_id=told["id"],
        state=RefundState.PENDING.value,
        live=await mode_of_payment(payments[0]),
        created_at=now,
    )
    await row.save()
    return row.to_dict()


async def _unknown(told: Mapping[str, Any]) -> str:
    """What is of no payment here waits while one may still come; else it is of somebody else's."""
    if await is_any_attempt_unsettled(from_stripe_time(int(told.get("created") or 0))):
        raise PaymentNotKnownYet(reference=told.get("payment_intent"))
    return IGNORED


async def _book(refund: Mapping[str, Any], refund_id: str, payment: PaymentInfo, now: datetime) -> None:
    """Write the refund down as money that went back, and tell the payer. Raises RefundNotOwed."""
    document = await document_by_id(payment.document_id)
    amount = Money(refund["amount_minor"], refund["currency"])
    actor = await actor_of_person(refund["asked_by"]) if refund["asked_by"] else None
    shares = await _shares(payment, amount, now)
    for name, (payment_id, share) in zip(_names(refund_id), shares, strict=False):
        await record_refund(
            payment_id=payment_id,
            method=PaymentMethod.CARD,
            amount=share,
            actor=actor,
            now=now,
            note=refund["note"],
            provider_reference=name,
        )
    await tell_back_on_card(document, refund["id"], amount, now)


async def _reverse(refund: Mapping[str, Any], refund_id: str, payment: PaymentInfo, reason: str, now: datetime) -> None:
    """Take back what was written down of a refund, and tell the payer, who heard that it went back."""
    for name in _names(refund_id):
        await reverse_refund(provider_reference=name, reason=reason, now=now)
    document = await document_by_id(payment.document_id)
    await tell_not_on_card(document, refund["id"], Money(refund["amount_minor"], refund["currency"]), now)


def _names(refund_id: str) -> tuple[str, str]:
    """What a refund is known by here: what goes back of one payment, and of the other one of the same at Stripe."""
    return f"{PROVIDER}:{refund_id}", f"{PROVIDER}:{refund_id}:rest"


async def _shares(payment: PaymentInfo, amount: Money, now: datetime) -> list[tuple[int, Money]]:
    """Of which payments a refund is how much: its own first, then the other one of the same payment at Stripe.

    All of it has to go back after this. Raises RefundNotOwed.
    """
    intent = str(intent_of(payment))
    payments = await payments_of_intent(intent)
    missing = amount.amount_minor - sum(one.due_back.amount_minor for one in payments)
    if missing > 0:
        await _owe(payments, missing, now)
        payments = await payments_of_intent(intent)
    shares, rest = [], amount.amount_minor
    for one in sorted(payments, key=lambda one: one.id != payment.id):
        if part := min(rest, one.due_back.amount_minor):
            shares.append((one.id, Money(part, amount.currency)))
            rest -= part
    return shares


async def _owe(payments: Sequence[PaymentInfo], minor: int, now: datetime) -> None:
    """Let more of one payment at Stripe have to go back, since it did so already: somebody gave it back there.

    What another payment of the document has to give back goes back here in its place. Of a document that is open, so
    that nothing was sold yet, less has come. Of one that is paid, all that it keeps is owed back, and its seller hears
    of it; of a part somebody has to say what it is for, by a credit note: until then it waits. Raises RefundNotOwed.
    """
    document = await document_by_id(payments[0].document_id)
    minor -= await _owe_instead(payments, minor)
    if not minor:
        return
    if document.state == DocumentState.OPEN:
        await owe_back(document, minor, now, first=payments[0].id)
    elif document.state == DocumentState.PAID and document.paid.amount_minor == minor:
        await take_back(document_id=document.id, actor=None, now=now)
    else:
        raise RefundNotOwed(amount=Money(minor, document.amount.currency))


async def _owe_instead(payments: Sequence[PaymentInfo], minor: int) -> int:
    """Let money that other payments of a document have to give back go back from its card; returns how much.

    The document owes what it owed, so that the ledger has nothing to say.
    """
    kept, names = payments[0], {one.id for one in payments}
    most = min(minor, kept.amount.amount_minor - kept.owed.amount_minor)
    moved = 0
    for other in await payments_of(kept.document_id):
        part = min(most - moved, (await left_to_refund(other)).amount_minor)
        if other.id not in names and part > 0:
            await _change_owed(other, -part)
            moved += part
    if moved:
        await _change_owed(kept, moved)
    return moved


async def _change_owed(payment: PaymentInfo, by_minor: int) -> None:
    owed = payment.owed.amount_minor + by_minor
    values: dict[Any, Any] = {Payment.owed_minor: owed}
    if owed == payment.amount.amount_minor:
        values[Payment.outcome] = Settlement.REFUND.value
    elif payment.outcome == Settlement.REFUND:
        values[Payment.outcome] = Settlement.KEPT.value
    await Payment.update(values).where(Payment.id == payment.id)
