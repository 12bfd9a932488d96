"""What a team is told of its idea is what it can do."""

from datetime import datetime

import httpx
import pytest

from app.judging.enums import ContestState
from app.judging.errors import ContestNotOpen
from app.judging.services.contests import set_contest_state
from app.judging.services.entries import update_idea
from tests.conftest import NOW
from tests.judging.scene import IDEA, scene
from tests.support.client import sign_in


async def test_an_idea_can_be_changed_until_the_call_ends_and_every_page_says_so(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    found = await scene(NOW, entries=1, judges=0, opened=False)
    leader = found.leaders[0]
    await sign_in(client, leader.person_id)
    idea = f"/team/ideas/{found.entry_ids[0]}"
    shown = [(await client.get(page)).text for page in (idea, "/team")]
    assert [text.count("You can change it until the call ends.") for text in shown] == [1, 1]
    await update_idea(entry_id=found.entry_ids[0], values={**IDEA, "ward": "Hà Nội"}, actor=leader, now=NOW)
    await set_contest_state(contest_id=found.contest_id, state=ContestState.CLOSED, actor=found.chair, now=NOW)
    with pytest.raises(ContestNotOpen):
        await update_idea(entry_id=found.entry_ids[0], values=IDEA, actor=leader, now=NOW)
    assert (await client.get(idea)).text.count("You can change it until") == 0
