"""Closed sets of values of card payments."""

from enum import StrEnum

from app.kernel.i18n import N_


class AttemptState(StrEnum):
    """Where a checkout stands. ``started``: Stripe was, or is being, asked and we do not know its answer yet.

    ``closing``: another one took its place, and Stripe is yet to end it; who has its page open may still pay.
    """

    STARTED = "started"
    OPEN = "open"
    CLOSING = "closing"
    PAID = "paid"
    EXPIRED = "expired"
    FAILED = "failed"


ATTEMPT_NAMES = {
    AttemptState.STARTED: N_("Begun"),
    AttemptState.OPEN: N_("Waits for the payer"),
    AttemptState.CLOSING: N_("Is ended at Stripe"),
    AttemptState.PAID: N_("Paid"),
    AttemptState.EXPIRED: N_("Expired"),
    AttemptState.FAILED: N_("Failed"),
}


class CardMode(StrEnum):
    """Stripe's two modes: in the sandbox test cards alone are taken, and none is charged."""

    SANDBOX = "sandbox"
    LIVE = "live"


class RefundState(StrEnum):
    """Where a refund to a card stands. ``started``: asked for, without an answer yet; ``pending``: Stripe is at it."""

    STARTED = "started"
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


REFUND_NAMES = {
    RefundState.STARTED: N_("Begun"),
    RefundState.PENDING: N_("On its way"),
    RefundState.DONE: N_("It went back"),
    RefundState.FAILED: N_("Failed"),
}


class DisputeState(StrEnum):
    """Where a cardholder's claim at her bank stands: to be answered, looked at, and how it ended."""

    NEEDS_ANSWER = "needs_answer"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"


DISPUTE_NAMES = {
    DisputeState.NEEDS_ANSWER: N_("Waits for your answer at Stripe"),
    DisputeState.UNDER_REVIEW: N_("The bank is looking at it"),
    DisputeState.WON: N_("The money stays here"),
    DisputeState.LOST: N_("The bank took the money back"),
}

#: What Stripe calls the reasons that cardholders give: https://docs.stripe.com/api/disputes/object
DISPUTE_REASONS = {
    "credit_not_processed": N_("She was promised money back, and it did not come."),
    "duplicate": N_("She was charged twice."),
    "fraudulent": N_("She did not make the payment."),
    "general": N_("The bank says no reason."),
    "product_not_received": N_("She did not get what she paid for."),
    "product_unacceptable": N_("What she got was not what was described."),
    "subscription_canceled": N_("She had cancelled it."),
    "unrecognized": N_("She does not recognise the payment."),
}
