"""The programme comes in as a sheet, and comes in again without doubling."""

from datetime import UTC, datetime

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import EditionInfo, programme, tracks
from app.events.services.programme import rename_track
from app.events.sheets import PROGRAMME
from app.events.short_codes import codes_of
from app.kernel.i18n import use_locale
from app.kernel.sheets import Examined, LoadResult, RawRow, RawTable, SheetContext, examine
from tests.conftest import NOW
from tests.events.factories import make_edition

HEADERS = ("Chuỗi hoạt động", "Tên (tiếng Việt)", "Tên (tiếng Anh)", "Bắt đầu", "Kết thúc", "Địa điểm", "Diễn giả")
OPENING = ("Sân khấu", "Khai mạc", "Opening", "16/10/2026 09:00", "16/10/2026 10:15", "Hội trường A", "Bà Hoa")
SILK = ("Hội thảo", "Tơ lụa", "", "17/10/2026 14:00", "17/10/2026 15:00", "Phòng 1", "")
CLAY = ("sân khấu", "Gốm", "Clay", "18/10/2026 09:00", "18/10/2026 10:00", "", "")


async def read(edition: EditionInfo, *rows: tuple[str, ...], headers: tuple[str, ...] = HEADERS) -> Examined:
    """Rows as a sheet of the programme, checked."""
    table = RawTable(
        headers, 1, tuple(RawRow(at, tuple(cell or None for cell in row)) for at, row in enumerate(rows, start=2))
    )
    return await examine(PROGRAMME, table, context(edition))


def context(edition: EditionInfo) -> SheetContext:
    """Reading for this edition."""
    return SheetContext(edition_id=edition.id, actor=None, now=NOW, timezone=edition.timezone)


@pytest.mark.engines
async def test_a_programme_is_loaded_and_loading_it_again_changes_nothing(database: str) -> None:
    edition = await make_edition()
    examined = await read(edition, OPENING, SILK, CLAY)
    assert examined.problems == ()
    assert await PROGRAMME.load(examined.rows, context(edition)) == LoadResult(created=3)
    sessions = (await programme(edition.id)).items
    assert [session.title for session in sessions] == [
        {"vi": "Khai mạc", "en": "Opening"},
        {"vi": "Tơ lụa"},
        {"vi": "Gốm", "en": "Clay"},
    ]
    first = sessions[0]
    assert (first.starts_at, first.ends_at) == (
        datetime(2026, 10, 16, 2, tzinfo=UTC),
        datetime(2026, 10, 16, 3, 15, tzinfo=UTC),
    )
    assert (first.track, first.place, first.speaker) == ("Sân khấu", "Hội trường A", "Bà Hoa")
    assert [track["name"]["vi"] for track in await tracks(edition.id)] == ["Sân khấu", "Hội thảo"]
    assert len(await codes_of("session", [session.id for session in sessions])) == 3
    assert await PROGRAMME.load(examined.rows, context(edition)) == LoadResult(unchanged=3)
    assert (await programme(edition.id)).total == 3


@pytest.mark.engines
@pytest.mark.parametrize("language", ["vi", "en", "id"])
async def test_a_track_is_known_by_its_name_in_any_language(database: str, language: str) -> None:
    edition = await make_edition()
    examined = await read(edition, OPENING, SILK, CLAY)
    await PROGRAMME.load(examined.rows, context(edition))
    stage, _seminar = await tracks(edition.id)
    names = {"vi": "Sân khấu chính", "en": "Stage", "id": "Panggung"}
    await rename_track(edition_id=edition.id, track_id=stage["id"], name=names, actor=SYSTEM, now=NOW)
    english = await read(edition, ("Stage", *OPENING[1:]), SILK, ("panggung", *CLAY[1:]))
    with use_locale(language):
        assert await PROGRAMME.load(examined.rows, context(edition)) == LoadResult(unchanged=3)
        assert await PROGRAMME.load(english.rows, context(edition)) == LoadResult(unchanged=3)
        moved = await read(edition, ("Hội thảo", *OPENING[1:]))
        assert await PROGRAMME.load(moved.rows, context(edition)) == LoadResult(updated=1)
    assert len(await tracks(edition.id)) == 2


async def test_another_hour_moves_a_session_and_what_has_no_column_stays(database: str) -> None:
    edition = await make_edition()
    await PROGRAMME.load((await read(edition, OPENING)).rows, context(edition))
    headers = ("Title", "Starts at", "Ends at")
    moved = await read(edition, ("khai mạc", "2026-10-16 11:00", "2026-10-16 12:00"), headers=headers)
    assert await PROGRAMME.load(moved.rows, context(edition)) == LoadResult(updated=1)
    (session,) = (await programme(edition.id)).items
    assert (session.starts_at.hour, session.track, session.place) == (4, "Sân khấu", "Hội trường A")
    assert session.title == {"vi": "khai mạc", "en": "Opening"}


async def test_what_does_not_fit_is_said_with_row_column_and_reason(database: str) -> None:
    edition = await make_edition()
    examined = await read(
        edition,
        ("", "", "", "16/10/2026 09:00", "16/10/2026 10:00", "", ""),
        ("", "A", "", "16/10/2026 09:00", "16/10/2026 08:00", "", ""),
        ("", "B", "", "20/10/2026 09:00", "20/10/2026 10:00", "", ""),
        ("", "C", "", "tomorrow", "", "", ""),
        ("", "D", "", "16/10/2026 09:00", "16/10/2026 10:00", "", ""),
        ("", "D", "", "16/10/2026 09:00", "16/10/2026 11:00", "", ""),
    )
    assert [(problem.row, problem.column, problem.code) for problem in examined.problems] == [
        (2, "B", "title_missing"),
        (3, "E", "dates_reversed"),
        (4, "D", "session_outside_edition"),
        (5, "D", "not_a_time"),
        (5, "E", "required"),
        (7, "B", "doubled_row"),
    ]
