"""A merge and its undoing leave every table as it was, on both engines."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import RecordKind, Role
from app.accounts.errors import MergeNotLast, MergeUndone
from app.accounts.merging.pointers import pointers
from app.accounts.services.merging import merge_records, undo_merge
from app.accounts.services.people import grant_role
from app.accounts.tables import Consent, Organisation, Person, RecordMerge, RoleGrant
from app.kernel.database import fetch
from booths.catalogue.tables import ExhibitorProfile, Product
from tests.accounts.merging.scene import everything, make_business_twice, make_twice
from tests.support.factories import make_organisation, make_person
from tests.support.festival import Festival, make_festival
from tests.test_migrations import all_tables

pytestmark = pytest.mark.engines


async def pointing_at(kind: RecordKind, record_id: int) -> dict[str, int]:
    """Return how many rows of each column point at a record."""
    found = {}
    for name in pointers(kind):
        table, column = name.split(".")
        rows = await fetch(f'SELECT COUNT(*) AS count FROM "{table}" WHERE "{column}" = {{}}', record_id)
        if rows[0]["count"]:
            found[name] = rows[0]["count"]
    return found


@pytest.mark.slow
async def test_a_person_of_whom_everything_was_held_is_one_and_then_two_again(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    twice = await make_twice(frozen_now)
    hung = await pointing_at(RecordKind.PERSON, twice.merged)
    assert len(hung) > 10
    before = await everything()

    merge_id = await twice.merge(frozen_now)

    assert await everything() != before
    assert await pointing_at(RecordKind.PERSON, twice.merged) == {"role_grant.person": 1}  # a role that both had
    kept = await pointing_at(RecordKind.PERSON, twice.kept)
    assert sum(kept.values()) == sum(hung.values()) - 1 + 1 + 1  # not that role, but the one there was, and herself
    await twice.undo(merge_id, frozen_now + timedelta(hours=1))

    assert await everything() == before
    with pytest.raises(MergeUndone):
        await twice.undo(merge_id, frozen_now)


@pytest.mark.slow
async def test_what_was_added_meanwhile_stays_with_the_one_that_stayed(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    twice = await make_twice(frozen_now)
    before = await everything()
    merge_id = await twice.merge(frozen_now)
    here = twice.festival.edition.id
    await grant_role(person_id=twice.kept, role=Role.FINANCE, edition_id=here, actor=SYSTEM, now=frozen_now)
    await Consent(person=twice.kept, purpose="photo", given=True, wording="Được chụp", at=frozen_now).save()
    await twice.undo(merge_id, frozen_now)
    after = await everything()
    added = {
        name: [row for row in rows if row not in before[name]] for name, rows in after.items() if rows != before[name]
    }
    assert {name: [row["person"] for row in rows] for name, rows in added.items()} == {
        "role_grant": [twice.kept],
        "consent": [twice.kept],
    }
    assert all(row in after[name] for name, rows in before.items() for row in rows)


@pytest.mark.slow
async def test_what_went_elsewhere_meanwhile_stays_there(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    twice = await make_twice(frozen_now)
    other = await make_person(now=frozen_now)
    merge_id = await twice.merge(frozen_now)
    business = await Organisation.objects().get(Organisation.contact == twice.kept)
    assert business is not None
    await Organisation.update({Organisation.contact: other.id}).where(Organisation.id == business.id)
    await RoleGrant.delete().where((RoleGrant.person == twice.kept) & (RoleGrant.role == Role.JUDGE.value))
    await twice.undo(merge_id, frozen_now)
    row = await Organisation.select(Organisation.contact).where(Organisation.id == business.id).first()
    assert row == {"contact": other.id}
    roles = await RoleGrant.select(RoleGrant.role).where(RoleGrant.person == twice.merged)
    assert sorted(one["role"] for one in roles) == [Role.EXHIBITOR_OWNER.value, Role.FLOOR.value]


async def merge_business(festival: Festival, kept: int, merged: int, now: datetime) -> int:
    """Merge two organisations as the manager."""
    return await merge_records(
        kind=RecordKind.ORGANISATION,
        kept_id=kept,
        merged_id=merged,
        edition_id=festival.edition.id,
        festival="Hội chợ",
        actor=festival.people["manager"],
        now=now,
    )


@pytest.mark.slow
async def test_an_exhibitor_of_whom_everything_was_held_is_one_and_then_two_again(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    festival = await make_festival(frozen_now)
    kept, merged = await make_business_twice(festival, frozen_now)
    hung = await pointing_at(RecordKind.ORGANISATION, merged)
    assert {"cell_hold.organisation", "lead.organisation", "product.organisation"} <= set(hung)
    before = await everything()

    merge_id = await merge_business(festival, kept, merged, frozen_now)

    left = await pointing_at(RecordKind.ORGANISATION, merged)
    # Each has a profile of its own, and the same woman works for both: for these there is no room.
    assert left == {"exhibitor_profile.organisation": 1, "role_grant.organisation": 1}
    codes = await Product.select(Product.code).where(Product.organisation == kept).order_by(Product.id)
    assert [row["code"] for row in codes] == [f"L-01~{festival.ids['product_id']}", "L-01"]
    row = (
        await Organisation.select(Organisation.address, Organisation.tax_number).where(Organisation.id == kept).first()
    )
    assert row == {"address": "Ngõ 3, Vạn Phúc", "tax_number": "107712345"}
    await undo_merge(
        merge_id=merge_id,
        edition_id=festival.edition.id,
        festival="Hội chợ",
        actor=festival.people["manager"],
        now=frozen_now,
    )
    assert await everything() == before
    assert await ExhibitorProfile.count() == 2


async def test_a_merge_upon_a_merge_is_undone_first(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    ids = [
        (await make_organisation(name=name, ward="Xã Hòa Vang", now=frozen_now)).id
        for name in ("Công ty TNHH Sen Hồng", "Sen Hồng", "Cty SEN HONG")
    ]
    branch = await make_organisation(parent=ids[2], now=frozen_now)
    before = await everything()
    first = await merge_business(festival, ids[1], ids[2], frozen_now)
    second = await merge_business(festival, ids[0], ids[1], frozen_now)
    rows = (
        await Organisation.select(Organisation.merged_into).where(Organisation.id.is_in(ids)).order_by(Organisation.id)
    )
    assert [row["merged_into"] for row in rows] == [None, ids[0], ids[0]]  # one step, never a chain
    above = await Organisation.select(Organisation.parent).where(Organisation.id == branch.id).first()
    assert above == {"parent": ids[0]}

    async def undo(merge_id: int) -> None:
        await undo_merge(
            merge_id=merge_id,
            edition_id=festival.edition.id,
            festival="Hội chợ",
            actor=festival.people["manager"],
            now=frozen_now,
        )

    with pytest.raises(MergeNotLast):
        await undo(first)
    await undo(second)
    await undo(first)
    assert await everything() == before


async def test_the_record_of_a_merge_names_nobody(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    kept, merged = await make_business_twice(festival, frozen_now)
    await merge_business(festival, kept, merged, frozen_now)
    row = await RecordMerge.select(RecordMerge.moved, RecordMerge.renamed, RecordMerge.filled).first()
    assert row is not None
    moved, renamed, filled = (json.loads(row[name]) for name in ("moved", "renamed", "filled"))
    assert all(isinstance(one, int) for ids in moved.values() for one in ids)
    assert list(renamed) == ["product.code"]
    assert filled == {"phone": None, "address": ""}


def test_every_column_that_points_at_a_record_is_moved_or_stays_for_a_reason() -> None:
    from piccolo.columns import ForeignKey

    from app.accounts.merging.pointers import STAYING, name_of

    for kind, target in ((RecordKind.PERSON, Person), (RecordKind.ORGANISATION, Organisation)):
        pointing = {
            name_of(column)
            for table in all_tables()
            for column in table._meta.columns
            if isinstance(column, ForeignKey) and column._foreign_key_meta.resolved_references is target
        }
        stays = {name for name in pointing if name.split(".")[0] in {table._meta.tablename for table in STAYING}}
        assert set(pointers(kind)) == pointing - stays
    assert stays == set()
