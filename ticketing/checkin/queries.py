"""Reads of check-in."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.accounts.guards import LARGEST_ID
from app.events.passes.naming import names_of_labels, read_label
from app.kernel.database import as_day, as_json, as_moment, fetch
from app.kernel.names import search_text
from app.kernel.searching import like_pattern
from ticketing.checkin.enums import REFUSED_FOR_GOOD, Settlement, Verdict
from ticketing.checkin.rules import Limits, ListRules, limits_at
from ticketing.checkin.tables import CheckInList, Gate

FLOW_MINUTES = 15
#: So many scans are held in memory at a time where all are read.
STRETCH = 2_000
#: A short code as it is printed, in two groups of four.
_PRINTED_CODE = "SUBSTR(p.short_code, 1, 4) || '-' || SUBSTR(p.short_code, 5)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRule:
    """A list, and the rules by which it takes passes."""

    edition_id: int
    list_id: int
    list_name: str
    active: bool
    exits: bool
    pass_kinds: tuple[str, ...]
    rules: ListRules
    timezone: str

    def limits(self, at: datetime) -> Limits:
        """What its rules of entry come to at a moment."""
        return limits_at(self.rules, at, exits=self.exits, timezone=self.timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRule(ListRule):
    """What a device needs to know of its gate: the list it scans for, and what that takes."""

    gate_id: int
    gate: str


_LIST = (
    "l.edition AS edition, l.id AS list_id, l.name AS list_name, l.active AS active, l.exits AS exits, "
    "l.pass_kinds AS pass_kinds, l.opens_at AS opens_at, l.closes_at AS closes_at, l.day AS day, "
    "l.opens_daily AS opens_daily, l.closes_daily AS closes_daily, l.area AS area, l.note AS note, "
    "l.ticket_types AS ticket_types, l.once AS once, l.entries_a_day AS entries_a_day, l.again_after AS again_after, "
    "l.capacity AS capacity, l.questions AS questions, edition.timezone AS timezone"
)


async def list_rule(list_id: int) -> ListRule:
    """A list that is there."""
    rows = await fetch(
        f"SELECT {_LIST} FROM check_in_list l JOIN edition ON edition.id = l.edition WHERE l.id = {{}}", list_id
    )
    return ListRule(**_of_list(rows[0]))


async def gate_rule(gate_id: int, list_id: int | None = None) -> GateRule | None:
    """The rule of a gate; of another list of its edition than its own when one is given. None when it is not there."""
    rows = await fetch(
        f"SELECT gate.id AS id, gate.name AS name, {_LIST} "
        "FROM gate JOIN edition ON edition.id = gate.edition "
        "JOIN check_in_list l ON l.edition = gate.edition AND l.id = COALESCE({}, gate.check_in_list) "
        "WHERE gate.id = {}",
        list_id,
        gate_id,
    )
    return GateRule(gate_id=rows[0]["id"], gate=rows[0]["name"], **_of_list(rows[0])) if rows else None


def _of_list(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "edition_id": row["edition"],
        "list_id": row["list_id"],
        "list_name": row["list_name"],
        "active": bool(row["active"]),
        "exits": bool(row["exits"]),
        "pass_kinds": tuple(as_json(row["pass_kinds"]) or ()),
        "rules": rules_in(row),
        "timezone": row["timezone"],
    }


def rules_in(row: Mapping[str, Any]) -> ListRules:
    """The rules in a row of a list."""
    return ListRules(
        opens_at=row["opens_at"] and as_moment(row["opens_at"]),
        closes_at=row["closes_at"] and as_moment(row["closes_at"]),
        day=row["day"] and as_day(row["day"]),
        opens_daily=row["opens_daily"],
        closes_daily=row["closes_daily"],
        area=row["area"],
        note=as_json(row["note"]) or {},
        ticket_types=tuple(as_json(row["ticket_types"]) or ()),
        once=bool(row["once"]),
        entries_a_day=row["entries_a_day"],
        again_after=row["again_after"],
        capacity=row["capacity"],
        questions=tuple(as_json(row["questions"]) or ()),
    )


async def lists_of(edition_id: int) -> list[dict[str, Any]]:
    """Check-in lists of an edition with how many are inside."""
    rows = (
        await CheckInList.select()
        .where(CheckInList.edition == edition_id)
        .order_by(CheckInList.position, CheckInList.id)
        .output(load_json=True)
    )
    inside = await inside_of(edition_id)
    return [{**row, "inside": inside.get(row["id"], 0)} for row in rows]


async def gates_of(edition_id: int) -> list[dict[str, Any]]:
    """Gates of an edition in their order, with list, hall and how many phones are paired."""
    return await fetch(
        "SELECT gate.id AS id, gate.name AS name, gate.hall AS hall_id, hall.name AS hall, "
        "gate.check_in_list AS list_id, "
        "l.name AS list_name, l.active AS active, (SELECT COUNT(*) FROM device WHERE device.kind = 'gate' "
        "AND device.subject_id = gate.id AND device.paired_at IS NOT NULL AND device.revoked_at IS NULL) AS phones "
        "FROM gate JOIN check_in_list l ON l.id = gate.check_in_list LEFT JOIN hall ON hall.id = gate.hall "
        "WHERE gate.edition = {} ORDER BY gate.position, gate.id",
        edition_id,
    )


async def gate_names(edition_id: int) -> dict[int, str]:
    """Names of an edition's gates by id."""
    rows = await Gate.select(Gate.id, Gate.name).where(Gate.edition == edition_id)
    return {row["id"]: row["name"] for row in rows}


async def gate_devices(device_ids: Sequence[int], edition_id: int) -> set[int]:
    """Which of these are gate phones that were bound in the edition, withdrawn or not."""
    named = [device_id for device_id in set(device_ids) if 0 < device_id <= LARGEST_ID]
    if not named:
        return set()
    rows = await fetch(
        f"SELECT id FROM device WHERE id IN ({', '.join('{}' for _one in named)}) AND kind = 'gate' "
        "AND edition_id = {} AND last_seen_at IS NOT NULL",
        *named,
        edition_id,
    )
    return {row["id"] for row in rows}


async def passes_named(edition_id: int, list_id: int, words: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """Passes whose holder's name has every word (without diacritics), by name, and whether she is inside a list."""
    condition = " ".join("AND p.search_text LIKE {} ESCAPE '!'" for _word in words)
    return await fetch(
        "SELECT p.holder_name AS holder_name, p.label AS label, p.short_code AS short_code, "
        "CASE WHEN a.id IS NOT NULL AND a.left_at IS NULL THEN 1 ELSE 0 END AS inside "
        'FROM "pass" p LEFT JOIN admission a ON a.event_pass = p.id AND a.list_id = {} '
        f"WHERE p.edition = {{}} AND p.state IN ('issued', 'blocked') AND p.holder_name <> '' {condition} "
        "ORDER BY p.search_text, p.id LIMIT {}",
        list_id,
        edition_id,
        *(like_pattern(word) for word in words),
        limit,
    )


async def devices_of(edition_id: int) -> list[dict[str, Any]]:
    """Gate phones of an edition that were not withdrawn, with their gate."""
    return await fetch(
        "SELECT device.id AS id, device.label AS label, device.paired_at AS paired_at, "
        "device.last_seen_at AS last_seen_at, device.invite_expires_at AS invite_expires_at, gate.name AS gate, "
        "device.subject_id AS gate_id, device.may_search AS may_search, replaced.label AS replaces, "
        "(SELECT MAX(n.id) FROM device n WHERE n.replaces = device.id AND n.revoked_at IS NULL) AS replacement "
        "FROM device LEFT JOIN gate ON gate.id = device.subject_id "
        "LEFT JOIN device replaced ON replaced.id = device.replaces AND replaced.revoked_at IS NULL "
        "WHERE device.kind = 'gate' AND device.edition_id = {} AND device.revoked_at IS NULL ORDER BY device.id",
        edition_id,
    )


async def inside_of(edition_id: int) -> dict[int, int]:
    """How many are inside, by list."""
    rows = await fetch(
        "SELECT a.list_id AS list_id, COUNT(*) AS count FROM admission a JOIN check_in_list l ON l.id = a.list_id "
        "WHERE l.edition = {} AND a.left_at IS NULL GROUP BY a.list_id",
        edition_id,
    )
    return {row["list_id"]: row["count"] for row in rows}


async def counts_of_edition(edition_id: int) -> tuple[int, int]:
    """(inside now, times that somebody was ever let in) on all lists of an edition."""
    rows = await fetch(
        "SELECT SUM(a.entries) AS admitted, SUM(CASE WHEN a.left_at IS NULL THEN 1 ELSE 0 END) AS inside "
        "FROM admission a JOIN check_in_list l ON l.id = a.list_id WHERE l.edition = {}",
        edition_id,
    )
    return int(rows[0]["inside"] or 0), int(rows[0]["admitted"] or 0)


async def counts_of_list(list_id: int, since: datetime) -> tuple[int, int]:
    """(inside now, times that somebody was let in since the beginning of a day) on one list."""
    rows = await fetch(
        "SELECT (SELECT SUM(entries_of_day) FROM admission WHERE list_id = {} AND admitted_at >= {}) AS admitted, "
        "(SELECT COUNT(*) FROM admission WHERE list_id = {} AND left_at IS NULL) AS inside",
        list_id,
        since,
        list_id,
    )
    return int(rows[0]["inside"] or 0), int(rows[0]["admitted"] or 0)


#: Of scans (``s``): those by which somebody came in, as far as it was settled.
_COUNTED = (
    f"s.undone_at IS NULL AND (s.verdict = '{Verdict.ADMITTED.value}' OR (s.verdict = '{Verdict.LATE_CONFLICT.value}' "
    f"AND s.settlement IN ('{Settlement.ACCEPTED.value}', '{Settlement.EXPLAINED.value}')))"
)
_SCANS = (
    "SELECT s.id AS id, s.at AS at, s.device_at AS device_at, s.verdict AS verdict, s.reason AS reason, "
    "s.offline AS offline, s.shown AS shown, s.previous_at AS previous_at, s.settlement AS settlement, "
    "s.settled_at AS settled_at, s.clock_at AS clock_at, s.undone_at AS undone_at, s.override AS override, "
    "s.by_name AS by_name, "
    "s.client_id AS client_id, s.event_pass AS pass_id, s.list_id AS list_id, s.judged_at AS judged_at, "
    "gate.name AS gate, earlier.name AS previous_gate, device.label AS device, "
    "holder.full_name AS holder, p.label AS label, p.short_code AS short_code, p.valid_from AS valid_from, "
    "p.valid_until AS valid_until "
    "FROM scan s JOIN gate ON gate.id = s.gate_id "
    "LEFT JOIN gate earlier ON earlier.id = s.previous_gate_id LEFT JOIN device ON device.id = s.device_id "
    "LEFT JOIN person holder ON holder.id = device.person "
    'LEFT JOIN "pass" p ON p.id = s.event_pass WHERE gate.edition = {} '
)


async def last_scans(edition_id: int, limit: int = 20) -> list[dict[str, Any]]:
    """The newest scans of an edition."""
    return await _named(edition_id, await fetch(_SCANS + "ORDER BY s.id DESC LIMIT {}", edition_id, limit))


async def all_scans(edition_id: int) -> AsyncIterator[list[dict[str, Any]]]:
    """Every scan of an edition in stretches, the newest first; what is scanned meanwhile is left out."""
    (row,) = await fetch("SELECT COALESCE(MAX(id), 0) AS newest FROM scan")
    before = row["newest"] + 1
    while found := await fetch(_SCANS + "AND s.id < {} ORDER BY s.id DESC LIMIT {}", edition_id, before, STRETCH):
        before = found[-1]["id"]
        yield await _named(edition_id, found)


async def scan_by_id(scan_id: int, edition_id: int) -> dict[str, Any] | None:
    """A scan of an edition, as the lists of scans have it."""
    found = await _named(edition_id, await fetch(_SCANS + "AND s.id = {}", edition_id, scan_id))
    return found[0] if found else None


async def scans_of_pass(edition_id: int, pass_id: int, limit: int) -> list[dict[str, Any]]:
    """The newest scans of one pass."""
    return await fetch(_SCANS + "AND s.event_pass = {} ORDER BY s.id DESC LIMIT {}", edition_id, pass_id, limit)


_OF_CONFLICTS = f"AND s.verdict = '{Verdict.LATE_CONFLICT.value}' "


async def late_conflicts(edition_id: int, search: str, *, offset: int, limit: int) -> list[dict[str, Any]]:
    """A stretch of the scans that a phone answered differently while offline: those still open first, then those
    settled, the newest first. Only those whose gate, phone, type or short code has every word of ``search``.
    """
    condition, values = await _searched(edition_id, search)
    found = await fetch(
        _SCANS + _OF_CONFLICTS + condition + "ORDER BY CASE WHEN s.settlement IS NULL THEN 0 ELSE 1 END, s.id DESC "
        "LIMIT {} OFFSET {}",
        edition_id,
        *values,
        limit,
        offset,
    )
    return await _named(edition_id, found)


async def all_late_conflicts(edition_id: int, search: str) -> AsyncIterator[list[dict[str, Any]]]:
    """Every scan that :func:`late_conflicts` finds, in stretches."""
    offset = 0
    while found := await late_conflicts(edition_id, search, offset=offset, limit=STRETCH):
        offset += len(found)
        yield found


async def count_late_conflicts(edition_id: int, search: str) -> int:
    """How many scans :func:`late_conflicts` finds, open and settled."""
    condition, values = await _searched(edition_id, search)
    rows = await fetch(
        'SELECT COUNT(*) AS count FROM scan s JOIN gate ON gate.id = s.gate_id LEFT JOIN "pass" p '
        "ON p.id = s.event_pass WHERE gate.edition = {} " + _OF_CONFLICTS + condition,
        edition_id,
        *values,
    )
    return int(rows[0]["count"])


async def _searched(edition_id: int, search: str) -> tuple[str, list[Any]]:
    """A condition on scans, and its values: every word stands in the name of the gate, of the phone or of the type, or
    in the short code with or without its hyphen.

    Names are compared here, as people write them: an edition has few gates, phones and types, and many scans.
    """
    words = search_text(search).split()
    if not words:
        return "", []
    gates = await gate_names(edition_id)
    phones = await fetch("SELECT id, label FROM device WHERE kind = 'gate' AND edition_id = {}", edition_id)
    labels = await fetch(
        'SELECT DISTINCT p.label AS label FROM scan s JOIN gate ON gate.id = s.gate_id JOIN "pass" p '
        "ON p.id = s.event_pass WHERE gate.edition = {} " + _OF_CONFLICTS,
        edition_id,
    )
    names = await names_of_labels(edition_id)
    condition = ""
    values: list[Any] = []
    for word in words:
        like = like_pattern(word)
        told = ["LOWER(p.short_code) LIKE {} ESCAPE '!'", f"LOWER({_PRINTED_CODE}) LIKE {{}} ESCAPE '!'"]
        values += [like, like]
        for column, known in (
            ("s.gate_id", [gate_id for gate_id, name in gates.items() if word in search_text(name)]),
            ("s.device_id", [row["id"] for row in phones if word in search_text(row["label"])]),
            ("p.label", [row["label"] for row in labels if word in search_text(read_label(row["label"], names))]),
        ):
            if known:
                told.append(f"{column} IN ({', '.join('{}' for _one in known)})")
                values += known
        condition += f"AND ({' OR '.join(told)}) "
    return condition, values


async def _named(edition_id: int, scans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Scans with the labels of their passes in the reader's language."""
    names = await names_of_labels(edition_id)
    return [{**row, "label": read_label(row["label"] or "", names)} for row in scans]


async def open_conflicts(edition_id: int) -> int:
    """How many late conflicts wait."""
    rows = await fetch(
        "SELECT COUNT(*) AS count FROM scan s JOIN gate ON gate.id = s.gate_id "
        "WHERE gate.edition = {} AND s.verdict = {} AND s.settlement IS NULL",
        edition_id,
        Verdict.LATE_CONFLICT.value,
    )
    return int(rows[0]["count"])


def quarters(now: datetime, steps: int) -> list[datetime]:
    """When the last ``steps`` quarters of an hour began, that of a moment last."""
    quarter = timedelta(minutes=FLOW_MINUTES)
    last = now.replace(minute=now.minute - now.minute % FLOW_MINUTES, second=0, microsecond=0)
    return [last - quarter * step for step in range(steps - 1, -1, -1)]


async def flow(edition_id: int, now: datetime, steps: int = 12) -> tuple[list[datetime], dict[str, list[int]]]:
    """Admissions by gate in the last ``steps`` quarters of an hour: the beginnings, and counts by gate's name."""
    starts = quarters(now, steps)
    step = " ".join(f"WHEN s.judged_at < {{}} THEN {number}" for number in range(steps - 1))
    rows = await fetch(
        "SELECT gate, step, COUNT(*) AS count FROM ("
        f"SELECT gate.name AS gate, CASE {step} ELSE {steps - 1} END AS step "
        "FROM scan s JOIN gate ON gate.id = s.gate_id WHERE gate.edition = {} AND s.judged_at >= {} "
        f"AND {_COUNTED}) AS entered "
        "GROUP BY gate, step",
        *starts[1:],
        edition_id,
        starts[0],
    )
    names = await gate_names(edition_id)
    counts = {name: [0] * steps for name in names.values()}
    for row in rows:
        counts[row["gate"]][row["step"]] = row["count"]
    return starts, counts


async def refused_serials(edition_id: int) -> dict[str, list[int]]:
    """Serials of the edition's passes that open no gate, rising, by what is said of them at a gate."""
    rows = await fetch(
        "SELECT serial, state, state_reason FROM \"pass\" WHERE edition = {} AND state NOT IN ('issued', 'laid') "
        "ORDER BY serial",
        edition_id,
    )
    refused: dict[str, list[int]] = {verdict.value: [] for verdict in REFUSED_FOR_GOOD}
    for row in rows:
        said = row["state"] if row["state"] == Verdict.BLOCKED else row["state_reason"]
        refused[said if said in refused else Verdict.REVOKED].append(row["serial"])
    return refused


_STANDINGS = (
    "SELECT a.id AS id, a.event_pass AS pass_id, a.changed_in AS changed_in, p.serial AS serial, "
    "a.admitted_at AS admitted_at, a.left_at IS NULL AS inside, a.entries AS entries, "
    "a.entries_of_day AS entries_of_day, a.gate_id AS gate_id "
    'FROM admission a JOIN "pass" p ON p.id = a.event_pass WHERE a.list_id = {} AND '
)


async def standings_of(list_id: int) -> AsyncIterator[list[dict[str, Any]]]:
    """What a list knows of all passes, in stretches: between them gates get their turn."""
    after, more = -1, True
    while more:
        found = await fetch(_STANDINGS + "a.event_pass > {} ORDER BY a.event_pass LIMIT {}", list_id, after, STRETCH)
        yield found
        more = len(found) == STRETCH
        after = found[-1]["pass_id"] if more else after


async def standings_since(list_id: int, since: int) -> AsyncIterator[list[dict[str, Any]]]:
    """The same of the passes that were changed by a write or by one after it (``changes.py``)."""
    after, more = (since, -1), True
    while more:
        found = await fetch(
            _STANDINGS + "(a.changed_in, a.id) > ({}, {}) ORDER BY a.changed_in, a.id LIMIT {}",
            *(list_id, *after, STRETCH),
        )
        yield found
        more = len(found) == STRETCH
        after = (found[-1]["changed_in"], found[-1]["id"]) if more else after
