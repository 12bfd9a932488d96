"""Payments that cardholders claim back at their banks: shown to finance, who answers at Stripe.

What the bank takes is entered once it is lost, and comes off again if it turns out to be won; so is Stripe's fee.
As far as money of the invoice has to go back, what the bank took counts as gone back (``claims_back``).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.kernel.database import hold_row, write_transaction
from app.kernel.money import Money
from app.payments.currencies import fee_from_stripe, from_stripe
from app.payments.enums import Account, Posting
from app.payments.enums_card import DisputeState
from app.payments.errors_card import PaymentNotKnownYet
from app.payments.queries import DocumentInfo, document_by_id, hold_document
from app.payments.queries_card import is_any_attempt_unsettled, payment_of_intent
from app.payments.services.claims_back import count_claims, stop_counting
from app.payments.services.inbox import IGNORED
from app.payments.services.ledger import post
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


#: How far a dispute is: of two that Stripe tells of one second, the later is not the one that is less far.
_FAR = {
    DisputeState.NEEDS_ANSWER: 0,
    DisputeState.UNDER_REVIEW: 1,
    DisputeState.WON: 2,
    DisputeState.LOST: 2,
}


async def apply_dispute(dispute: Mapping[str, Any], told_at: datetime, now: datetime) -> str:
    """Keep how a dispute stood at ``told_at``, in the caller's transaction, and enter what it cost into the ledger.

    What was told earlier changes nothing. Raises PaymentNotKnownYet, AmountNotWhole, KeyError for a state that is not
    known.
    """
    payment = await payment_of_intent(str(dispute.get("payment_intent")))
    if payment is None:
        if await is_any_attempt_unsettled(from_stripe_time(int(dispute.get("created") or 0))):
            raise PaymentNotKnownYet(reference=dispute.get("payment_intent"))
        return IGNORED
    amount = from_stripe(dispute["amount"], str(dispute["currency"]))
    answer_by = (dispute.get("evidence_details") or {}).get("due_by")
    state = _STATES[dispute["status"]]
    document = await document_by_id(payment["document"])
    async with write_transaction():
        document = await hold_document(document.id)
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
        known = await _held(row.dispute_id)
        if not made:
            if (told_at, _FAR[state]) < (known["told_at"], _FAR[DisputeState(known["state"])]):
                return state.value
            await CardDispute.update(
                {CardDispute.state: state.value, CardDispute.answer_by: row.answer_by, CardDispute.told_at: told_at}
            ).where(CardDispute.id == known["id"])
        lost = amount.amount_minor if state is DisputeState.LOST else 0
        if lost < known["lost_minor"]:
            await stop_counting(document, known["id"], now)
        await _enter(known, document, lost=lost, fee=_fee_of(dispute), now=now)
        await count_claims(document, now)
    return state.value


async def _held(dispute_id: str) -> dict[str, Any]:
    """A dispute as nobody else changes it any more."""
    (found,) = await CardDispute.select(CardDispute.id).where(CardDispute.dispute_id == dispute_id)
    await hold_row("card_dispute", found["id"], alone=True)
    (row,) = await CardDispute.select().where(CardDispute.id == found["id"])
    return dict(row)


def _fee_of(dispute: Mapping[str, Any]) -> Money | None:
    """What Stripe keeps for a dispute, in the currency of the account there; None while it does not tell.

    It tells so beside the money that the bank took, and takes a fee back beside the money that came again.
    """
    moved = dispute.get("balance_transactions") or ()
    return fee_from_stripe(sum(int(one["fee"]) for one in moved), str(moved[0]["currency"])) if moved else None


async def _enter(
    known: Mapping[str, Any], document: DocumentInfo, *, lost: int, fee: Money | None, now: datetime
) -> None:
    """Enter what a dispute has cost more, or less, than the ledger says."""
    fee = fee or Money(known["fee_minor"], known["fee_currency"])
    by = lost - known["lost_minor"]
    more = fee.amount_minor - known["fee_minor"]
    for kind, account, minor, currency in (
        (Posting.DISPUTE, Account.DISPUTES, by, known["currency"]),
        (Posting.FEE, Account.FEES, more, fee.currency),
    ):
        await post(
            kind,
            {account: minor, Account.CARD: -minor},
            edition_id=document.edition_id,
            currency=currency,
            document_id=document.id,
            payment_id=known["payment"],
            now=now,
        )
    await CardDispute.update(
        {
            CardDispute.lost_minor: lost,
            CardDispute.fee_minor: fee.amount_minor,
            CardDispute.fee_currency: fee.currency,
        }
    ).where(CardDispute.id == known["id"])
