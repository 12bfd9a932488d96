"""A fair whose booths cost something, for tests of fees: booths, exhibitors who have them, and money that comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.events.queries import EditionInfo
from app.kernel.money import Money
from app.kernel.tables import OutboxMessage
from app.payments.enums import PaymentMethod
from app.payments.queries import DocumentInfo, invoices_for
from app.payments.services.recording import Recorded, record_payment
from booths.allocation.enums import FEE_PURPOSE
from booths.allocation.queries import application
from booths.allocation.services.by_hand import hold_for_application, release_by_hand
from booths.allocation.services.fees import bill_booths
from tests.booths.factories import make_application, make_row
from tests.conftest import NOW
from tests.events.factories import make_edition

PRICE = 3_000_000


@dataclass
class Fair:
    """An edition with a row of booths of one price."""

    edition: EditionInfo
    booths: list[int]

    async def exhibitor(self, booth: int | None, **values: Any) -> int:
        """An application; with the number of a booth in the row it has that booth. Returns its id."""
        application_id, _organisation = await make_application(self.edition.id, **values)
        if booth is not None:
            await self.give(application_id, booth)
        return application_id

    async def give(self, application_id: int, booth: int) -> None:
        """Allocate a booth of the row by hand."""
        await hold_for_application(
            edition_id=self.edition.id,
            booth_id=self.booths[booth],
            application_id=application_id,
            tell_now=True,
            actor=SYSTEM,
            now=NOW,
        )

    async def take_back(self, booth: int) -> None:
        """Take a booth of the row back by hand."""
        await release_by_hand(edition_id=self.edition.id, booth_id=self.booths[booth], actor=SYSTEM, now=NOW)

    async def bill(self) -> int:
        """Bill the booths; returns how many were."""
        return (await bill_booths(edition_id=self.edition.id, actor=SYSTEM, now=NOW)).count

    async def code(self, application_id: int) -> str:
        """The booth that an application has; empty without one."""
        return (await application(self.edition.id, application_id)).booth


async def make_fair(count: int, **values: Any) -> Fair:
    """A fair with ``count`` booths of one cell beside one another, at 3.000.000 ₫."""
    edition = await make_edition()
    return Fair(edition, await make_row(edition.id, count, **{"price_minor": PRICE, **values}))


async def invoice_of(application_id: int) -> DocumentInfo:
    """The newest invoice of an application."""
    return (await invoices_for(FEE_PURPOSE, [application_id]))[-1]


async def pay(document: DocumentInfo, amount: int | None = None, actor: Actor | None = SYSTEM) -> Recorded:
    """Let money come by transfer: all of it, or an amount."""
    minor = document.amount.amount_minor if amount is None else amount
    return await record_payment(
        document_id=document.id,
        method=PaymentMethod.TRANSFER,
        amount=Money(minor, document.amount.currency),
        actor=actor,
        now=NOW,
    )


async def told(application_id: int) -> list[str]:
    """Which news of its fee an application's contact was told, in their order."""
    rows = await OutboxMessage.select(OutboxMessage.unique_key).order_by(OutboxMessage.id)
    keys = [row["unique_key"] or "" for row in rows]
    documents = {str(one.id) for one in await invoices_for(FEE_PURPOSE, [application_id])}
    return [key.split(":")[1] for key in keys if key.startswith("booth-fee:") and key.split(":")[2] in documents]
