"""The ticket types of an earlier edition in a new one, what is asked for them, and what buyers may do themselves."""

from datetime import datetime

from app.events.queries import EditionInfo
from ticketing.sales.queries import quotas_of
from ticketing.sales.queries_own import TIMES
from ticketing.sales.tables import Quota, QuotaType, TicketType
from ticketing.sales.tables_own import OrderRules
from ticketing.sales.tables_questions import Question, QuestionType

_COUNTS = {"sold": 0, "held": 0}
_ASKED = ("kind", "wording", "choices", "required", "active", "position")
_TIMES = ("sales_from", "sales_until", "first_day", "last_day")


async def copy_ticket_types(source: EditionInfo, made: EditionInfo, _now: datetime) -> None:
    """Offer the same ticket types on the same quotas, none sold.

    Their times are as far from the new first day as they were from the old.
    """
    copies: dict[int, int] = {}
    shift = made.starts_on - source.starts_on
    for row in await TicketType.select().where(TicketType.edition == source.id).order_by(TicketType.id):
        times = {name: row[name] + shift if row[name] else None for name in _TIMES}
        kept = {name: value for name, value in row.items() if name not in ("id", "edition")}
        copied = await TicketType.insert(TicketType(edition=made.id, **{**kept, **times, **_COUNTS}))
        copies[row["id"]] = copied[0]["id"]
    for quota in await quotas_of(source.id):
        copy = Quota(edition=made.id, name=quota["name"], size=quota["size"])
        await copy.save()
        for type_id in quota["types"]:
            drawn = QuotaType(quota=copy.id, ticket_type=copies[type_id], own=quota["own_of"] is not None)
            await QuotaType.insert(drawn)
    for question in await Question.select().where(Question.edition == source.id).order_by(Question.id):
        types = QuestionType.select(QuestionType.ticket_type).where(QuestionType.question == question["id"])
        asked = Question(edition=made.id, **{name: question[name] for name in _ASKED})
        await asked.save()
        for row in await types.order_by(QuestionType.ticket_type):
            await QuestionType.insert(QuestionType(question=asked.id, ticket_type=copies[row["ticket_type"]]))
    for row in await OrderRules.select().where(OrderRules.edition == source.id):
        times = {name: row[name] + shift if row[name] else None for name in TIMES}
        kept = {name: row[name] for name in ("back_percent", "later_percent", "fee_minor")}
        await OrderRules.insert(OrderRules(**{**kept, **times, "edition": made.id}))
