"""Which write changed an admission last, so that phones are brought what is new and miss nothing.

On PostgreSQL it is the transaction's own number. Numbers are given out in another order than transactions end in, so
that what is new counts from the oldest that was still under way when the phone was told before: a transaction that is
slow is told of when it has ended, and others twice, which changes nothing. On SQLite writes come one after the other.
"""

from dataclasses import dataclass

from app.kernel.database import dialect, fetch

#: The present write, in a statement.
CHANGED_IN = {
    "postgres": "pg_current_xact_id()::text::bigint",
    "sqlite": "(SELECT COALESCE(MAX(changed_in), 0) + 1 FROM admission)",
}
#: From which write on nothing has been told yet to whoever reads now; and since when the server counts like this.
_NOT_TOLD = {
    "postgres": "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS since, "
    "EXTRACT(EPOCH FROM pg_postmaster_start_time())::bigint AS era",
    "sqlite": "SELECT COALESCE(MAX(changed_in), 0) + 1 AS since, 0 AS era FROM admission",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A moment in the writes of a database: all those before ``since`` can be read. ``era`` is another one after a
    restart of the server, with which nothing of before is to be compared: a copy may have been brought back."""

    since: int
    era: int


async def this_write() -> int:
    """The number of the caller's transaction, for ``changed_in``."""
    (row,) = await fetch(f"SELECT {CHANGED_IN[dialect()]} AS number")
    return int(row["number"])


async def told_until_now() -> Told:
    """The present moment, to be asked before what is told is read."""
    (row,) = await fetch(_NOT_TOLD[dialect()])
    return Told(int(row["since"]), int(row["era"]))
