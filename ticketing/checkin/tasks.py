"""Background work of check-in."""

from typing import Any

from app.kernel.clock import now
from app.kernel.jobs import JobContext
from ticketing.checkin.services.settling import close_past_days

CLOSE_DAYS = "checkin.close_past_days"


async def run_close_past_days(job: JobContext) -> dict[str, Any]:
    """Let everybody go who is inside since a day that is over."""
    return {"closed": await close_past_days(now=now())}
