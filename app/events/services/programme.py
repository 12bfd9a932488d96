"""Tracks and sessions of the programme."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.enums import EditionState
from app.events.errors import (
    DatesReversed,
    EditionIsCancelled,
    EditionIsClosed,
    SessionNotFound,
    SessionOutsideEdition,
    TrackInUse,
)
from app.events.queries import EditionInfo, SessionInfo, edition_by_id, session_by_id, tracks
from app.events.schemas import SessionValues as SessionValues
from app.events.short_codes import register_short_code
from app.events.tables import ProgrammeSession, Track
from app.kernel.audit import changes, note
from app.kernel.database import write_transaction
from app.kernel.i18n import format_date
from app.kernel.names import clean_text, search_text

Texts = Mapping[str, str]


def session_key(title: Texts, *parts: str) -> str:
    """What a session is searched by: its titles and more, in lower case without diacritics."""
    return search_text(*title.values(), *parts)[:400]


def check_times(edition: EditionInfo, starts_at: datetime, ends_at: datetime) -> None:
    """Raise DatesReversed or SessionOutsideEdition for times that do not fit."""
    if ends_at <= starts_at:
        raise DatesReversed
    first, last = edition.window
    if starts_at < first or ends_at > last:
        raise SessionOutsideEdition(first=format_date(edition.starts_on), last=format_date(edition.ends_on))


async def find_or_create_track(*, edition_id: int, name: str) -> int | None:
    """The track with this name in any language, in any case; added when there is none; None for an empty name."""
    cleaned = clean_text(name)[:160]
    key = search_text(cleaned)[:160]
    if not key:
        return None
    async with write_transaction():
        rows = await Track.select(Track.id, Track.name, Track.name_key).where(Track.edition == edition_id)
        for row in rows:
            if key == row["name_key"] or key in {search_text(text) for text in json.loads(row["name"]).values()}:
                return int(row["id"])
        track = Track(
            edition=edition_id,
            name=json.dumps({"vi": cleaned}, ensure_ascii=False),
            name_key=key,
            position=len(rows),
        )
        await track.save()
        return track.id


async def rename_track(*, edition_id: int, track_id: int, name: Texts, actor: Actor, now: datetime) -> None:
    """Give a track its names. Raises SessionNotFound when it is not this edition's."""
    texts = {key: clean_text(text)[:160] for key, text in name.items() if clean_text(text)}
    async with write_transaction():
        before = next((track["name"] for track in await tracks(edition_id) if track["id"] == track_id), None)
        if before is None:
            raise SessionNotFound
        await Track.update({Track.name: json.dumps(texts, ensure_ascii=False)}).where(Track.id == track_id)
        if texts != before:
            await note(actor, "track.update", "track", track_id, edition_id, now, {"name": before}, {"name": texts})


async def delete_track(*, edition_id: int, track_id: int, actor: Actor, now: datetime) -> None:
    """Remove a track without sessions. Raises TrackInUse."""
    async with write_transaction():
        if await ProgrammeSession.exists().where(ProgrammeSession.track == track_id):
            raise TrackInUse
        gone = await Track.delete().where((Track.id == track_id) & (Track.edition == edition_id)).returning(Track.name)
        for row in gone:
            before = {"name": json.loads(row["name"])}
            await note(actor, "track.delete", "track", track_id, edition_id, now, before)


async def save_session(
    *, edition_id: int, values: SessionValues, actor: Actor, now: datetime, session_id: int | None = None
) -> int:
    """Add a session (with its short code), or change the one with ``session_id``; gives its id.

    Raises EditionIsClosed, EditionIsCancelled, DatesReversed, SessionOutsideEdition, SessionNotFound.
    """
    edition = await edition_by_id(edition_id)
    if edition.state == EditionState.CLOSED:
        raise EditionIsClosed
    if edition.state == EditionState.CANCELLED:
        raise EditionIsCancelled
    check_times(edition, values.starts_at, values.ends_at)
    async with write_transaction():
        track_id = await find_or_create_track(edition_id=edition_id, name=values.track)
        columns: dict[Any, Any] = {
            "track": track_id,
            "title": _json(values.title),
            "title_key": session_key(values.title, values.speaker, values.place),
            "summary": _json(values.summary),
            "starts_at": values.starts_at,
            "ends_at": values.ends_at,
            "place": clean_text(values.place)[:160],
            "speaker": clean_text(values.speaker)[:200],
        }
        if session_id is None:
            row = ProgrammeSession(edition=edition_id, **columns)
            await row.save()
            await register_short_code("session", row.id, edition_id, now)
            after = await _shown(await session_by_id(row.id))
            await note(actor, "session.create", "session", row.id, edition_id, now, after=after)
            return row.id
        old = await _shown(await session_by_id(session_id, edition_id))
        await ProgrammeSession.update(columns).where(ProgrammeSession.id == session_id)
        before, after = changes(old, await _shown(await session_by_id(session_id)))
        if before or after:
            await note(actor, "session.update", "session", session_id, edition_id, now, before, after)
        return session_id


async def delete_session(*, edition_id: int, session_id: int, actor: Actor, now: datetime) -> None:
    """Take a session out of the programme. Raises SessionNotFound."""
    async with write_transaction():
        before = await _shown(await session_by_id(session_id, edition_id))
        await ProgrammeSession.delete().where(ProgrammeSession.id == session_id)
        await note(actor, "session.delete", "session", session_id, edition_id, now, before)


async def _shown(session: SessionInfo) -> dict[str, Any]:
    """A session as the log tells it; its track by its names, which stay readable when it is gone."""
    names = {track["id"]: track["name"] for track in await tracks(session.edition_id)}
    return {
        "title": dict(session.title),
        "track": names.get(session.track_id),
        "summary": dict(session.summary),
        "starts_at": session.starts_at,
        "ends_at": session.ends_at,
        "place": session.place,
        "speaker": session.speaker,
    }


def _json(texts: Texts) -> str:
    return json.dumps({key: text for key, text in texts.items() if text}, ensure_ascii=False)
