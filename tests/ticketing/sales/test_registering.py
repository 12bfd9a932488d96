"""Registering by the poster: a pass in two fields, the same again for who has it, nothing for who has only a number."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.kernel.clock import freeze
from app.kernel.database import fetch
from tests.conftest import NOW
from tests.support.client import Browser, new_browser
from tests.support.factories_ticketing import make_ticket_type
from tests.support.pdf_codes import codes_of
from tests.ticketing.sales.conftest import Scene
from ticketing.sales.errors import NotForRegistering, RegisteringClosed
from ticketing.sales.services.registering import PER_PHONE, register_visitor, registering_type, set_registering

pytestmark = pytest.mark.engines
HOA = {"full_name": "Nguyễn Thị Hoa", "phone": "0912 345 678"}


@pytest.fixture
async def opened(scene: Scene) -> Scene:
    """The scene with registering open for the free type."""
    await set_registering(edition_id=scene.edition.id, ticket_type=scene.free, actor=SYSTEM, now=NOW)
    return scene


def page_of(scene: Scene) -> str:
    """Where the poster leads to."""
    return f"{scene.edition.path}/register"


async def register(browser: Browser, scene: Scene, **values: str) -> Any:
    """Open the page and send its form."""
    await browser.get(page_of(scene))
    return await browser.post(page_of(scene), data={**HOA, **values})


async def passes() -> list[dict[str, Any]]:
    """Every pass there is."""
    return await fetch('SELECT id, holder_name FROM "pass" ORDER BY id')


async def test_a_visitor_has_her_pass_at_once_and_it_is_sent_to_her(opened: Scene) -> None:
    answer = await register(opened.browser, opened)
    assert (answer.status_code, answer.headers["location"].startswith("/pass/")) == (303, True)
    shown = await opened.browser.get(answer.headers["location"])
    assert "<svg" in shown.text
    (order,) = await fetch("SELECT contact, state, total_minor FROM ticket_order")
    assert (order["contact"], order["state"], order["total_minor"]) == ("+84912345678", "confirmed", 0)
    (message,) = await fetch("SELECT to_address, channel FROM outbox_message")
    assert (message["to_address"], message["channel"]) == ("+84912345678", "sms")


async def test_the_same_phone_in_the_same_browser_gets_the_same_pass_all_day(opened: Scene) -> None:
    first = await register(opened.browser, opened)
    second = await register(opened.browser, opened, full_name="Hoa", phone="+84 912 345 678")
    assert second.headers["location"] == first.headers["location"]
    assert [row["holder_name"] for row in await passes()] == ["Nguyễn Thị Hoa"]
    with freeze(NOW + timedelta(days=1)):
        third = await register(opened.browser, opened)
    assert third.headers["location"] != first.headers["location"]
    assert len(await passes()) == 2


async def test_a_stranger_with_the_number_learns_nothing_and_gets_another_pass(opened: Scene) -> None:
    hers = await register(opened.browser, opened)
    async with new_browser() as browser, new_browser() as third:
        known = await register(browser, opened, full_name="Kẻ lạ")
        unknown = await register(third, opened, full_name="Kẻ lạ", phone="0912 345 679")
        shown = await browser.get(known.headers["location"])
    assert known.headers["location"] != hers.headers["location"]
    assert (known.status_code, set(known.headers)) == (unknown.status_code, set(unknown.headers))
    assert "Nguyễn Thị Hoa" not in shown.text
    assert [row["holder_name"] for row in await passes()] == ["Nguyễn Thị Hoa", "Kẻ lạ", "Kẻ lạ"]


async def test_one_number_gets_so_many_passes_a_day_and_hers_is_still_shown(opened: Scene) -> None:
    first = await register(opened.browser, opened)
    for _number in range(PER_PHONE - 1):
        async with new_browser() as browser:
            assert (await register(browser, opened)).status_code == 303
    async with new_browser() as browser:
        refused = await register(browser, opened)
        assert (refused.status_code, 'id="field-phone-error"' in refused.text) == (429, True)
    assert (await register(opened.browser, opened)).headers["location"] == first.headers["location"]
    assert len(await passes()) == PER_PHONE


async def test_quotas_hold(opened: Scene) -> None:
    one = await make_ticket_type(opened.edition.id, now=NOW, quota=1)
    await set_registering(edition_id=opened.edition.id, ticket_type=one, actor=SYSTEM, now=NOW)
    assert (await register(opened.browser, opened)).status_code == 303
    async with new_browser() as browser:
        refused = await register(browser, opened, phone="0912 345 679")
    assert (refused.status_code, 'id="field-phone-error"' in refused.text) == (409, True)
    assert len(await passes()) == 1


async def test_what_is_no_phone_number_is_refused(opened: Scene) -> None:
    refused = await register(opened.browser, opened, phone="hoa@example.org", full_name="")
    errors = [name for name in ("full_name", "phone") if f'id="field-{name}-error"' in refused.text]
    assert (refused.status_code, errors) == (422, ["full_name", "phone"])
    assert await passes() == []


async def test_it_is_closed_until_an_organiser_opens_it(scene: Scene) -> None:
    assert (await scene.browser.get(page_of(scene))).status_code == 404
    with pytest.raises(RegisteringClosed):
        await register_visitor(
            edition=scene.edition, full_name="Hoa", phone="+84912345678", locale="vi", browser="b", now=NOW
        )
    await scene.sign_in(Role.MANAGER)
    setting = scene.manage("/tickets/register")
    assert setting in (await scene.browser.get(scene.manage("/tickets"))).text
    assert "poster.pdf" not in (await scene.browser.get(setting)).text
    wrong = await scene.browser.post(setting, data={"ticket_type": str(scene.paid)})
    assert (wrong.status_code, 'id="field-ticket_type-error"' in wrong.text) == (422, True)
    assert (await scene.browser.post(setting, data={"ticket_type": str(scene.free)})).status_code == 303
    assert "poster.pdf" in (await scene.browser.get(setting)).text
    (entry,) = await fetch("SELECT after FROM audit_entry WHERE action = 'registering.update'")
    assert str(scene.free) in entry["after"]
    assert (await scene.browser.get(page_of(scene))).status_code == 200
    assert (await scene.browser.post(setting, data={"ticket_type": ""})).status_code == 303
    assert await registering_type(scene.edition.id) is None
    assert (await scene.browser.get(page_of(scene))).status_code == 404


async def test_a_type_of_another_edition_or_one_that_costs_something_is_none(scene: Scene) -> None:
    for type_id in (scene.paid, 2**31 - 1):
        with pytest.raises(NotForRegistering):
            await set_registering(edition_id=scene.edition.id, ticket_type=type_id, actor=SYSTEM, now=NOW)


@pytest.mark.parametrize("size", ["a4", "a3"])
async def test_the_poster_leads_to_the_page(opened: Scene, size: str) -> None:
    await opened.sign_in(Role.MANAGER)
    answer = await opened.browser.get(opened.manage(f"/tickets/register/poster.pdf?size={size}"))
    assert answer.headers["content-type"] == "application/pdf"
    (code,) = codes_of(answer.content)
    assert code.endswith(page_of(opened))
