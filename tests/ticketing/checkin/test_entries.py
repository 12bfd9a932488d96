"""How often a list lets a pass in: each rule at the gate and of phones that were offline, and the room that is full."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.passes.states import revoke_pass
from app.kernel.database import dialect, fetch
from tests.conftest import NOW
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass, make_ticket_type
from tests.support.race import losers, meet_after, race, unguarded, winners
from ticketing.checkin import redeem as hot
from ticketing.checkin.enums import Settlement, Verdict, Way
from ticketing.checkin.errors import GateNotFound
from ticketing.checkin.queries import counts_of_list, inside_of, open_conflicts
from ticketing.checkin.rules import ListRules, day_began
from ticketing.checkin.schemas import QueuedScan
from ticketing.checkin.services.redeeming import redeem_pass, redeem_queue
from ticketing.checkin.services.settling import close_past_days, empty_lists, settle_conflict

pytestmark = pytest.mark.engines
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ROOM = 5
PARTIES = 40


class Scene:
    """A list with rules, one phone at its gate, and a number for each scan."""

    edition: Any
    list_id: int
    phone: Any
    scans = 0

    async def admit(self, code: str, at: datetime, way: Way = Way.IN) -> str:
        """Scan a pass; gives the verdict."""
        self.scans += 1
        client_id = f"scan-{self.scans:05d}"
        answer = await redeem_pass(actor=self.phone, client_id=client_id, code=code, way=way, now=at)
        return answer.verdict


async def scene_of(rules: ListRules, *, exits: bool = False, edition: Any = None) -> Scene:
    """Make a list with rules, and what belongs to it."""
    scene = Scene()
    scene.edition = edition or await make_open_edition(now=NOW)
    scene.list_id = await make_list(scene.edition.id, now=NOW, rules=rules, exits=exits)
    _gate_id, scene.phone, _token = await make_gate(scene.edition.id, scene.list_id, now=NOW)
    return scene


IN, OUT = Way.IN, Way.OUT
YES, NO, LEFT = Verdict.ADMITTED, Verdict.ALREADY_ADMITTED, Verdict.LEFT
#: Rules, whether people are scanned out, and scans: when, which way, and what the gate says.
COURSES = {
    "once a day": (ListRules(), False, [(0 * HOUR, IN, YES), (HOUR, IN, NO), (DAY, IN, YES), (DAY + HOUR, IN, NO)]),
    "once": (
        ListRules(once=True),
        True,
        [(0 * HOUR, IN, YES), (HOUR, OUT, LEFT), (2 * HOUR, IN, NO), (DAY, IN, NO)],
    ),
    "again after an exit": (
        ListRules(),
        True,
        [(0 * HOUR, IN, YES), (HOUR, IN, NO), (2 * HOUR, OUT, LEFT), (3 * HOUR, IN, YES), (4 * HOUR, IN, NO)],
    ),
    "twice a day": (
        ListRules(entries_a_day=2),
        False,
        [(0 * HOUR, IN, YES), (HOUR, IN, YES), (2 * HOUR, IN, NO), (DAY, IN, YES), (DAY, IN, YES), (DAY, IN, NO)],
    ),
    "twice a day, after an exit": (
        ListRules(entries_a_day=2),
        True,
        [
            *((0 * HOUR, IN, YES), (MINUTE, IN, NO), (HOUR, OUT, LEFT), (2 * HOUR, IN, YES)),
            *((3 * HOUR, OUT, LEFT), (4 * HOUR, IN, NO), (DAY, IN, YES)),
        ],
    ),
    "again after 30 minutes": (
        ListRules(again_after=30),
        False,
        [(0 * HOUR, IN, YES), (29 * MINUTE, IN, NO), (30 * MINUTE, IN, YES), (59 * MINUTE, IN, NO)],
    ),
    "again after 30 minutes or an exit": (
        ListRules(again_after=30),
        True,
        [(0 * HOUR, IN, YES), (MINUTE, OUT, LEFT), (2 * MINUTE, IN, YES), (31 * MINUTE, IN, NO), (HOUR, IN, YES)],
    ),
    "twice a day, 30 minutes apart": (
        ListRules(entries_a_day=2, again_after=30),
        False,
        [(0 * HOUR, IN, YES), (MINUTE, IN, NO), (HOUR, IN, YES), (2 * HOUR, IN, NO), (DAY, IN, YES)],
    ),
    "a night": (
        ListRules(opens_daily="08:00", closes_daily="02:00"),
        False,
        [(15 * HOUR, IN, YES), (16 * HOUR, IN, NO), (17 * HOUR, IN, NO), (DAY, IN, YES)],
    ),
}


@pytest.mark.parametrize("name", COURSES)
async def test_a_list_lets_in_as_often_as_its_rules_say(name: str, database: str) -> None:
    rules, exits, course = COURSES[name]
    scene = await scene_of(rules, exits=exits)
    issued = await make_pass(scene.edition, now=NOW)
    said = [await scene.admit(issued.code, NOW + after, way) for after, way, _verdict in course]
    assert said == [verdict for _after, _way, verdict in course]
    (row,) = await fetch("SELECT entries FROM admission")
    assert row["entries"] == said.count("admitted")


@pytest.mark.parametrize("name", COURSES)
async def test_a_phone_that_was_offline_comes_to_the_same(name: str, database: str) -> None:
    """Handed in the wrong way round, one by one."""
    rules, exits, course = COURSES[name]
    scene = await scene_of(rules, exits=exits)
    issued = await make_pass(scene.edition, now=NOW)
    shown = {IN: Verdict.ADMITTED, OUT: Verdict.LEFT}
    for number, (after, way, _verdict) in reversed(list(enumerate(course))):
        scan = QueuedScan(f"scan-{number:04d}", issued.code, NOW + after, shown[way], way)
        await redeem_queue(actor=scene.phone, scans=[scan], now=NOW + 2 * DAY)
    (row,) = await fetch("SELECT entries FROM admission")
    entries = [verdict for _after, way, verdict in course if way is IN]
    assert row["entries"] == entries.count(YES)
    assert await open_conflicts(scene.edition.id) == entries.count(NO)


async def test_figures_count_every_entry(database: str) -> None:
    scene = await scene_of(ListRules(), exits=True)
    issued = await make_pass(scene.edition, now=NOW)
    for hours, way in enumerate((IN, OUT, IN, OUT, IN)):
        await scene.admit(issued.code, NOW + hours * HOUR, way)
    midnight = day_began(ListRules(), NOW, scene.edition.timezone)
    assert await counts_of_list(scene.list_id, midnight) == (1, 3)
    await scene.admit(issued.code, NOW + DAY)
    assert await counts_of_list(scene.list_id, midnight + DAY) == (1, 1)


async def test_nobody_is_inside_any_more_once_the_day_of_the_list_is_over(database: str) -> None:
    scene = await scene_of(ListRules(opens_daily="08:00", closes_daily="02:00"))
    issued = await make_pass(scene.edition, now=NOW)
    await scene.admit(issued.code, NOW)
    midnight = day_began(ListRules(), NOW + DAY, scene.edition.timezone)
    assert await close_past_days(now=midnight + HOUR) == 0
    assert await close_past_days(now=midnight + 2 * HOUR) == 1
    assert await inside_of(scene.edition.id) == {}


async def test_the_day_of_hours_past_midnight_is_the_one_on_which_they_begin() -> None:
    rules, zone = ListRules(opens_daily="18:00", closes_daily="02:00"), "Asia/Ho_Chi_Minh"
    midnight = day_began(ListRules(), NOW, zone)
    begun = [day_began(rules, midnight + hours * HOUR, zone) for hours in (0, 1, 2, 18, 24, 25, 26)]
    assert begun == [midnight - DAY, midnight - DAY, *([midnight] * 4), midnight + DAY]
    plain = replace(rules, closes_daily="22:00")
    assert day_began(plain, midnight, zone) == midnight


async def test_a_list_takes_the_ticket_types_it_names(database: str) -> None:
    edition = await make_open_edition(now=NOW)
    wanted, other = [await make_ticket_type(edition.id, now=NOW) for _number in range(2)]
    scene = await scene_of(ListRules(ticket_types=(wanted,)), edition=edition)
    passes = [await make_pass(edition, now=NOW) for _number in range(3)]
    for one, number in zip(passes, (wanted, other), strict=False):
        await fetch('UPDATE "pass" SET type_no = {} WHERE id = {} RETURNING id', number, one.id)
    answers = [
        await redeem_pass(actor=scene.phone, client_id=f"scan-000{number}", code=one.code, now=NOW)
        for number, one in enumerate(passes)
    ]
    assert [(one.verdict, one.reason) for one in answers] == [
        ("admitted", None),
        ("wrong_list", "wrong_type"),
        ("wrong_list", "wrong_type"),
    ]
    late = [QueuedScan("scan-late", passes[1].code, NOW, Verdict.ADMITTED)]
    (answer,) = await redeem_queue(actor=scene.phone, scans=late, now=NOW)
    assert (answer.verdict, answer.reason) == ("late_conflict", "wrong_type")


async def test_why_a_pass_is_no_good_is_kept(database: str) -> None:
    scene = await scene_of(ListRules())
    edition = scene.edition
    codes = {}
    for reason in ("unpaid", "cancelled", "replaced"):
        made = await make_pass(edition, now=NOW)
        await revoke_pass(pass_id=made.id, reason="x", actor=SYSTEM, now=NOW)
        await fetch('UPDATE "pass" SET state_reason = {} WHERE id = {} RETURNING id', reason, made.id)
        codes[reason] = made.code
    good = await make_pass(edition, now=NOW)
    codes["bad_signature"] = good.code[:-8] + "AAAAAAAA"
    codes["wrong_edition"] = (await make_pass(await make_open_edition(now=NOW), now=NOW)).code
    codes["nothing"] = "https://example.org/"
    told = {}
    for name, code in codes.items():
        answer = await redeem_pass(actor=scene.phone, client_id=f"scan-{name}", code=code, now=NOW)
        scan = QueuedScan(f"late-{name}", code, NOW, Verdict.REVOKED)
        (later,) = await redeem_queue(actor=scene.phone, scans=[scan], now=NOW)
        assert (later.verdict, later.reason) == (answer.verdict, answer.reason)
        told[name] = (answer.verdict, answer.reason)
    assert told == {
        "unpaid": ("revoked", "unpaid"),
        "cancelled": ("revoked", "cancelled"),
        "replaced": ("revoked", None),
        "bad_signature": ("unknown", "bad_signature"),
        "wrong_edition": ("unknown", "wrong_edition"),
        "nothing": ("unknown", None),
    }
    rows = await fetch("SELECT verdict FROM scan WHERE client_id LIKE 'scan-%' ORDER BY id")
    assert [row["verdict"] for row in rows] == [
        *("unpaid", "cancelled", "revoked", "bad_signature", "wrong_edition", "unknown")
    ]


async def test_a_full_room_takes_somebody_once_another_has_left(database: str) -> None:
    scene = await scene_of(ListRules(capacity=2), exits=True)
    passes = [await make_pass(scene.edition, now=NOW) for _number in range(4)]
    said = [await scene.admit(one.code, NOW) for one in passes[:3]]
    assert said == ["admitted", "admitted", "wrong_list"]
    answer = await redeem_pass(actor=scene.phone, client_id="scan-full", code=passes[3].code, now=NOW)
    assert (answer.reason, answer.note is not None) == ("full", True)
    assert await scene.admit(passes[0].code, NOW) == "already_admitted"  # said before that the room is full
    await scene.admit(passes[0].code, NOW + MINUTE, OUT)
    assert await scene.admit(passes[2].code, NOW + 2 * MINUTE) == "admitted"
    assert await scene.admit(passes[3].code, NOW + DAY) == "admitted"  # yesterday's are gone
    assert await inside_of(scene.edition.id) == {scene.list_id: 3}


async def test_whom_a_phone_let_into_a_full_room_is_inside(database: str) -> None:
    scene = await scene_of(ListRules(capacity=1))
    passes = [await make_pass(scene.edition, now=NOW) for _number in range(3)]
    scans = [QueuedScan(f"scan-000{n}", one.code, NOW, Verdict.ADMITTED) for n, one in enumerate(passes[:2])]
    answers = await redeem_queue(actor=scene.phone, scans=scans, now=NOW + MINUTE)
    assert [one.verdict for one in answers] == ["admitted", "admitted"]
    assert await scene.admit(passes[2].code, NOW + MINUTE) == "wrong_list"


@pytest.mark.race
async def test_of_forty_at_the_door_of_a_room_as_many_come_in_as_it_holds(database: str) -> None:
    scene = await scene_of(ListRules(capacity=ROOM))
    passes = [await make_pass(scene.edition, now=NOW) for _number in range(PARTIES)]
    results = await race(PARTIES, lambda number: scene.admit(passes[number].code, NOW))
    losers(results, GateNotFound)
    assert Counter(winners(results)) == {"admitted": ROOM, "wrong_list": PARTIES - ROOM}
    assert await inside_of(scene.edition.id) == {scene.list_id: ROOM}


@pytest.mark.race
async def test_without_its_lock_a_room_is_overfull(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = await scene_of(ListRules(capacity=1))
    passes = [await make_pass(scene.edition, now=NOW) for _number in range(2)]
    if dialect() == "postgres":
        monkeypatch.setattr(hot, "LOCK_LIST", "SELECT $1::int")
        meet_after(monkeypatch, hot, "_run", parties=2)
    else:
        unguarded(monkeypatch, hot)
        meet_after(monkeypatch, hot, "_judge_and_store", parties=2)
    results = await race(2, lambda number: scene.admit(passes[number].code, NOW))
    assert winners(results) == ["admitted", "admitted"]


async def test_who_had_left_with_all_others_may_come_again(database: str) -> None:
    scene = await scene_of(ListRules())
    issued = await make_pass(scene.edition, now=NOW)
    await scene.admit(issued.code, NOW)
    assert await empty_lists(edition_id=scene.edition.id, actor=SYSTEM, now=NOW + HOUR) == 1
    assert await scene.admit(issued.code, NOW + 2 * HOUR) == "admitted"
    late = [
        QueuedScan("late-0001", issued.code, NOW + 30 * MINUTE, Verdict.ADMITTED),
        QueuedScan("late-0002", (await make_pass(scene.edition, now=NOW)).code, NOW, Verdict.ADMITTED),
    ]
    answers = await redeem_queue(actor=scene.phone, scans=late, now=NOW + 3 * HOUR)
    assert [one.verdict for one in answers] == ["late_conflict", "admitted"]
    assert await inside_of(scene.edition.id) == {scene.list_id: 1}  # the second one came in before all had left
    assert await counts_of_list(scene.list_id, day_began(ListRules(), NOW, scene.edition.timezone)) == (1, 3)


async def test_a_conflict_that_an_exit_explains_is_settled_by_it(database: str) -> None:
    scene = await scene_of(ListRules(), exits=True)
    issued = await make_pass(scene.edition, now=NOW)

    async def hand_in(number: int, way: Way) -> str:
        shown = Verdict.ADMITTED if way is IN else Verdict.LEFT
        scan = QueuedScan(f"scan-000{number}", issued.code, NOW + number * MINUTE, shown, way)
        (answer,) = await redeem_queue(actor=scene.phone, scans=[scan], now=NOW + HOUR)
        return answer.verdict

    assert [await hand_in(3, IN), await hand_in(1, IN), await open_conflicts(scene.edition.id)] == [
        *("admitted", "late_conflict", 1)
    ]
    assert [await hand_in(2, OUT), await open_conflicts(scene.edition.id)] == ["left", 0]
    (row,) = await fetch("SELECT settlement, settled_by FROM scan WHERE verdict = 'late_conflict'")
    assert (row["settlement"], row["settled_by"]) == (Settlement.EXPLAINED, None)
    assert await counts_of_list(scene.list_id, day_began(ListRules(), NOW, scene.edition.timezone)) == (1, 2)


@pytest.mark.parametrize(("settlement", "entries"), [(Settlement.ACCEPTED, 2), (Settlement.REFUSED, 1)])
async def test_an_accepted_conflict_is_an_entry_and_a_refused_one_none(
    settlement: Settlement, entries: int, database: str
) -> None:
    scene = await scene_of(ListRules())
    issued = await make_pass(scene.edition, now=NOW)
    await scene.admit(issued.code, NOW)
    scan = QueuedScan("scan-late", issued.code, NOW + MINUTE, Verdict.ADMITTED)
    await redeem_queue(actor=scene.phone, scans=[scan], now=NOW + HOUR)
    (row,) = await fetch("SELECT id FROM scan WHERE verdict = 'late_conflict'")
    await settle_conflict(
        scan_id=row["id"], edition_id=scene.edition.id, settlement=settlement, actor=SYSTEM, now=NOW + HOUR
    )
    assert await counts_of_list(scene.list_id, day_began(ListRules(), NOW, scene.edition.timezone)) == (1, entries)
    assert await open_conflicts(scene.edition.id) == 0


@pytest.mark.race
async def test_sixty_four_scans_at_two_lists_are_one_admission_each(database: str) -> None:
    edition = await make_open_edition(now=NOW)
    phones = []
    for name in ("Cửa vào", "Hội thảo"):
        list_id = await make_list(edition.id, now=NOW, name=name)
        phones += [(await make_gate(edition.id, list_id, now=NOW, name=f"{name} {door}"))[1] for door in (1, 2)]
    issued = await make_pass(edition, now=NOW)

    alone_first: list[int] = []  # those of a queue that came before all others

    async def scan(number: int) -> str:
        phone = phones[number % len(phones)]
        if number % 8 < 6:
            answer = await redeem_pass(actor=phone, client_id=f"scan-{number:04d}", code=issued.code, now=NOW)
        else:  # a phone that hands in what it scanned alone
            alone = QueuedScan(f"scan-{number:04d}", issued.code, NOW, Verdict.ADMITTED)
            (answer,) = await redeem_queue(actor=phone, scans=[alone], now=NOW)
            if answer.verdict == "admitted":
                alone_first.append(number)
        return answer.verdict

    results = await race(64, scan)
    losers(results, GateNotFound)
    told = Counter(winners(results))
    assert (told["admitted"], sum(told.values())) == (2, 64)
    rows = await fetch("SELECT entries FROM admission")
    assert [row["entries"] for row in rows] == [1, 1]
    assert len(await fetch("SELECT id FROM scan WHERE verdict = 'admitted'")) == 2
    assert await open_conflicts(edition.id) == told["late_conflict"] == 16 - len(alone_first)


@pytest.mark.race
async def test_a_conflict_is_settled_while_its_pass_comes_in(database: str) -> None:
    """The list knew nothing of the pass: what stood against it was its day."""
    scene = await scene_of(ListRules())
    issued = await make_pass(scene.edition, now=NOW, valid_from=NOW)
    early = QueuedScan("scan-early", issued.code, NOW - MINUTE, Verdict.ADMITTED)
    await redeem_queue(actor=scene.phone, scans=[early], now=NOW)
    (row,) = await fetch("SELECT id FROM scan WHERE verdict = 'late_conflict'")

    async def settle_or_scan(number: int) -> str:
        if number:
            return await scene.admit(issued.code, NOW)
        await settle_conflict(
            scan_id=row["id"],
            edition_id=scene.edition.id,
            settlement=Settlement.ACCEPTED,
            actor=SYSTEM,
            now=NOW,
        )
        return "settled"

    results = await race(8, settle_or_scan)
    assert losers(results, GateNotFound) == []
    told = Counter(winners(results))
    assert (told["settled"], told["admitted"] <= 1) == (1, True)
    (admission,) = await fetch("SELECT entries FROM admission")
    assert admission["entries"] == 1 + told["admitted"]


async def test_an_entry_that_crosses_a_later_one_is_none_the_less_one_of_the_day(database: str) -> None:
    scene = await scene_of(ListRules(entries_a_day=2))
    issued = await make_pass(scene.edition, now=NOW)
    times = (NOW + MINUTE, NOW, NOW + 2 * MINUTE)  # the second gate asked first, and came to be stored second
    assert [await scene.admit(issued.code, at) for at in times] == [YES, YES, NO]


@pytest.mark.parametrize(("settlement", "entries"), [(Settlement.ACCEPTED, 2), (Settlement.REFUSED, 1)])
async def test_an_accepted_conflict_that_is_earlier_takes_the_place_of_no_entry(
    settlement: Settlement, entries: int, database: str
) -> None:
    scene = await scene_of(ListRules())
    issued = await make_pass(scene.edition, now=NOW)
    await scene.admit(issued.code, NOW + MINUTE)
    scan = QueuedScan("scan-late", issued.code, NOW, Verdict.ADMITTED)
    await redeem_queue(actor=scene.phone, scans=[scan], now=NOW + HOUR)
    (row,) = await fetch("SELECT id FROM scan WHERE verdict = 'late_conflict'")
    await settle_conflict(
        scan_id=row["id"], edition_id=scene.edition.id, settlement=settlement, actor=SYSTEM, now=NOW + HOUR
    )
    assert await counts_of_list(scene.list_id, NOW - HOUR) == (1, entries)
    assert await scene.admit(issued.code, NOW + 2 * HOUR) == NO
