"""``orders`` runs to its end and says what it must; what must never be is counted when it is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import dialect, fetch
from tests.bench.places import LAST, violations
from tests.support.factories_ticketing import make_open_edition, make_order, make_ticket_type
from tests.support.service import ROOT
from ticketing.sales.services.quotas import QuotaValues, create_quota

SAID = {"orders_per_minute", "oversold", "p50_ms", "p99_ms", "cpu_ms_per_order", "violations"}


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.engines
def test_a_second_of_orders_says_all_figures_and_finds_no_violation() -> None:
    engine = "postgres" if os.environ["DATABASE_URL"].startswith("postgres") else "sqlite"
    command = [sys.executable, "-m", "tests.bench", "orders", "--seconds", "1", "--engine", engine]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=600
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert SAID - figures.keys() == set()
    assert (figures["name"], figures["engine"], figures["oversold"]) == ("orders", engine, 0)
    assert figures["violations_by_kind"] == dict.fromkeys(figures["violations_by_kind"], 0)
    assert figures["orders_per_minute"] > 0


async def sold_out(now: datetime) -> list[str]:
    """Sell the last places of two types that share a quota; returns the numbers of the orders."""
    edition = await make_open_edition(now=now)
    hall = await create_quota(edition_id=edition.id, values=QuotaValues(name="Bench", size=LAST), actor=SYSTEM, now=now)
    last = await make_ticket_type(edition.id, now=now, code="LAST", quota=LAST, quotas=[hall])
    await make_ticket_type(edition.id, now=now, quotas=[hall])
    return [(await make_order(edition.id, {last: 10}, now=now)).reference for _order in range(LAST // 10)]


async def test_a_run_without_faults_counts_none(database: str, frozen_now: datetime) -> None:
    said = await sold_out(frozen_now)
    assert set((await violations(said)).values()) == {0}


@pytest.mark.engines
async def test_faults_are_counted(database: str, frozen_now: datetime) -> None:
    said = await sold_out(frozen_now)
    await fetch(
        "ALTER TABLE quota DROP CONSTRAINT quota_holds"
        if dialect() == "postgres"
        else 'DROP TRIGGER "quota_holds_update"'
    )
    await fetch("UPDATE quota SET size = size - 3 WHERE name = 'Bench'")
    await fetch("UPDATE ticket_type SET sold = sold - 1 WHERE code = 'LAST'")
    await fetch("UPDATE order_item SET event_pass = NULL WHERE id = (SELECT MIN(id) FROM order_item)")
    found = await violations([*said, "NOSUCH"])
    assert {name: count for name, count in found.items() if count} == {
        "oversold": 3,
        "type_is_not_what_its_orders_have": 1,
        "confirmed_without_pass": 1,
        "last_places_not_sold": 1,
        "acknowledged_and_lost": 1,
    }
