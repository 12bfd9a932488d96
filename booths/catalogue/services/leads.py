"""Contacts that visitors leave."""

from datetime import datetime

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.security import limit
from booths.catalogue.errors import ConsentMissing, ContactMissing, ExhibitorNotFound, LeadNotFound, ProductNotFound
from booths.catalogue.queries.exhibitors import booths_of_exhibitor
from booths.catalogue.tables import Lead, Product

PER_BROWSER = 10
PER_EXHIBITOR = 400
WINDOW_SECONDS = 3600


async def leave_contact(
    *,
    edition_id: int,
    organisation_id: int,
    product_id: int | None = None,
    name: str,
    phone: str = "",
    email: str = "",
    message: str = "",
    consent_wording: str,
    consented: bool,
    client_id: str,
    browser: str = "",
    now: datetime,
) -> None:
    """Keep a visitor's contact for an exhibitor, with the sentence that was agreed to.

    ``phone`` and ``email`` are normalised; ``client_id`` is the form's own, sent twice it is kept once; ``browser``
    tells browsers apart for the rate limit. Raises ConsentMissing, ContactMissing, ExhibitorNotFound,
    ProductNotFound, TooManyTries.
    """
    if not consented:
        raise ConsentMissing
    if not phone and not email:
        raise ContactMissing
    if not await booths_of_exhibitor(edition_id, organisation_id):
        raise ExhibitorNotFound
    if product_id is not None and not await Product.exists().where(
        (Product.id == product_id) & (Product.organisation == organisation_id)
    ):
        raise ProductNotFound
    if browser:
        await limit(f"lead:{browser}", times=PER_BROWSER, seconds=WINDOW_SECONDS, now=now)
    await limit(f"leads:{organisation_id}", times=PER_EXHIBITOR, seconds=WINDOW_SECONDS, now=now)
    async with write_transaction():
        await Lead.insert(
            Lead(
                edition=edition_id,
                organisation=organisation_id,
                product=product_id,
                name=name,
                phone=phone,
                email=email,
                message=message,
                consent_wording=consent_wording,
                client_id=client_id,
                created_at=now,
            )
        ).on_conflict(target=Lead.client_id, action="DO NOTHING")


async def remove_lead(*, lead_id: int, edition_id: int, organisation_id: int, actor: Actor, now: datetime) -> None:
    """Delete a contact, as its owner may ask. The log keeps that it was deleted, and nothing of it.

    Raises LeadNotFound, also for another exhibitor's.
    """
    async with write_transaction():
        gone = (
            await Lead.delete()
            .where((Lead.id == lead_id) & (Lead.edition == edition_id) & (Lead.organisation == organisation_id))
            .returning(Lead.id)
        )
        if not gone:
            raise LeadNotFound
        await audit.record(
            actor=actor, action="lead.remove", subject_type="lead", subject_id=lead_id, edition_id=edition_id, now=now
        )
