"""Awards are prepared in the jury room and told to everybody at once."""

import pytest

from app.judging.enums import RoundState
from app.judging.errors import NothingToAward, PublishUnconfirmed, RoundStateWrong
from app.judging.queries import contests as contest_queries
from app.judging.queries.ballots import asides_of
from app.judging.queries.contests import contest_of_edition, round_by_id
from app.judging.queries.entries import feedback_for
from app.judging.queries.results import awards_of, public_entries
from app.judging.services import awards
from app.judging.services.awards import (
    give_award,
    publication_doubts,
    publish_awards,
    publish_feedback,
    take_award_back,
    usual_title,
)
from app.judging.services.ballots import settle_set_aside, submit_ballot
from app.judging.services.contests import lock_round
from app.judging.services.entries import withdraw_idea
from app.judging.services.setup import remove_round
from app.judging.tables import Award, Round
from app.kernel.database import fetch
from app.kernel.errors import NotFound
from app.kernel.i18n import pick
from tests.conftest import NOW
from tests.judging.scene import ballot, first_task, scene
from tests.support.race import ask_first, losers, overtaken, race, unguarded, winners

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
    told = {award.id: award.title for award in await awards_of(found.contest_id, published_only=False)}
    assert told[gone] == {**usual_title(2), "vi": "Giải Lụa"}
    await take_award_back(round_id=round_id, award_id=gone, actor=found.chair, now=NOW)
    with pytest.raises(NotFound):
        await take_award_back(round_id=round_id, award_id=gone, actor=found.chair, now=NOW)
    await withdraw_idea(entry_id=three, actor=found.leaders[2], now=NOW)
    with pytest.raises(NotFound):
        await give_award(round_id=round_id, entry_id=three, rank=3, actor=found.chair, now=NOW)
    assert await awards_of(found.contest_id, published_only=True) == []
    with pytest.raises(PublishUnconfirmed):
        await publish_awards(round_id=round_id, actor=found.chair, now=NOW)
    assert (await round_by_id(round_id)).state == RoundState.LOCKED
    assert await awards_of(found.contest_id, published_only=True) == []
    assert await publish_awards(round_id=round_id, confirmed=True, actor=found.chair, now=NOW) == 1
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
    with pytest.raises(PublishUnconfirmed):  # every team would hear that it is out
        await publish_feedback(round_id=task.round_id, actor=found.chair, now=NOW)
    assert (await round_by_id(task.round_id)).state == RoundState.LOCKED
    await publish_feedback(round_id=task.round_id, confirmed=True, actor=found.chair, now=NOW)
    assert [line.comment for line in await feedback_for(found.entry_ids[0])] == ["Rõ ràng."]
    with pytest.raises(RoundStateWrong):
        await publish_feedback(round_id=task.round_id, confirmed=True, actor=found.chair, now=NOW)
    messages = await fetch("SELECT subject, body_text, channel FROM outbox_message ORDER BY id")
    assert [row["channel"] for row in messages] == ["sms", "sms"]
    assert all(f"/team/ideas/{found.entry_ids[0]}" in row["body_text"] for row in messages)
    contest = await contest_of_edition(found.edition_id)
    assert contest is not None
    name = pick(contest.name, "vi")
    assert all(row["subject"].startswith(name) and row["body_text"].startswith(name) for row in messages)


@pytest.mark.race
async def test_awards_are_published_once() -> None:
    found = await scene(NOW, entries=1, judges=1)
    round_id = found.round_ids[0]
    await lock_round(round_id=round_id, actor=found.chair, now=NOW)
    await give_award(round_id=round_id, entry_id=found.entry_ids[0], rank=1, actor=found.chair, now=NOW)
    results = await race(
        10, lambda _number: publish_awards(round_id=round_id, confirmed=True, actor=found.chair, now=NOW)
    )
    assert winners(results) == [1]
    assert len(losers(results, RoundStateWrong)) == 9


@pytest.mark.race
async def test_without_their_conditions_awards_are_published_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await scene(NOW, entries=1, judges=1)
    round_id = found.round_ids[0]
    await lock_round(round_id=round_id, actor=found.chair, now=NOW)
    await give_award(round_id=round_id, entry_id=found.entry_ids[0], rank=1, actor=found.chair, now=NOW)
    unguarded(monkeypatch, awards)
    for table in (Round, Award):
        ask_first(monkeypatch, table, parties=2)
    results = await race(
        2, lambda _number: publish_awards(round_id=round_id, confirmed=True, actor=found.chair, now=NOW)
    )
    assert winners(results) == [1, 1]


async def test_a_last_round_with_every_ballot_is_published_without_a_warning() -> None:
    found = await scene(NOW, entries=1, judges=1)
    round_id = found.round_ids[0]
    judge, task = found.judges[0], await first_task(found.judges[0])
    await lock_round(round_id=round_id, actor=found.chair, now=NOW)
    doubts = await publication_doubts(round_id)
    assert (doubts.rounds_to_come, doubts.missing, doubts.waiting) == (2, 1, 0)
    sent = await ballot(task, NOW)
    await submit_ballot(assignment_id=task.assignment_id, ballot=sent, actor=judge, now=NOW)
    assert (await publication_doubts(round_id)).waiting == 1
    (aside,) = await asides_of(round_id)
    await settle_set_aside(set_aside_id=aside.id, accept=True, actor=found.chair, now=NOW)
    for later in found.round_ids[1:]:
        await remove_round(round_id=later, actor=found.chair, now=NOW)
    assert not await publication_doubts(round_id)
    await give_award(round_id=round_id, entry_id=found.entry_ids[0], rank=1, actor=found.chair, now=NOW)
    assert await publish_awards(round_id=round_id, actor=found.chair, now=NOW) == 1


@pytest.mark.race
async def test_an_award_is_published_with_the_others_or_refused() -> None:
    found = await scene(NOW, entries=6, judges=1)
    round_id = found.round_ids[0]
    await lock_round(round_id=round_id, actor=found.chair, now=NOW)
    await give_award(round_id=round_id, entry_id=found.entry_ids[0], rank=1, actor=found.chair, now=NOW)

    async def act(number: int) -> int:
        if number == 3:
            return await publish_awards(round_id=round_id, confirmed=True, actor=found.chair, now=NOW)
        entry_id = found.entry_ids[number if number > 3 else number + 1]
        return await give_award(round_id=round_id, entry_id=entry_id, rank=2, actor=found.chair, now=NOW)

    losers(await race(6, act), RoundStateWrong)
    given = await awards_of(found.contest_id, published_only=False)
    assert all(award.published_at == NOW for award in given)


@pytest.mark.race
async def test_without_holding_the_round_an_award_stays_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await scene(NOW, entries=2, judges=1)
    round_id = found.round_ids[0]
    await lock_round(round_id=round_id, actor=found.chair, now=NOW)
    first, second = found.entry_ids
    await give_award(round_id=round_id, entry_id=first, rank=1, actor=found.chair, now=NOW)
    unguarded(monkeypatch, awards)
    await overtaken(
        monkeypatch,
        contest_queries,
        "hold_round",
        lambda: give_award(round_id=round_id, entry_id=second, rank=2, actor=found.chair, now=NOW),
        lambda: publish_awards(round_id=round_id, confirmed=True, actor=found.chair, now=NOW),
    )
    given = await awards_of(found.contest_id, published_only=False)
    assert [award.published_at for award in given] == [NOW, None]
