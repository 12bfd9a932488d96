"""Scans of phones online and offline, in any order, against a model in plain words."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.kernel.database import fetch
from tests.conftest import NOW
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass
from ticketing.checkin.enums import Verdict, Way
from ticketing.checkin.queries import open_conflicts
from ticketing.checkin.rules import ListRules, day_began
from ticketing.checkin.schemas import QueuedScan
from ticketing.checkin.services.redeeming import redeem_pass, redeem_queue

pytestmark = pytest.mark.engines
MINUTE = timedelta(minutes=1)


def modelled(events: list[tuple[datetime, bool]], rules: ListRules, *, exits: bool) -> tuple[int, bool]:
    """How many entries events come to, and whether the pass is inside at the end: the rules in plain words."""
    entries: list[datetime] = []
    inside = False
    for at, inward in sorted(events, key=lambda one: (one[0], not one[1])):
        today = [one for one in entries if one.date() == at.date()]
        inside = inside and bool(today)
        if not inward:
            inside = False
            continue
        if rules.once and entries:
            continue
        if rules.entries_a_day is not None and len(today) >= rules.entries_a_day:
            continue
        free = not inside
        if inside and rules.again_after is not None:
            free = at - today[-1] >= timedelta(minutes=rules.again_after)
        elif inside and rules.entries_a_day is not None and not exits:
            free = True
        if free:
            entries.append(at)
            inside = True
    return len(entries), inside


RULES = [
    ListRules(),
    ListRules(once=True),
    ListRules(entries_a_day=2),
    ListRules(again_after=30),
    ListRules(entries_a_day=3, again_after=20),
    ListRules(entries_a_day=1),
]
#: One scan: minutes after the last one, whether it goes in, whether the phone is alone, how long it keeps it, and
#: whether it sends it twice.
SCANS = st.tuples(st.integers(1, 200), st.booleans(), st.booleans(), st.integers(0, 12), st.booleans())


async def test_scans_in_any_order_come_to_what_a_model_says(database: str) -> None:
    """Phones online and offline, on two days, that hand in late, twice and the wrong way round."""
    edition = await make_open_edition(now=NOW)
    scenes = []
    for number, rules in enumerate(RULES):
        for exits in (False, True):
            name = f"Cổng {number} {exits}"
            list_id = await make_list(edition.id, now=NOW, name=name, rules=rules, exits=exits)
            _gate, phone, _token = await make_gate(edition.id, list_id, now=NOW, name=name)
            scenes.append(SimpleNamespace(rules=rules, exits=exits, list_id=list_id, phone=phone))
    issued = [await make_pass(edition, now=NOW) for _number in range(60)]
    used = iter(range(10_000))

    async def play(scene: Any, course: list[Any]) -> None:
        code = issued[next(used) % len(issued)].code
        run = next(used)
        await fetch("DELETE FROM admission")
        await fetch("DELETE FROM scan")
        at, came, held = NOW, [], []
        for number, (minutes, inward, alone, kept, twice) in enumerate(course):
            at += minutes * MINUTE
            client_id, way = f"scan-{run:05d}-{number:03d}", Way.IN if inward else Way.OUT
            if alone or (way is Way.OUT and not scene.exits):
                shown = Verdict.ADMITTED if inward else Verdict.LEFT
                held.append((number + kept, QueuedScan(client_id, code, at, shown, way)))
                held += held[-1:] if twice else []
                came.append((at, inward))
            else:
                answer = await redeem_pass(actor=scene.phone, client_id=client_id, code=code, way=way, now=at)
                if not inward or answer.verdict == Verdict.ADMITTED:
                    came.append((at, inward))
            due = [scan for when, scan in held if when <= number]
            held = [one for one in held if one[0] > number]
            if due:
                await redeem_queue(actor=scene.phone, scans=due[::-1], now=at)
        for _when, scan in reversed(held):
            await redeem_queue(actor=scene.phone, scans=[scan], now=at)
        zone = edition.zone
        entries, inside = modelled([(one.astimezone(zone), way) for one, way in came], scene.rules, exits=scene.exits)
        rows = await fetch("SELECT entries, left_at FROM admission WHERE list_id = {}", scene.list_id)
        told = (sum(row["entries"] for row in rows), any(row["left_at"] is None for row in rows))
        conflicts = sum(way for _at, way in came) - entries
        close = day_began(scene.rules, at, edition.timezone)
        inside = inside and any(one >= close for one, way in came if way)
        assert (told, await open_conflicts(edition.id)) == ((entries, inside), conflicts)

    loop = asyncio.get_running_loop()

    @settings(
        max_examples=120,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, len(scenes) - 1), st.lists(SCANS, min_size=1, max_size=9))
    def any_course(number: int, course: list[Any]) -> None:
        asyncio.run_coroutine_threadsafe(play(scenes[number], course), loop).result(60)

    await asyncio.to_thread(any_course)


async def test_a_word_that_is_no_refusal_is_taken_for_none(database: str) -> None:
    edition = await make_open_edition(now=NOW)
    list_id = await make_list(edition.id, now=NOW, exits=True)
    _gate, phone, _token = await make_gate(edition.id, list_id, now=NOW)
    issued = await make_pass(edition, now=NOW)
    shown = (Verdict.LATE_CONFLICT, Verdict.LEFT, Verdict.NOT_INSIDE, Verdict.EXPIRED)
    scans = [QueuedScan(f"scan-000{n}", issued.code, NOW + n * MINUTE, word) for n, word in enumerate(shown)]
    answers = await redeem_queue(actor=phone, scans=scans, now=NOW + 9 * MINUTE)
    assert [one.verdict for one in answers] == ["unknown", "unknown", "unknown", "expired"]
    assert (await open_conflicts(edition.id), await fetch("SELECT id FROM admission")) == (0, [])
