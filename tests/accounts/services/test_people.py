import unicodedata
from dataclasses import replace

import pytest

from app.accounts.actor import ANONYMOUS, SYSTEM, Actor, Grant
from app.accounts.enums import OrganisationKind, Role
from app.accounts.errors import ContactMissing, ContactTaken
from app.accounts.lists import people_with_roles
from app.accounts.queries import actor_of_person, grants_of
from app.accounts.services import people
from app.accounts.tables import Person, RoleGrant
from app.kernel.audit import list_entries
from tests.conftest import NOW
from tests.support.factories import make_holder, make_person
from tests.support.race import drop_index, losers, meet_after, race, unguarded, winners


@pytest.mark.engines
async def test_a_new_organisation_stands_in_the_log(database: str) -> None:
    made = await people.create_organisation(
        name="Lụa Hảo", kind=OrganisationKind.HOUSEHOLD, ward="Vạn Phúc", edition_id=7, actor=SYSTEM, now=NOW
    )
    entries, _total = await list_entries(edition_id=7)
    assert [(entry["action"], entry["subject_id"], entry["before"], entry["after"]) for entry in entries] == [
        ("organisation.create", str(made.id), None, {"name": "Lụa Hảo", "kind": "household", "ward": "Vạn Phúc"})
    ]


async def test_a_phone_number_alone_suffices(database: str) -> None:
    person = await people.create_person(full_name="Giàng Thị Mỷ", phone="+84912345678", now=NOW)
    assert (person.phone, person.email) == ("+84912345678", None)


async def test_a_mononym_will_do(database: str) -> None:
    person = await people.create_person(full_name="Sukarni", email="sukarni@example.com", now=NOW)
    assert person.full_name == "Sukarni"


async def test_without_any_address_nobody_is_added(database: str) -> None:
    with pytest.raises(ContactMissing):
        await people.create_person(full_name="Lê Thị Hoa", now=NOW)
    assert await Person.count() == 0


async def test_names_are_composed_on_input(database: str) -> None:
    name = unicodedata.normalize("NFD", "Nguyễn Thị Ánh Tuyết")
    person = await people.create_person(full_name=f"  {name} ", phone="+84912345678", now=NOW)
    assert person.full_name == "Nguyễn Thị Ánh Tuyết"


async def test_a_taken_number_is_refused(database: str) -> None:
    await people.create_person(full_name="Lê Thị Hoa", phone="+84912345678", now=NOW)
    with pytest.raises(ContactTaken):
        await people.create_person(full_name="Lê Thị Huệ", phone="+84912345678", now=NOW)


@pytest.mark.race
async def test_forty_at_once_make_one_person(database: str) -> None:
    async def add(_number: int) -> int:
        found = await people.find_or_create_person(full_name="Lê Thị Hoa", phone="+84912345678", now=NOW)
        return found.id

    results = await race(40, add)
    losers(results, ContactTaken)
    assert len(set(winners(results))) == 1
    assert await Person.count() == 1


async def test_finding_somebody_changes_nothing_of_hers(database: str) -> None:
    first = await people.find_or_create_person(full_name="Lê Thị Hoa", phone="+84912345678", now=NOW)
    again = await people.find_or_create_person(full_name="Hoa", phone="+84912345678", email="hoa@example.com", now=NOW)
    assert (again.id, again.email, again.full_name) == (first.id, None, "Lê Thị Hoa")


async def test_of_what_a_stranger_says_one_contact_counts(database: str) -> None:
    hoa = await people.create_person(full_name="Lê Thị Hoa", phone="+84912345678", now=NOW)
    given = {"full_name": "Mallory", "phone": "+84912345678", "email": "mallory@example.com", "now": NOW}
    made = await people.find_or_create_by_one_contact(**given)
    assert (made.id != hoa.id, made.phone, made.email) == (True, None, "mallory@example.com")
    assert (await people.find_or_create_by_one_contact(**given)).id == made.id
    again = await people.find_or_create_by_one_contact(full_name="Hoa", phone="+84912345678", now=NOW)
    assert again.id == hoa.id


@pytest.mark.engines
async def test_lists_sort_by_given_name_as_vietnamese_do(database: str) -> None:
    names = ["Trần Thị Bình", "Lê Văn Ánh", "Phạm Thị An", "Nguyễn Đào", "Võ Thị Dung", "Lê Ân", "Bùi Thị Bích"]
    for name in names:
        await make_holder(Role.MANAGER, edition_id=1, name=name)
    rows, total = await people_with_roles(1)
    assert [row["full_name"] for row in rows] == [
        "Phạm Thị An",
        "Lê Văn Ánh",
        "Lê Ân",
        "Bùi Thị Bích",
        "Trần Thị Bình",
        "Võ Thị Dung",
        "Nguyễn Đào",
    ]
    assert total == 7


async def test_a_role_given_twice_is_one_role_and_one_line_in_the_log(database: str) -> None:
    person = await make_person()
    for _time in range(2):
        await people.grant_role(person_id=person.id, role=Role.FLOOR, edition_id=3, actor=SYSTEM, now=NOW)
    assert await grants_of(person.id) == (Grant(Role.FLOOR, 3),)
    entries, total = await list_entries(action="role.grant")
    assert (total, entries[0]["after"]["role"]) == (1, "floor")


@pytest.mark.race
async def test_a_role_given_by_forty_at_once_is_one_role(database: str) -> None:
    person = await make_person()

    async def give(_number: int) -> None:
        await people.grant_role(person_id=person.id, role=Role.FLOOR, edition_id=3, actor=SYSTEM, now=NOW)

    assert len(winners(await race(40, give))) == 40
    assert await RoleGrant.count() == 1


@pytest.mark.race
async def test_without_its_index_a_role_is_given_twice(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person = await make_person()
    await drop_index("role_grant_once")
    unguarded(monkeypatch, people)
    meet_after(monkeypatch, people, "_held", parties=2)

    async def give(_number: int) -> None:
        await people.grant_role(person_id=person.id, role=Role.FLOOR, edition_id=3, actor=SYSTEM, now=NOW)

    await race(2, give)
    assert await RoleGrant.count() == 2


async def test_a_revoked_role_opens_nothing(database: str) -> None:
    person = await make_holder(Role.FLOOR, edition_id=3)
    grant = await RoleGrant.objects().get(RoleGrant.person == person.id)
    assert grant is not None
    owner = Actor(person_id=1, grants=(Grant(Role.OWNER),))
    await people.revoke_role(grant_id=grant.id, edition_id=4, actor=owner, now=NOW)
    assert (await actor_of_person(person.id)).has(Role.FLOOR, edition_id=3)
    await people.revoke_role(grant_id=grant.id, edition_id=3, actor=owner, now=NOW)
    assert not (await actor_of_person(person.id)).has(Role.FLOOR, edition_id=3)


async def test_a_manager_does_not_take_an_owners_role(database: str) -> None:
    person = await make_holder(Role.OWNER, edition_id=3)
    grant = await RoleGrant.objects().get(RoleGrant.person == person.id)
    assert grant is not None
    manager = Actor(person_id=1, grants=(Grant(Role.MANAGER, 3),))
    await people.revoke_role(grant_id=grant.id, edition_id=3, actor=manager, now=NOW)
    assert await grants_of(person.id) == (Grant(Role.OWNER, 3),)


async def test_a_new_name_is_found_and_leaves_the_contacts_alone(database: str) -> None:
    person = await make_person(email="hoa@example.com")
    await people.update_person(person_id=person.id, full_name=" Lê Thị  Huệ", locale="id", actor=SYSTEM, now=NOW)
    row = await Person.select().where(Person.id == person.id).first()
    assert row is not None
    assert (row["full_name"], row["locale"]) == ("Lê Thị Huệ", "id")
    assert row["search_text"] == f"le thi hue {person.phone} hoa@example.com"
    assert (row["phone"], row["email"]) == (person.phone, "hoa@example.com")


def test_an_owner_holds_every_organisers_role_and_no_other() -> None:
    owner = Actor(person_id=1, grants=(Grant(Role.OWNER, 5),))
    assert owner.has(Role.FINANCE, edition_id=5)
    assert not owner.has(Role.FINANCE, edition_id=6)
    assert not owner.has(Role.JUDGE, edition_id=5)
    assert not replace(owner, grants=()).has(Role.FINANCE)


def test_an_exhibitor_is_one_for_its_own_organisation_only() -> None:
    actor = Actor(person_id=1, grants=(Grant(Role.EXHIBITOR_OWNER, 5, 70),))
    assert actor.has(Role.EXHIBITOR_OWNER, edition_id=5, organisation_id=70)
    assert not actor.has(Role.EXHIBITOR_OWNER, edition_id=5, organisation_id=71)
    assert ANONYMOUS.editions(Role.OWNER) == set()
