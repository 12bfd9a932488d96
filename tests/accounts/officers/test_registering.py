"""Registering somebody: consent, contacts, who looks alike; the list; erasing and merging."""

from __future__ import annotations

import pytest

from app.accounts.enums import AccountState, Likeness, OrganisationKind, RecordKind
from app.accounts.errors import (
    ContactTaken,
    FillingInNotAllowed,
    HandOverCardNotValid,
    LooksAlike,
    OrganisationSpokenFor,
)
from app.accounts.lists import helped
from app.accounts.services import handing_over
from app.accounts.services.consents import consents_of
from app.accounts.services.erasure import erase_person
from app.accounts.services.filling_in import start_filling_in
from app.accounts.services.registering import Newcomer, alike
from app.accounts.tables import Assistance, Consent, Organisation, Person, RoleGrant, Session
from app.kernel.database import fetch
from app.kernel.errors import NotFound
from tests.accounts.officers.scene import MAI, Scene, card_of, fill_in, log, register
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.factories import make_organisation, make_person

pytestmark = pytest.mark.engines


async def test_somebody_without_any_contact_is_registered_with_her_consent(scene: Scene) -> None:
    form = {
        "full_name": "Vàng Thị Pà",
        "organisation": "Hộ lanh Pà",
        "kind": "household",
        "ward": "Hà Giang",
        "locale": "vi",
        "through": "in_person",
        "consent": "on",
    }
    answer = await scene.browser.post(f"/manage/{scene.edition.id}/people/registered/new", data=form)
    assert answer.status_code == 303
    person = await Person.objects().get(Person.full_name == "Vàng Thị Pà")
    assert person is not None
    assert (person.phone, person.email) == (None, None)
    (consent,) = await consents_of(person.id)
    assert (consent["purpose"], consent["given"], consent["given_through"], consent["given_to"]) == (
        "registration",
        True,
        "in_person",
        scene.officer.person_id,
    )
    assert [row["role"] for row in await RoleGrant.select().where(RoleGrant.person == person.id)] == ["exhibitor_owner"]
    (entry,) = [one for one in await log("person.register") if one["subject_id"] == str(person.id)]
    assert (entry["actor_person_id"], entry["after"]["through"]) == (scene.officer.person_id, "in_person")


@pytest.mark.parametrize("missing", ["consent", "through", "full_name"])
async def test_nobody_is_registered_without_consent_and_how_it_was_given(scene: Scene, missing: str) -> None:
    form = {"full_name": "Vàng Thị Pà", "organisation": "Hộ Pà", "through": "paper", "consent": "on"}
    before = await Person.count()
    answer = await scene.browser.post(f"/manage/{scene.edition.id}/people/registered/new", data={**form, missing: ""})
    assert (answer.status_code, await Person.count()) == (422, before)


async def test_who_looks_alike_is_shown_before_a_second_record_is_made(scene: Scene) -> None:
    found = await alike(MAI, edition_id=scene.edition.id)
    assert [(one.kind, one.id, one.reasons, one.usable) for one in found] == [
        (RecordKind.PERSON, scene.person_id, (Likeness.NAME_AND_WARD,), False),
        (RecordKind.ORGANISATION, scene.place, (Likeness.NAME_AND_WARD,), False),
    ]
    with pytest.raises(LooksAlike):
        await register(scene.edition, scene.officer)
    form = {
        "full_name": MAI.full_name,
        "organisation": MAI.organisation,
        "ward": MAI.ward,
        "through": "paper",
        "consent": "on",
    }
    path = f"/manage/{scene.edition.id}/people/registered/new"
    before = await Person.count()
    answer = await scene.browser.post(path, data=form)
    assert (answer.status_code, answer.text.count(f"/registered/{scene.person_id}"), await Person.count()) == (
        409,
        1,
        before,
    )
    answer = await scene.browser.post(path, data={**form, "sure": "on"})
    assert (answer.status_code, await Person.count()) == (303, before + 1)


async def test_records_of_other_festivals_are_not_shown(scene: Scene) -> None:
    other = await make_edition("hoi-cho-khac", now=NOW)
    assert await alike(MAI, edition_id=other.id) == []


async def test_a_shared_phone_reaches_the_organisation_and_signs_nobody_in(scene: Scene) -> None:
    owner = await make_person(phone="+84912000111", now=NOW)
    newcomer = Newcomer(full_name="Giàng Thị Sao", phone="+84912000111", organisation="Hộ Sao")
    with pytest.raises(ContactTaken):
        await register(scene.edition, scene.officer, newcomer, sure=True)
    shared = Newcomer(full_name="Giàng Thị Sao", phone="+84912000111", shared=True, organisation="Hộ Sao")
    person_id, place = await register(scene.edition, scene.officer, shared, sure=True)
    person = await Person.objects().get(Person.id == person_id)
    organisation = await Organisation.objects().get(Organisation.id == place)
    assert person is not None
    assert organisation is not None
    assert (person.phone, organisation.phone, owner.phone) == (None, "+84912000111", "+84912000111")


async def test_an_organisation_for_which_somebody_speaks_is_not_given_to_a_newcomer(scene: Scene) -> None:
    sao = Newcomer(full_name="Giàng Thị Sao", organisation="Hộ Sao")
    with pytest.raises(OrganisationSpokenFor):
        await register(scene.edition, scene.officer, sao, organisation_id=scene.place)
    ward = await make_organisation(kind=OrganisationKind.ASSOCIATION, now=NOW)
    with pytest.raises(OrganisationSpokenFor):
        await register(scene.edition, scene.officer, sao, organisation_id=ward.id)
    free = await make_organisation(name="Hộ Sao", now=NOW)
    _person, place = await register(scene.edition, scene.officer, sao, organisation_id=free.id)
    assert place == free.id


async def test_the_list_is_filtered_by_whose_hands_the_account_is_in(scene: Scene) -> None:
    async def count(state: AccountState) -> int:
        return (await helped(scene.edition.id, now=NOW, state=state))[1]

    assert [await count(state) for state in AccountState] == [1, 0, 0, 0]
    token = await card_of(scene)
    assert [await count(state) for state in AccountState] == [0, 1, 0, 0]
    await handing_over.use_card(token=token, now=NOW)
    assert [await count(state) for state in AccountState] == [0, 0, 1, 0]
    people = (await scene.browser.get(f"/manage/{scene.edition.id}/people/registered?status=handed_over")).text
    assert (people.count("Lò Thị Mai"), people.count("Cán bộ Hoa, ")) == (1, 1)


async def test_erasing_her_ends_the_help_and_its_card(scene: Scene) -> None:
    await fill_in(scene)
    token = await card_of(scene)
    await erase_person(person_id=scene.person_id, now=NOW)
    assert (await Assistance.count(), await Session.count().where(Session.acting_for.is_not_null())) == (0, 0)
    with pytest.raises(HandOverCardNotValid):
        await handing_over.use_card(token=token, now=NOW)
    assert (await scene.browser.get(scene.own)).status_code == 403
    assert await Consent.count().where(Consent.person == scene.person_id) == 1


async def test_what_hangs_on_a_merged_record_opens_nothing(scene: Scene) -> None:
    token = await card_of(scene)
    await fill_in(scene)
    other = await make_person(now=NOW)
    await fetch(f"UPDATE person SET merged_into = {int(other.id)} WHERE id = {scene.person_id}")
    assert (await scene.browser.get(scene.own)).status_code == 403
    with pytest.raises(HandOverCardNotValid):
        await handing_over.use_card(token=token, now=NOW)
    with pytest.raises(NotFound):
        await handing_over.make_card(
            person_id=scene.person_id, edition_id=scene.edition.id, actor=scene.officer, now=NOW
        )


async def test_the_api_does_the_same(scene: Scene) -> None:
    base = f"/api/v1/manage/{scene.edition.id}/registered"
    body = {"full_name": "Hà Thị Tư", "organisation": "Hộ nón Tư", "through": "paper", "consent": True}
    refused = await scene.browser.post(base, json={**body, "consent": False})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    made = (await scene.browser.post(base, json=body)).json()
    listed = (await scene.browser.get(base)).json()
    assert [row["state"] for row in listed["items"]] == ["registered", "registered"]
    one = f"{base}/{made['person_id']}"
    assert (await scene.browser.post(f"{one}/fill-in")).status_code == 204
    products = f"/api/v1/exhibitor/{made['organisation_id']}/{scene.edition.id}/products"
    assert (await scene.browser.get(products)).status_code == 200
    assert (await scene.browser.post("/api/v1/filling-in/stop")).status_code == 204
    assert (await scene.browser.get(products)).status_code == 403
    card = (await scene.browser.post(f"{one}/card")).json()["url"].rpartition("/")[2]
    assert (await scene.browser.delete(f"{one}/card")).status_code == 204
    with pytest.raises(HandOverCardNotValid):
        await handing_over.use_card(token=card, now=NOW)


async def test_a_refusal_says_so(scene: Scene) -> None:
    with pytest.raises(FillingInNotAllowed):
        await start_filling_in(person_id=0, edition_id=scene.edition.id, actor=scene.officer, now=NOW)
