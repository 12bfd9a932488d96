"""What a check-in list asks of the moment: pure functions of its rules and a time, with no state behind them.

A list takes people while all of its rules allow it: from ``opens_at`` until before ``closes_at``, on its ``day``, and
from ``opens_daily`` until before ``closes_daily`` on the clocks of the edition. Hours that end at or before they begin
last past midnight and belong to the day on which they begin.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.kernel.i18n import _, format_date, format_datetime
from ticketing.checkin.enums import Verdict

MIDNIGHT = "00:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRules:
    """The rules of a list that need no state; None is no such rule.

    ``opens_daily`` and ``closes_daily`` are ``HH:MM``. ``area`` says where the list leads to, and ``note``, by
    language, is shown at the gate to whoever lets somebody in.
    """

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    day: date | None = None
    opens_daily: str | None = None
    closes_daily: str | None = None
    area: str = ""
    note: Mapping[str, str] = field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        """The rules by the names of their columns."""
        return asdict(self)


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


def _at(day: date, clock: str, timezone: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(timezone)).astimezone(UTC)
