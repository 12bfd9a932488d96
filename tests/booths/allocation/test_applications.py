"""Applications, and booths given by hand."""

from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.queries import grants_of
from app.kernel.audit import list_entries
from app.kernel.tables import OutboxMessage
from booths.allocation import errors
from booths.allocation.enums import ApplicationState
from booths.allocation.queries import application, applications, live_holds
from booths.allocation.queries_proposals import explanation_for
from booths.allocation.services import applications as services
from booths.allocation.services.applications import send_draft, submit_application, withdraw_application
from booths.allocation.services.by_hand import allocate_held, hold_for_application, release_by_hand
from booths.allocation.tables import Application
from booths.floorplan.errors import BoothNotFound, BoothTaken
from tests.booths.factories import OTHER_ZONE, ZONE, make_application, make_row, states_told
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.factories import make_organisation, make_person
from tests.support.race import drop_index, losers, meet_before, race, unguarded, winners


async def test_applying_again_changes_the_application(database: str) -> None:
    edition = await make_edition()
    first, organisation = await make_application(edition.id)
    first_contact = (await application(edition.id, first)).contact_id
    contact = await make_person(now=NOW)
    again, new = await submit_application(
        edition_id=edition.id,
        organisation_id=organisation.id,
        contact_id=contact.id,
        cells_wanted=2,
        zone_wanted=OTHER_ZONE,
        actor=SYSTEM,
        now=NOW,
    )
    assert (again, new) == (first, False)
    found = await application(edition.id, first)
    assert (found.cells_wanted, found.zone_wanted, found.contact_id) == (2, OTHER_ZONE, contact.id)
    (grant,) = await grants_of(contact.id)
    assert (grant.role, grant.edition_id, grant.organisation_id) == (
        Role.EXHIBITOR_OWNER,
        edition.id,
        organisation.id,
    )
    entries, total = await list_entries(subject_type="application", subject_id=first)
    assert (total, entries[0]["before"], entries[0]["after"]) == (
        2,
        {"cells_wanted": 1, "zone_wanted": ZONE, "power_watts": 500, "contact": first_contact},
        {"cells_wanted": 2, "zone_wanted": OTHER_ZONE, "power_watts": 0, "contact": contact.id},
    )


async def apply(edition_id: int, organisation_id: int) -> tuple[int, bool]:
    """An application for one cell."""
    return await submit_application(
        edition_id=edition_id, organisation_id=organisation_id, contact_id=None, cells_wanted=1, actor=SYSTEM, now=NOW
    )


@pytest.mark.race
async def test_an_exhibitor_applies_once_however_often_it_is_sent(database: str) -> None:
    edition = await make_edition()
    organisation = await make_organisation()
    results = await race(8, lambda _number: apply(edition.id, organisation.id))
    assert len([made for made in winners(results) if made[1]]) == 1
    losers(results, errors.AlreadyApplied)
    assert (await applications(edition.id)).total == 1


@pytest.mark.race
async def test_without_lock_and_index_an_exhibitor_applies_twice(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = await make_edition()
    organisation = await make_organisation()
    await drop_index("application_once")
    unguarded(monkeypatch, services)
    meet_before(monkeypatch, Application, "save", parties=2)
    results = await race(2, lambda _number: apply(edition.id, organisation.id))
    assert [made[1] for made in winners(results)] == [True, True]
    assert (await applications(edition.id)).total == 2


async def test_a_draft_is_sent_and_an_application_withdrawn(database: str) -> None:
    edition = await make_edition()
    made, _organisation = await make_application(edition.id, draft=True)
    given: dict[str, Any] = {"edition_id": edition.id, "application_id": made, "actor": SYSTEM, "now": NOW}
    assert (await application(edition.id, made)).submitted_at is None
    await send_draft(**given)
    found = await application(edition.id, made)
    assert (found.state, found.submitted_at) == (ApplicationState.SUBMITTED, NOW)
    with pytest.raises(errors.ApplicationNotFound):
        await send_draft(**given)
    with pytest.raises(errors.ApplicationNotFound):
        await withdraw_application(**{**given, "edition_id": (await make_edition("other")).id})
    await withdraw_application(**given)
    with pytest.raises(errors.ApplicationNotFound):
        await withdraw_application(**given)


async def test_the_list_is_searched_filtered_and_paged(database: str) -> None:
    edition = await make_edition()
    await make_application(edition.id, name="Lụa Vạn Phúc")
    await make_application(edition.id, name="Gốm Bát Tràng", zone_wanted=OTHER_ZONE)
    withdrawn, _ = await make_application(edition.id, name="Nón Chuông")
    await withdraw_application(edition_id=edition.id, application_id=withdrawn, actor=SYSTEM, now=NOW)

    async def names(**chosen: Any) -> list[str]:
        return [found.organisation for found in (await applications(edition.id, **chosen)).items]

    assert await names(search="lua") == ["Lụa Vạn Phúc"]
    assert await names(zone=OTHER_ZONE) == ["Gốm Bát Tràng"]
    assert await names(state="withdrawn") == ["Nón Chuông"]
    assert len(await names(state="open")) == 2
    page = await applications(edition.id, offset=1, limit=1)
    assert (page.total, page.first, len(page.items)) == (3, 2, 1)


async def test_the_log_says_in_which_state_an_application_is(database: str) -> None:
    edition = await make_edition()
    (booth,) = await make_row(edition.id, 1)
    made, organisation = await make_application(edition.id)
    given: dict[str, Any] = {"edition_id": edition.id, "actor": SYSTEM, "now": NOW}
    await hold_for_application(booth_id=booth, application_id=made, tell_now=True, **given)
    wish: dict[str, Any] = {"organisation_id": organisation.id, "contact_id": None, "cells_wanted": 1}
    await submit_application(**wish, note="Gần cửa", **given)
    await release_by_hand(booth_id=booth, **given)
    await submit_application(**wish, note="Gần cổng", **given)
    entries, _total = await list_entries(action="application.change")
    states = [(one["before"].get("state"), one["after"].get("state")) for one in entries]
    assert states == [("waiting", "submitted"), (None, None)]


async def test_a_booth_that_is_given_again_is_given_once(database: str) -> None:
    edition = await make_edition()
    booth, other = await make_row(edition.id, 2)
    made, _organisation = await make_application(edition.id)
    given: dict[str, Any] = {"edition_id": edition.id, "application_id": made, "actor": SYSTEM, "now": NOW}
    for _again in range(2):
        await hold_for_application(booth_id=booth, tell_now=True, **given)
    assert (await application(edition.id, made)).booth_id == booth
    assert (await OutboxMessage.count(), len(await live_holds(edition.id))) == (1, 1)
    with pytest.raises(errors.HasBooth):
        await hold_for_application(booth_id=other, tell_now=True, **given)


async def test_a_booth_is_held_allocated_and_released_by_hand(database: str) -> None:
    edition = await make_edition()
    booth, other = await make_row(edition.id, 2)
    made, organisation = await make_application(edition.id, zone_wanted=ZONE)
    rival, _ = await make_application(edition.id)
    given: dict[str, Any] = {"edition_id": edition.id, "actor": SYSTEM, "now": NOW}
    for _again in range(2):  # the answer was lost
        await hold_for_application(booth_id=booth, application_id=made, **given)
    assert (await application(edition.id, made)).state == ApplicationState.SUBMITTED
    assert await OutboxMessage.count() == 0
    with pytest.raises(errors.HasBooth):
        await hold_for_application(booth_id=other, application_id=made, **given)
    with pytest.raises(BoothTaken):
        await hold_for_application(booth_id=booth, application_id=rival, **given)
    with pytest.raises(errors.ApplicationNotFound):
        await hold_for_application(booth_id=other, application_id=999, **given)
    await allocate_held(booth_id=booth, **given)
    found = await application(edition.id, made)
    assert (found.state, found.booth_id, found.booth) == (ApplicationState.ALLOCATED, booth, "A1")
    assert (await explanation_for(edition.id, organisation.id))[0] == "The organisers chose this booth by hand."
    assert await OutboxMessage.count() == 1
    with pytest.raises(errors.AlreadyApplied):
        await submit_application(organisation_id=organisation.id, contact_id=None, cells_wanted=3, **given)
    await release_by_hand(booth_id=booth, **given)
    assert (await application(edition.id, made)).state == ApplicationState.WAITING
    await release_by_hand(booth_id=booth, **given)
    assert await states_told(made) == [
        ("application.submit", None, "submitted"),
        ("application.allocate", "submitted", "allocated"),
        ("application.wait", "allocated", "waiting"),
    ]
    await hold_for_application(booth_id=booth, application_id=rival, tell_now=True, **given)
    assert (await application(edition.id, rival)).state == ApplicationState.ALLOCATED
    with pytest.raises(BoothNotFound):
        await release_by_hand(**{**given, "edition_id": (await make_edition("other")).id}, booth_id=booth)
