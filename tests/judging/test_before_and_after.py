"""What the log keeps of the jury's doings: how it was, and how it became."""

from typing import Any

import pytest

from app.judging.queries.panels import assignments_of
from app.judging.services.awards import give_award, take_award_back, usual_title
from app.judging.services.contests import lock_round
from app.judging.services.panels import add_judge, remove_judge, set_assignment
from app.kernel.audit import list_entries
from tests.conftest import NOW
from tests.judging.scene import scene

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.engines]


async def told(edition_id: int, action: str) -> list[tuple[Any, Any]]:
    """Before and after of each entry of an action, the oldest first."""
    entries, _total = await list_entries(edition_id=edition_id, action=action)
    return [(entry["before"], entry["after"]) for entry in reversed(entries)]


async def test_an_award_that_is_changed_keeps_what_it_was() -> None:
    found = await scene(NOW)
    round_id, entry_id = found.round_ids[0], found.entry_ids[0]
    await lock_round(round_id=round_id, actor=found.chair, now=NOW)
    for rank, title in ((2, {"vi": "Giải Lụa"}), (1, {"vi": "Giải Vàng"})):
        award_id = await give_award(
            round_id=round_id, entry_id=entry_id, rank=rank, title=title, actor=found.chair, now=NOW
        )
    silk = {"round_id": round_id, "rank": 2, "award": {**usual_title(2), "vi": "Giải Lụa"}}
    gold = {"round_id": round_id, "rank": 1, "award": {**usual_title(1), "vi": "Giải Vàng"}}
    assert await told(found.edition_id, "award.give") == [(None, silk), (silk, gold)]
    await take_award_back(round_id=round_id, award_id=award_id, actor=found.chair, now=NOW)
    assert await told(found.edition_id, "award.take_back") == [(gold, None)]


async def test_who_left_the_jury_and_what_she_was_in_it() -> None:
    found = await scene(NOW)
    known = len(await told(found.edition_id, "panel.add"))
    states = []
    for expertise in ("Gốm", "Lụa"):
        person_id = await add_judge(
            contest_id=found.contest_id,
            full_name="Phạm Thị U",
            phone="+84931111111",
            email=None,
            organisation="Viện Mỹ thuật",
            expertise=expertise,
            actor=found.chair,
            now=NOW,
        )
        states.append({"role": "judge", "organisation": "Viện Mỹ thuật", "expertise": expertise})
    assert (await told(found.edition_id, "panel.add"))[known:] == [(None, states[0])]
    assert await told(found.edition_id, "panel.update") == [({"expertise": "Gốm"}, {"expertise": "Lụa"})]
    await remove_judge(contest_id=found.contest_id, person_id=person_id, actor=found.chair, now=NOW)
    assert await told(found.edition_id, "panel.remove") == [(states[1], None)]


async def test_an_assignment_by_hand_tells_what_it_was_and_only_when_it_changes() -> None:
    found = await scene(NOW, entries=1, judges=2, per_entry=1)
    round_id, entry_id = found.round_ids[0], found.entry_ids[0]
    ((_entry, judge_id),) = [(cell.entry_id, cell.judge_id) for cell in await assignments_of(round_id)]
    for assigned in (True, False, False, True):
        await set_assignment(
            round_id=round_id, entry_id=entry_id, judge_id=judge_id, assigned=assigned, actor=found.chair, now=NOW
        )
    cell = {"round_id": round_id, "judge_id": judge_id}
    given, taken = {**cell, "assigned": True}, {**cell, "assigned": False}
    assert await told(found.edition_id, "assignment.set") == [(given, taken), (taken, given)]
