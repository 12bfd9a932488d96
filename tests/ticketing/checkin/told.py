"""What a phone makes of what it is told of passes: the Python side of ``ui/gate/passes.ts``."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ticketing.checkin.compact import EPOCH, INSIDE


@dataclass(frozen=True)
class Row:
    """A pass on the list as a phone knows it."""

    admitted_at: datetime | None
    inside: bool
    entries_of_day: int
    entries: int
    gate: str | None


@dataclass
class Phone:
    """What a phone knows of passes, by serial."""

    since: str = ""
    sorts: dict[int, tuple[str, int | None]] = field(default_factory=dict)
    refused: dict[str, list[int]] = field(default_factory=dict)
    standings: dict[int, Row] = field(default_factory=dict)

    def hear(self, told: Any) -> None:
        """Take an answer over."""
        if told.whole:
            self.sorts, self.refused, self.standings = {}, {}, {}
        self.since = told.since
        for serial, place in enumerate(base64.b64decode(told.sort_of), told.sorts_from):
            self.sorts.pop(serial, None)
            if place < len(told.sorts):
                self.sorts[serial] = told.sorts[place]
        if told.refused is not None:
            self.refused = {said: rising(text) for said, text in told.refused.items()}
        self.standings |= rows(told.standings, told.gates)


def rising(text: str) -> list[int]:
    """Rising numbers as they were packed."""
    raw, at, last, told = base64.b64decode(text), 0, 0, []
    while at < len(raw):
        number, at = _number(raw, at)
        last += number
        told.append(last)
    return told


def rows(text: str, gates: list[str]) -> dict[int, Row]:
    """Standings as they were packed."""
    raw, at, serial, told = base64.b64decode(text), 0, 0, {}
    while at < len(raw):
        number, at = _number(raw, at)
        serial += -(number + 1) // 2 if number % 2 else number // 2
        came = int.from_bytes(raw[at : at + 5], "little")
        day, entries, gate = raw[at + 5 : at + 8]
        at += 8
        told[serial] = Row(
            admitted_at=EPOCH + timedelta(milliseconds=came) if came else None,
            inside=bool(day & INSIDE),
            entries_of_day=day & ~INSIDE,
            entries=entries,
            gate=gates[gate] if gate < len(gates) else None,
        )
    return told


def _number(raw: bytes, at: int) -> tuple[int, int]:
    number, shift = 0, 0
    while True:
        number |= (raw[at] & 127) << shift
        shift += 7
        at += 1
        if raw[at - 1] < 128:
            return number, at
