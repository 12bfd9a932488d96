"""What the log of changes tells of the jury, and to whom."""

import re
from datetime import datetime

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.services.people import grant_role
from app.judging.log import WORDS
from app.judging.services.awards import give_award
from app.judging.services.contests import lock_round
from tests.conftest import NOW
from tests.judging.scene import Scene, scene
from tests.support.client import sign_in
from tests.support.factories import make_holder


async def awarded(now: datetime) -> Scene:
    """A contest with an award that nobody was told of yet."""
    found = await scene(now)
    await lock_round(round_id=found.round_ids[0], actor=found.chair, now=now)
    await give_award(
        round_id=found.round_ids[0],
        entry_id=found.entry_ids[0],
        rank=1,
        title={"vi": "Giải nhất"},
        actor=found.chair,
        now=now,
    )
    return found


async def told(client: httpx.AsyncClient, found: Scene) -> set[str]:
    """Return the actions that the page of the log leads to."""
    answer = await client.get(f"/manage/{found.edition_id}/audit")
    assert answer.status_code == 200
    return set(re.findall(r"audit\?action=([\w.]+)", answer.text))


async def test_the_jurys_doings_are_not_the_managers_to_read(client: httpx.AsyncClient) -> None:
    found = await awarded(NOW)
    for role, knows in ((Role.MANAGER, False), (Role.OWNER, True)):
        person = await make_holder(role, edition_id=found.edition_id, now=NOW)
        await sign_in(client, person.id)
        seen = await told(client, found)
        assert {"round.open", "panel.add"} <= seen
        assert bool(seen & WORDS.private) is knows


@pytest.mark.parametrize("action", ["award.give", "round.assign"])
async def test_an_owner_with_a_stake_reads_nothing_of_the_jury(client: httpx.AsyncClient, action: str) -> None:
    found = await awarded(NOW)
    leader = found.leaders[0].person_id or 0
    await grant_role(person_id=leader, role=Role.OWNER, edition_id=found.edition_id, actor=SYSTEM, now=NOW)
    await sign_in(client, leader)
    assert action not in await told(client, found)
