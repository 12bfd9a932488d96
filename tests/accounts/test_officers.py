"""Officers register somebody, fill in for her, and hand the account over: what opens, what does not, what is told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM, Actor, FillingIn
from app.accounts.enums import AccountState, GivenThrough, HandOver, Likeness, OrganisationKind, RecordKind, Role
from app.accounts.errors import (
    AlreadyHandedOver,
    ContactTaken,
    FillingInNotAllowed,
    HandOverCardNotValid,
    HandOverCodeWrong,
    LooksAlike,
    OrganisationSpokenFor,
)
from app.accounts.identity import is_her_page
from app.accounts.lists import helped
from app.accounts.queries import actor_of_person
from app.accounts.services import handing_over
from app.accounts.services.consents import consents_of
from app.accounts.services.erasure import erase_person
from app.accounts.services.filling_in import hand_over, start_filling_in
from app.accounts.services.people import grant_role
from app.accounts.services.registering import Newcomer, alike, register_person
from app.accounts.tables import Assistance, Consent, Organisation, Person, RoleGrant, Session
from app.events.queries import EditionInfo
from app.kernel import audit
from app.kernel.database import fetch, write_transaction
from app.kernel.errors import NotFound
from app.kernel.tables import OutboxMessage
from booths.allocation.tables import Application
from booths.catalogue.tables import Product
from tests.booths.factories import make_booth, make_hall
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import CSRF_HEADER, Browser, new_browser, sign_in
from tests.support.factories import make_holder, make_organisation, make_person
from tests.support.race import losers, race, winners
from tests.test_routes import handlers

pytestmark = pytest.mark.engines

MAI = Newcomer(full_name="Lò Thị Mai", organisation="Hộ thổ cẩm Mai", ward="Mai Châu")
PRODUCT = {"name_vi": "Khăn thổ cẩm", "price": "120000", "active": "on"}


@dataclass
class Scene:
    """A fair, its officer in a browser, and somebody whom she registered."""

    edition: EditionInfo
    officer: Actor
    browser: Browser
    person_id: int
    place: int

    @property
    def page(self) -> str:
        """Her page among the registered."""
        return f"/manage/{self.edition.id}/people/registered/{self.person_id}"

    @property
    def own(self) -> str:
        """Her exhibitor's pages."""
        return f"/exhibitor/{self.place}/{self.edition.id}"


@pytest.fixture
async def scene(client: Browser, frozen_now: datetime) -> Scene:
    """The officer is signed in; nobody fills in yet."""
    edition = await make_edition(now=NOW)
    await make_booth(edition.id, await make_hall(edition.id), "A1", [(1, 1)])
    officer = await make_holder(Role.FLOOR, edition_id=edition.id, name="Cán bộ Hoa", now=NOW)
    actor = await actor_of_person(officer.id)
    person_id, place = await register(edition, actor)
    await sign_in(client, officer.id)
    return Scene(edition, actor, client, person_id, place)


async def register(edition: EditionInfo, actor: Actor, newcomer: Newcomer = MAI, **more: Any) -> tuple[int, int]:
    values = {"through": GivenThrough.PAPER, "wording": "Tôi đồng ý.", **more}
    return await register_person(newcomer=newcomer, edition_id=edition.id, actor=actor, now=NOW, **values)


async def fill_in(scene: Scene) -> None:
    answer = await scene.browser.post(f"{scene.page}/fill-in")
    assert (answer.status_code, answer.headers["location"]) == (303, "/exhibitor")


async def card_of(scene: Scene) -> str:
    address = await handing_over.make_card(
        person_id=scene.person_id, edition_id=scene.edition.id, actor=scene.officer, now=NOW
    )
    return address.rpartition("/")[2]


async def code_sent_to(contact: str) -> str:
    rows = await OutboxMessage.select().where(OutboxMessage.to_address == contact).order_by(OutboxMessage.id)
    found = re.search(r"\d{6}", rows[-1]["body_text"])
    assert found is not None
    return found[0]


async def log(action: str) -> list[dict[str, Any]]:
    rows, _total = await audit.list_entries(action=action)
    return rows


# --- Registering


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


# --- Filling in


async def test_what_an_officer_fills_in_is_written_down_as_hers_and_for_whom(scene: Scene) -> None:
    await fill_in(scene)
    home = await scene.browser.get(scene.own)
    assert (home.status_code, home.text.count("You are filling in for Lò Thị Mai")) == (200, 1)
    assert (await scene.browser.post(f"{scene.own}/products/new", data=PRODUCT)).status_code == 303
    apply = f"{scene.edition.path}/apply"
    await scene.browser.post(f"{apply}/who", data={"organisation_id": str(scene.place)})
    await scene.browser.post(f"{apply}/wish", data={"cells_wanted": "1"})
    await scene.browser.post(f"{apply}/goods", data={"category": "Dệt"})
    sent = await scene.browser.post(f"{apply}/check")
    assert sent.status_code == 303
    application = await Application.objects().get(Application.organisation == scene.place)
    assert application is not None
    assert (application.contact, await Product.count()) == (scene.person_id, 1)
    for action in ("application.submit", "product.add"):
        (entry,) = await log(action)
        assert (entry["actor_person_id"], entry["actor_name"], entry["on_behalf_of"]) == (
            scene.officer.person_id,
            "Cán bộ Hoa",
            scene.person_id,
        )
    stopped = await scene.browser.post("/filling-in/stop")
    assert stopped.headers["location"] == scene.page
    assert (await scene.browser.get(scene.own)).status_code == 403
    assert [len(await log(action)) for action in ("help.start", "help.stop")] == [1, 1]


async def test_the_log_names_both(scene: Scene) -> None:
    await fill_in(scene)
    await scene.browser.post(f"{scene.own}/products/new", data=PRODUCT)
    manager = await make_holder(Role.MANAGER, edition_id=scene.edition.id, now=NOW)
    async with new_browser() as other:
        await sign_in(other, manager.id)
        text = (await other.get(f"/manage/{scene.edition.id}/audit?action=product.add")).text
    assert (text.count("Cán bộ Hoa"), text.count("for Lò Thị Mai")) == (1, 1)


HERS = (
    "/exhibitor",
    "/exhibitor/1/2",
    "/exhibitor/1/2/profile",
    "/exhibitor/1/2/products",
    "/exhibitor/1/2/products/3/photos/4/first",
    "/e/hoi-cho/apply",
    "/e/hoi-cho/apply/mine/7/send",
    "/api/v1/exhibitor/1/2/products/3",
)
NOT_HERS = (
    "/account",
    "/account/data/erase",
    "/me",
    "/exhibitor/1/2/leads",
    "/exhibitor/1/2/leads.xlsx",
    "/exhibitor/1/2//leads",
    "/exhibitor/1/2/products.xlsx/../leads",
    "/manage/2/applications",
    "/e/hoi-cho/apply-for-more",
    "/e/hoi-cho/exhibitors/1/contact",
    "/team/ideas/1",
    "/judge/",
)


def test_only_an_exhibitors_own_pages_are_hers() -> None:
    assert [path for path in HERS if not is_her_page(path)] == []
    assert [path for path in NOT_HERS if is_her_page(path)] == []


def test_every_route_in_her_place_was_looked_at() -> None:
    """A new page below one of these prefixes is filled in for her, too: it has to be added here."""
    numbers = {"int": "1", "str": "x"}
    found = {
        path
        for path, _handler in handlers()
        if is_her_page(re.sub(r"{\w+:(\w+)}", lambda part: numbers.get(part[1], "x"), path))
    }
    exhibitor = "/exhibitor/{organisation_id:int}/{edition_id:int}"
    api = f"/api/v1{exhibitor}/products"
    apply = "/e/{slug:str}/apply"
    assert found == {
        "/exhibitor",
        exhibitor,
        f"{exhibitor}/profile",
        f"{exhibitor}/poster.pdf",
        f"{exhibitor}/labels.pdf",
        f"{exhibitor}/products",
        f"{exhibitor}/products/new",
        f"{exhibitor}/products/export.xlsx",
        f"{exhibitor}/products/{{product_id:int}}",
        f"{exhibitor}/products/{{product_id:int}}/remove",
        f"{exhibitor}/products/{{product_id:int}}/photos/{{photo_id:int}}/{{act:str}}",
        api,
        f"{api}/{{product_id:int}}",
        apply,
        f"{apply}/{{step:str}}",
        f"{apply}/mine/{{application_id:int}}",
        f"{apply}/mine/{{application_id:int}}/send",
        f"{apply}/mine/{{application_id:int}}/change",
        f"{apply}/mine/{{application_id:int}}/withdraw",
    }


async def test_on_all_other_pages_the_officer_stays_who_she_is(scene: Scene) -> None:
    await fill_in(scene)
    account = await scene.browser.get("/account")
    assert (account.text.count("Cán bộ Hoa") >= 1, account.text.count("You are filling in for")) == (True, 1)
    await scene.browser.post("/account/password", data={"password": "mật khẩu rất dài"})
    person = await Person.objects().get(Person.id == scene.person_id)
    assert person is not None
    assert person.password_hash is None
    assert (await scene.browser.get(f"{scene.own}/leads")).status_code == 403


async def test_she_fills_in_for_one_edition_only(scene: Scene) -> None:
    other = await make_edition("hoi-cho-khac", now=NOW)
    await fill_in(scene)
    assert (await scene.browser.get(f"{other.path}/apply/who")).status_code == 403


async def test_an_officer_of_another_edition_may_not(scene: Scene) -> None:
    other = await make_edition("hoi-cho-khac", now=NOW)
    stranger = await make_holder(Role.MANAGER, edition_id=other.id, now=NOW)
    async with new_browser() as browser:
        await sign_in(browser, stranger.id)
        there = f"/manage/{other.id}/people/registered/{scene.person_id}"
        answers = [
            (await browser.post(f"{base}/{act}")).status_code
            for base in (scene.page, there)
            for act in ("fill-in", "card", "card/withdraw", "code")
        ]
        shown = (await browser.get(there)).status_code
    assert (answers, shown) == ([403, 403, 403, 403, 403, 404, 404, 404], 404)
    assert await Session.count().where(Session.acting_for.is_not_null()) == 0


@pytest.mark.parametrize("role", [Role.OWNER, Role.FLOOR, Role.JUDGE, Role.JURY_CHAIR])
async def test_nobody_acts_for_an_organiser_or_a_judge(scene: Scene, role: Role) -> None:
    await fill_in(scene)
    assert (await scene.browser.get(scene.own)).status_code == 200
    await grant_role(person_id=scene.person_id, role=role, edition_id=scene.edition.id, actor=SYSTEM, now=NOW)
    assert (await scene.browser.get(scene.own)).status_code == 403
    refused = await scene.browser.post(f"{scene.page}/fill-in")
    assert refused.status_code == 403
    for ask in (handing_over.make_card, handing_over.withdraw_card):
        with pytest.raises(AlreadyHandedOver):
            await ask(person_id=scene.person_id, edition_id=scene.edition.id, actor=scene.officer, now=NOW)


async def test_nobody_acts_for_an_exhibitor_who_did_not_allow_it(scene: Scene) -> None:
    stall = await make_organisation(now=NOW)
    own = await make_holder(
        Role.EXHIBITOR_OWNER, edition_id=scene.edition.id, organisation_id=stall.id, name="Mỵ Thị Lài", now=NOW
    )
    path = f"/manage/{scene.edition.id}/people/registered/{own.id}"
    assert (await scene.browser.post(f"{path}/fill-in")).status_code == 403
    async with new_browser() as hers:
        await sign_in(hers, own.id)
        assert (await hers.post("/account/filled-in/allow")).status_code == 303
        assert (await scene.browser.post(f"{path}/fill-in")).status_code == 303
        assert (await scene.browser.get(f"/exhibitor/{stall.id}/{scene.edition.id}")).status_code == 200
        assert (await scene.browser.post(f"{path}/card")).status_code == 404
        assert (await hers.post("/account/filled-in/forbid")).status_code == 303
    assert (await scene.browser.get(f"/exhibitor/{stall.id}/{scene.edition.id}")).status_code == 403


async def test_who_loses_her_role_fills_in_no_longer(scene: Scene) -> None:
    await fill_in(scene)
    await RoleGrant.update({RoleGrant.revoked_at: NOW}).where(RoleGrant.person == scene.officer.person_id)
    assert (await scene.browser.get(scene.own)).status_code == 403


async def test_withdrawing_the_consent_ends_it(scene: Scene) -> None:
    await fill_in(scene)
    (consent,) = await consents_of(scene.person_id)
    async with new_browser() as hers:
        token = await card_of(scene)
        await hers.post(f"/take-over/{token}")
        await hers.post("/account/filled-in/allow")
        await scene.browser.post(f"{scene.page}/fill-in")
        assert (await scene.browser.get(scene.own)).status_code == 200
        await hers.post(f"/account/data/consents/{consent['id']}", data={"given": "no"})
    assert (await scene.browser.get(scene.own)).status_code == 403


async def test_an_officer_in_somebodys_place_registers_and_begins_nothing_more() -> None:
    acting = FillingIn(person_id=2, full_name="Mai", edition_id=1, officer_id=1, officer_name="Hoa")
    actor = Actor(person_id=2, full_name="Mai", filling_in=acting)
    assert (actor.acts_for_another, actor.written_by, actor.on_behalf_of) == (True, (1, "Hoa"), 2)
    officer = Actor(person_id=1, full_name="Hoa", filling_in=acting)
    assert (officer.acts_for_another, officer.written_by, officer.on_behalf_of) == (False, (1, "Hoa"), None)


@pytest.mark.parametrize("path", ["{page}/fill-in", "{page}/card", "{page}/contact", "/filling-in/stop"])
async def test_forged_forms_are_refused(scene: Scene, path: str) -> None:
    answer = await scene.browser.post(path.format(page=scene.page), headers={CSRF_HEADER: "forged"})
    assert answer.status_code == 403
    assert [len(await log(action)) for action in ("help.start", "help.card", "help.code")] == [0, 0, 0]


# --- Handing over


async def test_the_card_hands_the_account_over_once(scene: Scene) -> None:
    await fill_in(scene)
    shown = await scene.browser.post(f"{scene.page}/card")
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "private, no-store")
    token = await card_of(scene)  # a new card: the first one ends
    async with new_browser() as hers, new_browser() as another:
        looked = await hers.get(f"/take-over/{token}")
        assert (looked.status_code, await Session.count()) == (200, 1)
        taken = await hers.post(f"/take-over/{token}")
        assert (taken.status_code, taken.headers["location"]) == (303, "/account/filled-in")
        assert (await another.post(f"/take-over/{token}")).status_code == 410
        assert (await another.get(f"/take-over/{token}")).status_code == 410
        me = await hers.get("/me")
        assert me.headers["location"] == "/account/filled-in"
        mine = await hers.get("/account/filled-in")
        assert (mine.status_code, mine.text.count("Cán bộ Hoa registered you")) == (200, 1)
        assert (await hers.post("/account/filled-in/take-over")).status_code == 303
    assert (await scene.browser.get(scene.own)).status_code == 403
    assert (await scene.browser.post(f"{scene.page}/fill-in")).status_code == 403
    assert (await scene.browser.post(f"{scene.page}/card")).status_code == 409
    (entry,) = await log("help.hand_over")
    assert (entry["actor_person_id"], entry["after"]) == (scene.person_id, {"way": "card"})
    (row,), _total = await helped(scene.edition.id, now=NOW)
    assert (row["state"], row["officer"], row["handed_over_at"] is not None, row["allowed"]) == (
        AccountState.TAKEN_OVER,
        "Cán bộ Hoa",
        True,
        False,
    )


async def test_of_many_who_open_one_card_at_once_one_gets_in(scene: Scene) -> None:
    token = await card_of(scene)

    async def use(_number: int) -> int:
        return await handing_over.use_card(token=token, now=NOW)

    results = await race(8, use)
    assert (winners(results), len(losers(results, HandOverCardNotValid))) == ([scene.person_id], 7)


async def test_a_card_is_withdrawn_replaced_and_grows_old(scene: Scene) -> None:
    first = await card_of(scene)
    second = await card_of(scene)
    late = NOW + timedelta(days=handing_over.CARD_DAYS, seconds=1)
    with pytest.raises(HandOverCardNotValid):
        await handing_over.use_card(token=first, now=NOW)
    with pytest.raises(HandOverCardNotValid):
        await handing_over.use_card(token=second, now=late)
    assert (await scene.browser.post(f"{scene.page}/card/withdraw")).status_code == 303
    with pytest.raises(HandOverCardNotValid):
        await handing_over.use_card(token=second, now=NOW)
    assert [len(await log(action)) for action in ("help.card", "help.card_withdraw")] == [2, 1]


async def test_a_card_opens_nothing_once_she_has_signed_in_herself(scene: Scene) -> None:
    token = await card_of(scene)
    await fill_in(scene)
    async with new_browser() as hers:
        await sign_in(hers, scene.person_id)
    with pytest.raises(HandOverCardNotValid):
        await handing_over.use_card(token=token, now=NOW)
    (entry,) = await log("help.hand_over")
    assert entry["after"] == {"way": "sign_in"}
    assert (await scene.browser.get(scene.own)).status_code == 403


async def test_a_contact_is_proven_by_its_code(scene: Scene) -> None:
    asked = await scene.browser.post(f"{scene.page}/contact", data={"contact": "0912 000 222"})
    assert asked.status_code == 303
    code = await code_sent_to("+84912000222")
    wrong = "000000" if code != "000000" else "111111"
    assert (await scene.browser.post(f"{scene.page}/code", data={"code": wrong})).status_code == 422
    assert (await scene.browser.post(f"{scene.page}/code", data={"code": code})).status_code == 303
    person = await Person.objects().get(Person.id == scene.person_id)
    assert person is not None
    assert person.phone == "+84912000222"
    (entry,) = await log("help.hand_over")
    assert (entry["actor_person_id"], entry["after"]) == (scene.officer.person_id, {"way": "code"})
    last = await OutboxMessage.select().order_by(OutboxMessage.id, ascending=False).first()
    assert last is not None
    found = re.search(r"/sign-in/[^\s]+", last["body_text"])
    assert found is not None
    async with new_browser() as hers:
        entered = await hers.post(found[0])
        assert entered.headers["location"] == "/account/filled-in"
    assert (await scene.browser.post(f"{scene.page}/fill-in")).status_code == 403


async def test_a_code_grows_old_and_works_once(scene: Scene) -> None:
    given = {"person_id": scene.person_id, "edition_id": scene.edition.id, "actor": scene.officer}
    await handing_over.send_code(contact="lan@example.org", now=NOW, **given)
    code = await code_sent_to("lan@example.org")
    with pytest.raises(HandOverCodeWrong):
        await handing_over.prove_contact(code=code, now=NOW + timedelta(minutes=21), **given)
    await handing_over.prove_contact(code=code, now=NOW + timedelta(minutes=1), **given)
    with pytest.raises(AlreadyHandedOver):
        await handing_over.prove_contact(code=code, now=NOW + timedelta(minutes=2), **given)


async def test_anothers_contact_is_refused(scene: Scene) -> None:
    await make_person(phone="+84912000333", now=NOW)
    answer = await scene.browser.post(f"{scene.page}/contact", data={"contact": "0912000333"})
    assert (answer.status_code, await OutboxMessage.count()) == (409, 0)


async def test_she_sees_what_was_filled_in_and_confirms_her_consent(scene: Scene) -> None:
    await fill_in(scene)
    await scene.browser.post(f"{scene.own}/products/new", data=PRODUCT)
    token = await card_of(scene)
    (consent,) = await consents_of(scene.person_id)
    async with new_browser() as hers:
        await hers.post(f"/take-over/{token}")
        mine = (await hers.get("/account/filled-in")).text
        assert (mine.count("Khăn thổ cẩm") >= 1, mine.count("On paper, to the officer: Cán bộ Hoa")) == (True, 1)
        await hers.post(f"/account/data/consents/{consent['id']}", data={"given": "yes"})
        again = (await hers.get("/account/filled-in")).text
    assert again.count("On paper, to the officer") == 0
    newest, oldest = await consents_of(scene.person_id)
    assert (newest["given"], newest["given_through"], newest["given_to"], oldest["given_through"]) == (
        True,
        "herself",
        None,
        "paper",
    )
    assert len(await log("consent.confirm")) == 1


async def test_a_hand_over_is_done_once(scene: Scene) -> None:
    """The negative control: without its condition the second would be told, too."""
    done = []
    for _time in range(2):
        async with write_transaction():
            done.append(await hand_over(person_id=scene.person_id, way=HandOver.SIGN_IN, now=NOW))
    assert done == [True, False]
    await Assistance.update({Assistance.handed_over_at: None}).where(Assistance.person == scene.person_id)
    async with write_transaction():
        assert await hand_over(person_id=scene.person_id, way=HandOver.SIGN_IN, now=NOW)


# --- Lists, erasure


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
