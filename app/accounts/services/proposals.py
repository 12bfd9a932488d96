"""Which two records an organiser is asked about, and what hangs on each."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.accounts.actor import Actor
from app.accounts.enums import Likeness, RecordKind
from app.accounts.errors import NotMergeable
from app.accounts.merging.likeness import likely_pairs
from app.accounts.merging.pointers import RECORDS, pointers
from app.accounts.queries import leads_into
from app.accounts.services.merging import check_may_merge, known_in, rules_all
from app.kernel.database import fetch
from app.kernel.i18n import N_
from app.kernel.names import search_text, searched

#: What the rows of a table are called where they hang on a record; a table that stands for no thing is left out.
HANGING = {
    "application": N_("Applications"),
    "cell_hold": N_("Booth cells"),
    "certificate": N_("Certificates"),
    "consent": N_("Consents"),
    "contest_assignment": N_("Ideas to judge"),
    "contest_entry_member": N_("Ideas entered"),
    "contest_panel_member": N_("Juries"),
    "device": N_("Devices"),
    "edition": N_("Festivals organised"),
    "lead": N_("Leads"),
    "organisation": N_("Organisations"),
    "pass": N_("Passes"),
    "payment_document": N_("Invoices"),
    "product": N_("Products"),
    "role_grant": N_("Roles"),
    "ticket_order": N_("Orders"),
}
OTHERS = N_("Other records")


@dataclass(frozen=True)
class Proposal:
    """Two records as stored, the older first, and why they look like one."""

    first: Mapping[str, Any]
    second: Mapping[str, Any]
    reasons: tuple[Likeness, ...]


async def proposals(kind: RecordKind, *, edition_id: int, actor: Actor, search: str = "") -> list[Proposal]:
    """Pairs that this organiser may merge: all that this edition, or none at all, and no stranger's edition knows.

    ``search`` is looked for in the names, phone numbers, addresses and numbers of both.
    """
    pairs = await likely_pairs(kind)
    ids = sorted({record_id for pair in pairs for record_id in (pair.first, pair.second)})
    known = await known_in(kind, ids)
    rows = await _rows(kind, ids)
    wanted = search_text(searched(search)) if search.strip() else ""
    found = []
    for pair in pairs:
        editions = known[pair.first] | known[pair.second]
        here = not editions or edition_id in editions or None in editions
        own = kind == RecordKind.PERSON and actor.person_id in (pair.first, pair.second)
        one = Proposal(rows[pair.first], rows[pair.second], pair.reasons)
        if here and not own and rules_all(actor, kind, editions) and (not wanted or wanted in _words(one)):
            found.append(one)
    return found


async def proposal(kind: RecordKind, first: int, second: int, *, actor: Actor) -> Proposal:
    """One pair. Raises NotMergeable when nothing says that the two are one, and as ``check_may_merge`` does."""
    pairs = await likely_pairs(kind, [first, second]) if first != second else []
    if len(pairs) != 1:
        raise NotMergeable
    await check_may_merge(kind, [first, second], actor)
    rows = await _rows(kind, [first, second])
    return Proposal(rows[pairs[0].first], rows[pairs[0].second], pairs[0].reasons)


async def hanging(kind: RecordKind, first: int, second: int) -> list[tuple[str, int, int]]:
    """(what, how many on the first, how many on the second), most important words first; labels marked with ``N_``."""
    counts: dict[str, Counter[int]] = {}
    for name in pointers(kind):
        table, column = name.split(".")
        rows = await fetch(
            f'SELECT "{column}" AS record, COUNT(*) AS count FROM "{table}" WHERE "{column}" IN ({{}}, {{}}) '
            f'GROUP BY "{column}"',
            first,
            second,
        )
        for row in rows:
            counts.setdefault(HANGING.get(table, OTHERS), Counter())[row["record"]] += row["count"]
    order = [*HANGING.values(), OTHERS]
    return [(label, counts[label][first], counts[label][second]) for label in order if label in counts]


async def what_contacts_open(first: int, second: int) -> dict[int, bool]:
    """By the person who would stay: whether the contact of the other one opens her account afterwards."""
    return {first: await leads_into(second, first), second: await leads_into(first, second)}


async def _rows(kind: RecordKind, ids: list[int]) -> dict[int, dict[str, Any]]:
    table = RECORDS[kind]
    if not ids:
        return {}
    return {row["id"]: row for row in await table.select().where(table.id.is_in(ids))}


def _words(one: Proposal) -> str:
    return " ".join(
        search_text(str(row.get(key) or ""))
        for row in (one.first, one.second)
        for key in ("full_name", "name", "phone", "email", "tax_number", "ward")
    )
