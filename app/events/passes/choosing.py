"""Which passes are printed, and what stands on each: chosen by kind, type and organisation."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from app.events.enums import BadgePaper, PassKind, PassState, PrintWhat
from app.events.passes.naming import all_named
from app.events.passes.queries import PassInfo, info_of
from app.events.tables import Pass
from app.kernel.database import fetch
from app.kernel.rows import among

#: Whom a pass's holder is of: as its badge shall say, else the organisation that she is at this festival for. A
#: visitor's holder is who bought the ticket, and need not be who comes.
_ORGANISATION = (
    "COALESCE(NULLIF(p.organisation, ''), (SELECT o.name FROM role_grant g JOIN organisation had ON had.id = "
    "g.organisation JOIN organisation o ON o.id = COALESCE(had.merged_into, had.id) WHERE g.person = p.holder AND "
    "g.revoked_at IS NULL AND (g.edition_id = p.edition OR g.edition_id IS NULL) AND p.kind <> 'visitor' "
    "ORDER BY g.edition_id IS NULL, g.id LIMIT 1), '')"
)
_HAS_BADGE = (
    "EXISTS (SELECT 1 FROM printed_pass d JOIN print_run r ON r.id = d.run WHERE d.event_pass = p.id "
    "AND r.what = 'badges' AND r.state = 'ready')"
)


class Choice(msgspec.Struct, kw_only=True, frozen=True):
    """Of which valid passes a file is: of all of a kind, a type (its label), an organisation, or of one.

    ``unprinted`` leaves out those that a badge was made for.
    """

    kind: PassKind | None = None
    label: str = ""
    organisation: str = ""
    unprinted: bool = False
    pass_id: int | None = None


class Wanted(msgspec.Struct, kw_only=True, frozen=True):
    """What is to be printed, on what, in which language, and of whom."""

    what: PrintWhat = PrintWhat.BADGES
    paper: BadgePaper = BadgePaper.A6
    locale: str = "vi"
    choice: Choice = Choice()


def _condition(edition_id: int, choice: Choice) -> tuple[str, list[Any]]:
    parts: list[tuple[str, list[Any]]] = [("p.edition = {} AND p.state = {}", [edition_id, PassState.ISSUED.value])]
    if choice.kind is not None:
        parts.append(("p.kind = {}", [choice.kind.value]))
    if choice.label:
        parts.append(("p.label = {}", [choice.label]))
    if choice.organisation:
        parts.append((f"{_ORGANISATION} = {{}}", [choice.organisation]))
    if choice.unprinted:
        parts.append((f"NOT {_HAS_BADGE}", []))
    if choice.pass_id is not None:
        parts.append(("p.id = {}", [choice.pass_id]))
    return " AND ".join(sql for sql, _values in parts), [value for _sql, values in parts for value in values]


async def count_chosen(edition_id: int, choice: Choice) -> int:
    """Of how many passes a file would be."""
    where, values = _condition(edition_id, choice)
    rows = await fetch(f'SELECT COUNT(*) AS found FROM "pass" p WHERE {where}', *values)
    return int(rows[0]["found"])


async def chosen_ids(edition_id: int, choice: Choice, at_most: int | None = None) -> list[int]:
    """The chosen passes in the order in which they are printed: by organisation and name, last those without a name."""
    where, values = _condition(edition_id, choice)
    only = f" LIMIT {int(at_most)}" if at_most is not None else ""
    rows = await fetch(
        f'SELECT p.id AS id FROM "pass" p WHERE {where} '
        f"ORDER BY p.holder_name = '', {_ORGANISATION}, p.search_text, p.id{only}",
        *values,
    )
    return [row["id"] for row in rows]


async def passes_to_print(edition_id: int, ids: Sequence[int]) -> list[PassInfo]:
    """Passes in the order of their numbers, each with its type in the reader's language and its organisation."""
    chosen, value = among(ids)
    rows = await Pass.select().where(Pass.id.is_in(list(ids) or [0]))
    of = await fetch(f'SELECT p.id AS id, {_ORGANISATION} AS name FROM "pass" p WHERE p.id {chosen}', value)
    organisations = {row["id"]: row["name"] for row in of}
    found = {row["id"]: replace(info_of(row), organisation=organisations[row["id"]]) for row in rows}
    return await all_named(edition_id, [found[one] for one in ids if one in found])


async def types_and_organisations(edition_id: int) -> tuple[list[str], list[str]]:
    """What an edition's valid passes are of, by their labels, and the organisations of their holders."""
    valid = [edition_id, PassState.ISSUED.value]
    labels = await fetch(
        "SELECT DISTINCT label FROM \"pass\" p WHERE p.edition = {} AND p.state = {} AND label <> '' ORDER BY label",
        *valid,
    )
    names = await fetch(
        f'SELECT DISTINCT {_ORGANISATION} AS name FROM "pass" p WHERE p.edition = {{}} AND p.state = {{}} ORDER BY 1',
        *valid,
    )
    return [row["label"] for row in labels], [row["name"] for row in names if row["name"]]
