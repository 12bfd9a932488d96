"""An edition that is put off: what moves, what stays, whom it is told, and what its passes open."""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.events import slots
from app.events.enums import PassKind
from app.events.errors import EditionIsClosed, NotLater, TooMuchLater
from app.events.moving import Apart, Dates, Mover
from app.events.passes.handing_out import HandedOut, hand_out_pass
from app.events.passes.queries import genuine, key_shifts, pass_by_id, pass_public_keys
from app.events.passes.reissuing import replace_leaked_key
from app.events.queries import EditionInfo, edition_by_id, programme
from app.events.schemas import SessionValues
from app.events.services.editions import close_edition
from app.events.services.postponing import postpone_edition, preview_postponing
from app.events.services.programme import save_session
from app.events.tables import Edition, Pass
from app.judging.tables import Contest, Round
from app.kernel.database import fetch
from app.kernel.errors import AppError, Conflict
from app.kernel.jobs import claim
from app.kernel.tables import OutboxMessage
from app.kernel.worker import run_job
from booths.allocation.services.applications import submit_application
from tests.support.factories import make_organisation, make_person
from tests.support.factories_ticketing import make_open_edition, make_order, make_pass, make_ticket_type
from tests.support.festival import make_festival
from ticketing.sales.tables import TicketType

LATER = date(2026, 10, 30)
DAYS = timedelta(days=14)
"""From 16 to 30 October."""


async def put_off(edition: EditionInfo, now: datetime, **changes: Any) -> None:
    """Postpone an edition by two weeks."""
    given: dict[str, Any] = {"starts_on": LATER, "seen": edition.starts_on, "reason": "Bão số 9", **changes}
    await postpone_edition(edition_id=edition.id, actor=SYSTEM, now=now, **given)


async def run_jobs(now: datetime) -> None:
    """Do all work that waits."""
    while row := await claim("test", now + timedelta(seconds=1)):
        await run_job(row, "test")


@pytest.mark.engines
async def test_every_date_moves_by_as_many_days(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = await make_open_edition(now=frozen_now)
    begin = edition.window[0] + timedelta(hours=9)
    session = SessionValues(title={"vi": "Khai mạc"}, starts_at=begin, ends_at=begin + timedelta(hours=1))
    await save_session(edition_id=edition.id, values=session, actor=SYSTEM, now=frozen_now)
    begun, end = frozen_now - timedelta(days=3), frozen_now + timedelta(days=1)
    type_id = await make_ticket_type(
        edition.id, now=frozen_now, sales_from=begun, sales_until=end, first_day=date(2026, 10, 17), last_day=None
    )
    made = await make_pass(edition, now=frozen_now)
    await put_off(edition, frozen_now)

    moved = await edition_by_id(edition.id)
    assert (moved.starts_on, moved.ends_on) == (LATER, date(2026, 11, 1))
    (held,) = (await programme(edition.id)).items
    assert (held.starts_at, held.ends_at) == (begin + DAYS, begin + DAYS + timedelta(hours=1))
    kept = await TicketType.objects().get(TicketType.id == type_id)
    assert kept is not None
    sold = (kept.sales_from, kept.sales_until, kept.first_day, kept.last_day)
    assert sold == (begun, end + DAYS, date(2026, 10, 31), None)
    found = await pass_by_id(made.id)
    assert (found.valid_from, found.valid_until) == moved.window
    assert found.code == made.code
    (entry,) = await fetch("SELECT before, after FROM audit_entry WHERE action = 'edition.postpone'")
    assert json.loads(entry["before"]) == {"starts_on": "2026-10-16", "ends_on": "2026-10-18"}
    assert json.loads(entry["after"]) == {"starts_on": "2026-10-30", "ends_on": "2026-11-01", "reason": "Bão số 9"}
    assert (moved.was_starts_on, moved.was_ends_on) == (edition.starts_on, edition.ends_on)


@pytest.mark.engines
async def test_the_preview_says_what_moves(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = await make_open_edition(now=frozen_now)
    await make_pass(edition, now=frozen_now)
    lines = await preview_postponing(edition_id=edition.id, starts_on=LATER, now=frozen_now)
    days, passes = lines
    assert (days.title, days.count, days.before, days.after) == (
        "Days of the festival",
        1,
        (date(2026, 10, 16), date(2026, 10, 18)),
        (LATER, date(2026, 11, 1)),
    )
    assert (passes.title, passes.count) == ("Validity of passes", 1)
    assert (passes.before, passes.after) == (days.before, days.after)
    assert (await edition_by_id(edition.id)).starts_on == edition.starts_on


@pytest.mark.engines
async def test_all_of_it_moves_or_nothing(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = await make_open_edition(now=frozen_now)
    made = await make_pass(edition, now=frozen_now)

    class Broken(Exception):
        """What a mover raises."""

    async def fail(_shift: object) -> None:
        raise Broken

    dates = Dates(title="Days", columns=(Edition.starts_on,), of=Edition.id)
    mover = Mover(apart=(Apart(dates=dates, move=fail),))
    slots.add_mover(mover)
    try:
        with pytest.raises(Broken):
            await put_off(edition, frozen_now)
    finally:
        slots._movers.remove(mover)
    assert (await edition_by_id(edition.id)).starts_on == edition.starts_on
    assert (await pass_by_id(made.id)).valid_from == edition.window[0]
    assert await key_shifts(edition.id) == {}


@pytest.mark.engines
async def test_an_old_code_counts_on_the_new_days_and_not_on_the_old(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    edition = await make_open_edition(now=frozen_now)
    old = await make_pass(edition, now=frozen_now)
    await put_off(edition, frozen_now)
    moved = await edition_by_id(edition.id)
    payload = await genuine(old.code)
    assert (payload.valid_from, payload.valid_until) == moved.window
    assert not payload.covers(edition.window[0])
    assert payload.covers(moved.window[0])
    new = await make_pass(moved, now=frozen_now)
    fresh = await genuine(new.code)
    assert fresh.key_id != payload.key_id
    assert (fresh.valid_from, fresh.valid_until) == moved.window
    # Put off once more: both move.
    await put_off(moved, frozen_now, starts_on=date(2026, 11, 6))
    last = await edition_by_id(edition.id)
    for code in (old.code, new.code):
        again = await genuine(code)
        assert (again.valid_from, again.valid_until) == last.window
    assert await key_shifts(edition.id) == {payload.key_id: 21 * 1440, fresh.key_id: 7 * 1440}
    assert len(await pass_public_keys(edition.id)) == 3


@pytest.mark.engines
async def test_passes_of_neighbouring_days_are_not_moved_twice(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = await make_open_edition(now=frozen_now)
    windows = [edition.window_of(day, day) for day in edition.days]
    made = [await make_pass(edition, now=frozen_now, valid_from=window[0], valid_until=window[1]) for window in windows]
    await put_off(edition, frozen_now, starts_on=date(2026, 10, 17))
    for one, window in zip(made, windows, strict=True):
        assert (await pass_by_id(one.id)).valid_from == window[0] + timedelta(days=1)


@pytest.mark.engines
async def test_a_leaked_key_is_replaced_after_a_move_by_codes_of_the_new_days(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    edition = await make_open_edition(now=frozen_now)
    old = await make_pass(edition, now=frozen_now)
    leaked = (await genuine(old.code)).key_id
    await put_off(edition, frozen_now)
    await replace_leaked_key(key_id=leaked, actor=SYSTEM, now=frozen_now)
    await run_jobs(frozen_now)
    found = await pass_by_id(old.id)
    payload = await genuine(found.code)
    assert found.code != old.code
    assert (payload.valid_from, payload.valid_until) == (await edition_by_id(edition.id)).window


@pytest.mark.engines
async def test_everybody_concerned_is_told_once_in_her_language(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    edition = await make_open_edition(now=frozen_now)
    type_id = await make_ticket_type(edition.id, now=frozen_now)
    for locale, email in (("vi", "hoa@vd.vn"), ("en", "ann@vd.vn")):
        await make_order(edition.id, {type_id: 2}, now=frozen_now, phone=None, email=email, locale=locale)
    speaker = HandedOut(
        kind=PassKind.SPEAKER,
        holder_name="Ann",
        first_day=edition.starts_on,
        last_day=edition.ends_on,
        email="ann@vd.vn",
        locale="en",
    )
    await hand_out_pass(edition_id=edition.id, given=speaker, actor=SYSTEM, now=frozen_now)
    await put_off(edition, frozen_now)
    await run_jobs(frozen_now)
    told = OutboxMessage.unique_key.like(f"edition.change:{edition.id}:2026-10-30:%")
    rows = await OutboxMessage.select().where(told).order_by(OutboxMessage.to_address)
    assert [(row["to_address"], row["locale"]) for row in rows] == [("ann@vd.vn", "en"), ("hoa@vd.vn", "vi")]
    assert rows[0]["subject"] == f"New days: {edition.name['en']}"
    assert "The reason: Bão số 9" in rows[0]["body_text"]
    await fetch("UPDATE job SET state = 'queued' WHERE kind = 'events.tell_change' RETURNING id")
    await run_jobs(frozen_now)
    assert await OutboxMessage.count().where(told) == 2


async def test_what_cannot_be_is_refused(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = await make_open_edition(now=frozen_now)
    with pytest.raises(NotLater):
        await put_off(edition, frozen_now, starts_on=edition.starts_on)
    with pytest.raises(TooMuchLater):
        await put_off(edition, frozen_now, starts_on=date(2036, 1, 1))
    with pytest.raises(Conflict):
        await put_off(edition, frozen_now, seen=date(2026, 10, 1))
    await close_edition(edition_id=edition.id, actor=SYSTEM, now=frozen_now)
    with pytest.raises(EditionIsClosed):
        await put_off(edition, frozen_now)


@pytest.mark.race
async def test_of_many_who_postpone_at_once_one_does(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = await make_open_edition(now=frozen_now)
    done = await asyncio.gather(*(put_off(edition, frozen_now) for _each in range(6)), return_exceptions=True)
    refused = [one for one in done if isinstance(one, AppError)]
    assert {one.code for one in refused} == {"changed_meanwhile"}
    assert len(refused) == 5
    assert (await edition_by_id(edition.id)).starts_on == LATER


@pytest.mark.race
async def test_no_pass_is_issued_for_the_old_days_while_the_edition_moves(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    edition = await make_open_edition(now=frozen_now)
    type_id = await make_ticket_type(edition.id, now=frozen_now, quota=100)
    orders = [make_order(edition.id, {type_id: 1}, now=frozen_now) for _each in range(12)]
    await asyncio.gather(*orders[:6], put_off(edition, frozen_now), *orders[6:])
    moved = await edition_by_id(edition.id)
    rows = await Pass.select(Pass.valid_from, Pass.valid_until, Pass.code).where(Pass.edition == edition.id)
    assert len(rows) == 12
    for row in rows:
        assert (row["valid_from"], row["valid_until"]) == moved.window
        payload = await genuine(row["code"])
        assert (payload.valid_from, payload.valid_until) == moved.window


async def test_exhibitors_judges_and_teams_are_among_those_whom_it_concerns(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    edition = (await make_festival(frozen_now)).edition
    concerned = await slots.people_concerned(edition.id)
    for sql in (
        "SELECT contact AS id FROM application WHERE edition = {} AND state <> 'withdrawn' AND contact IS NOT NULL",
        "SELECT m.person AS id FROM contest_panel_member m JOIN contest c ON c.id = m.contest WHERE c.edition = {}",
        "SELECT m.person AS id FROM contest_entry_member m JOIN contest_entry e ON e.id = m.entry "
        "JOIN contest c ON c.id = e.contest WHERE c.edition = {} AND e.state <> 'withdrawn'",
        "SELECT buyer AS id FROM ticket_order WHERE edition = {} AND state = 'confirmed' AND buyer IS NOT NULL",
    ):
        people = {row["id"] for row in await fetch(sql, edition.id)}
        assert people
        assert people - concerned == set()
    stranger = await make_person(now=frozen_now)
    assert concerned & {stranger.id} == set()


async def test_an_exhibitor_without_a_contact_in_its_application_is_told_through_its_organisation(
    client: httpx.AsyncClient, frozen_now: datetime
) -> None:
    edition = await make_open_edition(now=frozen_now)
    head = await make_person(now=frozen_now)
    organisation = await make_organisation(contact=head.id, now=frozen_now)
    await submit_application(
        edition_id=edition.id,
        organisation_id=organisation.id,
        contact_id=None,
        cells_wanted=1,
        actor=SYSTEM,
        now=frozen_now,
    )
    assert await slots.people_concerned(edition.id) == {head.id}


async def test_the_jury_and_the_sales_get_their_new_dates(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    edition = (await make_festival(frozen_now)).edition
    sql = (
        "SELECT r.id, r.state, r.opens_at, r.closes_at FROM contest_round r JOIN contest c ON c.id = r.contest "
        "WHERE c.edition = {} ORDER BY r.id"
    )
    ahead = frozen_now + timedelta(days=2)
    for row in await fetch(sql, edition.id):
        await Round.update({Round.opens_at: ahead, Round.closes_at: ahead + DAYS}).where(Round.id == row["id"])
    await Contest.update({Contest.entries_open_at: None, Contest.entries_close_at: ahead}).where(
        Contest.edition == edition.id
    )
    await postpone_edition(
        edition_id=edition.id,
        starts_on=edition.starts_on + DAYS,
        seen=edition.starts_on,
        reason="",
        actor=SYSTEM,
        now=frozen_now,
    )
    rounds = await Round.select(Round.state, Round.opens_at, Round.closes_at).where(Round.contest.edition == edition.id)
    for row in rounds:
        moved = ahead + (DAYS if row["state"] in ("draft", "open") else timedelta())
        assert (row["opens_at"], row["closes_at"]) == (moved, moved + DAYS)
    assert {row["state"] for row in rounds} & {"draft", "open"} != set()
    (call,) = await Contest.select(Contest.entries_close_at).where(Contest.edition == edition.id)
    assert call["entries_close_at"] == ahead + DAYS
