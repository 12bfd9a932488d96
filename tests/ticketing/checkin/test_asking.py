"""Questions that a list asks at its gates: nobody comes in without an answer, and what is said stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.actor import SYSTEM
from app.events.passes.states import revoke_pass
from app.events.queries import edition_by_id
from app.kernel.database import fetch
from app.kernel.errors import Invalid
from tests.conftest import NOW
from tests.support.client import Browser
from tests.support.factories_ticketing import (
    make_gate,
    make_list,
    make_open_edition,
    make_order,
    make_pass,
    make_question,
    make_ticket_type,
)
from ticketing.checkin.queries import open_conflicts
from ticketing.checkin.rules import ListRules
from ticketing.checkin.services.asking import lists_asking
from ticketing.checkin.services.copying import copy_gates
from ticketing.checkin.services.gates import update_list
from ticketing.sales.enums import QuestionKind
from ticketing.sales.errors import QuestionAsked
from ticketing.sales.services.answers import Answers
from ticketing.sales.services.copying import copy_ticket_types
from ticketing.sales.services.questions import QuestionValues, delete_question, update_question
from ticketing.sales.slots_questions import add_askers

pytestmark = pytest.mark.engines
PHOTOS = {"vi": "Bạn có đồng ý được chụp ảnh không?", "en": "Do you agree to photos?"}
WARDS = [{"vi": "Phường Tây Hồ", "en": "Tay Ho ward"}, {"vi": "Phường Hoàn Kiếm", "en": "Hoan Kiem ward"}]


class Gate:
    """A list that asks for a ward, which is needed, and for a consent, which is not; and tickets for it."""

    def __init__(self, client: Browser) -> None:
        self.client = client
        self.scans = 0

    async def set_up(self, **rules: Any) -> Gate:
        """Make it."""
        self.edition = await make_open_edition(now=NOW)
        here = self.edition.id
        self.ward = await make_question(
            here, now=NOW, kind=QuestionKind.CHOICE, required=True, choices=WARDS, wording={"en": "Ward?", "vi": "P?"}
        )
        self.photos = await make_question(here, now=NOW, kind=QuestionKind.CONSENT, wording=PHOTOS)
        self.rules = ListRules(questions=(self.ward, self.photos), **rules)
        self.list_id = await make_list(here, now=NOW, exits=True, rules=self.rules)
        _gate_id, _phone, token = await make_gate(here, self.list_id, now=NOW)
        self.headers = {"authorization": f"Bearer {token}"}
        self.type_id = await make_ticket_type(here, now=NOW)
        return self

    async def ticket(self, **values: Any) -> str:
        """The code of a pass that was ordered."""
        placed = await make_order(self.edition.id, {self.type_id: 1}, now=NOW, **values)
        (row,) = await fetch(
            "SELECT p.code FROM pass p JOIN order_item i ON i.event_pass = p.id WHERE i.ticket_order = {}",
            placed.order_id,
        )
        return str(row["code"])

    async def scan(self, code: str, answers: dict[int, str] | None = None, **values: Any) -> dict[str, Any]:
        """Redeem a code by the API; gives outcome, reason and the numbers of the questions."""
        self.scans += 1
        body = {"nonce": f"asking-{self.scans:04d}", "code": code, "list": self.list_id, **values}
        if answers is not None:
            body["answers"] = {str(key): said for key, said in answers.items()}
        answer = await self.client.post("/api/v1/checkin/redeem", json=body, headers=self.headers)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        told = {key: found[key] for key in ("outcome", "reason", "replayed") if key in found}
        return told | {"asked": [int(one["key"]) for one in found.get("questions", [])]}

    async def said(self) -> list[tuple[int, str]]:
        """What was answered."""
        rows = await fetch("SELECT question, value FROM ticket_answer ORDER BY order_item, question")
        return [(row["question"], row["value"]) for row in rows]


@pytest.fixture
async def gate(client: Browser, frozen_now: Any) -> Gate:
    return await Gate(client).set_up()


ADMITTED: dict[str, Any] = {"outcome": "admitted", "asked": []}


async def test_who_has_no_answer_is_asked_and_comes_in_with_one(gate: Gate) -> None:
    code = await gate.ticket()
    asked = [gate.ward, gate.photos]
    refused = {"outcome": "refused", "reason": "question_required"}
    assert await gate.scan(code) == {**refused, "asked": asked}
    first = {"nonce": "asking-0001", "code": code, "list": gate.list_id, "answers": {str(gate.ward): "Phường Tây Hồ"}}
    again = (await gate.client.post("/api/v1/checkin/redeem", json=first, headers=gate.headers)).json()
    assert (again["reason"], again["replayed"]) == ("question_required", True)  # a nonce has one answer
    assert [one["key"] for one in again["questions"]] == [str(gate.photos)]
    assert await gate.scan(code, {gate.photos: "perhaps"}) == {**refused, "asked": [gate.photos]}
    assert await gate.scan(code, {gate.photos: "no"}) == ADMITTED
    assert await gate.said() == [(gate.ward, "Phường Tây Hồ"), (gate.photos, "no")]
    assert await gate.scan(code, {gate.photos: "yes"}) == {
        "outcome": "refused",
        "reason": "already_admitted",
        "asked": [],
    }
    assert await gate.said() == [(gate.ward, "Phường Tây Hồ"), (gate.photos, "no")]  # the first word stays
    assert await gate.scan(code, direction="out") == ADMITTED
    assert await gate.scan(code) == ADMITTED


async def test_a_required_answer_is_not_passed_over_and_an_open_one_may_be(gate: Gate) -> None:
    code = await gate.ticket()
    refused = await gate.scan(code, {gate.ward: "", gate.photos: ""})
    assert refused == {"outcome": "refused", "reason": "question_required", "asked": [gate.ward]}
    assert await gate.scan(code, {gate.ward: "Phường Hoàn Kiếm"}) == ADMITTED
    assert await gate.said() == [(gate.ward, "Phường Hoàn Kiếm"), (gate.photos, "")]


async def test_the_questions_come_in_the_words_of_who_asks(gate: Gate) -> None:
    code = await gate.ticket()
    for locale, ward in (("en", "Tay Ho ward"), ("vi", "Phường Tây Hồ")):
        answer = await gate.client.post(
            "/api/v1/gate/redeem",
            json={"client_id": f"asking-in-{locale}", "code": code},
            headers={**gate.headers, "accept-language": locale},
        )
        found = answer.json()
        assert (found["verdict"], found["reason"]) == ("wrong_list", "question_required")
        assert found["questions"] == [
            {
                "key": str(gate.ward),
                "kind": "choice",
                "text": {"en": "Ward?", "vi": "P?"}[locale],
                "required": True,
                "choices": [
                    {"value": "Phường Tây Hồ", "text": ward},
                    {"value": "Phường Hoàn Kiếm", "text": {"en": "Hoan Kiem ward"}.get(locale, "Phường Hoàn Kiếm")},
                ],
            },
            {"key": str(gate.photos), "kind": "consent", "text": PHOTOS[locale], "required": False, "choices": []},
        ]
    body = {
        "client_id": "asking-done",
        "code": code,
        "answers": {str(gate.ward): "Phường Tây Hồ", str(gate.photos): "yes"},
    }
    done = (await gate.client.post("/api/v1/gate/redeem", json=body, headers=gate.headers)).json()
    assert (done["verdict"], "questions" in done) == ("admitted", False)


async def test_nobody_is_asked_who_answered_before_or_has_no_ticket_or_may_not_come_in(gate: Gate) -> None:
    await update_question(
        question_id=gate.ward,
        edition_id=gate.edition.id,
        values=QuestionValues(kind=QuestionKind.CHOICE, wording={"vi": "P?"}, choices=WARDS, types=[gate.type_id]),
        actor=SYSTEM,
        now=NOW,
    )
    given = Answers(given={(gate.type_id, 1): {gate.ward: "Phường Tây Hồ"}})
    code = await gate.ticket(answers=given)
    assert await gate.scan(code) == {"outcome": "refused", "reason": "question_required", "asked": [gate.photos]}
    staff = await make_pass(gate.edition, now=NOW)
    assert await gate.scan(staff.code, {gate.photos: "yes"}) == ADMITTED
    gone = await gate.ticket()
    (row,) = await fetch("SELECT id FROM pass WHERE code = {}", gone)
    await revoke_pass(pass_id=row["id"], reason="x", actor=SYSTEM, now=NOW)
    assert (await gate.scan(gone, {gate.ward: "Phường Tây Hồ"}))["reason"] == "revoked"
    assert await gate.said() == [(gate.ward, "Phường Tây Hồ")]
    values = QuestionValues(kind=QuestionKind.CONSENT, wording=PHOTOS, active=False)
    await update_question(question_id=gate.photos, edition_id=gate.edition.id, values=values, actor=SYSTEM, now=NOW)
    assert await gate.scan(code) == ADMITTED


@pytest.mark.parametrize("capacity", [1, 2])
async def test_a_full_room_is_full_before_it_asks(client: Browser, frozen_now: Any, capacity: int) -> None:
    gate = await Gate(client).set_up(capacity=capacity)
    said = {gate.ward: "Phường Tây Hồ", gate.photos: "no"}
    assert await gate.scan(await gate.ticket(), said) == ADMITTED
    second = await gate.ticket()
    assert (await gate.scan(second))["reason"] == ("full" if capacity == 1 else "question_required")
    assert (await gate.scan(second, said))["outcome"] == ("refused" if capacity == 1 else "admitted")


async def test_scans_that_are_handed_in_bring_their_answers_and_are_not_turned_away(gate: Gate) -> None:
    scan = {"list": gate.list_id, "device_at": (NOW - timedelta(minutes=5)).isoformat()}
    scans = [
        {**scan, "nonce": "alone-0001", "code": await gate.ticket(), "answers": {str(gate.ward): "Phường Tây Hồ"}},
        {**scan, "nonce": "alone-0002", "code": await gate.ticket()},
        {
            **scan,
            "nonce": "alone-0003",
            "code": await gate.ticket(),
            "outcome": "refused",
            "reason": "question_required",
        },
    ]
    answer = await gate.client.post("/api/v1/checkin/scans", json={"scans": scans}, headers=gate.headers)
    outcomes = [(one["outcome"], one.get("reason")) for one in answer.json()["answers"]]
    assert outcomes == [("admitted", None), ("admitted", None), ("refused", "question_required")]
    assert await gate.said() == [(gate.ward, "Phường Tây Hồ")]


async def test_a_question_that_gates_ask_is_not_deleted_and_goes_along_to_a_copy(gate: Gate) -> None:
    add_askers(lists_asking)
    at = {"edition_id": gate.edition.id, "actor": SYSTEM, "now": NOW}
    with pytest.raises(QuestionAsked, match="Cửa vào"):
        await delete_question(question_id=gate.ward, **at)
    other = await make_question((await make_open_edition(now=NOW)).id, now=NOW)
    values = {"list_id": gate.list_id, "name": "Cửa vào", "pass_kinds": [], "active": True}
    with pytest.raises(Invalid):
        await update_list(rules=ListRules(questions=(other,)), **values, **at)
    made = await make_open_edition(now=NOW)
    source = await edition_by_id(gate.edition.id)
    await copy_ticket_types(source, made, NOW)
    await copy_gates(source, made, NOW)
    rows = await fetch("SELECT id FROM ticket_question WHERE edition = {} ORDER BY id", made.id)
    (copied,) = await fetch("SELECT questions FROM check_in_list WHERE edition = {}", made.id)
    assert str(copied["questions"]) == str([row["id"] for row in rows])
    await update_list(rules=ListRules(questions=(gate.photos,)), **values, **at)
    await delete_question(question_id=gate.ward, **at)


async def test_whom_a_phone_let_in_that_did_not_wait_for_the_question_is_inside_and_no_conflict(gate: Gate) -> None:
    code = await gate.ticket()
    asked = await gate.scan(code)
    assert asked["reason"] == "question_required"
    again = {"nonce": "asking-0001", "code": code, "list": gate.list_id, "device_at": NOW.isoformat()}
    told = await gate.client.post("/api/v1/checkin/scans", json={"scans": [again]}, headers=gate.headers)
    assert told.status_code == 200
    (row,) = await fetch("SELECT entries, left_at FROM admission")
    assert (row["entries"], row["left_at"]) == (1, None)
    assert await open_conflicts(gate.edition.id) == 0
    assert (await gate.scan(code, {gate.ward: "1"}))["reason"] == "already_admitted"
