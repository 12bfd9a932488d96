"""The one clock."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.kernel import clock
from app.kernel.settings import settings

NOW = datetime(2026, 10, 16, 8, 30, tzinfo=timezone(timedelta(hours=7)))


def test_it_is_aware_and_in_utc() -> None:
    present = clock.now()
    assert present.tzinfo is UTC
    assert abs((datetime.now(UTC) - present).total_seconds()) < 5


def test_frozen_it_stands_still_and_goes_on_afterwards() -> None:
    with clock.freeze(NOW):
        assert clock.now() == NOW
        assert clock.now().tzinfo is UTC
        with clock.freeze(NOW + timedelta(hours=1)):
            assert clock.now() == NOW + timedelta(hours=1)
        assert clock.now() == NOW
    assert clock.now() != NOW


def test_it_goes_on_after_an_error() -> None:
    def failing() -> None:
        with clock.freeze(NOW):
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    assert clock.now() != NOW


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"), clock.freeze(NOW.replace(tzinfo=None)):
        pass


def test_the_demo_stands_in_its_own_days(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = settings().model_copy(update={"clock_offset_seconds": 86_400})
    monkeypatch.setattr(clock, "settings", lambda: ahead)
    assert timedelta(hours=23) < clock.now() - datetime.now(UTC) < timedelta(hours=25)
