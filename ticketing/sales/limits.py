"""How many orders somebody may place, and what a program meets that places them under contacts it made up.

- **By contact**, sixty an hour: nobody's mailbox or phone is filled.
- **By browser**, thirty an hour, on the page: a desk may order for many, one after the other. A browser that throws
  its cookies away counts as a new one, and the JSON API knows none.
- **A brake for each edition**, once in ten minutes ``ORDER_BRAKE`` orders came in under contacts that nobody has signed
  in with. From then on such an order is taken at its second try, a minute or more after the first, under the same
  ``client_id``. People press once more; a program has to keep what it made up and come again.

The brake slows and refuses nobody for good: a limit for the whole edition that refused would hand everybody a switch
to close the sale with. Who is signed in, and whose contact was shown to be hers, does not meet it. Page and API have
one each, so that what comes in by the API does not slow people. No address is asked: a hall is one address. Whoever
sells in earnest puts a limit by address on the proxy before it; ``app/OPERATIONS.md`` says so.
"""

from datetime import datetime

from app.accounts.actor import Actor
from app.accounts.queries import has_signed_in
from app.kernel.errors import TooManyTries
from app.kernel.logs import note_security
from app.kernel.security import has_waited, limit
from app.kernel.settings import settings
from ticketing.sales.errors import OrdersSlowed

HOUR = 3600
PER_CONTACT = 60
PER_BROWSER = 30
BRAKE_SECONDS = 600
WAIT_SECONDS = 60


async def count_order(
    *, edition_id: int, client_id: str, phone: str | None, email: str | None, browser: str, actor: Actor, now: datetime
) -> None:
    """Count an order that was not placed before; ``browser`` is empty for the API. Outside of any transaction.

    Raises TooManyTries, OrdersSlowed.
    """
    if browser:  # first, so that one over its limit cannot use up anybody's contact
        await limit(f"ticket-order-browser:{edition_id}:{browser}", times=PER_BROWSER, seconds=HOUR, now=now)
    await limit(f"ticket-order:{edition_id}:{email or phone or ''}", times=PER_CONTACT, seconds=HOUR, now=now)
    brake = settings().order_brake
    if not brake or actor.signed_in or await has_signed_in(phone=phone, email=email):
        return
    try:
        lane = "page" if browser else "api"
        await limit(f"ticket-order-{lane}:{edition_id}", times=brake, seconds=BRAKE_SECONDS, now=now)
    except TooManyTries as error:
        if not await has_waited(f"ticket-order-wait:{edition_id}:{client_id}", seconds=WAIT_SECONDS, now=now):
            note_security("order.slowed", limit=f"ticket-order-{lane}")
            raise OrdersSlowed from error
