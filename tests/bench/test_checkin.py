"""``checkin`` runs to its end and says what it must; what must never be is counted when it is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime

import pytest

from app.kernel.database import fetch
from tests.bench.counts import violations
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass
from tests.support.service import ROOT
from ticketing.checkin.services.redeeming import redeem_pass

SAID = {
    "redeems_per_second",
    "p50_ms",
    "p99_ms",
    "cpu_ms_per_redeem",
    "floor_per_second",
    "floor_concurrency",
    "ratio_to_floor",
    "violations",
}
NONE = {"inside_twice": 0, "scan_and_admission_differ": 0, "acknowledged_and_lost": 0}


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.engines
def test_a_second_of_checkin_says_all_figures_and_finds_no_violation() -> None:
    engine = "postgres" if os.environ["DATABASE_URL"].startswith("postgres") else "sqlite"
    command = [sys.executable, "-m", "tests.bench", "checkin", "--seconds", "1", "--engine", engine]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=600
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert SAID - figures.keys() == set()
    assert (figures["name"], figures["engine"]) == ("checkin", engine)
    assert figures["violations_by_kind"] == dict.fromkeys(figures["violations_by_kind"], 0)
    assert figures["violations"] == 0
    assert min(figures[name] for name in ("redeems_per_second", "floor_per_second", "p50_ms")) > 0


async def redeemed(now: datetime) -> tuple[int, int, str]:
    """Redeem one pass at one gate; returns its list, its number and the scan's id."""
    edition = await make_open_edition(now=now)
    list_id = await make_list(edition.id, now=now)
    _gate, phone, _token = await make_gate(edition.id, list_id, now=now)
    issued = await make_pass(edition, now=now)
    answer = await redeem_pass(actor=phone, client_id="measured-0-1", code=issued.code, now=now)
    assert answer.verdict == "admitted"
    return list_id, issued.id, "measured-0-1"


async def test_a_run_without_faults_counts_none(database: str, frozen_now: datetime) -> None:
    _list, _pass, scan = await redeemed(frozen_now)
    assert await violations("measured", [scan]) == NONE


async def test_a_pass_inside_twice_is_counted(database: str, frozen_now: datetime) -> None:
    list_id, pass_id, scan = await redeemed(frozen_now)
    await fetch("DROP INDEX admission_is_one")
    again = "INSERT INTO admission (list_id, event_pass, gate_id, admitted_at, attempts, entries, entries_of_day) "
    again += "VALUES ({}, {}, 1, {}, 0, 1, 1)"
    await fetch(again, list_id, pass_id, frozen_now)
    assert await violations("measured", [scan]) == NONE | {"inside_twice": 1, "scan_and_admission_differ": 1}


async def test_a_scan_that_was_acknowledged_and_is_gone_is_counted_whatever_else_came(
    database: str, frozen_now: datetime
) -> None:
    _list, _pass, scan = await redeemed(frozen_now)
    assert await violations("measured", ["measured-0-2"]) == NONE | {"acknowledged_and_lost": 1}
    assert await violations("measured", [scan, "measured-0-2"]) == NONE | {"acknowledged_and_lost": 1}


async def test_an_admission_that_is_gone_is_counted(database: str, frozen_now: datetime) -> None:
    _list, _pass, scan = await redeemed(frozen_now)
    await fetch("DELETE FROM admission")
    assert await violations("measured", [scan]) == NONE | {"scan_and_admission_differ": 1}
