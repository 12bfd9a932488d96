"""Redeeming: the verdicts, the same scan sent twice, and the race for one pass on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.enums import PassKind
from app.events.passes.states import revoke_pass
from app.kernel.database import dialect, fetch
from app.kernel.signing import list_keys, retire_leaked_key
from tests.conftest import NOW
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass
from tests.support.race import drop_index, drop_unique, losers, meet_after, race, unguarded, winners
from ticketing.checkin import redeem as hot
from ticketing.checkin.enums import Verdict, Way
from ticketing.checkin.errors import GateNotFound, ListClosed, NonceTaken
from ticketing.checkin.schemas import QueuedScan
from ticketing.checkin.services import codes, gates
from ticketing.checkin.services.codes import forget_keys
from ticketing.checkin.services.redeeming import redeem_pass, redeem_queue

pytestmark = pytest.mark.engines
PARTIES = 40


@pytest.fixture
async def gate(database: str) -> Any:
    """An edition, its list and one gate with a phone."""
    edition = await make_open_edition(now=NOW)
    list_id = await make_list(edition.id, now=NOW)
    gate_id, phone, _token = await make_gate(edition.id, list_id, now=NOW)
    return edition, list_id, gate_id, phone


async def open_admissions() -> int:
    """How many open admissions there are."""
    rows = await fetch("SELECT COUNT(*) AS count FROM admission WHERE left_at IS NULL")
    return int(rows[0]["count"])


async def test_a_pass_is_admitted_once_and_then_refused_with_when_and_where(gate: Any) -> None:
    edition, list_id, _gate_id, phone = gate
    _other_id, other, _token = await make_gate(edition.id, list_id, now=NOW, name="Cổng B")
    issued = await make_pass(edition, now=NOW)
    first = await redeem_pass(actor=phone, client_id="scan-0001", code=issued.code, now=NOW)
    later = NOW + timedelta(minutes=7)
    second = await redeem_pass(actor=other, client_id="scan-0002", code=issued.code, now=later)
    assert (first.verdict, first.label, first.replayed) == (Verdict.ADMITTED, "Vé tham quan", False)
    assert (second.verdict, second.previous_at, second.previous_gate) == (Verdict.ALREADY_ADMITTED, NOW, "Cổng A")
    assert await open_admissions() == 1


async def test_the_same_scan_sent_twice_gets_the_first_answer(gate: Any) -> None:
    edition, _list_id, _gate_id, phone = gate
    issued = await make_pass(edition, now=NOW)
    answers = [
        await redeem_pass(actor=phone, client_id="scan-0001", code=issued.code, now=NOW + timedelta(seconds=number))
        for number in range(3)
    ]
    assert [answer.verdict for answer in answers] == [Verdict.ADMITTED] * 3
    assert [answer.replayed for answer in answers] == [False, True, True]
    assert {answer.label for answer in answers} == {"Vé tham quan"}
    assert len(await fetch("SELECT id FROM scan")) == 1


async def test_a_refusal_sent_again_is_the_same_refusal(gate: Any) -> None:
    edition, _list_id, _gate_id, phone = gate
    issued = await make_pass(edition, now=NOW)
    await redeem_pass(actor=phone, client_id="scan-0001", code=issued.code, now=NOW)
    refused = await redeem_pass(actor=phone, client_id="scan-0002", code=issued.code, now=NOW)
    again = await redeem_pass(actor=phone, client_id="scan-0002", code=issued.code, now=NOW + timedelta(hours=1))
    assert again.replayed is True
    assert (again.verdict, again.previous_at, again.previous_gate) == (
        refused.verdict,
        refused.previous_at,
        refused.previous_gate,
    )


@pytest.mark.parametrize("way", [Way.IN, Way.OUT])
async def test_the_id_of_a_scan_stands_for_one_code(gate: Any, way: Way) -> None:
    edition, _list_id, _gate_id, phone = gate
    await gates.update_list(
        list_id=gate[1],
        edition_id=edition.id,
        name="Cửa vào",
        pass_kinds=[],
        active=True,
        exits=True,
        actor=SYSTEM,
        now=NOW,
    )
    first, second = await make_pass(edition, now=NOW), await make_pass(edition, now=NOW)
    answer = await redeem_pass(actor=phone, client_id="scan-0001", code=first.code, way=way, now=NOW)
    for code in (second.code, "nonsense"):
        with pytest.raises(NonceTaken):
            await redeem_pass(actor=phone, client_id="scan-0001", code=code, way=way, now=NOW)
    address = f"HTTP://TESTSERVER.LOCAL/P/{first.code}"
    again = await redeem_pass(actor=phone, client_id="scan-0001", code=address, way=way, now=NOW)
    assert (again.verdict, again.replayed) == (answer.verdict, True)
    assert await open_admissions() == (1 if way is Way.IN else 0)


async def test_in_a_queue_an_id_of_another_code_is_an_error_of_its_row_alone(gate: Any) -> None:
    edition, _list_id, _gate_id, phone = gate
    first, second, third = [await make_pass(edition, now=NOW) for _number in range(3)]
    yesterday = NOW - timedelta(days=1)
    scans = [
        QueuedScan("scan-0001", first.code, NOW, Verdict.ADMITTED),
        QueuedScan("scan-0001", second.code, NOW, Verdict.ADMITTED),
        QueuedScan("scan-0001", second.code, yesterday, Verdict.ADMITTED),
        QueuedScan("scan-0002", third.code, NOW, Verdict.ADMITTED),
        QueuedScan("scan-0001", first.code, NOW, Verdict.ADMITTED),
    ]
    answers = await redeem_queue(actor=phone, scans=scans, now=NOW)
    assert [(one.client_id, one.verdict, one.replayed, one.error) for one in answers] == [
        ("scan-0001", "admitted", False, None),
        ("scan-0001", "unknown", False, "nonce_taken"),
        ("scan-0001", "unknown", False, "nonce_taken"),
        ("scan-0002", "admitted", False, None),
        ("scan-0001", "admitted", True, None),
    ]
    assert (await open_admissions(), len(await fetch("SELECT id FROM scan"))) == (2, 2)


async def test_the_typed_short_code_and_the_scanned_address_are_the_same_pass(gate: Any) -> None:
    edition, _list_id, _gate_id, phone = gate
    issued = await make_pass(edition, now=NOW)
    typed = f"{issued.short_code[:4].lower()} {issued.short_code[4:]}"
    first = await redeem_pass(actor=phone, client_id="scan-0001", code=typed, now=NOW)
    address = f"HTTP://TESTSERVER.LOCAL/P/{issued.code}"
    second = await redeem_pass(actor=phone, client_id="scan-0002", code=address, now=NOW)
    assert [first.verdict, second.verdict] == [Verdict.ADMITTED, Verdict.ALREADY_ADMITTED]


async def test_what_a_leaked_key_signed_is_refused_some_seconds_later(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition, _list_id, _gate_id, phone = gate
    clock = SimpleNamespace(at=0.0)
    monkeypatch.setattr(codes, "time", SimpleNamespace(monotonic=lambda: clock.at))
    forget_keys()
    one, other = await make_pass(edition, now=NOW), await make_pass(edition, now=NOW)
    answer = await redeem_pass(actor=phone, client_id="scan-0001", code=one.code, now=NOW)
    assert answer.verdict == Verdict.ADMITTED
    (key,) = await list_keys()
    await retire_leaked_key(key.key_id, NOW)
    clock.at += 6
    answer = await redeem_pass(actor=phone, client_id="scan-0002", code=other.code, now=NOW)
    assert answer.verdict == Verdict.UNKNOWN


async def test_every_other_verdict(gate: Any) -> None:
    edition, list_id, _gate_id, phone = gate
    verdicts = {}

    async def scan(name: str, code: str, **times: Any) -> None:
        answer = await redeem_pass(actor=phone, client_id=f"scan-{name}", code=code, now=times.get("now", NOW))
        verdicts[name] = answer.verdict

    revoked = await make_pass(edition, now=NOW)
    await revoke_pass(pass_id=revoked.id, reason="lost", actor=SYSTEM, now=NOW)
    await scan("revoked", revoked.code)
    valid = await make_pass(edition, now=NOW)
    await scan("before", valid.code, now=edition.window[0] - timedelta(seconds=1))
    await scan("after", valid.code, now=edition.window[1])
    await scan("forged", valid.code[:-3] + "AAA")
    await scan("nonsense", "https://example.org/")
    await scan("mistyped", "0000 0000")
    elsewhere = await make_open_edition(now=NOW)
    foreign = await make_pass(elsewhere, now=NOW)
    await scan("foreign", foreign.code)
    await gates.update_list(
        list_id=list_id, edition_id=edition.id, name="Cửa vào", pass_kinds=["staff"], active=True, actor=SYSTEM, now=NOW
    )
    await scan("visitor-at-staff", valid.code)
    staff = await make_pass(edition, now=NOW, kind=PassKind.STAFF)
    await scan("staff-at-staff", staff.code)
    assert verdicts == {
        "revoked": Verdict.REVOKED,
        "before": Verdict.NOT_VALID_YET,
        "after": Verdict.EXPIRED,
        "forged": Verdict.UNKNOWN,
        "nonsense": Verdict.UNKNOWN,
        "mistyped": Verdict.UNKNOWN,
        "foreign": Verdict.UNKNOWN,
        "visitor-at-staff": Verdict.WRONG_LIST,
        "staff-at-staff": Verdict.ADMITTED,
    }


async def test_a_closed_list_and_a_phone_without_a_gate_are_errors(gate: Any) -> None:
    edition, list_id, _gate_id, phone = gate
    issued = await make_pass(edition, now=NOW)
    with pytest.raises(GateNotFound):
        await redeem_pass(actor=replace(phone, subject_id=999), client_id="scan-0001", code=issued.code, now=NOW)
    await gates.update_list(
        list_id=list_id, edition_id=edition.id, name="Cửa vào", pass_kinds=[], active=False, actor=SYSTEM, now=NOW
    )
    with pytest.raises(ListClosed):
        await redeem_pass(actor=phone, client_id="scan-0001", code=issued.code, now=NOW)


async def test_queued_scans_are_judged_by_their_own_time_and_conflicts_are_set_aside(gate: Any) -> None:
    edition, list_id, _gate_id, phone = gate
    _other_id, other, _token = await make_gate(edition.id, list_id, now=NOW, name="Cổng B")
    first, second = await make_pass(edition, now=NOW), await make_pass(edition, now=NOW)
    await redeem_pass(actor=other, client_id="scan-online", code=first.code, now=NOW)
    scans = [
        QueuedScan("scan-0001", first.code, NOW - timedelta(minutes=5), Verdict.ADMITTED),
        QueuedScan("scan-0002", second.code, NOW - timedelta(minutes=4), Verdict.ADMITTED),
        QueuedScan("scan-0003", second.code, NOW - timedelta(minutes=3), Verdict.ALREADY_ADMITTED),
    ]
    answers = await redeem_queue(actor=phone, scans=scans, now=NOW + timedelta(minutes=10))
    assert [(answer.verdict, answer.reason) for answer in answers] == [
        (Verdict.LATE_CONFLICT, Verdict.ALREADY_ADMITTED),
        (Verdict.ADMITTED, None),
        (Verdict.ALREADY_ADMITTED, None),
    ]
    assert (answers[0].previous_gate, answers[2].previous_at) == ("Cổng B", NOW - timedelta(minutes=4))
    assert await redeem_queue(actor=phone, scans=scans, now=NOW + timedelta(hours=1)) == [
        _replayed(answer) for answer in answers
    ]
    assert await open_admissions() == 2


async def test_whom_a_phone_let_in_while_the_service_refused_too_slowly_is_set_aside(gate: Any) -> None:
    edition, list_id, _gate_id, phone = gate
    _other_id, other, _token = await make_gate(edition.id, list_id, now=NOW, name="Cổng B")
    one, revoked, unseen = [await make_pass(edition, now=NOW) for _number in range(3)]
    await redeem_pass(actor=other, client_id="scan-other", code=one.code, now=NOW)
    await revoke_pass(pass_id=revoked.id, reason="lost", actor=SYSTEM, now=NOW)
    codes = {"scan-0001": one.code, "scan-0002": revoked.code, "scan-0003": unseen.code, "scan-0004": one.code}
    for client_id, code in codes.items():
        await redeem_pass(actor=phone, client_id=client_id, code=code, now=NOW)
    shown = [Verdict.ADMITTED, Verdict.ADMITTED, Verdict.ADMITTED, Verdict.ALREADY_ADMITTED]
    scans = [QueuedScan(*scan, NOW, verdict) for scan, verdict in zip(codes.items(), shown, strict=True)]
    for _time in range(2):
        answers = await redeem_queue(actor=phone, scans=scans, now=NOW + timedelta(minutes=1))
        assert [(answer.verdict, answer.reason, answer.previous_gate) for answer in answers] == [
            ("late_conflict", "already_admitted", "Cổng B"),
            ("late_conflict", "revoked", None),
            ("admitted", None, None),
            ("already_admitted", None, "Cổng B"),
        ]
    rows = await fetch("SELECT client_id, shown FROM scan WHERE verdict = 'late_conflict' ORDER BY client_id")
    assert [(row["client_id"], row["shown"]) for row in rows] == [("scan-0001", "admitted"), ("scan-0002", "admitted")]
    assert await open_admissions() == 2


def _replayed(answer: Any) -> Any:
    from msgspec.structs import replace as replaced

    return replaced(answer, replayed=True)


@pytest.mark.race
async def test_of_forty_at_once_one_is_admitted(gate: Any) -> None:
    edition, _list_id, _gate_id, phone = gate
    issued = await make_pass(edition, now=NOW)
    results = await race(
        PARTIES,
        lambda number: redeem_pass(actor=phone, client_id=f"scan-{number:04d}", code=issued.code, now=NOW),
    )
    losers(results, GateNotFound)
    verdicts = sorted(answer.verdict for answer in winners(results))
    assert verdicts == ["admitted"] + ["already_admitted"] * (PARTIES - 1)
    assert all(answer.previous_gate == "Cổng A" for answer in winners(results) if answer.verdict != "admitted")
    assert await open_admissions() == 1


@pytest.mark.race
async def test_of_forty_copies_of_one_scan_one_is_stored_and_all_are_told_the_same(gate: Any) -> None:
    edition, _list_id, _gate_id, phone = gate
    issued = await make_pass(edition, now=NOW)
    results = await race(
        PARTIES, lambda _number: redeem_pass(actor=phone, client_id="scan-0001", code=issued.code, now=NOW)
    )
    assert [answer.verdict for answer in winners(results)] == [Verdict.ADMITTED] * PARTIES
    assert sum(not answer.replayed for answer in winners(results)) == 1
    assert len(await fetch("SELECT id FROM scan")) == 1


@pytest.mark.race
async def test_without_its_unique_id_a_scan_is_stored_twice(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the second copy of an admitted scan is judged for itself."""
    edition, _list_id, _gate_id, phone = gate
    issued = await make_pass(edition, now=NOW)
    await drop_unique("scan", "client_id")
    statement = hot.POSTGRES.format(full="", on_conflict=hot.ON_CONFLICT)
    monkeypatch.setattr(hot, "_postgres", statement.replace("s.client_id = $1::varchar", "s.client_id || '' = NULL"))
    monkeypatch.setattr(hot, "SQLITE_SCAN", hot.SQLITE_SCAN.replace("ON CONFLICT (client_id) DO NOTHING", ""))
    results = await race(2, lambda _number: redeem_pass(actor=phone, client_id="scan-0001", code=issued.code, now=NOW))
    assert [answer.replayed for answer in winners(results)] == [False, False]
    assert len(await fetch("SELECT id FROM scan")) == 2


@pytest.mark.race
async def test_without_its_protection_a_pass_is_admitted_more_than_once(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: index and clause gone on PostgreSQL, index and transaction gone on SQLite."""
    edition, _list_id, _gate_id, phone = gate
    issued = await make_pass(edition, now=NOW)
    await drop_index("admission_is_one")
    if dialect() == "postgres":
        nothing = "AND ($14::timestamptz, $15::boolean, $16::int, $17::timestamptz) IS NOT NULL"
        monkeypatch.setattr(hot, "_postgres", hot.POSTGRES.format(full="", on_conflict=nothing))
        parties = PARTIES
    else:
        unguarded(monkeypatch, hot)
        plain = hot.SQLITE_ADMIT.partition("ON CONFLICT")[0].replace("1, 1, (", "1, LENGTH(?7) / LENGTH(?7), (")
        monkeypatch.setattr(hot, "SQLITE_ADMIT", plain)
        meet_after(monkeypatch, hot, "_judge_and_store", parties=2)
        parties = 2
    results = await race(
        parties,
        lambda number: redeem_pass(actor=phone, client_id=f"scan-{number:04d}", code=issued.code, now=NOW),
    )
    assert sum(answer.verdict == Verdict.ADMITTED for answer in winners(results)) > 1
    assert await open_admissions() > 1
