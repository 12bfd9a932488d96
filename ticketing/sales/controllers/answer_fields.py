"""The fields of questions in forms: when tickets are ordered, and on the page of an order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from app.kernel.forms import Reading
from app.kernel.i18n import _
from ticketing.sales.enums import QuestionKind
from ticketing.sales.queries_questions import NO, YES, QuestionInfo, questions_by_type
from ticketing.sales.services.answers import LONGEST, Answers, Unfit, cleaned, field_of

#: So many choices stand as buttons; more make a list to open.
MOST_BUTTONS = 5


@dataclass(frozen=True, kw_only=True)
class TicketAsked:
    """A ticket for which something is asked. ``mark`` stands in the names of its fields."""

    mark: int | str
    type_name: Mapping[str, str]
    number: int
    count: int
    questions: Sequence[QuestionInfo]

    def field(self, question: QuestionInfo) -> str:
        """The name of the field of a question."""
        return field_of(self.mark, question.id)

    def looks(self, question: QuestionInfo) -> dict[str, Any]:
        """How the field of a question is drawn, as arguments of the component."""
        if question.kind is QuestionKind.CONSENT:
            return {"type": "checkbox"}
        if question.kind is QuestionKind.PHONE:
            return {"type": "tel", "maxlength": 40}
        if question.kind is QuestionKind.TEXT:
            return {"type": "text", "maxlength": LONGEST}
        if len(question.choices) > MOST_BUTTONS:
            return {"type": "select", "options": [("", ""), *question.options]}
        nothing = [] if question.required else [("", _("No answer"))]
        return {"type": "radio", "options": [*question.options, *nothing]}


async def asked_when_ordering(chosen: Sequence[Mapping[str, Any]]) -> list[TicketAsked]:
    """The tickets for which something is asked, among ticket types each with its ``count``."""
    questions = await questions_by_type(row["id"] for row in chosen)
    return [
        TicketAsked(
            mark=f"{row['id']}_{number}",
            type_name=row["name"],
            number=number,
            count=row["count"],
            questions=questions[row["id"]],
        )
        for row in chosen
        if row["id"] in questions
        for number in range(1, row["count"] + 1)
    ]


async def asked_of_tickets(tickets: Sequence[Mapping[str, Any]]) -> list[TicketAsked]:
    """The tickets for which something is asked, among those of an order."""
    questions = await questions_by_type(ticket["type_id"] for ticket in tickets)
    return [
        TicketAsked(
            mark=ticket["id"],
            type_name=ticket["type_name"],
            number=number,
            count=len(tickets),
            questions=questions[ticket["type_id"]],
        )
        for number, ticket in enumerate(tickets, 1)
        if ticket["type_id"] in questions
    ]


def with_answers(base: type[msgspec.Struct], tickets: Sequence[TicketAsked]) -> type[Any]:
    """A form with a field for each question of each ticket; the form itself where nothing is asked."""
    text = Annotated[str, msgspec.Meta(max_length=LONGEST)]
    fields: list[Any] = [
        (ticket.field(question), *((bool, False) if question.kind is QuestionKind.CONSENT else (text, "")))
        for ticket in tickets
        for question in ticket.questions
    ]
    return msgspec.defstruct(f"{base.__name__}WithAnswers", fields, bases=(base,)) if fields else base


def answers_in(reading: Reading[Any], tickets: Sequence[TicketAsked], region: str) -> dict[int | str, dict[int, str]]:
    """What was answered, by the marks of the tickets and the numbers of the questions; refuses what does not fit."""
    answers: dict[int | str, dict[int, str]] = {}
    for ticket in tickets:
        mine = answers.setdefault(ticket.mark, {})
        for question in ticket.questions:
            typed = getattr(reading.values, ticket.field(question))
            if question.kind is QuestionKind.CONSENT:
                typed = YES if typed else ""
            mine[question.id] = typed
            try:
                cleaned(question, typed, region)
            except Unfit as unfit:
                reading.refuse(ticket.field(question), str(unfit))
    return answers


def answers_given(answers: Mapping[int | str, Mapping[int, str]], region: str) -> Answers | None:
    """Answers by the marks of :func:`asked_when_ordering`, as an order takes them."""
    if not answers:
        return None
    given = {}
    for mark, said in answers.items():
        type_id, _under, number = str(mark).partition("_")
        given[int(type_id), int(number)] = said
    return Answers(given=given, region=region)


def standing_answers(tickets: Sequence[TicketAsked], answers: Mapping[Any, Mapping[int, str]]) -> dict[str, Any]:
    """What stands in the fields of tickets that have answers already."""
    values: dict[str, Any] = {}
    for ticket in tickets:
        for question in ticket.questions:
            said = answers.get(ticket.mark, {}).get(question.id, "")
            if question.kind is QuestionKind.CONSENT:
                values[ticket.field(question)] = "on" if said not in ("", NO) else ""
            else:
                values[ticket.field(question)] = question.said(said) if question.kind is QuestionKind.PHONE else said
    return values
