"""A lead's phone finds people by name, a phone is replaced, and what the old one had not sent is handed in for it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.accounts.enums import DeviceKind, Role
from app.accounts.services.devices import (
    let_search,
    make_device_invite,
    pair_device,
    renew_device_invite,
    revoke_device,
)
from app.events.typed_codes import show_code
from app.kernel.database import fetch
from tests.conftest import NOW
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass

pytestmark = pytest.mark.engines
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def scene(client: Browser, frozen_now: datetime) -> Any:
    """An edition, a list that counts exits, a phone of its gate, and what the phone sends with each call."""
    edition = await make_open_edition(now=NOW)
    list_id = await make_list(edition.id, now=NOW, exits=True)
    _gate_id, phone, token = await make_gate(edition.id, list_id, now=NOW)
    return edition, list_id, phone, {"authorization": f"Bearer {token}"}


async def allow(scene: Any, *, yes: bool = True) -> None:
    """Let the phone search, or no longer."""
    await let_search(device_id=scene[2].device_id, edition_id=scene[0].id, may_search=yes, actor=SYSTEM, now=NOW)


async def search(client: Browser, headers: dict[str, str], name: str) -> Any:
    return await client.post("/api/v1/gate/search", json={"name": name}, headers=headers)


async def test_a_phone_with_search_finds_by_name_and_lets_in_and_one_without_does_not(
    client: Browser, scene: Any
) -> None:
    edition, _list_id, _phone, headers = scene
    mai = await make_pass(edition, now=NOW, holder_name="Lò Thị Mai")
    await make_pass(edition, now=NOW, holder_name="Lò Văn Minh")
    refused = await search(client, headers, "lo mai")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    by_name = {"client_id": "scan-0001", "code": show_code(mai.short_code), "by_name": True}
    marked = await client.post("/api/v1/gate/redeem", json=by_name, headers=headers)
    assert (marked.status_code, await fetch("SELECT id FROM scan")) == (403, [])

    await allow(scene)
    assert (await client.get("/api/v1/gate/status", headers=headers)).json()["may_search"] is True
    found = await search(client, headers, "Mai lò")
    assert found.headers["cache-control"] == "no-store"
    mais = {"name": "Lò Thị Mai", "type": "Vé tham quan", "code": show_code(mai.short_code), "inside": False}
    assert found.json() == {"passes": [mais], "more": False}
    for _time in range(2):
        answer = await client.post("/api/v1/gate/redeem", json=by_name, headers=headers)
        assert answer.json()["verdict"] == "admitted"
    assert (await search(client, headers, "thị mai")).json()["passes"] == [mais | {"inside": True}]
    assert [bool(row["by_name"]) for row in await fetch("SELECT by_name FROM scan")] == [True]

    await allow(scene, yes=False)
    assert (await search(client, headers, "lo mai")).status_code == 403
    actions = await fetch("SELECT action FROM audit_entry WHERE action = 'device.search' ORDER BY id")
    assert len(actions) == 2


async def test_a_search_ends_and_keeps_to_its_edition(client: Browser, scene: Any) -> None:
    edition, _list_id, _phone, headers = scene
    await allow(scene)
    for _number in range(21):
        await make_pass(edition, now=NOW, holder_name="Nguyễn Thị Hoa")
    await make_pass(await make_open_edition(now=NOW), now=NOW, holder_name="Vàng Thị Dua")
    answer = (await search(client, headers, "hoa")).json()
    assert (len(answer["passes"]), answer["more"]) == (20, True)
    assert (await search(client, headers, "dua")).json() == {"passes": [], "more": False}
    assert (await search(client, headers, "%%")).json() == {"passes": [], "more": False}
    assert (await search(client, headers, "x")).status_code in (400, 422)


@pytest.mark.parametrize("who", ["another edition's device", "a revoked device", "a judge's session", "nobody"])
async def test_who_is_no_phone_of_the_edition_redeems_searches_and_reads_nothing(
    client: Browser, scene: Any, who: str
) -> None:
    edition, list_id, phone, headers = scene
    issued = await make_pass(edition, now=NOW, holder_name="Lò Thị Mai")
    await allow(scene)
    if who == "another edition's device":
        other = await make_open_edition(now=NOW)
        _gate, stranger, token = await make_gate(other.id, await make_list(other.id, now=NOW), now=NOW)
        await let_search(device_id=stranger.device_id or 0, edition_id=other.id, may_search=True, actor=SYSTEM, now=NOW)
        headers = {"authorization": f"Bearer {token}"}
    elif who == "a revoked device":
        await revoke_device(device_id=phone.device_id, actor=SYSTEM, now=NOW)
    else:
        headers = {}
        if who == "a judge's session":
            await sign_in(client, (await make_holder(Role.JUDGE, edition_id=edition.id, now=NOW)).id)
    foreign = who == "another edition's device"
    calls = {
        "/api/v1/gate/redeem": {"client_id": "scan-0001", "code": issued.code},
        "/api/v1/gate/search": {"name": "mai"},
        "/api/v1/gate/scans": {
            "scans": [
                {"client_id": "scan-0002", "code": issued.code, "device_at": NOW.isoformat(), "shown": "admitted"}
            ]
        },
        "/api/v1/checkin/redeem": {"nonce": "scan-0003", "code": issued.code, "list": list_id},
    }
    for path, body in calls.items():
        answer = await client.post(path, json=body, headers=headers)
        if not foreign:
            assert answer.status_code in (401, 403), path
        assert "Mai" not in answer.text
        assert "admitted" not in answer.text
    for path in ("bundle", "status"):
        if not foreign:
            assert (await client.get(f"/api/v1/gate/{path}", headers=headers)).status_code in (401, 403)
    assert await fetch("SELECT id FROM admission") == []
    page = await client.get(f"/manage/{edition.id}/passes/{issued.id}", headers=headers)
    assert "Mai" not in page.text


async def test_a_phone_is_shut_out_when_the_one_that_replaces_it_is_bound_and_not_before(
    client: Browser, scene: Any
) -> None:
    edition, _list_id, phone, headers = scene
    await allow(scene)
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    base = f"/manage/{edition.id}/gates"
    cards = []
    for _time in range(2):  # pressed twice it is one phone
        shown = await client.post(f"{base}/phones/{phone.device_id}/replace")
        assert shown.status_code == 303
        cards.append(shown.headers["location"])
    assert cards[0] != cards[1]
    assert cards[0].partition("?")[0] == cards[1].partition("?")[0]
    assert "<svg" in (await client.get(cards[1])).text
    assert (await client.get("/api/v1/gate/status", headers=headers)).status_code == 200

    device, token = await pair_device(invite_token=cards[1].partition("?card=")[2], now=NOW + MINUTE)
    assert (device.subject_id, device.may_search, device.replaces) == (phone.subject_id, True, phone.device_id)
    assert (await client.get("/api/v1/gate/status", headers=headers)).status_code == 401
    new = {"authorization": f"Bearer {token}"}
    assert (await client.get("/api/v1/gate/status", headers=new)).status_code == 200
    rows = await fetch("SELECT subject_id FROM audit_entry WHERE action = 'device.revoke'")
    assert [int(row["subject_id"]) for row in rows] == [phone.device_id]
    assert (await client.post(f"{base}/phones/{phone.device_id}/replace")).status_code == 404


def unsent(issued: Any, list_id: int, nonce: str, **values: Any) -> dict[str, Any]:
    """A scan as a phone keeps it."""
    left_out = {"device_at": (NOW - MINUTE).isoformat(), "shown": "admitted", "list": list_id}
    return {"client_id": nonce, "code": issued.code, **left_out, **values}


async def hand_in_file(client: Browser, edition_id: int, content: Any) -> Any:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    files = {"file": ("scans.json", raw, "application/json")}
    return await client.post(f"/manage/{edition_id}/gates/handed-over", data={}, files=files)


async def test_the_file_of_a_withdrawn_phone_counts_once(client: Browser, scene: Any) -> None:
    edition, list_id, phone, _headers = scene
    one, two = [await make_pass(edition, now=NOW) for _number in range(2)]
    scans = [unsent(one, list_id, "scan-0001"), unsent(two, list_id, "scan-0002")]
    await revoke_device(device_id=phone.device_id, actor=SYSTEM, now=NOW)
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    handed = {"device": phone.device_id, "edition": edition.id, "scans": scans}
    for _time in range(2):
        assert (await hand_in_file(client, edition.id, handed)).status_code == 303
    rows = await fetch("SELECT device_id, verdict, offline FROM scan ORDER BY client_id")
    assert [(row["device_id"], row["verdict"], bool(row["offline"])) for row in rows] == [
        (phone.device_id, "admitted", True)
    ] * 2
    entries = await fetch("SELECT subject_id FROM audit_entry WHERE action = 'device.hand_in'")
    assert [int(row["subject_id"]) for row in entries] == [phone.device_id]


async def test_a_file_that_is_none_or_of_another_festival_is_refused(client: Browser, scene: Any) -> None:
    edition, list_id, phone, _headers = scene
    issued = await make_pass(edition, now=NOW)
    other = await make_open_edition(now=NOW)
    _gate, stranger, _token = await make_gate(other.id, await make_list(other.id, now=NOW), now=NOW)
    await sign_in(client, (await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    scans = [unsent(issued, list_id, "scan-0001")]
    for content, status in (
        (b"nothing", 422),
        (b"\xff\xfe", 422),
        ({"device": phone.device_id, "edition": other.id, "scans": scans}, 404),
        ({"device": stranger.device_id, "edition": edition.id, "scans": scans}, 404),
        ({"device": 2**60, "edition": edition.id, "scans": scans}, 404),
        ({"device": phone.device_id, "edition": edition.id, "scans": [{"client_id": "x"}]}, 422),
    ):
        assert (await hand_in_file(client, edition.id, content)).status_code == status
    assert await fetch("SELECT id FROM scan") == []


async def test_another_phone_hands_in_what_the_old_one_showed_it(client: Browser, scene: Any) -> None:
    edition, list_id, phone, headers = scene
    _gate, old, _token = await make_gate(edition.id, list_id, now=NOW, name="Cổng B")
    other = await make_open_edition(now=NOW)
    _gate, stranger, _token = await make_gate(other.id, await make_list(other.id, now=NOW), now=NOW)
    one, two, three = [await make_pass(edition, now=NOW) for _number in range(3)]
    await revoke_device(device_id=old.device_id or 0, actor=SYSTEM, now=NOW)
    scans = [
        unsent(one, list_id, "scan-0001", device=old.device_id),
        unsent(two, list_id, "scan-0002", device=stranger.device_id),
        unsent(three, list_id, "scan-0003"),
    ]
    for time in range(2):
        answer = await client.post("/api/v1/gate/scans", json={"scans": scans}, headers=headers)
        said = [(one.get("error"), one.get("replayed", False)) for one in answer.json()["answers"]]
        assert said == [(None, time == 1), ("gate_device_not_found", False), (None, time == 1)]
    rows = await fetch("SELECT device_id FROM scan ORDER BY client_id")
    assert [row["device_id"] for row in rows] == [old.device_id, phone.device_id]
    rows = await fetch("SELECT subject_id FROM audit_entry WHERE action = 'device.hand_in'")
    assert [int(row["subject_id"]) for row in rows] == [old.device_id]


async def test_a_card_of_a_judge_or_of_a_phone_that_was_never_bound_made_no_scans(client: Browser, scene: Any) -> None:
    edition, list_id, _phone, headers = scene
    issued = await make_pass(edition, now=NOW)
    tablet, _card = await make_device_invite(
        kind=DeviceKind.JUDGE, edition_id=edition.id, label="x", actor=SYSTEM, now=NOW
    )
    card, _address = await make_device_invite(
        kind=DeviceKind.GATE, edition_id=edition.id, label="y", actor=SYSTEM, now=NOW
    )
    await renew_device_invite(device_id=card, actor=SYSTEM, now=NOW)
    for device_id in (tablet, card):
        body = {"scans": [unsent(issued, list_id, "scan-0001", device=device_id)]}
        (answer,) = (await client.post("/api/v1/gate/scans", json=body, headers=headers)).json()["answers"]
        assert answer["error"] == "gate_device_not_found"
