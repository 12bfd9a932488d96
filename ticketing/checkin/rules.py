"""What a check-in list asks: pure functions of its rules and a time, with no database behind them.

A list takes people while all of its rules allow it: from ``opens_at`` until before ``closes_at``, on its ``day``, and
from ``opens_daily`` until before ``closes_daily`` on the clocks of the edition. Hours that end at or before they begin
last past midnight and belong to the day on which they begin.

Whoever is inside is not let in again on the same day of the list, and how often a pass enters is bounded by ``once``
and ``entries_a_day``. ``again_after`` minutes after it came in, a pass may come in once more without having been
scanned out. Where nobody is scanned out and only ``entries_a_day`` is set, each entry counts by itself.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from app.kernel.i18n import _, format_date, format_datetime, ngettext
from ticketing.checkin.enums import Verdict

MIDNIGHT = "00:00"
#: More entries than any pass has, and moments before and after any scan: where a list has no such rule.
NO_BOUND = 2**31 - 1
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
EVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRules:
    """The rules of a list; None is no such rule.

    ``opens_daily`` and ``closes_daily`` are ``HH:MM``. ``area`` says where the list leads to, and ``note``, by
    language, is shown at the gate to whoever lets somebody in. ``ticket_types`` are the numbers of those it takes,
    none named: every one. ``again_after`` is in minutes; ``capacity`` is how many may be inside at once.
    ``questions`` are the numbers of those that are asked where a ticket has no answer yet.
    """

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    day: date | None = None
    opens_daily: str | None = None
    closes_daily: str | None = None
    area: str = ""
    note: Mapping[str, str] = field(default_factory=dict)
    ticket_types: tuple[int, ...] = ()
    once: bool = False
    entries_a_day: int | None = None
    again_after: int | None = None
    capacity: int | None = None
    questions: tuple[int, ...] = ()

    def columns(self) -> dict[str, Any]:
        """The rules by the names of their columns."""
        return asdict(self) | {name: sorted(set(getattr(self, name))) for name in ("ticket_types", "questions")}


@dataclass(frozen=True, slots=True)
class Limits:
    """What the rules of entry come to at a moment.

    ``since`` is when the list's day began. A pass is not let in on that day when it came in ``most_a_day`` times, nor
    while it is inside and came in after ``again_since``; with ``once`` not if it ever came in.
    """

    since: datetime
    once: bool
    most_a_day: int
    again_since: datetime


def limits_at(rules: ListRules, at: datetime, *, exits: bool, timezone: str) -> Limits:
    """The limits of a list at a moment; with ``exits`` people are scanned out of it."""
    again_since = NEVER
    if rules.again_after is not None:
        again_since = at - timedelta(minutes=rules.again_after)
    elif rules.entries_a_day is not None and not exits:
        again_since = EVER  # an entry at another gate may have been stored first, and yet be the later one
    return Limits(
        since=day_began(rules, at, timezone),
        once=rules.once,
        most_a_day=NO_BOUND if rules.entries_a_day is None else rules.entries_a_day,
        again_since=again_since,
    )


def day_began(rules: ListRules, at: datetime, timezone: str) -> datetime:
    """When the day of a list began, in UTC, that a moment is of: hours past midnight are of the day before."""
    today = at.astimezone(ZoneInfo(timezone)).date()
    if rules.closes_daily is not None and rules.closes_daily <= (rules.opens_daily or MIDNIGHT):
        window = window_on(rules, today - timedelta(days=1), timezone)
        if window is not None and at < window[1]:
            today -= timedelta(days=1)
    return _at(today, MIDNIGHT, timezone)


def window_on(rules: ListRules, day: date, timezone: str) -> tuple[datetime, datetime] | None:
    """From when until before when, in UTC, a list takes people in the hours that begin on a day; None: not at all."""
    if rules.day not in (None, day):
        return None
    opens, closes = rules.opens_daily or MIDNIGHT, rules.closes_daily or MIDNIGHT
    begin = _at(day, opens, timezone)
    end = _at(day + timedelta(days=1) if closes <= opens else day, closes, timezone)
    if rules.opens_at is not None:
        begin = max(begin, rules.opens_at)
    if rules.closes_at is not None:
        end = min(end, rules.closes_at)
    return (begin, end) if begin < end else None


def refused_by(rules: ListRules, at: datetime, timezone: str) -> Verdict | None:
    """Why a list takes nobody at a moment; None while it does.

    It is too early where the list opens later on that day, or has not opened for the first time; else it is too late.
    """
    today = at.astimezone(ZoneInfo(timezone)).date()
    for day in (today - timedelta(days=1), today):
        window = window_on(rules, day, timezone)
        if window is not None and window[0] <= at < window[1]:
            return None
    later_today = window_on(rules, today, timezone)
    not_yet = (
        (later_today is not None and at < later_today[0])
        or (rules.opens_at is not None and at < rules.opens_at)
        or (rules.day is not None and today < rules.day)
    )
    return Verdict.NOT_VALID_YET if not_yet else Verdict.EXPIRED


def hours_told(rules: ListRules, timezone: str) -> str:
    """When a list takes people, as they write it; "" where it always does."""
    told = []
    if rules.day is not None:
        told.append(format_date(rules.day, weekday=True))
    if rules.opens_daily or rules.closes_daily:
        told.append(f"{rules.opens_daily or MIDNIGHT}–{rules.closes_daily or '24:00'}")
    if rules.opens_at is not None:
        told.append(_("from %(time)s") % {"time": format_datetime(rules.opens_at, timezone)})
    if rules.closes_at is not None:
        told.append(_("until %(time)s") % {"time": format_datetime(rules.closes_at, timezone)})
    return ", ".join(told)


def entry_told(rules: ListRules) -> str:
    """How often a list lets a pass in, and how many may be inside, as they write it; "" where nothing is said."""
    told = []
    if rules.once:
        told.append(_("once only"))
    if rules.entries_a_day is not None:
        told.append(
            ngettext("%(num)s admission a day", "%(num)s admissions a day", rules.entries_a_day)
            % {"num": rules.entries_a_day}
        )
    if rules.again_after is not None:
        told.append(
            ngettext("again after %(num)s minute", "again after %(num)s minutes", rules.again_after)
            % {"num": rules.again_after}
        )
    if rules.capacity is not None:
        told.append(
            ngettext("room for %(num)s person", "room for %(num)s people", rules.capacity) % {"num": rules.capacity}
        )
    return ", ".join(told)


@lru_cache(maxsize=1024)
def _at(day: date, clock: str, timezone: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(timezone)).astimezone(UTC)
