"""What somebody tries who wants more than her share, or whose device sends nonsense."""

from datetime import datetime
from typing import Any

import pytest

from app.judging.enums import EntryState
from app.judging.queries import contests as contest_queries
from app.judging.queries.ballots import asides_of, revisions_of, tasks_of_judge
from app.judging.queries.contests import criteria_of
from app.judging.queries.entries import entry_by_id
from app.judging.queries.panels import assignments_of
from app.judging.services import entries, panels
from app.judging.services.contests import lock_round
from app.judging.services.entries import enter_idea, submit_idea, withdraw_idea
from app.judging.services.panels import assign_judges, set_assignment
from app.judging.tables import Entry
from app.kernel.audit import list_entries
from app.kernel.database import fetch
from tests.conftest import NOW
from tests.judging.scene import IDEA, Scene, browser_of, person, scene
from tests.support.client import Browser
from tests.support.race import ask_first, overtaken, race, unguarded, winners

SENT_AT = "2026-10-16T01:00:00Z"


async def two_judges() -> tuple[Scene, Browser, int, int]:
    """A scene, the first judge's browser, an assignment of hers and one of the second judge's."""
    found = await scene(NOW, entries=2, judges=2, per_entry=1)
    own, other = [(await tasks_of_judge(judge.person_id or 0))[0].assignment_id for judge in found.judges]
    return found, await browser_of(found.judges[0]), own, other


async def whole(found: Scene, score: Any = 3) -> dict[str, Any]:
    scores = {str(criterion.id): score for criterion in await criteria_of(found.round_ids[0])}
    return {"base_hash": "", "scores": scores, "scored_at": SENT_AT}


async def told(tablet: Browser, *ballots: dict[str, Any]) -> list[tuple[str, str | None]]:
    answer = await tablet.post(
        "/api/v1/judge/ballots", json={"ballots": list(ballots)}, headers={"accept": "application/json"}
    )
    assert answer.status_code == 200
    return [(item["status"], item["code"] or item["reason"]) for item in answer.json()["answers"]]


async def test_another_judges_idea_is_out_of_reach(client: Browser, frozen_now: datetime) -> None:
    found, tablet, _own, other = await two_judges()
    ballot = {"client_id": "forged-1", "assignment_id": other, **await whole(found)}
    assert await told(tablet, ballot) == [("refused", "not_found")]
    form = {f"score_{criterion.id}": "5" for criterion in await criteria_of(found.round_ids[0])}
    assert (await tablet.get(f"/judge/entries/{other}")).status_code == 404
    assert (await tablet.post(f"/judge/entries/{other}", data=form)).status_code == 404
    assert (await tablet.post(f"/judge/entries/{other}/recuse", data={"reason": "x"})).status_code == 404
    assert await revisions_of(found.round_ids[0]) == []
    assert await asides_of(found.round_ids[0]) == []
    assert {cell.state for cell in await assignments_of(found.round_ids[0])} == {"assigned"}


async def test_another_judges_ballot_id_gives_nothing_away(client: Browser, frozen_now: datetime) -> None:
    found, tablet, own, other = await two_judges()
    second = await browser_of(found.judges[1])
    theirs = {"client_id": "shared-id", "assignment_id": other, **await whole(found, 5)}
    assert await told(second, theirs) == [("saved", None)]
    mine = {"client_id": "shared-id", "assignment_id": own, **await whole(found, 1)}
    assert await told(tablet, mine) == [("refused", "client_id_reused")]
    (revision,) = await revisions_of(found.round_ids[0])
    assert set(revision["scores"].values()) == {5}


@pytest.mark.parametrize("score", [0, 6, -1, 10**30, 2.5, "3", True, None])
async def test_a_score_off_the_scale_is_refused(client: Browser, frozen_now: datetime, score: Any) -> None:
    found, tablet, own, _other = await two_judges()
    ballot = {"client_id": "off-scale", "assignment_id": own, **await whole(found, score)}
    ((status, code),) = await told(tablet, ballot)
    assert (status, code in ("ballot_invalid", "invalid")) == ("refused", True)
    assert await revisions_of(found.round_ids[0]) == []


async def test_criteria_of_another_round_and_too_many_are_refused(client: Browser, frozen_now: datetime) -> None:
    found, tablet, own, _other = await two_judges()
    base = await whole(found)
    foreign = {str(criterion.id): 3 for criterion in await criteria_of(found.round_ids[1])}
    for number, scores in enumerate((foreign, {**base["scores"], **foreign}, {**base["scores"], "x": 3}, {})):
        ballot = {**base, "client_id": f"foreign-{number}", "assignment_id": own, "scores": scores}
        assert await told(tablet, ballot) == [("refused", "ballot_invalid")]


async def test_nonsense_holds_up_no_ballot_that_comes_with_it(client: Browser, frozen_now: datetime) -> None:
    found, tablet, own, _other = await two_judges()
    base = {"assignment_id": own, **await whole(found)}
    answers = await told(
        tablet,
        {**base, "client_id": "nul-\x00-id"},
        {**base, "client_id": "nul-base", "base_hash": "\x00"},
        {**base, "client_id": "first-day", "scored_at": "0001-01-01T00:00:00+14:00"},
        {**base, "client_id": "last-day-", "scored_at": "9999-12-31T23:59:59-14:00"},
        {**base, "client_id": "huge-task", "assignment_id": 10**25},
        {**base, "client_id": "good-one", "comment_to_team": "Rõ\x00 ràng.", "comment_to_jury": "\x00"},
    )
    assert [status for status, _code in answers[:2]] == ["refused", "refused"]
    assert answers[4][0] == "refused"
    # The first that can be read is saved; the others began from no head either, so they are for the chair.
    kept = [answers[number] for number in (2, 3, 5)]
    assert kept == [("saved", None), ("set_aside", "conflict"), ("set_aside", "conflict")]
    texts = await fetch(
        "SELECT comment_to_team FROM contest_ballot_revision UNION SELECT comment_to_team FROM contest_set_aside"
    )
    assert all("\x00" not in row["comment_to_team"] for row in texts)


async def test_the_plain_form_takes_nonsense_too(client: Browser, frozen_now: datetime) -> None:
    found, tablet, own, _other = await two_judges()
    form = {f"score_{criterion.id}": "3" for criterion in await criteria_of(found.round_ids[0])}
    path = f"/judge/entries/{own}"
    for bad in ("99", "-1", "x", "1" * 5000):
        assert (await tablet.post(path, data={**form, next(iter(form)): bad})).status_code == 422
    odd = {**form, "client_id": "\x00", "base_hash": "\x00", "comment_to_team": "a\x00b"}
    assert (await tablet.post(path, data=odd)).status_code == 303
    assert len(await revisions_of(found.round_ids[0])) + len(await asides_of(found.round_ids[0])) == 1


async def test_an_idea_that_was_taken_back_leaves_the_judges_list(client: Browser, frozen_now: datetime) -> None:
    found, tablet, own, _other = await two_judges()
    (task,) = await tasks_of_judge(found.judges[0].person_id or 0)
    leader = found.leaders[found.entry_ids.index(task.entry["id"])]
    await withdraw_idea(entry_id=task.entry["id"], actor=leader, now=NOW)
    assert await tasks_of_judge(found.judges[0].person_id or 0) == []
    assert (await tablet.get("/api/v1/judge/bundle")).json()["tasks"] == []
    assert (await tablet.get(f"/judge/entries/{own}")).status_code == 404
    # What the tablet had in its queue is kept all the same.
    assert (await told(tablet, {"client_id": "on-its-way", "assignment_id": own, **await whole(found)}))[0][
        0
    ] == "saved"


@pytest.mark.race
@pytest.mark.usefixtures("database")
async def test_an_idea_sent_in_many_times_at_once_has_one_code_and_one_message() -> None:
    found = await scene(NOW, entries=0, judges=0, opened=False)
    leader = await person("Lò Thị Hiên", 7, NOW)
    entry_id = await enter_idea(edition_id=found.edition_id, values=IDEA, actor=leader, now=NOW)
    results = await race(10, lambda _number: submit_idea(entry_id=entry_id, actor=leader, now=NOW))
    assert len(winners(results)) == 10
    assert len(set(winners(results))) == 1
    entry = await entry_by_id(entry_id)
    assert (entry.state, entry.short_code) == (EntryState.SUBMITTED, winners(results)[0])
    assert len(await fetch("SELECT id FROM outbox_message")) == 1


@pytest.mark.race
@pytest.mark.usefixtures("database")
async def test_without_its_condition_an_idea_is_sent_in_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await scene(NOW, entries=0, judges=0, opened=False)
    leader = await person("Lò Thị Hiên", 7, NOW)
    entry_id = await enter_idea(edition_id=found.edition_id, values=IDEA, actor=leader, now=NOW)
    unguarded(monkeypatch, entries)
    ask_first(monkeypatch, Entry, parties=2)
    await race(2, lambda _number: submit_idea(entry_id=entry_id, actor=leader, now=NOW))
    assert (await list_entries(action="entry.submit"))[1] == 2


@pytest.mark.race
@pytest.mark.usefixtures("database")
async def test_nothing_is_assigned_once_the_round_is_sealed() -> None:
    found = await scene(NOW, entries=4, judges=4, per_entry=1)
    round_id = found.round_ids[0]
    before = len(await assignments_of(round_id))
    counted: list[int] = []

    async def act(number: int) -> None:
        if number == 2:
            await lock_round(round_id=round_id, actor=found.chair, now=NOW)
            counted.append(len(await assignments_of(round_id)))
        elif number % 2:
            await assign_judges(round_id=round_id, actor=found.chair, now=NOW, per_entry=3)
        else:
            judge_id = found.judges[number % 4].person_id
            assert judge_id is not None
            await set_assignment(
                round_id=round_id,
                entry_id=found.entry_ids[0],
                judge_id=judge_id,
                assigned=True,
                actor=found.chair,
                now=NOW,
            )

    await race(8, act)
    assert counted == [len(await assignments_of(round_id))]
    assert counted[0] >= before


@pytest.mark.race
@pytest.mark.usefixtures("database")
async def test_without_holding_the_round_an_idea_is_assigned_after_the_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await scene(NOW, entries=1, judges=2, per_entry=1)
    round_id, entry_id = found.round_ids[0], found.entry_ids[0]
    (given,) = await assignments_of(round_id)
    (free,) = {judge.person_id or 0 for judge in found.judges} - {given.judge_id}
    unguarded(monkeypatch, panels)

    async def assign() -> None:
        await set_assignment(
            round_id=round_id, entry_id=entry_id, judge_id=free, assigned=True, actor=found.chair, now=NOW
        )

    async def seal() -> int:
        await lock_round(round_id=round_id, actor=found.chair, now=NOW)
        return len(await assignments_of(round_id))

    _nothing, counted = await overtaken(monkeypatch, contest_queries, "hold_round", assign, seal)
    assert (counted, len(await assignments_of(round_id))) == (1, 2)
