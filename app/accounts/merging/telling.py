"""What both are told when two records become one, or two again. Neither message shows the other's contact."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.accounts.enums import RecordKind
from app.accounts.tables import Person
from app.kernel.i18n import N_, _, use_locale
from app.kernel.outbox import send_message, way_to

_MERGED = N_("Two records were made one: {name}")
_UNDONE = N_("Two records are two again: {name}")
_WRONG = N_("If this is a mistake, tell the organisers: it can be undone, and everything goes back to where it was.")
_PERSON_KEPT = N_(
    "Dear {name},\n\n{festival} knew you twice, under two phone numbers or mail addresses. The organisers have made "
    "the two records one. Roles, tickets and applications of both are in your account now, and you sign in as before."
)
_PERSON_MERGED = N_(
    "Dear {name},\n\n{festival} knew you twice, under two phone numbers or mail addresses. The organisers have made "
    "the two records one. You were signed out here. Tickets and links that you have stay good."
)
_LEADS = N_("You can sign in with this phone number or mail address, too: it opens the one account.")
_LEADS_NOT = N_("From now on sign in with your other phone number or mail address: this one opens nothing any more.")
_ALSO_OPENS = N_("Your other phone number or mail address opens this account, too.")
_ORGANISATION = N_(
    "Dear {name},\n\n{festival} had {kept} in its records twice. The organisers have made the two records one. Whoever "
    "works for one of them sees what both hold: applications, booths and products. Printed codes and links stay good."
)
_TWO_AGAIN = N_(
    "Dear {name},\n\nthe organisers of {festival} had made two records one, and have taken that back. Everything is as "
    "it was. What was added meanwhile stays with the record that had stayed. You may have to sign in again."
)


async def tell_merged(
    kind: RecordKind,
    kept: Mapping[str, Any],
    merged: Mapping[str, Any],
    *,
    merge_id: int,
    leads: bool,
    edition_id: int,
    festival: str,
    now: datetime,
) -> None:
    """Tell both, in the caller's transaction. ``leads``: the merged person's contact opens the account that stayed."""
    for row in (kept, merged):
        if kind == RecordKind.ORGANISATION:
            parts = [_ORGANISATION, _WRONG]
        elif row is kept:
            parts = [_PERSON_KEPT, *([_ALSO_OPENS] if leads else []), _WRONG]
        else:
            parts = [_PERSON_MERGED, _LEADS if leads else _LEADS_NOT, _WRONG]
        await _send(kind, row, _MERGED, parts, f"merge:{merge_id}:{row['id']}", kept, edition_id, festival, now)


async def tell_undone(
    kind: RecordKind,
    kept: Mapping[str, Any],
    merged: Mapping[str, Any],
    *,
    merge_id: int,
    edition_id: int,
    festival: str,
    now: datetime,
) -> None:
    """Tell both, in the caller's transaction."""
    for row in (kept, merged):
        key = f"unmerge:{merge_id}:{row['id']}"
        await _send(kind, row, _UNDONE, [_TWO_AGAIN], key, kept, edition_id, festival, now)


async def _send(
    kind: RecordKind,
    row: Mapping[str, Any],
    subject: str,
    parts: list[str],
    unique_key: str,
    kept: Mapping[str, Any],
    edition_id: int,
    festival: str,
    now: datetime,
) -> None:
    person_id, locale, email, phone = None, "vi", row["email"], row["phone"]
    if kind == RecordKind.PERSON:
        person_id, locale = row["id"], row["locale"]
    elif row["contact"] is not None:
        person = await Person.select().where(Person.id == row["contact"]).first()
        if person is not None:
            locale = person["locale"]
            if not email and not phone:
                person_id, email, phone = person["id"], person["email"], person["phone"]
    if not email and not phone:
        return
    channel, address = way_to(email=email, phone=phone)
    said = {
        "name": row["full_name"] if kind == RecordKind.PERSON else row["name"],
        "kept": kept["full_name"] if kind == RecordKind.PERSON else kept["name"],
        "festival": festival,
    }
    with use_locale(locale):
        await send_message(
            channel=channel,
            to=address,
            person_id=person_id,
            subject=_(subject).format(**said),
            body="\n\n".join(_(part).format(**said) for part in parts),
            locale=locale,
            edition_id=edition_id,
            unique_key=unique_key,
            now=now,
        )
