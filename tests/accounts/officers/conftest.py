"""The scene of the officers."""

from __future__ import annotations

from datetime import datetime

import pytest

from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from tests.accounts.officers.scene import Scene, register
from tests.booths.factories import make_booth, make_hall
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder


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
