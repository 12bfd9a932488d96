"""What phones are told of many passes, in few bytes: numbers of 7 bits a byte, and fixed rows of 8 bytes.

``ui/gate/told.ts`` reads it; ``tests/ticketing/checkin/cases.json`` holds both to the same bytes.
"""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from struct import Struct

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
#: Stands for a gate or a sort that has no place among the first 255, and for any greater count.
NO_PLACE = MOST = 255
#: More entries of a day than any list allows.
MOST_A_DAY, INSIDE = 127, 128
#: When it came in (milliseconds, 40 bits), entries of that day and whether it is inside, entries ever, the gate.
_ROW = Struct("<IBBBB")


def packed_numbers(numbers: Iterable[int]) -> str:
    """Rising numbers as Base64: each by how much it is greater than the one before."""
    into, last = bytearray(), 0
    for number in numbers:
        _add(into, number - last)
        last = number
    return base64.b64encode(into).decode()


class Standings:
    """What a list knows of passes, packed one by one: a serial by its distance from the last, and a row."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._last = 0

    def add(
        self, serial: int, admitted_at: datetime, *, inside: bool, entries_of_day: int, entries: int, gate: int
    ) -> None:
        """Add a pass that came in; ``gate`` is the place of the gate where it did so last."""
        gap, self._last = serial - self._last, serial
        _add(self._bytes, 2 * gap if gap >= 0 else -2 * gap - 1)
        at = (admitted_at - EPOCH) // MILLISECOND
        day = min(entries_of_day, MOST_A_DAY) | (INSIDE if inside else 0)
        self._bytes += _ROW.pack(at & 0xFFFFFFFF, at >> 32, day, min(entries, MOST), min(gate, NO_PLACE))

    @property
    def text(self) -> str:
        """All of them as Base64."""
        return base64.b64encode(self._bytes).decode()


def _add(into: bytearray, number: int) -> None:
    while number > 127:
        into.append(number & 127 | 128)
        number >>= 7
    into.append(number)
