"""Payments that cardholders claim back at their banks: shown to finance, who answers at Stripe."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.kernel.database import write_transaction
from app.payments.currencies import from_stripe
from app.payments.enums_card import DisputeState
from app.payments.errors_card import PaymentNotKnownYet
from app.payments.queries_card import is_any_attempt_unsettled, payment_of_intent
from app.payments.services.inbox import IGNORED
from app.payments.services.stripe_client import from_stripe_time
from app.payments.tables_card import CardDispute

#: Stripe's words (https://docs.stripe.com/api/disputes/object), an inquiry counted as what it may become.
_STATES = {
    "needs_response": DisputeState.NEEDS_ANSWER,
    "warning_needs_response": DisputeState.NEEDS_ANSWER,
    "under_review": DisputeState.UNDER_REVIEW,
    "warning_under_review": DisputeState.UNDER_REVIEW,
    "won": DisputeState.WON,
    "warning_closed": DisputeState.WON,
    "prevented": DisputeState.WON,
    "lost": DisputeState.LOST,
}


async def apply_dispute(dispute: Mapping[str, Any], told_at: datetime) -> str:
    """Keep how a dispute stood at ``told_at``, in the caller's transaction; what was told earlier changes nothing.

    Raises PaymentNotKnownYet, AmountNotWhole, KeyError for a state that is not known.
    """
    payment = await payment_of_intent(str(dispute.get("payment_intent")))
    if payment is None:
        if await is_any_attempt_unsettled(from_stripe_time(int(dispute.get("created") or 0))):
            raise PaymentNotKnownYet(reference=dispute.get("payment_intent"))
        return IGNORED
    amount = from_stripe(dispute["amount"], str(dispute["currency"]))
    answer_by = (dispute.get("evidence_details") or {}).get("due_by")
    state = _STATES[dispute["status"]]
    async with write_transaction():
        row = CardDispute(
            payment=payment["id"],
            dispute_id=dispute["id"],
            amount_minor=amount.amount_minor,
            currency=amount.currency,
            reason=str(dispute.get("reason") or "")[:60],
            state=state.value,
            answer_by=from_stripe_time(answer_by) if answer_by else None,
            opened_at=from_stripe_time(int(dispute.get("created") or 0)),
            told_at=told_at,
        )
        made = await CardDispute.insert(row).on_conflict(action="DO NOTHING").returning(CardDispute.id)
        if not made:
            closed = [DisputeState.WON.value, DisputeState.LOST.value]
            older = (CardDispute.told_at <= told_at) if state.value in closed else (CardDispute.told_at < told_at)
            await CardDispute.update(
                {CardDispute.state: state.value, CardDispute.answer_by: row.answer_by, CardDispute.told_at: told_at}
            ).where((CardDispute.dispute_id == row.dispute_id) & older)
    return state.value
