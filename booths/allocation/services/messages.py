"""What exhibitors are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.accounts.services.sign_in import make_sign_in_link
from app.events.queries import edition_by_id
from app.kernel.i18n import _, format_date, use_locale
from app.kernel.outbox import send_message, way_to
from app.kernel.settings import settings
from booths.allocation.enums import ApplicationState
from booths.allocation.reasons import Fact, sentences
from booths.allocation.tables import Application
from booths.floorplan.tables import Booth

LINK_HOURS = 72


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
    row = await contact_of(booth.application_id)
    if row is None:
        return
    path = f"/exhibitor/{row['organisation_id']}/{booth.edition_id}"
    (place,) = await Booth.select(Booth.hall.name.as_alias("hall")).where(Booth.id == booth.booth_id)
    with use_locale(row["locale"]):
        said = _("{organisation} has booth {booth}, {place}. See why, fill in your page and print your poster.")
        await send_to(
            row,
            edition_id=booth.edition_id,
            subject=_("Your booth: {booth}").format(booth=booth.code),
            said=said.format(organisation=row["organisation"], booth=booth.code, place=place["hall"]),
            path=path,
            unique_key=f"booth:{booth.application_id}:{booth.booth_id}:{booth.occasion}",
            now=now,
        )


async def tell_waiting(
    *, edition_id: int, application_id: int, why: Sequence[Fact], occasion: str, now: datetime
) -> None:
    """Write to an application's contact that it is on the waiting list, and why: once for each occasion."""
    row = await contact_of(application_id)
    if row is None:
        return
    edition = await edition_by_id(edition_id)
    with use_locale(row["locale"]):
        said = _("The booths are given out, and {organisation} is on the waiting list.").format(
            organisation=row["organisation"]
        )
        after = _("We write to you when a booth becomes free. You can change what you ask for.")
        await send_to(
            row,
            edition_id=edition_id,
            subject=_("You are on the waiting list for a booth"),
            said=" ".join([said, *sentences(why, {}), after]),
            path=f"{edition.path}/apply/mine/{application_id}",
            unique_key=f"waiting:{application_id}:{occasion}",
            now=now,
        )


async def contacts_concerned(edition_id: int) -> set[int]:
    """The contacts of applications that were not taken back; where one has none, its organisation's."""
    rows = await Application.select(
        Application.contact, Application.organisation.contact.as_alias("of_organisation")
    ).where((Application.edition == edition_id) & (Application.state != ApplicationState.WITHDRAWN.value))
    return {row["contact"] or row["of_organisation"] for row in rows} - {None}


def draft_key(application_id: int, changed_at: datetime) -> str:
    """What tells the reminder of a draft from others: it is sent once for each time that the draft was changed."""
    return f"draft:{application_id}:{changed_at.astimezone(UTC).isoformat(timespec='seconds')}"


async def tell_draft(
    *, edition_id: int, application_id: int, changed_at: datetime, until: datetime, now: datetime
) -> bool:
    """Remind an application's contact that it was never sent, and when it is deleted; False without a contact."""
    row = await contact_of(application_id)
    if row is None:
        return False
    edition = await edition_by_id(edition_id)
    with use_locale(row["locale"]):
        said = _(
            "The application of {organisation} for a booth was begun but not sent. "
            "It is deleted on {date} unless you send it."
        )
        await send_to(
            row,
            edition_id=edition_id,
            subject=_("Your application for a booth was not sent"),
            said=said.format(organisation=row["organisation"], date=format_date(until, edition.timezone)),
            path=f"{edition.path}/apply/mine/{application_id}",
            unique_key=draft_key(application_id, changed_at),
            now=now,
        )
    return True


async def contact_of(application_id: int) -> dict[str, Any] | None:
    """Whom to write to about an application; None when nobody is named or can be reached."""
    row: dict[str, Any] | None = (
        await Application.select(
            Application.organisation.id.as_alias("organisation_id"),
            Application.organisation.name.as_alias("organisation"),
            Application.contact.id.as_alias("contact_id"),
            Application.contact.email.as_alias("email"),
            Application.contact.phone.as_alias("phone"),
            Application.contact.locale.as_alias("locale"),
        )
        .where(Application.id == application_id)
        .first()
    )
    return row if row and row["contact_id"] is not None and (row["email"] or row["phone"]) else None


async def send_to(
    row: dict[str, Any], *, edition_id: int, subject: str, said: str, path: str, unique_key: str, now: datetime
) -> None:
    """Send what is said, headed by the festival that says it, with a link that signs the contact in."""
    edition = await edition_by_id(edition_id)
    festival = ", ".join(part for part in (edition.title, edition.when, edition.where) if part)
    link, _code = await make_sign_in_link(person_id=row["contact_id"], next_path=path, minutes=LINK_HOURS * 60, now=now)
    how = _("This link opens it, once, within {hours} hours: {link}\nLater, sign in at {address}")
    channel, address = way_to(email=row["email"], phone=row["phone"])
    await send_message(
        channel=channel,
        to=address,
        person_id=row["contact_id"],
        subject=f"{subject} · {edition.title}",
        body=f"{festival}\n{said}\n{how.format(hours=LINK_HOURS, link=link, address=settings().base_url + path)}",
        locale=row["locale"],
        unique_key=unique_key,
        edition_id=edition_id,
        secret=True,
        now=now,
    )
