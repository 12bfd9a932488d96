"""The check-in API: its words, a thousand scans in one call, who may call it, and codes that are none."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.passes.states import revoke_pass
from app.kernel.clock import freeze
from app.kernel.database import fetch
from tests.conftest import NOW
from tests.support.client import Browser
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass
from ticketing.checkin.enums import REASONS, Reason, Verdict
from ticketing.checkin.queries import counts_of_list, open_conflicts
from ticketing.checkin.rules import ListRules, day_began
from ticketing.checkin.services.telling import reason_of

pytestmark = pytest.mark.engines
MINUTE = timedelta(minutes=1)
#: Refused codes, one by one and handed in together.
CODES, HANDED_IN = 300, 3000


@pytest.fixture
async def scene(client: Browser, frozen_now: datetime) -> Any:
    """An edition, a list that counts exits, and what a paired phone sends with each call."""
    edition = await make_open_edition(now=NOW)
    list_id = await make_list(edition.id, now=NOW, exits=True)
    _gate_id, _phone, token = await make_gate(edition.id, list_id, now=NOW)
    return edition, list_id, {"authorization": f"Bearer {token}"}


async def told(client: Browser, scene: Any, nonce: str, code: str, **values: Any) -> dict[str, Any]:
    """Redeem by the API; gives the answer without its nonce and its type's name."""
    body = {"nonce": nonce, "code": code, "list": scene[1], **values}
    answer = await client.post("/api/v1/checkin/redeem", json=body, headers=scene[2])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found.pop("nonce") == nonce
    found.pop("label", None)
    return found


async def test_a_scan_in_and_out_and_twice(client: Browser, scene: Any) -> None:
    issued = await make_pass(scene[0], now=NOW)
    used = {"previous_at": NOW.isoformat().replace("+00:00", "Z"), "previous_gate": "Cổng A"}
    said = [
        await told(client, scene, nonce, issued.code, direction=direction)
        for nonce, direction in (
            *(("scan-0001", "in"), ("scan-0001", "in"), ("scan-0002", "in"), ("scan-0002", "in")),
            *(("scan-0003", "out"), ("scan-0004", "out"), ("scan-0004", "out")),
        )
    ]
    assert said == [
        {"outcome": "admitted"},
        {"outcome": "admitted", "replayed": True},
        {"outcome": "refused", "reason": "already_admitted", **used},
        {"outcome": "refused", "reason": "already_admitted", **used, "replayed": True},
        {"outcome": "admitted"},
        {"outcome": "refused", "reason": "not_inside"},
        {"outcome": "refused", "reason": "not_inside", "replayed": True},
    ]
    assert len(await fetch("SELECT id FROM scan")) == 4


async def test_every_reason_has_its_word(client: Browser, scene: Any) -> None:
    edition, _list_id, _phone = scene
    early = await make_pass(edition, now=NOW, valid_from=NOW + MINUTE)
    late = await make_pass(edition, now=NOW, valid_until=NOW)
    gone = {}
    for reason in ("unpaid", "cancelled", "withdrawn"):
        gone[reason] = await make_pass(edition, now=NOW)
        await revoke_pass(pass_id=gone[reason].id, reason="x", actor=SYSTEM, now=NOW)
        await fetch('UPDATE "pass" SET state_reason = {} WHERE id = {} RETURNING id', reason, gone[reason].id)
    blocked = await make_pass(edition, now=NOW)
    await fetch("UPDATE \"pass\" SET state = 'blocked' WHERE id = {} RETURNING id", blocked.id)
    foreign = await make_pass(await make_open_edition(now=NOW), now=NOW)
    codes = {
        "too_early": early.code,
        "too_late": late.code,
        "unpaid": gone["unpaid"].code,
        "cancelled": gone["cancelled"].code,
        "revoked": gone["withdrawn"].code,
        "blocked": blocked.code,
        "wrong_edition": foreign.code,
        "bad_signature": early.code[:-8] + "AAAAAAAA",
        "unknown": "nothing",
    }
    for reason, code in codes.items():
        answer = await told(client, scene, f"scan-{reason}", code)
        assert (answer["outcome"], answer["reason"]) == ("refused", reason)
        assert ("valid_from" in answer) == (reason in ("too_early", "too_late"))
    guests = await make_list(edition.id, now=NOW, name="Khách", pass_kinds=["guest"])
    tiny = await make_list(edition.id, now=NOW, name="Nhỏ", rules=ListRules(capacity=1))
    good = await make_pass(edition, now=NOW)
    assert (await told(client, scene, "scan-list", good.code, list=guests))["reason"] == "wrong_list"
    await told(client, scene, "scan-first", good.code, list=tiny)
    full = await told(client, scene, "scan-full", (await make_pass(edition, now=NOW)).code, list=tiny)
    assert (full["reason"], full["note"] != "") == ("full", True)


async def test_no_verdict_is_without_a_word() -> None:
    refusals = set(Verdict) - {Verdict.ADMITTED, Verdict.LEFT, Verdict.LATE_CONFLICT}
    assert {reason_of(verdict) for verdict in refusals} == set(Reason)
    assert len({reason_of(verdict) for verdict in refusals}) == len(refusals)  # none is unknown for want of a word
    assert len(REASONS) == 2


async def test_errors_that_are_no_answers(client: Browser, scene: Any) -> None:
    edition, list_id, phone = scene
    issued = await make_pass(edition, now=NOW)
    plain = await make_list(edition.id, now=NOW, name="Hội thảo")
    await told(client, scene, "scan-0001", issued.code)
    for change, code in (
        ({"code": "other"}, "nonce_taken"),
        ({"list": 2**40}, "list_not_found"),
        ({"list": plain, "direction": "out", "nonce": "scan-0002"}, "exits_not_counted"),
    ):
        body = {"nonce": "scan-0001", "code": issued.code, "list": list_id, **change}
        answer = await client.post("/api/v1/checkin/redeem", json=body, headers=phone)
        assert (answer.status_code < 500, answer.json()["code"]) == (True, code)
    for path in ("redeem", "scans"):
        assert (await client.post(f"/api/v1/checkin/{path}", json={})).status_code in (401, 403)
        assert (await client.post(f"/api/v1/checkin/{path}", json={}, headers=phone)).status_code in (400, 422)


async def test_a_thousand_scans_in_any_order_come_to_the_same(client: Browser, scene: Any) -> None:
    edition, list_id, phone = scene
    passes = [await make_pass(edition, now=NOW) for _number in range(40)]
    scans = [
        {
            "nonce": f"scan-{number:04d}",
            "code": passes[number % len(passes)].code,
            "list": list_id,
            "device_at": (NOW + number * timedelta(seconds=20)).isoformat(),
            "direction": "out" if number // len(passes) % 3 == 2 else "in",
        }
        for number in range(999)
    ]
    scans.append(scans[0] | {"nonce": "scan-gone", "list": 2**40})
    figures = []
    with freeze(NOW + timedelta(hours=7)):
        for seed in range(2):
            mixed = scans[:]
            random.Random(seed).shuffle(mixed)
            await fetch("DELETE FROM scan")
            await fetch("DELETE FROM admission")
            answers = []
            for one in (mixed[:700], mixed[650:]) if seed else (scans,):
                answer = await client.post("/api/v1/checkin/scans", json={"scans": one}, headers=phone)
                assert answer.status_code == 200, answer.text
                assert [row["nonce"] for row in answer.json()["answers"]] == [row["nonce"] for row in one]
                answers += answer.json()["answers"]
            (gone,) = [row for row in answers if "error" in row]
            assert (gone["nonce"], gone["error"]) == ("scan-gone", "list_not_found")
            assert sum(row.get("replayed", False) for row in answers) == (50 if seed else 0)
            counted = await counts_of_list(list_id, day_began(ListRules(), NOW, edition.timezone))
            figures.append((counted, await open_conflicts(edition.id), len(await fetch("SELECT id FROM scan"))))
    assert figures[0] == figures[1]
    conflicts = Counter(one["direction"] for one in scans[:999])["in"] - figures[0][0][1]
    assert figures[0][1:] == (conflicts, 999)


async def test_more_than_a_thousand_are_refused(client: Browser, scene: Any) -> None:
    one = {"nonce": "scan-0001", "code": "x", "list": scene[1], "device_at": NOW.isoformat()}
    answer = await client.post("/api/v1/checkin/scans", json={"scans": [one] * 1001}, headers=scene[2])
    assert answer.status_code == 400


async def test_what_a_device_refused_is_stored_and_counts_for_nothing(client: Browser, scene: Any) -> None:
    edition, list_id, phone = scene
    issued = await make_pass(edition, now=NOW)
    scan = {"code": issued.code, "list": list_id, "device_at": NOW.isoformat(), "outcome": "refused"}
    scans = [
        scan | {"nonce": "scan-0001", "reason": "full"},
        scan | {"nonce": "scan-0002", "reason": "question_required"},
        scan | {"nonce": "scan-0003"},
        scan | {"nonce": "scan-0004", "reason": "too_early"},
    ]
    answer = await client.post("/api/v1/checkin/scans", json={"scans": scans}, headers=phone)
    assert [row["reason"] for row in answer.json()["answers"]] == [
        "full",
        "question_required",
        "unknown",
        "too_early",
    ]
    assert await fetch("SELECT id FROM admission") == []
    assert (await told(client, scene, "scan-0005", issued.code))["outcome"] == "admitted"


def mutations(code: str, foreign: str, chance: random.Random) -> str:
    """Return a code that is changed, cut, lengthened, foreign, or no code at all."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567abcxyz0189 -.:/?#%&+=\0\n\tđườngเก中🎪\ud7ff"
    kind = chance.randrange(6)
    if kind == 0:
        place = chance.randrange(len(code))
        return code[:place] + chance.choice(letters) + code[place + 1 :]
    if kind == 1:
        return code[: chance.randrange(1, len(code))]
    if kind == 2:
        return code + "".join(chance.choices(letters, k=chance.randrange(1, 400)))
    if kind == 3:
        return "".join(chance.choices(letters, k=chance.randrange(1, 300)))
    if kind == 4:
        return f"HTTPS://EXAMPLE.ORG/P/{foreign}" if chance.random() < 0.5 else foreign.lower()
    place = chance.randrange(len(code) - 1)
    return code[:place] + code[place + 1] + code[place] + code[place + 2 :]


async def test_codes_that_are_none_are_refused_with_a_reason(client: Browser, scene: Any) -> None:
    issued = await make_pass(scene[0], now=NOW)
    foreign = await make_pass(await make_open_edition(now=NOW), now=NOW)
    chance = random.Random(5)
    statuses: Counter[int] = Counter()
    for number in range(CODES):
        code = mutations(issued.code, foreign.code, chance)
        if code.strip().upper() == issued.code:  # two letters that are the same changed places
            continue
        for path, body in (
            ("checkin", {"nonce": f"scan-{number:07d}", "code": code, "list": scene[1]}),
            ("gate", {"client_id": f"gate-{number:07d}", "code": code}),
        ):
            answer = await client.post(f"/api/v1/{path}/redeem", json=body, headers=scene[2])
            statuses[answer.status_code] += 1
            if answer.status_code == 200 and path == "checkin":
                told = answer.json()
                assert (told["outcome"], "reason" in told) == ("refused", True), code
    assert set(statuses) == {200, 400}
    assert await fetch("SELECT id FROM admission") == []


async def test_codes_that_are_none_hold_up_no_batch(client: Browser, scene: Any) -> None:
    issued = await make_pass(scene[0], now=NOW)
    foreign = await make_pass(await make_open_edition(now=NOW), now=NOW)
    chance = random.Random(7)
    reasons: Counter[str] = Counter()
    for start in range(0, HANDED_IN, 1000):
        made = [mutations(issued.code, foreign.code, chance)[:400] for _number in range(1000)]
        codes = ["x" if code.strip().upper() == issued.code else code for code in made]
        scans = [
            {"nonce": f"scan-{start + number:07d}", "code": code, "list": scene[1], "device_at": NOW.isoformat()}
            for number, code in enumerate(codes)
        ]
        answer = await client.post("/api/v1/checkin/scans", json={"scans": scans}, headers=scene[2])
        assert answer.status_code == 200, answer.text[:1000]
        told = answer.json()["answers"]
        assert {(one["outcome"], one["conflict"]) for one in told} == {("refused", True)}
        reasons.update(one["reason"] for one in told)
    assert set(reasons) == {"unknown", "bad_signature", "wrong_edition"}
    assert len(await fetch("SELECT id FROM scan")) == HANDED_IN
