"""Which dates of payments move with an edition that is postponed: none."""

from app.events.moving import Mover

_FACT = "It says when something happened."
_AGREED = "It was agreed with the payer when the invoice was made; another document would have to change it."
_BOOKED = "The day on which it was entered."
_STRIPES = "It says when Stripe was asked or told something, or until when it waits; no festival changes that."

MOVER = Mover(
    stays={
        **dict.fromkeys(
            (
                "payment_document.created_at",
                "payment_document.settled_at",
                "payment_document.reminded_at",
                "payment.received_at",
                "cash_drawer.opened_at",
                "cash_drawer.closed_at",
                "cash_move.moved_at",
                "payment_day.closed_at",
                "payment_payout.arrives_on",
                "payment_payout.told_at",
                "payment_payout.checked_at",
                "payment_payout.taken_back_at",
                *(f"payment_legal_order.{name}" for name in ("asked_at", "issued_at", "files_at")),
                "payment_legal_file.stored_at",
                "payment_service_invoice.made_at",
                "payment_proof.sent_at",
                "payment_proof.looked_at",
                "bank_entry.booked_at",
                "bank_entry.told_at",
                "bank_entry.settled_at",
                "bank_entry.reversed_at",
                "laid_statement.seen_at",
            ),
            _FACT,
        ),
        "payment_document.due_on": _AGREED,
        "payment_instalment.due_on": _AGREED,
        "ledger_entry.day": _BOOKED,
        "payment_day.day": _BOOKED,
        "ledger_entry.booked_at": _BOOKED,
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
