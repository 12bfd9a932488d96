"""What a phone is told of its list and of passes, so that it can judge alone by every rule: never a name of anybody."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime

from app.events.passes.naming import names_of_labels, read_label
from app.kernel.database import as_moment
from app.kernel.i18n import pick
from ticketing.checkin.changes import Told, told_until_now
from ticketing.checkin.compact import EPOCH, NO_PLACE, Standings, packed_numbers
from ticketing.checkin.queries import GateRule, gate_names, refused_serials, standings_of, standings_since
from ticketing.checkin.rules import hours_told
from ticketing.checkin.schemas import ListRulesAnswer, PassesAnswer
from ticketing.checkin.services.labels import sorts_of
from ticketing.checkin.services.telling import full_told, other_types_told

#: Seconds after which a phone is told everything again, whatever it knows.
WHOLE_AFTER = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a phone has been told: the moment in the writes of the database, when it was told everything, from which
    serial on sorts may still change, a digest of the sorts whose places it knows, which each worker has in an order of
    its own, and one of the serials that are refused.
    """

    list_id: int
    era: int
    since: int
    whole_at: int
    sorts_from: int
    sorts: int
    sorts_digest: str
    refused: str

    def __str__(self) -> str:
        numbers = (self.list_id, self.era, self.since, self.whole_at, self.sorts_from, self.sorts)
        return ".".join((*map(str, numbers), self.sorts_digest, self.refused))


def read_cursor(text: str, list_id: int, until: Told, now: datetime) -> Cursor | None:
    """What a phone says it was told; None where that cannot be continued from."""
    parts = text.split(".")
    if len(parts) != 8 or not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts[:6]):
        return None
    of, era, since, whole_at, sorts_from, sorts = map(int, parts[:6])
    known = of == list_id and era == until.era and since <= until.since and sorts_from > 0
    if not known or not 0 <= now.timestamp() - whole_at < WHOLE_AFTER:
        return None
    return Cursor(
        list_id=of,
        era=era,
        since=since,
        whole_at=whole_at,
        sorts_from=sorts_from,
        sorts=sorts,
        sorts_digest=parts[6],
        refused=parts[7],
    )


def rules_told(rule: GateRule) -> ListRulesAnswer:
    """The rules of a gate's list that hang on the moment alone, in words of who asks where they are words."""
    rules = rule.rules
    return ListRulesAnswer(
        opens_at=rules.opens_at,
        closes_at=rules.closes_at,
        day=rules.day,
        opens_daily=rules.opens_daily,
        closes_daily=rules.closes_daily,
        told=hours_told(rules, rule.timezone),
        note=pick(rules.note),
        ticket_types=list(rules.ticket_types),
        once=rules.once,
        entries_a_day=rules.entries_a_day,
        again_after=rules.again_after,
        capacity=rules.capacity,
        full=full_told(rule),
        other_types=other_types_told(rule),
    )


async def passes_told(rule: GateRule, asked: str, now: datetime) -> PassesAnswer:
    """What a gate's list knows of passes, in the language of who asks; ``asked`` is what the last answer said.

    What cannot be continued from is told whole: nothing, what is none of this list's or is old, and what was said
    before the database was restarted.
    """
    until = await told_until_now()  # before anything is read: what ends meanwhile is told again the next time
    last = read_cursor(asked, rule.list_id, until, now)
    refused = {said: packed_numbers(serials) for said, serials in (await refused_serials(rule.edition_id)).items()}
    digest = _digest(refused)
    sorts = await sorts_of(rule.edition_id, last.sorts_from if last else 1)
    if last and _digest(sorts.sorts[: last.sorts]) != last.sorts_digest:
        last, sorts = None, await sorts_of(rule.edition_id, 1)
    names = await names_of_labels(rule.edition_id)
    gates = dict(sorted((await gate_names(rule.edition_id)).items()))
    places = {gate_id: place for place, gate_id in enumerate(gates)}
    standings = Standings()
    async for rows in standings_since(rule.list_id, last.since) if last else standings_of(rule.list_id):
        for row in rows:
            standings.add(
                row["serial"],
                as_moment(row["admitted_at"] or EPOCH),
                inside=bool(row["inside"]),
                entries_of_day=row["entries_of_day"],
                entries=row["entries"],
                gate=places.get(row["gate_id"], NO_PLACE),
            )
    cursor = Cursor(
        list_id=rule.list_id,
        era=until.era,
        since=until.since,
        whole_at=last.whole_at if last else int(now.timestamp()),
        sorts_from=sorts.open_from,
        sorts=len(sorts.sorts),
        sorts_digest=_digest(list(sorts.sorts)),
        refused=digest,
    )
    return PassesAnswer(
        since=str(cursor),
        whole=last is None,
        sorts=[(read_label(label, names), type_no) for label, type_no in sorts.sorts],
        sorts_from=sorts.first,
        sort_of=base64.b64encode(sorts.places).decode(),
        refused=None if last and last.refused == digest else refused,
        gates=list(gates.values()),
        standings=standings.text,
    )


def _digest(told: object) -> str:
    return hashlib.blake2b(repr(told).encode(), digest_size=8).hexdigest()
