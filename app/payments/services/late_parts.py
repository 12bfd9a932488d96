"""Money that came for an invoice before the rest of it, and that has to go back since the invoice was taken back.

Our own codes split what is more than banks transfer at once, and booths are paid in parts: the late money of such an
invoice comes in several payments. What of the earlier ones is still here counts when a new one makes up the whole.
"""

from datetime import datetime
from typing import Any

from app.kernel.money import Money
from app.payments.enums import TAKES, Settlement
from app.payments.errors import AmountDiffers
from app.payments.late import may_stand_again
from app.payments.queries import DocumentInfo, PaymentInfo, payments_of
from app.payments.queries_card import under_way
from app.payments.services.owing import enter_owed
from app.payments.tables import Payment


async def taken_late(document: DocumentInfo, amount: Money, *, by_hand: bool) -> int:
    """How much of late money a document that was taken back takes: its whole, or what is missing of that, or nothing.

    The caller holds the document: whoever sends money back does, too. Raises AmountDiffers for what a person types.
    """
    whole = document.amount.amount_minor
    missing = max(0, whole - (await still_here(document)).amount_minor)
    if by_hand and amount.amount_minor not in (whole, missing):
        due = Money(missing or whole, amount.currency)
        raise AmountDiffers(number=document.number, due=due, given=amount)
    if amount.amount_minor >= whole:
        return whole
    return missing if amount.amount_minor >= missing else 0


async def still_here(document: DocumentInfo) -> Money:
    """What of a document's money has to go back, and neither went back nor is on its way to a card."""
    return Money(sum([left for _payment, left in await _left(document)]), document.amount.currency)


async def may_be_paid(document: DocumentInfo) -> bool:
    """Whether a document takes money that comes now, or its seller is asked once that makes up the whole."""
    return document.state in TAKES or may_stand_again(document.state, document.due, await still_here(document))


async def to_pay(document: DocumentInfo) -> Money:
    """What is asked for so that all of a document has come: what is due, or still missing once it was taken back."""
    if document.state in TAKES:
        return document.due
    here = await still_here(document)
    if may_stand_again(document.state, document.due, here):
        return Money(document.amount.amount_minor - here.amount_minor, here.currency)
    return document.amount


async def keep_after_all(document: DocumentInfo, minor: int, now: datetime) -> None:
    """Keep so much of what is still here of a document, which stands again, in the transaction that holds it.

    The newest payments first: the older ones are more likely to be in somebody's hands already.
    """
    rest = minor
    for payment, left in reversed(await _left(document)):
        if part := min(rest, left):
            values: dict[Any, Any] = {
                Payment.owed_minor: payment.owed.amount_minor - part,
                Payment.outcome: Settlement.KEPT.value,
            }
            await Payment.update(values).where(Payment.id == payment.id)
            rest -= part
    await enter_owed(document, -minor, now)


async def keep_what_waits(document: DocumentInfo, most: int, now: datetime) -> None:
    """Keep what came for a document, waits to go back and is still here, up to ``most``; the caller holds it."""
    if minor := min(most, (await still_here(document)).amount_minor):
        await keep_after_all(document, minor, now)


async def _left(document: DocumentInfo) -> list[tuple[PaymentInfo, int]]:
    """What of each payment has to go back, and neither went back nor is on its way to a card; the oldest first."""
    found = []
    for payment in await payments_of(document.id):
        left = payment.due_back.amount_minor
        if left > 0 and (left := left - await under_way(payment.id)) > 0:
            found.append((payment, left))
    return found
