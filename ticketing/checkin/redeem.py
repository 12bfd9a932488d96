"""The hot path of a gate: one raw statement on PostgreSQL, two in one transaction on SQLite.

Both judge a pass, admit it unless it has an open admission on the list (the partial unique index
``admission_one_open`` decides), store the scan, and give the first answer again to a scan that was sent before.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from piccolo.engine.postgres import PostgresEngine
from piccolo.querystring import QueryString

from app.kernel.database import AnyEngine, engine, is_unique_violation, write_transaction

ON_CONFLICT = "ON CONFLICT (list_id, event_pass) WHERE left_at IS NULL DO UPDATE SET attempts = admission.attempts + 1"

POSTGRES = """
WITH first_answer AS (
    SELECT s.verdict, s.reason, s.previous_at, s.previous_gate_id, p.label, p.valid_from, p.valid_until,
        TRUE AS replayed, s.code_hash <> $7::varchar AS other_code
    FROM scan s LEFT JOIN "pass" p ON p.id = s.event_pass WHERE s.client_id = $1::varchar
), judged AS (
    SELECT p.id, p.label, p.valid_from, p.valid_until, CASE
        WHEN p.id IS NULL THEN 'unknown'
        WHEN p.state <> 'issued' THEN CASE p.state WHEN 'blocked' THEN 'blocked' ELSE 'revoked' END
        WHEN NOT (cardinality($13::text[]) = 0 OR p.kind = ANY($13::text[])) THEN 'wrong_list'
        WHEN $10::timestamptz < p.valid_from THEN 'not_valid_yet'
        WHEN $10::timestamptz >= p.valid_until THEN 'expired'
        WHEN $14::varchar <> '' THEN $14::varchar
        ELSE 'admitted' END AS verdict
    FROM (SELECT 1) AS once LEFT JOIN "pass" p ON p.edition = $5::int AND p.serial = $6::int AND p.state <> 'laid'
    WHERE NOT EXISTS (SELECT FROM first_answer)
), entered AS (
    INSERT INTO admission (list_id, event_pass, gate_id, device_id, admitted_at, attempts)
    SELECT $2::int, id, $3::int, $4::int, $10::timestamptz, 0 FROM judged WHERE verdict = 'admitted'
    {on_conflict}
    RETURNING attempts, admitted_at, gate_id
), answer AS (
    SELECT j.id, j.label, j.valid_from, j.valid_until,
        CASE WHEN e.attempts > 0 THEN 'already_admitted' ELSE j.verdict END AS verdict,
        CASE WHEN e.attempts > 0 THEN e.admitted_at END AS previous_at,
        CASE WHEN e.attempts > 0 THEN e.gate_id END AS previous_gate_id
    FROM judged j LEFT JOIN entered e ON TRUE
), stored AS (
    INSERT INTO scan (client_id, list_id, gate_id, device_id, event_pass, code_hash, at, device_at,
        offline, shown, verdict, reason, previous_at, previous_gate_id)
    SELECT $1::varchar, $2::int, $3::int, $4::int, id, $7::varchar, $8::timestamptz, $9::timestamptz,
        $11::boolean, $12::varchar,
        CASE WHEN $11::boolean AND $12::varchar = 'admitted' AND verdict <> 'admitted'
            THEN 'late_conflict' ELSE verdict END,
        CASE WHEN $11::boolean AND $12::varchar = 'admitted' AND verdict <> 'admitted' THEN verdict END,
        previous_at, previous_gate_id
    FROM answer
    RETURNING verdict, reason, previous_at, previous_gate_id
)
SELECT stored.*, answer.label, answer.valid_from, answer.valid_until, FALSE AS replayed, FALSE AS other_code
FROM stored, answer
UNION ALL SELECT * FROM first_answer
"""

SQLITE_SCAN = """
INSERT INTO scan (client_id, list_id, gate_id, device_id, event_pass, code_hash, at, device_at,
    offline, shown, verdict, reason, previous_at, previous_gate_id)
SELECT ?1, ?2, ?3, ?4, id, ?7, ?8, ?9, ?11, ?12,
    CASE WHEN ?11 AND ?12 = 'admitted' AND verdict <> 'admitted' THEN 'late_conflict' ELSE verdict END,
    CASE WHEN ?11 AND ?12 = 'admitted' AND verdict <> 'admitted' THEN verdict END,
    previous_at, previous_gate_id
FROM (
    SELECT p.id, CASE
        WHEN p.id IS NULL THEN 'unknown'
        WHEN p.state <> 'issued' THEN CASE p.state WHEN 'blocked' THEN 'blocked' ELSE 'revoked' END
        WHEN NOT (?13 = '' OR instr(?13, ',' || p.kind || ',')) THEN 'wrong_list'
        WHEN ?10 < p.valid_from THEN 'not_valid_yet'
        WHEN ?10 >= p.valid_until THEN 'expired'
        WHEN ?14 <> '' THEN ?14
        WHEN a.id IS NOT NULL THEN 'already_admitted'
        ELSE 'admitted' END AS verdict,
        a.admitted_at AS previous_at, a.gate_id AS previous_gate_id
    FROM (SELECT 1) AS once
    LEFT JOIN "pass" p ON p.edition = ?5 AND p.serial = ?6 AND p.state <> 'laid'
    LEFT JOIN admission a ON a.list_id = ?2 AND a.event_pass = p.id AND a.left_at IS NULL
)
WHERE TRUE
ON CONFLICT (client_id) DO NOTHING
RETURNING verdict, reason, previous_at, previous_gate_id, event_pass, FALSE AS replayed, FALSE AS other_code,
    (SELECT label FROM "pass" WHERE id = event_pass) AS label,
    (SELECT valid_from FROM "pass" WHERE id = event_pass) AS valid_from,
    (SELECT valid_until FROM "pass" WHERE id = event_pass) AS valid_until
"""
SQLITE_ADMIT = (
    "INSERT INTO admission (list_id, event_pass, gate_id, device_id, admitted_at, attempts) VALUES (?, ?, ?, ?, ?, 0)"
)
SQLITE_ATTEMPT = "UPDATE admission SET attempts = attempts + 1 WHERE list_id = ? AND event_pass = ? AND left_at IS NULL"
SQLITE_FIRST_ANSWER = (
    "SELECT verdict, reason, previous_at, previous_gate_id, event_pass, TRUE AS replayed, "
    "code_hash <> ? AS other_code, label, valid_from, valid_until "
    'FROM scan LEFT JOIN "pass" ON "pass".id = event_pass WHERE client_id = ?'
)

_postgres = POSTGRES.format(on_conflict=ON_CONFLICT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A pass held out at a gate.

    ``serial`` is -1 when the code is no genuine pass of the edition. ``judged_at`` is the time that its validity is
    held against: the server's, or that of an offline phone. ``pass_kinds`` empty means that the list takes every kind.
    ``refused_by_list`` is the verdict on a pass that the list would not take at that time; empty where it does.
    """

    client_id: str
    edition_id: int
    list_id: int
    gate_id: int
    device_id: int | None
    serial: int
    code_hash: str
    at: datetime
    device_at: datetime | None
    judged_at: datetime
    offline: bool
    shown: str | None
    pass_kinds: tuple[str, ...]
    refused_by_list: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the database answered: the verdict, what stood against it, when and where the pass was used before, the
    name of its type, and from when until before when it counts. ``other_code``: the answer that stands under the scan's
    id is of another code."""

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
    """The values of both engines' statements, in their order; the kinds as PostgreSQL takes them."""
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
        presented.offline,
        presented.shown,
        presented.pass_kinds,
        presented.refused_by_list,
    ]


async def _on_postgres(current: AnyEngine, presented: Presented) -> Any:
    assert isinstance(current, PostgresEngine)
    if current.pool is not None:
        return await current.pool.fetchrow(_postgres, *arguments(presented))
    rows = await current._run_in_new_connection(_postgres, arguments(presented))
    return rows[0]


async def _on_sqlite(current: AnyEngine, presented: Presented) -> Any:
    async with write_transaction():
        row = await _judge_and_store(presented)
        if row is None:
            return (await _run(SQLITE_FIRST_ANSWER, presented.code_hash, presented.client_id))[0]
        verdict = row["reason"] or row["verdict"]
        if verdict == "admitted":
            here = (presented.list_id, row["event_pass"], presented.gate_id, presented.device_id)
            await _run(SQLITE_ADMIT, *here, presented.judged_at)
        elif verdict == "already_admitted":
            await _run(SQLITE_ATTEMPT, presented.list_id, row["event_pass"])
        return row


async def _judge_and_store(presented: Presented) -> Any:
    """The stored scan; None when one of its client's id is there already."""
    values = arguments(presented)
    values[-2] = f",{','.join(presented.pass_kinds)}," if presented.pass_kinds else ""
    rows = await _run(SQLITE_SCAN, *values)
    return rows[0] if rows else None


async def _run(sql: str, *values: Any) -> list[Any]:
    """One statement with numbered placeholders, which Piccolo's own templates lack, in the present transaction."""
    statement = QueryString("")
    statement._frozen_compiled_strings = (sql, list(values))
    rows: list[Any] = await engine().run_querystring(statement)
    return rows
