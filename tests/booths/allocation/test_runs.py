"""Runs of the optimiser: started, worked out, published, put aside."""

from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.kernel import jobs
from app.kernel.child import ChildError
from app.kernel.i18n import use_locale
from app.kernel.tables import Job, OutboxMessage
from app.kernel.worker import run_job
from booths.allocation import errors
from booths.allocation.enums import ApplicationState, RunState
from booths.allocation.plugin import module
from booths.allocation.queries import applications, counts
from booths.allocation.queries_proposals import explanation_for, latest_run, proposal, run_of, unmet_of
from booths.allocation.services import runs
from booths.allocation.services.applications import withdraw_application
from booths.allocation.services.by_hand import hold_for_application
from booths.allocation.services.runs import discard_run, publish_run, start_allocation, stop_run
from booths.allocation.tables import Allocation, AllocationRun
from booths.floorplan.errors import BoothTaken
from booths.floorplan.services import hold_booth
from booths.floorplan.tables import CellHold
from tests.booths.factories import ZONE, make_application, make_booth, make_hall, make_row, states_told
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.factories import make_organisation
from tests.support.race import drop_index, losers, meet_after, race, unguarded, winners


@pytest.fixture(autouse=True)
def handlers() -> None:
    """The module's kinds of jobs."""
    for kind, handler in module.jobs.items():
        jobs.register(kind, handler)


async def work() -> None:
    """Do the one queued job, as a worker would."""
    row = await jobs.claim("test", NOW)
    assert row is not None
    await run_job(row, "test")


async def proposed(edition_id: int) -> int:
    """A run that has been worked out."""
    run_id = await start_allocation(edition_id=edition_id, actor=SYSTEM, now=NOW)
    await work()
    return run_id


async def publish(run_id: int, edition_id: int) -> int:
    """Publish a run."""
    return await publish_run(run_id=run_id, edition_id=edition_id, actor=SYSTEM, now=NOW)


async def state_of(edition_id: int) -> list[str]:
    """The states of an edition's applications by name."""
    return [found.state.value for found in (await applications(edition_id)).items]


async def test_a_proposal_is_worked_out_and_published(database: str) -> None:
    edition = await make_edition()
    await make_row(edition.id, 2)
    first, _anh = await make_application(edition.id, name="Anh", category="lụa")
    _one, organisation = await make_application(edition.id, name="Bình", category="lụa")
    lost, _chi = await make_application(edition.id, name="Chi", cells_wanted=4)
    run_id = await proposed(edition.id)
    run = await run_of(edition.id, run_id)
    assert (run["state"], run["placed"], run["unplaced"], run["gap"]) == (RunState.PROPOSED, 2, 1, 0.0)
    assert run["seconds"] > 0
    lines = await proposal(run_id)
    assert [(line.organisation, line.zone) for line in lines] == [("Anh", ZONE), ("Bình", ZONE)]
    assert lines[0].sentences == [
        "1 cell, as asked for.",
        f"In the wished zone, {ZONE}: booths free there: 2, exhibitors who wished for it: 3.",
        "Power 1000 W; 500 W are needed.",
        "Beside Bình, with the same kind of goods (lụa): no place apart was found that does not cost others more.",
    ]
    assert lines[0].notable == lines[0].sentences[-1:]
    assert list((await unmet_of(run_id)).values()) == [["No booth with 4 cells or one more was free."]]
    assert await CellHold.count() == 0
    assert await explanation_for(edition.id, organisation.id) == []
    assert await publish(run_id, edition.id) == 2
    assert await state_of(edition.id) == ["allocated", "allocated", "waiting"]
    assert await states_told(first) == [
        ("application.submit", None, "submitted"),
        ("application.allocate", "submitted", "allocated"),
    ]
    assert (await states_told(lost))[1:] == [("application.wait", "submitted", "waiting")]
    messages = await OutboxMessage.select(OutboxMessage.subject, OutboxMessage.body_text, OutboxMessage.secret)
    assert len(messages) == 3
    assert all(message["secret"] and "/sign-in/" in message["body_text"] for message in messages)
    assert any(f"/exhibitor/{organisation.id}/{edition.id}" in message["body_text"] for message in messages)
    (waits,) = [message for message in messages if f"/apply/mine/{lost}" in message["body_text"]]
    assert (waits["subject"], "Chi" in waits["body_text"]) == (
        f"Quý vị đang ở trong danh sách chờ gian hàng · {edition.name['vi']}",
        True,
    )
    with use_locale("vi"):
        assert all(
            edition.title in message["body_text"] and edition.when in message["body_text"] for message in messages
        )
    with use_locale("vi"):
        (why,) = (await unmet_of(run_id))[lost]
    assert why in waits["body_text"]
    assert len(await explanation_for(edition.id, organisation.id)) == 4
    with pytest.raises(errors.RunNotProposed):
        await publish(run_id, edition.id)
    assert await OutboxMessage.count() == 3
    with pytest.raises(errors.RunNotFound):
        await run_of((await make_edition("other")).id, run_id)


async def test_a_booth_taken_meanwhile_leaves_nothing_half_published(database: str) -> None:
    edition = await make_edition()
    booths = await make_row(edition.id, 3)
    for _number in range(3):
        await make_application(edition.id)
    run_id = await proposed(edition.id)
    stranger = await make_organisation()
    await hold_booth(booth_id=booths[2], organisation_id=stranger.id, actor=SYSTEM, now=NOW)
    with pytest.raises(BoothTaken):
        await publish(run_id, edition.id)
    assert (await run_of(edition.id, run_id))["state"] == RunState.PROPOSED
    assert await state_of(edition.id) == ["submitted"] * 3
    assert await CellHold.count() == 1
    assert await OutboxMessage.count() == 0
    again = await proposed(edition.id)
    assert (await run_of(edition.id, run_id))["state"] == RunState.DISCARDED
    assert await publish(again, edition.id) == 2


async def test_who_withdrew_or_was_helped_by_hand_is_left_out(database: str) -> None:
    edition = await make_edition()
    await make_row(edition.id, 3)
    gone, _ = await make_application(edition.id, name="Anh")
    held, organisation = await make_application(edition.id, name="Bình")
    await make_application(edition.id, name="Chi")
    run_id = await proposed(edition.id)
    await withdraw_application(edition_id=edition.id, application_id=gone, actor=SYSTEM, now=NOW)
    mine = {line.application_id: line.booth_id for line in await proposal(run_id)}
    await hold_for_application(edition_id=edition.id, booth_id=mine[gone], application_id=held, actor=SYSTEM, now=NOW)
    assert (await counts(edition.id)).held == 1
    assert await publish(run_id, edition.id) == 2
    assert await state_of(edition.id) == ["withdrawn", "allocated", "allocated"]
    assert await explanation_for(edition.id, organisation.id) == [
        "The organisers chose this booth by hand.",
        "1 cell, as asked for.",
        "Power 1000 W; 500 W are needed.",
        "Beside Chi.",
    ]
    assert await OutboxMessage.count() == 2


async def test_what_is_held_by_hand_is_not_placed_again(database: str) -> None:
    edition = await make_edition()
    booths = await make_row(edition.id, 2)
    held, _ = await make_application(edition.id, name="Anh")
    await make_application(edition.id, name="Bình")
    await hold_for_application(edition_id=edition.id, booth_id=booths[0], application_id=held, actor=SYSTEM, now=NOW)
    run_id = await proposed(edition.id)
    assert [line.booth_id for line in await proposal(run_id)] == [booths[1]]
    assert await publish(run_id, edition.id) == 2


async def test_nothing_is_started_without_applications_or_booths(database: str) -> None:
    edition = await make_edition()
    with pytest.raises(errors.NothingToAllocate):
        await start_allocation(edition_id=edition.id, actor=SYSTEM, now=NOW)
    await make_application(edition.id)
    with pytest.raises(errors.NothingToAllocate):
        await start_allocation(edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert await latest_run(edition.id) is None


@pytest.mark.race
async def test_one_run_of_many_is_started(database: str) -> None:
    edition = await make_edition()
    await make_row(edition.id, 1)
    await make_application(edition.id)
    results = await race(10, lambda _number: start_allocation(edition_id=edition.id, actor=SYSTEM, now=NOW))
    assert len(winners(results)) == 1
    losers(results, errors.AllocationRunning)
    assert await Job.count() == 1


@pytest.mark.race
async def test_without_lock_and_index_two_runs_start(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = await make_edition()
    await make_row(edition.id, 1)
    await make_application(edition.id)
    await drop_index("allocation_one_running")
    unguarded(monkeypatch, runs)
    meet_after(monkeypatch, runs, "free_booths", parties=2)
    results = await race(2, lambda _number: start_allocation(edition_id=edition.id, actor=SYSTEM, now=NOW))
    assert len(winners(results)) == 2


@pytest.mark.race
async def test_a_run_is_published_once_and_messages_are_written_once(database: str) -> None:
    edition = await make_edition()
    await make_row(edition.id, 2)
    for _number in range(2):
        await make_application(edition.id)
    run_id = await proposed(edition.id)
    results = await race(6, lambda _number: publish(run_id, edition.id))
    assert winners(results) == [2]
    losers(results, errors.RunNotProposed)
    assert await OutboxMessage.count() == 2


async def test_a_proposal_is_put_aside(database: str) -> None:
    edition = await make_edition()
    await make_row(edition.id, 1)
    await make_application(edition.id)
    run_id = await proposed(edition.id)
    given: dict[str, Any] = {"run_id": run_id, "edition_id": edition.id, "actor": SYSTEM, "now": NOW}
    await discard_run(**given)
    for refused in (discard_run(**given), publish_run(**given), stop_run(**given)):
        with pytest.raises(errors.RunNotProposed):
            await refused
    assert await state_of(edition.id) == ["submitted"]


async def test_a_run_is_stopped_and_its_job_does_nothing(database: str) -> None:
    edition = await make_edition()
    await make_row(edition.id, 1)
    await make_application(edition.id)
    run_id = await start_allocation(edition_id=edition.id, actor=SYSTEM, now=NOW)
    claimed = await jobs.claim("test", NOW)
    assert claimed is not None
    await stop_run(run_id=run_id, edition_id=edition.id, actor=SYSTEM, now=NOW)
    await run_job(claimed, "test")
    assert (await run_of(edition.id, run_id))["state"] == RunState.DISCARDED
    assert await Allocation.count() == 0
    again = await start_allocation(edition_id=edition.id, actor=SYSTEM, now=NOW)
    await stop_run(run_id=again, edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert (await jobs.get_job((await run_of(edition.id, again))["job_id"]) or {})["state"] == "cancelled"


async def test_a_child_that_gives_no_answer_fails_the_run(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = await make_edition()
    await make_row(edition.id, 1)
    await make_application(edition.id)

    async def broken(*_args: Any, **_kwargs: Any) -> dict[str, Any]:
        raise ChildError

    monkeypatch.setattr(runs, "run_in_child", broken)
    run_id = await proposed(edition.id)
    run = await run_of(edition.id, run_id)
    assert (run["state"], run["error"]) == (RunState.FAILED, "ChildError")
    assert (await jobs.get_job(run["job_id"]) or {})["state"] == "failed"


async def test_a_run_whose_job_has_vanished_does_not_block_the_next(database: str) -> None:
    edition = await make_edition()
    await make_row(edition.id, 1)
    await make_application(edition.id)
    lost = await start_allocation(edition_id=edition.id, actor=SYSTEM, now=NOW)
    await Job.update({Job.state: "failed"}, force=True)
    await start_allocation(edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert (await run_of(edition.id, lost))["state"] == RunState.FAILED
    assert await AllocationRun.count() == 2


async def test_a_neighbour_who_had_a_booth_before_counts_as_a_competitor(database: str) -> None:
    edition = await make_edition()
    booths = await make_row(edition.id, 4)
    first, _ = await make_application(edition.id, name="Anh", category="Lụa tơ tằm")
    await hold_for_application(
        edition_id=edition.id, booth_id=booths[0], application_id=first, tell_now=True, actor=SYSTEM, now=NOW
    )
    for _number in range(2):
        await make_application(edition.id, category="lụa  tơ tằm")
    lines = await proposal(await proposed(edition.id))
    assert sorted(line.booth_id for line in lines) != booths[1:3]
    assert booths[1] not in [line.booth_id for line in lines] or booths[3] in [line.booth_id for line in lines]
    assert all("Anh" not in " ".join(line.sentences) for line in lines if line.booth_id != booths[1])


async def test_the_states_of_an_application_are_those_of_the_table(database: str) -> None:
    edition = await make_edition()
    await make_booth(edition.id, await make_hall(edition.id))
    await make_application(edition.id, draft=True)
    found = await counts(edition.id)
    assert (found.open, found.drafts, found.booths_free, found.cells_free) == (0, 1, 1, 1)
    assert await state_of(edition.id) == [ApplicationState.DRAFT.value]
