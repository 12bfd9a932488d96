"""Which dates of payments move with an edition that is postponed: none."""

from app.events.moving import Mover

_FACT = "It says when something happened; a document has no due date of its own."

_DATES = (
    "payment_document.created_at",
    "payment_document.settled_at",
    "payment.received_at",
    "bank_entry.booked_at",
    "bank_entry.told_at",
    "bank_entry.settled_at",
)
MOVER = Mover(stays=dict.fromkeys(_DATES, _FACT))
