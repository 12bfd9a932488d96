"""The programme as a sheet."""

from collections.abc import Hashable, Sequence, Set
from datetime import datetime
from zoneinfo import ZoneInfo

from app.accounts.actor import SYSTEM, Actor
from app.events.errors import DatesReversed, SessionOutsideEdition
from app.events.queries import EditionInfo, SessionInfo, edition_by_id, programme, tracks
from app.events.services.programme import SessionValues, check_times, save_session
from app.kernel.i18n import N_
from app.kernel.names import search_text
from app.kernel.sheets import CellProblem, Column, LoadResult, SheetContext, SheetKind, SheetRow
from app.kernel.sheets.parsers import moment, text

NO_TITLE = N_("A session needs a title in at least one language.")
TITLES = {"vi": "title_vi", "en": "title_en", "id": "title_id"}

COLUMNS = (
    Column(
        "track",
        {"en": ("Track", "Strand"), "vi": ("Chuyên đề", "Chuỗi hoạt động", "Chủ đề"), "id": ("Jalur", "Rangkaian")},
        text(160),
    ),
    Column(
        "title_vi",
        {
            "en": ("Title (Vietnamese)", "Title", "Session"),
            "vi": ("Tên (tiếng Việt)", "Tên hoạt động", "Tiêu đề"),
            "id": ("Judul (bahasa Vietnam)",),
        },
        text(200),
    ),
    Column(
        "title_en",
        {"en": ("Title (English)",), "vi": ("Tên (tiếng Anh)",), "id": ("Judul (bahasa Inggris)",)},
        text(200),
    ),
    Column(
        "title_id",
        {
            "en": ("Title (Indonesian)",),
            "vi": ("Tên (tiếng Indonesia)",),
            "id": ("Judul (bahasa Indonesia)", "Judul", "Sesi"),
        },
        text(200),
    ),
    Column(
        "starts_at",
        {"en": ("Starts at", "Begins", "Start"), "vi": ("Bắt đầu", "Thời gian bắt đầu"), "id": ("Mulai",)},
        moment(),
        required=True,
    ),
    Column(
        "ends_at",
        {"en": ("Ends at", "End"), "vi": ("Kết thúc", "Thời gian kết thúc"), "id": ("Selesai",)},
        moment(),
        required=True,
    ),
    Column("place", {"en": ("Place", "Room"), "vi": ("Địa điểm", "Phòng"), "id": ("Tempat", "Ruang")}, text(160)),
    Column(
        "speaker",
        {"en": ("Speaker", "Speakers"), "vi": ("Diễn giả", "Người trình bày"), "id": ("Pembicara", "Narasumber")},
        text(200),
    ),
)


def _title(row: SheetRow) -> str:
    return next((row[column] for column in TITLES.values() if row[column]), "")


def _key(title: str, starts_at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """A session is known by its first title on its day: another hour moves it, another day repeats it."""
    return search_text(title), starts_at.astimezone(zone).date().isoformat()


def _row_key(row: SheetRow) -> Hashable | None:
    return (search_text(_title(row)), row["starts_at"]) if row["starts_at"] and _title(row) else None


async def check_programme(rows: Sequence[SheetRow], context: SheetContext) -> list[CellProblem]:
    """Find sessions without a title, that end before they begin, or that lie outside the festival."""
    assert context.edition_id is not None
    edition = await edition_by_id(context.edition_id)
    problems = []
    for row in rows:
        if not _title(row):
            problems.append(row.problem("title_vi", "title_missing", NO_TITLE))
        try:
            check_times(edition, row["starts_at"], row["ends_at"])
        except DatesReversed as error:
            problems.append(row.problem("ends_at", error.code, error.message, **error.params))
        except SessionOutsideEdition as error:
            problems.append(row.problem("starts_at", error.code, error.message, **error.params))
    return problems


async def load_programme(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    """Add the sessions, or bring those up to date that have the same title on the same day."""
    assert context.edition_id is not None
    edition = await edition_by_id(context.edition_id)
    actor = context.actor if isinstance(context.actor, Actor) else SYSTEM
    known = {_session_key(session, edition): session for session in (await programme(edition.id)).items}
    called = {
        track["id"]: {track["name_key"], *map(search_text, track["name"].values())}
        for track in await tracks(edition.id)
    }
    result = LoadResult()
    for row in rows:
        found = known.get(_key(_title(row), row["starts_at"], edition.zone))
        values = _values(row, found, called.get(found.track_id or 0, set()) if found else set())
        if found is not None and values == _values_of(found):
            result += LoadResult(unchanged=1)
            continue
        await save_session(
            edition_id=edition.id,
            values=values,
            actor=actor,
            now=context.now,
            session_id=found.id if found else None,
        )
        result += LoadResult(updated=1) if found else LoadResult(created=1)
    return result


def _session_key(session: SessionInfo, edition: EditionInfo) -> tuple[str, str]:
    title = next((session.title[code] for code in TITLES if session.title.get(code)), "")
    return _key(title, session.starts_at, edition.zone)


def _values(row: SheetRow, before: SessionInfo | None, called: Set[str]) -> SessionValues:
    """What the row says; what the sheet has no column for stays as it was.

    ``called`` are the names of the track that the session is in, in all languages: a sheet has one of them.
    """
    same_track = before is not None and search_text(row["track"] or "") in called
    title = {code: row[column] or "" for code, column in TITLES.items() if row.has(column)}
    return SessionValues(
        title={key: words for key, words in {**(before.title if before else {}), **title}.items() if words},
        summary=before.summary if before else {},
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        track=before.track if before and same_track else _kept(row, "track", before.track if before else ""),
        place=_kept(row, "place", before.place if before else ""),
        speaker=_kept(row, "speaker", before.speaker if before else ""),
    )


def _kept(row: SheetRow, column: str, before: str) -> str:
    """What the row says of a column; as it was when the sheet has no such column, or writes the same otherwise."""
    if not row.has(column) or search_text(row[column] or "") == search_text(before):
        return before
    return str(row[column] or "")


def _values_of(session: SessionInfo) -> SessionValues:
    return SessionValues(
        title=dict(session.title),
        summary=session.summary,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        track=session.track,
        place=session.place,
        speaker=session.speaker,
    )


PROGRAMME = SheetKind(
    name="programme",
    title=N_("Programme"),
    place="/programme",
    columns=COLUMNS,
    key=_row_key,
    check=check_programme,
    load=load_programme,
)
