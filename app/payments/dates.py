"""Which dates of payments move with an edition that is postponed: none."""

from app.events.moving import Mover

_FACT = "It says when something happened; a document has no due date of its own."
_STRIPES = "It says when Stripe was asked or told something, or until when it waits; no festival changes that."

MOVER = Mover(
    stays={
        **dict.fromkeys(("payment_document.created_at", "payment_document.settled_at", "payment.received_at"), _FACT),
        **dict.fromkeys(
            (
                *(f"card_attempt.{name}" for name in ("created_at", "expires_at", "checked_at")),
                *(f"card_refund.{name}" for name in ("created_at", "checked_at")),
                *(f"card_dispute.{name}" for name in ("answer_by", "opened_at", "told_at")),
            ),
            _STRIPES,
        ),
    }
)
