"""Applications that were begun and never sent."""

import json
from datetime import timedelta

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.tables import Organisation, Person, RoleGrant
from app.kernel import jobs
from app.kernel.audit import list_entries
from app.kernel.tables import OutboxMessage
from booths.allocation import plugin
from booths.allocation.services.applications import send_draft, withdraw_application
from booths.allocation.services.drafts import REMINDED_BEFORE, deleted_at, tidy_drafts
from booths.allocation.tables import Allocation, AllocationRun, Application
from booths.allocation.tasks import TIDY
from booths.catalogue.tables import Product
from tests.booths.factories import make_application, make_booth, make_hall
from tests.conftest import NOW
from tests.events.factories import make_edition

SOON = deleted_at(NOW) - REMINDED_BEFORE
OVER = deleted_at(NOW)


async def test_a_draft_is_reminded_of_once_and_then_deleted_with_what_was_made_for_it(database: str) -> None:
    edition = await make_edition()
    draft, organisation = await make_application(edition.id, draft=True)
    sent, _other = await make_application(edition.id)
    people = await Person.count()
    assert await tidy_drafts(now=SOON - timedelta(seconds=1)) == {"reminded": 0, "deleted": 0}
    assert await tidy_drafts(now=SOON) == {"reminded": 1, "deleted": 0}
    assert await tidy_drafts(now=OVER - timedelta(seconds=1)) == {"reminded": 0, "deleted": 0}
    (message,) = await OutboxMessage.select(OutboxMessage.body_text, OutboxMessage.secret)
    assert message["secret"]
    assert f"/apply/mine/{draft}" in message["body_text"]
    assert "/sign-in/" in message["body_text"]
    assert await tidy_drafts(now=OVER) == {"reminded": 0, "deleted": 1}
    assert await Application.select(Application.id).output(as_list=True) == [sent]
    assert not await Organisation.exists().where(Organisation.id == organisation.id)
    assert not await RoleGrant.exists().where(RoleGrant.organisation == organisation.id)
    assert await Person.count() == people - 1
    entries, _total = await list_entries(edition_id=edition.id)
    assert entries[0]["action"] == "application.expire"
    assert await tidy_drafts(now=OVER) == {"reminded": 0, "deleted": 0}


async def test_what_was_sent_taken_back_or_taken_up_again_stays(database: str) -> None:
    edition = await make_edition()
    sent, _one = await make_application(edition.id, draft=True)
    await send_draft(edition_id=edition.id, application_id=sent, actor=SYSTEM, now=NOW)
    gone, _two = await make_application(edition.id, draft=True)
    await withdraw_application(edition_id=edition.id, application_id=gone, actor=SYSTEM, now=NOW)
    fresh, _three = await make_application(edition.id, draft=True)
    await Application.update({Application.changed_at: OVER}).where(Application.id == fresh)
    assert await tidy_drafts(now=OVER) == {"reminded": 0, "deleted": 0}
    assert await Application.count() == 3


async def test_an_organisation_that_has_something_else_stays_with_its_people(database: str) -> None:
    edition = await make_edition()
    _draft, organisation = await make_application(edition.id, draft=True)
    await Product(organisation=organisation.id, name=json.dumps({"vi": "Khăn lụa"})).save()
    assert await tidy_drafts(now=OVER) == {"reminded": 0, "deleted": 1}
    assert await Organisation.exists().where(Organisation.id == organisation.id)
    assert await RoleGrant.exists().where(RoleGrant.organisation == organisation.id)
    assert await Product.count() == 1


async def test_a_draft_that_was_once_placed_is_withdrawn_for_the_record(database: str) -> None:
    edition = await make_edition()
    draft, _organisation = await make_application(edition.id, draft=True)
    booth = await make_booth(edition.id, await make_hall(edition.id))
    run = AllocationRun(edition=edition.id)
    await run.save()
    await Allocation(run=run.id, application=draft, booth=booth).save()
    assert await tidy_drafts(now=OVER) == {"reminded": 0, "deleted": 1}
    assert await Application.select(Application.state).output(as_list=True) == ["withdrawn"]
    assert await Allocation.count() == 1


def test_the_job_runs_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("add_dashboard_provider", "add_section_provider", "add_nav_item"):
        monkeypatch.setattr(plugin, name, lambda _slot: None)
    plugin.start()
    assert jobs.period_of(TIDY) == 6 * 3600
