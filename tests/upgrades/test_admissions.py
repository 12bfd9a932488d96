"""Entries of earlier versions, a row for each, become one row for a pass and a list, which knows how many they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.kernel.database import fetch
from app.kernel.migrate import migrate
from tests.upgrades.test_upgrading import NAMES, put_stored

pytestmark = pytest.mark.engines
MORNING = datetime(2026, 10, 16, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("name", [one for one in NAMES if one < "2026-11-30"])
async def test_the_entries_of_a_pass_are_counted_and_the_open_one_stays(name: str, empty_database: str) -> None:
    await put_stored(name, empty_database)
    (row,) = await fetch("SELECT id, check_in_list FROM gate ORDER BY id LIMIT 1")
    passes = [one["id"] for one in await fetch('SELECT id FROM "pass" ORDER BY id LIMIT 2')]
    await fetch("DELETE FROM admission")
    entries = [
        (passes[0], MORNING, MORNING + HOUR),
        (passes[0], MORNING + 24 * HOUR, None),
        (passes[0], MORNING + 23 * HOUR, MORNING + 23.5 * HOUR),
        (passes[0], MORNING + 26 * HOUR, MORNING + 27 * HOUR),
        (passes[1], MORNING, MORNING + HOUR),
        (passes[1], MORNING + 2 * HOUR, MORNING + 3 * HOUR),
    ]
    for pass_id, came, left in entries:
        await fetch(
            "INSERT INTO admission (list_id, event_pass, gate_id, admitted_at, left_at, attempts) "
            "VALUES ({}, {}, {}, {}, {}, 0) RETURNING id",
            *(row["check_in_list"], pass_id, row["id"], came, left),
        )
    scans = [("mine-a", MORNING, MORNING + HOUR, True), ("mine-b", MORNING + HOUR, MORNING, True)]
    scans += [("mine-c", None, MORNING, True), ("mine-d", MORNING - HOUR, MORNING, False)]
    for client_id, device_at, at, offline in scans:
        await fetch(
            "INSERT INTO scan (client_id, list_id, gate_id, code_hash, at, device_at, offline, verdict) "
            "VALUES ({}, {}, {}, '', {}, {}, {}, 'unknown') RETURNING id",
            *(client_id, row["check_in_list"], row["id"], at, device_at, offline),
        )
    await migrate()
    rows = await fetch(
        "SELECT event_pass, entries, entries_of_day, admitted_at, left_at, last_at FROM admission ORDER BY event_pass"
    )
    assert [tuple(one.values()) for one in rows] == [
        (passes[0], 4, 3, MORNING + 24 * HOUR, None, MORNING + 27 * HOUR),
        (passes[1], 2, 2, MORNING + 2 * HOUR, MORNING + 3 * HOUR, MORNING + 3 * HOUR),
    ]
    judged = await fetch("SELECT judged_at FROM scan WHERE client_id LIKE 'mine-%' ORDER BY client_id")
    assert [one["judged_at"] for one in judged] == [MORNING] * 4
