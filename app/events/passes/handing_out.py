"""Passes that organisers hand out themselves: to guests, speakers, staff."""

from dataclasses import dataclass
from datetime import date, datetime

from app.accounts.actor import Actor
from app.accounts.services.people import find_or_create_person
from app.accounts.tables import Person
from app.events.enums import PASS_KIND_NAMES, PassKind
from app.events.errors import DatesReversed, HolderNotReachable
from app.events.passes.attaching import attachments_of
from app.events.passes.queries import PassInfo, pass_by_id
from app.events.passes.services import IssuedPass, issue_pass, renew_pass_secret
from app.events.passes.states import require_valid
from app.events.queries import EditionInfo, edition_by_id, hold_edition_going_on
from app.kernel import audit
from app.kernel.database import write_transaction
from app.kernel.i18n import _, use_locale
from app.kernel.names import clean_name
from app.kernel.outbox import send_message, way_to
from app.kernel.settings import settings


@dataclass(frozen=True, kw_only=True)
class HandedOut:
    """Whom a pass is for, and for which days; phone in E.164 and mail normalised, either or both may be missing."""

    kind: PassKind
    holder_name: str
    first_day: date
    last_day: date
    phone: str | None = None
    email: str | None = None
    label: str = ""
    organisation: str = ""
    locale: str = "vi"


async def hand_out_pass(*, edition_id: int, given: HandedOut, actor: Actor, now: datetime) -> IssuedPass:
    """Issue a pass for whole days of the edition and send its link when there is somewhere to send it.

    Raises EditionNotFound, EditionIsCancelled, DatesReversed.
    """
    if given.last_day < given.first_day:
        raise DatesReversed
    async with write_transaction():
        edition = await hold_edition_going_on(edition_id)
        window = edition.window_of(given.first_day, given.last_day)
        holder: Person | None = None
        if given.phone or given.email:
            holder = await find_or_create_person(
                full_name=given.holder_name, phone=given.phone, email=given.email, locale=given.locale, now=now
            )
        issued = await issue_pass(
            edition_id=edition_id,
            kind=given.kind,
            holder_name=clean_name(given.holder_name),
            holder_id=holder.id if holder else None,
            label=given.label or _(PASS_KIND_NAMES[given.kind]),
            organisation=clean_name(given.organisation),
            valid_from=window[0],
            valid_until=window[1],
            now=now,
        )
        await audit.record(
            actor=actor,
            action="pass.issue",
            subject_type="pass",
            subject_id=issued.id,
            edition_id=edition_id,
            after={"kind": given.kind, "holder_name": given.holder_name, "serial": issued.serial},
            now=now,
        )
        if holder is not None:
            await _send(edition, holder, issued.id, issued.path, window, now)
    return issued


async def send_new_link(*, edition_id: int, pass_id: int, actor: Actor, now: datetime) -> None:
    """Make the old link worthless and send a new one. Raises PassNotFound, PassRevoked, PassIsBlocked,
    HolderNotReachable.
    """
    edition = await edition_by_id(edition_id)
    async with write_transaction():
        found = await pass_by_id(pass_id, edition_id)
        require_valid(found.state)
        holder = await _holder(found)
        secret = await renew_pass_secret(pass_id=pass_id, actor=actor, now=now)
        await _send(edition, holder, found.id, f"/pass/{secret}", (found.valid_from, found.valid_until), now)


async def _holder(found: PassInfo) -> Person:
    holder = None if found.holder_id is None else await Person.objects().get(Person.id == found.holder_id)
    if holder is None or not (holder.email or holder.phone):
        raise HolderNotReachable
    return holder


async def _send(
    edition: EditionInfo, holder: Person, pass_id: int, path: str, window: tuple[datetime, datetime], now: datetime
) -> None:
    with use_locale(holder.locale):
        body = _(
            "{name}, here is your pass for {edition} ({when}, {where}):\n{link}\n"
            "Show the code on your phone, or print it. Keep the link to yourself."
        )
        channel, address = way_to(email=holder.email, phone=holder.phone)
        await send_message(
            channel=channel,
            to=address,
            person_id=holder.id,
            subject=_("Your pass: {edition}").format(edition=edition.title),
            body=body.format(
                name=holder.full_name,
                edition=edition.title,
                when=edition.days_within(*window),
                where=edition.where,
                link=settings().base_url.rstrip("/") + path,
            ),
            locale=holder.locale,
            edition_id=edition.id,
            attachments=attachments_of(edition, [pass_id]) if holder.email else (),
            secret=True,
            now=now,
        )
