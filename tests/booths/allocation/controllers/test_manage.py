"""The organiser's pages of applications, booths and allocation, and their API."""

from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.events import pages
from app.kernel import clock, jobs
from app.kernel.i18n import use_locale
from app.kernel.sheets import read_table
from app.kernel.tables import OutboxMessage
from app.kernel.worker import run_job
from booths.allocation.controllers.runs import quality
from booths.allocation.enums import ApplicationState
from booths.allocation.queries import application, applications
from booths.allocation.queries_proposals import latest_run, proposal
from booths.allocation.services.by_hand import hold_for_application
from booths.allocation.sheets import APPLICATIONS
from tests.booths.factories import OTHER_ZONE, ZONE, make_application, make_row
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder, make_owner
from tests.support.queries import counted_queries


@pytest.fixture
async def organiser(client: Browser) -> Browser:
    """A browser in which an owner of every edition is signed in."""
    await sign_in(client, (await make_owner()).id)
    return client


async def work() -> None:
    """Do the one queued job, as a worker would."""
    row = await jobs.claim("test", clock.now())
    assert row is not None
    await run_job(row, "test")


async def test_without_applications_the_list_leads_to_the_sheet(organiser: Browser) -> None:
    edition = await make_edition()
    shown = (await organiser.get(f"/manage/{edition.id}/applications?lang=en")).text
    assert "Nobody has applied yet" in shown
    assert f"/manage/{edition.id}/import/applications" in shown
    assert f"/e/{edition.slug}/apply" in shown


async def test_the_list_is_searched_and_exported(organiser: Browser) -> None:
    edition = await make_edition()
    await make_row(edition.id, 1)
    await make_application(edition.id, name="Lụa Vạn Phúc", category="Lụa")
    await make_application(edition.id, name="Gốm Bát Tràng", zone_wanted=OTHER_ZONE)
    base = f"/manage/{edition.id}/applications"
    found = (await organiser.get(f"{base}?q=lua&status=open&lang=en")).text
    assert ("Lụa Vạn Phúc" in found, "Gốm Bát Tràng" in found) == (True, False)
    assert "No application fits" in (await organiser.get(f"{base}?status=withdrawn")).text
    sheet = await organiser.get(f"{base}/export.xlsx")
    table = read_table(sheet.content, "a.xlsx", APPLICATIONS.columns)
    assert [str(row.values[0]) for row in table.rows] == ["Gốm Bát Tràng", "Lụa Vạn Phúc"]


@pytest.mark.parametrize("count", [1, 3])
async def test_the_list_takes_as_many_queries_for_three_as_for_one(organiser: Browser, count: int) -> None:
    edition = await make_edition()
    for _number in range(count):
        await make_application(edition.id)
    await organiser.get(f"/manage/{edition.id}/applications")
    with counted_queries() as sent:
        await organiser.get(f"/manage/{edition.id}/applications")
    assert len(sent) <= 8


async def test_an_application_is_written_down_looked_at_and_withdrawn(organiser: Browser) -> None:
    edition = await make_edition()
    await make_row(edition.id, 1)
    base = f"/manage/{edition.id}/applications"
    assert ZONE.replace("&", "&amp;") in (await organiser.get(f"{base}/new")).text
    typed: dict[str, Any] = {
        "organisation": "Nón Chuông",
        "contact_name": "Lê Thị Nón",
        "phone": "0912 345 678",
        "kind": "artisan",
        "cells_wanted": "2",
        "zone_wanted": ZONE,
        "note": "Nón lá",
    }
    for changes, sentence in (
        ({"organisation": ""}, "Please fill this in"),
        ({"phone": ""}, "A phone number or a mail address is needed"),
        ({"phone": "12"}, "This is no phone number"),
        ({"email": "at"}, "This is no mail address"),
        ({"cells_wanted": "0"}, "1 or more"),
    ):
        answer = await organiser.post(f"{base}/new?lang=en", data={**typed, **changes})
        assert (answer.status_code, sentence in answer.text) == (422, True)
    made = await organiser.post(f"{base}/new", data=typed)
    (found,) = (await applications(edition.id)).items
    assert made.headers["location"] == f"{base}/{found.id}"
    assert (found.organisation, found.kind, found.phone) == ("Nón Chuông", "artisan", "+84912345678")
    assert "Lê Thị Nón" in (await organiser.get(f"{base}/{found.id}")).text
    assert (await organiser.post(f"{base}/{found.id}/withdraw")).status_code == 303
    assert (await organiser.post(f"{base}/{found.id}/withdraw")).status_code == 404
    assert (await application(edition.id, found.id)).state == ApplicationState.WITHDRAWN


async def test_a_booth_is_given_and_taken_back_on_its_page(organiser: Browser) -> None:
    edition = await make_edition()
    (booth,) = await make_row(edition.id, 1)
    made, organisation = await make_application(edition.id, name="Lụa Vạn Phúc")
    base = f"/manage/{edition.id}/booths/{booth}"
    assert "Lụa Vạn Phúc" in (await organiser.get(f"{base}?lang=en")).text
    assert (await organiser.post(f"{base}/hold", data={"application": ""})).status_code == 422
    assert (await organiser.post(f"{base}/hold", data={"application": "999"})).status_code == 404
    assert (await organiser.post(f"{base}/hold", data={"application": str(made)})).headers["location"] == base
    held = (await organiser.get(base)).text
    assert f"{base}/allocate" in held
    assert (await organiser.post(f"{base}/allocate")).status_code == 303
    assert await OutboxMessage.count() == 1
    assert organisation.name in (await organiser.get(f"/manage/{edition.id}/applications/{made}")).text
    assert (await organiser.post(f"{base}/release")).status_code == 303
    assert (await application(edition.id, made)).state == ApplicationState.WAITING
    told = {"application": str(made), "tell_now": "on"}
    assert (await organiser.post(f"{base}/hold", data=told)).status_code == 303
    assert (await application(edition.id, made)).state == ApplicationState.ALLOCATED
    assert (await organiser.get(f"/manage/{edition.id}/booths/999")).status_code == 404


async def test_allocate_look_publish(organiser: Browser) -> None:
    edition = await make_edition()
    base = f"/manage/{edition.id}/allocation"
    assert "There is no plan yet" in (await organiser.get(f"{base}?lang=en")).text
    await make_row(edition.id, 2)
    assert "There is nothing to allocate" in (await organiser.get(base)).text
    assert (await organiser.post(f"{base}/start")).status_code == 409
    for name in ("Anh", "Bình", "Chi"):
        await make_application(edition.id, name=name)
    assert f"{base}/start" in (await organiser.get(base)).text
    assert (await organiser.post(f"{base}/start")).headers["location"] == base
    second_tab = await organiser.post(f"{base}/start")
    running = await organiser.get(base)
    refresh = f'<meta http-equiv="refresh" content="2;url={base}">'
    assert (second_tab.status_code, second_tab.text.count(refresh), running.text.count(refresh)) == (409, 1, 1)
    await work()
    run = await latest_run(edition.id)
    assert run is not None
    shown = (await organiser.get(base)).text
    assert "No better plan exists" in shown
    assert "map-chosen" in shown
    assert "1 cell, as asked for." in shown
    assert "1 stays on the waiting list" in shown
    sheet = await organiser.get(f"{base}/{run['id']}/export.xlsx")
    assert sheet.content[:2] == b"PK"
    assert (await organiser.get(f"{base}/99/export.xlsx")).status_code == 404
    assert "Look at the proposal and publish it" in (await organiser.get(f"/manage/{edition.id}")).text
    assert (await organiser.post(f"{base}/{run['id']}/publish")).headers["location"] == base
    assert (await organiser.post(f"{base}/{run['id']}/publish")).status_code == 409
    assert "2 exhibitors got a booth" in (await organiser.get(base)).text
    assert await OutboxMessage.count() == 3


async def test_the_list_of_a_proposal_has_pages_is_searched_and_filtered(
    organiser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_SIZE", 2)
    edition = await make_edition()
    base = f"/manage/{edition.id}/allocation"
    await make_row(edition.id, 2)
    names = [f"Xưởng {name}" for name in ("Anh", "Bình", "Chi")]
    for name in names[:2]:
        await make_application(edition.id, name=name)
    await make_application(edition.id, name=names[2], cells_wanted=3)
    await organiser.post(f"{base}/start")
    await work()
    run = await latest_run(edition.id)
    assert run is not None

    async def listed(asked: str) -> list[str]:
        text = (await organiser.get(f"{base}?{asked}")).text
        return [name for name in names if f">{name}</a>" in text]

    assert await listed("") == [names[0], names[2]]
    assert await listed("page=2") == [names[1]]
    assert await listed("q=XUONG binh") == [names[1]]
    assert await listed("q=xuong&lot=placed") == names[:2]
    assert await listed("q=a2") in ([names[0]], [names[1]])
    assert await listed("lot=without") == [names[2]]
    assert await listed("lot=nothing&page=2") == [names[1]]
    assert "Nobody fits" in (await organiser.get(f"{base}?q=nowhere&lang=en")).text
    sheet = await organiser.get(f"{base}/{run['id']}/export.xlsx?lot=without")
    (row,) = read_table(sheet.content, "a.xlsx", APPLICATIONS.columns).rows
    assert str(row.values[0]) == names[2]
    refused = await organiser.post(f"{base}/{run['id'] + 1}/publish")
    assert (refused.status_code, f'href="{base}?page=2#list"' in refused.text) == (409, True)


async def test_a_proposal_that_cannot_be_published_says_why(organiser: Browser) -> None:
    edition = await make_edition()
    base = f"/manage/{edition.id}/allocation"
    await make_row(edition.id, 1)
    await make_application(edition.id, name="Anh")
    await organiser.post(f"{base}/start")
    await work()
    run = await latest_run(edition.id)
    assert run is not None
    (line,) = await proposal(run["id"])
    rival, _ = await make_application(edition.id, name="Bình")
    await hold_for_application(
        edition_id=edition.id, booth_id=line.booth_id, application_id=rival, actor=SYSTEM, now=NOW
    )
    answer = await organiser.post(f"{base}/{run['id']}/publish?lang=en")
    assert (answer.status_code, "Booth A1 is taken" in answer.text) == (409, True)
    assert f'action="{base}#list"' in answer.text
    assert (await application(edition.id, rival)).state == ApplicationState.SUBMITTED
    assert (await organiser.post(f"{base}/{run['id']}/discard")).status_code == 303
    assert await latest_run(edition.id) is None


async def test_a_run_is_stopped_by_hand(organiser: Browser) -> None:
    edition = await make_edition()
    base = f"/manage/{edition.id}/allocation"
    await make_row(edition.id, 1)
    await make_application(edition.id)
    await organiser.post(f"{base}/start")
    run = await latest_run(edition.id)
    assert run is not None
    assert (await organiser.post(f"{base}/{run['id']}/stop")).status_code == 303
    assert (await organiser.post(f"{base}/{run['id']}/stop")).status_code == 409
    assert (await organiser.post(f"{base}/{run['id']}/discard")).status_code == 409


async def test_the_api_allocates_too(organiser: Browser) -> None:
    edition = await make_edition()
    base = f"/api/v1/manage/{edition.id}"
    _first, second = await make_row(edition.id, 2)
    made, _ = await make_application(edition.id, name="Xưởng Zuzu")
    await make_application(edition.id, name="Bình")
    listed = (await organiser.get(f"{base}/applications?q=xuong zuzu&status=open")).json()
    assert [item["id"] for item in listed["items"]] == [made]
    held = await organiser.post(f"{base}/booths/{second}/hold", json={"application": made})
    assert (held.status_code, held.json()["booth"]) == (200, "A2")
    assert (await organiser.post(f"{base}/booths/{second}/release")).status_code == 204
    started = await organiser.post(f"{base}/allocation-runs")
    assert (started.status_code, started.json()["state"]) == (201, "running")
    assert (await organiser.post(f"{base}/allocation-runs")).json()["code"] == "allocation_running"
    await work()
    own = f"{base}/allocation-runs/{started.json()['id']}"
    run = (await organiser.get(own)).json()
    assert (run["state"], run["placed"], run["gap"], len(run["placements"])) == ("proposed", 2, 0.0, 2)
    assert run["placements"][0]["reasons"][0]
    assert (await organiser.post(f"{own}/publish")).json() == {"placed": 2}
    assert (await organiser.post(f"{own}/discard")).json()["code"] == "run_not_proposed"
    assert (await organiser.get(f"{base}/applications/{made}")).json()["state"] == "allocated"
    assert (await organiser.get(f"{base}/applications/999")).json()["code"] == "application_not_found"
    floor = await make_holder(Role.FLOOR, edition_id=edition.id)
    outbox, seen = f'href="/manage/{edition.id}/outbox"', []
    for browser in (organiser, new_browser()):
        if browser is not organiser:
            await sign_in(browser, floor.id)
        text = (await browser.get(f"/manage/{edition.id}/allocation")).text
        seen.append(outbox in text.split("<main")[1])
    assert seen == [True, False]


async def test_who_may_do_what(client: Browser) -> None:
    edition = await make_edition()
    chair, floor = [await make_holder(role, edition_id=edition.id) for role in (Role.JURY_CHAIR, Role.FLOOR)]
    stranger = await new_browser().get(f"/api/v1/manage/{edition.id}/applications")
    assert stranger.json()["code"] == "sign_in_needed"
    await sign_in(client, chair.id)
    for path in ("applications", "allocation", "applications/export.xlsx"):
        assert (await client.get(f"/manage/{edition.id}/{path}")).status_code == 403
    await sign_in(client, floor.id)
    assert (await client.get(f"/manage/{edition.id}/allocation")).status_code == 200
    assert (await client.post(f"/manage/{edition.id}/allocation/start")).status_code == 403


def test_quality_is_said_in_a_sentence() -> None:
    with use_locale("en"):
        assert quality(None) == ""
        assert quality(0.0) == "No better plan exists: this was proven."
        assert quality(0.00123) == "At most 0.12% short of the best possible plan."
