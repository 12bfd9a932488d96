"""Counting visitors at a gate that anybody may enter: what phones tapped, once each, in whatever order it comes."""

from collections.abc import Sequence
from datetime import datetime

from app.accounts.actor import Actor
from app.events.queries import edition_by_id
from app.kernel.database import write_transaction
from ticketing.checkin.errors import GateNotFound, NonceTaken
from ticketing.checkin.queries_counting import counted_at_gate
from ticketing.checkin.rules import day_began
from ticketing.checkin.schemas_counting import CountAnswer, CountedAnswer, CountsAnswer, CountTold
from ticketing.checkin.services.gates import rule_at, rule_of
from ticketing.checkin.services.live import note_scan
from ticketing.checkin.services.redeeming import EARLIEST, LONGEST_SKEW
from ticketing.checkin.tables_counting import HeadCount


async def count_visitors(*, actor: Actor, counts: Sequence[CountTold], now: datetime) -> CountsAnswer:
    """Take over what a paired phone counted; an answer for each, in their order.

    Each stands at the time at which it was tapped, and a ``client_id`` that was sent before counts no second time. One
    that names a gate which the phone's edition does not have, or whose ``client_id`` stands for something else, is not
    stored: its answer is an error. Raises GateNotFound.
    """
    rule = await rule_of(actor)
    edition = await edition_by_id(rule.edition_id)
    earliest = edition.window[0] - EARLIEST
    rows: dict[str, HeadCount] = {}
    answers: list[CountAnswer] = []
    for count in counts:
        try:
            gate_id = (await rule_at(rule, None, count.gate)).gate_id
        except GateNotFound as error:
            answers.append(CountAnswer(count.client_id, error=error.code))
            continue
        row = HeadCount(
            client_id=count.client_id,
            gate_id=gate_id,
            device_id=actor.device_id,
            visitors=count.visitors,
            undoes=count.undoes,
            at=now,
            device_at=count.device_at if abs(count.device_at - now) < LONGEST_SKEW else None,
            counted_at=min(now, max(count.device_at, earliest)),
        )
        first = rows.setdefault(count.client_id, row)
        same = _same(first, row)
        replayed = first is not row and same
        answers.append(CountAnswer(count.client_id, replayed=replayed, error=None if same else NonceTaken.code))
    if rows:
        await _store(rows, answers)
        note_scan(rule.edition_id)
    told = await counted(actor=actor, now=now)
    return CountsAnswer(told.server_time, told.gate_id, told.gate, told.visitors, answers)


async def counted(*, actor: Actor, now: datetime) -> CountedAnswer:
    """How many were counted at a phone's gate since the day of its list began. Raises GateNotFound."""
    rule = await rule_of(actor)
    since = day_began(rule.rules, now, rule.timezone)
    return CountedAnswer(now, rule.gate_id, rule.gate, await counted_at_gate(rule.gate_id, since))


async def _store(rows: dict[str, HeadCount], answers: Sequence[CountAnswer]) -> None:
    """Store those that are new, and say of each of the others whether it was stored as the same count before."""
    async with write_transaction():
        made = await HeadCount.insert(*rows.values()).on_conflict(action="DO NOTHING").returning(HeadCount.client_id)
        new = {row["client_id"] for row in made}
        again = [client_id for client_id in rows if client_id not in new]
        before = {
            row.client_id: row for row in await HeadCount.objects().where(HeadCount.client_id.is_in(again or [""]))
        }
    for answer in answers:
        earlier = before.get(answer.client_id)
        if earlier is None or answer.error is not None:
            continue
        if _same(earlier, rows[answer.client_id]):
            answer.replayed = True
        else:
            answer.error = NonceTaken.code


def _same(one: HeadCount, other: HeadCount) -> bool:
    """Whether two stand for the same tap of the same phone; its time may have been corrected meanwhile."""
    return (one.device_id, one.visitors, one.undoes) == (other.device_id, other.visitors, other.undoes)
