"""What a list knows of a pass, and what each scan makes of that: pure functions, with no database behind them.

Told in the order of their times, scans give one standing, whatever the order in which phones hand them in. The hot path
(``redeem.py``) does in SQL what :func:`step` does, for a scan that is later than all others of its pass.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ticketing.checkin.rules import Limits


@dataclass(slots=True)
class Standing:
    """A pass on a list, as the columns of ``Admission`` say it; ``left_at`` is empty only while it is inside."""

    entries: int = 0
    entries_of_day: int = 0
    admitted_at: datetime | None = None
    left_at: datetime | None = None
    gate_id: int = 0
    device_id: int | None = None
    admitted_by: str | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Somebody came in with a pass, or went out.

    ``forced``: a person has decided that she came in, whatever the rules say. ``client_id`` is that of the scan.
    """

    at: datetime
    client_id: str
    inward: bool
    gate_id: int = 0
    device_id: int | None = None
    forced: bool = False

    @property
    def order(self) -> tuple[datetime, bool, str]:
        """What events are sorted by; of two at one moment she came in before she went out."""
        return self.at, not self.inward, self.client_id


@dataclass(frozen=True, slots=True)
class Told:
    """What events come to: the standing after them, the ids of the scans that count as entries, and of the exits."""

    standing: Standing
    entries: frozenset[str]
    exits: frozenset[str]


def is_inside(standing: Standing, limits: Limits) -> bool:
    """Whether a pass came in on the present day of the list and has not left."""
    return standing.admitted_at is not None and standing.left_at is None and standing.admitted_at >= limits.since


def takes(standing: Standing, limits: Limits) -> bool:
    """Whether the rules of entry let a pass in now."""
    if limits.once and standing.entries:
        return False
    if standing.admitted_at is None or standing.admitted_at < limits.since:
        return limits.most_a_day > 0
    if standing.entries_of_day >= limits.most_a_day:
        return False
    return standing.left_at is not None or standing.admitted_at <= limits.again_since


def step(standing: Standing, event: Event, limits: Limits) -> bool:
    """Change a standing by the next event; whether it counts. A forced entry always does."""
    standing.last_at = event.at if standing.last_at is None else max(standing.last_at, event.at)
    if not event.inward:
        if is_inside(standing, limits):
            standing.left_at = event.at
            return True
        if standing.admitted_at is None:
            standing.left_at = event.at
        return False
    if not event.forced and not takes(standing, limits):
        return False
    of_day = standing.admitted_at is not None and standing.admitted_at >= limits.since
    standing.entries += 1
    standing.entries_of_day = standing.entries_of_day + 1 if of_day else 1
    standing.admitted_at, standing.left_at = event.at, None
    standing.gate_id, standing.device_id, standing.admitted_by = event.gate_id, event.device_id, event.client_id
    return True


def replay(events: Iterable[Event], emptied: Iterable[datetime], limits_at: Callable[[datetime], Limits]) -> Told:
    """What events come to in the order of their times; at each moment of ``emptied`` everybody had left.

    A forced entry takes nothing from those that count without it: it is one more.
    """
    events, emptied = list(events), list(emptied)
    if any(one.forced for one in events):
        counted = replay([one for one in events if not one.forced], emptied, limits_at).entries
        events = [replace(one, forced=one.forced or one.client_id in counted) for one in events]
    standing = Standing()
    entries: set[str] = set()
    exits: set[str] = set()
    clearings = [Event(at, "", False) for at in emptied]
    for event in sorted([*events, *clearings], key=lambda one: one.order):
        counts = step(standing, event, limits_at(event.at))
        if counts and event.client_id:
            (entries if event.inward else exits).add(event.client_id)
    return Told(standing, frozenset(entries), frozenset(exits))


def end_past_day(standing: Standing, limits: Limits) -> None:
    """Let a pass go that is inside since a day of the list that is over at the moment of ``limits``."""
    if standing.admitted_at is not None and standing.left_at is None and standing.admitted_at < limits.since:
        standing.left_at = limits.since
