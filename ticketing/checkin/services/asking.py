"""Questions that a list asks at its gates: of whoever comes with a ticket that has no answer to them yet."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from app.events.queries import edition_by_id
from app.kernel.database import fetch, write_transaction
from ticketing.checkin.queries import ListRule
from ticketing.checkin.tables import CheckInList
from ticketing.sales.queries_questions import QuestionInfo, questions_of
from ticketing.sales.services.answers import answer_at_gate

NOTHING_SAID: Mapping[str, str] = MappingProxyType({})
#: Digits of a number that no question has any more.
LONGEST_NUMBER = 10


async def asked_at(rule: ListRule) -> list[QuestionInfo]:
    """The questions that a list asks now, in their order; one that names none reads nothing."""
    if not rule.rules.questions:
        return []
    return [
        question
        for question in await questions_of(rule.edition_id)
        if question.active and question.id in rule.rules.questions
    ]


async def keep_said(
    rule: ListRule, asked: Sequence[QuestionInfo], serial: int, answers: Mapping[str, str], now: datetime
) -> None:
    """Keep what was said to a list's questions with the ticket of a pass that counts; others have none to keep it."""
    given = {int(key): said for key, said in answers.items() if _is_number(key)}
    item_id = await _ticket_of(rule.edition_id, serial)
    if item_id is None or not given:
        return
    edition = await edition_by_id(rule.edition_id)
    async with write_transaction():
        await answer_at_gate(item_id=item_id, questions=asked, given=given, region=edition.region, now=now)


async def still_asked(rule: ListRule, asked: Sequence[QuestionInfo], serial: int) -> list[QuestionInfo]:
    """Those of a list's questions that the ticket of a pass has no answer to."""
    item_id = await _ticket_of(rule.edition_id, serial)
    rows = await fetch("SELECT question FROM ticket_answer WHERE order_item = {}", item_id)
    answered = {row["question"] for row in rows}
    return [question for question in asked if question.id not in answered]


async def lists_asking(edition_id: int, question_id: int) -> list[str]:
    """The names of an edition's lists that ask a question."""
    rows = await CheckInList.select(CheckInList.name, CheckInList.questions).where(CheckInList.edition == edition_id)
    return [row["name"] for row in rows if question_id in json.loads(row["questions"] or "[]")]


async def _ticket_of(edition_id: int, serial: int) -> int | None:
    rows = await fetch(
        'SELECT i.id FROM order_item i JOIN "pass" p ON p.id = i.event_pass '
        "WHERE p.edition = {} AND p.serial = {} AND p.state = 'issued'",
        edition_id,
        serial,
    )
    return rows[0]["id"] if rows else None


def _is_number(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) < LONGEST_NUMBER
