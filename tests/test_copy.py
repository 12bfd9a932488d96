"""The next edition as a copy: what every module takes over, and what none does."""

import json
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from app.accounts.actor import SYSTEM
from app.events.queries import edition_by_id
from app.events.services.editions import copy_edition
from app.kernel.database import as_day, fetch
from tests.conftest import NOW
from tests.support.factories_ticketing import make_list, make_open_edition
from tests.support.festival import make_festival
from ticketing.checkin.rules import ListRules

HALLS = "SELECT name, width_cells, depth_cells FROM hall WHERE edition = {} ORDER BY id"
BOOTHS = (
    "SELECT h.name, b.code, b.zone, b.cell_count, b.power_watts, b.price_minor FROM booth b "
    "JOIN hall h ON h.id = b.hall WHERE b.edition = {} ORDER BY b.id"
)
CELLS = (
    "SELECT h.name, c.x, c.y, b.code FROM cell c JOIN hall h ON h.id = c.hall "
    "LEFT JOIN booth b ON b.id = c.booth WHERE h.edition = {} ORDER BY h.name, c.x, c.y"
)
GATES = (
    "SELECT g.name, l.name AS list, l.pass_kinds, h.name AS hall FROM gate g JOIN check_in_list l "
    "ON l.id = g.check_in_list LEFT JOIN hall h ON h.id = g.hall WHERE g.edition = {} ORDER BY g.id"
)
CRITERIA = (
    "SELECT r.number, r.name, r.advance_count, c.name AS criterion, c.weight, c.max, c.anchors "
    "FROM contest_criterion c JOIN contest_round r ON r.id = c.round JOIN contest t ON t.id = r.contest "
    "WHERE t.edition = {} ORDER BY r.number, c.id"
)
TYPES = "SELECT code, name, price_minor, pass_kind FROM ticket_type WHERE edition = {} ORDER BY id"
QUOTAS = (
    "SELECT q.name, q.size, t.code FROM quota q JOIN quota_type j ON j.quota = q.id "
    "JOIN ticket_type t ON t.id = j.ticket_type WHERE q.edition = {} ORDER BY q.id, t.id"
)


@pytest.mark.engines
async def test_the_house_is_taken_over_and_the_people_are_not(client: httpx.AsyncClient, frozen_now: datetime) -> None:
    festival = await make_festival(frozen_now)
    source = await edition_by_id(int(festival.ids["edition_id"]))
    await fetch("UPDATE ticket_type SET sales_until = {} WHERE edition = {}", frozen_now, source.id)
    first_day = source.starts_on + timedelta(days=364)
    made = await copy_edition(
        source_id=source.id, slug="sang-nam", name={"vi": "Sang năm"}, starts_on=first_day, actor=SYSTEM, now=frozen_now
    )
    for sql in (HALLS, BOOTHS, CELLS, GATES, CRITERIA, TYPES, QUOTAS):
        before = await fetch(sql, source.id)
        assert before
        assert await fetch(sql, made.id) == before
    sold = await fetch("SELECT DISTINCT sold, held FROM ticket_type WHERE edition = {}", made.id)
    assert sold == [{"sold": 0, "held": 0}]
    assert await fetch("SELECT DISTINCT sold, held FROM quota WHERE edition = {}", made.id) == sold
    until = await fetch("SELECT sales_until FROM ticket_type WHERE edition = {} ORDER BY id LIMIT 1", made.id)
    assert _moment(until[0]["sales_until"]) == frozen_now + timedelta(days=364)
    assert await fetch("SELECT state FROM contest WHERE edition = {}", made.id) == [{"state": "draft"}]
    states = await fetch(
        "SELECT DISTINCT r.state FROM contest_round r JOIN contest t ON t.id = r.contest WHERE t.edition = {}", made.id
    )
    assert states == [{"state": "draft"}]
    for table in ("application", "ticket_order", "pass", "programme_session"):
        assert await fetch(f"SELECT id FROM {table} WHERE edition = {{}}", made.id) == []
    held = "SELECT h.id FROM cell_hold h JOIN booth b ON b.id = h.booth WHERE b.edition = {}"
    assert await fetch(held, made.id) == []


@pytest.mark.engines
async def test_a_copied_edition_has_the_times_of_its_lists_as_far_from_its_first_day(client: httpx.AsyncClient) -> None:
    source = await make_open_edition(now=NOW, timezone="Europe/Berlin")
    rules = ListRules(
        opens_at=datetime(2026, 10, 16, 7, tzinfo=UTC),  # nine o'clock in summer time
        day=date(2026, 10, 17),
        opens_daily="09:00",
        area="VIP",
        note={"vi": "Mời trà"},
    )
    await make_list(source.id, now=NOW, rules=rules)
    made = await copy_edition(
        source_id=source.id, slug="dong", name={"vi": "Đông"}, starts_on=date(2026, 12, 11), actor=SYSTEM, now=NOW
    )
    (row,) = await fetch("SELECT * FROM check_in_list WHERE edition = {}", made.id)
    assert _moment(row["opens_at"]) == datetime(2026, 12, 11, 8, tzinfo=UTC)
    assert (as_day(row["day"]), row["closes_at"], row["opens_daily"], row["area"]) == (
        date(2026, 12, 12),
        None,
        "09:00",
        "VIP",
    )
    assert json.loads(row["note"]) == {"vi": "Mời trà"}


async def test_an_edition_with_nothing_in_it(database: str) -> None:
    from tests.events.factories import make_edition

    source = await make_edition()
    made = await copy_edition(
        source_id=source.id,
        slug="sang-nam",
        name={"vi": "Sang năm"},
        starts_on=date(2027, 10, 15),
        actor=SYSTEM,
        now=datetime.fromisoformat("2026-12-01T00:00:00+00:00"),
    )
    assert await fetch(HALLS, made.id) == []


def _moment(value: str | datetime) -> datetime:
    """A time as either engine gives it."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
