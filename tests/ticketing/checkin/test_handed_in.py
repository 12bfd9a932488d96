"""What devices hand in: times of other zones, conflicts that are refused, and ids that are sent once more."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.passes.states import revoke_pass
from app.kernel.database import as_moment, fetch
from tests.conftest import NOW
from tests.support.client import Browser
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass
from ticketing.checkin.enums import Reason, Settlement, Verdict
from ticketing.checkin.queries import counts_of_edition, counts_of_list, inside_of
from ticketing.checkin.services.settling import settle_conflict
from ticketing.checkin.services.telling import reason_of

pytestmark = pytest.mark.engines
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def scene(client: Browser, frozen_now: datetime) -> Any:
    """An edition, a list that counts exits, its phone, and what the phone sends with each call."""
    edition = await make_open_edition(now=NOW)
    list_id = await make_list(edition.id, now=NOW, exits=True)
    _gate_id, phone, token = await make_gate(edition.id, list_id, now=NOW)
    return edition, list_id, phone, {"authorization": f"Bearer {token}"}


async def hand_in(client: Browser, scene: Any, *scans: dict[str, Any]) -> list[dict[str, Any]]:
    """Hand scans in by the API; gives their answers."""
    left_out = {"device_at": NOW.isoformat(), "outcome": "admitted", "list": scene[1]}
    body = {"scans": [left_out | scan for scan in scans]}
    answer = await client.post("/api/v1/checkin/scans", json=body, headers=scene[3])
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["answers"]
    return found


async def test_a_time_with_an_offset_is_the_moment_that_it_says(client: Browser, scene: Any) -> None:
    issued = await make_pass(scene[0], now=NOW)
    told = (NOW - MINUTE).astimezone(timezone(timedelta(hours=7))).isoformat()
    await hand_in(client, scene, {"nonce": "scan-0001", "code": issued.code, "device_at": told})
    for query in (
        "SELECT admitted_at AS at FROM admission",
        "SELECT last_at AS at FROM admission",
        "SELECT judged_at AS at FROM scan",
        "SELECT device_at AS at FROM scan",
    ):
        assert [as_moment(row["at"]) for row in await fetch(query)] == [NOW - MINUTE]
    assert len(await fetch("SELECT id FROM admission WHERE admitted_at = {}", NOW - MINUTE)) == 1


async def test_whose_only_conflict_is_refused_is_not_inside(client: Browser, scene: Any) -> None:
    edition, list_id, *_phone = scene
    issued = await make_pass(edition, now=NOW)
    await revoke_pass(pass_id=issued.id, reason="lost", actor=SYSTEM, now=NOW)
    (answer,) = await hand_in(client, scene, {"nonce": "scan-0001", "code": issued.code})
    assert (answer["conflict"], answer["reason"]) == (True, "revoked")
    (scan,) = await fetch("SELECT id FROM scan")
    await settle_conflict(
        scan_id=scan["id"], edition_id=edition.id, settlement=Settlement.REFUSED, actor=SYSTEM, now=NOW + MINUTE
    )
    assert await inside_of(edition.id) == {}
    assert (await counts_of_edition(edition.id), await counts_of_list(list_id, NOW)) == ((0, 0), (0, 0))


async def test_an_id_does_not_stand_for_both_ways(client: Browser, scene: Any) -> None:
    edition, list_id, *_phone, headers = scene
    issued = await make_pass(edition, now=NOW)
    came_in, went_out = ({"nonce": nonce, "code": issued.code} for nonce in ("scan-0001", "scan-0002"))
    await hand_in(client, scene, came_in)
    (left,) = await hand_in(client, scene, went_out | {"direction": "out"})
    assert left["outcome"] == "admitted"
    for _time in range(2):
        crossed = await hand_in(client, scene, went_out, came_in | {"direction": "out"})
        assert [answer.get("error") for answer in crossed] == ["nonce_taken", "nonce_taken"]
    for scan, direction in ((went_out, "in"), (came_in, "out")):
        body = {**scan, "list": list_id, "direction": direction}
        online = await client.post("/api/v1/checkin/redeem", json=body, headers=headers)
        assert (online.status_code, online.json()["code"]) == (409, "nonce_taken")
    rows = await fetch("SELECT verdict, reason FROM scan ORDER BY client_id")
    assert [(row["verdict"], row["reason"]) for row in rows] == [("admitted", None), ("left", None)]
    assert await inside_of(edition.id) == {}


async def test_a_dispute_that_is_handed_in_twice_at_once_keeps_what_stood_against_it(
    client: Browser, scene: Any
) -> None:
    edition, list_id, _phone, headers = scene
    issued = await make_pass(edition, now=NOW)
    await revoke_pass(pass_id=issued.id, reason="lost", actor=SYSTEM, now=NOW)
    scan = {"nonce": "scan-0001", "code": issued.code}
    await client.post("/api/v1/checkin/redeem", json=scan | {"list": list_id}, headers=headers)
    for _time in range(2):
        answers = await hand_in(client, scene, scan, scan)
        assert [(one["conflict"], one["reason"], one["replayed"]) for one in answers] == [(True, "revoked", True)] * 2
    (row,) = await fetch("SELECT verdict, reason FROM scan")
    assert (row["verdict"], row["reason"]) == ("late_conflict", "revoked")
    assert reason_of(Verdict.LATE_CONFLICT) is Reason.UNKNOWN


async def test_a_dispute_is_kept_on_the_list_that_the_device_says(client: Browser, scene: Any) -> None:
    edition, list_id, _phone, headers = scene
    room = await make_list(edition.id, now=NOW, name="Hội thảo", exits=True)
    gate_id, _phone, _token = await make_gate(edition.id, room, now=NOW, name="Cửa phòng")
    issued = await make_pass(edition, now=NOW)
    for nonce in ("scan-0001", "scan-0002"):
        body = {"nonce": nonce, "code": issued.code, "list": list_id}
        await client.post("/api/v1/checkin/redeem", json=body, headers=headers)
    scan = {"nonce": "scan-0002", "code": issued.code, "list": room, "gate": gate_id}
    (answer,) = await hand_in(client, scene, scan)
    assert (answer["conflict"], answer["reason"]) == (True, "already_admitted")
    (row,) = await fetch("SELECT list_id, gate_id FROM scan WHERE verdict = 'late_conflict'")
    assert (row["list_id"], row["gate_id"]) == (room, gate_id)
    assert await inside_of(edition.id) == {list_id: 1, room: 1}
    went_out = {"nonce": "scan-0003", "code": issued.code, "list": room, "direction": "out"}
    await hand_in(client, scene, went_out | {"device_at": (NOW + MINUTE).isoformat()})
    early = {"nonce": "scan-0004", "code": issued.code, "list": room, "device_at": (NOW - MINUTE).isoformat()}
    await hand_in(client, scene, early | {"direction": "out"})  # for which all scans of the list are read again
    rows = await fetch("SELECT list_id, entries FROM admission ORDER BY list_id")
    assert [(row["list_id"], row["entries"]) for row in rows] == [(list_id, 1), (room, 1)]


async def test_an_id_of_another_edition_is_taken(client: Browser, scene: Any) -> None:
    """Nothing is told, nor changed, of a scan of an edition that the phone is not of."""
    issued = await make_pass(scene[0], now=NOW)
    await revoke_pass(pass_id=issued.id, reason="lost", actor=SYSTEM, now=NOW)
    refused = {"nonce": "scan-0001", "code": issued.code, "list": scene[1]}
    assert (await client.post("/api/v1/checkin/redeem", json=refused, headers=scene[3])).status_code == 200
    other = await make_open_edition(now=NOW)
    list_id = await make_list(other.id, now=NOW)
    _gate_id, phone, token = await make_gate(other.id, list_id, now=NOW)
    elsewhere = (other, list_id, phone, {"authorization": f"Bearer {token}"})
    online = await client.post("/api/v1/checkin/redeem", json=refused | {"list": list_id}, headers=elsewhere[3])
    assert (online.status_code, online.json().get("code")) == (409, "nonce_taken")
    (answer,) = await hand_in(client, elsewhere, refused | {"list": list_id})
    assert answer.get("error") == "nonce_taken"
    assert [row["verdict"] for row in await fetch("SELECT verdict FROM scan")] == ["revoked"]
