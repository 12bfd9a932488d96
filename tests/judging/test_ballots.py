"""Ballots are taken once, chained, never overwritten and never dropped."""

import asyncio
from datetime import timedelta

import pytest

from app.judging.enums import AsideReason, AsideState, BallotStatus
from app.judging.errors import BallotInvalid, ClientIdReused, RoundNotOpen, RoundStateWrong
from app.judging.queries.ballots import anchors_of, asides_of, revisions_of, task_of_judge, tasks_of_judge
from app.judging.queries.contests import RoundRow
from app.judging.queries.results import progress_of, ranking
from app.judging.services import ballots as service
from app.judging.services.awards import publish_feedback
from app.judging.services.ballots import BallotInput, settle_set_aside, submit_ballot, verify_chain
from app.judging.services.contests import lock_round
from app.judging.services.panels import recuse
from app.judging.tables import Ballot, BallotRevision, Round, SetAside
from app.kernel.database import fetch
from app.kernel.errors import NotFound
from tests.conftest import NOW
from tests.judging.scene import Scene, ballot, first_task, scene
from tests.support.race import ask_first, drop_index, drop_trigger, drop_unique, losers, race, unguarded, winners

pytestmark = pytest.mark.usefixtures("database")
MANY = 40
REWRITINGS = (
    "UPDATE contest_ballot_revision SET scores = '[]'",
    "UPDATE contest_ballot_revision SET hash = 'x'",
    "DELETE FROM contest_ballot_revision",
)


async def one_task() -> Scene:
    return await scene(NOW, entries=1, judges=1, per_entry=1)


async def test_a_ballot_is_saved_revised_and_given_back() -> None:
    found = await one_task()
    judge = found.judges[0]
    task = await first_task(judge)
    first = await submit_ballot(
        assignment_id=task.assignment_id, ballot=await ballot(task, NOW, client_id="a"), actor=judge, now=NOW
    )
    assert (first.status, first.reason, first.number) == (BallotStatus.SAVED, None, 1)
    sent = await ballot(task, NOW, client_id="b", base=first.head_hash, score=2)
    second = await submit_ballot(
        assignment_id=task.assignment_id, ballot=sent, actor=judge, now=NOW + timedelta(minutes=1)
    )
    assert second.number == 2
    again = await submit_ballot(
        assignment_id=task.assignment_id,
        ballot=await ballot(task, NOW, client_id="a", score=1),
        actor=judge,
        now=NOW + timedelta(minutes=2),
    )
    assert (again.status, again.number, again.head_hash) == (BallotStatus.SAVED, 1, first.head_hash)
    kept = await task_of_judge(task.assignment_id, judge.person_id)
    assert kept is not None
    assert kept.head is not None
    assert (kept.head.hash, kept.head.number, set(kept.head.scores.values())) == (second.head_hash, 2, {2})
    assert kept.head.comment_to_team == "Rõ ràng."
    assert await verify_chain(task.round_id) == []
    assert (await progress_of(task.round_id)).scored == 1


async def test_what_does_not_fit_is_refused() -> None:
    found = await one_task()
    judge, task = found.judges[0], await first_task(found.judges[0])
    whole = await ballot(task, NOW)
    some = dict(list(whole.scores.items())[1:])
    for scores in (some, {**whole.scores, "999999": 3}, {**whole.scores, next(iter(whole.scores)): 6}, {}):
        wrong = BallotInput("w", "", scores, "", "", NOW)
        with pytest.raises(BallotInvalid):
            await submit_ballot(assignment_id=task.assignment_id, ballot=wrong, actor=judge, now=NOW)
    with pytest.raises(NotFound):
        await submit_ballot(assignment_id=task.assignment_id, ballot=whole, actor=found.chair, now=NOW)
    await Round.update({Round.state: "draft"}).where(Round.id == task.round_id)
    with pytest.raises(RoundNotOpen):
        await submit_ballot(assignment_id=task.assignment_id, ballot=whole, actor=judge, now=NOW)


async def test_an_id_stands_for_one_ballot() -> None:
    found = await scene(NOW, entries=2, judges=1, per_entry=1)
    judge = found.judges[0]
    assert judge.person_id is not None
    one, two = await tasks_of_judge(judge.person_id)
    await submit_ballot(assignment_id=one.assignment_id, ballot=await ballot(one, NOW), actor=judge, now=NOW)
    with pytest.raises(ClientIdReused):
        await submit_ballot(assignment_id=two.assignment_id, ballot=await ballot(two, NOW), actor=judge, now=NOW)


async def test_an_older_base_is_set_aside_and_the_chair_settles_it() -> None:
    found = await one_task()
    judge, task = found.judges[0], await first_task(found.judges[0])
    first = await submit_ballot(
        assignment_id=task.assignment_id, ballot=await ballot(task, NOW, client_id="a"), actor=judge, now=NOW
    )
    for _turn in range(2):
        answer = await submit_ballot(
            assignment_id=task.assignment_id,
            ballot=await ballot(task, NOW, client_id="b", score=1),
            actor=judge,
            now=NOW,
        )
        assert (answer.status, answer.reason) == (BallotStatus.SET_ASIDE, AsideReason.CONFLICT)
        assert (answer.number, answer.head_hash) == (1, first.head_hash)
    (aside,) = await asides_of(task.round_id)
    assert (aside.state, set(aside.scores.values())) == (AsideState.WAITING, {1})
    await settle_set_aside(set_aside_id=aside.id, accept=True, actor=found.chair, now=NOW)
    with pytest.raises(NotFound):
        await settle_set_aside(set_aside_id=aside.id, accept=False, actor=found.chair, now=NOW)
    assert await asides_of(task.round_id, waiting_only=True) == []
    assert [row["number"] for row in await revisions_of(task.round_id)] == [1, 2]
    assert (await ranking(task.round_id))[0].standing.mean == 0.0
    assert await verify_chain(task.round_id) == []


async def test_after_the_seal_a_ballot_is_late_and_accepting_it_anchors_anew() -> None:
    found = await one_task()
    judge, task = found.judges[0], await first_task(found.judges[0])
    first = await lock_round(round_id=task.round_id, actor=found.chair, now=NOW)
    answers = [
        await submit_ballot(
            assignment_id=task.assignment_id, ballot=await ballot(task, NOW, client_id=key), actor=judge, now=NOW
        )
        for key in ("a", "b")
    ]
    assert {(answer.status, answer.reason, answer.number) for answer in answers} == {
        (BallotStatus.SET_ASIDE, AsideReason.LATE, 0)
    }
    newest, oldest = await asides_of(task.round_id)
    await settle_set_aside(set_aside_id=oldest.id, accept=True, actor=found.chair, now=NOW)
    anchors = await anchors_of(task.round_id)
    assert [anchor["reason"] for anchor in anchors] == ["locked", "settled"]
    assert anchors[1]["prev_digest"] == first
    assert await verify_chain(task.round_id) == []
    await publish_feedback(round_id=task.round_id, confirmed=True, actor=found.chair, now=NOW)
    with pytest.raises(RoundStateWrong):
        await settle_set_aside(set_aside_id=newest.id, accept=True, actor=found.chair, now=NOW)
    assert (await asides_of(task.round_id))[0].state == AsideState.WAITING
    await settle_set_aside(set_aside_id=newest.id, accept=False, actor=found.chair, now=NOW)


async def test_a_ballot_that_comes_after_the_end_is_set_aside_and_never_dropped() -> None:
    found = await one_task()
    judge, task = found.judges[0], await first_task(found.judges[0])
    end = NOW + timedelta(hours=1)
    await Round.update({Round.closes_at: end}).where(Round.id == task.round_id)
    in_time = await ballot(task, NOW, client_id="in-time")
    answer = await submit_ballot(
        assignment_id=task.assignment_id, ballot=in_time, actor=judge, now=end - timedelta(seconds=1)
    )
    assert answer.status == BallotStatus.SAVED
    late = await ballot(task, NOW, client_id="too-late", base=answer.head_hash, score=5)
    for at in (end, end + timedelta(hours=2)):
        answer = await submit_ballot(assignment_id=task.assignment_id, ballot=late, actor=judge, now=at)
        assert (answer.status, answer.reason, answer.number) == (BallotStatus.SET_ASIDE, AsideReason.LATE, 1)
    (aside,) = await asides_of(task.round_id)
    assert (aside.scored_at, aside.received_at) == (NOW, end)
    await settle_set_aside(set_aside_id=aside.id, accept=True, actor=found.chair, now=end)
    assert [row["number"] for row in await revisions_of(task.round_id)] == [1, 2]
    assert await verify_chain(task.round_id) == []


async def test_a_ballot_of_a_judge_taken_off_the_idea_is_kept_aside() -> None:
    found = await one_task()
    judge, task = found.judges[0], await first_task(found.judges[0])
    await recuse(assignment_id=task.assignment_id, reason="Người nhà", actor=judge, now=NOW)
    answer = await submit_ballot(assignment_id=task.assignment_id, ballot=await ballot(task, NOW), actor=judge, now=NOW)
    assert answer.reason == AsideReason.OFF_PANEL
    assert (await progress_of(task.round_id)).waiting_asides == 1


async def test_revisions_are_append_only_but_a_comment_can_be_erased() -> None:
    found = await one_task()
    judge, task = found.judges[0], await first_task(found.judges[0])
    await submit_ballot(assignment_id=task.assignment_id, ballot=await ballot(task, NOW), actor=judge, now=NOW)
    for statement in REWRITINGS:
        with pytest.raises(Exception, match="append-only"):
            await fetch(statement)
    await BallotRevision.update(
        {BallotRevision.comment_to_team: "", BallotRevision.comment_to_jury: "", BallotRevision.comments_salt: ""}
    ).where(BallotRevision.number == 1)
    assert await verify_chain(task.round_id) == []


async def test_without_its_triggers_a_revision_is_rewritten_and_deleted() -> None:
    """The negative control."""
    found = await one_task()
    judge, task = found.judges[0], await first_task(found.judges[0])
    await submit_ballot(assignment_id=task.assignment_id, ballot=await ballot(task, NOW), actor=judge, now=NOW)
    for trigger in ("contest_ballot_revision_stays", "contest_ballot_revision_is_kept"):
        await drop_trigger("contest_ballot_revision", trigger)
    left = []
    for statement in REWRITINGS:
        await fetch(statement)
        left.append([(row["scores"], row["hash"]) for row in await BallotRevision.select()])
    (scores, digest), (_scores, changed) = left[0][0], left[1][0]
    assert (scores, len(digest), changed, left[2]) == ("[]", 64, "x", [])


async def test_a_changed_chain_is_found_out() -> None:
    found = await one_task()
    judge, task = found.judges[0], await first_task(found.judges[0])
    await submit_ballot(assignment_id=task.assignment_id, ballot=await ballot(task, NOW), actor=judge, now=NOW)
    await lock_round(round_id=task.round_id, actor=found.chair, now=NOW)
    assert await verify_chain(task.round_id) == []
    await BallotRevision.update({BallotRevision.comment_to_team: "Khác"}).where(BallotRevision.number == 1)
    assert [fault.partition(": ")[2] for fault in await verify_chain(task.round_id)] == ["a comment was changed"]
    await fetch("UPDATE contest_ballot SET head_hash = 'x'")
    assert len(await verify_chain(task.round_id)) == 2
    await fetch("UPDATE contest_round_anchor SET heads = '[]'")
    assert len(await verify_chain(task.round_id)) == 3


@pytest.mark.race
async def test_forty_times_the_same_ballot_is_one_revision() -> None:
    found = await one_task()
    judge, task = found.judges[0], await first_task(found.judges[0])
    sent = await ballot(task, NOW, client_id="same")
    results = await race(
        MANY,
        lambda _number: submit_ballot(assignment_id=task.assignment_id, ballot=sent, actor=judge, now=NOW),
    )
    assert losers(results, AssertionError) == []
    assert set(winners(results)) == {winners(results)[0]}
    assert winners(results)[0].status == BallotStatus.SAVED
    assert len(await revisions_of(task.round_id)) == 1
    assert await SetAside.count() == 0


@pytest.mark.race
@pytest.mark.parametrize("indexed", [True, False])
async def test_without_the_index_of_its_id_the_same_ballot_gets_two_answers(
    monkeypatch: pytest.MonkeyPatch, indexed: bool
) -> None:
    """The negative control: all else is taken away, and the unique index is what still keeps the ballot one."""
    found = await one_task()
    judge, task = found.judges[0], await first_task(found.judges[0])
    sent = await ballot(task, NOW, client_id="same")
    await drop_index("contest_ballot_revision_number_is_one")
    if not indexed:
        await drop_unique("contest_ballot_revision", "client_id")
    unguarded(monkeypatch, service)
    ask_first(monkeypatch, Ballot, parties=2)  # both are past the look for an answer kept under the id
    results = await race(
        2, lambda _number: submit_ballot(assignment_id=task.assignment_id, ballot=sent, actor=judge, now=NOW)
    )
    assert len(winners(results)) == 2
    answers, revisions = set(winners(results)), await revisions_of(task.round_id)
    assert (len(answers), len(revisions)) == ((1, 1) if indexed else (2, 2))
    assert {row["client_id"] for row in revisions} == {"same"}


@pytest.mark.race
async def test_two_tablets_on_one_base_make_one_revision_and_one_set_aside() -> None:
    found = await one_task()
    judge, task = found.judges[0], await first_task(found.judges[0])
    ballots = [await ballot(task, NOW, client_id=f"tablet-{number}", score=1 + number % 5) for number in range(MANY)]
    results = await race(
        MANY,
        lambda number: submit_ballot(assignment_id=task.assignment_id, ballot=ballots[number], actor=judge, now=NOW),
    )
    answers = winners(results)
    assert len(answers) == MANY
    assert [answer.status for answer in answers].count(BallotStatus.SAVED) == 1
    assert len(await revisions_of(task.round_id)) == 1
    assert len(await asides_of(task.round_id)) == MANY - 1
    assert await verify_chain(task.round_id) == []


@pytest.mark.race
async def test_without_its_protections_a_ballot_is_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await one_task()
    judge, task = found.judges[0], await first_task(found.judges[0])
    ballots = [await ballot(task, NOW, client_id=f"tablet-{number}") for number in range(2)]
    await drop_index("contest_ballot_revision_number_is_one")
    unguarded(monkeypatch, service)
    ask_first(monkeypatch, Ballot, parties=2)
    results = await race(
        2,
        lambda number: submit_ballot(assignment_id=task.assignment_id, ballot=ballots[number], actor=judge, now=NOW),
    )
    assert [answer.number for answer in winners(results)] == [1, 1]
    assert await verify_chain(task.round_id) != []


@pytest.mark.race
async def test_no_ballot_slips_past_the_seal() -> None:
    found = await scene(NOW, entries=7, judges=3)
    round_id = found.round_ids[0]
    work = []
    for judge in found.judges:
        assert judge.person_id is not None
        for task in await tasks_of_judge(judge.person_id):
            work.append((judge, task, await ballot(task, NOW, client_id=f"c-{task.assignment_id}")))

    async def act(number: int) -> object:
        if number == len(work) // 2:
            return await lock_round(round_id=round_id, actor=found.chair, now=NOW)
        judge, task, sent = work[number if number < len(work) // 2 else number - 1]
        return await submit_ballot(assignment_id=task.assignment_id, ballot=sent, actor=judge, now=NOW)

    results = await race(len(work) + 1, act)
    assert losers(results, AssertionError) == []
    (anchor,) = await anchors_of(round_id)
    saved = [answer for answer in results if getattr(answer, "status", None) == BallotStatus.SAVED]
    assert len(anchor["heads"]) == len(saved) == len(await revisions_of(round_id))
    assert len(await asides_of(round_id)) == len(work) - len(saved)


@pytest.mark.race
async def test_without_holding_the_round_a_ballot_slips_past_the_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await one_task()
    judge, task = found.judges[0], await first_task(found.judges[0])
    sent = await ballot(task, NOW)
    unguarded(monkeypatch, service)
    held, sealed = service._round_held, asyncio.Event()
    looked = asyncio.Event()

    async def look_then_wait(round_id: int) -> RoundRow:
        round_ = await held(round_id)
        looked.set()
        await sealed.wait()
        return round_

    async def seal() -> object:
        await looked.wait()
        digest = await lock_round(round_id=task.round_id, actor=found.chair, now=NOW)
        sealed.set()
        return digest

    monkeypatch.setattr(service, "_round_held", look_then_wait)
    results = await race(
        2,
        lambda number: (
            submit_ballot(assignment_id=task.assignment_id, ballot=sent, actor=judge, now=NOW) if number else seal()
        ),
    )
    assert len(winners(results)) == 2
    (anchor,) = await anchors_of(task.round_id)
    assert len(anchor["heads"]) < len(await revisions_of(task.round_id))
