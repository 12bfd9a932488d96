"""The rules of a list that need no state: pure functions of the rules and a moment."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.kernel.i18n import use_locale
from ticketing.checkin.enums import Verdict
from ticketing.checkin.rules import ListRules, hours_told, refused_by, window_on

HANOI, JAKARTA, BERLIN = "Asia/Ho_Chi_Minh", "Asia/Jakarta", "Europe/Berlin"
EARLY, LATE = Verdict.NOT_VALID_YET, Verdict.EXPIRED
FRIDAY, SATURDAY = date(2026, 10, 16), date(2026, 10, 17)


def at(text: str, zone: str = HANOI) -> datetime:
    """A moment on the clocks of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def asked(rules: ListRules, *moments: str, zone: str = HANOI) -> list[Verdict | None]:
    """What the rules say at some moments."""
    return [refused_by(rules, at(moment, zone), zone) for moment in moments]


def test_a_list_without_rules_takes_people_always() -> None:
    assert asked(ListRules(), "2020-01-01 00:00", "2030-06-01 12:00") == [None, None]


def test_from_when_to_when_to_the_second() -> None:
    rules = ListRules(opens_at=at("2026-10-16 09:00"), closes_at=at("2026-10-18 12:00"))
    moments = ("2026-10-15 12:00", "2026-10-16 08:59:59", "2026-10-16 09:00", "2026-10-17 00:00")
    assert asked(rules, *moments) == [EARLY, EARLY, None, None]
    assert asked(rules, "2026-10-18 11:59:59", "2026-10-18 12:00", "2026-10-19 09:00") == [None, LATE, LATE]


@pytest.mark.parametrize("zone", [HANOI, JAKARTA])
def test_a_day_begins_and_ends_at_midnight_of_the_edition(zone: str) -> None:
    rules = ListRules(day=SATURDAY)
    moments = ("2026-10-16 23:59:59", "2026-10-17 00:00", "2026-10-17 23:59:59", "2026-10-18 00:00")
    assert asked(rules, *moments, zone=zone) == [EARLY, None, None, LATE]


def test_hours_of_each_day_are_too_early_before_them_and_too_late_after() -> None:
    rules = ListRules(opens_daily="08:00", closes_daily="17:00")
    for day in ("2026-10-16", "2026-10-17"):
        moments = (f"{day} 07:59:59", f"{day} 08:00", f"{day} 16:59:59", f"{day} 17:00", f"{day} 23:59")
        assert asked(rules, *moments) == [EARLY, None, None, LATE, LATE]


def test_hours_past_midnight_belong_to_the_day_on_which_they_begin() -> None:
    rules = ListRules(opens_daily="18:00", closes_daily="01:00", day=FRIDAY)
    moments = ("2026-10-16 00:30", "2026-10-16 17:59", "2026-10-16 18:00", "2026-10-17 00:59", "2026-10-17 01:00")
    assert asked(rules, *moments) == [EARLY, EARLY, None, None, LATE]
    assert asked(ListRules(opens_daily="18:00", closes_daily="01:00"), "2026-10-17 00:30", "2026-10-17 02:00") == [
        None,
        EARLY,
    ]


@pytest.mark.parametrize(
    ("daily", "answers"),
    [
        ({"opens_daily": "12:00"}, [EARLY, None, None]),
        ({"closes_daily": "12:00"}, [None, LATE, LATE]),
        ({"opens_daily": "12:00", "closes_daily": "12:00"}, [None, None, None]),
    ],
)
def test_one_of_the_hours_alone_reaches_to_midnight(daily: dict[str, Any], answers: list[Verdict | None]) -> None:
    rules = ListRules(**daily)
    assert asked(rules, "2026-10-16 11:59", "2026-10-16 12:00", "2026-10-16 23:59") == answers


def test_all_rules_have_to_allow_it() -> None:
    rules = ListRules(
        opens_at=at("2026-10-16 10:00"), closes_at=at("2026-10-17 09:00"), opens_daily="08:00", closes_daily="12:00"
    )
    moments = ("2026-10-16 09:00", "2026-10-16 10:00", "2026-10-16 12:00", "2026-10-17 08:59", "2026-10-17 09:00")
    assert asked(rules, *moments) == [EARLY, None, LATE, None, LATE]
    assert window_on(rules, date(2026, 10, 18), HANOI) is None
    assert window_on(rules, SATURDAY, HANOI) == (at("2026-10-17 08:00"), at("2026-10-17 09:00"))


def test_a_day_on_which_the_clocks_change_has_its_own_length() -> None:
    begin, end = window_on(ListRules(day=date(2026, 10, 25)), date(2026, 10, 25), BERLIN) or (None, None)
    assert begin is not None
    assert end is not None
    assert (end - begin).total_seconds() == 25 * 3600
    rules = ListRules(opens_daily="08:00", closes_daily="17:00")
    moments = ("2026-10-25 07:59", "2026-10-25 08:00", "2026-10-25 16:59", "2026-10-25 17:00")
    assert asked(rules, *moments, zone=BERLIN) == [EARLY, None, None, LATE]


def test_hours_are_told_as_people_write_them() -> None:
    rules = ListRules(
        opens_at=at("2026-10-16 10:00"), closes_at=at("2026-10-17 09:00"), opens_daily="18:00", closes_daily="01:00"
    )
    with use_locale("en"):
        assert hours_told(rules, HANOI) == "18:00–01:00, from 16 Oct 2026 10:00, until 17 Oct 2026 09:00"
        assert hours_told(ListRules(day=SATURDAY, opens_daily="18:00"), HANOI) == "Saturday, 17 Oct 2026, 18:00–24:00"
        assert hours_told(ListRules(closes_daily="12:00"), HANOI) == "00:00–12:00"
        assert hours_told(ListRules(area="VIP"), HANOI) == ""
