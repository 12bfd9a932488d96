"""Who judges what."""

from collections import Counter

import pytest

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import OrganisationKind, Role
from app.accounts.queries import actor_of_person
from app.accounts.services.devices import pair_device
from app.accounts.services.people import create_organisation, grant_role
from app.judging.enums import AssignmentState, PanelRole
from app.judging.errors import AlreadyScored, ChairInConflict, JudgeInConflict, RoundStateWrong
from app.judging.guards import contest_for
from app.judging.queries import panels as panel_queries
from app.judging.queries.ballots import task_of_judge, tasks_of_judge
from app.judging.queries.contests import contest_by_id
from app.judging.queries.panels import assignments_of, devices_of_judges, panel_of
from app.judging.services import ballots as ballot_services
from app.judging.services import panels
from app.judging.services.ballots import submit_ballot
from app.judging.services.contests import lock_round, open_round
from app.judging.services.panels import (
    add_judge,
    assign_judges,
    make_judge_cards,
    recuse,
    remove_judge,
    set_assignment,
    withdraw_judge_device,
)
from app.kernel.audit import list_entries
from app.kernel.errors import NotFound
from tests.conftest import NOW
from tests.judging.scene import ballot, first_task, scene
from tests.support.race import drop_index, meet_after, overtaken, race, unguarded, winners

pytestmark = pytest.mark.usefixtures("database")


async def live(round_id: int) -> list[tuple[int, int]]:
    states = (AssignmentState.ASSIGNED, AssignmentState.SCORED)
    return [(cell.entry_id, cell.judge_id) for cell in await assignments_of(round_id) if cell.state in states]


async def test_every_idea_gets_its_judges_evenly_and_again_changes_nothing() -> None:
    found = await scene(NOW, entries=6, judges=4, per_entry=2)
    pairs = await live(found.round_ids[0])
    assert set(Counter(entry for entry, _judge in pairs).values()) == {2}
    assert set(Counter(judge for _entry, judge in pairs).values()) == {3}
    assert await assign_judges(round_id=found.round_ids[0], actor=found.chair, now=NOW, per_entry=2) == 0


async def test_nobody_judges_her_own_team_or_organisation() -> None:
    found = await scene(NOW, entries=3, judges=2, opened=False)
    firm = await create_organisation(name="Lụa Hảo", kind=OrganisationKind.HOUSEHOLD, actor=SYSTEM, now=NOW)
    leader, judge = found.leaders[0], found.judges[0]
    assert leader.person_id is not None
    assert judge.person_id is not None
    await grant_role(
        person_id=leader.person_id, role=Role.EXHIBITOR_OWNER, organisation_id=firm.id, actor=found.chair, now=NOW
    )
    await grant_role(
        person_id=judge.person_id, role=Role.EXHIBITOR_MEMBER, organisation_id=firm.id, actor=found.chair, now=NOW
    )
    # A second one is only named by the jury list, a third is herself in a team.
    named = await add_judge(
        contest_id=found.contest_id,
        full_name="Phạm Thị U",
        phone="+84931111111",
        email=None,
        organisation="NHÓM 1",
        actor=found.chair,
        now=NOW,
    )
    third = found.leaders[2]
    own = await add_judge(
        contest_id=found.contest_id,
        full_name=third.full_name,
        phone="+84910000102",
        email=None,
        actor=found.chair,
        now=NOW,
    )
    assert own == third.person_id
    round_id = found.round_ids[0]
    await open_round(round_id=round_id, actor=found.chair, now=NOW)
    await assign_judges(round_id=round_id, actor=found.chair, now=NOW, per_entry=4)
    pairs = set(await live(round_id))
    barred = {(found.entry_ids[0], judge.person_id), (found.entry_ids[1], named), (found.entry_ids[2], own)}
    assert not pairs & barred
    assert len(pairs) == 12 - 3
    for entry_id, judge_id in barred:
        with pytest.raises(JudgeInConflict):
            await set_assignment(
                round_id=round_id, entry_id=entry_id, judge_id=judge_id, assigned=True, actor=found.chair, now=NOW
            )


async def test_the_matrix_is_changed_by_hand_but_scores_stay() -> None:
    found = await scene(NOW, entries=1, judges=2, per_entry=1)
    round_id, entry_id = found.round_ids[0], found.entry_ids[0]
    ((_entry, judge_id),) = await live(round_id)
    other = next(judge.person_id for judge in found.judges if judge.person_id != judge_id)
    assert other is not None
    for _turn in range(2):
        await set_assignment(
            round_id=round_id, entry_id=entry_id, judge_id=other, assigned=True, actor=found.chair, now=NOW
        )
        await set_assignment(
            round_id=round_id, entry_id=entry_id, judge_id=judge_id, assigned=False, actor=found.chair, now=NOW
        )
    assert await live(round_id) == [(entry_id, other)]
    judge = await actor_of_person(other)
    task = await first_task(judge)
    await submit_ballot(assignment_id=task.assignment_id, ballot=await ballot(task, NOW), actor=judge, now=NOW)
    with pytest.raises(AlreadyScored):
        await set_assignment(
            round_id=round_id, entry_id=entry_id, judge_id=other, assigned=False, actor=found.chair, now=NOW
        )
    with pytest.raises(NotFound):
        await set_assignment(
            round_id=round_id, entry_id=entry_id, judge_id=9999, assigned=True, actor=found.chair, now=NOW
        )
    await lock_round(round_id=round_id, actor=found.chair, now=NOW)
    with pytest.raises(RoundStateWrong):
        await assign_judges(round_id=round_id, actor=found.chair, now=NOW)


async def test_a_judge_steps_back_and_is_not_asked_again() -> None:
    found = await scene(NOW, entries=1, judges=3, per_entry=2)
    round_id = found.round_ids[0]
    ((_, first), _second) = await live(round_id)
    judge = await actor_of_person(first)
    task = await first_task(judge)
    with pytest.raises(NotFound):
        await recuse(assignment_id=task.assignment_id, reason="x", actor=found.chair, now=NOW)
    await recuse(assignment_id=task.assignment_id, reason="Chị em họ", actor=judge, now=NOW)
    assert await assign_judges(round_id=round_id, actor=found.chair, now=NOW, per_entry=2) == 1
    assert first not in [judge_id for _entry, judge_id in await live(round_id)]


async def test_a_judge_sees_only_what_she_was_given_and_her_own_ballot() -> None:
    found = await scene(NOW, entries=4, judges=2, per_entry=1)
    seen = []
    for judge in found.judges:
        assert judge.person_id is not None
        tasks = await tasks_of_judge(judge.person_id)
        seen.append({task.entry["id"] for task in tasks})
        for task in tasks:
            sent = await ballot(task, NOW, client_id=f"{judge.person_id}-{task.assignment_id}")
            await submit_ballot(assignment_id=task.assignment_id, ballot=sent, actor=judge, now=NOW)
    assert not seen[0] & seen[1]
    other = await first_task(found.judges[1])
    assert await task_of_judge(other.assignment_id, found.judges[0].person_id) is None


async def test_a_chair_with_a_stake_sees_nothing() -> None:
    found = await scene(NOW, entries=1, judges=0, opened=False)
    assert (await contest_for(found.edition_id, found.chair)).id == found.contest_id
    with pytest.raises(ChairInConflict):
        await contest_for(found.edition_id, found.leaders[0])
    contest = await contest_by_id(found.contest_id)
    leader = found.leaders[0]
    assert leader.person_id is not None
    assert found.chair.person_id is not None
    for person_id, role in ((leader.person_id, Role.EXHIBITOR_OWNER), (found.chair.person_id, Role.EXHIBITOR_MEMBER)):
        await grant_role(
            person_id=person_id, role=role, organisation_id=contest.organiser_id, actor=found.chair, now=NOW
        )
    # The organiser's own house is no stake; any other organisation is.
    await contest_for(found.edition_id, found.chair)
    firm = await create_organisation(name="Gốm Chi", kind=OrganisationKind.COMPANY, actor=SYSTEM, now=NOW)
    for person_id in (leader.person_id, found.chair.person_id):
        await grant_role(
            person_id=person_id, role=Role.EXHIBITOR_OWNER, organisation_id=firm.id, actor=found.chair, now=NOW
        )
    with pytest.raises(ChairInConflict):
        await contest_for(found.edition_id, found.chair)
    with pytest.raises(NotFound):
        await contest_for(999, found.chair)
    await contest_for(found.edition_id, Actor())


async def test_cards_bind_one_tablet_each_and_can_be_withdrawn() -> None:
    found = await scene(NOW, entries=0, judges=2, opened=False)
    ids = [judge.person_id for judge in found.judges if judge.person_id is not None]
    first = await make_judge_cards(contest_id=found.contest_id, person_ids=ids[:1], actor=found.chair, now=NOW)
    cards = await make_judge_cards(contest_id=found.contest_id, person_ids=ids, actor=found.chair, now=NOW)
    assert [card.full_name for card in cards] == ["Lê Văn K", "Lê Văn L"]
    from app.accounts.errors import InviteNotValid

    with pytest.raises(InviteNotValid):
        await pair_device(invite_token=first[0].url.rpartition("/")[2], now=NOW)
    device, _token = await pair_device(invite_token=cards[0].url.rpartition("/")[2], now=NOW)
    with pytest.raises(InviteNotValid):
        await pair_device(invite_token=cards[0].url.rpartition("/")[2], now=NOW)
    await make_judge_cards(contest_id=found.contest_id, person_ids=ids, actor=found.chair, now=NOW)
    assert device.id in [kept.id for kept in await devices_of_judges(found.edition_id)]
    await withdraw_judge_device(contest_id=found.contest_id, device_id=device.id, actor=found.chair, now=NOW)
    assert device.id not in [kept.id for kept in await devices_of_judges(found.edition_id)]
    with pytest.raises(NotFound):
        await withdraw_judge_device(contest_id=found.contest_id, device_id=99999, actor=found.chair, now=NOW)


async def test_a_judge_leaves_and_comes_back() -> None:
    found = await scene(NOW, entries=2, judges=2)
    judge_id = found.judges[0].person_id
    assert judge_id is not None
    await remove_judge(contest_id=found.contest_id, person_id=judge_id, actor=found.chair, now=NOW)
    with pytest.raises(NotFound):
        await remove_judge(contest_id=found.contest_id, person_id=judge_id, actor=found.chair, now=NOW)
    assert [member.person_id for member in await panel_of(found.contest_id)] == [found.judges[1].person_id]
    assert (await actor_of_person(judge_id)).grants == ()
    assert judge_id not in [judge for _entry, judge in await live(found.round_ids[0])]
    await add_judge(
        contest_id=found.contest_id,
        full_name="Lê Văn K",
        phone="+84920000000",
        email=None,
        role=PanelRole.CHAIR,
        actor=found.chair,
        now=NOW,
    )
    assert len(await panel_of(found.contest_id)) == 2
    chair = await actor_of_person(judge_id)
    assert chair.has(Role.JURY_CHAIR, edition_id=found.edition_id)
    assert not chair.has(Role.JUDGE)
    round_id, entry_id = found.round_ids[0], found.entry_ids[0]
    assert await assign_judges(round_id=round_id, actor=found.chair, now=NOW, per_entry=5) == 0
    await set_assignment(
        round_id=round_id, entry_id=entry_id, judge_id=judge_id, assigned=True, actor=found.chair, now=NOW
    )
    assert (await actor_of_person(judge_id)).has(Role.JUDGE, edition_id=found.edition_id)


@pytest.mark.race
async def test_two_who_press_assign_at_once_fill_every_idea_once() -> None:
    found = await scene(NOW, entries=6, judges=5, opened=False)
    round_id = found.round_ids[0]
    await open_round(round_id=round_id, actor=found.chair, now=NOW)
    results = await race(8, lambda _number: assign_judges(round_id=round_id, actor=found.chair, now=NOW, per_entry=2))
    assert sorted(winners(results)) == [0] * 7 + [12]
    assert set(Counter(entry for entry, _judge in await live(round_id)).values()) == {2}


@pytest.mark.race
async def test_without_holding_the_round_and_its_index_every_idea_is_filled_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = await scene(NOW, entries=6, judges=5, opened=False)
    round_id = found.round_ids[0]
    await open_round(round_id=round_id, actor=found.chair, now=NOW)
    await drop_index("contest_assignment_is_one")
    unguarded(monkeypatch, panels)
    meet_after(monkeypatch, panel_queries, "assignments_of", parties=2)
    results = await race(2, lambda _number: assign_judges(round_id=round_id, actor=found.chair, now=NOW, per_entry=2))
    assert winners(results) == [12, 12]
    assert set(Counter(entry for entry, _judge in await live(round_id)).values()) == {4}


@pytest.mark.race
async def test_a_judge_who_steps_back_while_her_ballot_is_on_its_way_does_not_count() -> None:
    found = await scene(NOW, entries=4, judges=1, per_entry=1)
    judge = found.judges[0]
    assert judge.person_id is not None
    tasks = await tasks_of_judge(judge.person_id)
    ballots = [await ballot(task, NOW, client_id=f"c-{task.assignment_id}") for task in tasks]

    async def act(number: int) -> None:
        task = tasks[number // 2]
        if number % 2:
            await recuse(assignment_id=task.assignment_id, reason="Người nhà", actor=judge, now=NOW)
        else:
            await submit_ballot(assignment_id=task.assignment_id, ballot=ballots[number // 2], actor=judge, now=NOW)

    assert len(winners(await race(2 * len(tasks), act))) == 2 * len(tasks)
    states = {cell.state for cell in await assignments_of(found.round_ids[0])}
    assert states == {AssignmentState.RECUSED}


@pytest.mark.race
async def test_without_holding_the_assignment_a_judge_who_stepped_back_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await scene(NOW, entries=1, judges=1)
    judge, task = found.judges[0], await first_task(found.judges[0])
    sent = await ballot(task, NOW)
    unguarded(monkeypatch, ballot_services)
    answer, _nothing = await overtaken(
        monkeypatch,
        ballot_services,
        "_assignment_held",
        lambda: submit_ballot(assignment_id=task.assignment_id, ballot=sent, actor=judge, now=NOW),
        lambda: recuse(assignment_id=task.assignment_id, reason="Người nhà", actor=judge, now=NOW),
    )
    assert answer.status == "saved"
    assert {cell.state for cell in await assignments_of(task.round_id)} == {AssignmentState.SCORED}


async def test_stepping_back_again_keeps_the_first_reason_and_one_line_in_the_log() -> None:
    found = await scene(NOW, entries=1, judges=1)
    judge, task = found.judges[0], await first_task(found.judges[0])
    for reason in ("Chị em họ", "Lý do khác"):
        await recuse(assignment_id=task.assignment_id, reason=reason, actor=judge, now=NOW)
    (cell,) = await assignments_of(found.round_ids[0])
    assert cell.reason == "Chị em họ"
    lines, _total = await list_entries(edition_id=found.edition_id, action="assignment.recuse")
    assert len(lines) == 1
