"""Applying as an exhibitor: the draft that a browser keeps, and what becomes of it."""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import OrganisationKind, Role
from app.accounts.services.people import create_organisation, find_or_create_by_one_contact
from app.accounts.services.sign_in import make_sign_in_link
from app.accounts.tables import Person
from app.kernel.database import write_transaction
from app.kernel.i18n import _, current_locale
from app.kernel.outbox import send_message, way_to
from app.kernel.security import LinkNotValid, limit, sign, unsign
from booths.allocation.services.applications import submit_application

KEPT = timedelta(days=30)
LINK_HOURS = 24
PURPOSE = "apply"

Draft = dict[str, Any]


def pack_draft(draft: Mapping[str, Any], now: datetime) -> str:
    """A draft as a signed text for a cookie, good for 30 days."""
    squeezed = zlib.compress(json.dumps(draft, ensure_ascii=False).encode(), 9)
    return sign(base64.urlsafe_b64encode(squeezed).decode(), PURPOSE, now + KEPT)


def unpack_draft(text: str | None, now: datetime) -> Draft:
    """The draft that a cookie holds; empty when there is none, or none that is good."""
    if not text:
        return {}
    try:
        squeezed = base64.urlsafe_b64decode(unsign(text, PURPOSE, now))
        found = json.loads(zlib.decompress(squeezed))
    except (LinkNotValid, ValueError, zlib.error, binascii.Error):
        return {}
    return found if isinstance(found, dict) else {}


async def apply_signed_in(*, edition_id: int, draft: Draft, actor: Actor, now: datetime) -> int:
    """Send a signed-in person's application; returns it. Raises AlreadyApplied.

    It is for one of her own organisations where the draft says so, and for a new one otherwise.
    """
    assert actor.person_id is not None
    async with write_transaction():
        organisation_id = draft.get("organisation_id")
        if organisation_id not in actor.organisations(Role.EXHIBITOR_OWNER):
            person = await Person.objects().get(Person.id == actor.person_id)
            assert person is not None
            organisation_id = await _organisation(
                draft, person, edition_id, actor, now, phone=person.phone, email=person.email
            )
        return await _submit(edition_id, organisation_id, actor.person_id, draft, actor, now, draft_only=False)


async def apply_by_message(
    *, edition_id: int, draft: Draft, phone: str | None, email: str | None, path: str, title: str, now: datetime
) -> int:
    """Keep a stranger's application as a draft and send a link with which she sends it; returns the application.

    ``path`` begins with a slash; the application's number is put after it. So nobody applies in another's name, and
    no address is taken for real that does not answer. Raises TooManyTries after five an hour for one address.
    """
    contact = email or phone or ""
    await limit(f"apply:{contact}", times=5, seconds=3600, now=now)
    async with write_transaction():
        person = await find_or_create_by_one_contact(
            full_name=draft["contact_name"], phone=phone, email=email, locale=current_locale(), now=now
        )
        organisation_id = await _organisation(draft, person, edition_id, SYSTEM, now, phone=phone, email=email)
        made = await _submit(edition_id, organisation_id, person.id, draft, SYSTEM, now, draft_only=True)
        link, _code = await make_sign_in_link(
            person_id=person.id, next_path=f"{path}/{made}", minutes=LINK_HOURS * 60, now=now
        )
        body = _(
            "{organisation} would like a booth at {festival}. The application is a draft until you open this link and "
            "press “Send the application”: {link}\n"
            "The link is good once, for {hours} hours. If this was not you, do nothing."
        )
        channel, address = way_to(email=email, phone=phone)
        await send_message(
            channel=channel,
            to=address,
            person_id=person.id,
            subject=_("Your application for a booth"),
            body=body.format(organisation=draft["organisation"], festival=title, link=link, hours=LINK_HOURS),
            locale=current_locale(),
            edition_id=edition_id,
            secret=True,
            now=now,
        )
    return made


async def _organisation(
    draft: Draft,
    person: Person,
    edition_id: int,
    actor: Actor,
    now: datetime,
    *,
    phone: str | None,
    email: str | None,
) -> int:
    made = await create_organisation(
        name=draft["organisation"],
        kind=OrganisationKind(draft.get("kind") or OrganisationKind.HOUSEHOLD),
        edition_id=edition_id,
        actor=actor,
        now=now,
        ward=draft.get("ward") or "",
        ward_before=draft.get("ward_before") or "",
        phone=phone,
        email=email,
        contact=person.id,
    )
    return made.id


async def _submit(
    edition_id: int,
    organisation_id: int,
    contact_id: int,
    draft: Draft,
    actor: Actor,
    now: datetime,
    *,
    draft_only: bool,
) -> int:
    made, _new = await submit_application(
        edition_id=edition_id,
        organisation_id=organisation_id,
        contact_id=contact_id,
        cells_wanted=draft["cells_wanted"],
        zone_wanted=draft.get("zone_wanted") or "",
        power_watts=draft.get("power_watts") or 0,
        category=draft.get("category") or "",
        note=draft.get("note") or "",
        draft=draft_only,
        actor=actor,
        now=now,
    )
    return made
