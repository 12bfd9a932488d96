"""Reads of editions and their programme."""

import json
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.events.enums import EditionState, Part
from app.events.errors import EditionIsCancelled, EditionNotFound, SessionNotFound
from app.events.tables import Edition, Hall, ProgrammeSession, Track, Venue
from app.kernel.database import as_json, contains, fetch, hold_rows
from app.kernel.i18n import format_days, pick
from app.kernel.names import region_of


@dataclass(frozen=True, kw_only=True)
class EditionInfo:
    """An edition as pages and services of all modules need it."""

    id: int
    slug: str
    name: Mapping[str, str]
    intro: Mapping[str, str]
    place: Mapping[str, str]
    timezone: str
    currency: str
    starts_on: date
    ends_on: date
    opens_at: str
    closes_at: str
    parts: frozenset[Part]
    state: EditionState
    cover: str | None
    venue_id: int | None
    organiser_id: int | None
    copied_from_id: int | None
    keep_months: int
    was_starts_on: date | None
    was_ends_on: date | None
    change_reason: str

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        return pick(self.name)

    @property
    def where(self) -> str:
        """Its place in the reader's language."""
        return pick(self.place)

    @property
    def path(self) -> str:
        """Address of its public page."""
        return f"/e/{self.slug}"

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone."""
        return ZoneInfo(self.timezone)

    @property
    def region(self) -> str:
        """The country whose phone numbers people at it may write without their prefix."""
        return region_of(self.currency)

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.starts_on + timedelta(days=number) for number in range((self.ends_on - self.starts_on).days + 1)]

    @property
    def window(self) -> tuple[datetime, datetime]:
        """From the beginning of its first day until the end of its last, in UTC: what passes are valid for."""
        return self.window_of(None, None)

    def window_of(self, first: date | None, last: date | None) -> tuple[datetime, datetime]:
        """From the beginning of one day until the end of another, in UTC; a day not given is the edition's own."""
        begin = datetime.combine(first or self.starts_on, time(), self.zone)
        return begin.astimezone(UTC), self.end_of(last or self.ends_on)

    def end_of(self, day: date) -> datetime:
        """When a day is over, in UTC."""
        return datetime.combine(day + timedelta(days=1), time(), self.zone).astimezone(UTC)

    def days_within(self, begin: datetime, end: datetime) -> str:
        """The days from one instant until before another, in the edition's zone, as people write them."""
        return format_days(self.today(begin), self.today(end - timedelta(minutes=1)))

    def hours_within(self, begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """From when to when it is open, in UTC, on each day from one instant until before another."""
        first, last = self.today(begin), self.today(end - timedelta(minutes=1))
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        opens, closes = time.fromisoformat(self.opens_at), time.fromisoformat(self.closes_at)
        return [
            (
                datetime.combine(day, opens, self.zone).astimezone(UTC),
                datetime.combine(day, closes, self.zone).astimezone(UTC),
            )
            for day in days
        ]

    @property
    def when(self) -> str:
        """Its days as people write them."""
        return format_days(self.starts_on, self.ends_on)

    @property
    def was_when(self) -> str:
        """Its days before it was postponed, as people write them; empty when it never was."""
        if self.was_starts_on is None or self.was_ends_on is None:
            return ""
        return format_days(self.was_starts_on, self.was_ends_on)

    def has(self, part: Part | str) -> bool:
        """Whether a part is switched on."""
        return Part(part) in self.parts

    @property
    def keeps_until(self) -> date:
        """The last day on which it keeps visitors' data: so many months after its own last day."""
        months = self.ends_on.year * 12 + self.ends_on.month - 1 + self.keep_months
        year, month = divmod(months, 12)
        return date(year, month + 1, min(self.ends_on.day, monthrange(year, month + 1)[1]))

    def today(self, now: datetime) -> date:
        """The day that ``now`` is on, in the edition's own zone."""
        return now.astimezone(self.zone).date()


def _info(row: Mapping[str, Any]) -> EditionInfo:
    return EditionInfo(
        id=row["id"],
        slug=row["slug"],
        name=as_json(row["name"]) or {},
        intro=as_json(row["intro"]) or {},
        place=as_json(row["place"]) or {},
        timezone=row["timezone"],
        currency=row["currency"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        parts=frozenset(Part(part) for part in as_json(row["parts"]) or []),
        state=EditionState(row["state"]),
        cover=row["cover"],
        venue_id=row["venue"],
        organiser_id=row["organiser"],
        copied_from_id=row["copied_from"],
        keep_months=row["keep_months"],
        was_starts_on=row["was_starts_on"],
        was_ends_on=row["was_ends_on"],
        change_reason=row["change_reason"],
    )


async def edition_by_id(edition_id: int) -> EditionInfo:
    """One edition. Raises EditionNotFound."""
    rows = await fetch("SELECT * FROM edition WHERE id = {}", edition_id)
    if not rows:
        raise EditionNotFound
    return _info(rows[0])


async def edition_by_slug(slug: str, *, drafts: bool = False) -> EditionInfo:
    """The edition at ``/e/{slug}``. Raises EditionNotFound, also for a draft unless ``drafts``."""
    rows = [] if "\0" in slug else await fetch("SELECT * FROM edition WHERE slug = {}", slug)
    if not rows or (rows[0]["state"] == EditionState.DRAFT and not drafts):
        raise EditionNotFound
    return _info(rows[0])


async def editions(*, ids: set[int] | None = None, states: Sequence[EditionState] = ()) -> list[EditionInfo]:
    """Editions, the newest first; ``ids`` None means all of them."""
    query = Edition.select().order_by(Edition.starts_on, ascending=False).order_by(Edition.id, ascending=False)
    if ids is not None:
        if not ids:
            return []
        query = query.where(Edition.id.is_in(sorted(ids)))
    if states:
        query = query.where(Edition.state.is_in([state.value for state in states]))
    return [_info(row) for row in await query.output(load_json=True)]


async def hold_edition(edition_id: int, *, alone: bool = False) -> EditionInfo:
    """An edition whose days and state nobody changes before the caller's transaction ends. Raises EditionNotFound.

    Whoever writes what hangs on its days, or what a cancelled one may not have, holds it before all other rows.
    """
    rows = await hold_rows("edition", "id = {}", edition_id, alone=alone)
    if not rows:
        raise EditionNotFound
    return _info(rows[0])


async def hold_editions(edition_ids: Iterable[int]) -> dict[int, EditionInfo]:
    """As :func:`hold_edition`, for several, which are taken in the order of their ids. Raises EditionNotFound."""
    return {edition_id: await hold_edition(edition_id) for edition_id in sorted(set(edition_ids))}


async def hold_edition_going_on(edition_id: int, *, alone: bool = False) -> EditionInfo:
    """As :func:`hold_edition`, for what nobody may begin in a cancelled one. Raises EditionIsCancelled."""
    edition = await hold_edition(edition_id, alone=alone)
    if edition.state == EditionState.CANCELLED:
        raise EditionIsCancelled
    return edition


async def venues() -> list[dict[str, Any]]:
    """All venues by name."""
    return await Venue.select(Venue.id, Venue.name, Venue.address).order_by(Venue.name)


async def halls(edition_id: int) -> list[dict[str, Any]]:
    """Halls of an edition in their order."""
    return await Hall.select().where(Hall.edition == edition_id).order_by(Hall.position).order_by(Hall.id)


@dataclass(frozen=True, kw_only=True)
class SessionInfo:
    """One session of the programme."""

    id: int
    edition_id: int
    track_id: int | None
    track: str
    title: Mapping[str, str]
    summary: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    place: str
    speaker: str


@dataclass(frozen=True)
class Page:
    """A stretch of a list and how long the whole is."""

    items: list[Any]
    total: int
    first: int
    size: int

    @property
    def last(self) -> int:
        """Number of the last item shown, counted from 1."""
        return self.first + len(self.items) - 1


async def tracks(edition_id: int) -> list[dict[str, Any]]:
    """Tracks of an edition in their order, with their names in three languages."""
    query = Track.select(Track.id, Track.name, Track.name_key).where(Track.edition == edition_id)
    return await query.order_by(Track.position).order_by(Track.id).output(load_json=True)


#: Made once: Piccolo copies a table's columns each time one is reached through a foreign key.
_SESSION_COLUMNS = (*ProgrammeSession.all_columns(), ProgrammeSession.track.name.as_alias("track_name"))


async def programme(
    edition_id: int,
    *,
    search: str = "",
    track_id: int | None = None,
    between: tuple[datetime, datetime] | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> Page:
    """Sessions in order of time; ``search`` is already without diacritics (``names.search_text``)."""
    chosen: Any = ProgrammeSession.edition == edition_id
    if search:
        chosen = chosen & contains(search, "programme_session.title_key")
    if track_id is not None:
        chosen = chosen & (ProgrammeSession.track == track_id)
    if between is not None:
        chosen = chosen & (ProgrammeSession.starts_at >= between[0]) & (ProgrammeSession.starts_at < between[1])
    query = ProgrammeSession.select(*_SESSION_COLUMNS)
    query = query.where(chosen).order_by(ProgrammeSession.starts_at).order_by(ProgrammeSession.id)
    if limit is not None:
        query = query.limit(limit).offset(offset)
    rows = await query
    total = len(rows) if limit is None else await ProgrammeSession.count().where(chosen)
    return Page([_session(row) for row in rows], total, offset + 1, limit or total)


async def session_by_id(session_id: int, edition_id: int | None = None) -> SessionInfo:
    """One session. Raises SessionNotFound, also when it is of another edition."""
    query = ProgrammeSession.select(*_SESSION_COLUMNS)
    rows = await query.where(ProgrammeSession.id == session_id)
    if not rows or (edition_id is not None and rows[0]["edition"] != edition_id):
        raise SessionNotFound
    return _session(rows[0])


def _session(row: Mapping[str, Any]) -> SessionInfo:
    return SessionInfo(
        id=row["id"],
        edition_id=row["edition"],
        track_id=row["track"],
        track=pick(_texts(row["track_name"])),
        title=_texts(row["title"]),
        summary=_texts(row["summary"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        place=row["place"],
        speaker=row["speaker"],
    )


def _texts(value: Any) -> dict[str, str]:
    """A JSON column that was read with or without ``load_json``."""
    found: dict[str, str] = json.loads(value) if isinstance(value, str) else (value or {})
    return found


async def names_of_festivals() -> list[str]:
    """What festivals are called in every language, and in addresses."""
    rows = await Edition.select(Edition.name, Edition.slug)
    return [text for row in rows for text in (row["slug"], *json.loads(row["name"]).values())]
