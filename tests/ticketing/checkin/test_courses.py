"""What the service answers to scans that follow one another, by the courses that phones alone are held to, too."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from app.events.tables import Pass
from tests.support.factories_ticketing import make_gate, make_list, make_open_edition, make_pass, make_ticket_type
from tests.ticketing.checkin import make_courses
from ticketing.checkin.enums import Verdict, Way
from ticketing.checkin.rules import ListRules
from ticketing.checkin.schemas import QueuedScan
from ticketing.checkin.services.redeeming import redeem_pass, redeem_queue

COURSES = json.loads(make_courses.PATH.read_text(encoding="utf-8"))["courses"]
BEFORE = datetime.fromisoformat("2026-09-01T00:00:00Z")
MINUTE = timedelta(minutes=1)
BLOCKED = "blocked"


def test_the_courses_are_as_they_are_made() -> None:
    assert make_courses.PATH.read_text(encoding="utf-8") == make_courses.text()


def test_every_rule_of_entry_lets_somebody_in_and_keeps_somebody_out() -> None:
    told = {(step["verdict"], step["reason"]) for course in COURSES for step in course["steps"]}
    wanted = {"admitted", "already_admitted", "left", "not_inside", "not_valid_yet"}
    assert {verdict for verdict, _reason in told} >= wanted
    assert {reason for _verdict, reason in told} == {"", "blocked", "unpaid", "cancelled", "wrong_type", "full"}


async def phone_and_codes(course: dict[str, Any]) -> tuple[Any, list[str]]:
    """A phone at a gate of the course's list, and the codes of its passes."""
    first, last = (date.fromisoformat(day) for day in course["days"])
    edition = await make_open_edition(now=BEFORE, starts_on=first, ends_on=last, timezone=course["timezone"])
    types = {7: await make_ticket_type(edition.id, now=BEFORE), 8: await make_ticket_type(edition.id, now=BEFORE)}
    rules = course["rules"] | {"ticket_types": tuple(types[number] for number in course["rules"]["ticket_types"])}
    rules["day"] = rules["day"] and date.fromisoformat(rules["day"])
    list_id = await make_list(edition.id, now=BEFORE, exits=course["exits"], rules=ListRules(**rules))
    _gate_id, phone, _token = await make_gate(edition.id, list_id, now=BEFORE)
    codes = []
    begin, end = edition.window
    for held in course["passes"]:
        type_no = course["sorts"][held["sort"]][1]
        number = types.get(type_no) if type_no else None
        issued = await make_pass(edition, now=BEFORE, valid_from=begin, valid_until=end + timedelta(days=1))
        state = {"issued": "issued", BLOCKED: BLOCKED}.get(held["state"], "revoked")
        reason = held["state"] if held["state"] in ("unpaid", "cancelled") else ""
        changes = {Pass.type_no: number, Pass.state: state, Pass.state_reason: reason}
        await Pass.update(changes).where(Pass.id == issued.id)
        codes.append(issued.code)
    return phone, codes


@pytest.mark.engines
@pytest.mark.parametrize("course", COURSES, ids=[course["name"] for course in COURSES])
async def test_the_service_answers_as_the_courses_have_it(database: str, course: dict[str, Any]) -> None:
    phone, codes = await phone_and_codes(course)
    for number, step in enumerate(course["steps"]):
        answer = await redeem_pass(
            actor=phone,
            client_id=f"scan-{number:04d}",
            code=codes[step["pass"]],
            way=Way(step["way"]),
            now=datetime.fromisoformat(step["at"]),
        )
        assert (answer.verdict, answer.reason or "") == (step["verdict"], step["reason"]), (number, step["at"])


@pytest.mark.engines
@pytest.mark.parametrize("course", COURSES, ids=[course["name"] for course in COURSES])
async def test_the_service_takes_over_what_a_phone_alone_has_answered(database: str, course: dict[str, Any]) -> None:
    """All in one queue: nothing is in conflict, and what was refused stands as it was shown."""
    phone, codes = await phone_and_codes(course)
    scans = [
        QueuedScan(
            client_id=f"scan-{number:04d}",
            code=codes[step["pass"]],
            device_at=datetime.fromisoformat(step["at"]),
            shown=Verdict(step["reason"] or step["verdict"]),
            way=Way(step["way"]),
        )
        for number, step in enumerate(course["steps"])
    ]
    now = scans[-1].device_at + MINUTE
    answers = await redeem_queue(actor=phone, scans=scans, now=now)
    assert [(one.verdict, one.reason or "") for one in answers] == [
        (step["verdict"], step["reason"]) for step in course["steps"]
    ]
