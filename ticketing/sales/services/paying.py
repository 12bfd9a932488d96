"""Money for an order that was placed before, as somebody takes it at the counter or sees it on the account."""

from datetime import datetime

from app.accounts.actor import Actor
from app.kernel.database import write_transaction
from app.kernel.money import Money
from app.payments.enums import PaymentMethod, Settlement
from app.payments.queries import hold_document
from app.payments.services.late_parts import may_be_paid, to_pay
from app.payments.services.recording import record_payment
from ticketing.sales.errors import DueChanged, OrderNotFound, OrderNotOpen
from ticketing.sales.queries import order_by_id


async def pay_order(
    *,
    order_id: int,
    edition_id: int,
    method: PaymentMethod,
    shown_minor: int,
    actor: Actor,
    now: datetime,
    note: str = "",
    another: bool = False,
) -> Settlement:
    """Record that all that was still to be paid for an order came in; its settlement confirms it.

    Of one whose bill was taken back after a part had come that is the rest, while that part is still here.

    ``shown_minor`` is what the page asked for: where a part came, or was taken back, since then, the money in hand is
    another amount, and nothing is recorded. ``another`` says that a transfer is not the one of that amount of which the
    bank told. Raises OrderNotFound, OrderNotOpen (nothing is to be paid), DueChanged, AlreadyPaid, ToldAlready,
    DrawerNeeded.
    """
    order = await order_by_id(order_id, edition_id)
    if order is None:
        raise OrderNotFound
    if order["payment_document"] is None:
        raise OrderNotOpen
    async with write_transaction():
        document = await hold_document(order["payment_document"])
        due, shown = await to_pay(document), Money(shown_minor, order["currency"])
        if await may_be_paid(document) and shown != due:
            raise DueChanged(due=due, shown=shown)
        recorded = await record_payment(
            document_id=document.id, method=method, amount=due, actor=actor, note=note, anew=another, now=now
        )
    return recorded.outcome
