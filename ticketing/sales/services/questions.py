"""Questions as an organiser sets them: what is asked of whoever a ticket is for."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.events.queries import hold_edition_going_on
from app.kernel import audit
from app.kernel.database import hold_row, write_transaction
from ticketing.sales.enums import QuestionKind
from ticketing.sales.errors import (
    QuestionAnswered,
    QuestionAsked,
    QuestionKindStays,
    UnknownQuestion,
    UnknownTicketType,
)
from ticketing.sales.queries import ids_by_code
from ticketing.sales.queries_questions import QuestionInfo, is_answered, questions_of
from ticketing.sales.slots_questions import lists_that_ask
from ticketing.sales.tables_questions import Question, QuestionType


@dataclass(frozen=True, kw_only=True)
class QuestionValues:
    """What an organiser says about a question; texts are by language, Vietnamese always among them.

    ``types`` are the ids of the ticket types that it is asked for; without a ``position`` it comes last.
    """

    kind: QuestionKind
    wording: Mapping[str, str]
    choices: Sequence[Mapping[str, str]] = ()
    types: Sequence[int] = ()
    required: bool = False
    active: bool = True
    position: int | None = None


async def create_question(*, edition_id: int, values: QuestionValues, actor: Actor, now: datetime) -> int:
    """Add a question. Raises UnknownTicketType, EditionNotFound, EditionIsCancelled."""
    async with write_transaction():
        await hold_edition_going_on(edition_id, alone=True)
        known = await questions_of(edition_id)
        last = max((question.position for question in known), default=0)
        position = last + 1 if values.position is None else values.position
        made = Question(edition=edition_id, **_columns(values), position=position)
        await made.save()
        await _ask_for(made.id, edition_id, values.types)
        await audit.record(
            actor=actor,
            action="question.create",
            subject_type="question",
            subject_id=made.id,
            edition_id=edition_id,
            after=_logged(await question_of(made.id, edition_id)),
            now=now,
        )
    return int(made.id)


async def update_question(
    *, question_id: int, edition_id: int, values: QuestionValues, actor: Actor, now: datetime
) -> None:
    """Change a question; what was answered stays as it was. Its kind can change until somebody answered.

    Raises UnknownQuestion, QuestionKindStays, UnknownTicketType, EditionIsCancelled.
    """
    async with write_transaction():
        await hold_edition_going_on(edition_id, alone=True)
        await hold_row("ticket_question", question_id, alone=True)
        before = await question_of(question_id, edition_id)
        if before.kind is not values.kind and await is_answered(question_id):
            raise QuestionKindStays
        position = before.position if values.position is None else values.position
        columns: dict[Any, Any] = {**_columns(values), "position": position}
        await Question.update(columns).where(Question.id == question_id)
        await QuestionType.delete().where(QuestionType.question == question_id)
        await _ask_for(question_id, edition_id, values.types)
        old, new = audit.changes(_logged(before), _logged(await question_of(question_id, edition_id)))
        if new:
            await audit.record(
                actor=actor,
                action="question.update",
                subject_type="question",
                subject_id=question_id,
                edition_id=edition_id,
                before=old,
                after=new,
                now=now,
            )


async def delete_question(*, question_id: int, edition_id: int, actor: Actor, now: datetime) -> None:
    """Delete a question that nobody answered and no check-in list asks.

    Raises UnknownQuestion, QuestionAnswered, QuestionAsked, EditionIsCancelled.
    """
    async with write_transaction():
        await hold_edition_going_on(edition_id, alone=True)  # whoever answers holds it too
        await hold_row("ticket_question", question_id, alone=True)
        before = await question_of(question_id, edition_id)
        if await is_answered(question_id):
            raise QuestionAnswered
        if lists := await lists_that_ask(edition_id, question_id):
            raise QuestionAsked(lists=", ".join(lists))
        await Question.delete().where(Question.id == question_id)
        await audit.record(
            actor=actor,
            action="question.delete",
            subject_type="question",
            subject_id=question_id,
            edition_id=edition_id,
            before=_logged(before),
            now=now,
        )


async def question_of(question_id: int, edition_id: int) -> QuestionInfo:
    """A question of an edition. Raises UnknownQuestion."""
    for question in await questions_of(edition_id):
        if question.id == question_id:
            return question
    raise UnknownQuestion


def _columns(values: QuestionValues) -> dict[str, Any]:
    choices = values.choices if values.kind is QuestionKind.CHOICE else ()
    return {
        "kind": values.kind.value,
        "wording": json.dumps(dict(values.wording), ensure_ascii=False),
        "choices": json.dumps([dict(choice) for choice in choices], ensure_ascii=False),
        "required": values.required,
        "active": values.active,
    }


async def _ask_for(question_id: int, edition_id: int, types: Sequence[int]) -> None:
    wanted = sorted(set(types))
    if set(wanted) - set((await ids_by_code(edition_id)).values()):
        raise UnknownTicketType
    if wanted:
        await QuestionType.insert(*(QuestionType(question=question_id, ticket_type=type_id) for type_id in wanted))


def _logged(question: QuestionInfo) -> dict[str, Any]:
    return {
        "kind": question.kind.value,
        "wording": dict(question.wording),
        "choices": [choice["vi"] for choice in question.choices],
        "ticket_types": list(question.types),
        "required": question.required,
        "active": question.active,
        "position": question.position,
    }
