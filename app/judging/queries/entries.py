"""Reads of ideas: a team's own, the organiser's list, the public's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.judging.enums import EntryState, RoundState
from app.judging.queries.contests import texts
from app.judging.tables import Entry, EntryMember
from app.kernel.database import fetch
from app.kernel.errors import NotFound
from app.kernel.names import search_text, text_key
from app.kernel.paging import page_number

PAGE_SIZE = 25


def search_words(text: str) -> list[str]:
    """The words of a search as patterns for LIKE, without diacritics and without LIKE's own signs."""
    plain = search_text(text).replace("%", " ").replace("_", " ")
    return [f"%{word}%" for word in plain.split()]


@dataclass(frozen=True)
class EntryRow:
    """One idea."""

    id: int
    contest_id: int
    title: str
    summary: str
    problem: str
    solution: str
    progress: str
    team_name: str
    category: str
    ward: str
    member_count: int | None
    state: EntryState
    short_code: str
    submitted_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True)
class MemberRow:
    """One person of a team."""

    id: int
    person_id: int
    full_name: str
    phone: str | None
    email: str | None
    role: str


@dataclass(frozen=True)
class ListedEntry:
    """A line of the organiser's list of ideas."""

    id: int
    title: str
    team_name: str
    category: str
    ward: str
    state: EntryState
    leader: str
    submitted_at: datetime | None


@dataclass(frozen=True)
class Feedback:
    """What one judge wrote to a team in one published round; the judge stays unnamed."""

    round_name: dict[str, str]
    comment: str


@dataclass(frozen=True)
class RoundOfEntry:
    """That an idea takes part in a round, and how the round stands."""

    number: int
    name: dict[str, str]
    state: RoundState
    closes_at: datetime | None


def entry_from(row: dict[str, Any]) -> EntryRow:
    """An idea from a row of its table."""
    return EntryRow(
        id=row["id"],
        contest_id=row["contest"],
        title=row["title"],
        summary=row["summary"],
        problem=row["problem"],
        solution=row["solution"],
        progress=row["progress"],
        team_name=row["team_name"],
        category=row["category"],
        ward=row["ward"],
        member_count=row["member_count"],
        state=EntryState(row["state"]),
        short_code=row["short_code"],
        submitted_at=row["submitted_at"],
        updated_at=row["updated_at"],
    )


async def entry_by_id(entry_id: int) -> EntryRow:
    """An idea. Raises NotFound."""
    row = await Entry.select().where(Entry.id == entry_id).first()
    if row is None:
        raise NotFound
    return entry_from(row)


async def own_entry(entry_id: int, person_id: int | None) -> EntryRow:
    """An idea of this person's team. Raises NotFound for anybody else's."""
    member = (EntryMember.entry == entry_id) & (EntryMember.person == person_id)
    if person_id is None or not await EntryMember.exists().where(member):
        raise NotFound
    return await entry_by_id(entry_id)


async def entries_of_person(person_id: int) -> list[tuple[EntryRow, int]]:
    """Ideas of the teams a person belongs to, each with its edition's id, the newest first."""
    rows = await fetch(
        "SELECT e.*, c.edition AS edition_id FROM contest_entry e JOIN contest c ON c.id = e.contest "
        "JOIN contest_entry_member m ON m.entry = e.id WHERE m.person = {} ORDER BY e.id DESC",
        person_id,
    )
    return [(entry_from(row), row["edition_id"]) for row in rows]


async def members_of(entry_id: int) -> list[MemberRow]:
    """The team of an idea, its leader first, then by given name."""
    rows = await fetch(
        "SELECT m.id, m.person, m.role, p.full_name, p.phone, p.email FROM contest_entry_member m "
        "JOIN person p ON p.id = m.person WHERE m.entry = {} "
        "ORDER BY CASE m.role WHEN 'leader' THEN 0 ELSE 1 END, p.sort_key, m.id",
        entry_id,
    )
    return [
        MemberRow(row["id"], row["person"], row["full_name"], row["phone"], row["email"], row["role"]) for row in rows
    ]


async def list_entries(
    contest_id: int, *, search: str = "", state: str = "", category: str = "", page: int | None = 1
) -> tuple[list[ListedEntry], int]:
    """Lines of the organiser's list and how many there are in all; ``page`` None gives every line.

    ``search`` finds parts of title, team, category and ward, with or without diacritics.
    """
    where = "e.contest = {}"
    values: list[Any] = [contest_id]
    for pattern in search_words(search):
        where += " AND e.search LIKE {}"
        values.append(pattern)
    for column, wanted in (("state", state), ("category", category)):
        if wanted:
            where += f" AND e.{column} = {{}}"
            values.append(wanted)
    counted = await fetch(f"SELECT COUNT(*) AS total FROM contest_entry e WHERE {where}", *values)
    window = "" if page is None else f" LIMIT {PAGE_SIZE} OFFSET {(page_number(page) - 1) * PAGE_SIZE}"
    rows = await fetch(
        "SELECT e.id, e.title, e.team_name, e.category, e.ward, e.state, e.submitted_at, "
        "(SELECT p.full_name FROM contest_entry_member m JOIN person p ON p.id = m.person "
        "WHERE m.entry = e.id AND m.role = 'leader' ORDER BY m.id LIMIT 1) AS leader "
        f"FROM contest_entry e WHERE {where} ORDER BY e.title_key, e.id{window}",
        *values,
    )
    lines = [
        ListedEntry(
            row["id"],
            row["title"],
            row["team_name"],
            row["category"],
            row["ward"],
            EntryState(row["state"]),
            row["leader"] or "",
            row["submitted_at"],
        )
        for row in rows
    ]
    return lines, counted[0]["total"]


async def categories_of(contest_id: int, *, submitted_only: bool = False) -> list[str]:
    """The categories that ideas of a contest name."""
    extra = " AND state = 'submitted'" if submitted_only else ""
    rows = await fetch(
        f"SELECT DISTINCT category FROM contest_entry WHERE contest = {{}} AND category <> ''{extra}", contest_id
    )
    return sorted((row["category"] for row in rows), key=text_key)


async def entry_state_counts(contest_id: int) -> dict[str, int]:
    """How many ideas there are in each state."""
    rows = await fetch(
        "SELECT state, COUNT(*) AS total FROM contest_entry WHERE contest = {} GROUP BY state", contest_id
    )
    return {row["state"]: row["total"] for row in rows}


async def rounds_of_entry(entry_id: int) -> list[RoundOfEntry]:
    """The rounds an idea has come to, in order."""
    rows = await fetch(
        "SELECT r.number, r.name, r.state, r.closes_at FROM contest_round_entry t "
        "JOIN contest_round r ON r.id = t.round WHERE t.entry = {} ORDER BY r.number",
        entry_id,
    )
    return [RoundOfEntry(row["number"], texts(row["name"]), RoundState(row["state"]), row["closes_at"]) for row in rows]


async def feedback_for(entry_id: int) -> list[Feedback]:
    """What judges wrote to the team, of published rounds only, in an order that does not tell who wrote it."""
    rows = await fetch(
        "SELECT r.name, v.comment_to_team FROM contest_assignment a JOIN contest_round r ON r.id = a.round "
        "JOIN contest_ballot b ON b.assignment = a.id "
        "JOIN contest_ballot_revision v ON v.ballot = b.id AND v.number = b.revision_count "
        "WHERE a.entry = {} AND a.state = 'scored' AND r.state = 'published' AND v.comment_to_team <> '' "
        "ORDER BY r.number, v.hash",
        entry_id,
    )
    return [Feedback(texts(row["name"]), row["comment_to_team"]) for row in rows]


async def entries_written_to(round_id: int) -> set[int]:
    """The ideas of a round to whose teams a judge has written."""
    rows = await fetch(
        "SELECT DISTINCT a.entry FROM contest_assignment a JOIN contest_ballot b ON b.assignment = a.id "
        "JOIN contest_ballot_revision v ON v.ballot = b.id AND v.number = b.revision_count "
        "WHERE a.round = {} AND a.state = 'scored' AND v.comment_to_team <> ''",
        round_id,
    )
    return {row["entry"] for row in rows}


async def entry_address(entry_id: int) -> str | None:
    """Where the short code of an idea leads; None while it is not public."""
    rows = await fetch(
        "SELECT d.slug FROM contest_entry e JOIN contest c ON c.id = e.contest JOIN edition d ON d.id = c.edition "
        "WHERE e.id = {} AND e.state = 'submitted'",
        entry_id,
    )
    return f"/e/{rows[0]['slug']}/contest/{entry_id}" if rows else None


@dataclass(frozen=True)
class Contact:
    """Somebody to be written to, in her language."""

    id: int
    full_name: str
    phone: str | None
    email: str | None
    locale: str


async def people_behind(entry_ids: Sequence[int]) -> list[tuple[int, str, Contact]]:
    """(idea, its title, person) for everybody in the teams of these ideas."""
    found = []
    for start in range(0, len(entry_ids), 500):
        listed = ", ".join(str(int(entry_id)) for entry_id in entry_ids[start : start + 500])
        rows = await fetch(
            "SELECT e.id, e.title, p.id AS person, p.full_name, p.phone, p.email, p.locale "
            "FROM contest_entry_member m JOIN contest_entry e ON e.id = m.entry JOIN person p ON p.id = m.person "
            f"WHERE e.id IN ({listed}) ORDER BY e.id, m.id"
        )
        found += [
            (
                row["id"],
                row["title"],
                Contact(row["person"], row["full_name"], row["phone"], row["email"], row["locale"]),
            )
            for row in rows
        ]
    return found


async def is_decided(entry_id: int) -> bool:
    """Whether the results of a round with this idea are out."""
    return bool(
        await fetch(
            "SELECT r.id FROM contest_round r JOIN contest_round_entry t ON t.round = r.id "
            "WHERE t.entry = {} AND r.published_at IS NOT NULL LIMIT 1",
            entry_id,
        )
    )
