"""Setting up a contest and moving its rounds."""

from datetime import timedelta

import pytest

from app.accounts.actor import SYSTEM
from app.judging.enums import ContestState, RoundState
from app.judging.errors import ContestExists, ContestNotOpen, RoundStateWrong
from app.judging.queries.ballots import anchors_of, tasks_of_judge
from app.judging.queries.contests import contest_by_id, criteria_of, round_by_id, rounds_of
from app.judging.queries.results import entries_of_round, ranking
from app.judging.rubric import default_rounds
from app.judging.services.ballots import submit_ballot
from app.judging.services.contests import advance_entries, create_contest, lock_round, open_round
from app.judging.services.entries import enter_idea
from app.kernel.i18n import LOCALES
from tests.conftest import NOW
from tests.judging.scene import IDEA, ballot, scene

pytestmark = pytest.mark.usefixtures("database")


def test_default_rounds_speak_three_languages_and_weigh_whole() -> None:
    for count in (1, 2, 3):
        plans = default_rounds(count)
        assert len(plans) == count
        for plan in plans:
            assert set(plan.name) == set(LOCALES)
            for criterion in plan.criteria:
                assert set(criterion.name) == set(LOCALES)
                assert set(criterion.anchors) == {"1", "3", "5"}
                assert all(set(texts) == set(LOCALES) for texts in criterion.anchors.values())
    assert plans[-1].advance_count == 0
    with pytest.raises(ValueError, match="1 to 3 rounds"):
        default_rounds(4)


async def test_an_edition_has_one_contest() -> None:
    found = await scene(NOW, entries=0, judges=0, opened=False)
    rounds = await rounds_of(found.contest_id)
    assert [(one.number, one.state, one.advance_count) for one in rounds] == [
        (1, RoundState.DRAFT, 20),
        (2, RoundState.DRAFT, 10),
        (3, RoundState.DRAFT, 0),
    ]
    assert [len(await criteria_of(one.id)) for one in rounds] == [5, 5, 6]
    with pytest.raises(ContestExists):
        await create_contest(edition_id=found.edition_id, actor=SYSTEM, now=NOW)


async def test_opening_the_first_round_ends_the_call_and_takes_in_what_was_sent() -> None:
    found = await scene(NOW, entries=3, judges=1)
    assert (await contest_by_id(found.contest_id)).state == ContestState.CLOSED
    assert [entry["title"] for entry in await entries_of_round(found.round_ids[0])] == [
        "Áo dài cho bà",
        "Giấy sắn",
        "Trà sen ướp lạnh",
    ]
    with pytest.raises(ContestNotOpen):
        await enter_idea(edition_id=found.edition_id, values=IDEA, actor=found.leaders[0], now=NOW)
    with pytest.raises(RoundStateWrong):
        await open_round(round_id=found.round_ids[0], actor=found.chair, now=NOW)
    with pytest.raises(RoundStateWrong):
        await open_round(round_id=found.round_ids[1], actor=found.chair, now=NOW)


async def test_a_sealed_round_is_anchored_and_its_best_go_on_with_those_tied() -> None:
    found = await scene(NOW, entries=3, judges=1)
    round_id = found.round_ids[0]
    judge = found.judges[0]
    assert judge.person_id is not None
    for number, task in enumerate(await tasks_of_judge(judge.person_id)):
        sent = await ballot(task, NOW, client_id=f"c{number}", score=5 if number < 2 else 1)
        await submit_ballot(assignment_id=task.assignment_id, ballot=sent, actor=judge, now=NOW)
    with pytest.raises(RoundStateWrong):
        await advance_entries(round_id=round_id, actor=found.chair, now=NOW)
    digest = await lock_round(round_id=round_id, actor=found.chair, now=NOW + timedelta(hours=1))
    anchors = await anchors_of(round_id)
    assert [(anchor["digest"], len(anchor["heads"])) for anchor in anchors] == [(digest, 3)]
    assert (await round_by_id(round_id)).anchor == digest
    with pytest.raises(RoundStateWrong):
        await lock_round(round_id=round_id, actor=found.chair, now=NOW)
    from app.judging.tables import Round

    await Round.update({Round.advance_count: 1}).where(Round.id == round_id)
    ranked = await ranking(round_id)
    chosen = await advance_entries(round_id=round_id, actor=found.chair, now=NOW)
    assert chosen == [one.standing.entry_id for one in ranked[:2]]
    assert [one.advanced for one in await ranking(round_id)] == [True, True, False]
    again = await advance_entries(
        round_id=round_id, actor=found.chair, now=NOW, entry_ids=[ranked[2].standing.entry_id]
    )
    assert again == [ranked[2].standing.entry_id]
    assert len(await entries_of_round(found.round_ids[1])) == 3
