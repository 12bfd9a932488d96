"""What is answered for tickets: when they are ordered, later by whoever holds the order's link, or at a gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import fetch, write_transaction
from app.kernel.errors import Invalid
from app.kernel.forms import NOT_A_CHOICE, REQUIRED, TOO_LONG
from app.kernel.i18n import N_, _, pick
from app.kernel.names import clean_text, normalise_phone
from ticketing.sales.enums import OrderState, QuestionKind
from ticketing.sales.errors import ChangesOver
from ticketing.sales.queries_own import items_of, rules_of
from ticketing.sales.queries_questions import NO, YES, QuestionInfo, answers_of_order, questions_by_type
from ticketing.sales.services.own import hold_own, known
from ticketing.sales.tables_questions import Answer

NOT_A_PHONE = N_("This is no phone number. Write it like 0912 345 678 or +84 912 345 678.")
LONGEST = 300
#: What may be said of a consent, and what it means.
_CONSENTS = {**dict.fromkeys(("on", "true", "1", YES), YES), **dict.fromkeys(("off", "false", "0", NO), NO), "": ""}


class Unfit(ValueError):
    """An answer that does not fit its question; its argument is a sentence in the reader's language."""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answers that come with an order: by ticket type and the number of the ticket among its own, from 1.

    Each maps the numbers of questions to what was said. Phone numbers are read as in ``region``.
    """

    given: Mapping[tuple[int, int], Mapping[int, str]]
    region: str = "VN"


def field_of(mark: int | str, question_id: int) -> str:
    """The name of a form's field for a question; ``mark`` says for which ticket."""
    return f"q_{mark}_{question_id}"


def cleaned(question: QuestionInfo, said: str, region: str = "VN") -> str:
    """An answer as it is stored; empty where nothing was said. Raises Unfit."""
    said = clean_text(said)
    if question.kind is QuestionKind.CONSENT:
        value = _CONSENTS.get(said.casefold())
        if value is None:
            raise Unfit(_(NOT_A_CHOICE))
        if question.required and value != YES:
            raise Unfit(_(REQUIRED))
        return value
    if not said:
        if question.required:
            raise Unfit(_(REQUIRED))
        return ""
    if len(said) > LONGEST:
        raise Unfit(_(TOO_LONG).format(limit=LONGEST))
    if question.kind is QuestionKind.PHONE:
        try:
            return normalise_phone(said, region)
        except ValueError as error:
            raise Unfit(_(NOT_A_PHONE)) from error
    if question.kind is QuestionKind.CHOICE and said not in dict(question.options):
        raise Unfit(_(NOT_A_CHOICE))
    return said


async def keep_answers(*, order_id: int, answers: Answers | None, now: datetime) -> None:
    """Keep what was answered for the tickets of an order that was just written, inside the caller's transaction.

    Raises Invalid where an answer lacks or does not fit: by field, such as ``q_12_1_7`` for the first of type 12.
    """
    items = await fetch("SELECT id, ticket_type FROM order_item WHERE ticket_order = {} ORDER BY id", order_id)
    questions = await questions_by_type(item["ticket_type"] for item in items)
    given, region = (answers.given, answers.region) if answers else ({}, "VN")
    numbers: dict[int, int] = {}
    rows: list[Answer] = []
    refused: dict[str, str] = {}
    for item in items:
        type_id = item["ticket_type"]
        numbers[type_id] = number = numbers.get(type_id, 0) + 1
        said = given.get((type_id, number), {})
        for question in questions.get(type_id, ()):
            try:
                value = cleaned(question, said.get(question.id, ""), region)
            except Unfit as unfit:
                refused[field_of(f"{type_id}_{number}", question.id)] = str(unfit)
                continue
            if value:
                rows.append(_row(item["id"], question, value, now))
    if refused:
        raise Invalid(fields=refused)
    if rows:
        await Answer.insert(*rows)


async def answer_tickets(
    *,
    order_id: int,
    edition_id: int,
    answers: Mapping[int, Mapping[int, str]],
    region: str,
    actor: Actor | None,
    now: datetime,
) -> int:
    """Change answers for tickets of an order, by their numbers and those of the questions; returns how many changed.

    All or none. What is not named stays; so does what is said already, with the time and the words of then.
    Raises ChangesOver, Invalid, OrderNotFound, OrderNotOpen, EditionIsCancelled.
    """
    async with write_transaction():
        held = await hold_own(order_id, edition_id, OrderState.HELD, OrderState.CONFIRMED)
        if not (await rules_of(held.edition)).may_answer(now):
            raise ChangesOver
        items = await items_of(order_id, list(answers))
        questions = await questions_by_type(item["ticket_type"] for item in items)
        standing = await answers_of_order(order_id, edition_id)
        changes: list[tuple[int, QuestionInfo, str, str]] = []
        refused: dict[str, str] = {}
        for item in items:
            before = {one.question.id: one.value for one in standing.get(item["id"], ())}
            for question in questions.get(item["ticket_type"], ()):
                if question.id not in answers[item["id"]]:
                    continue
                try:
                    value = cleaned(question, answers[item["id"]][question.id], region)
                except Unfit as unfit:
                    refused[field_of(item["id"], question.id)] = str(unfit)
                    continue
                was = before.get(question.id, "")
                if question.kind is QuestionKind.CONSENT and not value and was:
                    value = NO  # withdrawn: that it was, and when, stays
                if value != was:
                    changes.append((item["id"], question, was, value))
        if refused:
            raise Invalid(fields=refused)
        for item_id, question, was, value in changes:
            await _put(item_id, question, value, now)
            await audit.record(
                actor=known(actor),
                action="order.answer_own",
                subject_type="ticket_order",
                subject_id=order_id,
                edition_id=edition_id,
                before={"answer": was},
                after={"question": question.id, "answer": value},
                now=now,
            )
    return len(changes)


async def answer_at_gate(
    *, item_id: int, questions: Sequence[QuestionInfo], given: Mapping[int, str], region: str, now: datetime
) -> None:
    """Keep what somebody said at a gate to questions that her ticket had no answer to, in the caller's transaction.

    What was answered before stays, and what does not fit is passed over: the gate asks it again. Nothing to say is an
    answer to a question that may be left open.
    """
    for question in questions:
        if question.id not in given:
            continue
        try:
            value = cleaned(question, given[question.id], region)
        except Unfit:
            continue
        row = _row(item_id, question, value, now)
        await Answer.insert(row).on_conflict((Answer.order_item, Answer.question), "DO NOTHING")


async def forget_answers(item_id: int) -> None:
    """Forget what was answered for a ticket that is somebody else's from now on, in the caller's transaction."""
    await Answer.delete().where(Answer.order_item == item_id)


async def _put(item_id: int, question: QuestionInfo, value: str, now: datetime) -> None:
    mine = (Answer.order_item == item_id) & (Answer.question == question.id)
    await Answer.delete().where(mine)
    if value:
        await Answer.insert(_row(item_id, question, value, now))


def _row(item_id: int, question: QuestionInfo, value: str, now: datetime) -> Answer:
    values: dict[str, Any] = {"value": value, "wording": pick(question.wording), "answered_at": now}
    return Answer(order_item=item_id, question=question.id, **values)
