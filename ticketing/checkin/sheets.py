"""Gates as a sheet, with the lists that they scan for and when these take people."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Any

from app.accounts.actor import SYSTEM, Actor
from app.events.queries import edition_by_id, halls
from app.kernel.i18n import N_
from app.kernel.names import search_text
from app.kernel.sheets import CellProblem, Column, LoadResult, SheetContext, SheetKind, SheetRow
from app.kernel.sheets.model import Value
from app.kernel.sheets.parsers import CellError, day, plain, text
from ticketing.checkin.errors import DayOutsideEdition
from ticketing.checkin.queries import gates_of, lists_of, rules_in
from ticketing.checkin.rules import ListRules
from ticketing.checkin.services.gates import create_gate, create_list, update_gate, update_list

NO_SUCH_HALL = N_("There is no hall “{name}” in this edition.")
LIST_DIFFERS = N_("Another row says otherwise of the list “{name}”.")
_CLOCK = re.compile(r"([01]?\d|2[0-3])(?:[:.hg]([0-5]\d)?)?(?::00)?")
#: Columns that are of the list, and what they are called among its rules.
_OF_LIST = {"day": "day", "opens": "opens_daily", "closes": "closes_daily"}


def read_clock(value: Value, _context: SheetContext) -> str:
    """A time of day, ``HH:MM``: a time cell, or as people write it (8:00, 18h30, 18h). Raises CellError."""
    if isinstance(value, float) and 0 <= value < 1:  # a spreadsheet keeps it as a part of a day
        minutes = round(value * 24 * 60) % (24 * 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    if isinstance(value, datetime):
        value = value.time()
    if isinstance(value, time):
        return f"{value:%H:%M}"
    found = _CLOCK.fullmatch(plain(value).strip().lower())
    if found is None:
        raise CellError("not_a_clock", N_("This is no time of day. Write it like 18:30."))
    return f"{int(found[1]):02d}:{found[2] or '00'}"


COLUMNS = (
    Column(
        "name",
        {"en": ("Gate", "Name"), "vi": ("Cổng", "Tên cổng"), "id": ("Gerbang", "Nama gerbang")},
        text(120),
        required=True,
    ),
    Column(
        "list",
        {
            "en": ("Check-in list", "List"),
            "vi": ("Danh sách", "Danh sách soát vé"),
            "id": ("Daftar check-in", "Daftar"),
        },
        text(120),
        required=True,
    ),
    Column("hall", {"en": ("Hall",), "vi": ("Hội trường", "Sảnh", "Nhà"), "id": ("Aula", "Hall")}, text(80)),
    Column(
        "day",
        {"en": ("Day of the list", "Day"), "vi": ("Ngày của danh sách", "Ngày"), "id": ("Hari daftar", "Hari")},
        day(),
    ),
    Column(
        "opens",
        {"en": ("Every day from", "Opens"), "vi": ("Hằng ngày từ", "Giờ mở"), "id": ("Setiap hari dari", "Jam buka")},
        read_clock,
    ),
    Column(
        "closes",
        {
            "en": ("Every day until", "Closes"),
            "vi": ("Hằng ngày đến", "Giờ đóng"),
            "id": ("Setiap hari sampai", "Jam tutup"),
        },
        read_clock,
    ),
)


async def check_gates(rows: Sequence[SheetRow], context: SheetContext) -> list[CellProblem]:
    """Find halls and days that the edition does not have, and rows that do not agree on a list."""
    assert context.edition_id is not None
    edition = await edition_by_id(context.edition_id)
    known = {search_text(hall["name"]) for hall in await halls(edition.id)}
    problems = [
        row.problem("hall", "unknown_hall", NO_SUCH_HALL, name=row["hall"])
        for row in rows
        if row["hall"] and search_text(row["hall"]) not in known
    ]
    said: dict[tuple[str, str], Any] = {}
    for row in rows:
        if row["day"] and not edition.starts_on <= row["day"] <= edition.ends_on:
            problems.append(row.problem("day", DayOutsideEdition.code, DayOutsideEdition.message))
        for column in _OF_LIST:
            if row[column] and said.setdefault((search_text(row["list"]), column), row[column]) != row[column]:
                problems.append(row.problem(column, "list_differs", LIST_DIFFERS, name=row["list"]))
    return problems


def _rules_by_list(rows: Sequence[SheetRow]) -> dict[str, dict[str, Any]]:
    """What the rows say of each list; an empty cell says nothing."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        told = {name: row[column] for column, name in _OF_LIST.items() if row[column]}
        found.setdefault(search_text(row["list"]), {}).update(told)
    return found


async def load_gates(rows: Sequence[SheetRow], context: SheetContext) -> LoadResult:
    """Add gates, and the lists they scan for; a gate or list of the same name is changed."""
    assert context.edition_id is not None
    edition_id = context.edition_id
    actor = context.actor if isinstance(context.actor, Actor) else SYSTEM
    there = {search_text(row["name"]): row for row in await lists_of(edition_id)}
    lists = {key: row["id"] for key, row in there.items()}
    told = _rules_by_list(rows)
    changed = set()
    for key in sorted(told.keys() & there.keys()):
        known, before = there[key], rules_in(there[key])
        rules = replace(before, **told[key])
        if rules != before:
            changed.add(key)
            await update_list(
                list_id=known["id"],
                edition_id=edition_id,
                name=known["name"],
                pass_kinds=known["pass_kinds"],
                active=known["active"],
                exits=known["exits"],
                rules=rules,
                actor=actor,
                now=context.now,
            )
    gates = {search_text(row["name"]): row for row in await gates_of(edition_id)}
    hall_ids = {search_text(hall["name"]): hall["id"] for hall in await halls(edition_id)}
    result = LoadResult()
    for row in rows:
        key = search_text(row["list"])
        if key not in lists:
            lists[key] = await create_list(
                edition_id=edition_id,
                name=row["list"],
                pass_kinds=[],
                rules=ListRules(**told[key]),
                actor=actor,
                now=context.now,
            )
        found = gates.get(search_text(row["name"]))
        hall_id = hall_ids[search_text(row["hall"])] if row["hall"] else None
        if found is None:
            await create_gate(
                edition_id=edition_id,
                name=row["name"],
                list_id=lists[key],
                hall_id=hall_id,
                actor=actor,
                now=context.now,
            )
            result += LoadResult(created=1)
            continue
        hall_id = hall_id if row.has("hall") else found["hall_id"]
        if (found["list_id"], found["hall_id"]) == (lists[key], hall_id):
            result += LoadResult(updated=1) if key in changed else LoadResult(unchanged=1)
            continue
        await update_gate(
            gate_id=found["id"],
            edition_id=edition_id,
            name=found["name"],
            list_id=lists[key],
            hall_id=hall_id,
            actor=actor,
            now=context.now,
        )
        result += LoadResult(updated=1)
    return result


GATES = SheetKind(
    name="gates", title=N_("Gates"), place="/gates", columns=COLUMNS, key=("name",), check=check_gates, load=load_gates
)
