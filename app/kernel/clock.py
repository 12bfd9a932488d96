"""The one clock. Nothing else in the project asks the system for the time of day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from app.kernel.settings import settings

_frozen: datetime | None = None


def now() -> datetime:
    """The present instant, aware, in UTC."""
    if _frozen is not None:
        return _frozen
    return datetime.now(UTC) + timedelta(seconds=settings().clock_offset_seconds)


def outside(at: datetime) -> datetime:
    """What a phone's clock shows at an instant of this one: it knows nothing of ``CLOCK_OFFSET_SECONDS``."""
    return at - timedelta(seconds=settings().clock_offset_seconds)


@contextmanager
def freeze(at: datetime) -> Iterator[None]:
    """Hold the clock at an instant (tests and the demo's loading).

    Raises ValueError for a naive time.
    """
    global _frozen
    if at.tzinfo is None:
        raise ValueError("the clock takes aware times only")
    before, _frozen = _frozen, at.astimezone(UTC)
    try:
        yield
    finally:
        _frozen = before
