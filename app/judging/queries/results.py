"""Reads of results: the ranking, the progress of a round, awards, the public's list of ideas."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.judging.queries.ballots import counted_scores
from app.judging.queries.contests import criteria_of, texts
from app.judging.queries.entries import search_words
from app.judging.ranking import Standing, rank_entries
from app.kernel.database import fetch
from app.kernel.paging import page_number

PUBLIC_PAGE_SIZE = 24


@dataclass(frozen=True)
class RankedEntry:
    """An idea of a round and where it stands."""

    standing: Standing
    title: str
    team_name: str
    category: str
    advanced: bool


@dataclass(frozen=True)
class AwardRow:
    """An award and the idea that has it."""

    id: int
    round_id: int
    entry_id: int
    rank: int
    title: dict[str, str]
    entry_title: str
    team_name: str
    published_at: datetime | None


@dataclass(frozen=True)
class Progress:
    """How far the scoring of a round has come."""

    entries: int
    assigned: int
    scored: int
    recused: int
    complete_entries: int
    waiting_asides: int


@dataclass(frozen=True)
class PublicEntry:
    """What the public may read of an idea in a list."""

    id: int
    title: str
    summary: str
    team_name: str
    category: str
    award: dict[str, str] | None
    rank: int | None


async def ranking(round_id: int) -> list[RankedEntry]:
    """The ideas of a round in order, by the method of :mod:`app.judging.ranking`."""
    rows = await fetch(
        "SELECT e.id, e.title, e.title_key, e.team_name, e.category, "
        "(SELECT COUNT(*) FROM contest_assignment a WHERE a.round = t.round AND a.entry = e.id "
        "AND a.state IN ('assigned', 'scored')) AS expected, "
        "(SELECT COUNT(*) FROM contest_round_entry n JOIN contest_round r2 ON r2.id = n.round "
        "WHERE n.entry = e.id AND r2.contest = r.contest AND r2.number = r.number + 1) AS advanced "
        "FROM contest_round_entry t JOIN contest_entry e ON e.id = t.entry JOIN contest_round r ON r.id = t.round "
        "WHERE t.round = {} AND e.state = 'submitted'",
        round_id,
    )
    by_id = {row["id"]: row for row in rows}
    standings = rank_entries(
        {row["id"]: row["title_key"] for row in rows},
        await counted_scores(round_id),
        [criterion.scale for criterion in await criteria_of(round_id)],
        {row["id"]: row["expected"] for row in rows},
    )
    return [
        RankedEntry(
            standing,
            by_id[standing.entry_id]["title"],
            by_id[standing.entry_id]["team_name"],
            by_id[standing.entry_id]["category"],
            bool(by_id[standing.entry_id]["advanced"]),
        )
        for standing in standings
    ]


async def entries_of_round(round_id: int) -> list[dict[str, Any]]:
    """The ideas of a round by title: id, title, team_name, category."""
    return await fetch(
        "SELECT e.id, e.title, e.team_name, e.category FROM contest_round_entry t "
        "JOIN contest_entry e ON e.id = t.entry WHERE t.round = {} AND e.state = 'submitted' "
        "ORDER BY e.title_key, e.id",
        round_id,
    )


async def progress_of(round_id: int) -> Progress:
    """Counts of a round's scoring."""
    rows = await fetch(
        "SELECT a.entry, a.state FROM contest_assignment a JOIN contest_entry e ON e.id = a.entry "
        "WHERE a.round = {} AND e.state = 'submitted'",
        round_id,
    )
    states: dict[int, list[str]] = {entry["id"]: [] for entry in await entries_of_round(round_id)}
    for row in rows:
        if row["entry"] in states:
            states[row["entry"]].append(row["state"])
    flat = [state for found in states.values() for state in found]
    waiting = await fetch(
        "SELECT COUNT(*) AS total FROM contest_set_aside s JOIN contest_assignment a ON a.id = s.assignment "
        "WHERE a.round = {} AND s.state = 'waiting'",
        round_id,
    )
    return Progress(
        entries=len(states),
        assigned=flat.count("assigned") + flat.count("scored"),
        scored=flat.count("scored"),
        recused=flat.count("recused"),
        complete_entries=sum("scored" in found and "assigned" not in found for found in states.values()),
        waiting_asides=waiting[0]["total"],
    )


async def awards_of(contest_id: int, *, published_only: bool) -> list[AwardRow]:
    """The awards of a contest, the last round's first, by rank."""
    extra = " AND w.published_at IS NOT NULL" if published_only else ""
    rows = await fetch(
        "SELECT w.id, w.round, w.entry, w.rank, w.title, w.published_at, e.title AS entry_title, e.team_name "
        "FROM contest_award w JOIN contest_round r ON r.id = w.round JOIN contest_entry e ON e.id = w.entry "
        f"WHERE r.contest = {{}}{extra} ORDER BY r.number DESC, w.rank, e.title_key",
        contest_id,
    )
    return [
        AwardRow(
            row["id"],
            row["round"],
            row["entry"],
            row["rank"],
            texts(row["title"]),
            row["entry_title"],
            row["team_name"],
            row["published_at"],
        )
        for row in rows
    ]


async def public_entries(
    contest_id: int, *, search: str = "", category: str = "", page: int = 1
) -> tuple[list[PublicEntry], int]:
    """Ideas that were sent in, award winners first, and how many there are in all."""
    where = "e.contest = {} AND e.state = 'submitted'"
    values: list[Any] = [contest_id]
    for pattern in search_words(search):
        where += " AND e.search LIKE {}"
        values.append(pattern)
    if category:
        where += " AND e.category = {}"
        values.append(category)
    counted = await fetch(f"SELECT COUNT(*) AS total FROM contest_entry e WHERE {where}", *values)
    rows = await fetch(
        "SELECT e.id, e.title, e.summary, e.team_name, e.category, w.title AS award, w.rank FROM contest_entry e "
        "LEFT JOIN contest_award w ON w.id = (SELECT best.id FROM contest_award best WHERE best.entry = e.id "
        "AND best.published_at IS NOT NULL ORDER BY best.rank, best.id LIMIT 1) "
        f"WHERE {where} ORDER BY CASE WHEN w.id IS NULL THEN 1 ELSE 0 END, w.rank, e.title_key, e.id "
        f"LIMIT {PUBLIC_PAGE_SIZE} OFFSET {(page_number(page) - 1) * PUBLIC_PAGE_SIZE}",
        *values,
    )
    entries = [
        PublicEntry(
            row["id"],
            row["title"],
            row["summary"],
            row["team_name"],
            row["category"],
            texts(row["award"]) if row["award"] else None,
            row["rank"],
        )
        for row in rows
    ]
    return entries, counted[0]["total"]
