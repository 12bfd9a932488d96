"""The organiser's pages of quotas, and how a ticket type chooses them."""

from __future__ import annotations

import html
from typing import Any

from app.accounts.enums import Role
from app.kernel.database import fetch
from tests.conftest import NOW
from tests.support.factories_ticketing import make_order
from tests.ticketing.sales.conftest import Scene
from ticketing.sales.queries import quotas_of, ticket_types_of


async def body_of(scene: Scene) -> dict[str, Any]:
    """What the form of the free type sends."""
    row = (await ticket_types_of(scene.edition.id))[0]
    return {
        "code": row["code"],
        "name_vi": row["name"]["vi"],
        "name_en": row["name"]["en"],
        "quota": str(row["quota"]),
        "pass_kind": row["pass_kind"],
        "active": "on",
    }


async def test_an_organiser_makes_a_quota_and_types_draw_on_it(scene: Scene) -> None:
    await scene.sign_in(Role.MANAGER)
    made = await scene.browser.post(scene.manage("/tickets/quotas/new"), data={"name": "Hội trường", "size": "12"})
    assert (made.status_code, made.headers["location"]) == (303, scene.manage("/tickets/quotas"))
    hall = (await quotas_of(scene.edition.id))[-1]["id"]
    form = await scene.browser.get(scene.manage(f"/tickets/{scene.free}?lang=en"))
    assert "12 of 12 free" in form.text
    saved = await scene.browser.post(
        scene.manage(f"/tickets/{scene.free}"), data={**await body_of(scene), "quota": "", "quotas": [str(hall)]}
    )
    assert saved.status_code == 303
    row = (await ticket_types_of(scene.edition.id))[0]
    assert (row["quota"], row["quotas"], row["left"]) == (None, [hall], 12)
    await make_order(scene.edition.id, {scene.free: 5}, now=NOW)
    listed = await scene.browser.get(scene.manage("/tickets/quotas?lang=en"))
    assert "Hội trường" in listed.text
    assert "Seat" in listed.text  # the other type's own is called as it is
    types = await scene.browser.get(scene.manage("/tickets?lang=en"))
    assert "Hội trường" in types.text
    assert [row["name"] for row in await fetch("SELECT name FROM quota ORDER BY id")] == ["Ghế", "Hội trường"]


async def test_what_cannot_be_is_said_at_its_field(scene: Scene) -> None:
    await scene.sign_in(Role.MANAGER)
    await scene.browser.post(scene.manage("/tickets/quotas/new"), data={"name": "Hội trường", "size": "4"})
    hall = (await quotas_of(scene.edition.id))[-1]["id"]
    await make_order(scene.edition.id, {scene.free: 5}, now=NOW)
    here, body = scene.manage(f"/tickets/{scene.free}?lang=en"), await body_of(scene)
    none = await scene.browser.post(here, data={**body, "quota": ""})
    assert none.status_code == 422
    assert "Please write how many places it has of its own, or choose a quota." in none.text
    full = await scene.browser.post(here, data={**body, "quotas": [str(hall)]})
    assert full.status_code == 409
    assert "The quota “Hội trường” has 4 places, and 5 tickets" in html.unescape(full.text)
    await scene.browser.post(scene.manage(f"/tickets/quotas/{hall}"), data={"name": "Sân", "size": "5"})
    assert (await scene.browser.post(here, data={**body, "quotas": [str(hall)]})).status_code == 303
    small = await scene.browser.post(scene.manage(f"/tickets/quotas/{hall}?lang=en"), data={"name": "Sân", "size": "4"})
    assert small.status_code == 409
    assert "5 tickets are sold or held already. The quota cannot be less." in small.text
    used = await scene.browser.post(scene.manage(f"/tickets/quotas/{hall}/delete"))
    assert used.status_code == 409
    own = (await ticket_types_of(scene.edition.id))[0]["own"]
    assert (await scene.browser.get(scene.manage(f"/tickets/quotas/{own}"))).status_code == 404
    assert (await scene.browser.post(here, data={**body, "quotas": []})).status_code == 303
    assert (await scene.browser.post(scene.manage(f"/tickets/quotas/{hall}/delete"))).status_code == 303
    assert [row["own_of"] for row in await quotas_of(scene.edition.id)] == [scene.free, scene.paid]
