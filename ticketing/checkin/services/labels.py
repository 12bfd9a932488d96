"""Ticket types by a pass's serial, for phones without a network: a byte for each pass, nothing of its holder.

Labels never change and serials are dense, so that what was read once is kept, and only later serials are asked for.
A big sheet takes its serials before its passes are shown, and gives them back when it is dropped: until then they are
missing here, and what is missing between others is asked for again, for a while.
"""

import base64
import time
from dataclasses import dataclass, field

from app.kernel.database import fetch
from ticketing.checkin.compact import NO_PLACE
from ticketing.checkin.queries import STRETCH

#: For how long passes are looked for whose serials were skipped: longer than a sheet of 100,000 takes.
GAP_SECONDS = 900.0


Sort = tuple[str, int | None]
"""What passes are alike in: their label, and the number of their ticket type where they are of one."""


@dataclass(slots=True)
class Sorts:
    """``sorts`` of an edition's passes, and for each serial, from 1, the place of its sort.

    ``skipped`` are serials of which no pass stood when a later one did, ``skipped_at`` is when there was such a one
    last, on the monotonic clock.
    """

    sorts: list[Sort] = field(default_factory=list)
    places: bytearray = field(default_factory=bytearray)
    skipped: set[int] = field(default_factory=set)
    skipped_at: float = 0.0

    def known(self, at: float) -> int:
        """Up to which serial nothing needs to be read again."""
        if at - self.skipped_at >= GAP_SECONDS:
            self.skipped.clear()
        return min(self.skipped, default=len(self.places) + 1) - 1

    def note(self, serial: int, sort: Sort, at: float) -> None:
        """Note the sort of a serial."""
        following = len(self.places) + 1
        if serial > following:
            self.skipped.update(range(following, serial))
            self.skipped_at = at
        self.skipped.discard(serial)
        self.places.extend([NO_PLACE] * (serial - len(self.places)))
        if sort not in self.sorts and len(self.sorts) < NO_PLACE:
            self.sorts.append(sort)
        self.places[serial - 1] = self.sorts.index(sort) if sort in self.sorts else NO_PLACE


@dataclass(frozen=True, slots=True)
class SortsFrom:
    """The sorts, those of the serials from ``first`` on as a byte each, and the first of them that may change yet."""

    sorts: list[Sort]
    first: int
    places: bytes
    open_from: int


_sorts: dict[int, Sorts] = {}


async def sorts_of(edition_id: int, first: int = 1) -> SortsFrom:
    """The sorts of an edition's passes, by serial from ``first`` on: the place of its sort, or 255."""
    known, at = await _read(edition_id)
    return SortsFrom(list(known.sorts), first, bytes(known.places[first - 1 :]), known.known(at) + 1)


async def labels_of(edition_id: int) -> tuple[list[str], str]:
    """The names, and in Base64 a byte for each serial from 1: the place of its name, or 255."""
    known, _at = await _read(edition_id)
    names = list(dict.fromkeys(label for label, _type_no in known.sorts if label))
    table = bytearray([NO_PLACE] * 256)
    table[: len(known.sorts)] = bytes(names.index(label) if label else NO_PLACE for label, _type_no in known.sorts)
    return names, base64.b64encode(known.places.translate(bytes(table))).decode()


async def _read(edition_id: int) -> tuple[Sorts, float]:
    known, at = _sorts.setdefault(edition_id, Sorts()), time.monotonic()
    after, more = known.known(at), True
    while more:
        rows = await fetch(
            "SELECT serial, label, type_no FROM \"pass\" WHERE edition = {} AND state <> 'laid' AND serial > {} "
            f"ORDER BY serial LIMIT {STRETCH}",
            edition_id,
            after,
        )
        for row in rows:
            known.note(row["serial"], (row["label"], row["type_no"]), at)
        more = len(rows) == STRETCH
        after = rows[-1]["serial"] if more else after
    return known, at


def forget_labels() -> None:
    """Read them all again at the next request."""
    _sorts.clear()
