"""What the service answers at a gate, by the cases that phones are held to, too: at once, and out of their queues."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from app.events.enums import PassKind
from app.events.tables import Pass
from app.kernel.i18n import use_locale
from tests.events.make_pass_vectors import next_letter
from tests.support.client import Browser, new_browser
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass
from tests.ticketing.checkin import make_cases
from ticketing.checkin.enums import Verdict
from ticketing.checkin.rules import ListRules
from ticketing.checkin.schemas import QueuedScan, RedeemAnswer
from ticketing.checkin.services.redeeming import redeem_pass, redeem_queue
from ticketing.checkin.services.settling import close_past_days

CASES = json.loads(make_cases.PATH.read_text(encoding="utf-8"))["cases"]
BEFORE = datetime.fromisoformat("2026-09-01T00:00:00Z")
MINUTE = timedelta(minutes=1)


def test_the_cases_are_as_they_are_made() -> None:
    assert make_cases.PATH.read_text(encoding="utf-8") == make_cases.text()


def rules_of(case: dict[str, Any]) -> ListRules:
    """The rules of a case's list."""
    read = {"opens_at": datetime.fromisoformat, "closes_at": datetime.fromisoformat, "day": date.fromisoformat}
    rules = {name: read.get(name, str)(value) for name, value in case["rules"].items() if value is not None}
    return ListRules(**rules)


async def edition_of(case: dict[str, Any], zone: str) -> Any:
    """An edition of the case's days."""
    first, last = (date.fromisoformat(day) for day in case["days"])
    return await make_open_edition(now=BEFORE, starts_on=first, ends_on=last, timezone=zone)


async def code_of(case: dict[str, Any], edition: Any, foreign: Any) -> str:
    """The code of a new pass as the case has it."""
    of = case["pass"]
    issued = await make_pass(
        foreign if of["foreign"] else edition,
        now=BEFORE,
        kind=PassKind(of["kind"]),
        valid_from=datetime.fromisoformat(of["valid_from"]),
        valid_until=datetime.fromisoformat(of["valid_until"]),
    )
    await Pass.update({Pass.state: of["state"]}).where(Pass.id == issued.id)
    return next_letter(issued.code, 100) if of["forged"] else issued.code


def because(answer: RedeemAnswer) -> str:
    """What the cases tell of a refusal besides its verdict."""
    if answer.reason == Verdict.BLOCKED:
        return "blocked"
    return "list" if answer.note is not None else ""


@pytest.mark.engines
@pytest.mark.parametrize("queued", [False, True], ids=["at once", "queued"])
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
async def test_the_service_answers_as_the_cases_have_it(database: str, case: dict[str, Any], queued: bool) -> None:
    edition = await edition_of(case, case["timezone"])
    foreign = await edition_of(case, case["timezone"])
    list_id = await make_list(edition.id, now=BEFORE, pass_kinds=case["pass_kinds"], rules=rules_of(case))
    _gate_id, phone, _token = await make_gate(edition.id, list_id, now=BEFORE)
    for number, moment in enumerate(case["moments"]):
        code = await code_of(case, edition, foreign)
        at = datetime.fromisoformat(moment["at"])
        if case["earlier"]:
            before = datetime.fromisoformat(case["earlier"])
            first = await redeem_pass(actor=phone, client_id=f"earlier-{number:04d}", code=code, now=before)
            assert first.verdict == Verdict.ADMITTED
            await close_past_days(now=at)
        with use_locale("en"):
            if queued:
                scan = QueuedScan(
                    client_id=f"scan-{number:04d}", code=code, device_at=at, shown=Verdict(moment["verdict"])
                )
                (answer,) = await redeem_queue(actor=phone, scans=[scan], now=at + MINUTE)
            else:
                answer = await redeem_pass(actor=phone, client_id=f"scan-{number:04d}", code=code, now=at)
        assert (answer.verdict, because(answer)) == (moment["verdict"], moment["because"]), moment["at"]


@pytest.mark.engines
@pytest.mark.parametrize(
    ("language", "told", "note", "full", "other_types"),
    [
        (
            "vi",
            "Thứ Bảy, 17/10/2026, 18:00–01:00",
            "Đóng dấu tay",
            "Cửa vào đã đầy: hãy đợi đến khi có người ra.",
            "Cửa vào nhận các loại vé khác.",
        ),
        (
            "en",
            "Saturday, 17 Oct 2026, 18:00–01:00",
            "Stamp the hand",
            "Cửa vào is full: wait until somebody has left.",
            "Cửa vào takes other ticket types.",
        ),
        (
            "id",
            "Sabtu, 17 Okt 2026, 18:00–01:00",
            "Đóng dấu tay",
            "Cửa vào penuh: tunggu sampai ada yang keluar.",
            "Cửa vào menerima jenis tiket lain.",
        ),
    ],
)
async def test_a_phone_gets_the_rules_of_its_list_in_its_language(
    client: Browser, language: str, told: str, note: str, full: str, other_types: str
) -> None:
    edition = await make_open_edition(now=BEFORE)
    rules = ListRules(
        day=date(2026, 10, 17),
        opens_daily="18:00",
        closes_daily="01:00",
        note={"en": "Stamp the hand", "vi": "Đóng dấu tay"},
        entries_a_day=3,
        capacity=40,
    )
    list_id = await make_list(edition.id, now=BEFORE, rules=rules)
    _gate_id, _phone, token = await make_gate(edition.id, list_id, now=BEFORE)
    async with new_browser() as phone:
        headers = {"authorization": f"Bearer {token}", "accept-language": language}
        bundle = (await phone.get("/api/v1/gate/bundle", headers=headers)).json()
    assert bundle["list_rules"] == {
        "opens_at": None,
        "closes_at": None,
        "day": "2026-10-17",
        "opens_daily": "18:00",
        "closes_daily": "01:00",
        "told": told,
        "note": note,
        "ticket_types": [],
        "once": False,
        "entries_a_day": 3,
        "again_after": None,
        "capacity": 40,
        "full": full,
        "other_types": other_types,
    }
