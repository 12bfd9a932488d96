"""Files of badges and passes: whose they are of, what is written down of them, and how they end."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import Role
from app.accounts.personal.whom import Whom
from app.accounts.services.people import grant_role
from app.events.enums import BadgePaper, PassKind, PrintState, PrintWhat
from app.events.errors import NothingToPrint, PrintFileGone, PrintNotFound, PrintNotReady, TooManyToPrint
from app.events.passes import printing, prints
from app.events.passes.choosing import (
    Choice,
    Wanted,
    chosen_ids,
    count_chosen,
    passes_to_print,
    types_and_organisations,
)
from app.events.passes.printing import drop_printing, make_file, start_printing, stop_printing
from app.events.passes.prints import badges_of_pass, print_path, printed_file, run_of, runs_of_edition, tidy_files
from app.events.passes.services import issue_pass
from app.events.passes.states import block_pass, revoke_pass
from app.events.personal import DATA
from app.events.queries import EditionInfo
from app.events.tables import PrintedPass, PrintRun
from app.kernel.documents.pdf import DocumentFailed
from app.kernel.enums import JobState
from app.kernel.jobs import JobContext, get_job
from app.kernel.tables import Job
from tests.conftest import NOW
from tests.events.factories import make_edition
from tests.support.factories import make_organisation, make_person
from tests.support.pdf_codes import codes_of
from tests.support.pdf_text import text_of

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("folder")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of this test lie in a folder of its own."""
    monkeypatch.setattr(prints, "settings", lambda: SimpleNamespace(data_dir=tmp_path))


async def issue(edition: EditionInfo, name: str, kind: PassKind = PassKind.GUEST, **more: Any) -> int:
    begin, end = edition.window
    made = await issue_pass(
        edition_id=edition.id, kind=kind, holder_name=name, valid_from=begin, valid_until=end, now=NOW, **more
    )
    return made.id


async def start(edition: EditionInfo, wanted: Wanted | None = None) -> int:
    return await start_printing(edition_id=edition.id, wanted=wanted or Wanted(), actor=SYSTEM, now=NOW)


async def work(run_id: int, *, stop: bool = False) -> dict[str, Any]:
    run = await PrintRun.objects().get(PrintRun.id == run_id)
    assert run is not None
    row = await get_job(run.job_id)
    assert row is not None
    job = JobContext(row, "w")
    job.stopping = stop
    return await make_file(job)


async def names_in(edition: EditionInfo, choice: Choice) -> list[str]:
    found = await passes_to_print(edition.id, await chosen_ids(edition.id, choice))
    assert await count_chosen(edition.id, choice) == len(found)
    return [one.holder_name for one in found]


async def test_whose_badges_are_chosen(database: str) -> None:
    edition, other = await make_edition(), await make_edition("khac-2026")
    await issue(other, "Another festival's")
    guest = await issue(edition, "Mai", label="Press", organisation="Báo Phụ nữ")
    await issue(edition, "An", PassKind.STAFF, organisation="Báo Phụ nữ")
    blocked, gone = await issue(edition, "Blocked"), await issue(edition, "Gone")
    await block_pass(pass_id=blocked, reason="", actor=SYSTEM, now=NOW)
    await revoke_pass(pass_id=gone, reason="", actor=SYSTEM, now=NOW)
    await issue(edition, "Bình")
    await issue(edition, "")
    assert await names_in(edition, Choice()) == ["Bình", "An", "Mai", ""]
    assert await names_in(edition, Choice(kind=PassKind.STAFF)) == ["An"]
    assert await names_in(edition, Choice(label="Press")) == ["Mai"]
    assert await names_in(edition, Choice(organisation="Báo Phụ nữ")) == ["An", "Mai"]
    assert await names_in(edition, Choice(pass_id=guest)) == ["Mai"]
    assert await names_in(other, Choice(pass_id=guest)) == []
    assert await types_and_organisations(edition.id) == (["Press"], ["Báo Phụ nữ"])


async def test_an_exhibitors_badge_says_whom_she_is_of_and_a_visitors_does_not(database: str) -> None:
    edition = await make_edition()
    house, person = await make_organisation(name="Lụa Vạn Phúc", now=NOW), await make_person(now=NOW)
    await grant_role(
        person_id=person.id,
        role=Role.EXHIBITOR_OWNER,
        edition_id=edition.id,
        organisation_id=house.id,
        actor=SYSTEM,
        now=NOW,
    )
    hers = await issue(edition, "Lan", PassKind.EXHIBITOR, holder_id=person.id)
    bought = await issue(edition, "Her aunt", PassKind.VISITOR, holder_id=person.id)
    typed = await issue(edition, "Lan", PassKind.GUEST, holder_id=person.id, organisation="Hội Phụ nữ")
    found = await passes_to_print(edition.id, [hers, bought, typed])
    assert [one.organisation for one in found] == ["Lụa Vạn Phúc", "", "Hội Phụ nữ"]


async def test_a_file_is_made_and_what_was_printed_is_written_down(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "MOST_IN_ONE_CHILD", 5)
    edition = await make_edition()
    ids = [await issue(edition, f"Tên {number:02}") for number in range(11)]
    wanted = Wanted(paper=BadgePaper.A6_SHEET, choice=Choice(unprinted=True))
    run_id = await start(edition, wanted)
    assert (await run_of(edition.id, run_id))["state"] == PrintState.MAKING
    with pytest.raises(PrintNotReady):
        await printed_file(edition.id, run_id)
    assert await work(run_id) == {"passes": 11, "pages": 3}
    name, path = await printed_file(edition.id, run_id)
    made = path.read_bytes()
    assert name == f"badges-{run_id}.pdf"
    assert path.stat().st_mode & 0o777 == 0o600
    assert re.findall(r"Tên \d+", text_of(made)) == [f"Tên {number:02}" for number in range(11)]
    assert len(codes_of(made)) == 11
    assert [row["id"] for row in await badges_of_pass(ids[3])] == [run_id]
    assert await names_in(edition, Choice(unprinted=True)) == []
    late = await issue(edition, "Late")
    assert await names_in(edition, Choice(unprinted=True)) == ["Late"]
    again = await start(edition, Wanted(choice=Choice(pass_id=ids[3])))
    await work(again)
    assert [row["id"] for row in await badges_of_pass(ids[3])] == [again, run_id]
    assert await badges_of_pass(late) == []
    assert [row["id"] for row in (await runs_of_edition(edition.id, offset=0, limit=50))[0]] == [again, run_id]
    with pytest.raises(PrintNotFound):
        await run_of(edition.id + 1, run_id)


async def test_passes_of_many_are_one_file_and_no_badges(database: str) -> None:
    edition = await make_edition()
    for number in range(3):
        await issue(edition, f"Tên {number}")
    run_id = await start(edition, Wanted(what=PrintWhat.PASSES))
    await work(run_id)
    _name, path = await printed_file(edition.id, run_id)
    assert re.findall(r"Tên \d", text_of(path.read_bytes())) == ["Tên 0", "Tên 1", "Tên 2"]
    assert len(codes_of(path.read_bytes())) == 3
    assert len(await names_in(edition, Choice(unprinted=True))) == 3


async def test_one_that_is_stopped_leaves_nothing(database: str) -> None:
    edition = await make_edition()
    await issue(edition, "Lan")
    run_id = await start(edition)
    assert await work(run_id, stop=True) == {"passes": 0}
    assert (await run_of(edition.id, run_id))["state"] == PrintState.CANCELLED
    waiting = await start(edition)
    await stop_printing(edition_id=edition.id, run_id=waiting, actor=SYSTEM, now=NOW)
    assert (await run_of(edition.id, waiting))["state"] == PrintState.CANCELLED
    assert await work(waiting) == {"passes": 0}
    await stop_printing(edition_id=edition.id, run_id=waiting, actor=SYSTEM, now=NOW)
    assert await PrintedPass.count() == 0
    assert files() == []
    assert await names_in(edition, Choice(unprinted=True)) == ["Lan"]


async def test_one_that_fails_leaves_nothing(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = await make_edition()
    await issue(edition, "Lan")
    run_id = await start(edition)

    async def fail(*_: Any, **__: Any) -> bytes:
        raise DocumentFailed

    monkeypatch.setattr(printing, "badges_pdf", fail)
    with pytest.raises(DocumentFailed):
        await work(run_id)
    assert (await run_of(edition.id, run_id))["state"] == PrintState.FAILED
    assert (await PrintedPass.count(), files()) == (0, [])


async def test_one_whose_job_was_lost_has_failed(database: str) -> None:
    edition = await make_edition()
    await issue(edition, "Lan")
    run_id = await start(edition)
    await Job.update({Job.state: JobState.FAILED.value}, force=True)
    assert (await run_of(edition.id, run_id))["state"] == PrintState.FAILED


async def test_begun_again_it_is_made_once(database: str) -> None:
    edition = await make_edition()
    one = await issue(edition, "Lan")
    run_id = await start(edition)
    await PrintedPass.insert(PrintedPass(run=run_id, event_pass=one))  # as a process that was killed left it
    await work(run_id)
    assert await work(run_id) == {"passes": 0}
    assert await PrintedPass.count() == 1
    assert len(files()) == 1


async def test_what_was_not_printed_counts_as_not_printed(database: str) -> None:
    edition = await make_edition()
    await issue(edition, "Lan")
    run_id = await start(edition)
    with pytest.raises(PrintNotReady):
        await drop_printing(edition_id=edition.id, run_id=run_id, actor=SYSTEM, now=NOW)
    await work(run_id)
    await drop_printing(edition_id=edition.id, run_id=run_id, actor=SYSTEM, now=NOW)
    assert files() == []
    assert await names_in(edition, Choice(unprinted=True)) == ["Lan"]
    with pytest.raises(PrintNotReady):
        await drop_printing(edition_id=edition.id, run_id=run_id, actor=SYSTEM, now=NOW)


async def test_files_go_after_some_days_and_what_was_printed_stays(database: str) -> None:
    edition = await make_edition()
    one = await issue(edition, "Lan")
    run_id = await start(edition)
    await work(run_id)
    finished = (await run_of(edition.id, run_id))["finished_at"]
    assert await tidy_files(now=finished + timedelta(days=6)) == 0
    assert await tidy_files(now=finished + timedelta(days=8)) == 1
    assert files() == []
    with pytest.raises(PrintFileGone):
        await printed_file(edition.id, run_id)
    assert len(await badges_of_pass(one)) == 1


async def test_a_file_goes_with_the_data_of_one_who_stands_in_it(database: str) -> None:
    edition = await make_edition()
    one = await issue(edition, "Lan", organisation="Báo Phụ nữ")
    await issue(edition, "Mai")
    kept = await start(edition, Wanted(choice=Choice(organisation="Báo Phụ nữ")))
    await work(kept)
    assert await DATA.held[0].erase(Whom(pass_ids=(one,)), NOW) == 1
    assert files() == []
    (found,) = await passes_to_print(edition.id, [one])
    assert (found.holder_name, found.organisation) == ("", "")


async def test_too_few_and_too_many(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    edition = await make_edition()
    with pytest.raises(NothingToPrint):
        await start(edition)
    await issue(edition, "Lan")
    monkeypatch.setattr(printing, "MOST_IN_ONE_FILE", 0)
    with pytest.raises(TooManyToPrint):
        await start(edition)
    assert await PrintRun.count() == 0


def files() -> Sequence[str]:
    folder = print_path("x").parent
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []
