"""When everybody has left: what an upgrade keeps of it, and that it stands in no gate's way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import as_moment, fetch
from tests.conftest import NOW
from tests.support.factories_ticketing import make_list, make_open_edition
from ticketing.checkin.migrations import checkin_2026_11_30t02_12_01_entered as entered
from ticketing.checkin.services.settling import empty_lists

pytestmark = pytest.mark.engines
HOUR = timedelta(hours=1)


async def test_an_upgrade_knows_when_everybody_had_left(database: str) -> None:
    edition = await make_open_edition(now=NOW)
    await make_list(edition.id, now=NOW)
    for hours in (1, 2):
        await empty_lists(edition_id=edition.id, actor=SYSTEM, now=NOW + hours * HOUR)
    await fetch("DELETE FROM emptying WHERE at = {}", NOW + HOUR)  # as a version left it that had no such table
    await fetch(
        "INSERT INTO audit_entry (at, actor_name, action, subject_type, subject_id, edition_id, request_id) "
        "VALUES ({}, '', 'admission.close_all', 'edition', '0', 999, '')",
        NOW,
    )
    await (await entered.forwards()).raw_backwards[0]()
    await (await entered.forwards()).raw[0]()
    rows = await fetch("SELECT edition, at FROM emptying ORDER BY at")
    assert [(row["edition"], as_moment(row["at"])) for row in rows] == [
        (edition.id, NOW + hours * HOUR) for hours in (1, 2)
    ]
