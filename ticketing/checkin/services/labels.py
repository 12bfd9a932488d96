"""Names of ticket types by a pass's serial, for phones without a network: a byte for each pass, nothing of its holder.

Labels never change and serials are dense, in the order in which their transactions ended: what was read once is kept,
and only later serials are asked for.
"""

import base64
from dataclasses import dataclass, field

from app.kernel.database import fetch

#: Stands for a pass whose label is not among the names; the phone then says its kind.
NO_NAME = 255


@dataclass(slots=True)
class Labels:
    """``names`` of an edition's ticket types, and for each serial, from 1, the place of its name."""

    names: list[str] = field(default_factory=list)
    places: bytearray = field(default_factory=bytearray)

    def add(self, serial: int, label: str) -> None:
        """Note the label of the next serial."""
        self.places.extend([NO_NAME] * (serial - 1 - len(self.places)))
        if label and label not in self.names and len(self.names) < NO_NAME:
            self.names.append(label)
        self.places.append(self.names.index(label) if label in self.names else NO_NAME)


_labels: dict[int, Labels] = {}


async def labels_of(edition_id: int) -> tuple[list[str], str]:
    """The names, and in Base64 a byte for each serial from 1: the place of its name, or 255."""
    known = _labels.setdefault(edition_id, Labels())
    rows = await fetch(
        'SELECT serial, label FROM "pass" WHERE edition = {} AND serial > {} ORDER BY serial',
        edition_id,
        len(known.places),
    )
    for row in rows:
        if row["serial"] > len(known.places):  # another request may have read it meanwhile
            known.add(row["serial"], row["label"])
    return list(known.names), base64.b64encode(known.places).decode()


def forget_labels() -> None:
    """Read them all again at the next request."""
    _labels.clear()
