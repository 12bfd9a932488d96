"""Names of ticket types by a pass's serial, for phones without a network: a byte for each pass, nothing of its holder.

Labels never change and serials are dense, so that what was read once is kept, and only later serials are asked for.
A big sheet takes its serials before its passes are shown, and gives them back when it is dropped: until then they are
missing here, and what is missing between others is asked for again, for a while.
"""

import base64
import time
from dataclasses import dataclass, field

from app.kernel.database import fetch

#: Stands for a pass whose label is not among the names; the phone then says its kind.
NO_NAME = 255
#: For how long passes are looked for whose serials were skipped: longer than a sheet of 100,000 takes.
GAP_SECONDS = 900.0


@dataclass(slots=True)
class Labels:
    """``names`` of an edition's ticket types, and for each serial, from 1, the place of its name.

    ``skipped`` are serials of which no pass stood when a later one did, ``skipped_at`` is when there was such a one
    last, on the monotonic clock.
    """

    names: list[str] = field(default_factory=list)
    places: bytearray = field(default_factory=bytearray)
    skipped: set[int] = field(default_factory=set)
    skipped_at: float = 0.0

    def known(self, at: float) -> int:
        """Up to which serial nothing needs to be read again."""
        if at - self.skipped_at >= GAP_SECONDS:
            self.skipped.clear()
        return min(self.skipped, default=len(self.places) + 1) - 1

    def note(self, serial: int, label: str, at: float) -> None:
        """Note the label of a serial."""
        following = len(self.places) + 1
        if serial > following:
            self.skipped.update(range(following, serial))
            self.skipped_at = at
        self.skipped.discard(serial)
        self.places.extend([NO_NAME] * (serial - len(self.places)))
        if label and label not in self.names and len(self.names) < NO_NAME:
            self.names.append(label)
        self.places[serial - 1] = self.names.index(label) if label in self.names else NO_NAME


_labels: dict[int, Labels] = {}


async def labels_of(edition_id: int) -> tuple[list[str], str]:
    """The names, and in Base64 a byte for each serial from 1: the place of its name, or 255."""
    known, at = _labels.setdefault(edition_id, Labels()), time.monotonic()
    rows = await fetch(
        "SELECT serial, label FROM \"pass\" WHERE edition = {} AND serial > {} AND state <> 'laid' ORDER BY serial",
        edition_id,
        known.known(at),
    )
    for row in rows:
        known.note(row["serial"], row["label"], at)
    return list(known.names), base64.b64encode(known.places).decode()


def forget_labels() -> None:
    """Read them all again at the next request."""
    _labels.clear()
