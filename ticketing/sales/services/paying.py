"""Money for an order that was placed before, as somebody takes it at the counter or sees it on the account."""

from datetime import datetime

from app.accounts.actor import Actor
from app.kernel.database import write_transaction
from app.kernel.money import Money
from app.payments.enums import MAY_BE_PAID, TAKES, PaymentMethod, Settlement
from app.payments.queries import DocumentInfo, hold_document
from app.payments.services.recording import record_payment
from ticketing.sales.errors import DueChanged, OrderNotFound, OrderNotOpen
from ticketing.sales.queries import order_by_id


def to_pay(document: DocumentInfo) -> Money:
    """What is asked for at the counter: what is still due, or the whole once the bill was taken back."""
    return document.due if document.state in TAKES else document.amount


async def pay_order(
    *,
    order_id: int,
    edition_id: int,
    method: PaymentMethod,
    shown_minor: int,
    actor: Actor,
    now: datetime,
    note: str = "",
) -> Settlement:
    """Record that all that was still to be paid for an order came in; its settlement confirms it.

    ``shown_minor`` is what the page asked for: where a part came, or was taken back, since then, the money in hand is
    another amount, and nothing is recorded. Raises OrderNotFound, OrderNotOpen (nothing is to be paid), DueChanged,
    AlreadyPaid, DrawerNeeded.
    """
    order = await order_by_id(order_id, edition_id)
    if order is None:
        raise OrderNotFound
    if order["payment_document"] is None:
        raise OrderNotOpen
    async with write_transaction():
        document = await hold_document(order["payment_document"])
        due, shown = to_pay(document), Money(shown_minor, order["currency"])
        if document.state in MAY_BE_PAID and shown != due:
            raise DueChanged(due=due, shown=shown)
        recorded = await record_payment(
            document_id=document.id, method=method, amount=due, actor=actor, note=note, now=now
        )
    return recorded.outcome
