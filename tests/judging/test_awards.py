"""Awards are prepared in the jury room and told to everybody at once."""

import pytest

from app.judging.enums import RoundState
from app.judging.errors import NothingToAward, RoundStateWrong
from app.judging.queries.contests import round_by_id
from app.judging.queries.entries import feedback_for
from app.judging.queries.results import awards_of, public_entries
from app.judging.services.awards import give_award, publish_awards, publish_feedback, take_award_back, usual_title
from app.judging.services.ballots import submit_ballot
from app.judging.services.contests import lock_round
from app.judging.services.entries import withdraw_idea
from app.kernel.database import fetch
from app.kernel.errors import NotFound
from tests.conftest import NOW
from tests.judging.scene import ballot, first_task, scene
from tests.support.race import losers, race, winners

pytestmark = pytest.mark.usefixtures("database")


async def test_an_award_is_prepared_changed_taken_back_and_published() -> None:
    found = await scene(NOW, entries=3, judges=1)
    round_id, (one, two, three) = found.round_ids[0], found.entry_ids
    with pytest.raises(RoundStateWrong):
        await give_award(round_id=round_id, entry_id=one, rank=1, actor=found.chair, now=NOW)
    await lock_round(round_id=round_id, actor=found.chair, now=NOW)
    with pytest.raises(NothingToAward):
        await publish_awards(round_id=round_id, actor=found.chair, now=NOW)
    assert (await round_by_id(round_id)).state == RoundState.LOCKED
    first = await give_award(round_id=round_id, entry_id=one, rank=2, actor=found.chair, now=NOW)
    assert await give_award(round_id=round_id, entry_id=one, rank=1, actor=found.chair, now=NOW) == first
    gone = await give_award(
        round_id=round_id, entry_id=two, rank=2, title={"vi": "Giải Lụa"}, actor=found.chair, now=NOW
    )
    await take_award_back(round_id=round_id, award_id=gone, actor=found.chair, now=NOW)
    with pytest.raises(NotFound):
        await take_award_back(round_id=round_id, award_id=gone, actor=found.chair, now=NOW)
    await withdraw_idea(entry_id=three, actor=found.leaders[2], now=NOW)
    with pytest.raises(NotFound):
        await give_award(round_id=round_id, entry_id=three, rank=3, actor=found.chair, now=NOW)
    assert await awards_of(found.contest_id, published_only=True) == []
    assert await publish_awards(round_id=round_id, actor=found.chair, now=NOW) == 1
    (award,) = await awards_of(found.contest_id, published_only=True)
    assert (award.entry_id, award.rank, award.title) == (one, 1, usual_title(1))
    assert usual_title(9)["vi"] == "Giải Khuyến khích"
    with pytest.raises(NotFound):
        await take_award_back(round_id=round_id, award_id=first, actor=found.chair, now=NOW)
    entries, total = await public_entries(found.contest_id)
    assert total == 2
    assert [(entry.id, entry.rank) for entry in entries] == [(one, 1), (two, None)]
    assert (await public_entries(found.contest_id, search="ao dai", category="Môi trường"))[1] == 1


async def test_feedback_reaches_the_team_only_when_the_round_is_published() -> None:
    found = await scene(NOW, entries=1, judges=1)
    judge, task = found.judges[0], await first_task(found.judges[0])
    await submit_ballot(assignment_id=task.assignment_id, ballot=await ballot(task, NOW), actor=judge, now=NOW)
    await lock_round(round_id=task.round_id, actor=found.chair, now=NOW)
    assert await feedback_for(found.entry_ids[0]) == []
    await publish_feedback(round_id=task.round_id, actor=found.chair, now=NOW)
    assert [line.comment for line in await feedback_for(found.entry_ids[0])] == ["Rõ ràng."]
    with pytest.raises(RoundStateWrong):
        await publish_feedback(round_id=task.round_id, actor=found.chair, now=NOW)
    messages = await fetch("SELECT subject, body_text, channel FROM outbox_message ORDER BY id")
    assert [row["channel"] for row in messages] == ["sms", "sms"]
    assert all(f"/team/ideas/{found.entry_ids[0]}" in row["body_text"] for row in messages)


@pytest.mark.race
async def test_awards_are_published_once() -> None:
    found = await scene(NOW, entries=1, judges=1)
    round_id = found.round_ids[0]
    await lock_round(round_id=round_id, actor=found.chair, now=NOW)
    await give_award(round_id=round_id, entry_id=found.entry_ids[0], rank=1, actor=found.chair, now=NOW)
    results = await race(10, lambda _number: publish_awards(round_id=round_id, actor=found.chair, now=NOW))
    assert winners(results) == [1]
    assert len(losers(results, RoundStateWrong)) == 9
