"""What accounts holds of people."""

from datetime import datetime
from typing import Any

from app.accounts.enums import DEVICE_KIND_NAMES, GIVEN_THROUGH_NAMES, PURPOSE_NAMES, ROLE_NAMES
from app.accounts.personal.registry import NUMBER_ONLY, Held, PersonalData, Rows
from app.accounts.personal.whom import NOBODY, Whom
from app.accounts.tables import (
    Assistance,
    Consent,
    ContactChange,
    Device,
    HalfSignIn,
    Organisation,
    Person,
    RecoveryCode,
    RoleGrant,
    Session,
    SignInToken,
    TwoStep,
)
from app.kernel.i18n import LOCALE_NAMES, N_
from app.kernel.names import search_text

#: Ids of rows, codes of products, and what a kept record held before: nothing, or it would have kept it.
MERGE_TEXTS = ("moved", "renamed", "filled")
UNTIL_ASKED = N_("Until you ask for erasure")


async def _person(whom: Whom) -> Rows:
    columns = [Person.full_name, Person.phone, Person.email, Person.locale, Person.expertise, Person.is_expert]
    return await Person.select(*columns, Person.created_at).where(
        (Person.id == whom.person_id) & Person.erased_at.is_null()
    )


async def _erase_person(whom: Whom, now: datetime) -> int:
    if whom.person_id is None:
        return 0
    values: dict[Any, Any] = {
        Person.full_name: NOBODY,
        Person.sort_key: "",
        Person.search_text: "",
        Person.phone: None,
        Person.email: None,
        Person.password_hash: None,
        Person.expertise: "",
        Person.is_expert: False,
        Person.erased_at: now,
    }
    gone = await Person.update(values).where(Person.id == whom.person_id).returning(Person.id)
    return len(gone)


async def _roles(whom: Whom) -> Rows:
    return await RoleGrant.select(
        RoleGrant.role,
        RoleGrant.edition_id,
        RoleGrant.organisation.name.as_alias("organisation"),
        RoleGrant.granted_at,
        RoleGrant.revoked_at,
    ).where(RoleGrant.person == whom.person_id)


async def _erase_roles(whom: Whom, now: datetime) -> int:
    return len(await RoleGrant.delete().where(RoleGrant.person == whom.person_id).returning(RoleGrant.id))


async def _organisations(whom: Whom) -> Rows:
    return await Organisation.select(
        Organisation.name,
        Organisation.tax_number,
        Organisation.phone,
        Organisation.email,
        Organisation.address,
        Organisation.ward,
        Organisation.ward_before,
    ).where(_of(whom))


def _of(whom: Whom) -> Any:
    mine: Any = Organisation.contact == whom.person_id
    if whom.phones:
        mine = mine | Organisation.phone.is_in(list(whom.phones))
    if whom.emails:
        mine = mine | Organisation.email.is_in(list(whom.emails))
    return mine


async def _leave_organisations(whom: Whom, now: datetime) -> int:
    if whom.person_id is None:
        return 0
    rows = await Organisation.select().where(_of(whom))
    for row in rows:
        phone = None if row["phone"] in whom.phones else row["phone"]
        email = None if row["email"] in whom.emails else row["email"]
        await Organisation.update(
            {
                Organisation.contact: None if row["contact"] == whom.person_id else row["contact"],
                Organisation.phone: phone,
                Organisation.email: email,
                Organisation.search_text: search_text(
                    row["name"], row["ward"], row["ward_before"], phone, row["tax_number"]
                )[:600],
            }
        ).where(Organisation.id == row["id"])
    return len(rows)


async def _sign_ins(whom: Whom) -> Rows:
    return await Session.select(Session.browser, Session.created_at, Session.last_seen_at).where(
        Session.person == whom.person_id
    )


async def _erase_sign_ins(whom: Whom, now: datetime) -> int:
    gone = await Session.delete().where(Session.person == whom.person_id).returning(Session.id)
    await SignInToken.delete().where(SignInToken.person == whom.person_id)
    await HalfSignIn.delete().where(HalfSignIn.person == whom.person_id)
    return len(gone)


async def _new_contacts(whom: Whom) -> Rows:
    columns = [ContactChange.kind, ContactChange.address, ContactChange.created_at]
    return await ContactChange.select(*columns).where(ContactChange.person == whom.person_id)


async def _erase_new_contacts(whom: Whom, now: datetime) -> int:
    """Those that she asked for, and those with which somebody else claims a contact of hers."""
    hers: Any = ContactChange.person == whom.person_id
    if whom.addresses:
        hers = hers | ContactChange.address.is_in(list(whom.addresses))
    return len(await ContactChange.delete().where(hers).returning(ContactChange.id))


async def _assistance(whom: Whom) -> Rows:
    return await Assistance.select(
        Assistance.edition_id,
        Assistance.registered_at,
        Assistance.allowed_at,
        Assistance.handed_over_at,
        Assistance.taken_over_at,
        Assistance.contact,
    ).where(Assistance.person == whom.person_id)


async def _erase_assistance(whom: Whom, now: datetime) -> int:
    if whom.person_id is None:
        return 0
    nobody: dict[Any, Any] = {Session.acting_for: None, Session.acting_in: None}
    await Session.update(nobody).where(Session.acting_for == whom.person_id)
    return len(await Assistance.delete().where(Assistance.person == whom.person_id).returning(Assistance.id))


async def _second_step(whom: Whom) -> Rows:
    return await TwoStep.select(TwoStep.created_at, TwoStep.confirmed_at).where(TwoStep.person == whom.person_id)


async def _erase_second_step(whom: Whom, now: datetime) -> int:
    await RecoveryCode.delete().where(RecoveryCode.person == whom.person_id)
    return len(await TwoStep.delete().where(TwoStep.person == whom.person_id).returning(TwoStep.id))


async def _devices(whom: Whom) -> Rows:
    return await Device.select(
        Device.kind, Device.label, Device.edition_id, Device.paired_at, Device.last_seen_at, Device.revoked_at
    ).where(Device.person == whom.person_id)


async def _erase_devices(whom: Whom, now: datetime) -> int:
    if whom.person_id is None:
        return 0
    await Device.update({Device.revoked_at: now}).where((Device.person == whom.person_id) & Device.revoked_at.is_null())
    values: dict[Any, Any] = {Device.person: None, Device.label: "", Device.invite_hash: None, Device.token_hash: None}
    return len(await Device.update(values).where(Device.person == whom.person_id).returning(Device.id))


_CONTACT_NAMES = {"phone": N_("Phone number"), "email": N_("Mail address")}


async def _consents(whom: Whom) -> Rows:
    return await Consent.select(
        Consent.purpose, Consent.edition_id, Consent.given, Consent.given_through, Consent.wording, Consent.at
    ).where(Consent.person == whom.person_id)


DATA = PersonalData(
    held=(
        Held(
            key="person",
            title=N_("Your account"),
            purpose=N_("To know you again, to send you what concerns you, and to let you sign in."),
            until=UNTIL_ASKED,
            find=_person,
            erase=_erase_person,
            words={"locale": LOCALE_NAMES.get},
        ),
        Held(
            key="roles",
            title=N_("Your roles"),
            purpose=N_("To open to you what your work needs."),
            until=UNTIL_ASKED,
            find=_roles,
            erase=_erase_roles,
            words={"role": ROLE_NAMES.get},
        ),
        Held(
            key="organisations",
            title=N_("Organisations that you speak for"),
            purpose=N_("To reach the organisation about its booth."),
            until=UNTIL_ASKED,
            stays=N_("The organisation itself, its name and its tax number: they are not yours alone."),
            find=_organisations,
            erase=_leave_organisations,
        ),
        Held(
            key="sign_ins",
            title=N_("Where you are signed in"),
            purpose=N_("To keep you signed in, and to let you see where."),
            until=N_("Until you sign out"),
            find=_sign_ins,
            erase=_erase_sign_ins,
        ),
        Held(
            key="new_contacts",
            title=N_("A new contact that you have not confirmed yet"),
            purpose=N_("To make sure that it is yours before it counts."),
            until=N_("Until you confirm it, ten minutes at most; it is gone within the hour"),
            find=_new_contacts,
            erase=_erase_new_contacts,
            words={"kind": _CONTACT_NAMES.get},
        ),
        Held(
            key="assistance",
            title=N_("Who registered you, and who may fill in for you"),
            purpose=N_("To let an officer help you as long as you want it."),
            until=UNTIL_ASKED,
            find=_assistance,
            erase=_erase_assistance,
        ),
        Held(
            key="second_step",
            title=N_("Your two-step sign-in"),
            purpose=N_("To let nobody in who only has your link, code or password."),
            until=N_("Until you turn it off"),
            find=_second_step,
            erase=_erase_second_step,
        ),
        Held(
            key="devices",
            title=N_("Devices bound to you"),
            purpose=N_("To know whose tablet or phone works at the festival."),
            until=UNTIL_ASKED,
            find=_devices,
            erase=_erase_devices,
            words={"kind": DEVICE_KIND_NAMES.get},
        ),
        Held(
            key="consents",
            title=N_("Consents that you gave or withdrew"),
            purpose=N_("To prove what you agreed to, and when."),
            until=N_("Kept as long as proof may be asked for"),
            stays=N_("That a consent was given or withdrawn, without your name: the law wants it provable."),
            find=_consents,
            words={"purpose": PURPOSE_NAMES.get, "given_through": GIVEN_THROUGH_NAMES.get},
        ),
    ),
    erased=frozenset(
        {
            *(f"person.{name}" for name in ("full_name", "sort_key", "search_text", "phone", "email", "password_hash")),
            "person.expertise",
            "role_grant.person",
            *(f"organisation.{name}" for name in ("contact", "phone", "email", "search_text")),
            *(f"session.{name}" for name in ("person", "browser", "token_hash", "acting_for")),
            *(f"assistance.{name}" for name in ("person", "contact", "card_hash", "code_hash")),
            *(f"sign_in_token.{name}" for name in ("person", "token_hash", "code_hash", "next_path", "asked_by")),
            *(f"half_sign_in.{name}" for name in ("person", "token_hash", "next_path")),
            *(f"contact_change.{name}" for name in ("person", "address", "token_hash", "code_hash")),
            *(f"two_step.{name}" for name in ("person", "secret_sealed")),
            *(f"recovery_code.{name}" for name in ("person", "code_hash")),
            *(f"device.{name}" for name in ("person", "label", "invite_hash", "token_hash")),
        }
    ),
    kept={
        "organisation.name": N_("The name of a business is its own and stands in public records."),
        "organisation.sort_key": N_("The name of a business is its own and stands in public records."),
        "organisation.tax_number": N_("The name of a business is its own and stands in public records."),
        "consent.person": NUMBER_ONLY,
        "consent.given_to": NUMBER_ONLY,
        "assistance.registered_by": NUMBER_ONLY,
        "consent.wording": N_("The sentence that was agreed to; it names nobody."),
        "role_grant.granted_by": NUMBER_ONLY,
        "person.merged_into": NUMBER_ONLY,
        "record_merge.merged_by": NUMBER_ONLY,
        "record_merge.undone_by": NUMBER_ONLY,
        "not_the_same.said_by": NUMBER_ONLY,
    },
    texts=(Organisation.address, Organisation.ward_before),
    impersonal=frozenset({"person.locale", "organisation.ward", *(f"record_merge.{name}" for name in MERGE_TEXTS)}),
    ties=(Organisation.contact, RoleGrant.person, Session.person, Device.person),
)
