"""Somebody who stands twice in a festival that knows everything of her, and a business that does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import RecordKind, Role
from app.accounts.services.merging import merge_records, undo_merge
from app.accounts.services.people import grant_role
from app.accounts.tables import Organisation, Person
from app.kernel.database import fetch
from booths.catalogue.tables import ExhibitorProfile, Product
from tests.support.factories import make_organisation, make_person
from tests.support.festival import Festival, make_festival
from tests.support.known_person import NAME, PHONE, make_known_person
from tests.test_migrations import all_tables

#: What a merge and its undoing leave behind: the log, the messages, and the record of the merge.
LEFT = {"audit_entry", "outbox_message", "record_merge"}
#: Her number, as it was written where somebody took her for an Indonesian.
SAME_PHONE = PHONE.replace("+84", "+62")

State = dict[str, list[dict[str, Any]]]


async def everything() -> State:
    """Return every row of every table but those that a merge leaves behind."""
    tables = [table for table in all_tables() if table._meta.tablename not in LEFT]
    return {
        table._meta.tablename: await fetch(f'SELECT * FROM "{table._meta.tablename}" ORDER BY id') for table in tables
    }


@dataclass
class Twice:
    """The festival, its owner, and her two records."""

    festival: Festival
    owner: Actor
    kept: int
    merged: int

    async def merge(self, now: datetime, *, kept: int | None = None, merged: int | None = None) -> int:
        """Merge her two records, or others."""
        return await merge_records(
            kind=RecordKind.PERSON,
            kept_id=kept or self.kept,
            merged_id=merged or self.merged,
            edition_id=self.festival.edition.id,
            festival="Hội chợ",
            actor=self.owner,
            now=now,
        )

    async def undo(self, merge_id: int, now: datetime) -> None:
        """Make them two again."""
        await undo_merge(
            merge_id=merge_id,
            edition_id=self.festival.edition.id,
            festival="Hội chợ",
            actor=self.owner,
            now=now,
        )


async def make_twice(now: datetime) -> Twice:
    """Make her: everything hangs on the record that goes; the one that stays holds one of its roles, too."""
    festival = await make_festival(now)
    her = await make_known_person(festival, now)
    assert her.person_id is not None
    kept = await make_person(name=NAME, phone=SAME_PHONE, now=now)
    await grant_role(person_id=kept.id, role=Role.FLOOR, edition_id=festival.edition.id, actor=SYSTEM, now=now)
    # Her second step guards the record that goes; where it has to be the other way round is a test of its own.
    await fetch("DELETE FROM two_step WHERE person = {}", her.person_id)
    return Twice(festival, festival.people["owner"], kept.id, her.person_id)


async def make_business_twice(festival: Festival, now: datetime) -> tuple[int, int]:
    """Make a second record of the festival's exhibitor: (the one that stays, the one that goes).

    Both have a profile, a product of the same code and somebody with a role; the one that stays has no address.
    """
    known = await Organisation.objects().get(Organisation.id == festival.ids["organisation_id"])
    assert known is not None
    numbers: dict[Any, Any] = {Organisation.tax_number: "0107 712 345", Organisation.address: "Ngõ 3, Vạn Phúc"}
    await Organisation.update(numbers).where(Organisation.id == known.id)
    code: dict[Any, Any] = {Product.code: "L-01"}
    await Product.update(code).where(Product.id == festival.ids["product_id"])
    twin = await make_organisation(name="HTX LỤA VẠN PHÚC", ward="xã Bát Tràng", tax_number="107712345", now=now)
    await Product(organisation=twin.id, code="L-01", name='{"vi": "Khăn lụa"}', created_at=now, changed_at=now).save()
    for organisation_id in (known.id, twin.id):
        await ExhibitorProfile(organisation=organisation_id).save()
    owner = festival.people["exhibitor_owner"]
    assert owner.person_id is not None
    await grant_role(
        person_id=owner.person_id,
        role=Role.EXHIBITOR_OWNER,
        edition_id=festival.edition.id,
        organisation_id=twin.id,
        actor=SYSTEM,
        now=now,
    )
    return twin.id, known.id


async def merged_into(person_id: int) -> int | None:
    """Return where a person's record leads."""
    row = await Person.select(Person.merged_into).where(Person.id == person_id).first()
    assert row is not None
    found: int | None = row["merged_into"]
    return found
