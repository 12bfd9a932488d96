"""Whether a form of money came before, from the very page that it comes from now.

Pages carry in each such form where their invoice stood. What was recorded since, alike in all and by the same person,
is that form sent before: its answer was lost, or somebody pressed twice. Where something else has changed, the page was
no longer true, and whoever sent it looks again. (``autocomplete="off"`` keeps browsers from filling in, when a page is
loaded again, where the invoice stood before.)
"""

from collections.abc import Mapping
from typing import Any

from app.accounts.actor import Actor
from app.kernel.database import fetch
from app.kernel.money import Money
from app.kernel.names import clean_text
from app.payments.enums import DocumentState, PaymentMethod, Settlement
from app.payments.enums_card import RefundState
from app.payments.errors_sent import StandsElsewhere
from app.payments.queries import DocumentInfo, PaymentInfo, payment_info
from app.payments.tables import Payment, PaymentDocument, PaymentLine
from app.payments.tables_card import CardRefund

#: Rows that no form makes which is sent from the page of a document: they stand against others.
_NO_FORM = (Settlement.MISTAKEN, Settlement.COUNTED)


async def stand_of(document: DocumentInfo) -> str:
    """What forms carry of a document: its amounts, and the newest of its payments and credit notes."""
    (row,) = await fetch(
        "SELECT (SELECT COALESCE(MAX(id), 0) FROM payment WHERE document = {}) AS payments, "
        "(SELECT COALESCE(MAX(id), 0) FROM payment_document WHERE corrects = {}) AS notes",
        document.id,
        document.id,
    )
    return f"{_amounts(document)}:{row['payments']}:{row['notes']}"


async def payment_sent_before(
    document: DocumentInfo,
    stood: str,
    amount_minor: int,
    *,
    method: PaymentMethod,
    note: str,
    actor: Actor | None,
    bearer: str = "",
    returns: int | None = None,
) -> PaymentInfo | None:
    """What was recorded of a form already, on a document that the caller holds; below zero it went back.

    ``returns`` is the payment that goes back. None where the document is as it ``stood``, for ``bearer`` if that is who
    pays, and where nobody said how it stood. Raises StandsElsewhere.
    """
    if not stood:
        return None
    amounts, newest, _note = _read(stood, document)
    later = (Payment.document == document.id) & (Payment.bearer == bearer) & (Payment.id > newest)
    rows = await Payment.select().where(later).order_by(Payment.id)
    wanted = {
        "amount_minor": amount_minor,
        "method": method.value,
        "note": clean_text(note)[:200],
        "recorded_by": actor.person_id if actor else None,
    }
    for row in rows:
        alike = row["outcome"] not in _NO_FORM and wanted.items() <= row.items()
        if alike and returns in (None, row["returns"]):
            return payment_info(row)
    if rows or (not bearer and amounts != _amounts(document)):
        raise StandsElsewhere(number=document.number)
    return None


async def credit_sent_before(
    document: DocumentInfo, stood: str, amount: Money, reason: str, line: int | None = None
) -> int | None:
    """The id of the credit note that was issued for a form already, on a document that the caller holds.

    ``line`` is the position of the invoice's line that it named.
    The document's own, where the form took back all of an open one. None as for payments. Raises StandsElsewhere.
    """
    if not stood:
        return None
    amounts, _payment, newest = _read(stood, document)
    later = (PaymentDocument.corrects == document.id) & (PaymentDocument.id > newest)
    rows = await PaymentDocument.select().where(later).order_by(PaymentDocument.id)
    for row in rows:
        (over,) = await PaymentLine.select(PaymentLine.corrects, PaymentLine.unit_minor).where(
            (PaymentLine.document == row["id"]) & (PaymentLine.position == 1)
        )
        said = [clean_text(reason)] if over["corrects"] == line else []
        said.append(document.description)  # a note over all that is left says what the invoice is for
        taken = row["amount_minor"] or -over["unit_minor"]  # a note over what somebody bears comes to nothing
        alike = taken == amount.amount_minor and row["description"] in said
        if alike and row["state"] == DocumentState.ISSUED:
            return int(row["id"])
    state, _paid, credited, _owed = amounts.split(":")
    left = document.amount.amount_minor - int(credited)
    if (state, document.state) == (DocumentState.OPEN, DocumentState.CANCELLED) and amount.amount_minor == left:
        return document.id
    if rows or amounts != _amounts(document):
        raise StandsElsewhere(number=document.number)
    return None


async def card_refund_stand(payment_id: int) -> str:
    """What the form that sends money back to a card carries: the newest refund of the payment."""
    (row,) = await fetch("SELECT COALESCE(MAX(id), 0) AS newest FROM card_refund WHERE payment = {}", payment_id)
    return str(row["newest"])


async def card_refund_sent_before(
    document: DocumentInfo, payment_id: int, stood: str, amount: Money, *, note: str, actor: Actor
) -> Mapping[str, Any] | None:
    """The refund to a card that was made of a form already, on a document that the caller holds.

    One that failed does not count. None as for payments. Raises StandsElsewhere.
    """
    if not stood:
        return None
    later = (CardRefund.payment == payment_id) & (CardRefund.id > _id(stood, document))
    made = later & (CardRefund.state != RefundState.FAILED.value)
    rows = await CardRefund.select().where(made).order_by(CardRefund.id)
    wanted = {"amount_minor": amount.amount_minor, "note": clean_text(note)[:200], "asked_by": actor.person_id}
    for row in rows:
        if wanted.items() <= row.items():
            return row
    if rows:
        raise StandsElsewhere(number=document.number)
    return None


def _amounts(document: DocumentInfo) -> str:
    amounts = (document.paid, document.credited, document.owed)
    return ":".join([document.state.value, *(str(one.amount_minor) for one in amounts)])


def _read(stood: str, document: DocumentInfo) -> tuple[str, int, int]:
    """What a form carried, apart: amounts, payment, credit note. Raises StandsElsewhere for what no page gave."""
    parts = stood.split(":")
    if len(parts) != 6 or not parts[2].isdecimal():
        raise StandsElsewhere(number=document.number)
    return ":".join(parts[:4]), _id(parts[4], document), _id(parts[5], document)


def _id(text: str, document: DocumentInfo) -> int:
    if len(text) > 9 or not (text.isascii() and text.isdecimal()):
        raise StandsElsewhere(number=document.number)
    return int(text)
