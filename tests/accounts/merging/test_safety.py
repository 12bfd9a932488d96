"""A merge opens nobody's account to somebody else, tells both, and keeps erasing and giving out whole."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import RecordKind, Role
from app.accounts.errors import MergeLosesTwoStep, MergeNotYours, MergeOwnAccount, MergeUndone, NotMergeable
from app.accounts.queries import actor_of_person, grants_of, person_by_contact, person_to_sign_in
from app.accounts.services.erasure import editions_without_another_owner, erase_people_without_ties, erase_person
from app.accounts.services.export import export_person
from app.accounts.services.merging import merge_records, say_not_the_same
from app.accounts.services.people import create_organisation, grant_role
from app.accounts.services.sign_in import redeem_code, request_sign_in
from app.accounts.tables import Organisation, Person, SignInToken, TwoStep
from app.judging.errors import MergeOnOneJury
from app.judging.queries.contests import contest_of_edition
from app.judging.tables import PanelMember
from app.kernel.database import fetch
from app.kernel.tables import AuditEntry, OutboxMessage
from tests.accounts.merging.scene import SAME_PHONE, Twice, make_business_twice, make_twice, merged_into
from tests.accounts.personal.test_erasing import KEPT, places_of_her
from tests.events.factories import make_edition
from tests.support.factories import make_holder, make_organisation, make_person
from tests.support.festival import make_festival
from tests.support.known_person import EMAIL, NAME, PHONE

pytestmark = pytest.mark.engines


async def make_plain_twice(now: datetime, *, signed_in: bool = True) -> Twice:
    """Make two records with nothing but a contact each; the one that goes signed in once, unless told otherwise."""
    festival = await make_festival(now)
    kept = await make_person(name="Trần Thị Mơ", phone=None, email="mo@example.com", now=now)
    merged = await make_person(name="Trần Thị Mơ", phone="+84971111222", now=now)
    for person_id, ward in ((kept.id, "Phường Cát Hải"), (merged.id, "cat hai")):
        business = await make_organisation(ward=ward, contact=person_id, now=now)
        await grant_role(
            person_id=person_id,
            role=Role.EXHIBITOR_OWNER,
            edition_id=festival.edition.id,
            organisation_id=business.id,
            actor=SYSTEM,
            now=now,
        )
    if signed_in:
        await SignInToken(person=merged.id, token_hash="t", code_hash="c", created_at=now, used_at=now).save()
    return Twice(festival, festival.people["owner"], kept.id, merged.id)


async def signs_in(contact: str, now: datetime) -> int | None:
    """Ask for a code under a contact and return whom it signs in, None when nothing is sent."""
    await OutboxMessage.delete(force=True)
    await request_sign_in(contact=contact, next_path="/", browser="hers", now=now)
    sent = await OutboxMessage.select(OutboxMessage.to_address, OutboxMessage.body_text).first()
    if sent is None:
        return None
    code = next(word for word in sent["body_text"].replace(".", " ").split() if word.isdecimal() and len(word) == 6)
    person_id, _path = await redeem_code(contact=contact, code=code, browser="hers", now=now)
    return person_id


async def test_a_contact_that_signed_in_before_leads_into_the_one_account(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    twice = await make_plain_twice(frozen_now)
    merge_id = await twice.merge(frozen_now)
    assert await signs_in("0971 111 222", frozen_now) == twice.kept
    assert await signs_in("mo@example.com", frozen_now) == twice.kept
    await twice.undo(merge_id, frozen_now)
    assert await signs_in("0971 111 222", frozen_now) == twice.merged


async def test_a_contact_that_nobody_showed_to_be_hers_opens_nothing(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    twice = await make_plain_twice(frozen_now, signed_in=False)
    await twice.merge(frozen_now)
    assert await signs_in("0971 111 222", frozen_now) is None
    found = await person_by_contact(phone="+84971111222", email=None)
    assert found is not None
    assert found["id"] == twice.kept  # though an order under it is hers


@pytest.mark.parametrize("holder", ["kept", "merged"])
async def test_where_others_words_lie_open_no_merged_contact_leads(
    client: httpx.AsyncClient, frozen_now: datetime, holder: str
) -> None:
    twice = await make_plain_twice(frozen_now)
    await grant_role(
        person_id=twice.kept if holder == "kept" else twice.merged,
        role=Role.JUDGE,
        edition_id=twice.festival.edition.id,
        actor=SYSTEM,
        now=frozen_now,
    )
    await twice.merge(frozen_now)
    assert await person_to_sign_in(phone="+84971111222", email=None) is None
    assert await signs_in("mo@example.com", frozen_now) == twice.kept


async def test_a_role_given_after_the_merge_closes_the_way(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    twice = await make_plain_twice(frozen_now)
    await twice.merge(frozen_now)
    here = twice.festival.edition.id
    await grant_role(person_id=twice.kept, role=Role.MANAGER, edition_id=here, actor=SYSTEM, now=frozen_now)
    assert await signs_in("0971 111 222", frozen_now) is None


async def test_both_are_told_and_neither_learns_the_other_contact(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    twice = await make_plain_twice(frozen_now)
    await OutboxMessage.delete(force=True)
    merge_id = await twice.merge(frozen_now)
    rows = await OutboxMessage.select(OutboxMessage.to_address, OutboxMessage.body_text).order_by(OutboxMessage.id)
    assert [row["to_address"] for row in rows] == ["mo@example.com", "+84971111222"]
    assert [form in row["body_text"] for row in rows for form in ("971111222", "mo@example", "971 111")] == [False] * 6
    await twice.undo(merge_id, frozen_now)
    assert await OutboxMessage.count() == 4


async def test_the_log_has_both_as_they_were(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    twice = await make_plain_twice(frozen_now)
    merge_id = await twice.merge(frozen_now)
    await twice.undo(merge_id, frozen_now)
    rows = (
        await AuditEntry.select()
        .where((AuditEntry.subject_type == "person") & (AuditEntry.subject_id == str(twice.merged)))
        .order_by(AuditEntry.id, ascending=False)
        .limit(2)
    )
    undone, merged = rows
    assert (merged["action"], undone["action"]) == ("person.merge", "person.unmerge")
    assert merged["actor_person_id"] == twice.owner.person_id
    assert json.loads(merged["before"]) == {"full_name": "Trần Thị Mơ", "phone": "+84971111222", "email": None}
    assert json.loads(merged["after"]) == {
        "full_name": "Trần Thị Mơ",
        "phone": None,
        "email": "mo@example.com",
        "merged_into": twice.kept,
        "records": 2,
    }


async def test_who_may_not_merge(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    twice = await make_plain_twice(frozen_now)
    festival = twice.festival

    async def refused(actor: Any, error: type[Exception], kept: int = twice.kept, merged: int = twice.merged) -> None:
        with pytest.raises(error):
            await merge_records(
                kind=RecordKind.PERSON,
                kept_id=kept,
                merged_id=merged,
                edition_id=festival.edition.id,
                festival="Hội chợ",
                actor=actor,
                now=frozen_now,
            )

    await refused(festival.people["manager"], MergeNotYours)
    here = festival.edition.id
    await grant_role(person_id=twice.kept, role=Role.OWNER, edition_id=here, actor=SYSTEM, now=frozen_now)
    await refused(await actor_of_person(twice.kept), MergeOwnAccount)
    await refused(twice.owner, NotMergeable, merged=(await make_person(now=frozen_now)).id)
    await refused(twice.owner, NotMergeable, merged=twice.kept)
    elsewhere = await make_edition("noi-khac", now=frozen_now)
    await grant_role(person_id=twice.merged, role=Role.FLOOR, edition_id=elsewhere.id, actor=SYSTEM, now=frozen_now)
    await refused(twice.owner, MergeNotYours)
    both = await make_holder(Role.OWNER, edition_id=here, now=frozen_now)
    await grant_role(person_id=both.id, role=Role.OWNER, edition_id=elsewhere.id, actor=SYSTEM, now=frozen_now)
    await TwoStep(person=twice.merged, secret_sealed="sealed", created_at=frozen_now, confirmed_at=frozen_now).save()
    await refused(await actor_of_person(both.id), MergeLosesTwoStep)
    await refused(await actor_of_person(both.id), NotMergeable, twice.merged, 2**31 - 1)
    assert await merged_into(twice.merged) is None


async def test_two_of_one_jury_stay_two(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    twice = await make_plain_twice(frozen_now)
    contest = await contest_of_edition(twice.festival.edition.id)
    assert contest is not None
    for person_id in (twice.kept, twice.merged):
        await PanelMember(contest=contest.id, person=person_id, pseudonym=f"p{person_id}", added_at=frozen_now).save()
    with pytest.raises(MergeOnOneJury):
        await twice.merge(frozen_now)


async def test_said_to_be_two_they_are_not_merged(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    twice = await make_plain_twice(frozen_now)
    for _time in range(2):
        await say_not_the_same(
            kind=RecordKind.PERSON,
            first=twice.merged,
            second=twice.kept,
            edition_id=twice.festival.edition.id,
            actor=twice.owner,
            now=frozen_now,
        )
    assert await AuditEntry.count().where(AuditEntry.action == "person.not_the_same") == 1
    with pytest.raises(NotMergeable):
        await twice.merge(frozen_now)


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["kept", "merged"])
async def test_erasing_one_record_erases_both(client: httpx.AsyncClient, frozen_now: datetime, asked: str) -> None:
    twice = await make_twice(frozen_now)
    merge_id = await twice.merge(frozen_now)
    await erase_person(person_id=twice.kept if asked == "kept" else twice.merged, now=frozen_now)
    assert await places_of_her() == KEPT
    rows = await Person.select(Person.full_name, Person.phone).where(Person.id.is_in([twice.kept, twice.merged]))
    assert rows == [{"full_name": "—", "phone": None}] * 2
    assert await fetch("SELECT id FROM outbox_message WHERE to_address IN ({}, {})", PHONE, SAME_PHONE) == []
    with pytest.raises(MergeUndone):
        await twice.undo(merge_id, frozen_now)


@pytest.mark.slow
async def test_her_archive_has_both_records(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    twice = await make_twice(frozen_now)
    await twice.merge(frozen_now)
    archive = ZipFile(BytesIO(await export_person(person_id=twice.kept, now=frozen_now)))
    held = {one["kind"]: one["records"] for one in json.loads(archive.read("personal-data.json"))["held"]}
    assert [(row["full_name"], row["phone"], row["email"]) for row in held["person"]] == [
        (NAME, PHONE, EMAIL),
        (NAME, SAME_PHONE, None),
    ]
    assert len(held["payments"]) == 2
    assert sorted(row["role"] for row in held["roles"]) == ["exhibitor_owner", "floor", "judge"]  # what both had once


async def test_a_merged_record_lasts_as_long_as_the_one_that_stayed(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    twice = await make_plain_twice(frozen_now)
    await twice.merge(frozen_now)
    later = frozen_now + timedelta(days=1)
    await erase_people_without_ties(created_before=later, at_most=100, now=later)
    row = await Person.select(Person.erased_at).where(Person.id == twice.merged).first()
    assert row == {"erased_at": None}
    await erase_person(person_id=twice.kept, now=later)
    assert await Person.count().where(Person.id.is_in([twice.kept, twice.merged]) & Person.erased_at.is_null()) == 0


async def test_an_owners_role_that_stayed_behind_counts_for_nobody(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    twice = await make_plain_twice(frozen_now)
    here = twice.festival.edition.id
    for person_id in (twice.kept, twice.merged):
        await grant_role(person_id=person_id, role=Role.OWNER, edition_id=here, actor=SYSTEM, now=frozen_now)
    await twice.merge(frozen_now)
    assert twice.owner.person_id is not None
    await fetch(
        "UPDATE role_grant SET revoked_at = granted_at WHERE person = {} AND role = 'owner'", twice.owner.person_id
    )
    assert await editions_without_another_owner(twice.kept) == [here]


async def test_whoever_works_for_the_one_works_for_what_stayed_with_the_other(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    festival = await make_festival(frozen_now)
    kept, merged = await make_business_twice(festival, frozen_now)
    worker = await make_holder(
        Role.EXHIBITOR_MEMBER, edition_id=festival.edition.id, organisation_id=kept, now=frozen_now
    )
    await merge_records(
        kind=RecordKind.ORGANISATION,
        kept_id=kept,
        merged_id=merged,
        edition_id=festival.edition.id,
        festival="Hội chợ",
        actor=festival.people["manager"],
        now=frozen_now,
    )
    assert [grant.organisation_id for grant in await grants_of(worker.id)] == [kept, merged]


async def test_the_upper_one_of_a_tree_stays(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    from app.accounts.enums import OrganisationKind
    from app.accounts.errors import MergeUpsideDown

    festival = await make_festival(frozen_now)
    values: dict[str, Any] = {"ward": "Xã Hòa Vang", "kind": OrganisationKind.ASSOCIATION, "actor": SYSTEM}
    top = await create_organisation(name="Hội Phụ nữ Hòa Vang", now=frozen_now, **values)
    middle = await create_organisation(name="Hội quận", parent=top.id, now=frozen_now, **values)
    below = await create_organisation(name="HỘI PHỤ NỮ HOÀ VANG", parent=middle.id, now=frozen_now, **values)

    async def merge(kept: int, merged: int) -> None:
        await merge_records(
            kind=RecordKind.ORGANISATION,
            kept_id=kept,
            merged_id=merged,
            edition_id=festival.edition.id,
            festival="Hội chợ",
            actor=festival.people["manager"],
            now=frozen_now,
        )

    with pytest.raises(MergeUpsideDown):
        await merge(below.id, top.id)
    await merge(top.id, below.id)
    row = await Organisation.select(Organisation.merged_into).where(Organisation.id == below.id).first()
    assert row == {"merged_into": top.id}
