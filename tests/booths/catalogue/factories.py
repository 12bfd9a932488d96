"""Exhibitors with booths, products and photos for tests."""

from dataclasses import dataclass
from io import BytesIO
from itertools import count
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.events.queries import EditionInfo
from app.kernel.money import Money
from booths.catalogue.schemas import ProductValues
from booths.catalogue.services.products import add_product
from booths.floorplan.enums import HolderState
from booths.floorplan.services import hold_booth
from tests.booths.factories import make_booth, make_hall
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.factories import make_holder, make_organisation

_numbers = count(1)


@dataclass(frozen=True)
class Fair:
    """An open edition with a hall."""

    edition: EditionInfo
    hall_id: int


@dataclass(frozen=True)
class Stand:
    """An exhibitor with a booth and somebody who looks after it."""

    organisation_id: int
    name: str
    booth_id: int
    owner: Actor


async def make_fair(**values: Any) -> Fair:
    """Make an open edition with an empty hall."""
    edition = await make_edition(**values)
    return Fair(edition, await make_hall(edition.id, width=30, depth=30))


async def make_stand(
    fair: Fair, *, name: str | None = None, state: HolderState = HolderState.ALLOCATED, **booth: Any
) -> Stand:
    """Make an exhibitor whose booth is allocated unless told otherwise."""
    number = next(_numbers)
    organisation = await make_organisation(name=name, ward="Xã Bát Tràng", phone=f"+8493{number:07d}")
    place = [(number % 30, number // 30 % 30)]
    booth_id = await make_booth(fair.edition.id, fair.hall_id, f"A{number}", place, **booth)
    await hold_booth(booth_id=booth_id, organisation_id=organisation.id, state=state, actor=SYSTEM, now=NOW)
    person = await make_holder(
        Role.EXHIBITOR_OWNER, edition_id=fair.edition.id, organisation_id=organisation.id, now=NOW
    )
    return Stand(organisation.id, organisation.name, booth_id, await actor_of_person(person.id))


async def make_product(stand: Stand, name: str = "Khăn lụa tơ tằm", **values: Any) -> int:
    """Make a product of an exhibitor; returns its id."""
    given: dict[str, Any] = {"price": Money(480_000, "VND"), "unit": "chiếc", "category": "Lụa", **values}
    return await add_product(
        organisation_id=stand.organisation_id,
        values=ProductValues(name={"vi": name}, **given),
        actor=stand.owner,
        now=NOW,
    )


def a_picture(colour: str = "#9e1b32", size: tuple[int, int] = (400, 300)) -> bytes:
    """Make a plain JPEG."""
    from PIL import Image

    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return buffer.getvalue()
