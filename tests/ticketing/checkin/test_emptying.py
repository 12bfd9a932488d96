"""When everybody has left: what an upgrade keeps of it, and that it stands in no gate's way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from app.accounts.actor import SYSTEM
from app.kernel.database import as_moment, dialect, fetch, write_transaction
from tests.conftest import NOW
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass
from ticketing.checkin.migrations import checkin_2026_11_30t02_12_01_entered as entered
from ticketing.checkin.queries import inside_of
from ticketing.checkin.recording import hold
from ticketing.checkin.services.redeeming import redeem_pass
from ticketing.checkin.services.settling import close_past_days, empty_lists

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


async def somebody_waits() -> None:
    """Come back once a transaction waits for another one; at once on SQLite, where one writes at a time."""
    waiting = "SELECT pid FROM pg_locks WHERE NOT granted"
    while dialect() == "postgres" and not await fetch(waiting):
        await fetch("SELECT pg_sleep(0.01)")


@pytest.mark.race
@pytest.mark.parametrize("close", [empty_lists, close_past_days])
async def test_a_queue_and_the_end_of_a_day_do_not_wait_for_each_other(
    close: Callable[..., Awaitable[int]], database: str
) -> None:
    edition = await make_open_edition(now=NOW)
    list_id = await make_list(edition.id, now=NOW)
    _gate_id, phone, _token = await make_gate(edition.id, list_id, now=NOW)
    first, second = [await make_pass(edition, now=NOW) for _number in range(2)]
    for number, issued in enumerate((second, first)):  # the table has them the other way round than queues take them
        await redeem_pass(actor=phone, client_id=f"scan-000{number}", code=issued.code, now=NOW)
    begun = asyncio.Event()
    later = NOW + 24 * HOUR

    async def queue() -> None:
        async with write_transaction():
            await hold(first.id, list_id, later)
            begun.set()
            await somebody_waits()
            await hold(second.id, list_id, later)

    async def end_of_day() -> int:
        await begun.wait()
        told = {"edition_id": edition.id, "actor": SYSTEM} if close is empty_lists else {}
        return await close(**told, now=later)

    async with asyncio.timeout(20):
        _queue, closed = await asyncio.gather(queue(), end_of_day())
    assert (closed, await inside_of(edition.id)) == (2, {})
