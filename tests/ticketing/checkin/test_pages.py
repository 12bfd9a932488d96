"""The gate's API and app, and the organiser's pages about gates, as phones and browsers see them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from app.accounts.actor import SYSTEM, Actor
from app.accounts.enums import Role
from app.accounts.services.devices import revoke_device
from app.events.passes.naming import names_of_labels, read_label
from app.events.passes.states import revoke_pass
from app.events.queries import EditionInfo
from app.events.tables import Pass
from app.kernel import clock
from app.kernel.database import fetch
from app.kernel.documents.qr import qr_svg
from app.kernel.i18n import use_locale
from tests.conftest import NOW
from tests.support.client import Browser, new_browser, sign_in
from tests.support.factories import make_holder
from tests.support.factories_ticketing import (
    make_gate,
    make_list,
    make_open_edition,
    make_order,
    make_pass,
    make_ticket_type,
)
from ticketing.checkin.enums import Verdict
from ticketing.checkin.schemas import QueuedScan
from ticketing.checkin.services.redeeming import redeem_pass, redeem_queue
from ticketing.checkin.services.settling import close_past_days
from ticketing.sales.services.ticket_types import TicketTypeValues, update_ticket_type

REDEEM, SCANS = "/api/v1/gate/redeem", "/api/v1/gate/scans"


@dataclass
class Scene:
    """An edition with one list, a gate and its phone, and somebody's browser."""

    browser: Browser
    edition: EditionInfo
    list_id: int
    gate_id: int
    phone: Actor
    headers: dict[str, str]

    def manage(self, path: str) -> str:
        """An address of the organiser's pages."""
        return f"/manage/{self.edition.id}{path}"

    async def sign_in(self, role: Role) -> None:
        """Go on as somebody who holds a role in the edition."""
        await sign_in(self.browser, (await make_holder(role, edition_id=self.edition.id, now=NOW)).id)


@pytest.fixture
async def scene(client: Browser, frozen_now: Any) -> Scene:
    """The scene at half past eight on the first morning."""
    edition = await make_open_edition(now=NOW)
    list_id = await make_list(edition.id, now=NOW)
    gate_id, phone, token = await make_gate(edition.id, list_id, now=NOW)
    return Scene(client, edition, list_id, gate_id, phone, {"authorization": f"Bearer {token}"})


async def test_a_phone_redeems_and_is_refused_the_second_time(scene: Scene) -> None:
    issued = await make_pass(scene.edition, now=NOW)
    async with new_browser() as phone:
        answers = [
            await phone.post(
                REDEEM, json={"client_id": f"scan-000{number}", "code": issued.code}, headers=scene.headers
            )
            for number in (1, 2, 1)
        ]
        taken = await phone.post(REDEEM, json={"client_id": "scan-0001", "code": "another"}, headers=scene.headers)
    assert (taken.status_code, taken.json()["code"]) == (409, "nonce_taken")
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.json() for answer in answers] == [
        {"client_id": "scan-0001", "verdict": "admitted", "label": "Vé tham quan"},
        {
            "client_id": "scan-0002",
            "verdict": "already_admitted",
            "label": "Vé tham quan",
            "previous_at": "2026-10-16T01:30:00Z",
            "previous_gate": "Cổng A",
        },
        {"client_id": "scan-0001", "verdict": "admitted", "label": "Vé tham quan", "replayed": True},
    ]


async def test_without_a_token_or_with_a_withdrawn_one_nothing_is_answered(scene: Scene) -> None:
    body = {"client_id": "scan-0001", "code": "x"}
    async with new_browser() as phone:
        for headers in ({}, {"authorization": "Bearer nobody"}):
            refused = await phone.post(REDEEM, json=body, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (401, "sign_in_needed")
        assert (await phone.post(REDEEM, json=body, headers=scene.headers)).status_code == 200
        assert scene.phone.device_id is not None
        await revoke_device(device_id=scene.phone.device_id, actor=SYSTEM, now=NOW)
        assert (await phone.post(REDEEM, json=body, headers=scene.headers)).status_code == 401
    await scene.sign_in(Role.OWNER)
    assert (await scene.browser.get("/api/v1/gate/bundle")).status_code == 401


async def test_a_body_that_does_not_fit_is_refused(scene: Scene) -> None:
    async with new_browser() as phone:
        for body in ({}, {"client_id": "short", "code": "x"}, {"client_id": "scan-0001", "code": ""}):
            assert (await phone.post(REDEEM, json=body, headers=scene.headers)).status_code == 400


async def test_rubbish_is_answered_and_holds_up_no_queue(scene: Scene) -> None:
    issued = await make_pass(scene.edition, now=NOW)
    row = {"device_at": NOW.isoformat(), "shown": "admitted"}
    rubbish = ["a\0b", "\0" * 200, "💥" * 8, "%" * 8, " " * 8, "x" * 400, issued.code[:-1], "AEAAF" + issued.code[5:]]
    scans = [{"client_id": f"scan-{at:04d}", "code": code, **row} for at, code in enumerate([*rubbish, issued.code])]
    async with new_browser() as phone:
        taken = await phone.post(SCANS, json={"scans": scans}, headers=scene.headers)
    verdicts = [(answer["verdict"], answer.get("reason")) for answer in taken.json()["answers"]]
    assert verdicts == [("late_conflict", "unknown")] * len(rubbish) + [("admitted", None)]


async def test_what_is_too_much_or_no_time_is_refused_and_nothing_is_stored(scene: Scene) -> None:
    good = {"client_id": "scan-0001", "code": "x", "device_at": NOW.isoformat(), "shown": "unknown"}
    batches = [
        [{**good, "client_id": f"scan-{at:04d}"} for at in range(5000)],
        [good, {**good, "device_at": "2026-10-16T08:00:00"}],
        [good, {**good, "shown": "a\0"}],
        [good, {"client_id": "x"}],
    ]
    async with new_browser() as phone:
        for scans in batches:
            assert (await phone.post(SCANS, json={"scans": scans}, headers=scene.headers)).status_code in (400, 413)
        headers = {**scene.headers, "content-type": "application/json"}
        large = await phone.post(SCANS, content=b'{"scans": [' + b" " * 2_000_000 + b"]}", headers=headers)
    assert large.status_code == 413
    assert await fetch("SELECT id FROM scan") == []


async def test_a_phone_whose_clock_is_lost_breaks_no_page(scene: Scene) -> None:
    issued = [await make_pass(scene.edition, now=NOW) for _number in range(2)]
    scans = [
        {"client_id": f"scan-000{at}", "code": one.code, "device_at": when, "shown": "admitted"}
        for at, (one, when) in enumerate(zip(issued, ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"), strict=True))
    ]
    async with new_browser() as phone:
        taken = await phone.post(SCANS, json={"scans": scans}, headers=scene.headers)
    assert [answer["verdict"] for answer in taken.json()["answers"]] == ["late_conflict", "admitted"]
    await scene.sign_in(Role.GATE_LEAD)
    for path in ("/live", "/live/conflicts", "/live/scans.xlsx"):
        assert (await scene.browser.get(scene.manage(path))).status_code == 200
    assert await fetch("SELECT device_at FROM scan") == [{"device_at": None}] * 2


async def test_the_bundle_lets_a_phone_judge_alone(scene: Scene) -> None:
    issued = await make_pass(scene.edition, now=NOW)
    await revoke_pass(pass_id=issued.id, reason="lost", actor=SYSTEM, now=NOW)
    async with new_browser() as phone:
        bundle = (await phone.get("/api/v1/gate/bundle", headers=scene.headers)).json()
        status = (await phone.get("/api/v1/gate/status", headers=scene.headers)).json()
    assert (bundle["revoked"], bundle["blocked"]) == ([issued.serial], [])
    assert [len(key) for key in bundle["public_keys"].values()] == [64]
    assert (bundle["gate"], bundle["timezone"], bundle["pass_kinds"]) == ("Cổng A", "Asia/Ho_Chi_Minh", [])
    told = {"server_time": "2026-10-16T01:30:00Z", "inside": 0, "admitted": 0, "list_active": True}
    assert status == told | {"device": scene.phone.device_id, "may_search": False}


@pytest.mark.parametrize(
    ("language", "ticket", "guest"),
    [("en", "Visitor pass", "Guest"), ("id", "Tiket pengunjung", "Tamu"), ("vi", "Vé tham quan", "Khách mời")],
)
async def test_a_gate_names_the_ticket_in_the_phones_language(
    scene: Scene, language: str, ticket: str, guest: str
) -> None:
    names = {"vi": "Vé tham quan", "id": "Tiket pengunjung", "en": "Visitor pass"}
    type_id = await make_ticket_type(scene.edition.id, now=NOW, name=names)
    await make_order(scene.edition.id, {type_id: 1}, now=NOW)
    await make_pass(scene.edition, now=NOW, label="Guest")
    await make_pass(scene.edition, now=NOW, label="Bạn của Hội")
    codes = await fetch("SELECT code, short_code FROM pass ORDER BY serial")
    headers = {**scene.headers, "accept-language": language}
    async with new_browser() as phone:
        scans = [{"client_id": f"scan-000{at}", "code": row["code"]} for at, row in enumerate(codes)]
        answers = [(await phone.post(REDEEM, json=scan, headers=headers)).json()["label"] for scan in scans]
        bundle = (await phone.get("/api/v1/gate/bundle", headers=headers)).json()
    assert answers == bundle["labels"] == [ticket, guest, "Bạn của Hội"]
    await scene.sign_in(Role.GATE_LEAD)
    for path in ("/live", "/live/scans.xlsx", "/passes", "/passes/export.xlsx"):
        shown = await scene.browser.get(scene.manage(f"{path}?lang={language}"))
        told = str(list(load_workbook(BytesIO(shown.content)).active.values)) if path.endswith("xlsx") else shown.text
        assert {name for name in names.values() if name in told} == {ticket}


async def test_a_ticket_type_that_gets_a_new_name_is_called_by_it_at_once(scene: Scene) -> None:
    type_id = await make_ticket_type(scene.edition.id, now=NOW, name={"vi": "Vé", "en": "Ticket"})
    values = TicketTypeValues(code="T", name={"vi": "Vé", "en": "Visit"}, price_minor=0, currency="VND", quota=1)
    with use_locale("en"):
        before = read_label("Vé", await names_of_labels(scene.edition.id))
        await update_ticket_type(
            ticket_type_id=type_id, edition_id=scene.edition.id, values=values, actor=SYSTEM, now=NOW
        )
        assert (before, read_label("Vé", await names_of_labels(scene.edition.id))) == ("Ticket", "Visit")


async def test_a_queue_is_taken_over_and_its_conflict_is_settled(scene: Scene) -> None:
    issued = await make_pass(scene.edition, now=NOW)
    await redeem_pass(actor=scene.phone, client_id="scan-online", code=issued.code, now=NOW)
    scan = {"client_id": "scan-0001", "code": issued.code, "device_at": NOW.isoformat(), "shown": "admitted"}
    async with new_browser() as phone:
        taken = await phone.post(SCANS, json={"scans": [scan, scan]}, headers=scene.headers)
    assert [answer["verdict"] for answer in taken.json()["answers"]] == ["late_conflict", "late_conflict"]
    await scene.sign_in(Role.GATE_LEAD)
    live = await scene.browser.get(scene.manage("/live?lang=en"))
    assert "1 scan has to be settled." in live.text
    waiting = await scene.browser.get(scene.manage("/live/conflicts?lang=en"))
    path = re.search(r'action="([^"]+/conflicts/\d+)"', waiting.text)
    assert path is not None
    printed = f"{issued.short_code[:4]}-{issued.short_code[4:]}"
    assert (printed in live.text, printed in waiting.text) == (True, True)
    for typed in (issued.short_code, printed, printed.lower()):
        assert printed in (await scene.browser.get(scene.manage(f"/live/conflicts?q={typed}"))).text
    assert (await scene.browser.post(path[1], data={"settlement": "accepted"})).status_code == 303
    settled = (await scene.browser.get(scene.manage("/live/conflicts?lang=en"))).text
    assert "Everything is settled; it stands below." in settled
    again = await scene.browser.post(path[1], data={"settlement": "refused"}, headers={"accept": "application/json"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict_not_open")
    assert await fetch("SELECT settlement FROM scan WHERE verdict = 'late_conflict'") == [{"settlement": "accepted"}]


async def test_the_page_of_a_pass_tells_its_scans(scene: Scene) -> None:
    issued, other = await make_pass(scene.edition, now=NOW), await make_pass(scene.edition, now=NOW)
    await scene.sign_in(Role.GATE_LEAD)
    page = scene.manage(f"/passes/{issued.id}?lang=en")
    assert "No gate has scanned this pass yet." in (await scene.browser.get(page)).text
    for minutes in (0, 5):
        at = NOW + timedelta(minutes=minutes)
        await redeem_pass(actor=scene.phone, client_id=f"scan-000{minutes}", code=issued.code, now=at)
    queued = QueuedScan("scan-0009", issued.code, NOW + timedelta(minutes=9), Verdict.ADMITTED)
    await redeem_queue(actor=scene.phone, scans=[queued], now=NOW + timedelta(minutes=20))
    await redeem_pass(actor=scene.phone, client_id="scan-other", code=other.code, now=NOW)
    shown = (await scene.browser.get(page)).text
    rows = re.findall(r"<tr>(.*?)</tr>", shown.split("<tbody>")[1].split("</tbody>")[0], re.S)
    assert [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in rows] == [
        "16 Oct 2026 08:39 Cổng A To be settled Used already · 16 Oct 2026 08:30 Cổng A · offline",
        "16 Oct 2026 08:35 Cổng A Used already 16 Oct 2026 08:30 Cổng A",
        "16 Oct 2026 08:30 Cổng A Admitted",
    ]
    await Pass.update({Pass.serial: 2002}).where(Pass.id == issued.id)
    assert "<dd>2002</dd>" in (await scene.browser.get(page)).text


async def test_accepting_a_scan_of_a_pass_outside_its_time_counts_it_as_inside(scene: Scene) -> None:
    late = await make_pass(scene.edition, now=NOW, valid_from=NOW + timedelta(hours=1))
    scan = QueuedScan("scan-0001", late.code, NOW, Verdict.ADMITTED)
    (answer,) = await redeem_queue(actor=scene.phone, scans=[scan], now=NOW)
    assert (answer.verdict, answer.reason) == ("late_conflict", "not_valid_yet")
    assert await fetch("SELECT id FROM admission") == []
    await scene.sign_in(Role.GATE_LEAD)
    row = (await fetch("SELECT id FROM scan"))[0]
    await scene.browser.post(scene.manage(f"/live/conflicts/{row['id']}"), data={"settlement": "accepted"})
    assert len(await fetch("SELECT id FROM admission WHERE left_at IS NULL")) == 1


async def test_the_live_page_shows_who_is_inside(scene: Scene) -> None:
    await scene.sign_in(Role.GATE_LEAD)
    assert "Nobody was scanned yet" in (await scene.browser.get(scene.manage("/live?lang=en"))).text
    for number in range(3):
        issued = await make_pass(scene.edition, now=NOW)
        await redeem_pass(actor=scene.phone, client_id=f"scan-000{number}", code=issued.code, now=NOW)
    shown = (await scene.browser.get(scene.manage("/live/now?lang=en"))).text
    assert 'id="inside-now">3<' in shown
    assert shown.count("Admitted") == 3
    export = await scene.browser.get(scene.manage("/live/scans.xlsx"))
    assert export.status_code == 200
    assert (await scene.browser.post(scene.manage("/live/empty"))).status_code == 303
    assert 'id="inside-now">0<' in (await scene.browser.get(scene.manage("/live/now"))).text


async def test_the_next_morning_opens_the_gate_again(scene: Scene) -> None:
    issued = await make_pass(scene.edition, now=NOW)
    await redeem_pass(actor=scene.phone, client_id="scan-0001", code=issued.code, now=NOW)
    assert await close_past_days(now=NOW + timedelta(hours=15)) == 0
    morning = NOW + timedelta(days=1)
    assert await close_past_days(now=morning) == 1
    answer = await redeem_pass(actor=scene.phone, client_id="scan-0002", code=issued.code, now=morning)
    assert answer.verdict == "admitted"


async def test_a_gate_lead_sets_up_a_list_a_gate_and_a_phone(scene: Scene) -> None:
    await scene.sign_in(Role.GATE_LEAD)
    made = await scene.browser.post(
        scene.manage("/gates/lists/new"), data={"name": "Hội thảo", "pass_kinds": ["guest", "speaker"], "active": "on"}
    )
    assert made.status_code == 303
    row = (await fetch("SELECT id FROM check_in_list WHERE name = 'Hội thảo'"))[0]
    gate = {"name": "Cửa phòng", "check_in_list": str(row["id"])}
    assert (await scene.browser.post(scene.manage("/gates/new"), data=gate)).status_code == 303
    assert (await scene.browser.post(scene.manage("/gates/new"), data=gate)).status_code == 409
    overview = (await scene.browser.get(scene.manage("/gates?lang=en"))).text
    assert "Guest, Speaker" in overview
    gate_id = (await fetch("SELECT id FROM gate WHERE name = 'Cửa phòng'"))[0]["id"]
    shown = await scene.browser.post(
        scene.manage("/gates/phones/new"), data={"gate": str(gate_id), "label": "Máy của Lan"}
    )
    card = await scene.browser.get(shown.headers["location"])
    assert '<figure class="qr"' in card.text
    token = shown.headers["location"].rpartition("card=")[2]
    (drawn,) = re.findall(r' d="([^"]+)"', qr_svg(f"http://testserver.local/invite/{token}"))
    assert card.text.count(drawn) == 1
    async with new_browser() as phone:
        assert "not paired" in (await phone.get("/gate/?lang=en")).text
        bound = await phone.post(f"/invite/{token}")
        assert bound.headers["location"] == "/gate/"
        scanner = await phone.get("/gate/")
        assert "Cửa phòng" in scanner.text
        assert "wasm-unsafe-eval" in scanner.headers["content-security-policy"]
        assert (await phone.get("/api/v1/gate/bundle")).json()["pass_kinds"] == ["guest", "speaker"]
        assert (await phone.post(f"/invite/{token}")).status_code == 410
        device_id = int(re.findall(r"phones/(\d+)", shown.headers["location"])[0])
        withdrawn = await scene.browser.post(scene.manage(f"/gates/phones/{device_id}/revoke"))
        assert withdrawn.status_code == 303
        assert (await phone.get("/api/v1/gate/bundle")).status_code == 401


async def test_the_app_can_be_installed(scene: Scene) -> None:
    manifest = (await scene.browser.get("/gate/manifest.webmanifest")).json()
    assert (manifest["scope"], manifest["start_url"]) == ("/gate/", "/gate/")


@pytest.mark.parametrize("path", ["/gates", "/live", "/live/conflicts"])
async def test_finance_sees_no_gates(scene: Scene, path: str) -> None:
    await scene.sign_in(Role.FINANCE)
    assert (await scene.browser.get(scene.manage(path))).status_code == 403


async def test_a_gate_of_another_edition_cannot_be_reached(scene: Scene) -> None:
    other = await make_open_edition(now=NOW)
    other_list = await make_list(other.id, now=NOW)
    gate_id, _phone, _token = await make_gate(other.id, other_list, now=NOW)
    await scene.sign_in(Role.GATE_LEAD)
    for path in (f"/gates/{gate_id}", f"/gates/lists/{other_list}"):
        assert (await scene.browser.get(scene.manage(path))).status_code == 404
    body = {"gate": str(gate_id), "label": "x"}
    assert (await scene.browser.post(scene.manage("/gates/phones/new"), data=body)).status_code == 404


async def test_the_clock_of_the_service_counts_not_the_phones(scene: Scene) -> None:
    issued = await make_pass(scene.edition, now=NOW)
    with clock.freeze(NOW + timedelta(days=5)):
        async with new_browser() as phone:
            body = {"client_id": "scan-0001", "code": issued.code, "device_at": NOW.isoformat()}
            answer = await phone.post(REDEEM, json=body, headers=scene.headers)
    assert answer.json()["verdict"] == "expired"


async def test_the_timeline_leads_to_the_live_day_and_says_what_there_is(scene: Scene) -> None:
    await scene.sign_in(Role.OWNER)
    with clock.freeze(NOW - timedelta(days=30)):
        early = await scene.browser.get(scene.manage(""))
    assert "It fills from" in early.text
    assert "The last day is" in early.text
    issued = await make_pass(scene.edition, now=NOW)
    async with new_browser() as phone:
        await phone.post(REDEEM, json={"client_id": "scan-0001", "code": issued.code}, headers=scene.headers)
    during = await scene.browser.get(scene.manage(""))
    assert "1 inside now" in during.text
    assert "1 let in so far" in during.text
    assert f'href="{scene.manage("/live")}"' in during.text


async def test_gates_that_nobody_scans_at_are_not_done(scene: Scene) -> None:
    await scene.sign_in(Role.OWNER)
    told = []
    for phone_id in (scene.phone.device_id, None):
        told.append("No phone scans for a gate yet." in (await scene.browser.get(scene.manage("?lang=en"))).text)
        if phone_id is not None:
            await revoke_device(device_id=phone_id, actor=SYSTEM, now=NOW)
    assert told == [False, True]


async def test_without_a_list_or_a_gate_the_page_says_why_it_comes_first(client: Browser) -> None:
    edition = await make_open_edition(now=NOW)
    await sign_in(client, (await make_holder(Role.MANAGER, edition_id=edition.id)).id)
    base = f"/manage/{edition.id}/gates"
    why_list, why_gate = "there is no list yet", "there is no gate yet"
    jump = await client.get(f"{base}/new")
    listed = await client.get(jump.headers["location"])
    assert (jump.status_code, listed.text.count(why_list)) == (303, 1)
    await make_list(edition.id, now=NOW)
    jump = await client.get(f"{base}/phones/new")
    gate = await client.get(jump.headers["location"])
    assert (jump.status_code, gate.text.count(why_gate)) == (303, 1)
    assert (await client.get(f"{base}/lists/new")).text.count(why_list) == 0
