"""Reads of juries: who judges, who must not, who was given what."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from app.judging.balancing import Pair
from app.judging.enums import AssignmentState, PanelRole
from app.kernel.database import fetch
from app.kernel.names import search_text


@dataclass(frozen=True)
class Panelist:
    """A person in the jury."""

    person_id: int
    full_name: str
    phone: str | None
    email: str | None
    role: PanelRole
    organisation: str
    expertise: str
    pseudonym: str
    assigned: int = 0
    scored: int = 0


@dataclass(frozen=True)
class JudgeDevice:
    """A judge's tablet, or the card for one."""

    id: int
    person_id: int
    label: str
    paired_at: datetime | None
    last_seen_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class RoundAssignment:
    """One cell of the assignment matrix."""

    id: int
    entry_id: int
    judge_id: int
    state: AssignmentState
    reason: str


async def panel_of(contest_id: int, *, round_id: int | None = None) -> list[Panelist]:
    """The jury by given name, with what each was given and has scored in a round."""
    rows = await fetch(
        "SELECT m.person, m.role, m.organisation, m.expertise, m.pseudonym, p.full_name, p.phone, p.email, "
        "(SELECT COUNT(*) FROM contest_assignment a WHERE a.judge = m.person AND a.round = {} "
        "AND a.state IN ('assigned', 'scored')) AS assigned, "
        "(SELECT COUNT(*) FROM contest_assignment a WHERE a.judge = m.person AND a.round = {} "
        "AND a.state = 'scored') AS scored "
        "FROM contest_panel_member m JOIN person p ON p.id = m.person "
        "WHERE m.contest = {} AND m.removed_at IS NULL ORDER BY p.sort_key, m.id",
        round_id or 0,
        round_id or 0,
        contest_id,
    )
    return [
        Panelist(
            row["person"],
            row["full_name"],
            row["phone"],
            row["email"],
            PanelRole(row["role"]),
            row["organisation"],
            row["expertise"],
            row["pseudonym"],
            row["assigned"],
            row["scored"],
        )
        for row in rows
    ]


async def devices_of_judges(edition_id: int) -> list[JudgeDevice]:
    """Tablets and cards of an edition's judges that were not withdrawn, the newest first."""
    rows = await fetch(
        "SELECT id, person, label, paired_at, last_seen_at, revoked_at FROM device "
        "WHERE kind = 'judge' AND edition_id = {} AND person IS NOT NULL AND revoked_at IS NULL ORDER BY id DESC",
        edition_id,
    )
    return [
        JudgeDevice(row["id"], row["person"], row["label"], row["paired_at"], row["last_seen_at"], row["revoked_at"])
        for row in rows
    ]


async def assignments_of(round_id: int) -> list[RoundAssignment]:
    """Every cell of a round's matrix that has been touched."""
    rows = await fetch(
        "SELECT id, entry, judge, state, recused FROM contest_assignment WHERE round = {} ORDER BY id", round_id
    )
    return [
        RoundAssignment(row["id"], row["entry"], row["judge"], AssignmentState(row["state"]), row["recused"])
        for row in rows
    ]


async def stakes_of(contest_id: int, *, organiser_id: int | None) -> dict[int, set[str]]:
    """For each idea of a contest, the marks of people and organisations behind it (see :func:`marks_of_person`).

    Membership of the edition's own organiser is no stake: its staff run the contest.
    """
    rows = await fetch(
        "SELECT m.entry, m.person, e.team_name FROM contest_entry_member m "
        "JOIN contest_entry e ON e.id = m.entry WHERE e.contest = {} AND e.state <> 'withdrawn'",
        contest_id,
    )
    marks: dict[int, set[str]] = {}
    people: dict[int, set[int]] = {}
    for row in rows:
        found = marks.setdefault(row["entry"], set())
        found.add(f"person:{row['person']}")
        if row["team_name"]:
            found.add(f"name:{search_text(row['team_name'])}")
        people.setdefault(row["person"], set()).add(row["entry"])
    links = await fetch(
        "SELECT DISTINCT m.person, g.organisation, o.name FROM contest_entry_member m "
        "JOIN contest_entry e ON e.id = m.entry JOIN role_grant g ON g.person = m.person AND g.revoked_at IS NULL "
        "JOIN organisation o ON o.id = g.organisation WHERE e.contest = {}",
        contest_id,
    )
    for link in links:
        if link["organisation"] == organiser_id:
            continue
        for entry_id in people.get(link["person"], ()):
            marks[entry_id] |= {f"organisation:{link['organisation']}", f"name:{search_text(link['name'])}"}
    return marks


async def marks_of_people(
    contest_id: int, person_ids: Iterable[int], *, organiser_id: int | None
) -> dict[int, set[str]]:
    """What ties each person to others: herself, her organisations by id and by name, the one the jury list names."""
    wanted = sorted(set(person_ids))
    marks = {person_id: {f"person:{person_id}"} for person_id in wanted}
    if not wanted:
        return marks
    listed = ", ".join(str(int(person_id)) for person_id in wanted)
    links = await fetch(
        "SELECT g.person, g.organisation, o.name FROM role_grant g JOIN organisation o ON o.id = g.organisation "
        f"WHERE g.revoked_at IS NULL AND g.person IN ({listed})"
    )
    for link in links:
        if link["organisation"] != organiser_id:
            marks[link["person"]] |= {f"organisation:{link['organisation']}", f"name:{search_text(link['name'])}"}
    named = await fetch(
        "SELECT person, organisation FROM contest_panel_member "
        f"WHERE contest = {{}} AND organisation <> '' AND person IN ({listed})",
        contest_id,
    )
    for row in named:
        marks[row["person"]].add(f"name:{search_text(row['organisation'])}")
    return marks


async def conflicts(contest_id: int, person_ids: Collection[int], *, organiser_id: int | None) -> set[Pair]:
    """Pairs (idea, person) that must not meet: the person or an organisation of hers stands behind the idea."""
    stakes = await stakes_of(contest_id, organiser_id=organiser_id)
    marks = await marks_of_people(contest_id, person_ids, organiser_id=organiser_id)
    return {
        (entry_id, person_id) for entry_id, behind in stakes.items() for person_id, own in marks.items() if behind & own
    }
