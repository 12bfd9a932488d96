"""One factory for each table: keyword-only coroutines that make a plausible row and let a test say what matters.

A factory goes through the service that makes such rows in earnest wherever there is one. Modules with many tables
have factories of their own in ``tests/support/factories_MODULE.py``.
"""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import DeviceKind, OrganisationKind, Role
from app.accounts.services.devices import make_device_invite, pair_device
from app.accounts.services.people import create_organisation, create_person, grant_role
from app.accounts.tables import Device, Organisation, Person
from app.kernel import clock

NAMES = ("Nguyễn Thị Lan", "Trần Thị Hương", "Lê Ngọc Ánh", "Phạm Thu Đông", "Siti Rahayu", "Đặng Mỹ Ý")
_numbers = count(1)


async def make_person(*, name: str | None = None, now: datetime | None = None, **values: Any) -> Person:
    """Make a person with a phone number of her own; ``values`` go to ``create_person``."""
    number = next(_numbers)
    values.setdefault("phone", f"+8490{number:07d}")
    return await create_person(full_name=name or NAMES[number % len(NAMES)], now=now or clock.now(), **values)


async def make_holder(
    role: Role,
    *,
    edition_id: int | None = None,
    organisation_id: int | None = None,
    now: datetime | None = None,
    **values: Any,
) -> Person:
    """Make a person who holds a role, in one edition or in every one."""
    at = now or clock.now()
    person = await make_person(now=at, **values)
    await grant_role(
        person_id=person.id,
        role=role,
        edition_id=edition_id,
        organisation_id=organisation_id,
        actor=SYSTEM,
        now=at,
    )
    return person


async def make_owner(**values: Any) -> Person:
    """Make an owner of every edition."""
    return await make_holder(Role.OWNER, **values)


async def make_organisation(
    *,
    name: str | None = None,
    kind: OrganisationKind = OrganisationKind.HOUSEHOLD,
    now: datetime | None = None,
    **values: Any,
) -> Organisation:
    """Make an organisation; ``values`` are further columns."""
    named = name or f"Cơ sở thêu ren số {next(_numbers)}"
    return await create_organisation(name=named, kind=kind, actor=SYSTEM, now=now or clock.now(), **values)


async def make_device(
    *,
    kind: DeviceKind = DeviceKind.GATE,
    edition_id: int,
    actor: Actor = SYSTEM,
    now: datetime | None = None,
    **values: Any,
) -> tuple[Device, str]:
    """Make a device that is paired; returns it with the token that it keeps."""
    at = now or clock.now()
    _, address = await make_device_invite(
        kind=kind, edition_id=edition_id, label=f"Máy {next(_numbers)}", actor=actor, now=at, **values
    )
    return await pair_device(invite_token=address.rpartition("/")[2], now=at)
