"""What an exhibitor says of itself."""

import json
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import EXHIBITOR_ROLES, ConsentPurpose, GivenThrough
from app.accounts.tables import Consent, RoleGrant
from app.kernel import audit
from app.kernel.database import write_transaction
from booths.catalogue.certificates import show_certificates
from booths.catalogue.queries.exhibitors import profile_of, texts_of
from booths.catalogue.schemas import ProfileValues
from booths.catalogue.tables import Certificate, ExhibitorProfile


async def show_contact(person_id: int, given: bool) -> None:
    """Show or hide the contact details of the organisations that a person speaks for, as her consent now says."""
    rows = await RoleGrant.select(RoleGrant.organisation).where(
        (RoleGrant.person == person_id)
        & RoleGrant.role.is_in([role.value for role in EXHIBITOR_ROLES])
        & RoleGrant.revoked_at.is_null()
    )
    ids = [row["organisation"] for row in rows if row["organisation"] is not None]
    if ids:
        await ExhibitorProfile.update({ExhibitorProfile.contact_public: given}).where(
            ExhibitorProfile.organisation.is_in(ids)
        )


async def save_profile(
    *,
    organisation_id: int,
    values: ProfileValues,
    photo: str | None = None,
    edition_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep what an organisation says of itself; ``photo`` is a stored photo's hash, None leaves it as it is.

    Showing or hiding the contact details is kept as a consent of the one who did it, with its wording.
    """
    async with write_transaction():
        before = await profile_of(organisation_id)
        told_before = await _told_before(before, organisation_id)
        columns: dict[Any, Any] = {
            ExhibitorProfile.story: json.dumps(dict(values.story), ensure_ascii=False),
            ExhibitorProfile.website: values.website,
            ExhibitorProfile.contact_public: values.contact_public,
            ExhibitorProfile.changed_at: now,
        }
        if photo is not None:
            columns[ExhibitorProfile.photo] = photo
        if before is None:
            named = {column._meta.name: value for column, value in columns.items()}
            await ExhibitorProfile.insert(ExhibitorProfile(organisation=organisation_id, **named)).on_conflict(
                target=ExhibitorProfile.organisation, action="DO NOTHING"
            )
        await ExhibitorProfile.update(columns).where(ExhibitorProfile.organisation == organisation_id)
        await Certificate.delete().where((Certificate.organisation == organisation_id) & Certificate.product.is_null())
        if values.certificates:
            await Certificate.insert(
                *(Certificate(organisation=organisation_id, name=name, year=year) for name, year in values.certificates)
            )
        was_public = bool(before and before.contact_public)
        if values.contact_public != was_public and actor.person_id is not None:
            await Consent(
                person=actor.person_id,
                purpose=ConsentPurpose.CONTACT,
                edition_id=edition_id,
                given=values.contact_public,
                wording=values.consent_wording,
                at=now,
                given_through=GivenThrough.IN_PERSON if actor.acts_for_another else GivenThrough.HERSELF,
                given_to=actor.written_by[0] if actor.acts_for_another else None,
            ).save()
        told: dict[str, Any] = {
            "story": dict(values.story),
            "website": values.website,
            "certificates": show_certificates(values.certificates),
            "contact_public": values.contact_public,
            "photo": told_before["photo"] if photo is None else photo,
        }
        old, new = audit.changes(told_before, told)
        if new:
            await audit.record(
                actor=actor,
                action="exhibitor_profile.save",
                subject_type="exhibitor_profile",
                subject_id=organisation_id,
                edition_id=edition_id,
                before=old,
                after=new,
                now=now,
            )


async def _told_before(profile: ExhibitorProfile | None, organisation_id: int) -> dict[str, Any]:
    certificates = (
        await Certificate.select(Certificate.name, Certificate.year)
        .where((Certificate.organisation == organisation_id) & Certificate.product.is_null())
        .order_by(Certificate.id)
    )
    return {
        "story": texts_of(profile.story) if profile else {},
        "website": profile.website if profile else "",
        "certificates": show_certificates((one["name"], one["year"]) for one in certificates),
        "contact_public": bool(profile and profile.contact_public),
        "photo": profile.photo if profile else None,
    }
