"""Sealing everything anew under the present key, and saying what is sealed under which.

All of it is one transaction, read in stretches: it is done whole or not at all, and an accident in the middle leaves
every text as it was. The service may run: a text that it changed meanwhile stays, for it is sealed under its own key.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

from app.kernel.database import write_transaction
from app.kernel.errors import AppError
from app.kernel.i18n import N_
from app.kernel.sealing import SealBroken, Sealed, Under, mark_of, open_sealed, seal
from app.kernel.signing import SEALED as SIGNING_KEYS

STRETCH = 500


class SealedUnderUnknown(AppError):
    """Some texts cannot be opened with any key that is set."""

    code = "sealed_under_unknown_key"
    status = 409
    message = N_(
        "Nothing was changed: {count} secrets ({where}) cannot be opened with any key that is set. "
        "Put the key with which they were encrypted into KEY_ENCRYPTION_KEY_OLD."
    )


@dataclass
class Counted:
    """How many texts of a column were sealed anew, were under the present key, or cannot be opened, by key's mark."""

    anew: int = 0
    present: int = 0
    old: int = 0
    unknown: Counter[str] = field(default_factory=Counter)


_sealed: dict[str, Sealed] = {}


def register_sealed(columns: Iterable[Sealed]) -> None:
    """Make columns of sealed texts known; doing it again changes nothing."""
    for one in columns:
        _sealed[name_of(one)] = one


def name_of(one: Sealed) -> str:
    """``table.column``."""
    return f"{one.column._meta.table._meta.tablename}.{one.column._meta.name}"


async def count_sealed() -> dict[str, Counted]:
    """What is sealed under which key, for every column of sealed texts by ``table.column``; changes nothing."""
    found: dict[str, Counted] = {}
    for name, one in _sealed.items():
        counted = found[name] = Counted()
        async for _row, _raw, under, mark in _opened(one):
            if under is None:
                counted.unknown[mark] += 1
            elif under == Under.OLD:
                counted.old += 1
            else:
                counted.present += 1
    return found


async def reseal(*, leave_unknown: bool = False) -> dict[str, Counted]:
    """Seal everything under the present key that is not; returns what was done, by column.

    ``leave_unknown`` leaves what cannot be opened as it is. Otherwise raises SealedUnderUnknown, with nothing changed.
    """
    done: dict[str, Counted] = {}
    async with write_transaction():
        for name, one in _sealed.items():
            counted = done[name] = Counted()
            async for row, raw, under, mark in _opened(one):
                if under is None:
                    counted.unknown[mark] += 1
                elif under == Under.PRESENT:
                    counted.present += 1
                else:
                    counted.anew += await _seal_anew(one, row, raw)
        unknown = {name: sum(counted.unknown.values()) for name, counted in done.items() if counted.unknown}
        if unknown and not leave_unknown:
            where = ", ".join(f"{name}: {count}" for name, count in unknown.items())
            raise SealedUnderUnknown(count=sum(unknown.values()), where=where)
    return done


Opened = tuple[dict[str, Any], bytes, Under | None, str]


async def _opened(one: Sealed) -> AsyncIterator[Opened]:
    """Every text of a column: its row, what is in it, under which key (None: it cannot be opened), and that one's mark.

    A row whose text is empty holds nothing: its key did not come back with a restore.
    """
    table, column = one.column._meta.table, one.column
    last = 0
    while True:
        identity = table._meta.primary_key
        rows = await table.select(identity, column, *one.reads).where(identity > last).order_by(identity).limit(STRETCH)
        for row in rows:
            text = row[column._meta.name]
            if not text:
                continue
            try:
                raw, under = open_sealed(text, one.context(row), one.purpose)
            except SealBroken:
                yield row, b"", None, mark_of(text)
            else:
                yield row, raw, under, mark_of(text)
        if len(rows) < STRETCH:
            return
        last = rows[-1][identity._meta.name]


async def _seal_anew(one: Sealed, row: dict[str, Any], raw: bytes) -> int:
    table, identity = one.column._meta.table, one.column._meta.table._meta.primary_key
    text = seal(raw, one.context(row), one.purpose)
    name = one.column._meta.name
    changed = (
        await table.update({one.column: text})
        .where((identity == row[identity._meta.name]) & (one.column == row[name]))
        .returning(identity)
    )
    return len(changed)


register_sealed([SIGNING_KEYS])
