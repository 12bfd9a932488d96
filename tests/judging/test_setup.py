"""An organiser sets a contest up by hand: texts, call, rounds, criteria."""

import html
import re
from datetime import timedelta

import pytest

from app.accounts.enums import Role
from app.accounts.services.people import grant_role
from app.events.errors import DatesReversed
from app.events.tables import Edition
from app.judging.errors import (
    CriteriaLocked,
    CriterionNeeded,
    EndPassed,
    RoundBegun,
    RoundNeeded,
    RoundStateWrong,
    ScaleReversed,
)
from app.judging.queries import contests as contest_queries
from app.judging.queries.contests import (
    contest_by_id,
    contest_of_edition,
    criteria_of,
    has_ballots,
    round_by_id,
    rounds_of,
)
from app.judging.services import ballots as ballot_services
from app.judging.services import setup
from app.judging.services.ballots import submit_ballot
from app.judging.services.contests import create_contest, lock_round, open_round, set_contest_state
from app.judging.services.setup import ContestValues, CriterionValues, RoundValues
from app.judging.tables import Round
from app.kernel.audit import list_entries
from app.kernel.errors import NotFound
from app.kernel.forms import OPENED
from tests.conftest import NOW
from tests.judging.scene import Scene, ballot, first_task, person, scene
from tests.support.client import Browser, new_browser, sign_in
from tests.support.race import overtaken, race, unguarded

LATER = NOW + timedelta(days=3)
CRITERION = CriterionValues(
    name={"vi": "Hương vị", "en": "Taste"},
    explanation={"en": "Taste it twice."},
    weight=40,
    min=0,
    max=3,
    anchors={"0": {"en": "Bad"}, "3": {"en": "Good"}, "5": {"en": "Outside"}},
)


async def drafted() -> Scene:
    return await scene(NOW, entries=0, judges=0, opened=False)


@pytest.mark.usefixtures("database")
async def test_texts_and_times_of_a_contest_change_and_are_logged() -> None:
    found = await drafted()
    values = ContestValues(
        name={"vi": "Vị quê", "en": "Tastes of home"},
        intro={"en": "Bring a dish."},
        entries_open_at=NOW,
        entries_close_at=LATER,
        judges_per_entry=5,
    )
    await setup.update_contest(contest_id=found.contest_id, values=values, actor=found.chair, now=NOW)
    contest = await contest_by_id(found.contest_id)
    assert setup.contest_state(contest) == vars(values)
    entries, _total = await list_entries(edition_id=found.edition_id, action="contest.update")
    assert len(entries) == 1
    reversed_ = ContestValues(name=values.name, entries_open_at=LATER, entries_close_at=NOW)
    with pytest.raises(DatesReversed):
        await setup.update_contest(contest_id=found.contest_id, values=reversed_, actor=found.chair, now=NOW)
    with pytest.raises(DatesReversed):
        await create_contest(
            edition_id=found.edition_id, actor=found.chair, now=NOW, entries_open_at=LATER, entries_close_at=NOW
        )


@pytest.mark.usefixtures("database")
async def test_rounds_are_added_moved_and_removed_until_they_begin() -> None:
    found = await drafted()
    first, second, third = found.round_ids
    fourth = await setup.add_round(contest_id=found.contest_id, actor=found.chair, now=NOW)
    assert [len(await criteria_of(round_id)) for round_id in (third, fourth)] == [6, 6]
    await setup.move_round(round_id=fourth, up=True, actor=found.chair, now=NOW)
    await setup.move_round(round_id=first, up=True, actor=found.chair, now=NOW)
    await setup.move_round(round_id=first, up=False, actor=found.chair, now=NOW)
    order = [second, first, fourth, third]
    assert [(one.id, one.number) for one in await rounds_of(found.contest_id)] == list(
        zip(order, (1, 2, 3, 4), strict=True)
    )
    await setup.remove_round(round_id=first, actor=found.chair, now=NOW)
    assert [one.number for one in await rounds_of(found.contest_id)] == [1, 2, 3]
    await open_round(round_id=second, actor=found.chair, now=NOW)
    for attempt in (
        setup.remove_round(round_id=second, actor=found.chair, now=NOW),
        setup.move_round(round_id=fourth, up=True, actor=found.chair, now=NOW),
    ):
        with pytest.raises(RoundBegun):
            await attempt
    await setup.remove_round(round_id=third, actor=found.chair, now=NOW)
    await setup.remove_round(round_id=fourth, actor=found.chair, now=NOW)
    with pytest.raises(RoundNeeded):
        await setup.remove_round(round_id=second, actor=found.chair, now=NOW)
    await lock_round(round_id=second, actor=found.chair, now=NOW)
    with pytest.raises(RoundStateWrong):
        await setup.add_round(contest_id=found.contest_id, actor=found.chair, now=NOW)


@pytest.mark.usefixtures("database")
async def test_what_is_over_stays_when_a_round_is_changed() -> None:
    found = await drafted()
    round_id = found.round_ids[0]

    async def change(**values: object) -> RoundValues:
        wanted = RoundValues(**{"name": {"vi": "Vòng một"}, **values})  # type: ignore[arg-type]
        await setup.update_round(round_id=round_id, values=wanted, actor=found.chair, now=NOW)
        row = await round_by_id(round_id)
        return RoundValues(**setup.round_state(row))

    assert (await change(opens_at=NOW, closes_at=LATER, advance_count=7)).advance_count == 7
    with pytest.raises(DatesReversed):
        await change(opens_at=LATER, closes_at=LATER)
    await open_round(round_id=round_id, actor=found.chair, now=NOW)
    assert (await round_by_id(round_id)).closes_at == LATER
    open_ = await change(opens_at=None, closes_at=LATER + timedelta(hours=1), advance_count=3)
    assert (open_.opens_at, open_.closes_at, open_.advance_count) == (NOW, LATER + timedelta(hours=1), 3)
    await lock_round(round_id=round_id, actor=found.chair, now=NOW)
    sealed = await change(closes_at=None, advance_count=4)
    assert (sealed.closes_at, sealed.advance_count) == (LATER + timedelta(hours=1), 4)
    await Round.update({Round.state: "published"}).where(Round.id == round_id)
    assert (await change(advance_count=9)).advance_count == 4


@pytest.mark.usefixtures("database")
async def test_a_call_and_a_round_do_not_open_after_their_end() -> None:
    found = await drafted()
    with pytest.raises(EndPassed) as raised:
        await open_round(round_id=found.round_ids[0], closes_at=NOW, actor=found.chair, now=NOW)
    assert "08:30" in raised.value.sentence()
    from app.judging.enums import ContestState

    with pytest.raises(EndPassed):
        await set_contest_state(
            contest_id=found.contest_id, state=ContestState.OPEN, entries_close_at=NOW, actor=found.chair, now=NOW
        )


@pytest.mark.usefixtures("database")
async def test_criteria_change_until_the_first_ballot_and_stay_then() -> None:
    found = await scene(NOW, entries=1, judges=1)
    round_id = found.round_ids[0]
    made = await setup.add_criterion(round_id=round_id, values=CRITERION, actor=found.chair, now=NOW)
    criteria = await criteria_of(round_id)
    assert criteria[-1].id == made
    assert criteria[-1].anchors == {"0": {"en": "Bad"}, "3": {"en": "Good"}}
    await setup.move_criterion(round_id=round_id, criterion_id=made, up=True, actor=found.chair, now=NOW)
    await setup.move_criterion(round_id=round_id, criterion_id=criteria[0].id, up=True, actor=found.chair, now=NOW)
    assert [one.id for one in await criteria_of(round_id)][-2:] == [made, criteria[-2].id]
    with pytest.raises(ScaleReversed):
        await setup.add_criterion(
            round_id=round_id, values=CriterionValues(name={"en": "x"}, min=5, max=5), actor=found.chair, now=NOW
        )
    with pytest.raises(NotFound):
        await setup.remove_criterion(round_id=found.round_ids[1], criterion_id=made, actor=found.chair, now=NOW)
    for criterion in criteria[:-1]:
        await setup.remove_criterion(round_id=round_id, criterion_id=criterion.id, actor=found.chair, now=NOW)
    with pytest.raises(CriterionNeeded):
        await setup.remove_criterion(round_id=round_id, criterion_id=made, actor=found.chair, now=NOW)
    judge, task = found.judges[0], await first_task(found.judges[0])
    assert not await has_ballots(round_id)
    sent = await ballot(task, NOW, score=3)
    await submit_ballot(assignment_id=task.assignment_id, ballot=sent, actor=judge, now=NOW)
    assert await has_ballots(round_id)
    for attempt in (
        setup.add_criterion(round_id=round_id, values=CRITERION, actor=found.chair, now=NOW),
        setup.update_criterion(round_id=round_id, criterion_id=made, values=CRITERION, actor=found.chair, now=NOW),
        setup.move_criterion(round_id=round_id, criterion_id=made, up=True, actor=found.chair, now=NOW),
        setup.remove_criterion(round_id=round_id, criterion_id=made, actor=found.chair, now=NOW),
    ):
        with pytest.raises(CriteriaLocked):
            await attempt
    await setup.add_criterion(round_id=found.round_ids[1], values=CRITERION, actor=found.chair, now=NOW)
    await lock_round(round_id=round_id, actor=found.chair, now=NOW)


@pytest.mark.race
@pytest.mark.usefixtures("database")
async def test_no_ballot_is_given_by_criteria_that_changed_under_it() -> None:
    found = await scene(NOW, entries=7, judges=1, per_entry=1)
    round_id, judge = found.round_ids[0], found.judges[0]
    from app.judging.queries.ballots import revisions_of, tasks_of_judge

    assert judge.person_id is not None
    tasks = await tasks_of_judge(judge.person_id)
    ballots = [await ballot(task, NOW, client_id=f"c-{task.assignment_id}") for task in tasks]

    async def act(number: int) -> object:
        if number == 0:
            return await setup.add_criterion(round_id=round_id, values=CRITERION, actor=found.chair, now=NOW)
        task, sent = tasks[number - 1], ballots[number - 1]
        return await submit_ballot(assignment_id=task.assignment_id, ballot=sent, actor=judge, now=NOW)

    await race(len(tasks) + 1, act)
    keys = {str(criterion.id) for criterion in await criteria_of(round_id)}
    assert all(set(row["scores"]) == keys for row in await revisions_of(round_id))


@pytest.mark.race
@pytest.mark.usefixtures("database")
async def test_without_holding_the_round_a_ballot_is_given_by_old_criteria(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.judging.queries.ballots import revisions_of

    found = await scene(NOW, entries=1, judges=1, per_entry=1)
    round_id, judge = found.round_ids[0], found.judges[0]
    task = await first_task(judge)
    sent = await ballot(task, NOW)
    unguarded(monkeypatch, ballot_services)
    await overtaken(
        monkeypatch,
        contest_queries,
        "criteria_of",
        lambda: submit_ballot(assignment_id=task.assignment_id, ballot=sent, actor=judge, now=NOW),
        lambda: setup.add_criterion(round_id=round_id, values=CRITERION, actor=found.chair, now=NOW),
    )
    (revision,) = await revisions_of(round_id)
    assert len(await criteria_of(round_id)) == len(revision["scores"]) + 1


async def owner_of(found: Scene) -> Browser:
    manager = await person("Quản Lý", 55, NOW)
    assert manager.person_id is not None
    await grant_role(person_id=manager.person_id, role=Role.OWNER, actor=found.chair, now=NOW)
    browser = new_browser()
    await sign_in(browser, manager.person_id)
    return browser


def carried(page: str) -> str:
    """What the hidden field of an edit form holds."""
    found = re.search(rf'name="{OPENED}" autocomplete="off" value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


@pytest.mark.usefixtures("frozen_now")
async def test_a_new_edition_gets_its_contest_by_hand(client: Browser) -> None:
    found = await drafted()
    other = Edition(slug="khac", parts='["contest"]', starts_on=NOW.date(), ends_on=NOW.date(), created_at=NOW)
    await other.save()
    owner = await owner_of(found)
    base = f"/manage/{other.id}/contest"
    assert "Kompetisi" in (await owner.get(base)).text
    wrong = {"name_en": "Tastes", "rounds": "2", "entries_open_at": "2026-11-02T08:00"}
    refused = await owner.post(f"{base}/create", data={**wrong, "entries_close_at": "2026-11-01T08:00"})
    assert (refused.status_code, "Tastes" in refused.text) == (422, True)
    made = await owner.post(f"{base}/create", data={**wrong, "entries_close_at": "2026-11-20T17:00"})
    assert made.headers["location"] == f"{base}/settings"
    contest = await contest_of_edition(other.id)
    assert contest is not None
    rounds = await rounds_of(contest.id)
    assert (contest.name, len(rounds)) == ({"en": "Tastes"}, 2)

    # The contest: two open the same page, the second is told.
    page = (await owner.get(f"{base}/settings")).text
    opened = carried(page)
    form = {"name_vi": "Vị quê", "name_en": "", "intro_en": "Bring a dish.", "judges_per_entry": "2", OPENED: opened}
    assert (await owner.post(f"{base}/settings", data=form)).status_code == 303
    late = await owner.post(f"{base}/settings", data={**form, "name_vi": "Tên khác"})
    assert late.status_code == 409
    assert "Tên khác" in late.text
    assert (await contest_by_id(contest.id)).name == {"vi": "Vị quê"}
    known = {**form, "name_vi": "Tên khác", OPENED: carried(late.text)}
    assert (await owner.post(f"{base}/settings", data=known)).status_code == 303
    assert (await owner.post(f"{base}/settings", data={**known, "name_vi": "", OPENED: ""})).status_code == 422
    assert (
        "Bring a dish." in (await client.get("/e/khac/contest")).text
        or (await client.get("/e/khac/contest")).status_code == 404
    )

    # A round: times in the edition's zone.
    round_path = f"{base}/settings/rounds/{rounds[0].id}"
    assert (await owner.get(round_path)).status_code == 200
    values = {"name_en": "Kitchen", "opens_at": "2026-11-21T08:00", "closes_at": "2026-11-22T17:00"}
    assert (await owner.post(round_path, data={**values, "advance_count": "5"})).status_code == 303
    closes = (await round_by_id(rounds[0].id)).closes_at
    assert closes is not None
    assert closes.isoformat() == "2026-11-22T10:00:00+00:00"
    assert (await owner.post(round_path, data={**values, "advance_count": "x"})).status_code == 422
    added = await owner.post(f"{base}/settings/rounds/add")
    new = added.headers["location"]
    assert (await owner.post(f"{new}/move", data={"direction": "up"})).status_code == 303
    assert (await owner.post(f"{new}/remove")).status_code == 303
    assert (await owner.get(new)).status_code == 404
    assert (await owner.get(f"{base}/settings/rounds/{found.round_ids[0]}")).status_code == 404

    # A criterion with what its numbers mean.
    criterion = f"{round_path}/criteria"
    assert (await owner.get(f"{criterion}/0")).status_code == 200
    fields = {
        "name_en": "Taste",
        "explanation_en": "Taste it twice.",
        "weight": "40",
        "min": "1",
        "max": "3",
        "anchor_1_en": "Bland",
        "anchor_3_en": "Memorable",
        "anchor_9_en": "Outside",
    }
    assert (await owner.post(f"{criterion}/0", data=fields)).status_code == 303
    stored = (await criteria_of(rounds[0].id))[-1]
    assert stored.anchors == {"1": {"en": "Bland"}, "3": {"en": "Memorable"}}
    shown = await owner.get(f"{criterion}/{stored.id}")
    assert "Memorable" in shown.text
    opened = carried(shown.text)
    for bad in ({"max": "1"}, {"weight": "0"}, {"name_en": ""}, {"anchor_1_en": "x" * 301}):
        answer = await owner.post(f"{criterion}/{stored.id}", data={**fields, **bad})
        assert answer.status_code == 422
        assert "field-error" in answer.text
    bad = {"weight": "0", "name_en": "", "anchor_1_en": "x" * 301}
    both = await owner.post(f"{criterion}/{stored.id}", data={**fields, **bad})
    assert set(re.findall(r'id="field-(\w+)-error"', both.text)) == {"weight", "name_vi", "anchor_1_en"}
    saved = await owner.post(f"{criterion}/{stored.id}", data={**fields, "weight": "30", OPENED: opened})
    assert saved.status_code == 303
    stale = await owner.post(f"{criterion}/{stored.id}", data={**fields, "weight": "20", OPENED: opened})
    assert stale.status_code == 409
    assert (await criteria_of(rounds[0].id))[-1].weight == 30
    assert (await owner.post(f"{criterion}/{stored.id}/move", data={"direction": "up"})).status_code == 303
    assert (await owner.post(f"{criterion}/{stored.id}/remove")).status_code == 303
    assert (await owner.get(f"{criterion}/{stored.id}")).status_code == 404


@pytest.mark.usefixtures("frozen_now")
async def test_locked_criteria_are_shown_but_not_taken(client: Browser) -> None:
    found = await scene(NOW, entries=1, judges=1)
    judge, task = found.judges[0], await first_task(found.judges[0])
    await submit_ballot(assignment_id=task.assignment_id, ballot=await ballot(task, NOW), actor=judge, now=NOW)
    owner = await owner_of(found)
    base = f"/manage/{found.edition_id}/contest/settings/rounds/{found.round_ids[0]}"
    criterion = (await criteria_of(found.round_ids[0]))[0]
    sentence = "This round already has ballots"
    assert sentence in (await owner.get(base)).text
    assert sentence in (await owner.get(f"{base}/criteria/{criterion.id}")).text
    fields = {"name_en": "Other", "weight": "1", "min": "1", "max": "5"}
    refused = await owner.post(
        f"{base}/criteria/{criterion.id}/remove", data=fields, headers={"accept": "application/json"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "criteria_locked")
    again = await owner.post(f"{base}/criteria/{criterion.id}", data=fields)
    assert (again.status_code, sentence in again.text) == (409, True)
    judged = new_browser()
    assert judge.person_id is not None
    await sign_in(judged, judge.person_id)
    assert (await judged.get(base)).status_code == 403
