"""Scans that are not on a gate's hot path, many at once: what phones made alone and hand over, and who leaves.

Each is held against the scans of its pass before *and* after it (``standing.py``), so that the same scans come to the
same figures in whatever order they are handed in. An entry that adds none to those there were is a late conflict; where
scans that come later still explain it, it is settled by that.

A transaction takes the rows it needs in one order: admissions by pass and list, then scans.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from app.kernel.database import as_moment, dialect, fetch, is_unique_violation, write_transaction
from app.kernel.rows import among, given, insert_rows
from ticketing.checkin.changes import this_write
from ticketing.checkin.enums import OUTWARD, Settlement, Verdict
from ticketing.checkin.redeem import Answer, Presented
from ticketing.checkin.rules import Limits
from ticketing.checkin.standing import Event, Standing, Told, end_past_day, replay, step, takes
from ticketing.checkin.tables import Admission, Scan

#: Scans that go into one transaction at the most.
AT_ONCE = 200
#: Answers under which somebody whom the phone let in is inside, or is in dispute already.
LETS_IN = {Verdict.ADMITTED, Verdict.LATE_CONFLICT}
#: What a phone cannot have shown to somebody whom it kept out: such words would be taken for something else.
NO_REFUSALS = {Verdict.LATE_CONFLICT, Verdict.LEFT, Verdict.NOT_INSIDE}
#: Refusals by which nothing stands against a pass itself: whoever came in all the same is inside.
COUNTS_MEANWHILE = {Verdict.ALREADY_ADMITTED, Verdict.QUESTION_REQUIRED}
#: Gives the limits of a list, by its number, at a moment.
LimitsOf = Callable[[int, datetime], Limits]
#: A pass and a list, by their numbers.
Key = tuple[int, int]

_STANDING = {
    "entries": "INTEGER",
    "entries_of_day": "INTEGER",
    "admitted_at": "TIMESTAMPTZ",
    "left_at": "TIMESTAMPTZ",
    "gate_id": "INTEGER",
    "device_id": "INTEGER",
    "admitted_by": "VARCHAR",
    "last_at": "TIMESTAMPTZ",
}
_EVENTS = (
    "SELECT client_id, event_pass, list_id, COALESCE(judged_at, at) AS judged_at, gate_id, device_id, verdict, "
    "settlement FROM scan "
    "WHERE undone_at IS NULL AND event_pass {passes} AND list_id {lists} "
    "AND (verdict IN ('admitted', 'left', 'not_inside') "
    "OR (verdict = 'late_conflict' AND COALESCE(settlement, '') <> 'refused' "
    "AND (reason IN ('already_admitted', 'question_required') OR settlement = 'accepted')))"
)


@dataclass(slots=True)
class _Place:
    """What is known of a pass on a list. ``events`` are read only where a scan is earlier than what is known."""

    admission_id: int | None = None
    standing: Standing = field(default_factory=Standing)
    events: list[Event] | None = None
    conflicts: set[str] = field(default_factory=set)
    changed: bool = False


class _Overtaken(Exception):
    """Somebody else made the same admission meanwhile: it has to be read."""


async def record(presented: Sequence[Presented], limits_of: LimitsOf) -> list[Answer]:
    """Take over scans of one edition, in transactions of ``AT_ONCE``; an answer for each, in their order.

    A scan that was sent before gets its first answer again, unless its phone let somebody in whom the service had
    refused: then it is set aside, with what stood against it.
    """
    # Those that a later transaction takes should not be earlier: what is later than all others costs least.
    order = sorted(range(len(presented)), key=lambda place: presented[place].judged_at)
    answers: dict[int, Answer] = {}
    for start in range(0, len(order), AT_ONCE):
        places = sorted(order[start : start + AT_ONCE])
        answers |= zip(places, await _record_some([presented[place] for place in places], limits_of), strict=True)
    return [answers[place] for place in range(len(presented))]


async def first_answer(one: Presented) -> Answer | None:
    """What was answered to a scan that was sent before."""
    first = await _first_answers([one])
    return _answer_to(one, {}, {}, first) if first else None


async def restate(keys: Iterable[Key], edition_id: int, limits_of: LimitsOf, now: datetime) -> None:
    """Make what lists know of passes anew from their scans, in the caller's transaction, which has held them."""
    places = await _hold(set(keys))
    emptied = await _emptied(edition_id)
    await _read_events(places.keys(), places)
    for place in places.values():
        place.changed = True
    await _write(places, emptied, now, limits_of)
    await _explain(places, emptied, now, limits_of)


async def hold(pass_id: int, list_id: int, now: datetime) -> None:
    """Take the admission of a pass on a list, so that nobody changes it in the meantime; make it if there is none."""
    columns = [Admission.event_pass, Admission.list_id, Admission.gate_id, Admission.attempts, Admission.left_at]
    columns += [Admission.entries, Admission.entries_of_day]
    await insert_rows(Admission, columns, [[pass_id, list_id, 0, 0, now, 0, 0]], pass_over_known=True)
    await _hold({(pass_id, list_id)})


async def _record_some(presented: Sequence[Presented], limits_of: LimitsOf) -> list[Answer]:
    for _again in range(4):
        try:
            return await _recorded(presented, limits_of)
        except Exception as error:
            if not isinstance(error, _Overtaken) and not is_unique_violation(error):
                raise  # else a copy was stored meanwhile
    return await _recorded(presented, limits_of)


async def _recorded(presented: Sequence[Presented], limits_of: LimitsOf) -> list[Answer]:
    async with write_transaction():
        found = await _passes(presented)
        keys = {(found[one.serial]["id"], one.list_id) for one in presented if one.serial in found}
        places = await _hold(keys)
        first = await _first_answers(presented)
        emptied = await _emptied(presented[0].edition_id)
        taken: dict[str, Presented] = {}
        for one in presented:
            if one.client_id not in first:
                taken.setdefault(one.client_id, one)
        disputed: dict[str, Presented] = {}
        for one in presented:
            if _is_disputed(one, first.get(one.client_id)):
                disputed.setdefault(one.client_id, one)
        late = {(found[one.serial]["id"], one.list_id) for one in disputed.values() if one.serial in found}
        for one in taken.values():
            key = (found[one.serial]["id"], one.list_id) if one.serial in found else None
            if key and _is_late(one, places[key].standing, emptied):
                late.add(key)
        await _read_events(late, places)
        answers = {
            one.client_id: _judged(one, found.get(one.serial), places, emptied, limits_of)
            for one in sorted(taken.values(), key=lambda one: (one.judged_at, one.outward, one.client_id))
        }
        for one in disputed.values():
            first[one.client_id] = await _dispute(one, first[one.client_id], found, places)
        now = presented[0].at
        await _write(places, emptied, now, limits_of)
        await _store(taken.values(), answers, found)
        await _explain({key: places[key] for key in late}, emptied, now, limits_of)
        return [_answer_to(one, taken, answers, first) for one in presented]


async def _passes(presented: Sequence[Presented]) -> dict[int, dict[str, Any]]:
    """The passes that are held out, by their serials."""
    condition, serials = among(sorted({one.serial for one in presented}), "INTEGER")
    rows = await fetch(
        "SELECT id, serial, state, state_reason, kind, type_no, label, valid_from, valid_until "
        f"FROM \"pass\" WHERE edition = {{}} AND serial {condition} AND state <> 'laid'",
        presented[0].edition_id,
        serials,
    )
    return {row["serial"]: row for row in rows}


async def _hold(keys: set[Key]) -> dict[Key, _Place]:
    places = {key: _Place() for key in keys}
    if not keys:
        return places
    passes, pass_ids = among(sorted({pass_id for pass_id, _list_id in keys}), "INTEGER")
    lists, list_ids = among(sorted({list_id for _pass_id, list_id in keys}), "INTEGER")
    lock = " FOR UPDATE" if dialect() == "postgres" else ""
    rows = await fetch(
        f"SELECT id, event_pass, list_id, {', '.join(_STANDING)} FROM admission "
        f"WHERE event_pass {passes} AND list_id {lists} ORDER BY event_pass, list_id{lock}",
        pass_ids,
        list_ids,
    )
    for row in rows:
        key = row["event_pass"], row["list_id"]
        if key in places:
            places[key] = _Place(row["id"], Standing(**{name: row[name] for name in _STANDING}))
    return places


async def _first_answers(presented: Sequence[Presented]) -> dict[str, dict[str, Any]]:
    """What stands already under the ids of these scans."""
    condition, ids = among([one.client_id for one in presented], "VARCHAR")
    rows = await fetch(
        "SELECT s.client_id AS client_id, s.code_hash AS code_hash, s.verdict AS verdict, s.reason AS reason, "
        "s.previous_at AS previous_at, s.previous_gate_id AS previous_gate_id, p.label AS label, "
        "p.valid_from AS valid_from, p.valid_until AS valid_until, "
        "(SELECT edition FROM check_in_list l WHERE l.id = s.list_id) AS edition_id "
        f'FROM scan s LEFT JOIN "pass" p ON p.id = s.event_pass WHERE s.client_id {condition}',
        ids,
    )
    return {row["client_id"]: row for row in rows}


async def _emptied(edition_id: int) -> list[datetime]:
    return [row["at"] for row in await fetch("SELECT at FROM emptying WHERE edition = {} ORDER BY at", edition_id)]


async def _read_events(keys: Iterable[Key], places: dict[Key, _Place]) -> None:
    """Read the scans of passes on lists that say who came in and who left."""
    wanted = set(keys)
    if not wanted:
        return
    for key in wanted:
        places[key].events = []
    passes, pass_ids = among(sorted({pass_id for pass_id, _list_id in wanted}), "INTEGER")
    lists, list_ids = among(sorted({list_id for _pass_id, list_id in wanted}), "INTEGER")
    for row in await fetch(_EVENTS.format(passes=passes, lists=lists), pass_ids, list_ids):
        key = row["event_pass"], row["list_id"]
        if key not in wanted:
            continue
        place, verdict = places[key], row["verdict"]
        assert place.events is not None
        place.events.append(
            Event(
                at=as_moment(row["judged_at"]),  # one that an earlier version stored meanwhile has none
                client_id=row["client_id"],
                inward=verdict in LETS_IN,
                gate_id=row["gate_id"],
                device_id=row["device_id"],
                forced=row["settlement"] == Settlement.ACCEPTED,
            )
        )
        if verdict == Verdict.LATE_CONFLICT and row["settlement"] is None:
            place.conflicts.add(row["client_id"])


def _judged(
    one: Presented,
    found: dict[str, Any] | None,
    places: dict[Key, _Place],
    emptied: Sequence[datetime],
    limits_of: LimitsOf,
) -> Answer:
    """The answer to a scan; what is known of its pass changes by it."""
    verdict, before = Verdict(one.otherwise), None
    if found is not None:
        verdict = Verdict.ADMITTED if one.outward else _own_verdict(one, found)
        if verdict is Verdict.ADMITTED:
            verdict, before = _happened(one, places[found["id"], one.list_id], emptied, limits_of)
    disputed = one.shown == Verdict.ADMITTED and not one.outward and verdict is not Verdict.ADMITTED
    return Answer(
        verdict=(Verdict.LATE_CONFLICT if disputed else verdict).value,
        reason=verdict.value if disputed else None,
        previous_at=before.at if before and verdict is Verdict.ALREADY_ADMITTED else None,
        previous_gate_id=before.gate_id if before and verdict is Verdict.ALREADY_ADMITTED else None,
        label=found["label"] if found else None,
        valid_from=found["valid_from"] if found else None,
        valid_until=found["valid_until"] if found else None,
        replayed=False,
        other_code=False,
    )


def _is_late(one: Presented, standing: Standing, emptied: Sequence[datetime]) -> bool:
    """Whether what is known of a pass is not all of before a scan."""
    moments = (standing.last_at, standing.left_at, *emptied[-1:])
    known = max((at for at in moments if at is not None), default=None)
    return known is not None and known >= one.judged_at


def _event_of(one: Presented) -> Event:
    return Event(one.judged_at, one.client_id, not one.outward, one.gate_id, one.device_id)


def _happened(
    one: Presented, place: _Place, emptied: Sequence[datetime], limits_of: LimitsOf
) -> tuple[Verdict, Event | None]:
    """Let somebody in or out at a place: the verdict, and the entry that stands against it.

    Whom her phone did not let in has not come in, whatever the service would have said.
    """
    event, shown = _event_of(one), Verdict(one.shown or Verdict.ADMITTED)
    came = one.outward or shown is Verdict.ADMITTED
    limits = limits_of(one.list_id, event.at)
    if place.events is None:
        standing = place.standing
        before = Event(standing.admitted_at, "", True, standing.gate_id) if standing.admitted_at else None
        counts = step(standing, event, limits) if came else takes(standing, limits)
    else:
        earlier = _told(place.events, emptied, limits_of, one.list_id)
        later = _told([*place.events, event], emptied, limits_of, one.list_id)
        stand = [other for other in place.events if other.client_id in earlier.entries]
        before = min(stand, key=lambda other: abs(other.at - event.at), default=None)
        way = "exits" if one.outward else "entries"
        counts = len(getattr(later, way)) > len(getattr(earlier, way))
        if came:
            place.events.append(event)
    place.changed = place.changed or came
    if one.outward:
        return (Verdict.LEFT if counts else Verdict.NOT_INSIDE), None
    if counts:
        return (Verdict.UNKNOWN if shown in NO_REFUSALS else shown), None
    if came:
        place.conflicts.add(one.client_id)
    return Verdict.ALREADY_ADMITTED, before


def _told(events: Sequence[Event], emptied: Sequence[datetime], limits_of: LimitsOf, list_id: int) -> Told:
    return replay(events, emptied, lambda at: limits_of(list_id, at))


def _own_verdict(one: Presented, found: dict[str, Any]) -> Verdict:
    """The verdict before it is asked what the list knows of the pass, in the order of the hot path."""
    if found["state"] == "blocked":
        return Verdict.BLOCKED
    if found["state"] != "issued":
        reason = found["state_reason"]
        return Verdict(reason) if reason in (Verdict.UNPAID, Verdict.CANCELLED) else Verdict.REVOKED
    if one.pass_kinds and found["kind"] not in one.pass_kinds:
        return Verdict.WRONG_LIST
    if one.ticket_types and found["type_no"] not in one.ticket_types:
        return Verdict.WRONG_TYPE
    if one.judged_at < found["valid_from"]:
        return Verdict.NOT_VALID_YET
    if one.judged_at >= found["valid_until"]:
        return Verdict.EXPIRED
    return Verdict(one.refused_by_list) if one.refused_by_list else Verdict.ADMITTED


def _is_other(one: Presented, first: dict[str, Any]) -> bool:
    """Whether what stands under a scan's id is of another code, or of another edition."""
    return (one.code_hash, one.edition_id) != (first["code_hash"], first["edition_id"])


def _is_disputed(one: Presented, first: dict[str, Any] | None) -> bool:
    """Whether a scan that was refused before let somebody in all the same: its phone had waited long enough."""
    return (
        first is not None
        and not one.outward
        and one.shown == Verdict.ADMITTED
        and not _is_other(one, first)
        and first["verdict"] not in LETS_IN | OUTWARD
    )


async def _dispute(
    one: Presented, first: dict[str, Any], found: dict[int, dict[str, Any]], places: dict[Key, _Place]
) -> dict[str, Any]:
    """Set a scan aside that was refused, on the list that its phone says; what was said stands against it."""
    rows = await fetch(
        "UPDATE scan SET verdict = {}, reason = verdict, shown = {}, offline = {}, judged_at = {}, "
        "list_id = {}, gate_id = {} "
        "WHERE client_id = {} AND verdict = {} RETURNING verdict, reason",
        Verdict.LATE_CONFLICT.value,
        one.shown,
        True,
        one.judged_at,
        one.list_id,
        one.gate_id,
        one.client_id,
        first["verdict"],
    )
    if rows and rows[0]["reason"] in COUNTS_MEANWHILE and one.serial in found:
        place = places[found[one.serial]["id"], one.list_id]
        assert place.events is not None
        place.events.append(_event_of(one))
        place.conflicts.add(one.client_id)
        place.changed = True
    return first | rows[0] if rows else first


async def _write(places: dict[Key, _Place], emptied: Sequence[datetime], now: datetime, limits_of: LimitsOf) -> None:
    """Write down what is known of the places that changed. Raises _Overtaken."""
    made, known = [], []
    for (pass_id, list_id), place in sorted(places.items()):
        if not place.changed:
            continue
        if place.events is not None:
            place.standing = _told(place.events, emptied, limits_of, list_id).standing
        if place.standing.admitted_at is None and place.standing.left_at is None:
            place.standing.left_at = now  # it never came in, and is not inside
        end_past_day(place.standing, limits_of(list_id, now))
        values = [getattr(place.standing, name) for name in _STANDING]
        if place.admission_id is None:
            made.append([pass_id, list_id, *values])
        else:
            known.append([place.admission_id, *values])
    written_in = await this_write() if made or known else 0
    if made:
        columns = [Admission.event_pass, Admission.list_id, *(getattr(Admission, name) for name in _STANDING)]
        columns += [Admission.attempts, Admission.changed_in]
        rows = [[*row, 0, written_in] for row in made]
        added = await insert_rows(Admission, columns, rows, returning=(Admission.id,), pass_over_known=True)
        if len(added) < len(made):
            raise _Overtaken
    if known:
        source, values = given("told", {"no": "INTEGER"} | {f"new_{key}": of for key, of in _STANDING.items()}, known)
        new = ", ".join(f"{name} = new_{name}" for name in _STANDING)
        update = f"UPDATE admission SET {new}, changed_in = {{}} FROM {source} WHERE admission.id = told.no"
        await fetch(update, written_in, *values)


async def _store(taken: Iterable[Presented], answers: dict[str, Answer], found: dict[int, dict[str, Any]]) -> None:
    rows = [
        (
            *(one.client_id, one.list_id, one.gate_id, one.device_id),
            found[one.serial]["id"] if one.serial in found else None,
            *(one.code_hash, one.at, one.device_at, one.clock_at, one.judged_at, one.offline, one.shown),
            *(answer.verdict, answer.reason, answer.previous_at, answer.previous_gate_id),
        )
        for one, answer in ((one, answers[one.client_id]) for one in sorted(taken, key=lambda one: one.client_id))
    ]
    columns = [Scan.client_id, Scan.list_id, Scan.gate_id, Scan.device_id, Scan.event_pass, Scan.code_hash, Scan.at]
    columns += [Scan.device_at, Scan.clock_at, Scan.judged_at, Scan.offline, Scan.shown, Scan.verdict, Scan.reason]
    await insert_rows(Scan, [*columns, Scan.previous_at, Scan.previous_gate_id], rows)


async def _explain(places: dict[Key, _Place], emptied: Sequence[datetime], now: datetime, limits_of: LimitsOf) -> None:
    """Settle conflicts of which there are more than entries that do not count: later scans have explained them."""
    explained: list[str] = []
    for (_pass_id, list_id), place in places.items():
        events = place.events or []
        told = _told(events, emptied, limits_of, list_id)
        entries = [one for one in events if one.inward and not one.forced]
        left_over = sum(one.client_id not in told.entries for one in entries)
        ordered = sorted(place.conflicts, key=lambda client_id: (client_id not in told.entries, client_id))
        explained += ordered[: max(0, len(ordered) - left_over)]
    if explained:
        condition, ids = among(sorted(explained), "VARCHAR")
        await fetch(
            f"UPDATE scan SET settlement = {{}}, settled_at = {{}} WHERE client_id {condition} AND settlement IS NULL",
            Settlement.EXPLAINED.value,
            now,
            ids,
        )


def _answer_to(
    one: Presented, taken: dict[str, Presented], answers: dict[str, Answer], first: dict[str, dict[str, Any]]
) -> Answer:
    stored = taken.get(one.client_id)
    if stored is one:
        return answers[one.client_id]
    if stored is not None:
        return replace(answers[one.client_id], replayed=True, other_code=stored.code_hash != one.code_hash)
    row = dict(first[one.client_id])
    other = _is_other(one, row)
    for name in ("client_id", "code_hash", "edition_id"):
        del row[name]
    return Answer(**row, other_code=other, replayed=True)
