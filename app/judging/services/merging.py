"""Which two people must not become one for the contest's sake."""

from app.accounts.enums import RecordKind
from app.judging.errors import MergeOnOneJury
from app.kernel.database import fetch


async def object_to_merge(kind: RecordKind, kept_id: int, merged_id: int) -> None:
    """Raises MergeOnOneJury when both sit on one jury, or one judges the contest that the other entered.

    Ballots hang on the pseudonym of each; and who scored her own rival should not vanish behind one name.
    """
    if kind != RecordKind.PERSON:
        return
    rows = await fetch(
        "SELECT 1 FROM contest_panel_member j WHERE j.person IN ({}, {}) AND (EXISTS (SELECT 1 FROM "
        "contest_panel_member other WHERE other.contest = j.contest AND other.person IN ({}, {}) "
        "AND other.person <> j.person) OR EXISTS (SELECT 1 FROM contest_entry_member m JOIN contest_entry e "
        "ON e.id = m.entry WHERE e.contest = j.contest AND m.person IN ({}, {}) AND m.person <> j.person))",
        *((kept_id, merged_id) * 3),
    )
    if rows:
        raise MergeOnOneJury
