"""Who leaves and comes again, what phones hand over on a later day, and the names that phones know offline."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.passes.services import take_serials
from app.events.passes.states import revoke_pass
from app.kernel.database import fetch, write_transaction
from tests.conftest import NOW
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass
from tests.support.race import drop_index, losers, meet_after, race, unguarded, winners
from ticketing.checkin import recording
from ticketing.checkin.enums import Verdict, Way
from ticketing.checkin.errors import ExitsNotCounted
from ticketing.checkin.queries import inside_of
from ticketing.checkin.schemas import QueuedScan
from ticketing.checkin.services import labels
from ticketing.checkin.services.labels import labels_of
from ticketing.checkin.services.redeeming import redeem_pass, redeem_queue
from ticketing.checkin.services.settling import close_past_days

pytestmark = pytest.mark.engines
MINUTE = timedelta(minutes=1)
MORNING = NOW + timedelta(days=1)


@pytest.fixture
async def scene(database: str) -> Any:
    """An edition, a list that scans people out, a phone, a pass."""
    edition = await make_open_edition(now=NOW)
    list_id = await make_list(edition.id, now=NOW, exits=True)
    _gate_id, phone, _token = await make_gate(edition.id, list_id, now=NOW)
    return edition, list_id, phone, await make_pass(edition, now=NOW)


async def admissions() -> list[tuple[bool, Any]]:
    """(still open, when admitted) of each admission."""
    rows = await fetch("SELECT left_at, admitted_at FROM admission ORDER BY id")
    return [(row["left_at"] is None, row["admitted_at"]) for row in rows]


async def test_who_left_may_come_in_again_and_inside_now_is_true(scene: Any) -> None:
    edition, list_id, phone, issued = scene
    verdicts = []
    for number, way in enumerate((Way.OUT, Way.IN, Way.IN, Way.OUT, Way.OUT, Way.IN)):
        answer = await redeem_pass(
            actor=phone, client_id=f"scan-000{number}", code=issued.code, way=way, now=NOW + number * MINUTE
        )
        verdicts.append((answer.verdict, (await inside_of(edition.id)).get(list_id, 0)))
    assert verdicts == [
        ("not_inside", 0),
        ("admitted", 1),
        ("already_admitted", 1),
        ("left", 0),
        ("not_inside", 0),
        ("admitted", 1),
    ]


async def test_an_exit_sent_twice_gets_the_first_answer_and_a_foreign_code_none(scene: Any) -> None:
    _edition, _list_id, phone, issued = scene
    await redeem_pass(actor=phone, client_id="scan-0001", code=issued.code, now=NOW)
    answers = [
        await redeem_pass(actor=phone, client_id="scan-0002", code=issued.code, way=Way.OUT, now=NOW + MINUTE)
        for _number in range(2)
    ]
    assert [(answer.verdict, answer.replayed, answer.label) for answer in answers] == [
        ("left", False, "Vé tham quan"),
        ("left", True, "Vé tham quan"),
    ]
    forged = await redeem_pass(actor=phone, client_id="scan-0003", code=issued.code[:-3] + "AAA", way=Way.OUT, now=NOW)
    assert (forged.verdict, forged.label) == ("unknown", None)


async def test_a_list_without_exits_scans_nobody_out(scene: Any) -> None:
    edition, _list_id, _phone, issued = scene
    plain = await make_list(edition.id, now=NOW, name="Hội thảo")
    _gate_id, phone, _token = await make_gate(edition.id, plain, now=NOW, name="Cửa phòng")
    with pytest.raises(ExitsNotCounted):
        await redeem_pass(actor=phone, client_id="scan-0001", code=issued.code, way=Way.OUT, now=NOW)


async def test_an_exit_handed_over_late_does_not_put_out_who_came_in_since(scene: Any) -> None:
    _edition, _list_id, phone, issued = scene
    await redeem_pass(actor=phone, client_id="scan-0001", code=issued.code, now=NOW + 5 * MINUTE)
    late = QueuedScan("scan-0002", issued.code, NOW, Verdict.LEFT, Way.OUT)
    (answer,) = await redeem_queue(actor=phone, scans=[late], now=NOW + 10 * MINUTE)
    assert answer.verdict == "not_inside"
    assert await admissions() == [(True, NOW + 5 * MINUTE)]


@pytest.mark.race
async def test_of_twenty_exits_at_once_one_closes_the_admission(scene: Any) -> None:
    _edition, _list_id, phone, issued = scene
    await redeem_pass(actor=phone, client_id="scan-0000", code=issued.code, now=NOW)
    results = await race(
        20,
        lambda number: redeem_pass(
            actor=phone, client_id=f"exit-{number:04d}", code=issued.code, way=Way.OUT, now=NOW + MINUTE
        ),
    )
    losers(results, ExitsNotCounted)
    assert sorted(answer.verdict for answer in winners(results)) == ["left"] + ["not_inside"] * 19


@pytest.mark.race
async def test_without_its_lock_an_admission_is_closed_twice(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _edition, _list_id, phone, issued = scene
    await redeem_pass(actor=phone, client_id="scan-0000", code=issued.code, now=NOW)
    unguarded(monkeypatch, recording)
    meet_after(monkeypatch, recording, "_first_answers", parties=2)
    results = await race(
        2,
        lambda number: redeem_pass(
            actor=phone, client_id=f"exit-{number:04d}", code=issued.code, way=Way.OUT, now=NOW + MINUTE
        ),
    )
    assert [answer.verdict for answer in winners(results)] == ["left", "left"]


async def test_yesterdays_queue_does_not_shut_the_gate_today(scene: Any) -> None:
    edition, list_id, phone, issued = scene
    _gate_id, other, _token = await make_gate(edition.id, list_id, now=NOW, name="Cổng B")
    second = await make_pass(edition, now=NOW)
    today = await redeem_pass(actor=other, client_id="scan-today", code=second.code, now=MORNING)
    scans = [QueuedScan(f"scan-000{at}", one.code, NOW, Verdict.ADMITTED) for at, one in enumerate((issued, second))]
    answers = await redeem_queue(actor=phone, scans=scans, now=MORNING + MINUTE)
    assert today.verdict == "admitted"
    assert [answer.verdict for answer in answers] == ["admitted", "admitted"]
    assert (await inside_of(edition.id))[list_id] == 1
    again = await redeem_pass(actor=other, client_id="scan-again", code=issued.code, now=MORNING + 2 * MINUTE)
    assert again.verdict == "admitted"
    assert [one.replayed for one in await redeem_queue(actor=phone, scans=scans, now=MORNING)] == [True, True]


async def test_two_entries_on_a_day_that_is_over_are_still_a_conflict(scene: Any) -> None:
    edition, list_id, phone, issued = scene
    _gate_id, other, _token = await make_gate(edition.id, list_id, now=NOW, name="Cổng B")
    first, second = (QueuedScan(f"scan-000{at}", issued.code, NOW + at * MINUTE, Verdict.ADMITTED) for at in (1, 2))
    (kept,) = await redeem_queue(actor=phone, scans=[first], now=MORNING)
    (late,) = await redeem_queue(actor=other, scans=[second], now=MORNING)
    assert kept.verdict == "admitted"
    assert (late.verdict, late.reason, late.previous_gate) == ("late_conflict", "already_admitted", "Cổng A")
    revoked = await make_pass(edition, now=NOW)
    await revoke_pass(pass_id=revoked.id, reason="lost", actor=SYSTEM, now=NOW)
    scans = [
        QueuedScan("scan-0003", revoked.code, NOW, Verdict.ADMITTED),
        QueuedScan("scan-0004", "nothing", NOW, Verdict.UNKNOWN),
    ]
    assert [(one.verdict, one.reason) for one in await redeem_queue(actor=phone, scans=scans, now=MORNING)] == [
        ("late_conflict", "revoked"),
        ("unknown", None),
    ]


async def test_a_phone_found_days_later_hands_over_each_scan_for_its_own_day(scene: Any) -> None:
    edition, list_id, phone, issued = scene
    _gate_id, other, _token = await make_gate(edition.id, list_id, now=NOW, name="Cổng B")
    first_day = await make_pass(edition, now=NOW, valid_until=edition.end_of(edition.starts_on))
    for day in (1, 2):
        at = NOW + timedelta(days=day)
        await redeem_pass(actor=other, client_id=f"online-{day}", code=issued.code, now=at)
        await close_past_days(now=at + timedelta(hours=16))
    found = NOW + timedelta(days=4)
    scans = [
        QueuedScan("scan-0001", first_day.code, NOW, Verdict.ADMITTED),
        QueuedScan("scan-0002", issued.code, NOW + MINUTE, Verdict.ADMITTED),
        QueuedScan("scan-0003", issued.code, MORNING + MINUTE, Verdict.ADMITTED),
    ]
    answers = await redeem_queue(actor=phone, scans=scans, now=found)
    assert [(one.verdict, one.reason, one.previous_at) for one in answers] == [
        ("admitted", None, None),
        ("admitted", None, None),
        ("late_conflict", "already_admitted", MORNING),
    ]
    begin, end = edition.window
    judged = []
    for number, at in enumerate((begin - timedelta(days=300), begin - MINUTE, begin, end, found + timedelta(days=300))):
        scan = QueuedScan(f"clock-{number:03d}", (await make_pass(edition, now=NOW)).code, at, Verdict.ADMITTED)
        (answer,) = await redeem_queue(actor=phone, scans=[scan], now=found)
        judged.append(answer.reason or answer.verdict)
    assert judged == ["not_valid_yet", "not_valid_yet", "admitted", "expired", "expired"]


async def test_a_queue_counts_for_the_list_and_gate_of_each_scan(scene: Any) -> None:
    edition, list_id, phone, issued = scene
    room = await make_list(edition.id, now=NOW, name="Phòng VIP", pass_kinds=["guest"])
    room_gate, _phone, _token = await make_gate(edition.id, room, now=NOW, name="Cửa phòng")
    later = await make_pass(edition, now=NOW)
    door = {"list": list_id, "gate": phone.subject_id}
    # The phone of the main door is set to the room before it hands its morning in.
    moved = replace(phone, subject_id=room_gate)
    scans = [
        QueuedScan("scan-0001", issued.code, NOW, Verdict.ADMITTED, **door),
        QueuedScan("scan-0002", issued.code, NOW, Verdict.ALREADY_ADMITTED, Way.IN, list_id),
        QueuedScan("scan-0003", issued.code, NOW, Verdict.LEFT, Way.OUT, **door),
        QueuedScan("scan-0004", later.code, NOW, Verdict.ADMITTED, gate=phone.subject_id),
        QueuedScan("scan-0005", later.code, NOW, Verdict.ADMITTED),
    ]
    answers = await redeem_queue(actor=moved, scans=scans, now=NOW + MINUTE)
    assert [(one.verdict, one.reason) for one in answers] == [
        ("admitted", None),
        ("already_admitted", None),
        ("left", None),
        ("admitted", None),
        ("late_conflict", "wrong_list"),
    ]
    stored = await fetch("SELECT list_id, gate_id FROM scan ORDER BY client_id")
    gate = phone.subject_id
    assert [(row["list_id"], row["gate_id"]) for row in stored] == [
        *((list_id, gate), (list_id, room_gate), (list_id, gate), (list_id, gate), (room, room_gate)),
    ]


async def test_a_list_or_gate_of_elsewhere_is_an_error_of_its_row_alone(scene: Any) -> None:
    _edition, list_id, phone, issued = scene
    elsewhere = await make_open_edition(now=NOW)
    foreign = await make_list(elsewhere.id, now=NOW)
    foreign_gate, _phone, _token = await make_gate(elsewhere.id, foreign, now=NOW)
    places = [(foreign, None), (list_id, foreign_gate), (0, None), (None, -1), (2**40, None), (None, 2**40), (99, 99)]
    scans = [
        QueuedScan(f"scan-000{at}", issued.code, NOW, Verdict.ADMITTED, Way.IN, *place)
        for at, place in enumerate(places)
    ]
    scans.append(QueuedScan("scan-good", issued.code, NOW, Verdict.ADMITTED, Way.IN, list_id, phone.subject_id))
    answers = await redeem_queue(actor=phone, scans=scans, now=NOW + MINUTE)
    wrong_list, wrong_gate = ("unknown", "list_not_found"), ("unknown", "gate_not_found")
    assert [(one.verdict, one.error) for one in answers] == [
        *(wrong_list, wrong_gate, wrong_list, wrong_gate, wrong_list, wrong_gate, wrong_gate),
        ("admitted", None),
    ]
    assert await fetch("SELECT client_id FROM scan") == [{"client_id": "scan-good"}]


@pytest.mark.race
async def test_phones_that_hand_over_the_same_pass_late_let_one_in(scene: Any) -> None:
    _edition, _list_id, phone, issued = scene
    results = await race(
        20,
        lambda number: redeem_queue(
            actor=phone, scans=[QueuedScan(f"scan-{number:04d}", issued.code, NOW, Verdict.ADMITTED)], now=MORNING
        ),
    )
    losers(results, ExitsNotCounted)
    verdicts = sorted(answer.verdict for (answer,) in winners(results))
    assert verdicts == ["admitted"] + ["late_conflict"] * 19


@pytest.mark.race
async def test_without_the_one_admission_two_phones_let_it_in(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _edition, _list_id, phone, issued = scene
    await drop_index("admission_is_one")
    unguarded(monkeypatch, recording)
    meet_after(monkeypatch, recording, "_first_answers", parties=2)
    results = await race(
        2,
        lambda number: redeem_queue(
            actor=phone, scans=[QueuedScan(f"scan-{number:04d}", issued.code, NOW, Verdict.ADMITTED)], now=MORNING
        ),
    )
    assert [answer.verdict for (answer,) in winners(results)] == ["admitted", "admitted"]


async def test_phones_know_the_name_of_each_passs_type_and_nothing_else(scene: Any) -> None:
    edition, _list_id, _phone, _issued = scene
    await make_pass(edition, now=NOW, label="Khách mời")
    assert await labels_of(edition.id) == (["Vé tham quan", "Khách mời"], base64.b64encode(bytes([0, 1])).decode())
    await make_pass(edition, now=NOW)
    await make_pass(edition, now=NOW, label="")
    assert (await labels_of(edition.id))[1] == base64.b64encode(bytes([0, 1, 0, 255])).decode()


async def test_phones_learn_of_passes_that_stand_only_after_later_ones(
    scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of a big sheet, which takes its serials first."""
    edition, _list_id, _phone, _issued = scene

    async def read() -> list[int]:
        return list(base64.b64decode((await labels_of(edition.id))[1]))

    async def late(serial: int) -> None:
        await make_pass(edition, now=NOW)
        await fetch('UPDATE "pass" SET serial = {} WHERE serial = (SELECT MAX(serial) FROM "pass")', serial)

    async with write_transaction():
        await take_serials(edition.id, 3)  # 2, 3 and 4
    await make_pass(edition, now=NOW, label="Khách mời")
    assert await read() == [0, 255, 255, 255, 1]
    await late(3)
    assert await read() == [0, 255, 0, 255, 1]
    await late(2)
    await late(4)
    assert await read() == [0, 0, 0, 0, 1]
    await make_pass(edition, now=NOW)
    asked = []

    async def asking(sql: str, *values: Any) -> Any:
        asked.append(values[-1])
        return await fetch(sql, *values)

    monkeypatch.setattr(labels, "fetch", asking)
    assert (len(await read()), asked) == (9, [5])  # what is known is not read again
    monkeypatch.setattr(labels, "GAP_SECONDS", 0.0)  # the serials that were moved away are given up
    assert (len(await read()), asked) == (9, [5, 9])
