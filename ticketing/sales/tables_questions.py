"""Tables of questions: what is asked of whoever a ticket is for, when it is ordered or at a gate, and what was said."""

from piccolo.columns import JSON, Boolean, ForeignKey, Integer, OnDelete, Serial, Timestamptz, Varchar
from piccolo.table import Table

from app.events.tables import Edition
from ticketing.sales.enums import QuestionKind
from ticketing.sales.tables import OrderItem, TicketType


class Question(Table, tablename="ticket_question"):
    """A question of an edition. ``wording`` is by language, ``choices`` are a list of such texts.

    It is asked for each ticket of the types that it stands with when they are ordered, and where a check-in list names
    it. One that is not ``active`` is asked nowhere; what was answered stays.
    """

    id: Serial
    edition = ForeignKey(Edition, null=False, index=True)
    kind = Varchar(length=10, choices=QuestionKind, default=QuestionKind.TEXT)
    wording = JSON(default="{}")
    choices = JSON(default="[]")
    required = Boolean(default=False)
    active = Boolean(default=True)
    position = Integer(default=0)


class QuestionType(Table, tablename="ticket_question_type"):
    """That a question is asked for tickets of a type when they are ordered."""

    id: Serial
    question = ForeignKey(Question, null=False, on_delete=OnDelete.cascade)
    ticket_type = ForeignKey(TicketType, null=False, index=True)


class Answer(Table, tablename="ticket_answer"):
    """What was answered for a ticket: one answer to each question, the last one given.

    ``value`` is the text, the number, the choice in the edition's first language, or ``yes`` and ``no`` of a consent;
    empty where whoever was asked had nothing to say. ``wording`` is the question as it was read when it was answered.
    """

    id: Serial
    order_item = ForeignKey(OrderItem, null=False)
    question = ForeignKey(Question, null=False, on_delete=OnDelete.restrict, index=True)
    value = Varchar(length=300, default="")
    wording = Varchar(length=400, default="")
    answered_at = Timestamptz(default=None)


QUESTION_TABLES: list[type[Table]] = [Question, QuestionType, Answer]
