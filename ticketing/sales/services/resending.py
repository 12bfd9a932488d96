"""The link of an order sent again: to the contact that stands in it, and to nobody else.

Whoever asks by a contact learns nothing: known or not the answer is the same, and the limits count what was typed.
"""

from datetime import datetime
from typing import Any

from app.accounts.tables import Person
from app.events.queries import EditionInfo
from app.kernel.database import write_transaction
from app.kernel.security import limit
from ticketing.sales.queries_own import orders_to_send_again
from ticketing.sales.services.own_messages import send_again

HOUR = 3600
#: So often an hour: nobody's mailbox or phone is filled, however many ask.
PER_ORDER = 3
PER_CONTACT = 3
PER_BROWSER = 20


async def resend_order(*, edition: EditionInfo, order: dict[str, Any], now: datetime) -> bool:
    """Send an order's link again for whoever holds it; false when it has nobody to send it to. Raises TooManyTries."""
    await limit(f"order-resend:{order['id']}", times=PER_ORDER, seconds=HOUR, now=now)
    contact = order["contact"]
    if not contact and order["buyer"] is not None:
        person = await Person.objects().get(Person.id == order["buyer"])
        contact = (person and (person.email or person.phone)) or ""
    if not contact:
        return False
    await limit(f"order-resend-contact:{edition.id}:{contact}", times=PER_CONTACT, seconds=HOUR, now=now)
    async with write_transaction():
        await send_again({**order, "contact": contact}, edition, now)
    return True


async def resend_to_contact(
    *, edition: EditionInfo, phone: str | None, email: str | None, browser: str, now: datetime
) -> None:
    """Send the links of a contact's orders to it; of an unknown one nothing is sent and nothing is said.

    Phone and mail are normalised already. Raises TooManyTries, counted alike for known and unknown ones.
    """
    contact = email or phone or ""
    await limit(f"order-resend-browser:{edition.id}:{browser}", times=PER_BROWSER, seconds=HOUR, now=now)
    await limit(f"order-resend-contact:{edition.id}:{contact}", times=PER_CONTACT, seconds=HOUR, now=now)
    orders = await orders_to_send_again(edition.id, contact)
    async with write_transaction():
        for order in orders:
            await send_again(order, edition, now)
