"""The check-in lists and gates of an earlier edition in a new one."""

import json
from datetime import datetime

from app.events.moving import Shift
from app.events.queries import EditionInfo, halls
from ticketing.checkin.tables import CheckInList, Gate
from ticketing.sales.queries import ticket_types_of
from ticketing.sales.queries_questions import questions_of

_TIMES = ("opens_at", "closes_at", "day")


async def copy_gates(source: EditionInfo, made: EditionInfo, now: datetime) -> None:
    """Set up the same lists and gates, their times as far from the new first day as they were from the old, for the new
    edition's ticket types of the same codes; phones are paired anew.
    """
    shift = Shift(edition=source, days=(made.starts_on - source.starts_on).days, now=now)
    names = {hall["id"]: hall["name"] for hall in await halls(source.id)}
    new_halls = {hall["name"]: hall["id"] for hall in await halls(made.id)}
    codes = {row["id"]: row["code"] for row in await ticket_types_of(source.id)}
    new_types = {row["code"]: row["id"] for row in await ticket_types_of(made.id)}
    old_questions = sorted(question.id for question in await questions_of(source.id))
    questions = dict(zip(old_questions, sorted(one.id for one in await questions_of(made.id)), strict=True))
    lists: dict[int, int] = {}
    for row in await CheckInList.select().where(CheckInList.edition == source.id).order_by(CheckInList.id):
        old_id = row.pop("id")
        row["ticket_types"] = json.dumps([new_types[codes[number]] for number in json.loads(row["ticket_types"])])
        row["questions"] = json.dumps([questions[number] for number in json.loads(row["questions"])])
        times = {name: shift.of(row[name]) if row[name] else None for name in _TIMES}
        copied = CheckInList(**{**row, **times, "edition": made.id})
        await copied.save()
        lists[old_id] = copied.id
    for row in await Gate.select().where(Gate.edition == source.id).order_by(Gate.id):
        hall = new_halls.get(names.get(row["hall"], ""))
        del row["id"]
        own = {"edition": made.id, "check_in_list": lists[row["check_in_list"]], "hall": hall}
        await Gate(**{**row, **own}).save()
