"""Reads of questions and of what was answered."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.kernel.database import fetch
from app.kernel.i18n import N_, _, format_datetime, pick
from app.kernel.names import show_phone
from app.kernel.rows import among
from ticketing.sales.enums import QuestionKind
from ticketing.sales.queries import texts

#: What is stored of a consent.
YES, NO = "yes", "no"
CONSENTED = {YES: N_("Agrees"), NO: N_("Does not agree")}


@dataclass(frozen=True, kw_only=True)
class QuestionInfo:
    """A question. ``types`` are the ids of the ticket types that it is asked for when they are ordered, in order."""

    id: int
    kind: QuestionKind
    wording: Mapping[str, str]
    choices: Sequence[Mapping[str, str]]
    required: bool
    active: bool
    position: int
    types: tuple[int, ...] = ()

    @property
    def options(self) -> list[tuple[str, str]]:
        """Its choices as they are stored, and as they are called in the reader's language."""
        return [(choice["vi"], pick(choice)) for choice in self.choices]

    def said(self, value: str) -> str:
        """An answer in the reader's language; a choice that is none any more as it was."""
        if self.kind is QuestionKind.CONSENT:
            return _(CONSENTED[value]) if value in CONSENTED else value
        if self.kind is QuestionKind.PHONE and value:
            return show_phone(value)
        return dict(self.options).get(value, value)


@dataclass(frozen=True, kw_only=True)
class AnswerInfo:
    """What was answered to a question for a ticket, and in which words that had been asked."""

    question: QuestionInfo
    value: str
    wording: str
    answered_at: datetime

    def told(self, timezone: str) -> str:
        """The answer in words: of a consent, when it was given, and to what where that reads otherwise by now."""
        said = self.question.said(self.value)
        if self.question.kind is not QuestionKind.CONSENT or not self.value:
            return said
        when = format_datetime(self.answered_at, timezone)
        is_same = self.wording in self.question.wording.values()
        return f"{said} ({when})" if is_same else f"{said} ({when}): “{self.wording}”"


_QUESTIONS = (
    "SELECT q.id, q.kind, q.wording, q.choices, q.required, q.active, q.position, t.ticket_type "
    "FROM ticket_question q LEFT JOIN ticket_question_type t ON t.question = q.id "
)


async def questions_of(edition_id: int) -> list[QuestionInfo]:
    """All questions of an edition in their order."""
    rows = await fetch(_QUESTIONS + "WHERE q.edition = {} ORDER BY q.position, q.id, t.ticket_type", edition_id)
    return _infos(rows)


async def questions_by_type(type_ids: Iterable[int]) -> dict[int, list[QuestionInfo]]:
    """What is asked when tickets of these types are ordered, by type, in their order; types without are left out."""
    chosen, ids = among(sorted(set(type_ids)))
    rows = await fetch(
        _QUESTIONS + f"WHERE q.active = {{}} AND t.ticket_type {chosen} ORDER BY q.position, q.id, t.ticket_type",
        True,
        ids,
    )
    found: dict[int, list[QuestionInfo]] = {}
    for question in _infos(rows):
        for type_id in question.types:
            found.setdefault(type_id, []).append(question)
    return found


def _infos(rows: Sequence[Mapping[str, Any]]) -> list[QuestionInfo]:
    types: dict[int, list[int]] = {}
    for row in rows:
        mine = types.setdefault(row["id"], [])
        if row["ticket_type"] is not None:
            mine.append(row["ticket_type"])
    by_id = {row["id"]: row for row in rows}
    return [
        QuestionInfo(
            id=number,
            kind=QuestionKind(row["kind"]),
            wording=texts(row["wording"]),
            choices=row["choices"] if isinstance(row["choices"], list) else json.loads(row["choices"]),
            required=bool(row["required"]),
            active=bool(row["active"]),
            position=row["position"],
            types=tuple(types[number]),
        )
        for number, row in by_id.items()
    ]


async def answers_of_order(order_id: int, edition_id: int) -> dict[int, list[AnswerInfo]]:
    """What was answered for the tickets of an order, by ticket, in the order of the questions."""
    rows = await fetch(
        "SELECT a.order_item, a.question, a.value, a.wording, a.answered_at FROM ticket_answer a "
        "JOIN order_item i ON i.id = a.order_item WHERE i.ticket_order = {}",
        order_id,
    )
    return await _answers(rows, edition_id) if rows else {}


async def answers_of_edition(edition_id: int) -> dict[int, list[AnswerInfo]]:
    """What was answered for all tickets of an edition, by ticket, in the order of the questions."""
    rows = await fetch(
        "SELECT a.order_item, a.question, a.value, a.wording, a.answered_at FROM ticket_answer a "
        "JOIN ticket_question q ON q.id = a.question WHERE q.edition = {}",
        edition_id,
    )
    return await _answers(rows, edition_id) if rows else {}


async def _answers(rows: Sequence[Mapping[str, Any]], edition_id: int) -> dict[int, list[AnswerInfo]]:
    places = {question.id: (place, question) for place, question in enumerate(await questions_of(edition_id))}
    found: dict[int, list[AnswerInfo]] = {}
    for row in sorted(rows, key=lambda one: places[one["question"]][0]):
        found.setdefault(row["order_item"], []).append(
            AnswerInfo(
                question=places[row["question"]][1],
                value=row["value"],
                wording=row["wording"],
                answered_at=_moment(row["answered_at"]),
            )
        )
    return found


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


async def is_answered(question_id: int) -> bool:
    """Whether anybody answered a question."""
    return bool(await fetch("SELECT 1 AS one FROM ticket_answer WHERE question = {} LIMIT 1", question_id))


async def tickets_for_sheet(edition_id: int, limit: int) -> list[dict[str, Any]]:
    """The tickets of an edition's orders, the newest orders first, with order, type and pass."""
    return await fetch(
        "SELECT i.id, o.reference, o.state, o.currency, i.price_minor, i.holder_name, i.cancelled_at, "
        "t.name AS type_name, p.short_code "
        "FROM order_item i JOIN ticket_order o ON o.id = i.ticket_order JOIN ticket_type t ON t.id = i.ticket_type "
        "LEFT JOIN \"pass\" p ON p.id = i.event_pass WHERE o.edition = {} AND o.state <> 'laid' "
        "ORDER BY o.id DESC, i.id LIMIT {}",
        edition_id,
        limit,
    )
