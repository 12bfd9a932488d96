"""The audit log: who changed what, when, and how it was before and after. It is only ever added to.

The database refuses all else, except that the name and the values of an entry may be erased.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Protocol

import msgspec

from app.kernel.database import contains, fetch
from app.kernel.logs import request_id
from app.kernel.paging import page_number
from app.kernel.rows import add, insert_rows
from app.kernel.tables import AuditEntry

COLUMNS = [column for column in AuditEntry._meta.columns if not column._meta.primary_key]

_gathering: ContextVar[list[AuditEntry] | None] = ContextVar("gathering", default=None)


class AuditActor(Protocol):
    """What the log needs to know of the person, or the device, that acts."""

    @property
    def person_id(self) -> int | None:
        """The person's id; None for the system and for a device nobody is named at."""

    @property
    def written_by(self) -> tuple[int | None, str]:
        """Id and name, as they shall stand in the log, of whoever's hand it was."""

    @property
    def on_behalf_of(self) -> int | None:
        """The person for whom that hand filled something in; None for one's own doings."""

    @property
    def device_id(self) -> int | None:
        """The paired device, if one was used."""


def changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both states with only the keys whose values differ; a key that one of them lacks counts as different.

    Texts of JSON are compared by what they hold: engines and writers differ in blanks, escapes and the order of keys.
    """
    differing = {
        key
        for key in before.keys() | after.keys()
        if key not in before or key not in after or unpacked(before[key]) != unpacked(after[key])
    }
    return (
        {key: value for key, value in before.items() if key in differing},
        {key: value for key, value in after.items() if key in differing},
    )


def unpacked(value: Any) -> Any:
    """What a text of a JSON object or list holds; anything else as it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _packed(state: dict[str, Any] | None) -> str | None:
    """JSON of a state; times, days, enums and dataclasses become what JSON has."""
    return None if state is None else msgspec.json.encode(state, enc_hook=str).decode()


async def record(
    *,
    actor: AuditActor | None,
    action: str,
    subject_type: str,
    subject_id: int | str,
    edition_id: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    now: datetime,
) -> None:
    """Add an entry in the caller's transaction. ``actor`` None stands for the system.

    ``action`` is a stable word such as ``booth.release``; secrets must not stand in ``before`` or ``after``.
    """
    author_id, author_name = actor.written_by if actor else (None, "")
    entry = AuditEntry(
        at=now,
        actor_person_id=author_id,
        actor_name=author_name[:200],
        on_behalf_of=actor.on_behalf_of if actor else None,
        device_id=actor.device_id if actor else None,
        action=action,
        subject_type=subject_type,
        subject_id=str(subject_id),
        edition_id=edition_id,
        before=_packed(before),
        after=_packed(after),
        request_id=request_id.get(),
    )
    waiting = _gathering.get()
    if waiting is None:
        await add(entry)
    else:
        waiting.append(entry)


@asynccontextmanager
async def gathered() -> AsyncIterator[None]:
    """Add all entries recorded inside in one insert at the end, for loads that change many rows.

    It stands inside the caller's transaction; when the change fails none of the entries is added.
    """
    entries: list[AuditEntry] = []
    token = _gathering.set(entries)
    try:
        yield
    finally:
        _gathering.reset(token)
    if entries:
        await insert_rows(
            AuditEntry, COLUMNS, [[getattr(entry, column._meta.name) for column in COLUMNS] for entry in entries]
        )


async def note(
    actor: AuditActor | None,
    action: str,
    subject_type: str,
    subject_id: int | str,
    edition_id: int | None,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """As :func:`record`, for services that say the same six things each time."""
    await record(
        actor=actor,
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        edition_id=edition_id,
        before=before,
        after=after,
        now=now,
    )


async def list_entries(
    *,
    edition_id: int | None = None,
    actor_person_id: int | None = None,
    on_behalf_of: Sequence[int] | None = None,
    action: str | None = None,
    subject_type: str | None = None,
    subject_id: int | str | None = None,
    who: str = "",
    who_ids: Sequence[int] = (),
    without: Sequence[str] = (),
    page: int = 1,
    per_page: int = 50,
) -> tuple[list[dict[str, Any]], int]:
    """Entries that fit every given filter, newest first, and how many there are on all pages.

    ``without`` names actions that are left out.
    ``on_behalf_of`` are the records of one person for whom others filled in.
    ``who`` is looked for in the names as they stood, ``who_ids`` are people who have it in their names now.
    ``before`` and ``after`` come as dictionaries or None.
    """
    condition: Any = AuditEntry.id > 0
    for column, value in (
        (AuditEntry.edition_id, edition_id),
        (AuditEntry.actor_person_id, actor_person_id),
        (AuditEntry.action, action),
        (AuditEntry.subject_type, subject_type),
        (AuditEntry.subject_id, None if subject_id is None else str(subject_id)),
    ):
        if value is not None:
            condition = condition & (column == value)
    if without:
        condition = condition & AuditEntry.action.not_in(list(without))
    if on_behalf_of is not None:
        condition = condition & AuditEntry.on_behalf_of.is_in([*on_behalf_of, 0])
    if who:
        named: Any = contains(who, "actor_name")
        condition = condition & (
            named | AuditEntry.actor_person_id.is_in(list(who_ids)) | AuditEntry.on_behalf_of.is_in(list(who_ids))
            if who_ids
            else named
        )
    total = await AuditEntry.count().where(condition)
    rows = (
        await AuditEntry.select()
        .where(condition)
        .order_by(AuditEntry.id, ascending=False)
        .limit(per_page)
        .offset((page_number(page) - 1) * per_page)
    )
    for row in rows:
        for name in ("before", "after"):
            row[name] = None if row[name] is None else json.loads(row[name])
    return rows, total


async def actions_of(edition_id: int) -> list[str]:
    """Which actions the log of an edition holds."""
    rows = await fetch("SELECT DISTINCT action FROM audit_entry WHERE edition_id = {}", edition_id)
    return [row["action"] for row in rows]
