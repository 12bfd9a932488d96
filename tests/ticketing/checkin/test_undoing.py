"""Scans that are taken back, people whom a gate lead lets in, and what is seen of two scans of one pass."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest

from app.accounts.enums import Role
from app.accounts.queries import actor_of_person
from app.kernel.audit import list_entries
from app.kernel.database import as_moment, fetch
from app.kernel.sheets import read_table
from tests.conftest import NOW
from tests.support.client import Browser, sign_in
from tests.support.factories import make_holder
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass
from tests.support.race import race, winners
from ticketing.checkin.enums import Verdict
from ticketing.checkin.errors import NothingToUndo, NotRefused, ScanNotFound, UndoTooLate
from ticketing.checkin.queries import counts_of_list, flow, inside_of, open_conflicts
from ticketing.checkin.rules import ListRules
from ticketing.checkin.services.gates import forget_rules
from ticketing.checkin.services.redeeming import judge_scan, redeem_pass
from ticketing.checkin.services.undoing import let_in, undo_own, undo_scan

pytestmark = pytest.mark.engines
MINUTE = timedelta(minutes=1)


class Scene:
    """A list that lets each pass in once, a phone at its gate, and a gate lead."""

    def __init__(self, edition: Any, list_id: int, gate_id: int, phone: Any, token: str, lead: Any) -> None:
        self.edition, self.list_id, self.gate_id = edition, list_id, gate_id
        self.phone, self.token, self.lead = phone, token, lead
        self.scans = 0

    async def admit(self, code: str, at: datetime = NOW, phone: Any = None) -> tuple[str, str]:
        """Scan a pass; gives the id of the scan and the verdict."""
        self.scans += 1
        client_id = f"scan-{self.scans:05d}"
        return client_id, (await redeem_pass(actor=phone or self.phone, client_id=client_id, code=code, now=at)).verdict

    async def number(self, client_id: str) -> int:
        """The id of a scan in its table."""
        (row,) = await fetch("SELECT id FROM scan WHERE client_id = {}", client_id)
        return int(row["id"])

    async def counts(self) -> tuple[int, int]:
        """How many are inside, and were let in."""
        return await counts_of_list(self.list_id, NOW - timedelta(hours=3))


@pytest.fixture
async def scene(database: str) -> Scene:
    """The scene."""
    edition = await make_open_edition(now=NOW)
    list_id = await make_list(edition.id, now=NOW, exits=True, rules=ListRules(once=True))
    gate_id, phone, token = await make_gate(edition.id, list_id, now=NOW)
    lead = await actor_of_person((await make_holder(Role.GATE_LEAD, edition_id=edition.id, now=NOW)).id)
    return Scene(edition, list_id, gate_id, phone, token, lead)


async def test_a_scan_that_is_taken_back_counts_for_nothing_and_stays(scene: Scene) -> None:
    issued = await make_pass(scene.edition, now=NOW)
    first, verdict = await scene.admit(issued.code)
    assert (verdict, await scene.counts()) == ("admitted", (1, 1))
    undone = await undo_own(actor=scene.phone, client_id=first, now=NOW + MINUTE)
    again = await undo_own(actor=scene.phone, client_id=first, now=NOW + 2 * MINUTE)
    assert (undone.replayed, again.replayed, again.undone_at) == (False, True, NOW + MINUTE)
    assert (await scene.counts(), await inside_of(scene.edition.id)) == ((0, 0), {})
    assert sum(map(sum, (await flow(scene.edition.id, NOW))[1].values())) == 0
    (kept,) = await fetch("SELECT verdict, undone_device FROM scan")
    assert (kept["verdict"], kept["undone_device"]) == ("admitted", scene.phone.device_id)
    assert (await scene.admit(issued.code, NOW + 3 * MINUTE))[1] == "admitted"  # she may come once still
    assert await scene.counts() == (1, 1)
    replayed = await redeem_pass(actor=scene.phone, client_id=first, code=issued.code, now=NOW + 4 * MINUTE)
    assert (replayed.verdict, replayed.replayed) == ("admitted", True)
    log, _count = await list_entries(edition_id=scene.edition.id)
    assert [one["action"] for one in log].count("scan.undo") == 1


async def test_only_its_own_phone_or_a_lead_takes_a_scan_back_and_not_later_than_a_quarter_of_an_hour(
    scene: Scene,
) -> None:
    issued = await make_pass(scene.edition, now=NOW)
    _gate, other, _token = await make_gate(scene.edition.id, scene.list_id, now=NOW, name="Cổng Tây")
    client_id, _verdict = await scene.admit(issued.code)
    with pytest.raises(ScanNotFound):
        await undo_own(actor=other, client_id=client_id, now=NOW)
    late = NOW + 15 * MINUTE + timedelta(seconds=1)
    number = await scene.number(client_id)
    given: dict[str, Any] = {"scan_id": number, "edition_id": scene.edition.id, "actor": scene.lead}
    with pytest.raises(UndoTooLate):
        await undo_own(actor=scene.phone, client_id=client_id, now=late)
    with pytest.raises(UndoTooLate):
        await undo_scan(**given, now=late)
    with pytest.raises(ScanNotFound):
        await undo_scan(**{**given, "edition_id": scene.edition.id + 1}, now=NOW)
    await undo_scan(**given, now=NOW + 15 * MINUTE)
    (row,) = await fetch("SELECT undone_by FROM scan")
    assert row["undone_by"] == scene.lead.person_id
    refused, _verdict = await scene.admit("no pass at all", NOW + MINUTE)
    with pytest.raises(NothingToUndo):
        await undo_own(actor=scene.phone, client_id=refused, now=NOW + MINUTE)


@pytest.mark.race
async def test_many_take_it_back_at_once_and_it_is_noted_once(scene: Scene) -> None:
    issued = await make_pass(scene.edition, now=NOW)
    client_id, _verdict = await scene.admit(issued.code)
    results = await race(12, lambda _number: undo_own(actor=scene.phone, client_id=client_id, now=NOW + MINUTE))
    assert sorted(one.replayed for one in winners(results)) == [False] + [True] * 11
    assert await scene.counts() == (0, 0)


async def test_a_lead_lets_somebody_in_with_a_reason_and_once_for_each_refusal(scene: Scene) -> None:
    issued = await make_pass(scene.edition, now=NOW)
    await scene.admit(issued.code)
    refused, verdict = await scene.admit(issued.code, NOW + MINUTE)
    assert verdict == "already_admitted"
    number = await scene.number(refused)
    given: dict[str, Any] = {"edition_id": scene.edition.id, "actor": scene.lead, "now": NOW + 2 * MINUTE}
    await let_in(scan_id=number, reason="Con quên áo mưa", **given)
    with pytest.raises(NotRefused):
        await let_in(scan_id=number, reason="Con quên áo mưa", **given)
    assert await scene.counts() == (1, 2)
    (row,) = await fetch("SELECT id, verdict, reason, settlement, settled_by, override FROM scan WHERE override <> ''")
    assert (row["verdict"], row["reason"], row["settlement"]) == ("late_conflict", "already_admitted", "accepted")
    assert (row["settled_by"], row["override"]) == (scene.lead.person_id, "Con quên áo mưa")
    assert await open_conflicts(scene.edition.id) == 0
    assert (await scene.admit(issued.code, NOW + 3 * MINUTE))[1] == "already_admitted"
    await undo_scan(scan_id=row["id"], **{**given, "now": NOW + 4 * MINUTE})
    assert await scene.counts() == (1, 1)
    for client_id in (
        (await scene.admit("no pass"))[0],
        (await scene.admit((await make_pass(scene.edition, now=NOW)).code))[0],
    ):
        with pytest.raises(NotRefused):
            await let_in(scan_id=await scene.number(client_id), reason="x", **given)


async def test_what_was_answered_stands_after_the_list_was_closed(scene: Scene) -> None:
    issued, late = await make_pass(scene.edition, now=NOW), await make_pass(scene.edition, now=NOW)
    client_id, _verdict = await scene.admit(issued.code)
    await fetch("UPDATE check_in_list SET active = FALSE")
    forget_rules()
    again = await judge_scan(actor=scene.phone, client_id=client_id, code=issued.code, now=NOW + MINUTE)
    assert (again.answer.verdict, again.answer.replayed) == (Verdict.ADMITTED, True)
    with pytest.raises(Exception, match="list_closed"):
        await scene.admit(late.code)


async def test_a_phone_takes_its_scan_back_over_the_api(client: Browser, scene: Scene, frozen_now: Any) -> None:
    issued = await make_pass(scene.edition, now=NOW)
    headers = {"authorization": f"Bearer {scene.token}"}
    scan = {"client_id": "scan-of-mine", "code": issued.code}
    assert (await client.post("/api/v1/gate/redeem", json=scan, headers=headers)).json()["verdict"] == "admitted"
    for path, replayed in (("gate", False), ("checkin", True)):
        answer = await client.post(f"/api/v1/{path}/undo", json={"nonce": "scan-of-mine"}, headers=headers)
        assert (answer.status_code, answer.json()["replayed"]) == (200, replayed)
    unknown = await client.post("/api/v1/gate/undo", json={"nonce": "scan-of-nobody"}, headers=headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "scan_not_found")
    assert (await client.post("/api/v1/gate/undo", json={"nonce": "scan-of-mine"})).status_code == 401


async def test_the_lead_sees_both_scans_with_both_clocks_and_decides(
    client: Browser, scene: Scene, frozen_now: Any
) -> None:
    issued = await make_pass(scene.edition, now=NOW)
    _gate, _phone, token = await make_gate(scene.edition.id, scene.list_id, now=NOW, name="Cổng Tây")
    for number, gate_token in enumerate((scene.token, token)):
        at = NOW - (5 - number) * MINUTE
        scan = {"client_id": f"offline-{number}", "code": issued.code, "device_at": at.isoformat(), "shown": "admitted"}
        scan["device_clock"] = (at + 90 * MINUTE * number).isoformat()
        headers = {"authorization": f"Bearer {gate_token}"}
        assert (await client.post("/api/v1/gate/scans", json={"scans": [scan]}, headers=headers)).status_code == 200
    clocks = [as_moment(row["clock_at"]) for row in await fetch("SELECT clock_at FROM scan ORDER BY id")]
    assert clocks == [NOW - 5 * MINUTE, NOW + 86 * MINUTE]
    await sign_in(client, scene.lead.person_id)
    live = f"/manage/{scene.edition.id}/live"
    shown = unescape((await client.get(f"{live}/conflicts?lang=en")).text)
    assert "clock of the phone fast by 90 minutes" in shown
    names = [row["name"] for row in await fetch("SELECT name FROM gate ORDER BY id")]
    assert all(name in shown for name in names)
    (number,) = re.findall(rf'href="{live}/scans/(\d+)">Both scans<', shown)
    one = unescape((await client.get(f"{live}/scans/{number}?lang=en")).text)
    assert "The scan that stands against it" in one
    assert "Take the scan back" not in one  # it is to be settled
    sheet = (await client.get(f"{live}/scans.xlsx")).content
    assert len(read_table(sheet, "scans.xlsx").headers) == 11


async def test_a_lead_takes_back_and_lets_in_on_the_page_of_a_scan(
    client: Browser, scene: Scene, frozen_now: Any
) -> None:
    issued = await make_pass(scene.edition, now=NOW)
    came, _verdict = await scene.admit(issued.code)
    refused, _verdict = await scene.admit(issued.code)
    await sign_in(client, scene.lead.person_id)
    live = f"/manage/{scene.edition.id}/live"
    first, second = await scene.number(came), await scene.number(refused)
    assert f'href="{live}/scans/{first}"' in (await client.get(live)).text
    bare = await client.post(f"{live}/scans/{second}/override?lang=en", data={"reason": " "})
    assert (bare.status_code, (await scene.counts())) == (422, (1, 1))
    done = await client.post(f"{live}/scans/{second}/override", data={"reason": "Có mẹ ở trong"})
    assert (done.status_code, done.headers["location"], await scene.counts()) == (303, live, (1, 2))
    assert "Let in by a lead" in (await client.get(f"{live}?lang=en")).text
    assert (await client.post(f"{live}/scans/{second}/override", data={"reason": "x"})).status_code == 409
    undone = await client.post(f"{live}/scans/{first}/undo")
    assert (undone.status_code, undone.headers["location"]) == (303, f"{live}/scans/{first}")
    assert "Taken back on" in (await client.get(f"{live}/scans/{first}?lang=en")).text
    assert (await client.get(f"{live}/scans/999999")).status_code == 404
