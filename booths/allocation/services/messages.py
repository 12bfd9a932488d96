"""What exhibitors are told."""

from dataclasses import dataclass
from datetime import datetime

from app.kernel.enums import ChannelKind
from app.kernel.i18n import _, use_locale
from app.kernel.outbox import send_message
from app.kernel.settings import settings
from booths.allocation.tables import Application


@dataclass(frozen=True, kw_only=True)
class Given:
    """A booth that an application got, and on which occasion: a run, or an hour when it was given by hand."""

    edition_id: int
    application_id: int
    booth_id: int
    code: str
    occasion: str


async def tell(booth: Given, now: datetime) -> None:
    """Write the message about a booth to the application's contact: once for each occasion."""
    row = (
        await Application.select(
            Application.organisation.id.as_alias("organisation_id"),
            Application.organisation.name.as_alias("organisation"),
            Application.contact.id.as_alias("contact_id"),
            Application.contact.email.as_alias("email"),
            Application.contact.phone.as_alias("phone"),
            Application.contact.locale.as_alias("locale"),
        )
        .where(Application.id == booth.application_id)
        .first()
    )
    if row is None or row["contact_id"] is None:
        return
    address = f"{settings().base_url}/exhibitor/{row['organisation_id']}/{booth.edition_id}"
    with use_locale(row["locale"]):
        body = _("{organisation} has booth {booth}.\nSee why, fill in your page and print your poster: {address}")
        await send_message(
            channel=ChannelKind.MAIL if row["email"] else ChannelKind.SMS,
            to=row["email"] or row["phone"] or "",
            person_id=row["contact_id"],
            subject=_("Your booth: {booth}").format(booth=booth.code),
            body=body.format(organisation=row["organisation"], booth=booth.code, address=address),
            locale=row["locale"],
            unique_key=f"booth:{booth.application_id}:{booth.booth_id}:{booth.occasion}",
            edition_id=booth.edition_id,
            now=now,
        )
