"""The live day's reads: the flow by gate and the conflicts, which the database groups, searches and pages itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.personal.whom import Whom
from app.events.queries import EditionInfo
from app.events.typed_codes import show_code
from app.kernel.clock import freeze
from app.kernel.database import dialect, fetch, write_transaction
from tests.conftest import NOW
from tests.support.client import new_browser
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass
from ticketing.checkin import queries
from ticketing.checkin.controllers import live
from ticketing.checkin.enums import Settlement, Verdict
from ticketing.checkin.personal import DATA
from ticketing.checkin.rules import ListRules, day_began
from ticketing.checkin.schemas import QueuedScan
from ticketing.checkin.services.redeeming import redeem_pass, redeem_queue
from ticketing.checkin.services.settling import settle_conflict

pytestmark = pytest.mark.engines
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def scene(database: str) -> Any:
    """An edition and two gates of one list, each with a phone."""
    edition = await make_open_edition(now=NOW)
    list_id = await make_list(edition.id, now=NOW)
    phones = [(await make_gate(edition.id, list_id, now=NOW, name=name))[1] for name in ("Cổng Đông", "Cổng Tây")]
    return edition, phones


async def conflict(edition: EditionInfo, phone: Any, number: int, **values: Any) -> str:
    """A pass that a phone let in offline before its time; returns its short code."""
    issued = await make_pass(edition, now=NOW, valid_from=NOW + 60 * MINUTE, **values)
    scan = QueuedScan(f"scan-{number:04d}", issued.code, NOW, Verdict.ADMITTED)
    await redeem_queue(actor=phone, scans=[scan], now=NOW)
    return issued.short_code


async def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each statement gives from now on."""
    found: list[int] = []

    async def counting(sql: str, *values: Any) -> list[dict[str, Any]]:
        rows = await fetch(sql, *values)
        found.append(len(rows))
        return rows

    monkeypatch.setattr(queries, "fetch", counting)
    return found


async def test_the_flow_is_grouped_by_the_database(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    edition, phones = scene
    minutes = [(0, -200), (0, -180), (0, -166), (0, -165), (0, -30), (0, -16), (1, -15), (1, -1), (1, 0), (1, 14)]
    for number, (phone, minute) in enumerate(minutes):
        issued = await make_pass(edition, now=NOW)
        at = NOW + minute * MINUTE
        await redeem_pass(actor=phones[phone], client_id=f"scan-{number:04d}", code=issued.code, now=max(at, NOW))
        await fetch("UPDATE scan SET judged_at = {} WHERE event_pass = {} RETURNING id", at, issued.id)
    rows = await counted(monkeypatch)
    starts, counts = await queries.flow(edition.id, NOW + 14 * MINUTE)
    assert (starts[0], starts[-1]) == (NOW - 165 * MINUTE, NOW)
    assert counts == {
        "Cổng Đông": [1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0],
        "Cổng Tây": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2],
    }
    assert rows == [4]


async def test_conflicts_are_paged_by_the_database_those_that_wait_first(
    scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition, phones = scene
    for number in range(5):
        await conflict(edition, phones[0], number)
    ids = [row["id"] for row in await fetch("SELECT id FROM scan ORDER BY id")]
    for scan_id in (ids[4], ids[1]):
        await settle_conflict(
            scan_id=scan_id, edition_id=edition.id, settlement=Settlement.REFUSED, actor=phones[0], now=NOW
        )
    rows = await counted(monkeypatch)
    pages = [await queries.late_conflicts(edition.id, "", offset=offset, limit=2) for offset in (0, 2, 4, 6)]
    assert [[row["id"] for row in page] for page in pages] == [[ids[3], ids[2]], [ids[0], ids[4]], [ids[1]], []]
    assert rows == [2, 2, 1, 0]
    assert await queries.count_late_conflicts(edition.id, "") == 5


async def test_conflicts_are_searched_by_gate_phone_type_and_code(scene: Any) -> None:
    edition, phones = scene
    codes = [
        await conflict(edition, phones[0], 0),
        await conflict(edition, phones[1], 1, label="Bạn của Hội 100%"),
    ]
    scan = QueuedScan("scan-none", "nothing", NOW, Verdict.ADMITTED)
    await redeem_queue(actor=phones[0], scans=[scan], now=NOW)

    async def found(text: str) -> list[str | None]:
        rows = await queries.late_conflicts(edition.id, text, offset=0, limit=9)
        assert await queries.count_late_conflicts(edition.id, text) == len(rows)
        return [row["short_code"] for row in rows]

    printed = f"{codes[0][:4]}-{codes[0][4:]}"
    assert {
        text: await found(text) for text in ("cong dong", "MÁY tây", "bạn hoi", "100%", printed, codes[1].lower())
    } == {
        "cong dong": [None, codes[0]],
        "MÁY tây": [codes[1]],
        "bạn hoi": [codes[1]],
        "100%": [codes[1]],
        printed: [codes[0]],
        codes[1].lower(): [codes[1]],
    }
    assert (await found("cong xyzzyx"), await found("%"), await found("ve dong")) == ([], [codes[1]], [codes[0]])


async def test_all_scans_are_read_in_stretches_and_written_as_they_come(
    scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition, phones = scene
    other = await make_open_edition(now=NOW)
    elsewhere = (await make_gate(other.id, await make_list(other.id, now=NOW), now=NOW, name="Cổng khác"))[1]
    codes = []
    for number in range(5):
        issued = await make_pass(edition, now=NOW)
        codes.append(show_code(issued.short_code))
        await redeem_pass(actor=phones[0], client_id=f"scan-{number:04d}", code=issued.code, now=NOW + number * MINUTE)
    await redeem_pass(actor=elsewhere, client_id="scan-other", code=(await make_pass(other, now=NOW)).code, now=NOW)
    for number in range(3):
        await conflict(edition, phones[1], 100 + number)
    monkeypatch.setattr(queries, "STRETCH", 2)
    await queries.late_conflicts(edition.id, "", offset=0, limit=1)  # names of labels are kept for a minute
    rows = await counted(monkeypatch)
    read = [[row["short_code"] for row in stretch] async for stretch in queries.all_scans(edition.id)]
    assert ([len(one) for one in read], max(rows)) == ([2, 2, 2, 2], 2)
    assert [show_code(code) for one in read for code in one][-5:] == codes[::-1]
    found = [len(stretch) async for stretch in queries.all_late_conflicts(edition.id, "Tây")]
    assert found == [2, 1]


async def test_the_figures_of_a_list_are_read_by_its_indexes(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _edition, (phone, _other) = scene
    plans: list[str] = []

    async def planned(sql: str, *values: Any) -> list[dict[str, Any]]:
        async with write_transaction():
            if dialect() == "postgres":
                await fetch("SET LOCAL enable_seqscan = off")  # a small table is read from end to end
            explain = "EXPLAIN" if dialect() == "postgres" else "EXPLAIN QUERY PLAN"
            plans.extend(str(row) for row in await fetch(f"{explain} {sql}", *values))
        return await fetch(sql, *values)

    monkeypatch.setattr(queries, "fetch", planned)
    assert await queries.counts_of_list(phone.subject_id, NOW) == (0, 0)
    used = [name for name in ("admission_entered", "admission_inside") if any(name in line for line in plans)]
    assert used == ["admission_entered", "admission_inside"]


async def test_past_midnight_the_figures_are_those_of_the_day_of_the_list(database: str) -> None:
    edition = await make_open_edition(now=NOW)
    list_id = await make_list(edition.id, now=NOW, rules=ListRules(opens_daily="18:00", closes_daily="02:00"))
    _gate_id, phone, token = await make_gate(edition.id, list_id, now=NOW)
    issued = await make_pass(edition, now=NOW)
    midnight = day_began(ListRules(), NOW + 24 * 60 * MINUTE, edition.timezone)
    answer = await redeem_pass(actor=phone, client_id="scan-0001", code=issued.code, now=midnight - MINUTE)
    assert answer.verdict == "admitted"
    with freeze(midnight + 60 * MINUTE):
        (row,) = (await live._state(edition.id))["lists"]
        assert (row["inside"], row["admitted"]) == (1, 1)
        async with new_browser() as browser:
            status = await browser.get("/api/v1/gate/status", headers={"authorization": f"Bearer {token}"})
    assert (status.json()["inside"], status.json()["admitted"]) == (1, 1)


@pytest.mark.parametrize("settlement", [*Settlement, None])
async def test_a_person_is_told_of_conflicts_by_which_she_came_in(settlement: Settlement | None, scene: Any) -> None:
    edition, (phone, _other) = scene
    await conflict(edition, phone, 1)
    await fetch("UPDATE scan SET settlement = {}", settlement and settlement.value)
    (scan,) = await fetch("SELECT event_pass FROM scan")
    admissions = DATA.held[0]
    assert admissions.find is not None
    counts = settlement in (Settlement.ACCEPTED, Settlement.EXPLAINED)
    told = [{"edition_id": edition.id, "admitted_at": NOW}] if counts else []
    assert await admissions.find(Whom(pass_ids=(scan["event_pass"],))) == told
