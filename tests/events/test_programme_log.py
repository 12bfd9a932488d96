"""What the log tells of the programme: the same things before and after, in words."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import tracks
from app.events.services.programme import (
    SessionValues,
    delete_session,
    delete_track,
    find_or_create_track,
    rename_track,
    save_session,
)
from app.kernel.audit import list_entries
from tests.conftest import NOW
from tests.events.factories import make_edition

OPENING = SessionValues(
    title={"vi": "Khai mạc"},
    starts_at=datetime(2026, 10, 16, 2, tzinfo=UTC),
    ends_at=datetime(2026, 10, 16, 3, tzinfo=UTC),
    track="Sân khấu",
    place="Hội trường A",
    speaker="Bà Hoa",
)
TOLD = {
    "title": {"vi": "Khai mạc"},
    "track": {"vi": "Sân khấu"},
    "summary": {},
    "starts_at": "2026-10-16T02:00:00Z",
    "ends_at": "2026-10-16T03:00:00Z",
    "place": "Hội trường A",
    "speaker": "Bà Hoa",
}


async def told(edition_id: int, action: str) -> list[tuple[Any, Any]]:
    """Before and after of each entry of an action, the newest first."""
    entries, _total = await list_entries(edition_id=edition_id, action=action)
    return [(entry["before"], entry["after"]) for entry in entries]


@pytest.mark.engines
async def test_a_session_is_told_by_the_same_fields_before_and_after(database: str) -> None:
    edition = await make_edition()
    session_id = await save_session(edition_id=edition.id, values=OPENING, actor=SYSTEM, now=NOW)
    assert await told(edition.id, "session.create") == [(None, TOLD)]
    changed = replace(OPENING, title={"vi": "Lễ khai mạc"}, track="Hội thảo", speaker="")
    for _again in range(2):
        await save_session(edition_id=edition.id, values=changed, session_id=session_id, actor=SYSTEM, now=NOW)
    assert await told(edition.id, "session.update") == [
        (
            {"title": {"vi": "Khai mạc"}, "track": {"vi": "Sân khấu"}, "speaker": "Bà Hoa"},
            {"title": {"vi": "Lễ khai mạc"}, "track": {"vi": "Hội thảo"}, "speaker": ""},
        )
    ]
    await delete_session(edition_id=edition.id, session_id=session_id, actor=SYSTEM, now=NOW)
    last = {**TOLD, "title": {"vi": "Lễ khai mạc"}, "track": {"vi": "Hội thảo"}, "speaker": ""}
    assert await told(edition.id, "session.delete") == [(last, None)]


@pytest.mark.engines
async def test_a_tracks_old_name_stays_in_the_log(database: str) -> None:
    edition, other = await make_edition(), await make_edition("other")
    track_id = await find_or_create_track(edition_id=edition.id, name="Sân khấu")
    assert track_id is not None
    names = {"vi": "Sân khấu lớn", "en": "Main stage"}
    for _again in range(2):
        await rename_track(edition_id=edition.id, track_id=track_id, name=names, actor=SYSTEM, now=NOW)
    assert await told(edition.id, "track.update") == [({"name": {"vi": "Sân khấu"}}, {"name": names})]
    await delete_track(edition_id=other.id, track_id=track_id, actor=SYSTEM, now=NOW)
    assert (await told(other.id, "track.delete"), len(await tracks(edition.id))) == ([], 1)
    await delete_track(edition_id=edition.id, track_id=track_id, actor=SYSTEM, now=NOW)
    assert (await told(edition.id, "track.delete"), await tracks(edition.id)) == ([({"name": names}, None)], [])
