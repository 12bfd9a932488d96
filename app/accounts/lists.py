"""Lists of accounts that pages show: searched, paged, in the order of Vietnamese names."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from piccolo.columns.combination import WhereRaw

from app.accounts.enums import AccountState, DeviceKind, DeviceState, InForce, OrganisationKind, RecordKind, Role
from app.accounts.queries import exhibits, record_names
from app.accounts.tables import Assistance, Device, Organisation, Person, RoleGrant
from app.kernel.database import contains
from app.kernel.names import search_text, searched
from app.kernel.searching import is_named, like_pattern


async def people_with_roles(
    edition_id: int, *, search: str = "", role: Role | None = None, offset: int = 0, limit: int = 50
) -> tuple[list[dict[str, Any]], int]:
    """Grants in force in an edition (or in every one) with their people, by given name; and how many there are."""
    condition: Any = (
        RoleGrant.revoked_at.is_null()
        & ((RoleGrant.edition_id == edition_id) | RoleGrant.edition_id.is_null())
        & RoleGrant.person.merged_into.is_null()
    )
    if role is not None:
        condition = condition & (RoleGrant.role == role.value)
    if search:
        condition = condition & is_named(RoleGrant.person.search_text, search)
    total = await RoleGrant.count().where(condition)
    rows = (
        await RoleGrant.select(
            RoleGrant.id,
            RoleGrant.role,
            RoleGrant.edition_id,
            RoleGrant.person.id.as_alias("person_id"),
            RoleGrant.person.full_name.as_alias("full_name"),
            RoleGrant.person.phone.as_alias("phone"),
            RoleGrant.person.email.as_alias("email"),
            RoleGrant.person.expertise.as_alias("expertise"),
            RoleGrant.organisation.name.as_alias("organisation"),
        )
        .where(condition)
        .order_by(RoleGrant.person.sort_key)
        .order_by(RoleGrant.id)
        .limit(limit)
        .offset(offset)
    )
    return rows, total


async def experts(*, search: str = "", offset: int = 0, limit: int = 50) -> tuple[list[dict[str, Any]], int]:
    """People who were loaded as experts, by given name; and how many there are. Their field is searched, too."""
    condition: Any = Person.is_expert.eq(True) & Person.merged_into.is_null()
    if search:
        condition = condition & (contains(search, "person.expertise") | is_named(Person.search_text, search))
    total = await Person.count().where(condition)
    rows = (
        await Person.select(Person.id, Person.full_name, Person.phone, Person.email, Person.expertise)
        .where(condition)
        .order_by(Person.sort_key)
        .order_by(Person.id)
        .limit(limit)
        .offset(offset)
    )
    return rows, total


async def people_named(search: str, *, limit: int = 500) -> list[int]:
    """Ids of people whose name, phone number or address contains the text, and of those they were merged into."""
    rows = (
        await Person.select(Person.id, Person.merged_into)
        .where(is_named(Person.search_text, search))
        .order_by(Person.id)
        .limit(limit)
    )
    return sorted({found for row in rows for found in (row["id"], row["merged_into"]) if found})


async def organisations(
    *,
    search: str = "",
    kind: OrganisationKind | None = None,
    parent_id: int | None = None,
    in_force: InForce = InForce.EVER,
    today: date,
    offset: int = 0,
    limit: int = 50,
) -> tuple[list[dict[str, Any]], int]:
    """Organisations by name; ``parent_id`` keeps those right below one, ``in_force`` those that are so ``today``.

    The name of the one above is given whether that is in force or not: old records keep their place.
    """
    condition: Any = Organisation.merged_into.is_null()
    if kind is not None:
        condition = condition & (Organisation.kind == kind.value)
    if parent_id is not None:
        condition = condition & (Organisation.parent == parent_id)
    if in_force == InForce.NOW:
        condition = condition & (Organisation.valid_from.is_null() | (Organisation.valid_from <= today))
        condition = condition & (Organisation.valid_to.is_null() | (Organisation.valid_to >= today))
    elif in_force == InForce.ENDED:
        condition = condition & (Organisation.valid_to < today)
    if search:
        merged = WhereRaw(  # a name that was merged away leads to the one that stayed
            "organisation.id IN "
            "(SELECT old.merged_into FROM organisation old WHERE old.search_text LIKE {} ESCAPE '!')",
            like_pattern(search_text(searched(search))),
        )
        condition = condition & (is_named(Organisation.search_text, search) | merged)
    total = await Organisation.count().where(condition)
    rows = (
        await Organisation.select(
            Organisation.id,
            Organisation.name,
            Organisation.kind,
            Organisation.ward,
            Organisation.phone,
            Organisation.email,
            Organisation.tax_number,
            Organisation.member_count,
            Organisation.unit_level,
            Organisation.valid_from,
            Organisation.valid_to,
            Organisation.parent,
            Organisation.parent.name.as_alias("parent_name"),
        )
        .where(condition)
        .order_by(Organisation.sort_key)
        .order_by(Organisation.id)
        .limit(limit)
        .offset(offset)
    )
    return rows, total


async def devices_of(
    edition_id: int,
    *,
    kinds: Sequence[DeviceKind],
    now: datetime,
    search: str = "",
    state: DeviceState | None = None,
    offset: int = 0,
    limit: int = 50,
) -> tuple[list[dict[str, Any]], int]:
    """Devices of some kinds of an edition, the newest first, each with its ``state``; and how many there are."""
    condition: Any = (Device.edition_id == edition_id) & Device.kind.is_in([kind.value for kind in kinds])
    if state is not None:
        condition = condition & _stands(state, now)
    if search:
        condition = condition & (contains(search, "device.label") | is_named(Device.person.search_text, search))
    total = await Device.count().where(condition)
    rows = (
        await Device.select(
            Device.id,
            Device.kind,
            Device.label,
            Device.paired_at,
            Device.last_seen_at,
            Device.revoked_at,
            Device.invite_expires_at,
            Device.person.full_name.as_alias("full_name"),
        )
        .where(condition)
        .order_by(Device.id, ascending=False)
        .limit(limit)
        .offset(offset)
    )
    for row in rows:
        row["state"] = device_state(row, now)
    return rows, total


def device_state(row: Mapping[str, Any], now: datetime) -> DeviceState:
    """Where a device stands."""
    if row["revoked_at"]:
        return DeviceState.REVOKED
    if row["paired_at"]:
        return DeviceState.BOUND
    waits = row["invite_expires_at"] and row["invite_expires_at"] > now
    return DeviceState.INVITED if waits else DeviceState.EXPIRED


def _stands(state: DeviceState, now: datetime) -> Any:
    if state == DeviceState.REVOKED:
        return Device.revoked_at.is_not_null()
    if state == DeviceState.BOUND:
        return Device.revoked_at.is_null() & Device.paired_at.is_not_null()
    unpaired = Device.revoked_at.is_null() & Device.paired_at.is_null()
    if state == DeviceState.INVITED:
        return unpaired & (Device.invite_expires_at > now)
    return unpaired & (Device.invite_expires_at.is_null() | (Device.invite_expires_at <= now))


async def device_kind_of(device_id: int, edition_id: int) -> DeviceKind | None:
    """What a device of an edition is used as; None when the edition has no such device."""
    row = await Device.select(Device.kind).where((Device.id == device_id) & (Device.edition_id == edition_id)).first()
    return DeviceKind(row["kind"]) if row else None


async def helped(
    edition_id: int,
    *,
    now: datetime,
    search: str = "",
    state: AccountState | None = None,
    person_ids: Sequence[int] | None = None,
    offset: int = 0,
    limit: int = 50,
) -> tuple[list[dict[str, Any]], int]:
    """People whom officers of an edition registered, and its exhibitors who let them fill in; and how many there are.

    By given name, each with ``state``, ``officer`` (who registered her) and whether filling in is ``allowed``.
    """
    condition: Any = (
        WhereRaw(
            "(assistance.edition_id = {} OR assistance.allowed_at IS NOT NULL "
            f"AND {exhibits('assistance.person', '{}')})",
            edition_id,
            edition_id,
        )
        & Assistance.person.merged_into.is_null()
        & Assistance.person.erased_at.is_null()
    )
    if person_ids is not None:
        condition = condition & Assistance.person.is_in([*person_ids, 0])
    if state is not None:
        condition = condition & _stands_with(state, now)
    if search:
        condition = condition & is_named(Assistance.person.search_text, search)
    total = await Assistance.count().where(condition)
    rows = (
        await Assistance.select(
            Assistance.person.id.as_alias("person_id"),
            Assistance.person.full_name.as_alias("full_name"),
            Assistance.person.phone.as_alias("phone"),
            Assistance.person.email.as_alias("email"),
            Assistance.person.locale.as_alias("locale"),
            Assistance.edition_id,
            Assistance.registered_by,
            Assistance.registered_at,
            Assistance.allowed_at,
            Assistance.handed_over_at,
            Assistance.taken_over_at,
            Assistance.card_expires_at,
            Assistance.contact,
        )
        .where(condition)
        .order_by(Assistance.person.sort_key)
        .order_by(Assistance.id)
        .limit(limit)
        .offset(offset)
    )
    officers = await record_names(RecordKind.PERSON, [row["registered_by"] for row in rows if row["registered_by"]])
    for row in rows:
        row["state"] = account_state(row, now)
        row["officer"] = officers.get(row["registered_by"], "")
        row["allowed"] = row["allowed_at"] is not None
    return rows, total


def account_state(row: Mapping[str, Any], now: datetime) -> AccountState:
    """Whose hands an account is in."""
    if row["taken_over_at"]:
        return AccountState.TAKEN_OVER
    if row["handed_over_at"]:
        return AccountState.HANDED_OVER
    return AccountState.CARD if row["card_expires_at"] and row["card_expires_at"] > now else AccountState.REGISTERED


def _stands_with(state: AccountState, now: datetime) -> Any:
    if state == AccountState.TAKEN_OVER:
        return Assistance.taken_over_at.is_not_null()
    if state == AccountState.HANDED_OVER:
        return Assistance.handed_over_at.is_not_null() & Assistance.taken_over_at.is_null()
    hers = Assistance.handed_over_at.is_null()
    if state == AccountState.CARD:
        return hers & (Assistance.card_expires_at > now)
    return hers & (Assistance.card_expires_at.is_null() | (Assistance.card_expires_at <= now))


async def assistance_of(person_id: int) -> dict[str, Any] | None:
    """What is written down of who registered somebody and who may fill in for her; None for nothing."""
    row: dict[str, Any] | None = await Assistance.select().where(Assistance.person == person_id).first()
    return row


async def is_reachable(person_id: int) -> bool:
    """Whether she has a phone number or mail address, and so can sign in again."""
    reachable = Person.phone.is_not_null() | Person.email.is_not_null()
    return await Person.exists().where((Person.id == person_id) & reachable)


async def waits_for_her(person_id: int) -> bool:
    """Whether her account was handed over and she has not looked at it yet."""
    row = await assistance_of(person_id)
    return row is not None and row["handed_over_at"] is not None and row["taken_over_at"] is None


async def organisation_by_id(organisation_id: int) -> dict[str, Any] | None:
    """One organisation with the name of the one above it."""
    return (
        await Organisation.select(*Organisation.all_columns(), Organisation.parent.name.as_alias("parent_name"))
        .where(Organisation.id == organisation_id)
        .first()
    )
