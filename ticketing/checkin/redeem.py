"""The hot path of a gate: one raw statement on PostgreSQL, two in one transaction on SQLite.

Both judge a pass, admit it unless what its list knows of it stands against that (its one admission decides, under its
row's lock), store the scan, and give the first answer again to a scan that was sent before. How the rules of entry read
is :func:`ticketing.checkin.standing.takes`.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from piccolo.engine.postgres import PostgresEngine
from piccolo.querystring import QueryString

from app.kernel.database import AnyEngine, engine, is_unique_violation, write_transaction
from ticketing.checkin.changes import CHANGED_IN
from ticketing.checkin.rules import Limits

#: On PostgreSQL: whether what the list knows of a pass lets it in.
_TAKES = (
    "NOT COALESCE(($15::boolean AND a.entries > 0) OR (a.admitted_at >= $14::timestamptz AND "
    "(a.entries_of_day >= $16::int OR (a.left_at IS NULL AND a.admitted_at > $17::timestamptz))), FALSE)"
)
_INSIDE = "a.left_at IS NULL AND a.admitted_at >= $14::timestamptz"
#: Only for a list that has a capacity: its row is locked then, so that nobody comes in between.
FULL = f"""WHEN (SELECT COUNT(*) FROM admission a WHERE a.list_id = $2::int AND {_INSIDE}) >= $19::int
            AND NOT EXISTS (SELECT FROM admission a WHERE a.list_id = $2::int AND a.event_pass = p.id
                AND (({_INSIDE}) OR NOT ({_TAKES}))) THEN 'full'"""
#: The row counts up where it lets in, and stays as it is where it refuses, but for one attempt more.
ON_CONFLICT = f"""ON CONFLICT (event_pass, list_id) DO UPDATE SET
        gate_id = CASE WHEN {_TAKES} THEN EXCLUDED.gate_id ELSE a.gate_id END,
        device_id = CASE WHEN {_TAKES} THEN EXCLUDED.device_id ELSE a.device_id END,
        admitted_at = CASE WHEN {_TAKES} THEN EXCLUDED.admitted_at ELSE a.admitted_at END,
        admitted_by = CASE WHEN {_TAKES} THEN EXCLUDED.admitted_by ELSE a.admitted_by END,
        left_at = CASE WHEN {_TAKES} THEN NULL ELSE a.left_at END,
        last_at = CASE WHEN {_TAKES} THEN GREATEST(a.last_at, EXCLUDED.last_at) ELSE a.last_at END,
        entries = CASE WHEN {_TAKES} THEN a.entries + 1 ELSE a.entries END,
        changed_in = CASE WHEN {_TAKES} THEN EXCLUDED.changed_in ELSE a.changed_in END,
        entries_of_day = CASE WHEN NOT ({_TAKES}) THEN a.entries_of_day
            WHEN a.admitted_at >= $14::timestamptz THEN a.entries_of_day + 1 ELSE 1 END,
        attempts = CASE WHEN {_TAKES} THEN a.attempts ELSE a.attempts + 1 END"""
#: Only for a list that asks questions: whoever it would let in is asked what her ticket has no answer to.
ASKS = f"""WHEN EXISTS (SELECT FROM order_item i CROSS JOIN UNNEST($20::int[]) AS q(id) WHERE i.event_pass = p.id
            AND NOT EXISTS (SELECT FROM ticket_answer t WHERE t.order_item = i.id AND t.question = q.id))
            AND NOT EXISTS (SELECT FROM admission a WHERE a.list_id = $2::int AND a.event_pass = p.id
                AND NOT ({_TAKES})) THEN 'question_required'"""
LOCK_LIST = "SELECT id FROM check_in_list WHERE id = $1::int FOR NO KEY UPDATE"

POSTGRES = """
WITH first_answer AS (
    SELECT s.verdict, s.reason, s.previous_at, s.previous_gate_id, p.label, p.valid_from, p.valid_until,
        TRUE AS replayed, s.code_hash <> $7::varchar OR $5::int IS DISTINCT FROM
            (SELECT edition FROM check_in_list l WHERE l.id = s.list_id) AS other_code
    FROM scan s LEFT JOIN "pass" p ON p.id = s.event_pass WHERE s.client_id = $1::varchar
), judged AS (
    SELECT p.id, p.label, p.valid_from, p.valid_until, CASE
        WHEN p.id IS NULL THEN $18::varchar
        WHEN p.state <> 'issued' THEN CASE
            WHEN p.state = 'blocked' THEN 'blocked'
            WHEN p.state_reason IN ('unpaid', 'cancelled') THEN p.state_reason ELSE 'revoked' END
        WHEN NOT (cardinality($11::text[]) = 0 OR p.kind = ANY($11::text[])) THEN 'wrong_list'
        WHEN NOT (cardinality($12::int[]) = 0 OR COALESCE(p.type_no = ANY($12::int[]), FALSE)) THEN 'wrong_type'
        WHEN $10::timestamptz < p.valid_from THEN 'not_valid_yet'
        WHEN $10::timestamptz >= p.valid_until THEN 'expired'
        WHEN $13::varchar <> '' THEN $13::varchar
        {full}
        ELSE 'admitted' END AS verdict
    FROM (SELECT 1) AS once LEFT JOIN "pass" p ON p.edition = $5::int AND p.serial = $6::int AND p.state <> 'laid'
    WHERE NOT EXISTS (SELECT FROM first_answer)
), entered AS (
    INSERT INTO admission AS a (list_id, event_pass, gate_id, device_id, admitted_at, last_at, admitted_by, attempts,
        entries, entries_of_day, changed_in)
    SELECT $2::int, id, $3::int, $4::int, $10::timestamptz, $10::timestamptz, $1::varchar, 0, 1, 1,
        pg_current_xact_id()::text::bigint
    FROM judged WHERE verdict = 'admitted'
    {on_conflict}
    RETURNING a.admitted_by IS DISTINCT FROM $1::varchar AS refused, a.admitted_at, a.gate_id
), answer AS (
    SELECT j.id, j.label, j.valid_from, j.valid_until,
        CASE WHEN e.refused THEN 'already_admitted' ELSE j.verdict END AS verdict,
        CASE WHEN e.refused THEN e.admitted_at END AS previous_at,
        CASE WHEN e.refused THEN e.gate_id END AS previous_gate_id
    FROM judged j LEFT JOIN entered e ON TRUE
), stored AS (
    INSERT INTO scan (client_id, list_id, gate_id, device_id, event_pass, code_hash, at, device_at, judged_at,
        offline, verdict, previous_at, previous_gate_id)
    SELECT $1::varchar, $2::int, $3::int, $4::int, id, $7::varchar, $8::timestamptz, $9::timestamptz,
        $10::timestamptz, FALSE, verdict, previous_at, previous_gate_id
    FROM answer
    RETURNING verdict, reason, previous_at, previous_gate_id
)
SELECT stored.*, answer.label, answer.valid_from, answer.valid_until, FALSE AS replayed, FALSE AS other_code
FROM stored, answer
UNION ALL SELECT * FROM first_answer
"""

SQLITE_SCAN = """
INSERT INTO scan (client_id, list_id, gate_id, device_id, event_pass, code_hash, at, device_at, judged_at,
    offline, verdict, previous_at, previous_gate_id)
SELECT ?1, ?2, ?3, ?4, id, ?7, ?8, ?9, ?10, FALSE, verdict,
    CASE WHEN verdict = 'already_admitted' THEN admitted_at END,
    CASE WHEN verdict = 'already_admitted' THEN gate_id END
FROM (
    SELECT p.id, CASE
        WHEN p.id IS NULL THEN ?18
        WHEN p.state <> 'issued' THEN CASE
            WHEN p.state = 'blocked' THEN 'blocked'
            WHEN p.state_reason IN ('unpaid', 'cancelled') THEN p.state_reason ELSE 'revoked' END
        WHEN NOT (?11 = '' OR instr(?11, ',' || p.kind || ',')) THEN 'wrong_list'
        WHEN NOT (?12 = '' OR COALESCE(instr(?12, ',' || p.type_no || ','), 0)) THEN 'wrong_type'
        WHEN ?10 < p.valid_from THEN 'not_valid_yet'
        WHEN ?10 >= p.valid_until THEN 'expired'
        WHEN ?13 <> '' THEN ?13
        WHEN (?15 AND a.entries > 0) OR (a.admitted_at >= ?14 AND
            (a.entries_of_day >= ?16 OR (a.left_at IS NULL AND a.admitted_at > ?17))) THEN 'already_admitted'
        WHEN ?19 IS NOT NULL AND NOT COALESCE(a.left_at IS NULL AND a.admitted_at >= ?14, FALSE) AND ?19 <=
            (SELECT COUNT(*) FROM admission i WHERE i.list_id = ?2 AND i.left_at IS NULL AND i.admitted_at >= ?14)
            THEN 'full'
        WHEN ?20 <> '[]' AND EXISTS (SELECT 1 FROM order_item o JOIN json_each(?20) q WHERE o.event_pass = p.id
            AND NOT EXISTS (SELECT 1 FROM ticket_answer t WHERE t.order_item = o.id AND t.question = q.value))
            THEN 'question_required'
        ELSE 'admitted' END AS verdict,
        a.admitted_at, a.gate_id
    FROM (SELECT 1) AS once
    LEFT JOIN "pass" p ON p.edition = ?5 AND p.serial = ?6 AND p.state <> 'laid'
    LEFT JOIN admission a ON a.list_id = ?2 AND a.event_pass = p.id
)
WHERE TRUE
ON CONFLICT (client_id) DO NOTHING
RETURNING verdict, reason, previous_at, previous_gate_id, event_pass, FALSE AS replayed, FALSE AS other_code,
    (SELECT label FROM "pass" WHERE id = event_pass) AS label,
    (SELECT valid_from FROM "pass" WHERE id = event_pass) AS valid_from,
    (SELECT valid_until FROM "pass" WHERE id = event_pass) AS valid_until
"""
SQLITE_ADMIT = f"""
INSERT INTO admission (list_id, event_pass, gate_id, device_id, admitted_at, last_at, admitted_by, attempts, entries,
    entries_of_day, changed_in)
VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, 0, 1, 1, {CHANGED_IN["sqlite"]})
ON CONFLICT (event_pass, list_id) DO UPDATE SET
    gate_id = excluded.gate_id, device_id = excluded.device_id, admitted_at = excluded.admitted_at,
    admitted_by = excluded.admitted_by, left_at = NULL, last_at = MAX(COALESCE(last_at, ''), excluded.last_at),
    entries = entries + 1, entries_of_day = CASE WHEN admitted_at >= ?7 THEN entries_of_day + 1 ELSE 1 END,
    changed_in = excluded.changed_in
"""
SQLITE_ATTEMPT = "UPDATE admission SET attempts = attempts + 1 WHERE list_id = ? AND event_pass = ?"
SQLITE_FIRST_ANSWER = (
    "SELECT verdict, reason, previous_at, previous_gate_id, event_pass, TRUE AS replayed, "
    "code_hash <> ? OR ? IS NOT (SELECT edition FROM check_in_list l WHERE l.id = scan.list_id) AS other_code, "
    "label, valid_from, valid_until "
    'FROM scan LEFT JOIN "pass" ON "pass".id = event_pass WHERE client_id = ?'
)

_postgres = POSTGRES.format(full="", on_conflict=ON_CONFLICT)
_postgres_bounded = POSTGRES.format(full=FULL, on_conflict=ON_CONFLICT)
_postgres_asking = POSTGRES.format(full=f"{FULL}\n        {ASKS}", on_conflict=ON_CONFLICT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A pass held out at a gate.

    ``serial`` is -1 when the code is no genuine pass of the edition, and ``otherwise`` says then what it is.
    ``judged_at`` is the time that its validity is held against: the server's, or that of an offline phone, whose own
    clock said ``clock_at``.
    ``pass_kinds`` and ``ticket_types`` empty mean that the list takes every one. ``refused_by_list`` is the verdict on
    a pass that the list would not take at that time; empty where it does. ``outward``: its holder leaves.
    ``questions`` are the numbers of those without whose answers a ticket is not let in.
    """

    client_id: str
    edition_id: int
    list_id: int
    gate_id: int
    device_id: int | None
    serial: int
    otherwise: str = "unknown"
    code_hash: str
    at: datetime
    device_at: datetime | None
    judged_at: datetime
    clock_at: datetime | None = None
    offline: bool = False
    shown: str | None = None
    outward: bool = False
    pass_kinds: tuple[str, ...]
    ticket_types: tuple[int, ...] = ()
    refused_by_list: str = ""
    limits: Limits
    capacity: int | None = None
    questions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the database answered: the verdict, what stood against it, when and where the pass was used before, the
    name of its type, and from when until before when it counts. ``other_code``: the answer that stands under the scan's
    id is of another code, or of another edition."""

    verdict: str
    reason: str | None
    previous_at: datetime | None
    previous_gate_id: int | None
    label: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    replayed: bool
    other_code: bool


async def redeem(presented: Presented) -> Answer:
    """Judge, admit and store in one go; tries once more when two copies of one scan arrive at the same moment."""
    current = engine()
    run = _on_postgres if isinstance(current, PostgresEngine) else _on_sqlite
    try:
        row = await run(current, presented)
    except Exception as error:
        if not is_unique_violation(error):
            raise
        row = await run(current, presented)
    return Answer(
        row["verdict"],
        row["reason"],
        _time(row["previous_at"]),
        row["previous_gate_id"],
        row["label"],
        _time(row["valid_from"]),
        _time(row["valid_until"]),
        bool(row["replayed"]),
        bool(row["other_code"]),
    )


def _time(value: Any) -> datetime | None:
    """SQLite gives the columns of RETURNING back as text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def arguments(presented: Presented) -> list[Any]:
    """The values of PostgreSQL's statement, in their order, without the capacity and the questions."""
    return [
        presented.client_id,
        presented.list_id,
        presented.gate_id,
        presented.device_id,
        presented.edition_id,
        presented.serial,
        presented.code_hash,
        presented.at,
        presented.device_at,
        presented.judged_at,
        presented.pass_kinds,
        presented.ticket_types,
        presented.refused_by_list,
        presented.limits.since,
        presented.limits.once,
        presented.limits.most_a_day,
        presented.limits.again_since,
        presented.otherwise,
    ]


def sqlite_arguments(presented: Presented) -> list[Any]:
    """The same for SQLite's, which knows no arrays, with the capacity and the questions."""
    values = arguments(presented)
    values[10:12] = [_among(presented.pass_kinds), _among(presented.ticket_types)]
    return [*values, presented.capacity, json.dumps(presented.questions)]


def admitting(presented: Presented, pass_id: int) -> list[Any]:
    """The values of ``SQLITE_ADMIT``."""
    here = [presented.list_id, pass_id, presented.gate_id, presented.device_id, presented.judged_at]
    return [*here, presented.client_id, presented.limits.since]


def _among(values: tuple[Any, ...]) -> str:
    return f",{','.join(map(str, values))}," if values else ""


async def _on_postgres(current: AnyEngine, presented: Presented) -> Any:
    assert isinstance(current, PostgresEngine)
    values = arguments(presented)
    if presented.questions and presented.capacity is None:
        return (await _run(_postgres_asking, *values, None, presented.questions))[0]
    if presented.capacity is not None:
        async with write_transaction():
            await _run(LOCK_LIST, presented.list_id)
            if presented.questions:
                return (await _run(_postgres_asking, *values, presented.capacity, presented.questions))[0]
            return (await _run(_postgres_bounded, *values, presented.capacity))[0]
    if current.pool is not None:
        return await current.pool.fetchrow(_postgres, *values)
    rows = await current._run_in_new_connection(_postgres, values)
    return rows[0]


async def _on_sqlite(current: AnyEngine, presented: Presented) -> Any:
    async with write_transaction():
        row = await _judge_and_store(presented)
        if row is None:
            asked = (presented.code_hash, presented.edition_id, presented.client_id)
            return (await _run(SQLITE_FIRST_ANSWER, *asked))[0]
        if row["verdict"] == "admitted":
            await _run(SQLITE_ADMIT, *admitting(presented, row["event_pass"]))
        elif row["verdict"] == "already_admitted":
            await _run(SQLITE_ATTEMPT, presented.list_id, row["event_pass"])
        return row


async def _judge_and_store(presented: Presented) -> Any:
    """The stored scan; None when one of its client's id is there already."""
    rows = await _run(SQLITE_SCAN, *sqlite_arguments(presented))
    return rows[0] if rows else None


async def _run(sql: str, *values: Any) -> list[Any]:
    """One statement with numbered placeholders, which Piccolo's own templates lack, in the present transaction."""
    statement = QueryString("")
    statement._frozen_compiled_strings = (sql, list(values))
    rows: list[Any] = await engine().run_querystring(statement)
    return rows
