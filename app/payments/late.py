"""Which documents that were taken back stand again when all of their money comes after all."""

from app.kernel.money import Money
from app.payments.enums import DocumentState

#: States of a document that was taken back; whether it had been paid before, they do not tell.
TAKEN_BACK = (DocumentState.CANCELLED, DocumentState.REFUND_DUE, DocumentState.REFUNDED)


def may_stand_again(state: DocumentState, due: Money, owed: Money) -> bool:
    """Whether a document was taken back before all of it had come, and its seller was not asked about all of it since.

    ``due`` is its whole amount, since what came has to go back; one that was paid and taken back is credited as a
    whole, so that nothing is due of it. Once as much as that waits to go back (``owed``, or what of that is not on its
    way to a card) the seller was asked, and said no; when it went back she is asked again, as she is of one for which
    nothing ever came.
    """
    return state in TAKEN_BACK and owed.amount_minor < due.amount_minor
