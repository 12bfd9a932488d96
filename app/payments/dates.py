"""Which dates of payments move with an edition that is postponed: none."""

from app.events.moving import Mover

_FACT = "It says when something happened; a document has no due date of its own."

MOVER = Mover(
    stays={"payment_document.created_at": _FACT, "payment_document.settled_at": _FACT, "payment.received_at": _FACT}
)
