"""Filling in for somebody: whose hand the log names, which pages, who may not."""

from __future__ import annotations

import re

import pytest

from app.accounts.actor import SYSTEM, Actor, FillingIn
from app.accounts.enums import Role
from app.accounts.errors import (
    AlreadyHandedOver,
)
from app.accounts.identity import is_her_page
from app.accounts.services import handing_over
from app.accounts.services.consents import consents_of
from app.accounts.services.people import grant_role
from app.accounts.tables import Person, RoleGrant, Session
from booths.allocation.tables import Application
from booths.catalogue.tables import Product
from tests.accounts.officers.scene import PRODUCT, Scene, card_of, fill_in, log
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import CSRF_HEADER, new_browser, sign_in
from tests.support.factories import make_holder, make_organisation
from tests.test_routes import handlers

pytestmark = pytest.mark.engines


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


#: What an officer may see and do of a fee for whom she helps: the paper, the way to Stripe's page, showing a transfer.
FEE = ("card", "e-invoice.pdf", "e-invoice.xml", "invoice.pdf", "proof")


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
        *(f"{apply}/mine/{{application_id:int}}/fee/{{document_id:int}}/{what}" for what in FEE),
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
