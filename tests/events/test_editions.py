"""Editions are made, copied, changed, opened and closed."""

from datetime import UTC, date, datetime

import pytest

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.accounts.services.people import create_person
from app.events.enums import EditionState, Part
from app.events.errors import (
    DatesReversed,
    EditionIsClosed,
    EditionNotFound,
    NotReadyToOpen,
    SlugTaken,
    StateNotReachable,
)
from app.events.queries import edition_by_id, edition_by_slug, editions, tracks
from app.events.services.editions import (
    EditionValues,
    close_edition,
    copy_edition,
    find_or_create_venue,
    open_edition,
    slug_of,
    update_edition,
)
from app.events.services.programme import find_or_create_track
from app.kernel.audit import list_entries
from tests.conftest import NOW
from tests.events.factories import WOMEN, make_edition


def test_a_slug_is_made_of_any_name() -> None:
    assert slug_of("Phụ nữ Sáng tạo – Đà Nẵng 2026") == "phu-nu-sang-tao-da-nang-2026"


@pytest.mark.engines
async def test_an_edition_gives_back_what_was_said(database: str) -> None:
    made = await make_edition(parts=(Part.FAIR, Part.TICKETS), opened=False)
    found = await edition_by_id(made.id)
    assert found == made
    assert found.name == WOMEN
    assert found.parts == {Part.FAIR, Part.TICKETS}
    assert (found.has("fair"), found.has(Part.CONTEST)) == (True, False)
    assert found.days == [date(2026, 10, 16), date(2026, 10, 17), date(2026, 10, 18)]
    assert found.window == (datetime(2026, 10, 15, 17, tzinfo=UTC), datetime(2026, 10, 18, 17, tzinfo=UTC))
    assert found.today(datetime(2026, 10, 15, 18, tzinfo=UTC)) == date(2026, 10, 16)
    assert found.when == "16–18 Oct 2026"


async def test_whoever_makes_an_edition_becomes_its_owner(database: str) -> None:
    person = await create_person(full_name="Trần Thị Mai", phone="+84912345678", now=NOW)
    edition = await make_edition(actor=await actor_of_person(person.id))
    actor = await actor_of_person(person.id)
    assert actor.has(Role.MANAGER, edition_id=edition.id)
    assert not actor.has(Role.MANAGER, edition_id=edition.id + 1)
    everywhere = Actor(person_id=person.id, grants=())
    assert everywhere.editions(Role.OWNER) == set()


async def test_two_editions_cannot_share_an_address(database: str) -> None:
    await make_edition("fair")
    with pytest.raises(SlugTaken):
        await make_edition("Fair")
    other = await make_edition("other")
    with pytest.raises(SlugTaken):
        await update_edition(
            edition_id=other.id,
            values=EditionValues(slug="fair", name=WOMEN, starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 2)),
            actor=SYSTEM,
            now=NOW,
        )


@pytest.mark.parametrize(
    "changes", [{"ends_on": date(2026, 10, 15)}, {"opens_at": "18:00", "closes_at": "08:00"}], ids=["days", "hours"]
)
async def test_an_end_before_the_beginning_is_refused(database: str, changes: dict[str, object]) -> None:
    with pytest.raises(DatesReversed):
        await make_edition(**changes)


async def test_a_draft_is_shown_to_nobody(database: str) -> None:
    edition = await make_edition(opened=False)
    with pytest.raises(EditionNotFound):
        await edition_by_slug(edition.slug)
    assert (await edition_by_slug(edition.slug, drafts=True)).id == edition.id
    with pytest.raises(EditionNotFound):
        await edition_by_id(edition.id + 1)


@pytest.mark.engines
async def test_an_edition_opens_closes_and_opens_again(database: str) -> None:
    edition = await make_edition()
    with pytest.raises(StateNotReachable):
        await open_edition(edition_id=edition.id, actor=SYSTEM, now=NOW)
    await close_edition(edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert (await edition_by_slug(edition.slug)).state == EditionState.CLOSED
    with pytest.raises(StateNotReachable):
        await close_edition(edition_id=edition.id, actor=SYSTEM, now=NOW)
    with pytest.raises(EditionIsClosed):
        await update_edition(
            edition_id=edition.id,
            values=EditionValues(slug="x", name=WOMEN, starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 2)),
            actor=SYSTEM,
            now=NOW,
        )
    await open_edition(edition_id=edition.id, actor=SYSTEM, now=NOW)
    assert (await edition_by_id(edition.id)).state == EditionState.OPEN
    told = [
        (entry["action"], entry["before"], entry["after"])
        for entry in (await list_entries(edition_id=edition.id))[0]
        if entry["action"] in ("edition.open", "edition.closed")
    ]
    assert told == [
        ("edition.open", {"state": "closed"}, {"state": "open"}),
        ("edition.closed", {"state": "open"}, {"state": "closed"}),
        ("edition.open", {"state": "draft"}, {"state": "open"}),
    ]


async def test_an_edition_without_a_place_does_not_open(database: str) -> None:
    with pytest.raises(NotReadyToOpen):
        await make_edition(place={})


@pytest.mark.engines
async def test_a_copy_takes_over_texts_parts_venue_and_tracks_and_nothing_else(database: str) -> None:
    venue = await find_or_create_venue(name="Cung Văn hóa", address="91 Trần Hưng Đạo", now=NOW)
    assert await find_or_create_venue(name="cung van hoa", address="", now=NOW) == venue
    source = await make_edition(parts=(Part.FAIR,), venue_id=venue)
    await find_or_create_track(edition_id=source.id, name="Diễn đàn")
    await find_or_create_track(edition_id=source.id, name="Trình diễn")
    made = await copy_edition(
        source_id=source.id,
        slug="phu-nu-sang-tao-2027",
        name={"vi": "Phụ nữ sáng tạo 2027"},
        starts_on=date(2027, 10, 15),
        actor=SYSTEM,
        now=NOW,
    )
    assert (made.state, made.copied_from_id, made.venue_id) == (EditionState.DRAFT, source.id, venue)
    assert (made.intro, made.place, made.parts) == (source.intro, source.place, source.parts)
    assert (made.starts_on, made.ends_on) == (date(2027, 10, 15), date(2027, 10, 17))
    assert [track["name"] for track in await tracks(made.id)] == [{"vi": "Diễn đàn"}, {"vi": "Trình diễn"}]


async def test_a_change_is_in_the_audit_log_with_before_and_after(database: str) -> None:
    edition = await make_edition()
    values = EditionValues(
        slug=edition.slug,
        name=edition.name,
        intro=edition.intro,
        place={"vi": "Sân Mỹ Đình"},
        starts_on=edition.starts_on,
        ends_on=date(2026, 10, 19),
        parts=tuple(edition.parts),
    )
    changed = await update_edition(edition_id=edition.id, values=values, actor=SYSTEM, now=NOW)
    assert changed.place == {"vi": "Sân Mỹ Đình"}
    entries, _total = await list_entries(edition_id=edition.id, action="edition.update")
    assert entries[0]["after"]["ends_on"] == "2026-10-19"
    assert set(entries[0]["before"]) == {"place", "ends_on"}


async def test_lists_of_editions_are_limited_to_what_one_may_see(database: str) -> None:
    first = await make_edition("first", opened=False)
    second = await make_edition("second", starts_on=date(2027, 1, 1), ends_on=date(2027, 1, 2))
    assert [one.id for one in await editions()] == [second.id, first.id]
    assert [one.id for one in await editions(ids={first.id})] == [first.id]
    assert await editions(ids=set()) == []
    assert [one.id for one in await editions(states=[EditionState.OPEN])] == [second.id]
